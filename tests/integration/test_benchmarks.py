"""The benchmark of averaging, on few updates: its simulated chain has all that the real role asks for."""

import pytest

from scripts.benchmarks import aggregation
from tests.support.roles import AGGREGATOR

pytestmark = pytest.mark.slow


def test_aggregation__of_simulated_updates__is_measured_in_all_its_parts(finalized, tmp_path):
    found = aggregation.measure(finalized.task, finalized.senders[AGGREGATOR], 4, tmp_path)

    assert found["bytes"] > 0
    assert all(seconds > 0 for name, seconds in found.items() if name.endswith("_seconds"))
