"""Files and settings that are nobody else's business."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from collections.abc import Mapping
from pathlib import Path

from headwater.errors import ConfigError


def read_private(path: Path) -> str:
    """The text of a file that holds a secret.

    Raises:
        ConfigError: others may read or change it, see `check_private`; or it cannot be read.
    """
    check_private(path)
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}", "check its name and its owner") from error


def check_private(path: Path) -> None:
    """Refuse a file that every user of this machine may read, that others may change or exchange, or that is not there.

    Others are all but this process's user and root. What exchanges a file is its folder, or one above it: all of those
    belong to neither others nor to who may write in them, unless only a file's own user may move it there (as in /tmp).

    Raises:
        ConfigError: so it is.
    """
    try:
        found = path.stat()
        above = dict.fromkeys((*path.absolute().parents, *path.resolve().parents))  # of a link, and of what it leads to
        folders = [(folder, folder.stat()) for folder in above]
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error}", "check its name and its owner") from error
    if found.st_mode & stat.S_IROTH:
        raise ConfigError(f"{path} can be read by every user of this machine", f"run `chmod 600 {path}`")
    if _others_write(found):
        raise ConfigError(f"{path} can be changed by other users of this machine", f"run `chmod 600 {path}`")
    if _is_others(found):
        raise ConfigError(f"{path} belongs to another user of this machine", "make a copy that is yours")
    for folder, state in folders:
        if _is_others(state):
            text = f"{path} can be exchanged by the owner of {folder}, another user of this machine"
            raise ConfigError(text, "move it into a folder of yours")
        if _others_write(state) and not state.st_mode & stat.S_ISVTX:
            text = f"{path} can be exchanged by other users of this machine: they may write in {folder}"
            raise ConfigError(text, f"run `chmod go-w {folder}`, or move it into a folder of yours")


def _others_write(state: os.stat_result) -> bool:
    """Whether others may write: whoever else is in the group, if not all. Many systems give each user a group alone."""
    if not state.st_mode & stat.S_IWGRP or state.st_mode & stat.S_IWOTH:
        return bool(state.st_mode & stat.S_IWOTH)
    try:
        user, group = pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(state.st_gid)
    except KeyError:
        return True
    return group.gr_name != user or bool(set(group.gr_mem) - {user})


def _is_others(state: os.stat_result) -> bool:
    return state.st_uid not in (0, os.geteuid())


def secret_setting(name: str, environment: Mapping[str, str]) -> str | None:
    """The secret that the variable `name` holds, or the file that NAME_FILE names; None where neither is set.

    Raises:
        ConfigError: that file is not private, or cannot be read.
    """
    if path := environment.get(f"{name}_FILE"):
        return read_private(Path(path)).strip()
    return environment.get(name) or None
