"""Files and settings that are nobody else's business."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path

from headwater.errors import ConfigError


def read_private(path: Path) -> str:
    """The text of a file that holds a secret.

    Raises:
        ConfigError: every user of this machine may read it, or it cannot be read.
    """
    check_private(path)
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}", "check its name and its owner") from error


def check_private(path: Path) -> None:
    """Refuse a file that every user of this machine may read, or that is not there.

    Raises:
        ConfigError: so it is.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error}", "check its name and its owner") from error
    if mode & stat.S_IROTH:
        raise ConfigError(f"{path} can be read by every user of this machine", f"run `chmod 600 {path}`")


def secret_setting(name: str, environment: Mapping[str, str]) -> str | None:
    """The secret that the variable `name` holds, or the file that NAME_FILE names; None where neither is set.

    Raises:
        ConfigError: that file is not private, or cannot be read.
    """
    if path := environment.get(f"{name}_FILE"):
        return read_private(Path(path)).strip()
    return environment.get(name) or None
