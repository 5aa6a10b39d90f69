"""The command line: starts at once, ends errors as messages, and never shows or accepts a key in the open."""

import json
import subprocess
import sys
from importlib import import_module

import click
import pytest
from click.testing import CliRunner
from eth_account import Account

from headwater.cli import main
from headwater.cli.keys import load_key
from headwater.cli.main import COMMANDS, cli
from headwater.cli.options import home_option, key_options, store_address
from headwater.cli.values import PARENT, PERCENT
from headwater.errors import ChainError, ConfigError

KEY = "0x" + "42" * 32
ADDRESS = Account.from_key(KEY).address


def run(*arguments, **options):
    return CliRunner().invoke(cli, arguments, **options)


@pytest.fixture
def command(monkeypatch):
    """Registers a function as the command `probe`."""

    def register(function):
        module = type(sys)("probe")
        module.command = click.command()(function)
        monkeypatch.setitem(sys.modules, "probe", module)
        monkeypatch.setitem(main.COMMANDS, "probe", ("probe", "Tests."))

    return register


@pytest.fixture(autouse=True)
def no_key_in_environment(monkeypatch):
    for name in ("HEADWATER_PRIVATE_KEY", "HEADWATER_PRIVATE_KEY_FILE", "HEADWATER_PASSWORD_FILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("arguments", (["--help"], ["--version"]))
def test_headwater__when_asked_for_help__then_nothing_is_imported_that_takes_long(arguments):
    code = f"""
import sys
from headwater.cli.main import cli
try:
    cli({arguments})
except SystemExit as end:
    print(end.code)
print(*sorted({{name.split(".")[0] for name in sys.modules}}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *_, exit_code, loaded = done.stdout.splitlines()

    assert exit_code == "0"
    heavy = {"torch", "ezkl", "onnx", "sklearn", "numpy", "web3", "eth_account", "eth_abi", "rich", "pydantic"}
    assert heavy & set(loaded.split()) == set()


def test_headwater__when_it_lists_commands__then_each_is_there_with_a_help_of_its_own():
    listing = run("--help").output

    for name, (module, line) in COMMANDS.items():
        assert name in listing
        assert line.split()[0] in listing
        assert isinstance(import_module(module).command, click.Command)
        assert run(name, "--help").exit_code == 0


def test_headwater__when_a_command_fails__then_message_and_hint_on_stderr_and_exit_code_1(command):
    @command
    def probe():
        raise ChainError("no node answers [there]", "start one")

    result = run("probe")

    assert result.exit_code == 1
    assert result.stdout == ""
    assert "no node answers [there]" in result.stderr
    assert "start one" in result.stderr
    assert "Traceback" not in result.stderr


def test_headwater__when_interrupted__then_it_ends_quietly_with_the_shells_code(command):
    @command
    def probe():
        raise KeyboardInterrupt

    result = run("probe")

    assert result.exit_code == 130
    assert result.stderr.strip() == "interrupted"


@pytest.mark.parametrize(("words", "traced"), ((["probe"], False), (["-v", "probe"], True)))
def test_headwater__when_it_fails_by_its_own_fault__then_it_says_so_in_a_line(command, words, traced):
    @command
    def probe():
        raise ZeroDivisionError("by zero")

    result = run(*words)

    assert result.exit_code == 1
    assert "this is a fault of headwater: ZeroDivisionError: by zero" in result.stderr
    assert ("Traceback" in result.stderr) is traced


def test_headwater__when_a_fault_of_its_own_names_a_url__then_only_the_host_is_shown(command):
    @command
    def probe():
        raise ValueError("cannot read https://user:hunter2@rpc.example/v3/hunter2")

    result = run("probe")

    assert "https://rpc.example" in result.stderr
    assert "hunter2" not in result.stderr


def test_headwater__when_the_disk_is_full__then_it_blames_the_disk(command):
    @command
    def probe():
        raise OSError(28, "No space left on device", "/somewhere")

    result = run("probe")

    assert result.exit_code == 1
    assert "/somewhere: No space left on device" in result.stderr
    assert "fault of headwater" not in result.stderr


@pytest.mark.parametrize("arguments", (["no-such-command"], ["deploy", "--no-such-option"], ["--no-such-option"]))
def test_headwater__when_it_is_used_wrongly__then_exit_code_2(arguments):
    assert run(*arguments).exit_code == 2


@pytest.mark.parametrize(("arguments", "shown"), ((["-v", "probe"], True), (["probe"], False)))
def test_verbose__when_given__then_debug_events_are_logged(command, arguments, shown):
    @command
    def probe():
        import structlog

        structlog.get_logger().debug("sent", nonce=3)

    assert ("nonce" in run(*arguments).stderr) is shown


class TestLoadKey:
    def keystore(self, tmp_path, password):
        path = tmp_path / "key.json"
        path.write_text(json.dumps(Account.encrypt(KEY, password, kdf="pbkdf2", iterations=10)))
        path.chmod(0o600)
        return path

    def secret(self, tmp_path, text, mode=0o600):
        path = tmp_path / "secret"
        path.write_text(text)
        path.chmod(mode)
        return path

    def test_load_key__when_nothing_names_an_account__then_says_how_to(self):
        with pytest.raises(ConfigError, match="HEADWATER_PRIVATE_KEY_FILE"):
            load_key(None)

    def test_load_key__when_the_environment_holds_a_key__then_its_account(self, monkeypatch):
        monkeypatch.setenv("HEADWATER_PRIVATE_KEY", KEY)
        assert load_key(None).address == ADDRESS

    def test_load_key__when_the_environment_names_a_file__then_its_account(self, monkeypatch, tmp_path):
        monkeypatch.setenv("HEADWATER_PRIVATE_KEY_FILE", str(self.secret(tmp_path, KEY[2:] + "\n")))
        assert load_key(None).address == ADDRESS

    def test_load_key__when_a_keystore_and_its_password_are_given__then_its_account(self, monkeypatch, tmp_path):
        monkeypatch.setenv("HEADWATER_PASSWORD_FILE", str(self.secret(tmp_path, "open sesame\n")))
        assert load_key(self.keystore(tmp_path, "open sesame")).address == ADDRESS

    def test_load_key__when_the_password_is_not_in_a_file__then_it_is_asked_for(self, command, tmp_path):
        @command
        @key_options
        def probe(keystore):
            click.echo(load_key(keystore).address)

        result = run("probe", "--keystore", str(self.keystore(tmp_path, "open sesame")), input="open sesame\n")

        assert result.stdout.strip() == ADDRESS
        assert "open sesame" not in result.output

    def test_load_key__when_the_password_is_wrong__then_says_so(self, monkeypatch, tmp_path):
        monkeypatch.setenv("HEADWATER_PASSWORD_FILE", str(self.secret(tmp_path, "wrong")))
        with pytest.raises(ConfigError, match="check the password"):
            load_key(self.keystore(tmp_path, "open sesame"))

    def test_load_key__when_a_keystore_is_no_keystore__then_says_so(self, tmp_path):
        with pytest.raises(ConfigError, match="no keystore"):
            load_key(self.secret(tmp_path, KEY))

    @pytest.mark.parametrize("mode", (0o644, 0o604))
    def test_load_key__when_everybody_may_read_the_file__then_it_is_refused(self, monkeypatch, tmp_path, mode):
        monkeypatch.setenv("HEADWATER_PRIVATE_KEY_FILE", str(self.secret(tmp_path, KEY, mode)))
        with pytest.raises(ConfigError, match="chmod 600"):
            load_key(None)

    def test_load_key__when_everybody_may_read_the_keystore__then_it_is_refused(self, tmp_path):
        path = self.keystore(tmp_path, "open sesame")
        path.chmod(0o644)
        with pytest.raises(ConfigError, match="chmod 600"):
            load_key(path)

    @pytest.mark.parametrize("text", ("", "0x1234", KEY + "42", "zz" * 32, "not a key"))
    def test_load_key__when_it_is_no_key__then_refused_without_showing_it(self, monkeypatch, tmp_path, text):
        monkeypatch.setenv("HEADWATER_PRIVATE_KEY_FILE", str(self.secret(tmp_path, text)))
        with pytest.raises(ConfigError, match="holds no private key") as caught:
            load_key(None)
        assert not text or text not in str(caught.value)
        assert caught.value.__cause__ is None


def test_home__when_it_is_missing__then_made_for_its_owner_alone(command, tmp_path):
    @command
    @home_option
    def probe(home):
        click.echo(store_address(None, home))

    result = run("probe", env={"HEADWATER_HOME": str(tmp_path / "new" / "home")})

    assert result.stdout.strip() == f"dir:{tmp_path}/new/home/store"
    assert (tmp_path / "new" / "home").stat().st_mode & 0o777 == 0o700


def test_home__when_it_cannot_be_made__then_a_usage_error(command, tmp_path):
    @command
    @home_option
    def probe(home):
        pass

    (tmp_path / "file").write_text("")
    result = run("probe", "--home", str(tmp_path / "file" / "home"))

    assert result.exit_code == 2
    assert "cannot be made" in result.stderr


def test_home__when_others_may_change_it__then_a_usage_error(command, tmp_path):
    @command
    @home_option
    def probe(home):
        pass

    tmp_path.chmod(0o707)
    result = run("probe", "--home", str(tmp_path))

    assert result.exit_code == 2
    assert "chmod go-w" in result.stderr


def test_home__when_it_is_another_users__then_a_usage_error(command, tmp_path, monkeypatch):
    @command
    @home_option
    def probe(home):
        pass

    monkeypatch.setattr("os.geteuid", lambda: tmp_path.stat().st_uid + 1)
    result = run("probe", "--home", str(tmp_path))

    assert result.exit_code == 2
    assert "belongs to another user" in result.stderr


CREATE = ("task", "create", "--name", "n", "--sample", __file__, "--label", "y", "--rows", "8")


@pytest.mark.parametrize(
    "words",
    (
        ("--stake", "1e99999999"),
        ("--stake", "1e-19"),
        ("--pool", "1e10"),
        ("--pool", "nan"),
        ("--learning-rate", "nan"),
        ("--learning-rate", "inf"),
        ("--learning-rate", "1e-320"),
        ("--join-period", "²h"),
        ("--join-period", "0s"),
        ("--join-period", "31d"),
        ("--clip", "nan"),
        ("--rounds", "10001"),
        ("--max-trainers", "99999"),
        ("--fault-slash", "101%"),
        ("--fault-slash", "50"),
        ("--absence-slash", "0.001%"),
        ("--absence-slash", "-1%"),
        ("--challenge-bond", "-1"),
        ("--admission", "0x12"),
        ("--from", "0:1"),
        ("--from", "1:newest"),
        ("--from", "1:2:3"),
        ("--from", "1:2=x"),
        ("--from", "1:2=0"),
        ("--divisor", "0"),
        ("--divisor", "2"),
        ("--without", "0x" + "11" * 20, "--from", "1:1", "--divisor", "2"),
        ("--srs", "dev", "--from", "1:1"),
        ("--without", "0x" + "11" * 20),
        ("--without", "0x" + "11" * 20, "--from", "1", "--from", "2"),
        ("--without", "0x" + "11" * 20, "--from", "1:2=2"),
        ("--without", "0x12", "--from", "1"),
    ),
    ids=" ".join,
)
def test_task_create__with_a_value_that_cannot_be__is_a_usage_error(words, tmp_path):
    result = run(*CREATE, "--home", str(tmp_path), *words)

    assert result.exit_code == 2
    assert words[0] in result.stderr


@pytest.mark.parametrize(
    ("text", "parts"), (("100%", 10_000), ("5%", 500), ("0.25%", 25), ("0.2%", 20), ("07.01%", 701), ("0%", 0))
)
def test_percent__is_exact__and_in_parts_of_ten_thousand(text, parts):
    assert PERCENT.convert(text, None, None) == parts


@pytest.mark.parametrize("missing", ("--name", "--sample", "--rows"))
def test_task_create__without_what_only_parents_could_say__is_a_usage_error(missing, tmp_path):
    at = CREATE.index(missing)
    result = run(*CREATE[:at], *CREATE[at + 2 :], "--home", str(tmp_path))

    assert result.exit_code == 2
    assert missing in result.stderr


def test_task_create__of_coefficients_that_cancel__needs_a_divisor(tmp_path):
    result = run("task", "create", "--from", "1:1", "--from", "2:1=-1", "--home", str(tmp_path))

    assert result.exit_code == 2
    assert "add up to less than 1" in result.stderr


@pytest.mark.parametrize(
    ("text", "numbers"),
    (
        ("3:5", (3, 5, 1)),
        ("3:5=-2", (3, 5, -2)),
        ("10:0=7", (10, 0, 7)),
        ("3", (3, None, 1)),
        ("3:latest", (3, None, 1)),
        ("3:latest=4", (3, None, 4)),
        ("3=4", (3, None, 4)),
    ),
)
def test_from__is_task_round_and_coefficient(text, numbers):
    assert PARENT.convert(text, None, None) == numbers


@pytest.mark.parametrize("text", ("", "null", "{}", '{"statement": 1}', '{"k": 99, "srs": {"source": "dev"}}'))
def test_circuits__that_are_damaged__are_listed_and_refused_without_a_traceback(text, tmp_path):
    folder = tmp_path / "circuits" / "train-0123"
    folder.mkdir(parents=True)
    (folder / "circuit.json").write_text(text)

    listed = run("circuit", "list", "--home", str(tmp_path))
    verified = run("circuit", "verify", str(folder), "--home", str(tmp_path))

    assert (listed.exit_code, verified.exit_code) == (0, 1)
    assert "damaged" in listed.stdout
    assert "holds no readable circuit" in verified.stderr


@pytest.mark.parametrize("url", ("http://localhost:port", "http://localhost:99999", "http://[::1", "localhost"))
def test_rpc__with_a_url_that_cannot_be__is_a_message(url):
    result = run("task", "list", "--rpc", url)

    assert result.exit_code == 1
    assert "is no address of a node" in result.stderr.replace("\n", " ")


def test_trainer__with_data_that_everybody_may_read__is_refused_before_anything_else(tmp_path):
    data = tmp_path / "patients.csv"
    data.write_text("size,kind\n1,a\n")
    data.chmod(0o644)

    result = run("trainer", "run", "--task", "1", "--data", str(data), "--home", str(tmp_path))

    assert result.exit_code == 1
    assert "chmod 600" in result.stderr
