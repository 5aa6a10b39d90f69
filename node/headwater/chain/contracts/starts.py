"""From which block on the events of a task, or of one of its rounds, are to be looked for."""

from __future__ import annotations

from headwater.chain.asking.rpc import Chain
from headwater.chain.contracts.codec import decode_log, event_topics
from headwater.chain.contracts.events import PhaseChanged
from headwater.chain.contracts.model_registry import ModelRegistry
from headwater.chain.contracts.round_manager import RoundManager
from headwater.errors import ContractError
from headwater.protocol.phases import Phase


class Starts:
    """The first blocks of tasks and rounds: as each endpoint tells them, so that none's word is taken for another's."""

    def __init__(self, chain: Chain, models: ModelRegistry, rounds: RoundManager) -> None:
        self._chain, self._models, self._rounds = chain, models, rounds
        self._known: dict[tuple[str, int, int], int] = {}
        self._forgotten = 0

    def of(self, task_id: int, round_: int = 0) -> int:
        """A block that no event of a task, or of a round of it, is older than; of a round it may be somewhat older.

        Costs nothing where the round began in blocks that are not settled, or was asked for before; else a call and,
        of a round, a few blocks' times.

        Raises:
            ChainError: the node fails.
        """
        chain = self._chain
        if chain.forgotten != self._forgotten:
            self._known, self._forgotten = {}, chain.forgotten
        if self._models.start_block > chain.settled:  # or the chain is shorter than it was
            return self._models.start_block
        key = (chain.teller, task_id, round_)
        if key in self._known:
            return self._known[key]
        start = self._recent(task_id, round_) if round_ > 1 else None
        if start is None:
            start = self._find(task_id, round_)
        if start <= chain.settled and key[0] == chain.teller:
            self._known[key] = start
        return start

    def _recent(self, task_id: int, round_: int) -> int | None:
        """Where a round began, if that is not settled."""
        topics = event_topics(PhaseChanged, {"task_id": task_id, "round": round_})
        for log in self._chain.recent_logs(self._rounds.address, topics):
            event = decode_log(log)
            if isinstance(event, PhaseChanged) and event.from_phase is Phase.NONE:
                return event.block_number
        return None

    def _find(self, task_id: int, round_: int) -> int:
        try:
            start = self._models.start_of(task_id)
        except ContractError:  # there is no such task yet
            return self._chain.block().number
        if round_ < 2:
            return start
        head = self._chain.block()
        ended = self._rounds.get_round(task_id, round_ - 1).ended_at
        return self._chain.block_before(ended, start, head) if ended else head.number
