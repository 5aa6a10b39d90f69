"""What the page says of a model: verified only if it is what the contract accepted; loud where it is not."""

import csv
import json
from dataclasses import replace
from decimal import Decimal
from threading import Event

import pytest
from playwright.sync_api import expect

from headwater.chain.sending.sender import Sender
from headwater.errors import Unavailable
from headwater.learners.classes import predict
from headwater.protocol.openings import Encoding, encode
from headwater.roles.models import OpenedModel
from headwater.storage.cid import Cid
from headwater.storage.vectors import ModelDocument
from tests.support.catalogue import opened
from tests.support.site import PATIENCE, honest, lying

WARNING = "Do not use"


def badge(guest):
    return guest.page.get_by_role("main").get_by_text("Verified", exact=True)


def form(guest):
    return guest.page.get_by_role("button", name="Predict")


def save_button(guest):
    return guest.page.get_by_text("Save the model")


def refused(guest):
    """The page warns, and offers nothing of the model for use."""
    guest.sees(WARNING)
    expect(badge(guest)).to_have_count(0)
    expect(form(guest)).to_have_count(0)
    expect(save_button(guest)).to_be_disabled()
    guest.sees("Only a verified model can be tried.")


@pytest.fixture
def proved(finalized, world_gateway, visitor):
    """A visitor on the model that real proofs made."""
    guest = visitor()
    guest.visit(f"/task/{finalized.task_id}/model/1", of=finalized, gateways=[world_gateway])
    return guest


def document_of(world, round_):
    return Cid.from_digest(world.models.get_model(world.task_id, round_).cid)


def weights_of(world, cid):
    return list(OpenedModel.read(ModelDocument.decode(world.store.get(cid, 1 << 20))).weights)


def test_model__that_was_proved__is_verified_by_cid_and_commitment(finalized, proved):
    expect(badge(proved)).to_be_visible(timeout=PATIENCE)

    checks = proved.page.locator(".checks li.good")
    expect(checks).to_have_count(4)
    proved.sees("0x" + finalized.models.get_model(finalized.task_id, 1).model_hash.hex())
    expect(proved.page.get_by_text(WARNING)).to_have_count(0)
    proved.picture("model-verified")


def test_model__that_the_chain_takes_back__is_shown_as_verified_no_more(finalized, proved):
    expect(badge(proved)).to_be_visible(timeout=PATIENCE)

    finalized.at("averaged")  # a reorganization: the average can be challenged again

    expect(proved.page.get_by_role("alert")).to_contain_text("The chain has nothing there", timeout=PATIENCE)
    expect(badge(proved)).to_have_count(0)
    expect(form(proved)).to_have_count(0)

    finalized.at("averaged").advance()

    expect(badge(proved)).to_be_visible(timeout=PATIENCE)


def test_model__that_another_replaces_while_it_is_checked__leaves_the_other_without_a_badge(
    empty_catalogue, visitor, gateway
):
    """A reorganization: the same round has another model now, whose document no gateway has."""
    own, asked, go_on = empty_catalogue, Event(), Event()
    node = own.anvil.web3.provider

    def content(cid):
        if cid == former:
            asked.set()
            go_on.wait(PATIENCE / 1000)
        elif cid != manifest:
            raise Unavailable(f"nobody has {cid}", "ask again")
        return own.store.get(cid, 1 << 20)

    snapshot = node.make_request("evm_snapshot", [])["result"]
    task_id = own.publish("flowers", weights=[1, 2, 3])
    former = Cid.from_digest(own.contracts.models.get_model(task_id, 0).cid)
    manifest = Cid.from_digest(own.contracts.tasks.get_task(task_id).config.manifest)
    guest = visitor()
    guest.visit(f"/task/{task_id}/model/0", of=own, gateways=[gateway(content)])
    guest.sees("fetching the model")
    assert asked.wait(PATIENCE / 1000)

    node.make_request("evm_revert", [snapshot])
    own.creator = Sender(own.chain, own.anvil.accounts[0])  # else it sends again what is undone
    assert own.publish("flowers", weights=[3, 2, 1]) == task_id
    own.anvil.mine()  # the page looks whether there is another block

    guest.sees("0x" + own.contracts.models.get_model(task_id, 0).model_hash.hex())
    guest.sees("No gateway has it now")
    with guest.page.expect_event("requestfinished", lambda request: str(former) in request.url, timeout=PATIENCE):
        go_on.set()
    own.anvil.mine()
    expect(guest.page.locator("#connection")).to_have_text(f"block {own.chain.block().number}", timeout=PATIENCE)
    guest.sees("No gateway has it now")
    expect(badge(guest)).to_have_count(0)
    expect(form(guest)).to_have_count(0)


