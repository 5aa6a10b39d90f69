"""Imports point one way: cli -> reading -> roles -> learners -> {chain, storage, circuits, tables} -> protocol.

And roles -> groups -> chain -> journal.

Modules right under headwater/ (errors, tools, ...) are for all of them and import none.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "node" / "headwater"
SHARED = "shared"
SIDE_BY_SIDE = {"chain", "storage", "circuits", "tables", "journal"}
MAY_IMPORT = {
    "cli": {"reading", "roles", "learners", "groups", "protocol", SHARED} | SIDE_BY_SIDE,
    "reading": {"roles", "learners", "groups", "protocol", SHARED} | SIDE_BY_SIDE,
    "roles": {"learners", "groups", "protocol", SHARED} | SIDE_BY_SIDE,
    "groups": {"chain", "protocol", SHARED},
    "learners": {"circuits", "tables", "storage", "protocol", SHARED},
    "protocol": {SHARED},
    SHARED: set(),
} | {layer: {"protocol", SHARED} for layer in SIDE_BY_SIDE}
MAY_IMPORT["chain"] |= {"journal"}  # a transaction is written down before it is sent
HEAVY = {"torch": {"circuits", "learners"}, "ezkl": {"circuits"}}
# The EVM's hash is in no standard library, and 300,000 of it mask one update: docs/adr/0006-keccak-in-protocol.md
# Nor is a pairing, which a node checks a few times a task
PROTOCOL_MAY_IMPORT = {
    "node/headwater/protocol/keccak.py": {"sha3"},
    "node/headwater/protocol/pairing.py": {"py_ecc"},
}

MODULES = sorted(PACKAGE.rglob("*.py"))
FILES = sorted(path for folder in ("ipfs", "node", "scripts", "tests") for path in (ROOT / folder).rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def layer_of(module: Path) -> str:
    parts = module.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else SHARED


def imports(path: Path, *, at_start_only: bool = False) -> Iterator[str]:
    """Full names of what a file imports; `at_start_only` leaves out what functions import when they run."""
    pending: list[ast.AST] = [ast.parse(path.read_text())]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}:{node.lineno}: say headwater.x in full, not a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif at_start_only and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        pending.extend(ast.iter_child_nodes(node))


def imported_layers(module: Path) -> set[str]:
    names = (name.split(".") for name in imports(module) if name.startswith("headwater."))
    return {parts[1] if (PACKAGE / parts[1]).is_dir() else SHARED for parts in names}


def top_level(path: Path, *, at_start_only: bool = False) -> set[str]:
    return {name.split(".")[0] for name in imports(path, at_start_only=at_start_only)}


def test_headwater__when_a_module_imports_another__then_it_is_of_its_own_layer_or_below():
    layers = {layer_of(module) for module in MODULES}
    assert layers <= set(MAY_IMPORT), "a folder that is no layer of the design: add it to MAY_IMPORT, or move it"

    wrong = {name_of(m): imported_layers(m) - MAY_IMPORT[layer_of(m)] - {layer_of(m)} for m in MODULES}
    assert {name: layers for name, layers in wrong.items() if layers} == {}


def test_protocol__when_a_module_imports__then_only_the_standard_library__but_for_keccak_and_the_pairing():
    modules = [module for module in MODULES if layer_of(module) == "protocol"]

    wrong = {name_of(m): top_level(m) - sys.stdlib_module_names - {"headwater"} for m in modules}
    assert {name: packages for name, packages in wrong.items() if packages} == PROTOCOL_MAY_IMPORT


@pytest.mark.parametrize("heavy", HEAVY)
def test_headwater__when_a_module_imports_torch_or_ezkl__then_its_layer_may(heavy: str):
    assert [name_of(m) for m in MODULES if heavy in top_level(m) and layer_of(m) not in HEAVY[heavy]] == []


def test_headwater__when_a_module_is_imported__then_ezkl_is_not_yet():
    assert [name_of(m) for m in MODULES if "ezkl" in top_level(m, at_start_only=True)] == []


def test_brownie__when_a_file_imports_it__then_it_is_a_script_or_a_test():
    importers = [name_of(file) for file in FILES if "brownie" in top_level(file)]

    assert [name for name in importers if not name.startswith(("scripts/", "tests/"))] == []


def test_cli__when_it_starts__then_nothing_heavy_is_loaded():
    code = "import sys, headwater.cli.main; print(*{name.split('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert not {"torch", "ezkl", "onnx", "sklearn", "brownie", "web3"} & set(loaded)  # web3 alone takes half a second
