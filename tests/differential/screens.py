"""What the lens must answer, put together from the machine. It has no rules, so it is no part of the specification."""

from __future__ import annotations

from headwater.chain.contracts.lens import NEWEST
from headwater.chain.contracts.screens import AccountScreen, RoundSummary, TaskScreen, TaskSummary
from headwater.protocol.machine import Machine
from headwater.protocol.structs import ZERO_HASH, Record


def ids(machine: Machine, start: int, limit: int) -> list[int]:
    """A page of tasks: from an id downwards."""
    first = min(start, len(machine.tasks.records))
    return list(range(first, max(first - limit, 0), -1))


def tasks(machine: Machine, start: int = NEWEST, limit: int = NEWEST) -> tuple[list[TaskSummary], int, int, int]:
    """`getTasks`."""
    page = [summary(machine, task_id) for task_id in ids(machine, start, limit)]
    return page, len(machine.tasks.records), machine.block.number, machine.block.time


def summary(machine: Machine, task_id: int) -> TaskSummary:
    """A task in a list."""
    record, state = machine.tasks.get_task(task_id), machine.rounds.get_state(task_id)
    config = record.config
    return TaskSummary(
        task_id=task_id,
        creator=record.creator,
        start_block=machine.models.start_of(task_id),
        manifest=config.manifest,
        pool=machine.rewards.pool_of(task_id).amount,
        stake=config.stake,
        challenge_bond=config.challenge_bond,
        dimension=config.dimension,
        rounds=config.rounds,
        min_trainers=config.min_trainers,
        max_trainers=config.max_trainers,
        round=state.round,
        phase=state.phase,
        deadline=state.deadline,
        next=machine.rounds.current_phase(task_id)[3],
        joined=state.joined,
        submitted=state.submitted,
        models=machine.models.model_count(task_id),
        model=machine.models.latest(task_id),
    )


def models(machine: Machine, start: int = NEWEST, limit: int = NEWEST) -> tuple[list[Record], int]:
    """`getModels`."""
    page = ids(machine, start, limit)
    records = [machine.models.get_record(task_id, machine.models.latest(task_id).round) for task_id in page]
    return records, len(machine.tasks.records)


def task(machine: Machine, task_id: int) -> TaskScreen:
    """`getTask`."""
    record, state = machine.tasks.get_task(task_id), machine.rounds.get_state(task_id)
    parents, divisor = machine.models.get_parents(task_id, 0)
    return TaskScreen(
        block_number=machine.block.number,
        timestamp=machine.block.time,
        creator=record.creator,
        start_block=machine.models.start_of(task_id),
        config=record.config,
        state=state,
        next=machine.rounds.current_phase(task_id)[3],
        round=machine.rounds.get_round(task_id, state.round),
        model=machine.models.latest(task_id),
        models=machine.models.model_count(task_id),
        parents=tuple(parents),
        divisor=divisor,
        pool=machine.rewards.pool_of(task_id),
        escrow=machine.stakes.escrow_of[task_id],
        tag=machine.tasks.tag(task_id),
    )


def rounds(machine: Machine, task_id: int, start: int, limit: int) -> list[RoundSummary]:
    """`getRounds`."""
    made = machine.models.entries.get(task_id, {})
    last, *_ = machine.rounds.current_phase(task_id)
    return [
        RoundSummary(number, machine.rounds.get_round(task_id, number), *made.get(number, (ZERO_HASH, ZERO_HASH)))
        for number in range(start, min(start + limit, last + 1))
    ]


def account(machine: Machine, task_id: int, who: str, start: int, limit: int) -> AccountScreen:
    """`getAccount`."""
    last, *_ = machine.rounds.current_phase(task_id)
    free, locked = machine.stakes.stake_of(who)
    slash, fault = machine.trainers.slash_of(task_id, who)
    return AccountScreen(
        block_number=machine.block.number,
        timestamp=machine.block.time,
        enrolment=machine.trainers.get_enrolment(task_id, who),
        entry=machine.rounds.get_roster_entry(task_id, last, who),
        free=free,
        locked=locked,
        lock=machine.stakes.lock_of[task_id, who],
        claimable=machine.stakes.claimable[who],
        slash=slash,
        fault=fault,
        rewards=tuple(
            machine.rewards.reward_of(task_id, number, who) for number in range(start, min(start + limit, last + 1))
        ),
    )
