"""`headwater doctor` over a chain, a store and a task, whole and broken in each way that it must notice."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from eth_account import Account

from headwater.chain.contracts.reverts import format_wei
from headwater.chain.deploying.anvil import run_anvil
from headwater.cli import console
from headwater.cli.keys import write_keystore
from headwater.cli.main import cli
from headwater.cli.run import ROLES
from headwater.reading import health
from headwater.reading.health import Verdict
from headwater.roles.limits import Limits
from headwater.storage.opening import PINNING_TOKEN
from tests.support import proxy
from tests.support.gateway import run_pinning_service
from tests.support.roles import AGGREGATOR, CREATOR, OUTSIDER, TERMS, Place, World


@pytest.fixture(scope="module")
def fresh(tmp_path_factory, home):
    """A world whose time was never moved."""
    folder = tmp_path_factory.mktemp("fresh")
    with run_anvil(folder / "anvil.log") as anvil:
        yield World(anvil, folder, home)


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name in ("RPC", "STORE", "HOME", "CONFIG", "PRIVATE_KEY", "PRIVATE_KEY_FILE", "PASSWORD_FILE"):
        monkeypatch.delenv(f"HEADWATER_{name}", raising=False)


@pytest.fixture
def key(fresh: World, tmp_path: Path, monkeypatch) -> Path:
    """A file with the key of trainer 0."""
    path = tmp_path / "key"
    path.write_text(fresh.anvil.accounts[1].key.hex())
    path.chmod(0o600)
    monkeypatch.setenv("HEADWATER_PRIVATE_KEY_FILE", str(path))
    return path


def doctor(world: World, *words: str, rpc: tuple[str, ...] = ()):
    urls = [word for url in rpc or (world.anvil.url,) for word in ("--rpc", url)]
    places = ["--deployments", f"{world.folder}/deployments", "--store", f"dir:{world.folder}/store"]
    return CliRunner().invoke(
        cli, ["doctor", *urls, *places, "--home", str(world.home), *words], env={"COLUMNS": "200"}
    )


def test_doctor__when_all_is_in_order__then_no_check_fails(fresh: World, key: Path):
    fresh.files[0].chmod(0o600)

    done = doctor(fresh, "--task", "1", "--data", str(fresh.files[0]))

    assert done.exit_code == 0, done.output
    assert "✗" not in done.output
    for text in ("solc", "ezkl", "chain 31337", "at all addresses", "10000 ETH", "0 ETH free", "put and got", "task 1"):
        assert text in done.output, text


def test_doctor__when_the_only_node_is_dead__then_it_fails_and_says_what_to_do(fresh: World):
    done = doctor(fresh, rpc=("http://127.0.0.1:9/secret-path",))

    assert done.exit_code == 1
    assert "no Ethereum node answers at http://127.0.0.1:9" in done.output
    assert "→ start a node" in done.output
    assert "put and got" in done.output  # the rest is looked at all the same
    assert "secret-path" not in done.output


def test_doctor__when_one_of_two_nodes_is_dead__then_it_is_a_warning(fresh: World, key: Path):
    done = doctor(fresh, rpc=("http://127.0.0.1:9", fresh.anvil.url))

    assert done.exit_code == 0, done.output
    assert "! node" in done.output
    assert "✓ contracts" in done.output


def test_doctor__when_nodes_serve_different_chains__then_it_fails(fresh: World):
    with proxy.run_proxy(fresh.anvil.url) as other:
        other.do(proxy.chain_id(5))
        done = doctor(fresh, rpc=(fresh.anvil.url, other.url))

    assert done.exit_code == 1
    assert "serves chain 5, not 31337" in done.output


@pytest.mark.parametrize("fault", (proxy.garbage, proxy.drop, proxy.rate_limit))
def test_check_nodes__when_a_node_speaks_nonsense__then_it_fails(fresh: World, fault: proxy.Fault):
    with proxy.run_proxy(fresh.anvil.url) as node:
        node.do(fault)
        (check,) = health.check_nodes([node.url], None)

    assert check.verdict is Verdict.FAILED
    assert check.hint


def test_doctor__when_other_contracts_stand_there__then_it_fails(fresh: World, tmp_path: Path):
    with run_anvil(tmp_path / "anvil.log") as empty:
        done = doctor(fresh, rpc=(empty.url,))

    assert done.exit_code == 1
    assert "✗ contracts" in done.output
    assert "other code or none stands there" in done.output


def test_doctor__when_the_chain_is_ahead_of_the_clock__then_it_fails(tmp_path: Path):
    with run_anvil(tmp_path / "anvil.log") as anvil:
        assert health.check_nodes([anvil.url], None)[-1].verdict is Verdict.OK
        anvil.pass_time(3 * 3600)
        check = health.check_nodes([anvil.url], None)[-1]

    assert (check.name, check.verdict) == ("clock", Verdict.FAILED)
    assert "3 hours ahead" in check.text
    assert "timedatectl" in check.hint


def test_doctor__when_every_user_may_read_the_key__then_it_fails_and_shows_no_key(fresh: World, key: Path):
    key.chmod(0o644)

    done = doctor(fresh)

    assert done.exit_code == 1
    assert f"run `chmod 600 {key}`" in done.output
    assert key.read_text() not in done.output


def test_doctor__when_every_user_may_read_the_data__then_it_fails(fresh: World, key: Path):
    fresh.files[1].chmod(0o644)

    done = doctor(fresh, "--data", str(fresh.files[1]))

    assert done.exit_code == 1
    assert "✗ data" in done.output


def test_doctor__when_no_account_is_named__then_it_is_a_warning(fresh: World):
    done = doctor(fresh)

    assert done.exit_code == 0, done.output
    assert "! account" in done.output


@pytest.mark.parametrize(
    ("wei", "verdict", "text"),
    (
        (0, Verdict.FAILED, "has no coin"),
        (TERMS.stake // 2, Verdict.FAILED, "1 ETH of stake"),
        (2 * TERMS.stake, Verdict.OK, "has 2 ETH"),
    ),
)
def test_check_account__when_the_balance_does_not_suffice__then_it_says_what_is_needed(
    fresh: World, wei: int, verdict: Verdict, text: str
):
    account = Account.create().address
    fresh.rpc("anvil_setBalance", account, hex(wei))
    need = health.need_of(fresh.contracts, account, ("trainer",), (fresh.task_id,), (fresh.task_id,))

    balance, stake = health.check_account(fresh.contracts, account, need)

    assert need.stake == TERMS.stake
    assert balance.verdict is verdict
    assert text in balance.text
    assert stake.text == "0 ETH free, 0 ETH locked"


def test_need_of__when_a_trainer_is_enrolled__then_it_needs_no_more_stake(enrolled: World):
    account = enrolled.senders[1].address

    need = health.need_of(enrolled.contracts, account, ("trainer",), (enrolled.task_id,), (enrolled.task_id,))

    assert (need.stake, need.bonds) == (0, 0)
    assert need.gas > 0


@pytest.mark.parametrize(
    ("roles", "trains", "stakes", "bonds"),
    (
        (("aggregator",), False, 1, 0),
        (("challenger",), False, 0, 1),
        (("trainer", "aggregator", "challenger"), True, 2, 1),
        (("trainer", "aggregator"), False, 1, 0),
    ),
)
def test_need_of__for_other_roles__counts_their_locks_and_bonds(
    fresh: World, roles: tuple[str, ...], trains: bool, stakes: int, bonds: int
):
    training = (fresh.task_id,) if trains else ()

    need = health.need_of(fresh.contracts, fresh.senders[AGGREGATOR].address, roles, (fresh.task_id,), training)

    assert need.stake == stakes * TERMS.stake
    assert need.bonds == bonds * TERMS.challenge_bond
    assert need.gas > 0


def test_need_of__when_gas_is_dear__then_a_bond_follows_the_base_fee(fresh: World, monkeypatch):
    monkeypatch.setattr(fresh.chain, "base_fee", lambda *_: 1000 * 10**9)
    need = health.need_of(fresh.contracts, fresh.senders[AGGREGATOR].address, ("challenger",), (fresh.task_id,), ())

    assert need.bonds == 2 * 1000 * 10**9 * (450_000 + 1300 * (4 + 9) + 1300) > TERMS.challenge_bond


def test_need_of__when_the_aggregator_has_posted_its_average__then_its_stake_is_locked_already(averaged: World):
    def need(account: int) -> int:
        address = averaged.senders[account].address
        return health.need_of(averaged.contracts, address, ("aggregator",), (averaged.task_id,), ()).stake

    assert (need(AGGREGATOR), need(OUTSIDER)) == (0, TERMS.stake)


def test_need_of__when_the_task_has_ended__then_nothing_is_needed(finalized: World):
    finalized.advance()  # nobody joins the last round
    tasks = (finalized.task_id,)

    assert health.need_of(finalized.contracts, finalized.senders[1].address, ROLES, tasks, tasks) == health.Need(
        0, 0, 0
    )


def test_check_account__when_only_the_bond_is_missing__then_it_says_so(fresh: World):
    account = Account.create().address
    fresh.rpc("anvil_setBalance", account, hex(TERMS.challenge_bond))
    need = health.need_of(fresh.contracts, account, ("challenger",), (fresh.task_id,), ())

    check, _ = health.check_account(fresh.contracts, account, need)

    assert check.verdict is Verdict.FAILED
    assert f"{format_wei(TERMS.challenge_bond)} of bonds" in check.text
    assert "of stake" not in check.text


def test_doctor__when_settings_name_an_aggregator__then_its_stake_is_part_of_what_is_needed(
    fresh: World, tmp_path: Path, monkeypatch
):
    account, config, key = Account.create(), tmp_path / "node.toml", tmp_path / "key"
    key.write_text(account.key.hex())
    key.chmod(0o600)
    monkeypatch.setenv("HEADWATER_PRIVATE_KEY_FILE", str(key))
    fresh.rpc("anvil_setBalance", account.address, hex(TERMS.stake // 2))
    text = f'rpc = ["{fresh.anvil.url}"]\ndeployments = "{fresh.folder}/deployments"\nhome = "{tmp_path}/home"\n'
    config.write_text(text + f'store = ["dir:{fresh.folder}/store"]\ntasks = [1]\nroles = ["aggregator"]\n')

    done = CliRunner().invoke(cli, ["doctor", "--config", str(config)])

    assert done.exit_code == 1
    assert "1 ETH of stake" in done.output


def test_doctor__when_the_password_is_at_hand__then_the_keystore_is_opened(fresh: World, tmp_path: Path, monkeypatch):
    account, password = fresh.anvil.accounts[1], tmp_path / "password"
    path = write_keystore(tmp_path, account, "right")
    monkeypatch.setenv("HEADWATER_PASSWORD_FILE", str(password))

    def check(text: str) -> str:
        password.write_text(text)
        password.chmod(0o600)
        return doctor(fresh, "--keystore", str(path)).output

    assert f"✓ keystore  its password opens it: {account.address}" in check("right\n")
    wrong = check("wrong")
    assert "✗ keystore" in wrong
    assert "check the password" in wrong
    path.write_text(json.dumps({**json.loads(path.read_text()), "address": "11" * 20}))
    assert "andholdsthekeyof" in "".join(check("right").split())


def test_check_task__when_the_srs_is_another__then_it_fails(fresh: World, tmp_path: Path):
    path = tmp_path / "srs" / f"{fresh.task.srs.id}.srs"
    path.parent.mkdir()
    first = health.check_task(fresh.contracts, fresh.store, tmp_path, fresh.task_id, Limits())[0]
    content = bytearray(fresh.task.srs.path.read_bytes())
    path.write_bytes(content)
    whole = health.check_task(fresh.contracts, fresh.store, tmp_path, fresh.task_id, Limits())[0]
    content[-1] ^= 1
    path.write_bytes(content)
    damaged = health.check_task(fresh.contracts, fresh.store, tmp_path, fresh.task_id, Limits())[0]
    path.write_bytes(b"\x05")
    other = health.check_task(fresh.contracts, fresh.store, tmp_path, fresh.task_id, Limits())[0]

    assert [check.verdict for check in (first, whole, damaged, other)] == [
        Verdict.OK,
        Verdict.OK,
        Verdict.FAILED,
        Verdict.FAILED,
    ]
    assert "fetched when the task is opened" in first.text
    assert "is not the task's SRS" in damaged.text


def test_check_task__when_a_development_srs_is_on_a_public_chain__then_it_fails(world: World, other_chain: Place):
    checks = health.check_task(other_chain.contracts, world.store, world.home, other_chain.task_id, Limits())

    assert checks[0].verdict is Verdict.FAILED
    assert "its maker can forge proofs" in checks[0].text


def test_check_task__when_its_manifest_cannot_be_had__then_it_fails(fresh: World, tmp_path: Path):
    from headwater.storage.directory import DirectoryStore

    (check,) = health.check_task(fresh.contracts, DirectoryStore(tmp_path), tmp_path, fresh.task_id, Limits())

    assert check.verdict is Verdict.FAILED


def test_doctor__when_there_is_no_such_task__then_it_fails(fresh: World, key: Path):
    done = doctor(fresh, "--task", "77")

    assert done.exit_code == 1
    assert "77" in done.output


@pytest.mark.parametrize(("token", "verdict"), (("right", Verdict.OK), ("wrong", Verdict.FAILED)))
def test_check_store__when_a_pinning_service_refuses_the_token__then_it_fails_and_does_not_show_it(
    monkeypatch, token: str, verdict: Verdict
):
    monkeypatch.setenv(PINNING_TOKEN, token)
    with run_pinning_service("right") as (service, url):
        check = health.check_store(f"pin:{url}")

    assert check.verdict is verdict, check
    assert token not in check.text
    assert service.pins == {}


def test_doctor__when_settings_are_wrong__then_that_is_what_fails(fresh: World, tmp_path: Path):
    config = tmp_path / "node.toml"
    config.write_text('roles = ["trainee"]\n')

    done = CliRunner().invoke(cli, ["doctor", "--config", str(config)])

    assert done.exit_code == 1
    assert "✗ settings" in done.output
    assert "Nothing else was checked" in done.output


def test_doctor__when_settings_name_all__then_they_are_what_is_checked(fresh: World, tmp_path: Path, key: Path):
    fresh.files[2].chmod(0o600)
    config = tmp_path / "node.toml"
    config.write_text(
        f'rpc = ["{fresh.anvil.url}"]\ndeployments = "{fresh.folder}/deployments"\nhome = "{tmp_path}/home"\n'
        f'store = ["dir:{fresh.folder}/store"]\nchain_id = 31337\n[data]\n1 = "{fresh.files[2]}"\n'
    )

    done = CliRunner().invoke(cli, ["doctor", "--config", str(config)])

    assert done.exit_code == 0, done.output
    assert f"{fresh.files[2]} is private" in done.output
    assert "task 1" in done.output
    both = CliRunner().invoke(cli, ["doctor", "--config", str(config), "--network", "x"])
    assert both.exit_code == 2
    assert "leave out what gives network" in both.output


def test_doctor__when_the_environment_names_all__then_that_is_what_is_checked(
    fresh: World, tmp_path: Path, key: Path, monkeypatch
):
    """As in a container, where there is no file of settings."""
    fresh.files[2].chmod(0o600)
    for name, value in {
        "RPC": fresh.anvil.url,
        "DEPLOYMENTS": f"{fresh.folder}/deployments",
        "HOME": str(tmp_path / "home"),
        "STORE": f"dir:{fresh.folder}/store dir:{tmp_path}/second",
        "CHAIN_ID": "31337",
        "ROLES": "trainer",
        "TASKS": "1",
        "DATA": f"1={fresh.files[2]}",
    }.items():
        monkeypatch.setenv(f"HEADWATER_{name}", value)

    done = CliRunner().invoke(cli, ["doctor"])

    assert done.exit_code == 0, done.output
    for found in (f"{fresh.files[2]} is private", "task 1", f"dir:{fresh.folder}/store", f"dir:{tmp_path}/second"):
        assert found in done.output
    monkeypatch.setenv("HEADWATER_CHAIN_ID", "5")
    assert CliRunner().invoke(cli, ["doctor"]).exit_code == 1
    monkeypatch.setenv("HEADWATER_ROLES", "trainee")
    wrong = CliRunner().invoke(cli, ["doctor"])
    assert wrong.exit_code == 1
    assert "HEADWATER_ROLES" in wrong.output


def test_doctor__when_settings_name_no_account__then_it_fails__and_a_password_to_be_typed_is_a_warning(
    fresh: World, tmp_path: Path
):
    config, keystore = tmp_path / "node.toml", tmp_path / "key.json"
    text = f'rpc = ["{fresh.anvil.url}"]\ndeployments = "{fresh.folder}/deployments"\nhome = "{tmp_path}/home"\n'
    keystore.write_text(json.dumps({"address": fresh.senders[1].address}))
    keystore.chmod(0o600)

    config.write_text(text)
    without = CliRunner().invoke(cli, ["doctor", "--config", str(config)])
    config.write_text(text + f'keystore = "{keystore}"\n')
    asked = CliRunner().invoke(cli, ["doctor", "--config", str(config)])

    assert without.exit_code == 1
    assert "✗ account" in without.output
    assert asked.exit_code == 0, asked.output
    assert "! password" in asked.output
    assert f"✓ account   {fresh.senders[1].address}" in asked.output


def test_doctor__when_it_is_used__then_it_spends_nothing(fresh: World, key: Path):
    before = fresh.chain.block().number, fresh.chain.balance(fresh.senders[1].address), fresh.stored()

    doctor(fresh, "--task", "1")

    assert (fresh.chain.block().number, fresh.chain.balance(fresh.senders[1].address), fresh.stored()) == before
    assert fresh.senders[CREATOR].address not in doctor(fresh).output
