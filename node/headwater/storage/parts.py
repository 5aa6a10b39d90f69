"""The pieces that documents are made of: texts, numbers and points that a stranger may have written."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from headwater.foreign import UNSEEN, named, plain, unseen
from headwater.storage.cid import Cid

MAX_K, MAX_BITS, MAX_STEPS, MAX_ROWS = (
    28,
    40,
    1000,
    1 << 20,
)  # far above what can be proved: no reader computes for long
MAX_ARTIFACT_BYTES = 1 << 33


def _as_cid(text: str) -> str:
    return str(Cid.parse(text))


def _seen(value: object, allowed: str = "") -> object:
    """A text as it is. Raises ValueError where it holds what nobody sees: a pattern's own refusal would not say so."""
    if isinstance(value, str) and (found := unseen(value, allowed)):
        raise ValueError(f"it holds the character {named(found)}, which is no text: people would not see it")
    return value


def _seen_lines(value: object) -> object:
    return _seen(value, "\n")


Decimal = Annotated[str, Field(pattern=r"^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?$", max_length=64)]
Hex32 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
CidText = Annotated[str, Field(pattern="^b[a-z2-7]{58}$"), AfterValidator(_as_cid)]
Address = Annotated[str, Field(pattern="^0x[0-9a-fA-F]{40}$")]
# these reach people: only what they see, and the line breaks of longer texts
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=f"^[^{UNSEEN}]+$"), BeforeValidator(_seen)]
Text = Annotated[
    str,
    Field(max_length=10_000, pattern=f"^([^{UNSEEN}]|\\x0a)*$"),
    BeforeValidator(_seen_lines),
]
Label = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,39}$", description="also a part of a file's name")]
Package = Annotated[
    str, Field(pattern="^[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9])?$", description="a name, which proves nothing")
]
Natural = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
K = Annotated[int, Field(ge=1, le=MAX_K)]
Bits = Annotated[int, Field(ge=1, le=MAX_BITS)]


class Part(BaseModel):
    """A part of a document: no unknown fields, no conversions."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def problem_of(error: ValidationError) -> str:
    """The first thing that a document has wrong, and where."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = plain(".".join(map(str, first["loc"])) or "all of it")
    return f"{place}: {plain(first['msg'].removeprefix('Value error, '))}"
