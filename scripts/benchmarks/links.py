"""Gas of a chain: an update that several proofs in a row make, each from where the last one ended, on several data.

The model input of `train` has an update's length. C([w | tag]) = C([w | tag | 0..]), so the first proof takes the
task's model, and every further one the point with which the last one ended.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from headwater.chain.contracts.events import TaskCreated
from headwater.chain.contracts.opened import Contracts
from headwater.chain.sending.sender import Sender
from headwater.circuits.average import Average
from headwater.circuits.circuit import Circuit, Proof, build, proof_points
from headwater.circuits.openings import basis_quotient, task_basis, tau_g2
from headwater.circuits.srs import Srs
from headwater.learners.linear import LinearSpec
from headwater.learners.linear.statement import LinearUpdate
from headwater.protocol.curve import Point
from headwater.protocol.field import P
from headwater.protocol.keccak import keccak256
from headwater.protocol.masks import mask_key
from headwater.protocol.noise import draw, salt_input
from headwater.protocol.possession import prove
from headwater.protocol.structs import ZERO_ADDRESS, ZERO_HASH, Link, Origin, TaskConfig
from headwater.protocol.vectors import UPDATE_SALTS, model_input

DAY = 24 * 3600
TRAINERS = 3


@dataclass(frozen=True)
class Chain:
    """A task whose train verifier takes links, and the trainers on its roster.

    Attributes:
        start: the first model's vector, [0 | tag | 0..].
        data: of each trainer two data vectors, registered in this order.
    """

    task_id: int
    link: Circuit
    start: tuple[int, ...]
    data: tuple[tuple[tuple[int, ...], ...], ...]
    trainers: tuple[Sender, ...]

    def prove(self, start: Sequence[int], data: Sequence[int], seed: int) -> Proof:
        """A link from a vector, on data; salts and noise follow from the seed."""
        noise = draw(b"noise that everybody may know: " + bytes(8), self.link.statement.decomposition_limit, seed)
        return self.link.prove([start, data, salt_input(_random(seed, UPDATE_SALTS), noise)])


def open_chain(
    contracts: Contracts, senders: Sequence[Sender], home: Path, spec: LinearSpec, srs: Srs, review_period: int = 0
) -> Chain:
    """A task of links from zeros, with three trainers of two random data matrices each, in Train.

    Args:
        senders: the creator, then the trainers.

    Raises:
        ChainError, CircuitError: something failed.
    """
    creator, trainers = senders[0], tuple(senders[1 : 1 + TRAINERS])
    link, average = build(home, LinearUpdate.of(spec), srs), build(home, Average(spec.dimension), srs)
    circuits = (link, average)
    one, other = (creator.deploy(bytes.fromhex(c.verifier.bytecode[2:]), c.statement.kind)[0] for c in circuits)
    hashes = [bytes.fromhex(c.verifier.code_hash[2:]) for c in circuits]
    task_id = create_raw(
        contracts, creator, average, spec.dimension, (one, other), (hashes[0], hashes[1]), review_period=review_period
    )
    tag = contracts.tasks.tag(task_id)
    data = tuple(tuple(_data(spec, 2 * i + j) for j in range(2)) for i in range(TRAINERS))
    for i, trainer in enumerate(trainers):
        secret = i + 2
        points = [link.commit(vector) for vector in data[i]]
        possession = prove(secret, tag, trainer.address)
        trainer.send(contracts.trainers.enrol(task_id, points, mask_key(secret), possession))
        trainer.send(contracts.rounds.join(task_id))  # the last one fills the roster
    start = tuple(model_input([0] * spec.dimension, tag))
    return Chain(task_id, link, start, data, trainers)


def measure(contracts: Contracts, senders: Sequence[Sender], home: Path, spec: LinearSpec, srs: Srs) -> int:
    """Gas of a second link: of a submission of two proofs, less one of one.

    Neither is the roster's last, which pays for closing it.
    """
    chain = open_chain(contracts, senders, home, spec, srs)
    gas = []
    for i, links in enumerate((1, 2)):
        proofs, at = [], chain.start
        for j in range(links):
            proof = chain.prove(at, chain.data[i][j], 10 * i + j)
            proofs.append(proof.data)
            at = proof.output
        gas.append(chain.trainers[i].send(contracts.proofs.submit(chain.task_id, proofs)).gas_used)
    return gas[1] - gas[0]


def measure_on_demand(
    contracts: Contracts, senders: Sequence[Sender], home: Path, spec: LinearSpec, srs: Srs
) -> tuple[int, int]:
    """Gas of claiming an update of one link, and of a further link in a transaction of its own.

    Both are of trainers that are neither the first nor the last of the roster.
    """
    chain = open_chain(contracts, senders, home, spec, srs, DAY)
    proof = chain.prove(chain.start, chain.data[0][0], 1)
    end = proof_points(proof.data, 4)[3]
    links = [
        [Link(keccak256(chain.link.commit(data).encode()), end, keccak256(proof.data)) for data in own]
        for own in chain.data
    ]
    first, second = chain.trainers[:2]
    claim = contracts.proofs.claim
    first.send(claim(chain.task_id, links[0][:1], last=False))
    further = first.send(claim(chain.task_id, links[0][1:], last=False)).gas_used
    return second.send(claim(chain.task_id, links[1][:1], last=True)).gas_used, further


def create_raw(
    contracts: Contracts,
    creator: Sender,
    circuit: Circuit,
    dimension: int,
    verifiers: tuple[str, str],
    code_hashes: tuple[bytes, bytes],
    model: Point | None = None,
    review_period: int = 0,
    admission: str = ZERO_ADDRESS,
) -> int:
    """A task of one round, without documents: of three trainers, without stake, for a day a phase.

    Args:
        circuit: any of its k and SRS.
        verifiers: of train and average, with the hashes of their code.
        model: the commitment of the first model's weights; by default zeros.
    """
    srs = circuit.srs
    basis = task_basis(srs, dimension)
    config = TaskConfig(
        train_verifier=verifiers[0],
        train_code_hash=code_hashes[0],
        average_verifier=verifiers[1],
        average_code_hash=code_hashes[1],
        score_verifier=ZERO_ADDRESS,
        score_code_hash=ZERO_HASH,
        manifest=bytes(31) + b"\1",
        srs=bytes.fromhex(srs.id),
        k=srs.k,
        dimension=dimension,
        rounds=1,
        min_trainers=TRAINERS,
        max_trainers=TRAINERS,
        max_links=3,
        review_period=review_period,
        quiet_bound=0,
        admission=admission,
        join_period=DAY,
        train_period=DAY,
        mask_period=DAY,
        aggregate_period=DAY,
        challenge_period=DAY,
        answer_period=DAY // 24,
        unbonding_period=DAY,
        stake=0,
        aggregator_fee=0,
        challenge_bond=0,
        fault_slash=0,
        absence_slash=0,
        offset=basis.offset,
        basis0=basis.basis0,
        basis1=basis.basis1,
        basis_d=basis.basis_d,
        tau=tau_g2(srs),
    )
    quotient = basis_quotient(circuit, dimension)
    origin = Origin(model or basis.offset)  # the offset is what zeros commit to
    receipt = creator.send(contracts.tasks.create_task(config, quotient, origin, bytes(31) + b"\2", 0))
    return receipt.event(TaskCreated).task_id


def _data(spec: LinearSpec, seed: int) -> tuple[int, ...]:
    """A full matrix of random rows, and its salts."""
    rng = random.Random(seed)
    rows: list[int] = []
    for _ in range(spec.rows):
        rows += [rng.randint(-spec.clamp, spec.clamp) for _ in range(spec.features)]
        rows += [rng.choice((-1, 1)) for _ in range(spec.outputs)]
    return (*rows, *_random(seed, spec.salts))


def _random(seed: int, count: int) -> list[int]:
    rng = random.Random(seed)
    return [rng.randrange(P) for _ in range(count)]
