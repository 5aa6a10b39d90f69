"""What a task will cost: no figure drifts from what is measured, and what cannot be is refused."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from headwater.chain.contracts.codec import encode_call
from headwater.circuits import cost
from headwater.circuits.cost import proving_cost
from headwater.cli.main import cli
from headwater.errors import ConfigError
from headwater.learners.learner import Request
from headwater.learners.linear import Linear
from headwater.protocol.curve import Point
from headwater.protocol.documents import MAX_BYTES
from headwater.protocol.machine.challenges import assumed_gas
from headwater.protocol.pairing import GENERATOR_2
from headwater.protocol.phases import Kind
from headwater.protocol.structs import Origin, TaskConfig
from headwater.reading.planning import (
    CREATE_BYTES,
    GAS,
    MAX_DIMENSION,
    answer_gas,
    answer_parts,
    check_plan,
    expenses,
    mask_gas,
    periods,
    round_bytes,
)

CALLS = json.loads((Path(__file__).resolve().parents[1] / "gas" / "calls.json").read_text())


@pytest.mark.parametrize("call", GAS)
def test_gas__when_the_contracts_change__then_the_table_follows(call):
    assert GAS[call] == pytest.approx(int(CALLS[call]), rel=0.02)


@pytest.mark.parametrize("peers", (3, 16))
def test_mask_gas__when_the_number_of_peers_was_measured__then_it_is_that(peers):
    assert mask_gas(peers) == pytest.approx(int(CALLS[f"mask, {peers} peers"]), rel=0.02)


@pytest.mark.parametrize("dimension", (30, 770, 1280))
def test_answer_gas__when_the_size_was_measured__then_it_is_that(dimension):
    assert answer_gas(dimension) == pytest.approx(int(CALLS[f"answerUpdate, D = {dimension}"]), rel=0.02)


def learner(rows, features, clip=0.125):
    """A linear model of two classes, of so many weights."""
    return Linear.sized(features - 1, 2, Request(rows, clip=clip))


def test_answer_gas__when_the_size_lies_between__then_so_does_the_gas():
    sizes = [10, 30, 400, 770, 1000, 1280]
    costs = [answer_gas(size) for size in sizes]

    assert costs == sorted(costs)
    assert costs[0] > 0


@pytest.mark.parametrize(
    ("k", "seconds", "memory_mb", "key_mb"), ((14, 2.1, 388, 82), (15, 4.5, 510, 164), (17, 17.3, 1478, 655))
)
def test_proving_cost__when_a_shape_was_measured__then_within_a_third(k, seconds, memory_mb, key_mb):
    """The three shapes of docs/benchmarks.md, all with two inner columns."""
    cost = proving_cost(k, 2)

    assert cost.seconds == pytest.approx(seconds, rel=0.34)
    assert cost.memory_mb == pytest.approx(memory_mb, rel=0.47)
    assert cost.memory_mb >= memory_mb
    assert cost.key_mb == pytest.approx(key_mb, rel=0.01)


def test_check_plan__when_an_update_does_not_fit_a_document__then_refused():
    check_plan(learner(64, MAX_DIMENSION), 1, 16)
    assert round_bytes(MAX_DIMENSION, 3).update <= MAX_BYTES

    with pytest.raises(ConfigError, match=f"{MAX_DIMENSION + 1} weights is too large"):
        check_plan(learner(64, MAX_DIMENSION + 1), 1, 16)


@pytest.mark.parametrize(("dimension", "parts"), ((4, 1), (2039, 1), (2040, 2), (16_000, 8)))
def test_answer_parts__when_an_update_has_more_than_a_part_holds__then_there_are_more(dimension, parts):
    assert answer_parts(dimension) == parts
    showing = [cost.what for cost in expenses(dimension, 1, 3) if cost.who == "trainer"][-1]
    assert ("parts" in showing) == (parts > 1)


@pytest.mark.parametrize("dimension", (30, 770, 1280))
def test_bond__when_an_answer_was_measured__then_it_pays_for_that_at_the_base_fee(dimension):
    for kind in (Kind.UPDATE, Kind.MASK, Kind.MODEL):
        assert 2 * assumed_gas(kind, dimension) >= int(CALLS[f"answer{kind.name.capitalize()}, D = {dimension}"])


def test_create_bytes__are_those_of_a_task_without_parents():
    point, address = Point(1, 2), "0x" + "1" * 40
    numbers = {name: 1 for name, kind in TaskConfig.__annotations__.items() if kind == "int"}
    hashes = {name: bytes(32) for name, kind in TaskConfig.__annotations__.items() if kind == "bytes"}
    texts = {name: address for name, kind in TaskConfig.__annotations__.items() if kind == "str"}
    points = {name: point for name, kind in TaskConfig.__annotations__.items() if kind == "Point"}
    config = TaskConfig(**numbers, **hashes, **texts, **points, tau=GENERATOR_2)
    data = encode_call("TaskManager", "createTask", (config, point, Origin(point), bytes(32)))
    assert len(data) == CREATE_BYTES


def test_check_plan__when_weights_could_outgrow_proofs__then_refused():
    with pytest.raises(ConfigError, match="could not be carried through"):
        check_plan(learner(142, 31, clip=1500), 300, 16)
    with pytest.raises(ConfigError, match="10000 proofs could tell 1"):
        check_plan(learner(142, 31), 10_000, 16)


def test_expenses__when_there_are_more_trainers_than_peers__then_a_trainer_pays_no_more():
    few, seventeen, many = (
        {cost.what: cost.gas for cost in expenses(31, 5, trainers) if cost.who == "trainer"}
        for trainers in (3, 17, 100)
    )

    assert few["mask"] < seventeen["mask"]
    assert seventeen == many


def test_round_bytes__when_there_are_more_trainers__then_an_update_more_each():
    three, four = round_bytes(31, 3), round_bytes(31, 4)

    assert four.total - three.total == three.update
    assert 32 * (31 + 9) < three.update < 32 * (31 + 9) + 1024
    assert 8 * 31 < three.model < 8 * 31 + 1024


def test_periods__when_a_proof_takes_longer__then_there_is_more_time_to_train():
    documents, average = round_bytes(31, 16), proving_cost(14, 1)

    def seconds(k):
        return {period.option: period.seconds for period in periods(proving_cost(k, 2), average, documents)}

    assert seconds(14)["--train-period"] < seconds(20)["--train-period"]
    assert all(value % 300 == 0 for value in seconds(14).values())


@pytest.mark.parametrize(
    ("words", "said"),
    (
        (["--rows", "8", "--features", "40000"], "40001 weights is too large"),
        (
            ["--rows", "142", "--features", "30", "--rounds", "10000", "--steps", "2", "--clip", "8"],
            "could not be carried through",
        ),
        (["--rows", "100000000", "--features", "30"], "no circuit can be made"),
    ),
)
def test_plan__when_no_such_task_can_be__then_it_says_so_before_it_measures(words, said, monkeypatch):
    monkeypatch.setattr("headwater.circuits.worker.run", lambda *_, **__: pytest.fail("it measured"))

    done = CliRunner().invoke(cli, ["plan", *words])

    assert done.exit_code == 1
    assert said in " ".join(done.stderr.replace("│", " ").split())


def test_plan__when_a_task_fits__then_every_table_is_there():
    done = CliRunner().invoke(
        cli, ["plan", "--rows", "8", "--features", "3", "--trainers", "3", "--gas-price", "20"], env={"COLUMNS": "100"}
    )

    assert done.exit_code == 0, done.output
    for text in ("4 weights, k = ", "deploy the verifiers", "all, with 3 trainers", "--train-period", "ETH", "bond of"):
        assert text in done.output
    assert "beyond what was tried" not in done.output


def test_plan__when_k_is_beyond_what_was_measured__then_it_warns(monkeypatch):
    monkeypatch.setattr("headwater.circuits.worker.sizes", lambda *_: [(200_000, cost.LARGE_K + 1), (100, 9)])

    done = CliRunner().invoke(cli, ["plan", "--rows", "142", "--features", "30"])

    assert done.exit_code == 0
    assert "beyond what was tried" in done.output
