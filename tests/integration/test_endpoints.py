"""Several nodes behind one connection: work goes on while one of them is in order, and nobody is believed too much."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import requests
from eth_account import Account
from structlog.testing import capture_logs
from web3.exceptions import ContractLogicError, Web3RPCError

from headwater import backoff
from headwater.chain.asking import endpoints
from headwater.chain.asking.rpc import Call, connect
from headwater.chain.asking.sizes import most_bytes
from headwater.chain.sending.sender import Sender
from headwater.errors import ChainError, ContractError
from headwater.journal.intents import Intents, State
from headwater.replies import ReplyTooLong
from tests.support import proxy
from tests.support.anvil import Anvil, run_anvil
from tests.support.proxy import FaultProxy, run_proxy

CHAIN_ID = 31337
QUICK = 1.0  # seconds


@pytest.fixture(autouse=True)
def hasty(monkeypatch):
    monkeypatch.setattr(endpoints, "TIMEOUT_SECONDS", QUICK)
    monkeypatch.setattr(endpoints, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(endpoints, "ATTEMPTS", 2)


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
    "answers what is no answer": proxy.ill_formed,
    "answers with an error": proxy.internal_error,
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


ADDRESS = "0x" + "11" * 20
NUMBER, HASH = "0x1", "0x" + "22" * 32
BLOCK = {"number": NUMBER, "hash": HASH, "timestamp": NUMBER}
READS = {
    "eth_call": lambda chain: chain.call(Call(ADDRESS, b"", 0, "a call")),
    "eth_getBalance": lambda chain: chain.balance(ADDRESS),
    "eth_getBlockByNumber": lambda chain: chain.block(),
    "eth_getCode": lambda chain: chain.code(ADDRESS),
    "eth_getLogs": lambda chain: list(chain.logs(ADDRESS, [], 0, 0)),
    "eth_getTransactionCount": lambda chain: Sender(chain, Account.create()).next_nonce(),
}
ILL_FORMED = (
    *(("eth_call", value) for value in (None, 1, [], {}, "", "0x1", "0xzz")),
    *(("eth_getBalance", value) for value in (None, "0x", "12", "0xg", True)),
    *(
        ("eth_getBlockByNumber", value)
        for value in (None, "0x", [], {**BLOCK, "number": "0x"}, {**BLOCK, "hash": "0x"})
    ),
    *(("eth_getBlockByNumber", {name: BLOCK[name] for name in BLOCK.keys() - {missing}}) for missing in BLOCK),
    *(("eth_getCode", value) for value in (None, "0x0", "code")),
    *(("eth_getLogs", value) for value in (None, "0x", {}, [1], [None], [{}])),
    *(("eth_getTransactionCount", value) for value in (None, "0x", 7.5)),
)


@pytest.mark.parametrize(("method", "value"), ILL_FORMED)
def test_read__when_a_result_has_not_the_shape_of_its_method__then_the_next_node_is_asked(proxies, method, value):
    first, _, third = proxies
    chain, expected = connect(urls(proxies)[:2], CHAIN_ID), READS[method](connect(third.url))
    first.do(proxy.result(value), method)

    with capture_logs() as logs:
        assert READS[method](chain) == expected

    assert [entry["endpoint"] for entry in logs if entry["event"] == "endpoint left alone"] == [first.url]
    alone = connect(first.url)
    with pytest.raises(ChainError, match=f"is no Ethereum node: it gives what is no result of {method}"):
        READS[method](alone)


def test_read__when_a_node_tells_of_other_blocks_than_it_is_asked_for__then_the_next_is_asked(proxies):
    first = proxies[0]
    chain = connect(urls(proxies), CHAIN_ID)
    first.do(proxy.result({**BLOCK, "number": "0x7"}), "eth_getBlockByNumber")
    assert chain.block(0).number == 0
    log = {"address": ADDRESS, "topics": [], "data": "0x", "transactionHash": HASH, "logIndex": NUMBER}
    first.do(proxy.result([{**log, "blockNumber": "0x7"}]), "eth_getLogs")
    chain._endpoints.endpoints[0].backoff.worked()
    chain._endpoints.begin_look()
    assert list(chain.logs(ADDRESS, [], 0, 0)) == []


ERRORS = (
    (-32005, "limit exceeded", {}),
    (-32603, "internal error", {}),
    (-32000, "header not found", {}),
    (-32000, "daily relay limit reached", {}),
    (-32601, "the method does not exist/is not available", {}),
    (-32005, "project ID request quota exceeded", {"data": {"see": "https://example.org"}}),
    (-32603, "internal error", {"data": None}),
)


@pytest.mark.parametrize(("code", "message", "more"), ERRORS)
def test_everything__when_a_node_answers_with_errors_but_seems_alive__then_the_next_does_it(
    shared, proxies, code, message, more
):
    first, target = proxies[0], Account.create().address
    chain = connect(urls(proxies)[:2], CHAIN_ID)
    sender = Sender(chain, shared.accounts[4], 30)
    fails = proxy.error(code, message, **more)

    def fault(request, forward):
        return (proxy.honest if request["method"] in ("eth_chainId", "eth_blockNumber") else fails)(request, forward)

    first.do(fault)
    for act in (*READS.values(), lambda _: sender.send(Call(target, b"", 1, "a gift"))):
        chain._endpoints.endpoints[0].backoff.worked()
        chain._endpoints.begin_look()
        act(chain)
        assert chain.endpoints == {first.url: True, proxies[1].url: False}

    assert shared.web3.eth.get_balance(target) == 1
    assert set(READS) <= set(first.asked)


@pytest.mark.parametrize(("code", "message", "more"), ERRORS)
def test_read__when_every_node_answers_with_an_error__then_the_first_ones_words_are_told_and_none_is_left_alone(
    proxies, code, message, more
):
    chain = connect(urls(proxies)[:2], CHAIN_ID)
    proxies[0].do(proxy.error(code, message, **more), "eth_call")
    proxies[1].do(proxy.error(-32000, "other words"), "eth_call")

    with pytest.raises(ChainError) as caught:
        READS["eth_call"](chain)

    assert not isinstance(caught.value, ContractError)
    assert message in caught.value.message or code == -32601
    assert not any(chain.endpoints.values())
    assert proxies[0].asked.count("eth_call") == proxies[1].asked.count("eth_call") == 1


class TestAnswersThatAreErrors:
    """They are the chain's word: no other node is asked, and none is left alone."""

    REVERTS = "0x60006000fd"

    @pytest.fixture
    def chain(self, proxies):
        chain = connect(urls(proxies)[:2], CHAIN_ID)
        chain.block()
        yield chain
        assert not any(chain.endpoints.values())
        assert set(proxies[1].asked) == {"eth_chainId", "eth_blockNumber"}

    def test_revert(self, shared, chain):
        target = Account.create().address
        shared.web3.provider.make_request("anvil_setCode", [target, self.REVERTS])
        with pytest.raises(ContractError):
            chain.call(Call(target, b"", 0, "a call"))
        with chain.explained("a call"), pytest.raises(ContractLogicError):
            chain.web3.eth.estimate_gas({"to": target})

    def test_transaction_that_nobody_would_take(self, shared, chain):
        poor = Account.create()
        with pytest.raises(ChainError, match="cannot pay for a palace"):
            Sender(chain, poor).send(Call(ADDRESS, b"", 10**30, "a palace"))
        rich = shared.accounts[5]
        fields = {"to": ADDRESS, "value": 1, "gas": 21_000, "gasPrice": 10**11, "chainId": CHAIN_ID}
        nonce = shared.web3.eth.get_transaction_count(rich.address)
        raw = rich.sign_transaction({**fields, "nonce": nonce}).raw_transaction
        chain.web3.eth.send_raw_transaction(raw)
        with pytest.raises(Web3RPCError):
            chain.web3.eth.send_raw_transaction(raw)

    def test_range_that_is_too_wide(self, shared, proxies, chain):
        mine(shared, 100)
        proxies[0].do(proxy.narrow(30))
        assert list(chain.logs(ADDRESS, [], 1, 100)) == []


