"""The benchmark of averaging, on few updates: its simulated chain has all that the real role asks for."""

import pytest

from scripts.benchmarks import aggregation
from tests.support.roles import AGGREGATOR

pytestmark = pytest.mark.slow


def test_aggregation__of_simulated_updates__is_measured_in_all_its_parts(finalized, tmp_path):
    found = aggregation.measure(finalized.task, finalized.senders[AGGREGATOR], 4, tmp_path)

    assert found["bytes"] > 0
    assert all(seconds > 0 for name, seconds in found.items() if name.endswith("_seconds"))


def test_aggregation__of_large_updates__is_measured_in_a_process_of_its_own(finalized, tmp_path):
    found = aggregation.measure_large(finalized.task, tmp_path, count=5, weights=40)

    assert found["bytes"] > 5 * 32 * 49
    assert 0 < found["hash_seconds"] < found["cpu_seconds"] < 10
    assert 50 < found["peak_memory_mb"] < 400
