"""What opening the page costs, and how it shows many models."""

from playwright.sync_api import expect

from tests.support.site import PATIENCE, files_of_page
from tests.viewer.conftest import TASKS

MOST_BYTES = 300_000  # all files but the vendored client of the chain
SHOWN = 25  # tasks a page
SLOW = 20.0  # seconds: that the machine is busy is no fault of the page


def test_first_screen__of_200_models__is_one_call_and_one_log_query(visitor, catalogue, record_property):
    guest = visitor()
    guest.visit(of=catalogue)

    expect(guest.page.get_by_role("row")).to_have_count(SHOWN + 1, timeout=PATIENCE)
    guest.sees("What happened lately")
    first = [
        method for method in guest.questions if method != "eth_blockNumber"
    ]  # which comes later, for the next block
    seconds = guest.page.evaluate("performance.getEntriesByName('headwater-first-screen')[0].startTime") / 1000

    print(f"\nfirst screen of {TASKS} models: {seconds:.2f} s after the address was opened")
    record_property("first_screen_seconds", seconds)
    assert first == ["eth_call", "eth_getLogs"]
    assert guest.questions[:2] == first
    assert seconds < SLOW


def test_first_screen__where_no_contracts_are_named__asks_for_the_chain_once_more(visitor, catalogue):
    guest = visitor()

    guest.visit(of=catalogue, named=False)
    guest.sees("What happened lately")

    assert guest.questions[0] == "eth_chainId"
    assert guest.questions.count("eth_chainId") == 1


def test_page__without_its_vendored_client__weighs_less_than_300_kb(record_property):
    sizes = {path.name: path.stat().st_size for path in files_of_page() if "vendor" not in path.parts}

    total = sum(sizes.values())

    print(f"\nthe page: {total:,} bytes in {len(sizes)} files")
    record_property("page_bytes", total)
    assert 0 < total < MOST_BYTES


def test_200_models__are_shown_a_page_at_a_time__the_newest_first(visitor, catalogue, catalogue_gateway):
    guest = visitor()
    guest.visit(of=catalogue, gateways=[catalogue_gateway])
    guest.sees("flowers of the last valley")
    guest.sees(f"Tasks {TASKS} to {TASKS - SHOWN + 1} of {TASKS}")
    guest.picture("tasks")
    seen = set()

    for page in range(TASKS // SHOWN):
        if page:
            guest.page.get_by_role("link", name="Older tasks").click()
        newest = TASKS - page * SHOWN
        guest.sees(f"Tasks {newest} to {newest - SHOWN + 1} of {TASKS}")
        rows = guest.page.get_by_role("rowheader").get_by_role("link")
        seen |= {link.get_attribute("href") for link in rows.all()}

    assert seen == {f"#/task/{number}" for number in range(1, TASKS + 1)}
    expect(guest.page.get_by_role("link", name="Older tasks")).to_have_count(0)
    guest.page.get_by_role("link", name="Newer tasks").click()
    guest.sees(f"Tasks {2 * SHOWN} to {SHOWN + 1} of {TASKS}")


def test_tasks__where_no_gateway_has_their_names__are_listed_by_number(visitor, catalogue):
    guest = visitor()

    guest.visit(of=catalogue)

    expect(guest.page.get_by_role("link", name=f"Task {TASKS}", exact=True)).to_be_visible()


def test_many_rounds__are_shown_a_page_at_a_time__with_the_lineage_of_each_page(visitor, catalogue, catalogue_gateway):
    guest = visitor()
    guest.visit(f"/task/{TASKS}", of=catalogue, gateways=[catalogue_gateway])
    guest.sees("Rounds 27 to 46 of 46")
    table = guest.page.get_by_role("table", name="Rounds, the newest first")

    expect(table.get_by_role("row")).to_have_count(21)
    expect(guest.page.get_by_role("link", name="Round 45: Skipped")).to_have_count(1)
    guest.picture("task-many-rounds")
    guest.page.get_by_role("link", name="Older rounds").first.click()
    guest.sees("Rounds 7 to 26 of 46")
    guest.page.get_by_role("link", name="Older rounds").first.click()
    guest.sees("Rounds 1 to 6 of 46")

    expect(table.get_by_role("row")).to_have_count(7)
