"""Where commands write: results to stdout, everything else to stderr."""

from __future__ import annotations

from rich.console import Console, Group
from rich.panel import Panel
from rich.text import Text

from headwater.errors import HeadwaterError

out = Console()
err = Console(stderr=True)


def show_error(error: HeadwaterError) -> None:
    """What happened, and what to do next."""
    lines = [Text(error.message)]
    if error.hint:
        lines.append(Text.assemble(("→ ", "bold"), error.hint))
    err.print(Panel(Group(*lines), title="error", title_align="left", border_style="red"))
