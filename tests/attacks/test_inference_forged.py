"""Wants: a contract that believes a better answer about a row than the model gives, or one about somebody else's row.

Tries: a row of its own making, or another's; another model; a proof that was made for another contract, account or
use; an answer that was exchanged, or moved by the noise; a row that was taken back; a verifier of its own; a class that
there is not; a score just under the threshold.
Stopped: model, row, public vector and answer are compared by their commitments, the issuer's word is the contract's to
look up, and no number is rounded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import SimpleNamespace

import pytest
import torch
from eth_account import Account

from headwater.chain.contracts.events import InferenceRecorded, TaskCreated
from headwater.circuits.blocks import part, positive
from headwater.circuits.circuit import build
from headwater.circuits.openings import basis_quotient, task_basis, tau_g2
from headwater.circuits.srs import dev_srs
from headwater.journal.database import Database
from headwater.journal.secrets import SecretStore
from headwater.learners.linear.infer import LinearInfer
from headwater.learners.linear.numbers import LinearSpec
from headwater.protocol.field import P, to_signed
from headwater.protocol.inferences import NOBODY, ROW_SALTS, public_vector
from headwater.protocol.noise import NOISE, draw
from headwater.protocol.phases import Question
from headwater.protocol.structs import Query, Setup
from headwater.protocol.vectors import model_input
from headwater.roles import inferring
from headwater.roles.rows import CommittedRow
from tests.support.arena import CREATOR, YES_CREATION
from tests.support.circuits import build_twin, random_salts
from tests.support.roles import SharedCircuit
from tests.support.weakened_contracts import Weakness

MODEL = Weakness("Inferences", "if (actual != expected) revert ModelMismatch(expected, actual);")
ROW = Weakness(
    "Inferences",
    """address account = _require(query.taskId, query.issuer, rowHash);
        if (account != query.account) revert WrongAccount(account, query.account);""",
)
WHOSE = Weakness("Inferences", "if (account != query.account) revert WrongAccount(account, query.account);")
PUBLIC = Weakness("Inferences", "if (actual != expected) revert PublicMismatch(expected, actual);")
VALID = Weakness("Inferences", "if (!valid) revert InvalidProof(verifier);", unit="libraries/Verifying.sol")
TAKEN_BACK = Weakness(
    "Inferences", "if (row.revokedAt != 0) revert RowRevoked(taskId, issuer, rowHash, row.revokedAt);"
)
RECORDS = Weakness("Inferences", "if (msg.sender != query.account) revert WrongAccount(query.account, msg.sender);")
CREATORS = Weakness("Inferences", "if (msg.sender != task.creator) revert NotCreator(taskId, task.creator);")

WEIGHTS = [300, -700, 500, 90]
BAD_ROW, GOOD_ROW = [16, 20, -3, 0], [16, -20, 30, 0]  # z of -10,700 and 33,800
THRESHOLD = 1000
ISSUER, BORROWER, THIEF = 1, 2, 3  # accounts
BORROWERS = f"0x{'01' * 20}"
BANK, OTHER_BANK = f"0x{'b1' * 20}", f"0x{'b2' * 20}"  # consumers
ANSWER_POINT = 4
LINE = LinearSpec(rows=8, features=4, data_bits=4, model_bits=10, rate_shift=3, clip=1024, clamp=64)
SEVERAL = replace(LINE, features=2, outputs=3)


class Play:
    """A task whose first model has these weights, open for inferences, with a row of the borrower's."""

    def __init__(self, arena, circuit):
        self.arena, self.circuit, self.inferences = arena, circuit, arena.contracts.inferences
        self.task_id = self.create(WEIGHTS)
        verifier, _ = arena.senders[CREATOR].deploy(bytes.fromhex(circuit.verifier.bytecode[2:]), "verifier")
        self.setup = Setup(verifier, 1, bytes.fromhex(circuit.verifier.code_hash[2:]))
        arena.send(CREATOR, self.inferences.open(self.task_id, self.setup))
        arena.send(ISSUER, self.inferences.issue(self.task_id, self.row(BAD_ROW)[1], arena.address(BORROWER)))

    def create(self, weights):
        """A task with this first model, under the circuit's SRS."""
        circuit, dimension = self.circuit, len(weights)
        basis = task_basis(circuit.srs, dimension)
        named = ("offset", "basis0", "basis1", "basis_d")
        changes = {name: getattr(basis, name) for name in named} | {"k": circuit.srs.k, "tau": tau_g2(circuit.srs)}
        call = self.arena.creating(circuit.commit(weights), basis_quotient(circuit, dimension), **changes)
        return self.arena.send(CREATOR, call).event(TaskCreated).task_id

    def row(self, features):
        """A row's vector under salts that are always the same, and its commitment."""
        vector = [*features, *random_salts(abs(hash(tuple(features))), ROW_SALTS)]
        return vector, self.circuit.commit(vector)

    def query(self, **changes):
        query = Query(
            *(self.task_id, 0, self.arena.address(ISSUER), self.arena.address(BORROWER)),
            *(Question.AT_LEAST, THRESHOLD, 0),
        )
        return replace(query, **changes)

    def prove(self, query, features=BAD_ROW, consumer=BANK, weights=WEIGHTS, task_id=None, zero=0, noise=None):
        """A proof of whatever is true, made by whoever knows the row."""
        tag = self.arena.tasks.tag(task_id or self.task_id)
        public = public_vector(self.arena.chain.chain_id, self.inferences.address, consumer, query)
        noise = noise or draw(b"the noise of tests, known to all", self.circuit.statement.decomposition_limit)
        inputs = [model_input(weights, tag), self.row(features)[0], noise, [*public[:2], zero]]
        return self.circuit.prove(inputs)

    def believes(self, query, proof, consumer=BANK):
        """The answer that a contract gets."""
        return self.inferences.check_for(consumer, query, proof)[0]


