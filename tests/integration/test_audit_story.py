"""The audit of tasks with a past (`tests/support/story.py`), what it holds against a node that lies about it, and what
the commands tell of the same tasks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from headwater.chain.asking.rpc import Chain
from headwater.chain.contracts.events import Compensated, Convicted, PartShown
from headwater.chain.contracts.model_registry import ModelRegistry
from headwater.chain.contracts.openings import Openings
from headwater.cli.main import cli
from headwater.protocol.curve import Point
from headwater.reading import audit as auditing
from headwater.reading.audit import Check, Section, audit
from headwater.reading.audit_rounds import round_section
from headwater.reading.history import History, Outcome, read_history
from headwater.roles.task import Task
from scripts.benchmarks.links import open_chain
from tests.integration.test_chain_of_links import SPEC
from tests.support.anvil import run_anvil
from tests.support.roles import TERMS, World
from tests.support.story import Story, play

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("story")
    with run_anvil(folder / "anvil.log") as anvil:
        yield play(World(anvil, folder, home))


def names(sections: list[Section], ok: bool | None) -> set[str]:
    """The checks that ended so, without whose they are."""
    checks: list[Check] = [check for section in sections for check in section.checks if check.ok is ok]
    return {re.sub("^0x[^:]*: ", "", check.name) for check in checks}


def broken(task: Task) -> set[str]:
    return names(list(audit(task)), False)


def with_chain(task: Task, **answers: Any) -> Task:
    """The task as seen through a node that answers some of what it is asked otherwise."""
    chain = Chain.__new__(Chain)
    chain.__dict__ |= task.contracts.chain.__dict__ | answers
    return replace(task, contracts=replace(task.contracts, chain=chain))


def with_history(monkeypatch: pytest.MonkeyPatch, task: Task, change: Any) -> set[str]:
    """What is broken where a task's events were others."""
    history = read_history(task.contracts, task.id)
    change(history)
    monkeypatch.setattr(auditing, "read_history", lambda *_: history)
    return broken(task)


# ---- what holds


@pytest.mark.parametrize("name", ("long", "short", "plain", "warm", "merged"))
def test_audit__of_honest_contracts__holds(story, name):
    sections = list(audit(getattr(story, name)))
    assert not names(sections, False)
    assert [section.title for section in sections][1:3] == ["first model", "enrolments"]


def test_audit__of_a_dispute_and_a_demanded_model__judges_them_again(story):
    held = names(list(audit(story.long)), True)
    assert {"convicted for its mask", "right", "the weights of the model of round 4 were shown"} <= held
    assert any(name.startswith("paid for showing the fault of") for name in held)
    assert any("it follows from that point" in name for name in held)


def test_audit__of_first_models__follows_them_to_where_they_come_from(story):
    warm, merged = (names(list(audit(task)), True) for task in (story.warm, story.merged))
    assert "a warm start: its parent's weights, under this task's tag" in warm
    assert {"the proof of the merge", "of exactly its parents, with their coefficients"} <= merged
    (ancestors,) = (c for s in audit(story.merged) for c in s.checks if c.name.startswith("its ancestors"))
    assert ancestors.detail == f"made of models of task(s) {story.warm.id}, {story.long.id}"


# ---- what a liar cannot hide


def test_audit__where_a_blocks_hash_is_another__finds_that_the_seed_was_chosen(story):
    found = broken(with_chain(story.long, block_hash=lambda number: bytes(32)))
    assert found == {f"attempt {n}: the seed is of the block that fixed its members" for n in (1, 2)}


def test_audit__where_the_node_has_no_old_blocks__says_that_it_could_not_look(story):
    sections = list(audit(with_chain(story.long, block_hash=lambda number: None)))
    assert "attempt 1: the seed is of the block that fixed its members" in names(sections, None)
    assert not names(sections, False)


