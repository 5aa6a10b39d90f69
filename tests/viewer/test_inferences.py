"""What a model said of rows that nobody saw, as far as it was recorded: shown to whoever asks for it."""

import re

import pytest
from playwright.sync_api import expect

from headwater.protocol.phases import Question
from headwater.roles.inferring import infer
from tests.support.anvil import run_anvil
from tests.support.asked import BORROWER, Asked, row_of, z_of
from tests.support.roles import steady_journal
from tests.support.site import honest

BUTTON = "Show recorded answers"


@pytest.fixture(scope="module")
def asked(tmp_path_factory, home):
    """Round 1 is finalized."""
    folder = tmp_path_factory.mktemp("asked")
    with run_anvil(folder / "anvil.log") as anvil:
        yield Asked(anvil, folder, home).at("finalized")


@pytest.fixture
def guest(asked, visitor, gateway):
    """A visitor on the model's page."""
    found = visitor()
    url = gateway(honest(asked.store))
    found.visit(f"/task/{asked.task_id}/model/1", of=asked, gateways=[url])
    found.sees("Verified")
    return found


def test_answers__that_were_recorded__are_shown_to_whoever_asks(asked, guest, tmp_path):
    guest.page.get_by_role("button", name=BUTTON).click()
    guest.sees("None was recorded.")
    features = [16, 20, -3, 40]
    row, z = row_of(asked, features), z_of(asked, features)
    journal = steady_journal(asked.anvil.accounts[BORROWER], asked.task, asked.trainer(0).dataset)
    for question, value in ((Question.AT_LEAST, z + 1), (Question.EXACTLY, z)):
        made = infer(asked.task, journal, row, 1, question, value)
        asked.senders[BORROWER].send(asked.contracts.inferences.record(made.query, made.proof))
    guest.page.get_by_role("button", name="Read again").click()
    guest.sees(f"z is not {z + 1} or more")
    guest.sees(f"z is {z}")
    rows = guest.page.get_by_role("table", name=re.compile("Recorded answers")).get_by_role("row")
    expect(rows).to_have_count(3)
    guest.page.screenshot(path=tmp_path / "inferences.png", full_page=True)


def test_page__of_a_task_without_inferences__offers_none(finalized, visitor, gateway):
    guest = visitor()
    guest.visit(f"/task/{finalized.task_id}/model/1", of=finalized, gateways=[gateway(honest(finalized.store))])
    guest.sees("Verified")
    expect(guest.page.get_by_role("button", name=BUTTON)).to_have_count(0)
