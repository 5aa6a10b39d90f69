"""The documents that the chain refers to, by what they say. `ipfs/schemas` holds their JSON Schemas, made from here.

A document is canonical JSON of at most 1 MiB, so the chain's `bytes32 cid` is its sha2-256. What a document says is
believed only where a commitment or a circuit bears it out. Those that carry a vector are in `vectors`.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, ValidationError

from headwater.errors import DocumentError
from headwater.foreign import plain
from headwater.protocol import documents
from headwater.storage.parts import (
    MAX_ARTIFACT_BYTES,
    Address,
    CidText,
    Hex32,
    K,
    Label,
    Name,
    Package,
    Part,
    Positive,
    Text,
    problem_of,
)

REFUSE = "refuse what refers to it: whoever published it broke the format"


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
            raise DocumentError(f"this is no document of {cls.kind}: {problem_of(error)}", REFUSE) from error
        except ValueError as error:
            raise DocumentError(f"this is no document of {cls.kind}: {plain(error)}", REFUSE) from error


class CircuitCids(Part):
    """The circuit manifests. Those of scores, compositions and inferences are empty where the task has none."""

    train: CidText
    average: CidText
    score: CidText | Literal[""]
    composition: CidText | Literal[""]
    infer: CidText | Literal[""]


class SrsReference(Part):
    """An SRS: sha256 of its file, k, and where it is from. A development SRS has a CID, the public one none."""

    id: Hex32
    k: K
    source: Literal["dev", "perpetual-powers-of-tau"]
    cid: CidText | Literal[""]


class LearnerReference(Part):
    """A kind of model, and what its creator calls the package that brings it: a name, which proves nothing."""

    kind: Label
    package: Package


class TaskManifest(Document):
    """A task: what the chain's config does not say. `model` is the learner's own: see the schema of its kind."""

    kind = "headwater/task/2"
    schema_: Annotated[Literal["headwater/task/2"], Field(alias="schema")]
    name: Name
    description: Text
    learner: LearnerReference
    model: dict[str, Any]
    circuits: CircuitCids
    srs: SrsReference


class StatementReference(Part):
    """A statement of headwater's, by kind and parameters."""

    kind: Name
    params: dict[Label, int | Label]


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
