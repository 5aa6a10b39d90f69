"""Which account a command is about, without its password: for what only looks."""

from __future__ import annotations

import json
import os
from pathlib import Path

from headwater.cli.keys import KEY, KEY_FILE, load_key
from headwater.errors import ConfigError


def account_of(keystore: Path | None) -> str | None:
    """The address of the account that `load_key` would take; None where no key is named.

    Raises:
        ConfigError: what is named holds no key.
    """
    from eth_utils.address import to_checksum_address

    if keystore is None:
        return load_key(None).address if os.environ.get(KEY_FILE) or os.environ.get(KEY) else None
    try:
        return to_checksum_address("0x" + json.loads(keystore.read_text())["address"].removeprefix("0x"))
    except OSError as error:
        raise ConfigError(f"{keystore} cannot be read: {error.strerror}", "check its name and its owner") from error
    except KeyError:  # the format allows to leave the address out
        return load_key(keystore).address
    except (ValueError, TypeError, AttributeError) as error:
        raise ConfigError(f"{keystore} is no keystore: {error}", "`headwater key create` makes one") from error
