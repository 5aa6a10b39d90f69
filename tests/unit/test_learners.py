"""What holds for every learner that is installed."""

import pytest

from headwater.learners.learner import Request, find, names
from headwater.protocol.vectors import update_length

pytestmark = pytest.mark.parametrize("name", names())


@pytest.mark.parametrize("rows", (1, 2, 40))
def test_noise__of_every_statement__hides_digits(name, rows):
    """However small a learner's numbers are, its base is large enough."""
    statement = find(name).sized(2, 2, Request(rows)).update_statement
    assert statement.hidden.distance_bits >= 80
    assert statement.magnitude < statement.decomposition_limit


def test_sizes__of_every_learner__fit_each_other(name):
    model = find(name).sized(3, 2, Request(8)).with_salt_rows(5)
    statement = model.update_statement
    assert len(model.first_weights()) == model.dimension == statement.dimension
    assert statement.data_shape == (model.rows + model.salt_rows, model.width)
    assert statement.output.size == update_length(model.dimension)
    assert max(map(abs, model.first_weights())) + model.reach <= model.weight_limit
    assert model.salt_rows == 5
    assert find(name).parse(model.document()) == model
