"""One history, lived twice: by the machine and by the contracts."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from headwater.chain.contracts.codec import encode_call
from headwater.chain.contracts.events import Convicted
from headwater.protocol.keccak import keccak256
from headwater.protocol.machine import Machine, Refused
from headwater.protocol.machine.challenges import Challenges
from headwater.protocol.machine.models import Models
from headwater.protocol.machine.openings import Openings
from headwater.protocol.machine.proofs import Proofs
from headwater.protocol.machine.rewards import Rewards
from headwater.protocol.machine.rounds import Rounds
from headwater.protocol.machine.stakes import Stakes
from headwater.protocol.machine.tasks import Tasks
from headwater.protocol.machine.trainers import Trainers
from headwater.protocol.phases import TrainerStatus
from headwater.protocol.structs import ZERO_HASH
from tests.differential.onchain import Mined, Onchain, Transaction
from tests.differential.players import REFUSING, STRANGER, Gate, Players, balanced, multiply, verify
from tests.differential.views import (
    NAMES,
    View,
    all_views,
    answer,
    encode,
    encode_refusal,
    query,
    recent_views,
)
from tests.support.indexing import Index

OWNERS = {
    "tasks": Tasks,
    "rounds": Rounds,
    "trainers": Trainers,
    "rewards": Rewards,
    "stakes": Stakes,
    "models": Models,
    "challenges": Challenges,
    "openings": Openings,
    "proofs": Proofs,
}


class Divergence(AssertionError):
    """Machine and contracts disagree."""


@dataclass(frozen=True)
class Call:
    """A call of a contract (a field of `Addresses`), by the function's name in Solidity."""

    target: str
    function: str
    sender: str
    arguments: tuple[Any, ...] = ()
    value: int = 0


