"""The wrappers against the real contracts on anvil: a whole task, with a verifier that accepts anything."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from headwater.chain.asking.rpc import Call, connect
from headwater.chain.contracts.events import (
    Accused,
    Aggregated,
    BondPaid,
    BondReturned,
    Challenged,
    Credited,
    DataRegistered,
    Deposited,
    Enrolled,
    Joined,
    Locked,
    Masked,
    MaskingStarted,
    ModelAdded,
    PhaseChanged,
    Released,
    RewardCollected,
    SeedDrawn,
    Slashed,
    Submitted,
    TaskCreated,
    TrainerSlashed,
    Unenrolled,
)
from headwater.chain.contracts.opened import open_contracts
from headwater.chain.contracts.screens import CurrentPhase, Stake
from headwater.chain.deploying.deploy import deploy
from headwater.chain.sending.sender import Sender
from headwater.errors import ChainError, ContractError
from headwater.protocol import possession
from headwater.protocol.curve import INFINITY, Point, add, multiply, negate
from headwater.protocol.phases import Duty, Kind, Phase, TrainerStatus
from headwater.protocol.structs import (
    ZERO_ADDRESS,
    ZERO_HASH,
    Addresses,
    Challenge,
    Enrolment,
    Model,
    Origin,
    Parent,
    PeerMask,
    Pool,
    Posting,
    Registration,
    RosterEntry,
    Round,
    TaskConfig,
)
from headwater.protocol.vectors import twice
from tests.support.anvil import run_anvil
from tests.support.deploying import HOME
from tests.support.toy_srs import ToySrs

ETHER = 10**18
G = Point(1, 2)
SRS, DIMENSION = ToySrs(14, 987_654_321), 31
BASIS = SRS.basis(DIMENSION)
OFFSET, BASIS_0, BASIS_1, BASIS_D = BASIS
MODEL = multiply(G, 100)
CID = keccak(b"a document")
ACCEPTS_ANYTHING = bytes.fromhex("600a600c600039600a6000f3" + "600160005260206000f3")
"""Creation code of: return 1."""


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """The contracts and the verifier on a chain, with five accounts that can send."""
    folder = tmp_path_factory.mktemp("chain")
    with run_anvil(folder / "anvil.log") as anvil:
        chain = connect(anvil.url)
        senders = [Sender(chain, account) for account in anvil.accounts[:5]]
        deploy(senders[0], folder / "deployments", HOME)
        contracts = open_contracts(chain, folder / "deployments")
        verifier, _ = senders[0].deploy(ACCEPTS_ANYTHING, "verifier")
        yield SimpleNamespace(
            anvil=anvil,
            chain=chain,
            contracts=contracts,
            tasks=contracts.tasks,
            stakes=contracts.stakes,
            models=contracts.models,
            challenges=contracts.challenges,
            creator=senders[0],
            trainers=senders[1:4],
            aggregator=senders[4],
            config=config(verifier, chain.code_hash(verifier)),
        )


def config(verifier, code_hash):
    return TaskConfig(
        train_verifier=verifier,
        train_code_hash=code_hash,
        average_verifier=verifier,
        average_code_hash=code_hash,
        score_verifier=ZERO_ADDRESS,
        score_code_hash=ZERO_HASH,
        manifest=keccak(b"manifest"),
        srs=keccak(b"srs"),
        k=SRS.k,
        dimension=DIMENSION,
        rounds=2,
        min_trainers=3,
        max_trainers=3,
        max_links=1,
        review_period=0,
        quiet_bound=0,
        admission=ZERO_ADDRESS,
        join_period=100,
        train_period=200,
        mask_period=250,
        aggregate_period=300,
        challenge_period=400,
        answer_period=60,
        unbonding_period=5000,
        stake=ETHER,
        aggregator_fee=ETHER // 10,
        challenge_bond=ETHER // 100,
        fault_slash=10_000,
        absence_slash=500,
        offset=OFFSET,
        basis0=BASIS_0,
        basis1=BASIS_1,
        basis_d=BASIS_D,
        tau=SRS.tau_g2,
    )


def pass_time(world, seconds):
    world.anvil.web3.provider.make_request("evm_increaseTime", [seconds])
    world.anvil.web3.provider.make_request("evm_mine", [])


def seed_of(world, task_id):
    """The running attempt's seed, as it is drawn or will be."""
    state = world.contracts.rounds.get_state(task_id)
    if not state.seed_block:
        return state.seed
    drawn = world.chain.web3.eth.get_block(state.seed_block)["hash"]
    words = [drawn, task_id, state.round, state.attempt]
    return keccak(encode(["bytes32", "uint256", "uint256", "uint256"], words))


