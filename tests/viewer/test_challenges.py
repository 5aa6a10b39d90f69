"""What the page says of who was challenged, and of rounds that failed through others, while it happens and after."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from headwater.chain.contracts.reverts import format_wei
from headwater.protocol.decisions import Aggregate, Deposit, Enrol, Join, Mask, OpenModel, OpenUpdate, Publish, Submit
from headwater.roles.task import Task
from headwater.roles.terms import WHOLE
from tests.support.roles import AGGREGATOR, CHALLENGER, CREATOR, OUTSIDER, TERMS, World
from tests.support.site import PATIENCE, Visitor
from tests.viewer.test_round_live import short

BOND = TERMS.challenge_bond
FIRST = [5, -6, 7, 8]


def everybody(world: World, task: Task, members: range, *actions: type) -> None:
    """Let trainers do each of the actions, one after another."""
    for action in actions:
        for i in members:
            world.steps(world.trainer(i, task), action)


def demand_update(world: World, task_id: int, i: int) -> None:
    challenges = world.contracts.challenges
    world.senders[CHALLENGER].send(challenges.challenge_update(task_id, world.senders[i + 1].address, BOND))


def demand_model(world: World, task_id: int) -> None:
    world.senders[CHALLENGER].send(world.contracts.challenges.challenge_model(task_id, BOND))


def challenged(guest: Visitor, world: World, i: int) -> Locator:
    """What the page says of the challenge of trainer i."""
    row = guest.page.get_by_role("row").filter(has_text=short(world.senders[i + 1].address))
    return row.locator("[data-column=Challenged]")


def with_first_model(world: World) -> Task:
    """A task that starts from a model of which somebody may demand the bytes."""
    first = world.opened(FIRST)
    return world.open(world.create(first.commitment, world.put(first.document(0, 0)).digest))


def test_trainer__that_is_challenged__has_to_answer__until_an_average_is_accepted(aggregating, visitor):
    guest = visitor()
    guest.visit(f"/task/{aggregating.task_id}/round/1", of=aggregating)
    expect(challenged(guest, aggregating, 0)).to_have_text("", timeout=PATIENCE)

    demand_update(aggregating, aggregating.task_id, 0)

    expect(challenged(guest, aggregating, 0)).to_have_text("has to answer", timeout=PATIENCE)
    guest.picture("round-challenged")

    aggregating.steps(aggregating.aggregator(), Aggregate)

    told = "no longer has to answer: an average was accepted"
    expect(challenged(guest, aggregating, 0)).to_have_text(told, timeout=PATIENCE)
    aggregating.advance()
    expect(guest.page.get_by_role("row").filter(has_text="counted")).to_have_count(3, timeout=PATIENCE)
    expect(challenged(guest, aggregating, 0)).to_have_text(told)


def test_trainer__that_answered_once_and_then_no_more__did_not_answer__and_the_others_did_their_part(created, visitor):
    task = created.open(created.create(max_trainers=4))
    everybody(created, task, range(4), Deposit, Enrol, Join)
    everybody(created, task, range(4), Submit)
    everybody(created, task, range(4), Mask)
    everybody(created, task, range(3), Publish)
    for i in (0, 3):
        demand_update(created, task.id, i)
    created.steps(created.trainer(0, task), OpenUpdate)
    guest = visitor()
    guest.visit(f"/task/{task.id}/round/1", of=created)
    expect(challenged(guest, created, 0)).to_have_text("answered", timeout=PATIENCE)
    expect(challenged(guest, created, 3)).to_have_text("has to answer")

    created.advance(task.id)  # a new attempt, without the one that did not

    expect(challenged(guest, created, 3)).to_have_text("did not answer", timeout=PATIENCE)
    expect(challenged(guest, created, 0)).to_have_text("answered")

    everybody(created, task, range(3), Mask, Publish)
    demand_update(created, task.id, 0)
    expect(challenged(guest, created, 0)).to_have_text("has to answer", timeout=PATIENCE)
    created.advance(task.id)  # too few are left

    expect(challenged(guest, created, 0)).to_have_text("did not answer", timeout=PATIENCE)
    guest.picture("round-too-few-left")
    guest.go(f"/task/{task.id}")
    row = guest.page.get_by_role("row").filter(has_text="Round 1")
    expect(row).to_contain_text("2 did their part", timeout=PATIENCE)
    expect(row).to_contain_text("2 at fault")
    expect(row).not_to_contain_text("left out")
    expect(guest.page.get_by_role("group", name="Picture of the lineage").locator(".vain")).to_have_count(2)
    guest.sees("did its part, but the round made no model")
    assert guest.violations() == []
    guest.picture("task-too-few-left")


def test_average__whose_bytes_are_demanded__is_said_to_be__and_then_to_be_shown(averaged, visitor):
    round_page, task_page = visitor(), visitor()
    round_page.visit(f"/task/{averaged.task_id}/round/1", of=averaged)
    task_page.visit(f"/task/{averaged.task_id}", of=averaged)
    round_page.sees("can be challenged")

    demand_model(averaged, averaged.task_id)

    round_page.sees("its bytes are demanded, until")
    expect(round_page.page.get_by_text("can be challenged")).to_have_count(0)
    task_page.sees("the aggregator, to show the average’s bytes")
    round_page.picture("round-average-demanded")

    averaged.steps(averaged.aggregator(AGGREGATOR), OpenModel)

    round_page.sees("shown on chain when it was demanded")


def test_first_model__that_is_demanded__is_said_to_be__and_is_no_word_on_the_average(created, visitor):
    task = with_first_model(created)
    guest = visitor()
    guest.visit(f"/task/{task.id}", of=created)
    guest.sees("0 joined, of 3 to 3")

    demand_model(created, task.id)

    guest.sees("the creator, to show the first model’s bytes")
    guest.go(f"/task/{task.id}/round/1")
    guest.sees("its bytes are demanded, until")

    created.steps(created.aggregator(OUTSIDER, task), OpenModel)

    guest.sees("shown on chain when it was demanded")
    everybody(created, task, range(3), Deposit, Enrol, Join)
    everybody(created, task, range(3), Submit)
    everybody(created, task, range(3), Mask, Publish)
    created.finalize(task)
    averages = guest.page.get_by_role("table", name="Averages that were accepted, in order")
    expect(averages.locator("[data-column=Outcome]")).to_have_text("the model", timeout=PATIENCE)


def test_first_model__that_its_creator_withholds__ends_the_task__and_the_page_says_why_and_what_it_cost(
    created, visitor
):
    task = with_first_model(created)
    everybody(created, task, range(2), Deposit, Enrol, Join)
    demand_model(created, task.id)
    guest = visitor()
    guest.visit(f"/task/{task.id}", of=created)
    guest.sees("the creator, to show the first model’s bytes")

    created.advance(task.id)

    guest.sees("The creator withheld the first model")
    burnt = format_wei(TERMS.pool * TERMS.fault_slash // WHOLE)
    guest.sees(f"{burnt} of what was left for rewards is burnt.")
    guest.sees(short(created.senders[CREATOR].address))
    expect(guest.page.get_by_text("Models and rewards stay")).to_have_count(0)
    row = guest.page.get_by_role("row").filter(has_text="Round 1")
    expect(row).to_contain_text("2 did their part")
    assert guest.violations() == []
    guest.picture("task-first-model-withheld")
    guest.go(f"/task/{task.id}/round/1")
    guest.sees("The creator withheld the first model")
    guest.sees(f"{burnt} of what was left for rewards is burnt.")
    told = guest.page.get_by_role("row").filter(has_text="the creator withheld the first model")
    expect(told).to_have_count(2)
    expect(guest.page.get_by_text("Too few trainers joined")).to_have_count(0)
    guest.picture("round-first-model-withheld")
