"""`@headwater/contracts` says about a chain what the node says, and is published as it should be.

The tests themselves are TypeScript, in deployments/js/tests; they run here under node's own test runner, one after
another, against the same chain and documents.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.js.conftest import BIN, PACKAGE, Run
from tests.support.circuits import ROOT

pytestmark = pytest.mark.js

SUITES = sorted(path.name.removesuffix(".test.ts") for path in (PACKAGE / "tests").glob("*.test.ts"))
MODULES = sorted(path.relative_to(PACKAGE / "src").with_suffix("") for path in (PACKAGE / "src").rglob("*.ts"))
COMPILED = [f"dist/{module}{ending}" for module in MODULES for ending in (".d.ts", ".js")]
PUBLISHED = ["LICENSE", "README.md", "package.json", *COMPILED]
RESOLUTIONS = {"bundler": ["--module", "esnext"], "node16": ["--module", "node16"]}


@pytest.mark.parametrize("suite", SUITES)
def test_package__on_a_real_chain__says_what_the_node_says(suite, built, facts_file, run: Run):
    told = run("node", "--test", built / "tests" / f"{suite}.test.js", HEADWATER_FACTS=str(facts_file))
    assert int(re.findall(r"^# pass (\d+)$", told, re.MULTILINE)[0]) > 0, told


def test_pack__has_exactly_the_published_files(built, run: Run):
    (packed,) = json.loads(run("npm", "pack", "--dry-run", "--json"))
    assert sorted(file["path"] for file in packed["files"]) == sorted(PUBLISHED)
    assert (packed["name"], packed["version"]) == ("@headwater/contracts", "0.1.0")


@pytest.fixture
def consumer(built, run: Run, tmp_path: Path) -> Path:
    """A project that installed the packed package and viem, and holds the example."""
    run("npm", "pack", "--silent", "--pack-destination", tmp_path)
    (tmp_path / "unpacked").mkdir()
    run("tar", "-xzf", next(tmp_path.glob("*.tgz")), "-C", tmp_path / "unpacked")
    modules = tmp_path / "project" / "node_modules"
    (modules / "@headwater").mkdir(parents=True)
    (tmp_path / "unpacked" / "package").rename(modules / "@headwater" / "contracts")
    for name in ("viem", "abitype", "ox", "typescript", "@noble"):
        (modules / name).symlink_to(PACKAGE / "node_modules" / name)
    (tmp_path / "project" / "package.json").write_text('{"type": "module"}')
    shutil.copy(PACKAGE / "example" / "main.ts", tmp_path / "project")
    return tmp_path / "project"


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_example__against_the_packed_package__passes_tsc_strict(resolution, consumer, run: Run):
    options = ["--noEmit", "--strict", "--target", "es2022", "--moduleResolution", resolution]
    run(BIN / "tsc", *options, *RESOLUTIONS[resolution], "main.ts", cwd=consumer)


def test_example__with_a_wrong_type__does_not_pass(consumer, run: Run):
    """Else the test above would prove nothing: types that got lost are `any`, and pass everything."""
    main = consumer / "main.ts"
    main.write_text(main.read_text() + "\nconst wrong: string = deploymentOf(31337).startBlock;\n")
    with pytest.raises(AssertionError, match="not assignable to type 'string'"):
        test_example__against_the_packed_package__passes_tsc_strict("bundler", consumer, run)


def test_example__as_it_stands_in_the_repository__passes_tsc_strict(built, run: Run):
    run(BIN / "tsc", "--noEmit", "--strict", "-p", "example")


def test_package__bundled_for_browsers__needs_nothing_of_node(built, run: Run, tmp_path: Path):
    bundle = tmp_path / "bundle.js"
    run(BIN / "esbuild", "dist/index.js", "--bundle", "--format=esm", "--platform=browser", f"--outfile={bundle}")
    assert "fetchContent" in bundle.read_text()


def test_package__of_which_one_function_is_used__brings_no_more_than_that(built, run: Run, tmp_path: Path):
    entry = tmp_path / "entry.js"
    entry.write_text(f'export {{ digestFromCid }} from "{PACKAGE / "dist" / "index.js"}";')
    bundle = tmp_path / "bundle.js"
    run(BIN / "esbuild", entry, "--bundle", "--minify", "--format=esm", f"--outfile={bundle}")
    assert "createTask" not in bundle.read_text(), "no ABI"
    assert bundle.stat().st_size < 40_000


def test_licence__of_the_package__is_the_repositorys():
    assert (PACKAGE / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
