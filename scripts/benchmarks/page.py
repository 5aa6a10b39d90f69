"""The figures of docs/benchmarks.md, written from a report."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from headwater.tools import ROOT
from scripts.benchmarks.tables import Table, describe_run, growth_table, tables

PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def markdown(report: dict[str, Any]) -> str:
    """The report as Markdown: the run, then its tables."""
    command = "make bench-quick" if report["quick"] else "make bench"
    parts = [f"`{command}`, {describe_run(report)}"]
    parts += [f"### {table.title}\n\n{written(table)}" for table in tables(report)]
    return "\n\n".join(parts)


def rewrite(report: dict[str, Any], page: Path = PAGE) -> None:
    """Replace what stands between the page's two marks. Ends the program where a mark is missing."""
    put(markdown(report), page, BEGIN, END)


def rewrite_growth(found: dict[str, Any], page: Path = PAGE) -> None:
    """Replace what the page says of growth alone."""
    begin, end = "<!-- growth: begin -->", "<!-- growth: end -->"
    put(written(growth_table(found)), page, begin, end)


def put(figures: str, page: Path, begin: str, end: str) -> None:
    """Replace what stands between two marks of a page. Ends the program where a mark is missing."""
    text = page.read_text()
    before, begun, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not (begun and ended):
        sys.exit(f"{page.name} must hold the lines {begin} and {end}: figures go between them")
    page.write_text(f"{before}{begin}\n\n{figures}\n\n{end}{after}")


def written(table: Table) -> str:
    """A table as Markdown."""
    rule = ["---", *("---:" for _ in table.headings[1:])]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (table.headings, rule, *table.rows))
