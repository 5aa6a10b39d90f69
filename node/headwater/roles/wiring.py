"""The roles of one account, built from what they share: the only place where a role comes into being in a daemon."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from eth_account.signers.local import LocalAccount

from headwater.chain.asking.rpc import Block
from headwater.chain.contracts.events import Aggregated, Challenged
from headwater.chain.contracts.opened import Contracts
from headwater.chain.sending.sender import Sender
from headwater.errors import ConfigError
from headwater.journal.journal import Journal
from headwater.private import check_private
from headwater.protocol.structs import ZERO_ADDRESS, TaskConfig
from headwater.roles.aggregator import Aggregator
from headwater.roles.challenger import Challenger
from headwater.roles.loop import Job
from headwater.roles.report import Report
from headwater.roles.role import Role
from headwater.roles.secrets import secret_of
from headwater.roles.task import Task, open_task
from headwater.roles.trainer import Trainer
from headwater.storage.store import ContentStore

Kind = Literal["trainer", "aggregator", "challenger"]


@dataclass(frozen=True)
class Wanted:
    """What a node is to do.

    Attributes:
        tasks: ids; none: every task that there is and will be, but for training, which needs data.
        data: for each task to train in, a CSV file for its owner alone.
        keep_stake: leave the account's free stake where it is when a task has ended, for other tasks.
        proof_limit: seconds that a proof may take at most; none, until it hangs (see `roles.proving`).
        provers: how many proofs of one update are made at a time.
    """

    roles: Sequence[Kind]
    tasks: Sequence[int] = ()
    data: Mapping[int, Path] = field(default_factory=dict)
    keep_stake: bool = False
    proof_limit: float | None = None
    provers: int = 1

    @property
    def endless(self) -> bool:
        """Whether tasks may come that are not known yet."""
        return not self.tasks and set(self.roles) != {"trainer"}

    def check(self) -> None:
        """Refuse what contradicts itself, and data that others may read.

        Raises:
            ConfigError: so it does.
        """
        for path in self.data.values():
            check_private(path)
        if stray := sorted(set(self.data) - set(self.tasks or self.data)):
            raise ConfigError(
                f"there are data for task {stray[0]}, which is not among the tasks {', '.join(map(str, self.tasks))}",
                "add it to `tasks`, or take it out of `data`",
            )
        if set(self.roles) == {"trainer"}:
            missing = sorted(set(self.tasks) - set(self.data))
            if missing or not self.data:
                what = f"for task {missing[0]} " if missing else ""
                raise ConfigError(f"a trainer needs data, and no file {what}is named", "name one under [data]")


class Node:
    """The jobs of one account on one chain. Pass `looked` and `jobs` to a `Loop`."""

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
        self._contracts, self._store, self._home, self._key = contracts, store, home, key
        self._journal, self._wanted, self._report_of, self._report = journal, wanted, report_of, report
        self._trainer = trainer
        self._cursor = journal.cursor(contracts.chain.name)
        self._opened: dict[int, Task] = {}
        self._settled = False  # whether what was on its way has arrived
        self._considered = 0  # tasks
        self._too_dear: dict[tuple[Kind, int], TaskConfig] = {}  # what was passed over for lack of coin
        named = sorted(set(wanted.tasks) | set(wanted.data))
        for task_id in named:
            contracts.tasks.get_task(task_id)
            for kind in wanted.roles:
                if (task_id in wanted.data) if kind == "trainer" else (task_id in wanted.tasks):
                    self._add(kind, task_id)

    def looked(self, block: Block) -> None:
        """See a new block: whether the chain has dropped older ones, and whether there are new tasks.

        Raises:
            ChainError: the node fails, or what was sent earlier is not mined yet.
            JournalError: the journal fails.
        """
        self._follow(block)
        if not self._settled:
            self.sender.next_nonce()
            self._settled = True
        if self._wanted.endless:
            self._reconsider(block)
            count = self._contracts.tasks.task_count(block.number)
            while self._considered < count:
                self._consider(self._considered + 1, block)
                self._considered += 1

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
            self._opened.clear()
            for job in self.jobs:
                job.reset()
        self._cursor.advance(block.number, block.hash)

    def _consider(self, task_id: int, block: Block) -> None:
        """Take up a task that nobody has named, by the roles that need no data and fit; by none if the chain fails."""
        config = self._contracts.tasks.get_task(task_id, block.number).config
        state = self._contracts.rounds.get_state(task_id, block.number)
        kinds = [kind for kind in self._wanted.roles if kind != "trainer"]
        if state.phase.is_end:
            fitting, problems = [kind for kind in kinds if self._took_part(kind, task_id)], {}
        else:
            has = self._funds(block)
            problems = {kind: problem for kind in kinds if (problem := _unaffordable(kind, config, has))}
            fitting = [kind for kind in kinds if kind not in problems]
        for kind, problem in problems.items():
            self._too_dear[kind, task_id] = config
            self._report_of(kind, task_id)("passed over", reason=problem)
        for kind in fitting:
            self._add(kind, task_id)

    def _reconsider(self, block: Block) -> None:
        """Take up what was passed over, where the account can pay for it by now and the task still runs."""
        if not self._too_dear:
            return
        has = self._funds(block)
        payable = [at for at, config in self._too_dear.items() if not _unaffordable(at[0], config, has)]
        for kind, task_id in payable:
            del self._too_dear[kind, task_id]
            if not self._contracts.rounds.get_state(task_id, block.number).phase.is_end:
                self._add(kind, task_id)

    def _took_part(self, kind: Kind, task_id: int) -> bool:
        """Whether this account may have something to collect from a task that has ended."""
        contracts, me = self._contracts, self._key.address
        if kind == "aggregator":
            return any(event.aggregator == me for event in contracts.rounds.events(Aggregated, task_id=task_id))
        return any(event.challenger == me for event in contracts.challenges.events(Challenged, task_id=task_id))

    def _funds(self, block: Block) -> dict[Kind, int]:
        """What the account can pay for a role's stake or bond, wei."""
        me, at = self._key.address, block.number
        balance = self._contracts.chain.balance(me, at)
        return {"aggregator": balance + self._contracts.stakes.stake_of(me, at).free, "challenger": balance}

    def _add(self, kind: Kind, task_id: int) -> None:
        report = self._report_of(kind, task_id)
        self.jobs.append(Job(lambda: self._open(kind, task_id, report), report))

    def _open(self, kind: Kind, task_id: int, report: Report) -> Role:
        """A role, whose file, task and circuits are in order: before anything is staked or sent.

        Raises:
            DataError: the file of data is not what the task asks for.
            HeadwaterError: as `open_task` and `Task.check_circuits`.
        """
        task = self._opened.get(task_id) or open_task(
            self._contracts, self._store, self._home, task_id, check_model=False
        )
        if kind != "challenger":
            task.check_first_model()  # who challenges need not have it
        dataset = None
        if kind == "trainer":
            links = task.config.max_links
            dataset = task.learner.read(self._wanted.data[task_id], links=links)
            for warning in dataset.warnings:
                report("note", text=warning)
            report("data", rows=len(dataset), capacity=task.learner.rows * links)
            if task.config.admission != ZERO_ADDRESS:
                report("note", text=f"the contract at {task.config.admission} decides who may enrol in task {task_id}")
        if task_id not in self._opened:
            task.check_circuits(report)
            self._opened[task_id] = task
        keep_stake, limit = self._wanted.keep_stake, self._wanted.proof_limit
        journal = self._journal.secrets
        if dataset is not None:
            parts = (task, self.sender, secret_of(self._key), dataset, report)
            provers = self._wanted.provers
            return self._trainer(*parts, keep_stake=keep_stake, proof_limit=limit, provers=provers, journal=journal)
        if kind == "aggregator":
            return Aggregator(task, self.sender, report, keep_stake=keep_stake, proof_limit=limit, journal=journal)
        return Challenger(task, self.sender, report)


def _unaffordable(kind: Kind, config: TaskConfig, funds: Mapping[Kind, int]) -> str:
    """What a role in a task may take that is not there; empty where it is."""
    needed, name = (config.stake, "stake") if kind == "aggregator" else (config.challenge_bond, "bond")
    has = funds[kind]
    return f"its {name} is {needed} wei, and the account has {has}" if needed > has else ""
