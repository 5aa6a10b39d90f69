"""What proofs of a circuit take, estimated from its size alone, what of that was tried, and what this machine has."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

LARGE_K = 17
"""The largest k of the benchmarks."""

_MEMORY = Path("/proc/meminfo")
_MEMORY_LIMIT = Path("/sys/fs/cgroup/memory.max")
_MEGABYTE = 2.0**20


@dataclass(frozen=True)
class ProvingCost:
    """What a proof takes on two cores."""

    seconds: float
    memory_mb: float
    key_mb: float


def proving_cost(k: int, inner_columns: int) -> ProvingCost:
    """An estimate: all follows 2**k times the columns, of which a key holds more. Measured at k = 14."""
    size = 2.0 ** (k - 14)
    scale = size * (1 + inner_columns) / 3
    return ProvingCost(2.5 * scale, 170 + 245 * scale, 82 * size * (3 + inner_columns) / 5)


def memory_mb(meminfo: Path = _MEMORY, limit: Path = _MEMORY_LIMIT) -> tuple[float, float]:
    """Memory of this machine or container, in all and available, megabytes."""
    total = available = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / _MEGABYTE
    with suppress(OSError, KeyError, ValueError):  # not Linux
        lines = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
        available = int(lines["MemAvailable"].split()[0]) / 1024
    with suppress(OSError, ValueError):  # no container, or one without a limit
        total = min(total, int(limit.read_text()) / _MEGABYTE)
    return total, min(total, available)
