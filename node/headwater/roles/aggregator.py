"""The aggregator: adds up masked updates, proves their average and posts it. Anyone may be one; the first wins."""

from __future__ import annotations

from collections.abc import Sequence

from headwater.chain.events import Masked
from headwater.chain.rpc import Block, Call
from headwater.chain.sender import Receipt, Sender
from headwater.circuits.circuit import Proof
from headwater.errors import ContentMismatch, ContentTooLarge, DocumentError, Unavailable
from headwater.protocol.curve import INFINITY
from headwater.protocol.decisions import Action, Advance, Aggregate, Claim, Collect, decide_aggregator
from headwater.protocol.documents import MAX_BYTES
from headwater.protocol.faults import Posted, find_faults
from headwater.protocol.field import add, pack, to_signed, unpack
from headwater.protocol.vectors import average, sum_of_commitments, update_length
from headwater.roles import masking
from headwater.roles.report import Report
from headwater.roles.task import Task
from headwater.storage.cid import Cid
from headwater.storage.manifests import ModelDocument, UpdateDocument


class Aggregator:
    """One aggregator in one task. It sees the sum of a round's updates, and none of them."""

    def __init__(self, task: Task, sender: Sender, report: Report) -> None:
        """`report`: told of every step."""
        self.task = task
        self.sender = sender
        self._report = report

    def decide(self, block: Block) -> Action:
        """The next action, as seen in a block."""
        task, me, at = self.task, self.sender.address, self.task.view(block)
        if not at.phase.is_end:
            return decide_aggregator(at)
        claimable = task.contracts.stakes.claimable(me, block.number)
        return decide_aggregator(at, task.collectable(me, block.number), claimable)

    def step(self) -> Action:
        """Look, decide, act. Returns the action, which is done then; for `Wait` and `Done` nothing was to be done."""
        action = self.decide(self.task.contracts.chain.block())
        self.act(action)
        return action

    def act(self, action: Action) -> Receipt | None:
        """Carry out one action."""
        tasks = self.task.contracts.tasks
        match action:
            case Advance():
                return self._send(tasks.advance(self.task.id), "advanced")
            case Aggregate(round_):
                vectors = self.fetch(round_)
                return self.post(round_, *self.prove(add(vectors), len(vectors)))
            case Collect(rounds):
                return self._send(tasks.collect(self.task.id, rounds), "collected")
            case Claim():
                return self._send(self.task.contracts.stakes.claim(), "claimed")
        return None

    def fetch(self, round_: int) -> list[list[int]]:
        """The masked updates of the round's last attempt, whose sum is checked: the masks cancel in it.

        Raises:
            Unavailable: a document cannot be fetched now.
            ContentMismatch: the sum is not that of the proved updates; the message names whose fault it is.
        """
        events = self.accepted(round_)
        vectors = [self.read(event) for event in events]
        self.check(events, vectors)
        self._report("fetched", updates=len(vectors), bytes=sum(32 * len(v) for v in vectors))
        return vectors

    def accepted(self, round_: int) -> list[Masked]:
        """What the members of the round's last attempt posted, as the chain tells."""
        return masking.posted(self.task, round_, self.task.contracts.tasks.get_round(self.task.id, round_).attempt)

    def read(self, event: Masked) -> list[int]:
        """The vector of an update document; maybe of a wrong length, and none where the document is worthless.

        Raises:
            Unavailable: the document cannot be fetched now; the message names the trainer.
        """
        try:
            data = self.task.store.get(Cid.from_digest(event.cid), MAX_BYTES)
            return unpack(UpdateDocument.decode(data).vector)
        except Unavailable as error:
            raise Unavailable(f"the update of {event.trainer} cannot be had: {error.message}", error.hint) from error
        except (ContentTooLarge, DocumentError):
            return []

    def check(self, events: Sequence[Masked], vectors: Sequence[Sequence[int]]) -> None:
        """Check the sum of the vectors against the sum of the updates' commitments on chain.

        Raises:
            ContentMismatch: they differ; the message names who posted what does not fit.
        """
        length, commit = update_length(self.task.spec.dimension), self.task.average.commit
        whole = all(len(vector) == length for vector in vectors)
        if whole and commit(add(vectors)) == sum_of_commitments([e.update for e in events], self.task.basis.offset):
            return
        found = [commit(vector) if len(vector) == length else INFINITY for vector in vectors]
        posted = {e.trainer: Posted(e.update, e.mask_commitments, p) for e, p in zip(events, found, strict=True)}
        order = masking.attempt(self.task, events[0].round, events[0].attempt).circle
        faults = find_faults(order, posted, self.task.basis.offset)
        texts = [f"the masked update of {member} is not what it proved and posted" for member in faults.mismatched]
        texts += [f"{one} and {other} disagree about their mask" for one, other in faults.disagreeing]
        raise ContentMismatch(
            f"in round {events[0].round}: " + "; ".join(texts),
            "the round cannot be averaged so; it fails at its deadline and the next one starts",
        )

    def prove(self, total: Sequence[int], n: int) -> tuple[list[int], Proof]:
        """The averaged weights of n updates whose sum is the vector `total`, and the proof of them."""
        task, d = self.task, self.task.spec.dimension
        weights, remainder = average([to_signed(entry) for entry in total[:d]], n)
        self._report("proving", statement="average")
        public = [n, int(self.sender.address, 16)]
        proof = task.average.prove([[*weights, task.tag], [*remainder, *total[d + 1 :]], public])
        self._report("proved", statement="average", seconds=proof.prove_seconds)
        return weights, proof

    def post(self, round_: int, weights: Sequence[int], proof: Proof) -> Receipt:
        """Publish the new model and post it with its proof."""
        trainers = self.task.contracts.tasks.get_round(self.task.id, round_).masked
        document = ModelDocument.of(round=round_, trainers=trainers, weights=pack(weights))
        cid = self.task.publish(document)
        call = self.task.contracts.tasks.aggregate(self.task.id, proof.data, cid.digest)
        return self._send(call, "aggregated", round=round_)

    def _send(self, call: Call, stage: str, **details: object) -> Receipt:
        receipt = self.sender.send(call)
        self._report(stage, gas=receipt.gas_used, calldata=receipt.calldata_bytes, **details)
        return receipt
