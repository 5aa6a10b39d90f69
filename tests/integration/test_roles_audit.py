"""What is told of a task from the chain's events alone, and what an audit holds against a chain or store that lies."""

from __future__ import annotations

from dataclasses import replace

import pytest
from click.testing import CliRunner

from headwater.chain.asking.rpc import Chain
from headwater.chain.contracts.events import PhaseChanged, Submitted
from headwater.circuits.cluster import Cluster
from headwater.circuits.machines import Here
from headwater.cli.main import cli
from headwater.errors import TaskError
from headwater.protocol.decisions import (
    ChallengeUpdate,
    Join,
    Mask,
    Publish,
    Settle,
    Submit,
)
from headwater.reading.audit import audit
from headwater.reading.history import Outcome, read_history
from headwater.roles.challenger import Challenger
from headwater.roles.report import silent
from headwater.storage.cid import Cid
from tests.support.cluster import run_machines
from tests.support.proxy import narrow, run_proxy
from tests.support.roles import AGGREGATOR


def outcomes(world, number=1):
    history = read_history(world.contracts, world.task_id)
    return [history.outcome(number, world.senders[i].address) for i in (1, 2, 3)]


def broken(task):
    """The names of the checks that do not hold, without whose they are."""
    checks = [check for section in audit(task) for check in section.checks]
    assert len(checks) > 15
    return {check.name.partition(": ")[2] or check.name for check in checks if check.ok is False}


# ---- history


def test_outcome__of_a_finalized_round__is_that_all_counted(finalized):
    assert outcomes(finalized) == [Outcome.COUNTED] * 3
    history = read_history(finalized.contracts, finalized.task_id)
    assert history.outcome(2, finalized.senders[1].address) is Outcome.RUNNING
    assert history.outcome(1, finalized.senders[AGGREGATOR].address) is Outcome.NOT_ENROLLED
    with pytest.raises(TaskError, match="round 3 has not started"):
        history.outcome(3, finalized.senders[1].address)


def test_outcome__of_a_skipped_round__tells_who_did_not_join(enrolled):
    enrolled.steps(enrolled.trainer(0), Join)
    enrolled.advance()
    assert outcomes(enrolled) == [Outcome.SKIPPED, Outcome.NOT_JOINED, Outcome.NOT_JOINED]


def test_outcome__of_a_round_that_lacks_updates__tells_who_sent_none(training):
    for i in (0, 1):
        training.steps(training.trainer(i), Submit)
    training.advance()
    assert outcomes(training) == [Outcome.TOO_FEW_UPDATES] * 2 + [Outcome.NOT_SUBMITTED]


def test_outcome__of_a_round_that_lacks_masks__tells_who_missed_the_attempt(masking):
    for i in (0, 2):
        masking.steps(masking.trainer(i), Mask)
    masking.advance()
    assert outcomes(masking) == [Outcome.TOO_FEW_MASKED, Outcome.NOT_MASKED, Outcome.TOO_FEW_MASKED]


def test_outcome__of_a_round_that_nobody_averaged__blames_no_trainer(aggregating):
    assert outcomes(aggregating) == [Outcome.RUNNING] * 3
    aggregating.advance()
    assert outcomes(aggregating) == [Outcome.NOT_AGGREGATED] * 3


