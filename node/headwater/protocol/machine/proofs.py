"""ProofManager: what updates are proved by, on chain or on demand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headwater.protocol.curve import INFINITY, Point, add
from headwater.protocol.links import next_hash
from headwater.protocol.machine.call import Refused
from headwater.protocol.machine.contract import Contract
from headwater.protocol.machine.points import commitment_at, point_hash, validate
from headwater.protocol.machine.terms import WHOLE
from headwater.protocol.structs import ZERO_HASH, Head, Link, Score, Shown, TaskConfig

if TYPE_CHECKING:
    from headwater.protocol.machine import Machine


class Proofs(Contract):
    """The ProofManager.

    Attributes:
        heads: what was claimed, by (task, round, trainer).
        proved: (task, round, trainer, index) of links that were shown on chain.
    """

    def __init__(self, machine: Machine, address: str) -> None:
        super().__init__(machine, address)
        self.heads: dict[tuple[int, int, str], Head] = {}
        self.proved: set[tuple[int, int, str, int]] = set()

    # ---- trainers

    def submit(self, sender: str, task_id: int, proofs: Sequence[bytes]) -> None:
        """Accepts the sender's update, the commitment only: where the last of its proofs in a row ends."""
        number, model_hash = self.machine.rounds.training(task_id, sender)
        config = self._config(task_id)
        _check_count(1 if config.quiet_bound else config.max_links, len(proofs), len(proofs))
        if self.head_of(task_id, number, sender).count:
            raise Refused("ClaimBegun", task_id, number, sender)
        update, data_hashes = follow(model_hash, proofs)
        self.machine.trainers.check_seat(task_id, sender, number, data_hashes)
        if not all(self.machine.verify(config.train_verifier, proof) for proof in proofs):
            raise Refused("InvalidProof", config.train_verifier)
        self.machine.rounds.accept(self.address, task_id, sender, update, data_hashes)

    def claim(self, sender: str, task_id: int, links: Sequence[Link], last: bool) -> None:
        """Claims the next links of the sender's update; with `last` it is accepted."""
        number, _ = self.machine.rounds.training(task_id, sender)
        config = self._config(task_id)
        if not config.review_period:
            raise Refused("ProofsOnChain", task_id)
        head = self.head_of(task_id, number, sender)
        _check_count(config.max_links, len(links), head.count + len(links))
        for link in links:
            if link.cid == ZERO_HASH:
                raise Refused("MissingCid")
            validate(link.update)
        data_hashes = tuple(link.data_hash for link in links)
        self.machine.trainers.check_seat(task_id, sender, number, data_hashes)

        found = head.hash
        for link in links:
            found = next_hash(found, link)
        self.heads[task_id, number, sender] = Head(found, head.count + len(links))
        if last:
            self.machine.rounds.accept(self.address, task_id, sender, links[-1].update, ())

    # ---- only the ChallengeManager

    def prove(self, sender: str, task_id: int, number: int, trainer: str, index: int, shown: Shown) -> None:
        """Proves a link that was claimed in the running round."""
        self._only(sender, self.machine.at.challenges)
        self.check_open(task_id, number, trainer, index)
        self._check_claimed(self.head_of(task_id, number, trainer), index, shown)
        config, first = self._config(task_id), index == 0
        link = shown.links[0 if first else 1]
        start = self.machine.models.latest(task_id).model_hash if first else point_hash(shown.links[0].update)
        _check_start(index, start, point_hash(commitment_at(shown.proof, 0)))
        actual = point_hash(commitment_at(shown.proof, 1))
        if actual != link.data_hash:
            raise Refused("DataMismatch", link.data_hash, actual)
        expected, actual = point_hash(link.update), point_hash(commitment_at(shown.proof, 3))
        if actual != expected:
            raise Refused("EndMismatch", expected, actual)
        if config.quiet_bound and len(shown.links) > (1 if first else 2):
            self._check_score(config, start, link.data_hash, shown.score)
        if not self.machine.verify(config.train_verifier, shown.proof):
            raise Refused("InvalidProof", config.train_verifier)
        self.proved.add((task_id, number, trainer, index))

    # ---- views

    def head_of(self, task_id: int, number: int, trainer: str) -> Head:
        """What a trainer has claimed in a round."""
        return self.heads.get((task_id, number, trainer), Head())

    def is_proved(self, task_id: int, number: int, trainer: str, index: int) -> bool:
        """Whether a link that was claimed was proved on chain."""
        return (task_id, number, trainer, index) in self.proved

    def check_open(self, task_id: int, number: int, trainer: str, index: int) -> None:
        """A link must have been claimed, and not proved."""
        if index >= self.head_of(task_id, number, trainer).count:
            raise Refused("NotClaimed", task_id, number, trainer, index)
        if self.is_proved(task_id, number, trainer, index):
            raise Refused("AlreadyProved", task_id, number, trainer, index)

    # ---- checks

    def _check_claimed(self, head: Head, index: int, shown: Shown) -> None:
        """Links must be the last ones claimed: from the one before `index` on, or from the first."""
        found = shown.before
        for link in shown.links:
            found = next_hash(found, link)
        start = max(index - 1, 0)
        whole = len(shown.links) == head.count - start and (start != 0 or not any(shown.before))
        if not whole or found != head.hash:
            raise Refused("ClaimMismatch", head.hash, found)

    def _check_score(self, config: TaskConfig, start: bytes, data_hash: bytes, score: Score) -> None:
        """The model from which a link starts must be right on enough of its data."""
        if score.used == 0 or WHOLE * score.right < config.quiet_bound * score.used:
            raise Refused("ReceiptTooLow", config.quiet_bound, score.right, score.used)
        multiply = self.machine.multiply
        counts = add(add(config.offset, multiply(config.basis0, score.right)), multiply(config.basis1, score.used))
        for place, expected in ((0, start), (1, data_hash), (3, point_hash(counts))):
            actual = point_hash(commitment_at(score.proof, place))
            if actual != expected:
                raise Refused("ScoreMismatch", expected, actual)
        if not self.machine.verify(config.score_verifier, score.proof):
            raise Refused("InvalidProof", config.score_verifier)

    def _config(self, task_id: int) -> TaskConfig:
        return self.machine.tasks.config_of(task_id)


def follow(model_hash: bytes, proofs: Sequence[bytes]) -> tuple[Point, tuple[bytes, ...]]:
    """Proofs in a row: the first must start from the model, each further one where the one before it ended.

    Returns where the last ends, and what data they are about.
    """
    end, data_hashes = INFINITY, []
    for index, proof in enumerate(proofs):
        _check_start(index, point_hash(end) if index else model_hash, point_hash(commitment_at(proof, 0)))
        data_hashes.append(point_hash(commitment_at(proof, 1)))
        end = commitment_at(proof, 3)
    validate(end)
    return end, tuple(data_hashes)


def _check_count(most: int, given: int, total: int) -> None:
    """Something must be given, and not too much in all."""
    if not given:
        raise Refused("NoProof")
    if total > most:
        raise Refused("TooManyProofs", most, total)


def _check_start(index: int, expected: bytes, actual: bytes) -> None:
    """A proof must start from the model, or where the one before it ended."""
    if actual != expected:
        raise Refused("LinkMismatch", index, expected, actual) if index else Refused("ModelMismatch", expected, actual)
