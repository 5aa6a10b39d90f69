"""The documents that the chain refers to, by what they say. `ipfs/schemas` holds their JSON Schemas, made from here.

A document is canonical JSON of at most 1 MiB, so the chain's `bytes32 cid` is its sha2-256. What a document says is
believed only where a commitment or a circuit bears it out. Those that carry a vector are in `vectors`.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from headwater.errors import DocumentError
from headwater.protocol import documents
from headwater.storage.cid import Cid

MAX_K, MAX_BITS, MAX_STEPS, MAX_ROWS = (
    28,
    40,
    1000,
    1 << 24,
)  # far above what can be proved: no reader computes for long
MAX_ARTIFACT_BYTES = 1 << 33


def _as_cid(text: str) -> str:
    return str(Cid.parse(text))


Decimal = Annotated[str, Field(pattern=r"^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?$", max_length=64)]
Hex32 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
CidText = Annotated[str, Field(pattern="^b[a-z2-7]{58}$"), AfterValidator(_as_cid)]
Address = Annotated[str, Field(pattern="^0x[0-9a-fA-F]{40}$")]
# these reach a terminal: no control characters, but for the line breaks of longer texts
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")]
Text = Annotated[str, Field(max_length=10_000, pattern=r"^[^\x00-\x09\x0b-\x1f\x7f-\x9f]*$")]
Label = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,39}$", description="also a part of a file's name")]
Natural = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
K = Annotated[int, Field(ge=1, le=MAX_K)]
Bits = Annotated[int, Field(ge=1, le=MAX_BITS)]


REFUSE = "refuse what refers to it: whoever published it broke the format"


class Part(BaseModel):
    """A part of a document: no unknown fields, no conversions."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Document(Part):
    """A whole document. `schema` says which, and its version."""

    kind: ClassVar[str]

    @classmethod
    def of(cls, **fields: Any) -> Self:
        """A document of this kind."""
        return cls.model_validate({"schema": cls.kind, **fields})

    def encode(self) -> bytes:
        """The bytes that are stored."""
        return documents.encode(self.model_dump(mode="json", by_alias=True))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """The document of stored bytes.

        Raises:
            DocumentError: not canonical JSON, or not of this schema.
        """
        try:
            documents.decode(data)
            return cls.model_validate_json(data, strict=True)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, first["loc"])) or "all of it"
            raise DocumentError(f"this is no document of {cls.kind}: {place}: {first['msg']}", REFUSE) from error
        except ValueError as error:
            raise DocumentError(f"this is no document of {cls.kind}: {error}", REFUSE) from error


class FeatureColumn(Part):
    """A numeric column, standardised as (value - mean) / deviation."""

    name: Name
    mean: Decimal
    deviation: Decimal


class CategoryColumn(Part):
    """A column of texts: a feature for each value, 1 where a cell has it, else 0."""

    name: Name
    values: Annotated[tuple[Name, ...], Field(min_length=1, max_length=100)]


class LabelColumn(Part):
    """The column of classes. Of two classes, the second is the positive one."""

    column: Name
    classes: Annotated[tuple[Name, ...], Field(min_length=2, max_length=100)]


class ModelShape(Part):
    """What is trained on what.

    A missing cell is refused, its row dropped, or the mean; an unknown value is refused, or none of the values.
    """

    kind: Literal["logistic", "one-vs-rest"]
    features: Annotated[tuple[FeatureColumn | CategoryColumn, ...], Field(min_length=1)]
    intercept: bool
    label: LabelColumn
    missing: Literal["refuse", "drop", "mean"]
    unknown: Literal["refuse", "none"]


class FixedPoint(Part):
    """Fractional bits of features and weights; features are clamped to [-clamp, clamp] after standardisation."""

    data_bits: Bits
    model_bits: Bits
    clamp: Decimal


class Training(Part):
    """Row capacity, rows of salts, steps an update, rate 2^-rate_shift for a summed gradient, clip of a step."""

    rows: Annotated[int, Field(ge=1, le=MAX_ROWS)]
    salt_rows: Annotated[int, Field(ge=1, le=MAX_ROWS)]
    steps: Annotated[int, Field(ge=1, le=MAX_STEPS)]
    rate_shift: Annotated[int, Field(ge=0, le=MAX_BITS)]
    clip: Decimal


class CircuitCids(Part):
    """The circuit manifests."""

    train: CidText
    average: CidText


class SrsReference(Part):
    """An SRS: sha256 of its file, k, and where it is from. A development SRS has a CID, the public one none."""

    id: Hex32
    k: K
    source: Literal["dev", "perpetual-powers-of-tau"]
    cid: CidText | Literal[""]


class TaskManifest(Document):
    """A task: what the chain's config does not say."""

    kind = "headwater/task/1"
    schema_: Annotated[Literal["headwater/task/1"], Field(alias="schema")]
    name: Name
    description: Text
    model: ModelShape
    fixed_point: FixedPoint
    training: Training
    circuits: CircuitCids
    srs: SrsReference


class StatementReference(Part):
    """A statement of headwater's, by kind and parameters."""

    kind: Name
    params: dict[Label, int]


class Shape(Part):
    """A committed vector: row-major entries of a tensor of this shape."""

    name: Name
    shape: tuple[Positive, Positive]


class Artifact(Part):
    """A published file."""

    cid: CidText
    sha256: Hex32
    size: Annotated[int, Field(ge=1, le=MAX_ARTIFACT_BYTES)]


class VerifierFacts(Part):
    """The compiled verifier: keccak256 of its code on chain, the code's bytes, and the compiler."""

    code_hash: Annotated[str, Field(pattern="^0x[0-9a-f]{64}$")]
    size: Positive
    solc: Name


class CircuitManifest(Document):
    """A circuit. The proof's points are the commitments of `inputs`, in order, then of `output`."""

    kind = "headwater/circuit/1"
    schema_: Annotated[Literal["headwater/circuit/1"], Field(alias="schema")]
    statement: StatementReference
    k: K
    rows: Positive
    versions: dict[Name, Name]
    srs: SrsReference
    inputs: Annotated[tuple[Shape, ...], Field(min_length=1, max_length=16)]
    output: Shape
    artifacts: dict[Label, Artifact]
    verifier: VerifierFacts


class TaskReference(Part):
    """A task, anywhere."""

    chain_id: Positive
    task_manager: Address
    task_id: Positive
