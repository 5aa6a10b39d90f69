"""The rules of soundness: what is not built, and what cannot be proved.

A prover is free to put any field element into a committed input. What that freedom wins against weakened statements is
in tests/attacks.
"""

from __future__ import annotations

import json

import pytest

from headwater.circuits import worker
from headwater.circuits.average import Average
from headwater.circuits.circuit import build, proof_points
from headwater.circuits.ezkl_settings import check_settings
from headwater.errors import CircuitError
from headwater.protocol.field import P, from_ezkl, to_ezkl, to_signed
from headwater.protocol.vectors import public_input
from tests.support.circuits import MULTI, SMALL, TAG, random_salts, training_inputs
from tests.support.weakened import (
    FoldedAverage,
    UnusedInput,
    WeakOperation,
    WideTrain,
)

D, N, AGGREGATOR = SMALL.dimension, 5, "0xABC"
TOTAL = [1003, -2002, 30, 4]


def averaging(avg, rho):
    return [[*avg, TAG], [*rho, *random_salts(9)], public_input(N, AGGREGATOR)]


def sum_in(proof):
    return [to_signed(entry) // 2 for entry in proof.output[:D]]


# rule 1


def test_freivalds_check__left_on__is_refused(train):
    settings = json.loads(train.path("settings").read_text())
    check_settings(settings)
    settings["run_args"]["disable_freivalds"] = False
    with pytest.raises(CircuitError, match="Freivalds"):
        check_settings(settings)


def test_matrix_products__under_ezkl_defaults__would_be_checked_by_freivalds(tmp_path):
    import ezkl

    worker.export(MULTI, tmp_path / "onnx")
    ezkl.gen_settings(str(tmp_path / "onnx"), str(tmp_path / "s.json"), py_run_args=ezkl.PyRunArgs())
    settings = json.loads((tmp_path / "s.json").read_text())
    assert settings["einsum_params"]["total_einsum_col_size"] > 0
    with pytest.raises(CircuitError, match="matrix product"):
        check_settings(settings)


# rule 3


def test_every_vector__is_a_committed_input__and_none_a_parameter(train):
    sizes = json.loads(train.path("settings").read_text())["module_sizes"]["polycommit"]
    assert sizes == [tensor.size for tensor in (*SMALL.inputs, SMALL.output)]


def test_an_input_that_the_graph_does_not_use__is_refused():
    with pytest.raises(CircuitError, match="inputs are"):
        worker.sizes(UnusedInput())


# rule 4: average


def test_a_negative_remainder__breaks_the_sum(average):
    avg = [total // N + 1 for total in TOTAL]
    rho = [total - N * a for total, a in zip(TOTAL, avg, strict=True)]
    assert all(r < 0 for r in rho)
    assert sum_in(average.prove(averaging(avg, rho))) != TOTAL


@pytest.mark.parametrize("entry", (1 << 200, P // 2, 1 << 31))
def test_an_average_out_of_range__cannot_be_proved(average, entry):
    with pytest.raises(CircuitError):
        average.prove(averaging([entry, 0, 0, 0], [0] * D))


def test_a_check_that_the_compiler_drops__is_missed():
    with pytest.raises(CircuitError, match="1 of 4 entries are not in its circuit"):
        worker.sizes(FoldedAverage(D))


def test_a_check_of_a_single_entry__which_a_constants_could_stand_for__is_refused():
    for statement in (FoldedAverage(1), Average(1)):
        with pytest.raises(CircuitError, match="checks a single entry"):
            worker.sizes(statement)


# outputs and proofs


@pytest.mark.parametrize(("position", "value"), ((0, 4242), (D, 1)), ids=("a weight", "the entry that must be 0"))
def test_an_output_that_was_not_computed__is_in_no_proof_that_verifies(train, tmp_path, position, value):
    import ezkl

    path, srs = {name: str(train.path(name)) for name in worker.FILES}, str(train.srs.path)
    data, witness, proof = (tmp_path / name for name in ("input", "witness", "proof"))
    inputs = [[to_ezkl(entry) for entry in vector] for vector in training_inputs(SMALL)]
    data.write_text(json.dumps({"input_data": inputs}))
    ezkl.gen_witness(str(data), path["compiled"], str(witness), path["verifying_key"], srs)
    forged = json.loads(witness.read_text())
    forged["outputs"][0][position] = to_ezkl(value)
    witness.write_text(json.dumps(forged))
    try:
        ezkl.prove(str(witness), path["compiled"], path["proving_key"], str(proof), srs)
        verified = ezkl.verify(str(proof), path["settings"], path["verifying_key"], srs)
    except RuntimeError:
        return
    claimed = train.commit([from_ezkl(entry) for entry in forged["outputs"][0]])
    points = proof_points(bytes.fromhex(json.loads(proof.read_text())["hex_proof"][2:]), 4)
    assert not (verified and points[3] == claimed)


# rules 6 and 8


def test_operations_that_ezkl_constrains_weakly__are_refused():
    with pytest.raises(CircuitError, match=r"the graph uses .*Equal"):
        worker.sizes(WeakOperation())


def test_tables_that_depend_on_calibration__are_refused(train):
    settings = json.loads(train.path("settings").read_text())
    settings["required_lookups"] = [{"Sigmoid": {"scale": 1}}]
    with pytest.raises(CircuitError, match="calibration"):
        check_settings(settings)


# rule 9


def test_a_verifier_over_the_code_size_limit__is_not_built(home, srs, tmp_path):
    with pytest.raises(CircuitError, match="over the limit of 24576"):
        build(tmp_path, WideTrain(**SMALL.params), srs)
