"""A plan beside a round that is played: gas, calldata and bytes are what a plan says."""

import pytest

from headwater.chain.contracts.events import Aggregated, Event, Joined, Masked, Submitted
from headwater.circuits.cost import proving_cost
from headwater.reading.planning import DEPLOYING, PROOF_BYTES, VERIFIER_BYTES, expenses, round_bytes
from headwater.storage.cid import Cid
from tests.support.roles import CREATOR, TERMS, World


@pytest.fixture
def planned(finalized: World):
    return {
        (cost.who, cost.what): cost
        for cost in expenses(finalized.task.learner.spec.dimension, TERMS.rounds, TERMS.max_trainers)
    }


@pytest.mark.parametrize(
    ("who", "what", "kind"),
    (
        ("trainer", "join", Joined),
        ("trainer", "submit", Submitted),
        ("trainer", "mask", Masked),
        ("aggregator", "aggregate", Aggregated),
    ),
)
def test_expenses__when_a_round_was_played__then_its_transactions_cost_what_was_planned(
    finalized: World, planned, who: str, what: str, kind: type[Event]
):
    eth = finalized.chain.web3.eth
    hashes = [event.transaction_hash for event in finalized.rounds.events(kind, task_id=finalized.task_id)]
    gas = [eth.get_transaction_receipt(hash_)["gasUsed"] for hash_ in hashes]
    calldata = {len(finalized.chain.calldata(hash_)[1]) for hash_ in hashes}

    assert calldata == {planned[who, what].calldata}
    assert min(gas) == pytest.approx(planned[who, what].gas, rel=0.05)


@pytest.mark.parametrize("kind", ("train", "average"))
def test_expenses__when_a_circuit_is_built__then_its_verifier_key_and_proof_are_of_the_planned_size(
    finalized: World, kind: str
):
    circuit = getattr(finalized.task, kind)
    code = bytes.fromhex(circuit.verifier.bytecode[2:])
    _, receipt = finalized.senders[CREATOR].deploy(code, "verifier")
    proof = finalized.proof(0) if kind == "train" else finalized.aggregator().prove([0] * 13, 1)[1]

    assert receipt.gas_used == pytest.approx(DEPLOYING[kind], rel=0.03)
    assert circuit.verifier.size == pytest.approx(VERIFIER_BYTES[kind], rel=0.03)
    assert len(proof.data) == PROOF_BYTES[kind]
    key_mb = circuit.path("proving_key").stat().st_size / 1e6
    assert key_mb == pytest.approx(proving_cost(circuit.srs.k, circuit.statement.inner_columns).key_mb, rel=0.1)


def test_round_bytes__when_a_round_was_played__then_its_documents_are_at_most_so_large(finalized: World):
    planned = round_bytes(finalized.task.learner.spec.dimension, TERMS.max_trainers)
    masked = next(finalized.rounds.events(Masked, task_id=finalized.task_id))
    model = finalized.models.latest(finalized.task_id)
    update_bytes, model_bytes = (
        len(finalized.store.get(Cid.from_digest(digest), 1 << 20)) for digest in (masked.posting.cid, model.cid)
    )

    assert planned.update - 30 < update_bytes <= planned.update
    assert planned.model - 10 < model_bytes <= planned.model
