"""What a node asks of a chain as tasks and blocks become many: calls are counted, and CPU time, never time."""

from __future__ import annotations

from click.testing import CliRunner

from headwater.chain.contracts.codec import CONTRACTS
from headwater.chain.contracts.events import PhaseChanged
from headwater.chain.contracts.lens import NEWEST
from headwater.cli.main import cli
from headwater.protocol.decisions import Advance
from headwater.protocol.phases import Phase
from headwater.roles.board import Board
from headwater.roles.keeper import Keeper
from headwater.roles.report import silent
from tests.support.growth import MANY, SERVICES, a_day, a_status, a_thousand, counted, playing, publish
from tests.support.roles import CREATOR, OUTSIDER, World


def test_a_thousand_tasks__cost_a_node_few_calls(created: World, tmp_path):
    """At its first start, and in each new block."""
    found = a_thousand(created, tmp_path / "home")
    assert found.jobs == 3 * (MANY + 2)  # a keeper, an aggregator, a challenger
    assert found.start.count <= 60, found
    assert found.start.cpu <= 10, found
    assert found.block.count <= 15, found
    assert found.block.cpu <= 1.5, found
    assert found.another.count <= 15, found


def test_a_thousand_tasks__cost_status_and_lists_few_calls(created: World):
    publish(created, MANY)
    cost, said = a_status(created)
    assert cost.count <= 20 + len(CONTRACTS), cost  # each contract's code is looked at once
    options = ["--rpc", created.anvil.url, "--deployments", str(created.folder / "deployments")]
    with counted() as listing:
        done = CliRunner().invoke(cli, ["task", "list", *options])
    assert listing.count <= 20 + len(CONTRACTS), listing
    for output in (said, done.output):
        assert f"and {MANY + 1 - 100} older ones" in " ".join(output.split())


def test_thirty_tasks__due_in_one_block__are_advanced_within_three(created: World, tmp_path):
    publish(created, 29)
    with playing(created, tmp_path / "home", CREATOR, SERVICES) as player:
        player.play()
        created.rpc("evm_setAutomine", False)
        deadline = max(task.deadline for task in created.contracts.lens.get_tasks(NEWEST, 100)[0])
        created.rpc("evm_setNextBlockTimestamp", deadline)
        created.rpc("evm_setIntervalMining", 1)
        try:
            ended = lambda stage, _: stage == "advanced" and advanced() == 30  # noqa: E731
            advanced = lambda: sum(told[2] == "advanced" for told in player.told)  # noqa: E731
            player.play(ended)
        finally:
            created.rpc("evm_setIntervalMining", 0)
            created.rpc("evm_setAutomine", True)
    events = [e for e in created.contracts.rounds.events(PhaseChanged) if e.from_phase is Phase.JOIN]
    due = next(n for n in range(events[0].block_number, 0, -1) if created.chain.block(n - 1).timestamp < deadline)
    assert len(events) == 30
    assert max(event.block_number for event in events) - due <= 3


def test_sixteen_nodes__at_one_deadline__send_two_transactions_at_most(training: World):
    """Members first, two at once; all others later."""
    contracts, task_id = training.contracts, training.task_id
    board = Board(contracts, [task_id])
    training.pass_deadline()
    block = training.chain.block()
    board.look(block)
    keepers = [
        Keeper(
            *(contracts, task_id, sender, silent),
            summary=lambda: board.tasks[task_id],
            block_seconds=lambda: 12.0,
            own=lambda: True,
        )
        for sender in training.senders
    ]
    assert len(keepers) >= 10
    sending = [keeper for keeper in keepers if isinstance(keeper.decide(block), Advance)]
    assert 1 <= len(sending) <= 2
    members = {training.senders[i].address for i in (CREATOR, 1, 2, 3)}
    assert {keeper.sender.address for keeper in sending} <= members


def test_a_round_in_which_nobody_has_proved_anything__is_advanced_by_no_stranger(created: World):
    board = Board(created.contracts, [created.task_id])
    created.pass_deadline()
    block = created.chain.block()
    board.look(block)
    for account, advances in ((CREATOR, True), (OUTSIDER, False)):
        keeper = Keeper(
            *(created.contracts, created.task_id, created.senders[account], silent),
            summary=lambda: board.tasks[created.task_id],
            block_seconds=lambda: 12.0,
            own=lambda: False,
        )
        assert isinstance(keeper.decide(block), Advance) is advances


def test_a_day_of_all_roles_in_one_task__is_within_the_budget(enrolled: World):
    """Blocks in which nothing happens, looks that are made all the same, and a round of 16 members each hour."""
    found = a_day(enrolled)
    print(f"{found}: {found.calls:,.0f} calls a day")
    assert found.calls <= 40_000
