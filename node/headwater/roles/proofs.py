"""The proof of a trainer's running round, kept until the round is over.

A round's proof is made once: each new one would publish another equation over the data's salts (docs/adr/0007). So it
is written down, encrypted, before it is submitted, and a restarted trainer submits the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from headwater.circuits.circuit import Proof
from headwater.circuits.proofs import pack_proof, unpack_proof
from headwater.errors import CircuitError
from headwater.journal.secrets import SecretStore

_DIGEST = 32


class KeptProofs:
    """One trainer's proofs in one task: at most one a round, in memory and, where there is a journal, there too."""

    def __init__(self, secrets: SecretStore | None, place: str) -> None:
        """place: names the task among all of all chains."""
        self._secrets = secrets
        self._proofs, self._timing = f"proof/{place}/", f"proving-seconds/{place}"
        self._found: dict[str, tuple[bytes, Proof]] = {}
        self._cleared: int | None = None

    def get(self, round_: int, inputs: Sequence[Sequence[int]]) -> Proof | None:
        """The round's proof; None where there is none of these inputs: another model, or other data."""
        name = self._name(round_)
        if name not in self._found and (packed := self._read(name)):
            try:
                self._found[name] = packed[:_DIGEST], unpack_proof(packed[_DIGEST:])
            except CircuitError:
                return None  # of another release
        digest, proof = self._found.get(name, (b"", None))
        return proof if digest == _digest(inputs) else None

    def has(self, round_: int) -> bool:
        """Whether any proof of the round is kept."""
        return self._name(round_) in self._found or bool(self._read(self._name(round_)))

    def keep(self, round_: int, inputs: Sequence[Sequence[int]], proof: Proof) -> None:
        """Keep a proof, in place of an earlier one of the round.

        Raises:
            JournalError: it cannot be written down; then it must not be submitted either.
        """
        name, digest = self._name(round_), _digest(inputs)
        if self._secrets is not None:
            self._secrets.put(name, digest + pack_proof(proof))
            self._secrets.put(self._timing, str(proof.witness_seconds + proof.prove_seconds).encode())
        self._found[name] = digest, proof

    def forget_all_but(self, round_: int) -> None:
        """Delete the proofs of other rounds; of all, where `round_` is 0."""
        if self._cleared == round_:
            return
        kept = self._name(round_)
        self._found = {name: found for name, found in self._found.items() if name == kept}
        if self._secrets is not None:
            gone = [name for name in self._secrets.names(self._proofs) if name != kept]
            if round_ == 0:
                gone += self._secrets.names(self._timing)
            if gone:
                self._secrets.delete(*gone)
        self._cleared = round_

    @property
    def seconds(self) -> float:
        """How long the last proof took, as far as the journal knows; else 0."""
        return float(self._read(self._timing) or 0)

    def _name(self, round_: int) -> str:
        return f"{self._proofs}{round_}"

    def _read(self, name: str) -> bytes | None:
        return self._secrets.get(name) if self._secrets is not None else None


def _digest(inputs: Sequence[Sequence[int]]) -> bytes:
    return hashlib.sha256(json.dumps([list(vector) for vector in inputs]).encode()).digest()
