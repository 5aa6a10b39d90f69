"""EZKL's settings for a statement, pinned: the run arguments that soundness needs, and a canonical settings file."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

from headwater.circuits.statement import BLINDING_ROWS, Statement
from headwater.errors import CircuitError


def run_args(statement: Statement) -> dict[str, Any]:
    """The arguments that differ from EZKL's defaults, by EZKL's names.

    Inputs and outputs are polynomial commitments; constants are part of the circuit. Scale 0: the module computes on
    integers. Freivalds' check of matrix products is off: with it a wrong product was accepted under an honest key.
    """
    return {
        "input_visibility": "polycommit",
        "output_visibility": "polycommit",
        "param_visibility": "fixed",
        "input_scale": 0,
        "param_scale": 0,
        "scale_rebase_multiplier": 1,
        "num_inner_cols": statement.inner_columns,
        "decomp_base": statement.decomposition_base,
        "decomp_legs": statement.legs,
        "disable_freivalds": True,
        "ignore_range_check_inputs_outputs": True,  # EZKL checks no committed input anyway, but would count rows for it
    }


ALLOWED_OPS = {"Abs", "Add", "Cast", "Concat", "Constant", "Gather", "MatMul", "Min", "Mul", "Neg", "Relu", "Reshape"}
ALLOWED_OPS |= {"Slice", "Sub", "Transpose", "Unsqueeze"}


def check_graph(onnx_file: Path, statement: Statement) -> None:
    """Refuse graphs with operations that EZKL constrains weakly (Equal, Softmax, TopK, ...) or with other inputs.

    Raises:
        CircuitError: an operation that is not known to be sound, or inputs other than the statement's.
    """
    import onnx

    graph = onnx.load(str(onnx_file)).graph
    unknown = {node.op_type for node in graph.node} - ALLOWED_OPS
    inputs, expected = [value.name for value in graph.input], [tensor.name for tensor in statement.inputs]
    if unknown:
        raise CircuitError(f"the graph uses {', '.join(sorted(unknown))}", "write it with operations known to be sound")
    if inputs != expected:
        raise CircuitError(f"the graph's inputs are {inputs}, not {expected}", "use every input in the computation")


def write_settings(onnx: Path, settings: Path, statement: Statement, k: int) -> int:
    """Write the settings file of an exported statement and return the rows that the circuit takes.

    Two runs of EZKL order range checks and keys differently and stamp the time; here all are fixed, so that the same
    statement always gives the same file and with it the same verifying key.

    Args:
        k: log2 of the circuit's rows; 0 for the least that has room.

    Raises:
        CircuitError: the circuit does not fit 2**k rows, or EZKL's answer breaks a rule that soundness needs.
    """
    import ezkl

    arguments = ezkl.PyRunArgs()
    for name, value in run_args(statement).items():
        setattr(arguments, name, value)
    ezkl.gen_settings(str(onnx), str(settings), py_run_args=arguments)
    found = json.loads(settings.read_text())
    rows = int(found["num_rows"])
    least = max(statement.least_k, (rows + BLINDING_ROWS - 1).bit_length())
    if 0 < k < least:
        raise CircuitError(f"the circuit takes {rows} rows: k = {least}, not {k}", f"build it with k = {least}")
    found["run_args"]["logrows"] = k or least
    found["required_range_checks"].sort()
    found["timestamp"] = 0
    settings.write_text(json.dumps(found, separators=(",", ":"), sort_keys=True))
    check_settings(found)
    check_decompositions(found, statement)
    return rows


def check_decompositions(settings: dict[str, Any], statement: Statement) -> None:
    """Refuse a circuit in which a check is missing that the statement names, or there is one that it does not.

    EZKL adds a decomposition's digits up by a product of a vector with itself, which is among the settings' equations.
    Constants are taken apart too, one at a time.

    Raises:
        CircuitError: the sizes differ; or a check is of a single entry, which nothing tells from a constant's.
    """
    if 1 in statement.decompositions:
        raise CircuitError(
            f"{statement.kind} checks a single entry", "take a shape with two rows and two weights at least"
        )
    found: Counter[int] = Counter()
    for equation, sizes in settings["einsum_params"]["equations"]:
        one, other = equation.partition("->")[0].split(",")
        if one == other:
            found[math.prod(size for index, size in sizes.items() if index != one[-1])] += 1
    named = Counter(statement.decompositions)
    missing, more = named - found, found - named
    del more[1]
    if missing or more:
        raise CircuitError(
            f"{statement.kind}: of the checks that the statement names {_sizes(missing)} are not in its circuit, and"
            f" {_sizes(more)} are that it does not name",
            "let every check flow into the output through something that is no constant",
        )


def _sizes(counts: Counter[int]) -> str:
    return ", ".join(f"{count} of {size} entries" for size, count in sorted(counts.items())) or "none"


def check_settings(settings: dict[str, Any]) -> None:
    """Refuse settings under which a false statement could be proved.

    Raises:
        CircuitError: Freivalds' check is on, a vector is not committed to, or a constant is not fixed.
    """
    arguments = settings["run_args"]
    problems = [
        ("Freivalds' check is not disabled", not arguments["disable_freivalds"]),
        (
            "a matrix product is checked by Freivalds' algorithm",
            settings["einsum_params"]["total_einsum_col_size"] != 0,
        ),
        ("an input is not a polynomial commitment", arguments["input_visibility"] != "KZGCommit"),
        ("the output is not a polynomial commitment", arguments["output_visibility"] != "KZGCommit"),
        ("a constant is not fixed", arguments["param_visibility"] != "Fixed"),
        ("a lookup table depends on calibration", bool(settings["required_lookups"])),
        ("there are public instances", bool(settings["model_instance_shapes"])),
    ]
    broken = [text for text, found in problems if found]
    if broken:
        raise CircuitError("these settings are not sound: " + "; ".join(broken), "do not use this circuit")
