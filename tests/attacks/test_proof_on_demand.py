"""Wants: its update in the average, untrained, in a task that leaves proofs in the store.

Tries: claims a link that nobody proved, and answers with what is none: another's proof, one of another model, one for
another update, one too late. Or goes on alone with a model that is worse than its task allows. Or makes an honest
trainer prove for sport.
Stopped: whoever looks demands the proof in Review, and it must be valid, of the claimed link, and in time. Else its
trainer is left out before anybody masks, and slashed. A needless demand costs its bond, which pays for the answer.
"""

from __future__ import annotations

import pytest

from headwater.chain.asking.rpc import Call
from headwater.chain.contracts.events import BondReturned, LinksClaimed, Submitted, TrainerSlashed
from headwater.protocol.links import head_hash
from headwater.protocol.phases import Phase, TrainerStatus
from headwater.protocol.structs import Link, Score, Shown
from headwater.reading import history
from tests.support.arena import (
    AGGREGATOR,
    BOND,
    CID,
    CREATOR,
    DATA,
    FAULT,
    MEMBERS,
    OUTSIDER,
    PARTNER,
    STAKE,
    UPDATE,
    YES_CREATION,
    Arena,
)
from tests.support.weakened_contracts import Weakness

UNVERIFIED = Weakness("ProofManager", "        config.trainVerifier.check(shown.proof);\n")
ANY_START = Weakness("ProofManager", "        _checkStart(index, start, shown.proof.commitmentAt(0).hash());\n")
ANY_DATA = Weakness("ProofManager", "if (actual != link.dataHash) revert DataMismatch(link.dataHash, actual);")
ANY_END = Weakness("ProofManager", "if (actual != expected) revert EndMismatch(expected, actual);")
ANY_LINKS = Weakness(
    "ProofManager",
    "if (!whole || hash != expected) revert ClaimMismatch(expected, hash);",
    summary="any links are those claimed",
)
ANY_SCORE = Weakness(
    "ProofManager",
    "if (goesOn && config.quietBound != 0) _checkScore(config, start, link.dataHash, shown.score);",
    summary="a receipt needs no score",
)
AT_ANY_TIME = Weakness(
    "RoundManager", "(phase == Phase.Aggregate || phase == Phase.Review) && block.timestamp < state.deadline", "true"
)
NOT_LEFT_OUT = Weakness(
    "RoundManager",
    "entry.status = TrainerStatus.Accused;\n        ++state.accused;",
    summary="an accused trainer stays in",
)
BOND_COMES_BACK = Weakness(
    "ChallengeManager",
    "_rounds().acquit(taskId, round, 0, trainer); // or it is too late to matter\n"
    "        _close(challengeId, challenge, trainer);",
    "_rounds().acquit(taskId, round, 0, trainer);\n        _close(challengeId, challenge, challenge.challenger);",
    summary="a demand costs nothing",
)
RECEIPTS_SUBMITTED = Weakness(
    "ProofManager", "config.quietBound == 0 ? config.maxLinks : 1", "config.maxLinks", summary="receipts are submitted"
)
TWO_STORIES = Weakness(
    "ProofManager",
    "if (_heads[taskId][round][msg.sender].count != 0) revert ClaimBegun(taskId, round, msg.sender);",
    summary="whoever has claimed may submit",
)
CHEAT, HONEST = 1, 2
OTHERS = tuple(i for i in MEMBERS if i != CHEAT)


@pytest.fixture
def reviewed(arena: Arena) -> Arena:
    """Review, in which all have claimed; the cheat's update is ten times what it trained."""
    other = entered(arena.at("created"))
    other.claim(CHEAT, false_link(other))
    for i in OTHERS:
        other.claim(i)
    assert other.state.phase is Phase.REVIEW
    return other


def entered(arena: Arena, **changes: object) -> Arena:
    """The arena around a task of proofs on demand, in Train. changes: of its config."""
    for i in (*MEMBERS, AGGREGATOR):
        arena.send(i, arena.stakes.deposit(STAKE))
    return arena.entered(review_period=3600, **changes)


def false_link(arena: Arena) -> Link:
    """A link to an update that nobody trained."""
    vector = [10 * entry for entry in arena.proof(CHEAT).output]
    honest = arena.link(CHEAT)
    return Link(honest.data_hash, arena.train.commit(vector), honest.cid)


def answer(arena: Arena, challenge: int, proof: bytes, *links: Link) -> Call:
    return arena.challenges.answer_proof(challenge, Shown(bytes(31), links, proof))


def forged(arena: Arena) -> bytes:
    """Its honest proof, with the false update's commitment in the place of the true one."""
    proof = arena.proof(CHEAT).data
    return proof[: 64 * UPDATE] + false_link(arena).update.encode() + proof[64 * (UPDATE + 1) :]


def is_in(arena: Arena, i: int) -> bool:
    """Whether a trainer may mask when Review is over."""
    arena.pass_phase()
    return arena.state.phase is Phase.MASK and arena.entry(i).status is TrainerStatus.SUBMITTED


