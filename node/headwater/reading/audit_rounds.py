"""The audit of a round: its proofs, its attempts at masking, its averages, and the model that it made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from headwater.chain.contracts.events import Convicted, LinksClaimed, Masked, ModelAdded, Submitted
from headwater.errors import ContentMismatch, Unavailable
from headwater.protocol.curve import Point
from headwater.protocol.faults import Posted, find_faults
from headwater.protocol.keccak import keccak256
from headwater.protocol.masks import circle
from headwater.protocol.phases import Phase
from headwater.protocol.vectors import sum_of_commitments, twice
from headwater.reading.audit_links import check_claims
from headwater.reading.checks import DATA, LAST, MODEL, PUBLIC, Section, points_of, verified
from headwater.reading.history import Attempt, History, Part, RoundHistory, place
from headwater.roles.task import Task, point_hash


def round_section(task: Task, history: History, round_: RoundHistory, base: Point, added: ModelAdded | None) -> Section:
    """All checks of a round.

    Args:
        base: the commitment of the model that it started from.
        added: what it added to the registry, if it did.
    """
    return _Round(task, history, round_, base, added).section()


@dataclass
class _Round:
    task: Task
    history: History
    round: RoundHistory
    base: Point
    added: ModelAdded | None

    def section(self) -> Section:
        """All checks of the round."""
        section = Section(f"round {self.round.number}: {self.round.phase}")
        self._training(section)
        for attempt in self.round.attempts:
            self._seed(section, attempt)
        if self.round.attempts:
            self._masks(section)
        self._averages(section)
        self._model(section)
        self._compensations(section)
        return section

    def _training(self, section: Section) -> None:
        """Each submission: all its proofs, from the round's model to the update, about data of the trainer's own."""
        parts = self.round.parts.values()
        submitted = {part.trainer: part.submitted for part in parts if part.submitted and part.submitted.data_hashes}
        check_claims(section, self.task, self.round, point_hash(self.base))
        for part in parts:
            own = all(
                self._has_registered(part.trainer, link.data_hash, event)
                for event in part.claims
                for link in event.links
            )
            if part.claims:
                section.check(f"{part.trainer}: on data that it had registered", own)
        chains = self._submissions(section, submitted)
        accepted = iter(verified(self.task.train, [proof for chain in chains.values() for proof in chain]))
        for who, chain in chains.items():
            valid = [next(accepted) for _ in chain]
            if not section.check(f"{who}: proof", all(valid) and bool(valid), _several(chain)):
                continue
            event, points = submitted[who], [points_of(proof) for proof in chain]
            section.check(f"{who}: from the round's model", points[0][MODEL] == self.base)
            if len(points) > 1:
                linked = all(following[MODEL] == before[LAST] for before, following in pairwise(points))
                section.check(f"{who}: each proof from where the last one ended", linked)
            hashes = tuple(point_hash(each[DATA]) for each in points)
            own = all(self._has_registered(who, data_hash, event) for data_hash in hashes)
            section.check(f"{who}: on data that it had registered", own and hashes == event.data_hashes)
            section.check(f"{who}: the update is the proved one", points[-1][LAST] == event.update)

    def _submissions(self, section: Section, submitted: Mapping[str, Submitted]) -> dict[str, Sequence[bytes]]:
        found, contracts = {}, self.task.contracts
        for who, event in submitted.items():
            arguments = section.sent(f"{who}: proof", event, contracts.chain, contracts.proofs, "submit")
            if arguments is not None:
                found[who] = arguments[1]
        return found

    def _has_registered(self, trainer: str, data_hash: bytes, by: Submitted | LinksClaimed) -> bool:
        event = self.history.registered.get(data_hash)
        return event is not None and event.trainer == trainer and place(event) < place(by)

    def _seed(self, section: Section, attempt: Attempt) -> None:
        """That nobody chose who is whose peer: the seed follows from a block that nobody had seen."""
        if attempt.drawn is None:
            return
        name, named = f"attempt {attempt.number}: the seed is of the block that fixed its members", attempt.named
        if named.seed_block != named.block_number:
            section.check(name, None, "this chain's contracts count blocks otherwise than its nodes")
        elif (block_hash := self.task.contracts.chain.block_hash(named.seed_block)) is None:
            section.check(name, None, f"the node does not have block {named.seed_block}")
        else:
            words = (self.task.id, self.round.number, attempt.number)
            seed = keccak256(block_hash + b"".join(word.to_bytes(32, "big") for word in words))
            later = attempt.drawn.block_number > named.seed_block
            section.check(name, seed == attempt.drawn.seed and later, f"block {named.seed_block}")

    def _masks(self, section: Section) -> None:
        """The books of the last attempt. Where they do not fit, nobody can average, and a challenge names the liar."""
        attempt = self.round.attempts[-1]
        posted = {trainer: event.posting for trainer, event in self._masked().items()}
        proved = {part.trainer: part.submitted.update for part in self.round.parts.values() if part.submitted}
        same = all(posting.update == proved.get(trainer) for trainer, posting in posted.items())
        section.check("what was masked is what was proved", same, f"{len(posted)} trainers, attempt {attempt.number}")
        if attempt.drawn is None:
            return
        seed = attempt.drawn.seed
        section.check("it was masked for this seed", all(posting.seed == seed for posting in posted.values()))
        if len(posted) == attempt.members:
            books = {t: Posted(p.update, {m.peer: m.commitment for m in p.masks}) for t, p in posted.items()}
            faults = find_faults(circle(list(posted), seed), books, self.task.basis.offset)
            section.check("peers posted the same masks", None if faults else True, "somebody lied" if faults else "")

    def _averages(self, section: Section) -> None:
        task, of = self.task, self.task.contracts
        updates = [event.posting.update for event in self._masked().values()]
        for event in self.round.averages:
            who = event.aggregator
            arguments = section.sent(f"{who}: proof", event, of.chain, of.rounds, "aggregate")
            if arguments is None or not section.check(f"{who}: proof", all(verified(task.average, [arguments[1]]))):
                continue
            points = points_of(arguments[1])
            total = task.tagged(sum_of_commitments(updates, task.basis.offset))
            same = points[LAST] == twice(total, task.basis.offset)
            section.check(f"{who}: the sum of exactly the {len(updates)} masked updates", same)
            public = task.basis.commit([len(updates), int(who, 16)])
            section.check(f"{who}: for this number and aggregator", points[PUBLIC] == public)
            same = point_hash(points[MODEL]) == event.new_model_hash and points[MODEL] == event.average
            section.check(f"{who}: the accepted model is the proved average", same)

    def _model(self, section: Section) -> None:
        """What the registry got: only from a finalized round, the last average; and its bytes can be had."""
        finalized = self.round.phase is Phase.FINALIZED
        section.check("a model was added" if finalized else "no model was added", (self.added is not None) == finalized)
        if self.added is None or not finalized:
            return
        average = self.round.averages[-1]
        same = (self.added.model_hash, self.added.cid) == (average.new_model_hash, average.cid)
        section.check(
            "it is the accepted average", same and point_hash(self.added.commitment) == average.new_model_hash
        )
        name = "its bytes have its CID, and its weights this commitment"
        try:
            self.task.weights(self.task.contracts.models.get_model(self.task.id, self.round.number))
            section.check(name, True)
        except Unavailable as error:
            section.check(name, None, error.message)
        except ContentMismatch as error:
            section.check(name, False, error.message)

    def _compensations(self, section: Section) -> None:
        """Who was paid out of a slash: whoever had to show the fault, not more than it was owed."""
        for part in self.round.parts.values():
            if (paid := part.compensated) is not None:
                owed = _owed(part, part.convicted)
                name = f"{paid.account}: paid for showing the fault of {part.trainer}"
                section.check(name, paid.account == owed[0] and paid.amount <= owed[1], f"{paid.amount} wei")

    def _masked(self) -> dict[str, Masked]:
        """What was posted in the round's last attempt, by member."""
        last = len(self.round.attempts)
        return {part.trainer: part.masked[last] for part in self.round.parts.values() if last in part.masked}


def _owed(part: Part, convicted: Convicted | None) -> tuple[str, int]:
    """To whom a part owes what, wei, out of its slash."""
    if convicted is None or part.slashed is None:
        return "", 0
    return convicted.payee, min(convicted.owed, part.slashed.slashed)


def _several(chain: Sequence[bytes]) -> str:
    return f"{len(chain)} proofs" if len(chain) > 1 else ""
