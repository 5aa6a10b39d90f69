"""Wants: a score on record that its model has not earned.

Tries: data that are registered when the model is known, as it is from a round that failed, too; somebody else's data
and proof; the proof of another model; larger numbers; a verifier that accepts everything; a basis point under which
other numbers have the same commitment; and the rows that it trains on.
Stopped: data count for models that nobody could know when they were registered, and for whoever registered them; model
and numbers are compared with the proof's commitments; verifiers and basis points are fixed when the task is opened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import pytest

from headwater.chain.contracts.events import Attested, DataHeldOut, ScoringOpened
from headwater.circuits.circuit import Proof, build
from headwater.circuits.openings import quotient
from headwater.learners.linear.evaluate import LinearEvaluate
from headwater.protocol.curve import Point, multiply
from headwater.protocol.field import P, to_signed
from headwater.protocol.noise import draw
from headwater.protocol.scores import scoring_claim
from headwater.protocol.structs import Scoring
from headwater.protocol.vectors import model_input
from tests.support.arena import CREATOR, MEMBERS, OUTSIDER, YES_CREATION, Arena
from tests.support.circuits import SMALL, random_salts
from tests.support.roles import SharedCircuit
from tests.support.weakened_contracts import Weakness

HOLDER, COPIER, TRAINER = OUTSIDER, 8, 1
STATEMENT = LinearEvaluate.of(replace(SMALL, rows=4), 1)
ROWS = [[40, 0, 0, 0, 1, 1], [40, 0, 0, 0, -1, 1], [-40, 0, 0, 0, 1, 1]]  # features, label, the group
GOOD = [700, 0, 0, 0]
"""A model that has two of three right; one of zeros takes all for negative."""

ANY_MODEL = Weakness("Attestations", "revert ModelNotLater(taskId, round, data.round, data.fresh);")
LATER_ROUNDS = Weakness("Attestations", "if (data.fresh) return;", "if (data.fresh || round > data.round) return;")
ANYBODYS = Weakness("Attestations", "if (data.holder != msg.sender) revert NotHolder(taskId, dataHash, data.holder);")
OTHER_MODELS = Weakness("Attestations", "if (actual != expected) revert ModelMismatch(expected, actual);")
OTHER_NUMBERS = Weakness(
    "Attestations", "if (!actual.equals(expected)) revert NumbersMismatch(expected.hash(), actual.hash());"
)
UNPINNED = Weakness(
    "Attestations",
    "if (actual != codeHash || verifier.code.length == 0) revert InvalidVerifier(verifier, codeHash, actual);",
)
ANY_BASIS = Weakness(
    "Attestations", "if (!sum.check(config.k, r, combination, quotient, config.tau)) revert InvalidBasis();"
)
ANY_ROWS = Weakness("Attestations", "if (trainer != address(0)) revert IsTrainingData(taskId, dataHash, trainer);")
TRAINS_LATER = Weakness(
    "Attestations",
    "if (_trainerOf(taskId, dataHash) == msg.sender) revert IsTrainingData(taskId, dataHash, msg.sender);",
)


class Held(NamedTuple):
    """What a holder has: its data, and what it proves scores by."""

    circuit: SharedCircuit
    vector: list[int]
    point: Point

    def prove(self, arena: Arena, weights: Sequence[int]) -> tuple[Proof, list[int]]:
        """A true proof of a model's score, and the numbers."""
        noise = draw(b"the noise of tests, known to all", STATEMENT.decomposition_limit)
        proof = self.circuit.prove([model_input(weights, arena.tag), self.vector, STATEMENT.hint(noise)])
        return proof, [to_signed(entry) for entry in proof.output[:-1]]

    def scoring(self, verifier: str, composition: str, arena: Arena) -> Scoring:
        """What an honest creator opens."""
        return Scoring(
            score_verifier=verifier,
            score_code_hash=arena.chain.code_hash(verifier),
            composition_verifier=composition,
            composition_code_hash=arena.chain.code_hash(composition),
            groups=1,
            whole_groups=1,
            each=4,
            classes=2,
            amounts=False,
            basis=tuple(self.circuit.srs.basis(4).points[2:]),
            attesters=(),
        )

    def quotient(self, basis: Sequence[Point]) -> Point:
        """What opens the combination of such basis points as if they were true."""
        claim = scoring_claim(self.circuit.srs.basis(0).offset, basis, self.circuit.srs.k)
        return quotient(self.circuit, claim.vector, claim.point)


