"""ChallengeManager: making those who committed show the bytes. What functions require: see `IChallengeManager.sol`."""

from __future__ import annotations

from collections.abc import Sequence

from headwater.chain.asking.rpc import BlockId, Call
from headwater.chain.contracts.contract import Contract
from headwater.protocol.curve import Point
from headwater.protocol.equal_log import EqualLogProof
from headwater.protocol.phases import Kind
from headwater.protocol.structs import Challenge, Opening, Posting, Shown


class ChallengeManager(Contract):
    """Challenges, their bonds and their answers."""

    name = "ChallengeManager"

    # ---- challengers; `bond`, wei, is sent along: `bond_of` at least

    def challenge_update(self, task_id: int, trainer: str, bond: int) -> Call:
        """Make a member open its masked update."""
        return self._call("challengeUpdate", task_id, trainer, value=bond)

    def challenge_mask(
        self, task_id: int, members: tuple[str, str], postings: tuple[Posting, Posting], bond: int
    ) -> Call:
        """Make two peers that posted different commitments of their mask show who is right."""
        return self._call("challengeMask", task_id, *members, *postings, value=bond)

    def challenge_model(self, task_id: int, bond: int) -> Call:
        """Make the aggregator open the average, in Challenge, or the creator the first model, in Join."""
        return self._call("challengeModel", task_id, value=bond)

    def challenge_proof(self, task_id: int, trainer: str, index: int, bond: int) -> Call:
        """Make a trainer put the proof of a link that it claimed on chain. index: of the running round's, from 0."""
        return self._call("challengeProof", task_id, trainer, index, value=bond)

    def prove_wrong_peer(
        self, task_id: int, trainer: str, posting: Posting, wrong: str, between: Sequence[str]
    ) -> Call:
        """Show that a member named a wrong peer. between: the 8 members on each side of it, clockwise."""
        return self._call("proveWrongPeer", task_id, trainer, posting, wrong, tuple(between))

    def reclaim_bond(self, challenge_id: int) -> Call:
        """Credit the bond of a challenge that nobody answered in time to its challenger."""
        return self._call("reclaimBond", challenge_id)

    # ---- answers

    def answer_update(self, challenge_id: int, posting: Posting, opening: Opening) -> Call:
        """Open a masked update."""
        return self._call("answerUpdate", challenge_id, posting, opening)

    def answer_mask(
        self,
        challenge_id: int,
        postings: tuple[Posting, Posting],
        keys: tuple[Point, Point],
        shared: Point,
        proof: EqualLogProof,
        by_other: bool,
        mask: Point,
        opening: Opening,
    ) -> Call:
        """Show the point that two peers share. by_other: whether the second of the two proves it. mask: C(mask)."""
        return self._call("answerMask", challenge_id, postings, keys, shared, proof, by_other, mask, opening)

    def answer_proof(self, challenge_id: int, shown: Shown) -> Call:
        """Prove a link that was claimed."""
        return self._call("answerProof", challenge_id, shown)

    def answer_model(self, challenge_id: int, model: Point, opening: Opening) -> Call:
        """Open a model. model: C([w | tag]); opening: of C([w | 0])."""
        return self._call("answerModel", challenge_id, model, opening)

    # ---- views

    def bond_of(self, task_id: int, kind: Kind, block: BlockId = "latest") -> int:
        """What a challenge of this kind costs at least in that block, wei: it follows the base fee."""
        return self._read(int, "bondOf", task_id, kind, block=block)

    def challenge_count(self, block: BlockId = "latest") -> int:
        """How many challenges there are: their ids are 1 to this."""
        return self._read(int, "challengeCount", block=block)

    def get_challenge(self, challenge_id: int, block: BlockId = "latest") -> Challenge:
        """A challenge; all zero if there is none."""
        return self._read(Challenge, "getChallenge", challenge_id, block=block)

    def opened(self, task_id: int, round_: int, attempt: int, accused: str, block: BlockId = "latest") -> bool:
        """Whether a masked update was opened; with attempt 0 and the creator, whether the first model was."""
        return self._read(bool, "opened", task_id, round_, attempt, accused, block=block)

    def challenge_of(self, task_id: int, round_: int, attempt: int, accused: str, block: BlockId = "latest") -> int:
        """The challenge that accuses a member of an attempt, or with attempt 0 the model of a round; 0 if none."""
        return self._read(int, "challengeOf", task_id, round_, attempt, accused, block=block)
