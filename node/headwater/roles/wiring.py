"""The roles of one account, built from what they share: the only place where a role comes into being in a daemon."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from threading import RLock
from typing import Literal

from eth_account.signers.local import LocalAccount

from headwater.chain.asking.rpc import Block
from headwater.chain.contracts.opened import Contracts
from headwater.chain.contracts.screens import TaskSummary
from headwater.chain.sending.sender import Sender
from headwater.circuits.cost import proving_cost
from headwater.circuits.machines import HERE, Machines
from headwater.errors import ConfigError
from headwater.groups.identity import read_identity
from headwater.journal.journal import Journal
from headwater.private import check_private
from headwater.protocol.phases import Phase
from headwater.protocol.structs import ZERO_ADDRESS
from headwater.roles.admittance import admittance_for
from headwater.roles.aggregator import Aggregator
from headwater.roles.attester import Attester
from headwater.roles.board import Board
from headwater.roles.challenger import Challenger
from headwater.roles.heavy import Heavy
from headwater.roles.job import Job
from headwater.roles.keeper import Keeper
from headwater.roles.limits import Limits
from headwater.roles.opener import Opener
from headwater.roles.pace import Pace
from headwater.roles.pools.owning import pooled_data
from headwater.roles.report import Report
from headwater.roles.role import Role
from headwater.roles.secrets import secret_of
from headwater.roles.task import Task
from headwater.roles.trainer import Trainer
from headwater.storage.store import ContentStore

DEFAULT_BLOCK_SECONDS = 2.0

WITH_DATA = ("trainer", "attester")
"""Roles that nobody plays without data."""

MOST_HELD_OUT = 64
"""Commitments of one file of held-out data: each is scored by a proof of its own."""

RESERVE = 10**16
"""Wei that stay for gas when an account stakes in a task that its operator has not chosen."""

Kind = Literal["trainer", "aggregator", "challenger", "attester"]


@dataclass(frozen=True)
class Wanted:
    """What a node is to do.

    Attributes:
        tasks: ids; none: every task that there is and will be, but for training, which needs data.
        data: for each task to train in, a CSV file for its owner alone.
        pools: for each task to train in on the rows of a pool, the pool: the account's own, and closed.
        keep_stake: leave the account's free stake where it is when a task has ended, for other tasks.
        proof_limit: seconds that a proof may take at most; none, until it hangs (see `roles.proving`).
        machines: where proofs are made, and how many at a time.
        limits: what a task may take of this machine.
        held_out: for each task to attest in, a CSV file of rows that nobody trains on, for its owner alone.
        once: attest to what there is, and be done.
        identity: the file of the identity with which the account's person is in groups.
        quiet_until: in tasks with receipts, after how many parts of the data a trainer synchronizes at the latest.
    """

    roles: Sequence[Kind]
    tasks: Sequence[int] = ()
    data: Mapping[int, Path] = field(default_factory=dict)
    pools: Mapping[int, int] = field(default_factory=dict)
    keep_stake: bool = False
    proof_limit: float | None = None
    machines: Machines = HERE
    limits: Limits = field(default_factory=Limits)
    held_out: Mapping[int, Path] = field(default_factory=dict)
    once: bool = False
    identity: Path | None = None
    quiet_until: int | None = None

    @property
    def trained(self) -> tuple[int, ...]:
        """The tasks to train in."""
        return (*self.data, *self.pools)

    @property
    def endless(self) -> bool:
        """Whether tasks may come that are not known yet."""
        return not self.tasks and not set(self.roles) <= {"trainer", "attester"}

    def check(self) -> None:
        """Refuse what contradicts itself, and data that others may read.

        Raises:
            ConfigError: so it does.
        """
        for path in (*self.data.values(), *self.held_out.values()):
            check_private(path)
        named: tuple[tuple[str, Mapping[int, object]], ...] = (
            *(("data", self.data), ("pools", self.pools), ("held_out", self.held_out)),
        )
        for name, files in named:
            if stray := sorted(set(files) - set(self.tasks or files)):
                tasks = ", ".join(map(str, self.tasks))
                raise ConfigError(
                    f"there are data for task {stray[0]}, which is not among the tasks {tasks}",
                    f"add it to `tasks`, or take it out of `{name}`",
                )
        if both := sorted(set(self.data) & set(self.pools)):
            raise ConfigError(f"task {both[0]} is to be trained in on a file and on a pool", "name one of them")
        if self.identity is not None:
            read_identity(self.identity)
        if same := sorted(task for task, path in self.data.items() if self.held_out.get(task) == path):
            raise ConfigError(
                f"the data to train on in task {same[0]} are named as held out, too",
                "hold other rows out: a score on training rows says nothing",
            )
        if set(self.roles) == {"trainer"}:
            missing = sorted(set(self.tasks) - set(self.trained))
            if missing or not self.trained:
                what = f"for task {missing[0]} " if missing else ""
                raise ConfigError(
                    f"a trainer needs data, and no file {what}is named",
                    "name one under [data], or a pool under [pools]",
                )
        if set(self.roles) == {"attester"} and not self.held_out:
            raise ConfigError("an attester needs held-out data, and no file is named", "name one under [held_out]")


class Node:
    """The jobs of one account on one chain. Pass `looked`, `jobs` and `close` to a `Loop`."""

    def __init__(
        self,
        contracts: Contracts,
        store: ContentStore,
        home: Path,
        key: LocalAccount,
        journal: Journal,
        wanted: Wanted,
        report_of: Callable[[str, int], Report],
        report: Report,
        trainer: type[Trainer] = Trainer,
    ) -> None:
        """report_of: the report of a role in a task. report: told of what concerns none of them.

        trainer: what trains; the demo has one that cheats.

        Raises:
            ConfigError: `wanted` contradicts itself.
            ContractError: a task that is named does not exist.
        """
        wanted.check()
        self.jobs: list[Job] = []
        self.sender = Sender(contracts.chain, key, intents=journal.intents)
        self._contracts, self._store, self._key = contracts, store, key
        self._journal, self._wanted, self._report_of, self._report = journal, wanted, report_of, report
        self._trainer = trainer
        self._cursor = journal.cursor(contracts.chain.name)
        self._heavy, self._coin = Heavy(wanted.machines, wanted.limits.memory_mb), RLock()
        self._pace = Pace(DEFAULT_BLOCK_SECONDS, is_steady=True)
        self._locks: dict[int, RLock] = {}  # by task that was taken up
        self._kept: set[int] = set()  # tasks that have a keeper
        self._opener = Opener(contracts, store, home, wanted.limits, self._heavy, self._opened, wanted.machines)
        self._settled = False  # whether what was on its way has arrived
        self._considered: set[int] = set()  # tasks
        self._too_dear: dict[tuple[Kind, int], TaskSummary] = {}  # what was passed over for lack of coin
        self._own = {*wanted.tasks, *wanted.trained, *wanted.held_out}
        self._board = Board(contracts, () if wanted.endless else self._own)
        for task_id in sorted(self._own):
            contracts.tasks.get_task(task_id)
            self._take_up(task_id, [kind for kind in wanted.roles if self._is_named(kind, task_id)])

    def looked(self, block: Block) -> Set[int] | None:
        """See a new block: whether the chain has dropped older ones, whether there are new tasks, and where all are.

        Returns the ids of the tasks of which something was told; None where any may have changed.

        Raises:
            ChainError: the node fails, or what was sent earlier is not mined yet.
            JournalError: the journal fails.
        """
        self._follow(block)
        self._pace.saw(block)
        if not self._settled:
            self.sender.next_nonce()
            self._settled = True
        changed = self._board.look(block)
        self._forget_ended()
        if self._wanted.endless:
            funds: Funds = self._funds(block)
            self._reconsider(funds)
            for task_id in sorted(self._board.tasks.keys() - self._considered):
                self._consider(self._board.tasks[task_id], funds)
                self._considered.add(task_id)
        return changed

    def _forget_ended(self) -> None:
        """Let go of strangers' tasks in which nothing is left to do."""
        running = {job.task_id for job in self.jobs if not job.done}
        over = {job.task_id for job in self.jobs if job.done} - running - self._own
        for task_id in over:
            self._opener.drop(task_id)
            del self._locks[task_id]
            self._kept.discard(task_id)
        if over:
            self.jobs[:] = [job for job in self.jobs if job.task_id not in over]

    def _affords(self, amount: int) -> bool:
        """Whether an account may stake so much in a stranger's task: what its own tasks may ask for stays."""
        own = [task for task_id, task in self._board.tasks.items() if task_id in self._own and not task.phase.is_end]
        kept = RESERVE + sum(task.stake + 2 * task.challenge_bond for task in own)
        return self._contracts.chain.balance(self._key.address) - amount >= kept

    def close(self) -> None:
        """Begin no proof any more."""
        self._heavy.close()

    def _follow(self, block: Block) -> None:
        """Where the chain has dropped blocks, forget all that was read, and send again what was in them."""
        last, chain = self._cursor.last, self._contracts.chain
        if last is not None and block.number < last:
            below = self._cursor.newest(block.number)
            if below is None or chain.block_hash(below[0]) == below[1]:
                return  # who answers is behind; if the chain has in fact dropped the rest, its next blocks will differ
        if last is not None and (standing := self._cursor.rewind(chain.block_hash)) != last:
            self._report("reorganized", seen=last, standing=standing or 0, block=block.number)
            self._settled = False
            self._opener.forget()
            self._board.forget()
            for job in self.jobs:
                job.reset()
        self._cursor.advance(block.number, block.hash)

    def _consider(self, task: TaskSummary, funds: Funds) -> None:
        """Take up a task that nobody has named, by the roles that need no data and fit."""
        kinds = [
            kind for kind in self._wanted.roles if kind not in WITH_DATA and not self._is_named(kind, task.task_id)
        ]
        if task.phase.is_end:
            self._take_up(task.task_id, [kind for kind in kinds if self._took_part(kind, task.task_id)])
            return
        problems = {kind: problem for kind in kinds if (problem := _unaffordable(kind, task, funds))}
        for kind, problem in problems.items():
            self._too_dear[kind, task.task_id] = task
            self._report_of(kind, task.task_id)("passed over", reason=problem)
        self._take_up(task.task_id, [kind for kind in kinds if kind not in problems])

    def _reconsider(self, funds: Funds) -> None:
        """Take up what was passed over, where the account can pay for it by now and the task still runs."""
        payable = [at for at, task in self._too_dear.items() if not _unaffordable(at[0], task, funds)]
        for kind, task_id in payable:
            del self._too_dear[kind, task_id]
            if not self._board.tasks[task_id].phase.is_end:
                self._take_up(task_id, [kind])

    def _is_named(self, kind: Kind, task_id: int) -> bool:
        """Whether the operator wants a role in a task by its name."""
        named: dict[str, Collection[int]] = {"trainer": self._wanted.trained, "attester": self._wanted.held_out}
        return task_id in named.get(kind, self._wanted.tasks)

    def _took_part(self, kind: Kind, task_id: int) -> bool:
        """Whether this account has been in a role in a task, so that it may have something to collect."""
        return self._journal.parts.has(f"{self._contracts.place}/{task_id}", kind)

    def _funds(self, block: Block) -> Funds:
        """What the account can pay for a role's stake or bond, wei."""
        me, at = self._key.address, block.number

        @cache
        def read() -> dict[Kind, int]:
            balance = self._contracts.chain.balance(me, at)
            return {"aggregator": balance + self._contracts.stakes.stake_of(me, at).free, "challenger": balance}

        return read

    def _take_up(self, task_id: int, kinds: Sequence[Kind]) -> None:
        """Begin to be these in a task, and keep its time."""
        own = task_id in self._own
        if kinds and task_id not in self._locks:
            self._locks[task_id] = RLock()
        if kinds and task_id not in self._kept and not self._wanted.once:  # which is done before its task is
            self._kept.add(task_id)
            report = self._report_of("keeper", task_id)
            report("found", roles=list(kinds))
            keeper = Keeper(
                self._contracts,
                task_id,
                self.sender,
                report,
                summary=lambda: self._board.tasks[task_id],
                block_seconds=lambda: self._pace.block_seconds,
                own=lambda: own or any(self._took_part(kind, task_id) for kind in self._wanted.roles),
            )
            self.jobs.append(
                Job(lambda: keeper, report, task_id=task_id, own=own, is_timekeeper=True, task=self._locks[task_id])
            )
        for kind in kinds:
            self._add(kind, task_id, own=own)

    def _add(self, kind: Kind, task_id: int, *, own: bool) -> None:
        report = self._report_of(kind, task_id)
        self.jobs.append(
            Job(
                lambda: self._open(kind, task_id, report, own=own),
                report,
                task_id=task_id,
                own=own or self._took_part(kind, task_id),
                needed=lambda block: own or self._is_needed(kind, task_id, block),
                begun=lambda: self._journal.parts.add(f"{self._contracts.place}/{task_id}", kind),
                is_kept=True,
                affords=self._affords,
                coin=self._coin,
                task=self._locks[task_id],
            )
        )

    def _is_needed(self, kind: Kind, task_id: int, block: Block) -> bool:
        """Whether a role may have something to do in a task that nobody has named: else it is not even opened."""
        if self._took_part(kind, task_id):
            return True
        task = self._board.tasks[task_id]
        if kind == "aggregator":
            return task.phase in (Phase.MASK, Phase.AGGREGATE, Phase.CHALLENGE)
        if task.phase is Phase.JOIN:  # nobody needs the first model before there is somebody to train
            return task.models == 1 and task.joined > 0 and block.timestamp < task.deadline
        return task.phase in (Phase.REVIEW, Phase.AGGREGATE, Phase.CHALLENGE)

    def _opened(self, task_id: int) -> None:
        for job in list(self.jobs):  # in a thread of its own
            if job.task_id == task_id:
                job.tell()

    def _open(self, kind: Kind, task_id: int, report: Report, *, own: bool) -> Role:
        """A role, whose file, task and circuits are in order: before anything is staked or sent.

        Raises:
            Opening: the task is not open yet.
            DataError: the file of data is not what the task asks for.
            HeadwaterError: as `open_task` and `Task.check_circuits`.
        """
        task = self._opener.get(task_id, report, own=own)
        if kind != "challenger":
            task.check_first_model()  # who challenges need not have it
        dataset, pooled, journal = None, None, self._journal.secrets
        if kind == "trainer":
            links = task.config.max_links
            if task_id in self._wanted.pools:
                pooled = pooled_data(task, self._key.address, journal, self._wanted.pools[task_id])
                dataset = pooled.dataset
            else:
                dataset = task.learner.read(self._wanted.data[task_id], links=links)
            for warning in dataset.warnings:
                report("note", text=warning)
            report("data", rows=len(dataset), capacity=task.learner.rows * links)
            if task.config.admission != ZERO_ADDRESS:
                report("note", text=f"the contract at {task.config.admission} decides who may enrol in task {task_id}")
        if kind == "attester":
            return self._attester(task, report)
        keep_stake, limit, heavy = self._wanted.keep_stake, self._wanted.proof_limit, self._heavy
        if dataset is not None:
            return self._trainer(
                *(task, self.sender, secret_of(self._key), dataset, report),
                keep_stake=keep_stake,
                proof_limit=limit,
                quiet_until=self._wanted.quiet_until,
                journal=journal,
                heavy=heavy,
                pooled=pooled,
                admittance=admittance_for(task, self._key.address, self._wanted.identity, report),
            )
        if kind == "aggregator":
            return Aggregator(
                *(task, self.sender, report),
                keep_stake=keep_stake,
                proof_limit=limit,
                journal=journal,
                heavy=heavy,
                own=own,
            )
        return Challenger(task, self.sender, report)

    def _attester(self, task: Task, report: Report) -> Attester:
        """An attester, whose file and circuits are in order. Raises as `_open`."""
        needed = proving_cost(task.srs.k, 2).memory_mb
        with self._heavy.turn(own=True, is_proof=False, memory_mb=needed) as stop:
            task.check_scores(report, stop=stop)
        dataset = task.learner.read(self._wanted.held_out[task.id], links=MOST_HELD_OUT)
        for warning in dataset.warnings:
            report("note", text=warning)
        report("data", rows=len(dataset), capacity=task.learner.rows)
        return Attester(
            *(task, self.sender, secret_of(self._key), dataset, report),
            journal=self._journal.secrets,
            once=self._wanted.once,
            proof_limit=self._wanted.proof_limit,
            heavy=self._heavy,
        )


Funds = Callable[[], Mapping[Kind, int]]
"""What an account can pay for each role; read when it is first asked for."""


def _unaffordable(kind: Kind, task: TaskSummary, funds: Funds) -> str:
    """What a role in a task may take that is not there; empty where it is."""
    needed, name = (task.stake, "stake") if kind == "aggregator" else (task.challenge_bond, "bond")
    has = funds()[kind]
    return f"its {name} is {needed} wei, and the account has {has}" if needed > has else ""