def test_model__that_is_verified__can_be_saved__byte_for_byte(finalized, proved, tmp_path):
    expect(badge(proved)).to_be_visible(timeout=PATIENCE)
    with proved.page.expect_download() as download:
        save_button(proved).click()
    download.value.save_as(tmp_path / "model.bin")

    assert (tmp_path / "model.bin").read_bytes() == finalized.store.get(document_of(finalized, 1), 1 << 20)


def test_prediction__of_a_row__is_what_python_says(finalized, proved):
    with finalized.held_out.open(newline="") as file:
        row = next(csv.DictReader(file))
    task = finalized.task
    weights = weights_of(finalized, document_of(finalized, 1))
    dataset = task.learner.read(finalized.held_out, training=False)
    expected = predict(task.learner.columns, task.learner.scores(weights, dataset))[0]
    expect(badge(proved)).to_be_visible(timeout=PATIENCE)

    for name in task.learner.columns.names:
        proved.page.get_by_label(name).fill(row[name])
    form(proved).click()

    proved.sees(f"{task.learner.columns.label}: {expected.name}")
    for name, probability in zip(task.learner.columns.classes, expected.probabilities, strict=True):
        meter = proved.page.get_by_role("meter", name=f"Probability of {name}")
        assert float(meter.get_attribute("value")) == probability
    proved.picture("prediction")


def test_prediction__of_a_cell_that_is_no_number__says_which(finalized, proved):
    expect(badge(proved)).to_be_visible(timeout=PATIENCE)
    first = finalized.task.learner.columns.names[0]

    proved.page.get_by_role("button", name="Fill in the means").click()
    proved.page.get_by_label(first).fill("41,5")
    form(proved).click()

    proved.sees(f"column '{first}' has '41,5'")
    expect(proved.page.get_by_role("meter")).to_have_count(0)


def test_model__of_which_a_gateway_gives_other_bytes__is_flagged(finalized, gateway, visitor):
    cid = document_of(finalized, 1)
    document = ModelDocument.decode(finalized.store.get(cid, 1 << 20))
    weights = weights_of(finalized, cid)
    tampered = replace(document, vector=encode([weights[0] + 1, *weights[1:]], Encoding.PACKED)).encode()
    guest = visitor()

    guest.visit(
        f"/task/{finalized.task_id}/model/1", of=finalized, gateways=[gateway(lying(finalized.store, cid, tampered))]
    )

    refused(guest)
    guest.sees("a gateway gave other bytes than those the contract names")
    guest.picture("model-tampered")


def test_model__of_which_only_the_first_gateway_lies__is_verified_from_the_second__and_the_liar_is_named(
    finalized, gateway, world_gateway, visitor
):
    liar = gateway(lying(finalized.store, document_of(finalized, 1), b"{}"))
    guest = visitor()

    guest.visit(f"/task/{finalized.task_id}/model/1", of=finalized, gateways=[liar, world_gateway])

    expect(badge(guest)).to_be_visible(timeout=PATIENCE)
    guest.sees(f"{liar} gave other bytes")


def test_model__whose_document_is_not_of_the_weights_that_were_committed__is_flagged(workshop, visitor, gateway):
    """The registry itself names this document, which is right by itself: only the commitment tells."""
    other = opened([1, 2, 3]).document(0, 0).encode()
    task_id = workshop.publish("a lie of its creator", document=other, weights=[3, 2, 1])
    guest = visitor()

    guest.visit(f"/task/{task_id}/model/0", of=workshop, gateways=[gateway(honest(workshop.store))])

    refused(guest)
    guest.sees("The commitment is the one that the proofs were about? No.")
    expect(guest.page.locator(".checks li.bad")).to_have_count(1)
    guest.picture("model-false-weights")


