"""Wants: an honest aggregator's stake.

Tries: demands the bytes of its average after `headwater store prune` on its machine.
Stopped: only what no round needs any more is let go of: an average not while it can be challenged, and a model never.
"""

from __future__ import annotations

import pytest

from headwater.chain.contracts.events import ModelOpened
from headwater.errors import StorageError
from headwater.journal.database import Database
from headwater.journal.documents import Documents
from headwater.journal.secrets import SecretStore
from headwater.protocol.decisions import Aggregate, OpenModel
from headwater.roles import published
from headwater.roles.aggregator import Aggregator
from headwater.roles.published import unneeded
from headwater.roles.report import silent
from headwater.storage.cid import Cid
from tests.support.roles import AGGREGATOR, OUTSIDER, TERMS, World


def pruned_while_the_round_runs():
    """A node that lets go of documents of rounds that are not over."""


@pytest.fixture
def journal(aggregating) -> SecretStore:
    return SecretStore(Database(None), aggregating.anvil.accounts[AGGREGATOR])


def aggregator_of(world: World, journal: SecretStore) -> Aggregator:
    return Aggregator(world.task, world.senders[AGGREGATOR], silent, journal=journal)


def prune(world: World, journal: SecretStore) -> None:
    documents = Documents(journal.database)
    account = world.senders[AGGREGATOR].address
    for noted in unneeded(world.contracts, documents.all(), account, world.chain.block()):
        world.store.unpin(Cid.parse(noted[0].cid))


def test_average__demanded_after_pruning(aggregating, journal, attack, monkeypatch):
    world = aggregating
    honest = aggregator_of(world, journal)
    world.steps(honest, Aggregate)
    world.rpc("anvil_mine", hex(300))  # final, as far as depth says
    assert len(Documents(journal.database).all()) == 1
    prune(world, journal)
    world.senders[OUTSIDER].send(world.contracts.challenges.challenge_model(world.task_id, TERMS.challenge_bond))
    action = honest.decide(world.chain.block())
    assert isinstance(action, OpenModel)

    with attack.works_on(pruned_while_the_round_runs), monkeypatch.context() as weak:
        weak.setattr(published, "is_over", lambda *_: True)
        weak.setattr(published, "is_open", lambda *_: False)
        stored = {path: path.read_bytes() for path in world.stored()}
        prune(world, journal)
        with pytest.raises(StorageError):
            aggregator_of(world, journal).act(action)
        for path, content in stored.items():
            path.write_bytes(content)

    prune(world, journal)
    honest.act(action)
    (event,) = world.contracts.challenges.events(ModelOpened, task_id=world.task_id)
    attack.answered_by(event)
    assert world.contracts.challenges.get_challenge(action.challenge).closed
