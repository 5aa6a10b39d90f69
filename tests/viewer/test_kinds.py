"""Tasks of other kinds than classes: amounts, items that go together, and kinds that the page does not know."""

from __future__ import annotations

from decimal import Decimal

import pytest
from playwright.sync_api import expect

from headwater.learners.amounts import amount_of
from headwater.learners.gram.learner import Gram
from headwater.learners.gram.numbers import GramSpec
from headwater.learners.linear.learner import Linear
from headwater.learners.linear.numbers import LinearSpec
from headwater.storage.manifests import LearnerReference
from headwater.tables.columns import Category, Columns, Feature
from tests.support.catalogue import learner_of, manifest_of
from tests.support.site import PATIENCE, honest

PRICE = Feature("price", Decimal(250), Decimal(80))
HOUSES = Columns(
    (Feature("rooms", Decimal(4), Decimal("1.5")), Category("garden", ("no", "yes"))), False, "price", (), amount=PRICE
)
WEIGHTS = (3000, -1200, 2400)  # of every task here


def houses(loss: str) -> Linear:
    """A price by rooms and garden."""
    return Linear(LinearSpec(rows=20, features=3, loss=loss, intercept=0), HOUSES)


@pytest.fixture
def shop(workshop, visitor, gateway):
    """Publishes a task of a learner, and has a visitor look at it."""

    def open_(name, **published):
        task_id = workshop.publish(name, weights=WEIGHTS, **published)
        guest = visitor()
        guest.visit(f"/task/{task_id}", of=workshop, gateways=[gateway(honest(workshop.store))])
        return guest, f"/task/{task_id}/model/0"

    return open_


@pytest.mark.parametrize("loss", ("squared", "poisson"))
def test_amount__is_predicted_as_python_does__and_told_in_its_own_units(loss, shop, tmp_path):
    learner = houses(loss)
    (tmp_path / "house.csv").write_text("rooms,garden\n7,yes\n")
    dataset = learner.read(tmp_path / "house.csv", training=False)
    (expected,) = learner.amounts(learner.scores(WEIGHTS, dataset))
    guest, model = shop(f"prices by {loss}", learner=learner)
    guest.sees("price, an amount")
    guest.sees("Error by round")

    guest.go(model)
    guest.page.get_by_label("rooms").fill("7")
    guest.page.get_by_label("garden").select_option("yes")
    guest.page.get_by_role("button", name="Predict price").click()

    guest.sees(f"price: {amount_of(PRICE, expected):.6g}")
    assert guest.violations() == []
    guest.picture(f"amount-{loss}")


def test_error_by_round__of_amounts__is_what_python_says(shop, tmp_path):
    learner = houses("squared")
    file = tmp_path / "houses.csv"
    file.write_text("rooms,garden,price\n7,yes,390\n3,no,120.5\n4,yes,301\n")
    expected = learner.evaluate(WEIGHTS, learner.read(file, training=False))
    guest, _ = shop("prices to measure", learner=learner)
    guest.sees("prices to measure")

    guest.page.get_by_label("CSV file with labelled rows").set_input_files(file)

    guest.sees("3 labelled rows of houses.csv")
    guest.sees(f"Mean absolute error by round: {expected.mean_absolute_error:.6g} in round 0")
    guest.picture("amount-error")


def test_items__are_ticked__and_the_others_recommended(shop, tmp_path):
    learner = Gram(GramSpec(20, 2), ("bread", "butter"), "2.5")
    (tmp_path / "basket.csv").write_text("bread,butter\n1,0\n")
    (said,) = learner.predict(WEIGHTS, learner.read(tmp_path / "basket.csv", training=False)).rows
    guest, model = shop("baskets", learner=learner)
    guest.sees("counts of pairs of 2 items")
    guest.sees("Hit rate by round")

    guest.go(model)
    guest.page.get_by_label("bread").check()
    guest.page.get_by_role("button", name="Recommend").click()

    guest.sees("Most of all: butter")
    score = guest.page.get_by_role("meter", name="Score of butter").get_attribute("value")
    assert f"{max(0.0, float(score)):.4f}" == f"{max(0.0, float(said[1])):.4f}"
    assert guest.violations() == []
    guest.picture("items")
    guest.page.get_by_role("checkbox", name="butter").check()
    guest.page.get_by_role("button", name="Recommend").click()
    guest.sees("There is nothing left to recommend")


def test_hit_rate_by_round__stands_beside_that_of_popularity(shop, tmp_path):
    file = tmp_path / "baskets.csv"
    file.write_text("bread,butter\n1,1\n1,0\n")
    guest, _ = shop("baskets to measure", learner=Gram(GramSpec(20, 2), ("bread", "butter"), "2.5"))
    guest.sees("baskets to measure")

    guest.page.get_by_label("CSV file with rows").set_input_files(file)

    guest.sees("1 row of baskets.csv")
    guest.sees("100.0 % of 2 items, each left out once, are among the first 1")
    guest.sees("recommended what is had most, 100.0 % were")
    guest.picture("items-hit-rate")


def test_kind__that_the_page_does_not_know__is_named_with_its_package__and_not_used(shop):
    manifest = manifest_of("qubits", "Spins.", learner_of(("size", "weight")))
    strange = manifest.model_copy(update={"learner": LearnerReference(kind="quantum", package="acme-quantum")})
    guest, model = shop("qubits", manifest=strange.encode())

    guest.sees("Spins.")
    guest.sees("acme-quantum")
    expect(guest.page.get_by_text("quantum", exact=True)).to_have_count(1)
    expect(guest.page.get_by_label("CSV file")).to_have_count(0)
    guest.picture("unknown-kind")
    guest.go(model)
    expect(guest.page.get_by_role("main").get_by_text("Verified", exact=True)).to_be_visible(timeout=PATIENCE)
    guest.sees("acme-quantum")
    expect(guest.page.get_by_role("button", name="Predict")).to_have_count(0)
