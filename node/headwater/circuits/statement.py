"""A statement is written once, in torch, with named inputs and one output; everything else follows from it.

It computes on integers (EZKL's scale 0): scales are explicit in the arithmetic, multiplying by 2.0**-j marks
a value as having j more fractional bits, and multiplying such a value by -1.0 makes EZKL rebase it to an integer.
Each input and the output is a vector with a polynomial commitment of its own, in the order of `inputs` and `output`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.metadata import entry_points
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from headwater.errors import CircuitError

if TYPE_CHECKING:
    import torch

Params = dict[str, int | str]

BLINDING_ROWS = 8  # rows of 2**k that the proof system keeps for itself, rounded up


class Tensor(NamedTuple):
    """A named input or output."""

    name: str
    shape: tuple[int, int]

    @property
    def size(self) -> int:
        """The number of entries, the length of the committed vector."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class Statement(ABC):
    """A relation between committed vectors. Its dataclass fields are the parameters, integers or names."""

    kind: ClassVar[str]

    @property
    def reference(self) -> str:
        """Where the class is: what a worker process imports."""
        return f"{type(self).__module__}:{type(self).__qualname__}"

    @property
    def params(self) -> Params:
        """The parameters by name: with the class, all that `resolve` needs."""
        return asdict(self)

    @property
    def modules(self) -> tuple[ModuleType, ...]:
        """What the computation depends on, beside the modules of its classes: a change of them is another circuit."""
        return ()

    @property
    def inner_columns(self) -> int:
        """Over how many columns the circuit's cells are spread: more make a circuit shorter, and its proof dearer."""
        return 2

    @property
    def legs(self) -> int:
        """How many digits a decomposition has. The base follows: more digits are more cells, and a smaller table."""
        return 3

    @property
    @abstractmethod
    def inputs(self) -> tuple[Tensor, ...]:
        """The committed inputs, in the order of the proof's points."""

    @property
    @abstractmethod
    def output(self) -> Tensor:
        """The committed output, the proof's last point."""

    @property
    @abstractmethod
    def magnitude(self) -> int:
        """A bound on every integer that the circuit decomposes, for honest inputs."""

    @property
    @abstractmethod
    def decompositions(self) -> tuple[int, ...]:
        """How many entries each checked operation takes apart, in any order; and each constant of several entries that
        is used more than once, which EZKL takes apart, too.

        A compiler may drop a check whose result it finds unused; then the circuit has fewer than are named here, and is
        refused. An `abs` is one, of its input's size; a rebase three; a sum of entries none.
        """

    @abstractmethod
    def compute(self, *inputs: torch.Tensor) -> torch.Tensor:
        """The computation in torch's operations, from tensors of the inputs' shapes to one of the output's."""

    def module(self) -> torch.nn.Module:
        """The computation as a torch module."""
        import torch

        statement = self

        class Module(torch.nn.Module):
            def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
                return statement.compute(*inputs)

        return Module()

    @property
    def decomposition_base(self) -> int:
        """The least power of two whose digits, `legs` of them, hold `magnitude`."""
        return 1 << -(-self.magnitude.bit_length() // self.legs)

    @property
    def decomposition_limit(self) -> int:
        """The least magnitude that a decomposition has no digits for."""
        return int(self.decomposition_base**self.legs)

    @property
    def least_cells(self) -> int:
        """Fewer cells than the circuit has: a digit and its multiple for each leg of what is taken apart."""
        return 2 * self.legs * sum(self.decompositions)

    @property
    def least_k(self) -> int:
        """The least k that has room for the range table and for every vector; the rows may need more."""
        entries = max(self.decomposition_base, *(t.size for t in (*self.inputs, self.output)))
        return (entries + BLINDING_ROWS - 1).bit_length()


def resolve(reference: str, params: Mapping[str, Any]) -> Statement:
    """The statement of a class named as in `Statement.reference`."""
    module, _, name = reference.partition(":")
    statement: Statement = getattr(import_module(module), name)(**params)
    return statement


GROUP = "headwater.statements"
"""The entry points' group: a kind, and the class of the statement that is called so."""


def kinds() -> list[str]:
    """The statements that installed packages bring."""
    return sorted({point.name for point in entry_points(group=GROUP)})


def from_params(kind: str, params: Mapping[str, Any]) -> Statement:
    """The statement of a kind.

    Raises:
        CircuitError: an unknown kind or wrong parameters.
    """
    found = list(entry_points(group=GROUP, name=kind))
    if not found:
        raise CircuitError(f"no statement is called {kind!r}", f"known: {', '.join(kinds())}")
    try:
        statement: Statement = found[0].load()(**params)
    except (TypeError, ValueError) as error:
        raise CircuitError(
            f"the parameters of {kind!r} do not fit: {error}", "correct the manifest or option"
        ) from error
    return statement
