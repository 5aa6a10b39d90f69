"""A round of every kind of model, from a CSV file to a prediction: created, trained, averaged, pulled, scored."""

from __future__ import annotations

import csv
import random
from dataclasses import replace

import pytest
from click.testing import CliRunner

from headwater.cli.main import cli
from headwater.errors import ConfigError
from headwater.learners.gram import Gram
from headwater.learners.learner import Request
from headwater.learners.linear import Linear
from headwater.learners.mlp import Mlp
from headwater.protocol.decisions import Deposit, Enrol, Join, Mask, Publish, Submit
from headwater.protocol.vectors import average
from headwater.reading.models import load, pull
from headwater.roles.creating import create_task
from tests.support.roles import CREATOR, TERMS

ROUND = replace(TERMS, rounds=1)
KINDS = {
    "counts": (Linear, Request(6, label="visits", missing="mean", settings={"loss": "poisson", "penalty": "0.1"})),
    "network": (Mlp, Request(6, label="ill", settings={"hidden": "2"})),
    "pairs": (Gram, Request(6, features=("a", "b", "c"), settings={"ridge": "2"})),
}


@pytest.fixture
def files(tmp_path):
    """Rows of four people's files: the last one's are held out."""
    rng, header = random.Random(4), ("age", "sex", "visits", "ill", "a", "b", "c")
    paths = []
    for number in range(4):
        paths.append(tmp_path / f"{number}.csv")
        with paths[-1].open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            for _ in range(6):
                age, sex = rng.randint(20, 80), rng.choice("fm")
                has = [rng.randint(0, 1) for _ in range(3)]
                writer.writerow((age, sex, rng.randint(0, 5), "yes" if age > 50 else "no", *has))
    return paths


@pytest.mark.slow
@pytest.mark.parametrize("name", KINDS)
def test_round__of_each_kind__makes_the_average_of_exact_updates__that_predicts(world, files, tmp_path, name):
    world = world.at("created")
    kind, request = KINDS[name]
    leave_out = () if kind is Gram else ("a", "b", "c", "ill" if request.label == "visits" else "visits")
    learner = kind.describe(files[3], replace(request, leave_out=leave_out))
    place = (world.contracts, world.senders[CREATOR], world.store, world.home)
    task = world.open(create_task(*place, learner, ROUND))
    assert task.learner.facts.keys() == learner.facts.keys()
    trainers = [world.trainer(i, task, files[i]) for i in range(3)]
    for actions in ((Deposit, Enrol), (Join,), (Submit,), (Mask,), (Publish,)):
        for trainer in trainers:
            world.steps(trainer, *actions)
    world.finalize(task)

    first = learner.first_weights()
    assert task.base_model(1) == first
    updates = [learner.update(first, trainer.dataset) for trainer in trainers]
    assert task.current_model() == average([sum(column) for column in zip(*updates, strict=True)], 3)[0] != first
    pulled = pull(task, world.models.latest(task.id), tmp_path / "model")
    assert load(tmp_path / "model") == pulled
    done = CliRunner().invoke(cli, ["model", "predict", str(tmp_path / "model"), "--data", str(files[3])])
    assert done.exit_code == 0, done.output
    held_out = learner.read(files[3], training=False)
    said = learner.predict(task.current_model(), held_out)
    assert list(csv.reader(done.stdout.splitlines()))[:7] == [list(said.header), *map(list, said.rows)]
    assert str(learner.evaluate(task.current_model(), held_out)) in done.output.replace("\n", " ")
    origin = CliRunner().invoke(cli, _show(world, task.id))
    assert origin.exit_code == 0, origin.output
    assert ("what its learner draws from its seed" if any(first) else "zeros") in origin.output


def _show(world, task_id):
    where = ("--rpc", world.anvil.url, "--deployments", str(world.folder / "deployments"))
    return ["task", "show", str(task_id), *where, "--store", f"dir:{world.folder / 'store'}", "--home", str(world.home)]


def test_pairs__in_two_rounds__are_refused_before_anything_is_sent(world, files):
    world = world.at("created")
    learner = Gram.describe(files[3], KINDS["pairs"][1])
    place = (world.contracts, world.senders[CREATOR], world.store, world.home)
    with pytest.raises(ConfigError, match="pairs are counted in one round, and not in 2"):
        create_task(*place, learner, TERMS)
