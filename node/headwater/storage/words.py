"""Field elements as bytes, 32 an entry, big-endian: checked and added up many entries at a time."""

from __future__ import annotations

import numpy as np

from headwater.protocol.field import P

WORD = 32
_LIMBS = 8  # of 32 bits, in a word
_TOP = np.uint64(P >> 192)  # the upper quarter of P, with which nearly all words are told apart from it


def check_words(data: bytes) -> None:
    """Check that bytes are whole words, each below `P`.

    Raises:
        ValueError: they are not; the message names the first entry that is too large.
    """
    if len(data) % WORD:
        raise ValueError(f"a vector has {WORD} bytes an entry, this one has {len(data)} bytes")
    tops = np.frombuffer(data, ">u8")[::4]
    for entry in np.flatnonzero(tops >= _TOP):  # one in 2**62, unless somebody means it
        if int.from_bytes(data[WORD * entry : WORD * (entry + 1)], "big") >= P:
            raise ValueError(f"entry {entry} is not below the field's modulus")


class WordSum:
    """The entrywise sum of vectors of words: of up to 2**32 of them, in the memory of two."""

    def __init__(self, entries: int) -> None:
        """entries: of each vector."""
        self._limbs = np.zeros(_LIMBS * entries, np.uint64)

    def add(self, data: bytes) -> None:
        """Add a vector.

        Raises:
            ValueError: it has another length.
        """
        if 4 * len(self._limbs) != len(data):
            raise ValueError(f"a vector of {len(data)} bytes cannot be added to one of {4 * len(self._limbs)}")
        self._limbs += np.frombuffer(data, ">u4").astype(np.uint32)  # in the machine's order first: twice as fast

    def total(self) -> list[int]:
        """The sum's entries, mod `P`."""
        limbs = self._limbs.reshape(-1, _LIMBS).tolist()
        return [sum(limb << 32 * (_LIMBS - 1 - at) for at, limb in enumerate(word)) % P for word in limbs]
