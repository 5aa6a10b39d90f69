"""Logs are enough: an index of them knows what every view of the contracts answers, at every step of a task's life.

The random histories of tests/differential end with the same comparison; here everything happens once, in order.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from headwater.chain.contracts import events
from headwater.chain.contracts.codec import decode_log
from headwater.protocol.keccak import keccak256
from headwater.protocol.machine import Machine
from headwater.protocol.machine.points import commitment_at, point_hash
from headwater.protocol.openings import parts
from headwater.protocol.phases import Kind, Phase
from headwater.protocol.structs import Claim, Link, Opening, Origin, Shown
from tests.differential.history import Call, History
from tests.differential.onchain import Onchain, run_onchain
from tests.differential.players import (
    AGGREGATOR,
    CID,
    CREATOR,
    REFUSING,
    SMALL,
    STRANGER,
    TRAINERS,
    basis_quotient,
    config_of,
    data_of,
    first_weights,
    key_of,
    multiply,
    possession_of,
    shared_by,
    shown_by,
)
from tests.differential.views import all_views, answer
from tests.support.indexing import Index

ACCOUNTS = (*TRAINERS, AGGREGATOR, CREATOR, STRANGER)
TASK, WITHHELD, ROUND = 1, 2, 1
SAID_ELSEWHERE = {"MaskOpened", "PartShown", "ContractURIUpdated", "GroupEvent", "PoolEvent"}
"""Who is acquitted or convicted by a mask, the RoundManager says; how far a claim is shown, Progressed; the next is
never emitted; groups are Semaphore's, and no view of ours tells of them; what pools' events say,
integration/test_pools.py compares."""

BESIDE = {
    *("ScoringOpened", "DataHeldOut", "Attested", "CompositionDeclared"),
    *("InferenceOpened", "RowIssued", "RowTakenBack", "InferenceRecorded", "InferenceVerified", "InferenceStored"),
}
"""Of contracts that a history does not play: integration/test_attesting.py and test_inference.py compare these."""


class Life(History):
    """A history of which an index is kept, and compared with the contracts at every step.

    Attributes:
        steps: for each, the logs that it made, its block, the claims known then, and what every view answered.
    """

    def __init__(self, onchain: Onchain) -> None:
        super().__init__(onchain, Counter(), ACCOUNTS)
        self.index = Index(onchain.chain_id, onchain.at, onchain.time_of, multiply)
        self.steps: list[tuple[list, object, tuple[Claim, ...], list[bytes]]] = []

    def play(self, *calls: Call, seconds: int = 1) -> None:
        """Play calls, which must succeed, in a block, and compare every view with the index of all logs so far."""
        names = {f"{call.function} succeeds" for call in calls}
        before = sum(self.tally[name] for name in names)
        super().play(*calls, seconds=seconds)
        assert sum(self.tally[name] for name in names) == before + len(calls), f"refused: {calls}"
        seen = sum(len(logs) for logs, *_ in self.steps)
        logs = self.onchain.logs()[seen:]
        self.index.read(logs)
        self.index.now(self.machine.block)
        claims = claims_of(self.machine)
        self._compare(all_views(self.index.machine, self.accounts, claims))
        expected = [answer(view) for view in all_views(self.machine, self.accounts, claims)]
        self.steps.append((logs, replace(self.machine.block), claims, expected))

    def advance(self, task_id: int = TASK) -> None:
        """Let the phase run out."""
        deadline = self.machine.rounds.states[task_id].deadline
        self.play(Call("rounds", "advance", STRANGER, (task_id,)), seconds=deadline - self.time)

    def challenge(self, kind: Kind, *arguments: object, task_id: int = TASK) -> int:
        """Raise a challenge and return its id."""
        self.machine.block.base_fee = self.base_fee
        bond = self.machine.challenges.bond_of(task_id, kind)
        self.play(Call("challenges", f"challenge{kind.name.capitalize()}", STRANGER, (task_id, *arguments), bond))
        return len(self.machine.challenges.challenges)

    def submit(self, *who: str) -> None:
        """Submit right updates."""
        model = self.players.current(TASK)
        proofs = {m: self.players.train_proofs(TASK, m, model, [data_of(m)]) for m in who}
        self.play(*(Call("proofs", "submit", m, (TASK, proofs[m])) for m in who))

    def mask(self, *who: str, liar: str = "", to: str = "") -> None:
        """Post masked updates, one of them with a wrong mask."""
        postings = {m: self.players.posting(TASK, m, frozenset({to} if m == liar else ())) for m in who}
        self.play(*(Call("rounds", "mask", m, (TASK, posting)) for m, posting in postings.items()))

    def aggregate(self, who: str, weights: tuple[int, ...]) -> None:
        """Post an average."""
        self.play(Call("rounds", "aggregate", who, (TASK, self.players.average_proof(TASK, who, weights), CID)))

    def answer_model(self, who: str, number: int, weights: tuple[int, ...]) -> None:
        """Open a model at once."""
        _, opening = self.players.model_claim(TASK, weights)
        self.play(Call("challenges", "answerModel", who, (number, self.players.model(TASK, weights), opening)))

    def conclude(self, claim: Claim, opening: Opening) -> Opening:
        """Open a claim whose vector was shown in parts; what is left to say of it in an answer."""
        self.play(Call("openings", "conclude", STRANGER, (claim, opening.quotient)))
        return Opening(claim.root)


def claims_of(machine: Machine) -> tuple[Claim, ...]:
    """All claims of which something was shown."""
    return tuple(dict.fromkeys((*machine.openings.shown, *machine.openings.opened)))


def live_on_demand(life: Life) -> None:
    """A task whose updates are claimed: one proof is demanded and shown, one is not."""
    members, (task_id,) = TRAINERS[:4], [len(life.machine.tasks.records) + 1]
    config = replace(
        config_of(3, life.onchain.verifiers, life.onchain.code_hash), stake=0, challenge_bond=0, review_period=99
    )
    origin = Origin(life.players.first_model(config, first_weights(3)))
    life.play(Call("tasks", "createTask", CREATOR, (config, basis_quotient(SMALL, 3), origin, CID), 10_001))
    life.players.meet()
    tag = life.machine.tasks.tag(task_id)
    entering = {m: (task_id, (data_of(m),), key_of(m), possession_of(m, tag), b"") for m in members}
    life.play(*(Call("trainers", "enrol", m, arguments) for m, arguments in entering.items()))
    life.play(*(Call("rounds", "join", m, (task_id,)) for m in members))
    model, proofs, links = life.players.current(task_id), {}, {}
    for m in members:
        (proofs[m],) = life.players.train_proofs(task_id, m, model, [data_of(m)])
        links[m] = (Link(point_hash(data_of(m)), commitment_at(proofs[m], 3), CID),)
    life.play(*(Call("proofs", "claim", m, (task_id, links[m], True)) for m in members))
    one, other = members[:2]
    shown = life.challenge(Kind.PROOF, one, 0, task_id=task_id)
    life.play(Call("challenges", "answerProof", one, (shown, Shown(bytes(31), links[one], proofs[one]))))
    life.challenge(Kind.PROOF, other, 0, task_id=task_id)
    life.advance(task_id)
    assert life.machine.rounds.states[task_id].members == 3


def live(life: Life) -> None:
    """A task with drop-outs, a slash, a liar, bytes withheld and shown, and an average that is taken back."""
    zero, one, two, liar, late, absent = TRAINERS
    basis = config_of(3, life.onchain.verifiers, life.onchain.code_hash)
    config = replace(basis, rounds=2, max_trainers=6, mask_period=1000, stake=10**12, challenge_bond=10**6)
    origin = Origin(life.players.first_model(config, first_weights(3)))
    for terms in (replace(config, join_period=500), config):
        arguments = (terms, basis_quotient(SMALL, 3), origin, CID)
        life.play(Call("tasks", "createTask", CREATOR, arguments, 10_001))
    life.players.meet()
    again = life.players.origin(CREATOR, config, [(TASK, 0)], [1], 1)
    life.play(Call("tasks", "createTask", CREATOR, (config, basis_quotient(SMALL, 3), again, CID), 10_001))

    # the first model's bytes: shown in one task, withheld in the other, which ends
    shown, withheld = life.challenge(Kind.MODEL), life.challenge(Kind.MODEL, task_id=WITHHELD)
    life.answer_model(CREATOR, shown, first_weights(3))
    life.advance(WITHHELD)
    life.play(Call("challenges", "reclaimBond", STRANGER, (withheld,)))
    life.play(Call("rewards", "reclaim", STRANGER, (WITHHELD,)))
    life.play(Call("stakes", "claim", CREATOR))

    # round 1: one does not submit, one does not mask, one lies; the seed is forgotten before anybody draws it
    tag = life.machine.tasks.tag(TASK)
    life.play(*(Call("stakes", "deposit", who, (), 3 * config.stake) for who in (*TRAINERS, AGGREGATOR)))
    enrolments = {m: (TASK, (data_of(m),), key_of(m), possession_of(m, tag), b"") for m in TRAINERS}
    life.play(*(Call("trainers", "enrol", who, enrolments[who]) for who in TRAINERS))
    life.play(Call("trainers", "registerData", zero, (TASK, (data_of(zero, 1), data_of(zero, 2)))))
    life.play(*(Call("rounds", "join", who, (TASK,)) for who in TRAINERS))
    life.submit(zero, one, two, liar, late)
    life.advance()
    life.forget()
    life.play(Call("rounds", "renewSeed", STRANGER, (TASK,)))
    life.mask(zero, one, two, liar)
    life.advance()
    life.mask(zero, one, two, liar, liar=liar, to=zero)
    life.base_fee = 5
    key = (TASK, ROUND, 2)
    demanded = life.challenge(Kind.UPDATE, one)
    claim, opening = life.players.update_claim(TASK, life.players.vectors[*key, one])
    (part,) = parts(opening.vector)
    life.play(Call("openings", "show", STRANGER, (claim, (keccak256(part),), part)))
    opening = life.conclude(claim, opening)
    life.play(Call("challenges", "answerUpdate", one, (demanded, life.players.postings[*key, one], opening)))
    pair = (zero, liar)
    postings = tuple(life.players.postings[*key, who] for who in pair)
    disputed = life.challenge(Kind.MASK, *pair, *postings)
    claim, opening = life.players.mask_claim(key, pair, (postings[0].update, postings[1].update))
    for count in (5, 100):
        life.play(Call("openings", "expand", STRANGER, (claim, count)))
    opening, keys = life.conclude(claim, opening), tuple(key_of(who) for who in pair)
    arguments = (disputed, postings, keys, shared_by(*pair), shown_by(*pair), False, claim.commitment, opening)
    life.play(Call("challenges", "answerMask", zero, arguments))
    life.base_fee = 0
    life.advance()
    life.mask(zero, one, two)

    # an average is taken back, another accepted
    life.aggregate(AGGREGATOR, (5, 6, 7))
    life.challenge(Kind.MODEL)
    life.advance()
    life.aggregate(zero, (1, 2, 3))
    life.answer_model(zero, life.challenge(Kind.MODEL), (1, 2, 3))

    # what it cost, and what it paid
    life.play(*(Call("trainers", "settle", STRANGER, (TASK, who)) for who in (liar, absent, one)))
    life.play(*(Call("rewards", "collect", who, (TASK, (ROUND,))) for who in (zero, one)))
    life.play(Call("stakes", "claim", zero))
    life.play(Call("trainers", "unenrol", two, (TASK,)))
    life.play(Call("rounds", "join", late, (TASK,)))  # what it missed is settled, and locked again
    life.advance()
    assert life.machine.rounds.states[TASK].phase is Phase.SKIPPED
    life.play(Call("trainers", "release", two, (TASK,)), seconds=config.unbonding_period)
    life.play(Call("stakes", "withdraw", two, (config.stake,)))
    life.play(Call("rewards", "reclaim", CREATOR, (TASK,)))


@pytest.fixture(scope="module")
def lived():
    with run_onchain() as onchain:
        onchain.fund((*ACCOUNTS, onchain.at.tasks, onchain.at.challenges), (REFUSING,))
        life = Life(onchain)
        live(life)
        live_on_demand(life)
        yield life


def test_index__of_a_whole_life__knows_what_every_view_answers_at_every_step(lived):
    lived.end()
    emitted = {type(decode_log(log)).__name__ for logs, *_ in lived.steps for log in logs}
    known = {kind.__name__ for kind in events.Event.__subclasses__()}
    assert emitted == known - BESIDE - {"ContractURIUpdated", "GroupEvent", "PoolEvent"}


@pytest.mark.parametrize("kind", sorted({k.__name__ for k in events.Event.__subclasses__()} - SAID_ELSEWHERE - BESIDE))
def test_index__that_overlooks_one_kind_of_event__is_found_out(lived, kind):
    times = {block.number: block.time for _, block, *_ in lived.steps}
    index = Index(lived.onchain.chain_id, lived.onchain.at, times.__getitem__, multiply)

    def follow() -> None:
        for logs, block, claims, expected in lived.steps:
            index.read(log for log in logs if type(decode_log(log)).__name__ != kind)
            index.now(block)
            assert [answer(view) for view in all_views(index.machine, lived.accounts, claims)] == expected

    with pytest.raises((AssertionError, LookupError, ZeroDivisionError)):
        follow()
