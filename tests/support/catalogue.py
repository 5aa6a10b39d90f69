"""A chain with as many tasks as one likes, each with a first model and real documents; nothing in it was proved.

The verifiers accept anything, and commitments and openings are true by an SRS whose secret is known, which makes them
quick: a reader of models can check all that it would check of a proved one.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from eth_utils.crypto import keccak

from headwater.chain.asking.rpc import connect
from headwater.chain.contracts.events import TaskCreated
from headwater.chain.contracts.opened import open_contracts
from headwater.chain.deploying.anvil import Anvil
from headwater.chain.deploying.deploy import deploy
from headwater.chain.sending.sender import Sender
from headwater.learners.learner import Learner
from headwater.learners.linear.learner import Linear
from headwater.learners.linear.numbers import LinearSpec
from headwater.protocol.curve import Point
from headwater.protocol.openings import Encoding, basis_claim, challenge, encode, evaluate, root_of
from headwater.protocol.structs import ZERO_ADDRESS, ZERO_HASH, Origin, TaskConfig
from headwater.roles.models import OpenedModel
from headwater.storage.cid import Cid
from headwater.storage.directory import DirectoryStore
from headwater.storage.manifests import TaskManifest
from headwater.tables.columns import Columns, Feature
from tests.support.toy_srs import ToySrs

DIMENSION, PERIOD, POOL, STAKE = 3, 3600, 10**15, 1000
SRS = ToySrs(k=5, tau=int.from_bytes(keccak(b"a secret that everybody knows"), "big") >> 8)
BASIS = SRS.basis(DIMENSION)
ACCEPTS_ANYTHING = bytes.fromhex("600a600c600039600a6000f3" + "600160005260206000f3")
"""Creation code of: return 1."""

NOWHERE = str(Cid.from_digest(keccak(b"what nobody stored")))


def _basis_quotient() -> Point:
    claim = basis_claim(BASIS, SRS.k, DIMENSION)
    return SRS.quotient(SRS.log(claim.vector), claim.point, claim.value)


QUOTIENT = _basis_quotient()


def opened(weights: Sequence[int]) -> OpenedModel:
    """Weights with their commitment and its opening."""
    commitment, data = SRS.commit(weights), encode(weights, Encoding.PACKED)
    r = challenge(commitment, SRS.k, Encoding.PACKED, len(weights), root_of(data, Encoding.PACKED))
    quotient = SRS.quotient(SRS.log(weights), r, evaluate(SRS.k, weights, r))
    return OpenedModel(tuple(weights), commitment, quotient)


class Catalogue:
    """Contracts on a chain, a store, and tasks that a test publishes.

    Attributes:
        weights: of models, by task and round.
    """

    def __init__(self, anvil: Anvil, folder: Path, home: Path) -> None:
        self.anvil, self.folder = anvil, folder
        self.chain = connect(anvil.url)
        self.creator, self.outsider, *self.trainers = (Sender(self.chain, key) for key in anvil.accounts)
        deploy(self.creator, folder / "deployments", home)
        self.contracts = open_contracts(self.chain, folder / "deployments")
        self.store = DirectoryStore(folder / "store")
        self.weights: dict[tuple[int, int], list[int]] = {}
        self._verifier, _ = self.creator.deploy(ACCEPTS_ANYTHING, "verifier")

    def publish(
        self,
        name: str,
        *,
        description: str = "",
        columns: Sequence[str] = ("size", "weight"),
        learner: Learner | None = None,
        rounds: int = 3,
        manifest: bytes = b"",
        document: bytes = b"",
        weights: Sequence[int] = (0,) * DIMENSION,
        admission: str = ZERO_ADDRESS,
        origin: Origin | None = None,
    ) -> int:
        """A task and its first model; the task's id.

        columns: what its models are learned from; or a learner, of `DIMENSION` weights.
        manifest, document: what lies where the manifest and the model's document should, if not these.
        weights: those that the first model is committed to; nobody needs a document for zeros.
        origin: what they are made of, where that is others.
        """
        described = self.store.put(manifest or manifest_of(name, description, learner or learner_of(columns)).encode())
        first = opened(weights)
        model = self.store.put(document or first.document(0, 0).encode())
        code_hash = self.chain.code_hash(self._verifier)
        config = TaskConfig(
            train_verifier=self._verifier,
            train_code_hash=code_hash,
            average_verifier=self._verifier,
            average_code_hash=code_hash,
            score_verifier=ZERO_ADDRESS,
            score_code_hash=ZERO_HASH,
            manifest=described.digest,
            srs=keccak(b"an SRS"),
            k=SRS.k,
            dimension=DIMENSION,
            rounds=rounds,
            min_trainers=3,
            max_trainers=5,
            max_links=1,
            review_period=0,
            quiet_bound=0,
            admission=admission,
            join_period=PERIOD,
            train_period=PERIOD,
            mask_period=PERIOD,
            aggregate_period=PERIOD,
            challenge_period=PERIOD,
            answer_period=PERIOD,
            unbonding_period=PERIOD,
            stake=STAKE,
            aggregator_fee=0,
            challenge_bond=10,
            fault_slash=10_000,
            absence_slash=500,
            offset=BASIS.offset,
            basis0=BASIS.basis0,
            basis1=BASIS.basis1,
            basis_d=BASIS.basis_d,
            tau=SRS.tau_g2,
        )
        made_of = origin or Origin(first.commitment)
        call = self.contracts.tasks.create_task(config, QUOTIENT, made_of, model.digest, POOL)
        task_id = self.creator.send(call).event(TaskCreated).task_id
        self.weights[task_id, 0] = list(weights)
        return task_id

    def skip_round(self, task_id: int) -> None:
        """Let the running round end without anybody."""
        self.anvil.pass_time(PERIOD)
        self.outsider.send(self.contracts.rounds.advance(task_id))


def learner_of(columns: Sequence[str]) -> Linear:
    """A linear model of cats and dogs."""
    features = tuple(Feature(column, Decimal("1.5"), Decimal("0.5")) for column in columns)
    found = Columns(features, True, "kind", ("cat", "dog"))
    return Linear(LinearSpec(rows=20, features=found.width, steps=5, rate_shift=4, clip=2048), found)


def manifest_of(name: str, description: str, learner: Learner) -> TaskManifest:
    """A task's manifest; what it says of circuits and SRS is nowhere."""
    return TaskManifest.of(
        name=name,
        description=description,
        learner={"kind": learner.kind, "package": learner.package},
        model=learner.document(),
        circuits={"train": NOWHERE, "average": NOWHERE, "score": "", "composition": "", "infer": ""},
        srs={"id": "00" * 32, "k": SRS.k, "source": "dev", "cid": ""},
    )
