"""Opens a store from one line of configuration."""

from __future__ import annotations

from pathlib import Path

from headwater.errors import ConfigError
from headwater.storage.store import ContentStore

FORMS = "dir:PATH or kubo:MULTIADDR, for example dir:~/headwater or kubo:/ip4/127.0.0.1/tcp/5001"


def open_store(spec: str) -> ContentStore:
    """The store that `spec` names, dir:PATH or kubo:MULTIADDR. Nothing is asked of a daemon yet: see `check`.

    Raises:
        ConfigError: `spec` has another form.
        StorageError: the directory cannot be written.
    """
    kind, _, place = spec.partition(":")
    if place and kind == "dir":
        from headwater.storage.directory import DirectoryStore

        return DirectoryStore(Path(place).expanduser().absolute())
    if place and kind == "kubo":
        from headwater.storage.kubo import KuboStore  # its HTTP libraries take a while to load

        return KuboStore(place)
    raise ConfigError(f"{spec!r} names no store", f"give {FORMS}")
