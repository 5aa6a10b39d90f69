"""What every transaction on the demo's chain cost, as its receipts say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from headwater.chain.asking.rpc import Chain
from headwater.chain.contracts.codec import called

DONE = {
    "createTask": "created",
    "enrol": "enrolled",
    "join": "joined",
    "submit": "submitted",
    "mask": "masked",
    "renewSeed": "renewed",
    "aggregate": "aggregated",
    "advance": "advanced",
    "collect": "collected",
    "unenrol": "unenrolled",
    "release": "released",
    "settle": "settled",
    "deposit": "deposited",
    "withdraw": "withdrawn",
    "claim": "claimed",
    "challengeMask": "challenged",
    "challengeModel": "challenged",
    "challengeUpdate": "challenged",
    "answerMask": "answered",
    "answerModel": "answered",
    "answerUpdate": "answered",
    "proveWrongPeer": "convicted",
    "reclaimBond": "reclaimed",
    "show": "shown",
    "expand": "shown",
    "conclude": "shown",
}
"""What nodes call a function that they have called."""


@dataclass(frozen=True)
class Cost:
    """One transaction. `calldata` in bytes, 0 of a deployment."""

    name: str
    gas: int
    calldata: int


def read_costs(chain: Chain, names: Mapping[str, str]) -> Iterator[Cost]:
    """Every transaction of the chain, oldest first.

    names: what the contracts are called, by address.

    Raises:
        ChainError: the node fails.
    """
    eth = chain.web3.eth
    for number in range(chain.block().number + 1):
        with chain.explained("eth_getBlockByNumber"):
            hashes = eth.get_block(number)["transactions"]
        for transaction in hashes:
            with chain.explained("eth_getTransactionReceipt"):
                receipt = eth.get_transaction_receipt(transaction)  # type: ignore[arg-type]
            to, data = chain.calldata(receipt["transactionHash"])
            if to is None:
                yield Cost(f"deploy {names[str(receipt['contractAddress'])]}", receipt["gasUsed"], 0)
                continue
            name = DONE[called(names[to], data)]
            yield Cost(name if receipt["status"] else f"{name}, too late", receipt["gasUsed"], len(data))
