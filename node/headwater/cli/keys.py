"""The account that signs: from a keystore file, a key file, or the environment; never from the command line.

Keystores are files of the format that geth and cast write (Web3 Secret Storage, version 3), under HOME/keystores.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import click
from eth_account import Account
from eth_account.signers.local import LocalAccount

from headwater.errors import ConfigError
from headwater.private import read_private

PASSWORD_FILE = "HEADWATER_PASSWORD_FILE"  # noqa: S105
KEY_FILE = "HEADWATER_PRIVATE_KEY_FILE"
KEY = "HEADWATER_PRIVATE_KEY"
KEYSTORES = "keystores"


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


def ask_password(prompt: str, *, confirm: bool = False) -> str:
    """The password in the file that HEADWATER_PASSWORD_FILE names, else what is typed, unseen."""
    if named := os.environ.get(PASSWORD_FILE):
        return read_private(Path(named)).rstrip("\r\n")
    password: str = click.prompt(prompt, hide_input=True, confirmation_prompt=confirm, err=True)
    return password


def read_key(path: Path | None) -> LocalAccount:
    """The account whose key stands in a private file, or is typed, unseen: 64 hex digits, with or without 0x.

    Raises:
        ConfigError: it is no key, or others may read the file.
    """
    if path is not None:
        return _from_text(read_private(path), str(path))
    return _from_text(click.prompt("Private key", hide_input=True, err=True), "what was typed")


def keystores(home: Path) -> list[Path]:
    """The keystore files under `home`, by name: `ADDRESS.json`."""
    return sorted((home / KEYSTORES).glob("0x*.json"))


def write_keystore(home: Path, account: LocalAccount, password: str) -> Path:
    """Encrypt a key (scrypt, as geth does) into a new file for its owner alone, whole or not at all.

    Raises:
        ConfigError: there is one of this account already, or the file cannot be written.
    """
    if not password:
        raise ConfigError("an empty password protects nothing", f"type one, or mend the file of {PASSWORD_FILE}")
    folder = home / KEYSTORES
    path = folder / f"{account.address}.json"
    if path.exists():
        raise ConfigError(f"{path} is there already", "use it with --keystore, or move it away first")
    text = json.dumps(Account.encrypt(bytes(account.key), password, kdf="scrypt"))
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".part") as file:  # mode 0600
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            path.hardlink_to(file.name)
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written: {error.strerror}", "free disk space or mend permissions"
        ) from error
    return path


def _from_keystore(path: Path) -> LocalAccount:
    try:
        keystore = json.loads(read_private(path))
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path} is no keystore file", "such a file is JSON, as geth or cast write it") from error
    password = ask_password(f"Password of {path}")
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
