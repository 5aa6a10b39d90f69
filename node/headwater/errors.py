"""Every error that headwater raises on purpose: what happened, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping

from headwater.foreign import lines


class HeadwaterError(Exception):
    """Root of the tree. `message` says what happened and what was expected, `hint` what to do next.

    Whatever a stranger has put into them, they are not long and hold no characters but text and line breaks. A
    stranger's own line breaks are for `foreign.plain`, where its text is put into a message.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        self.message = lines(message)
        self.hint = lines(hint)
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class ConfigError(HeadwaterError):
    """A setting, a file of settings or an installed tool is missing or wrong."""


class CompilerError(HeadwaterError):
    """The Solidity compiler refused a source, or took too long."""


class DataError(HeadwaterError):
    """A trainer's data file does not fit the task."""


class JournalError(HeadwaterError):
    """The node's own record of what it does cannot be read or written: nothing may be sent without it."""


class JournalUnwritable(JournalError):
    """The record cannot be written now: a full disk, a permission. It is whole, and trying again later may help."""


class StorageError(HeadwaterError):
    """Content could not be stored or fetched."""


class Unavailable(StorageError):
    """Content cannot be had now; asking again later may help."""


class Unreachable(Unavailable):
    """A store does not answer at all, or has had enough for now; whatever else it is asked will fail alike."""


class ContentMismatch(StorageError):
    """Bytes are not what their CID or commitment says; whoever gave them is to be asked last."""


class ContentTooLarge(StorageError):
    """Content is larger than the reader allows; whoever published it broke the limit, asking again is useless."""


class DocumentError(StorageError):
    """A document is not canonical JSON of its schema; whoever published it broke the format."""


class ChainError(HeadwaterError):
    """The chain could not be read, or a transaction could not be sent."""


class ContractError(ChainError):
    """A contract refused a call with the custom error `name`; its `arguments` are by Solidity's names."""

    def __init__(self, message: str, hint: str = "", *, name: str, arguments: Mapping[str, object]) -> None:
        super().__init__(message, hint)
        self.name = name
        self.arguments = arguments


class CircuitError(HeadwaterError):
    """A circuit could not be built, proved or verified."""


class ProverTimeout(CircuitError):
    """The process that builds or proves a circuit took longer than it may, and was ended."""


class TaskError(HeadwaterError):
    """A task contradicts itself, or its verifiers are not what its manifest says: not to be trusted."""
