"""`headwater store prune`: what a node has put and no round needs goes, and nothing else."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from headwater.cli.main import cli
from headwater.journal.documents import Documents, PutDocument
from headwater.journal.journal import open_journal
from headwater.protocol.decisions import Aggregate, Mask, Publish
from headwater.roles.aggregator import Aggregator
from headwater.roles.published import Published
from headwater.roles.report import silent
from headwater.storage.cid import Cid
from headwater.storage.unixfs import cid_of
from tests.support.roles import AGGREGATOR, World

FINAL = 300  # blocks: more than any reorganization is deep


def prune(world: World, account: int, *words: str) -> str:
    places = ["--rpc", world.anvil.url, "--deployments", f"{world.folder}/deployments", "--home", str(world.home)]
    places += ["--store", f"dir:{world.folder}/store"]
    environment = {"HEADWATER_PRIVATE_KEY": world.anvil.accounts[account].key.hex(), "COLUMNS": "200"}
    done = CliRunner().invoke(cli, ["store", "prune", *places, *words], env=environment)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def journals(masking):
    """The world when the round's average is posted, with the journals of all who put a document."""
    world = masking
    for path in (world.home / "journal").glob("*"):
        path.unlink()
    for i in range(3):
        world.steps(world.trainer(i), Mask)
    for i in range(3):
        trainer = world.trainer(i)
        with open_journal(world.home, world.anvil.accounts[i + 1]) as journal:
            trainer._published = Published(journal.secrets, world.task)
            world.steps(trainer, Publish)
    with open_journal(world.home, world.anvil.accounts[AGGREGATOR]) as journal:
        world.steps(Aggregator(world.task, world.senders[AGGREGATOR], silent, journal=journal.secrets), Aggregate)
    return world


def noted(world: World, account: int) -> list[PutDocument]:
    with open_journal(world.home, world.anvil.accounts[account]) as journal:
        return Documents(journal.database).all()


def test_prune__while_the_round_can_be_challenged__lets_go_of_nothing(journals):
    journals.rpc("anvil_mine", hex(FINAL))
    before = journals.stored()
    for account in (1, 2, 3, AGGREGATOR):
        assert len(noted(journals, account)) == 1
        assert "nothing to let go of" in prune(journals, account, "--yes")
    assert journals.stored() == before


def test_prune__of_a_round_that_is_not_final__lets_go_of_nothing(journals):
    journals.advance()
    before = journals.stored()
    assert "nothing to let go of" in prune(journals, 1, "--yes")
    assert journals.stored() == before


def test_prune__of_a_round_that_is_over__lets_go_of_the_masked_update_and_keeps_the_model(journals):
    journals.advance()
    journals.rpc("anvil_mine", hex(FINAL))
    (update,) = noted(journals, 1)
    before = journals.stored()

    told = prune(journals, 1)
    assert f"{update.cid} {update.size:,} bytes: task {journals.task_id}, round 1, masked update, attempt 1" in told
    assert "--yes lets go of 1 document(s)" in told
    assert journals.stored() == before

    assert "let go of 1 document(s)" in prune(journals, 1, "--yes")
    assert {path.name for path in before - journals.stored()} == {update.cid}
    assert noted(journals, 1) == []
    assert "nothing to let go of" in prune(journals, AGGREGATOR, "--yes")
    model = journals.models.latest(journals.task_id)
    assert journals.store.has(Cid.from_digest(model.cid))
    assert journals.task.current_model()


def test_prune__of_an_average_that_another_made_the_model__keeps_it(journals):
    """Two aggregators make the same bytes of one sum; who was slower must not take the model away."""
    journals.advance()
    journals.rpc("anvil_mine", hex(FINAL))
    model = Cid.from_digest(journals.models.latest(journals.task_id).cid)
    other = cid_of(b"an average that was not accepted")
    with open_journal(journals.home, journals.anvil.accounts[8]) as journal:
        for cid in (model, other):
            Documents(journal.database).note(PutDocument(str(cid), journals.task.place, 1, 0, 100))
    told = prune(journals, 8, "--yes")
    assert str(other) in told
    assert str(model) not in told
    assert journals.store.has(model)


def test_prune__of_another_chains_documents__leaves_them_alone(journals):
    place = journals.task.place.replace(journals.chain.name, "1-d4e56740f876aef8")
    with open_journal(journals.home, journals.anvil.accounts[8]) as journal:
        Documents(journal.database).note(PutDocument(str(cid_of(b"1")), place, 1, 1, 1))
    assert "nothing to let go of" in prune(journals, 8, "--yes")
