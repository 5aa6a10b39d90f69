"""What the contract refuses, by name. Every attack holds a true proof: of other data, another model, task or chain."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from headwater.chain.asking.rpc import Call
from headwater.chain.contracts.codec import load_abi
from headwater.chain.contracts.events import Aggregated, Enrolled, Submitted
from headwater.chain.contracts.screens import Stake
from headwater.circuits.circuit import Proof
from headwater.protocol import possession
from headwater.protocol.curve import INFINITY, Point
from headwater.protocol.decisions import (
    Advance,
    Aggregate,
    Deposit,
    Enrol,
    Join,
    Mask,
    Publish,
    Release,
    Submit,
    Unenrol,
)
from headwater.protocol.field import add, to_signed
from headwater.protocol.masks import GENERATOR, mask_key
from headwater.protocol.phases import Phase
from headwater.protocol.structs import Posting
from headwater.protocol.vectors import average, model_input, public_input
from headwater.roles.task import point_hash
from tests.support.circuits import train_salts
from tests.support.roles import AGGREGATOR, ETHER, OUTSIDER, TERMS, Place, World

CID = b"\x01" * 32
MODEL, DATA, SALT, UPDATE = range(4)  # points of a training proof


def replaced(proof: bytes, position: int, point: Point) -> bytes:
    """The proof with another commitment at a position."""
    return proof[: 64 * position] + point.encode() + proof[64 * (position + 1) :]


def refused_submission(world: World, proof: bytes, i: int = 0):
    return world.refusal(i + 1, world.proofs.submit(world.task_id, [proof]))


def refused_average(world: World, proof: bytes, account: int = AGGREGATOR):
    return world.refusal(account, world.rounds.aggregate(world.task_id, proof, CID))


def sent_before(world: World, transaction_hash: bytes) -> Call:
    """The call of a transaction that was mined, byte by byte."""
    found = world.anvil.web3.eth.get_transaction(transaction_hash)
    return Call(found["to"], bytes(found["input"]), 0, "a replay")


# proofs of training


def test_proof_of_a_neighbour__sent_as_ones_own__is_of_other_data(training):
    theirs, owner = training.proof(1), training.senders[2].address
    error = refused_submission(training, theirs.data, i=0)
    assert error.name == "DataNotOwned"
    assert error.arguments == {"taskId": 1, "dataHash": point_hash(theirs.points[DATA]), "owner": owner}
    assert error.hint


def test_proof_of_a_round_before__sent_again_after_the_model_changed__starts_from_another_model(finalized):
    for i in range(3):
        finalized.steps(finalized.trainer(i), Join)
    mine = finalized.senders[1].address
    (accepted,) = (e for e in finalized.rounds.events(Submitted, round=1, trainer=mine))
    error = finalized.refusal(1, sent_before(finalized, accepted.transaction_hash))
    first, newest = (model.model_hash for model in finalized.models.get_models(finalized.task_id, 0, 2))
    assert (error.name, error.arguments) == ("ModelMismatch", {"expected": newest, "actual": first})


def proof_accepted_there(world: World, place: Place) -> Proof:
    """Trainer 0's proof for its own data and the task at another place, submitted and accepted there."""
    place.enter([world.trainer(i).data[1] for i in range(3)])
    tag = place.contracts.tasks.tag(place.task_id)
    proof = world.task.train.prove(
        [model_input([0] * world.task.learner.spec.dimension, tag), world.trainer(0).data[0], train_salts(1)]
    )
    receipt = place.senders[1].send(place.contracts.proofs.submit(place.task_id, [proof.data]))
    assert receipt.event(Submitted).submitted == 1
    return proof


def assert_of_another_model(world: World, proof: Proof) -> None:
    error = refused_submission(world, proof.data)
    assert error.name == "ModelMismatch"
    assert error.arguments["actual"] == point_hash(proof.points[MODEL])
    assert proof.points[DATA] == world.proof(0).points[DATA], "nothing else is wrong with it"
    assert "of another task or chain" in error.hint


def test_proof_for_another_task__with_the_same_model_and_data__does_not_count_in_this_one(training):
    place = Place(training.contracts, training.create(), training.senders)
    assert_of_another_model(training, proof_accepted_there(training, place))


def test_proof_for_another_chain__from_contracts_at_the_same_addresses__does_not_count_on_this_one(
    training, other_chain
):
    assert other_chain.contracts.tasks.address == training.tasks.address
    assert other_chain.contracts.tasks.get_task(1).config == training.task.config
    assert_of_another_model(training, proof_accepted_there(training, other_chain))


