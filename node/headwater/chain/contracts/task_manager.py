"""TaskManager: tasks, their rosters and their rounds. What each function does and requires is in `ITaskManager.sol`."""

from __future__ import annotations

from collections.abc import Sequence

from headwater.chain.asking.rpc import BlockId, Call
from headwater.chain.contracts.contract import Contract
from headwater.chain.contracts.screens import CurrentPhase
from headwater.protocol.curve import Point
from headwater.protocol.structs import Enrolment, Posting, RosterEntry, Round, TaskConfig, TaskState


class TaskManager(Contract):
    """The state machine of Headwater."""

    name = "TaskManager"

    # ---- task creators

    def create_task(self, config: TaskConfig, model: Point, model_cid: bytes, pool: int) -> Call:
        """Publish a task. model: C([w | 0]). model_cid: digest of the model document. pool: wei, sent along."""
        return self._call("createTask", config, model, model_cid, value=pool)

    def reclaim(self, task_id: int) -> Call:
        """Credit what an ended task has left of its pool to its creator."""
        return self._call("reclaim", task_id)

    # ---- trainers

    def enrol(self, task_id: int, data: Point, mask_key: Point) -> Call:
        """Enrol the sender with the commitment of its salted data and its mask key; locks the task's stake."""
        return self._call("enrol", task_id, data, mask_key)

    def unenrol(self, task_id: int) -> Call:
        """Leave: the sender's stake is unbonding."""
        return self._call("unenrol", task_id)

    def release(self, task_id: int) -> Call:
        """End the sender's enrolment; frees what is left of its stake."""
        return self._call("release", task_id)

    def join(self, task_id: int) -> Call:
        """Put the sender on the running round's roster; settles its last round, locks what is missing of its stake."""
        return self._call("join", task_id)

    def submit(self, task_id: int, proof: bytes) -> Call:
        """Submit the proof of the sender's update."""
        return self._call("submit", task_id, proof)

    def mask(self, task_id: int, posting: Posting) -> Call:
        """Commit to the sender's accepted update under masks."""
        return self._call("mask", task_id, posting)

    # ---- anyone

    def aggregate(self, task_id: int, proof: bytes, cid: bytes) -> Call:
        """Post the proved average of the updates that were masked; locks stake. cid: digest of the model document."""
        return self._call("aggregate", task_id, proof, cid)

    def settle(self, task_id: int, trainer: str) -> Call:
        """Carry out what a trainer's last round cost it."""
        return self._call("settle", task_id, trainer)

    def advance(self, task_id: int) -> Call:
        """Move a round on whose deadline has passed."""
        return self._call("advance", task_id)

    def collect(self, task_id: int, rounds: Sequence[int]) -> Call:
        """Credit to the sender what finalized rounds owe it."""
        return self._call("collect", task_id, tuple(rounds))

    # ---- views

    def stake_manager(self, block: BlockId = "latest") -> str:
        """The address of this deployment's StakeManager."""
        return self._read(str, "stakeManager", block=block)

    def challenge_manager(self, block: BlockId = "latest") -> str:
        """The address of this deployment's ChallengeManager."""
        return self._read(str, "challengeManager", block=block)

    def model_registry(self, block: BlockId = "latest") -> str:
        """The address of this deployment's ModelRegistry."""
        return self._read(str, "modelRegistry", block=block)

    def task_count(self, block: BlockId = "latest") -> int:
        """How many tasks there are: their ids are 1 to this."""
        return self._read(int, "taskCount", block=block)

    def get_task(self, task_id: int, block: BlockId = "latest") -> tuple[TaskConfig, TaskState]:
        """A task's config and state. Raises ContractError `UnknownTask` if there is none."""
        config, state = self._read_all("getTask", task_id, block=block)
        return config, state

    def get_round(self, task_id: int, round_: int, block: BlockId = "latest") -> Round:
        """One round of a task; all zero if it has not started."""
        return self._read(Round, "getRound", task_id, round_, block=block)

    def get_roster_entry(self, task_id: int, round_: int, trainer: str, block: BlockId = "latest") -> RosterEntry:
        """A trainer's part in a round."""
        return self._read(RosterEntry, "getRosterEntry", task_id, round_, trainer, block=block)

    def get_enrolment(self, task_id: int, trainer: str, block: BlockId = "latest") -> Enrolment:
        """A trainer's enrolment; `exists` says whether there is one."""
        return self._read(Enrolment, "getEnrolment", task_id, trainer, block=block)

    def slash_of(self, task_id: int, trainer: str, block: BlockId = "latest") -> tuple[int, bool]:
        """What `settle` would burn of a trainer's stake at that block, wei, and whether for a fault."""
        amount, fault = self._read_all("slashOf", task_id, trainer, block=block)
        return amount, fault

    def data_owner(self, task_id: int, data_hash: bytes, block: BlockId = "latest") -> str:
        """Who registered the data with this hash in the task; the zero address if nobody has."""
        return self._read(str, "dataOwner", task_id, data_hash, block=block)

    def current_phase(self, task_id: int, block: BlockId = "latest") -> CurrentPhase:
        """Where the task is, and what `advance` would do at that block."""
        return CurrentPhase(*self._read_all("currentPhase", task_id, block=block))

    def tag(self, task_id: int, block: BlockId = "latest") -> int:
        """The task's tag, the last entry of its model vectors; defined also for tasks that do not exist yet."""
        return self._read(int, "tag", task_id, block=block)

    def peer_count(self, members: int, block: BlockId = "latest") -> int:
        """How many peers each of an attempt's `members` has."""
        return self._read(int, "peerCount", members, block=block)

    def reward_of(self, task_id: int, round_: int, account: str, block: BlockId = "latest") -> int:
        """What `collect` would credit the account for the round, wei."""
        return self._read(int, "rewardOf", task_id, round_, account, block=block)
