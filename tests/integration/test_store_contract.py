"""What every ContentStore promises, tried on each of them.

The Kubo store runs against the dev node, and against a user's own daemon where HEADWATER_KUBO is its multiaddr.
"""

import os
import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest

from headwater.errors import ContentTooLarge, StorageError, Unavailable
from headwater.storage.directory import DirectoryStore
from headwater.storage.gateway import GatewayStore
from headwater.storage.kubo import KuboStore
from headwater.storage.opening import open_store
from headwater.storage.several import SeveralStores
from headwater.storage.unixfs import CHUNK, cid_of

LIMIT = 8 * CHUNK
OWN_KUBO = os.environ.get("HEADWATER_KUBO", "")


@pytest.fixture(
    params=("directory", "kubo", "several", *((pytest.param("own", marks=pytest.mark.kubo),) if OWN_KUBO else ()))
)
def open_a_store(request, tmp_path):
    """Opens the store under test, patient or not."""
    if request.param == "directory":
        return lambda **_: DirectoryStore(tmp_path / "store")
    if request.param == "several":
        nobody, rpc = GatewayStore("http://127.0.0.1:9"), request.getfixturevalue("ipfs_node").rpc
        return lambda timeout=20.0: SeveralStores([nobody, DirectoryStore(tmp_path / "store"), KuboStore(rpc, timeout)])
    address = OWN_KUBO if request.param == "own" else request.getfixturevalue("ipfs_node").rpc
    return lambda timeout=20.0: KuboStore(address, timeout)


@pytest.fixture
def store(open_a_store):
    return open_a_store()


@pytest.mark.parametrize("size", (0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 7 * CHUNK // 2))
def test_get__after_put__gives_the_same_bytes(store, size):
    data = secrets.token_bytes(size)

    cid = store.put(data)

    assert cid == cid_of(data)
    assert store.get(cid, max_bytes=size) == data


@pytest.mark.parametrize("size", (0, CHUNK, 7 * CHUNK // 2))
def test_get_file__after_put_file__gives_the_same_file(store, tmp_path, size):
    data = secrets.token_bytes(size)
    (tmp_path / "source").write_bytes(data)

    cid = store.put_file(tmp_path / "source")
    store.get_file(cid, tmp_path / "target", max_bytes=size)

    assert cid == cid_of(data)
    assert (tmp_path / "target").read_bytes() == data
    assert not list(tmp_path.glob("*.part"))


def test_put__of_what_is_there__changes_nothing(store):
    data = secrets.token_bytes(100)

    assert store.put(data) == store.put(data)
    assert store.get(cid_of(data), LIMIT) == data


def test_put_file__of_a_missing_file__is_the_callers_error(store, tmp_path):
    with pytest.raises(StorageError, match="No such file") as caught:
        store.put_file(tmp_path / "nothing")

    assert not isinstance(caught.value, Unavailable)


@pytest.mark.parametrize("size", (100, CHUNK + 1), ids=["raw", "dag-pb"])
def test_get__of_what_nobody_put__is_unavailable_until_somebody_does(open_a_store, size):
    data = secrets.token_bytes(size)
    with pytest.raises(Unavailable, match=str(cid_of(data))):
        open_a_store(timeout=0.5).get(cid_of(data), LIMIT)

    store = open_a_store()
    store.put(data)

    assert store.get(cid_of(data), LIMIT) == data


@pytest.mark.parametrize("size", (100, CHUNK, CHUNK + 1), ids=["raw", "a whole chunk", "dag-pb"])
def test_get__of_more_than_the_limit__is_refused(store, size):
    cid = store.put(secrets.token_bytes(size))

    with pytest.raises(ContentTooLarge, match=f"more than the {size - 1} bytes"):
        store.get(cid, max_bytes=size - 1)


def test_get_file__that_fails__leaves_what_was_there(store, tmp_path):
    (tmp_path / "target").write_bytes(b"before")
    cid = store.put(secrets.token_bytes(CHUNK + 1))

    with pytest.raises(ContentTooLarge):
        store.get_file(cid, tmp_path / "target", max_bytes=CHUNK)

    assert (tmp_path / "target").read_bytes() == b"before"
    assert not list(tmp_path.glob("*.part"))


def test_get_file__into_a_missing_folder__makes_it(store, tmp_path):
    cid = store.put(b"content")

    store.get_file(cid, tmp_path / "new" / "target", LIMIT)

    assert (tmp_path / "new" / "target").read_bytes() == b"content"


def test_has__follows_put_and_unpin(store):
    data = secrets.token_bytes(2 * CHUNK)
    assert not store.has(cid_of(data))

    cid = store.put(data)
    store.pin(cid)  # is pinned already
    assert store.has(cid)

    store.unpin(cid)
    store.unpin(cid)  # is not pinned any more
    assert not store.has(cid)


def test_pin__of_what_the_store_does_not_hold__is_unavailable(store):
    with pytest.raises(Unavailable):
        store.pin(cid_of(secrets.token_bytes(10)))


def test_put__by_many_at_once__gives_every_reader_whole_content(store):
    data = [secrets.token_bytes(CHUNK + 1), secrets.token_bytes(300)] * 4

    with ThreadPoolExecutor(8) as pool:
        cids = list(pool.map(store.put, data))
        contents = list(pool.map(lambda cid: store.get(cid, LIMIT), cids))

    assert contents == data


def test_describe__opens_the_same_store(store):
    cid = store.put(b"found again")

    again = open_store(store.describe())

    again.check()
    assert again.get(cid, LIMIT) == b"found again"
