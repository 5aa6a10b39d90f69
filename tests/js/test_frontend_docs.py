"""Every snippet that documents reading is what it says: complete, typed, and run on a chain with a task."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from headwater.storage.cid import Cid
from tests.js.conftest import BIN, BUILD, PACKAGE, Run
from tests.support.circuits import ROOT
from tests.support.story import Story

pytestmark = pytest.mark.js

PAGES = (ROOT / "README.md", ROOT / "docs" / "frontend.md", PACKAGE / "README.md")
SCAFFOLD = Path(__file__).parent / "scaffold"
SOURCES = BUILD / "docs"
OPTIONS = {
    "strict": True,
    "skipLibCheck": True,  # wagmi's own types do not fit those of react-query's latest
    "target": "es2022",
    "module": "esnext",
    "moduleResolution": "bundler",
    "jsx": "react-jsx",
    "types": ["node"],
    "paths": {"~~/*": ["./*"]},
}


@dataclass(frozen=True)
class Snippet:
    """A fenced block: where it stands, its language and text, and the file that the prose before it names for it."""

    place: str
    language: str
    text: str
    file: str | None

    def for_(self, story: Story, gateway: str) -> str:
        """The text with what is each reader's own: the node, the gateway, the task."""
        text = self.text.replace("http://127.0.0.1:8545", story.world.anvil.url)
        text = text.replace("http://127.0.0.1:8080", gateway)
        task_id = str(story.long.id)
        return re.sub(r"\b1n\b", f"{task_id}n", text).replace("latest(1)", f"latest({task_id})")


def snippets() -> Iterator[Snippet]:
    """The blocks of TypeScript and Python on all pages, in order."""
    for page in PAGES:
        text = page.read_text()
        for block in re.finditer(r"^```(tsx?|python)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            line = text[: block.start()].count("\n") + 1
            prose = text[: block.start()].rstrip().rpartition("\n\n")[2]
            named = re.search(r"`packages/nextjs/(\S+)`", prose)
            yield Snippet(f"{page.relative_to(ROOT)}:{line}", block[1], block[2], named and named[1])


ALL = list(snippets())
TYPESCRIPT = [snippet for snippet in ALL if snippet.language != "python"]
EXECUTED = [snippet for snippet in TYPESCRIPT if snippet.language == "ts"]
PYTHON = [snippet for snippet in ALL if snippet.language == "python"]


def place_of(snippet: Snippet) -> str:
    return snippet.place


def source_of(snippet: Snippet) -> Path:
    """Where a snippet is written to, to be compiled."""
    name = snippet.file or f"{re.sub(r'[^a-z0-9]', '-', snippet.place.lower())}.{snippet.language}"
    return SOURCES / name


@pytest.fixture(scope="module")
def compiled(built, story: Story, gateway: str, run: Run) -> Path:
    """All TypeScript snippets, checked by tsc --strict and compiled, beside what Scaffold-ETH 2 brings."""
    shutil.rmtree(SOURCES, ignore_errors=True)
    shutil.copytree(SCAFFOLD, SOURCES)
    for snippet in TYPESCRIPT:
        source = source_of(snippet)
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_text(snippet.for_(story, gateway))
    (SOURCES / "tsconfig.json").write_text(json.dumps({"compilerOptions": OPTIONS, "include": ["."]}))
    run(BIN / "tsc", "-p", SOURCES)
    return SOURCES


def test_pages__have_the_snippets_that_they_promise():
    told = "".join(snippet.text for snippet in ALL)
    for library in ("viem", "@wagmi/core", "wagmi", "ethers", "@tanstack/react-query", "~~/hooks/scaffold-eth"):
        assert f'from "{library}"' in told, library
    assert "from web3 import Web3" in told
    assert {place_of(snippet).partition(":")[0] for snippet in ALL} == {str(page.relative_to(ROOT)) for page in PAGES}


@pytest.mark.parametrize("snippet", EXECUTED, ids=place_of)
def test_snippet__run_with_node__says_something_true(snippet, compiled, story: Story, run: Run):
    told = run("node", source_of(snippet).with_suffix(".js"))
    if snippet.file:
        return  # a module that others import: tsc has compared it with what they expect
    world, task = story.world, story.long
    model = world.models.latest(task.id)
    facts = (
        f"task {task.id} of 7: round 4 is in Finalized, model of round 4",
        "ok: the weights are those that the commitment is of",
        f"0x{model.model_hash.hex()}",
        "round 4: Finalized, 0 s left",
        "task 1 admits: anybody",
        "has 5 model(s)",
        "0 pool(s)",
        "0 recorded answer(s)",
        "models of the kind mean are known now",
        *task.learner.columns.classes,
    )
    assert any(fact in told for fact in facts), told


@pytest.mark.parametrize("snippet", PYTHON, ids=place_of)
def test_snippet__run_with_python__accepts_the_tasks_model(snippet, story, gateway, run: Run, tmp_path: Path):
    world, task = story.world, story.long
    deployments = tmp_path / "deployments"
    shutil.copytree(world.folder / "deployments" / "anvil", deployments / "anvil")
    shutil.copytree(ROOT / "deployments" / "abi", deployments / "abi")
    model = world.models.latest(task.id)
    (tmp_path / "model").mkdir()
    document = tmp_path / "model" / "model.bin"
    document.write_bytes(world.store.get(Cid.from_digest(model.cid), 1 << 20))
    script = tmp_path / "snippet.py"
    script.write_text(snippet.for_(story, gateway))
    told = run(sys.executable, script, cwd=tmp_path)
    assert told == f"round 4, average of 3 proved updates, model hash 0x{model.model_hash.hex()}\n"
    document.write_bytes(document.read_bytes() + b" ")
    with pytest.raises(AssertionError, match="assert hashlib"):
        run(sys.executable, script, cwd=tmp_path)


def test_scaffold_snippet__with_a_function_that_there_is_not__does_not_compile(compiled, run: Run):
    """Else its types would be lost, and the snippet would pass whatever it says."""
    (snippet,) = (snippet for snippet in TYPESCRIPT if "useScaffoldReadContract" in snippet.text)
    source = source_of(snippet)
    right = source.read_text()
    try:
        source.write_text(right.replace('"latest"', '"newest"'))
        with pytest.raises(AssertionError, match='"newest"'):
            run(BIN / "tsc", "-p", SOURCES)
    finally:
        source.write_text(right)
