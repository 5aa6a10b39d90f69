"""A submission of several proofs, each from where the last one ended, on anvil with real proofs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from headwater.chain.asking.rpc import connect
from headwater.chain.contracts.events import Submitted
from headwater.chain.contracts.opened import Contracts, open_contracts
from headwater.chain.deploying.deploy import deploy
from headwater.chain.sending.sender import Sender
from headwater.circuits.srs import Srs
from headwater.errors import ContractError
from headwater.learners.linear import LinearSpec
from headwater.protocol.field import to_signed
from headwater.protocol.keccak import keccak256
from headwater.protocol.structs import TaskState
from scripts.benchmarks.links import Chain, open_chain
from tests.support.anvil import Anvil, run_anvil

pytestmark = pytest.mark.slow

SPEC = LinearSpec(rows=8, features=4, data_bits=4, model_bits=10, rate_shift=3, clip=1024, clamp=64)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Anvil]:
    with run_anvil(tmp_path_factory.mktemp("anvil") / "log") as anvil:
        yield anvil


@pytest.fixture(scope="module")
def contracts(node: Anvil, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Contracts:
    chain, root = connect(node.url), tmp_path_factory.mktemp("deployments")
    deploy(Sender(chain, node.accounts[0]), root, home)
    return open_contracts(chain, root)


@pytest.fixture
def chain(contracts: Contracts, node: Anvil, home: Path, srs: Srs) -> Chain:
    """A task of its own for each test."""
    senders = [Sender(contracts.chain, key) for key in node.accounts[:4]]
    return open_chain(contracts, senders, home, SPEC, srs)


def state(contracts: Contracts, chain: Chain) -> TaskState:
    return contracts.rounds.get_state(chain.task_id)


def refused(contracts: Contracts, chain: Chain, proofs: list[bytes], i: int = 0) -> str:
    with pytest.raises(ContractError) as caught:
        chain.trainers[i].send(contracts.proofs.submit(chain.task_id, proofs))
    assert state(contracts, chain).submitted == 0
    return caught.value.name


def test_two_links_on_two_data_matrices_are_one_submission(contracts: Contracts, chain: Chain) -> None:
    first = chain.prove(chain.start, chain.data[0][0], 1)
    second = chain.prove(first.output, chain.data[0][1], 2)
    assert second.points[0] == first.points[3]  # bit for bit
    trained = SPEC.train([0] * SPEC.dimension, *rows(chain.data[0][0]))
    near(first.output[: SPEC.dimension], trained)

    receipt = chain.trainers[0].send(contracts.proofs.submit(chain.task_id, [first.data, second.data]))

    event = receipt.event(Submitted)
    assert event.update == second.points[3]
    assert event.data_hashes == tuple(keccak256(proof.points[1].encode()) for proof in (first, second))
    assert state(contracts, chain).submitted == 1


def test_links_are_refused__that_do_not_hang_together(contracts: Contracts, chain: Chain) -> None:
    first = chain.prove(chain.start, chain.data[0][0], 1)
    again = chain.prove(chain.start, chain.data[0][1], 2)
    second = chain.prove(first.output, chain.data[0][1], 3)
    third = chain.prove(second.output, chain.data[0][0], 4)

    assert refused(contracts, chain, []) == "NoProof"
    assert refused(contracts, chain, [first.data, again.data]) == "LinkMismatch"
    assert refused(contracts, chain, [first.data, third.data]) == "LinkMismatch"  # one is left out
    assert refused(contracts, chain, [second.data]) == "ModelMismatch"
    assert refused(contracts, chain, [second.data, first.data]) == "ModelMismatch"


def test_a_link_on_anothers_data_is_refused(contracts: Contracts, chain: Chain) -> None:
    first = chain.prove(chain.start, chain.data[0][0], 1)
    foreign = chain.prove(first.output, chain.data[1][0], 2)

    assert refused(contracts, chain, [first.data, foreign.data]) == "DataNotOwned"
    assert refused(contracts, chain, [first.data], i=1) == "DataNotOwned"


def test_a_link_that_was_not_proved_is_refused(contracts: Contracts, chain: Chain) -> None:
    first = chain.prove(chain.start, chain.data[0][0], 1)
    second = chain.prove(first.output, chain.data[0][1], 2)
    third = chain.prove(second.output, chain.data[0][1], 3)
    forged = second.data[:192] + third.data[192:256] + second.data[256:]  # ends where it did not

    assert refused(contracts, chain, [first.data, forged]) == "InvalidProof"
    assert refused(contracts, chain, [first.data, second.data, second.data]) == "LinkMismatch"


def rows(data: tuple[int, ...]) -> tuple[list[list[int]], list[list[int]]]:
    used = [list(data[i : i + SPEC.width]) for i in range(0, SPEC.rows * SPEC.width, SPEC.width)]
    return [row[: SPEC.features] for row in used], [row[SPEC.features :] for row in used]


def near(found: tuple[int, ...], expected: list[int]) -> None:
    assert all(abs(to_signed(a) - b) <= 1 for a, b in zip(found, expected, strict=True))
