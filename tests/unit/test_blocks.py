"""Pieces of statements, as torch computes them."""

import pytest
import torch

from headwater.circuits.blocks import positive


@pytest.mark.parametrize("shape", ((1, 7), (7, 1)))
def test_positive__is_2_from_1_on__and_its_signs_are_the_same_whatever_the_values(shape):
    values = torch.tensor([-9.0, -1.0, 0.0, 1.0, 2.0, 3.0, 1000.0]).reshape(shape)

    magnitudes, above = positive(values)

    assert magnitudes.tolist() == values.abs().tolist()
    assert above.flatten().tolist() == [0, 0, 0, 2, 2, 2, 2]
    assert above.shape == magnitudes.shape == shape
    for value in values.flatten():
        assert sum(entry > 0 for entry in (value, 1 - value)) == 1
