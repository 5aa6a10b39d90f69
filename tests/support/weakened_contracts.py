"""Contracts with one line changed: what an attack must be seen to beat before its refusal counts.

A weakened copy takes the place of the real contract where that stands, in the middle of whatever goes on: its storage,
its address and all that the others know of it stay. So the attack meets exactly one difference.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from headwater.chain.deploying.compile import _add_source, _settings, immutable_names
from headwater.chain.deploying.deploy import filled
from headwater.solc import SOLC_VERSION, compile_standard
from headwater.tools import ROOT, one_at_a_time

COPIES = 8  # in one run of the compiler, whose WebAssembly has 2 GiB at most
WANTED = ["evm.deployedBytecode.object", "evm.deployedBytecode.immutableReferences"]


@dataclass(frozen=True)
class Weakness:
    """One change of one source: a piece of its text, which must be there exactly once, and what stands in its place.

    Attributes:
        contract: the name of the contract that it makes another one of.
        unit: the source that is changed, under contracts/; by default the contract's own.
        summary: what the change is, where its text is long.
    """

    contract: str
    text: str
    instead: str = ""
    unit: str = ""
    summary: str = ""

    def __str__(self) -> str:
        unit = self.unit or f"{self.contract}.sol"
        if self.summary:
            return f"{unit}: {self.summary}"
        text, instead = (" ".join(code.split()) for code in (self.text, self.instead))
        if text.endswith(instead) or text.startswith(instead):  # it only loses something
            text, instead = text.removesuffix(instead).removeprefix(instead).strip(), ""
        return f"{unit}: `{instead}` for `{text}`" if instead else f"{unit} without `{text}`"

    def sources(self) -> dict[str, str]:
        """The sources of the copy.

        Raises:
            ValueError: the text is not there exactly once.
        """
        sources: dict[str, str] = {}
        _add_source(sources, f"contracts/{self.contract}.sol", ROOT)
        unit = f"contracts/{self.unit or f'{self.contract}.sol'}"
        if sources[unit].count(self.text) != 1:
            raise ValueError(f"{unit} has this {sources[unit].count(self.text)} times and not once: {self.text}")
        return sources | {unit: sources[unit].replace(self.text, self.instead)}


@dataclass(frozen=True)
class Code:
    """A contract's code as it stands on chain, but for its immutables.

    Attributes:
        immutables: of each, by its name, the places of its 32 bytes.
    """

    code: str
    immutables: Mapping[str, Sequence[int]]

    def filled(self, at: Mapping[str, str]) -> bytes:
        """The code with its immutables' values. at: where a deployment's contracts stand, by their names."""
        return filled(self.code, self.immutables, at)


def compile_weakened(weaknesses: Iterable[Weakness], home: Path) -> dict[Weakness, Code]:
    """The copies, from the cache under `home` or compiled, some at a time, by two runs of the compiler."""
    texts = {weakness: weakness.sources() for weakness in weaknesses}
    caches = {weakness: _cache(home, weakness.contract, sources) for weakness, sources in texts.items()}
    with one_at_a_time(home / "weakened" / "contracts"), ThreadPoolExecutor(2) as pool:
        missing = [weakness for weakness in texts if not caches[weakness].exists()]
        batches = [missing[at : at + COPIES] for at in range(0, len(missing), COPIES)]
        found = pool.map(_compile, ([(weakness, texts[weakness]) for weakness in batch] for batch in batches))
        for weakness, code in zip(chain(*batches), chain.from_iterable(found), strict=True):
            caches[weakness].parent.mkdir(exist_ok=True)
            caches[weakness].write_text(json.dumps(code))
    return {weakness: Code(**json.loads(cache.read_text())) for weakness, cache in caches.items()}


def _compile(copies: Sequence[tuple[Weakness, Mapping[str, str]]]) -> list[dict[str, Any]]:
    """The `Code` of each copy, in one run: each under a prefix of its own, imports too."""
    sources: dict[str, str] = {}
    selection = {}
    for prefix, (weakness, texts) in enumerate(copies):
        sources |= {f"{prefix}/{u}" if u.startswith("contracts/") else u: text for u, text in texts.items()}
        selection[f"{prefix}/contracts/{weakness.contract}.sol"] = {"": ["ast"], weakness.contract: WANTED}
    settings = _quick_settings() | {"outputSelection": {"*": {"": ["ast"]}} | selection}
    output = compile_standard(sources, settings)
    names = immutable_names(output["sources"])
    contracts = zip(selection, (weakness.contract for weakness, _ in copies), strict=True)
    found = [output["contracts"][unit][name]["evm"]["deployedBytecode"] for unit, name in contracts]
    return [
        {
            "code": code["object"],
            "immutables": {names[i]: [r["start"] for r in at] for i, at in code["immutableReferences"].items()},
        }
        for code in found
    ]


def _quick_settings() -> dict[str, Any]:
    """Without the optimizer, since nobody deploys these."""
    return _settings(ROOT) | {"optimizer": {"enabled": False}}


def _cache(home: Path, contract: str, sources: Mapping[str, str]) -> Path:
    code = {unit: re.sub(r"^ *//.*\n", "", text, flags=re.MULTILINE) for unit, text in sources.items()}
    identity = json.dumps([SOLC_VERSION, code, _quick_settings(), "by name"], sort_keys=True).encode()
    return home / "weakened" / "contracts" / f"{contract}-{hashlib.sha256(identity).hexdigest()[:16]}.json"
