"""What a node's answers must look like, and what its errors mean: what counts as an answer, and what as a failure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import requests
from web3.exceptions import BadResponseFormat

from headwater.foreign import plain

Shape = Callable[[Any], bool]

_REVERT = re.compile(r"revert", re.IGNORECASE)
_TRANSACTION = re.compile(
    r"nonce|already ?(known|imported|exists)|known transaction|underpriced|insufficient funds|intrinsic gas|base fee"
    r"|fee cap|gas limit",
    re.IGNORECASE,
)
"""Words of a node that refuses a transaction for what it is: any other node would refuse it too, or has it."""

_RANGE = re.compile(
    r"range|blocks|results|too (many logs|large|big|long|much)|size|logs? limit|limited? to|more than|HTTP 413"
    r"|(query|execution|request) (timeout|timed out|duration)",
    re.IGNORECASE,
)
"""Words of a node that was asked for more logs than it gives at once; one request too many is something else."""

_BEHIND = re.compile(r"beyond|not found|unknown|cannot be found", re.IGNORECASE)


class RateLimited(requests.RequestException):
    """A node says, by an error of JSON-RPC, that it was asked too often."""


def check_error(error: Any) -> dict[str, Any]:
    """The error of an answer, its message cut and of text only. `data` is as the node gives it, if it does.

    Raises:
        BadResponseFormat: it is no error of JSON-RPC.
        RateLimited: it is one request too many.
    """
    if not _is_error(error):
        raise BadResponseFormat("it gives what is no error of JSON-RPC")
    code, shown = error["code"], plain(error["message"])
    message = shown.lower()
    if code == requests.codes.too_many_requests or "rate limit" in message or "too many req" in message:
        raise RateLimited
    return {"code": code, "message": shown} | ({"data": error["data"]} if "data" in error else {})


def is_failure(method: str, error: Mapping[str, Any] | None) -> bool:
    """Whether an error, None where there is none, says that the node fails, and not what it was asked for.

    That a contract reverts, that a transaction cannot be taken, and that logs are asked of too many blocks are answers.
    """
    if error is None:
        return False
    message, data = error["message"], error.get("data")
    if method in ("eth_call", "eth_estimateGas"):
        data = data.get("data") if isinstance(data, dict) else data
        says_why = isinstance(data, str) and (_is_data(data) or _REVERT.match(data))
        return not (error["code"] == 3 or says_why or _REVERT.search(message) or _TRANSACTION.search(message))
    if method == "eth_sendRawTransaction":
        return not _TRANSACTION.search(message)
    if method == "eth_getLogs":
        return not _RANGE.search(f"{message} {plain(data)}") or bool(_BEHIND.search(message))
    return True


def check_result(method: str, params: Any, result: Any) -> None:
    """Refuse what no node in order answers: a result of the wrong shape, or to another question.

    Raises:
        BadResponseFormat: so it is. Methods that nobody here asks for are not known, and not checked.
    """
    if not _RESULTS.get(method, _anything)(result) or not _fits(method, params, result):
        raise BadResponseFormat(f"it gives what is no result of {method}")


def _fits(method: str, params: Any, result: Any) -> bool:
    """Whether a result, of its method's shape, is of the blocks that were asked for."""
    asked: Any = params[0] if isinstance(params, (list, tuple)) and params else None
    if method == "eth_getBlockByNumber":
        if not _is_quantity(asked):  # a tag, of a block that there always is
            return result is not None
        return result is None or int(result["number"], 16) == int(asked, 16)
    if method == "eth_getLogs" and isinstance(asked, dict):
        first, last = asked.get("fromBlock", ""), asked.get("toBlock", "")
        least, most = (int(end, 16) if _is_quantity(end) else None for end in (first, last))
        numbers = [int(log["blockNumber"], 16) for log in result]
        return all((least is None or least <= n) and (most is None or n <= most) for n in numbers)
    return True


def _anything(_: Any) -> bool:
    return True


def _is_error(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("code"), int) and isinstance(value.get("message"), str)


def _text(pattern: str) -> Shape:
    compiled = re.compile(pattern)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


_is_quantity, _is_address, _is_hash = (_text(f"0x[0-9a-fA-F]{count}") for count in ("{1,64}", "{40}", "{64}"))
_is_digits = _text("0x[0-9a-fA-F]*")


def _is_data(value: Any) -> bool:
    return _is_digits(value) and len(value) % 2 == 0


def _or_null(shape: Shape) -> Shape:
    return lambda value: value is None or shape(value)


def _list(shape: Shape) -> Shape:
    return lambda value: isinstance(value, list) and all(map(shape, value))


def _object(shapes: Mapping[str, Shape]) -> Shape:
    """An object with these members; it may have others. One that may be null may be missing."""
    return lambda value: isinstance(value, dict) and all(shape(value.get(name)) for name, shape in shapes.items())


_is_log = _object(
    {
        "address": _is_address,
        "topics": _list(_is_hash),
        "data": _is_data,
        "blockNumber": _is_quantity,
        "blockHash": _or_null(_is_hash),
        "transactionHash": _is_hash,
        "transactionIndex": _or_null(_is_quantity),
        "logIndex": _is_quantity,
    }
)
_is_block = _object(
    {
        "number": _is_quantity,
        "hash": _is_hash,
        "parentHash": _or_null(_is_hash),
        "timestamp": _is_quantity,
        "baseFeePerGas": _or_null(_is_quantity),
    }
)
_is_transaction = _object(
    {
        "hash": _is_hash,
        "from": _is_address,
        "to": _or_null(_is_address),
        "input": _is_data,
        "blockHash": _or_null(_is_hash),
        "blockNumber": _or_null(_is_quantity),
    }
)
_is_receipt = _object(
    {
        "transactionHash": _is_hash,
        "from": _is_address,
        "blockHash": _is_hash,
        "blockNumber": _is_quantity,
        "status": _is_quantity,
        "gasUsed": _is_quantity,
        "effectiveGasPrice": _is_quantity,
        "contractAddress": _or_null(_is_address),
        "logs": _list(_is_log),
    }
)
_RESULTS: Mapping[str, Shape] = {
    "eth_blockNumber": _is_quantity,
    "eth_call": _is_data,
    "eth_chainId": _is_quantity,
    "eth_estimateGas": _is_quantity,
    "eth_feeHistory": _object({"baseFeePerGas": _list(_is_quantity), "reward": _or_null(_list(_list(_is_quantity)))}),
    "eth_gasPrice": _is_quantity,
    "eth_getBalance": _is_quantity,
    "eth_getBlockByNumber": _or_null(_is_block),
    "eth_getCode": _is_data,
    "eth_getLogs": _list(_is_log),
    "eth_getTransactionByHash": _or_null(_is_transaction),
    "eth_getTransactionCount": _is_quantity,
    "eth_getTransactionReceipt": _or_null(_is_receipt),
    "eth_maxPriorityFeePerGas": _is_quantity,
    "eth_sendRawTransaction": _is_hash,
}
