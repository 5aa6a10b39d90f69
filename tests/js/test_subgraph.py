"""The subgraph compiles with graph-node's own compiler. deployments/js/tests/subgraph.test.ts runs its handlers."""

from __future__ import annotations

import pytest

from tests.js.conftest import Run
from tests.support.circuits import ROOT

pytestmark = pytest.mark.js

SUBGRAPH = ROOT / "deployments" / "subgraph"


def test_subgraph__built_by_graph_cli__gives_a_module_for_each_contract(run: Run):
    told = run("npm", "run", "--silent", "build", cwd=SUBGRAPH)
    assert "Build completed" in told
    modules = {path.stem for path in (SUBGRAPH / "build").glob("*/*.wasm")}
    assert modules == {"TaskManager", "ModelRegistry", "ChallengeManager", "StakeManager"}
