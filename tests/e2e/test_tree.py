"""Nine tasks of four trainers, merged by three tasks and these by one: audited from the root, with real proofs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from headwater.reading.ancestry import read_ancestry
from headwater.roles.task import read_task
from headwater.storage.cid import Cid
from tests.support.anvil import run_anvil
from tests.support.roles import World
from tests.support.tree import ACCOUNTS, COHORT, LEAVES, SHARES, Tree, grow, typed

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Iterator[Tree]:
    folder = tmp_path_factory.mktemp("tree")
    with run_anvil(folder / "anvil.log", accounts=ACCOUNTS) as anvil:
        yield grow(World(anvil, folder, home, SHARES))


def weights(tree: Tree, task_id: int, round_: int) -> list[int]:
    task = read_task(tree.world.contracts, tree.world.store, task_id)
    return task.weights(tree.world.models.get_model(task_id, round_))


def test_root__is_the_mean_of_means__of_all_that_the_leaves_trained(tree):
    leaves = [weights(tree, leaf, 1) for leaf in tree.leaves]
    branches = [[sum(column) // 3 for column in zip(*leaves[n : n + 3], strict=True)] for n in (0, 3, 6)]
    root = [sum(column) // 3 for column in zip(*branches, strict=True)]
    assert weights(tree, tree.root, 0) == root
    assert any(root)


def test_audit__from_the_root__verifies_all_thirteen_tasks__each_once(tree):
    said = typed(tree.world, "audit", "--task", str(tree.root))
    assert re.search(r"\d+ checks of 13 tasks: 0 broken, 13 could not be made", said), said[-400:]  # an SRS for tests
    titles = re.findall(r"task (\d+): ", said)
    assert titles == [str(tree.root), *(str(n) for n in reversed([*tree.leaves, *tree.branches]))]
    assert said.count(": proof") == LEAVES * COHORT + LEAVES
    assert said.count("the proof of the merge") == 4
    only = typed(tree.world, "audit", "--task", str(tree.root), "--only")
    assert re.findall(r"task (\d+): ", only) == [str(tree.root)]


def test_audit__from_the_root__finds_what_a_leaf_lacks(tree):
    model = tree.world.models.get_model(tree.leaves[0], 1)
    (path,) = (path for path in tree.world.stored() if str(Cid.from_digest(model.cid)) in str(path))
    kept = path.read_bytes()
    path.unlink()
    try:
        said = typed(tree.world, "audit", "--task", str(tree.root))
        assert "0 broken, 14 could not be made" in said
    finally:
        path.write_bytes(kept)


def test_lineage__of_the_root__rests_on_the_data_of_all(tree):
    ancestry = read_ancestry(tree.world.contracts, tree.root)
    everybody = [tree.world.senders[i + 1].address for i in range(LEAVES * COHORT)]
    assert [use.trainer for use in ancestry.data] == everybody
    assert not ancestry.left_out
    said = typed(tree.world, "explain", "--task", str(tree.root), "--lineage")
    assert "rests on 36 data commitments" in said
    assert said.count("4 updates in round 1") == LEAVES
    assert said.count("1/3 × ") == 12


def test_without__one_of_thirty_six__starts_from_the_newest_branch_that_it_is_not_in(tree):
    leaver = tree.world.senders[LEAVES * COHORT].address  # of the last leaf, and so of the last branch
    said = typed(tree.world, "task", "create", "--from", str(tree.root), "--without", leaver, "--name", "without")
    assert f"the first model of task {tree.branches[1]}, the newest that does not, is the start" in said
    assert f"the first model of task {tree.branches[0]} does not either" in said
    assert leaver not in read_ancestry(tree.world.contracts, tree.world.tasks.task_count()).people
