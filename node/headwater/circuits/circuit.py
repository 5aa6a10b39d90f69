"""Circuits on disk: built once, named by their content, rebuilt by whoever wants to check one.

A circuit is fixed by (statement, k, SRS) and the pinned versions of torch and EZKL: everything else follows and is
reproducible, so a node compares the verifier on chain with the one it built itself. `circuit.json` says what was built.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from itertools import chain, compress, repeat
from pathlib import Path
from typing import Any

from eth_utils.crypto import keccak

from headwater.circuits import blocks, ezkl_settings, worker
from headwater.circuits import verifier as verifier_module
from headwater.circuits.machines import HERE, Machines
from headwater.circuits.srs import Srs, open_srs
from headwater.circuits.statement import Statement, from_params
from headwater.circuits.verifier import Verifier, compile_verifier, generate
from headwater.errors import CircuitError
from headwater.protocol import noise
from headwater.protocol.curve import Point
from headwater.protocol.field import from_ezkl, to_ezkl
from headwater.protocol.openings import UNUSABLE_ROWS
from headwater.tools import one_at_a_time

MANIFEST, VERIFIER = "circuit.json", "verifier.json"
_COMPARED = ("verifier", "rows", "inputs", "output")
_KEPT = ("bytecode", "code_hash", "size", "solc")  # of a compiled verifier, beside its source
POINT_BYTES = 64
_LEAST_COMMITTED_K = 4  # ten entries and the unusable rows
_ZERO = to_ezkl(0)
_compared: dict[Path, tuple[int, int] | None] = {}
"""Files that were cut out of an SRS, as they were when this process compared them: a wrong commitment costs a stake."""


@dataclass(frozen=True)
class Proof:
    """A proof and what it is about.

    Attributes:
        data: the proof as `verifyProof` takes it; it starts with the commitments.
        points: the commitments of the inputs in order, then of the output.
        output: the output vector, field elements.
    """

    data: bytes
    points: tuple[Point, ...]
    output: tuple[int, ...]
    witness_seconds: float
    prove_seconds: float
    peak_memory_mb: float
    prove_cpu_seconds: float = 0.0


@dataclass(frozen=True)
class Circuit:
    """A built circuit in its folder.

    Attributes:
        machines: where its proofs are made and verified.
    """

    folder: Path
    statement: Statement
    srs: Srs
    manifest: dict[str, Any]
    machines: Machines = field(default=HERE, repr=False, compare=False)

    def path(self, artifact: str) -> Path:
        """The file of an artifact (a key of `worker.FILES`)."""
        return self.folder / worker.FILES[artifact]

    @cached_property
    def verifier(self) -> Verifier:
        """The compiled verifier. Compiling takes some seconds, so the result is kept beside the source.

        Raises:
            CircuitError: the compiled code is not what the manifest says, or it cannot be read or kept.
        """
        with worker.using_files(f"the verifier in {self.folder}"):
            source = self.path("verifier_source").read_text()
            verifier = self._kept_verifier(source)
            if verifier is None:
                verifier = compile_verifier(source)
                kept = {name: getattr(verifier, name) for name in _KEPT}
                _write(self.folder / VERIFIER, json.dumps(kept))
        if verifier.code_hash != self.manifest["verifier"]["code_hash"]:
            raise CircuitError(f"the verifier in {self.folder} was changed", "delete the folder and build again")
        return verifier

    def _kept_verifier(self, source: str) -> Verifier | None:
        """What was compiled earlier; None where nothing was, or where its code is not the manifest's."""
        try:
            found = json.loads((self.folder / VERIFIER).read_text())
            verifier = Verifier(source, **{name: found[name] for name in _KEPT})
            code = bytes.fromhex(verifier.bytecode[2:])[-verifier.size :]  # creation code ends with the code on chain
        except (OSError, ValueError, KeyError, TypeError):
            return None
        expected = self.manifest["verifier"]
        whole = "0x" + keccak(code).hex() == verifier.code_hash == expected["code_hash"]
        return verifier if whole else None

    def commit(self, vector: Sequence[int]) -> Point:
        """C(vector); see `commit_all`."""
        return self.commit_all([vector])[0]

    def commit_all(self, vectors: Sequence[Sequence[int]]) -> list[Point]:
        """C(v) of each vector, of one at least, computed by EZKL. The same for every circuit of one k and SRS.

        EZKL pays for every row of a column, and for reading its files at each call: so columns are as short as the
        longest vector allows, and all are in one call. Sixteen of 40 entries take 35 ms at k = 14.

        Raises:
            CircuitError: a vector is longer than the circuit's usable rows, or a file cannot be read or kept.
        """
        import ezkl

        longest = max(map(len, vectors))
        if longest > (1 << self.srs.k) - UNUSABLE_ROWS:
            raise CircuitError(f"a vector of {longest} entries does not fit k = {self.srs.k}", "use a larger k")
        k = max((longest + UNUSABLE_ROWS - 1).bit_length(), _LEAST_COMMITTED_K)
        rows = (1 << min(k, self.srs.k)) - UNUSABLE_ROWS
        columns = [[*map(to_ezkl, vector), *repeat(_ZERO, rows - len(vector))] for vector in vectors[:-1]]
        found = ezkl.kzg_commit(
            [*chain.from_iterable(columns), *map(to_ezkl, vectors[-1])],
            vk_path=str(self.path("verifying_key")),
            settings_path=str(self.path("settings")),
            srs_path=str(self._srs_of(k)),
        )
        return [Point(from_ezkl(point.x), from_ezkl(point.y)) for point in found[: len(vectors)]]

    def _srs_of(self, k: int) -> Path:
        """The SRS's file, or one that was cut out of it, for columns of 2**k rows."""
        if k >= self.srs.k:
            return self.srs.path
        path = self.folder / f"commit-{k}.srs"
        with worker.using_files(str(path)):
            if path not in _compared or _compared[path] != _stamp(path):
                expected = self.srs.cut(k)
                if _stamp(path) is None or path.read_bytes() != expected:
                    with tempfile.TemporaryDirectory(dir=self.folder) as work:
                        fresh = Path(work) / path.name
                        fresh.write_bytes(expected)
                        fresh.replace(path)
                _compared[path] = _stamp(path)
        return path

    def prove(
        self,
        inputs: Sequence[Sequence[int]],
        limit: float = worker.LONGEST_SECONDS,
        stop: threading.Event | None = None,
    ) -> Proof:
        """Prove the statement for input vectors, in a child process or on another machine.

        Args:
            inputs: one flat vector (row-major) for each of the statement's inputs, integers or field elements.
            limit: seconds after which the proof is given up.
            stop: set by another thread, it gives the proof up at once.

        Raises:
            ProverTimeout: so it was.
            CircuitError: a vector of the wrong length, inputs outside the allowed range, or no memory.
        """
        for tensor, vector in zip(self.statement.inputs, inputs, strict=True):
            if len(vector) != tensor.size:
                raise CircuitError(f"{tensor.name} takes {tensor.size} entries, not {len(vector)}", "pad it with zeros")
        felts = [[to_ezkl(v) for v in vector] for vector in inputs]
        done = self.machines.prove(self, felts, limit, stop)
        data = bytes.fromhex(done["proof"].removeprefix("0x"))
        return Proof(
            data,
            proof_points(data, len(self.statement.inputs) + 1),
            tuple(from_ezkl(v) for v in done["output"]),
            done["witness_seconds"],
            done["prove_seconds"],
            done["peak_memory_mb"],
            done["prove_cpu_seconds"],
        )

    def verify(self, proofs: Sequence[bytes]) -> list[bool]:
        """Which of some proofs the circuit's contract accepts, found out in child processes; no chain is asked."""
        whole = [len(proof) == self.verifier.proof_bytes for proof in proofs]
        accepted = iter(self.machines.verify(self, [*compress(proofs, whole)]))
        return [each and next(accepted) for each in whole]