def test_audit__where_a_key_came_with_no_proof__finds_it(story, monkeypatch):
    def change(history: History) -> None:
        trainer, (enrolled, *_) = next(iter(history.enrolled.items()))
        proof = enrolled.possession._replace(response=enrolled.possession.response ^ 1)
        history.enrolled[trainer] = [replace(enrolled, possession=proof)]

    assert with_history(monkeypatch, story.plain, lambda _: None) == set()
    assert with_history(monkeypatch, story.long, change) == {"knows the secret of its mask key"}


def test_audit__where_data_were_registered_late_or_by_another__finds_it(story, monkeypatch):
    def late(history: History) -> None:
        history.registered |= {key: replace(e, block_number=10**9) for key, e in history.registered.items()}

    def others(history: History) -> None:
        history.registered |= {key: replace(e, trainer="0x" + "11" * 20) for key, e in history.registered.items()}

    for change in (late, others):
        assert with_history(monkeypatch, story.long, change) == {"on data that it had registered"}


def test_audit__where_others_were_convicted_or_paid__finds_it(story, monkeypatch):
    liar = next(story.world.rounds.events(Convicted, task_id=story.long.id)).trainer

    def acquitted(history: History) -> None:
        history.rounds[3].parts[liar].convicted = None

    def stolen(history: History) -> None:
        part = history.rounds[3].parts[liar]
        part.compensated = replace(part.compensated, account=liar)  # type: ignore[type-var]

    assert "convicted for its mask" in with_history(monkeypatch, story.long, acquitted)
    assert with_history(monkeypatch, story.long, stolen) == {f"paid for showing the fault of {liar}"}


class Otherwise(Openings):
    """Tells of other bytes than were shown, or of another quotient."""

    def events(self, kind, *args, **named):  # type: ignore[no-untyped-def]
        for event in super().events(kind, *args, **named):
            if kind is PartShown:
                yield replace(event, part=bytes(len(event.part))) if self.lies == "bytes" else event
            else:
                yield replace(event, quotient=Point(1, 2)) if self.lies == "quotient" else event


@pytest.mark.parametrize(("lies", "ok"), (("bytes", None), ("quotient", False)))
def test_audit__where_other_bytes_were_shown_than_the_chain_took__does_not_believe_it(story, lies, ok):
    of = story.long.contracts
    openings = Otherwise(of.chain, of.openings.address, of.openings.start_block)
    openings.lies = lies  # type: ignore[attr-defined]
    found = names(list(audit(replace(story.long, contracts=replace(of, openings=openings)))), ok)
    assert "the weights of the model of round 4 were shown" in found
    assert "the commitment of what was shown" in found


class Disowned(ModelRegistry):
    """Tells of another coefficient of a first model's first parent."""

    def get_parents(self, task_id, round_, block="latest"):  # type: ignore[no-untyped-def]
        parents, divisor = super().get_parents(task_id, round_, block)
        if round_ == 0 and parents:
            return (replace(parents[0], coefficient=5), *parents[1:]), divisor
        return parents, divisor


def test_audit__where_parents_are_told_otherwise__finds_it(story):
    of = story.merged.contracts
    models = Disowned(of.chain, of.models.address, of.models.start_block)
    found = broken(replace(story.merged, contracts=replace(of, models=models)))
    assert found == {
        "the registry tells the origin that was recorded",
        "of exactly its parents, with their coefficients",
    }


# ---- several proofs in one submission


