"""Pieces of statements. EZKL's Gather with a constant index costs no cell; a Slice copies its whole source."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def part(vector: torch.Tensor, start: int, stop: int) -> torch.Tensor:
    """Entries of a committed column, without a cell."""
    import torch

    return torch.index_select(vector, 0, torch.arange(start, stop))


def view(matrix: torch.Tensor, rows: int, start: int, stop: int) -> torch.Tensor:
    """The first `rows` rows of the columns from `start` to before `stop` of a committed matrix, without a cell."""
    import torch

    width = matrix.shape[1]
    index = torch.arange(rows)[:, None] * width + torch.arange(start, stop)[None]
    return torch.index_select(matrix.reshape(-1, 1), 0, index.reshape(-1)).reshape(rows, stop - start)


def over(v: torch.Tensor) -> torch.Tensor:
    """2 where v is 1 or more, else 0: exact for integers. Two checks of v's size."""
    import torch

    return torch.abs(v) - torch.abs(v - 1.0) + 1.0


def positive(values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The magnitudes |v| of integers, and 2 where v is 1 or more, else 0: |v| - |1 - v| + 1. Both of their shape.

    One `abs` of [ v | 1 - v ], a check of twice as many entries as there are values. Of v and 1 - v one is above zero
    and the other is not: what a proof tells of the number of signs of each kind (docs/adr/0015) does not depend on v,
    but for zeros, which are as many as values that are 0 or 1. So it is in each of two inner columns where the values
    are even in number.
    """
    import torch

    flat = values.reshape(-1, 1)
    count = flat.shape[0]
    sizes = torch.abs(torch.cat([flat, 1.0 - flat], 0))
    magnitudes = part(sizes, 0, count)
    above = magnitudes - part(sizes, count, 2 * count) + 1.0
    return magnitudes.reshape(values.shape), above.reshape(values.shape)
