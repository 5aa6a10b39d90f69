"""A world whose task is open for inferences, and rows of a borrower's in it."""

from __future__ import annotations

from headwater.learners.linear import Linear
from headwater.roles.creating import create_task
from headwater.roles.inferring import issue
from headwater.roles.rows import CommittedRow
from headwater.tables.columns import describe
from headwater.tables.samples import load
from tests.support.circuits import SMALL
from tests.support.roles import CREATOR, FEATURES, TERMS, World

ISSUER, BORROWER = 4, 5  # accounts
SALTS = tuple(range(1, 33))


class Asked(World):
    """A world whose task is open for inferences."""

    def publish(self) -> int:
        """Create the task."""
        columns = describe(self.held_out, load("iris").label, FEATURES)
        learner = Linear(SMALL, columns)
        sender = self.senders[CREATOR]
        return create_task(self.contracts, sender, self.store, self.home, learner, TERMS, inference=True)


def row_of(world: Asked, features: list[int], account: int = BORROWER) -> CommittedRow:
    """A row that the issuer has issued, under salts that are always the same."""
    issuer, owner = (world.senders[number].address for number in (ISSUER, account))
    row = CommittedRow(world.task.place, issuer, owner, tuple(features), SALTS)
    issue(world.task, world.senders[ISSUER], row)
    return row


def z_of(world: Asked, features: list[int], round_: int = 1) -> int:
    """What the model says."""
    (z,) = world.task.learner.z(world.task.weights(world.models.get_model(world.task_id, round_)), features)
    return z
