"""The machine's queue: one at a time, own before others', and what makes room."""

from __future__ import annotations

import threading
import time

import pytest

from headwater.errors import CircuitError
from headwater.roles.heavy import Heavy


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
