"""Log lines: for people on a terminal, one JSON object each for everything else; never with a secret in them.

Nor with what is no text, or much of it: names and messages come from strangers.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

from headwater.foreign import LONGEST, lines, plain
from headwater.redaction import redact

LogFormat = Literal["auto", "text", "json"]
SECRET = frozenset(("authorization", "key", "keystore_password", "password", "private_key", "secret", "token"))
"""Names of fields whose values are never logged."""


def configure_logging(verbose: bool, form: LogFormat = "text") -> None:
    """Structured logs on stderr: events from info up, or all of them.

    form: `auto` is text where stderr is a terminal, and JSON otherwise.
    """
    import structlog

    if form == "auto":
        form = "text" if sys.stderr.isatty() else "json"
    clock = structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False)
    renderer: Any = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
    if form == "json":
        clock = structlog.processors.TimeStamper(fmt="iso", utc=True)
        renderer = structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            clock,
            structlog.processors.format_exc_info,
            _clean,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if verbose else logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _clean(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The event with URLs cut to their hosts, without the values of fields that hold secrets, and of text only."""
    found = {plain(name): "***" if name in SECRET else _shown(value) for name, value in event.items()}
    if "event" in found:
        found["event"] = plain(found["event"])  # a line's first words, which no renderer quotes
    return found


def _shown(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, dict):
        return {plain(name): "***" if name in SECRET else _shown(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_shown(each) for each in value]
    return lines(redact(str(value)), LONGEST)
