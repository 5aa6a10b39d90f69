"""The machine's queue: one at a time, own before others', and what makes room."""

from __future__ import annotations

import threading
import time

import pytest

from headwater.circuits.machines import Here
from headwater.errors import CircuitError
from headwater.roles.heavy import Heavy, Step


class Work:
    """A turn in a thread, which lasts until it is told to end or to give up."""

    def __init__(self, heavy: Heavy, log: list[str], name: str, **turn) -> None:
        self.name, self.error, self.begun, self.end = name, None, threading.Event(), threading.Event()

        def run() -> None:
            try:
                with heavy.turn(**turn) as stop:
                    log.append(name)
                    self.begun.set()
                    while not self.end.wait(0.01):
                        if stop.is_set():
                            raise CircuitError("it was ended")
            except CircuitError as error:
                self.error = error

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()

    def finish(self) -> None:
        self.end.set()
        self.thread.join(10)
        assert not self.thread.is_alive()


@pytest.fixture
def heavy():
    return Heavy()


def waiting(heavy: Heavy, count: int) -> None:
    while len(heavy._waiting) < count:
        time.sleep(0.005)


def test_turns__are_one_at_a_time__the_earliest_deadline_first(heavy):
    log: list[str] = []
    first = Work(heavy, log, "first", own=True, deadline=9)
    assert first.begun.wait(10)
    others = [Work(heavy, log, str(deadline), own=True, deadline=deadline) for deadline in (7, 3, 5)]
    waiting(heavy, 3)
    assert log == ["first"]
    first.finish()
    for work in sorted(others, key=lambda work: work.name):
        work.finish()
    assert log == ["first", "3", "5", "7"]


def test_own_turn__makes_a_foreign_one_give_up__and_goes_before_all_others(heavy):
    log: list[str] = []
    foreign = Work(heavy, log, "foreign", own=False, deadline=1)
    assert foreign.begun.wait(10)
    second = Work(heavy, log, "second", own=False, deadline=1)
    waiting(heavy, 1)
    own = Work(heavy, log, "own", own=True, deadline=99)
    assert own.begun.wait(10)
    assert "made room" in str(foreign.error)
    own.finish()
    second.finish()
    assert log == ["foreign", "own", "second"]


def test_foreign_turn__makes_no_own_one_give_up(heavy):
    log: list[str] = []
    own = Work(heavy, log, "own", own=True, deadline=99)
    assert own.begun.wait(10)
    foreign = Work(heavy, log, "foreign", own=False, deadline=1)
    waiting(heavy, 1)
    time.sleep(0.05)
    own.finish()
    foreign.finish()
    assert own.error is None
    assert log == ["own", "foreign"]


def test_proof_with_a_deadline__makes_a_build_give_up__and_a_build_no_proof(heavy):
    log: list[str] = []
    build = Work(heavy, log, "build", own=True, is_proof=False)
    assert build.begun.wait(10)
    proof = Work(heavy, log, "proof", own=True, deadline=9)
    assert proof.begun.wait(10)
    assert "made room" in str(build.error)
    another = Work(heavy, log, "another build", own=True, is_proof=False)
    waiting(heavy, 1)
    time.sleep(0.05)
    proof.finish()
    another.finish()
    assert proof.error is None
    assert log == ["build", "proof", "another build"]


def test_error_of_its_own__is_not_taken_for_making_room(heavy):
    with pytest.raises(CircuitError, match="no memory"), heavy.turn(own=True):
        raise CircuitError("no memory")
    with heavy.turn(own=True):
        pass


@pytest.mark.parametrize("is_proof", (True, False))
def test_queue_that_closes__lets_a_proof_end__and_begins_nothing(heavy, is_proof):
    log: list[str] = []
    running = Work(heavy, log, "running", own=True, is_proof=is_proof)
    assert running.begun.wait(10)
    next_ = Work(heavy, log, "next", own=True)
    waiting(heavy, 1)
    heavy.close()
    next_.thread.join(10)
    assert "the node stops" in str(next_.error)
    if is_proof:
        running.finish()
    running.thread.join(10)
    assert (running.error is None) is is_proof
    assert log == ["running"]
    with pytest.raises(CircuitError, match="the node stops"), heavy.turn(own=True):
        pass


