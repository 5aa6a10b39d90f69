"""Log lines: for people on a terminal, one JSON object each for everything else; never with a secret in them."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

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
    renderer: list[Any] = [clock, _redact, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    if form == "json":
        clock = structlog.processors.TimeStamper(fmt="iso", utc=True)
        trace = structlog.processors.format_exc_info
        renderer = [clock, trace, _redact, structlog.processors.JSONRenderer(default=str)]
    structlog.configure(
        processors=[structlog.processors.add_log_level, *renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if verbose else logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The event with URLs cut to their hosts, and without the values of fields that hold secrets."""
    for name, value in event.items():
        event[name] = "***" if name in SECRET else _clean(value)
    return event


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {name: "***" if name in SECRET else _clean(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(each) for each in value]
    return redact(str(value)) if isinstance(value, BaseException) else value
