"""Scores and compositions on a chain, with real proofs: opening, registering, attesting, declaring, reading."""

from __future__ import annotations

from dataclasses import replace

import pytest
from click.testing import CliRunner

from headwater.chain.contracts.events import Attested, CompositionDeclared
from headwater.circuits.evaluate import check_score
from headwater.cli.main import cli
from headwater.errors import ConfigError, TaskError
from headwater.journal.database import Database
from headwater.journal.secrets import SecretStore
from headwater.protocol.decisions import Attest, Done, RegisterHeldOut, Wait
from headwater.protocol.field import to_signed
from headwater.protocol.machine import Addresses, Refused
from headwater.protocol.scores import WHOLE, composition, shares
from headwater.reading.audit import audit
from headwater.reading.audit_scores import scores_section
from headwater.roles.declaring import declare
from headwater.roles.report import silent
from headwater.roles.secrets import secret_of
from headwater.roles.task import point_hash
from tests.support.arena import YES_CREATION
from tests.support.indexing import Index, lowered
from tests.support.roles import CREATOR
from tests.support.scored import HOLDER, ScoredWorld

ROUND = 1


@pytest.fixture
def finalized(scored_world: ScoredWorld) -> ScoredWorld:
    return scored_world.at("finalized")


def test_task__with_scores__passes_every_check(scored_world):
    world = scored_world.at("created")
    stages = []
    world.task.check_scores(lambda stage, **details: stages.append((stage, *details.values())))
    assert stages == [("building", "score"), ("building", "composition")]
    assert world.task.scoring.attesters == (world.senders[HOLDER].address,)
    assert (world.task.scoring.groups, world.task.scoring.numbers, world.task.scoring.counts) == (2, 8, 4)


def test_attester__registers_waits_and_attests__and_a_reader_recomputes_it(finalized):
    attester, task = finalized.attester(), finalized.task
    assert attester.step() == Attest(ROUND, 0)
    me, (_, point) = finalized.senders[HOLDER].address, attester.vectors[0]
    (found,) = task.contracts.attestations.attestations(task.id, ROUND)
    assert (found.attester, found.data_hash, found.round) == (me, point_hash(point), ROUND)

    weights = task.weights(task.contracts.models.get_model(task.id, ROUND))
    dataset, whole = attester.dataset, shares(task.scoring, task.learner.groups, found.numbers)[0]
    assert whole.name == WHOLE
    assert (whole.rows, whole.share) == (len(dataset), task.learner.evaluate(weights, dataset).accuracy)
    for index, share in enumerate(shares(task.scoring, task.learner.groups, found.numbers)[1:]):
        rows = [row for row, of in enumerate(dataset.groups) if of[index]]
        z = task.learner.scores(weights, dataset)
        right = [(z[row][0] > 0) == (dataset.labels[row][0] == 1) for row in rows]
        assert (share.right, share.rows) == (sum(right), len(rows))
        assert sum(count for _, count in share.classes) == share.rows
    (event,) = task.contracts.attestations.events(Attested, task_id=task.id, round=ROUND)
    assert event.numbers == found.numbers
    proof = attester.prove(ROUND, 0)  # the same bytes again
    model = task.commit_model(weights)
    check_score(task.score, proof.data, model, point, list(found.numbers))
    assert attester.commitments.proofs(point) == 1

    assert isinstance(attester.step(), Wait)
    assert isinstance(finalized.attester(once=True).step(), Done)
    finalized.advance()  # round 2 is skipped, and with it the task ends
    assert attester.step() == Done()


def test_attester__that_comes_before_the_round__registers_and_waits(scored_world):
    world = scored_world.at("created")
    attester = world.attester()
    assert attester.step() == RegisterHeldOut((0,))
    assert isinstance(attester.step(), Wait)
    held = world.task.contracts.attestations.get_held_out(world.task_id, point_hash(attester.vectors[0][1]))
    assert (held.holder, held.round, held.fresh) == (world.senders[HOLDER].address, 1, True)


def test_attester__that_comes_late__waits_for_later_models(finalized):
    late = finalized.attester(account=8)
    assert late.step() == RegisterHeldOut((0,))
    assert isinstance(late.step(), Wait)  # of round 1 it says nothing


def test_attester__that_lost_its_journal__registers_again__for_later_models(finalized):
    lost = finalized.attester(journal=SecretStore(Database(None), finalized.anvil.accounts[HOLDER]))
    assert lost.step() == RegisterHeldOut((0,))
    assert isinstance(lost.step(), Wait)


