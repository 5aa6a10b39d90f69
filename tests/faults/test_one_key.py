"""Two processes with one key would use the same nonces: the second does not start, until the first is gone."""

from __future__ import annotations

import dataclasses
import time

import pytest

from tests.support.fleet import run_fleet
from tests.support.invariants import check_fleet

pytestmark = pytest.mark.faults


def test_second_instance__is_refused_while_the_first_runs__and_goes_on_after_it_was_killed(tmp_path, home):
    with run_fleet(tmp_path, home) as fleet:
        first = fleet.trainers[0]
        first.look()
        deadline = time.monotonic() + 60
        while not first.said("enrolled"):
            assert time.monotonic() < deadline, first.log
            time.sleep(0.1)
        second = dataclasses.replace(first, folder=tmp_path / "second", exits=[])
        second.folder.mkdir()
        second.start()
        assert second.wait(60) == 1
        assert "already runs with account" in " ".join(second.log.split())
        assert first.running

        first.kill()
        fleet.run_to_end(300)
        assert check_fleet(fleet).total() == 3
        assert first.exits == [-9, 0]
