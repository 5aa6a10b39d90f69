"""Where work goes: in which parts, in which order, and to which addresses it never goes."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from headwater.circuits import cluster
from headwater.circuits.cluster import Cluster, check_address
from headwater.circuits.machines import Here, batches, side_by_side
from headwater.errors import CircuitError, ConfigError
from tests.support.commands import free_port


@pytest.mark.parametrize("count", range(8))
@pytest.mark.parametrize("workers", (1, 2, 3, 10))
def test_batches__are_all_proofs_in_order__as_even_as_can_be(count, workers):
    proofs = [bytes([i]) for i in range(count)]
    parts = batches(proofs, workers)
    assert [proof for part in parts for proof in part] == proofs
    assert len(parts) == min(count, workers)
    assert all(parts)
    assert not parts or max(map(len, parts)) - min(map(len, parts)) <= 1


def test_work__side_by_side__is_given_back_in_order():
    both = threading.Barrier(2, timeout=10)

    def work(number: int) -> int:
        both.wait()  # neither ends before the other has begun
        return number * number

    assert side_by_side(work, [1, 2, 3, 4], 2) == [1, 4, 9, 16]
    assert side_by_side(lambda _: threading.current_thread(), [1, 2], 1) == [threading.current_thread()] * 2


@pytest.mark.parametrize(
    "address", ("tcp://127.0.0.1:8786", "tcp://[::1]:8786", "tcp://localhost:1", "tls://far.example:8786")
)
def test_address__on_this_machine_or_under_tls__may_have_secrets(address):
    check_address(address)


@pytest.mark.parametrize(
    "address", ("tcp://10.0.0.5:8786", "tcp://far.example:8786", "tcp://127.0.0.1.far.example:1", "tcp://0.0.0.0:8786")
)
def test_address__that_others_can_listen_to__is_refused(address):
    with pytest.raises(ConfigError, match="another machine, and what is sent there can be read") as caught:
        check_address(address)
    assert "tls://" in caught.value.hint


@pytest.mark.parametrize(
    "address", ("", "127.0.0.1:8786", "ws://127.0.0.1:1", "tcp://127.0.0.1", "tcp://[", "tls://h:x")
)
def test_address__that_is_none__is_refused__with_how_to_write_one(address):
    with pytest.raises(ConfigError, match="no address of a scheduler") as caught:
        check_address(address)
    assert "tcp://127.0.0.1:PORT" in caught.value.hint


def test_cluster__without_the_package__says_what_to_install(monkeypatch):
    monkeypatch.setattr(cluster, "find_spec", lambda _: None)
    with pytest.raises(ConfigError, match="not installed") as caught:
        Cluster("tcp://127.0.0.1:8786", Here(), print)
    assert "install_packages.sh dask" in caught.value.hint


def test_cluster__where_no_scheduler_answers__says_so(home: Path):
    with pytest.raises(CircuitError, match="no scheduler answers at tcp") as caught:
        Cluster(f"tcp://127.0.0.1:{free_port()}", Here(), print)
    assert "start the scheduler" in caught.value.hint


def test_cluster__under_tls__without_a_certificate__says_what_to_set(home: Path):
    with pytest.raises(CircuitError, match="names no certificate") as caught:
        Cluster("tls://127.0.0.1:8786", Here(), print)
    assert "distributed.comm.tls" in caught.value.hint