def _stamp(path: Path) -> tuple[int, int] | None:
    """What changes with a file; None where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_size, found.st_mtime_ns


def proof_points(data: bytes, count: int) -> tuple[Point, ...]:
    """The first `count` commitments of a proof.

    Raises:
        ValueError: too short, or not points of the curve.
    """
    return tuple(Point.decode(data[POINT_BYTES * i : POINT_BYTES * (i + 1)]) for i in range(count))


def too_small(statement: Statement, k: int) -> bool:
    """Whether 2**k rows are certainly too few for a statement. It is not laid out for that: its parameters say so."""
    return statement.least_k > k or statement.least_cells > statement.inner_columns << k


def folder_of(home: Path, statement: Statement, srs: Srs) -> Path:
    """Where under `home` the circuit of a statement is, if it was built."""
    key = {**_identity(statement, srs), "reference": statement.reference, "code": _code_hash(statement)}
    name = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:16]
    return home / "circuits" / f"{statement.kind}-{name}"


def build(
    home: Path,
    statement: Statement,
    srs: Srs,
    limit: float = worker.LONGEST_SECONDS,
    stop: threading.Event | None = None,
) -> Circuit:
    """The circuit of a statement for an SRS, from the cache under `home` or built now (a few seconds for k = 14).

    limit: seconds after which building it is given up. stop: set by another thread, it is at once.

    Raises:
        ProverTimeout: so it was.
        CircuitError: it does not fit the SRS's k, its verifier cannot be deployed, a tool failed, or the disk did.
    """
    if too_small(statement, srs.k):
        raise CircuitError(f"{statement.kind} does not fit k = {srs.k}: it is far too large", "take a larger k")
    identity, final = _identity(statement, srs), folder_of(home, statement, srs)
    manifest = _whole(final, identity)
    if manifest is None:
        with worker.using_files(f"building {final}"), one_at_a_time(final):
            if _whole(final, identity) is None:  # nobody else has built it meanwhile
                _build_at(final, lambda folder: _build_into(folder, identity, statement, srs, limit, stop))
        manifest = _whole(final, identity)
    if manifest is None:
        raise CircuitError(f"{final} is damaged and cannot be replaced", "delete it, and look at the disk")
    return Circuit(final, statement, srs, manifest)


def _build_at(final: Path, build_into: Callable[[Path], None]) -> None:
    with tempfile.TemporaryDirectory(dir=final.parent) as work:
        fresh = Path(work) / "fresh"
        fresh.mkdir()
        build_into(fresh)
        with suppress(FileNotFoundError):
            final.rename(Path(work) / "damaged")
        fresh.rename(final)


def _whole(folder: Path, identity: Mapping[str, Any]) -> dict[str, Any] | None:
    """The manifest of a built circuit; None where there is none, or any file is missing or not what it says."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
        hashes = {name: manifest["artifacts"][name]["sha256"] for name in worker.PUBLISHED}
        if any(_sha256(folder / worker.FILES[name]) != expected for name, expected in hashes.items()):
            return None
        if not all((folder / leaf).stat().st_size for leaf in worker.FILES.values()):
            return None
        facts = {"inputs": list, "output": dict, "rows": int, "verifier": dict}
        if any(not isinstance(manifest[name], kind) for name, kind in facts.items()):
            return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return manifest if {key: manifest.get(key) for key in identity} == identity else None


