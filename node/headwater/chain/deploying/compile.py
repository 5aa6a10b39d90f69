"""Compiling Headwater's own contracts, with the settings of foundry.toml and the one pinned compiler.

Only the metadata that solc appends is left out, so that code does not depend on comments and paths.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from headwater.chain.contracts.codec import CONTRACTS
from headwater.errors import ConfigError
from headwater.solc import SOLC_VERSION, compile_standard
from headwater.tools import ROOT, one_at_a_time

OTHERS = {
    "PoseidonT3": "poseidon-solidity/PoseidonT3.sol",
    "SemaphoreVerifier": "@semaphore-protocol/contracts/base/SemaphoreVerifier.sol",
    "Semaphore": "@semaphore-protocol/contracts/Semaphore.sol",
}
"""Contracts of a deployment that come from npm's packages, with their source units."""

_WANTED = [
    "abi",
    "metadata",
    "evm.bytecode.object",
    "evm.bytecode.linkReferences",
    "evm.deployedBytecode.object",
    "evm.deployedBytecode.linkReferences",
    "evm.deployedBytecode.immutableReferences",
]
_IMPORT = re.compile(r'^[ \t]*import\s[^;"]{0,1000}"([^"\n]+)"[ \t]*;', re.MULTILINE)


@dataclass(frozen=True)
class Compiled:
    """A compiled contract. Code is hex without 0x.

    Attributes:
        creation_code: lacks the constructor's arguments, and has zeros where libraries' addresses go.
        runtime_code: has zeros where immutables and libraries' addresses go.
        immutables: of each, by its name, the places of its 32 bytes in the runtime code.
        libraries: of each, by its name, the places of its address in the creation and in the runtime code.
        is_library: its runtime code has its own address behind the first byte.
        metadata: solc's, as JSON.
        compiler: as a record has it.
    """

    abi: list[dict[str, Any]]
    creation_code: str
    runtime_code: str
    immutables: dict[str, list[int]]
    libraries: dict[str, list[list[int]]]
    is_library: bool
    metadata: str
    compiler: dict[str, Any]

    def linked(self, at: Mapping[str, str]) -> Compiled:
        """The contract with its libraries' addresses; at: by name."""
        creation, runtime = bytearray.fromhex(self.creation_code), bytearray.fromhex(self.runtime_code)
        for library, (in_creation, in_runtime) in self.libraries.items():
            for code, places in ((creation, in_creation), (runtime, in_runtime)):
                for place in places:
                    code[place : place + 20] = bytes.fromhex(at[library][2:])
        return replace(self, creation_code=creation.hex(), runtime_code=runtime.hex())


def compile_contracts(home: Path, root: Path = ROOT) -> dict[str, Compiled]:
    """All contracts of a deployment, from the cache under `home` where they were compiled before.

    root: the repository. Compiling takes a minute or two.

    Raises:
        ConfigError: sources or the compiler are missing.
        CompilerError: the sources do not compile.
    """
    sources: dict[str, str] = {}
    for name in CONTRACTS:
        _add_source(sources, unit_of(name), root)
    settings = _settings(root)
    identity = json.dumps([SOLC_VERSION, sources, settings], sort_keys=True).encode()
    cache = home / "contracts" / f"{hashlib.sha256(identity).hexdigest()[:16]}.json"
    if not cache.exists():
        with one_at_a_time(cache):
            if not cache.exists():  # nobody else has compiled them meanwhile
                compiled = _compile(sources, settings)
                partial = cache.with_suffix(".partial")
                partial.write_text(json.dumps({name: asdict(entry) for name, entry in compiled.items()}))
                partial.rename(cache)
    return {name: Compiled(**entry) for name, entry in json.loads(cache.read_text()).items()}


def unit_of(name: str) -> str:
    """The source unit of a contract of `CONTRACTS`."""
    return OTHERS.get(name, f"contracts/{name}.sol")


def _compile(sources: dict[str, str], settings: dict[str, Any]) -> dict[str, Compiled]:
    output = compile_standard(sources, settings)
    compiler = {
        "version": SOLC_VERSION,
        "evmVersion": settings["evmVersion"],
        "optimizerRuns": settings["optimizer"]["runs"],
    }
    names = immutable_names(output["sources"])
    trees = _nodes([source["ast"] for source in output["sources"].values()])
    libraries = {node["name"] for node in trees if node.get("contractKind") == "library"}
    found = {name: output["contracts"][unit_of(name)][name] for name in CONTRACTS}
    return {name: _compiled(entry, names, compiler, is_library=name in libraries) for name, entry in found.items()}


def immutable_names(sources: Mapping[str, Any]) -> dict[str, str]:
    """The names of immutables by the ids that solc gave their nodes. sources: its output, with syntax trees."""
    nodes = _nodes([source["ast"] for source in sources.values()])
    return {str(node["id"]): node["name"] for node in nodes if node.get("mutability") == "immutable"}


def _nodes(trees: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """What stands in source units and contracts, in any order."""
    waiting = list(trees)
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(node.get("nodes", ()))


def _compiled(
    output: dict[str, Any], names: Mapping[str, str], compiler: dict[str, Any], *, is_library: bool
) -> Compiled:
    """A contract from solc's output. names: of immutables, by their nodes' ids."""
    creation, runtime = output["evm"]["bytecode"], output["evm"]["deployedBytecode"]
    return Compiled(
        abi=output["abi"],
        creation_code=_unlinked(creation),
        runtime_code=_unlinked(runtime),
        immutables={names[node]: _starts(places) for node, places in sorted(runtime["immutableReferences"].items())},
        libraries={
            library: [_starts(code["linkReferences"].get(unit, {}).get(library, ())) for code in (creation, runtime)]
            for unit, libraries in runtime["linkReferences"].items()
            for library in libraries
        },
        is_library=is_library,
        metadata=output["metadata"],
        compiler=compiler,
    )


def _starts(places: Iterable[dict[str, int]]) -> list[int]:
    return [place["start"] for place in places]


def _unlinked(code: dict[str, Any]) -> str:
    """Code with zeros in the place of solc's names of libraries."""
    return re.sub(r"__\$[0-9a-f]{34}\$__", "0" * 40, code["object"])


def _add_source(sources: dict[str, str], unit: str, root: Path) -> None:
    """Add a source unit and what it imports. What is not in contracts/, or in tests/ for them, is npm's."""
    if unit in sources:
        return
    own = unit.startswith(("contracts/", "tests/"))
    path = root / unit if own else root / "node_modules" / unit
    try:
        sources[unit] = path.read_text()
    except FileNotFoundError as error:
        raise ConfigError(
            f"{path} is missing, and headwater's contracts cannot be compiled without it",
            "deploying needs the repository: clone it, run `make install` there, and install headwater from it",
        ) from error
    for imported in _IMPORT.findall(sources[unit]):
        near = posixpath.normpath(posixpath.join(posixpath.dirname(unit), imported))
        _add_source(sources, near if imported.startswith(".") else imported, root)


def _settings(root: Path) -> dict[str, Any]:
    profile = tomllib.loads((root / "foundry.toml").read_text())["profile"]["default"]
    return {
        "optimizer": {"enabled": profile["optimizer"], "runs": profile["optimizer_runs"]},
        "evmVersion": profile["evm_version"],
        "metadata": {"appendCBOR": False, "bytecodeHash": "none"},
        "outputSelection": {"*": {"": ["ast"]}} | {unit_of(name): {"": ["ast"], name: _WANTED} for name in CONTRACTS},
    }
