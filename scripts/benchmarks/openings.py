"""Gas of answers to challenges: a masked update, a disputed mask and models of 1,280 weights, with EZKL's commitments.

What proofs say does not matter here, so the verifiers of this task accept anything.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

from headwater.chain.contracts.events import Challenged
from headwater.chain.contracts.opened import Contracts
from headwater.chain.deploying.anvil import Anvil
from headwater.chain.sending.sender import Sender
from headwater.circuits.average import Average
from headwater.circuits.circuit import Circuit, build
from headwater.circuits.openings import vector_quotient
from headwater.circuits.srs import dev_srs
from headwater.protocol import equal_log
from headwater.protocol.curve import Point
from headwater.protocol.field import P
from headwater.protocol.keccak import keccak256
from headwater.protocol.masks import Attempt, Mask, mask_key, masked, masks, pair_seed, shared_point
from headwater.protocol.openings import Encoding, encode, root_of
from headwater.protocol.phases import Kind
from headwater.protocol.possession import prove
from headwater.protocol.structs import Opening, PeerMask, Posting
from headwater.protocol.vectors import sum_of_commitments, twice, update_length
from scripts.benchmarks.links import create_raw

WEIGHTS, K = 1280, 11
YES = bytes.fromhex("600a600c600039600a6000f3600160005260206000f3")
"""Creation code of a verifier that returns 1."""
ANY = Point(1, 2)
CID = bytes(31) + b"\3"


def measure(contracts: Contracts, senders: Sequence[Sender], home: Path, anvil: Anvil) -> dict[str, int]:
    """Gas of the answers, each in one transaction, by the report's keys.

    An average's is also what finalizes its round: that of a first model is an opening alone.
    """
    play = _Play(contracts, senders, build(home, Average(2), dev_srs(home, K)), anvil)
    return {
        "open_update_1280": play.update(),
        "open_mask_1280": play.mask(),
        "open_model_1280": play.first_model(),
        "open_average_1280": play.average(),
    }


class _Play:
    """A round of three trainers of whom one posts a wrong mask towards another."""

    def __init__(self, contracts: Contracts, senders: Sequence[Sender], circuit: Circuit, anvil: Anvil) -> None:
        self.contracts, self.circuit, self.anvil = contracts, circuit, anvil
        self.creator, *self.trainers = senders[:4]
        verifier, _ = self.creator.deploy(YES, "yes")
        code_hash = keccak256(YES[-10:])
        at, hashes = (verifier, verifier), (code_hash, code_hash)
        rng = random.Random(1)
        self.weights = [rng.randrange(-(2**20), 2**20) for _ in range(WEIGHTS)]
        self.warm_id = create_raw(contracts, self.creator, circuit, WEIGHTS, at, hashes, circuit.commit(self.weights))
        self.task_id = create_raw(contracts, self.creator, circuit, WEIGHTS, at, hashes)
        self.config = contracts.tasks.get_task(self.task_id).config
        self.tag = contracts.tasks.tag(self.task_id)
        self.secrets = {trainer.address: i + 2 for i, trainer in enumerate(self.trainers)}
        salts = update_length(WEIGHTS) - WEIGHTS - 1
        self.vectors = {
            trainer.address: [rng.randrange(-(2**20), 2**20) for _ in range(WEIGHTS)]
            + [0]
            + [rng.randrange(P) for _ in range(salts)]
            for trainer in self.trainers
        }
        self.updates = {address: circuit.commit(vector) for address, vector in self.vectors.items()}
        self._to_aggregate()

    def _to_aggregate(self) -> None:
        rounds, trainers = self.contracts.rounds, self.contracts.trainers
        model = self.circuit.commit([*[0] * WEIGHTS, self.tag])
        for trainer in self.trainers:
            secret, data = self.secrets[trainer.address], self.circuit.commit([self.secrets[trainer.address]])
            possession = prove(secret, self.tag, trainer.address)
            trainer.send(trainers.enrol(self.task_id, [data], mask_key(secret), possession))
            trainer.send(rounds.join(self.task_id))
        for trainer in self.trainers:
            data = self.circuit.commit([self.secrets[trainer.address]])
            points = (model, data, ANY, self.updates[trainer.address])
            trainer.send(self.contracts.proofs.submit(self.task_id, [b"".join(point.encode() for point in points)]))
        self.anvil.mine()
        state = rounds.get_state(self.task_id)
        drawn = self.contracts.chain.block(state.seed_block).hash
        words = b"".join(number.to_bytes(32, "big") for number in (self.task_id, state.round, state.attempt))
        self.seed = keccak256(bytes(drawn) + words)
        order = tuple(self.updates)
        self.attempt = Attempt(self.tag, state.round, state.attempt, order, self.updates)
        self.postings = {trainer.address: self._posting(trainer.address) for trainer in self.trainers}
        for trainer in self.trainers:
            trainer.send(rounds.mask(self.task_id, self.postings[trainer.address]))

    def _masks(self, me: str) -> list[Mask]:
        keys = {address: mask_key(secret) for address, secret in self.secrets.items() if address != me}
        shared = {address: shared_point(self.secrets[me], key) for address, key in keys.items()}
        return masks(self.attempt, me, shared, update_length(WEIGHTS))

    def _posting(self, me: str) -> Posting:
        own = {mask.peer: self.circuit.commit(mask.vector) for mask in self._masks(me)}
        liar, victim = (trainer.address for trainer in self.trainers[1:])
        if me == liar:
            own[victim] = ANY
        ordered = sorted(own, key=lambda address: int(address, 16))
        return Posting(self.seed, self.updates[me], CID, tuple(PeerMask(peer, own[peer]) for peer in ordered))

    def _raise(self, kind: Kind, call: Callable[[int], object]) -> int:
        """Raise a challenge: its id."""
        bond = 2 * self.contracts.challenges.bond_of(self.task_id, kind)
        receipt = self.creator.send(call(bond))  # type: ignore[arg-type]
        return receipt.event(Challenged).challenge_id

    def _opening(self, commitment: Point, encoding: Encoding, entries: int, data: bytes) -> Opening:
        quotient = vector_quotient(self.circuit, commitment, encoding, entries, data)
        return Opening(root_of(data, encoding), b"" if encoding is Encoding.MASK else data, quotient)

    def update(self) -> int:
        me, challenges = self.trainers[0], self.contracts.challenges
        number = self._raise(Kind.UPDATE, lambda bond: challenges.challenge_update(self.task_id, me.address, bond))
        vector = masked(self.vectors[me.address], self._masks(me.address))
        data = encode(vector, Encoding.WORDS)
        opening = self._opening(self.circuit.commit(vector), Encoding.WORDS, len(vector), data)
        return me.send(challenges.answer_update(number, self.postings[me.address], opening)).gas_used

    def mask(self) -> int:
        liar, victim = self.trainers[1:]
        pair = (liar.address, victim.address)
        postings = (self.postings[pair[0]], self.postings[pair[1]])
        challenges = self.contracts.challenges
        number = self._raise(Kind.MASK, lambda bond: challenges.challenge_mask(self.task_id, pair, postings, bond))
        secret, keys = self.secrets[pair[1]], (mask_key(self.secrets[pair[0]]), mask_key(self.secrets[pair[1]]))
        shared = shared_point(secret, keys[0])
        seed = pair_seed(shared, self.attempt, *pair)
        (mask,) = (mask for mask in self._masks(pair[1]) if mask.peer == pair[0])
        point = self.circuit.commit(mask.vector)
        opening = self._opening(point, Encoding.MASK, update_length(WEIGHTS), seed)
        proof = equal_log.prove(secret, keys[0])
        return victim.send(challenges.answer_mask(number, postings, keys, shared, proof, True, point, opening)).gas_used

    def first_model(self) -> int:
        """Of a task that starts from weights, which its creator shows while trainers join."""
        return self._answer_model(self.warm_id)

    def average(self) -> int:
        """Of an average that anybody posted: the liar is guilty by now, and its update in the sum all the same."""
        model = self._tagged(self.task_id)
        total = sum_of_commitments(list(self.updates.values()), self.config.offset)
        total = sum_of_commitments([total, self.circuit.commit([*[0] * WEIGHTS, self.tag])], self.config.offset)
        total = twice(total, self.config.offset)
        public = self.circuit.commit([len(self.updates), int(self.creator.address, 16)])
        proof = b"".join(point.encode() for point in (model, ANY, public, total))
        self.creator.send(self.contracts.rounds.aggregate(self.task_id, proof, CID))
        return self._answer_model(self.task_id)

    def _tagged(self, task_id: int) -> Point:
        return self.circuit.commit([*self.weights, self.contracts.tasks.tag(task_id)])

    def _answer_model(self, task_id: int) -> int:
        challenges = self.contracts.challenges
        number = self._raise(Kind.MODEL, lambda bond: challenges.challenge_model(task_id, bond))
        untagged, data = self.circuit.commit(self.weights), encode(self.weights, Encoding.PACKED)
        opening = self._opening(untagged, Encoding.PACKED, WEIGHTS, data)
        return self.creator.send(challenges.answer_model(number, self._tagged(task_id), opening)).gas_used
