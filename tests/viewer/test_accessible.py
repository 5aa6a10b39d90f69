"""The page for everybody: axe's rules of WCAG A and AA on each screen and state, the keyboard, phones, colours."""

import pytest
from playwright.sync_api import expect

from tests.support.site import PATIENCE, lying
from tests.viewer.test_models_verified import document_of

PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
LOOKS = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": PHONE,
    "still": {"reduced_motion": "reduce", "forced_colors": "active"},
}
READY = {
    "/": "What happened lately",
    "/task/{id}": "two species",
    "/task/{id}/round/1": "Averages",
    "/task/{id}/model/1": "Computed here",
    "/task/{id}/model/0": "Nobody proved the first model",
    "/settings": "Ethereum node",
    "/nowhere": "There is no such page",
}
"""Each screen's route, and a text that is there when all of it is."""
TITLES = {
    "/": "Tasks",
    "/task/{id}/round/1": "Round 1 of task {id}",
    "/task/{id}/model/1": "Model of round 1, task {id}",
    "/task/{id}/model/0": "First model of task {id}",
    "/settings": "Settings",
    "/nowhere": "No such page",
}


def see_all(guest, world, route):
    """Open all there is on a screen."""
    if route.endswith("/model/1"):
        guest.page.get_by_role("button", name="Fill in the means").click(timeout=PATIENCE)
        guest.page.get_by_role("button", name="Predict").click()
    if route == "/task/{id}":
        guest.sees(READY[route])
        guest.page.get_by_label("CSV file with labelled rows").set_input_files(world.held_out)
        guest.page.get_by_role("button", name="Read the gas").click()
        for summary in ("Accuracy as a table", "Log-loss as a table"):
            guest.page.get_by_text(summary).click(timeout=PATIENCE)
    guest.sees(READY[route])


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("route", READY)
def test_screen__in_every_look__has_no_violation_and_fits_its_window(finalized, visitor, world_gateway, look, route):
    guest = visitor(**LOOKS[look])
    guest.visit(route.format(id=finalized.task_id), of=finalized, gateways=[world_gateway])

    see_all(guest, finalized, route)

    guest.picture(f"{look}-{route.strip('/').format(id='').replace('/', '-') or 'tasks'}")
    assert guest.violations() == []
    assert guest.overflow() <= 0


@pytest.mark.parametrize("look", ("light", "dark", "phone"))
def test_warnings__in_every_look__have_no_violation(finalized, visitor, gateway, look):
    guest = visitor(**LOOKS[look])
    liar = gateway(lying(finalized.store, document_of(finalized, 1), b"{}"))
    guest.visit(f"/task/{finalized.task_id}/model/1", of=finalized, gateways=[liar])
    guest.sees("Do not use")
    guest.page.context.set_offline(True)
    guest.sees("The node does not answer")

    guest.picture(f"{look}-warnings")
    assert guest.violations() == []
    assert guest.overflow() <= 0


def test_keyboard__reaches_the_content_past_the_bar__and_the_models_in_the_picture(finalized, visitor, world_gateway):
    guest = visitor()
    guest.visit(f"/task/{finalized.task_id}", of=finalized, gateways=[world_gateway])
    guest.sees("Lineage of the models")

    guest.page.keyboard.press("Tab")
    expect(guest.page.get_by_role("link", name="Skip to the content")).to_be_focused()
    guest.page.keyboard.press("Enter")
    expect(guest.page.get_by_role("main")).to_be_focused()
    model = guest.page.get_by_role("link", name="Model of round 1, average of 3 updates")
    for _ in range(40):
        guest.page.keyboard.press("Tab")
        if model.evaluate("element => element === document.activeElement"):
            break
    expect(model).to_be_focused()
    guest.page.keyboard.press("Enter")

    expect(guest.page.get_by_role("heading", level=1)).to_be_focused(timeout=PATIENCE)
    expect(guest.page).to_have_title(f"Model of round 1, task {finalized.task_id} · Headwater")


def test_title__of_each_screen__is_its_own(finalized, visitor, world_gateway):
    guest = visitor()
    guest.visit("/", of=finalized, gateways=[world_gateway])

    for route, title in TITLES.items():
        guest.go(route.format(id=finalized.task_id))

        expect(guest.page).to_have_title(f"{title.format(id=finalized.task_id)} · Headwater", timeout=PATIENCE)


def test_colours__are_the_systems_until_the_visitor_chooses__and_the_choice_is_kept(visitor):
    guest = visitor(color_scheme="dark")
    guest.visit("/settings")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = guest.page.evaluate(ground)

    guest.page.get_by_role("button", name="Colours: system").click()
    light = guest.page.evaluate(ground)
    guest.visit("/settings")

    assert dark != light
    assert guest.page.evaluate(ground) == light
    expect(guest.page.get_by_role("button", name="Colours: light")).to_be_visible()
