"""Who looks at claimed proofs gets to all of them, whatever some trainers leave out of the store."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from headwater.errors import Unavailable
from headwater.protocol.curve import Point
from headwater.protocol.decisions import Bytes
from headwater.protocol.structs import Link
from headwater.roles import reviewing

ATTACKER, SILENCE = "0xattacker", 30.0
MISSING = 10
"""Links under this number are the attacker's: nobody gives them, which the store says after `SILENCE` seconds."""


def link(number: int) -> Link:
    return Link(bytes([number]) * 32, Point(1, 2), bytes([number]) * 32)


@pytest.fixture
def asked(monkeypatch) -> list[int]:
    """What has been asked of a store with a slow clock, in order."""
    clock, asked = [0.0], []

    def fetch(cid: bytes) -> bytes:
        asked.append(cid[0])
        if cid[0] < MISSING:
            clock[0] += SILENCE
            raise Unavailable("nobody gives it", "wait")
        return b"document"

    monkeypatch.setattr(reviewing.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(reviewing.ProofDocument, "decode", classmethod(lambda _, data: data))
    monkeypatch.setattr(reviewing, "is_of", lambda *_: True)
    monkeypatch.setattr(reviewing, "verify", lambda _, documents: dict.fromkeys(documents, True))
    monkeypatch.setattr(reviewing, "PhaseClock", lambda _: None)
    monkeypatch.setattr(reviewing, "read", lambda _, each: fetch(each.cid))
    return asked


def test_reviewer__of_whom_nothing_is_missing__is_looked_at_whatever_others_leave_out(asked):
    reviewer = reviewing.Reviewer(SimpleNamespace(), "0xme", takes_turns=True)
    links = {ATTACKER: [link(number) for number in (1, 2, 3)]}
    links |= {f"0xhonest{number}": [link(MISSING + number)] for number in range(4)}
    claimed = reviewing.chains(links, bytes(32))
    for _ in range(4):
        found = reviewer._judge(1, claimed)
        honest = {state for each, state in found.items() if each.trainer != ATTACKER}
        assert honest <= {Bytes.FOUND}, "what was not asked for is not missing"
    assert len(found) == len(claimed)
    assert {state for each, state in found.items() if each.trainer == ATTACKER} == {Bytes.MISSING}
    assert sorted({number for number in asked if number >= MISSING}) == [10, 11, 12, 13]
    assert sum(number >= MISSING for number in asked) == 4, "each is looked at once"
