"""Nodes that answer for a few blocks at a time: what the page asks them, once, and what it says meanwhile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from threading import Event

import pytest
from playwright.sync_api import expect

from tests.support.anvil import run_anvil
from tests.support.catalogue import Catalogue
from tests.support.proxy import FaultProxy, Limited, rate_limit, rate_limit_in_json, run_proxy, stale
from tests.support.site import PATIENCE

ROUNDS, APART, LIMIT = 45, 40, 160
"""Rounds of a task, blocks between them, and the most blocks that the node answers for."""

UNSETTLED = 64  # newest blocks, of which the page asks again


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory, home) -> Iterator[Catalogue]:
    """A chain of some 1,900 blocks, with task 1 and its 46 rounds. To look at only."""
    folder = tmp_path_factory.mktemp("long")
    with run_anvil(folder / "anvil.log") as anvil:
        made = Catalogue(anvil, folder, home)
        made.publish("a task of long ago", rounds=60)
        for _ in range(ROUNDS):
            anvil.web3.provider.make_request("anvil_mine", [hex(APART)])
            made.skip_round(1)
        yield made


@pytest.fixture
def node(long) -> Iterator[FaultProxy]:
    with run_proxy(long.anvil.url) as proxy:
        yield proxy


@pytest.fixture
def limit(node) -> Limited:
    """The node's limit, and what was asked of it."""
    limit = Limited(LIMIT)
    node.do(limit, "eth_getLogs")
    return limit


def asked_twice(limit: Limited, newest: int) -> list[int]:
    """Blocks of which events were told more than once; without the newest, which may change."""
    blocks = Counter(block for first, last in limit.answered for block in range(first, last + 1))
    return [block for block, times in blocks.items() if times > 1 and block <= newest - UNSETTLED]


def test_events__of_all_blocks_at_once__are_one_question(visitor, long, node):
    guest = visitor()

    guest.visit("/task/1", of=long, rpc=node.url)

    guest.sees("Rounds 27 to 46 of 46")
    assert 1 <= node.asked.count("eth_getLogs") <= 2  # about its rounds; and soon after about its pools


def test_events__of_a_few_blocks_at_a_time__are_asked_for_once__and_no_further_back_than_is_shown(
    visitor, long, node, limit
):
    guest = visitor()
    guest.visit("/task/1", of=long, rpc=node.url)
    guest.sees("Rounds 27 to 46 of 46")

    first, newest = len(limit.answered), long.chain.block().number
    assert limit.refused < 10  # halves of the chain
    assert (
        min(start for start, _ in limit.answered) > newest - 27 * APART
    )  # 20 rounds, and what the last piece has more
    for text in ("Rounds 7 to 26 of 46", "Rounds 1 to 6 of 46"):
        guest.page.get_by_role("link", name="Older rounds").first.click()
        guest.sees(text)
    table = guest.page.get_by_role("table", name="Rounds, the newest first")
    expect(table.get_by_role("row")).to_have_count(7)
    guest.go("/task/1/round/3")
    guest.sees("since block")

    assert len(limit.answered) > first
    assert limit.refused < 10
    assert asked_twice(limit, newest) == []
    assert all(last - start + 1 > LIMIT // 2 for start, last in limit.answered[:first])


def test_rounds__of_a_node_that_is_limited__are_those_of_one_that_is_not(visitor, long, node, limit):
    pages = []
    for rpc in (node.url, long.anvil.url):
        guest = visitor()
        guest.visit("/task/1", of=long, rpc=rpc)
        guest.sees("Rounds 27 to 46 of 46")
        guest.page.get_by_role("link", name="Older rounds").first.click()
        guest.sees("Rounds 7 to 26 of 46")
        pages.append(
            (
                guest.page.get_by_role("table", name="Rounds, the newest first").inner_text(),
                guest.page.locator("svg.picture").first.get_attribute("aria-label"),
            )
        )

    assert pages[0] == pages[1]


@pytest.mark.parametrize("refusal", (rate_limit, rate_limit_in_json))
def test_events__that_a_node_refuses_half_way__are_read_from_there_on(visitor, long, node, refusal):
    limit = Limited(LIMIT)

    def tiring(request, forward):
        answer = refusal if len(limit.answered) == 3 and not rested.is_set() else limit
        return answer(request, forward)

    rested = Event()
    node.do(tiring, "eth_getLogs")
    guest = visitor()
    guest.visit("/task/1", of=long, rpc=node.url)
    expect(guest.page.get_by_role("alert")).to_contain_text("The node does not answer", timeout=PATIENCE)

    rested.set()

    guest.sees("Rounds 27 to 46 of 46")
    assert asked_twice(limit, long.chain.block().number) == []
    assert limit.refused < 10


def test_events__of_a_node_that_falls_behind__are_not_read_again(visitor, long, node):
    limit, newest = Limited(LIMIT), long.chain.block().number
    behind = stale(newest - 2)
    node.do(limit, "eth_getLogs")
    guest = visitor()
    guest.visit("/task/1", of=long, rpc=node.url)
    guest.sees("Rounds 27 to 46 of 46")
    before = len(limit.answered)

    node.do(lambda request, forward: (limit if request["method"] == "eth_getLogs" else behind)(request, forward))

    expect(guest.page.locator("#connection")).to_have_text(f"block {newest - 2}", timeout=PATIENCE)
    guest.sees("Rounds 26 to 45 of 45")  # the last one began with the newest block
    assert len(limit.answered) > before
    assert asked_twice(limit, newest - 2) == []


def test_events__that_take_many_questions__are_said_to_be_read__with_the_block(visitor, long, node):
    limit, go_on = Limited(LIMIT), Event()

    def slow(request, forward):
        if len(limit.answered) == 2:
            go_on.wait(PATIENCE / 1000)
        return limit(request, forward)

    node.do(slow, "eth_getLogs")
    guest = visitor()
    guest.visit("/task/1", of=long, rpc=node.url)

    guest.sees("Reading the events of task 1, the newest first: block")
    guest.picture("reading-events")
    assert f"block {limit.answered[1][0]:,}, back to" in guest.page.get_by_role("main").inner_text()
    go_on.set()
    guest.sees("Rounds 27 to 46 of 46")
    expect(guest.page.get_by_text("Reading the events")).to_have_count(0)