def test_attester__killed_between_proof_and_transaction__sends_the_same_proof(finalized):
    key = finalized.anvil.accounts[HOLDER]
    first = finalized.attester()
    journal = first._kept._secrets
    proof = first.prove(ROUND, 0)
    again = finalized.attester(journal=journal)
    assert again.prove(ROUND, 0).data == proof.data
    assert again.commitments.proofs(again.vectors[0][1]) == 1
    assert key.address == finalized.senders[HOLDER].address


def test_attester__of_more_rows_than_a_circuit_has__attests_in_parts(scored_world):
    world = scored_world.at("created")
    attester = world.attester(file=world.held_out)
    assert len(attester.vectors) > 1
    assert attester.step() == RegisterHeldOut(tuple(range(len(attester.vectors))))


def test_declare__by_a_trainer__says_of_which_classes_and_groups_its_rows_are(finalized):
    task, trainer = finalized.task, finalized.trainer(0)
    sender, journal = finalized.senders[1], trainer._kept._secrets
    secret = secret_of(finalized.anvil.accounts[1])
    (receipt,) = declare(task, sender, secret, trainer.dataset, silent, journal=journal)
    event = receipt.event(CompositionDeclared)
    rows = dict(composition(task.scoring, task.learner.groups, event.counts))
    assert set(rows) == {"garden: north", "garden: south"}
    for index, name in enumerate(rows):
        of = [
            label for label, group in zip(trainer.dataset.labels, trainer.dataset.groups, strict=True) if group[index]
        ]
        assert rows[name] == (of.count([-1]), of.count([1]))
    (found,) = task.contracts.attestations.compositions(task.id)
    assert (found.owner, found.counts) == (sender.address, event.counts)
    assert declare(task, sender, secret, trainer.dataset, silent, journal=journal) == []


def test_declare__of_a_file_that_was_not_registered__is_refused(finalized):
    task, sender = finalized.task, finalized.senders[HOLDER]
    journal = SecretStore(Database(None), finalized.anvil.accounts[HOLDER])
    dataset = finalized.attester().dataset
    with pytest.raises(ConfigError, match="has not registered the rows"):
        declare(task, sender, bytes(64), dataset, silent, journal=journal, held_out=True)


def test_task__without_scores__says_so(world):
    with pytest.raises(TaskError, match="has no scores"):
        _ = world.at("created").task.scoring


def test_audit__of_a_task_with_scores__verifies_each_again__and_logs_are_enough_to_know_them(finalized):
    task, attester, trainer = finalized.task, finalized.attester(), finalized.trainer(0)
    attester.step()
    secret = secret_of(finalized.anvil.accounts[1])
    declare(task, finalized.senders[1], secret, trainer.dataset, silent, journal=trainer._kept._secrets)
    checks = [check for section in audit(task) for check in section.checks]
    assert [check for check in checks if check.ok is False] == []
    said = [check.name for check in checks if ": score of round 1" in check.name or "composition of" in check.name]
    assert any("all rows" in name for name in said)
    assert sum(name.endswith(": proved") for name in said) == 2

    contracts, chain = task.contracts, finalized.chain
    at = Addresses(*(contract.address.lower() for contract in contracts.all[:9]))
    index = Index(chain.chain_id, at, lambda number: chain.block(number).timestamp)
    index.read(finalized.anvil.web3.eth.get_logs({"fromBlock": 0}))
    told, own = index.machine.attestations, contracts.attestations
    assert told.get_scoring(task.id) == lowered(own.get_scoring(task.id))
    assert told.held_outs(task.id) == list(map(lowered, own.held_outs(task.id)))
    assert told.attestations(task.id, ROUND) == list(map(lowered, own.attestations(task.id, ROUND)))
    assert told.all_compositions(task.id) == list(map(lowered, own.compositions(task.id)))


def test_task__whose_creator_opened_it_with_a_verifier_of_its_own__is_seen(finalized):
    task = finalized.task
    yes, _ = finalized.senders[CREATOR].deploy(YES_CREATION, "a verifier that says yes")
    false = replace(task.scoring, score_verifier=yes, score_code_hash=finalized.chain.code_hash(yes))
    again = finalized.open()
    again.__dict__["scoring"] = false
    with pytest.raises(TaskError, match="not those rebuilt here"):
        again.check_scores()


