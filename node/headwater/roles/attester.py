"""The attester: registers held-out data, and proves and records the score of each later model on them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from itertools import pairwise

from headwater.chain.asking.rpc import Block
from headwater.chain.sending.sender import Receipt, Sender
from headwater.circuits.circuit import Proof
from headwater.errors import ConfigError
from headwater.journal.secrets import SecretStore
from headwater.protocol.curve import Point
from headwater.protocol.decisions import Action, Attest, AttesterView, RegisterHeldOut, decide_attester
from headwater.protocol.field import to_signed
from headwater.protocol.scores import is_later
from headwater.protocol.structs import ZERO_ADDRESS, HeldOut, Model
from headwater.protocol.vectors import model_input
from headwater.roles.commitments import DataCommitments
from headwater.roles.heavy import Heavy
from headwater.roles.proofs import KeptProofs, final_height
from headwater.roles.proving import announce
from headwater.roles.report import Report
from headwater.roles.role import Role
from headwater.roles.scores import said
from headwater.roles.scoring import prove_score
from headwater.roles.secrets import data_salts
from headwater.roles.task import Task, point_hash
from headwater.tables.data import Dataset

MAX_ATTEMPTS = 100  # of registering under a fresh salt: a front-runner pays gas

PAGE = 100
"""Models that one call reads."""


class Attester(Role):
    """One holder of held-out data in one task. Rows of more than a circuit are registered and scored in parts."""

    def __init__(
        self,
        task: Task,
        sender: Sender,
        secret: bytes,
        dataset: Dataset,
        report: Report,
        *,
        journal: SecretStore,
        once: bool = False,
        proof_limit: float | None = None,
        heavy: Heavy | None = None,
    ) -> None:
        """`secret`: see `secrets.secret_of`. `report`: told of every step.

        journal: where salts and proofs are kept, and proofs are counted.
        once: be done when all models that there are have their scores.
        proof_limit, heavy: as `Trainer` says.

        Raises:
            TaskError: the task has no scores, or is not open for them.
        """
        super().__init__(task.contracts, task.id, sender, report)
        self.task, self.dataset = task, dataset
        self._scoring = task.scoring
        self._secret, self._once = secret, once
        self._proof_limit, self._heavy = proof_limit, heavy or Heavy()
        self._kept = KeptProofs(journal, f"score/{task.place}")
        self.commitments = DataCommitments(journal, f"{task.place}/held-out", task.shape)
        self._entropy: Callable[[], bytes] = partial(secrets.token_bytes, 32)  # of a proof's noise: new for each
        self._known: list[Model] = []  # final models, ascending
        self._next = 0  # the round from which on they are not known
        self._attested: dict[tuple[int, int], int] = {}  # round and part, and the block in which it was seen

    def view(self, block: Block) -> AttesterView:
        """What concerns this attester in a block."""
        at, held = self.task.view(block), self._held(block)
        missing = tuple(part for part, data in enumerate(held) if data.holder != self.sender.address)
        pending = () if missing else tuple(self._pending(block, held))
        return AttesterView(at, missing=missing, pending=pending, once=self._once)

    def decide(self, block: Block) -> Action:
        """The next action, as seen in a block. A proof is forgotten when its score is recorded for good."""
        action = decide_attester(self.view(block))
        final = final_height(self.task.contracts.chain, block)
        for at in [at for at, seen in self._attested.items() if seen <= final]:
            self._kept.drop(*at)
        return action

    def act(self, action: Action) -> Receipt | None:
        """Carry out one action."""
        task = self.task
        match action:
            case RegisterHeldOut(parts):
                points = [self.vectors[part][1] for part in parts]
                return self._send(task.contracts.attestations.register(task.id, points), "registered")
            case Attest(round_, part):
                proof = self.prove(round_, part)
                numbers = [to_signed(entry) for entry in proof.output[:-1]]
                call = task.contracts.attestations.attest(task.id, round_, numbers, proof.data)
                return self._send(call, "attested", round=round_, score=self._said(numbers))
        return super().act(action)

    def prove(self, round_: int, part: int) -> Proof:
        """The proof of the score of a round's model on a part of the data: made once, and kept until it is recorded.

        Raises:
            ConfigError: as many proofs about the data were made as there may be.
            Unavailable, ContentMismatch: the model's weights cannot be had.
        """
        task, (vector, _) = self.task, self.vectors[part]
        weights = task.weights(task.contracts.models.get_model(task.id, round_))
        model = model_input(weights, task.tag)
        if (kept := self._kept.get(round_, [model, vector], part)) is not None:
            return kept
        with self._heavy.turn(own=True, memory_mb=task.machines.memory_mb(task.score)) as stop:
            most, measured = task.learner.most_proofs, self._kept.seconds
            limit = announce("score", task.score, self._report, most=self._proof_limit, measured=measured, round=round_)
            proof = prove_score(
                task.score, self.commitments, most, model, vector, limit=limit, stop=stop, entropy=self._entropy
            )
        self._kept.keep(round_, [model, vector], proof, part)
        seconds, memory = proof.prove_seconds, round(proof.peak_memory_mb)
        self._report("proved", statement="score", round=round_, seconds=seconds, memory_mb=memory)
        return proof

    @cached_property
    def vectors(self) -> list[tuple[list[int], Point]]:
        """The data vectors and their commitments, under salts that nobody else has registered them with.

        Raises:
            JournalError: what their salts follow from cannot be read or written.
        """
        unsalted = [entry for part in self._parts for entry in self._unsalted(part)]
        seed = self.commitments.seed(unsalted, enrolled=False)
        found = [self._vector(seed, number, part) for number, part in enumerate(self._parts)]
        if all(self.commitments.proofs(point) < self.task.learner.most_proofs for _, point in found):
            return found
        seed = self.commitments.renew(unsalted)  # registered anew: of later models only
        return [self._vector(seed, number, part) for number, part in enumerate(self._parts)]

    def _vector(self, seed: bytes, number: int, part: Dataset) -> tuple[list[int], Point]:
        task, learner, me = self.task, self.task.learner, self.sender.address
        for attempt in range(MAX_ATTEMPTS):
            salts = data_salts(self._secret, seed, task.tag, self._unsalted(part), attempt, learner.salts, number)
            vector = learner.data_vector(part, salts)
            point = task.score.commit(vector)
            holder = task.contracts.attestations.get_held_out(task.id, point_hash(point)).holder
            trained = task.contracts.trainers.get_data(task.id, point_hash(point)).owner
            if holder == me or (holder, trained) == (ZERO_ADDRESS, ZERO_ADDRESS):
                return vector, point
        raise ConfigError(
            f"{MAX_ATTEMPTS} registrations of {me} were front-run", "send through another node, or a private mempool"
        )

    @cached_property
    def _parts(self) -> list[Dataset]:
        return self.dataset.parts(self.task.learner.rows)

    def _unsalted(self, part: Dataset) -> list[int]:
        return self.task.learner.data_vector(part, [0] * self.task.learner.salts)

    def _held(self, block: Block) -> list[HeldOut]:
        """Since when each part is registered."""
        attestations, task_id = self.task.contracts.attestations, self.task.id
        return [attestations.get_held_out(task_id, point_hash(point), block.number) for _, point in self.vectors]

    def _pending(self, block: Block, held: Sequence[HeldOut]) -> list[tuple[int, int]]:
        """The rounds and parts whose scores can be recorded and are not, oldest first."""
        task, found = self.task, []
        models = self._models(block)
        for before, model in pairwise(models):
            for part, (_, point) in enumerate(self.vectors):
                at = model.round, part
                if at in self._attested or not is_later(held[part], model.round, before.round):
                    continue
                if task.contracts.attestations.get_score(task.id, model.round, point_hash(point), block.number):
                    self._attested[at] = block.number
                else:
                    found.append(at)
        return found

    def _models(self, block: Block) -> list[Model]:
        """All final models; each is read once."""
        models = self.task.contracts.models
        newest = models.latest(self.task.id, block.number).round
        while self._next <= newest:
            self._known += models.get_models(self.task.id, self._next, PAGE, block.number)
            self._next = min(self._next + PAGE, newest + 1)
        return self._known

    def _said(self, numbers: Sequence[int]) -> str:
        """A score in words."""
        return "; ".join(f"{name}: {text}" for name, text in said(self._scoring, self.task.learner, numbers))
