"""What the doctor makes of what it finds, without a chain."""

from importlib.metadata import PackageNotFoundError

import pytest

from headwater.errors import ChainError, ConfigError, Unavailable
from headwater.reading.health import (
    EndpointState,
    Verdict,
    check_clock,
    check_disk,
    check_endpoints,
    check_home,
    check_memory,
    check_private_file,
    check_store,
    check_versions,
    memory_mb,
    try_store,
)
from headwater.storage.directory import DirectoryStore

OK, WARNING, FAILED = Verdict.OK, Verdict.WARNING, Verdict.FAILED
GOOD = EndpointState("http://good", 0.01, 1, 1000, 0)
DOWN = EndpointState("http://down", error=ChainError("no Ethereum node answers at http://down", "start it"))
NOWHERE = EndpointState("RPC", error=ConfigError("'nonsense' is no address of a node", "write it as ..."))


@pytest.mark.parametrize(
    ("states", "verdicts"),
    (
        ([GOOD], [OK]),
        ([DOWN], [FAILED]),
        ([GOOD, DOWN], [OK, WARNING]),
        ([GOOD, NOWHERE], [OK, FAILED]),
        ([DOWN, DOWN], [FAILED, FAILED]),
        ([GOOD, EndpointState("http://other", 0.01, 5, 1000, 0)], [OK, FAILED]),
        ([GOOD, EndpointState("http://late", 0.01, 1, 969, 0)], [OK, WARNING]),
        ([GOOD, EndpointState("http://nearly", 0.01, 1, 970, 0)], [OK, OK]),
        ([GOOD, EndpointState("http://slow", 3.0, 1, 1000, 0)], [OK, WARNING]),
    ),
)
def test_check_endpoints__when_one_is_not_in_order__then_it_is_a_failure_unless_another_takes_its_place(
    states, verdicts
):
    checks = check_endpoints(states, None)

    assert [check.verdict for check in checks] == verdicts
    assert all(check.hint for check in checks if check.verdict is not OK)


def test_check_endpoints__when_the_settings_name_another_chain__then_every_node_fails():
    checks = check_endpoints([GOOD, DOWN], 5)

    assert [check.verdict for check in checks] == [FAILED, FAILED]
    assert "serves chain 1, not 5" in checks[0].text


@pytest.mark.parametrize(
    ("timestamp", "chain_id", "verdict"),
    (
        (10_000, 1, OK),
        (10_060, 1, OK),
        (10_061, 1, FAILED),
        (10_061, 31337, FAILED),
        (9_100, 1, OK),
        (9_099, 1, WARNING),
        (1, 31337, OK),
    ),
)
def test_check_clock__when_it_disagrees_with_the_chain__then_it_says_so(timestamp, chain_id, verdict):
    check = check_clock(timestamp, 10_000, chain_id)

    assert check.verdict is verdict
    assert bool(check.hint) == (verdict is not OK)


@pytest.mark.parametrize(
    ("k", "memory", "verdict"),
    ((14, (8000, 4000), OK), (14, (8000, 300), WARNING), (14, (400, 300), FAILED), (20, (8000, 8000), FAILED)),
)
def test_check_memory__when_a_proof_does_not_fit__then_it_says_so(k, memory, verdict):
    assert check_memory("task 1", k, memory).verdict is verdict


def test_memory_mb__when_a_container_limits_it__then_no_more_counts(tmp_path):
    (meminfo := tmp_path / "meminfo").write_text("MemTotal: 9999999 kB\nMemAvailable:   524288 kB\n")
    (limit := tmp_path / "memory.max").write_text(f"{256 << 20}\n")
    (none := tmp_path / "none").write_text("max\n")

    assert memory_mb(meminfo, limit) == (256, 256)
    total, available = memory_mb(meminfo, none)
    assert available == 512
    assert total > 256


def test_check_disk__when_keys_do_not_fit__then_it_fails(tmp_path):
    assert check_disk("task 1", 28, tmp_path).verdict is FAILED
    assert check_disk("task 1", 10, tmp_path).verdict in (OK, WARNING)


def test_check_home__when_others_may_change_it__then_it_fails__and_is_private_where_it_is_made(tmp_path):
    home = tmp_path / "home"

    assert check_home(home).verdict is OK
    assert home.stat().st_mode & 0o777 == 0o700
    home.chmod(0o755)
    assert check_home(home).verdict is WARNING
    home.chmod(0o757)
    check = check_home(home)
    assert check.verdict is FAILED
    assert check.hint == f"run `chmod go-w {home}`"


def test_check_private_file__when_every_user_may_read_it__then_it_fails_and_says_how_to_mend_it(tmp_path):
    (path := tmp_path / "key.json").write_text("{}")

    path.chmod(0o644)
    assert check_private_file("keystore", path).hint == f"run `chmod 600 {path}`"
    path.chmod(0o600)
    assert check_private_file("keystore", path).verdict is OK
    assert check_private_file("keystore", tmp_path / "other").verdict is FAILED


def test_check_versions__when_another_release_is_installed__then_it_fails():
    def missing(package):
        raise PackageNotFoundError(package)

    assert {check.verdict for check in check_versions()} == {OK}
    other = check_versions(lambda _: "1.0")[1:]
    assert [check.name for check in other] == ["ezkl", "torch"]
    assert {check.verdict for check in other} == {FAILED}
    assert {check.verdict for check in check_versions(missing)[1:]} == {FAILED}


def test_check_versions__when_a_release_is_of_another_build__then_it_is_the_same():
    pinned = {check.name: check.text for check in check_versions()[1:]}

    assert {check.verdict for check in check_versions(lambda package: pinned[package] + "+cpu")} == {OK}


def test_check_store__when_it_works__then_nothing_is_left_in_it(tmp_path):
    check = check_store(f"dir:{tmp_path / 'store'}")

    assert check.verdict is OK, check
    assert not any(path.is_file() and path.stat().st_size >= 64 for path in (tmp_path / "store").rglob("*"))


@pytest.mark.parametrize("spec", ("kubo:/ip4/127.0.0.1/tcp/9", "gateway:http://127.0.0.1:9", "ftp:x"))
def test_check_store__when_it_cannot_be_had__then_it_fails(spec):
    check = check_store(spec)

    assert check.verdict is FAILED
    assert check.hint


class Forgetful(DirectoryStore):
    """Takes everything and has nothing."""

    def get(self, cid, max_bytes):
        raise Unavailable(f"{cid} is not there", "ask later")


class Lying(DirectoryStore):
    """Gives other bytes."""

    def get(self, cid, max_bytes):
        return bytes(max_bytes)


@pytest.mark.parametrize(("kind", "text"), ((Forgetful, "is not there"), (Lying, "other bytes")))
def test_try_store__when_a_store_does_not_give_back__then_it_fails(tmp_path, kind, text):
    check = try_store("the store", kind(tmp_path))

    assert check.verdict is FAILED
    assert text in check.text
