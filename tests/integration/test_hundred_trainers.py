"""A hundred trainers in one round: 16 peers each, real masks, and gas that does not depend on how many they are.

The verifiers accept anything, so nothing is proved; commitments, masks and sums are true, by a basis whose logarithms
are known: that makes them quick.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from random import Random

import pytest
from eth_utils.crypto import keccak

from headwater.chain.asking.rpc import Call, connect
from headwater.chain.contracts.events import Convicted, Masked, MaskingStarted, TaskCreated
from headwater.chain.contracts.opened import open_contracts
from headwater.chain.deploying.anvil import Anvil
from headwater.chain.deploying.deploy import deploy
from headwater.chain.sending.sender import Receipt, Sender
from headwater.protocol import possession
from headwater.protocol.curve import Point
from headwater.protocol.faults import Posted, find_faults
from headwater.protocol.field import P, add, derive
from headwater.protocol.masks import Attempt, Mask, circle, mask_key, masked, masks, peers, shared_point
from headwater.protocol.phases import Phase
from headwater.protocol.structs import ZERO_ADDRESS, ZERO_HASH, Origin, PeerMask, Posting, TaskConfig
from headwater.protocol.vectors import average, update_length
from tests.support.anvil import run_anvil
from tests.support.masking import ToyBasis, generated
from tests.support.toy_srs import ToySrs, lagrange

TRAINERS, DIMENSION, POOL = 100, 3, 10**18
LENGTH = update_length(DIMENSION)
SRS = ToySrs(14, derive(b"nobody's ceremony, for a hundred", "tau"))
BASIS = ToyBasis(SRS.offset_log, tuple(lagrange(SRS.k, row, SRS.tau) for row in range(LENGTH)))
POINTS = tuple(map(generated, BASIS.logs))
CID = keccak(b"a document")
ACCEPTS_ANYTHING = bytes.fromhex("600a600c600039600a6000f3" + "600160005260206000f3")
"""Creation code of: return 1."""
DATA, ANY = 1000, Point(1, 2)


def commit(vector: Sequence[int]) -> Point:
    """C(vector), of any length up to an update's."""
    return BASIS.commit([*vector, *[0] * (LENGTH - len(vector))])


def proof(*points: Point) -> bytes:
    """What starts like a proof; the verifiers look at nothing."""
    return b"".join(point.encode() for point in points) + bytes(64)