def posting(world, task_id, update, trainer, members):
    """What a member posts with masks nobody checks: all others are its peers."""
    others = sorted((m.address for m in members if m is not trainer), key=lambda address: int(address, 16))
    masks = tuple(PeerMask(peer, multiply(G, 600 + n)) for n, peer in enumerate(others))
    return Posting(seed_of(world, task_id), update, CID, masks)


def posting_hash(posted):
    """keccak256(abi.encode(posting))."""
    masks = [(mask.peer, tuple(mask.commitment)) for mask in posted.masks]
    types = ["(bytes32,(uint256,uint256),bytes32,(address,(uint256,uint256))[])"]
    return keccak(encode(types, [(posted.seed, tuple(posted.update), posted.cid, masks)]))


def creating(world, **changes):
    config = replace(world.config, **changes)
    return world.tasks.create_task(config, SRS.basis_quotient(DIMENSION), Origin(MODEL), CID, 2 * ETHER)


def create_task(world, **changes):
    return world.creator.send(creating(world, **changes)).event(TaskCreated).task_id


def model_of(world, task_id):
    """The commitment of the task's first model: with the tag."""
    return add(MODEL, multiply(BASIS_D, world.tasks.tag(task_id)))


def data_of(task_id, i):
    return multiply(G, 1000 * task_id + i + 200)


def enrolling(world, task_id, i, trainer):
    shown = possession.prove(500 + i, world.tasks.tag(task_id), trainer.address)
    return world.contracts.trainers.enrol(task_id, [data_of(task_id, i)], multiply(G, 500 + i), shown)


def enrol(world, task_id):
    for i, trainer in enumerate(world.trainers):
        trainer.send(world.stakes.deposit(ETHER))
        trainer.send(enrolling(world, task_id, i, trainer))


def join(world, task_id):
    for trainer in world.trainers:
        trainer.send(world.contracts.rounds.join(task_id))


def train_proof(model, data, update):
    return b"".join(point.encode() for point in (model, data, G, update)) + b"\x01" * 64


def average_proof(world, task_id, updates, average, aggregator):
    total = INFINITY
    for update in updates:
        total = add(total, add(update, negate(OFFSET)))
    total = add(add(total, OFFSET), multiply(BASIS_D, world.tasks.tag(task_id)))
    public = add(add(multiply(BASIS_0, len(updates)), multiply(BASIS_1, int(aggregator, 16))), OFFSET)
    return b"".join(point.encode() for point in (average, G, public, twice(total, OFFSET))) + b"\x02" * 64


def test_task__when_created__then_read_back_as_it_was_written(world):
    pool = 2 * ETHER
    receipt = world.creator.send(creating(world))
    task_id = receipt.event(TaskCreated).task_id
    task, state = world.tasks.get_task(task_id), world.contracts.rounds.get_state(task_id)
    model = model_of(world, task_id)

    assert (task.creator, task.config) == (world.creator.address, world.config)
    assert (state.phase, state.round) == (Phase.JOIN, 1)
    assert world.contracts.rewards.pool_of(task_id) == Pool(pool, 0)
    assert world.models.get_parents(task_id, 0) == ((), 0)
    assert state.model_hash == keccak(model.encode())
    assert not state.has_ended
    assert receipt.event(ModelAdded).commitment == model
    assert receipt.event(PhaseChanged).to_phase is Phase.JOIN
    assert receipt.gas_used > 21_000
    assert receipt.fee > 0
    assert world.stakes.escrow_of(task_id) == pool
    assert world.models.latest(task_id) == Model(state.model_hash, CID, 0, 0, ZERO_ADDRESS, 0)
    assert world.models.added(task_id, 0) == receipt.event(ModelAdded)


