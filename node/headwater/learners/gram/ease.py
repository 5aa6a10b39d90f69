"""Recommending from counts: EASE (Steck 2019, "Embarrassingly Shallow Autoencoders for Sparse Data").

The least-squares weights that say each item from the others, in closed form: with counts G and a ridge l,

    P = (G + l I)^-1        B_ij = -P_ij / P_jj, and 0 for i = j

and a row x has the scores x B. Counts and ridge may be divided by the same number: both are of a mean trainer here.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def item_weights(counts: Array, ridge: float) -> Array:
    """B, (items, items).

    Args:
        counts: (items, items), symmetric.
        ridge: above 0, in the same units.

    Raises:
        ValueError: these are no counts: they have no such weights.
    """
    try:
        inverse = np.linalg.inv(counts + ridge * np.eye(len(counts)))
    except np.linalg.LinAlgError as error:
        raise ValueError(f"these are no counts of pairs: {error}") from error
    if not np.isfinite(inverse).all() or not np.diag(inverse).all():
        raise ValueError("these are no counts of pairs: no weights follow from them")
    found: Array = -inverse / np.diag(inverse)
    np.fill_diagonal(found, 0.0)
    return found


def ranking(scores: Array, has: Array) -> list[int]:
    """The items that a row does not have, the best first; of equals the first.

    Args:
        scores: of each item.
        has: 1 for each that the row has.
    """
    return [int(item) for item in np.argsort(-scores, kind="stable") if not has[item]]


def hits(weights: Array, popularity: Array, rows: Array, best: int) -> Iterator[tuple[bool, bool]]:
    """Leaves each item of each row of two or more out: whether it is among the best by weights, and by popularity."""
    for row in rows:
        scores = row @ weights
        for item in np.flatnonzero(row) if row.sum() >= 2 else ():
            rest = row.copy()
            rest[item] = 0
            by_weights = ranking(scores - weights[item], rest)[:best]
            yield int(item) in by_weights, int(item) in ranking(popularity, rest)[:best]
