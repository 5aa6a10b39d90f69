"""The contracts in pure Python: what they keep, check and pay, and in which order they refuse.

The specification, to run: docs/spec.md names its functions, and random histories compare it with the contracts, view
for view and error for error (tests/differential). It stands apart from the node, which reads the chain.

Two things are not decided here. Whether a verifier accepts a proof is the caller's to say (`Verify`), since a proof is
worth what its circuit is. And what a point times a number is (`Multiply`) may come from whoever knows logarithms.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from headwater.protocol import curve
from headwater.protocol.machine.call import Block, Refused
from headwater.protocol.machine.challenges import Challenges
from headwater.protocol.machine.models import Models
from headwater.protocol.machine.points import Multiply
from headwater.protocol.machine.stakes import Stakes
from headwater.protocol.machine.tasks import Tasks, Verify

__all__ = ["Addresses", "Machine", "Multiply", "Refused", "Verify"]


@dataclass(frozen=True)
class Addresses:
    """Where the contracts stand: they know each other by it. The lens, which has no rules, is not here."""

    tasks: str
    stakes: str
    challenges: str
    models: str


class Machine:
    """The contracts of a deployment.

    Attributes:
        block: what calls see of the block that they are in; whoever drives the machine sets it.
    """

    def __init__(
        self,
        chain_id: int,
        at: Addresses,
        codes: Mapping[str, bytes],
        verify: Verify,
        multiply: Multiply = curve.multiply,
        refusing: Collection[str] = (),
    ) -> None:
        """`codes`: EXTCODEHASH of each account that exists. `refusing`: accounts that cannot be paid."""
        self.block = Block()
        self.stakes = Stakes(at.tasks, at.challenges, refusing)
        self.tasks = Tasks(self.block, chain_id, at.tasks, at.challenges, self.stakes, codes, verify, multiply)
        self.models = self.tasks.models = Models(at.tasks, self.tasks.get_task, self.tasks.get_round)
        self.challenges = Challenges(at.challenges, self.tasks)
