"""Several stores as one: what one cannot do another does, and who gives wrong bytes is asked last from then on."""

from __future__ import annotations

import secrets

import pytest
from structlog.testing import capture_logs

from headwater.errors import ConfigError, ContentMismatch, ContentTooLarge, StorageError, Unavailable, Unreachable
from headwater.storage.directory import DirectoryStore
from headwater.storage.kubo import KuboStore
from headwater.storage.opening import open_store
from headwater.storage.pinning import PinningService
from headwater.storage.several import SeveralStores
from headwater.storage.unixfs import CHUNK, cid_of
from tests.support.gateway import run_gateway, run_pinning_service, send, url_of
from tests.support.ipfs import run_rpc_server

DATA = b"a document"
CID = cid_of(DATA)
LIMIT = 4 * CHUNK
TOKEN = "a token that nobody shall see"


@pytest.fixture
def first(tmp_path):
    return DirectoryStore(tmp_path / "first")


@pytest.fixture
def second(tmp_path):
    return DirectoryStore(tmp_path / "second")


@pytest.fixture
def down():
    """A daemon that is not running."""
    with run_rpc_server(lambda _: None) as address:
        pass
    return KuboStore(address, 1.0)


def gateway(url: str) -> str:
    return f"gateway:{url}"


def test_put__keeps_in_every_store_that_keeps(first, second):
    assert SeveralStores([first, second]).put(DATA) == CID
    assert first.has(CID)
    assert second.has(CID)


def test_put__while_one_is_down__succeeds_and_is_brought_up_to_date_later(first, second, tmp_path):
    both = SeveralStores([first, second])
    (tmp_path / "second").rename(tmp_path / "away")
    (tmp_path / "second").write_bytes(b"in the way")
    assert both.put(DATA) == CID

    (tmp_path / "second").unlink()
    (tmp_path / "away").rename(tmp_path / "second")

    assert not both.has(CID)
    both.put(DATA)
    assert both.has(CID)
    assert second.get(CID, LIMIT) == DATA


def test_put__while_all_are_down__fails_with_each_reason(down, tmp_path):
    with pytest.raises(Unreachable) as caught:
        SeveralStores([down, down]).put(DATA)
    assert caught.value.message.count(down.describe()) == 2


def test_get__comes_from_whichever_has_it(first, second, tmp_path):
    large = secrets.token_bytes(2 * CHUNK)
    cid = second.put(large)
    both = SeveralStores([first, second])

    both.get_file(cid, tmp_path / "file", LIMIT)

    assert both.get(cid, LIMIT) == large == (tmp_path / "file").read_bytes()


def test_get__of_what_nobody_has_yet__is_unavailable_until_somebody_does(first, second):
    both = SeveralStores([first, second])
    for _ in range(3):
        with pytest.raises(Unavailable, match=f"{first.describe()}; .*{second.describe()}"):
            both.get(CID, LIMIT)
    second.put(DATA)

    assert both.get(CID, LIMIT) == DATA


def test_get__from_one_that_lies__is_refused__and_others_are_asked_before_it(second):
    second.put(DATA)
    asked = []

    def lie(cid):
        asked.append(cid)
        return b"something else"

    with run_gateway(lie) as url:
        both = SeveralStores([open_store(gateway(url)), second])
        with capture_logs() as logs:
            assert [both.get(CID, LIMIT) for _ in range(3)] == [DATA] * 3

    assert asked == [CID]
    assert [entry["store"] for entry in logs] == [gateway(url)]


def test_get__when_every_store_has_lied__asks_them_all_the_same(first):
    """A block that was damaged once must not make all else seem withheld."""
    other = first.put(b"another document")
    with run_gateway(lambda cid: DATA if cid == other else b"something else") as url:
        both = SeveralStores([open_store(gateway(url)), first])
        with pytest.raises(Unavailable, match="answered"):
            both.get(CID, LIMIT)
        first.put(DATA)
        first._path(other).write_bytes(b"damaged")
        with pytest.raises(ContentMismatch, match="answered"):
            both.get(other, LIMIT)
        assert both.get(CID, LIMIT) == DATA


def test_get__while_one_is_down__leaves_it_alone(first):
    asked = []

    def busy(handler):
        asked.append(handler.path)
        send(handler, 503)

    first.put(DATA)
    with run_rpc_server(busy) as address:
        both = SeveralStores([open_store(gateway(url_of(address))), first])
        assert [both.get(CID, LIMIT) for _ in range(5)] == [DATA] * 5

    assert len(asked) == 1


