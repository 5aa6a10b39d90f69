"""What the core asks of a kind of model. docs/learners.md tells how to write one.

A learner is one kind of model with its numbers, as a task's manifest has them: it reads rows, says which update follows
from them, integer by integer, names the statement that proves it, and predicts. The core finds it by its name, among
the entry points `headwater.learners` of the packages that are installed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from headwater.errors import ConfigError
from headwater.protocol.noise import MOST_ROW_BITS
from headwater.tables.columns import Missing, Unknown
from headwater.tables.data import Dataset, data_vector

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from headwater.circuits.composition import Composition
    from headwater.circuits.evaluate import Evaluate
    from headwater.circuits.infer import Infer
    from headwater.circuits.update import Update

GROUP = "headwater.learners"
"""The entry points' group: a name, and the class of the learner that is called so."""


@dataclass(frozen=True)
class Request:
    """What a task's creator asks a learner for.

    Attributes:
        rows: the most rows of a trainer, of one circuit.
        steps: gradient steps in an update.
        learning_rate: for a gradient averaged over `rows` rows.
        clip: the largest change of a weight in one step, in reals.
        label: the column to predict; None where there is nothing to predict.
        features: the columns to learn from; all but the label's, if None.
        leave_out: columns that are not to be among them.
        categories: columns of numbers that are names, not amounts.
        missing, unknown: as `Columns` says.
        groups: columns that say of which groups a row is; they may be features, too.
        settings: the learner's own, by name, as text.
    """

    rows: int
    steps: int = 1
    learning_rate: float = 4.0
    clip: float = 0.125
    label: str | None = None
    features: Sequence[str] | None = None
    leave_out: Sequence[str] = ()
    categories: Sequence[str] = ()
    missing: Missing = "refuse"
    unknown: Unknown = "refuse"
    groups: Sequence[str] = ()
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Predictions:
    """What a model says about rows, as a table: the columns' names, and for each row what is said of it."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Score(ABC):
    """How good a model is on rows whose truth is known. `str` is a sentence for people."""

    rows: int


@dataclass(frozen=True)
class RowScores:
    """How good a model is on each row whose truth is known.

    Attributes:
        name: what `values` are: `accuracy`, say.
        values: what people compare, a number a row.
        losses: what is the less the better, a number a row: finer than `values`, to search by.
        higher_is_better: of `values`.
    """

    name: str
    values: tuple[float, ...]
    losses: tuple[float, ...]
    higher_is_better: bool


class Learner(ABC):
    """A kind of model with its numbers. Two are equal where they are the same task's.

    Weights are D signed integers, units of 2**-model_bits; a row of the data matrix has `width` integers.
    """

    kind: ClassVar[str]
    """Its name: that of the entry point."""

    package: ClassVar[str]
    """What the distribution that has the entry point is called."""

    settings: ClassVar[Mapping[str, str]] = {}
    """What `Request.settings` may have: for each name, a few words on its values and the usual one."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Learner) and (self.kind, self.document()) == (other.kind, other.document())

    def __hash__(self) -> int:
        return hash((self.kind, self.layout))

    # ---- its numbers

    @property
    @abstractmethod
    def rows(self) -> int:
        """Row capacity of a circuit; a trainer may use fewer."""

    @property
    @abstractmethod
    def salt_rows(self) -> int:
        """Rows of salts behind the data: each proof publishes an equation over the data's entries (docs/adr/0007)."""

    @property
    @abstractmethod
    def width(self) -> int:
        """Entries of a row of the data matrix."""

    @property
    @abstractmethod
    def dimension(self) -> int:
        """D: the number of weights."""

    @property
    @abstractmethod
    def model_bits(self) -> int:
        """Fractional bits of a weight."""

    @property
    @abstractmethod
    def reach(self) -> int:
        """The most units that one proved update can be away from the model that it starts from, in any weight."""

    @property
    @abstractmethod
    def weight_limit(self) -> int:
        """The largest weight, in units, from which every update of honest rows can be proved."""

    @property
    @abstractmethod
    def layout(self) -> tuple[int | str, ...]:
        """What two models must have in common to be added up, beside the kind: sizes and bits."""

    @property
    @abstractmethod
    def update_statement(self) -> Update:
        """The statement that proves an update."""

    def evaluate_statement(self, *, at_least: bool = False) -> Evaluate | None:
        """The statement that proves a score on committed rows, by group where rows have any; None where there is none.

        at_least: prove only that so many are right, in place of how many; not by group.
        """
        del at_least
        return None

    @property
    def infer_statement(self) -> Infer | None:
        """The statement that proves what a model says of one committed row; None where the learner has none.

        One that has implements `z`, `threshold`, `class_index`, `class_name` and `says`, too.
        """
        return None

    def z(self, weights: Sequence[int], row: Sequence[int]) -> list[int]:
        """What a model says of a row's features: the integers that `infer_statement` compares, one for each output."""
        raise NotImplementedError

    def threshold(self, value: float) -> int:
        """The least z of which a model says `value` or more: a probability of the positive class, or an amount.

        Raises:
            ConfigError: no z says so much, or every one does.
        """
        raise NotImplementedError

    def class_index(self, name: str) -> int:
        """Which output a class is.

        Raises:
            ConfigError: there is no such class.
        """
        raise NotImplementedError

    def class_name(self, index: int) -> str:
        """The class that an output is of."""
        raise NotImplementedError

    def says(self, z: int) -> str:
        """What a z says, for people."""
        raise NotImplementedError

    @property
    def composition_statement(self) -> Composition | None:
        """The statement that proves of which classes and groups committed rows are; None where there is none."""
        return None

    @property
    def error_unit(self) -> float:
        """What a unit of a score's errors is, in those of the amounts that are predicted."""
        return 1.0

    @property
    def groups(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The columns that say of which groups a row is, by name, each with its groups."""
        return ()

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, in the order of a composition's counts; none where labels are amounts."""
        return ()

    @property
    def salts(self) -> int:
        """How many entries of the data matrix are salts."""
        return self.salt_rows * self.width

    @property
    def most_proofs(self) -> int:
        """How many proofs about one data commitment there may be: each publishes an equation over its salts."""
        return self.salts - 1

    def leak_problem(self, rounds: int, *, receipts: bool = False, scores: bool = False) -> str:
        """Why the proofs of so many rounds would tell too much of one row (docs/adr/0015); empty if they would not.

        Args:
            receipts: whether a part of a trainer's data may be scored in every round, too, and the score is public.
            scores: whether rows that others hold may be scored: how often, they decide.
        """
        told = self._told(receipts=receipts)
        for statement in self._told(receipts=receipts or scores):
            if problem := statement.hidden.row_problem(statement.column_signs):
                return problem
        bits = self.row_bits(rounds, receipts=receipts)
        if bits <= MOST_ROW_BITS:
            return ""
        proofs = rounds * len(told)
        return f"{proofs} proofs could tell {bits:.0f} bits of one row, more than {MOST_ROW_BITS}: take fewer rounds"

    def row_bits(self, rounds: int, *, receipts: bool = False) -> float:
        """At most how many bits the proofs of so many rounds tell of one row, if all else is known.

        A receipt says how many rows were right, and so of one row whether it was; its proof is counted with it.
        """
        told = self._told(receipts=receipts)
        each = sum(statement.hidden.row_bits(statement.row_signs) for statement in told)
        return rounds * (each + len(told) - 1)

    def _told(self, *, receipts: bool) -> list[Update | Evaluate]:
        """The statements of the proofs about a part of a trainer's data in a round."""
        score = self.evaluate_statement() if receipts else None
        return [self.update_statement, *([] if score is None else [score])]

    def problem(self, rounds: int, trainers: int) -> str:
        """Why no task of so many rounds, and of so many trainers at most, can be; empty if one can."""
        del rounds, trainers
        return ""

    # ---- starting from others' models

    @property
    def meaning(self) -> Mapping[str, Any]:
        """What two models must have in common, beside kind and layout, for their weights to mean the same.

        By default all that the manifest says but the rows of salts, which follow from a task's rounds.
        """
        return self.with_salt_rows(1).document()

    def disagreement(self, given: Mapping[str, Any]) -> str:
        """What of a request is not so here; empty if all of it is.

        Args:
            given: fields of `Request` that say what the models are, by name: those alone that somebody named.
        """
        return f"{_option(next(iter(given)))} cannot be compared for the kind {self.kind!r}" if given else ""

    def retrained(self, changes: Mapping[str, Any]) -> Self:
        """The same models, trained otherwise.

        Args:
            changes: `rows`, `steps`, `learning_rate` and `clip` of a `Request`: those alone that are to be others.

        Raises:
            ConfigError: this kind cannot.
            ValueError: no circuit can be made for them.
        """
        if changes:
            named = ", ".join(map(_option, changes))
            raise ConfigError(f"a task of the kind {self.kind!r} takes {named} from its parents", f"leave out {named}")
        return self

    # ---- making one, and the task's manifest

    @classmethod
    @abstractmethod
    def describe(cls, sample: Path, request: Request) -> Self:
        """The learner for a CSV file that may be described in public.

        Raises:
            DataError: the file is unfit.
            ConfigError: a setting is.
            ValueError: no circuit can be made for this.
        """

    @classmethod
    @abstractmethod
    def sized(cls, features: int, classes: int, request: Request) -> Self:
        """The learner for so many columns and classes, to plan with: nothing of it is for training.

        Raises:
            ConfigError, ValueError: as `describe`.
        """

    @classmethod
    @abstractmethod
    def parse(cls, document: Mapping[str, Any]) -> Self:
        """The learner of a manifest's `model`, which a stranger may have written.

        Raises:
            ValueError: it makes no sense.
        """

    @abstractmethod
    def document(self) -> dict[str, Any]:
        """What a manifest says of it: JSON without fractions."""

    @abstractmethod
    def with_salt_rows(self, salt_rows: int) -> Self:
        """The same with so many rows of salts."""

    @property
    @abstractmethod
    def facts(self) -> dict[str, str]:
        """What `headwater task show` tells of it, by name."""

    @property
    @abstractmethod
    def taken(self) -> Sequence[tuple[str, str]]:
        """Each column that it takes, and what becomes of it."""

    def remarks(self, sample: Path) -> list[str]:
        """What a task's creator may want to look at before a file is described in public: a sentence for each."""
        del sample
        return []

    # ---- data and training

    @abstractmethod
    def read(self, path: Path, *, training: bool = True, links: int = 1) -> Dataset:
        """The rows of a CSV file. For training all must be whole, and no more than so many links have room for.

        Raises:
            DataError: all that is wrong with the file.
        """

    def data_vector(self, dataset: Dataset, salts: Sequence[int]) -> list[int]:
        """The data matrix, flat: see `tables.data.data_vector`."""
        if len(salts) != self.salts:
            raise ValueError(f"the salts are {self.salts} field elements, not {len(salts)}")
        return data_vector(dataset, self.rows, self.width, salts)

    def first_weights(self) -> list[int]:
        """The weights that a task without parents starts from."""
        return [0] * self.dimension

    @abstractmethod
    def update(self, weights: Sequence[int], dataset: Dataset) -> list[int]:
        """The weights of an honest update: what `update_statement` proves."""

    # ---- using a model

    @abstractmethod
    def tensors(self, weights: Sequence[int]) -> dict[str, NDArray[np.float32]]:
        """The weights as the reals that they stand for, by name: for torch and others."""

    @abstractmethod
    def predict(self, weights: Sequence[int], dataset: Dataset) -> Predictions:
        """What a model says about rows."""

    @abstractmethod
    def evaluate(self, weights: Sequence[int], dataset: Dataset) -> Score | None:
        """How good a model is on the rows whose truth is known; None where there are none."""

    def row_scores(self, weights: Sequence[int], dataset: Dataset) -> RowScores | None:
        """How good a model is on each row that has a label; None where this kind has no such score.

        All rows have one.
        """
        del weights, dataset
        return None


def names() -> list[str]:
    """The learners that are installed."""
    return sorted({point.name for point in entry_points(group=GROUP)})


def find(name: str) -> type[Learner]:
    """The learner of a name.

    Raises:
        ConfigError: none is installed, or several packages bring one, or it cannot be loaded.
    """
    points = list(entry_points(group=GROUP, name=name))
    if len({point.value for point in points}) != 1:
        trouble = "several packages bring" if points else "no package that is installed brings"
        raise ConfigError(f"{trouble} a learner {name!r}", f"known are {', '.join(names())}")
    try:
        found: type[Learner] = points[0].load()
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"the learner {name!r} cannot be loaded: {error}", "mend its package") from error
    return found


def _option(field: str) -> str:
    """The command line's name of a field of `Request`."""
    names = {"features": "feature", "categories": "category", "settings": "set"}
    return "--" + names.get(field, field).replace("_", "-")


def check_settings(learner: type[Learner], request: Request) -> None:
    """Refuse settings that a learner does not have.

    Raises:
        ConfigError: it has none of that name.
    """
    if unknown := sorted(set(request.settings) - set(learner.settings)):
        known = ", ".join(learner.settings) or "none"
        raise ConfigError(f"the learner {learner.kind!r} has no setting {unknown[0]!r}", f"its settings are: {known}")
