"""The specification and the contracts live the same random histories: the same success or error, the same views.

A divergence is a fault of one of them; the interfaces' words decide which. `make fuzz` plays forty times as many.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.differential.onchain import run_onchain
from tests.differential.play import OTHERS, Play
from tests.differential.players import CROWD, REFUSING

HISTORIES = int(os.environ.get("HEADWATER_HISTORIES", "500"))


@pytest.fixture(scope="module", autouse=True)
def onchain():
    """The contracts, for all histories."""
    with run_onchain() as chain:
        chain.fund((*CROWD, *OTHERS, chain.at.tasks, chain.at.challenges), (REFUSING,))
        Play.onchain = chain
        yield chain


def lived(histories: int, **changes) -> settings:
    """Settings for so many histories: the same ones every time, but for a long run."""
    default = {
        "max_examples": histories,
        "stateful_step_count": 25,
        "deadline": None,
        "derandomize": histories <= 500,
        "suppress_health_check": list(HealthCheck),
        "print_blob": True,
    }
    return settings(**default | changes)


def test_histories__machine_and_contracts__same_outcomes_and_views():
    run_state_machine_as_test(Play, settings=lived(HISTORIES))
