"""The fixture of a chain of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from headwater.chain.deploying.anvil import Anvil, derive_accounts, run_anvil

__all__ = ["Anvil", "anvil", "derive_accounts", "run_anvil"]


@pytest.fixture
def anvil(tmp_path: Path) -> Iterator[Anvil]:
    """A fresh chain for one test. To share one among tests, use `run_anvil` in a fixture of wider scope."""
    with run_anvil(tmp_path / "anvil.log") as chain:
        yield chain
