"""Wants: a false proof, or a false word about one, in the name of who has it made on machines of others.

Tries: as who runs a Dask worker, to answer with a proof of other inputs, another output, a broken proof or none; to
call a right proof false; or to be slow until it is too late.
Stopped: a node verifies what comes back and compares what it commits to, and has time left to prove it itself. Of what
a worker accepts in an audit there is only its word, and the audit says so.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from headwater.circuits.circuit import Circuit, Proof
from headwater.circuits.cluster import PATIENCE, Cluster
from headwater.circuits.machines import Here
from headwater.errors import CircuitError
from headwater.protocol.field import to_ezkl
from tests.support.circuits import SMALL, training_inputs
from tests.support.cluster import Machines, run_machines

HONEST, OTHERS = 1, 2
"""Seeds of inputs."""


class Trusting(Cluster):
    """A node that takes what a worker gives it."""

    def _problem(self, *_):
        return ""


class Believing(Cluster):
    """An auditor that takes a worker's word for what is refused."""

    def verify(self, circuit, proofs):
        return self._verify(circuit, proofs)


class Kept(Here):
    """This machine, where the proof has been made before."""

    def __init__(self, proof: Proof) -> None:
        super().__init__()
        self.proof, self.limits = proof, []

    def prove(self, circuit, inputs, limit, stop):
        self.limits.append(limit)
        return answer(self.proof)


def answer(proof: Proof, data: bytes | None = None, output: tuple[int, ...] | None = None) -> dict:
    """What `worker.prove` gives of a proof."""
    timing = ("witness_seconds", "prove_seconds", "prove_cpu_seconds", "peak_memory_mb")
    return {
        "proof": "0x" + (proof.data if data is None else data).hex(),
        "output": [to_ezkl(entry) for entry in (proof.output if output is None else output)],
        **{name: getattr(proof, name) for name in timing},
    }


@pytest.fixture(scope="module")
def lying(tmp_path_factory, home, train: Circuit) -> Iterator[Machines]:
    with run_machines(tmp_path_factory.mktemp("lying"), workers=0, circuits=home / "circuits") as machines:
        machines.add("--preload", "tests.support.lying_worker")
        yield machines


@pytest.fixture(scope="module")
def others(train: Circuit) -> Proof:
    return train.prove(training_inputs(SMALL, OTHERS))


def tell(lying: Machines, lie: object) -> None:
    (lying.workers[0].folder / "lie.json").write_text(json.dumps(lie))


def of_other_inputs(mine: Proof, others: Proof) -> dict:
    return answer(others)


def of_other_inputs_under_my_name(mine: Proof, others: Proof) -> dict:
    return answer(others, output=mine.output)


def of_another_output(mine: Proof, others: Proof) -> dict:
    return answer(mine, output=(mine.output[0] + 1, *mine.output[1:]))


def broken_behind_its_points(mine: Proof, others: Proof) -> dict:
    return answer(mine, data=mine.data[:256] + others.data[256:])


def longer_than_a_proof(mine: Proof, others: Proof) -> dict:
    """EZKL's own verifier takes it, the contract does not."""
    return answer(mine, data=mine.data + bytes(32))


def no_proof(mine: Proof, others: Proof) -> dict:
    return {**answer(mine), "proof": "0x00"}


LIES = (of_other_inputs, of_other_inputs_under_my_name, of_another_output, broken_behind_its_points)


@pytest.mark.parametrize("lie", (*LIES, longer_than_a_proof))
def test_proof__that_a_worker_made_up(attack, lying, train, train_proof, others, lie):
    tell(lying, lie(train_proof, others))
    notes, inputs, here = [], training_inputs(SMALL, HONEST), Kept(train_proof)

    def proved(kind: type[Cluster]) -> Proof:
        return replace(train, machines=kind(lying.address, here, notes.append)).prove(inputs)

    with attack.works_on(Trusting):
        found = proved(Trusting)
        assert (found.data, found.output) != (train_proof.data, train_proof.output)
    assert not here.limits
    assert proved(Cluster) == train_proof
    assert here.limits
    assert "none is asked again" in notes[-1]
    attack.gains("some of the node's time: it proves it itself, and asks no worker again")