# ---- several workers


def test_turns__of_two_workers__are_two_at_a_time__and_own_go_first():
    heavy, log = Heavy(Here(2)), []
    first, second = (Work(heavy, log, name, own=True, deadline=9) for name in ("first", "second"))
    assert first.begun.wait(10)
    assert second.begun.wait(10)
    foreign = Work(heavy, log, "foreign", own=False, deadline=1)
    waiting(heavy, 1)
    own = Work(heavy, log, "own", own=True, deadline=99)
    waiting(heavy, 2)
    second.finish()
    assert own.begun.wait(10)
    assert not foreign.begun.is_set()
    for work in (own, first, foreign):
        work.finish()
    assert log[2:] == ["own", "foreign"]


def test_turn__that_makes_room__ends_one_of_two__the_last_in_order():
    heavy, log = Heavy(Here(2)), []
    urgent, later = (Work(heavy, log, str(deadline), own=False, deadline=deadline) for deadline in (1, 2))
    assert urgent.begun.wait(10)
    assert later.begun.wait(10)
    own = Work(heavy, log, "own", own=True)
    assert own.begun.wait(10)
    assert "made room" in str(later.error)
    for work in (urgent, own):
        work.finish()
    assert urgent.error is None


def test_turns__whose_memory_does_not_fit_together__wait__and_one_alone_never_does():
    heavy, log = Heavy(Here(3), memory_mb=1000), []
    large = Work(heavy, log, "large", own=True, memory_mb=2000)
    assert large.begun.wait(10)
    half = Work(heavy, log, "half", own=True, memory_mb=500)
    waiting(heavy, 1)
    large.finish()
    assert half.begun.wait(10)
    more = Work(heavy, log, "more", own=True, memory_mb=501)
    waiting(heavy, 1)
    small = Work(heavy, log, "small", own=True, memory_mb=1)  # would fit, and does not overtake
    waiting(heavy, 2)
    assert log == ["large", "half"]
    half.finish()
    for work in (more, small):
        work.finish()
    assert log[2:] == ["more", "small"]


def test_builds__are_one_at_a_time__however_many_workers_there_are():
    heavy, log = Heavy(Here(3)), []
    first = Work(heavy, log, "first", own=True, is_proof=False)
    assert first.begun.wait(10)
    second = Work(heavy, log, "second", own=True, is_proof=False)
    waiting(heavy, 1)
    first.finish()
    assert second.begun.wait(10)
    second.finish()


def test_step__of_which_one_fails__gives_up_those_that_wait__though_others_hold_the_machine():
    heavy, log, step = Heavy(Here(2)), [], Step()
    other, failing = Work(heavy, log, "other", own=True), Work(heavy, log, "failing", own=True, step=step)
    assert other.begun.wait(10)
    assert failing.begun.wait(10)
    later = Work(heavy, log, "later", own=True, step=step)
    waiting(heavy, 1)
    step.stop.set()
    failing.thread.join(10)
    later.thread.join(10)
    assert "what belongs to it failed" in str(later.error)
    other.finish()
    assert log.count("later") == 0


def test_step__that_has_begun__is_finished_when_the_queue_closes__and_none_begins():
    heavy, log, step = Heavy(), [], Step()
    first = Work(heavy, log, "first", own=True, step=step)
    assert first.begun.wait(10)
    second, another = Work(heavy, log, "second", own=True, step=step), Work(heavy, log, "another", own=True)
    waiting(heavy, 2)
    heavy.close()
    another.thread.join(10)
    assert "the node stops" in str(another.error)
    for work in (first, second):
        work.finish()
    assert second.error is None
    assert log == ["first", "second"]
