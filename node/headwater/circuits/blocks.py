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
