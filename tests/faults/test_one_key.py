"""Two processes with one key would use the same nonces: the second does not start, until the first is gone."""

from __future__ import annotations

import dataclasses
import time

import pytest

from tests.support.fleet import run_fleet

pytestmark = pytest.mark.faults


def wait_until(condition, node):
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline, node.log
        time.sleep(0.1)


def test_second_instance__is_refused_while_the_first_runs__and_starts_when_it_was_killed(tmp_path, home):
    with run_fleet(tmp_path, home) as fleet:
        first = fleet.trainers[0]
        first.start()
        wait_until(lambda: first.said(r"\] enrolled "), first)
        second = dataclasses.replace(first, folder=tmp_path / "second", exits=[])
        second.folder.mkdir()

        second.start()
        assert second.wait(60) == 1
        assert "already runs with account" in " ".join(second.log.split())
        assert first.running

        first.kill()
        second.start()
        try:
            wait_until(lambda: second.said(r"\] started "), second)
        finally:
            second.kill()
