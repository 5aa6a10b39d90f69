"""The differential test finds faults: each of these, put into the specification, is told from the contracts."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import Phase
from hypothesis.stateful import run_state_machine_as_test

from headwater.protocol import machine
from tests.differential.history import Divergence
from tests.differential.play import Play
from tests.differential.test_differential import LONG, lived, onchain

__all__ = ["onchain"]

HISTORIES = 300

# what is wrong: in which class, and instead of what
MUTANTS = {
    "deadlines are a second later": ("Tasks", "time >= state.deadline", "time > state.deadline"),
    "advance waits a second": ("Tasks", "is_end or self.block.time < state", "is_end or self.block.time <= state"),
    "release waits a second": ("Tasks", "self.block.time < enrolment", "self.block.time <= enrolment"),
    "bonds can be reclaimed a second later": ("Challenges", "block.time < state", "block.time <= state"),
    "no time to answer is left after an acquittal": (
        "Tasks",
        "state.accused -= 1\n        self._leave_time_to_answer(task_id)",
        "state.accused -= 1",
    ),
    "accusations outlive an average": (
        "Tasks",
        "        state.accused = 0\n        self._enter",
        "        self._enter",
    ),
    "moot accusations are faults": (
        "Tasks",
        "(round_.phase == Phase.FAILED and round_.averages == 0)",
        "round_.phase == Phase.FAILED",
    ),
    "a skipped round is an absence": ("Tasks", " and round_.phase != Phase.SKIPPED", ""),
    "the guilty have a share": (
        "Tasks",
        "in_it = entry.status in (",
        "in_it = entry.status in (TrainerStatus.GUILTY, ",
    ),
    "their shares are spent": (
        "Tasks",
        "paid = round_.masked - self._count_guilty(task_id, number, state.attempt)",
        "paid = round_.masked",
    ),
    "the accused have none": (
        "Tasks",
        "TrainerStatus.SUBMITTED, TrainerStatus.ACCUSED) and",
        "TrainerStatus.SUBMITTED,) and",
    ),
    "a fault does not expel": ("Tasks", "if fault and not enrolment.releasable_at", "if False"),
    "nothing is locked again": (
        "Tasks",
        "sender, missing)\n        enrolment.stake, enrolment",
        "sender, 0)\n        enrolment.stake, enrolment",
    ),
    "the fee is not spent": ("Tasks", "config.aggregator_fee + self._share", "self._share"),
    "the first model is always demandable": ("Tasks", "return len(self.models.entries[task_id]) == 1", "return True"),
    "an attempt starts with the last one's sum": (
        "Tasks",
        "round_.masked == 1",
        "state.attempt == 1 and round_.masked == 1",
    ),
    "challengers keep their bonds": (
        "Challenges",
        "self._close(challenge_id, trainer)",
        "self._close(challenge_id, challenge.challenger)",
    ),
    "an update can be demanded twice": ("Challenges", "self.opened_.add((task_id, number, attempt, trainer))", "pass"),
    "burnt stake is gone": (
        "Stakes",
        "lock_of[task_id, account] -= amount\n        self.burnt += amount",
        "lock_of[task_id, account] -= amount",
    ),
}

# these take a hundred histories
RARE = {
    "the accused mask on": (
        "Tasks",
        "return entry.status == TrainerStatus.SUBMITTED and entry.attempt in",
        "return entry.attempt in",
    ),
    "an average too few is revoked": ("Tasks", "MAX_AVERAGES = 3", "MAX_AVERAGES = 2"),
    "whoever shows the mask is right": (
        "Challenges",
        "if mask_with(trainer, posting, peer) == mask",
        "if trainer == pair[by_other]",
    ),
}

CASES = MUTANTS | (RARE if LONG else {})


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