class TestAnswersThatAreTooLong:
    """As logs of many blocks may be."""

    @staticmethod
    def long(request, forward):
        raise proxy.Raw(b'{"jsonrpc": "2.0", "result": "' + b" " * most_bytes(request["method"]) + b'"}')

    def test_read__from_all_nodes__then_each_is_asked_once_and_none_is_left_alone(self, proxies):
        chain = connect(urls(proxies))
        for each in proxies:
            each.do(self.long, "eth_getLogs")
            each.asked.clear()
        with pytest.raises(ChainError, match="too much") as caught, capture_logs() as logs:
            list(chain.logs(ADDRESS, [], 0, 0))
        assert isinstance(caught.value.__cause__, ReplyTooLong)
        assert [each.asked.count("eth_getLogs") for each in proxies] == [1, 1, 1]
        assert not any(entry["event"] == "endpoint left alone" for entry in logs)

    def test_read__from_one_node__then_the_next_is_believed_and_that_one_left_alone(self, proxies):
        chain = connect(urls(proxies))
        proxies[0].do(self.long)
        with capture_logs() as logs:
            assert chain.balance("0x" + "77" * 20) == 0
        assert [entry["endpoint"] for entry in logs if entry["event"] == "endpoint left alone"] == [proxies[0].url]

    def test_read__where_another_refuses_as_many_blocks__then_none_is_left_alone(self, proxies):
        chain = connect(urls(proxies[:2]))
        proxies[0].do(self.long, "eth_getLogs")
        proxies[1].do(proxy.narrow(0), "eth_getLogs")
        with pytest.raises(ChainError, match="block range") as caught, capture_logs() as logs:
            list(chain.logs(ADDRESS, [], 0, 0))
        assert isinstance(caught.value.__cause__, Web3RPCError)
        assert not any(entry["event"] == "endpoint left alone" for entry in logs)


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
