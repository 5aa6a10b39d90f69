"""The aggregator: adds up masked updates, proves their average and posts it. Anyone may be one; the first wins."""

from __future__ import annotations

from collections.abc import Sequence

from headwater.chain.asking.rpc import Block
from headwater.chain.contracts.events import Masked
from headwater.chain.sending.sender import Receipt, Sender
from headwater.circuits.circuit import Proof
from headwater.errors import ContentMismatch
from headwater.journal.secrets import SecretStore
from headwater.protocol.decisions import (
    Action,
    Aggregate,
    AggregatorView,
    Done,
    OpenModel,
    decide_aggregator,
)
from headwater.protocol.faults import Faults
from headwater.protocol.field import to_signed
from headwater.protocol.phases import Kind
from headwater.protocol.vectors import average, public_input
from headwater.roles import masking
from headwater.roles.challenges import answer_model, demanded_model, late
from headwater.roles.heavy import Heavy
from headwater.roles.models import open_model
from headwater.roles.proofs import KeptProofs
from headwater.roles.proving import announce_proof
from headwater.roles.published import Published
from headwater.roles.report import Report
from headwater.roles.role import Role
from headwater.roles.task import Task
from headwater.storage.words import WORD


class Aggregator(Role):
    """One aggregator in one task. It sees the sum of a round's updates, and none of them."""

    def __init__(
        self,
        task: Task,
        sender: Sender,
        report: Report,
        *,
        keep_stake: bool = False,
        journal: SecretStore | None = None,
        proof_limit: float | None = None,
        heavy: Heavy | None = None,
        own: bool = True,
    ) -> None:
        """`report`: told of every step.

        keep_stake: leave the account's free stake where it is when the task has ended, for another task.
        journal: where a round's proof is kept; without one, it is made again by an aggregator that was restarted.
        proof_limit: seconds that a proof may take, instead of what is usual on this machine.
        heavy: the machine's queue; without one, it is free. own: whether the operator has chosen the task.
        """
        super().__init__(task.contracts, task.id, sender, report)
        self.task = task
        self._keep_stake = keep_stake
        self._proof_limit = proof_limit
        self._heavy, self._own = heavy or Heavy(), own
        self._kept = KeptProofs(journal, f"average/{task.place}")
        self._published = Published(journal, task)

    def view(self, block: Block) -> AggregatorView:
        """What concerns this aggregator in a block."""
        task, me, number = self.task, self.sender.address, block.number
        seen = task.seen(me, block)
        at, free, ended = seen.view, seen.account.free, seen.view.phase.is_end
        unanswered = late(task, at, Kind.MODEL, me, number, self._left_unanswered)
        return AggregatorView(
            at,
            stake=task.config.stake,
            free=free,
            answer=demanded_model(task, at, me, number),
            late=None if unanswered is None else OpenModel(unanswered),
            collectable=task.collectable(me, number) if ended else (),
            claimable=seen.account.claimable if ended else 0,
            withdrawable=free if ended and not self._keep_stake else 0,
        )

    def decide(self, block: Block) -> Action:
        """The next action, as seen in a block. A round's proof is forgotten when the round is over for good."""
        view = self.view(block)
        action = decide_aggregator(view)
        self._kept.forget(self.task.contracts.chain, block, view.at, is_done=isinstance(action, Done))
        return action

    def act(self, action: Action) -> Receipt | None:
        """Carry out one action."""
        match action:
            case Aggregate(round_):
                return self.post(round_, *self.average(round_))
            case OpenModel(challenge):
                return self._answer(answer_model(self.task, challenge), challenge)
        return super().act(action)

    def average(self, round_: int) -> tuple[list[int], Proof]:
        """The averaged weights of a round's last attempt and the proof of them; made once, also where posting fails.

        Raises:
            StorageError: an update cannot be had, or no store would take the model.
            ContentMismatch, CircuitError: as `fetch` and `prove`.
        """
        events = self.accepted(round_)
        updates = [number for event in events for number in (event.posting.update.x, event.posting.update.y)]
        inputs = [[events[0].attempt, int(self.sender.address, 16)], updates]
        proof = self._kept.get(round_, inputs)
        if proof is None:
            self.task.store.check()
            _, proof = self.prove(self._fetch(events), len(events))
            self._kept.keep(round_, inputs, proof)
        return self._weights(proof.output, 2 * len(events))[0], proof  # a proof is of twice the sum

    def fetch(self, round_: int) -> list[int]:
        """The sum of the masked updates of the round's last attempt, checked: the masks cancel in it.

        What was opened on chain is read from there, else from the store.

        Raises:
            Unavailable: a document cannot be fetched now.
            ContentMismatch: the sum is not that of the proved updates; the message names whose fault it is.
        """
        return self._fetch(self.accepted(round_))

    def _fetch(self, events: Sequence[Masked]) -> list[int]:
        opened = masking.opened(self.task, events[0].round, events[0].attempt)

        def get(event: Masked) -> bytes:
            return opened.get(event.trainer) or masking.read(self.task, event)

        total = masking.add_up(self.task, events, get)
        if total is None:
            raise self._mismatch(events[0].round, masking.examine(self.task, events, get))
        self._report("fetched", updates=len(events), bytes=len(events) * WORD * len(total))
        return total

    def accepted(self, round_: int) -> list[Masked]:
        """What the members of the round's last attempt posted, as the chain tells."""
        attempt = self.task.contracts.rounds.get_round(self.task.id, round_).attempt
        return masking.all_posted(self.task, round_, attempt)

    def _mismatch(self, round_: int, faults: Faults) -> ContentMismatch:
        """The error that names who posted what does not fit."""
        texts = [f"the masked update of {member} is not what it proved and posted" for member in faults.mismatched]
        texts += [f"{one} and {other} disagree about their mask" for one, other in faults.disagreeing]
        texts += [f"{fault.member} named {fault.wrong}, which is not its peer" for fault in faults.misdirected]
        return ContentMismatch(
            f"in round {round_}: " + "; ".join(texts),
            f"`headwater challenger run --task {self.task.id}` makes them answer for it, else the round fails",
        )

    def prove(self, total: Sequence[int], n: int) -> tuple[list[int], Proof]:
        """The averaged weights of n updates whose sum is the vector `total`, and the proof of them."""
        task, (weights, remainder) = self.task, self._weights(total, n)
        salts = total[task.learner.dimension + 1 :]
        inputs = [[*weights, task.tag], [*remainder, *salts], public_input(n, self.sender.address)]
        measured = self._kept.seconds
        deadline = task.contracts.rounds.get_state(task.id).deadline
        needed = task.machines.memory_mb(task.average)
        with self._heavy.turn(own=self._own, deadline=deadline, memory_mb=needed) as stop:
            limit = announce_proof(
                task, "average", task.average, self._report, most=self._proof_limit, measured=measured
            )
            proof = task.average.prove(inputs, limit, stop)
        self._report("proved", statement="average", seconds=proof.prove_seconds, memory_mb=round(proof.peak_memory_mb))
        return weights, proof

    def _weights(self, total: Sequence[int], n: int) -> tuple[list[int], list[int]]:
        """The averaged weights of n updates whose sum is `total`, and the remainders."""
        return average([to_signed(entry) for entry in total[: self.task.learner.dimension]], n)

    def post(self, round_: int, weights: Sequence[int], proof: Proof) -> Receipt:
        """Publish the new model with its opening, and post it with its proof."""
        rounds = self.task.contracts.rounds
        trainers = rounds.get_round(self.task.id, round_).masked
        document = open_model(self.task.average, weights).document(round_, trainers)
        cid = self._published.put(document)
        call = rounds.aggregate(self.task.id, proof.data, cid.digest)
        return self._send(call, "aggregated", round=round_, stored=len(document.encode()))
