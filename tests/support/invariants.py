"""What must hold of a fleet's task when it is over, whatever happened to the nodes: from the chain and from files.

tests/faults/test_invariants.py shows of each that it fails where it should.
"""

from __future__ import annotations

from collections import Counter
from itertools import combinations

from headwater.chain.contracts.events import AverageRevoked, Compensated, TrainerSlashed
from headwater.protocol.masks import mask_key, shared_point
from headwater.reading.audit import audit
from headwater.reading.history import Outcome
from headwater.roles.secrets import mask_secret, secret_of
from headwater.roles.task import Task, open_task
from tests.support.fleet import Fleet

ABSENT = {Outcome.NOT_SUBMITTED, Outcome.NOT_MASKED}
UNEXPLAINED = {Outcome.RUNNING, Outcome.NOT_ENROLLED, Outcome.CONVICTED, Outcome.SILENT, Outcome.WITHHELD}
"""What must not become of an honest node's part in a round that is over."""


def check_fleet(fleet: Fleet) -> Counter[Outcome]:
    """All of the following. How often each outcome came about, over rounds and trainers."""
    task = open_task(fleet.contracts, fleet.store, fleet.home, fleet.task_id)
    outcomes = check_outcomes(fleet)
    check_sent_once(fleet)
    check_money(fleet)
    check_audit(task)
    check_secrets(fleet, task)
    return outcomes


def check_outcomes(fleet: Fleet) -> Counter[Outcome]:
    """Every round is over, every trainer's part has a named outcome, none that only a liar's has, and no honest node
    was slashed for a fault, or for an absence where it was none.
    """
    history = fleet.history
    found: dict[tuple[int, str], Outcome] = {}
    for number, round_ in history.rounds.items():
        assert round_.phase.is_end, f"round {number} is in {round_.phase}"
        found |= {(number, node.address): history.outcome(number, node.address) for node in fleet.trainers}
    assert not UNEXPLAINED & set(found.values()), found
    for event in fleet.contracts.trainers.events(TrainerSlashed, task_id=fleet.task_id):
        assert not event.fault, f"{event.trainer} was slashed for a fault in round {event.round}"
        assert found[event.round, event.trainer] in ABSENT, f"{event.trainer} was slashed, and counted"
    return Counter(found.values())


def check_sent_once(fleet: Fleet) -> None:
    """No trainer signed two proofs for a round, or masked two updates in an attempt, of all that ever left it."""
    history = fleet.history
    for node in fleet.trainers:
        parts = [(r, r.parts[node.address]) for r in history.rounds.values() if node.address in r.parts]
        proofs = {arguments[1] for _, arguments in node.signed("submit")}
        documents = {arguments[1].cid for _, arguments in node.signed("mask")}
        assert sum(part.submitted is not None for _, part in parts) <= len(proofs) <= len(parts), node.name
        attempts = sum(len(r.attempts) for r, part in parts if part.submitted)
        assert sum(len(part.masked) for _, part in parts) <= len(documents) <= attempts, node.name


def check_money(fleet: Fleet) -> None:
    """The StakeManager's coin is somebody's, to the last wei; every node has all of its own back, but for slashes that
    events name.
    """
    contracts, accounts = fleet.contracts, [key.address for key in fleet.anvil.accounts]
    stakes, tasks = contracts.stakes, contracts.tasks
    heaps = sum(stakes.escrow_of(number) for number in range(1, tasks.task_count() + 1))
    heaps += stakes.bonded() + stakes.burnt()
    for account in accounts:
        stake = stakes.stake_of(account)
        heaps += stake.free + stake.locked + stakes.claimable(account)
    assert fleet.chain.balance(stakes.address) == heaps
    slashed = sum(event.slashed for event in contracts.trainers.events(TrainerSlashed))
    slashed += sum(event.slashed for event in contracts.rounds.events(AverageRevoked))
    assert stakes.burnt() == slashed - sum(event.amount for event in stakes.events(Compensated))
    for node in fleet.nodes:
        assert fleet.has_left(node), f"{node.name} has ended, and has something left"


def check_audit(task: Task) -> None:
    """Every proof, sum, average, verifier and model holds, checked again from chain and store."""
    broken = [check for section in audit(task) for check in section.checks if check.ok is False]
    assert not broken, broken


def check_secrets(fleet: Fleet, task: Task) -> None:
    """No key, mask secret or shared point stands in a log, in a journal or in the store."""
    secrets = {secret: f"{name} of {node.name}" for node in fleet.nodes for name, secret in _secrets(node.key, task)}
    own = {node.address: mask_secret(secret_of(node.key), task.tag) for node in fleet.trainers}
    for (one, secret), (other, peer) in combinations(own.items(), 2):
        point = shared_point(secret, mask_key(peer))
        secrets |= dict.fromkeys((point.x, point.y), f"the point shared by {one} and {other}")
    forms = {form: name for secret, name in secrets.items() for form in _forms(secret)}
    for path in fleet.files():
        content = path.read_bytes()
        for form, name in forms.items():
            assert form not in content, f"{name} is in {path}"


def _secrets(key, task):
    yield "the key", int.from_bytes(bytes(key.key), "big")
    yield "the mask secret", mask_secret(secret_of(key), task.tag)


def _forms(secret: int) -> tuple[bytes, ...]:
    """How a secret could be written."""
    big = secret.to_bytes(32, "big")
    return (
        big,
        big[::-1],
        big.hex().encode(),
        big.hex().upper().encode(),
        big[::-1].hex().encode(),
        str(secret).encode(),
    )
