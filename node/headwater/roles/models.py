"""Model documents, made and checked: which weights a commitment on chain is of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from headwater.circuits.circuit import Circuit
from headwater.circuits.openings import vector_quotient
from headwater.protocol.curve import Point, add, multiply
from headwater.protocol.field import to_signed
from headwater.protocol.keccak import keccak256
from headwater.protocol.openings import Encoding, decode, encode, verify
from headwater.protocol.structs import TaskConfig
from headwater.storage.vectors import ModelDocument

_verified = lru_cache(maxsize=32)(verify)  # a second each; a node's roles, and each step of theirs, ask for the same


def tagged(commitment: Point, config: TaskConfig, tag: int) -> Point:
    """C([w | tag]) from C([w | 0])."""
    return add(commitment, multiply(config.basis_d, tag))


@dataclass(frozen=True)
class OpenedModel:
    """Weights with what shows whose they are.

    Attributes:
        weights: D signed integers.
        commitment: C([w | 0]).
        opening: the quotient that opens it to the packed weights.
    """

    weights: tuple[int, ...]
    commitment: Point
    opening: Point

    def is_of(self, config: TaskConfig, tag: int, model_hash: bytes) -> bool:
        """Whether these are the weights of a task's model with this hash: a second for the pairing.

        tag: the task's.
        """
        if len(self.weights) != config.dimension:
            return False
        if keccak256(tagged(self.commitment, config, tag).encode()) != model_hash:
            return False
        try:
            packed = encode(self.weights, Encoding.PACKED)
        except ValueError:
            return False
        return _verified(self.commitment, config.k, Encoding.PACKED, config.dimension, packed, self.opening, config.tau)

    def document(self, round_: int, trainers: int) -> ModelDocument:
        """The document of a round's model, the average of so many updates.

        Raises:
            ValueError: a weight is no signed integer of 8 bytes.
        """
        return ModelDocument.of(
            encode(self.weights, Encoding.PACKED),
            round=round_,
            trainers=trainers,
            commitment=self.commitment.encode().hex(),
            opening=self.opening.encode().hex(),
        )

    @classmethod
    def read(cls, document: ModelDocument) -> OpenedModel:
        """What a document says; `is_of` tells whether it is so."""
        header = document.header
        weights = tuple(map(to_signed, decode(document.vector, Encoding.PACKED, header.entries)))
        points = (Point.decode(bytes.fromhex(text)) for text in (header.commitment, header.opening))
        return cls(weights, *points)


def open_model(circuit: Circuit, weights: Sequence[int]) -> OpenedModel:
    """Weights with their commitment and its opening: half a second at k = 14.

    Args:
        circuit: any of the task's k and SRS.

    Raises:
        ValueError: a weight is no signed integer of 8 bytes, or they do not fit the circuit's k.
        CircuitError: the SRS's file is damaged.
    """
    commitment = circuit.commit(weights)
    packed = encode(weights, Encoding.PACKED)
    opening = vector_quotient(circuit, commitment, Encoding.PACKED, len(weights), packed)
    return OpenedModel(tuple(weights), commitment, opening)
