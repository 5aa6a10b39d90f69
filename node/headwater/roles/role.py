"""What all roles have in common: an account that looks at a task, decides, and acts."""

from __future__ import annotations

from abc import ABC, abstractmethod

from headwater.chain.asking.rpc import Block, Call
from headwater.chain.contracts.events import Convicted
from headwater.chain.contracts.opened import Contracts
from headwater.chain.sending.sender import Receipt, Sender
from headwater.errors import CircuitError, ConfigError, ContractError, StorageError
from headwater.protocol.decisions import (
    Action,
    Advance,
    AnswerLate,
    Claim,
    Collect,
    Deposit,
    OpenModel,
    OpenUpdate,
    Release,
    RenewSeed,
    RoundView,
    Settle,
    Unenrol,
    Withdraw,
)
from headwater.protocol.structs import TaskConfig, TaskState
from headwater.roles.report import Report


def round_view(now: int, config: TaskConfig, state: TaskState) -> RoundView:
    """Where a task is, as roles look at it. `now`: the block's time, Unix seconds."""
    return RoundView(now, state.round, config.rounds, state.phase, state.deadline, state.attempt, state.accused)


def owing(contracts: Contracts, task_id: int, account: str, block: int) -> tuple[str, ...]:
    """Trainers that were convicted by what an account showed, and have not paid it for that: their stake is there."""
    trainers, found = contracts.trainers, []
    for event in contracts.rounds.events(Convicted, last=block, task_id=task_id):
        if event.payee != account or not event.owed:
            continue
        amount, fault = trainers.slash_of(task_id, event.trainer, block)  # nothing while the round runs
        if amount and fault and trainers.get_enrolment(task_id, event.trainer, block).round == event.round:
            found.append(event.trainer)
    return tuple(found)


class Role(ABC):
    """One account in one task. Its state is the chain's; a restarted one goes on where it was."""

    def __init__(self, contracts: Contracts, task_id: int, sender: Sender, report: Report) -> None:
        """`report`: told of every step."""
        self._contracts = contracts
        self._task_id = task_id
        self.sender = sender
        self._report = report
        self._left_unanswered: frozenset[int] = frozenset()  # challenges that only a bond is to be won of

    @abstractmethod
    def decide(self, block: Block) -> Action:
        """The next action, as seen in a block."""

    def step(self) -> Action:
        """Look, decide, act. Returns the action, which is done then; for `Wait` and `Done` nothing was to be done.

        Raises:
            HeadwaterError: the action failed; nothing is lost, and the next step looks again.
        """
        action = self.decide(self._contracts.chain.block())
        self.act(action)
        return action

    def act(self, action: Action) -> Receipt | None:
        """Carry out one action. Here: those that take nothing but the account."""
        contracts, trainers, stakes = self._contracts, self._contracts.trainers, self._contracts.stakes
        match action:
            case Advance():
                return self._send(contracts.rounds.advance(self._task_id), "advanced")
            case RenewSeed():
                return self._send(contracts.rounds.renew_seed(self._task_id), "renewed")
            case Deposit(amount):
                return self._send(stakes.deposit(amount), "deposited")
            case Unenrol():
                return self._send(trainers.unenrol(self._task_id), "unenrolled")
            case Release():
                return self._send(trainers.release(self._task_id), "released")
            case Collect(rounds):
                return self._send(contracts.rewards.collect(self._task_id, rounds), "collected")
            case Settle(trainer):
                return self._send(trainers.settle(self._task_id, trainer), "settled", trainer=trainer)
            case AnswerLate(answer):
                return self._answer_late(answer)
            case Claim():
                return self._send(stakes.claim(), "claimed")
            case Withdraw(amount):
                return self._send(stakes.withdraw(amount), "withdrawn")
        return None

    def _answer(self, call: Call, challenge: int) -> Receipt:
        """Send an answer, or a part of what it shows."""
        is_part = call.to == self._contracts.openings.address
        return self._send(call, "shown" if is_part else "answered", challenge=challenge)

    def _answer_late(self, answer: OpenUpdate | OpenModel) -> Receipt | None:
        """Answer for the bond alone; where that cannot be done, let it be: nothing else is lost."""
        try:
            return self.act(answer)
        except (ConfigError, StorageError, CircuitError, ContractError) as error:
            self._left_unanswered |= {answer.challenge}
            text = (
                f"challenge {answer.challenge} stays without an answer, which could only win its bond: {error.message}"
            )
            self._report("note", text=text)
            return None

    def _send(self, call: Call, stage: str, **details: object) -> Receipt:
        receipt = self.sender.send(call)
        self._report(stage, gas=receipt.gas_used, calldata=receipt.calldata_bytes, **details)
        return receipt
