"""What a node's errors mean, in the words of many kinds of nodes."""

import pytest
from web3.exceptions import BadResponseFormat

from headwater.chain.asking.answers import RateLimited, check_error, is_failure


def error(code, message, **more):
    return {"code": code, "message": message, **more}


REVERTS = (
    error(3, "execution reverted: custom error 0x12345678", data="0x12345678"),
    error(3, "execution reverted"),
    error(-32000, "execution reverted"),
    error(-32015, "VM execution error.", data="Reverted 0x12345678"),
    error(-32603, "VM Exception while processing transaction: reverted with custom error", data={"data": "0x12345678"}),
    error(-32603, "Internal error", data={"data": "0x12345678", "message": "..."}),
    error(-32000, "insufficient funds for gas * price + value"),
)
REFUSED_TRANSACTIONS = (
    error(-32000, "nonce too low: next nonce 5, tx nonce 4"),
    error(-32003, "nonce too low"),
    error(-32000, "already known"),
    error(-32000, "AlreadyKnown"),
    error(-32010, "Transaction with the same hash was already imported."),
    error(-32003, "transaction already imported"),
    error(-32000, "known transaction: 1234"),
    error(-32000, "replacement transaction underpriced"),
    error(-32000, "transaction underpriced: gas tip cap 0, minimum needed 1"),
    error(-32003, "Insufficient funds for gas * price + value"),
    error(-32000, "intrinsic gas too low: gas 1, minimum needed 21000"),
    error(-32000, "max fee per gas less than block base fee"),
    error(-32000, "exceeds block gas limit"),
)
REFUSED_RANGES = (
    error(-32602, "range 1000000 exceeds limit of 10000"),
    error(-32005, "query returned more than 10000 results"),
    error(-32000, "block range is larger than max block range, block range = 5120, max block range = 5000"),
    error(-32602, "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range"),
    error(-32602, "invalid params", data={"payload": "range 9009594 is bigger than range limit 2000"}),
    error(-32000, "eth_getLogs is limited to a 10,000 range"),
    error(-32701, "Please specify an address in your request or, to remove restrictions, ask for fewer blocks"),
    error(-32000, "query returns too many logs, narrow your filter: 20000"),
    error(-32602, "query exceeds max results 20000, retry with the range 1-2"),
)
FAILURES = (
    error(-32005, "limit exceeded"),
    error(-32603, "internal error"),
    error(-32000, "header not found"),
    error(-32000, "daily relay limit reached"),
    error(-32601, "the method does not exist/is not available"),
    error(-32000, "missing trie node 1234 (path ) state 0x1234 is not available"),
    error(-32001, "unknown block"),
    error(-32000, "unauthorized: unknown project"),
    error(-32005, "your quota is already used up"),
)


@pytest.mark.parametrize(
    ("method", "told"),
    (
        *((method, each) for each in REVERTS for method in ("eth_call", "eth_estimateGas")),
        *(("eth_sendRawTransaction", each) for each in REFUSED_TRANSACTIONS),
        *(("eth_getLogs", each) for each in REFUSED_RANGES),
    ),
)
def test_is_failure__when_a_node_refuses_what_it_was_asked__then_that_is_an_answer(method, told):
    check_error(told)
    assert not is_failure(method, told)


METHODS = ("eth_call", "eth_estimateGas", "eth_getBalance", "eth_getLogs", "eth_sendRawTransaction")


@pytest.mark.parametrize(
    ("method", "told"),
    (
        *((method, each) for each in FAILURES for method in METHODS),
        *((method, each | {"data": {"see": "https://a.org"}}) for each in FAILURES for method in METHODS),
        ("eth_getLogs", error(-32000, "block range extends beyond current head block")),
        ("eth_getLogs", error(-32000, "One of the blocks specified in filter cannot be found.")),
    ),
)
def test_is_failure__when_a_node_cannot_answer__then_it_fails(method, told):
    check_error(told)
    assert is_failure(method, told)


def test_is_failure__when_there_is_no_error__then_it_does_not():
    assert not is_failure("eth_call", None)


@pytest.mark.parametrize(
    "told", (error(429, "slow down"), error(-32005, "Rate limit"), error(-32000, "Too many requests"))
)
def test_check_error__when_it_is_one_request_too_many__then_says_so(told):
    with pytest.raises(RateLimited):
        check_error(told)


@pytest.mark.parametrize(
    "told", (None, "error", 1, [], {}, {"code": 1}, {"message": "m"}, {"code": "1", "message": "m"})
)
def test_check_error__when_it_is_no_error_of_json_rpc__then_says_so(told):
    with pytest.raises(BadResponseFormat):
        check_error(told)
