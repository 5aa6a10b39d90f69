"""Wants: trainers to go on from weights of its own, with a true average on chain.

Tries: as an aggregator, to post a true proof and the CID of a document of other weights: with the opening of their own
commitment, or the true commitment and an opening that is none; where the true weights are demanded, to open those
others.
Stopped: a document's commitment must have the hash of the chain's model, and its opening show the weights. A node
checks both, and so does the contract.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from headwater.chain.asking.rpc import Call
from headwater.chain.contracts.events import ModelOpened, PartShown
from headwater.protocol.openings import Encoding, decode
from headwater.roles.models import OpenedModel, open_model
from headwater.roles.task import TaskReader, point_hash
from headwater.storage.directory import DirectoryStore
from headwater.storage.vectors import ModelDocument
from tests.support.arena import AGGREGATOR, Arena
from tests.support.circuits import SMALL
from tests.support.weakened_contracts import Weakness

POISON = [1 << 20, 0, 0, 0]
ANY_OPENING = Weakness(
    "Openings",
    "if (!sum.check(config.k, r, claim.commitment, quotient, config.tau)) revert OpeningMismatch(commitmentHash);",
)


class BelievingReader(TaskReader):
    """A node that takes weights by their CID, and does not compare them with the chain's commitment."""

    def _fetch_model(self, round_, cid, model_hash):
        return OpenedModel.read(ModelDocument.decode(self.fetch(cid)))


class CommitmentsOnly(TaskReader):
    """A node that compares a document's commitment with the chain's, and does not check its opening."""

    def _fetch_model(self, round_, cid, model_hash):
        model = OpenedModel.read(ModelDocument.decode(self.fetch(cid)))
        assert self.contracts.models.round_of(self.id, point_hash(self.tagged(model.commitment))) == round_
        return model


def of_their_own(arena: Arena) -> OpenedModel:
    """The other weights, with their commitment and a true opening."""
    return open_model(arena.train, POISON)


def of_the_true_commitment(arena: Arena) -> OpenedModel:
    """The other weights, with the average's commitment and the opening that would show it."""
    true = open_model(arena.train, arena.average_of())
    return replace(true, weights=tuple(POISON))


DOCUMENTS = {
    "their own commitment": (of_their_own, BelievingReader),
    "the true commitment": (of_the_true_commitment, CommitmentsOnly),
}


@pytest.mark.parametrize(("make", "weakened"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_weights__that_a_document_says__with(arena, attack, tmp_path, make, weakened):
    store = DirectoryStore(tmp_path)
    arena.at("aggregating")
    arena.aggregate(cid=store.put(make(arena).document(round_=1, trainers=4).encode()).digest)
    arena.pass_phase()
    # a manifest is not read for this
    facts = (arena.task_id, arena.contracts, store, "", arena.config, None, SMALL, arena.tag)
    model = arena.models.latest(arena.task_id)
    with attack.works_on(weakened):
        assert weakened(*facts).weights(model) == POISON
    with attack.stopped_by("ContentMismatch"):
        TaskReader(*facts).weights(model)


def test_weights__that_answer_for_the_true_ones(arena, attack):
    arena.at("challenging")
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
