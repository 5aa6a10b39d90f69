"""What a link proposes is never saved with what its visitor means, and what is verified says against what.

Each attack is seen to work on a page whose form shows what the link brought, as the form of a careless page would.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from headwater.chain.deploying.records import Deployment
from headwater.cli.viewer.server import PAGE, Site, serving
from tests.support.site import PATIENCE, Place, Visitor, addresses, honest

STRANGERS = "http://127.0.0.1:9"


@pytest.fixture
def published(catalogue):
    """The page as `headwater viewer` serves it: with a node and contracts of its own."""
    deployment = Deployment.load("anvil", catalogue.folder / "deployments")
    with serving(Site(catalogue.chain, deployment, catalogue.store)) as url:
        yield url


@pytest.fixture
def own_gateway(workshop, gateway) -> str:
    return gateway(honest(workshop.store))


def saved(guest: Visitor) -> dict[str, str]:
    """What this browser will use from now on, whichever page it opens."""
    return dict(json.loads(guest.page.evaluate("localStorage.getItem('headwater-viewer')") or "{}"))


def careless(guest: Visitor) -> None:
    """From now on, the form shows what is in force, whoever chose it."""
    script = (PAGE / "screens" / "settings.js").read_text()
    weakened = script.replace("= app.settings.own;", "= app.settings;")
    assert weakened != script
    guest.page.route(
        "**/screens/settings.js", lambda route: route.fulfill(body=weakened, content_type="text/javascript")
    )


def save_a_gateway(guest: Visitor, gateway: str) -> None:
    """What the visitor came to the settings for."""
    guest.visit("/", rpc=STRANGERS, gateways=())
    guest.go("/settings")
    guest.page.get_by_label("IPFS gateways").fill(gateway)
    guest.page.get_by_role("button", name="Save and connect").click()
    guest.sees("Saved in this browser.")


def test_link__whose_visitor_saves_another_setting__is_not_saved_with_it(visitor, own_gateway):
    weak = visitor()
    careless(weak)
    save_a_gateway(weak, own_gateway)
    assert saved(weak)["rpc"] == STRANGERS

    guest = visitor()
    save_a_gateway(guest, own_gateway)

    assert saved(guest) == {"gateways": own_gateway}


def test_link__that_its_visitor_wants_to_keep__is_saved_by_a_button_that_names_all_of_it(
    visitor, workshop, own_gateway
):
    guest = visitor()
    guest.visit("/settings", of=workshop, gateways=[own_gateway])
    given = addresses(workshop)
    registry = given["contracts"]["ModelRegistry"]
    guest.sees("What the link named")
    assert saved(guest) == {}
    expect(guest.page.get_by_label("Ethereum node")).to_have_value("")
    guest.picture("link-settings")
    assert guest.violations() == []

    name = (
        f"Save the node {workshop.anvil.url}, the contracts with the registry {registry} on chain {given['chainId']},"
        f" the gateways {own_gateway}"
    )
    guest.page.get_by_role("button", name=name).click()

    expect(guest.page.get_by_label("Ethereum node")).to_have_value(workshop.anvil.url, timeout=PATIENCE)
    expect(guest.page.get_by_text("What the link named")).to_have_count(0)
    assert saved(guest).keys() == {"rpc", "deployment", "gateways"}


def buttons_but(guest: Visitor, kept: str) -> list[str]:
    names = guest.page.get_by_role("button").all_inner_texts()
    return [name for name in names if name.strip() and not name.startswith(kept)]


@pytest.mark.parametrize("route", ("/", "/settings", "/task/1", "/task/1/model/0"))
def test_link__whatever_else_its_visitor_clicks__is_not_saved(visitor, workshop, own_gateway, route):
    workshop.publish("one to look at")
    guest = visitor()
    guest.visit(route, of=workshop, gateways=[own_gateway])
    guest.sees("The link you followed chose what this page looks at")
    guest.sees("Nothing of that is saved.")
    for name in buttons_but(guest, "Save the "):
        guest.visit(route, of=workshop, gateways=[own_gateway])
        guest.sees("The link you followed")
        button = guest.page.get_by_role("button", name=name).first
        if button.count() and button.is_enabled():
            button.click()
        assert not saved(guest).keys() & {"rpc", "deployment"}, name


def unknown(place: Place) -> dict[str, Any]:
    """Contracts that the page does not know. (It knows those that are the first on any chain of anvil.)"""
    given = addresses(place)
    return given | {"contracts": given["contracts"] | {"StakeManager": "0x" + "66" * 20}}


def verdict(guest: Visitor, text: str) -> None:
    expect(guest.page.get_by_role("main").get_by_text("Verified", exact=True)).to_be_visible(timeout=PATIENCE)
    expect(guest.page.locator(".against")).to_contain_text(text)


def test_verified__against_contracts_that_only_a_link_names__says_so(visitor, workshop, own_gateway):
    task_id, given = workshop.publish("one that a link shows"), unknown(workshop)
    guest = visitor(viewport={"width": 360, "height": 740})
    texts = {"rpc": workshop.anvil.url, "gateways": own_gateway, "deployment": json.dumps(given)}

    guest.page.goto(f"{guest.host}#/task/{task_id}/model/0?{urlencode(texts)}")

    registry, chain = given["contracts"]["ModelRegistry"], given["chainId"]
    verdict(guest, f"the registry {registry} on chain {chain}, that only the link names")
    verdict(guest, "by the word of the node that the link named")
    expect(guest.page.locator(".badge.doubt")).to_have_count(1)
    assert guest.overflow() <= 0
    assert guest.violations() == []
    guest.picture("verified-by-link")


def test_verified__by_the_node_that_a_link_named__says_so(visitor, workshop, own_gateway):
    """Also where it names contracts that the page knows."""
    task_id = workshop.publish("one of contracts that are known")
    guest = visitor()
    guest.visit(f"/task/{task_id}/model/0", of=workshop, gateways=[own_gateway])
    verdict(guest, "that this page knows on that chain, by the word of the node that the link named")
    expect(guest.page.locator(".badge.doubt")).to_have_count(1)


def test_verified__against_the_contracts_of_the_page__says_so__also_where_a_link_names_the_same(
    visitor, published, catalogue
):
    guest = visitor(at=published)
    guest.visit("/task/1/model/0")
    verdict(guest, "that was published with this page")
    expect(guest.page.locator(".badge.doubt")).to_have_count(0)
    guest.picture("verified-by-page")

    guest.page.goto(f"{published}#/task/1/model/0?deployment={json.dumps(addresses(catalogue))}")
    guest.sees("The link you followed")
    verdict(guest, "that was published with this page")


def test_verified__against_contracts_that_the_visitor_saved__says_so(visitor, workshop, own_gateway):
    task_id = workshop.publish("one that is looked at often")
    guest = visitor()
    guest.visit("/settings")
    guest.page.get_by_label("Ethereum node").fill(workshop.anvil.url)
    guest.page.get_by_label("Contracts").fill(json.dumps(unknown(workshop)))
    guest.page.get_by_label("IPFS gateways").fill(own_gateway)
    guest.page.get_by_role("button", name="Save and connect").click()
    guest.sees("Saved in this browser.")

    guest.go(f"/task/{task_id}/model/0")

    verdict(guest, "that you saved")
    expect(guest.page.locator(".badge.doubt")).to_have_count(0)