class History:
    """Both sides, the time, and what has happened.

    Attributes:
        accounts: whose views are compared.
        tally: what was reached, over all histories.
        base_fee: of the blocks to come, wei a unit of gas.
        broken: whether the two have parted, or a block could not be played.
    """

    def __init__(self, onchain: Onchain, tally: Counter[str], accounts: Sequence[str]) -> None:
        onchain.reset()
        codes = onchain.codes | {STRANGER: keccak256(b"")}
        self.onchain, self.tally, self.accounts = onchain, tally, accounts
        self.machine = Machine(
            onchain.chain_id, onchain.at, codes, verify, Gate().admit, multiply, balanced, {REFUSING}
        )
        self.players = Players(self.machine, lambda number: onchain.known().get(number, ZERO_HASH))
        self.time = onchain.start
        self.base_fee = 0
        self.broken = False

    def play(self, *calls: Call, seconds: int = 1) -> None:
        """Mine calls in one block, so many seconds after the last; compare what they return, and recent views."""
        self.broken = True
        self.time += seconds
        block = self.machine.block
        block.number, block.time, block.base_fee = self.onchain.number + 1, self.time, self.base_fee
        block.hashes = self.onchain.known()
        mined = self.onchain.mine([self._transaction(call) for call in calls], self.time, self.base_fee)
        for call, one in zip(calls, mined, strict=True):
            block.gas = self._gas(one)
            expected = self._expect(call)
            if one.output != expected:
                raise Divergence(f"{call}: the machine says {expected.hex()}, the contract {one.output.hex()}")
        self._compare(recent_views(self.machine, self.accounts))
        self.broken = False

    def forget(self) -> None:
        """Let so many blocks pass that the chain forgets the newest one's hash."""
        self.broken = True  # until `play` has ended
        self.time += self.onchain.forget(self.time)
        self.tally["a block is forgotten"] += 1
        self.play()

    def end(self) -> None:
        """Compare every view, also as logs alone tell it, and what the StakeManager holds."""
        if self.broken:
            return  # and something tells why
        claims = [*self.machine.openings.shown]
        self._compare(all_views(self.machine, self.accounts, claims))
        index = Index(self.onchain.chain_id, self.onchain.at, self.onchain.time_of, multiply)
        index.read(self.onchain.logs())
        index.now(self.machine.block)
        self._compare(all_views(index.machine, self.accounts, claims))
        held, expected = self.onchain.balance(self.onchain.at.stakes), self.machine.stakes.balance()
        if held != expected:
            raise Divergence(f"the machine's StakeManager holds {expected} wei, the contract {held}")

    def _compare(self, views: Iterable[View]) -> None:
        views = list(views)
        addresses = [self.onchain.address(view.target) for view in views]
        read = self.onchain.read(b"".join(query(to, *view[:3]) for to, view in zip(addresses, views, strict=True)))
        expected = [answer(view) for view in views]
        if read == b"".join(expected):
            return
        for view, one in zip(views, expected, strict=True):
            size = 4 + int.from_bytes(read[1:4], "big")
            other, read = read[:size], read[size:]
            if one != other:
                raise Divergence(f"{view.function}{view.arguments}:\nmachine  {one.hex()}\ncontract {other.hex()}")

    def _gas(self, mined: Mined) -> Callable[[], int]:
        """What a call had burnt when it counted it, by what it says that is owed for it.

        No machine can predict that. But it is something, and no more than the whole transaction burnt.
        """

        def counted() -> int:
            burnt, events = self.onchain.receipt(mined.transaction_hash)
            convictions = [event for event in events if isinstance(event, Convicted)]
            if not convictions or not self.base_fee:
                return 0
            gas, rest = divmod(convictions[0].owed, self.base_fee)
            if rest or not 0 < gas <= burnt or convictions[1:]:
                raise Divergence(f"{convictions}, of which the first owes for {gas} gas of {burnt}")
            self._count_paid(convictions[0])
            return gas

        return counted

    def _count_paid(self, convicted: Convicted) -> None:
        """Count a conviction that pays for an answer, by what the machine has of it before."""
        rounds, number = self.machine.rounds, convicted.round
        entry = rounds.get_roster_entry(convicted.task_id, number, convicted.trainer.lower())
        self.tally[f"an answer is paid for in {rounds.get_round(convicted.task_id, number).phase}"] += 1
        self.tally["a liar convicted before still owes"] += entry.status == TrainerStatus.GUILTY

    def _expect(self, call: Call) -> bytes:
        """What the machine makes of a call, counted."""
        before = {task_id: (state.phase, state.accused) for task_id, state in self.machine.rounds.states.items()}
        method, takes = _method(call.target, call.function)
        named = {name: value for name, value in (("sender", call.sender), ("value", call.value)) if name in takes}
        try:
            returned = getattr(getattr(self.machine, call.target), method)(*named.values(), *call.arguments)
        except Refused as refused:
            self.tally[f"{call.function} {refused.error}"] += 1
            return encode_refusal(refused)
        self.tally[f"{call.function} succeeds"] += 1
        self.tally["several proofs at once"] += call.function == "submit" and len(call.arguments[1]) > 1
        for task_id, (phase, accused) in before.items():
            now = self.machine.rounds.states[task_id]
            if now.phase != phase or call.function == "advance":
                end = self.machine.rounds.get_round(task_id, now.round - (now.phase.name == "JOIN")).phase
                how = f" {end}" if end.is_end else ""
                self.tally[f"{phase}{', accused' if accused else ''} -> {now.phase}{how}"] += 1
        return b"" if returned is None else encode(returned)

    def _transaction(self, call: Call) -> Transaction:
        data = encode_call(NAMES[call.target], call.function, call.arguments)
        return Transaction(call.sender, self.onchain.address(call.target), data, call.value)


@cache
def _method(target: str, function: str) -> tuple[str, frozenset[str]]:
    """The machine's method of a function, and which of its parameters are not arguments in Solidity."""
    name = re.sub("([A-Z])", lambda match: "_" + match[1].lower(), function)
    return name, frozenset(inspect.signature(getattr(OWNERS[target], name)).parameters) & {"sender", "value"}
