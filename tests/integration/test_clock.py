"""Chains whose clock is not this machine's: nodes go by the chain's alone."""

from __future__ import annotations

import time

import pytest

from headwater.chain.deploying.anvil import run_anvil
from headwater.protocol.decisions import Wait
from tests.support.roles import World

HOUR = 3600


@pytest.mark.parametrize("skew", (-24 * HOUR, 3 * HOUR))
def test_round__on_a_chain_whose_clock_is_another__is_finalized_all_the_same(tmp_path, home, skew: int):
    begin = int(time.time()) + skew
    with run_anvil(tmp_path / "anvil.log", "--timestamp", str(begin)) as anvil:
        world = World(anvil, tmp_path, home)
        assert abs(world.chain.block().timestamp - begin) < HOUR
        training = world.at("training")
        waiting = training.aggregator().step()
        assert isinstance(waiting, Wait)
        assert 0 < waiting.until - training.chain.block().timestamp < 24 * HOUR
        assert world.at("finalized").models.latest(world.task_id).round == 1