@pytest.fixture(scope="module")
def larger(home):
    return dev_srs(home, 13)


@pytest.fixture(scope="module")
def infer_circuit(home, larger):
    found = build(home, LinearInfer.of(LINE), larger)
    return SharedCircuit(found.folder, found.statement, found.srs, found.manifest)


@pytest.fixture
def play(arena, infer_circuit):
    arena.at("created")
    return Play(arena, infer_circuit)


def test_truth__is_what_is_believed(play):
    query = play.query()
    assert play.believes(query, play.prove(query).data) is False


def test_row_of_ones_own_making__is_vouched_for_by_nobody(play, arena, attack):
    query = play.query()
    proof = play.prove(query, GOOD_ROW).data
    with attack.works_on(ROW), arena.weakened(ROW):
        assert play.believes(query, proof)
    with attack.stopped_by("NotIssued"):
        play.believes(query, proof)
    arena.send(BORROWER, play.inferences.issue(play.task_id, play.row(GOOD_ROW)[1], arena.address(BORROWER)))
    with attack.stopped_by("NotIssued"):  # the bank asks for its issuer's word, not the borrower's
        play.believes(query, proof)


def test_row_of_another_account__is_its_alone(play, arena, attack):
    """A thief that has seen the file of a good row."""
    arena.send(ISSUER, play.inferences.issue(play.task_id, play.row(GOOD_ROW)[1], arena.address(BORROWER)))
    query = play.query(account=arena.address(THIEF))
    proof = play.prove(query, GOOD_ROW).data
    with attack.works_on(WHOSE), arena.weakened(WHOSE):
        assert play.believes(query, proof)
    with attack.stopped_by("WrongAccount"):
        play.believes(query, proof)


def test_another_model__is_not_the_tasks(play, arena, attack):
    other = play.create([0, 700, 0, 0])  # by which the row is good
    query = play.query()
    proof = play.prove(query, weights=[0, 700, 0, 0], task_id=other).data
    with attack.works_on(MODEL), arena.weakened(MODEL):
        assert play.believes(query, proof)
    with attack.stopped_by("ModelMismatch"):
        play.believes(query, proof)


def test_proof_for_another_contract_account_or_use__is_of_no_use(play, arena, attack):
    """What the borrower proved once: seen in the mempool, or used again."""
    arena.send(ISSUER, play.inferences.issue(play.task_id, play.row(GOOD_ROW)[1], arena.address(BORROWER)))
    arena.send(THIEF, play.inferences.issue(play.task_id, play.row(GOOD_ROW)[1], arena.address(THIEF)))
    query = play.query()
    proof = play.prove(query, GOOD_ROW).data
    assert play.believes(query, proof)
    registered = play.query(issuer=arena.address(THIEF), account=arena.address(THIEF))
    uses = [(OTHER_BANK, query), (NOBODY, query), (BANK, play.query(nonce=1)), (BANK, registered)]
    for consumer, asked in uses:
        with attack.works_on(PUBLIC), arena.weakened(PUBLIC):
            assert play.believes(asked, proof, consumer)
        with attack.stopped_by("PublicMismatch"):
            play.believes(asked, proof, consumer)


