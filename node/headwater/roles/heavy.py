"""What fills the whole machine, a proof or the building of a circuit, one at a time: own duties first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Condition, Event

from headwater.errors import CircuitError

NEVER = 1 << 62
"""The deadline of what has none."""


@dataclass(order=True)
class _Place:
    """A place in the queue: what is not for the operator's own duties comes later, then what has more time."""

    foreign: bool
    deadline: int
    number: int
    is_proof: bool = field(compare=False)
    stop: Event = field(compare=False, default_factory=Event)
    made_room: bool = field(compare=False, default=False)

    def is_before(self, running: _Place) -> bool:
        """Whether it is worth giving up what runs: for what is own what is foreign, for a proof's deadline a build."""
        is_urgent = self.deadline < NEVER and not running.is_proof
        return not self.foreign and (running.foreign or is_urgent)

    def give_up(self) -> None:
        """Have it end at once, to make room."""
        self.made_room = True
        self.stop.set()


class Heavy:
    """A queue for the machine. Threads share it.

    What runs for a stranger's task is given up where something of the operator's own has to be done, and a build where
    a proof has to: it is begun again.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._waiting: list[_Place] = []
        self._running: _Place | None = None
        self._count = 0
        self._closed = False

    @contextmanager
    def turn(self, *, own: bool, deadline: int = NEVER, is_proof: bool = True) -> Iterator[Event]:
        """Have the machine for a while. The event is set where it should be given up at once; see `worker.run`.

        Args:
            own: whether it is for a task that the operator has chosen.
            deadline: Unix seconds; the earliest goes first.
            is_proof: whether it is brought to its end where the node stops.

        Raises:
            CircuitError: it had to make room, or the node stops before its turn.
        """
        with self._changed:
            self._count += 1
            place = _Place(not own, deadline, self._count, is_proof)
            self._waiting.append(place)
            while self._closed or self._running is not None or min(self._waiting) is not place:
                if self._closed:
                    self._waiting.remove(place)
                    raise CircuitError("the node stops", "a proof that had not begun is made when it runs again")
                if self._running is not None and place.is_before(self._running):
                    self._running.give_up()
                self._changed.wait()
            self._waiting.remove(place)
            self._running = place
        try:
            yield place.stop
        except CircuitError as error:
            if place.made_room:
                raise CircuitError("what had more time, or none to lose, made room", "it is begun again") from error
            raise
        finally:
            with self._changed:
                self._running = None
                self._changed.notify_all()

    def close(self) -> None:
        """Let a proof that runs come to its end, and nothing else begin."""
        with self._changed:
            self._closed = True
            if self._running is not None and not self._running.is_proof:
                self._running.give_up()
            self._changed.notify_all()
