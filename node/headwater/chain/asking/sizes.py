"""How many bytes a node's answer may have, by what it was asked: none takes more memory than an honest one."""

from __future__ import annotations

_NUMBER, _SMALL, _LARGE = 1 << 10, 1 << 16, 1 << 22

LOGS = 10 << 20
"""Of one query's logs. What has more is asked for in parts, see `logs`; a block's gas allows one event no more."""

_MOST: dict[str, int] = {
    "eth_blockNumber": _NUMBER,
    "eth_chainId": _NUMBER,
    "eth_gasPrice": _NUMBER,
    "eth_getBalance": _NUMBER,
    "eth_getTransactionCount": _NUMBER,
    "eth_maxPriorityFeePerGas": _NUMBER,
    "eth_estimateGas": _SMALL,  # with a revert's data
    "eth_feeHistory": _SMALL,
    "eth_sendRawTransaction": _SMALL,
    "eth_call": _LARGE,  # models of 10,000 rounds
    "eth_getBlockByNumber": _LARGE,  # hashes of 60,000 transactions
    "eth_getCode": _LARGE,
    "eth_getLogs": LOGS,
    "eth_getTransactionByHash": _LARGE,  # with 2 MiB of calldata
    "eth_getTransactionReceipt": _LARGE,
}
REFUSAL = _SMALL
"""Of an answer with an HTTP status that refuses the question: a page for people, maybe."""


def most_bytes(method: str) -> int:
    """The most bytes of an answer; methods that nobody here asks for have few."""
    return _MOST.get(method, _SMALL)
