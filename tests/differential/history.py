"""One history, lived twice: by the machine and by the contracts."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from headwater.chain.contracts.codec import encode_call
from headwater.protocol.keccak import keccak256
from headwater.protocol.machine import Machine, Refused
from headwater.protocol.machine.challenges import Challenges
from headwater.protocol.machine.models import Models
from headwater.protocol.machine.stakes import Stakes
from headwater.protocol.machine.tasks import Tasks
from tests.differential.onchain import Onchain, Transaction
from tests.differential.players import REFUSING, STRANGER, Players, multiply, verify
from tests.differential.views import NAMES, View, all_views, answer, encode, encode_refusal, query, recent_views
from tests.support.indexing import Index

OWNERS = {"tasks": Tasks, "stakes": Stakes, "challenges": Challenges, "models": Models}


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
    """

    def __init__(self, onchain: Onchain, tally: Counter[str], accounts: Sequence[str]) -> None:
        onchain.reset()
        codes = dict.fromkeys(onchain.verifiers, onchain.code_hash) | {STRANGER: keccak256(b"")}
        self.onchain, self.tally, self.accounts = onchain, tally, accounts
        self.machine = Machine(onchain.chain_id, onchain.at, codes, verify, multiply, {REFUSING})
        self.players = Players(self.machine)
        self.time = onchain.start

    def play(self, *calls: Call, seconds: int = 1) -> None:
        """Mine calls in one block, so many seconds after the last; compare what they return, and recent views."""
        self.time += seconds
        block = self.machine.block
        block.number, block.time, block.parent_hash = self.onchain.number + 1, self.time, self.onchain.parent_hash
        expected = [self._expect(call) for call in calls]
        actual = self.onchain.mine([self._transaction(call) for call in calls], self.time)
        for call, one, other in zip(calls, expected, actual, strict=True):
            if one != other:
                raise Divergence(f"{call}: the machine says {one.hex()}, the contract {other.hex()}")
        self._compare(recent_views(self.machine, self.accounts))

    def end(self) -> None:
        """Compare every view, also as logs alone tell it, and what the StakeManager holds."""
        self._compare(all_views(self.machine, self.accounts))
        index = Index(self.onchain.chain_id, self.onchain.at, self.onchain.time_of, multiply)
        index.read(self.onchain.logs())
        index.now(self.machine.block)
        self._compare(all_views(index.machine, self.accounts))
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

    def _expect(self, call: Call) -> bytes:
        """What the machine makes of a call, counted."""
        before = {task_id: (state.phase, state.accused) for task_id, state in self.machine.tasks.states.items()}
        method, takes = _method(call.target, call.function)
        named = {name: value for name, value in (("sender", call.sender), ("value", call.value)) if name in takes}
        try:
            returned = getattr(getattr(self.machine, call.target), method)(*named.values(), *call.arguments)
        except Refused as refused:
            self.tally[f"{call.function} {refused.error}"] += 1
            return encode_refusal(refused)
        self.tally[f"{call.function} succeeds"] += 1
        for task_id, (phase, accused) in before.items():
            now = self.machine.tasks.states[task_id]
            if now.phase != phase or call.function == "advance":
                end = self.machine.tasks.get_round(task_id, now.round - (now.phase.name == "JOIN")).phase
                how = f" {end}" if end.is_end else ""
                self.tally[f"{phase}{', accused' if accused else ''} -> {now.phase}{how}"] += 1
        return b"" if returned is None else encode(returned)

    def _transaction(self, call: Call) -> Transaction:
        data = encode_call(NAMES[call.target], call.function, call.arguments)
        return Transaction(call.sender, getattr(self.onchain.at, call.target), data, call.value)


@cache
def _method(target: str, function: str) -> tuple[str, frozenset[str]]:
    """The machine's method of a function, and which of its parameters are not arguments in Solidity."""
    name = re.sub("([A-Z])", lambda match: "_" + match[1].lower(), function)
    return name, frozenset(inspect.signature(getattr(OWNERS[target], name)).parameters) & {"sender", "value"}
