"""A person's identity in groups: one secret in one file, and the commitment to it that others may know.

The file is a line of text, Semaphore's own export of a private key, so that other software of Semaphore's reads it.
Whoever has it can take its person's seats, and find out which they were.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import tempfile
from pathlib import Path

from headwater.errors import ConfigError
from headwater.private import read_private

BYTES = 32
NAME = "identity"
"""Of the file under HOME, where no other is named."""


def make_identity(path: Path) -> bool:
    """Write a new identity into a file for its owner alone, unless there is one. Whether it was made.

    Raises:
        ConfigError: the file cannot be written; or there is one that is no identity, or that others may read.
    """
    if path.exists():
        read_identity(path)
        return False
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, suffix=".part") as file:  # mode 0600
            file.write(base64.b64encode(secrets.token_bytes(BYTES)).decode() + "\n")
            file.flush()
            os.fsync(file.fileno())
            path.hardlink_to(file.name)  # never over one that came meanwhile
    except FileExistsError:
        read_identity(path)
        return False
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}", "name another --identity") from error
    return True


def read_identity(path: Path) -> str:
    """The identity in a private file, as Semaphore exports it.

    Raises:
        ConfigError: others may read or change the file, it is not there, or it holds no identity.
    """
    if not path.exists():
        raise ConfigError(f"there is no identity at {path}", "make one: `headwater group join` does")
    text = read_private(path).strip()
    try:
        is_one = len(base64.b64decode(text, validate=True)) > 0
    except (binascii.Error, ValueError):
        is_one = False
    if not is_one:
        # without the text, which may be another secret
        raise ConfigError(f"{path} holds no identity", "name the file that `headwater group join` has made")
    return text
