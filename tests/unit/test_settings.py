"""A node's settings: the environment has the last word, and every mistake names its place and what is allowed."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from headwater.cli import run
from headwater.cli.main import cli
from headwater.cli.options import role_options, store_address, store_option
from headwater.cli.settings import NodeSettings, load_settings
from headwater.errors import ConfigError
from headwater.tools import ROOT

WHOLE = """
rpc = ["http://127.0.0.1:8545", "https://rpc.example"]
chain_id = 11155111
deployments = "deployments"
network = "sepolia"
store = ["dir:store", "kubo:/ip4/127.0.0.1/tcp/5001", "gateway:https://ipfs.io"]
home = "/var/lib/headwater"
keystore = "keys/mine.json"
roles = ["trainer"]
tasks = [1, 2]
poll_seconds = 5
keep_stake = true
metrics_port = 9100
log_format = "json"

[data]
1 = "one.csv"
2 = "/data/two.csv"
"""


@pytest.fixture
def write(tmp_path):
    """Writes a file, for its owner alone."""

    def to(text: str, name: str = "node.toml", mode: int = 0o600) -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    return to


def refused(path: Path | None, **environment: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_settings(path, environment)
    return str(caught.value)


def test_settings__of_nothing__are_the_defaults():
    settings = load_settings(None, {})

    assert settings == NodeSettings()
    assert settings.store_spec == f"dir:{Path.home()}/.headwater/store"


def test_settings__of_a_file__are_typed_and_its_paths_relative_to_it(write, tmp_path):
    write("", "keys/mine.json")
    write("", "one.csv")
    path = write(WHOLE.replace("/data/two.csv", str(write("", "two.csv"))))

    settings = load_settings(path, {})

    assert settings.data == {1: tmp_path / "one.csv", 2: tmp_path / "two.csv"}
    assert settings.keystore == tmp_path / "keys" / "mine.json"
    assert settings.deployments == tmp_path / "deployments"
    assert settings.home == Path("/var/lib/headwater")
    assert settings.store_spec == "dir:store,kubo:/ip4/127.0.0.1/tcp/5001,gateway:https://ipfs.io"
    assert (settings.chain_id, settings.tasks, settings.roles) == (11155111, (1, 2), ("trainer",))


def test_settings__of_the_environment__come_before_the_files(write):
    data = write("", "one.csv")
    settings = load_settings(
        write('chain_id = 1\nnetwork = "one"'),
        {
            "HEADWATER_CHAIN_ID": "2",
            "HEADWATER_RPC": "http://a http://b",
            "HEADWATER_ROLES": "aggregator challenger",
            "HEADWATER_TASKS": "3 4",
            "HEADWATER_DATA": f"3={data}",
            "HEADWATER_KEEP_STAKE": "true",
            "HEADWATER_LOG_FORMAT": "json",
            "HEADWATER_SOLC": "/usr/bin/solc",
        },
    )

    assert (settings.chain_id, settings.network) == (2, "one")
    assert settings.rpc == ("http://a", "http://b")
    assert settings.roles == ("aggregator", "challenger")
    assert (settings.tasks, settings.data, settings.keep_stake) == ((3, 4), {3: data}, True)


def test_setting__in_a_private_file__is_read_from_there(write):
    path = write("https://rpc.example/v3/KEY\n", "rpc")
    assert load_settings(None, {"HEADWATER_RPC_FILE": str(path)}).rpc == ("https://rpc.example/v3/KEY",)

    path.chmod(0o644)
    assert "chmod 600" in refused(None, HEADWATER_RPC_FILE=str(path))


@pytest.mark.parametrize(
    ("text", "said"),
    (
        ('rcp = "http://a"', "there is no setting rcp (did you mean rpc?)"),
        ("colour = 1", "there is no setting colour (there are rpc, chain_id, "),
        ("chain_id = 'one'", "chain_id: input should be a valid integer"),
        ("chain_id = 'one'", "(chain_id is a whole number from 1)"),
        ("poll_seconds = 0", "(poll_seconds is a number from 0.1 to 3600)"),
        ("poll_seconds = true_", "is no TOML"),
        ("roles = ['miner']", "not 'miner' (roles is a list, each one of trainer, aggregator, challenger, attester)"),
        ("roles = []", "roles: tuple should have at least 1 item"),
        ("tasks = [0]", "tasks.0: input should be greater than or equal to 1"),
        ("tasks = 3", "not 3 (tasks is a list, each a whole number from 1)"),
        ("keep_stake = 'maybe'", "(keep_stake is true or false)"),
        ("metrics_port = 70000", "(metrics_port is a whole number from 0 to 65535)"),
        ("log_format = 'xml'", "(log_format is one of auto, text, json)"),
        ("data = 'mine.csv'", "(data is a table, for each task's id a path)"),
        ("[data]\none = 'mine.csv'", "data.one: input should be a valid integer"),
        ("home = 7", "(home is a path)"),
        ("network = 7", "(network is a text)"),
    ),
)
def test_file__with_a_mistake__is_told_where_and_what_is_allowed(write, text, said):
    path = write(text)
    message = refused(path)

    assert message.startswith(str(path))
    assert said in message


def test_variable__with_a_mistake__is_named():
    message = refused(None, HEADWATER_POLL_SECONDS="often")

    assert message.startswith("HEADWATER_POLL_SECONDS: poll_seconds: input should be a valid number")


def test_file__that_is_missing__says_so(tmp_path):
    assert "cannot be read" in refused(tmp_path / "nothing.toml")


@pytest.mark.parametrize("text", ("keystore = 'secret'", "[data]\n1 = 'secret'"))
def test_keystore_and_data__that_others_may_read__are_refused(write, text):
    write("", "secret", 0o644)
    assert "chmod 600" in refused(write(text))


def test_file__that_others_may_read__may_hold_no_url_with_a_key(write):
    assert load_settings(write("rpc = ['https://rpc.example/']", mode=0o644), {}).rpc == ("https://rpc.example/",)
    message = refused(write("rpc = ['https://rpc.example/v3/KEY']", mode=0o644))

    assert "chmod 600" in message
    assert "KEY" not in message


def test_config_check__shows_what_follows__without_keys(write):
    path = write("rpc = ['https://user:hunter2@rpc.example/v3/hunter2']\nlog_format = 'json'")

    result = CliRunner().invoke(cli, ["config", "check", str(path)])

    assert result.exit_code == 0
    assert 'rpc = ["https://rpc.example"]' in result.stdout
    assert 'log_format = "json"' in result.stdout
    assert "hunter2" not in result.output


def test_config_check__of_a_mistake__ends_with_a_message(write):
    result = CliRunner().invoke(cli, ["config", "check", str(write("rpc = [7]"))])

    assert result.exit_code == 1
    assert "rpc.0: input should be a valid string" in " ".join(result.stderr.replace("│", " ").split())


def test_operators_guide__its_example__is_settings():
    (example,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "operator-guide.md").read_text(), re.DOTALL)
    assert NodeSettings.model_validate(tomllib.loads(example)).tasks == (1,)


# the same settings in every command


def environment_of(tmp_path) -> dict[str, str]:
    """A variable for each setting that commands share; that of the nodes is in a private file."""
    urls, keystore = tmp_path / "urls", tmp_path / "keystore.json"
    urls.write_text("http://127.0.0.1:9 http://127.0.0.1:10\n")
    keystore.write_text("{}")
    for path in (urls, keystore):
        path.chmod(0o600)
    return {
        "HEADWATER_RPC_FILE": str(urls),
        "HEADWATER_DEPLOYMENTS": "~/deployments",
        "HEADWATER_NETWORK": "chain-5",
        "HEADWATER_KEYSTORE": str(keystore),
        "HEADWATER_STORE": f"dir:{tmp_path}/a dir:{tmp_path}/b",
        "HEADWATER_HOME": str(tmp_path / "home"),
        "HEADWATER_POLL_SECONDS": "0.5",
    }


@pytest.fixture
def environment(tmp_path, monkeypatch) -> dict[str, str]:
    """The same, set."""
    named = environment_of(tmp_path)
    monkeypatch.delenv("HEADWATER_RPC", raising=False)
    for name, value in named.items():
        monkeypatch.setenv(name, value)
    return named


def test_options__take_the_environments_settings_as_a_node_does__and_have_the_last_word(environment):
    passed: dict[str, Any] = {}
    command = click.command(role_options(store_option(lambda **named: passed.update(named))))
    words = ["--task", "1"]

    command.main(words, standalone_mode=False)
    node = load_settings(None, environment)
    assert passed.pop("task_id") == 1
    assert store_address(passed.pop("store"), passed["home"]) == node.store_spec
    assert passed == {name: getattr(node, name) for name in passed}

    command.main([*words, "--rpc", "http://c", "--store", "dir:c", "--network", "d"], standalone_mode=False)
    assert (passed["rpc"], passed["store"], passed["network"]) == (("http://c",), "dir:c", "d")
    assert passed["keystore"] == node.keystore


@pytest.mark.parametrize(
    "words",
    (
        ("status",),
        ("explain", "--task", "1", "--round", "1", "--address", "0x" + "1" * 40),
        ("audit", "--task", "1"),
        ("task", "list"),
        ("aggregator", "run", "--task", "1"),
        ("challenger", "run", "--task", "1"),
        ("trainer", "leave", "--task", "1"),
        ("doctor",),
        ("run",),
    ),
)
def test_command__asks_the_nodes_that_the_environment_names(words, environment, monkeypatch):
    monkeypatch.delenv("HEADWATER_KEYSTORE")
    monkeypatch.setenv("HEADWATER_ROLES", "challenger")
    monkeypatch.setenv("HEADWATER_PRIVATE_KEY", "0x" + "11" * 32)
    shown = CliRunner().invoke(cli, words)
    text = " ".join((shown.stdout + shown.stderr).replace("│", " ").split())
    assert shown.exit_code == 1, text
    assert "http://127.0.0.1:9" in text
    assert "http://127.0.0.1:10" in text


def test_role__runs_with_the_environments_other_settings(environment, monkeypatch):
    started: list[NodeSettings] = []
    monkeypatch.setattr(run, "run_node", lambda settings, **_: started.append(settings))
    for name, value in (("PROOF_LIMIT_SECONDS", "9"), ("KEEP_STAKE", "true"), ("TASKS", "7 8"), ("ROLES", "trainer")):
        monkeypatch.setenv(f"HEADWATER_{name}", value)
    run.run_role("aggregator", 1, None, rpc=("http://c",))
    run.run_role("challenger", 2, "dir:c", rpc=("http://c",))
    assert [(each.roles, each.tasks) for each in started] == [(("aggregator",), (1,)), (("challenger",), (2,))]
    assert [each.proof_limit_seconds for each in started] == [9, 9]
    assert [each.keep_stake for each in started] == [True, True]
    assert [each.store_spec for each in started] == [environment["HEADWATER_STORE"].replace(" ", ","), "dir:c"]