def _identity(statement: Statement, srs: Srs) -> dict[str, Any]:
    return {
        "statement": {"kind": statement.kind, "params": statement.params},
        "k": srs.k,
        "srs": {"id": srs.id, "source": srs.source},
        "versions": {name: version(name).split("+")[0] for name in ("ezkl", "torch")},
    }


def _code_hash(statement: Statement) -> str:
    """A hash of the modules that a circuit is made by: the cache must not outlive a change of them."""
    own = {base.__module__: sys.modules[base.__module__] for base in type(statement).__mro__ if base is not object}
    modules = (*own.values(), *statement.modules, blocks, noise, ezkl_settings, verifier_module)
    return hashlib.sha256("".join(inspect.getsource(module) for module in modules).encode()).hexdigest()


def _build_into(
    folder: Path,
    identity: dict[str, Any],
    statement: Statement,
    srs: Srs,
    limit: float,
    stop: threading.Event | None,
) -> None:
    done = worker.run(
        "build",
        limit,
        stop,
        reference=statement.reference,
        params=statement.params,
        k=srs.k,
        srs=str(srs.path),
        folder=str(folder),
    )
    files = {name: folder / leaf for name, leaf in worker.FILES.items()}
    _write(files["verifier_source"], generate(files["settings"], files["verifying_key"], srs.path))
    verifier = compile_verifier(files["verifier_source"].read_text())
    if Circuit(folder, statement, srs, {}).commit([0]) != srs.basis(0).offset:
        raise CircuitError(
            "this circuit's commitments have another offset than the task's", "use the pinned EZKL version"
        )
    manifest = {
        **identity,
        "rows": done["rows"],
        "inputs": [{"name": t.name, "shape": list(t.shape)} for t in statement.inputs],
        "output": {"name": statement.output.name, "shape": list(statement.output.shape)},
        "artifacts": {n: {"sha256": _sha256(files[n]), "size": files[n].stat().st_size} for n in worker.PUBLISHED},
        "verifier": {"code_hash": verifier.code_hash, "size": verifier.size, "solc": verifier.solc},
    }
    _write(folder / "setup.json", json.dumps({key: done[key] for key in ("setup_seconds", "peak_memory_mb")}))
    _write(folder / MANIFEST, json.dumps(manifest, indent=1))


def load(folder: Path, srs_path: Path) -> Circuit:
    """A circuit built earlier.

    Raises:
        CircuitError: no circuit there, an artifact that is not what `circuit.json` says, or another SRS.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
        statement = from_params(manifest["statement"]["kind"], manifest["statement"]["params"])
        srs = open_srs(srs_path, manifest["k"], manifest["srs"]["source"])
        artifacts = {name: manifest["artifacts"][name]["sha256"] for name in worker.PUBLISHED}
        wrong = [name for name, sha256 in artifacts.items() if _sha256(folder / worker.FILES[name]) != sha256]
        _ = [manifest[key] for key in _COMPARED]
    except (OSError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise CircuitError(f"{folder} holds no readable circuit: {error}", "build it again") from error
    if wrong or srs.id != manifest["srs"]["id"]:
        what = ", ".join(wrong) or "the SRS"
        raise CircuitError(f"{what} of {folder} is not what circuit.json says", "delete the folder and build again")
    return Circuit(folder, statement, srs, manifest)


def check_reproducible(circuit: Circuit) -> list[str]:
    """Build the circuit again from its statement and name the artifacts that differ (none for an honest circuit)."""
    with tempfile.TemporaryDirectory() as home:
        again = build(Path(home), circuit.statement, circuit.srs).manifest
    (ours, theirs) = (facts["artifacts"] for facts in (again, circuit.manifest))
    differing = [name for name in worker.PUBLISHED if ours[name]["sha256"] != theirs[name]["sha256"]]
    return differing + [key for key in _COMPARED if again[key] != circuit.manifest[key]]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, text: str) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text)
    partial.replace(path)
