"""Keys are made and kept encrypted, for their owner alone, and shown to nobody."""

import json

import pytest
from click.testing import CliRunner
from eth_account import Account

from headwater.cli.keys import load_key
from headwater.cli.main import cli

KEY = "0x" + "42" * 32
ADDRESS = Account.from_key(KEY).address
PASSWORD = "open sesame"


@pytest.fixture(autouse=True)
def quick_scrypt(monkeypatch):
    """A key derivation that takes no second."""
    encrypt = Account.encrypt
    monkeypatch.setattr(Account, "encrypt", lambda key, password, kdf: encrypt(key, password, kdf, iterations=2))
    monkeypatch.delenv("HEADWATER_PASSWORD_FILE", raising=False)


@pytest.fixture
def key(tmp_path):
    """`headwater key ...` with a home of its own."""

    def run(*words, **options):
        return CliRunner().invoke(cli, ["key", *words, "--home", str(tmp_path / "home")], **options)

    return run


@pytest.fixture
def password_file(tmp_path, monkeypatch):
    path = tmp_path / "password"
    path.write_text(PASSWORD + "\n")
    path.chmod(0o600)
    monkeypatch.setenv("HEADWATER_PASSWORD_FILE", str(path))


def test_create__with_a_password_that_is_typed__makes_a_file_that_only_its_owner_reads_and_it_opens(key, tmp_path):
    result = key("create", input=f"{PASSWORD}\n{PASSWORD}\n")

    address = result.stdout.strip()
    path = tmp_path / "home" / "keystores" / f"{address}.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    stored = json.loads(path.read_text())
    assert stored["crypto"]["kdf"] == "scrypt"
    assert Account.from_key(Account.decrypt(stored, PASSWORD)).address == address
    assert PASSWORD not in result.output


def test_create__twice__makes_two_and_list_names_both(key, password_file):
    addresses = {key("create").stdout.strip() for _ in range(2)}

    listed = key("list").stdout.splitlines()

    assert {line.split()[0] for line in listed} == addresses
    assert len(addresses) == 2


def test_list__of_nothing__says_how_to_make_one(key):
    result = key("list")

    assert (result.stdout, result.exit_code) == ("", 0)
    assert "headwater key create" in result.stderr


@pytest.mark.parametrize("typed", (True, False))
def test_import__of_a_key__keeps_that_key_and_never_shows_it(key, password_file, tmp_path, typed):
    source = tmp_path / "key"
    source.write_text(KEY)
    source.chmod(0o600)

    result = key("import", input=f"{KEY}\n") if typed else key("import", "--file", str(source))

    assert result.stdout.strip().splitlines()[-1] == ADDRESS
    assert KEY[2:] not in result.output
    assert load_key(tmp_path / "home" / "keystores" / f"{ADDRESS}.json").key.hex() == KEY[2:]


def test_import__of_what_is_there__changes_nothing(key, password_file, tmp_path):
    key("import", input=f"{KEY}\n")
    path = tmp_path / "home" / "keystores" / f"{ADDRESS}.json"
    before = path.read_bytes()

    result = key("import", input=f"{KEY}\n")

    assert result.exit_code == 1
    assert "is there already" in result.stderr.replace("\n", " ")
    assert path.read_bytes() == before


def test_import__of_a_file_that_others_may_read__is_refused(key, password_file, tmp_path):
    source = tmp_path / "key"
    source.write_text(KEY)
    source.chmod(0o644)

    result = key("import", "--file", str(source))

    assert result.exit_code == 1
    assert "chmod 600" in result.stderr
    assert not (tmp_path / "home" / "keystores").exists()


def test_import__of_a_key_on_the_command_line__is_no_way(key):
    assert key("import", KEY).exit_code == 2


def test_create__with_an_empty_password__is_refused(key, tmp_path, monkeypatch):
    path = tmp_path / "password"
    path.write_text("\n")
    path.chmod(0o600)
    monkeypatch.setenv("HEADWATER_PASSWORD_FILE", str(path))

    result = key("create")

    assert result.exit_code == 1
    assert "protects nothing" in result.stderr
    assert key("list").stdout == ""
