"""Openings: which vector a commitment is of, shown by one evaluation, at once or in parts, and remembered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from headwater.protocol.curve import Point, add
from headwater.protocol.field import P
from headwater.protocol.keccak import keccak256
from headwater.protocol.machine.call import Refused
from headwater.protocol.machine.contract import Contract
from headwater.protocol.machine.points import check_addable, point_hash
from headwater.protocol.machine.terms import part_count
from headwater.protocol.masks import GENERATOR, prg
from headwater.protocol.openings import PART_BYTES, UNUSABLE_ROWS, Encoding, challenge, decode, evaluate, root_of
from headwater.protocol.pairing import G2
from headwater.protocol.structs import Claim, TaskConfig

if TYPE_CHECKING:
    from headwater.protocol.machine import Machine

WIDTH = {Encoding.WORDS: 32, Encoding.PACKED: 8, Encoding.MASK: 0}
"""How many bytes an entry has."""


class Openings(Contract):
    """The contract of that name.

    Attributes:
        opened: claims that are known to be true.
        shown: the entries of a claim's vector that were shown in parts.
    """

    def __init__(self, machine: Machine, address: str) -> None:
        super().__init__(machine, address)
        self.opened: set[Claim] = set()
        self.shown: defaultdict[Claim, list[int]] = defaultdict(list)

    # ---- anyone

    def open(self, claim: Claim, vector: bytes, quotient: Point) -> None:
        """Opens a commitment at once; it is not kept."""
        config = self._config(claim)
        length = claim.entries * WIDTH[claim.encoding]
        if len(vector) != length:
            raise Refused("WrongLength", length, len(vector))
        if claim.encoding == Encoding.MASK:
            entries = prg(claim.root, claim.entries)
        else:
            root = root_of(vector, claim.encoding)
            if root != claim.root:
                raise Refused("RootMismatch", claim.root, root)
            entries = _entries(vector, claim.encoding)
        self._check(claim, config, entries, quotient)

    def show(self, claim: Claim, hashes: Sequence[bytes], part: bytes) -> None:
        """Shows the next part of a vector."""
        if claim.encoding == Encoding.MASK:
            raise Refused("WrongEncoding", claim.encoding)
        shown = self._begun(claim)
        width = WIDTH[claim.encoding]
        length = claim.entries * width
        if len(hashes) != part_count(length):
            raise Refused("WrongLength", part_count(length), len(hashes))
        root = keccak256(b"".join(hashes))
        if root != claim.root:
            raise Refused("RootMismatch", claim.root, root)
        start = shown * width
        expected = min(PART_BYTES, length - start)
        if len(part) != expected:
            raise Refused("WrongLength", expected, len(part))
        index = start // PART_BYTES
        if keccak256(part) != hashes[index]:
            raise Refused("PartMismatch", index, hashes[index], keccak256(part))
        self.shown[claim] += _entries(part, claim.encoding)

    def expand(self, claim: Claim, count: int) -> None:
        """Expands the next entries of a mask."""
        if claim.encoding != Encoding.MASK:
            raise Refused("WrongEncoding", claim.encoding)
        first = self._begun(claim)
        last = min(claim.entries, first + count)
        self.shown[claim] += prg(claim.root, last)[first:]

    def conclude(self, claim: Claim, quotient: Point) -> None:
        """Opens a commitment whose vector was shown in parts."""
        config = self._config(claim)
        shown = self.progress_of(claim)
        if shown != claim.entries:
            raise Refused("WrongProgress", shown, claim.entries)
        self._check(claim, config, self.shown[claim], quotient)
        self.opened.add(claim)

    # ---- views

    def is_open(self, claim: Claim) -> bool:
        """Whether the claim is known to be true."""
        return claim in self.opened

    def progress_of(self, claim: Claim) -> int:
        """How many entries of the claim's vector have been shown in parts."""
        return len(self.shown.get(claim, ()))

    # ---- how

    def _config(self, claim: Claim) -> TaskConfig:
        """The config of the claim's task, whose rows must hold its vector."""
        config = self.machine.tasks.config_of(claim.task_id)
        if not 1 <= claim.entries <= 2**config.k - UNUSABLE_ROWS:
            raise Refused("TooManyEntries", claim.entries, config.k)
        return config

    def _begun(self, claim: Claim) -> int:
        """How far a claim that is not shown whole has come."""
        self._config(claim)
        shown = self.progress_of(claim)
        if shown == claim.entries:
            raise Refused("WrongProgress", shown, claim.entries)
        return shown

    def _check(self, claim: Claim, config: TaskConfig, entries: Sequence[int], quotient: Point) -> None:
        """Checks the pairing."""
        r = challenge(claim.commitment, config.k, claim.encoding, claim.entries, claim.root)
        value = evaluate(config.k, entries, r)
        if not opens(self.machine, claim.commitment, r, value, quotient, config.tau):
            raise Refused("OpeningMismatch", point_hash(claim.commitment))


def opens(machine: Machine, commitment: Point, r: int, value: int, quotient: Point, tau: G2) -> bool:
    """Whether the polynomial behind a commitment has this value at r: e(C - y G + r Q, G2) = e(Q, tau)."""
    check_addable(commitment)
    check_addable(quotient)
    left = add(add(commitment, machine.multiply(GENERATOR, -value % P)), machine.multiply(quotient, r))
    return machine.balanced(left, quotient, tau)


def _entries(part: bytes, encoding: Encoding) -> list[int]:
    try:
        return decode(part, encoding, len(part) // WIDTH[encoding])
    except ValueError:
        raise Refused("NonCanonicalEntry") from None
