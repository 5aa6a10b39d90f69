"""What a call sees of the chain, how a contract refuses it, and what contracts ask of others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from headwater.protocol.structs import ZERO_HASH

Verify = Callable[[str, bytes], bool]
"""Whether the verifier at an address accepts a proof."""

Admit = Callable[[str, int, str, tuple[bytes, ...], bytes], bool]
"""Whether the module at an address admits a trainer to a task, with hashes of its data and evidence.

It may keep what it is told, and refuse with an error of its own (`Refused`).
"""


class Refused(Exception):
    """A call that a contract reverts: the custom error's name, and its arguments in Solidity's order."""

    def __init__(self, error: str, *arguments: object) -> None:
        super().__init__(error, *arguments)
        self.error = error
        self.arguments = arguments


@dataclass(frozen=True)
class Addresses:
    """Where the contracts stand: they know each other by it. Solidity's `IDeployed.Addresses`."""

    tasks: str
    rounds: str
    trainers: str
    rewards: str
    stakes: str
    models: str
    challenges: str
    openings: str
    proofs: str


@dataclass
class Block:
    """What a call sees of the block it is in.

    Attributes:
        base_fee: wei a unit of gas.
        hashes: of earlier blocks by their number, as far as the chain has not forgotten them.
        gas: says what the call that runs has burnt when it asks. How much that is, only who runs it knows.
    """

    number: int = 0
    time: int = 0
    base_fee: int = 0
    hashes: Mapping[int, bytes] = field(default_factory=dict)
    gas: Callable[[], int] = int

    def hash_of(self, number: int) -> bytes:
        """The hash of an earlier block; zero if the chain does not know it."""
        return self.hashes.get(number, ZERO_HASH)
