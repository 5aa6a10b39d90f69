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

from headwater.chain.deploying.compile import _add_source, _settings
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
        immutables: for each, in the order of their declaration, the places of its 32 bytes.
    """

    code: str
    immutables: tuple[tuple[int, ...], ...]

    def filled(self, values: Iterable[bytes]) -> bytes:
        """The code with its immutables' values."""
        code = bytearray.fromhex(self.code)
        for places, value in zip(self.immutables, values, strict=True):
            for place in places:
                code[place : place + 32] = value
        return bytes(code)


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
    return {weakness: read_code(json.loads(cache.read_text())) for weakness, cache in caches.items()}


def _compile(copies: Sequence[tuple[Weakness, Mapping[str, str]]]) -> list[dict[str, Any]]:
    """solc's `deployedBytecode` of each copy, in one run: each under a prefix of its own, imports too."""
    sources: dict[str, str] = {}
    selection = {}
    for prefix, (weakness, texts) in enumerate(copies):
        sources |= {u if u.startswith("@") else f"{prefix}/{u}": text for u, text in texts.items()}
        selection[f"{prefix}/contracts/{weakness.contract}.sol"] = {weakness.contract: WANTED}
    settings = _quick_settings() | {"outputSelection": selection}
    output = compile_standard(sources, settings)["contracts"]
    found = zip(selection, (weakness.contract for weakness, _ in copies), strict=True)
    return [output[unit][name]["evm"]["deployedBytecode"] for unit, name in found]


def read_code(found: Mapping[str, Any]) -> Code:
    """The code of solc's `deployedBytecode`. Syntax tree ids, by which it names immutables, follow the source."""
    references = sorted(found["immutableReferences"].items(), key=lambda entry: int(entry[0]))
    return Code(found["object"], tuple(tuple(r["start"] for r in places) for _, places in references))


def _quick_settings() -> dict[str, Any]:
    """Without the optimizer, since nobody deploys these."""
    return _settings(ROOT) | {"optimizer": {"enabled": False}}


def _cache(home: Path, contract: str, sources: Mapping[str, str]) -> Path:
    code = {unit: re.sub(r"^ *//.*\n", "", text, flags=re.MULTILINE) for unit, text in sources.items()}
    identity = json.dumps([SOLC_VERSION, code, _quick_settings()], sort_keys=True).encode()
    return home / "weakened" / "contracts" / f"{contract}-{hashlib.sha256(identity).hexdigest()[:16]}.json"