def test_update__that_nobody_trained__whose_proof_is_demanded(reviewed, attack):
    arena = reviewed
    with attack.works_on(NOT_LEFT_OUT), arena.weakened(NOT_LEFT_OUT):
        arena.challenge_proof(CHEAT)
        assert is_in(arena, CHEAT)
    with attack.works_on("a round in which nobody looks"), arena.forgotten():
        assert is_in(arena, CHEAT)
    arena.challenge_proof(CHEAT)
    arena.pass_phase()
    for i in OTHERS:
        arena.mask(i)
    arena.aggregate(OTHERS)
    arena.pass_phase()
    assert arena.rounds.get_round(arena.task_id, 1).phase is Phase.FINALIZED
    assert not arena.rounds.contributed(arena.task_id, 1, arena.address(CHEAT))
    slashed = arena.settle(CHEAT).event(TrainerSlashed)
    assert slashed.slashed == STAKE * FAULT // 10_000
    attack.answered_by(slashed)


@pytest.mark.parametrize(
    ("weakness", "refusal"),
    (
        (UNVERIFIED, "InvalidProof"),
        (ANY_END, "EndMismatch"),
        (ANY_LINKS, "ClaimMismatch"),
        (ANY_DATA, "DataMismatch"),
        (ANY_START, "ModelMismatch"),
    ),
)
def test_answer__with_what_is_no_proof_of_it(weakness, refusal, reviewed, attack):
    arena, link = reviewed, false_link(reviewed)
    challenge = arena.challenge_proof(CHEAT)
    call = {
        # the verifier would refuse it
        UNVERIFIED: answer(arena, challenge, forged(arena), link),
        # a true proof, of what was trained
        ANY_END: answer(arena, challenge, arena.proof(CHEAT).data, link),
        # and the link that it is of, in the place of the claimed one
        ANY_LINKS: answer(arena, challenge, arena.proof(CHEAT).data, arena.link(CHEAT)),
    }
    if weakness in call:
        sent = call[weakness]
    else:
        arena, sent = elsewhere(arena, weakness)
    with attack.works_on(weakness), arena.weakened(weakness):
        arena.send(CHEAT, sent)
        assert is_in(arena, CHEAT)
    with attack.stopped_by(refusal):
        arena.send(CHEAT, sent)


def elsewhere(arena: Arena, weakness: Weakness) -> tuple[Arena, Call]:
    """Another task, in which the cheat claims the end of a true proof: of a neighbour's data, or of another model."""
    other = entered(arena)
    if weakness is ANY_DATA:
        proof = other.proof(HONEST)
        link = Link(other.link(CHEAT).data_hash, proof.points[UPDATE], CID)
    else:
        proof = other.proof(CHEAT, [5] * other.config.dimension)
        link = other.link(CHEAT, proof)
    other.claim(CHEAT, link)
    for i in OTHERS:
        other.claim(i)
    return other, answer(other, other.challenge_proof(CHEAT), proof.data, link)


def test_answer__that_is_shown_too_late(reviewed, attack):
    """An honest proof, but after the time: a round must not wait for whoever shows when it likes."""
    arena = reviewed
    challenge = arena.challenge_proof(HONEST)
    sent = answer(arena, challenge, arena.proof(HONEST).data, arena.link(HONEST))
    with attack.works_on(AT_ANY_TIME), arena.weakened(AT_ANY_TIME):
        arena.pass_time(arena.state.deadline)
        arena.send(HONEST, sent)
        assert is_in(arena, HONEST)
    arena.pass_time(arena.state.deadline)
    receipt = arena.send(HONEST, sent)
    arena.send(OUTSIDER, arena.rounds.advance(arena.task_id))
    assert arena.entry(HONEST).status is TrainerStatus.ACCUSED
    attack.answered_by(receipt.event(BondReturned))


def test_proof__demanded_for_sport(reviewed, attack):
    arena = reviewed
    challenge = arena.challenge_proof(HONEST, PARTNER)
    sent = answer(arena, challenge, arena.proof(HONEST).data, arena.link(HONEST))
    with attack.works_on(BOND_COMES_BACK), arena.weakened(BOND_COMES_BACK):
        arena.send(HONEST, sent)
        assert arena.claimable(PARTNER) == BOND
    receipt = arena.send(HONEST, sent)
    assert (arena.claimable(HONEST), arena.claimable(PARTNER)) == (BOND, 0)
    assert arena.contracts.proofs.is_proved(arena.task_id, 1, arena.address(HONEST), 0)
    with attack.stopped_by("AlreadyProved"):
        arena.challenge_proof(HONEST, PARTNER)
    attack.answered_by(receipt.event(BondReturned))


