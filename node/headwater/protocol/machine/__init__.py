"""The contracts in pure Python: what they keep, check and pay, and in which order they refuse.

The specification, to run: random histories compare it with the contracts, view for view and error for error
(tests/differential). It stands apart from the node, which reads the chain. The lens, which has no rules, is not here.

Some things are not decided here. Whether a verifier accepts a proof is the caller's to say (`Verify`), since a proof is
worth what its circuit is; and whom a task's module admits (`Admit`). What a point times a number is (`Multiply`), and
whether a pairing is balanced (`Balanced`), may come from whoever knows logarithms.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from headwater.protocol import curve
from headwater.protocol.machine.attestations import Attestations
from headwater.protocol.machine.call import Addresses, Admit, Block, Refused, Verify
from headwater.protocol.machine.challenges import Challenges
from headwater.protocol.machine.models import Models
from headwater.protocol.machine.openings import Openings
from headwater.protocol.machine.points import Balanced, Multiply, balanced
from headwater.protocol.machine.proofs import Proofs
from headwater.protocol.machine.rewards import Rewards
from headwater.protocol.machine.rounds import Rounds
from headwater.protocol.machine.stakes import Stakes
from headwater.protocol.machine.tasks import Tasks
from headwater.protocol.machine.trainers import Trainers

__all__ = ["Addresses", "Admit", "Balanced", "Machine", "Multiply", "Refused", "Verify"]


def _nobody(*_: object) -> bool:
    return False


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
        admit: Admit = _nobody,
        multiply: Multiply = curve.multiply,
        balanced: Balanced = balanced,
        refusing: Collection[str] = (),
    ) -> None:
        """`codes`: EXTCODEHASH of each account that exists. `refusing`: accounts that cannot be paid."""
        self.block = Block()
        self.chain_id = chain_id
        self.at = at
        self.codes = codes
        self.verify = verify
        self.admit = admit
        self.multiply = multiply
        self.balanced = balanced
        self.refusing = refusing
        self.tasks = Tasks(self, at.tasks)
        self.rounds = Rounds(self, at.rounds)
        self.trainers = Trainers(self, at.trainers)
        self.rewards = Rewards(self, at.rewards)
        self.stakes = Stakes(self, at.stakes)
        self.models = Models(self, at.models)
        self.challenges = Challenges(self, at.challenges)
        self.openings = Openings(self, at.openings)
        self.proofs = Proofs(self, at.proofs)
        self.attestations = Attestations(self, "")  # which nobody is told of
