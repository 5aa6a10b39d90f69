"""How often the newest block is asked for, by a clock of the test's own."""

from __future__ import annotations

import pytest

from headwater.chain.asking.rpc import Block
from headwater.roles import pace as module
from headwater.roles.pace import Pace


def watch(monkeypatch, pace: Pace, seconds: float, late: float = 0.0, over: float = 7200.0) -> tuple[float, float]:
    """Looks a block, and the longest time from a block to the look that finds it."""
    now, looks, behind, seen = 1000.0, 0, 0.0, 0
    monkeypatch.setattr(module.time, "monotonic", lambda: now)
    while now < 1000.0 + over:
        number = int((now - late) // seconds)
        if seen and number > seen:
            behind = max(behind, now - late - (seen + 1) * seconds)
        seen = number
        pace.saw(Block(number, b"", int(number * seconds)))
        looks += 1
        now += pace.pause()
    return looks * seconds / over, behind


@pytest.mark.parametrize(("seconds", "late"), ((12, 0), (12, 1.5), (2, 0.3), (60, 2)))
def test_steady_chain__is_asked_about_once_a_block__and_heard_soon(monkeypatch, seconds, late):
    looks, behind = watch(monkeypatch, Pace(2.0, is_steady=True), seconds, late)
    assert looks <= 2.0
    assert behind <= max(2.0, seconds / 6) + 0.01


def test_chain_of_ones_own__is_asked_at_the_pace_that_was_set(monkeypatch):
    looks, _ = watch(monkeypatch, Pace(0.5, is_steady=False), 12)
    assert looks == pytest.approx(24, rel=0.01)


def test_chain_that_falls_back__is_learnt_anew():
    pace = Pace(2.0, is_steady=True)
    for number in (10, 11):
        pace.saw(Block(number, b"", 12 * number))
    assert pace.block_seconds == 12
    pace.saw(Block(3, b"", 36))
    assert pace.block_seconds == 2.0
