"""What a call sees of the chain, and how a contract refuses it."""

from __future__ import annotations

from dataclasses import dataclass

from headwater.protocol.structs import ZERO_HASH


class Refused(Exception):
    """A call that a contract reverts: the custom error's name, and its arguments in Solidity's order."""

    def __init__(self, error: str, *arguments: object) -> None:
        super().__init__(error, *arguments)
        self.error = error
        self.arguments = arguments


@dataclass
class Block:
    """What a call sees of the block it is in: its number, its time, and the hash of the block before."""

    number: int = 0
    time: int = 0
    parent_hash: bytes = ZERO_HASH
