"""A round that goes on while somebody watches: with real proofs, from an empty roster to a verified model."""

import re

from playwright.sync_api import expect

from headwater.chain.contracts.events import Aggregated, Joined, Submitted
from headwater.protocol.decisions import Aggregate, Deposit, Enrol, Join, Mask, Publish, Submit
from tests.support.proxy import run_proxy
from tests.support.roles import TERMS
from tests.support.site import PATIENCE


def test_round__that_runs_to_its_end__is_followed_live__without_a_reload_or_a_lost_focus(
    created, visitor, world_gateway
):
    guest = visitor()
    guest.visit(f"/task/{created.task_id}", of=created, gateways=[world_gateway])
    step = guest.page.locator(".steps [aria-current=step]")
    expect(step).to_have_text("Join", timeout=PATIENCE)
    guest.sees("0 joined, of 3 to 3")
    guest.page.get_by_role("button", name="Copy").first.focus()
    focused = guest.page.evaluate_handle("document.activeElement")
    loads = len([url for url in guest.asked if url.endswith("main.js")])

    for number in range(3):
        created.steps(created.trainer(number), Deposit, Enrol)
    created.steps(created.trainer(0), Join)
    guest.sees("1 joined, of 3 to 3")
    for number in (1, 2):
        created.steps(created.trainer(number), Join)
    expect(step).to_have_text("Train", timeout=PATIENCE)
    expect(guest.page.get_by_role("status").filter(has_text="round 1: Train")).to_have_count(1)
    for number in range(3):
        created.steps(created.trainer(number), Submit)
    expect(step).to_have_text("Mask", timeout=PATIENCE)
    guest.picture("task-live")
    for action in (Mask, Publish):
        for number in range(3):
            created.steps(created.trainer(number), action)
    expect(step).to_have_text("Aggregate", timeout=PATIENCE)
    created.steps(created.aggregator(), Aggregate)
    expect(step).to_have_text("Challenge", timeout=PATIENCE)
    guest.sees("average of 3 updates")
    expect(guest.page.get_by_role("link", name="Model of round 1, average of 3 updates")).to_have_count(0)  # not yet

    created.advance()

    model = guest.page.get_by_role("link", name="Model of round 1, average of 3 updates")
    expect(model).to_have_count(1, timeout=PATIENCE)
    guest.sees("3 counted")
    assert guest.page.evaluate("element => element === document.activeElement", focused)
    assert len([url for url in guest.asked if url.endswith("main.js")]) == loads
    model.click()
    expect(guest.page.get_by_role("main").get_by_text("Verified", exact=True)).to_be_visible(timeout=PATIENCE)


def test_round__with_one_that_never_submits__says_who_was_left_out_and_who_counted(training, visitor):
    for number in (0, 1):
        training.steps(training.trainer(number), Submit)
    training.advance()  # fewer than three: the round fails
    training.senders[7].send(training.trainers.settle(training.task_id, training.senders[3].address))
    guest = visitor()

    guest.visit(f"/task/{training.task_id}/round/1", of=training)

    row = guest.page.get_by_role("row").filter(has_text=short(training.senders[3].address))
    expect(row).to_contain_text("submitted no valid proof in time", timeout=PATIENCE)
    expect(row).to_contain_text("0.05 ETH for a missed duty")
    expect(guest.page.get_by_text("too few others submitted")).to_have_count(2)
    guest.picture("round-failed")


def test_gas__of_a_round__is_what_the_receipts_say(finalized, visitor):
    guest = visitor()
    guest.visit(f"/task/{finalized.task_id}/round/1", of=finalized)

    guest.page.get_by_role("button", name="Read the gas").click()

    table = guest.page.get_by_role("table", name="Gas by kind of transaction")
    used = sorted(gas_of(finalized, Submitted))
    for text in ("submit", "3", f"{used[0]:,}", f"{used[1]:,}", f"{used[2]:,}"):
        expect(table.get_by_role("row", name="submit")).to_contain_text(text, timeout=PATIENCE)
    expect(table.get_by_role("row", name="aggregate")).to_contain_text(f"{gas_of(finalized, Aggregated)[0]:,}")
    guest.picture("round")


def test_gas__of_which_the_node_has_not_all_receipts__is_that_of_the_others__and_says_how_many_it_lacks(
    finalized, visitor
):
    (joined, *_) = finalized.rounds.events(Joined, task_id=finalized.task_id)

    def pruned(request, forward):
        lost = request["params"] == ["0x" + joined.transaction_hash.hex()]
        return {"jsonrpc": "2.0", "id": request["id"], "result": None} if lost else forward(request)

    with run_proxy(finalized.anvil.url) as node:
        node.do(pruned, "eth_getTransactionReceipt")
        guest = visitor()
        guest.visit(f"/task/{finalized.task_id}/round/1", of=finalized, rpc=node.url)
        guest.page.get_by_role("button", name="Read the gas").click(timeout=PATIENCE)

        guest.sees("The node does not have 1 receipt")
        table = guest.page.get_by_role("table", name="Gas by kind of transaction")
        expect(table.get_by_role("row", name="submit")).to_contain_text("3")
        expect(table.get_by_role("row", name="join")).to_contain_text("2")
        guest.picture("gas-pruned")


def test_countdown__that_ends_before_the_next_block__says_that_the_time_is_up(created, visitor):
    guest = visitor()
    guest.page.clock.install()
    guest.visit(f"/task/{created.task_id}", of=created)
    countdown = guest.page.locator(".countdown")
    expect(countdown).to_have_text(re.compile(r"^\d.* left$"), timeout=PATIENCE)

    guest.page.clock.fast_forward(2 * TERMS.join_period * 1000)

    expect(countdown).to_have_text("The time is up", timeout=PATIENCE)


def gas_of(world, event):
    found = world.rounds.events(event, task_id=world.task_id)
    return [world.chain.web3.eth.get_transaction_receipt(each.transaction_hash)["gasUsed"] for each in found]


def short(address):
    return f"{address[:6]}…{address[-4:]}"
