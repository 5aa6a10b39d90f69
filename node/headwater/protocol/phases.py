"""The phases of a round, a trainer's place in one, and what can be challenged: numbered as the contracts do."""

from __future__ import annotations

from enum import IntEnum


class Phase(IntEnum):
    """Where a round is. The last three are ends."""

    NONE = 0
    JOIN = 1
    TRAIN = 2
    REVIEW = 3
    MASK = 4
    AGGREGATE = 5
    CHALLENGE = 6
    FINALIZED = 7
    FAILED = 8
    SKIPPED = 9

    def __str__(self) -> str:
        return self.name.capitalize()

    @property
    def is_end(self) -> bool:
        """Whether a round in this phase is over."""
        return self >= Phase.FINALIZED


class TrainerStatus(IntEnum):
    """Where a trainer is in a round. Whether one that submitted has masked, its roster entry's `attempt` says.

    One that is accused is at fault unless it is acquitted, or an average was accepted in the attempt.
    """

    NONE = 0
    JOINED = 1
    SUBMITTED = 2
    ACCUSED = 3
    GUILTY = 4

    def __str__(self) -> str:
        return self.name.capitalize()


class Duty(IntEnum):
    """How a trainer has done its duty in a round that it joined: OPEN while that runs."""

    OPEN = 0
    DONE = 1
    MISSED = 2
    FAULT = 3

    def __str__(self) -> str:
        return self.name.lower()


class Kind(IntEnum):
    """What was challenged: a member's masked update, a mask, the average or first model, or a link's proof."""

    NONE = 0
    UPDATE = 1
    MASK = 2
    MODEL = 3
    PROOF = 4

    def __str__(self) -> str:
        return self.name.lower()


class Question(IntEnum):
    """What is asked of a row, about a whole number `value`; as `IInferences` numbers it."""

    AT_LEAST = 0
    EXACTLY = 1
    CLASS = 2

    def entry(self, value: int) -> int:
        """How the public vector says it: twice z is compared with it, and cannot equal an odd number."""
        return {Question.AT_LEAST: 2 * value - 1, Question.EXACTLY: 2 * value, Question.CLASS: value}[self]

    def answer(self, said: int) -> bool:
        """What an answer of the statement says. Raises ValueError where it gives no such answer."""
        allowed = (-2, 0, 2) if self is Question.EXACTLY else (-2, 2)
        if said not in allowed:
            raise ValueError(f"{said} is no answer to {self.name.lower()}")
        return said == (0 if self is Question.EXACTLY else 2)

    def of(self, value: int, z: list[int]) -> bool:
        """The answer for what a model says: z of each output. Of equal z the first counts as the larger."""
        if self is Question.CLASS:
            return max(range(len(z)), key=z.__getitem__) == value
        return z[0] >= value if self is Question.AT_LEAST else z[0] == value