def test_proof__that_is_none(lying, train, train_proof, others):
    here, lookalikes = Kept(train_proof), [f"1{0:063}", *answer(train_proof)["output"][1:]]
    numbers = {**answer(train_proof), "output": [int(entry) if entry.isdecimal() else entry for entry in lookalikes]}
    for lie in (no_proof(train_proof, others), numbers, {}, [], "proof", None):
        tell(lying, lie)
        cluster = Cluster(lying.address, here, lambda _: None)
        assert replace(train, machines=cluster).prove(training_inputs(SMALL, HONEST)) == train_proof
    assert len(here.limits) == 6


class Crediting(Cluster):
    """A node that keeps what a worker says of time and memory."""

    def prove(self, circuit, inputs, limit, stop):
        return self._ask("prove", circuit, limit, stop, inputs=inputs)


@pytest.mark.parametrize("figure", ("prove_seconds", "peak_memory_mb"))
def test_right_proof__that_is_said_to_have_taken_for_ever(attack, lying, train, train_proof, figure):
    """A trainer that believed it would find no round long enough."""
    tell(lying, {**answer(train_proof), figure: 1e12})

    def proved(kind: type[Cluster]) -> Proof:
        cluster = kind(lying.address, Kept(train_proof), lambda _: None)
        return replace(train, machines=cluster).prove(training_inputs(SMALL, HONEST))

    with attack.works_on(Crediting):
        assert getattr(proved(Crediting), figure) == 1e12
    tell(lying, {**answer(train_proof), figure: 10**400})
    found = proved(Cluster)
    assert (found.data, found.output) == (train_proof.data, train_proof.output)
    assert getattr(found, figure) < 1e4
    attack.gains("nothing: what a proof takes is measured here")


def test_answer__of_more_bytes_than_any(lying, train, train_proof):
    tell(lying, {**answer(train_proof), "proof": "00" * (1 << 24)})
    here, notes = Kept(train_proof), []
    cluster = Cluster(lying.address, here, notes.append)
    assert replace(train, machines=cluster).prove(training_inputs(SMALL, HONEST)) == train_proof
    assert "more than 16777216 bytes" in notes[-1]


def test_right_proof__called_false(attack, lying, train, train_proof):
    tell(lying, {"accepted": [False, False]})
    proofs = [train_proof.data, train_proof.data[:-32]]
    with attack.works_on(Believing):
        assert Believing(lying.address, Here(), lambda _: None, is_believed=True).verify(train, proofs) == [
            False,
            False,
        ]
    cluster = Cluster(lying.address, Here(), lambda _: None, is_believed=True)
    assert cluster.verify(train, proofs) == [True, False]
    tell(lying, {"accepted": [True, True]})
    assert cluster.verify(train, proofs) == [True, True], "this is believed, and told:"
    assert cluster.rests_on == f"the workers of {lying.address}"
    unasked = Cluster(lying.address, Here(), lambda _: None)
    assert unasked.verify(train, proofs) == [True, False], "a node that reviews asks no worker"
    attack.gains("nothing by calling right what is false, but in an audit that says on whose word it rests")


def test_worker__that_never_answers(attack, lying, train, train_proof):
    """Until the phase's deadline, after which a trainer loses stake."""
    tell(lying, answer(train_proof))
    here, limit = Kept(train_proof), 16.0
    worker = lying.workers[0].popen
    cluster = Cluster(lying.address, here, lambda _: None)
    os.kill(worker.pid, signal.SIGSTOP)
    try:
        with attack.works_on("A node that leaves all the time there is to a worker."):
            began = time.monotonic()
            with pytest.raises(CircuitError):
                cluster._ask("prove", train, limit, None, inputs=[])
            assert time.monotonic() - began >= limit
        began = time.monotonic()
        assert replace(train, machines=cluster).prove(training_inputs(SMALL, HONEST), limit) == train_proof
        assert time.monotonic() - began < limit
    finally:
        os.kill(worker.pid, signal.SIGCONT)
    assert here.limits[0] > limit * (1 - PATIENCE) / 2
    attack.gains("half of the time that a proof may take")
