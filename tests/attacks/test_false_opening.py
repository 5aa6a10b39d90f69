"""Wants: to be acquitted, or believed, for bytes that it has not committed to.

Tries: a quotient by a tau whose secret it knows, one of another claim, a vector that has the same value at the place of
the opening; parts in another order, other bytes for a part, fewer parts; numbers that are not reduced. And to spoil
what another shows in parts.
Stopped: the place is hashed from commitment and bytes, and the pairing is by the task's tau. Each part is compared with
its hash, all must be shown, and every claim has a progress of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pytest

from headwater.chain.contracts.events import Acquitted, ModelOpened, Opened, PartShown
from headwater.circuits.openings import quotient, vector_quotient
from headwater.errors import ContractError
from headwater.protocol.curve import Point, add, multiply, negate
from headwater.protocol.field import P
from headwater.protocol.keccak import keccak256
from headwater.protocol.masks import GENERATOR
from headwater.protocol.openings import Encoding, challenge, decode, encode, evaluate, parts, root_of
from headwater.protocol.structs import Claim, Opening
from tests.support.arena import AGGREGATOR, OUTSIDER, PARTNER, Arena
from tests.support.circuits import K, random_salts
from tests.support.toy_srs import g2, lagrange
from tests.support.weakened_contracts import Weakness

OWN_TAU = 987_654_321
PAIRING = "return BN254.pairsEqually(left, quotient, tau);"
OTHER_TAU = Weakness(
    "Openings",
    PAIRING,
    f"return BN254.pairsEqually(left, quotient, G2({', '.join(map(str, g2(OWN_TAU)))}));",
    "libraries/Evaluation.sol",
    "a tau whose secret somebody knows",
)
ANY_QUOTIENT = Weakness("Openings", PAIRING, "return true;", "libraries/Evaluation.sol")
PLACE_KNOWN = Weakness(
    "Openings", "uint256(claim.encoding), uint256(claim.entries), claim.root)", "uint256(claim.encoding))"
)
UNREDUCED = Weakness(
    "Openings", "else if (!sum.addWords(part)) revert NonCanonicalEntry();", "else sum.addWords(part);"
)
ANY_PART = Weakness(
    "Openings", "if (keccak256(part) != hashes[index]) revert PartMismatch(index, hashes[index], keccak256(part));"
)
ANY_ORDER = Weakness(
    "Openings",
    "uint256 expected = Math.min(Parts.BYTES, length - start);\n"
    "        if (part.length != expected) revert WrongLength(expected, part.length);\n"
    "        uint256 index = start / Parts.BYTES;\n"
    "        if (keccak256(part) != hashes[index]) revert PartMismatch(index, hashes[index], keccak256(part));",
    "uint256 expected = part.length;\n        uint256 index = start / Parts.BYTES;",
    summary="`show` takes any part",
)
ANY_NUMBER = Weakness(
    "Openings", "if (progress.shown != claim.entries) revert WrongProgress(progress.shown, claim.entries);"
)
ONE_PROGRESS = Weakness("Openings", "keccak256(abi.encode(claim))", "keccak256(abi.encode(claim.commitment))")
MEMBER, STRANGER = 1, PARTNER
ENTRIES, FIRST = 3000, 2048  # of a vector in two parts, and of its first part
POISON = [1 << 20, 0, 0, 0]


def alike(vector: Sequence[int], r: int) -> list[int]:
    """Another vector whose polynomial has the same value at r."""
    first, second, *rest = vector
    change = lagrange(K, 0, r) * pow(lagrange(K, 1, r), -1, P)
    return [(first + 1) % P, (second - change) % P, *rest]


# ---- answers at once


@pytest.fixture
def demanded(arena: Arena):
    """Aggregate: a member's masked update is demanded; what it has masked, and the challenge's id."""
    arena.at("aggregating")
    masking = arena.masking(MEMBER)
    return arena, masking, arena.challenge_update(MEMBER)


def test_vector__that_is_alike_at_a_place_that_is_known(demanded, attack):
    arena, masking, challenge_id = demanded
    commitment = arena.train.commit(masking.vector)
    words = (*commitment, K, Encoding.WORDS)
    known = int.from_bytes(keccak256(b"".join(word.to_bytes(32, "big") for word in words)), "big") % P
    data = encode(alike(masking.vector, known), Encoding.WORDS)
    opening = Opening(root_of(data, Encoding.WORDS), data, quotient(arena.train, masking.vector, known))
    answer = arena.challenges.answer_update(challenge_id, masking.posting, opening)
    with attack.works_on(PLACE_KNOWN), arena.weakened(PLACE_KNOWN):
        receipt = arena.send(MEMBER, answer)
        assert receipt.event(Acquitted).trainer == arena.address(MEMBER)
        assert decode(receipt.event(PartShown).part, Encoding.WORDS, len(masking.vector)) != masking.vector
    with attack.stopped_by("OpeningMismatch"):
        arena.send(MEMBER, answer)


def test_numbers__that_are_not_reduced(demanded, attack):
    arena, masking, challenge_id = demanded
    word, rest = masking.vector[0], encode(masking.vector[1:], Encoding.WORDS)
    data = (word + P).to_bytes(32, "big") + rest
    commitment, root = arena.train.commit(masking.vector), root_of(data, Encoding.WORDS)
    r = challenge(commitment, K, Encoding.WORDS, len(masking.vector), root)
    opening = Opening(root, data, quotient(arena.train, masking.vector, r))
    answer = arena.challenges.answer_update(challenge_id, masking.posting, opening)
    with attack.works_on(UNREDUCED), arena.weakened(UNREDUCED):
        shown = arena.send(MEMBER, answer).event(PartShown).part
        with pytest.raises(ValueError, match="not below"):
            decode(shown, Encoding.WORDS, len(masking.vector))  # what a node does with it
    with attack.stopped_by("NonCanonicalEntry"):
        arena.send(MEMBER, answer)


def false_model(arena: Arena, commitment: Point, of: str) -> Point:
    """A quotient for weights that were not committed to."""
    data = encode(POISON, Encoding.PACKED)
    if of == "another claim":
        return vector_quotient(
            arena.train, commitment, Encoding.PACKED, len(POISON), encode(arena.average_of(), Encoding.PACKED)
        )
    r = challenge(commitment, K, Encoding.PACKED, len(POISON), root_of(data, Encoding.PACKED))
    value = evaluate(K, POISON, r)
    return multiply(add(commitment, negate(multiply(GENERATOR, value))), pow(OWN_TAU - r, -1, P))


@pytest.mark.parametrize(("of", "weakness"), (("another tau", OTHER_TAU), ("another claim", ANY_QUOTIENT)))
def test_quotient__of(arena, attack, of, weakness):
    arena.at("challenging")
    challenge_id, weights = arena.challenge_model(), arena.average_of()
    untagged, data = arena.train.commit(weights), encode(POISON, Encoding.PACKED)
    opening = Opening(root_of(data, Encoding.PACKED), data, false_model(arena, untagged, of))
    answer = arena.challenges.answer_model(challenge_id, arena.train.commit([*weights, arena.tag]), opening)
    with attack.works_on(weakness), arena.weakened(weakness):
        assert arena.send(AGGREGATOR, answer).event(ModelOpened).root == opening.root
    with attack.stopped_by("OpeningMismatch"):
        arena.send(AGGREGATOR, answer)


# ---- in parts


class Shown(NamedTuple):
    """A vector of two parts, its commitment's claim, and the quotient that shows it."""

    arena: Arena
    vector: list[int]
    claim: Claim
    hashes: tuple[bytes, ...]
    parts: list[bytes]

    @classmethod
    def of(cls, arena: Arena, vector: list[int], data: bytes, commitment: Point | None = None) -> Shown:
        """A claim that the vector's commitment, or another, is of these bytes."""
        commitment = commitment or arena.train.commit(vector)
        claim = Claim(arena.task_id, commitment, Encoding.WORDS, len(data) // 32, root_of(data, Encoding.WORDS))
        cut = parts(data)
        return cls(arena, vector, claim, tuple(map(keccak256, cut)), cut)

    @property
    def r(self) -> int:
        return challenge(self.claim.commitment, K, Encoding.WORDS, self.claim.entries, self.claim.root)

    def show(self, part: bytes, account: int = OUTSIDER) -> PartShown:
        return self.arena.send(account, self.arena.openings.show(self.claim, self.hashes, part)).event(PartShown)

    def conclude(self) -> Opened:
        call = self.arena.openings.conclude(self.claim, quotient(self.arena.train, self.vector, self.r))
        return self.arena.send(OUTSIDER, call).event(Opened)


@pytest.fixture
def long(arena: Arena) -> Shown:
    """A true claim about a vector of two parts."""
    vector = random_salts(7, ENTRIES)
    return Shown.of(arena.at("created"), vector, encode(vector, Encoding.WORDS))


def test_part__with_other_bytes(long, attack):
    other = encode(alike(long.vector, long.r)[:FIRST], Encoding.WORDS)
    with attack.works_on(ANY_PART), long.arena.weakened(ANY_PART):
        assert long.show(other).part != long.parts[0]
        long.show(long.parts[1])
        assert long.conclude().root == long.claim.root
    with attack.stopped_by("PartMismatch"):
        long.show(other)


def test_parts__in_another_order(long, attack):
    swapped = [*long.vector[FIRST:], *long.vector[:FIRST]]
    claim = Shown.of(long.arena, swapped, encode(long.vector, Encoding.WORDS))  # of the vector that is not swapped
    with attack.works_on(ANY_ORDER), long.arena.weakened(ANY_ORDER):
        for part in reversed(claim.parts):
            claim.show(part)
        assert claim.conclude().root == long.claim.root
    with attack.stopped_by("WrongLength"):
        claim.show(claim.parts[1])


def test_parts__of_which_one_is_never_shown(long, attack):
    kept_back = encode(random_salts(8, ENTRIES - FIRST), Encoding.WORDS)
    claim = Shown.of(long.arena, long.vector[:FIRST], long.parts[0] + kept_back)
    with attack.works_on(ANY_NUMBER), long.arena.weakened(ANY_NUMBER):
        claim.show(claim.parts[0])
        assert claim.conclude().entries == ENTRIES
    claim.show(claim.parts[0])
    with attack.stopped_by("WrongProgress"):
        claim.conclude()


def test_progress__of_another__spoilt(long, attack):
    junk = Shown.of(long.arena, [], encode(random_salts(9, ENTRIES), Encoding.WORDS), long.claim.commitment)
    with attack.works_on(ONE_PROGRESS), long.arena.weakened(ONE_PROGRESS):
        junk.show(junk.parts[0], STRANGER)
        with pytest.raises(ContractError, match="WrongLength"):
            long.show(long.parts[0])
        long.show(long.parts[1])
        with pytest.raises(ContractError, match="OpeningMismatch"):
            long.conclude()
    junk.show(junk.parts[0], STRANGER)
    long.show(long.parts[0], STRANGER)  # it may as well help
    with pytest.raises(ContractError, match="WrongLength"):
        long.show(long.parts[0])
    long.show(long.parts[1])
    attack.answered_by(long.conclude())
