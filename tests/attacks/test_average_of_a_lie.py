"""Wants: another model than the average of the updates, with a proof of it.

Tries: as average a fraction of the field, (sum - rho) / n for a wrong remainder, by the public prover and by a witness
of its own; or one that a remainder past n makes up for.
Stopped: the circuit range-checks the average, and clamps the remainder to 0 .. n - 1: one average is left.
"""

from __future__ import annotations

from pathlib import Path

import ezkl

from headwater.circuits.circuit import Circuit
from headwater.circuits.statement import Statement
from headwater.circuits.worker import FILES, export
from headwater.protocol.field import P, to_signed
from headwater.protocol.vectors import public_input
from tests.support.circuits import SMALL, TAG, build_twin, random_salts
from tests.support.weakened import DisplacedAverage, UncheckedAverage, UnclampedAverage

D, N, AGGREGATOR = SMALL.dimension, 5, "0xABC"
TOTAL = [1003, -2002, 30, 4]


def averaging(avg, rho):
    """Inputs for an average and remainders, whatever these are."""
    return [[*avg, TAG], [*rho, *random_salts(9)], public_input(N, AGGREGATOR)]


def sum_in(proof) -> list[int]:
    """What the proof says the updates' sum is: the contract compares twice that."""
    twice = [to_signed(entry) for entry in proof.output[:D]]
    assert all(entry % 2 == 0 for entry in twice)
    return [entry // 2 for entry in twice]


def forging(honest: Circuit, statement: Statement, folder: Path) -> Circuit:
    """A prover with the honest keys whose witnesses follow from another graph of the same cells."""
    for leaf in FILES.values():
        (folder / leaf).symlink_to(honest.folder / leaf)
    own = folder / "own.onnx"
    export(statement, own)
    (folder / FILES["compiled"]).unlink()
    ezkl.compile_circuit(str(own), str(folder / FILES["compiled"]), str(honest.path("settings")))
    return Circuit(folder, statement, honest.srs, honest.manifest)


def test_fraction_of_the_field__passes_as_average_without_the_range_check__and_is_refused_with_it(
    home, srs, average, attack
):
    inputs = averaging([(total - 1) * pow(N, -1, P) % P for total in TOTAL], [1] * D)
    with attack.works_on(UncheckedAverage):
        assert sum_in(build_twin(home, UncheckedAverage(D), srs).prove(inputs)) == TOTAL
    with attack.stopped_by("CircuitError"):
        average.prove(inputs)


def test_fraction_of_the_field__by_a_witness_that_takes_apart_something_else(home, srs, average, tmp_path, attack):
    inputs = averaging([(total - 1) * pow(N, -1, P) % P for total in TOTAL], [1] * D)
    with attack.works_on(DisplacedAverage):
        assert sum_in(build_twin(home, DisplacedAverage(D), srs).prove(inputs)) == TOTAL
    forger = forging(average, DisplacedAverage(D), tmp_path)
    right = averaging([total // N for total in TOTAL], [total % N for total in TOTAL])
    with attack.stopped_by("CircuitError"):
        forger.prove(inputs)
    honest = tmp_path / "honest"
    honest.mkdir()
    assert sum_in(forging(average, average.statement, honest).prove(right)) == TOTAL, "the forger's tools are right"


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