def test_audit__of_a_chain_of_proofs__verifies_each_and_that_they_hang_together(story, home, srs):
    world = story.world
    chain = open_chain(world.contracts, world.senders, home, SPEC, srs)
    first = chain.prove(chain.start, chain.data[0][0], 1)
    second = chain.prove(first.output, chain.data[0][1], 2)
    chain.trainers[0].send(world.proofs.submit(chain.task_id, [first.data, second.data]))

    def checked(change: Any = lambda data: data) -> dict[str, bool | None]:
        asked = SimpleNamespace(calldata=lambda h: _changed(world.chain.calldata(h), change))
        contracts = replace(world.contracts, chain=asked)
        task: Any = SimpleNamespace(id=chain.task_id, train=chain.link, contracts=contracts)
        history = read_history(world.contracts, chain.task_id)
        section = round_section(task, history, history.rounds[1], first.points[0], None)
        return {check.name.partition(": ")[2]: check.ok for check in section.checks}

    held = checked()
    assert all(held.values())
    assert held.keys() >= {"proof", "each proof from where the last one ended", "on data that it had registered"}

    def swap(data: bytes) -> bytes:
        return data.replace(first.data, b"\0" * len(first.data)).replace(second.data, first.data)

    twice = checked(lambda data: data.replace(first.data, second.data))
    assert (twice["proof"], twice["each proof from where the last one ended"]) == (True, False)
    assert not checked(swap)["proof"]


def _changed(sent: tuple[str | None, bytes], change: Any) -> tuple[str | None, bytes]:
    return sent[0], change(sent[1])


# ---- what commands tell


def run(story: Story, *words: str) -> str:
    world = story.world
    places = ["--rpc", world.anvil.url, "--deployments", f"{world.folder}/deployments"]
    if words[:2] != ("task", "list") and words[0] != "explain":
        places += ["--store", f"dir:{world.folder}/store", "--home", str(world.home)]
    done = CliRunner().invoke(cli, [*words, *places], env={"COLUMNS": "220"})
    assert done.exit_code == 0, done.output
    return " ".join(done.output.split())


def test_explain__of_a_dispute__says_who_owed_what_and_who_had_it(story):
    (paid,) = story.world.stakes.events(Compensated, task_id=story.long.id)
    liar = next(story.world.rounds.events(Convicted, task_id=story.long.id)).trainer
    history = read_history(story.world.contracts, story.long.id)
    assert history.outcome(3, liar) is Outcome.CONVICTED

    everybody = run(story, "explain", "--task", str(story.long.id), "--round", "3")
    of_liar = run(story, "explain", "--task", str(story.long.id), "--round", "3", "--address", liar)
    of_victim = run(story, "explain", "--task", str(story.long.id), "--round", "3", "--address", paid.account)

    data = history.rounds[3].parts[liar].submitted.data_hashes[0].hex()[:8]  # type: ignore[union-attr]
    assert f"0x{data}…" in everybody
    assert "compensated" in everybody
    assert f"1 proof accepted, of the data 0x{data}…" in of_liar
    assert f"to {paid.account}, who showed it" in of_liar
    assert f"of that went to {paid.account}" in of_liar
    assert f"for showing the fault of {liar}" in of_victim


def test_task_show__says_who_may_enrol_what_it_starts_from_and_what_a_challenge_costs(story):
    plain, warm, merged = (run(story, "task", "show", str(t.id)) for t in (story.plain, story.warm, story.merged))
    assert "admission │ anybody" in plain
    assert "starts from │ zeros" in plain
    assert "to be answered in 1h" in plain
    assert f"starts from │ round 4 of task {story.long.id}" in warm
    parents = f"(3 x round 4 of task {story.long.id} + -1 x round 0 of task {story.warm.id}) / 2"
    assert f"starts from │ {parents}" in merged
    assert "at today's base fee, at least 0.01 ETH" in plain


def test_task_show__when_asked_to_check__compares_srs_and_verifiers(story):
    shown = run(story, "task", "show", str(story.plain.id), "--check")
    assert f"✓ tau, offset and basis points are those of the SRS {story.plain.srs.id}" in shown
    assert "✓ the verifiers on chain" in shown


def test_task_list__names_all_tasks(story):
    listed = run(story, "task", "list")
    for task in (story.long, story.short, story.plain, story.withheld, story.warm, story.merged):
        assert f"│ {task.id} │" in listed
    assert f"{TERMS.min_trainers} to {TERMS.max_trainers}" in listed