def test_outcome__of_one_who_withheld__is_silence__and_its_slash_is_told(masking):
    for i in range(3):
        masking.steps(masking.trainer(i), Mask)
    for i in range(2):
        masking.steps(masking.trainer(i), Publish)
    masking.pass_until(masking.chain.block().timestamp + masking.task.config.aggregate_period // 2)
    challenger = Challenger(masking.task, masking.senders[AGGREGATOR], silent)
    masking.steps(challenger, ChallengeUpdate)
    masking.advance()
    assert outcomes(masking) == [Outcome.TOO_FEW_LEFT] * 2 + [Outcome.SILENT]
    masking.steps(challenger, Settle)
    part = read_history(masking.contracts, masking.task_id).rounds[1].parts[masking.senders[3].address]
    assert part.slashed.fault
    assert part.slashed.slashed == masking.task.config.stake


# ---- audit


def test_audit__of_an_honest_task__holds(finalized):
    assert broken(finalized.task) == set()
    assert broken(finalized.at("aggregating").task) == set()


def test_audit__by_two_workers__gives_the_same_sections_as_by_one(finalized, tmp_path):
    task, notes = finalized.task, []
    alone = list(audit(task))
    assert list(audit(replace(task, machines=Here(2)))) == alone
    with run_machines(tmp_path, circuits=task.home / "circuits") as machines:
        cluster = Cluster(machines.address, Here(), notes.append, is_believed=True)
        believed = list(audit(replace(task, machines=cluster)))
    (rests,) = [check for check in believed[0].checks if check.name == "proofs were verified on this machine"]
    believed[0].checks.remove(rests)
    assert believed == alone
    assert rests.ok is None
    assert machines.address in rests.detail
    assert len(notes) == 1, "nothing was done here in their place"


class Lying(Chain):
    """A node that answers for a transaction with the calldata of another, or a changed one."""

    def __init__(self, chain, change):
        self.__dict__ |= chain.__dict__
        self.change = change

    def calldata(self, transaction_hash):
        to, data = super().calldata(transaction_hash)
        return to, self.change(data)


def with_calldata(world, change):
    """The task as seen through a node that changes calldata."""
    task = world.task
    return replace(task, contracts=replace(task.contracts, chain=Lying(task.contracts.chain, change)))


def test_audit__when_a_proof_was_changed__finds_it(finalized):
    task = with_calldata(finalized, lambda data: data[:2000] + bytes([data[2000] ^ 1]) + data[2001:])
    assert "proof" in broken(task)


def test_audit__when_a_neighbours_valid_proof_was_let_in__finds_it(finalized):
    submitted = finalized.rounds.events(Submitted, task_id=finalized.task_id, round=1)
    one, other, _ = (finalized.chain.calldata(event.transaction_hash)[1] for event in submitted)
    found = broken(with_calldata(finalized, lambda data: other if data == one else data))
    assert {"on data that it had registered", "the update is the proved one"} <= found
    assert "proof" not in found


def test_audit__when_the_store_has_another_model__finds_it(finalized):
    document = finalized.task.store.get(Cid.from_digest(finalized.models.latest(finalized.task_id).cid), 1 << 20)

    class Store:
        def __getattr__(self, name):
            return getattr(finalized.task.store, name)

        def get(self, cid, limit):
            data = finalized.task.store.get(cid, limit)
            return data[:-10] + b'0"}' if data == document else data

    assert "its bytes have its CID, and its weights this commitment" in broken(replace(finalized.task, store=Store()))


LONG, LIMIT = 600, 40
"""Blocks between rounds, and the most that the node answers for."""


def test_explain__of_a_round_of_long_ago__reads_its_blocks_and_no_others(finalized, monkeypatch):
    """The first of two was over at once; the second was joined for long, and has been over for long."""
    monkeypatch.setattr("headwater.reading.history.AFTER", 20)
    for name in ("headwater.reading.history.NEAR", "headwater.chain.asking.rpc.NEAR"):
        monkeypatch.setattr(name, 8)
    finalized.rpc("anvil_mine", hex(LONG))
    finalized.advance()  # nobody joins the second round
    (ended,) = (
        e for e in finalized.rounds.events(PhaseChanged, task_id=finalized.task_id, round=2) if e.to_phase.is_end
    )
    finalized.rpc("anvil_mine", hex(LONG))
    asked: list[tuple[int, int]] = []

    def note(request, forward):
        if request["method"] == "eth_getLogs":
            asked.append(tuple(int(request["params"][0][name], 16) for name in ("fromBlock", "toBlock")))
        return narrow(LIMIT)(request, forward)

    with run_proxy(finalized.anvil.url) as node:
        node.do(note)
        places = ["--rpc", node.url, "--deployments", f"{finalized.folder}/deployments"]
        words = ["explain", "--task", str(finalized.task_id), "--round"]
        runner, wide = CliRunner(), {"COLUMNS": "220"}
        first, second = (runner.invoke(cli, [*words, number, *places], env=wide).output for number in ("1", "2"))
    assert "3 joined, 3 submitted" in first, first
    assert "--later reads on" in first
    assert "0 joined" in second
    answered = [blocks for blocks in asked if blocks[1] - blocks[0] < LIMIT]
    started = finalized.contracts.start_of(finalized.task_id)
    head = finalized.chain.block().number
    around = ((started, started + 100), (ended.block_number - LONG - 100, ended.block_number + 60), (head - 140, head))
    assert all(any(low <= first and last <= high for low, high in around) for first, last in answered)
    assert len(answered) < 6 * LONG // LIMIT + 20, "three contracts, and what is halved"
