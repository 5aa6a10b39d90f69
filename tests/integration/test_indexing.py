"""Logs are enough: an index of them knows what every view of the contracts answers, at every step of a task's life.

The random histories of tests/differential end with the same comparison; here everything happens once, in order.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from headwater.chain.contracts import events
from headwater.chain.contracts.codec import decode_log
from headwater.protocol.phases import Phase
from tests.differential.history import Call, History
from tests.differential.onchain import Onchain, run_onchain
from tests.differential.players import (
    AGGREGATOR,
    CID,
    CREATOR,
    REFUSING,
    STRANGER,
    TRAINERS,
    config_of,
    data_of,
    first_model,
    first_weights,
    key_of,
    multiply,
    shared_by,
    shown_by,
)
from tests.differential.views import all_views, answer
from tests.support.indexing import Index

ACCOUNTS = (*TRAINERS, AGGREGATOR, CREATOR, STRANGER)
TASK, WITHHELD, ROUND = 1, 2, 1
SAID_ELSEWHERE = {"MaskOpened", "ContractURIUpdated"}
"""MaskOpened: who is acquitted or convicted by it, the TaskManager says. The other is never emitted."""


class Life(History):
    """A history of which an index is kept, and compared with the contracts at every step.

    Attributes:
        steps: for each, the logs that it made, its block, and what every view answered then.
    """

    def __init__(self, onchain: Onchain) -> None:
        super().__init__(onchain, Counter(), ACCOUNTS)
        self.index = Index(onchain.chain_id, onchain.at, onchain.time_of, multiply)
        self.steps: list[tuple[list, object, list[bytes]]] = []

    def play(self, *calls: Call, seconds: int = 1) -> None:
        """Play calls, which must succeed, in a block, and compare every view with the index of all logs so far."""
        names = {f"{call.function} succeeds" for call in calls}
        before = sum(self.tally[name] for name in names)
        super().play(*calls, seconds=seconds)
        assert sum(self.tally[name] for name in names) == before + len(calls), f"refused: {calls}"
        seen = sum(len(logs) for logs, _, _ in self.steps)
        logs = self.onchain.logs()[seen:]
        self.index.read(logs)
        self.index.now(self.machine.block)
        self._compare(all_views(self.index.machine, self.accounts))
        expected = [answer(view) for view in all_views(self.machine, self.accounts)]
        self.steps.append((logs, replace(self.machine.block), expected))

    def advance(self, task_id: int = TASK) -> None:
        """Let the phase run out."""
        deadline = self.machine.tasks.states[task_id].deadline
        self.play(Call("tasks", "advance", STRANGER, (task_id,)), seconds=deadline - self.time)

    def challenge(self, function: str, *arguments: object, task_id: int = TASK) -> int:
        """Raise a challenge and return its id."""
        bond = self.machine.tasks.configs[task_id].challenge_bond
        self.play(Call("challenges", function, STRANGER, (task_id, *arguments), bond))
        return len(self.machine.challenges.challenges)

    def submit(self, *who: str) -> None:
        """Submit right updates."""
        model, _ = self.players.models[self.machine.tasks.states[TASK].model_hash]
        proofs = {m: self.players.train_proof(TASK, m, model, data_of(m)) for m in who}
        self.play(*(Call("tasks", "submit", m, (TASK, proof)) for m, proof in proofs.items()))

    def mask(self, *who: str, liar: str = "", to: str = "") -> None:
        """Post masked updates, one of them with a wrong mask."""
        postings = {m: self.players.posting(TASK, m, frozenset({to} if m == liar else ())) for m in who}
        self.play(*(Call("tasks", "mask", m, (TASK, posting)) for m, posting in postings.items()))

    def aggregate(self, who: str, weights: tuple[int, ...]) -> None:
        """Post an average."""
        self.play(Call("tasks", "aggregate", who, (TASK, self.players.average_proof(TASK, who, weights), CID)))


def live(life: Life) -> None:
    """A task with drop-outs, a slash, a liar, bytes withheld and shown, and an average that is taken back."""
    zero, one, two, liar, late, absent = TRAINERS
    basis = config_of(3, life.onchain.verifiers, life.onchain.code_hash)
    config = replace(basis, rounds=2, max_trainers=6)
    for terms in (replace(config, join_period=500), config):
        life.play(Call("tasks", "createTask", CREATOR, (terms, first_model(3), CID), 10_001))
    life.players.model(TASK, first_weights(3))
    points = life.players.basis(TASK)

    # the first model's bytes: shown in one task, withheld in the other, which ends
    shown, withheld = life.challenge("challengeModel"), life.challenge("challengeModel", task_id=WITHHELD)
    life.play(Call("challenges", "answerModel", CREATOR, (shown, first_weights(3), points)))
    life.advance(WITHHELD)
    life.play(Call("challenges", "reclaimBond", STRANGER, (withheld,)))
    life.play(Call("tasks", "reclaim", STRANGER, (WITHHELD,)))
    life.play(Call("stakes", "claim", CREATOR))

    # round 1: one does not submit, one does not mask, one lies
    life.play(*(Call("stakes", "deposit", who, (), 3 * config.stake) for who in (*TRAINERS, AGGREGATOR)))
    life.play(*(Call("tasks", "enrol", who, (TASK, data_of(who), key_of(who))) for who in TRAINERS))
    life.play(*(Call("tasks", "join", who, (TASK,)) for who in TRAINERS))
    life.submit(zero, one, two, liar, late)
    life.advance()
    life.mask(zero, one, two, liar)
    life.advance()
    life.mask(zero, one, two, liar, liar=liar, to=zero)
    key = (TASK, ROUND, 2)
    demanded = life.challenge("challengeUpdate", one)
    posting, vector = life.players.postings[*key, one], life.players.openings[*key, one]
    life.play(Call("challenges", "answerUpdate", one, (demanded, posting, vector, points)))
    pair = (zero, liar)
    postings = tuple(life.players.postings[*key, who] for who in pair)
    disputed = life.challenge("challengeMask", *pair, *postings)
    keys = tuple(key_of(who) for who in pair)
    opening = (disputed, postings, keys, shared_by(*pair), shown_by(*pair), False, points)
    life.play(Call("challenges", "answerMask", zero, opening))
    life.advance()
    life.mask(zero, one, two)

    # an average is taken back, another accepted
    life.aggregate(AGGREGATOR, (5, 6, 7))
    life.challenge("challengeModel")
    life.advance()
    life.aggregate(zero, (1, 2, 3))
    demanded = life.challenge("challengeModel")
    life.play(Call("challenges", "answerModel", zero, (demanded, (1, 2, 3), points)))

    # what it cost, and what it paid
    life.play(*(Call("tasks", "settle", STRANGER, (TASK, who)) for who in (liar, absent, one)))
    life.play(*(Call("tasks", "collect", who, (TASK, (ROUND,))) for who in (zero, one)))
    life.play(Call("stakes", "claim", zero))
    life.play(Call("tasks", "unenrol", two, (TASK,)))
    life.play(Call("tasks", "join", late, (TASK,)))  # what it missed is settled, and locked again
    life.advance()
    assert life.machine.tasks.states[TASK].phase is Phase.SKIPPED
    life.play(Call("tasks", "release", two, (TASK,)), seconds=config.unbonding_period)
    life.play(Call("stakes", "withdraw", two, (config.stake,)))
    life.play(Call("tasks", "reclaim", CREATOR, (TASK,)))


@pytest.fixture(scope="module")
def lived():
    with run_onchain() as onchain:
        onchain.fund((*ACCOUNTS, onchain.at.tasks, onchain.at.challenges), (REFUSING,))
        life = Life(onchain)
        live(life)
        yield life


def test_index__of_a_whole_life__knows_what_every_view_answers_at_every_step(lived):
    lived.end()
    emitted = {type(decode_log(log)).__name__ for logs, _, _ in lived.steps for log in logs}
    assert emitted == {kind.__name__ for kind in events.Event.__subclasses__()} - {"ContractURIUpdated"}


@pytest.mark.parametrize("kind", sorted({k.__name__ for k in events.Event.__subclasses__()} - SAID_ELSEWHERE))
def test_index__that_overlooks_one_kind_of_event__is_found_out(lived, kind):
    times = {block.number: block.time for _, block, _ in lived.steps}
    index = Index(lived.onchain.chain_id, lived.onchain.at, times.__getitem__, multiply)

    def follow() -> None:
        for logs, block, expected in lived.steps:
            index.read(log for log in logs if type(decode_log(log)).__name__ != kind)
            index.now(block)
            assert [answer(view) for view in all_views(index.machine, lived.accounts)] == expected

    with pytest.raises((AssertionError, LookupError, ZeroDivisionError)):
        follow()