@pytest.fixture(scope="module")
def held(home, srs) -> Held:
    built = build(home, STATEMENT, srs)
    circuit = SharedCircuit(built.folder, built.statement, built.srs, built.manifest)
    vector = [*(e for row in ROWS for e in row), *[0] * 6, *random_salts(9, STATEMENT.salts)]
    return Held(circuit, vector, circuit.commit(vector))


def opened(arena: Arena, held: Held, stage: str, *, register: bool = True) -> Scoring:
    """The arena at a stage, its task open for scores since before anybody joined; the holder has registered then."""
    arena.at("created")
    verifier, _ = arena.senders[CREATOR].deploy(bytes.fromhex(held.circuit.verifier.bytecode[2:]), "verifier")
    scoring = held.scoring(verifier, arena.config.average_verifier, arena)
    call = arena.contracts.attestations.open(arena.task_id, scoring, held.quotient(scoring.basis))
    arena.send(CREATOR, call)
    if register:
        arena.send(HOLDER, arena.contracts.attestations.register(arena.task_id, [held.point]))
    play(arena, stage)
    return scoring


def play(arena: Arena, stage: str) -> None:
    for following in ("enrolled", "training", "masking", "aggregating", "challenging", "finalized"):
        if stage == "created":
            return
        getattr(arena, f"_{following}")()
        if following == stage:
            return


def attesting(arena: Arena, proof: Proof, numbers: Sequence[int], round_: int = 1):
    return arena.contracts.attestations.attest(arena.task_id, round_, numbers, proof.data)


def weights_of(arena: Arena) -> list[int]:
    """Those of the first round's average."""
    return [to_signed(entry) for entry in arena.average_of()]


def test_data_registered_when_the_model_is_known(arena, held, attack):
    opened(arena, held, "aggregating", register=False)
    registering = arena.contracts.attestations.register(arena.task_id, [held.point])
    assert arena.send(HOLDER, registering).event(DataHeldOut).fresh is False  # anybody can add the updates up by now
    arena.aggregate()
    arena.pass_phase()
    call = attesting(arena, *held.prove(arena, weights_of(arena)))
    with attack.works_on(ANY_MODEL), arena.weakened(ANY_MODEL):
        assert arena.send(HOLDER, call).event(Attested).round == 1
    with attack.stopped_by("ModelNotLater"):
        arena.send(HOLDER, call)


def test_data_registered_when_a_round_has_failed_whose_sum_the_next_one_makes_again(arena, held, attack):
    opened(arena, held, "aggregating", register=False)
    known = weights_of(arena)
    arena.send(HOLDER, arena.contracts.attestations.register(arena.task_id, [held.point]))
    arena.pass_phase()  # nobody aggregates
    for i in MEMBERS:
        arena.send(i, arena.rounds.join(arena.task_id))
    for following in ("masking", "aggregating", "challenging", "finalized"):
        getattr(arena, f"_{following}")()
    model = arena.models.get_model(arena.task_id, 2)
    assert model.model_hash == bytes(arena.anvil.web3.keccak(arena.train.commit([*known, arena.tag]).encode()))
    call = attesting(arena, *held.prove(arena, known), round_=2)
    with attack.works_on(LATER_ROUNDS), arena.weakened(LATER_ROUNDS):
        assert arena.send(HOLDER, call).event(Attested).round == 2
    with attack.stopped_by("ModelNotLater"):
        arena.send(HOLDER, call)


def test_somebody_elses_data_and_proof(arena, held, attack):
    opened(arena, held, "finalized")
    call = attesting(arena, *held.prove(arena, weights_of(arena)))  # seen in the mempool
    with attack.works_on(ANYBODYS), arena.weakened(ANYBODYS):
        assert arena.send(COPIER, call).event(Attested).attester == arena.address(COPIER)
    with attack.stopped_by("NotHolder"):
        arena.send(COPIER, call)


