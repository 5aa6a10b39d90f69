"""Opening a task for scores and compositions: their circuits, verifiers, and what their numbers mean."""

from __future__ import annotations

from collections.abc import Sequence

from headwater.chain.contracts.opened import Contracts
from headwater.chain.sending.sender import Sender
from headwater.circuits.circuit import Circuit
from headwater.circuits.composition import Composition
from headwater.circuits.evaluate import Evaluate
from headwater.circuits.openings import quotient
from headwater.circuits.statement import Statement
from headwater.errors import CircuitError, ConfigError
from headwater.learners.learner import Learner
from headwater.protocol.curve import INFINITY, Point
from headwater.protocol.scores import (
    KNOWN,
    MAX_ATTESTERS,
    MAX_COUNT,
    MAX_ERROR,
    MAX_NUMBERS,
    errors,
    scoring_claim,
    shares,
)
from headwater.protocol.structs import Scoring
from headwater.roles.report import Report, silent

SCORE, COMPOSITION = "score", "composition"
"""How the manifest names the two circuits."""


def score_statements(learner: Learner) -> dict[str, Statement]:
    """The statements of a learner's scores and compositions, by name; empty where it has none.

    Raises:
        ConfigError: it has some that the contract cannot record.
    """
    score, composition = learner.evaluate_statement(), learner.composition_statement
    if score is None or composition is None:
        return {}
    most = max(score.numbers, composition.numbers)
    if most > MAX_NUMBERS:
        raise ConfigError(
            f"scores and compositions of {len(learner.classes)} classes and so many groups have {most} numbers,"
            f" and at most {MAX_NUMBERS} are recorded",
            "take fewer groups",
        )
    if score.most > (MAX_COUNT if score.classifies else MAX_ERROR):
        raise ConfigError(
            f"a number of a score may reach 2^{score.most.bit_length()}, more than is recorded", "take fewer rows"
        )
    return {SCORE: score, COMPOSITION: composition}


def open_scores(
    contracts: Contracts,
    sender: Sender,
    task_id: int,
    learner: Learner,
    circuits: Sequence[Circuit],
    attesters: Sequence[str] = (),
    report: Report = silent,
    known: Sequence[str] = (),
) -> None:
    """Deploy the verifiers of a task's scores and compositions, and open it for them: its creator, once.

    Args:
        circuits: of the score and of the composition.
        known: verifiers of the first of them that are deployed.

    Raises:
        ContractError: the task is open, or somebody else's.
    """
    names = (SCORE, COMPOSITION)[len(known) :]
    circuits_left = circuits[len(known) :]
    addresses = [*known, *(deploy_verifier(sender, *each, report) for each in zip(names, circuits_left, strict=True))]
    scoring = scoring_of(learner, circuits, addresses, attesters)
    receipt = sender.send(contracts.attestations.open(task_id, scoring, scoring_quotient(circuits[0], scoring.basis)))
    report("opened for scores", gas=receipt.gas_used)


def deploy_verifier(sender: Sender, name: str, circuit: Circuit, report: Report = silent) -> str:
    """Deploy a circuit's verifier, and return its address."""
    address, receipt = sender.deploy(bytes.fromhex(circuit.verifier.bytecode[2:]), f"{name} verifier")
    report("deployed", contract=f"{name} verifier", gas=receipt.gas_used, bytes=circuit.verifier.size)
    return address


def scoring_of(
    learner: Learner, circuits: Sequence[Circuit], verifiers: Sequence[str], attesters: Sequence[str] = ()
) -> Scoring:
    """What a task's creator opens.

    Raises:
        ConfigError: too many attesters.
    """
    score, composition = (circuit.statement for circuit in circuits)
    if not isinstance(score, Evaluate) or not isinstance(composition, Composition):
        raise CircuitError("these are no circuits of a score and a composition", "build those of the learner")
    if len(attesters) > MAX_ATTESTERS:
        raise ConfigError(f"{len(attesters)} attesters are named", f"name {MAX_ATTESTERS} at most")
    sizes = [len(values) for _, values in learner.groups]
    numbers = max(score.numbers, composition.numbers)
    return Scoring(
        score_verifier=verifiers[0],
        score_code_hash=bytes.fromhex(circuits[0].verifier.code_hash[2:]),
        composition_verifier=verifiers[1],
        composition_code_hash=bytes.fromhex(circuits[1].verifier.code_hash[2:]),
        groups=sum(sizes),
        whole_groups=sizes[0] if sizes else 0,
        each=score.each,
        classes=composition.classes,
        amounts=not score.classifies,
        basis=tuple(circuits[0].srs.basis(max(numbers, KNOWN)).points[KNOWN:]),
        attesters=tuple(attesters),
    )


def scoring_quotient(circuit: Circuit, basis: Sequence[Point]) -> Point:
    """The quotient that shows the basis points to be the SRS's; nothing where there are none."""
    if not basis:
        return INFINITY
    claim = scoring_claim(circuit.srs.basis(0).offset, basis, circuit.srs.k)
    return quotient(circuit, claim.vector, claim.point)


def said(scoring: Scoring, learner: Learner, numbers: Sequence[int]) -> list[tuple[str, str]]:
    """What a score says, for people: of the whole, and of each group.

    Raises:
        ValueError: these are no numbers of such a score.
    """
    if not scoring.amounts:
        return [(share.name, str(share)) for share in shares(scoring, learner.groups, numbers)]
    found = errors(scoring, learner.groups, numbers)
    return [
        (
            e.name,
            f"off by {e.total / e.rows * learner.error_unit:.4g} on average of {e.rows} rows" if e.rows else "no rows",
        )
        for e in found
    ]
