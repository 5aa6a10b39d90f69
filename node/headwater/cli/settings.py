"""A node's settings: from a TOML file, and from the environment, which has the last word.

Each setting has a variable, HEADWATER_ and its name in capitals; lists have spaces between. With _FILE behind it, a
variable names a file, for its owner alone, that holds the value: for URLs that carry a key. Keys, passwords and tokens
are no settings: see `keys` and `storage.opening`. (pydantic-settings would do this, but brownie pins a release of
python-dotenv that it does not accept.)
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from headwater.circuits.cost import LARGE_K
from headwater.errors import ConfigError
from headwater.private import check_private, secret_setting
from headwater.redaction import redact

if TYPE_CHECKING:
    from headwater.roles.limits import Limits

PREFIX = "HEADWATER_"
MOST_WORKERS = 64
TABLES = ("data", "pools", "held_out")
"""Settings that name something for each task."""

Role = Literal["trainer", "aggregator", "challenger", "attester"]


def _expand(value: Any) -> Any:
    return Path(value).expanduser() if isinstance(value, str) else value


Folder = Annotated[Path, BeforeValidator(_expand)]
File = Annotated[Path, BeforeValidator(_expand)]


class NodeSettings(BaseModel):
    """What `headwater run` needs to know. Paths in a file are relative to that file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rpc: tuple[str, ...] = Field(("http://127.0.0.1:8545",), min_length=1)
    """Ethereum nodes, the preferred first."""
    chain_id: int | None = Field(default=None, ge=1)
    """Refuse nodes of another chain; by default, the first node decides."""
    deployments: Folder = Path("deployments")
    network: str | None = None
    """The deployment's name; by default the chain's."""
    store: tuple[str, ...] = ()
    """Stores as `open_store` takes them, the preferred first; by default a folder in `home`."""
    home: Folder = Path("~/.headwater").expanduser()
    keystore: File | None = None
    roles: tuple[Role, ...] = Field(("trainer", "aggregator", "challenger", "attester"), min_length=1)
    tasks: tuple[Annotated[int, Field(ge=1)], ...] = ()
    """Ids; none: every task, but for training, which needs data."""
    data: dict[Annotated[int, Field(ge=1)], File] = {}
    """For each task to train in, a CSV file for its owner alone."""
    pools: dict[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]] = {}
    """For each task to train in on the rows of a pool, the pool, which the account owns and has closed."""
    held_out: dict[Annotated[int, Field(ge=1)], File] = {}
    """For each task to attest in, a CSV file of rows that nobody trains on, for its owner alone."""
    identity: File | None = None
    """The file of the identity with which the account's person is in groups, see `headwater group join`."""
    poll_seconds: float = Field(2.0, ge=0.1, le=3600)
    keep_stake: bool = False
    workers: int = Field(default=1, ge=1, le=MOST_WORKERS)
    """How many processes prove at a time on this machine: links of one update, or updates of several tasks."""
    dask: str | None = None
    """A Dask scheduler, tcp://127.0.0.1:PORT or tls://HOST:PORT, whose workers prove in their place."""
    quiet_until: int | None = Field(default=None, ge=1, le=255)
    """In tasks with receipts: after how many parts of the data a trainer synchronizes at the latest."""
    proof_limit_seconds: float | None = Field(default=None, ge=1, le=7 * 86_400)
    """After so long a proof is given up; by default after ten times what is usual here, and at least a minute."""
    max_k: int = Field(default=LARGE_K, ge=6, le=26)
    """Tasks whose circuits have a larger k are left alone: memory, keys and downloads double with each."""
    memory_mb: int | None = Field(default=None, ge=256)
    """Tasks whose proofs take more are left alone; by default, three quarters of this machine's memory."""
    metrics_port: int | None = Field(default=None, ge=0, le=65535)
    """Where /metrics and /healthz listen; by default nowhere."""
    metrics_host: str = "127.0.0.1"
    log_format: Literal["auto", "text", "json"] = "auto"
    """auto: text on a terminal, JSON otherwise."""

    @property
    def limits(self) -> Limits:
        """What a task may take of this machine."""
        from headwater.roles.limits import Limits

        return Limits(self.max_k) if self.memory_mb is None else Limits(self.max_k, self.memory_mb)

    @property
    def store_spec(self) -> str:
        """What `open_store` opens."""
        return ",".join(self.store) or f"dir:{self.home / 'store'}"


