"""What a task fixes, in the page's words: who may enrol, where its first model comes from, what answers cost."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.support.groups import make_group
from tests.support.site import PATIENCE


@pytest.fixture
def terms(workshop, visitor):
    """The terms of a task, as its page says them."""

    def of(task_id):
        guest = visitor()
        guest.visit(f"/task/{task_id}", of=workshop)
        return guest.page.locator("section.card").filter(has=guest.page.get_by_role("heading", name="Terms"))

    return of


def test_terms__of_a_task_without_a_module__say_that_anybody_may_enrol__and_that_nobody_proved_the_first_model(
    workshop, terms
):
    told = terms(workshop.publish("open"))

    expect(told).to_contain_text("open to anybody", timeout=PATIENCE)
    expect(told).to_contain_text("its creator’s own, proved by nobody")


def test_terms__of_a_task_with_an_admission_module__name_it(workshop, terms):
    module = workshop.contracts.lens.address

    told = terms(workshop.publish("closed", admission=module))

    expect(told).to_contain_text("nothing is known of it here", timeout=PATIENCE)
    expect(told.get_by_title(module)).to_have_count(1)


def test_terms__of_a_task_for_members_of_groups__name_each_with_its_admin_and_size(workshop, visitor):
    contracts, admin = workshop.contracts, workshop.creator
    groups = [make_group(contracts, admin, people) for people in (("ada", "grace", "emmy"), ("ada", "alan"))]
    admin.send(contracts.admissions.module_for(groups))
    task_id = workshop.publish("for some", admission=contracts.admissions.address_of(groups))

    guest = visitor()
    guest.visit(f"/task/{task_id}", of=workshop)
    told = guest.page.locator("section.card").filter(has=guest.page.get_by_role("heading", name="Terms"))

    expect(told).to_contain_text("members of all of these groups, each once", timeout=PATIENCE)
    for group, size in zip(groups, (3, 2), strict=True):
        expect(told).to_contain_text(f"group {group}: {size} members")
    expect(told.get_by_title(admin.address)).to_have_count(2)
    expect(told).to_contain_text("in all of them: 1")
    guest.picture("task-of-groups")


def test_terms__say_how_long_an_answer_has_and_what_a_challenge_costs(workshop, terms):
    told = terms(workshop.publish("flowers"))

    expect(told).to_contain_text("within 1 h; a challenge takes a bond of 0.00000000000000001 ETH", timeout=PATIENCE)
