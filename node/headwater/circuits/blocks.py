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


def paired(count: int) -> int:
    """How many entries `positive` takes apart for so many values: two for each, of an even number of values."""
    return 2 * (count + count % 2)


def positive(values: torch.Tensor, least: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    """The magnitudes |v| of integers, and 2t where v >= t, else 0: |v| - |t - v| + t. Both of their shape.

    One `abs` of [ v | t - v ], a check of `paired` entries. Of v and t - v one is above zero and the other is not: what
    a proof tells of the number of signs of each kind (docs/adr/0015) does not depend on v, but for zeros. Entries go to
    two inner columns by turns. Of an odd number of values the last is taken twice, so that v and t - v are in one
    column, and the same is true of each. Zeros are as many as values that are 0 or t: for values that may be chosen so,
    take t = 2, and 4 v - 1 for v.

    Args:
        least: t. No value may be between 0 and t.
    """
    import torch

    flat = values.reshape(-1, 1)
    count = flat.shape[0]
    even = flat if count % 2 == 0 else torch.cat([flat, part(flat, count - 1, count)], 0)
    sizes = torch.abs(torch.cat([even, float(least) - even], 0))
    magnitudes, start = part(sizes, 0, count), even.shape[0]
    above = magnitudes - part(sizes, start, start + count) + float(least)
    return magnitudes.reshape(values.shape), above.reshape(values.shape)
