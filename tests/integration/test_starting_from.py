"""`headwater task create --from` and `--without`, as typed, over tasks that were made of one another."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from headwater.chain.contracts.opened import Contracts
from headwater.cli.main import cli
from headwater.protocol.structs import Parent
from headwater.reading.ancestry import read_ancestry
from headwater.roles.task import Task, read_task
from tests.support.roles import ETHER, OUTSIDER, World

pytestmark = pytest.mark.slow


@pytest.fixture
def typed(lineages, home, monkeypatch):
    """What a command of somebody's says, in one line; it must end with `code`."""
    world = lineages.world
    monkeypatch.setenv("HEADWATER_PRIVATE_KEY", world.anvil.accounts[OUTSIDER].key.hex())
    common = ["--rpc", world.anvil.url, "--deployments", str(world.folder / "deployments")]
    stored = ["--store", f"dir:{world.folder}/store", "--home", str(home)]

    def run(*words: str, code: int = 0) -> str:
        options = common if words[0] == "explain" else [*common, *stored]
        result: Result = CliRunner().invoke(cli, [*words, *options], env={"COLUMNS": "200"})
        assert result.exit_code == code, result.output
        return " ".join((result.output).replace("│", " ").split())

    return run


def created(world: World, said: str) -> int:
    found = re.search(r"task (\d+)", said.replace("task create", ""))
    assert found is not None, said
    return world.tasks.task_count()


def first(contracts: Contracts, task_id: int) -> tuple[tuple[Parent, ...], int]:
    return contracts.models.get_parents(task_id, 0)


def test_from__takes_columns_numbers_and_terms_of_the_parents_task__but_no_money(lineages, typed):
    world, left = lineages.world, lineages.left
    said = typed("task", "create", "--from", f"{left.id}:1")
    task = read_task(world.contracts, world.store, created(world, said))
    assert first(world.contracts, task.id) == ((Parent(left.id, 1, 1),), 1)
    assert task.learner == left.learner
    assert (task.manifest.name, task.manifest.description) == (left.manifest.name, left.manifest.description)
    same = [name for name in vars(left.config) if name not in ("manifest", "aggregator_fee")]
    assert {name: getattr(task.config, name) for name in same} == {n: getattr(left.config, n) for n in same}
    assert (task.config.aggregator_fee, world.contracts.lens.get_task(task.id).pool.amount) == (0, 0)
    assert "had a pool of" in said
    assert "deployed" not in said, "the parents' verifiers serve again"


