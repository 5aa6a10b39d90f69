"""Opens stores from one line of configuration."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from headwater.errors import ConfigError
from headwater.private import secret_setting
from headwater.storage.store import ContentStore

if TYPE_CHECKING:
    from headwater.storage.pinning import PinningService

FORMS = (
    "dir:PATH, kubo:MULTIADDR, gateway:URL or pin:URL, or several of them with commas between,"
    " for example dir:~/headwater,kubo:/ip4/127.0.0.1/tcp/5001,gateway:https://ipfs.io"
)
PINNING_TOKEN = "HEADWATER_PINNING_TOKEN"  # noqa: S105
"""Names the variable that holds the token of pinning services; with _FILE behind it, one that names a file of it."""

_BETWEEN = re.compile(r",(?=(?:dir|kubo|gateway|pin):)")


def open_store(spec: str) -> ContentStore:
    """The store, or the stores in the order in which they are asked, that `spec` names. See FORMS.

    Nothing is asked of a daemon yet: see `check`.

    Raises:
        ConfigError: `spec` has another form, names nothing but pinning services, or their token is missing.
        StorageError: a directory cannot be written.
    """
    parts = split(spec)
    stores = [_open_one(part) for part in parts if not part.startswith("pin:")]
    if not stores:
        raise ConfigError("a pinning service fetches from a store of yours, and none is named", f"give {FORMS}")
    if len(parts) == 1:
        return stores[0]
    from headwater.storage.several import SeveralStores

    return SeveralStores(stores, [open_pinning(part) for part in parts if part.startswith("pin:")])


def split(spec: str) -> list[str]:
    """The specifications of single stores and pinning services in `spec`."""
    return _BETWEEN.split(spec)


def open_pinning(spec: str) -> PinningService:
    """The service that `pin:URL` names.

    Raises:
        ConfigError: its URL is none, or the token is missing.
    """
    from headwater.storage.pinning import PinningService

    return PinningService(spec.removeprefix("pin:"), _token())


def _open_one(spec: str) -> ContentStore:
    kind, _, place = spec.partition(":")
    if place and kind == "dir":
        from headwater.storage.directory import DirectoryStore

        return DirectoryStore(Path(place).expanduser().absolute())
    if place and kind == "kubo":
        from headwater.storage.kubo import KuboStore  # its HTTP libraries take a while to load

        return KuboStore(place)
    if place and kind == "gateway":
        from headwater.storage.gateway import GatewayStore

        return GatewayStore(place)
    raise ConfigError(f"{spec!r} names no store", f"give {FORMS}")


def _token() -> str:
    if token := secret_setting(PINNING_TOKEN, os.environ):
        return token
    raise ConfigError("a pinning service needs a token", f"set {PINNING_TOKEN}_FILE to a file that holds it")
