"""The directory store on a bad day: damaged files, a full disk, killed writers."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from headwater.errors import ConfigError, ContentMismatch, StorageError, Unavailable
from headwater.storage.directory import DirectoryStore
from headwater.storage.opening import open_store
from headwater.storage.unixfs import CHUNK, cid_of


@pytest.fixture
def store(tmp_path):
    return DirectoryStore(tmp_path / "store")


def file_of(store, cid) -> Path:
    return next(Path(store.describe().removeprefix("dir:")).rglob(str(cid)))


@pytest.mark.parametrize("damage", (b"flipped bit" * 200_000, b"", b"cut sho"), ids=["other", "empty", "short"])
def test_get__of_a_damaged_file__is_a_mismatch_until_it_is_put_again(store, tmp_path, damage):
    data = b"flipped_bit" * 200_000
    cid = store.put(data)
    file_of(store, cid).write_bytes(damage)

    with pytest.raises(ContentMismatch, match=str(cid)):
        store.get(cid, len(data))
    with pytest.raises(ContentMismatch):
        store.get_file(cid, tmp_path / "target", len(data))
    assert not (tmp_path / "target").exists()

    store.put(data)
    assert store.get(cid, len(data)) == data


WITH_LITTLE_SPACE = """
import resource, signal, sys
from pathlib import Path
from headwater.errors import StorageError
from headwater.storage.directory import DirectoryStore

store = DirectoryStore(Path(sys.argv[1]))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
limit = int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    store.check() if sys.argv[2] == "check" else store.put(bytes(1_000_000))
except StorageError as error:
    print(error)
"""


@pytest.mark.parametrize(("call", "limit"), (("put", 100_000), ("check", 0)))
def test_store__whose_disk_is_full__says_so_and_leaves_nothing(store, tmp_path, call, limit):
    """A limit on the size of files stands in for a full disk: the same failure of the same write."""
    command = [sys.executable, "-c", WITH_LITTLE_SPACE, tmp_path / "store", call, str(limit)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert "cannot write" in done.stdout
    assert "File too large" in done.stdout
    assert "free disk space" in done.stdout
    assert not store.has(cid_of(bytes(1_000_000)))
    assert [path for path in (tmp_path / "store").rglob("*") if path.is_file()] == []


def test_read__where_the_file_system_fails__is_a_storage_error(store, tmp_path):
    """A file instead of its folder stands in for a stale mount: neither a file, nor none."""
    cid = store.put(b"content")
    folder = file_of(store, cid).parent
    shutil.rmtree(folder)
    folder.touch()
    for read in (
        lambda: store.get(cid, 100),
        lambda: store.get_file(cid, tmp_path / "target", 100),
        lambda: store.has(cid),
    ):
        with pytest.raises(StorageError, match=f"cannot read .*{cid}"):
            read()


def test_put__killed_half_way__leaves_nothing_to_be_read(store, tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from headwater.storage.directory import DirectoryStore\n"
        "def chunks():\n yield bytes(1 << 20); print('half', flush=True); time.sleep(60)\n"
        "DirectoryStore(Path(sys.argv[1]))._keep(chunks())"
    )
    with subprocess.Popen([sys.executable, "-c", code, tmp_path / "store"], stdout=subprocess.PIPE) as writer:
        assert writer.stdout.readline() == b"half\n"
        writer.send_signal(signal.SIGKILL)

    with pytest.raises(Unavailable):
        store.get(cid_of(bytes(1 << 20)), CHUNK)
    (left_over,) = (tmp_path / "store" / "incoming").iterdir()
    store.check()
    assert left_over.exists()  # its writer may be alive for all one knows
    os.utime(left_over, (time.time() - 25 * 3600,) * 2)
    store.check()
    assert not left_over.exists()


def _put_and_get(root, seed):
    store = DirectoryStore(root)
    data = [bytes([(seed + i) % 3]) * (CHUNK + i % 3) for i in range(6)]
    return all(store.get(store.put(content), 2 * CHUNK) == content for content in data)


def test_put__by_processes_of_one_directory__never_shows_half_a_file(store, tmp_path):
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        assert all(pool.map(_put_and_get, [tmp_path / "store"] * 8, range(8)))

    assert list((tmp_path / "store" / "incoming").iterdir()) == []


def test_directory_store__where_it_cannot_write__says_so_at_once(tmp_path):
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(StorageError, match=r"cannot write .*file.*Not a directory"):
        DirectoryStore(tmp_path / "file" / "store")


@pytest.mark.parametrize(
    "spec", ("", "dir", "dir:", "kubo:", "/some/path", "s3:bucket", "kubo:localhost:5001", "kubo:/ip4/127.0.0.1")
)
def test_open_store__of_anything_else__says_what_to_give(spec):
    with pytest.raises(ConfigError, match="give "):
        open_store(spec)


def test_open_store__of_a_directory__knows_home_and_makes_it(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))

    store = open_store("dir:~/blobs")

    assert store.describe() == f"dir:{tmp_path}/blobs"
    assert (tmp_path / "blobs").is_dir()


def test_get_file__of_a_large_file__holds_little_in_memory(store, tmp_path):
    """Constant memory is what lets a node of 2 GB fetch a proving key."""
    size = 96 << 20
    with (tmp_path / "large").open("wb") as file:
        file.truncate(size)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    cid = store.put_file(tmp_path / "large")
    store.get_file(cid, tmp_path / "again", size)

    assert (tmp_path / "again").stat().st_size == size
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 << 10  # KiB