def test_model__whose_document_is_none__is_flagged(workshop, visitor, gateway):
    task_id = workshop.publish("no model at all", document=b'{"weights": "<script>"}', weights=[3, 2, 1])
    guest = visitor()

    guest.visit(f"/task/{task_id}/model/0", of=workshop, gateways=[gateway(honest(workshop.store))])

    refused(guest)


def test_model__of_zeros__is_verified_whatever_its_creator_published(workshop, visitor, gateway):
    """The commitment itself shows that the weights are zero."""
    task_id = workshop.publish("zeros", document=b'{"weights": "<script>"}')
    guest = visitor()

    guest.visit(f"/task/{task_id}/model/0", of=workshop, gateways=[gateway(honest(workshop.store))])

    expect(badge(guest)).to_be_visible(timeout=PATIENCE)
    guest.sees("or they are zero")
    expect(guest.page.locator(".checks li.good")).to_have_count(1)
    guest.sees("The commitment is that of weights that are all zero")
    expect(save_button(guest)).to_be_disabled()
    guest.sees("it holds nothing but zeros")


def test_model__whose_commitment_is_not_that_of_its_weights__is_flagged(workshop, visitor, gateway):
    """The document names the accepted commitment, and opens it, beside other weights: only the pairing tells."""
    document = replace(opened([3, 2, 1]).document(0, 0), vector=encode([1, 2, 3], Encoding.PACKED)).encode()
    task_id = workshop.publish("a finer lie", document=document, weights=[3, 2, 1])
    guest = visitor()

    guest.visit(f"/task/{task_id}/model/0", of=workshop, gateways=[gateway(honest(workshop.store))])

    refused(guest)
    guest.sees("The weights are those that the commitment is of? No.")
    expect(guest.page.locator(".checks li.bad")).to_have_count(1)


def test_model__that_no_gateway_has__is_neither_verified_nor_called_a_lie(finalized, gateway, visitor, world_gateway):
    def forgetful(cid):
        if cid == document_of(finalized, 1):
            raise Unavailable(f"nobody has {cid}", "ask again")
        return finalized.store.get(cid, 1 << 20)

    guest = visitor()
    guest.visit(f"/task/{finalized.task_id}/model/1", of=finalized, gateways=[gateway(forgetful)])

    guest.sees("No gateway has it now")
    expect(badge(guest)).to_have_count(0)
    expect(guest.page.get_by_text(WARNING)).to_have_count(0)
    expect(form(guest)).to_have_count(0)
    guest.picture("model-unavailable")


def test_accuracy_by_round__on_a_file_of_the_visitors__is_what_python_says__and_the_file_stays(
    finalized, visitor, world_gateway
):
    task = finalized.task
    dataset = task.learner.read(finalized.held_out, training=False)
    expected = {}
    for model in finalized.models.get_models(finalized.task_id, 0, 10):
        weights = weights_of(finalized, Cid.from_digest(model.cid))
        expected[model.round] = task.learner.evaluate(weights, dataset)
    guest = visitor()
    guest.visit(f"/task/{finalized.task_id}", of=finalized, gateways=[world_gateway])
    guest.sees("two species")

    guest.page.get_by_label("CSV file with labelled rows").set_input_files(finalized.held_out)
    guest.sees(f"{len(dataset)} labelled rows of {finalized.held_out.name}")
    guest.page.get_by_text("Accuracy as a table").click()
    guest.page.get_by_text("Log-loss as a table").click()

    accuracy, loss = (guest.page.get_by_role("table", name=f"{what} by round") for what in ("Accuracy", "Log-loss"))
    expect(accuracy.get_by_role("row")).to_have_count(1 + len(expected), timeout=PATIENCE)
    for number, evaluation in expected.items():
        expect(accuracy.get_by_role("row", name=f"{number} {percent(evaluation.accuracy)}")).to_have_count(1)
        expect(loss.get_by_role("row", name=f"{number} {evaluation.log_loss:.3f}")).to_have_count(1)
    assert finalized.held_out.name not in json.dumps(guest.asked)
    assert {url.split("/")[2] for url in guest.asked if url.startswith("http")} <= {
        part.split("/")[2] for part in (guest.host, finalized.anvil.url, world_gateway)
    }
    guest.picture("task")


