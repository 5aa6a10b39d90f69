"""Challenges, their answers, and openings, at once and in parts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from headwater.protocol.curve import INFINITY, Point
from headwater.protocol.equal_log import EqualLogProof
from headwater.protocol.field import P
from headwater.protocol.keccak import keccak256
from headwater.protocol.machine.rounds import peer_count
from headwater.protocol.masks import MIN_MEMBERS, NEAREST, peers, prg
from headwater.protocol.openings import UNUSABLE_ROWS, Encoding, encode, parts, root_of
from headwater.protocol.phases import Kind, Phase, TrainerStatus
from headwater.protocol.structs import ZERO_HASH, Challenge, Claim, Opening
from tests.differential.game import JUNK
from tests.differential.history import Call
from tests.differential.players import (
    CID,
    CROWD,
    NOT_A_POINT,
    STRANGER,
    UNKNOWN,
    key_of,
    known,
    padded,
    point,
    shared_by,
    shown_by,
)
from tests.differential.reviews import Reviews

BEFORE = Opening()
"""What an answer says of a claim that was opened before, but for the root."""


class Disputes(Reviews):
    """A game in which people doubt each other."""

    # ---- challenges

    def challenge_update(self) -> None:
        """Of a member, mostly."""
        task_id = self.reach(Phase.AGGREGATE)
        self.play(self.update_challenge(task_id, self.pick((*self.posted(task_id), self.anybody()))))

    def challenge_mask(self) -> None:
        """Of two that disagree, if there are such."""
        task_id = self.reach(Phase.AGGREGATE)
        posted = self.posted(task_id)
        masks = {(who, m.peer): m.commitment for who, posting in posted.items() for m in posting.masks}
        disagreeing = [(a, b) for a, b in masks if masks.get((b, a), masks[a, b]) != masks[a, b]]
        members = self.players.members(task_id) if posted else []
        disagreeing = [pair for pair in disagreeing if {*pair} <= {*members}] or disagreeing
        if not disagreeing or self.wrong(5):
            disagreeing = [*masks, (self.anybody(), self.anybody())]
        one, other = self.pick(disagreeing)
        postings = [posted.get(one, JUNK), JUNK if self.wrong(20) else posted.get(other, JUNK)]
        arguments = (task_id, one, other, *postings)
        self.play(Call("challenges", "challengeMask", STRANGER, arguments, self.bond(task_id, Kind.MASK)))

    def challenge_model(self) -> None:
        """In Challenge or Join."""
        self.play(self.model_challenge(self.reach(self.pick((Phase.CHALLENGE, Phase.JOIN)))))

    def prove_wrong_peer(self) -> None:
        """Of one who named one, if there are such."""
        task_id = self.reach(Phase.AGGREGATE) if self.trainers == CROWD else self.task(Phase.AGGREGATE)
        posted = self.posted(task_id)
        if len(posted) < MIN_MEMBERS:
            return
        circle = self.players.circle(task_id, posted)
        named = [(who, m.peer) for who, posting in posted.items() for m in posting.masks]
        wrong = [(who, peer) for who, peer in named if peer_count(len(circle)) + 1 < len(circle)]
        wrong = [(who, peer) for who, peer in wrong if peer not in peers(circle, who)]
        status = {who: self.machine.rounds.rosters[task_id, self.states[task_id].round, who].status for who in posted}
        accused = [(who, peer) for who, peer in wrong if status[who] == TrainerStatus.ACCUSED]
        trainer, peer = self.pick((*accused * 8, *wrong, *wrong, self.pick(named)))
        at = circle.index(trainer)
        others = [*circle[at + 1 :], *circle[:at]]
        between = [*others[:NEAREST], *others[-NEAREST:]]
        if self.wrong(5):
            between = self.pick((between[1:], between[::-1], [STRANGER, *between[1:]]))
        arguments = (task_id, trainer, posted[trainer], peer, tuple(between))
        self.play(Call("challenges", "proveWrongPeer", STRANGER, arguments))

    def disputes(self) -> list[int]:
        """Disputed masks of which an answer can still convict."""
        manager = self.machine.challenges
        masks = {i: c for i, c in enumerate(manager.challenges, start=1) if c.kind == Kind.MASK and not c.closed}
        return [i for i, challenge in masks.items() if manager._decides(challenge)]

    # ---- answers

    def answer(self) -> None:
        """A challenge, mostly one that can still be answered in time if there is one; or one that comes too late."""
        manager = self.machine.challenges
        challenges = dict(enumerate(manager.challenges, start=1))
        unanswered = [i for i, challenge in challenges.items() if not challenge.closed]
        running = [i for i in unanswered if manager._runs(challenges[i])]
        if not unanswered and not self.wrong(6):
            return
        self.answer_to(
            self.pick((running if not self.wrong(3) else unanswered)[::-1] or unanswered or (*challenges, 0))
        )

    def answer_to(self, challenge_id: int) -> None:
        """By one of the accused, mostly, and rather by one who has not lied."""
        manager = self.machine.challenges
        challenges = dict(enumerate(manager.challenges, start=1))
        challenge = challenges.get(challenge_id, Challenge(kind=Kind.UPDATE, task_id=1))
        if self.wrong(20):
            challenge_id = self.pick((*challenges, len(challenges) + 1))
        calls = {
            Kind.UPDATE: self.update_answer,
            Kind.MASK: self.mask_answer,
            Kind.MODEL: self.model_answer,
            Kind.PROOF: self.proof_answer,
        }
        target, arguments = calls[challenge.kind](challenge)
        at = (challenge.task_id, challenge.round, challenge.attempt)
        accused = [who for who in (challenge.accused, challenge.other) if int(who, 16)]
        honest = [who for who in accused if self.players.lies.get((*at, who), frozenset()).isdisjoint(accused)]
        who = self.pick((*accused, *honest * 3, self.anybody()))
        late = not challenge.closed and not manager._runs(challenge)
        self.play(Call("challenges", target, who, (challenge_id, *arguments)))
        self.tally["an answer too late to matter"] += late and challenge.closed

    def update_answer(self, challenge: Challenge) -> tuple[str, tuple[Any, ...]]:
        """An `answerUpdate`."""
        key = (challenge.task_id, challenge.round, challenge.attempt, challenge.accused)
        posting, vector = self.players.postings.get(key, JUNK), self.players.vectors.get(key, (1, 2, 3))
        claim, opening = self.players.update_claim(challenge.task_id, vector)
        if self.wrong(5):
            words = opening.vector
            others = (words[:31] + bytes([words[31] ^ 1]) + words[32:], words[32:], P.to_bytes(32, "big") + words[32:])
            rooted = [Opening(root_of(data, Encoding.WORDS), data, opening.quotient) for data in others]
            return "answerUpdate", self.pick(
                ((JUNK, opening), *((posting, wrong) for wrong in (*rooted, *wrong_openings(opening))))
            )
        return "answerUpdate", (posting, self.shown(claim, opening))

    def mask_answer(self, challenge: Challenge) -> tuple[str, tuple[Any, ...]]:
        """An `answerMask`."""
        pair = (challenge.accused, challenge.other)
        at = (challenge.task_id, challenge.round, challenge.attempt)
        postings = tuple(self.players.postings.get((*at, who), JUNK) for who in pair)
        keys = tuple(key_of(who) for who in pair)
        by_other = self.pick((False, True))
        shared = shared_by(*pair)
        proof = shown_by(*(reversed(pair) if by_other else pair))
        claim, opening = self.players.mask_claim(at, pair, (postings[0].update, postings[1].update))
        mask = claim.commitment
        if self.wrong(4):
            other = EqualLogProof(proof.challenge, (proof.response + 1) % P)
            lies = [next((m.commitment for m in p.masks if m.peer in pair), UNKNOWN) for p in postings]
            return "answerMask", self.pick(
                (
                    (postings, keys, known(77), proof, by_other, mask, opening),
                    (postings, keys, NOT_A_POINT, proof, by_other, mask, opening),
                    (postings, keys, shared, other, by_other, mask, opening),
                    (postings, keys, shared, proof, not by_other, mask, opening),
                    (postings, keys[::-1], shared, proof, by_other, mask, opening),
                    (postings[::-1], keys, shared, proof, by_other, mask, opening),
                    *((postings, keys, shared, proof, by_other, m, opening) for m in (*lies, INFINITY, NOT_A_POINT)),
                    *((postings, keys, shared, proof, by_other, mask, wrong) for wrong in wrong_openings(opening)),
                )
            )
        return "answerMask", (postings, keys, shared, proof, by_other, mask, self.shown(claim, opening))

    def model_answer(self, challenge: Challenge) -> tuple[str, tuple[Any, ...]]:
        """An `answerModel`."""
        dimension = self.players.config(challenge.task_id).dimension
        log, weights = self.players.models[challenge.model_hash]
        weights = padded(weights, dimension)
        claim, opening = self.players.model_claim(challenge.task_id, weights)
        if self.wrong(5):
            vectors = ((weights[0] + 1, *weights[1:]), (*weights, 0), weights[1:])
            data = [encode(vector, Encoding.PACKED) for vector in vectors]
            others = [Opening(root_of(packed, Encoding.PACKED), packed, opening.quotient) for packed in data]
            return "answerModel", self.pick(
                ((known(5), opening), *((point(log), wrong) for wrong in (*others, *wrong_openings(opening))))
            )
        return "answerModel", (point(log), self.shown(claim, opening))

    # ---- openings

    def shown(self, claim: Claim, opening: Opening) -> Opening:
        """How an answer opens a claim: at once, or it was done in parts before."""
        if not self.wrong(4):
            return opening
        self.in_parts(claim, opening)
        return replace(BEFORE, root=opening.root)

    def in_parts(self, claim: Claim, opening: Opening) -> None:
        """Open a claim part by part, mostly right."""
        calls = []
        if claim.encoding == Encoding.MASK:
            counts = self.pick(((claim.entries,), (3, claim.entries), (1, 0, 2**256 - 1), (5,)))
            calls += [("expand", (claim, count)) for count in counts]
        else:
            pieces = parts(opening.vector)
            hashes = tuple(keccak256(piece) for piece in pieces)
            calls += [("show", (claim, hashes, piece)) for piece in pieces]
            if self.wrong(6):
                calls.insert(0, ("show", self.pick(wrong_parts(claim, hashes, pieces))))
            if len(pieces) > 1 and self.wrong(4):
                del calls[0]
        if self.wrong(6):
            calls.append(self.pick((("expand", (claim, 1)), ("show", (claim, (opening.root,), b"")))))
        quotient = self.pick((NOT_A_POINT, INFINITY, UNKNOWN)) if self.wrong(12) else opening.quotient
        calls.append(("conclude", (claim, quotient)))
        self.play(*(Call("openings", function, self.anybody(), arguments) for function, arguments in calls))

    def open_claim(self) -> None:
        """Anybody opens anything, at once or in parts, or says what is not so."""
        task_id = self.pick(self.states)
        k, encoding = self.players.srs(task_id).k, self.pick(Encoding)
        room = 2**k - UNUSABLE_ROWS
        entries, seed = self.pick((1, 7, min(room, 40), room if room < 40 else 9)), ZERO_HASH
        vector: tuple[int, ...] = (5, *[0] * (entries - 2), 6)[:entries]
        if encoding == Encoding.MASK:
            seed = keccak256(b"%d" % self.pick(range(9)))
            vector = tuple(prg(seed, entries))
        elif room > 9000 and self.wrong(3):  # in two parts
            vector = (5, *[0] * (8191 if encoding == Encoding.PACKED else 2047), 6)
        claim, opening = self.players.claim(task_id, vector, encoding, seed)
        if self.pick((True, False)):
            self.in_parts(claim, opening)
            return
        if self.wrong(3):
            claim = self.pick(wrong_claims(claim, room))
        if self.wrong(6):
            opening = self.pick(wrong_openings(opening))
        self.play(Call("openings", "open", self.anybody(), (claim, opening.vector, opening.quotient)))


def wrong_openings(opening: Opening) -> list[Opening]:
    """Changes to a right opening; one that only says what was opened before may be right."""
    points: tuple[Point, ...] = (UNKNOWN, INFINITY, NOT_A_POINT)
    return [
        replace(BEFORE, root=opening.root),
        replace(opening, root=CID),
        replace(opening, vector=opening.vector + bytes(8)),
        *(replace(opening, quotient=quotient) for quotient in points),
    ]


def wrong_claims(claim: Claim, room: int) -> list[Claim]:
    """Changes to a right claim."""
    points: tuple[Point, ...] = (UNKNOWN, INFINITY, NOT_A_POINT)
    return [
        replace(claim, task_id=99),
        replace(claim, entries=0),
        replace(claim, entries=room + 1),
        replace(claim, entries=claim.entries + 1),
        replace(claim, root=CID),
        *(replace(claim, encoding=encoding) for encoding in Encoding),
        *(replace(claim, commitment=commitment) for commitment in points),
    ]


def wrong_parts(
    claim: Claim, hashes: tuple[bytes, ...], pieces: list[bytes]
) -> list[tuple[Claim, tuple[bytes, ...], bytes]]:
    """What `show` refuses of a vector of which nothing was shown."""
    noncanonical = b"\xff" * len(pieces[0])
    rooted = replace(claim, root=keccak256(b"".join((keccak256(noncanonical), *hashes[1:]))))
    return [
        (claim, (*hashes, CID), pieces[0]),
        (claim, (CID, *hashes[1:]), pieces[0]),
        (claim, hashes, pieces[0][1:]),
        (claim, hashes, bytes([pieces[0][0] ^ 1]) + pieces[0][1:]),
        (rooted, (keccak256(noncanonical), *hashes[1:]), noncanonical),
        (replace(claim, task_id=99), hashes, pieces[0]),
        (replace(claim, entries=0), hashes, pieces[0]),
    ]
