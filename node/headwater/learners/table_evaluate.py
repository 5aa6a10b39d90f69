"""What scores of learners from tables have in common: the numbers of a `TableSpec`, and which score."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, ClassVar, Self

from headwater.circuits.evaluate import Evaluate
from headwater.learners.table_spec import TableSpec


class TableEvaluate(Evaluate):
    """A score of a model whose numbers are a `Spec`: a statement has them, and `at_least`, as fields.

    Attributes:
        at_least: 1 where the score is a bound.
    """

    Spec: ClassVar[type[TableSpec]]

    def __post_init__(self) -> None:
        _ = self.spec  # which checks the numbers
        self.check_kind()

    @classmethod
    def of(cls, spec: Any, groups: int | None = None, *, at_least: bool = False) -> Self:
        """The statement of a specification. groups: others than it has."""
        own = {"at_least": int(at_least)} | ({} if groups is None else {"groups": groups})
        return cls(**_numbers(cls.Spec, spec) | own)

    @property
    def spec(self) -> TableSpec:
        """The model's numbers by themselves."""
        return self.Spec(**_numbers(self.Spec, self))

    @property
    def dimension(self) -> int:
        """As `Evaluate` says."""
        return self.spec.dimension

    @property
    def table(self) -> tuple[int, int, int, int]:
        """As `Evaluate` says."""
        spec = self.spec
        return spec.rows, spec.salt_rows, spec.features, spec.outputs


def _numbers(kind: type[TableSpec], of: object) -> dict[str, Any]:
    return {field.name: getattr(of, field.name) for field in fields(kind)}
