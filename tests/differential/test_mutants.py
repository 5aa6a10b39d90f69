"""The differential test finds faults: each of these, put into the specification, is told from the contracts.

The rare ones take minutes: `make histories` and `make fuzz` look for them.
"""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import Phase
from hypothesis.stateful import run_state_machine_as_test

from headwater.protocol import machine
from tests.differential.history import Divergence
from tests.differential.play import Play
from tests.differential.test_differential import ALL, lived, onchain

__all__ = ["onchain"]

HISTORIES = 300

# what is wrong: in which class, and instead of what
MUTANTS = {
    "advance waits a second": (
        "Rounds",
        "is_end or self.machine.block.time < state",
        "is_end or self.machine.block.time <= state",
    ),
    "bonds do not follow the base fee": (
        "Challenges",
        "least_bond(self._config(task_id), kind, self.machine.block.base_fee)",
        "least_bond(self._config(task_id), kind, 0)",
    ),
    "no time to answer is left after an acquittal": (
        "Rounds",
        "state.accused -= 1\n        self._leave_time_to_answer(task_id)",
        "state.accused -= 1",
    ),
    "accusations outlive an average": (
        "Rounds",
        "        state.accused = 0\n        self._enter(task_id, Phase.CHALLENGE",
        "        self._enter(task_id, Phase.CHALLENGE",
    ),
    "a late answer is not paid": (
        "Challenges",
        "self.machine.rounds.acquit(self.address, task_id, number, attempt, trainer)\n",
        (
            "late = not self._runs(challenge)\n"
            "        self.machine.rounds.acquit(self.address, task_id, number, attempt, trainer)\n"
            "        if late:\n            return self._close(challenge_id, challenge.challenger)\n"
        ),
    ),
    "a skipped round is an absence": ("Rounds", " and round_.phase != Phase.SKIPPED", ""),
    "the accused have none": (
        "Rounds",
        "accepted = entry.status in (TrainerStatus.SUBMITTED, TrainerStatus.ACCUSED)",
        "accepted = entry.status in (TrainerStatus.SUBMITTED,)",
    ),
    "a fault does not expel": ("Trainers", "if fault and not enrolment.releasable_at", "if False"),
    "the convicted owe nothing": ("Rounds", "        if owed:", "        if False:"),
    "the fee is not spent": (
        "Rewards",
        "config.aggregator_fee + share(config, pool.amount, masked)",
        "share(config, pool.amount, masked)",
    ),
    "an attempt starts with the last one's sum": (
        "Rounds",
        "round_.masked == 1",
        "state.attempt == 1 and round_.masked == 1",
    ),
    "the seed is of the block before": (
        "Rounds",
        "drawn = self.machine.block.hash_of(state.seed_block)",
        "drawn = self.machine.block.hash_of(state.seed_block - 1)",
    ),
    "the seed is of the newest block": (
        "Rounds",
        "drawn = self.machine.block.hash_of(state.seed_block)",
        "drawn = self.machine.block.hash_of(self.machine.block.number - 1)",
    ),
    "challengers keep their bonds": (
        "Challenges",
        "attempt, trainer))\n        self._close(challenge_id, trainer)",
        "attempt, trainer))\n        self._close(challenge_id, challenge.challenger)",
    ),
    "an update can be demanded twice": ("Challenges", "self.opened_.add((task_id, number, attempt, trainer))", "pass"),
    "burnt stake is gone": ("Stakes", "self.burnt += amount - owed", "pass"),
    "possession is not checked": (
        "Trainers",
        "if not possesses(sender, mask_key, tag, possession, self.machine.multiply)",
        "if False",
    ),
    "parents keep their tags": (
        "Tasks",
        "untagged = add(model, multiply(config.basis_d, -self.tag(parent.task_id) % P))",
        "untagged = model",
    ),
    "a claim is true once it is shown": ("Openings", "return claim in self.opened", "return claim in self.shown"),
}