def test_easier_question__is_not_the_contracts(play, arena, attack):
    query = play.query()
    proof = play.prove(play.query(value=-20_000)).data
    with attack.works_on(PUBLIC), arena.weakened(PUBLIC):
        assert play.believes(query, proof)
    with attack.stopped_by("PublicMismatch"):
        play.believes(query, proof)


def test_answer__exchanged_in_the_proof__makes_it_invalid(play, arena, attack):
    query = play.query()
    proof, yes = play.prove(query).data, play.circuit.commit([2]).encode()
    forged = proof[: 64 * ANSWER_POINT] + yes + proof[64 * (ANSWER_POINT + 1) :]
    with attack.works_on(VALID), arena.weakened(VALID):
        assert play.believes(query, forged)
    with attack.stopped_by("InvalidProof"):
        play.believes(query, forged)


def test_answer__moved_by_the_noise__needs_a_public_vector_that_is_seen(play, arena, attack):
    query = play.query()
    made = play.prove(query, zero=4, noise=[1, *[0] * (NOISE - 1)])
    assert to_signed(made.output[0]) == 2
    with attack.works_on(PUBLIC), arena.weakened(PUBLIC):
        assert play.believes(query, made.data)
    with attack.stopped_by("PublicMismatch"):
        play.believes(query, made.data)


def test_answer__published_by_who_has_the_file_alone(play, arena, attack):
    """A proof for the record names no consumer: whoever has the row can make it, but not publish what it says."""
    query = play.query(question=Question.EXACTLY, value=-10_700)
    call = play.inferences.record(query, play.prove(query, consumer=NOBODY).data)
    with attack.works_on(RECORDS), arena.weakened(RECORDS):
        event = arena.send(THIEF, call).event(InferenceRecorded)
        assert (event.account, event.answer) == (arena.address(BORROWER), True)
    with attack.stopped_by("WrongAccount"):
        arena.send(THIEF, call)
    assert arena.send(BORROWER, call).event(InferenceRecorded).answer


def shown(circuit):
    """A task as an account's only endpoint shows it, of any SRS and k."""
    chain = SimpleNamespace(chain_id=31337)
    row = SimpleNamespace(account=BORROWERS, revoked_at=0)
    inferences = SimpleNamespace(get_row=lambda *_: row, address=f"0x{'02' * 20}")
    models = SimpleNamespace(get_model=lambda *_: None)
    learner = SimpleNamespace(z=lambda w, x: [sum(a * b for a, b in zip(w, x, strict=True))])
    contracts = SimpleNamespace(chain=chain, inferences=inferences, models=models)
    named = {"place": "chain/tasks/1", "id": 1, "tag": 7, "weights": lambda _: WEIGHTS}
    return SimpleNamespace(infer=circuit, contracts=contracts, learner=learner, **named)


def test_row__proved_about_beyond_its_salts__as_a_task_of_another_k(home, infer_circuit, attack, monkeypatch):
    """The salts are those of the row's file, whatever is shown: 32 equations over 32 of them give the row away."""
    monkeypatch.setattr(inferring, "MOST_ROW_PROOFS", 1)
    tasks = [shown(infer_circuit), shown(build(home, LinearInfer.of(LINE), dev_srs(home, 14)))]
    row = CommittedRow.draw("chain/tasks/1", BANK, BORROWERS, BAD_ROW)

    def prove_with_both():
        journal = SecretStore(Database(None), Account.create())
        return [inferring.infer(task, journal, row, 1, Question.AT_LEAST, 0, consumer=BANK) for task in tasks]

    commitments = iter([task.infer.commit(row.vector) for task in tasks])
    with attack.works_on("a node that counts by commitment"), monkeypatch.context() as weak:
        weak.setattr(inferring, "_counter", lambda _: next(commitments).encode().hex())
        assert [each.made for each in prove_with_both()] == [1, 1]
    with attack.stopped_by("ConfigError"):
        prove_with_both()


