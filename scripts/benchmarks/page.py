"""The figures of docs/benchmarks.md, written from a report."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from headwater.tools import ROOT
from scripts.benchmarks.tables import Table, describe_run, tables

PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def markdown(report: dict[str, Any]) -> str:
    """The report as Markdown: the run, then its tables."""
    command = "make bench-quick" if report["quick"] else "make bench"
    parts = [f"`{command}`, {describe_run(report)}"]
    parts += [f"### {table.title}\n\n{_table(table)}" for table in tables(report)]
    return "\n\n".join(parts)


def rewrite(report: dict[str, Any], page: Path = PAGE) -> None:
    """Replace what stands between the page's two marks. Ends the program where a mark is missing."""
    text = page.read_text()
    before, begun, rest = text.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not (begun and ended):
        sys.exit(f"{page.name} must hold the lines {BEGIN} and {END}: figures go between them")
    page.write_text(f"{before}{BEGIN}\n\n{markdown(report)}\n\n{END}{after}")


def _table(table: Table) -> str:
    rule = ["---", *("---:" for _ in table.headings[1:])]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (table.headings, rule, *table.rows))
