"""Built circuits on disk: whatever is damaged is built again, and never believed."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from eth_utils.crypto import keccak

from headwater.circuits import circuit, worker
from headwater.circuits.average import Average
from headwater.circuits.circuit import MANIFEST, VERIFIER, build
from headwater.circuits.verifier import Verifier
from headwater.errors import CircuitError

CODE = b"\x60\x00" * 20
COMPILED = Verifier("source", "0x" + (b"\xfe" * 28 + CODE).hex(), "0x" + keccak(CODE).hex(), len(CODE), "0.8.37")
FACTS = {name: getattr(COMPILED, name) for name in ("code_hash", "size", "solc")}
SRS = SimpleNamespace(id="00" * 32, k=11, source="dev")


@pytest.fixture
def builds(monkeypatch):
    """What is built and compiled, each noted once; nothing is computed."""
    noted = []

    def into(folder, identity, statement, srs, limit, stop):
        noted.append("built")
        for name, leaf in worker.FILES.items():
            (folder / leaf).write_text(f"the {name}")
        artifacts = {
            name: {"sha256": circuit._sha256(folder / worker.FILES[name]), "size": 1} for name in worker.PUBLISHED
        }
        facts = {"rows": 1, "inputs": [], "output": {}, "artifacts": artifacts, "verifier": FACTS}
        (folder / MANIFEST).write_text(json.dumps({**identity, **facts}))

    def compiled(source):
        noted.append("compiled")
        return COMPILED

    monkeypatch.setattr(circuit, "_build_into", into)
    monkeypatch.setattr(circuit, "compile_verifier", compiled)
    return noted


def test_build__of_what_is_built_already__builds_and_compiles_nothing(builds, tmp_path):
    for _ in range(2):
        assert build(tmp_path, Average(4), SRS).verifier.bytecode == COMPILED.bytecode
    assert builds == ["built", "compiled"]
    assert len(list((tmp_path / "circuits").glob("[!.]*"))) == 1, "beside its lock"


@pytest.mark.parametrize("leaf", (MANIFEST, *(worker.FILES[name] for name in worker.PUBLISHED)))
@pytest.mark.parametrize("text", ("", "{}", "null"))
def test_build__over_a_damaged_file__builds_again(builds, tmp_path, leaf, text):
    folder = build(tmp_path, Average(4), SRS).folder
    (folder / leaf).write_text(text)
    again = build(tmp_path, Average(4), SRS)
    assert again.folder == folder
    assert (folder / leaf).read_text() not in ("", "{}", "null")
    assert builds == ["built", "built"]


def test_build__where_nothing_can_be_written__is_a_circuit_error(builds, tmp_path):
    (tmp_path / "circuits").write_text("no folder")
    with pytest.raises(CircuitError, match=r"building .*circuits.* failed: .*File exists") as caught:
        build(tmp_path, Average(4), SRS)
    assert "free space" in caught.value.hint


def test_verifier__that_cannot_be_kept__is_a_circuit_error(builds, tmp_path):
    found = build(tmp_path, Average(4), SRS)
    (found.folder / VERIFIER).mkdir()
    with pytest.raises(CircuitError, match=r"the verifier in .* failed: .*Is a directory"):
        _ = found.verifier


@pytest.mark.parametrize("leaf", (MANIFEST, worker.FILES["proving_key"]))
def test_build__where_a_file_is_missing__builds_again(builds, tmp_path, leaf):
    folder = build(tmp_path, Average(4), SRS).folder
    (folder / leaf).unlink()
    assert build(tmp_path, Average(4), SRS).path("proving_key").exists()


@pytest.mark.parametrize(
    "text",
    (
        "",
        "null",
        "{}",
        json.dumps({"bytecode": COMPILED.bytecode.replace("60", "61"), **FACTS}),
        json.dumps({"bytecode": "0xfe", **FACTS}),
    ),
)
def test_verifier__whose_kept_code_is_damaged_or_changed__is_compiled_again(builds, tmp_path, text):
    found = build(tmp_path, Average(4), SRS)
    (found.folder / VERIFIER).write_text(text)
    assert found.verifier.bytecode == COMPILED.bytecode
    assert build(tmp_path, Average(4), SRS).verifier.bytecode == COMPILED.bytecode
    assert builds == ["built", "compiled"]
