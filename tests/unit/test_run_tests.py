"""The closing line of `make test` counts what the suites said."""

import pytest

from scripts.run_tests import CLOSING, count, settle

PYTEST = "=================== 2 failed, 9 passed, 1 skipped, 3 errors in 65.20s (0:01:05) ==================="
FORGE = "Ran 2 test suites in 206.87ms (206.12ms CPU time): 30 tests passed, 1 failed, 4 skipped (35 total tests)"
ONE = "Ran 1 test suite in 3.87ms (3.12ms CPU time): 1 tests passed, 0 failed, 0 skipped (1 total tests)"


@pytest.mark.parametrize(
    ("closing", "passed", "failed", "skipped"),
    ((PYTEST, 9, 5, 1), (FORGE, 30, 1, 4), (ONE, 1, 0, 0), ("=== 4 passed in 0.10s ===", 4, 0, 0)),
)
def test_count__when_a_suite_closes__then_its_outcomes_are_read(closing: str, passed: int, failed: int, skipped: int):
    assert CLOSING.search(closing)
    assert count(closing) == {"passed": passed, "failed": failed, "skipped": skipped}


@pytest.mark.parametrize(
    "line",
    (
        "Ran 2 tests for tests/contracts/Box.t.sol:BoxTest",
        "Suite result: ok. 2 passed; 0 failed; 0 skipped; finished in 4.28ms",
        "============ slowest 15 durations ============",
    ),
)
def test_closing__when_a_line_is_another__then_it_is_passed_over(line: str):
    assert not CLOSING.search(line)


@pytest.mark.parametrize(
    ("exit_code", "closing", "settled"),
    ((0, "=== 4 passed in 0.10s ===", 0), (1, FORGE, 1), (0, "", 1), (5, "=== no tests ran in 0.01s ===", 5)),
)
def test_settle__when_no_test_ran__then_the_suite_has_failed(exit_code: int, closing: str, settled: int):
    assert settle(exit_code, closing) == settled