def test_score_of_another_model(arena, held, attack):
    opened(arena, held, "finalized")
    proof, numbers = held.prove(arena, GOOD)
    call = attesting(arena, proof, numbers)
    with attack.works_on(OTHER_MODELS), arena.weakened(OTHER_MODELS):
        assert arena.send(HOLDER, call).event(Attested).numbers == tuple(numbers)
    with attack.stopped_by("ModelMismatch"):
        arena.send(HOLDER, call)


def test_larger_numbers(arena, held, attack):
    opened(arena, held, "finalized")
    proof, numbers = held.prove(arena, weights_of(arena))
    call = attesting(arena, proof, [8_000_000] * len(numbers))
    with attack.works_on(OTHER_NUMBERS), arena.weakened(OTHER_NUMBERS):
        assert arena.send(HOLDER, call).event(Attested).numbers == (8_000_000,) * 4
    with attack.stopped_by("NumbersMismatch"):
        arena.send(HOLDER, call)


def test_verifier_that_is_not_the_code_that_was_named(arena, held, attack):
    arena.at("created")
    honest, _ = arena.senders[CREATOR].deploy(bytes.fromhex(held.circuit.verifier.bytecode[2:]), "verifier")
    yes, _ = arena.senders[CREATOR].deploy(YES_CREATION, "a verifier that says yes")
    scoring = held.scoring(honest, arena.config.average_verifier, arena)
    false = replace(scoring, score_verifier=yes)
    call = arena.contracts.attestations.open(arena.task_id, false, held.quotient(scoring.basis))
    with attack.works_on(UNPINNED), arena.weakened(UNPINNED):
        assert arena.send(CREATOR, call).event(ScoringOpened).scoring.score_verifier == yes
    with attack.stopped_by("InvalidVerifier"):
        arena.send(CREATOR, call)


def test_basis_point_under_which_other_numbers_have_the_same_commitment(arena, held, attack):
    scoring = opened(arena, held, "created", register=False)
    false = (scoring.basis[0], multiply(scoring.basis[1], pow(1000, -1, P)))  # a thousandth of L_3
    other, attestations = arena.around(arena.create()), arena.contracts.attestations  # the first task is open
    opening = attestations.open(other.task_id, replace(scoring, basis=false), held.quotient(false))
    with attack.works_on(ANY_BASIS), arena.weakened(ANY_BASIS):
        other.send(CREATOR, opening)
        other.send(HOLDER, attestations.register(other.task_id, [held.point]))
        play(other, "finalized")
        proof, numbers = held.prove(other, weights_of(other))
        assert numbers[3] == 8  # rows of the negative class
        call = attestations.attest(other.task_id, 1, [*numbers[:3], 1000 * numbers[3]], proof.data)
        assert other.send(HOLDER, call).event(Attested).numbers[3] == 8000
    with attack.stopped_by("InvalidBasis"):
        other.send(CREATOR, opening)


def test_rows_that_the_holder_trains_on(arena, held, attack):
    opened(arena, held, "enrolled", register=False)
    call = arena.contracts.attestations.register(arena.task_id, [arena.data(TRAINER)[1]])
    with attack.works_on(ANY_ROWS), arena.weakened(ANY_ROWS):
        assert arena.send(TRAINER, call).event(DataHeldOut).holder == arena.address(TRAINER)
    with attack.stopped_by("IsTrainingData"):
        arena.send(TRAINER, call)


def test_rows_that_the_holder_trains_on_afterwards(arena, held, attack):
    opened(arena, held, "created", register=False)
    arena.send(TRAINER, arena.contracts.attestations.register(arena.task_id, [held.point]))
    play(arena, "enrolled")
    arena.send(TRAINER, arena.trainers.register_data(arena.task_id, [held.point]))
    for following in ("training", "masking", "aggregating", "challenging", "finalized"):
        getattr(arena, f"_{following}")()
    call = attesting(arena, *held.prove(arena, weights_of(arena)))
    with attack.works_on(TRAINS_LATER), arena.weakened(TRAINS_LATER):
        assert arena.send(TRAINER, call).event(Attested).attester == arena.address(TRAINER)
    with attack.stopped_by("IsTrainingData"):
        arena.send(TRAINER, call)
