"""What every transaction on the demo's chain cost, as its receipts say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from headwater.chain.contracts.codec import called
from headwater.chain.contracts.opened import Contracts

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


def read_costs(contracts: Contracts, deployed: Mapping[str, str]) -> Iterator[Cost]:
    """Every transaction of the chain, oldest first.

    deployed: what the contracts are called that are not of the deployment, by address.

    Raises:
        ChainError: the node fails.
    """
    chain, eth = contracts.chain, contracts.chain.web3.eth
    names = {**deployed, **{str(contract.address): contract.name for contract in contracts.all}}
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
