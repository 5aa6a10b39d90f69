"""What fills a machine, a proof or the building of a circuit: as many at a time as there are workers, own first."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Condition, Event

from headwater.circuits.machines import HERE, Machines
from headwater.errors import CircuitError

NEVER = 1 << 62
"""The deadline of what has none."""


class Step:
    """What belongs together, such as the proofs of one update: it is given up together, and finished once begun."""

    def __init__(self) -> None:
        self.stop = Event()
        self.has_begun = False
        self.made_room = False


@dataclass(order=True)
class _Place:
    """A place in the queue: what is not for the operator's own duties comes later, then what has more time."""

    foreign: bool
    deadline: int
    number: int
    is_proof: bool = field(compare=False)
    memory_mb: float = field(compare=False)
    step: Step = field(compare=False)

    def is_before(self, running: _Place) -> bool:
        """Whether it is worth giving up what runs: for what is own what is foreign, for a proof's deadline a build."""
        is_urgent = self.deadline < NEVER and not running.is_proof
        return not self.foreign and (running.foreign or is_urgent)

    def give_up(self) -> None:
        """Have it end at once, with all of its step, to make room."""
        self.step.made_room = True
        self.step.stop.set()


class Heavy:
    """A queue for the machines. Threads share it.

    What runs for a stranger's task is given up where something of the operator's own has to be done, and a build where
    a proof has to: it is begun again. Nothing overtakes the first in the queue, so what takes much memory has its turn.
    """

    def __init__(self, machines: Machines = HERE, memory_mb: float = math.inf) -> None:
        """memory_mb: what all together may take of this machine. One alone has its turn, whatever it takes."""
        self._machines, self._memory_mb = machines, memory_mb
        self._changed = Condition()
        self._waiting: list[_Place] = []
        self._running: list[_Place] = []
        self._count = 0
        self._closed = False

    @property
    def workers(self) -> int:
        """How many proofs there may be at a time."""
        return self._machines.workers

    @contextmanager
    def turn(
        self,
        *,
        own: bool,
        deadline: int = NEVER,
        is_proof: bool = True,
        memory_mb: float = 0.0,
        step: Step | None = None,
    ) -> Iterator[Event]:
        """Have a machine for a while. The event is set where it should be given up at once; see `worker.run`.

        Args:
            own: whether it is for a task that the operator has chosen.
            deadline: Unix seconds; the earliest goes first.
            is_proof: whether it is brought to its end where the node stops. Of others there is one at a time.
            memory_mb: what it takes of this machine.
            step: what it belongs to; by default, it stands alone.

        Raises:
            CircuitError: it had to make room, the rest of its step was given up, or the node stops before its turn.
        """
        with self._changed:
            self._count += 1
            place = _Place(not own, deadline, self._count, is_proof, memory_mb, step or Step())
            self._waiting.append(place)
            while min(self._waiting) is not place or not self._has_room(place) or self._refusal(place):
                if refusal := self._refusal(place):
                    self._waiting.remove(place)
                    self._changed.notify_all()
                    raise refusal
                self._make_room(place)
                self._changed.wait()
            self._waiting.remove(place)
            self._running.append(place)
            place.step.has_begun = True
            self._changed.notify_all()  # there may be room for the next
        try:
            yield place.step.stop
        except CircuitError as error:
            if place.step.made_room:
                raise _made_room() from error
            raise
        finally:
            with self._changed:
                self._running.remove(place)
                self._changed.notify_all()

    def close(self) -> None:
        """Let proofs that run come to their end, with those of the same step, and nothing else begin."""
        with self._changed:
            self._closed = True
            for place in self._running:
                if not place.is_proof:
                    place.give_up()
            self._changed.notify_all()

    def _refusal(self, place: _Place) -> CircuitError | None:
        """Why a place that waits will have no turn."""
        if place.step.stop.is_set():
            return (
                _made_room() if place.step.made_room else CircuitError("what belongs to it failed", "it is made again")
            )
        if self._closed and not (place.is_proof and place.step.has_begun):
            return CircuitError("the node stops", "a proof that had not begun is made when it runs again")
        return None

    def _has_room(self, place: _Place) -> bool:
        running = self._running
        if not running:
            return True
        if len(running) >= self.workers or (not place.is_proof and any(not other.is_proof for other in running)):
            return False
        return place.memory_mb + sum(other.memory_mb for other in running) <= self._memory_mb

    def _make_room(self, place: _Place) -> None:
        """Have the last of what is less urgent than the first in the queue give up, one after the other."""
        ends = any(running.step.made_room for running in self._running)
        if min(self._waiting) is place and not self._has_room(place) and not ends:
            less = [running for running in self._running if place.is_before(running)]
            if less:
                max(less).give_up()


def _made_room() -> CircuitError:
    return CircuitError("what had more time, or none to lose, made room", "it is begun again")
