"""What a run was measured on: figures of two machines, or of a busy one, do not compare."""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from headwater.solc import SOLC_VERSION
from headwater.tools import find_tool

PACKAGES = ("headwater", "ezkl", "torch")


def describe_machine() -> dict[str, Any]:
    """Cores, CPU, memory, versions, and what else was running at the start."""
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "cpu": _cpu(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in PACKAGES},
            "solc": SOLC_VERSION,
            "anvil": _anvil(),
        },
        "load_at_start": load(),
    }


def load() -> float:
    """The load average of the last minute."""
    return round(os.getloadavg()[0], 2)


def children_seconds() -> float:
    """CPU time of all processes that were started from here and have ended: provers, among others."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _cpu() -> str:
    """The CPU's name, where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _anvil() -> str:
    """`1.7.1` of `anvil Version: 1.7.1-v1.7.1`."""
    text = subprocess.run([find_tool("anvil"), "--version"], capture_output=True, text=True, check=True).stdout
    return text.split("Version:")[-1].split()[0].partition("-")[0]
