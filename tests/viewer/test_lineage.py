"""Whose data a model rests on, over a tree of thirteen tasks: a picture with links, and a table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.anvil import run_anvil
from tests.support.catalogue import Catalogue
from tests.support.proxy import result, run_proxy
from tests.support.site import PATIENCE, Visitor, honest
from tests.support.toy_tree import ACCOUNTS, COHORT, LEAVES, ToyTree, grow

LOOKS = {"light": {}, "dark": {"color_scheme": "dark"}, "phone": {"viewport": {"width": 360, "height": 800}}}


@pytest.fixture(scope="module")
def forest(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Iterator[tuple[Catalogue, ToyTree]]:
    folder = tmp_path_factory.mktemp("forest")
    with run_anvil(folder / "anvil.log", accounts=ACCOUNTS) as anvil:
        catalogue = Catalogue(anvil, folder, home)
        yield catalogue, grow(catalogue)


def read(guest: Visitor, forest: tuple[Catalogue, ToyTree], task_id: int, round_: int, gateway: str = "") -> None:
    guest.visit(f"/task/{task_id}/model/{round_}", of=forest[0], gateways=[gateway] if gateway else ())
    guest.page.get_by_role("button", name="Read its lineage").click()


@pytest.mark.parametrize("look", LOOKS)
def test_lineage__of_a_merge_of_merges__is_a_picture_of_all_tasks__and_a_table_of_all_data(
    visitor, forest, gateway, look
):
    catalogue, tree = forest
    guest = visitor(**LOOKS[look])

    read(guest, forest, tree.root, 0, gateway(honest(catalogue.store)))

    guest.sees("It rests on 36 data commitments of 36 accounts.")
    picture = guest.page.get_by_role("group", name="Lineage:")
    expect(picture.get_by_role("link")).to_have_count(13)
    assert picture.locator("text").all_text_contents().count("1/3 ×") == 12
    guest.page.get_by_text("Each of them, by its hash").click()
    rows = guest.page.get_by_role("table", name="Data that the model rests on").get_by_role("row")
    assert rows.count() == 1 + LEAVES * COHORT
    for sender in (catalogue.trainers[0], catalogue.trainers[-1]):
        expect(rows.filter(has_text=sender.address)).to_have_count(1)
    guest.picture(f"lineage-{look}")
    assert guest.violations() == []
    assert guest.overflow() <= 0


def test_lineage__leads_to_the_models_it_is_made_of__by_the_keyboard_too(visitor, forest):
    _, tree = forest
    guest = visitor()
    read(guest, forest, tree.root, 0)
    branch = guest.page.get_by_role("link", name=f"first model of task {tree.branches[0]}, 0 updates in its task")

    branch.focus()
    guest.page.keyboard.press("Enter")

    expect(guest.page).to_have_title(f"First model of task {tree.branches[0]} · Headwater", timeout=PATIENCE)
    guest.page.get_by_role("button", name="Read its lineage").click()
    guest.sees("It rests on 12 data commitments of 12 accounts.")


def test_lineage__of_a_model_from_before__says_whose_data_are_not_in_it(visitor, forest):
    catalogue, tree = forest
    guest = visitor()

    read(guest, forest, tree.leaves[0], 0)

    guest.sees("It rests on nobody’s data.")
    guest.sees("Not in it")
    guest.sees(catalogue.trainers[0].address)


def test_lineage__from_weights_that_nobody_proved__says_so(visitor, forest):
    catalogue, _ = forest
    task_id = catalogue.publish("a creator's own", weights=(1, 2, 3))
    guest = visitor()

    read(guest, forest, task_id, 0)

    guest.sees("Whose data are in some of it, nobody can say")
    guest.sees(f"first model of task {task_id}. Networks draw theirs")


def test_lineage__from_a_node_that_leaves_logs_out__is_not_shown(visitor, forest):
    catalogue, tree = forest
    with run_proxy(catalogue.anvil.url) as liar:
        guest = visitor()
        guest.visit(f"/task/{tree.root}/model/0", of=catalogue, rpc=liar.url)
        guest.sees("Read its lineage")
        liar.do(result([]), "eth_getLogs")
        guest.page.get_by_role("button", name="Read its lineage").click()
        expect(guest.page.get_by_role("button", name="Ask again").last).to_be_visible(timeout=PATIENCE)
        expect(guest.page.get_by_text("data commitments of")).to_have_count(0)
