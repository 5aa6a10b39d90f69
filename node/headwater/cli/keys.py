"""The account that signs: from a keystore file, a key file, or the environment; never from the command line."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click
from eth_account import Account
from eth_account.signers.local import LocalAccount

from headwater.errors import ConfigError
from headwater.private import read_private

PASSWORD_FILE = "HEADWATER_PASSWORD_FILE"  # noqa: S105
KEY_FILE = "HEADWATER_PRIVATE_KEY_FILE"
KEY = "HEADWATER_PRIVATE_KEY"


def load_key(keystore: Path | None) -> LocalAccount:
    """The account of a keystore file, else of HEADWATER_PRIVATE_KEY_FILE, else of HEADWATER_PRIVATE_KEY.

    Raises:
        ConfigError: there is none of them, others may read the file, or it holds no key.
    """
    if keystore is not None:
        return _from_keystore(keystore)
    if path := os.environ.get(KEY_FILE):
        return _from_text(read_private(Path(path)), path)
    if text := os.environ.get(KEY):
        return _from_text(text, KEY)
    raise ConfigError(
        "no account is named that could sign",
        f"give --keystore FILE, or set {KEY_FILE} or {KEY}; anvil prints keys for tests when it starts",
    )


def _from_keystore(path: Path) -> LocalAccount:
    try:
        keystore = json.loads(read_private(path))
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path} is no keystore file", "such a file is JSON, as geth or cast write it") from error
    if named := os.environ.get(PASSWORD_FILE):
        password = read_private(Path(named)).rstrip("\r\n")
    else:
        password = click.prompt(f"Password of {path}", hide_input=True, err=True)
    try:
        account: LocalAccount = Account.from_key(Account.decrypt(keystore, password))
    except (ValueError, KeyError, TypeError, NotImplementedError) as error:
        raise ConfigError(f"{path} cannot be opened: {error}", f"check the password, and {PASSWORD_FILE}") from error
    return account


def _from_text(text: str, source: str) -> LocalAccount:
    try:
        account: LocalAccount = Account.from_key(text.strip())
    except Exception:  # noqa: BLE001
        # without its cause, which could show the key
        raise ConfigError(f"{source} holds no private key", "a key is 64 hex digits, with or without 0x") from None
    return account