def test_refusals__of_the_machine__are_the_contracts(finalized):
    task, attester, trainer = finalized.task, finalized.attester(), finalized.trainer(0)
    proof = attester.prove(ROUND, 0)
    numbers = [to_signed(entry) for entry in proof.output[:-1]]
    attester.step()
    own, contracts = task.contracts.attestations, task.contracts
    index = Index(
        finalized.chain.chain_id,
        Addresses(*(contract.address.lower() for contract in contracts.all[:9])),
        lambda number: finalized.chain.block(number).timestamp,
    )
    index.read(finalized.anvil.web3.eth.get_logs({"fromBlock": 0}))
    machine, me = index.machine.attestations, finalized.senders[HOLDER].address.lower()
    stranger, mine, trained = finalized.senders[8].address.lower(), attester.vectors[0][1], trainer.data[1]
    data, model = point_hash(mine), contracts.models.get_model(task.id, ROUND).model_hash
    cases = [
        (8, own.register(task.id, [trained]), lambda: machine.register(stranger, task.id, [trained])),
        (8, own.register(task.id, [mine]), lambda: machine.register(stranger, task.id, [mine])),
        (8, own.register(task.id, []), lambda: machine.register(stranger, task.id, [])),
        (8, own.register(9, [mine]), lambda: machine.register(stranger, 9, [mine])),
        (
            8,
            own.attest(task.id, ROUND, numbers, proof.data),
            lambda: machine.attest(stranger, task.id, ROUND, data, model, numbers),
        ),
        (
            HOLDER,
            own.attest(task.id, ROUND, numbers, proof.data),
            lambda: machine.attest(me, task.id, ROUND, data, model, numbers),
        ),
        (
            HOLDER,
            own.attest(task.id, 0, numbers, proof.data),
            lambda: machine.attest(me, task.id, 0, data, model, numbers),
        ),
        (
            HOLDER,
            own.attest(task.id, 2, numbers, proof.data),
            lambda: machine.attest(me, task.id, 2, data, model, numbers),
        ),
    ]
    for account, call, said in cases:
        with pytest.raises(Refused) as refused:
            said()
        found = finalized.refusal(account, call)
        assert (found.name, [*map(lowered, found.arguments.values())]) == (
            refused.value.error,
            [*refused.value.arguments],
        )


@pytest.fixture
def headwater(scored_world, tmp_path):
    """`headwater` with words, as account 8 with a home of its own; what it printed."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    for name in ("circuits", "srs", "contracts"):
        (scored_world.home / name).mkdir(exist_ok=True)
        (home / name).symlink_to(scored_world.home / name)
    environment = {
        "HEADWATER_RPC": scored_world.anvil.url,
        "HEADWATER_HOME": str(home),
        "HEADWATER_STORE": f"dir:{scored_world.folder / 'store'}",
        "HEADWATER_DEPLOYMENTS": str(scored_world.folder / "deployments"),
        "HEADWATER_PRIVATE_KEY": scored_world.anvil.accounts[8].key.hex(),
        "COLUMNS": "200",
    }

    def run(*words):
        done = CliRunner().invoke(cli, [*words], env=environment)
        assert done.exit_code == 0, done.output
        return done.output

    return run


def test_commands__attest_once_before_and_after_a_round__and_declare__and_show(scored_world, headwater):
    world = scored_world.at("created")
    world.mine.chmod(0o600)
    where, mine = ("--task", str(world.task_id)), ("--data", str(world.mine))
    headwater("attest", *where, *mine, "--once", "--poll", "0.1")
    for stage in ("enrolled", "training", "masking", "aggregating", "averaged", "finalized"):
        getattr(world, f"_{stage}")()
    headwater("attest", *where, *mine, "--once", "--poll", "0.1")
    (score,) = world.task.contracts.attestations.attestations(world.task_id, ROUND)
    assert score.attester == world.senders[8].address
    headwater("declare", *where, *mine, "--held-out")
    (rows,) = world.task.contracts.attestations.compositions(world.task_id)
    assert (rows.owner, rows.data_hash) == (score.attester, score.data_hash)

    shown = headwater("task", "show", str(world.task_id), "--check")
    assert "garden: north, south" in shown
    assert "2 holders of held-out data, 1 compositions" in shown
    assert "so are those of its scores" in shown
    whole = shares(world.task.scoring, world.task.learner.groups, score.numbers)[0]
    explained = headwater("explain", *where, "--round", str(ROUND))
    assert f"score on held-out data, by {score.attester}" in explained
    assert f"all rows: {whole}" in explained


def test_audit__of_held_out_data_that_another_trains_on__names_both(scored_world):
    """A stranger has seen a trainer's commitment before it enrols, and could send what is published about it."""
    world = scored_world.at("created")
    trainer, contracts = world.trainer(0), world.contracts
    stranger = world.senders[8]
    stranger.send(contracts.attestations.register(world.task_id, [trainer.vectors[0][1]]))
    while not contracts.trainers.get_enrolment(world.task_id, world.senders[1].address).exists:
        trainer.step()
    section = scores_section(world.task, [], world.chain.block().number, silent)
    assert section is not None
    (named,) = [check for check in section.checks if "trains on" in check.name]
    assert named.ok is None
    assert stranger.address in named.name
    assert world.senders[1].address in named.name
