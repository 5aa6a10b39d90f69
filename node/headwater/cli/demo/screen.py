"""The demo's live screen: who does what, the round's phase, and what happened last."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Any

from rich.console import Group, RenderableType
from rich.live import Live
from rich.rule import Rule
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from headwater.cli.console import out
from headwater.roles.report import Report

LINES = 8
BUSY = {"starting", "proving", "building", "measuring", "attacking", "deploying"}


class Screen:
    """A live table on a terminal; plain lines elsewhere. Use as a context manager."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._title = ""
        self._doing: dict[str, tuple[str, float]] = {}
        self._done: dict[str, dict[str, Any]] = {}
        self._lines: deque[Text] = deque(maxlen=LINES)
        self._lock = threading.Lock()
        self._live = Live(get_renderable=self._render, console=out, refresh_per_second=8, transient=True)

    def __enter__(self) -> Screen:
        if out.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if out.is_terminal:
            self._live.stop()

    @property
    def elapsed(self) -> float:
        """Seconds since the screen was made."""
        return time.monotonic() - self._start

    def title(self, text: str) -> None:
        """What the round is at."""
        with self._lock:
            if text == self._title:
                return
            self._title = text
        if not out.is_terminal:
            out.print(f"{self.elapsed:6.1f} s  {text}", soft_wrap=True)

    def line(self, text: Text) -> None:
        """Something that happened."""
        stamped = Text.assemble((f"{self.elapsed:6.1f} s  ", "dim"), text)
        with self._lock:
            self._lines.append(stamped)
        if not out.is_terminal:
            out.print(stamped, soft_wrap=True)

    def node(self, name: str, rows: int | None = None) -> Report:
        """A report for one node, which gets a row of the table."""
        with self._lock:
            self._done[name] = {"rows": rows}

        def report(stage: str, **details: Any) -> None:
            self._note(name, stage, details)

        return report

    def _note(self, name: str, stage: str, details: dict[str, Any]) -> None:
        what = " ".join(str(details[key]) for key in ("statement", "contract") if key in details)
        with self._lock:
            if stage in BUSY:
                self._doing[name] = (f"{stage} {what}".strip(), time.monotonic())
                return
            self._doing.pop(name, None)
            facts = self._done[name]
            facts["last"] = details["reason"] if stage == "waiting" else stage
            if stage == "proved":
                facts["seconds"] = details["seconds"]
            facts["gas"] = facts.get("gas", 0) + details.get("gas", 0)
        if stage in ("submitted", "aggregated", "deployed", "created"):
            self.line(Text.assemble((name, "bold"), f" {stage} {what}".rstrip(), (f"  {details['gas']:,} gas", "dim")))

    def _render(self) -> RenderableType:
        with self._lock:
            table = Table(expand=True, box=None, padding=(0, 1))
            for heading, justify in (("node", "left"), ("rows", "right"), ("doing", "left"), ("last proof", "right")):
                table.add_column(heading, justify=justify)  # type: ignore[arg-type]
            table.add_column("gas so far", justify="right")
            for name, facts in self._done.items():
                doing: RenderableType = Text(facts.get("last", ""), style="dim")
                if name in self._doing:
                    text, since = self._doing[name]
                    doing = Spinner("dots", Text(f"{text}, {time.monotonic() - since:.0f} s", style="cyan"))
                rows = "" if facts["rows"] is None else str(facts["rows"])
                proof = f"{facts['seconds']:.1f} s" if "seconds" in facts else ""
                table.add_row(Text(name, style="bold"), rows, doing, proof, f"{facts.get('gas', 0):,}")
            title = Text.assemble((self._title, "bold"), (f"  {self.elapsed:.0f} s", "dim"))
            return Group(Rule(title, align="left"), table, Rule(style="dim"), *self._lines)
