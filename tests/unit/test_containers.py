"""The image and its compose file, as far as that can be checked without a Docker engine: that they name what exists."""

from __future__ import annotations

import re
import shlex
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml

from headwater.cli.keys import PASSWORD_FILE
from headwater.cli.settings import PREFIX, NodeSettings, load_settings
from headwater.roles.proving import proving_cost
from headwater.tools import ROOT

FOLDER = ROOT / "deployments" / "node"
GIVEN = {"HEADWATER_CHAIN_ID": "11155111", "HEADWATER_NETWORK": "chain-11155111", "HEADWATER_TASK": "3"}


def interpolated(text: str) -> str:
    """Compose's ${NAME:?} and ${NAME:-default}, with what the file asks its user for."""

    def value(found: re.Match[str]) -> str:
        name, operator, default = found.groups()
        return GIVEN[name] if operator == ":?" else default

    return re.sub(r"\$\{(\w+)(:\?|:-)([^}]*)\}", value, text)


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load(interpolated((FOLDER / "compose.yaml").read_text()))


@pytest.fixture(scope="module")
def node(compose) -> dict[str, Any]:
    return compose["services"]["node"]


@pytest.fixture(scope="module")
def dockerfile() -> list[tuple[str, str]]:
    """Instructions of the Dockerfile and what they are given."""
    lines = [line for line in (FOLDER / "Dockerfile").read_text().splitlines() if not line.startswith("#")]
    whole = "\n".join(lines).replace("\\\n", " ")
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in whole.splitlines()) if word]


def mounts(node: dict[str, Any], compose: dict[str, Any]) -> dict[PurePosixPath, Path]:
    """What lies on the host, by its path in the container."""
    found = {}
    for volume in node["volumes"]:
        source, target = volume.split(":")[:2]
        found[PurePosixPath(target)] = Path(source)
    for name in node["secrets"]:
        found[PurePosixPath("/run/secrets") / name] = Path(compose["secrets"][name]["file"])
    return found


def test_environment__names_settings_that_exist__and_is_valid(node, compose, tmp_path):
    environment = {name: str(value) for name, value in node["environment"].items()}
    known = {PREFIX + name.upper() for name in NodeSettings.model_fields}
    assert {name.removesuffix("_FILE") for name in environment if name != PASSWORD_FILE} <= known

    for inside, outside in mounts(node, compose).items():
        host = tmp_path / outside
        (host if outside.name in ("home", "data", "deployments") else host.parent).mkdir(parents=True, exist_ok=True)
        environment = {name: re.sub(rf"(^|=){inside}\b", rf"\g<1>{host}", v) for name, v in environment.items()}
    for name in ("secrets/rpc", "secrets/keystore.json", "secrets/password", "data/mine.csv"):
        (tmp_path / name).touch(0o600)
    (tmp_path / "secrets" / "rpc").write_text("https://rpc.example/KEY\n")
    settings = load_settings(None, environment)

    assert settings.rpc == ("https://rpc.example/KEY",)
    assert settings.data == {3: tmp_path / "data" / "mine.csv"}
    assert (settings.chain_id, settings.tasks, settings.home) == (11155111, (3,), tmp_path / "home")
    assert environment[PASSWORD_FILE] == str(tmp_path / "secrets" / "password")


def test_paths__of_the_environment__are_mounted(node, compose):
    there = mounts(node, compose)
    texts = [str(value).rpartition("=")[2] for value in node["environment"].values()]
    paths = [PurePosixPath(text) for text in texts if text.startswith("/")]
    assert len(paths) >= 6
    for path in paths:
        assert any(path.is_relative_to(mount) for mount in there), path


def test_image__has_what_compose_relies_on(node, dockerfile):
    assert (FOLDER / node["build"]["context"]).resolve() == ROOT
    assert ROOT / node["build"]["dockerfile"] == FOLDER / "Dockerfile"
    (folder,) = [rest for word, rest in dockerfile if word == "WORKDIR"]
    assert node["healthcheck"]["test"][1] == f"{folder}/.venv/bin/python"
    assert "/var/lib/headwater" in next(rest for word, rest in dockerfile if word == "ENV")
    assert dict(dockerfile)["ENTRYPOINT"] == '["headwater"]'
    user = next(rest for word, rest in dockerfile if word == "RUN" and rest.startswith("useradd"))
    assert node["user"] == "1000:1000"
    assert "--uid 1000" in user
    assert dict(dockerfile)["USER"] == "headwater"


def test_image__copies_and_runs_what_there_is(dockerfile):
    sources = [source for word, rest in dockerfile if word == "COPY" for source in shlex.split(rest)[:-1]]
    assert all((ROOT / source).exists() for source in sources)
    build = next(rest for word, rest in dockerfile if word == "RUN")
    scripts = re.findall(r"scripts/\w+\.(?:sh|py)", build)
    assert len(scripts) == 4
    assert all((ROOT / script).is_file() for script in scripts)
    assert (ROOT / scripts[0]).stat().st_mode & 0o100
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert not set(sources) & set(ignored)
    assert {".git", ".venv", "deployments/node/secrets"} <= set(ignored)


def test_images__are_pinned(compose, dockerfile):
    named = [dict(dockerfile)["FROM"], compose["services"]["kubo"]["image"]]
    assert all(re.fullmatch(r"[\w/]+:v?\d+\.\d+[\w.-]*", name) for name in named), named


def test_kubos_rpc__is_for_the_node_alone(compose, node):
    kubo = compose["services"]["kubo"]
    _, _, host, _, port = node["environment"]["HEADWATER_STORE"].split("/")
    assert compose["services"][host] is kubo
    published = [str(entry).split("/")[0].split(":")[-1] for entry in kubo["ports"]]
    assert port not in published
    assert "expose" not in kubo
    assert compose["networks"]["rpc"] == {"internal": True}
    assert {name for name, service in compose["services"].items() if "rpc" in service["networks"]} == {"node", "kubo"}


def test_health__is_asked_where_it_is_served__and_figures_stay_on_this_machine(node):
    port = node["environment"]["HEADWATER_METRICS_PORT"]
    assert f"http://127.0.0.1:{port}/healthz" in node["healthcheck"]["test"][-1]
    assert node["ports"] == [f"127.0.0.1:{port}:{port}"]


def test_secrets__are_no_part_of_the_environment(node):
    assert not [name for name in node["environment"] if re.search("KEY$|PASSWORD$|TOKEN$", name)]
    assert set(node["secrets"]) == {"rpc", "keystore", "password"}


def test_unit__stops_the_node_alone__and_gives_it_the_time_that_a_container_has(node):
    """What systemd stops by default is the prover, too: `stop_unit` in tests/support shows what becomes of a proof."""
    unit = dict(line.split("=", 1) for line in (FOLDER / "headwater.service").read_text().splitlines() if "=" in line)
    assert unit["KillMode"] == "mixed"
    assert unit["TimeoutStopSec"].removesuffix("in") == node["stop_grace_period"]


def test_services__have_memory_for_a_proof_and_no_more__and_write_no_dumps(compose, node):
    unit = (FOLDER / "headwater.service").read_text().splitlines()
    settings = dict(line.split("=", 1) for line in unit if "=" in line and not line.startswith("#"))
    assert (settings["MemoryMax"], settings["LimitCORE"], settings["OOMPolicy"]) == ("4G", "0", "continue")
    assert (node["mem_limit"], node["ulimits"]) == ("4g", {"core": 0})
    assert all("mem_limit" in service for service in compose["services"].values())
    assert proving_cost(16, 2).memory_mb < 4096 - 500