def test_get__while_all_are_left_alone__asks_them_all_the_same(first):
    answers = [503, 503]

    def recovering(handler):
        send(handler, answers.pop(), b"") if answers else send(handler, 200, DATA)

    with run_rpc_server(recovering) as address:
        alone = SeveralStores([open_store(gateway(url_of(address)))])
        for _ in range(2):
            with pytest.raises(Unreachable):
                alone.get(CID, LIMIT)
        assert alone.get(CID, LIMIT) == DATA


def test_get__of_what_is_too_large__says_that_whatever_the_others_say(first, second):
    second.put(DATA)
    with pytest.raises(ContentTooLarge):
        SeveralStores([first, second]).get(CID, len(DATA) - 1)


def test_check__wants_one_store_that_keeps(first, down):
    SeveralStores([down, first]).check()
    with run_gateway(lambda _: DATA) as url:
        SeveralStores([open_store(gateway(url))]).check()
        with pytest.raises(Unreachable, match="kubo:"):
            SeveralStores([open_store(gateway(url)), down]).check()


def test_put__where_all_only_read__says_what_to_name():
    stores = SeveralStores([open_store("gateway:http://127.0.0.1:9")])
    for write in (lambda: stores.put(DATA), lambda: stores.has(CID), lambda: stores.pin(CID)):
        with pytest.raises(StorageError, match="only reads"):
            write()


class TestPinning:
    @pytest.fixture
    def service(self):
        with run_pinning_service(TOKEN) as (service, url):
            yield service, url

    def test_put__asks_the_service_once_for_each_content__and_unpin_lets_it_go(self, service, tmp_path, monkeypatch):
        pinning, url = service
        (tmp_path / "token").write_text(f"{TOKEN}\n")
        (tmp_path / "token").chmod(0o600)
        monkeypatch.setenv("HEADWATER_PINNING_TOKEN_FILE", str(tmp_path / "token"))
        store = open_store(f"dir:{tmp_path / 'a,b'},pin:{url}")

        for data in (DATA, DATA, b"another"):
            store.put(data)
        assert sorted(pinning.pins.values()) == sorted([str(CID), str(cid_of(b"another"))])

        store.unpin(CID)
        assert list(pinning.pins.values()) == [str(cid_of(b"another"))]
        assert open_store(store.describe()).describe() == store.describe() == f"dir:{tmp_path}/a,b,pin:{url}"

    @pytest.mark.parametrize("status", (401, 403, 500))
    def test_put__when_the_service_refuses__succeeds_and_says_so_without_the_token(self, service, first, status):
        pinning, url = service
        pinning.status = status

        with capture_logs() as logs:
            assert SeveralStores([first], [PinningService(url, TOKEN)]).put(DATA) == CID

        assert f"HTTP status {status}" in logs[0]["reason"]
        assert TOKEN not in repr(logs)

    def test_pin__when_something_else_answers__is_unavailable(self):
        for body in (b"<html>", b"[]", b'{"results": 7}'):
            with run_rpc_server(lambda handler, body=body: send(handler, 200, body)) as address:
                service = PinningService(url_of(address), TOKEN, 1.0)
                with pytest.raises(Unavailable):
                    service.pin(CID)

    def test_open_store__of_a_service_without_a_token_or_a_store__says_what_to_give(self, tmp_path, monkeypatch):
        monkeypatch.delenv("HEADWATER_PINNING_TOKEN_FILE", raising=False)
        monkeypatch.delenv("HEADWATER_PINNING_TOKEN", raising=False)
        with pytest.raises(ConfigError, match="needs a token"):
            open_store(f"dir:{tmp_path},pin:https://pins.example/psa")
        with pytest.raises(ConfigError, match="a store of yours"):
            open_store("pin:https://pins.example/psa")

    def test_open_store__with_a_token_that_others_may_read__is_refused(self, tmp_path, monkeypatch):
        (tmp_path / "token").write_text(TOKEN)
        (tmp_path / "token").chmod(0o644)
        monkeypatch.setenv("HEADWATER_PINNING_TOKEN_FILE", str(tmp_path / "token"))
        with pytest.raises(ConfigError, match="can be read by every user"):
            open_store(f"dir:{tmp_path},pin:https://pins.example/psa")
