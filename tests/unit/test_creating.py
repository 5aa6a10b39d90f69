"""What a task's creator is told before anything is sent: terms, texts and numbers that cannot be."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from headwater.errors import ConfigError
from headwater.learners.linear import Linear, LinearSpec
from headwater.protocol.documents import MAX_BYTES
from headwater.protocol.field import P, pack
from headwater.protocol.masks import GENERATOR
from headwater.protocol.vectors import update_length
from headwater.roles.creating import MAX_DIMENSION, check_documents
from headwater.roles.models import OpenedModel
from headwater.roles.task import growth_problem
from headwater.roles.terms import Terms, check_terms
from headwater.storage.manifests import TaskReference
from headwater.storage.vectors import HEADER_BYTES, UpdateDocument
from headwater.tables.columns import Columns, Feature

SPEC = LinearSpec(rows=8, features=2, clip=512)
COLUMNS = Columns((Feature("size", Decimal("1.5"), Decimal("0.1")),), True, "kind", ("cat", "dog"))
LEARNER = Linear(SPEC, COLUMNS)
TERMS = Terms("pets", pool=9, aggregator_fee=3)
DAY = 86_400


def learner(**changes):
    """The learner with other numbers, and columns for as many features."""
    spec = replace(SPEC, **changes)
    features = tuple(Feature(f"size {n}", Decimal("1.5"), Decimal("0.1")) for n in range(spec.features - 1))
    return Linear(spec, replace(COLUMNS, features=features))


def test_terms__within_bounds__are_accepted():
    check_terms(TERMS)
    check_documents(LEARNER, TERMS)


@pytest.mark.parametrize(
    ("change", "text"),
    (
        ({"rounds": 0}, "rounds must be 1 to 10000"),
        ({"rounds": 10_001}, "rounds must be 1 to 10000"),
        ({"min_trainers": 2}, "trainers must be 3 to 1024"),
        ({"min_trainers": 5, "max_trainers": 4}, "the least number not above the most"),
        ({"max_trainers": 1025}, "trainers must be"),
        ({"join_period": 0}, "each period"),
        ({"train_period": 31 * DAY}, "each period"),
        ({"mask_period": 3 * DAY, "max_trainers": 16}, "14 attempts at masking"),
        ({"stake": 1 << 96}, "amounts"),
        ({"pool": 1 << 96}, "amounts"),
        ({"aggregator_fee": 4}, "must not exceed a round's part"),
        ({"answer_period": 11}, "the time to answer must be 12 seconds to 7 days"),
        ({"answer_period": 7 * DAY + 1}, "the time to answer"),
        ({"challenge_bond": 1}, "a challenge must not cost more than the stake"),
        ({"challenge_period": 31 * DAY}, "each period"),
        ({"unbonding_period": 0}, "each period"),
        ({"challenge_bond": 1 << 96}, "amounts"),
        ({"fault_slash": 10_001}, "a fault must cost at most the whole stake"),
        ({"fault_slash": 100, "absence_slash": 101}, "an absence not more than a fault"),
    ),
)
def test_terms__that_the_contract_would_refuse__are_refused_before(change, text):
    with pytest.raises(ConfigError, match=text) as caught:
        check_terms(replace(TERMS, **change))
    assert "nothing was sent" in caught.value.hint


@pytest.mark.parametrize(
    ("terms", "spec", "text"),
    (
        ({"name": ""}, {}, "name"),
        ({"name": "a\tb"}, {}, "name"),
        ({"description": "\x1b[2J"}, {}, "description"),
        ({"description": "x" * 10_001}, {}, "description"),
        ({}, {"steps": 1001}, "steps: "),
        ({}, {"features": 32_728}, "32728 weights is too large: at most 32727"),
        ({"rounds": 10_000}, {}, "would give rows away: 10000 proofs could tell"),
        ({}, {"steps": 100}, "would give rows away: one row decides up to 200 signs"),
        ({"rounds": 200}, {"clip": 1 << 22}, "could not be carried through"),
        ({"answer_period": 4 * DAY}, {"features": 2040}, "answers of 2 parts, 345600 s each"),
    ),
)
def test_documents__that_cannot_be_written__are_refused_before(terms, spec, text):
    with pytest.raises(ConfigError, match=text):
        check_documents(learner(**spec), replace(TERMS, **terms))


def test_growth__is_a_problem_only_past_what_training_and_averaging_can_prove():
    limit = min(SPEC.weight_limit, 2**29 - 1)
    most = limit // (SPEC.clip + 1)
    assert growth_problem(LEARNER, most, 1) == ""
    assert f"beyond {limit}" in growth_problem(LEARNER, most + 1, 1)
    assert growth_problem(learner(steps=2), most, 1)
    assert growth_problem(LEARNER, most, 2)
    room = limit - most * (SPEC.clip + 1)
    assert growth_problem(LEARNER, most, 1, [-room, 0]) == ""
    assert growth_problem(LEARNER, most, 1, [0, -room - 1])


def test_largest_model__has_masked_updates_and_models_that_fit_a_document():
    reference = {"chain_id": 2**53 - 1, "task_manager": "0x" + "0f" * 20, "task_id": 2**53 - 1}
    update = UpdateDocument.of(
        pack([P - 1] * update_length(MAX_DIMENSION)),
        task=TaskReference.model_validate(reference),
        round=10_000,
        attempt=1024,
        trainer="0x" + "0f" * 20,
    )
    assert len(update.encode()) <= MAX_BYTES < len(update.encode()) + HEADER_BYTES
    model = OpenedModel((-1,) * MAX_DIMENSION, GENERATOR, GENERATOR)
    assert len(model.document(10_000, 1024).encode()) <= MAX_BYTES
