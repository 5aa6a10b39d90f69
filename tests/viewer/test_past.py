"""A task with all kinds of accidents behind it: who was left out, who was slashed, and whose average counted."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from headwater.chain.contracts.events import Convicted
from headwater.chain.contracts.reverts import format_wei
from headwater.errors import Unavailable
from headwater.roles.terms import WHOLE
from headwater.storage.cid import Cid
from tests.support.anvil import run_anvil
from tests.support.roles import AGGREGATOR, OUTSIDER, TERMS, World
from tests.support.site import PATIENCE, Visitor, honest, lying
from tests.support.story import Story, play
from tests.viewer.test_models_verified import badge, form
from tests.viewer.test_round_live import short

FAULT, ABSENCE = (format_wei(TERMS.stake * part // WHOLE) for part in (TERMS.fault_slash, TERMS.absence_slash))


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("story")
    with run_anvil(folder / "anvil.log") as anvil:
        yield play(World(anvil, folder, home))


def see_round(guest: Visitor, story: Story, number: int) -> None:
    guest.visit(f"/task/{story.long.id}/round/{number}", of=story.world)
    expect(guest.page.get_by_role("table", name=f"Trainers of round {number}")).to_be_visible(timeout=PATIENCE)


def row_of(guest: Visitor, story: Story, account: int) -> Locator:
    return guest.page.get_by_role("row").filter(has_text=short(story.world.senders[account].address))


@pytest.mark.parametrize(
    ("number", "outcome", "slashed"),
    (
        (1, "submitted no valid proof in time", f"{ABSENCE} for a missed duty"),
        (2, "missed an attempt at masking", f"{ABSENCE} for a missed duty"),
        (3, "posted a mask or peers that were shown to be wrong", f"{FAULT} for a fault"),
    ),
)
def test_round__in_which_one_of_four_failed__says_how__and_what_that_cost(visitor, story, number, outcome, slashed):
    guest = visitor()

    see_round(guest, story, number)

    row = row_of(guest, story, 4)
    expect(row).to_contain_text(outcome)
    expect(row).to_contain_text(slashed)
    expect(guest.page.get_by_role("row").filter(has_text="counted")).to_have_count(3)
    assert guest.violations() == []
    guest.picture(f"past-round-{number}")


def test_round__in_which_a_liar_was_convicted__shows_who_answered__and_what_it_had_for_that(visitor, story):
    guest = visitor()

    see_round(guest, story, 3)

    (convicted,) = story.world.rounds.events(Convicted, task_id=story.long.id)
    owed = f"{Decimal(convicted.owed).scaleb(-18).normalize():f} ETH"
    told = f"convicted: {short(convicted.payee)} showed it, and had {owed} of its stake for gas"
    expect(row_of(guest, story, 4)).to_contain_text(told)
    expect(guest.page.get_by_role("row").filter(has_text="answered")).to_have_count(1)


def test_round__whose_first_average_was_withheld__shows_both__and_what_that_cost(visitor, story):
    guest = visitor()

    see_round(guest, story, 4)

    averages = guest.page.get_by_role("table", name="Averages that were accepted, in order")
    first, second = (
        averages.get_by_role("row").filter(has_text=short(story.world.senders[account].address))
        for account in (AGGREGATOR, OUTSIDER)
    )
    expect(first).to_contain_text(f"taken back: its bytes were withheld, {FAULT} slashed")
    expect(second).to_contain_text("the model, shown on chain when it was demanded")
    guest.picture("past-round-4")


def test_task__with_a_past__counts_who_was_slashed(visitor, story):
    guest = visitor()

    guest.visit(f"/task/{story.long.id}", of=story.world)

    row = (
        guest.page.get_by_role("table", name="Rounds, the newest first").get_by_role("row").filter(has_text="at fault")
    )
    expect(row).to_contain_text("1 at fault", timeout=PATIENCE)
    expect(row).to_contain_text("1 slashed")
    guest.picture("past-task")


def test_task__that_starts_from_models_of_others__links_to_them__in_words_and_in_the_picture(visitor, story, gateway):
    long, warm, merged = story.long.id, story.warm.id, story.merged.id
    guest = visitor()
    guest.visit(f"/task/{merged}", of=story.world, gateways=[gateway(honest(story.world.store))])

    terms = guest.page.locator("section.card").filter(has=guest.page.get_by_role("heading", name="Terms"))
    told = f"(3 × model of round 4 of task {long} + -1 × first model of task {warm}) / 2, rounded down"
    expect(terms).to_contain_text(told, timeout=PATIENCE)
    picture = guest.page.get_by_role("group", name="Picture of the lineage")
    expect(picture.get_by_role("link", name=f"first model of task {warm}, times -1")).to_have_count(1)
    guest.sees("two species")
    assert guest.violations() == []
    assert guest.overflow() <= 0
    guest.picture("task-merged")

    terms.get_by_role("link", name=f"first model of task {warm}").click()

    expect(badge(guest)).to_be_visible(timeout=PATIENCE)
    guest.sees("The first model is made of others")
    origin = guest.page.locator("dd").filter(has_text=f"the weights of the model of round 4 of task {long}")
    expect(origin).to_have_count(1)
    guest.picture("model-warm-start")
    origin.get_by_role("link").click()
    guest.sees(f"Model of round 4, task {long}")


def test_rounds__that_made_no_model__say_why(visitor, story):
    guest = visitor()

    guest.visit(f"/task/{story.short.id}/round/2", of=story.world)

    guest.sees("too few joined")


@pytest.mark.parametrize("gateway_has", ("nothing", "other bytes"))
def test_model__that_no_gateway_gives__is_verified_as_it_was_shown_on_chain(visitor, story, gateway, gateway_has):
    store, document = story.world.store, Cid.from_digest(story.world.models.get_model(story.long.id, 4).cid)

    def forgetful(cid: Cid) -> bytes:
        if cid == document:
            raise Unavailable(f"nobody has {cid}", "ask again")
        return honest(store)(cid)

    content = forgetful if gateway_has == "nothing" else lying(store, document, b"{}")
    guest = visitor()
    guest.visit(f"/task/{story.long.id}/model/4", of=story.world, gateways=[gateway(content)])

    expect(badge(guest)).to_be_visible(timeout=PATIENCE)
    guest.sees("Its weights are those that the chain shows")
    expect(guest.page.locator(".checks li.good")).to_have_count(4)
    expect(form(guest)).to_be_visible()
    told = guest.page.get_by_text("gave other bytes, which were thrown away")
    expect(told).to_have_count(0 if gateway_has == "nothing" else 1)
    guest.picture("model-shown-on-chain")