def test_round__when_everybody_works__then_every_call_event_and_view_of_it_is_understood(world):
    stakes, models, rewards = world.stakes, world.models, world.contracts.rewards
    rounds, trainers = world.contracts.rounds, world.contracts.trainers
    task_id = create_task(world)
    first = model_of(world, task_id)
    enrol(world, task_id)
    enrolled = list(trainers.events(Enrolled, task_id=task_id))
    assert [e.mask_key for e in enrolled] == [multiply(G, 500 + i) for i in range(3)]
    alice = world.trainers[0].address
    assert possession.verify(enrolled[0].mask_key, enrolled[0].possession, world.tasks.tag(task_id), alice)
    assert trainers.get_enrolment(task_id, alice) == Enrolment(keccak(multiply(G, 500).encode()), ETHER, 0, 0)
    registered, *_ = trainers.events(DataRegistered, task_id=task_id)
    own = keccak(data_of(task_id, 0).encode())
    assert (registered.data_hash, registered.data, registered.round) == (own, data_of(task_id, 0), 1)
    now = world.chain.block(registered.block_number).timestamp
    assert trainers.get_data(task_id, own) == Registration(alice, 1, now)
    more = multiply(G, 9999)
    receipt = world.trainers[0].send(trainers.register_data(task_id, [more]))
    assert receipt.event(DataRegistered).data_hash == keccak(more.encode())
    assert stakes.lock_of(task_id, alice) == ETHER
    assert not trainers.get_enrolment(task_id, world.creator.address).exists

    join(world, task_id)
    assert rounds.get_roster_entry(task_id, 1, alice).status is TrainerStatus.JOINED
    updates = [multiply(G, 300 + i) for i in range(3)]
    for i, trainer in enumerate(world.trainers):
        proof = train_proof(first, data_of(task_id, i), updates[i])
        receipt = trainer.send(world.contracts.proofs.submit(task_id, [proof]))
        submitted = receipt.event(Submitted)
        assert (submitted.trainer, submitted.update, submitted.submitted) == (trainer.address, updates[i], i + 1)
        assert submitted.data_hashes == (keccak(data_of(task_id, i).encode()),)
        assert receipt.calldata_bytes > len(proof)
    entry = rounds.get_roster_entry(task_id, 1, alice)
    assert entry == RosterEntry(TrainerStatus.SUBMITTED, 0, keccak(updates[0].encode())[:29], bytes(32))
    assert trainers.get_enrolment(task_id, alice).round == 1
    assert rounds.duty_of(task_id, 1, alice) == (Duty.OPEN, ZERO_ADDRESS, 0)

    started, seed = receipt.event(MaskingStarted), seed_of(world, task_id)
    state = rounds.get_state(task_id)
    assert (state.phase, state.submitted, state.attempt, state.members) == (Phase.MASK, 3, 1, 3)
    assert (state.seed_block, state.accused, state.convicted) == (receipt.block_number, 0, 0)
    assert (started.attempt, started.members, started.seed_block) == (1, 3, receipt.block_number)
    pass_time(world, 1)  # contracts know a block's hash from the next but one on
    assert rounds.peer_count(3) == 2
    for i, trainer in enumerate(world.trainers):
        posted = posting(world, task_id, updates[i], trainer, world.trainers)
        receipt = trainer.send(rounds.mask(task_id, posted))
        masked = receipt.event(Masked)
        assert (masked.trainer, masked.posting, masked.masked) == (trainer.address, posted, i + 1)
        if i == 0:
            assert receipt.event(SeedDrawn).seed == seed == posted.seed
    state = rounds.get_state(task_id)
    assert (state.seed_block, state.seed) == (0, seed)
    posted = posting(world, task_id, updates[0], world.trainers[0], world.trainers)
    assert rounds.get_roster_entry(task_id, 1, alice) == replace(entry, attempt=1, posting_hash=posting_hash(posted))
    assert rounds.current_phase(task_id).phase is Phase.AGGREGATE

    average = multiply(G, 400)
    aggregator = world.aggregator.address
    proof = average_proof(world, task_id, updates, average, aggregator)
    world.aggregator.send(stakes.deposit(ETHER))
    receipt = world.aggregator.send(rounds.aggregate(task_id, proof, CID))
    now = world.chain.block(receipt.block_number).timestamp
    assert receipt.event(Aggregated).new_model_hash == keccak(average.encode())
    assert [e.to_phase for e in receipt.events if isinstance(e, PhaseChanged)] == [Phase.CHALLENGE]
    assert rounds.get_round(task_id, 1) == Round(Phase.CHALLENGE, 1, 3, aggregator, 1, 0)
    state = rounds.get_state(task_id)
    assert (state.average, state.average_cid) == (average, CID)
    assert rounds.current_phase(task_id) == CurrentPhase(1, Phase.CHALLENGE, now + 400, Phase.NONE)
    assert stakes.lock_of(task_id, aggregator) == ETHER
    pass_time(world, 400)
    receipt = world.creator.send(rounds.advance(task_id))
    now = world.chain.block(receipt.block_number).timestamp
    assert [e.to_phase for e in receipt.events if isinstance(e, PhaseChanged)] == [Phase.FINALIZED, Phase.JOIN]
    assert rounds.get_round(task_id, 1) == Round(Phase.FINALIZED, 1, 3, aggregator, 1, now)
    assert rounds.current_phase(task_id) == CurrentPhase(2, Phase.JOIN, now + 100, Phase.NONE)
    assert stakes.lock_of(task_id, aggregator) == 0
    world.aggregator.send(stakes.withdraw(ETHER))

    newest = Model(keccak(average.encode()), CID, 1, 3, aggregator, now)
    assert models.latest(task_id) == models.get_model(task_id, 1) == newest
    assert [model.round for model in models.get_models(task_id, 0, 10)] == [0, 1]
    assert models.round_of(task_id, newest.model_hash) == 1

    assert rounds.duty_of(task_id, 1, alice) == (Duty.DONE, ZERO_ADDRESS, 0)
    assert rounds.contributed(task_id, 1, alice)
    assert models.get_parents(task_id, 1) == ((Parent(task_id, 0, 1),), 1)
    assert rewards.pool_of(task_id).spent == ETHER // 10 + 3 * ((ETHER - ETHER // 10) // 3)
    assert rewards.reward_of(task_id, 1, aggregator) == ETHER // 10
    assert not rewards.collected(task_id, 1, alice)
    receipt = world.trainers[0].send(rewards.collect(task_id, [1]))
    share = receipt.event(RewardCollected).amount
    assert share == (ETHER - ETHER // 10) // 3
    assert rewards.collected(task_id, 1, alice)
    assert receipt.event(Credited).claimable == stakes.claimable(alice) == share
    before = world.chain.balance(alice)
    receipt = world.trainers[0].send(stakes.claim())
    assert world.chain.balance(alice) == before + share - receipt.fee


def test_call__when_the_contract_refuses__then_nothing_is_sent_and_the_error_has_its_name(world):
    task_id = create_task(world)
    enrol(world, task_id)
    join(world, task_id)
    mallory, proof = world.trainers[0], train_proof(model_of(world, task_id), data_of(task_id, 1), G)
    nonce = mallory.next_nonce()

    with pytest.raises(ContractError, match=r"ProofManager\.submit was refused: DataNotOwned") as caught:
        mallory.send(world.contracts.proofs.submit(task_id, [proof]))

    assert caught.value.name == "DataNotOwned"
    assert caught.value.arguments == {
        "taskId": task_id,
        "dataHash": keccak(data_of(task_id, 1).encode()),
        "owner": world.trainers[1].address,
    }
    assert mallory.next_nonce() == nonce
    with pytest.raises(ContractError) as caught:
        mallory.simulate(world.contracts.rounds.join(task_id))
    assert (caught.value.name, caught.value.arguments) == (
        "WrongPhase",
        {"expected": Phase.JOIN, "actual": Phase.TRAIN},
    )


def test_mask__when_a_member_is_missing__then_the_others_are_asked_again_and_it_is_refused(world):
    task_id = create_task(world, max_trainers=4, join_period=10**6)
    enrol(world, task_id)
    late = world.creator
    late.send(world.stakes.deposit(ETHER))
    late.send(enrolling(world, task_id, 3, late))
    members = [*world.trainers, late]
    for member in members:
        member.send(world.contracts.rounds.join(task_id))
    updates = [multiply(G, 300 + i) for i in range(4)]
    for i, member in enumerate(members):
        proof = train_proof(model_of(world, task_id), data_of(task_id, i), updates[i])
        member.send(world.contracts.proofs.submit(task_id, [proof]))
    pass_time(world, 1)
    for member, update in zip(world.trainers, updates, strict=False):
        member.send(world.contracts.rounds.mask(task_id, posting(world, task_id, update, member, members)))
    pass_time(world, 250)

    assert world.contracts.rounds.current_phase(task_id).next is Phase.MASK
    receipt = world.aggregator.send(world.contracts.rounds.advance(task_id))

    assert receipt.event(PhaseChanged).from_phase is receipt.event(PhaseChanged).to_phase is Phase.MASK
    assert (receipt.event(MaskingStarted).attempt, receipt.event(MaskingStarted).members) == (2, 3)
    with pytest.raises(ContractError) as caught:
        late.send(world.contracts.rounds.mask(task_id, posting(world, task_id, updates[3], late, world.trainers)))
    assert caught.value.name == "NotAMember"
    wrong = posting(world, task_id, updates[1], world.trainers[0], world.trainers)
    with pytest.raises(ContractError) as caught:
        world.trainers[0].send(world.contracts.rounds.mask(task_id, wrong))
    assert caught.value.name == "UpdateMismatch"
    assert caught.value.arguments["expected"] == keccak(updates[0].encode())[:29]


def test_challenge__when_raised_and_not_answered__then_every_call_event_and_view_of_it_is_understood(world):
    rounds, trainers, challenges = world.contracts.rounds, world.contracts.trainers, world.challenges
    task_id, bond = create_task(world), world.config.challenge_bond
    assert challenges.bond_of(task_id, Kind.UPDATE) == bond
    assert rounds.answer_time(task_id) == 60
    enrol(world, task_id)
    join(world, task_id)
    updates = [multiply(G, 300 + i) for i in range(3)]
    for i, trainer in enumerate(world.trainers):
        proof = train_proof(model_of(world, task_id), data_of(task_id, i), updates[i])
        trainer.send(world.contracts.proofs.submit(task_id, [proof]))
    pass_time(world, 1)
    postings = (
        posting(world, task_id, updates[i], trainer, world.trainers) for i, trainer in enumerate(world.trainers)
    )
    shown = dict(zip((trainer.address for trainer in world.trainers), postings, strict=True))
    for trainer in world.trainers:
        trainer.send(rounds.mask(task_id, shown[trainer.address]))
    alice, bob, carol = shown
    first, me = challenges.challenge_count() + 1, world.aggregator.address

    receipt = world.aggregator.send(challenges.challenge_update(task_id, alice, bond))
    raised = receipt.event(Challenged)
    assert (raised.challenge_id, raised.kind, raised.accused) == (first, Kind.UPDATE, alice)
    assert receipt.event(Accused).trainer == alice
    answer_by = world.chain.block(receipt.block_number).timestamp + 60
    found = Challenge(me, bond, alice, Kind.UPDATE, False, 1, 1, ZERO_ADDRESS, task_id, answer_by)
    assert (raised.answer_by, raised.model_hash) == (answer_by, bytes(32))
    assert challenges.get_challenge(first) == found
    assert challenges.challenge_of(task_id, 1, 1, alice) == first
    assert not challenges.opened(task_id, 1, 1, alice)
    assert (world.stakes.bonded(), rounds.get_state(task_id).accused) == (bond, 1)
    with pytest.raises(ContractError) as caught:
        world.aggregator.send(challenges.challenge_update(task_id, bob, 1))
    assert (caught.value.name, caught.value.arguments) == ("InsufficientBond", {"required": bond, "sent": 1})

    pair, postings = (bob, carol), (shown[bob], shown[carol])
    receipt = world.aggregator.send(challenges.challenge_mask(task_id, pair, postings, bond))
    assert (receipt.event(Challenged).kind, receipt.event(Challenged).other) == (Kind.MASK, carol)
    assert [challenges.challenge_of(task_id, 1, 1, member) for member in pair] == [first + 1] * 2
    with pytest.raises(ContractError) as caught:
        world.creator.send(challenges.prove_wrong_peer(task_id, alice, shown[alice], bob, [carol] * 15))
    assert caught.value.name == "WrongLength"

    pass_time(world, 300)
    world.creator.send(rounds.advance(task_id))
    assert trainers.slash_of(task_id, alice) == (ETHER, True)
    burnt = world.stakes.burnt()
    receipt = world.creator.send(trainers.settle(task_id, alice))
    assert receipt.event(TrainerSlashed).slashed == receipt.event(Slashed).amount == ETHER
    assert receipt.event(Unenrolled).releasable_at == trainers.get_enrolment(task_id, alice).releasable_at > 0
    assert world.stakes.burnt() == burnt + ETHER
    receipt = world.aggregator.send(challenges.reclaim_bond(first))
    assert receipt.event(BondReturned).to == receipt.event(BondPaid).account == me
    assert challenges.get_challenge(first) == replace(found, closed=True)
    pass_time(world, 5000)
    receipt = world.trainers[0].send(trainers.release(task_id))
    assert receipt.event(Released).stake == 0


def test_call__when_another_contract_refuses_underneath__then_its_error_is_known_too(world):
    task_id = create_task(world)

    with pytest.raises(ContractError) as caught:
        world.aggregator.send(enrolling(world, task_id, 0, world.aggregator))

    assert caught.value.name == "InsufficientStake"
    assert "1 ETH" in caught.value.message


def test_read__when_a_block_is_given__then_the_state_is_of_that_block(world):
    before = world.chain.block()
    task_id = create_task(world)
    after = world.chain.block()

    assert world.tasks.task_count(before.number) == task_id - 1
    assert world.tasks.task_count(after.number) == task_id
    with pytest.raises(ContractError) as caught:
        world.tasks.get_task(task_id, before.number)
    assert caught.value.name == "UnknownTask"


def test_read__when_the_deadline_has_passed__then_current_phase_says_what_advance_would_do(world):
    task_id = create_task(world)
    pass_time(world, 100)

    assert world.contracts.rounds.current_phase(task_id).next is Phase.SKIPPED
    receipt = world.aggregator.send(world.contracts.rounds.advance(task_id))
    assert [e.to_phase for e in receipt.events] == [Phase.SKIPPED, Phase.JOIN]


def test_events__when_filtered__then_only_those_and_oldest_first(world):
    task_id = create_task(world)
    other = create_task(world)
    enrol(world, task_id)
    join(world, task_id)
    addresses = [trainer.address for trainer in world.trainers]

    rounds = world.contracts.rounds
    joined = list(rounds.events(Joined, task_id=task_id, round=1))
    assert [event.trainer for event in joined] == addresses
    assert [event.joined for event in joined] == [1, 2, 3]
    assert [event.block_number for event in joined] == sorted(event.block_number for event in joined)
    assert list(rounds.events(Joined, task_id=other)) == []
    assert [e.round for e in rounds.events(Joined, trainer=addresses[0], task_id=task_id)] == [1]
    last = joined[1].block_number
    assert list(rounds.events(Joined, last=last, task_id=task_id)) == joined[:2]
    assert list(rounds.events(Joined, last, last, task_id=task_id)) == [joined[1]]
    assert len(list(world.stakes.events(Locked, task_id=task_id))) == 3
    assert {e.task_id for e in world.contracts.trainers.events(Enrolled)} >= {task_id}


def test_stake__when_deposited_and_withdrawn__then_free_again(world):
    trainer = world.aggregator
    receipt = trainer.send(world.stakes.deposit(5))

    assert receipt.event(Deposited).free == 5
    assert world.stakes.stake_of(trainer.address) == Stake(5, 0)
    trainer.send(world.stakes.withdraw(5))
    assert world.stakes.stake_of(trainer.address) == Stake(0, 0)


def test_receipt__when_an_event_is_not_in_it__then_says_so(world):
    receipt = world.aggregator.send(world.stakes.deposit(1))
    with pytest.raises(ChainError, match="emitted no Joined"):
        receipt.event(Joined)


def test_contracts__when_deployed__then_they_name_each_other(world):
    found = world.contracts
    named = (found.tasks, found.rounds, found.trainers, found.rewards, found.stakes, found.models, found.challenges)
    at = Addresses(*(contract.address for contract in (*named, found.openings, found.proofs)))
    assert {contract.deployment() for contract in (*named, found.openings, found.lens)} == {at}


def test_send__when_somebody_else_is_first_in_the_block__then_the_contract_is_asked_why_it_failed(world):
    task_id = create_task(world)
    rpc = world.anvil.web3.provider.make_request
    pass_time(world, 100)
    rpc("evm_setAutomine", [False])
    try:
        with ThreadPoolExecutor() as pool:
            both = [pool.submit(sender.send, world.contracts.rounds.advance(task_id)) for sender in world.trainers[:2]]
            while int(rpc("txpool_status", [])["result"]["pending"], 16) < 2:
                time.sleep(0.01)
            rpc("evm_mine", [])
            errors = [future.exception() for future in both]
    finally:
        rpc("evm_setAutomine", [True])

    (error,) = filter(None, errors)
    assert isinstance(error, ContractError)
    assert error.name == "NothingToAdvance"


class TestSender:
    """Transactions that are not mined at once."""

    @pytest.fixture
    def slow(self, tmp_path):
        """A chain that mines when told to, and a hasty sender."""
        with run_anvil(tmp_path / "anvil.log", "--no-mining") as anvil:
            yield SimpleNamespace(anvil=anvil, sender=Sender(connect(anvil.url), anvil.accounts[0], mined_seconds=0.2))

    def mine(self, anvil):
        anvil.web3.provider.make_request("evm_mine", [])

    def test_send__when_not_mined_in_time__then_the_next_waits_for_it(self, slow):
        call = Call(ZERO_ADDRESS, b"", 1, "a gift")

        with pytest.raises(ChainError, match=r"a gift is not mined after 0\.2 s: transaction 0x"):
            slow.sender.send(call)
        with pytest.raises(ChainError, match=r"an earlier transaction of 0x.*, nonce 0, is still not mined"):
            slow.sender.send(call)
        self.mine(slow.anvil)
        assert slow.sender.next_nonce() == 1

    def test_send__when_the_account_is_poor__then_says_who_must_be_paid(self, slow):
        with pytest.raises(ChainError, match="cannot pay for a palace"):
            slow.sender.send(Call(ZERO_ADDRESS, b"", 10**30, "a palace"))
