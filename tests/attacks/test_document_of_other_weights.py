"""Wants: trainers to go on from weights of its own, with a true average on chain.

Tries: as an aggregator, to post a true proof and the CID of a document of other weights; where the true ones are
demanded, to open those others.
Stopped: a node commits to the weights that it fetched and compares with the chain's model, and so does the contract.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from headwater.chain.asking.rpc import Call
from headwater.chain.contracts.events import ModelOpened, PartShown
from headwater.circuits.srs import Srs
from headwater.protocol.documents import MAX_BYTES
from headwater.protocol.field import pack, to_signed, unpack
from headwater.protocol.openings import Encoding, decode
from headwater.roles.task import Task
from headwater.storage.cid import Cid
from headwater.storage.directory import DirectoryStore
from headwater.storage.manifests import ModelDocument
from tests.support.arena import AGGREGATOR, Arena
from tests.support.circuits import SMALL
from tests.support.weakened_contracts import Weakness

POISON = [1 << 20, 0, 0, 0]
ANY_OPENING = Weakness(
    "Openings",
    "if (!sum.check(config.k, r, claim.commitment, quotient, config.tau)) revert OpeningMismatch(commitmentHash);",
)


class BelievingTask(Task):
    """A node that takes weights by their CID, and does not compare them with the chain's commitment."""

    def _fetch_weights(self, round_, cid, model_hash):
        document = ModelDocument.decode(self.store.get(Cid.from_digest(cid), MAX_BYTES))
        return [to_signed(entry) for entry in unpack(document.weights)]


@pytest.fixture
def poisoned(arena: Arena, tmp_path: Path) -> tuple[Arena, DirectoryStore]:
    """Challenge: a true average, with a document of other weights."""
    store = DirectoryStore(tmp_path)
    document = ModelDocument.of(round=1, trainers=4, weights=pack(POISON))
    arena.at("aggregating").aggregate(cid=store.put(document.encode()).digest)
    return arena, store


def test_weights__that_a_document_says__are_compared_with_the_model(poisoned, attack, srs: Srs, home: Path):
    arena, store = poisoned
    arena.pass_phase()
    # a manifest is not read for this
    facts = (arena.task_id, arena.contracts, store, arena.config, None, SMALL, srs, arena.basis, arena.tag, home)
    with attack.works_on(BelievingTask):
        assert BelievingTask(*facts).current_model() == POISON
    with attack.stopped_by("ContentMismatch"):
        Task(*facts).current_model()


def test_weights__that_answer_for_the_true_ones(poisoned, attack):
    arena, _ = poisoned
    answer = arena.model_answer(arena.challenge_model(), POISON, arena.average_of())
    with attack.works_on(ANY_OPENING), arena.weakened(ANY_OPENING):
        assert shown(arena, answer) == POISON
    with attack.stopped_by("OpeningMismatch"):
        arena.send(AGGREGATOR, answer)
    assert shown(arena, arena.model_answer(1, arena.average_of())) == arena.average_of()


def shown(arena: Arena, answer: Call) -> list[int]:
    """The weights that an answer shows, as field elements."""
    receipt = arena.send(AGGREGATOR, answer)
    opened, part = receipt.event(ModelOpened), receipt.event(PartShown)
    assert (part.commitment_hash, part.root) == (opened.commitment_hash, opened.root)
    return decode(part.part, Encoding.PACKED, SMALL.dimension)
