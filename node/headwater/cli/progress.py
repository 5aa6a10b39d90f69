"""What roles report, as log lines."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog

from headwater.roles.report import Report

_WARNINGS = {"failed", "given up", "note", "reorganized"}
_DETAILS = {"idle", "found"}  # of every block, and of every task


def log_report(role: str, **named: Any) -> Report:
    """A report that logs: one event a step, with its figures; `named` are in each."""
    log = structlog.get_logger().bind(role=role, **named)

    def report(stage: str, **details: Any) -> None:
        if isinstance(until := details.get("until"), int):
            details["until"] = datetime.fromtimestamp(until).astimezone().strftime("%H:%M:%S")
        if isinstance(seconds := details.get("seconds"), float):
            details["seconds"] = round(seconds, 2)
        (log.warning if stage in _WARNINGS else log.debug if stage in _DETAILS else log.info)(stage, **details)

    return report
