"""Documents that carry a vector: masked updates, models and proofs.

    header | 00 | entries

The header is canonical JSON, in which no zero byte can stand; `ipfs/schemas` holds its JSON Schema, made from here. It
says how many entries follow, and its schema how wide they are: all big-endian, with nothing between or after them. So
there is one string of bytes for a header and a vector, of at most 1 MiB, and the chain's `bytes32 cid` is its sha2-256.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Generic, Literal, Self, TypeVar

from pydantic import AfterValidator, Field

from headwater.errors import DocumentError
from headwater.foreign import plain
from headwater.protocol.curve import Point
from headwater.protocol.documents import MAX_BYTES
from headwater.protocol.field import pack, unpack
from headwater.protocol.slots import SALTS_ONLY, SlotProof
from headwater.protocol.structs import Score
from headwater.storage.manifests import REFUSE, Document, TaskReference
from headwater.storage.parts import Address, Natural, Positive
from headwater.storage.words import WORD, check_words

HEADER_BYTES = 1024
"""More than any header of these has, and the zero byte."""

_SEPARATOR = b"\0"

NO_SCORE = Score()


def _as_point(text: str) -> str:
    Point.decode(bytes.fromhex(text))
    return text


PointHex = Annotated[
    str, Field(pattern="^[0-9a-f]{128}$", description="x||y, 32 bytes each, big-endian"), AfterValidator(_as_point)
]


class Header(Document):
    """What a document says of its vector; `width` bytes an entry."""

    width: ClassVar[int]
    entries: Positive

    def check(self, vector: bytes) -> None:
        """Check the bytes of the vector. Raises ValueError."""
        if len(vector) != self.entries * self.width:
            size = f"{self.entries} entries of {self.width} bytes"
            raise ValueError(f"{len(vector)} bytes follow the header, which says {size}")


class UpdateHeader(Header):
    """The header of a masked update: 32 bytes an entry, field elements below P, follow it behind a zero byte."""

    kind = "headwater/update/2"
    width = WORD
    schema_: Annotated[Literal["headwater/update/2"], Field(alias="schema")]
    task: TaskReference
    round: Positive
    attempt: Positive
    trainer: Address

    def check(self, vector: bytes) -> None:
        """Check the bytes of the vector. Raises ValueError."""
        super().check(vector)
        check_words(vector)


class ModelHeader(Header):
    """The header of a model: 8 bytes a weight, signed integers, follow it behind a zero byte.

    The chain knows keccak256 of C([w | tag]). `commitment` is C([w | 0]), and `opening` the quotient that opens it to
    the weights. So a reader needs the task's config alone: with the tag's multiple of `basisD` added, the commitment
    must have the model's hash; and one pairing with `tau` shows that it is of these weights. Where either is not so,
    this is not the model's document. Round 0 is the first model.
    """

    kind = "headwater/model/3"
    width = 8
    schema_: Annotated[Literal["headwater/model/3"], Field(alias="schema")]
    round: Natural
    trainers: Natural
    commitment: PointHex
    opening: PointHex


class ProofHeader(Header):
    """The header of a link's proof: its bytes, as a verifier takes them, follow it behind a zero byte.

    Of a receipt the last `score` bytes are the proof of its score: of `used` rows `right` ones are right, counted as
    the statement counts them; else all three are 0.
    """

    kind = "headwater/proof/1"
    width = 1
    schema_: Annotated[Literal["headwater/proof/1"], Field(alias="schema")]
    task: TaskReference
    round: Positive
    trainer: Address
    right: Natural
    used: Natural
    score: Natural

    def check(self, vector: bytes) -> None:
        """Check the bytes of the vector. Raises ValueError."""
        super().check(vector)
        if self.score >= self.entries:
            raise ValueError("there is no proof before the score's")


class RowHeader(Header):
    """The header of what comes with a commitment to a pool's row: bytes follow it behind a zero byte.

    The first are `responses` field elements below P, 32 bytes each. With `announcement` they prove that the commitment
    is of a matrix that is zero outside of the contributor's slot and the salts: see `protocol/slots.py`. The others are
    the row, sealed for the pool's key by HPKE (RFC 9180); none of a blinding, which has no slot (65536) and no row.
    """

    kind = "headwater/row/1"
    width = 1
    schema_: Annotated[Literal["headwater/row/1"], Field(alias="schema")]
    task: TaskReference
    pools: Address
    pool: Positive
    contributor: Address
    slot: Annotated[int, Field(ge=0, le=SALTS_ONLY)]
    announcement: PointHex
    responses: Positive

    def check(self, vector: bytes) -> None:
        """Check the bytes of the vector. Raises ValueError."""
        super().check(vector)
        if WORD * self.responses > self.entries:
            raise ValueError(f"{self.responses} responses are more than the {self.entries} bytes that follow")
        check_words(vector[: WORD * self.responses])


H = TypeVar("H", bound=Header)


@dataclass(frozen=True)
class VectorDocument(Generic[H]):
    """A header and the bytes of its vector."""

    kind: ClassVar[type[Any]]
    header: H
    vector: bytes

    @classmethod
    def of(cls, vector: bytes, **fields: Any) -> Self:
        """A document of a vector's bytes, and of what else the header says."""
        return cls(cls.kind.of(entries=len(vector) // cls.kind.width, **fields), vector)

    def encode(self) -> bytes:
        """The bytes that are stored.

        Raises:
            ValueError: they are more than a document may have.
        """
        data = self.header.encode() + _SEPARATOR + self.vector
        if len(data) > MAX_BYTES:
            raise ValueError(f"a document has at most {MAX_BYTES} bytes, this one has {len(data)}")
        return data

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """The document of stored bytes.

        Raises:
            DocumentError: they are not exactly those that `encode` would have written.
        """
        name, end = cls.kind.kind, data.find(_SEPARATOR, 0, HEADER_BYTES)
        try:
            if end < 0 or len(data) > MAX_BYTES:
                raise ValueError(f"it has no header that ends with a zero byte, or more than {MAX_BYTES} bytes")
            header, vector = cls.kind.decode(data[:end]), data[end + 1 :]
            header.check(vector)
        except ValueError as error:
            raise DocumentError(f"this is no document of {name}: {plain(error)}", REFUSE) from error
        return cls(header, vector)


class UpdateDocument(VectorDocument[UpdateHeader]):
    """A trainer's masked update: the vector [w' | 0 | salts] plus the masks of an attempt, mod P, as words."""

    kind = UpdateHeader


class ModelDocument(VectorDocument[ModelHeader]):
    """A model: its D weights, packed, and the opening that shows whose commitment they are of."""

    kind = ModelHeader


class ProofDocument(VectorDocument[ProofHeader]):
    """A link's proof, and of a receipt that of its score."""

    kind = ProofHeader

    @classmethod
    def made(cls, proof: bytes, score: Score = NO_SCORE, **fields: Any) -> Self:
        """A document of a proof and a score. fields: `task`, `round`, `trainer`."""
        numbers = {"right": score.right, "used": score.used, "score": len(score.proof)}
        return cls.of(proof + score.proof, **numbers, **fields)

    @property
    def proof(self) -> bytes:
        """The proof of the link."""
        return self.vector[: self.header.entries - self.header.score]

    @property
    def score(self) -> Score:
        """What a receipt is shown with."""
        return Score(self.header.right, self.header.used, self.vector[self.header.entries - self.header.score :])


class RowDocument(VectorDocument[RowHeader]):
    """What comes with a commitment to a pool's row: a proof that it keeps to its slot, and the row, sealed."""

    kind = RowHeader

    @classmethod
    def made(cls, proof: SlotProof, sealed: bytes, **fields: Any) -> Self:
        """A document of a proof and a sealed row. fields: `task`, `pools`, `pool`, `contributor`, `slot`."""
        words, announcement = pack(proof.responses), proof.announcement.encode().hex()
        return cls.of(words + sealed, announcement=announcement, responses=len(proof.responses), **fields)

    @property
    def proof(self) -> SlotProof:
        """The proof."""
        responses = unpack(self.vector[: WORD * self.header.responses])
        return SlotProof(Point.decode(bytes.fromhex(self.header.announcement)), tuple(responses))

    @property
    def sealed(self) -> bytes:
        """The sealed row; empty of a blinding."""
        return self.vector[WORD * self.header.responses :]
