"""What a process keeps to itself: its memory when it crashes, and its environment from the processes that it starts."""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from collections.abc import Mapping

PR_SET_DUMPABLE = 4

_NAMES = frozenset(
    (
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TERM"),
        *("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHASHSEED", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),
    )
)
_PREFIXES = ("LC_", "OMP_", "MKL_", "OPENBLAS_", "RAYON_", "MALLOC_", "XDG_")
NETWORK = (
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"),
)
"""What a process needs besides that asks servers of others. A proxy's address may hold a password."""


def environment_for_child(*more: str, **settings: str) -> Mapping[str, str]:
    """What a process that this one starts gets of the environment: what programs need to run, and no secret of ours.

    more: names of variables that it needs besides. settings: variables of its own.
    """
    kept = {name: text for name, text in os.environ.items() if name in _NAMES or name.startswith(_PREFIXES)}
    return kept | {name: os.environ[name] for name in more if name in os.environ} | settings


def forbid_dumps() -> None:
    """Let no crash of this process write its memory to a file, and no other process of its user read it (on Linux).

    To be called before any key or data are read. Children inherit the first; each must ask for the second itself.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