@pytest.mark.parametrize(
    ("right", "said", "of", "refusal"),
    (
        (7, 7, CHEAT, "ReceiptTooLow"),  # what is true, under the bound
        (7, 8, CHEAT, "ScoreMismatch"),  # better than what was proved
        (8, 8, HONEST, "ScoreMismatch"),  # of easier rows: another's
    ),
)
def test_receipt__of_a_model_that_was_not_good_enough(right, said, of, refusal, arena, attack):
    """Its trainer goes on alone though the task's bound says to synchronize. The verifier says yes to all: the
    contract itself must compare what was proved with what was claimed."""
    arena = arena.at("created")
    yes, _ = arena.senders[CREATOR].deploy(YES_CREATION, "a verifier that says yes")
    arena = entered(arena, quiet_bound=8_000, score_verifier=yes, score_code_hash=arena.chain.code_hash(yes))
    honest = arena.link(CHEAT)
    links = (honest, Link(honest.data_hash, false_link(arena).update, CID))
    arena.claim(CHEAT, *links)
    for i in OTHERS:
        arena.claim(i)
    challenge = arena.challenge_proof(CHEAT)
    points = (arena.proof(CHEAT).points[0], arena.proof(of).points[DATA], *[arena.train.commit([right, 10])] * 2)
    score = Score(said, 10, b"".join(point.encode() for point in points))
    shown = Shown(bytes(31), links, arena.proof(CHEAT).data, score)
    with attack.works_on(ANY_SCORE), arena.weakened(ANY_SCORE):
        arena.send(CHEAT, arena.challenges.answer_proof(challenge, shown))
        assert is_in(arena, CHEAT)
    with attack.stopped_by(refusal):
        arena.send(CHEAT, arena.challenges.answer_proof(challenge, shown))


def test_receipts__submitted_with_valid_proofs_and_no_score(arena, attack):
    """It goes on alone, with proofs of all its training: none of them says that the model was good enough."""
    arena = arena.at("created")
    yes, _ = arena.senders[CREATOR].deploy(YES_CREATION, "a verifier that says yes")
    code_hash = arena.chain.code_hash(yes)
    verifiers = {
        "train_verifier": yes,
        "train_code_hash": code_hash,
        "score_verifier": yes,
        "score_code_hash": code_hash,
    }
    arena = entered(arena, quiet_bound=8_000, **verifiers)
    first, end = arena.proof(CHEAT), false_link(arena).update
    second = b"".join(point.encode() for point in (first.points[UPDATE], first.points[DATA], *[end] * 2))
    call = arena.contracts.proofs.submit(arena.task_id, [first.data, second])
    with attack.works_on(RECEIPTS_SUBMITTED), arena.weakened(RECEIPTS_SUBMITTED):
        assert arena.send(CHEAT, call).event(Submitted).update == end
    with attack.stopped_by("TooManyProofs"):
        arena.send(CHEAT, call)


def test_two_stories__one_claimed_and_one_submitted(arena, attack):
    """Reviewers look at links, and the update is another's: nobody knows any more what it rests on."""
    arena = entered(arena.at("created"))
    arena.send(CHEAT, arena.contracts.proofs.claim(arena.task_id, [false_link(arena)], last=False))
    call = arena.contracts.proofs.submit(arena.task_id, [arena.proof(CHEAT).data])
    with attack.works_on(TWO_STORIES), arena.weakened(TWO_STORIES):
        assert arena.send(CHEAT, call).event(Submitted).update != false_link(arena).update
    with attack.stopped_by("ClaimBegun"):
        arena.send(CHEAT, call)


def test_claim__left_out_by_a_node__so_that_a_lineage_tells_of_less_data(arena, attack, monkeypatch):
    arena = entered(arena.at("created"))
    link = arena.link(CHEAT)
    arena.send(CHEAT, arena.contracts.proofs.claim(arena.task_id, [link], last=False))
    arena.claim(CHEAT, Link(link.data_hash, false_link(arena).update, CID))
    told = history._told

    def read(hidden: int) -> tuple[bytes, ...]:
        def left_out(*asked: object) -> list[object]:
            return [each for each in told(*asked) if not (isinstance(each, LinksClaimed) and each.first == hidden)]

        with monkeypatch.context() as lying:
            lying.setattr(history, "_told", left_out)
            return (
                history.read_round(arena.contracts, arena.task_id, 1).rounds[1].parts[arena.address(CHEAT)].data_hashes
            )

    for hidden in (0, 1):
        with attack.works_on("a reader that takes what it is told"), monkeypatch.context() as weak:
            weak.setattr(history, "claims_are_whole", lambda *_: True)
            assert read(hidden) == (link.data_hash,)
        with attack.stopped_by("ChainError"):
            read(hidden)
    assert read(2) == (link.data_hash,) * 2


def test_links__hash_as_the_contract_hashes_them(reviewed):
    arena = reviewed
    head = arena.contracts.proofs.head_of(arena.task_id, 1, arena.address(HONEST))
    assert (head.hash, head.count) == (head_hash([arena.link(HONEST)]), 1)