FORGERIES = {
    "a neighbour's update": lambda mine, theirs: replaced(mine.data, UPDATE, theirs.points[UPDATE]),
    "a neighbour's salt": lambda mine, theirs: replaced(mine.data, SALT, theirs.points[SALT]),
    "a neighbour's argument": lambda mine, theirs: mine.data[:256] + theirs.data[256:],
    "its last byte changed": lambda mine, theirs: mine.data[:-1] + bytes([mine.data[-1] ^ 1]),
    "its last word missing": lambda mine, theirs: mine.data[:-32],
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_proof__with_something_in_it_exchanged__is_invalid(training, forge):
    mine, theirs = training.proof(0), training.proof(1)
    error = refused_submission(training, forge(mine, theirs))
    assert error.name == "InvalidProof"
    assert error.arguments == {"verifier": training.task.config.train_verifier}


@pytest.mark.parametrize("point", (INFINITY, Point(1, 3)), ids=("of nothing", "off the curve"))
def test_proof__whose_update_could_never_be_added__is_refused(training, point):
    error = refused_submission(training, replaced(training.proof(0).data, UPDATE, point))
    assert (error.name, error.arguments) == ("InvalidPoint", {"x": point.x, "y": point.y})


def test_proof_of_an_average__sent_as_one_of_training__is_refused(aggregating):
    world = aggregating
    proof = prove_average(world, world.updates(), 3)
    world.at("training")
    assert refused_submission(world, proof.data).name == "ModelMismatch"
    mine = world.proof(0)
    dressed = replaced(replaced(proof.data, MODEL, mine.points[MODEL]), DATA, mine.points[DATA])
    assert refused_submission(world, dressed).name == "InvalidProof"


def test_proof__too_short_for_its_commitments__is_refused(training):
    assert refused_submission(training, training.proof(0).data[:255]).name == "ProofTooShort"


# proofs of averages


def prove_average(world: World, vectors, n: int, tag: int | None = None) -> Proof:
    """A proof of the aggregator's for the sum of vectors, divided by any n."""
    summed, d = add(vectors), world.task.learner.spec.dimension
    weights, remainder = average([to_signed(entry) for entry in summed[:d]], n)
    model = [*weights, world.task.tag if tag is None else tag]
    public = public_input(n, world.senders[AGGREGATOR].address)
    return world.task.average.prove([model, [*remainder, *summed[d + 1 :]], public])


def test_average__that_leaves_a_trainer_out__is_of_another_sum(aggregating):
    proof = prove_average(aggregating, aggregating.updates()[:2], 2)
    error = refused_average(aggregating, proof.data)
    assert error.name == "SumMismatch"
    assert error.arguments["actual"] == point_hash(proof.points[3])
    assert "exactly the updates that the last attempt masked" in error.hint


def test_average__that_counts_a_trainer_twice__is_of_another_sum(aggregating):
    vectors = aggregating.updates()
    proof = prove_average(aggregating, [vectors[0], vectors[0], vectors[2]], 3)
    assert refused_average(aggregating, proof.data).name == "SumMismatch"


def test_average__of_the_same_updates_for_another_task__is_of_another_sum(aggregating):
    proof = prove_average(aggregating, [aggregating.aggregator().fetch(1)], 3, tag=aggregating.tasks.tag(2))
    assert refused_average(aggregating, proof.data).name == "SumMismatch"


@pytest.mark.parametrize("n", (2, 4))
def test_average__divided_by_a_wrong_number__is_of_another_public_vector(aggregating, n):
    proof = prove_average(aggregating, [aggregating.aggregator().fetch(1)], n)
    assert refused_average(aggregating, proof.data).name == "PublicMismatch"


def test_average__copied_from_the_mempool__is_worth_nothing_to_another_account(aggregating):
    proof = prove_average(aggregating, [aggregating.aggregator().fetch(1)], 3)
    error = refused_average(aggregating, proof.data, OUTSIDER)
    assert error.name == "PublicMismatch"
    assert "a proof names its sender" in error.hint
    aggregating.senders[AGGREGATOR].simulate(aggregating.rounds.aggregate(aggregating.task_id, proof.data, CID))


def test_average__with_another_model_in_it__is_invalid(aggregating):
    proof = prove_average(aggregating, [aggregating.aggregator().fetch(1)], 3)
    error = refused_average(aggregating, replaced(proof.data, 0, aggregating.proof(0).points[UPDATE]))
    assert (error.name, error.arguments) == ("InvalidProof", {"verifier": aggregating.task.config.average_verifier})
    assert refused_average(aggregating, replaced(proof.data, 0, Point(1, 3))).name == "InvalidPoint"


def test_average_of_a_round_before__sent_again__is_of_another_sum(finalized):
    (aggregated,) = finalized.rounds.events(Aggregated, task_id=finalized.task_id)
    for action in (Join, Submit, Mask, Publish):
        for i in range(3):
            finalized.steps(finalized.trainer(i), action)
    assert finalized.refusal(AGGREGATOR, sent_before(finalized, aggregated.transaction_hash)).name == "SumMismatch"


# who and when


def test_account__outside_the_roster__cannot_submit(training):
    late = training.trainer(3)
    training.steps(late, Deposit, Enrol)
    for account in (4, OUTSIDER):
        error = training.refusal(account, training.proofs.submit(training.task_id, [training.proof(0).data]))
        assert error.name == "NotOnRoster"
        assert error.arguments["trainer"] == training.senders[account].address


def test_update__sent_twice__is_refused(training):
    training.steps(training.trainer(0), Submit)
    assert refused_submission(training, training.trainer(0).train(1)[0].data).name == "AlreadySubmitted"


def test_data__that_another_trainer_registered__cannot_be_enrolled(enrolled):
    point = enrolled.trainer(0).data[1]
    error = enrolled.refusal(OUTSIDER, enrolled.enrolment(OUTSIDER, point))
    assert error.name == "DataAlreadyRegistered"
    assert error.arguments["trainer"] == enrolled.senders[1].address


def test_data__of_no_rows__cannot_be_enrolled(enrolled):
    error = enrolled.refusal(OUTSIDER, enrolled.enrolment(OUTSIDER, enrolled.task.basis.offset))
    assert error.name == "EmptyData"


def test_mask_key__without_a_proof_that_its_secret_is_known__cannot_be_enrolled(enrolled):
    task, (point, other) = enrolled.task, (enrolled.trainer(3).data[1], enrolled.senders[1].address)
    (key, *_) = (e.mask_key for e in enrolled.trainers.events(Enrolled, trainer=other))
    honest = possession.prove(7, task.tag, enrolled.senders[OUTSIDER].address)
    wrong = {
        "another's key": (key, honest),
        "another sender's proof": (mask_key(7), possession.prove(7, task.tag, other)),
        "another task's proof": (mask_key(7), possession.prove(7, task.tag + 1, enrolled.senders[OUTSIDER].address)),
    }
    for what, (key, proof) in wrong.items():
        call = enrolled.trainers.enrol(task.id, [point], key, proof)
        assert enrolled.refusal(OUTSIDER, call).name == "InvalidPossession", what
    call = enrolled.trainers.enrol(task.id, [point], mask_key(7), honest)
    assert enrolled.refusal(OUTSIDER, call).name == "InsufficientStake", "nothing else is wrong with it"


def test_evidence__in_a_task_that_admits_anybody__is_refused(enrolled):
    proof = possession.prove(7, enrolled.task.tag, enrolled.senders[AGGREGATOR].address)
    call = enrolled.trainers.enrol(enrolled.task_id, [enrolled.trainer(3).data[1]], mask_key(7), proof, b"a ticket")
    assert enrolled.refusal(AGGREGATOR, call).name == "UnexpectedEvidence"


def test_enrolment__without_stake__is_refused(created):
    error = created.refusal(1, created.enrolment(1, created.trainer(0).data[1]))
    assert (error.name, error.arguments["required"]) == ("InsufficientStake", ETHER)


def test_seat__taken_twice_or_without_enrolment__is_refused(enrolled):
    enrolled.steps(enrolled.trainer(0), Join)
    assert enrolled.refusal(1, enrolled.rounds.join(enrolled.task_id)).name == "AlreadyJoined"
    assert enrolled.refusal(OUTSIDER, enrolled.rounds.join(enrolled.task_id)).name == "NotEnrolled"


def test_trainer__that_is_leaving__cannot_join_or_leave_again_or_be_released_too_soon(enrolled):
    rounds, trainers, task_id = enrolled.rounds, enrolled.trainers, enrolled.task_id
    assert enrolled.refusal(1, trainers.release(task_id)).name == "NotReleasable"
    enrolled.trainer(0).act(Unenrol())
    assert enrolled.refusal(1, rounds.join(task_id)).name == "Leaving"
    assert enrolled.refusal(1, trainers.unenrol(task_id)).name == "Leaving"
    assert enrolled.refusal(1, trainers.release(task_id)).name == "NotReleasable"
    assert enrolled.refusal(OUTSIDER, trainers.unenrol(task_id)).name == "NotEnrolled"


def test_stake__of_a_trainer_on_the_roster_of_a_round_that_runs__is_not_released(training):
    training.trainer(0).act(Unenrol())
    training.pass_until(training.trainers.get_enrolment(training.task_id, training.senders[1].address).releasable_at)
    assert training.refusal(1, training.trainers.release(training.task_id)).name == "RoundRunning"
    training.steps(training.aggregator(OUTSIDER), Advance)
    training.trainer(0).act(Release())
    left = ETHER - ETHER * TERMS.absence_slash // 10_000
    assert training.stakes.stake_of(training.senders[1].address) == Stake(left, 0)


CALLS = {
    Phase.JOIN: lambda world: (1, world.rounds.join(world.task_id)),
    Phase.TRAIN: lambda world: (1, world.proofs.submit(world.task_id, [bytes(256)])),
    Phase.MASK: lambda world: (1, world.rounds.mask(world.task_id, Posting(bytes(32), GENERATOR, CID, ()))),
    Phase.AGGREGATE: lambda world: (AGGREGATOR, world.rounds.aggregate(world.task_id, bytes(256), CID)),
}
STAGE_OF = {
    Phase.JOIN: "enrolled",
    Phase.TRAIN: "training",
    Phase.MASK: "masking",
    Phase.AGGREGATE: "aggregating",
}


@pytest.mark.parametrize("phase", STAGE_OF)
def test_call__in_another_phase_than_its_own__is_refused(world, phase):
    world.at(STAGE_OF[phase])
    for needed, call in CALLS.items():
        if needed is not phase:
            error = world.refusal(*call(world))
            assert (error.name, error.arguments) == ("WrongPhase", {"expected": needed, "actual": phase})


@pytest.mark.parametrize("phase", STAGE_OF)
def test_call__in_its_phase_but_after_the_deadline__is_refused_until_somebody_advances(world, phase):
    world.at(STAGE_OF[phase]).pass_deadline()
    error = world.refusal(*CALLS[phase](world))
    assert error.name == "DeadlinePassed"
    assert "advance the task" in error.hint
    world.steps(world.aggregator(OUTSIDER), Advance)
    found = world.rounds.current_phase(world.task_id)
    assert (found.round, found.phase) == (2, Phase.JOIN)


def test_round__whose_deadline_is_still_to_come__cannot_be_advanced(enrolled):
    assert enrolled.refusal(OUTSIDER, enrolled.rounds.advance(enrolled.task_id)).name == "NothingToAdvance"


def test_average__of_a_round_that_was_finalized__comes_too_late(aggregating):
    total = aggregating.aggregator().fetch(1)
    aggregating.steps(aggregating.aggregator(OUTSIDER), Deposit, Aggregate)
    error = refused_average(aggregating, prove_average(aggregating, [total], 3).data)
    assert (error.name, error.arguments["actual"]) == ("WrongPhase", Phase.CHALLENGE)


def test_average__by_an_account_without_stake__is_refused(aggregating):
    aggregator = aggregating.aggregator(OUTSIDER)
    _, proof = aggregator.prove(aggregator.fetch(1), 3)
    error = refused_average(aggregating, proof.data, OUTSIDER)
    assert (error.name, error.arguments["required"]) == ("InsufficientStake", ETHER)


# verifiers


def _types(inputs) -> Iterator[str]:
    for entry in inputs:
        yield entry["type"]
        yield from _types(entry.get("components", ()))


def test_verifiers__are_chosen_by_the_tasks_creator_and_by_no_other_call():
    changing = {
        entry["name"]: list(_types(entry["inputs"]))
        for contract in ("TaskManager", "RoundManager", "ProofManager", "TrainerRegistry", "RewardManager")
        for entry in load_abi(contract)
        if entry["type"] == "function" and entry["stateMutability"] not in ("view", "pure")
    }
    with_addresses = {name for name, types in changing.items() if any("address" in typ for typ in types)}
    assert with_addresses == {"createTask", "mask", "settle", "seat", "accept", "accuse", "acquit", "convict", "prove"}
    assert {name for name, types in changing.items() if types.count("address") > 1} == {"createTask", "convict"}
    assert changing["createTask"].count("address") == 4, "verifiers, and who admits"
    assert changing["submit"] == ["uint256", "bytes[]"]
    assert changing["aggregate"] == ["uint256", "bytes", "bytes32"]
