"""Wants: another model than the average of the updates, with a proof of it.

Tries: as average a fraction of the field, (sum - rho) / n for a wrong remainder, or one that a remainder past n makes
up for.
Stopped: the circuit range-checks the average, and clamps the remainder to 0 .. n - 1: one average is left.
"""

from __future__ import annotations

from headwater.protocol.field import P, to_signed
from tests.support.circuits import SMALL, TAG, build_twin, random_salts
from tests.support.weakened import UncheckedAverage, UnclampedAverage

D, N, AGGREGATOR = SMALL.dimension, 5, 0xABC
TOTAL = [1003, -2002, 30, 4]


def averaging(avg, rho):
    """Inputs for an average and remainders, whatever these are."""
    return [[*avg, TAG], [*rho, *random_salts(9)], [N, AGGREGATOR]]


def sum_in(proof) -> list[int]:
    """What the proof says the updates' sum is: the contract compares it."""
    return [to_signed(entry) for entry in proof.output[:D]]


def test_fraction_of_the_field__passes_as_average_without_the_range_check__and_is_refused_with_it(
    home, srs, average, attack
):
    inputs = averaging([(total - 1) * pow(N, -1, P) % P for total in TOTAL], [1] * D)
    with attack.works_on(UncheckedAverage):
        assert sum_in(build_twin(home, UncheckedAverage(D), srs).prove(inputs)) == TOTAL
    with attack.stopped_by("CircuitError"):
        average.prove(inputs)


def test_remainder_of_n_or_more__shifts_the_average_without_the_clamp__and_breaks_the_sum_with_it(
    home, srs, average, attack
):
    shifted = [(total // N) - 100 for total in TOTAL]
    inputs = averaging(shifted, [total - N * a for total, a in zip(TOTAL, shifted, strict=True)])
    with attack.works_on(UnclampedAverage):
        assert sum_in(build_twin(home, UnclampedAverage(D), srs).prove(inputs)) == TOTAL
    found = sum_in(average.prove(inputs))
    assert found != TOTAL
    attack.gains(f"the proof is of the sum {found} and not {TOTAL}")