# these take twenty histories, and up to two hundred
RARE = {
    "the first model is always demandable": ("Rounds", " and self.machine.models.latest(task_id).round == 0", ""),
    "links are not chained": (
        "Proofs",
        "point_hash(end) if index else",
        "point_hash(commitment_at(proof, 0)) if index else",
    ),
    "data are anybody's": ("Trainers", "if owner != trainer", "if False"),
    "a vector's hash is not checked": (
        "Openings",
        "if root != claim.root:\n                raise",
        "if False:\n                raise",
    ),
    "deadlines are a second later": ("Rounds", "time >= state.deadline", "time > state.deadline"),
    "release waits a second": (
        "Trainers",
        "self.machine.block.time < enrolment",
        "self.machine.block.time <= enrolment",
    ),
    "bonds can be reclaimed a second later": (
        "Challenges",
        "block.time < challenge.answer_by",
        "block.time <= challenge.answer_by",
    ),
    "bonds can be reclaimed before the time to answer is over": (
        "Challenges",
        "self.machine.block.time < challenge.answer_by or self._runs",
        "self._runs",
    ),
    "moot accusations are faults": (
        "Rounds",
        "(round_.phase == Phase.FAILED and round_.averages == 0)",
        "round_.phase == Phase.FAILED",
    ),
    "moot disputes are decided": ("Challenges", "if not self._decides(challenge)", "if False"),
    "the guilty have a share": ("Rounds", "accepted = entry.status in (", "accepted = entry.status in (4, "),
    "their shares are spent": ("Rounds", "paid = round_.masked - state.convicted", "paid = round_.masked"),
    "a share is collected twice": ("Rewards", " or self.collected(task_id, number, account)", ""),
    "nothing is locked again": (
        "Trainers",
        "self.machine.stakes.lock(self.address, task_id, trainer, missing)",
        "self.machine.stakes.lock(self.address, task_id, trainer, 0)",
    ),
    "a seed is renewed that can be had": ("Rounds", " or block.hash_of(state.seed_block) != ZERO_HASH", ""),
    "the module is not asked": (
        "Trainers",
        "elif not self.machine.admit(admission, task_id, sender, data_hashes, evidence)",
        "elif False",
    ),
    "a basis is not checked": (
        "Tasks",
        "if not opens(self.machine, *basis_claim(config, self.machine.multiply), quotient, config.tau)",
        "if False",
    ),
    "a parent of another size is one": (
        "Tasks",
        "(other.dimension, other.k, other.tau) != (config.dimension, config.k, config.tau)",
        "(other.k, other.tau) != (config.k, config.tau)",
    ),
    "the accused mask on": (
        "Rounds",
        "return entry.status == TrainerStatus.SUBMITTED and entry.attempt + 1",
        "return entry.attempt + 1",
    ),
    "an average too few is revoked": ("Rounds", "MAX_AVERAGES = 3", "MAX_AVERAGES = 2"),
    "whoever shows the mask is right": (
        "Challenges",
        "trainer: mask_with(trainer, posting, peer) == mask",
        "trainer: trainer == pair[by_other]",
    ),
    "whoever was overtaken by an average is safe": (
        "Rounds",
        "if not (accused and state.phase == Phase.CHALLENGE)",
        "if True",
    ),
    "the guilty come to owe nothing": (
        "Rounds",
        "self.debts.setdefault((task_id, state.round, trainer), (payee, owed))",
        "pass",
    ),
    "a compensation is more than the slash": ("Trainers", "min(owed, slashed)", "owed"),
}

CASES = MUTANTS | (RARE if ALL else {})


def mutant(owner: str, right: str, wrong: str) -> type:
    """The class of that name, with one place of its module changed."""
    path = Path(machine.__file__).with_name(f"{owner.lower()}.py")
    source = path.read_text()
    assert source.count(right) == 1, f"{right!r} is {source.count(right)} times in {path.name}"
    module = ModuleType(getattr(machine, owner).__module__)
    exec(compile(source.replace(right, wrong), path, "exec"), vars(module))  # noqa: S102 - our own file
    return getattr(module, owner)


@pytest.mark.slow
@pytest.mark.parametrize("what", CASES)
def test_histories__a_fault_in_the_specification__found(what, monkeypatch):
    owner, right, wrong = CASES[what]
    monkeypatch.setattr(machine, owner, mutant(owner, right, wrong))
    before = Play.tally["histories"]
    with pytest.raises(Divergence):
        run_state_machine_as_test(Play, settings=lived(HISTORIES, phases=[Phase.generate], database=None))
    print(f"{what}: {Play.tally['histories'] - before} histories")