def test_row_that_was_taken_back__counts_no_more(play, arena, attack):
    point = play.row(GOOD_ROW)[1]
    arena.send(ISSUER, play.inferences.issue(play.task_id, point, arena.address(BORROWER)))
    query = play.query()
    made = play.prove(query, GOOD_ROW)
    _, row_hash = play.inferences.check_for(BANK, query, made.data)
    arena.send(ISSUER, play.inferences.take_back(play.task_id, row_hash))
    with attack.works_on(TAKEN_BACK), arena.weakened(TAKEN_BACK):
        assert play.believes(query, made.data)
    with attack.stopped_by("RowRevoked"):
        play.believes(query, made.data)


def test_verifier_of_ones_own__is_not_the_creators(play, arena, attack):
    task_id = play.create(WEIGHTS)
    verifier, _ = arena.senders[THIEF].deploy(YES_CREATION, "yes")
    call = play.inferences.open(task_id, Setup(verifier, 1, arena.chain.code_hash(verifier)))
    with attack.works_on(CREATORS), arena.weakened(CREATORS):
        arena.send(THIEF, call)
        assert play.inferences.get_setup(task_id).verifier == verifier
    with attack.stopped_by("NotCreator"):
        arena.send(THIEF, call)


@dataclass(frozen=True)
class Rounded(LinearInfer):
    """An inference whose score is rounded to 256 units before it is compared."""

    @property
    def z_checks(self):
        return (2, 2, 2)

    def z(self, weights, x):
        exact = super().z(weights, x)
        rounded = torch.cat([exact, exact], 0) * 2.0**-8 * -1.0  # a rebase
        return torch.full((1, 2), -128.0) @ rounded


def answer_of(circuit, weights, row, entry):
    """What a circuit proves of a row."""
    noise = draw(b"the noise of tests, known to all", circuit.statement.decomposition_limit)
    row = [*row, *random_salts(7, ROW_SALTS)]
    return to_signed(circuit.prove([model_input(weights, 77), row, noise, [entry % P, 1, 0]]).output[0])


def test_score_just_under_the_threshold__is_under_it(home, larger, infer_circuit, attack):
    weights, row, threshold = [999, 0, 0, 0], [1, 0, 0, 0], Question.AT_LEAST.entry(1000)
    with attack.works_on(Rounded):
        assert answer_of(build_twin(home, Rounded.of(LINE), larger), weights, row, threshold) == 2
    assert answer_of(infer_circuit, weights, row, threshold) == -2
    assert answer_of(infer_circuit, weights, row, Question.AT_LEAST.entry(999)) == 2
    attack.gains("the answer is no: z is compared to the unit, and nothing is rounded")


@dataclass(frozen=True)
class AnyClass(LinearInfer):
    """An inference that does not ask whether the class is one."""

    @property
    def decompositions(self):
        return (*LinearInfer.decompositions.fget(self)[:-2], NOISE)

    def _named(self, z, question):
        _, count = self.table
        place = torch.arange(count, dtype=torch.float32).reshape(1, count)
        ranked, away = z * float(count) - place, question - place
        named = torch.abs(away + 1.0) + torch.abs(away - 1.0) - torch.abs(away) * 2.0
        own = (ranked * named) @ torch.ones(count, count)
        _, wins = positive(own - ranked * 2.0)
        lacking = (wins.reshape(1, -1) @ torch.ones(count, 1)) - float(2 * (count - 1) - 1)
        both = torch.abs(torch.cat([lacking, lacking - 1.0], 0))
        return (part(both, 0, 1) - part(both, 1, 2) + 1.0) * 2.0 - 2.0


def test_class_that_there_is_not__is_that_of_no_row(home, larger, attack):
    weights = [-10, -20, -30, 0, 0, 0]  # all z are negative: zero, which no class has, is above all
    with attack.works_on(AnyClass):
        assert answer_of(build_twin(home, AnyClass.of(SEVERAL), larger), weights, [16, 0], 1000) == 2
    circuit = build(home, LinearInfer.of(SEVERAL), larger)
    assert answer_of(circuit, weights, [16, 0], 1000) == -2
    assert [answer_of(circuit, weights, [16, 0], index) for index in range(3)] == [2, -2, -2]
    attack.gains("the answer is no, and the contract takes no such question")


def test_number_beyond_what_is_taken_apart__cannot_be_proved(infer_circuit, attack):
    limit = infer_circuit.statement.decomposition_limit
    with attack.works_on("a statement that takes nothing apart: any sign would be as good"):
        assert P - limit > limit
    with attack.stopped_by("CircuitError"):
        answer_of(infer_circuit, [1, 0, 0, 0], [limit, 0, 0, 0], Question.AT_LEAST.entry(0))
