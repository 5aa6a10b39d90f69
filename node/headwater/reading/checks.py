"""What an audit says, and how it gets at what was sent to contracts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from headwater.chain.asking.rpc import Chain
from headwater.chain.contracts.codec import decode_call
from headwater.chain.contracts.contract import Contract
from headwater.chain.contracts.events import Event
from headwater.circuits.circuit import Circuit, proof_points
from headwater.foreign import plain
from headwater.protocol.curve import Point

MODEL, DATA, PUBLIC, LAST = 0, 1, 2, 3  # a proof's points


@dataclass(frozen=True)
class Check:
    """One thing that must hold. `ok` is None where it could not be checked: `detail` says why."""

    name: str
    ok: bool | None
    detail: str = ""


@dataclass
class Section:
    """What belongs together: a task, or one round of it."""

    title: str
    checks: list[Check] = field(default_factory=list)

    def check(self, name: str, ok: bool | None, detail: str = "") -> bool:
        """Note a check, and return whether it held."""
        self.checks.append(Check(name, ok, detail))
        return bool(ok)

    def sent(self, what: str, event: Event, chain: Chain, contract: Contract, function: str) -> tuple[Any, ...] | None:
        """The arguments with which a contract's function was called in the transaction of an event.

        None, and a check that says so, where they cannot be had: for example, another contract made the call.
        """
        to, data = chain.calldata(event.transaction_hash)
        if to is None or int(to, 16) != int(contract.address, 16):
            self.check(what, None, "it was sent through another contract, which hides its calldata")
            return None
        try:
            return decode_call(contract.name, function, data)
        except ValueError as error:
            self.check(what, False, plain(error))
            return None


def points_of(proof: bytes) -> tuple[Point, ...]:
    """The commitments that a proof, which was verified, starts with."""
    return proof_points(proof, LAST + 1)


def verified(circuit: Circuit, proofs: list[bytes]) -> list[bool]:
    """Which proofs the key of a rebuilt circuit accepts."""
    return circuit.verify(proofs) if proofs else []
