"""Pooled rows on a task's page: who gave a row to whom, until when, and whose data a trainer's proof is about."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from headwater.protocol.decisions import Deposit, Enrol, Join, Submit
from headwater.protocol.slots import Reason
from headwater.roles.pools import contributing, owning
from tests.support.pooling import OWNER, Pooling
from tests.support.site import PATIENCE


@pytest.fixture
def pooling(world):
    return Pooling(world.at("created"))


@pytest.fixture
def card(visitor, pooling, world_gateway):
    """The card of pools on the task's page, and its visitor."""

    def look():
        guest = visitor()
        guest.visit(f"/task/{pooling.world.task_id}", of=pooling.world, gateways=[world_gateway])
        heading = guest.page.get_by_role("heading", name="Pooled rows")
        return guest, guest.page.locator("section.card").filter(has=heading)

    return look


def test_pool__that_is_open__says_how_many_are_in_and_when_it_closes(pooling, card):
    for account in (4, 5, 7):
        pooling.contribute(account)
    contributing.withdraw(pooling.contracts, pooling.world.senders[5], pooling.journals[5], pooling.id)
    guest, told = card()
    expect(told).to_contain_text("2 of 6 slots", timeout=PATIENCE)
    expect(told).to_contain_text("Closes")
    expect(told.locator("[data-until]")).to_have_count(1)
    expect(told).to_contain_text("who learns the rows")
    told.get_by_text("2 contributors").click()
    for account in (4, 7):
        expect(told.get_by_title(pooling.address(account))).to_have_count(1)
    told.get_by_text("1 gone").click()
    expect(told).to_contain_text("withdrew")
    guest.picture("pool-open")


def test_pool__that_was_closed__is_named_where_its_owner_has_proved_an_update(pooling, card):
    world = pooling.world
    for account in (4, 5, 7):
        pooling.contribute(account)
    bad = next(member for member in pooling.seen.members if member.contributor == pooling.address(7))
    finding = owning.Finding(bad, Reason.INVALID_ROW)
    list(owning.leave_out(pooling.contracts, world.senders[OWNER], pooling.id, [finding]))
    pooling.freeze()
    pooling.collect()
    pooling.close()
    trainer = pooling.trainer()
    for i in (1, 2):
        world.steps(world.trainer(i), Deposit, Enrol, Join)
    world.steps(trainer, Join, Submit)

    guest, told = card()
    expect(told).to_contain_text("closed", timeout=PATIENCE)
    expect(told).to_contain_text("The sum of these rows is its owner’s data")
    told.get_by_text("1 gone").click()
    expect(told).to_contain_text("left out: the sealed row has values that the task's columns do not allow")
    guest.page.get_by_text("Who takes part in round 1").click()
    proof = guest.page.get_by_role("row").filter(has=guest.page.get_by_text(re.compile("pool of 2 contributors")))
    expect(proof).to_have_count(1)
    guest.picture("pool-closed")
    guest.visit(f"/task/{world.task_id}/round/1", of=world)
    expect(guest.page.get_by_text(re.compile("pool of 2 contributors"))).to_have_count(1, timeout=PATIENCE)


def test_task__without_pools__has_no_such_card(world, visitor):
    world.at("created")
    guest = visitor()
    guest.visit(f"/task/{world.task_id}", of=world)
    expect(guest.page.get_by_role("heading", name="Rounds", exact=True)).to_have_count(1, timeout=PATIENCE)
    expect(guest.page.get_by_role("heading", name="Pooled rows")).to_have_count(0)
