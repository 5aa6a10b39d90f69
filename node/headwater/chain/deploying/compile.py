"""Compiling Headwater's own contracts, with the settings of foundry.toml and the one pinned compiler.

Only the metadata that solc appends is left out, so that code does not depend on comments and paths.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from headwater.chain.contracts.codec import CONTRACTS
from headwater.errors import ConfigError
from headwater.solc import SOLC_VERSION, compile_standard
from headwater.tools import ROOT, one_at_a_time

_WANTED = [
    "abi",
    "metadata",
    "evm.bytecode.object",
    "evm.deployedBytecode.object",
    "evm.deployedBytecode.immutableReferences",
]
_IMPORT = re.compile(r'^[ \t]*import\s[^;"]{0,1000}"([^"\n]+)"[ \t]*;', re.MULTILINE)


@dataclass(frozen=True)
class Compiled:
    """A compiled contract. Code is hex without 0x.

    Attributes:
        creation_code: lacks the constructor's arguments.
        runtime_code: has zeros where immutables go.
        immutables: for each, in the order of their declaration, the places of its 32 bytes.
        metadata: solc's, as JSON.
        compiler: as a record has it.
    """

    abi: list[dict[str, Any]]
    creation_code: str
    runtime_code: str
    immutables: list[list[int]]
    metadata: str
    compiler: dict[str, Any]


def compile_contracts(home: Path, root: Path = ROOT) -> dict[str, Compiled]:
    """All contracts of a deployment, from the cache under `home` where they were compiled before.

    root: the repository. Compiling takes a minute or two.

    Raises:
        ConfigError: sources or the compiler are missing.
        CompilerError: the sources do not compile.
    """
    sources: dict[str, str] = {}
    for name in CONTRACTS:
        _add_source(sources, f"contracts/{name}.sol", root)
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


def _compile(sources: dict[str, str], settings: dict[str, Any]) -> dict[str, Compiled]:
    output = compile_standard(sources, settings)["contracts"]
    compiler = {
        "version": SOLC_VERSION,
        "evmVersion": settings["evmVersion"],
        "optimizerRuns": settings["optimizer"]["runs"],
    }
    return {name: _compiled(output[f"contracts/{name}.sol"][name], compiler) for name in CONTRACTS}


def _compiled(output: dict[str, Any], compiler: dict[str, Any]) -> Compiled:
    """A contract from solc's output. The compiler numbers declarations as it reads them."""
    runtime = output["evm"]["deployedBytecode"]
    references = sorted(runtime["immutableReferences"].items(), key=lambda item: int(item[0]))
    return Compiled(
        abi=output["abi"],
        creation_code=output["evm"]["bytecode"]["object"],
        runtime_code=runtime["object"],
        immutables=[[place["start"] for place in places] for _, places in references],
        metadata=output["metadata"],
        compiler=compiler,
    )


def _add_source(sources: dict[str, str], unit: str, root: Path) -> None:
    """Add a source unit and what it imports. Packages (`@...`) are npm's."""
    if unit in sources:
        return
    path = root / "node_modules" / unit if unit.startswith("@") else root / unit
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
        "outputSelection": {f"contracts/{name}.sol": {name: _WANTED} for name in CONTRACTS},
    }
