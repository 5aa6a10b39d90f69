"""The story that the npm package reads, its documents behind a gateway, and what the node says about it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from headwater.protocol.documents import MAX_BYTES
from tests.js.facts import facts
from tests.support.anvil import run_anvil
from tests.support.circuits import ROOT
from tests.support.gateway import run_gateway
from tests.support.roles import World
from tests.support.story import Story, play

PACKAGE = ROOT / "deployments" / "js"
BUILD, BIN = PACKAGE / "build", PACKAGE / "node_modules" / ".bin"

Run = Callable[..., str]
"""Runs a command in a folder, with variables added to its environment, and gives what it prints."""


@pytest.fixture(scope="session")
def run() -> Run:
    """Runs npm's tools: a failure shows all that they say."""

    def call(*command: str | Path, cwd: Path = PACKAGE, **environment: str) -> str:
        words = [str(word) for word in command]
        found = subprocess.run(
            words, cwd=cwd, env=os.environ | environment, capture_output=True, text=True, timeout=600, check=False
        )
        assert found.returncode == 0, f"{' '.join(words)}\n{found.stdout}\n{found.stderr}"
        return found.stdout

    return call


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Iterator[Story]:
    """The story, on a chain of its own: the first deployment there, so that its addresses are the package's."""
    folder = tmp_path_factory.mktemp("story")
    with run_anvil(folder / "anvil.log") as anvil:
        yield play(World(anvil, folder, home))


@pytest.fixture(scope="session")
def gateway(story: Story) -> Iterator[str]:
    """A gateway with the story's documents."""
    with run_gateway(lambda cid: story.world.store.get(cid, MAX_BYTES)) as url:
        yield url


@pytest.fixture(scope="session")
def facts_file(story: Story, gateway: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the node says about the story, as JSON."""
    folder = tmp_path_factory.mktemp("facts")
    path = folder / "facts.json"
    path.write_text(json.dumps(facts(story, folder) | {"gateway": gateway}))
    return path


@pytest.fixture(scope="session")
def built(run: Run) -> Path:
    """The package's `dist`, and its compiled tests: types are checked on the way."""
    run("npm", "run", "--silent", "build")
    run(BIN / "tsc", "-p", "tests")
    return BUILD