def load_settings(path: Path | None, environment: Mapping[str, str] = os.environ) -> NodeSettings:
    """The settings of a file and of the environment. Every data file, keystore and identity is checked to be private.

    Raises:
        ConfigError: the file is no TOML; a key is unknown, or its value of the wrong kind; a file that must be private
            is not, or is not there. The message names file or variable, key, and what is allowed.
    """
    found = _from_file(path) if path else {}
    sources = dict.fromkeys(found, str(path))
    for name, text, source in _from_environment(environment):
        found[name], sources[name] = text, source
    try:
        settings = NodeSettings.model_validate(found)
    except ValidationError as error:
        raise _explained(error, sources) from None
    for private in (*settings.data.values(), *settings.held_out.values(), settings.keystore, settings.identity):
        if private:
            check_private(private)
    if path and sources.get("rpc") == str(path) and any(redact(url) != url.rstrip("/") for url in settings.rpc):
        check_private(path)  # those URLs carry keys
    return settings


def environment_setting(name: str, environment: Mapping[str, str] = os.environ) -> Any:
    """What the environment says of a setting: a text, a list or a table of texts; None where it says nothing.

    Raises:
        ConfigError: a variable names a file that is not private, or cannot be read.
    """
    text = secret_setting(PREFIX + name.upper(), environment)
    if text is None:
        return None
    if name in TABLES:
        return dict(pair.partition("=")[::2] for pair in text.split())
    is_list = str(NodeSettings.model_fields[name].annotation).startswith("tuple")
    return text.split() if is_list else text


def shown(settings: NodeSettings) -> dict[str, Any]:
    """The settings for people to read, without what URLs hold of secrets."""
    return {**settings.model_dump(mode="json"), "rpc": [redact(url) for url in settings.rpc]}


def _from_file(path: Path) -> dict[str, Any]:
    try:
        found = tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}", "check its name and its owner") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is no TOML: {error}", 'a line is written key = "value"') from error
    for name in ("deployments", "home", "keystore", "identity"):
        if isinstance(value := found.get(name), str):
            found[name] = path.parent / Path(value).expanduser()
    for name in TABLES:
        if isinstance(files := found.get(name), dict):
            found[name] = {
                task: path.parent / Path(value).expanduser() if isinstance(value, str) else value
                for task, value in files.items()
            }
    return found


def _from_environment(environment: Mapping[str, str]) -> list[tuple[str, Any, str]]:
    """Name, value and source of each setting that the environment gives."""
    values = ((name, environment_setting(name, environment)) for name in NodeSettings.model_fields)
    return [(name, value, PREFIX + name.upper()) for name, value in values if value is not None]


def _explained(error: ValidationError, sources: Mapping[str, str]) -> ConfigError:
    """The first thing that is wrong, by source and key."""
    first = error.errors()[0]
    name = str(first["loc"][0])
    key = ".".join(str(part) for part in first["loc"] if part != "[key]")
    if first["type"] == "extra_forbidden":
        near = difflib.get_close_matches(name, NodeSettings.model_fields, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(NodeSettings.model_fields)}"
        return ConfigError(f"{sources[name]}: there is no setting {name}", hint)
    schema = TypeAdapter(NodeSettings).json_schema()["properties"][name]
    given = "" if name == "rpc" else f", not {first['input']!r}"
    return ConfigError(f"{sources[name]}: {key}: {first['msg'].lower()}{given}", f"{name} is {_allowed(schema)}")


def _allowed(schema: Mapping[str, Any]) -> str:
    """What a JSON schema allows, in words."""
    if "anyOf" in schema:
        return " or ".join(_allowed(each) for each in schema["anyOf"] if each.get("type") != "null")
    if "enum" in schema:
        return "one of " + ", ".join(schema["enum"])
    if schema["type"] == "array":
        return f"a list, each {_allowed(schema['items'])}"
    if schema["type"] == "object":
        return f"a table, for each task's id {_allowed(schema['additionalProperties'])}"
    words = {"integer": "a whole number", "number": "a number", "boolean": "true or false"}
    least, most = schema.get("minimum"), schema.get("maximum")
    bounds = f" from {least}" * (least is not None) + f" to {most}" * (most is not None)
    return words.get(schema["type"], "a text" if schema.get("format") != "path" else "a path") + bounds
