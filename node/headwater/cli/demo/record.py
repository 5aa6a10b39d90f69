"""What the demo measured on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from headwater.cli.demo.attacks import Attack
from headwater.reading.audit import Check
from headwater.storage.cid import Cid
from headwater.storage.store import ContentStore


@dataclass(frozen=True)
class Proved:
    """What a proof took, as the node said that made it."""

    seconds: float
    memory_mb: int


@dataclass
class Record:
    """What was measured.

    Attributes:
        gas: of each call, by its name.
        calldata, stored: bytes, on chain and in the store.
        proofs: by statement.
        accuracy: by finalized round.
        counted: for each round, whose updates its model averages, from 0.
        checks: of the audit.
    """

    gas: dict[str, list[int]] = field(default_factory=dict)
    calldata: int = 0
    stored: int = 0
    proofs: dict[str, list[Proved]] = field(default_factory=dict)
    accuracy: dict[int, float] = field(default_factory=dict)
    attacks: list[Attack] = field(default_factory=list)
    counted: list[list[int]] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    dropouts: list[dict[str, Any]] = field(default_factory=list)
    slashed: list[dict[str, Any]] = field(default_factory=list)

    def hear(self, stage: str, details: Mapping[str, Any]) -> None:
        """Note the figures in what a node has said."""
        if stage == "proved":
            proved = Proved(details["seconds"], details["memory_mb"])
            self.proofs.setdefault(details["statement"], []).append(proved)
        self.stored += details.get("stored", 0)


class CountingStore:
    """A store that notes the size of what is put into it."""

    def __init__(self, store: ContentStore, record: Record) -> None:
        self._store, self._record = store, record

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def put(self, data: bytes) -> Cid:
        """As the store's, counted."""
        self._record.stored += len(data)
        return self._store.put(data)

    def put_file(self, path: Path) -> Cid:
        """As the store's, counted."""
        self._record.stored += path.stat().st_size
        return self._store.put_file(path)
