"""Several nodes behind one connection: work goes on while one of them is in order, and nobody is believed too much."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import requests
from eth_account import Account
from structlog.testing import capture_logs

from headwater import backoff
from headwater.chain import endpoints
from headwater.chain.rpc import Call, connect
from headwater.chain.sender import Sender
from headwater.errors import ChainError
from headwater.journal.intents import Intents, State
from tests.support import proxy
from tests.support.anvil import Anvil, run_anvil
from tests.support.proxy import FaultProxy, run_proxy

CHAIN_ID = 31337
QUICK = 0.5  # seconds


@pytest.fixture(autouse=True)
def hasty(monkeypatch):
    monkeypatch.setattr(endpoints, "TIMEOUT_SECONDS", QUICK)
    monkeypatch.setattr(endpoints, "PAUSE_SECONDS", 0.01)


@pytest.fixture(scope="module")
def shared(tmp_path_factory) -> Iterator[Anvil]:
    with run_anvil(tmp_path_factory.mktemp("endpoints") / "anvil.log") as anvil:
        yield anvil


@pytest.fixture
def proxies(shared) -> Iterator[list[FaultProxy]]:
    """Three ways to one chain."""
    with ExitStack() as stack:
        yield [stack.enter_context(run_proxy(shared.url)) for _ in range(3)]


def urls(proxies: list[FaultProxy]) -> list[str]:
    return [each.url for each in proxies]


def mine(anvil: Anvil, blocks: int) -> int:
    anvil.web3.provider.make_request("anvil_mine", [hex(blocks)])
    return anvil.web3.eth.block_number


FAULTS = {
    "drops requests": proxy.drop,
    "drops answers": proxy.drop_answer,
    "hangs": proxy.delay(3 * QUICK),
    "drips": proxy.drip,
    "answers with a web page": proxy.garbage,
    "answers something else": proxy.other_request,
    "limits the rate": proxy.rate_limit,
    "limits the rate in JSON": proxy.rate_limit_in_json,
    "redirects": lambda request, forward: (_ for _ in ()).throw(proxy.Raw(b"", 302, Location="http://127.0.0.1:1/")),
    "changes the chain": proxy.chain_id(1),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_read__when_the_preferred_node_misbehaves__then_the_next_answers_and_the_first_is_left_alone(proxies, fault):
    first, second, _ = proxies
    chain = connect(urls(proxies), CHAIN_ID)
    chain.block()
    first.do(fault)
    chain._endpoints.endpoints[0].chain_id = None  # as after a moment's rest: it has to name its chain again
    start = time.monotonic()

    with capture_logs() as logs:
        number = chain.block().number

    assert number == chain.web3.eth.block_number
    assert time.monotonic() - start < 4 * QUICK
    assert [entry["endpoint"] for entry in logs if entry["event"] == "endpoint left alone"] == [first.url]
    first.asked.clear()
    chain.block()
    assert first.asked == []
    assert "eth_getBlockByNumber" in second.asked


def test_read__when_a_node_has_rested__then_it_is_preferred_again(proxies, monkeypatch):
    monkeypatch.setattr(backoff, "FIRST_SECONDS", 0.2)
    first, second, _ = proxies
    chain = connect(urls(proxies), CHAIN_ID)
    first.do(proxy.drop, times=2)
    chain.block()
    time.sleep(0.2)
    second.asked.clear()

    chain.block()

    assert second.asked == []


def test_rest__of_a_node_that_limits_its_rate__is_as_long_as_it_asks():
    endpoint, now = endpoints.Endpoint("http://127.0.0.1:1"), time.monotonic()
    response = requests.Response()
    response.status_code, response.headers["Retry-After"] = 429, "77"
    endpoint.rest(requests.HTTPError(response=response))

    assert round(endpoint.backoff.until - now) == 77


def test_reads__of_one_look__stay_with_the_node_that_answered(proxies):
    first = proxies[0]
    chain = connect(urls(proxies), CHAIN_ID)
    chain.block()
    first.do(proxy.drop, times=2)
    chain.balance(Account.create().address)
    chain._endpoints.endpoints[0].backoff.worked()
    first.asked.clear()

    chain.balance(Account.create().address)
    assert first.asked == []
    chain.block()
    assert "eth_getBlockByNumber" in first.asked


def test_read__when_every_node_misbehaves__then_the_error_names_them_and_none_is_given_up(proxies):
    chain = connect(urls(proxies), CHAIN_ID)
    for each in proxies:
        each.do(proxy.drop)
    with pytest.raises(ChainError, match=f"{proxies[0].url}, {proxies[1].url}, {proxies[2].url}"):
        chain.block()

    proxies[2].do(proxy.honest)
    assert chain.block().number >= 0


def test_connect__when_one_node_is_of_another_chain__then_it_is_refused_by_name(proxies):
    proxies[1].do(proxy.chain_id(1))
    for expected in (CHAIN_ID, None):
        with pytest.raises(ChainError, match=f"the node at {proxies[1].url} serves chain 1, not {CHAIN_ID}"):
            connect(urls(proxies), expected)


def test_connect__when_one_node_is_down__then_the_others_do__and_it_must_name_its_chain_first(proxies):
    first = proxies[0]
    first.do(proxy.drop)
    chain = connect(urls(proxies), CHAIN_ID)
    first.do(proxy.chain_id(1))
    first.asked.clear()
    chain._endpoints.endpoints[0].backoff.worked()

    chain.block()

    assert set(first.asked) == {"eth_chainId"}


class TestHeights:
    @pytest.fixture(autouse=True)
    def long_chain(self, shared):
        mine(shared, 2 * endpoints.MAX_LAG)

    def test_look__when_the_preferred_node_is_far_behind__then_another_is_asked(self, shared, proxies):
        proxies[0].do(proxy.stale(3))

        assert connect(urls(proxies[:2]), CHAIN_ID).block().number == shared.web3.eth.block_number

    def test_look__when_a_node_falls_behind_later__then_another_is_asked(self, shared, proxies):
        chain = connect(urls(proxies[:2]), CHAIN_ID)
        at = chain.block().number
        proxies[0].do(proxy.stale(at - endpoints.MAX_LAG - 1))

        assert chain.block().number == at

    def test_look__when_a_node_is_a_little_behind__then_that_is_how_it_is(self, shared, proxies):
        at = shared.web3.eth.block_number
        proxies[0].do(proxy.stale(at - endpoints.MAX_LAG))

        assert connect(urls(proxies[:2]), CHAIN_ID).block().number == at - endpoints.MAX_LAG

    def test_look__when_one_of_three_claims_to_be_far_ahead__then_it_alone_is_left_alone(self, shared, proxies):
        proxies[0].do(proxy.shifted(10**9))
        chain = connect(urls(proxies), CHAIN_ID)

        assert chain.block().number == shared.web3.eth.block_number
        proxies[0].asked.clear()
        chain.block()
        assert proxies[0].asked == []
        assert "eth_getBlockByNumber" in proxies[1].asked


@pytest.mark.parametrize("fault", (proxy.drop, proxy.drop_answer, proxy.duplicate, proxy.rate_limit, proxy.garbage))
def test_send__when_the_node_fails_at_the_broadcast__then_it_arrives_once(shared, proxies, fault):
    intents, target = Intents(), Account.create().address
    sender = Sender(connect(urls(proxies), CHAIN_ID), shared.accounts[2], 30, intents=intents)
    nonce = sender.next_nonce()
    proxies[0].do(fault, "eth_sendRawTransaction")

    sender.send(Call(target, b"", 1, "a gift"))

    assert shared.web3.eth.get_balance(target) == 1
    assert sender.next_nonce() == nonce + 1
    assert [intent.state for intent in intents.all()] == [State.MINED]


def test_send__when_no_node_can_be_reached__then_it_is_sent_once_they_can(shared, proxies):
    intents, target = Intents(), Account.create().address
    sender = Sender(connect(urls(proxies), CHAIN_ID), shared.accounts[3], 30, intents=intents)
    for each in proxies:
        each.do(proxy.drop, "eth_sendRawTransaction")
    with pytest.raises(ChainError):
        sender.send(Call(target, b"", 1, "a gift"))
    assert [intent.state for intent in intents.all()] == [State.PREPARED]
    for each in proxies:
        each.do(proxy.honest)

    sender.next_nonce()

    assert shared.web3.eth.get_balance(target) == 1
    assert [intent.state for intent in intents.all()] == [State.MINED]


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_errors_and_logs__of_a_failing_node__show_none_of_its_secrets(proxies, fault, caplog):
    one = proxies[0]
    secret_url = one.url.replace("http://", "http://user:hunter2@") + "/v3/hunter2?key=hunter2"
    caplog.set_level(0)
    one.do(fault)

    with capture_logs() as logs, pytest.raises(ChainError) as caught:
        connect([secret_url, secret_url.replace("user", "other")], CHAIN_ID)

    chain = [caught.value]
    while chain[-1].__cause__ or (chain[-1].__context__ and not chain[-1].__suppress_context__):
        chain.append(chain[-1].__cause__ or chain[-1].__context__)
    shown = repr([(str(error), error.args) for error in chain]) + repr(logs)
    assert "hunter2" not in shown
    assert one.url in shown
