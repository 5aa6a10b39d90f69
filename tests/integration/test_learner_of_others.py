"""Somebody else's learner, in a package of its own: installed, and used in a real round (docs/learners.md)."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from headwater.circuits.circuit import build
from headwater.cli.main import cli
from headwater.errors import TaskError
from headwater.learners.learner import Request, find, names
from headwater.protocol.decisions import Deposit, Enrol, Join, Mask, Publish, Submit
from headwater.protocol.field import to_signed
from headwater.protocol.noise import draw, salt_input
from headwater.protocol.vectors import average, model_input
from headwater.reading.models import load, pull
from headwater.roles.creating import create_task
from headwater.roles.task import read_task
from headwater.storage.manifests import TaskManifest
from tests.support.circuits import TAG, random_salts
from tests.support.roles import CREATOR, FEATURES, TERMS

PACKAGE = Path(__file__).resolve().parents[1] / "packages" / "headwater-location"
WILD = 60 << 6  # deviations from the middle, in units of values


@pytest.fixture(scope="module")
def installed(tmp_path_factory, home):
    """The package, installed where this process and its workers find it."""
    target = tmp_path_factory.mktemp("site")
    command = (sys.executable, "-m", "pip", "install", "-qq", "--no-deps", "--no-index", "--no-build-isolation")
    source = tmp_path_factory.mktemp("source") / "package"  # where the build leaves what it makes
    source.parent.joinpath("package").mkdir()
    for path in PACKAGE.rglob("*.[pt][yo]*"):
        copy = source / path.relative_to(PACKAGE)
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(path.read_bytes())
    subprocess.run([*command, "--target", str(target), str(source)], check=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(target))
        patch.setenv("PYTHONPATH", f"{target}:{os.environ.get('PYTHONPATH', '')}")
        importlib.invalidate_caches()
        yield target
    for name in [name for name in sys.modules if name.startswith("headwater_location")]:
        del sys.modules[name]


@pytest.fixture
def learner(installed, world):
    request = Request(8, features=FEATURES, settings={"rate": "2"})
    return find("location").describe(world.held_out, request)


def test_learner__that_is_installed__is_known_by_its_name(installed):
    assert "location" in names()
    assert "location" in CliRunner().invoke(cli, ["task", "learners"]).output
    done = CliRunner().invoke(cli, ["plan", "--learner", "location", "--rows", "8", "--features", "3"])
    assert done.exit_code == 0, done.output
    assert "3 weights" in done.output


@pytest.mark.slow
def test_round__of_somebody_elses_learner__makes_its_model(world, learner, tmp_path):
    world = world.at("created")
    place = (world.contracts, world.senders[CREATOR], world.store, world.home)
    task = world.open(create_task(*place, learner, replace(TERMS, rounds=1)))
    trainers = [world.trainer(i, task) for i in range(3)]
    for actions in ((Deposit, Enrol), (Join,), (Submit,), (Mask,), (Publish,)):
        for trainer in trainers:
            world.steps(trainer, *actions)
    world.finalize(task)
    updates = [learner.update([0] * 3, trainer.dataset) for trainer in trainers]
    assert task.current_model() == average([sum(column) for column in zip(*updates, strict=True)], 3)[0]
    assert any(task.current_model())

    pulled = pull(task, task.contracts.models.latest(task.id), tmp_path / "model")
    assert load(tmp_path / "model") == pulled
    done = CliRunner().invoke(cli, ["model", "predict", str(tmp_path / "model"), "--data", str(world.held_out)])
    assert done.exit_code == 0, done.output
    assert done.output.startswith(",".join(FEATURES))

    manifest = task.manifest.model_dump(mode="json", by_alias=True) | {
        "learner": {"kind": "elsewhere", "package": "headwater-elsewhere"}
    }
    other = world.put(TaskManifest.model_validate(manifest))
    foreign = world.create(task.tagged(task.config.offset), manifest=other.digest)
    with pytest.raises(TaskError, match="no package that is installed brings a learner 'elsewhere'"):
        read_task(world.contracts, world.store, foreign)


@pytest.mark.slow
def test_row__of_wild_values__moves_a_middle_without_the_clip__and_with_it_no_further_than_any(installed, home, srs):
    statements = importlib.import_module("headwater_location.statement")
    twins = importlib.import_module("headwater_location.attack")
    honest, weak = (kind(4, 3, rate_shift=2) for kind in (statements.LocationUpdate, twins.Unclipped))
    rows = [[WILD] * 3 + [1], [WILD] * 3 + [9]]  # the second claims to count nine times

    def moved(statement):
        data = [entry for row in (*rows, *[[0] * 4] * 2) for entry in row]
        noise = draw(b"the noise of tests, known to all", statement.decomposition_limit)
        inputs = [model_input([0] * 3, TAG), [*data, *random_salts(1, 4)], salt_input(random_salts(2), noise)]
        return [to_signed(entry) for entry in build(home, statement, srs).prove(inputs).output[:3]]

    assert min(moved(weak)) == 10 * WILD << 4, "ten times sixty deviations, at a rate of a quarter"
    assert moved(honest) == honest.update([0] * 3, [row[:3] for row in rows]) == [2 << 10] * 3