def test_from__with_terms_that_are_named__takes_those(lineages, typed):
    world, left = lineages.world, lineages.left
    words = (
        "--name",
        "again",
        "--rounds",
        "1",
        "--pool",
        "1",
        "--stake",
        "0.001",
        "--max-trainers",
        "5",
        "--rows",
        "6",
    )
    task = read_task(
        world.contracts, world.store, created(world, typed("task", "create", "--from", str(left.id), *words))
    )
    assert first(world.contracts, task.id) == ((Parent(left.id, 2, 1),), 1), "the newest"
    config = task.config
    assert (task.manifest.name, task.learner.rows, config.rounds, config.max_trainers) == ("again", 6, 1, 5)
    assert (config.stake, config.challenge_bond) == (ETHER // 1000, ETHER // 1000)
    assert config.aggregator_fee == left.config.aggregator_fee
    assert task.learner.meaning == left.learner.meaning


def test_from__several__is_their_mean__or_what_coefficients_and_divisor_say(lineages, typed):
    world, a, b = lineages.world, lineages.left.id, lineages.beside.id

    def weights(task_id: int, round_: int) -> list[int]:
        task = read_task(world.contracts, world.store, task_id)
        return task.weights(world.models.get_model(task_id, round_))

    mean = created(world, typed("task", "create", "--from", f"{a}:1", "--from", f"{b}:latest"))
    assert first(world.contracts, mean) == ((Parent(a, 1, 1), Parent(b, 1, 1)), 2)
    words = ("--from", f"{a}:2=1", "--from", f"{b}:1=1", "--from", f"{a}:1=-1", "--divisor", "1")
    arithmetic = created(world, typed("task", "create", *words))
    assert first(world.contracts, arithmetic) == ((Parent(a, 2, 1), Parent(b, 1, 1), Parent(a, 1, -1)), 1)
    together = zip(weights(a, 2), weights(b, 1), weights(a, 1), strict=True)
    assert weights(arithmetic, 0) == [x + y - z for x, y, z in together]


@pytest.mark.parametrize(
    ("words", "says"),
    (
        (("--from", "2:1", "--label", "petal width (cm)"), "this is not what task 2 has: the label is 'species'"),
        (("--from", "2:1", "--set", "loss=hinge"), "loss is logistic"),
        (("--from", "2:1", "--learner", "mlp"), "of the kind 'linear', not 'mlp'"),
        (("--from", "2:1", "--sample", "SAMPLE"), "petal width"),
        (("--from", "2:1", "--rows", "2000"), "take circuits of k ="),
        (("--from", "2:9"), "round 9 of task 2 made no model"),
        (("--from", "99:latest"), "task 99"),
        (("--from", "2:1=2", "--divisor", "99999999999999999999"), "divisor"),
    ),
)
def test_from__that_cannot_be__is_refused_before_anything_is_sent(lineages, typed, tmp_path, words, says):
    sample = tmp_path / "sample.csv"
    with sample.open("w", newline="") as file:
        csv.writer(file).writerows((["sepal width (cm)", "species"], ["1", "virginica"]))
    nonce = lineages.world.senders[OUTSIDER].next_nonce()
    said = typed("task", "create", *(str(sample) if word == "SAMPLE" else word for word in words), code=1)
    assert says in said
    assert lineages.world.senders[OUTSIDER].next_nonce() == nonce


def test_without__starts_from_the_newest_model_of_the_lineage_that_the_data_never_entered(lineages, typed):
    world, merged, beside = lineages.world, lineages.merged, lineages.beside
    said = typed("task", "create", "--from", str(merged.id), "--without", lineages.leaver)
    assert f"round 1 of task {beside.id}, the newest that does not, is the start" in said
    assert "the same rows under another's salt, nobody can see" in said
    task_id = created(world, said)
    assert first(world.contracts, task_id) == ((Parent(beside.id, 1, 1),), 1)
    assert lineages.leaver not in read_ancestry(world.contracts, task_id).people
    task: Task = world.open(task_id)
    assert task.config.stake == merged.config.stake


@pytest.mark.parametrize(
    ("model", "says"),
    (
        ("2:1", "has put no data into round 1 of task 2, only into round 2 of task 2"),
        ("3", "has put no data into round 1 of task 3"),
    ),
)
def test_without__one_whose_data_are_not_in_it__says_so(lineages, typed, model, says):
    said = typed("task", "create", "--from", model, "--without", lineages.leaver, code=1)
    assert says in said


def test_without__everybody__says_how_to_start_from_zeros__which_works(lineages, typed):
    everybody = [word for i in range(4) for word in ("--without", lineages.world.senders[i + 1].address)]
    said = typed("task", "create", "--from", str(lineages.merged.id), *everybody, code=1)
    assert "was trained without these data" in said
    afresh = re.findall(r"--from (\d+:0)", said)[0]
    task_id = created(lineages.world, typed("task", "create", "--from", afresh))
    assert read_ancestry(lineages.world.contracts, task_id).data == ()


# ---- whose data


def test_explain__of_a_lineage__shows_its_tasks__its_data_and_who_is_not_in_it(lineages, typed):
    world = lineages.world
    said = typed("explain", "--task", str(lineages.merged.id), "--lineage")
    assert "task 4: 3 updates in round 1" in said
    assert "1/2 × task 2: 4 updates in round 2, 3 updates in round 1" in said
    assert "1/2 × task 3: 3 updates in round 1" in said
    assert "from zeros" in said
    assert "Round 1 of task 4 rests on 10 data commitments" in said
    whose = [use.trainer for use in read_ancestry(world.contracts, lineages.merged.id).data]
    assert sorted(map(whose.count, set(whose))) == [1, 3, 3, 3]
    assert "task 2: round 1, 2" in said


def test_explain__whether_somebodys_data_are_in_a_model(lineages, typed):
    task, leaver = str(lineages.left.id), lineages.leaver
    before = typed("explain", "--task", task, "--round", "1", "--lineage")
    assert f"{leaver} is not in it: its data went into round 2 of task 2" in before
    words = ("explain", "--task", task, "--lineage", "--address", leaver)
    assert f"{leaver}: its data are not in it" in typed(*words, "--round", "1")
    assert f"{leaver}: its data are in it" in typed(*words)
    assert "rests on nobody's data" in typed("explain", "--task", task, "--round", "0", "--lineage")
    assert "--lineage" in typed("explain", "--task", task, "--round", "1")
    assert "Missing option '--round'" in typed("explain", "--task", task, code=2)
    assert "round 9 of task 2" in typed("explain", "--task", task, "--round", "9", "--lineage", code=1)


# ---- which coefficients


def test_search__prints_a_table__what_is_chance__and_words_that_create_the_task(lineages, typed):
    world = lineages.world
    words = ("merge", "search", "--from", "2:2", "--from", "3:latest", "--validation", str(world.held_out))
    said = typed(*words)
    for name in ("uniform", "model 1 alone", "model 2 alone", "validation", "evolutionary"):
        assert f"{name}: headwater task create" in said
    assert "rows are few" in said
    assert "Advice:" in said
    assert said == typed(*words), "seeded"
    (found,) = re.findall(r"uniform: headwater (task create --from 2:2=1 --from 3:1=1 --divisor 2)", said)
    task_id = created(world, typed(*found.split()))
    assert first(world.contracts, task_id) == ((Parent(2, 2, 1), Parent(3, 1, 1)), 2)


def test_search__of_what_cannot_be__says_so(lineages, typed, tmp_path):
    held_out, few = str(lineages.world.held_out), tmp_path / "few.csv"
    few.write_text("\n".join(Path(held_out).read_text().splitlines()[:8]) + "\n")
    assert "merged with nothing" in typed("merge", "search", "--from", "2:2", "--validation", held_out, code=1)
    two = ("merge", "search", "--from", "2:1", "--from", "2:2")
    assert "too few to choose by" in typed(*two, "--validation", str(few), code=1)
    assert "coefficients are what is searched for" in typed(*two, "--from", "3:1=2", "--validation", held_out, code=2)
