"""The proofs of running rounds, kept until their round is over for good.

A trainer's proof of a round is made once: each new one would publish another equation over the data's salts
(docs/adr/0007). So it is written down, encrypted, before it is submitted, and a restarted trainer submits the same
bytes. An aggregator's proof is kept because it takes long.

One look may show an older round than the last one did: an endpoint is behind, or the chain has dropped blocks. So a
round's proof is deleted when a block in which the round is over is final.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from headwater.chain.asking.rpc import Block, Chain
from headwater.circuits.circuit import Proof
from headwater.circuits.proofs import pack_proof, unpack_proof
from headwater.errors import ChainError, CircuitError
from headwater.journal.cursor import KEPT
from headwater.journal.secrets import SecretStore
from headwater.protocol.decisions import RoundView

_DIGEST = 32


class KeptProofs:
    """One account's proofs of one kind in one task, by round and link: in memory and, if there is one, a journal."""

    def __init__(self, secrets: SecretStore | None, place: str) -> None:
        """place: names kind and task among all of all chains."""
        self._secrets = secrets
        self._proofs, self._timing = f"proof/{place}/", f"proving-seconds/{place}"
        self._found: dict[str, tuple[bytes, Proof]] = {}
        names = secrets.names(self._proofs) if secrets else []
        self._links = {_link(name.removeprefix(self._proofs)) for name in names}  # of a round, which link
        self._over: tuple[int, Block] | None = None  # a round, and a block in which all before it were over

    def get(self, round_: int, inputs: Sequence[Sequence[int]], link: int = 0) -> Proof | None:
        """The round's proof; None where there is none of these inputs: another model, or other data."""
        name = self._name(round_, link)
        if name not in self._found and (packed := self._read(name)):
            try:
                self._found[name] = packed[:_DIGEST], unpack_proof(packed[_DIGEST:])
            except CircuitError:
                return None  # of another release
        digest, proof = self._found.get(name, (b"", None))
        return proof if digest == _digest(inputs) else None

    def has(self, round_: int) -> bool:
        """Whether any proof of the round is kept."""
        return any(round_ == kept for kept, _ in self._links)

    def keep(self, round_: int, inputs: Sequence[Sequence[int]], proof: Proof, link: int = 0) -> None:
        """Keep a proof, in place of an earlier one of the round.

        Raises:
            JournalError: it cannot be written down; then it must not be submitted either.
        """
        name, digest = self._name(round_, link), _digest(inputs)
        if self._secrets is not None:
            self._secrets.put(name, digest + pack_proof(proof))
            self._secrets.put(self._timing, str(proof.witness_seconds + proof.prove_seconds).encode())
        self._found[name] = digest, proof
        self._links.add((round_, link))

    def drop(self, round_: int, link: int = 0) -> None:
        """Delete a proof that is needed no more; nothing where there is none."""
        if (round_, link) in self._links:
            self._forget([(round_, link)])

    def forget(self, chain: Chain, block: Block, at: RoundView, *, is_done: bool) -> None:
        """Delete the proofs of rounds that no reorganization brings back.

        Args:
            at: where the task is in `block`.
            is_done: the account has left the task, or the task has ended: nothing can be submitted any more.
        """
        if is_done:
            self._forget(list(self._links))
            if self._secrets is not None and self._read(self._timing):
                self._secrets.delete(self._timing)
            return
        running = at.round + at.phase.is_end
        if self._over is None:
            if any(round_ < running for round_, _ in self._links):
                self._over = running, block
            return
        first, seen = self._over
        if final_height(chain, block) < seen.number:
            return
        self._over = None
        if chain.block_hash(seen.number) == seen.hash:  # else they may not be over
            self._forget([(round_, link) for round_, link in self._links if round_ < first])

    def _forget(self, links: Sequence[tuple[int, int]]) -> None:
        names = [self._name(*link) for link in links]
        if self._secrets is not None and names:
            self._secrets.delete(*names)
        self._links -= set(links)
        for name in names:
            self._found.pop(name, None)

    @property
    def seconds(self) -> float:
        """How long the last proof took, as far as the journal knows; else 0."""
        return float(self._read(self._timing) or 0)

    def _name(self, round_: int, link: int) -> str:
        return f"{self._proofs}{round_}/{link}"

    def _read(self, name: str) -> bytes | None:
        return self._secrets.get(name) if self._secrets is not None else None


def _link(name: str) -> tuple[int, int]:
    round_, _, link = name.partition("/")
    return int(round_), int(link)


def final_height(chain: Chain, block: Block) -> int:
    """Up to which block no reorganization reaches; on a chain that does not tell, so deep that none is known."""
    try:
        return chain.block("finalized").number
    except ChainError:
        return block.number - KEPT


def _digest(inputs: Sequence[Sequence[int]]) -> bytes:
    return hashlib.sha256(json.dumps([list(vector) for vector in inputs]).encode()).digest()
