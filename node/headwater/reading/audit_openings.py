"""The audit of what was shown on chain: vectors are opened again, and so is judged whom that convicted."""

from __future__ import annotations

from dataclasses import dataclass, field

from headwater.chain.contracts.events import MaskOpened, ModelOpened, Opened, UpdateOpened
from headwater.errors import ChainError
from headwater.protocol import equal_log
from headwater.protocol.curve import INFINITY, Point, add, multiply, negate
from headwater.protocol.faults import expected_commitment, wrong_peer
from headwater.protocol.masks import Attempt, circle, pair_seed, sign
from headwater.protocol.openings import Encoding, verify
from headwater.protocol.structs import Posting
from headwater.reading.checks import Section
from headwater.reading.history import History, Part, RoundHistory, place
from headwater.roles.opening import shown
from headwater.roles.task import Task, point_hash


def openings_section(task: Task, history: History, first: Point, last: int) -> Section:
    """All checks of openings, and of what they decided.

    Args:
        first: the commitment of the first model.
        last: the block up to which to look.
    """
    found, contracts = _Openings(task, history, Section("openings")), task.contracts
    for event in contracts.openings.events(Opened, last=last, task_id=task.id):
        found.opening(event)
    for update in contracts.challenges.events(UpdateOpened, last=last, task_id=task.id):
        found.update(update)
    for model in contracts.challenges.events(ModelOpened, last=last, task_id=task.id):
        found.model(model, first)
    masks = list(contracts.challenges.events(MaskOpened, last=last, task_id=task.id))
    for mask in masks:
        found.mask(mask)
    disputes = {mask.transaction_hash for mask in masks}
    for round_ in history.rounds.values():
        for part in round_.parts.values():
            if part.convicted is not None and part.convicted.transaction_hash not in disputes:
                found.wrong_peer(round_, part)
    return found.section


@dataclass
class _Openings:
    """What was opened so far.

    Attributes:
        opened: commitments that open to what a root fixes, each by its hash and that root; None where the node does not
            know the bytes.
    """

    task: Task
    history: History
    section: Section
    opened: dict[tuple[bytes, bytes], Point | None] = field(default_factory=dict)

    def opening(self, event: Opened) -> None:
        """Whether a commitment is that of the bytes that were shown, or of the mask of a seed."""
        task, name = self.task, f"{_short(event.commitment_hash)}: the commitment of what was shown"
        try:
            is_mask = event.encoding is Encoding.MASK
            data = event.root if is_mask else shown(task.contracts, task.id, event.commitment_hash, event.root)
        except ChainError as error:
            self.section.check(name, None, error.message)
            self.opened[event.commitment_hash, event.root] = None
            return
        config, commitment = task.config, event.commitment
        ok = verify(commitment, config.k, event.encoding, event.entries, data, event.quotient, config.tau)
        ok &= point_hash(commitment) == event.commitment_hash
        if self.section.check(name, ok, f"{event.entries} entries, {event.encoding.name.lower()}"):
            self.opened[event.commitment_hash, event.root] = event.commitment

    def update(self, event: UpdateOpened) -> None:
        """Whether what was shown is what the member's posting makes of its update."""
        trainer, posting = event.trainer, self._posting(event.round, event.attempt, event.trainer)
        signed = ((sign(trainer, mask.peer), mask.commitment) for mask in posting.masks)
        expected = point_hash(expected_commitment(posting.update, signed, self.task.config.offset))
        ok = self._is_open(event) if event.commitment_hash == expected else False
        self.section.check(f"{trainer}: showed its masked update of round {event.round}", ok)

    def model(self, event: ModelOpened, first: Point) -> None:
        """Whether what was shown are the weights of the model that was demanded."""
        averages = self.history.rounds[event.round].averages
        model = averages[event.average - 1].average if event.average else first
        untagged = add(model, negate(multiply(self.task.config.basis_d, self.task.tag)))
        ok = self._is_open(event) if point_hash(untagged) == event.commitment_hash else False
        name = f"of round {event.round}" if event.average else "that the task started from"
        self.section.check(f"the weights of the model {name} were shown", ok)

    def mask(self, event: MaskOpened) -> None:
        """Whether the point is shared, the mask follows from it, and exactly those who posted another are convicted."""
        pair = (event.one, event.other)
        names = f"the mask of {_short(event.one)} and {_short(event.other)} in round {event.round}"
        of = self.task.contracts
        arguments = self.section.sent(f"{names}: the shared point", event, of.chain, of.challenges, "answerMask")
        if arguments is not None:
            proof, by_other = arguments[4:6]
            key, peer_key = (self._key(event, trainer) for trainer in (pair[::-1] if by_other else pair))
            self.section.check(f"{names}: the shared point", equal_log.verify(key, peer_key, event.shared, proof))
        postings = {trainer: self._posting(event.round, event.attempt, trainer) for trainer in pair}
        updates = {trainer: posting.update for trainer, posting in postings.items()}
        seed = pair_seed(event.shared, Attempt(self.task.tag, event.round, event.attempt, (), updates), *pair)
        mask = next((point for (_, root), point in self.opened.items() if root == seed), None)
        if not self.section.check(f"{names}: it follows from that point", mask is not None):
            return
        for trainer, peer in (pair, pair[::-1]):
            posted = next(each.commitment for each in postings[trainer].masks if each.peer == peer)
            convicted = self.history.rounds[event.round].parts[trainer].convicted
            here = convicted is not None and convicted.transaction_hash == event.transaction_hash
            ok = not here if posted == mask else convicted is not None
            self.section.check(f"{trainer}: {'right' if posted == mask else 'convicted for its mask'}", ok)

    def wrong_peer(self, round_: RoundHistory, part: Part) -> None:
        """Whether one that was convicted without a dispute had named a peer that is none."""
        if part.convicted is None:
            return
        number = part.convicted.attempt
        members = [each.trainer for each in round_.parts.values() if number in each.masked]
        drawn = round_.attempts[number - 1].drawn
        named = [mask.peer for mask in part.masked[number].posting.masks]
        ok = drawn is not None and wrong_peer(circle(members, drawn.seed), part.trainer, named) is not None
        self.section.check(f"{part.trainer}: convicted for a wrong peer in round {round_.number}", ok)

    def _is_open(self, event: UpdateOpened | ModelOpened) -> bool | None:
        """Whether what an answer opened does open; None where the node does not know the bytes."""
        key = event.commitment_hash, event.root
        return None if key in self.opened and self.opened[key] is None else key in self.opened

    def _posting(self, round_: int, attempt: int, trainer: str) -> Posting:
        return self.history.rounds[round_].parts[trainer].masked[attempt].posting

    def _key(self, event: MaskOpened, trainer: str) -> Point:
        """The mask key with which a trainer was enrolled then; infinity, with which nothing is shown, if it was not."""
        before = [enrolled for enrolled in self.history.enrolled.get(trainer, ()) if place(enrolled) < place(event)]
        return before[-1].mask_key if before else INFINITY


def _short(name: bytes | str) -> str:
    return (f"0x{name.hex()}" if isinstance(name, bytes) else name)[:10] + "…"
