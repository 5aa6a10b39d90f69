"""A chain with as many tasks as one likes, each with a first model and real documents; nothing in it was proved.

The verifiers accept anything, and commitments are true by a basis whose logarithms are known, which makes them quick: a
reader of models can check all that it would check of a proved one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eth_utils.crypto import keccak

from headwater.chain.asking.rpc import connect
from headwater.chain.contracts.events import TaskCreated
from headwater.chain.contracts.opened import open_contracts
from headwater.chain.deploying.anvil import Anvil
from headwater.chain.deploying.deploy import deploy
from headwater.chain.sending.sender import Sender
from headwater.protocol.field import pack
from headwater.protocol.structs import TaskConfig
from headwater.protocol.vectors import update_length
from headwater.storage.cid import Cid
from headwater.storage.directory import DirectoryStore
from headwater.storage.manifests import ModelDocument, TaskManifest
from tests.support.masking import ToyBasis, generated

DIMENSION, PERIOD, POOL = 3, 3600, 10**15
BASIS = ToyBasis.of(update_length(DIMENSION))
POINTS = tuple(map(generated, BASIS.logs))
BLOB = b"".join(point.encode() for point in POINTS)
ACCEPTS_ANYTHING = bytes.fromhex("600a600c600039600a6000f3" + "600160005260206000f3")
"""Creation code of: return 1."""

NOWHERE = str(Cid.from_digest(keccak(b"what nobody stored")))


class Catalogue:
    """Contracts on a chain, a store, and tasks that a test publishes."""

    def __init__(self, anvil: Anvil, folder: Path, home: Path) -> None:
        self.anvil, self.folder = anvil, folder
        self.chain = connect(anvil.url)
        self.creator, self.outsider, *self.trainers = (Sender(self.chain, key) for key in anvil.accounts)
        deploy(self.creator, folder / "deployments", home)
        self.contracts = open_contracts(self.chain, folder / "deployments")
        self.store = DirectoryStore(folder / "store")
        self.store.put(BLOB)
        self._verifier, _ = self.creator.deploy(ACCEPTS_ANYTHING, "verifier")

    def publish(
        self,
        name: str,
        *,
        description: str = "",
        columns: Sequence[str] = ("size", "weight"),
        rounds: int = 3,
        manifest: bytes = b"",
        document: bytes = b"",
        weights: Sequence[int] = (0,) * DIMENSION,
    ) -> int:
        """A task and its first model; the task's id.

        manifest, document: what lies where the manifest and the model's document should, if not these.
        weights: those that the first model is committed to; nobody needs a document for zeros.
        """
        described = self.store.put(manifest or manifest_of(name, description, columns).encode())
        model = self.store.put(document or ModelDocument.of(round=0, trainers=0, weights=pack(weights)).encode())
        code_hash = self.chain.code_hash(self._verifier)
        config = TaskConfig(
            train_verifier=self._verifier,
            k=14,
            dimension=DIMENSION,
            mask_period=PERIOD,
            average_verifier=self._verifier,
            stake=0,
            aggregator_fee=0,
            rounds=rounds,
            min_trainers=3,
            max_trainers=5,
            join_period=PERIOD,
            train_period=PERIOD,
            aggregate_period=PERIOD,
            challenge_bond=10,
            answer_period=PERIOD,
            challenge_period=PERIOD,
            unbonding_period=PERIOD,
            fault_slash=10_000,
            absence_slash=500,
            train_code_hash=code_hash,
            average_code_hash=code_hash,
            manifest=described.digest,
            srs=keccak(b"an SRS"),
            basis_hash=keccak(BLOB),
            offset=BASIS.offset,
            basis0=POINTS[0],
            basis1=POINTS[1],
            basis_d=POINTS[DIMENSION],
        )
        commitment = BASIS.commit([*weights, *(0 for _ in POINTS[DIMENSION:])])
        receipt = self.creator.send(self.contracts.tasks.create_task(config, commitment, model.digest, POOL))
        return receipt.event(TaskCreated).task_id

    def skip_round(self, task_id: int) -> None:
        """Let the running round end without anybody."""
        self.anvil.pass_time(PERIOD)
        self.outsider.send(self.contracts.tasks.advance(task_id))


def manifest_of(name: str, description: str, columns: Sequence[str]) -> TaskManifest:
    """A task's manifest of two columns; what it says of circuits and SRS is nowhere."""
    return TaskManifest.of(
        name=name,
        description=description,
        model={
            "kind": "logistic",
            "features": [{"name": column, "mean": "1.5", "deviation": "0.5"} for column in columns],
            "intercept": True,
            "label": {"column": "kind", "classes": ["cat", "dog"]},
        },
        fixed_point={"data_bits": 8, "model_bits": 16, "clamp": "8"},
        training={"rows": 20, "salt_rows": 1, "steps": 5, "rate_shift": 4, "clip": "0.5"},
        circuits={"train": NOWHERE, "average": NOWHERE},
        basis=str(Cid.of_block(0x55, BLOB)),
        srs={"id": "00" * 32, "k": 14, "source": "dev", "cid": ""},
    )
