"""Inferences: opening a task for them, issuing rows, and proving what a finalized model says of one.

A proof about a row publishes an equation over its entries (docs/adr/0007): so the journal counts them, gives one that
it has again, and makes no more than there are salts, less one.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from headwater.chain.contracts.opened import Contracts
from headwater.chain.sending.sender import Receipt, Sender
from headwater.circuits.circuit import Circuit, Proof
from headwater.circuits.infer import Infer
from headwater.circuits.proofs import pack_proof, unpack_proof
from headwater.errors import CircuitError, ConfigError
from headwater.journal.secrets import SecretStore
from headwater.learners.learner import Learner
from headwater.protocol.curve import Point
from headwater.protocol.field import pack, to_signed
from headwater.protocol.inferences import MOST_ROW_PROOFS, MOST_VALUE, public_vector
from headwater.protocol.noise import draw
from headwater.protocol.phases import Question
from headwater.protocol.structs import ZERO_ADDRESS, Query, Setup
from headwater.protocol.vectors import model_input
from headwater.roles.report import Report, silent
from headwater.roles.rows import CommittedRow
from headwater.roles.scores import deploy_verifier
from headwater.roles.task import Task, point_hash

INFER = "infer"
"""How the manifest names the circuit."""


def inference_statement(learner: Learner) -> Infer:
    """The statement of a learner's inferences.

    Raises:
        ConfigError: it has none, or numbers that a query cannot say.
    """
    statement = learner.infer_statement
    if statement is None:
        raise ConfigError(
            f"models of the kind {learner.kind!r} have no inferences", "leave out --inference: nothing was sent"
        )
    if 2 * statement.z_limit >= MOST_VALUE:
        raise ConfigError(
            f"what these models say of a row may reach 2^{statement.z_limit.bit_length()}, and thresholds are 64-bit",
            "take fewer features or bits: nothing was sent",
        )
    return statement


def open_inference(
    contracts: Contracts, sender: Sender, task_id: int, circuit: Circuit, report: Report = silent
) -> Receipt:
    """Deploy the verifier of a task's inferences, and open it for them: its creator, once.

    Raises:
        ContractError: the task is open, or somebody else's.
    """
    if not isinstance(circuit.statement, Infer):
        raise CircuitError(
            f"the circuit is of {circuit.statement.kind}, not of inferences", "build that of the learner"
        )
    address = deploy_verifier(sender, INFER, circuit, report)
    setup = Setup(address, circuit.statement.table[1], bytes.fromhex(circuit.verifier.code_hash[2:]))
    receipt = sender.send(contracts.inferences.open(task_id, setup))
    report("opened for inferences", gas=receipt.gas_used)
    return receipt


def issue(task: Task, sender: Sender, row: CommittedRow) -> tuple[Point, Receipt]:
    """Vouch for a row, whose file is safe: its commitment, and the transaction.

    Raises:
        ContractError: the task is not open, or the row was issued before.
    """
    point = task.infer.commit(row.vector)
    return point, sender.send(task.contracts.inferences.issue(task.id, point, row.account))


@dataclass(frozen=True)
class Inference:
    """A question, its answer, and the proof of it.

    Attributes:
        consumer: for whom it was made; zero for the record.
        row_hash: of the commitment.
        proof: as `IInferences` takes it.
        made: how many proofs about the row there are now.
    """

    query: Query
    consumer: str
    answer: bool
    row_hash: bytes
    proof: bytes
    made: int


def infer(
    task: Task,
    journal: SecretStore,
    row: CommittedRow,
    round_: int,
    question: Question,
    value: int,
    *,
    consumer: str = ZERO_ADDRESS,
    nonce: int = 0,
    limit: float | None = None,
    report: Report = silent,
) -> Inference:
    """Prove what a round's model says of a row; a proof that was made before is given again.

    Args:
        journal: the account's, which counts the proofs about the row.
        limit: seconds after which the proof is given up.

    Raises:
        ConfigError: the row is of another task or account, was not issued or was taken back; or as many proofs about it
            were made as there may be.
        Unavailable, ContentMismatch: the model cannot be had.
        CircuitError: it cannot be proved.
        JournalError: it cannot be counted; then there is no proof.
    """
    statement = task.infer.statement
    assert isinstance(statement, Infer)  # noqa: S101
    if row.place != task.place or len(row.features) != statement.table[0]:
        raise ConfigError("the row is of another task, chain or deployment", "have it issued in this task")
    if (question is Question.CLASS) != (statement.table[1] > 1):
        raise ConfigError(
            f"models of {statement.table[1]} outputs do not answer this question",
            "ask for a class where there are several outputs; else for a threshold, or for the score",
        )
    point = task.infer.commit(row.vector)
    row_hash = point_hash(point)
    _check_issued(task, row, row_hash)
    weights = task.weights(task.contracts.models.get_model(task.id, round_))
    z = task.learner.z(weights, row.features)
    if abs(value) > 2 * statement.z_limit or abs(z[0]) > statement.z_limit:
        raise ConfigError("the question, or the row, is beyond all that such models say", "name a nearer threshold")
    query = Query(task.id, round_, row.issuer, row.account, question, value, nonce)
    public = public_vector(task.contracts.chain.chain_id, task.contracts.inferences.address, consumer, query)
    model = model_input(weights, task.tag)
    name = f"inference/{row_hash.hex()}/{_digest([*model, *public])}"
    counter = _counter(row)
    made = int(journal.get(counter) or 0)
    proof = _kept(journal, name)
    if proof is None:
        if made >= MOST_ROW_PROOFS:
            raise ConfigError(
                f"{MOST_ROW_PROOFS} proofs about this row have been made: one more would give it away",
                "have the row issued again, which draws new salts",
            )
        noise = draw(secrets.token_bytes(32), statement.decomposition_limit)
        report("proving", statement="infer")
        inputs = [model, row.vector, noise, public]
        proof = task.infer.prove(inputs) if limit is None else task.infer.prove(inputs, limit)
        made += 1
        journal.put(counter, str(made).encode())
        journal.put(name, pack_proof(proof))
        report("proved", statement="infer", seconds=proof.prove_seconds)
    answer = question.answer(to_signed(proof.output[0]))
    if answer != question.of(value, z):
        raise CircuitError("the proof says something else than the model", "report it: nothing was sent")
    return Inference(query, consumer, answer, row_hash, proof.data, made)


def _counter(row: CommittedRow) -> str:
    """What counts the proofs about a row's salts: not its commitment, since a lying node may name another SRS."""
    return f"proofs-about-row/{_digest(row.vector)}"


def _digest(vector: Sequence[int]) -> str:
    return hashlib.sha256(pack(vector)).hexdigest()


def _check_issued(task: Task, row: CommittedRow, row_hash: bytes) -> None:
    found = task.contracts.inferences.get_row(task.id, row.issuer, row_hash)
    if found.account == ZERO_ADDRESS:
        raise ConfigError(
            f"{row.issuer} has not issued this row in task {task.id}", "it does so with `headwater infer row`"
        )
    if found.account != row.account:
        raise ConfigError(f"the row was issued for {found.account}, not {row.account}", "have it issued for you")
    if found.revoked_at:
        raise ConfigError(f"{row.issuer} took this row back", "ask it for a row of what is true now")


def _kept(journal: SecretStore, name: str) -> Proof | None:
    packed = journal.get(name)
    try:
        return unpack_proof(packed) if packed else None
    except CircuitError:
        return None  # of another release
