"""Linear models as a learner: their settings, their manifest, and what they say about rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from headwater.errors import ConfigError
from headwater.learners.learner import Request
from headwater.learners.linear.losses import LOSSES
from headwater.learners.linear.numbers import LinearSpec
from headwater.learners.tabular import Scores, TableDocument, Tabular, numbers_for
from headwater.protocol.fixedpoint import decode
from headwater.storage.parts import Natural
from headwater.tables.columns import Columns, Scale
from headwater.tables.data import Dataset

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from headwater.circuits.evaluate import Evaluate
    from headwater.circuits.infer import Infer
    from headwater.circuits.update import Update


class LinearDocument(TableDocument):
    """A linear model: its loss, and the penalty of squared weights, in units of 2^-(2 data_bits + the loss's bits)."""

    loss: Literal["logistic", "hinge", "squared", "huber", "poisson"]
    penalty: Natural


class Linear(Tabular):
    """A linear model of classes (one-vs-rest) or of an amount."""

    kind = "linear"
    package = "headwater"
    settings: ClassVar[Mapping[str, str]] = {
        "loss": "; ".join(f"{name}: {loss.says}" for name, loss in LOSSES.items()),
        "penalty": "ridge: the factor of half the squared weights in what is minimised; 0 is none",
    }
    Document = LinearDocument
    spec: LinearSpec

    def __init__(self, spec: LinearSpec, columns: Columns) -> None:
        super().__init__(spec, columns)
        if spec.derivative.classifies is (columns.amount is not None):
            raise ValueError(f"the loss {spec.loss!r} is of {'classes' if spec.derivative.classifies else 'an amount'}")

    @classmethod
    def spec_for(cls, features: int, outputs: int, request: Request) -> LinearSpec:
        """As `Tabular` says."""
        text = request.settings.get("penalty", "0")
        loss = _loss(request)
        spec = LinearSpec(features=features, outputs=outputs, loss=loss, **numbers_for(request))
        try:
            penalty = float(text)
        except ValueError:
            penalty = -1.0
        if not 0 <= penalty < 1e6:
            raise ConfigError(f"the penalty {text!r} is no number from 0", "write one such as 0.5")
        unit = 2 * spec.data_bits + LOSSES[loss].divisor_bits
        return LinearSpec(
            features=features, outputs=outputs, loss=loss, penalty=round(penalty * 2**unit), **numbers_for(request)
        )

    @classmethod
    def scale_for(cls, request: Request) -> Scale | None:
        """As `Tabular` says: counts are multiples of their mean."""
        loss = LOSSES[_loss(request)]
        if loss.classifies:
            return None
        return "multiple" if loss.form == "direct" else "deviations"

    @classmethod
    def spec_of(cls, document: LinearDocument, columns: Columns, numbers: Mapping[str, int]) -> LinearSpec:
        """As `Tabular` says."""
        return LinearSpec(**numbers, loss=document.loss, penalty=document.penalty, intercept=int(columns.intercept))

    @property
    def own(self) -> dict[str, Any]:
        """As `Tabular` says."""
        return {"loss": self.spec.loss, "penalty": self.spec.penalty}

    @property
    def meaning(self) -> Mapping[str, Any]:
        """As `Learner` says: a penalty is of how they are trained."""
        return {name: value for name, value in super().meaning.items() if name != "penalty"}

    @property
    def update_statement(self) -> Update:
        """As `Learner` says."""
        from headwater.learners.linear.statement import LinearUpdate

        return LinearUpdate.of(self.spec)

    def evaluate_statement(self, *, at_least: bool = False) -> Evaluate | None:
        """As `Learner` says: of amounts without an intercept there is none."""
        if not (self.spec.derivative.classifies or self.columns.intercept):
            return None
        from headwater.learners.linear.evaluate import LinearEvaluate

        return LinearEvaluate.of(self.spec, at_least=at_least)

    @property
    def error_unit(self) -> float:
        """As `Learner` says: errors have the scale of z, those of a direct loss also the loss's divisor."""
        spec, loss, amount = self.spec, self.spec.derivative, self.columns.amount
        bits = spec.z_bits + (loss.divisor_bits if loss.form == "direct" else 0)
        return decode(1, bits) * float(amount.deviation) if amount else 1.0

    @property
    def infer_statement(self) -> Infer:
        """As `Learner` says."""
        from headwater.learners.linear.infer import LinearInfer

        return LinearInfer.of(self.spec)

    @property
    def z_bits(self) -> int:
        """As `Tabular` says."""
        return self.spec.z_bits

    def z(self, weights: Sequence[int], row: Sequence[int]) -> list[int]:
        """As `Learner` says."""
        outputs = self.spec.outputs
        return [sum(a * b for a, b in zip(row, weights[o::outputs], strict=True)) for o in range(outputs)]

    @property
    def facts(self) -> dict[str, str]:
        """As `Learner` says."""
        spec = self.spec
        penalty = decode(spec.penalty, 2 * spec.data_bits + spec.derivative.divisor_bits)
        model = f"linear, {spec.loss} loss, {spec.dimension} weights"
        return {"model": f"{model}, penalty {penalty:g}" if penalty else model, **super().facts}

    def scores(self, weights: Sequence[int], dataset: Dataset) -> Scores:
        """As `Tabular` says, computed exactly."""
        return integer_scores(weights, dataset, self.spec)

    def amounts(self, scores: Scores) -> list[float]:
        """As `Tabular` says: a count is what the piecewise-linear exponential gives."""
        loss = self.spec.derivative
        return [loss(z[0]) if loss.form == "direct" else z[0] for z in scores]

    def tensors(self, weights: Sequence[int]) -> dict[str, NDArray[np.float32]]:
        """As `Learner` says: `weights`, (features, outputs)."""
        import numpy as np

        from headwater.learners.linear.floating import real_weights

        return {"weights": np.ascontiguousarray(real_weights(self.spec, weights), dtype=np.float32)}


def integer_scores(weights: Sequence[int], dataset: Dataset, spec: LinearSpec) -> Scores:
    """z of each row and output, computed exactly from a model's integer weights and the encoded rows.

    Raises:
        ValueError: not D weights.
    """
    if len(weights) != spec.dimension:
        raise ValueError(f"a model of this task has {spec.dimension} weights, not {len(weights)}")
    models = [weights[o :: spec.outputs] for o in range(spec.outputs)]
    return [
        [decode(sum(a * b for a, b in zip(row, model, strict=True)), spec.z_bits) for model in models]
        for row in dataset.x
    ]


def _loss(request: Request) -> str:
    loss = request.settings.get("loss", "logistic")
    if loss not in LOSSES:
        raise ConfigError(f"no loss is called {loss!r}", f"take one of {', '.join(LOSSES)}")
    return loss
