"""Where commands write: results to stdout, everything else to stderr. A text is text there, whoever it is from."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.panel import Panel
from rich.segment import Segment
from rich.text import Text
from typing_extensions import override

from headwater.errors import HeadwaterError
from headwater.foreign import LONGEST, lines

CHECK = Text("✓", style="green")


class PlainConsole(Console):
    """A console to which no text is markup, and which shows what is no text by its code.

    Styles are said with `Text`. What ought to have been cleaned where it came in is cleaned here once more.
    """

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, markup=False, emoji=False, highlight=False)

    @override
    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            if segment.control:  # the console's own, such as a cursor that is moved
                yield segment
            else:
                yield Segment(lines(segment.text, max(LONGEST, len(segment.text))), segment.style)


out = PlainConsole()
err = PlainConsole(stderr=True)


def show_error(error: HeadwaterError) -> None:
    """What happened, and what to do next."""
    said = [Text(error.message)]
    if error.hint:
        said.append(Text.assemble(("→ ", "bold"), error.hint))
    err.print(Panel(Group(*said), title="error", title_align="left", border_style="red"))
