"""How roles tell what they do: to a log, to the demo's screen, to a test."""

from __future__ import annotations

from typing import Any, Protocol


class Report(Protocol):
    """Told of every step as it happens, with its figures."""

    def __call__(self, stage: str, **details: Any) -> None:
        """stage: what was done or begins, one word. details: round, gas, seconds, ..."""


def silent(stage: str, **details: Any) -> None:
    """A report that nobody reads."""