def choose(guest, file):
    guest.page.get_by_label("CSV file with labelled rows").set_input_files(file)


def measured(guest):
    """The rows of the table of accuracies, with its head."""
    return guest.page.get_by_role("table", name="Accuracy by round", include_hidden=True).locator("tr")


def test_accuracy_by_round__follows_the_chain(averaged, visitor, world_gateway):
    guest = visitor()
    guest.visit(f"/task/{averaged.task_id}", of=averaged, gateways=[world_gateway])
    guest.sees("two species")
    choose(guest, averaged.held_out)
    expect(measured(guest)).to_have_count(2, timeout=PATIENCE)

    averaged.advance()

    expect(measured(guest)).to_have_count(3, timeout=PATIENCE)


def test_accuracy_by_round__on_a_bad_file_after_a_good_one__leaves_nothing_of_the_good_one(
    finalized, visitor, gateway, tmp_path
):
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    go_on = Event()

    def slow(cid):
        if cid == document_of(finalized, 1):
            go_on.wait(PATIENCE / 1000)
        return finalized.store.get(cid, 1 << 20)

    guest = visitor()
    sample = finalized.store.put(finalized.held_out.read_bytes())
    guest.visit(f"/task/{finalized.task_id}", of=finalized, gateways=[gateway(slow)], sample=str(sample))
    guest.sees("two species")
    choose(guest, finalized.held_out)
    guest.sees("verifying the model of round 1")
    expect(guest.page.get_by_role("button", name="Use the public sample")).to_be_disabled()

    choose(guest, tmp_path / "other.csv")

    guest.sees("other.csv cannot be used")
    expect(guest.page.get_by_text("verifying the model")).to_have_count(0)
    expect(guest.page.get_by_role("button", name="Use the public sample")).to_be_enabled()
    go_on.set()
    guest.page.get_by_role("button", name="Use the public sample").click()
    guest.sees("labelled rows of the public sample")
    expect(measured(guest)).to_have_count(3, timeout=PATIENCE)


def test_accuracy_by_round__while_the_node_is_down__says_so__and_goes_on_when_it_is_back(
    finalized, visitor, world_gateway
):
    guest = visitor()
    guest.visit(f"/task/{finalized.task_id}", of=finalized, gateways=[world_gateway])
    guest.sees("two species")
    guest.page.context.set_offline(True)

    choose(guest, finalized.held_out)

    card = guest.page.locator("section.card").filter(has_text="Accuracy by round")
    expect(card.get_by_text("The node does not answer")).to_be_visible(timeout=PATIENCE)
    guest.picture("accuracy-node-down")
    guest.page.context.set_offline(False)
    finalized.anvil.mine()
    expect(measured(guest)).to_have_count(3, timeout=PATIENCE)
    expect(card.get_by_text("The node does not answer")).to_have_count(0)


def test_accuracy_by_round__on_a_file_of_other_columns__says_what_is_missing(
    finalized, visitor, world_gateway, tmp_path
):
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    guest = visitor()
    guest.visit(f"/task/{finalized.task_id}", of=finalized, gateways=[world_gateway])
    guest.sees("two species")

    guest.page.get_by_label("CSV file with labelled rows").set_input_files(tmp_path / "other.csv")

    guest.sees(f"there is no column “{finalized.task.learner.columns.names[0]}”")


def test_accuracy_by_round__on_a_public_sample__is_measured_by_a_press(finalized, visitor, world_gateway):
    sample = finalized.store.put(finalized.held_out.read_bytes())
    guest = visitor()
    guest.visit(f"/task/{finalized.task_id}", of=finalized, gateways=[world_gateway], sample=str(sample))
    guest.sees("two species")

    guest.page.get_by_role("button", name="Use the public sample").click()

    guest.sees("labelled rows of the public sample")
    guest.sees("Accuracy as a table")


def percent(fraction):
    return f"{Decimal(100 * fraction):.1f} %"
