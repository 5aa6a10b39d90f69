"""Wants: files of a node's machine, or that the node stands still.

Tries: as one who may write in the folder that it keeps content in, to put pipes, devices, links, folders and other
bytes where files and folders of the store should be, or to write on while a file is read.
Stopped: only ordinary files are opened, below the folder and without following links or waiting, as long as they were
then; and what is in them is hashed before the store says that it has it.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from unittest.mock import patch

import pytest

from headwater.errors import ContentTooLarge, StorageError
from headwater.storage import files
from headwater.storage.cid import Cid
from headwater.storage.directory import DirectoryStore
from headwater.storage.files import read_chunks
from headwater.storage.unixfs import CHUNK

CONTENT = b"what everybody keeps"
SECRET = b"a key that nobody else may read"
CID = Cid.of_block(0x55, CONTENT)
SECRETS = Cid.of_block(0x55, SECRET)


class TrustingStore(DirectoryStore):
    """A store that opens whatever has a file's name, by its path, and takes it for the file."""

    def _fetch(self, cid, sink, max_bytes):
        with self._path(cid).open("rb") as file:
            sink(file.read(max_bytes + 1))

    def has(self, cid):
        return self._path(cid).exists()

    def put(self, data):
        cid = Cid.of_block(0x55, data)
        self._path(cid).parent.mkdir(exist_ok=True)
        part = self._incoming / "part"
        part.write_bytes(data)
        part.replace(self._path(cid))
        return cid


@pytest.fixture
def store(tmp_path) -> DirectoryStore:
    found = DirectoryStore(tmp_path / "store")
    found.put(CONTENT)
    return found


@pytest.fixture
def secret(tmp_path) -> Path:
    """A file of the node's, outside of the store."""
    found = tmp_path / "away" / "key"
    found.parent.mkdir()
    found.write_bytes(SECRET)
    return found


def trusting(store: DirectoryStore) -> TrustingStore:
    return TrustingStore(Path(store.describe().removeprefix("dir:")))


def test_pipe__in_place_of_a_file(store, attack):
    """Nobody writes into it: whoever waits for that, waits for ever."""
    path = store._path(CID)
    path.unlink()
    os.mkfifo(path)
    with attack.works_on(TrustingStore):
        reader = Thread(target=lambda: trusting(store).get(CID, CHUNK), daemon=True)
        reader.start()
        reader.join(1.0)
        assert reader.is_alive()
        path.open("wb").close()  # it has waited for this
        reader.join()
    with attack.stopped_by("ContentMismatch"):
        store.get(CID, CHUNK)
    assert not store.has(CID)
    store.put(CONTENT)
    assert store.get(CID, CHUNK) == CONTENT


def test_device__linked_in_place_of_a_file(store, attack):
    path = store._path(CID)
    path.unlink()
    path.symlink_to("/dev/zero")
    with attack.works_on(TrustingStore):
        assert len(trusting(store).get(CID, CHUNK)) > CHUNK
    with attack.stopped_by("ContentMismatch"):
        store.get(CID, CHUNK)
    assert not store.has(CID)
    store.put(CONTENT)
    assert store.get(CID, CHUNK) == CONTENT


def test_secret__linked_in_place_of_a_file(store, secret, attack):
    """Also under its right name, by whoever knows it already: whether it is there is no stranger's business."""
    path = store._path(SECRETS)
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(secret)
    with attack.works_on(TrustingStore):
        assert trusting(store).get(SECRETS, CHUNK) == SECRET
    with attack.stopped_by("ContentMismatch"):
        store.get(SECRETS, CHUNK)
    assert not store.has(SECRETS)


def test_secret__hard_to_reach_through_a_linked_folder(store, secret, attack):
    shard = store._path(SECRETS).parent
    (secret.parent / str(SECRETS)).write_bytes(SECRET)
    shard.symlink_to(secret.parent)
    with attack.works_on(TrustingStore):
        assert trusting(store).get(SECRETS, CHUNK) == SECRET
    with attack.stopped_by("StorageError"):
        store.get(SECRETS, CHUNK)
    with pytest.raises(StorageError):
        store.has(SECRETS)