class Crowd:
    """A hundred trainers in round 1 of a task, and what each transaction of theirs took.

    Attributes:
        gas: by function, in the order of the trainers.
    """

    def __init__(self, anvil: Anvil, folder: Path, home: Path) -> None:
        self.anvil, self.chain = anvil, connect(anvil.url)
        self.creator, self.aggregator, *self.trainers = (Sender(self.chain, key) for key in anvil.accounts)
        deploy(self.creator, folder, home)
        self.contracts = open_contracts(self.chain, folder)
        verifier, _ = self.creator.deploy(ACCEPTS_ANYTHING, "verifier")
        code_hash = self.chain.code_hash(verifier)
        config = TaskConfig(
            train_verifier=verifier,
            train_code_hash=code_hash,
            average_verifier=verifier,
            average_code_hash=code_hash,
            score_verifier=ZERO_ADDRESS,
            score_code_hash=ZERO_HASH,
            manifest=CID,
            srs=CID,
            k=SRS.k,
            dimension=DIMENSION,
            rounds=1,
            min_trainers=3,
            max_trainers=TRAINERS,
            max_links=1,
            review_period=0,
            quiet_bound=0,
            admission=ZERO_ADDRESS,
            join_period=1000,
            train_period=1000,
            mask_period=1000,
            aggregate_period=1000,
            challenge_period=1000,
            answer_period=1000,
            unbonding_period=1000,
            stake=1000,
            aggregator_fee=POOL // 10,
            challenge_bond=10,
            fault_slash=10_000,
            absence_slash=500,
            offset=BASIS.offset,
            basis0=POINTS[0],
            basis1=POINTS[1],
            basis_d=POINTS[DIMENSION],
            tau=SRS.tau_g2,
        )
        origin = Origin(commit([0] * DIMENSION))
        call = self.contracts.tasks.create_task(config, SRS.basis_quotient(DIMENSION), origin, CID, POOL)
        created = self.creator.send(call)
        self.task_id = created.event(TaskCreated).task_id
        self.tag = self.contracts.tasks.tag(self.task_id)
        self.model = commit([*[0] * DIMENSION, self.tag])
        self.gas: defaultdict[str, list[int]] = defaultdict(list)
        random = Random(1)
        self.updates = {
            sender.address: [*(random.randrange(-4096, 4096) % P for _ in range(DIMENSION)), 0]
            + [derive(bytes(32), "salt", sender.address, n) for n in range(LENGTH - DIMENSION - 1)]
            for sender in self.trainers
        }
        self.secrets = {sender.address: derive(bytes(32), "mask", sender.address) for sender in self.trainers}

    def send(self, sender: Sender, call: Call) -> Receipt:
        """Send a trainer's transaction and note its gas."""
        receipt = sender.send(call)
        self.gas[call.name].append(receipt.gas_used)
        return receipt

    def submit(self) -> None:
        """All enrol, join and submit, which starts the first attempt at masking."""
        rounds, registry = self.contracts.rounds, self.contracts.trainers
        for number, sender in enumerate(self.trainers):
            sender.send(self.contracts.stakes.deposit(1000))
            secret = self.secrets[sender.address]
            shown = possession.prove(secret, self.tag, sender.address)
            self.send(sender, registry.enrol(self.task_id, [generated(DATA + number)], mask_key(secret), shown))
        for sender in self.trainers:
            self.send(sender, rounds.join(self.task_id))
        for number, sender in enumerate(self.trainers):
            update = commit(self.updates[sender.address])
            proofs = [proof(self.model, generated(DATA + number), ANY, update)]
            self.send(sender, self.contracts.proofs.submit(self.task_id, proofs))
        self.anvil.mine()

    @cached_property
    def attempt(self) -> Attempt:
        """The first attempt, by what the chain says."""
        (started,) = self.contracts.rounds.events(MaskingStarted, task_id=self.task_id)
        block_hash = self.chain.block(started.seed_block).hash
        seed = keccak(block_hash + b"".join(word.to_bytes(32, "big") for word in (self.task_id, 1, 1)))
        points = {member: commit(update) for member, update in self.updates.items()}
        return Attempt(self.tag, 1, 1, circle(list(self.updates), seed), points, seed)

    @cached_property
    def masks(self) -> dict[str, list[Mask]]:
        """Each trainer's masks; a pair's shared point is computed once."""
        shared: dict[frozenset[str], Point] = {}
        found = {}
        for me in self.updates:
            for peer in peers(self.attempt.circle, me):
                pair = frozenset((me, peer))
                if pair not in shared:
                    shared[pair] = shared_point(self.secrets[me], mask_key(self.secrets[peer]))
            mine = {peer: shared[frozenset((me, peer))] for peer in peers(self.attempt.circle, me)}
            found[me] = masks(self.attempt, me, mine, LENGTH)
        return found

    def posting(self, me: str) -> Posting:
        """What a trainer posts."""
        own = tuple(PeerMask(mask.peer, BASIS.commit(mask.vector)) for mask in self.masks[me])
        return Posting(self.attempt.seed, self.attempt.updates[me], CID, own)

    def average(self) -> tuple[bytes, list[int]]:
        """The aggregator's proof from what trainers publish, and the new weights."""
        total = add([masked(self.updates[member], self.masks[member]) for member in self.updates])
        weights, _ = average([entry - P if entry > P // 2 else entry for entry in total[:DIMENSION]], TRAINERS)
        total[DIMENSION] = self.tag
        public = commit([TRAINERS, int(self.aggregator.address, 16)])
        return proof(commit([*weights, self.tag]), ANY, public, BASIS.commit(add([total, total]))), weights


@pytest.fixture
def crowd(tmp_path: Path, home: Path):
    """All have submitted; nobody has masked."""
    with run_anvil(tmp_path / "anvil.log", accounts=TRAINERS + 2) as anvil:
        crowd = Crowd(anvil, tmp_path, home)
        crowd.submit()
        yield crowd


def test_hundred_trainers__mask_with_16_peers_each__finalize_the_right_average__for_the_same_gas_each(crowd):
    rounds, rewards, challenges = crowd.contracts.rounds, crowd.contracts.rewards, crowd.contracts.challenges
    rpc = crowd.anvil.web3.provider.make_request
    *others, last = crowd.trainers
    assert rounds.peer_count(TRAINERS) == 16
    for sender in others:
        crowd.send(sender, rounds.mask(crowd.task_id, crowd.posting(sender.address)))

    before = rpc("evm_snapshot", [])["result"]
    honest = crowd.posting(last.address)
    stranger = next(m for m in crowd.attempt.circle if m not in (last.address, *(mask.peer for mask in honest.masks)))
    named = [PeerMask(stranger, honest.masks[0].commitment), *honest.masks[1:]]
    lie = Posting(honest.seed, honest.update, CID, tuple(sorted(named, key=lambda mask: int(mask.peer, 16))))
    last.send(rounds.mask(crowd.task_id, lie))
    posted = {
        event.trainer: Posted(event.posting.update, {mask.peer: mask.commitment for mask in event.posting.masks})
        for event in rounds.events(Masked, task_id=crowd.task_id)
    }
    (fault,) = find_faults(crowd.attempt.circle, posted, BASIS.offset).misdirected
    assert (fault.member, fault.wrong) == (last.address, stranger)
    call = challenges.prove_wrong_peer(crowd.task_id, fault.member, lie, fault.wrong, fault.between)
    assert crowd.creator.send(call).event(Convicted).trainer == last.address
    rpc("evm_revert", [before])

    crowd.send(last, rounds.mask(crowd.task_id, honest))
    data, weights = crowd.average()
    crowd.aggregator.send(crowd.contracts.stakes.deposit(1000))
    crowd.aggregator.send(rounds.aggregate(crowd.task_id, data, CID))
    rpc("evm_increaseTime", [1000])
    rpc("evm_mine", [])
    crowd.creator.send(rounds.advance(crowd.task_id))

    sums = [sum(column) for column in zip(*(crowd.updates[m][:DIMENSION] for m in crowd.updates), strict=True)]
    signed = [(total + P // 2) % P - P // 2 for total in sums]
    assert weights == [total // TRAINERS for total in signed]
    ended = rounds.get_round(crowd.task_id, 1)
    assert (ended.phase, ended.masked) == (Phase.FINALIZED, TRAINERS)
    model = crowd.contracts.models.latest(crowd.task_id)
    assert (model.model_hash, model.trainers) == (keccak(commit([*weights, crowd.tag]).encode()), TRAINERS)
    for sender in (crowd.trainers[0], last):
        crowd.send(sender, rewards.collect(crowd.task_id, [1]))
    assert crowd.contracts.stakes.claimable(last.address) == (POOL - POOL // 10) // TRAINERS
    for name in ("TrainerRegistry.enrol", "RoundManager.join", "ProofManager.submit", "RoundManager.mask"):
        gas = crowd.gas[name]
        assert len(gas) == TRAINERS
        flat = gas[1:-1]  # the first may pay for fresh slots, the last moves the round on
        assert max(flat) < 1.02 * min(flat), name
        assert max(gas) < 300_000, name
