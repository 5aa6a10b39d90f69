"""Networks as a learner: their settings, their manifest, and what they say about rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from headwater.errors import ConfigError
from headwater.foreign import plain
from headwater.learners.learner import Request
from headwater.learners.mlp.numbers import MOST_HIDDEN, SEEDS, MlpSpec
from headwater.learners.tabular import Scores, TableDocument, Tabular, numbers_for
from headwater.protocol.fixedpoint import decode
from headwater.storage.parts import Bits
from headwater.tables.columns import Columns
from headwater.tables.data import Dataset

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from headwater.circuits.evaluate import Evaluate
    from headwater.circuits.infer import Infer
    from headwater.circuits.update import Update


class MlpDocument(TableDocument):
    """A network: its hidden units, the bits that errors are rounded to, and the seed of its first weights."""

    hidden: Annotated[int, Field(ge=1, le=MOST_HIDDEN)]
    error_bits: Bits
    seed: Annotated[int, Field(ge=0, lt=SEEDS)]


class Mlp(Tabular):
    """A network with one hidden layer of rectified units, of classes (one-vs-rest)."""

    kind = "mlp"
    package = "headwater"
    settings: ClassVar[Mapping[str, str]] = {
        "hidden": f"units of the hidden layer, 2 to {MOST_HIDDEN}; usually 16",
        "seed": f"what the first weights follow from, 0 to {SEEDS - 1}; usually 0",
    }
    Document = MlpDocument
    spec: MlpSpec

    def __init__(self, spec: MlpSpec, columns: Columns) -> None:
        super().__init__(spec, columns)
        if columns.amount is not None:
            raise ValueError("a network of this kind tells classes apart; the label is an amount")

    @classmethod
    def spec_for(cls, features: int, outputs: int, request: Request) -> MlpSpec:
        """As `Tabular` says."""
        own = {
            "units": _whole(request, "hidden", MlpSpec.units, range(2, MOST_HIDDEN + 1)),
            "seed": _whole(request, "seed", MlpSpec.seed, range(SEEDS)),
        }
        return MlpSpec(features=features, outputs=outputs, **numbers_for(request), **own)

    @classmethod
    def spec_of(cls, document: MlpDocument, columns: Columns, numbers: Mapping[str, int]) -> MlpSpec:
        """As `Tabular` says."""
        del columns
        return MlpSpec(**numbers, units=document.hidden, error_bits=document.error_bits, seed=document.seed)

    @property
    def own(self) -> dict[str, Any]:
        """As `Tabular` says."""
        return {"hidden": self.spec.units, "error_bits": self.spec.error_bits, "seed": self.spec.seed}

    @property
    def layout(self) -> tuple[int | str, ...]:
        """As `Learner` says."""
        return *super().layout, self.spec.units

    @property
    def update_statement(self) -> Update:
        """As `Learner` says."""
        from headwater.learners.mlp.statement import MlpUpdate

        return MlpUpdate.of(self.spec)

    def evaluate_statement(self, *, at_least: bool = False) -> Evaluate:
        """As `Learner` says."""
        from headwater.learners.mlp.evaluate import MlpEvaluate

        return MlpEvaluate.of(self.spec, at_least=at_least)

    @property
    def infer_statement(self) -> Infer:
        """As `Learner` says."""
        from headwater.learners.mlp.infer import MlpInfer

        return MlpInfer.of(self.spec)

    @property
    def z_bits(self) -> int:
        """As `Tabular` says."""
        return self.spec.score_bits

    def z(self, weights: Sequence[int], row: Sequence[int]) -> list[int]:
        """As `Learner` says."""
        return self._integers(weights, [list(row)])[0]

    @property
    def facts(self) -> dict[str, str]:
        """As `Learner` says."""
        spec = self.spec
        model = f"network, {spec.units} hidden units, {spec.dimension} weights, the first of them from seed {spec.seed}"
        return {"model": model, **super().facts}

    def first_weights(self) -> list[int]:
        """As `Learner` says: units that start alike would stay alike, so they start at random, from the seed."""
        return self.spec.first_weights()

    def scores(self, weights: Sequence[int], dataset: Dataset) -> Scores:
        """As `Tabular` says, computed exactly."""
        return [[decode(entry, self.z_bits) for entry in row] for row in self._integers(weights, dataset.x)]

    def _integers(self, weights: Sequence[int], x: Sequence[Sequence[int]]) -> list[list[int]]:
        """z of each row and output."""
        import numpy as np

        hidden, output = self.spec.layers(weights, object)
        rows = np.array(x, dtype=object).reshape(len(x), self.spec.features)
        z = rows @ hidden  # without the quarter of a unit that `lit` takes, as the statements of scores and browsers do
        active = 2 * (z + abs(z))
        found: list[list[int]] = (active @ output).tolist()
        return found

    def tensors(self, weights: Sequence[int]) -> dict[str, NDArray[np.float32]]:
        """As `Learner` says: `hidden`, (features, hidden units), and `output`, (hidden units, outputs)."""
        import numpy as np

        from headwater.learners.mlp.floating import real_weights

        hidden, output = real_weights(self.spec, weights)
        return {"hidden": hidden.astype(np.float32), "output": output.astype(np.float32)}


def _whole(request: Request, name: str, usual: int, allowed: range) -> int:
    """A setting that is a whole number."""
    text = request.settings.get(name, str(usual))
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and int(text) in allowed):
        raise ConfigError(
            f"{name} is {plain(text, 40)!r}, not a whole number from {allowed[0]} to {allowed[-1]}",
            f"write one such as {usual}",
        )
    return int(text)