@pytest.mark.parametrize("what", ("incoming", "shard"))
def test_put__through_a_linked_folder(store, secret, attack, what):
    """Nothing is written where the link leads."""
    folder = store._incoming if what == "incoming" else store._path(SECRETS).parent
    if folder.exists():
        folder.rmdir()
    folder.symlink_to(secret.parent)
    before = secret.parent.stat().st_mtime_ns
    with attack.works_on(TrustingStore):
        weak = TrustingStore.__new__(TrustingStore)
        weak._root, weak._incoming = store._root, store._incoming
        weak.put(SECRET)
        assert secret.parent.stat().st_mtime_ns != before
        (secret.parent / str(SECRETS)).unlink(missing_ok=True)
    before = secret.parent.stat().st_mtime_ns
    with attack.stopped_by("StorageError"):
        store.put(SECRET)
    assert secret.parent.stat().st_mtime_ns == before
    if what == "incoming":
        with pytest.raises(StorageError):
            store.check()


def test_put__over_a_link__exchanges_the_link(store, secret):
    path = store._path(CID)
    path.unlink()
    path.symlink_to(secret)
    store.put(CONTENT)
    assert secret.read_bytes() == SECRET
    assert not path.is_symlink()
    assert store.get(CID, CHUNK) == CONTENT


def test_folder__in_place_of_a_file(store, attack):
    path = store._path(CID)
    path.unlink()
    path.mkdir()
    with attack.works_on(TrustingStore):
        assert trusting(store).has(CID)
    with attack.stopped_by("ContentMismatch"):
        store.get(CID, CHUNK)
    assert not store.has(CID)
    with pytest.raises(StorageError):
        store.put(CONTENT)
    with pytest.raises(StorageError):
        store.unpin(CID)
    store.check()


@pytest.mark.parametrize("wrong", (b"", CONTENT[:-1] + b"!", CONTENT + b"!"), ids=("none", "others", "more"))
def test_bytes__other_than_the_right_ones(store, attack, wrong):
    assert store.has(CID)
    assert store.has(CID)  # by what it knows of the file
    store._path(CID).write_bytes(wrong)
    with attack.works_on(TrustingStore):
        assert trusting(store).has(CID)
    assert not store.has(CID)
    with attack.stopped_by("ContentMismatch"):
        store.get(CID, CHUNK)
    store.put(CONTENT)
    assert store.has(CID)


def test_hole__as_long_as_a_disk(store):
    """Whoever asks whether a block is there reads no more than a block."""
    os.truncate(store._path(CID), 1 << 42)
    assert not store.has(CID)
    with pytest.raises(ContentTooLarge):
        store.get(CID, CHUNK)


@contextmanager
def read_to_the_end():
    """A store that reads a file until it ends."""

    def chunks(file):
        while data := file.read(1 << 16):
            yield data

    with patch.object(files, "chunks_of", chunks):
        yield


def test_file__written_on_while_it_is_read(tmp_path, attack):
    """By somebody who is as fast as its reader."""
    path = tmp_path / "file"

    def count(most: int) -> int:
        path.write_bytes(bytes(1 << 16))
        pieces = read_chunks(path)
        for number, piece in enumerate(pieces):
            with path.open("ab") as more:
                more.write(piece)
            if number == most:
                return number
        return number

    with attack.works_on(read_to_the_end), read_to_the_end():
        assert count(100) == 100
    assert count(100) == 0
    attack.gains("as many bytes as there were when it was opened")


def test_file__of_another_kind__is_waited_for_by_nobody(tmp_path):
    """Whatever reads files of the node."""
    os.mkfifo(tmp_path / "pipe")
    for name in (tmp_path / "pipe", tmp_path, "/dev/zero"):
        with pytest.raises(StorageError, match="ordinary"):
            list(read_chunks(Path(name)))


def test_left_overs__that_are_no_files__are_left_alone(store, secret):
    (store._incoming / "a.part").mkdir()
    (store._incoming / "b.part").symlink_to(secret)
    os.mkfifo(store._incoming / "c.part")
    for name in "abc":
        os.utime(store._incoming / f"{name}.part", (0, 0), follow_symlinks=False)
    store.check()
    assert secret.read_bytes() == SECRET
    assert [path.name for path in store._incoming.iterdir()] == ["a.part"]


def test_links__in_the_way_to_the_store__are_its_owners(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "store").symlink_to(tmp_path / "disk")
    store = DirectoryStore(tmp_path / "store")
    assert store.get(store.put(CONTENT), CHUNK) == CONTENT


def test_file__got_into_the_folder_where_one_stands(store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store.get_file(CID, Path("here"), CHUNK)
    assert (tmp_path / "here").read_bytes() == CONTENT
