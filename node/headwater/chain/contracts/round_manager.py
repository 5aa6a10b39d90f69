"""RoundManager: the running rounds. What each function does and requires is in `IRoundManager.sol`."""

from __future__ import annotations

from headwater.chain.asking.rpc import BlockId, Call
from headwater.chain.contracts.contract import Contract
from headwater.chain.contracts.screens import CurrentPhase
from headwater.protocol.phases import Duty
from headwater.protocol.structs import Posting, RosterEntry, Round, TaskState


class RoundManager(Contract):
    """The state machine of Headwater."""

    name = "RoundManager"

    # ---- trainers

    def join(self, task_id: int) -> Call:
        """Put the sender on the running round's roster; settles its last round, locks what is missing of its stake."""
        return self._call("join", task_id)

    def mask(self, task_id: int, posting: Posting) -> Call:
        """Commit to the sender's accepted update under masks."""
        return self._call("mask", task_id, posting)

    # ---- anyone

    def renew_seed(self, task_id: int) -> Call:
        """Name another block for an attempt's seed, where the chain has forgotten the hash of the one named."""
        return self._call("renewSeed", task_id)

    def aggregate(self, task_id: int, proof: bytes, cid: bytes) -> Call:
        """Post the proved average of the updates that were masked; locks stake. cid: digest of the model document."""
        return self._call("aggregate", task_id, proof, cid)

    def advance(self, task_id: int) -> Call:
        """Move a round on whose deadline has passed."""
        return self._call("advance", task_id)

    # ---- views

    def get_state(self, task_id: int, block: BlockId = "latest") -> TaskState:
        """What changes while a task runs. Raises ContractError `UnknownTask` if there is no such task."""
        return self._read(TaskState, "getState", task_id, block=block)

    def get_round(self, task_id: int, round_: int, block: BlockId = "latest") -> Round:
        """One round of a task; all zero if it has not started."""
        return self._read(Round, "getRound", task_id, round_, block=block)

    def get_roster_entry(self, task_id: int, round_: int, trainer: str, block: BlockId = "latest") -> RosterEntry:
        """A trainer's part in a round."""
        return self._read(RosterEntry, "getRosterEntry", task_id, round_, trainer, block=block)

    def duty_of(self, task_id: int, round_: int, trainer: str, block: BlockId = "latest") -> tuple[Duty, str, int]:
        """How a trainer has done its duty in a round that it joined, and what it owes to whom out of its slash, wei."""
        duty, payee, owed = self._read_all("dutyOf", task_id, round_, trainer, block=block)
        return duty, payee, owed

    def contributed(self, task_id: int, round_: int, trainer: str, block: BlockId = "latest") -> bool:
        """Whether a trainer's update is in the average of a finalized round, and it was not convicted."""
        return self._read(bool, "contributed", task_id, round_, trainer, block=block)

    def running_round(self, task_id: int, block: BlockId = "latest") -> int:
        """The running round; after the end, the last one. Raises ContractError `UnknownTask`."""
        round_, *_ = self._read_all("runningRound", task_id, block=block)
        return int(round_)

    def answer_time(self, task_id: int, block: BlockId = "latest") -> int:
        """How long the accused have to answer at least, seconds."""
        return self._read(int, "answerTime", task_id, block=block)

    def current_phase(self, task_id: int, block: BlockId = "latest") -> CurrentPhase:
        """Where the task is, and what `advance` would do at that block."""
        return CurrentPhase(*self._read_all("currentPhase", task_id, block=block))

    def peer_count(self, members: int, block: BlockId = "latest") -> int:
        """How many peers each of an attempt's `members` has."""
        return self._read(int, "peerCount", members, block=block)
