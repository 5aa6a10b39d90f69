"""What inferences of learners from tables have in common: the numbers of a `TableSpec`."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, ClassVar, Self

from headwater.circuits.infer import Infer
from headwater.learners.table_spec import TableSpec


class TableInfer(Infer):
    """An inference by a model whose numbers are a `Spec`: a statement has those that it depends on as fields."""

    Spec: ClassVar[type[TableSpec]]

    def __post_init__(self) -> None:
        _ = self.spec  # which checks the numbers

    @classmethod
    def of(cls, spec: Any) -> Self:
        """The statement of a specification."""
        return cls(**{field.name: getattr(spec, field.name) for field in fields(cls.Spec)})

    @property
    def spec(self) -> TableSpec:
        """The model's numbers by themselves."""
        return self.Spec(**{field.name: getattr(self, field.name) for field in fields(self.Spec)})

    @property
    def dimension(self) -> int:
        """As `Infer` says."""
        return self.spec.dimension

    @property
    def table(self) -> tuple[int, int]:
        """As `Infer` says."""
        return self.spec.features, self.spec.outputs
