"""Nodes that are dead or of another chain, contracts that are not there: what the page says, and that it recovers."""

import json
import re
import socket
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from headwater.chain.deploying.records import Deployment
from headwater.cli.viewer.server import Site, serving
from tests.support.anvil import run_anvil
from tests.support.catalogue import NOWHERE
from tests.support.site import PATIENCE, addresses


@pytest.fixture
def nobody():
    """An address at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def test_page__that_is_told_of_no_node__asks_for_one__and_asks_nobody_else(visitor):
    guest = visitor()

    guest.visit()

    expect(guest.page.get_by_role("heading", level=1)).to_have_text("Connect to a node")
    assert guest.questions == []
    guest.picture("unconnected")


def test_node__that_is_dead__is_said_to_be__with_what_to_do(visitor, nobody, catalogue):
    guest = visitor()

    guest.visit(rpc=nobody, of=catalogue)

    alert = guest.page.get_by_role("alert")
    expect(alert).to_contain_text("The node does not answer", timeout=PATIENCE)
    expect(alert).to_contain_text(nobody)
    expect(alert).to_contain_text("Another node can be named in the settings.")
    guest.picture("node-dead")


def test_node__that_dies_while_somebody_looks__leaves_what_was_seen__and_is_asked_again(visitor, catalogue):
    guest = visitor()
    guest.visit(of=catalogue)
    guest.sees("What happened lately")
    block = catalogue.chain.block().number

    guest.page.context.set_offline(True)

    expect(guest.page.get_by_role("alert")).to_contain_text("The node does not answer", timeout=PATIENCE)
    expect(guest.page.locator("#connection")).to_have_text(f"no news since block {block}")
    guest.sees("What happened lately")
    guest.picture("node-stale")

    guest.page.context.set_offline(False)

    expect(guest.page.get_by_role("alert")).to_have_count(0, timeout=PATIENCE)
    expect(guest.page.locator("#connection")).to_have_text(f"block {block}")


def test_node__of_a_chain_without_the_contracts__is_named_so(visitor, catalogue, anvil):
    guest = visitor()

    guest.visit(rpc=anvil.url, of=catalogue)

    expect(guest.page.get_by_role("alert")).to_contain_text("There is no Headwater at this address", timeout=PATIENCE)
    guest.picture("no-contracts")


def test_node__of_a_chain_that_nobody_knows_contracts_on__asks_for_them(visitor, tmp_path):
    guest = visitor()
    with run_anvil(tmp_path / "anvil.log", "--chain-id", "4242") as other:
        guest.visit(rpc=other.url)

        expect(guest.page.get_by_role("alert")).to_contain_text(
            "No contracts are known on this chain", timeout=PATIENCE
        )


@pytest.mark.parametrize("route", ("/task/1", "/task/1/round/1", "/task/1/model/0"))
def test_contracts__that_are_named_for_another_chain__are_said_to_be__and_no_model_is_called_a_lie(
    visitor, catalogue, catalogue_gateway, route
):
    guest = visitor()

    guest.visit(route, of=catalogue, gateways=[catalogue_gateway], chain_id=1)

    alert = guest.page.get_by_role("alert")
    expect(alert).to_contain_text("The node serves another chain", timeout=PATIENCE)
    expect(alert).to_contain_text(
        f"The node serves chain {catalogue.chain.chain_id}, the contracts are named for chain 1."
    )
    expect(guest.page.get_by_text("Do not use")).to_have_count(0)
    guest.picture("other-chain")


def test_contracts__named_for_the_chain_of_the_node__need_no_question_for_its_id(visitor, catalogue, catalogue_gateway):
    guest = visitor()

    guest.visit("/task/1/model/0", of=catalogue, gateways=[catalogue_gateway])

    expect(guest.page.get_by_role("main").get_by_text("Verified", exact=True)).to_be_visible(timeout=PATIENCE)
    assert "eth_chainId" not in guest.questions


def test_chain__without_a_task__says_how_to_publish_one(visitor, empty_catalogue):
    guest = visitor()
    guest.visit(of=empty_catalogue)

    guest.sees("Nobody has published a task here yet")
    guest.picture("no-tasks")
    empty_catalogue.publish("the first one")

    guest.sees("Task 1")  # it is followed live, too


@pytest.mark.parametrize("route", ("/task/999999", "/task/1/round/999", "/task/1/model/999"))
def test_task_round_or_model__that_does_not_exist__is_said_not_to(visitor, catalogue, route):
    guest = visitor()

    guest.visit(route, of=catalogue)

    expect(guest.page.get_by_role("alert")).to_be_visible(timeout=PATIENCE)
    expect(guest.page.get_by_role("alert")).not_to_contain_text("Something unexpected")


@pytest.mark.parametrize("route", ("/nowhere", "/task/x", "/task/1/model/1e3", "/task/-1"))
def test_address__that_names_no_screen__says_so(visitor, catalogue, route):
    guest = visitor()

    guest.visit(route, of=catalogue)

    guest.sees("There is no such page")


def test_gateway__that_cannot_be_reached__leaves_the_chains_facts__and_says_so(visitor, catalogue, nobody):
    guest = visitor()

    guest.visit("/task/1", of=catalogue, gateways=[nobody])

    guest.sees("No gateway has it now")
    guest.sees("Where it is")
    guest.picture("no-gateway")


def test_link__that_chooses_a_node__is_told_of__and_can_be_declined(visitor, catalogue, nobody):
    guest = visitor()
    guest.visit("/settings")
    guest.page.get_by_label("Ethereum node").fill(catalogue.anvil.url)
    guest.page.get_by_label("Contracts").fill(json.dumps(addresses(catalogue)))
    guest.page.get_by_role("button", name="Save and connect").click()
    guest.sees("Saved in this browser.")

    guest.visit("/", rpc=nobody)
    guest.sees("The link you followed chose what this page looks at")
    guest.sees(f"the node {nobody}")
    guest.picture("link")
    assert "rpc=" not in guest.page.url  # the address is for sharing what is seen, not the choice
    guest.page.get_by_role("button", name="Use mine instead").click()

    guest.sees("What happened lately")
    expect(guest.page.get_by_text("The link you followed")).to_have_count(0)


def test_address__that_changes_before_the_settings_are_read__is_the_one_shown(visitor):
    guest = visitor()
    guest.page.add_init_script("fetch = (ask => url => new Promise(go => answer = () => go(ask(url))))(fetch)")
    guest.visit("/")
    guest.page.wait_for_function("'answer' in window")
    guest.go("/settings")

    guest.page.evaluate("answer()")

    guest.sees("Ethereum node")


def test_settings__that_are_saved__hold_when_the_page_is_opened_again__and_can_be_forgotten(visitor, catalogue):
    guest = visitor()
    guest.visit("/settings")
    guest.page.get_by_label("Ethereum node").fill(catalogue.anvil.url)
    guest.page.get_by_label("Contracts").fill(json.dumps(addresses(catalogue)))
    guest.page.get_by_role("button", name="Save and connect").click()
    guest.sees("Saved in this browser.")

    guest.visit()
    guest.sees("What happened lately")
    guest.visit("/settings")
    guest.page.get_by_role("button", name="Forget what is saved").click()

    guest.sees("Connect to a node")


@pytest.fixture
def published(catalogue, home) -> Iterator[str]:
    """The page as `headwater viewer` serves it: with a node, contracts, a gateway and a sample of its own."""
    deployment = Deployment.load("anvil", catalogue.folder / "deployments")
    with serving(Site(catalogue.chain, deployment, catalogue.store, NOWHERE)) as url:
        yield url


def test_setting__that_was_published__can_be_cleared__and_stays_so(visitor, published):
    guest = visitor(at=published)
    guest.visit("/task/1")
    expect(guest.page.get_by_role("button", name="Use the public sample")).to_be_visible(timeout=PATIENCE)
    guest.go("/settings")
    for field in ("Contracts", "Public sample"):
        expect(guest.page.get_by_label(field)).not_to_have_value("")
        guest.page.get_by_label(field).fill("")
    guest.page.get_by_role("button", name="Save and connect").click()
    guest.sees("Now saved in this browser.")

    guest.visit("/settings")

    for field in ("Contracts", "Public sample"):
        expect(guest.page.get_by_label(field)).to_have_value("", timeout=PATIENCE)
        expect(guest.page.get_by_label(field)).to_have_accessible_description(
            re.compile("Empty: .*saved in this browser")
        )
    guest.picture("settings-cleared")
    guest.questions.clear()
    guest.visit()
    guest.sees("What happened lately")
    assert guest.questions[0] == "eth_chainId"  # the contracts are those that are known on the node's chain
    guest.visit("/task/1")
    guest.sees("Accuracy by round")
    expect(guest.page.get_by_role("button", name="Use the public sample")).to_have_count(0)


def test_node__that_was_published_and_is_cleared__is_none__and_nobody_is_asked(visitor, published):
    guest = visitor(at=published)
    guest.visit("/settings")
    guest.page.get_by_label("Ethereum node").fill("")
    guest.page.get_by_role("button", name="Save and connect").click()
    guest.sees("Now saved in this browser.")
    guest.questions.clear()

    guest.visit()

    guest.sees("Connect to a node")
    assert guest.questions == []


@pytest.mark.parametrize(
    ("field", "text", "problem"),
    (
        ("Ethereum node", "ftp://example.org", "write it as https://"),
        ("Ethereum node", "http://user:secret@127.0.0.1", "a browser sends no user names"),
        ("Contracts", '{"chainId": 1}', "these are no addresses of a deployment"),
        ("Contracts", "{", "JSON"),
        ("IPFS gateways", "javascript:alert(1)", "write it as https://"),
        ("Public sample", "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG", "this is no CIDv1"),
    ),
)
def test_settings__that_cannot_be__are_refused_beside_their_field(visitor, field, text, problem):
    guest = visitor()
    guest.visit("/settings")

    guest.page.get_by_label(field).fill(text)
    guest.page.get_by_role("button", name="Save and connect").click()

    expect(guest.page.get_by_role("alert")).to_contain_text(problem)
    expect(guest.page.get_by_label(field)).to_be_focused()
    expect(guest.page.get_by_label(field)).to_have_attribute("aria-invalid", "true")
    expect(guest.page.get_by_text("Saved in this browser.")).to_have_count(0)
