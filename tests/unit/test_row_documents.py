"""The documents of pools' rows, and what a node's settings say of pools."""

from __future__ import annotations

from pathlib import Path

import pytest

from headwater.cli.settings import load_settings
from headwater.errors import ConfigError, DocumentError
from headwater.protocol.curve import Point
from headwater.protocol.field import P
from headwater.protocol.slots import SALTS_ONLY, SlotProof
from headwater.roles.wiring import Wanted
from headwater.storage.vectors import RowDocument

PROOF = SlotProof(Point(1, 2), (1, 2, P - 1))
FIELDS = {
    "task": {"chain_id": 1, "task_manager": "0x" + "11" * 20, "task_id": 3},
    "pools": "0x" + "22" * 20,
    "pool": 4,
    "contributor": "0x" + "33" * 20,
    "slot": 5,
}
DOCUMENT = RowDocument.made(PROOF, b"sealed", **FIELDS)


def test_document__of_a_row__has_proof_and_sealed_row():
    again = RowDocument.decode(DOCUMENT.encode())
    assert again == DOCUMENT
    assert (again.proof, again.sealed) == (PROOF, b"sealed")
    assert again.header.slot == 5
    blinding = RowDocument.made(PROOF, b"", **FIELDS | {"slot": SALTS_ONLY})
    assert RowDocument.decode(blinding.encode()).sealed == b""


@pytest.mark.parametrize(
    ("true", "false"),
    (
        (b'"responses":3', b'"responses":4'),  # more than follow
        (b'"responses":3', b'"responses":0'),
        (b'"slot":5', b'"slot":65537'),
        (b'"slot":5', b'"slot":-1'),
        (b'"pool":4', b'"pool":0'),
        (b'"entries":102', b'"entries":101'),
        (b"00" * 31 + b"02", b"00" * 31 + b"03"),  # no point
        ((P - 1).to_bytes(32, "big"), P.to_bytes(32, "big")),
        (b"headwater/row/1", b"headwater/row/2"),
    ),
)
def test_document__that_is_none__is_refused(true, false):
    data = DOCUMENT.encode()
    assert data.count(true) == 1
    with pytest.raises(DocumentError):
        RowDocument.decode(data.replace(true, false))


def test_settings__of_a_node__name_pools_by_task(tmp_path: Path):
    assert load_settings(None, {"HEADWATER_POOLS": "1=3 2=7"}).pools == {1: 3, 2: 7}
    path = tmp_path / "node.toml"
    path.write_text("[pools]\n1 = 3\n")
    assert load_settings(path, {}).pools == {1: 3}
    path.write_text("[pools]\n1 = 0\n")
    with pytest.raises(ConfigError, match="pools"):
        load_settings(path, {})


def test_wanted__with_a_pool__trains_without_a_file(tmp_path: Path):
    wanted = Wanted(("trainer",), (1,), pools={1: 3})
    wanted.check()
    assert wanted.trained == (1,)
    with pytest.raises(ConfigError, match="which is not among"):
        Wanted(("trainer",), (2,), pools={1: 3}).check()
    with pytest.raises(ConfigError, match="needs data"):
        Wanted(("trainer",), (1,)).check()
    data = tmp_path / "data.csv"
    data.write_text("a\n")
    data.chmod(0o600)
    with pytest.raises(ConfigError, match="on a file and on a pool"):
        Wanted(("trainer",), (1,), data={1: data}, pools={1: 3}).check()
