"""Attestations: scores of later models on held-out data, and compositions of data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headwater.protocol.curve import Point
from headwater.protocol.machine.call import Refused
from headwater.protocol.machine.contract import Contract
from headwater.protocol.machine.points import point_hash, validate
from headwater.protocol.phases import Phase
from headwater.protocol.scores import MAX_COUNT, MAX_ERROR, is_fresh, is_later
from headwater.protocol.structs import (
    ZERO_ADDRESS,
    Attestation,
    Composition,
    HeldOut,
    Holding,
    Registration,
    Scoring,
)

if TYPE_CHECKING:
    from headwater.protocol.machine import Machine


class Attestations(Contract):
    """The contract of that name. What a proof shows, and whether a task may be opened so, is the caller's to say.

    Attributes:
        scorings: what tasks' scores are.
        held: held-out data by (task, hash), in the order of registration.
        scores: by (task, round, hash).
        compositions: owner and counts by (task, hash), in the order in which they were recorded.
    """

    def __init__(self, machine: Machine, address: str) -> None:
        super().__init__(machine, address)
        self.scorings: dict[int, Scoring] = {}
        self.held: dict[tuple[int, bytes], HeldOut] = {}
        self.scores: dict[tuple[int, int, bytes], tuple[int, ...]] = {}
        self.compositions: dict[tuple[int, bytes], tuple[str, tuple[int, ...]]] = {}

    # ---- holders

    def register(self, sender: str, task_id: int, data: Sequence[Point]) -> None:
        """Registers held-out data of the sender's."""
        self.get_scoring(task_id)
        if not data:
            raise Refused("NoData")
        state = self.machine.rounds.states[task_id]
        if state.phase >= Phase.FINALIZED:
            raise Refused("TaskEnded", task_id)
        fresh = is_fresh(state.phase, state.round, self.machine.models.latest(task_id).round)
        new: dict[tuple[int, bytes], HeldOut] = {}
        for point in data:
            validate(point)
            if point == self.machine.tasks.config_of(task_id).offset:
                raise Refused("EmptyData")
            at = task_id, point_hash(point)
            holder = self.held.get(at, HeldOut()).holder
            if holder == sender:
                continue
            if holder != ZERO_ADDRESS:
                raise Refused("AlreadyHeldOut", *at, holder)
            trainer = self._trainer_of(*at)
            if trainer != ZERO_ADDRESS:
                raise Refused("IsTrainingData", *at, trainer)
            new.setdefault(at, HeldOut(sender, state.round, fresh, self.machine.block.time))
        self.held |= new

    def attest(
        self, sender: str, task_id: int, round_: int, data_hash: bytes, model_hash: bytes, numbers: Sequence[int]
    ) -> None:
        """Records the score that a valid proof shows of the model and data with these hashes."""
        scoring = self.get_scoring(task_id)
        held = self.held.get((task_id, data_hash), HeldOut())
        if held.holder != sender:
            raise Refused("NotHolder", task_id, data_hash, held.holder)
        if self._trainer_of(task_id, data_hash) == sender:
            raise Refused("IsTrainingData", task_id, data_hash, sender)
        if round_ < held.round or (not held.fresh and not is_later(held, round_, self._parent(task_id, round_))):
            raise Refused("ModelNotLater", task_id, round_, held.round, held.fresh)
        if (task_id, round_, data_hash) in self.scores:
            raise Refused("AlreadyAttested", task_id, round_, data_hash)
        expected = self.machine.models.get_model(task_id, round_).model_hash
        if model_hash != expected:
            raise Refused("ModelMismatch", expected, model_hash)
        _check_numbers(numbers, scoring.numbers, MAX_ERROR if scoring.amounts else MAX_COUNT)
        self.scores[task_id, round_, data_hash] = tuple(numbers)

    def declare(self, sender: str, task_id: int, data_hash: bytes, counts: Sequence[int]) -> None:
        """Records the composition that a valid proof shows of the data with this hash."""
        scoring, at = self.get_scoring(task_id), (task_id, data_hash)
        holder = self.held.get(at, HeldOut()).holder
        if sender not in (holder, self._trainer_of(*at)):
            raise Refused("NotHolder", *at, holder)
        if at in self.compositions:
            raise Refused("AlreadyDeclared", *at)
        _check_numbers(counts, scoring.counts, MAX_COUNT)
        self.compositions[at] = sender, tuple(counts)

    # ---- views

    def get_scoring(self, task_id: int) -> Scoring:
        """What a task's scores are."""
        if task_id not in self.scorings:
            raise Refused("NotOpen", task_id)
        return self.scorings[task_id]

    def held_outs(self, task_id: int) -> list[Holding]:
        """All held-out data, in the order of registration."""
        return [Holding(data_hash, held) for (of, data_hash), held in self.held.items() if of == task_id]

    def attestations(self, task_id: int, round_: int) -> list[Attestation]:
        """All scores of a round's model, in the order in which their data were registered."""
        return [
            Attestation(held.holder, data_hash, round_, held.registered_at, self.scores[of, round_, data_hash])
            for (of, data_hash), held in self.held.items()
            if of == task_id and (of, round_, data_hash) in self.scores
        ]

    def all_compositions(self, task_id: int) -> list[Composition]:
        """All compositions, in the order in which they were recorded."""
        return [
            Composition(owner, data_hash, counts)
            for (of, data_hash), (owner, counts) in self.compositions.items()
            if of == task_id
        ]

    # ---- how

    def _parent(self, task_id: int, round_: int) -> int:
        parents, _ = self.machine.models.get_parents(task_id, round_)
        own = [parent.round for parent in parents if parent.task_id == task_id]
        return own[0] if len(own) == len(parents) == 1 else -1

    def _trainer_of(self, task_id: int, data_hash: bytes) -> str:
        return self.machine.trainers.data.get((task_id, data_hash), Registration()).owner


def _check_numbers(numbers: Sequence[int], expected: int, most: int) -> None:
    if len(numbers) != expected:
        raise Refused("WrongNumberCount", expected, len(numbers))
    for index, number in enumerate(numbers):
        if number > most:
            raise Refused("NumberTooLarge", index, number)
