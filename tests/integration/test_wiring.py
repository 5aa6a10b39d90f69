"""A node that takes up tasks by itself, and follows a chain whose nodes are behind, or drop blocks."""

from __future__ import annotations

from contextlib import ExitStack
from types import SimpleNamespace

import pytest

from headwater.chain.asking import endpoints
from headwater.chain.asking.rpc import connect
from headwater.chain.contracts.opened import open_contracts
from headwater.errors import ChainError
from headwater.journal.journal import open_journal
from headwater.roles.wiring import Node, Wanted
from tests.support.proxy import drop, run_proxy, stale
from tests.support.roles import AGGREGATOR, OUTSIDER, World

SERVICES = Wanted(("aggregator", "challenger"))


@pytest.fixture
def following(world: World, tmp_path):
    """Makes a node of an account that finds tasks by itself, behind a proxy; with what it reported."""
    with run_proxy(world.anvil.url) as proxy:

        def of(account: int, name: str = "home") -> SimpleNamespace:
            told = []

            def report_of(role, task_id):
                return lambda stage, **details: stage == "found" or told.append((role, stage, details))

            contracts = open_contracts(connect(proxy.url), world.folder / "deployments")
            key, home = world.anvil.accounts[account], tmp_path / name
            home.mkdir()
            journal = journals.enter_context(open_journal(home, key))
            parts = (contracts, world.store, home, key, journal, SERVICES, report_of, report_of("node", 0))
            node = Node(*parts)
            return SimpleNamespace(
                node=node,
                told=told,
                proxy=proxy,
                look=lambda: node.looked(contracts.chain.block()),
                chain=contracts.chain,
            )

        with ExitStack() as journals:
            yield of


# which tasks it takes up


def kinds(node) -> list[str]:
    """Of which task a node has jobs, one entry for each job."""
    return sorted((job.task_id, job.own) for job in node.jobs)


def test_tasks__when_the_chain_fails_half_way__are_taken_up_once(created, following, monkeypatch):
    monkeypatch.setattr(endpoints, "PAUSE_SECONDS", 0.0)
    found = following(OUTSIDER)
    found.proxy.do(drop, "eth_getBalance")
    with pytest.raises(ChainError):
        found.look()
    assert not found.node.jobs
    found.proxy.heal()
    for _ in range(2):
        found.look()
    assert kinds(found.node) == [(created.task_id, False)] * 3  # a keeper, an aggregator, a challenger


def test_task__that_has_ended__is_taken_up_only_by_who_was_in_it(finalized, following):
    finalized.advance()
    stranger, aggregator = following(OUTSIDER), following(AGGREGATOR, "another")
    place = f"{finalized.chain.name}/{finalized.tasks.address}/{finalized.task_id}"
    aggregator.node._journal.parts.add(place, "aggregator")
    for found, jobs in ((stranger, 0), (aggregator, 2)):
        found.look()
        assert len(found.node.jobs) == jobs


def test_task__passed_over_for_lack_of_coin__is_taken_up_when_there_is_some(created, following):
    address = created.senders[OUTSIDER].address

    def set_balance(wei: int) -> None:
        created.rpc("anvil_setBalance", address, hex(wei))
        created.rpc("evm_mine")

    set_balance(1)
    found = following(OUTSIDER)
    for _ in range(2):
        found.look()
        set_balance(2)
    assert [(role, stage) for role, stage, _ in found.told] == [
        ("aggregator", "passed over"),
        ("challenger", "passed over"),
    ]
    assert not found.node.jobs

    set_balance(created.task.config.challenge_bond)
    found.look()
    found.look()
    assert len(found.node.jobs) == 2  # with a keeper
    set_balance(created.task.config.stake)
    found.look()
    assert len(found.node.jobs) == 3


def test_task__passed_over__that_has_ended_meanwhile__is_not_taken_up(finalized, following):
    address = finalized.senders[OUTSIDER].address
    finalized.rpc("anvil_setBalance", address, "0x1")
    finalized.rpc("evm_mine")
    found = following(OUTSIDER)
    found.look()
    finalized.pass_deadline()
    finalized.senders[AGGREGATOR].send(finalized.rounds.advance(finalized.task_id))
    finalized.rpc("anvil_setBalance", address, hex(finalized.task.config.stake))
    finalized.rpc("evm_mine")
    found.look()
    assert not found.node.jobs
    assert [stage for _, stage, _ in found.told] == ["passed over"] * 2


# the chain it follows


@pytest.mark.parametrize("skipped", (1, 3))
def test_endpoint__that_is_behind__drops_no_blocks(created, following, skipped):
    """Also where the node has not seen the block at which the endpoint is."""
    found = following(AGGREGATOR)
    found.look()
    for _ in range(skipped):
        created.rpc("evm_mine")
    found.look()
    seen = found.node._cursor.last
    found.proxy.do(stale(seen - 1))
    found.look()
    found.proxy.heal()
    found.look()
    assert [stage for _, stage, _ in found.told] == []
    assert found.node._cursor.last == seen


def test_endpoint__that_is_behind_a_node_that_has_seen_one_block__drops_no_blocks(created, following):
    found = following(AGGREGATOR)
    found.look()
    found.proxy.do(stale(found.node._cursor.last - 1))
    found.look()
    assert found.told == []


def test_blocks__that_were_dropped__are_told__with_one_that_stands(created, following):
    """Also where nothing that this node has seen stands any more: the first block always does."""
    snapshot = created.rpc("evm_snapshot")
    created.rpc("evm_mine")
    fresh, patient = following(AGGREGATOR), following(OUTSIDER, "another")
    created.rpc("evm_mine")
    fresh.look()
    standing = created.chain.block().number - 2
    patient.node._cursor.advance(standing, created.chain.block(standing).hash)
    patient.look()
    created.rpc("evm_revert", snapshot)
    created.rpc("evm_setNextBlockTimestamp", created.chain.block().timestamp + 60)
    for _ in range(2):
        created.rpc("evm_mine")
    for found, expected in ((fresh, 0), (patient, standing)):
        found.look()
        ((_, stage, details),) = found.told
        assert (stage, details["standing"], details["seen"]) == ("reorganized", expected, standing + 2)
