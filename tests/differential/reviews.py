"""Links that are claimed without a proof on chain, and what happens when somebody demands one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from headwater.protocol.links import head_hash
from headwater.protocol.machine.points import point_hash
from headwater.protocol.masks import GENERATOR
from headwater.protocol.phases import Kind, Phase
from headwater.protocol.structs import ZERO_HASH, Challenge, Link, Score, Shown
from tests.differential.game import SEVERAL, Game
from tests.differential.history import Call
from tests.differential.lies import unproved, with_points
from tests.differential.players import CID, NOT_A_POINT, STRANGER, UNKNOWN, VALID, data_of, known, point, secret_of


class Reviews(Game):
    """A game in which proofs stay at home.

    Attributes:
        claims: by (task, round, trainer), the links that it made last, each with its proof.
    """

    def start(self) -> None:
        """As of `Game`."""
        self.claims: dict[tuple[int, int, str], list[tuple[Link, bytes]]] = {}
        super().start()

    def submission(self, task_id: int, who: str) -> Call:
        """A `claim` where the task lets one, mostly; or a `submit`."""
        if not self.players.config(task_id).review_period or self.wrong(4):
            return self.claim(task_id, who) if self.wrong(30) else super().submission(task_id, who)
        return self.claim(task_id, who)

    def claim(self, task_id: int, who: str) -> Call:
        """The next links of an update."""
        key = (task_id, self.states[task_id].round, who)
        most = self.players.config(task_id).max_links
        made = self.claims.setdefault(key, [])
        del made[self.machine.proofs.head_of(*key).count :]  # what was refused
        several = self.pick((1, 1, 2, 3))
        count = several if self.wrong(6) else max(1, min(several, most - len(made)))
        last = not self.wrong(4) or len(made) + count >= most
        mine = [data_of(who, n) for n in range(SEVERAL)]
        mine = [d for d in mine if self.machine.trainers.get_data(task_id, point_hash(d)).owner == who] or mine[:1]
        new = []
        for index in range(len(made), len(made) + count):
            start = [*made, *new][-1][0].update if index else self.players.current(task_id)
            data, end = self.pick(mine), point(secret_of(f"{key} {index}"))
            if last and index == len(made) + count - 1:
                end = self.players.commit(task_id, self.players.update(task_id, key[1], who))
            proof = b"".join(p.encode() for p in (start, data, GENERATOR, end)) + VALID
            new.append((Link(point_hash(data), end, CID), proof))
        links = tuple(link for link, _ in new)
        made += new
        if self.wrong(15 * self.care):
            others = (
                *(replace(links[-1], update=bad) for bad in (NOT_A_POINT, UNKNOWN)),
                replace(links[-1], cid=ZERO_HASH),
                replace(links[-1], data_hash=point_hash(data_of(self.pick(self.trainers)))),
            )
            links = self.pick(((), *((*links[:-1], other) for other in others)))
            for index, link in enumerate(links[::-1], start=1):
                made[-index] = (link, made[-index][1])  # it may be accepted
        return Call("proofs", "claim", who, (task_id, links, last))

    def proof_challenge(self, task_id: int, who: str) -> Call:
        """A `challengeProof`."""
        state = self.states.get(task_id)
        count = self.machine.proofs.head_of(task_id, state.round, who).count if state else 0
        index = count if self.wrong(10) else self.pick(range(count or 1))
        return Call("challenges", "challengeProof", STRANGER, (task_id, who, index), self.bond(task_id, Kind.PROOF))

    def challenge_proof(self) -> None:
        """Of somebody who has claimed, mostly."""
        reviewed = [i for i, r in self.machine.tasks.records.items() if r.config.review_period]
        task_id = self.reach(Phase.REVIEW)
        if reviewed and self.states.get(task_id) and self.states[task_id].phase != Phase.REVIEW:
            task_id = self.pick(reviewed)
        number = self.states[task_id].round if task_id in self.states else 0
        claimed = [who for who in self.trainers if self.machine.proofs.head_of(task_id, number, who).count]
        self.play(self.proof_challenge(task_id, self.pick((*claimed * 5, self.anybody()))))

    def proof_answer(self, challenge: Challenge) -> tuple[str, tuple[Any, ...]]:
        """An `answerProof`."""
        key, index = (challenge.task_id, challenge.round, challenge.accused), challenge.attempt
        made = self.claims.get(key, [])[: self.machine.proofs.head_of(*key).count]
        links, start = tuple(link for link, _ in made), max(index - 1, 0)
        if index >= len(made):
            return "answerProof", (Shown(bytes(31), links, VALID),)
        shown = Shown(head_hash(links[:start]), links[start:], made[index][1], self.score(challenge, made[index][1]))
        if not self.wrong(4):
            return "answerProof", (shown,)
        score = shown.score
        wrong = (
            replace(shown, before=b"\1" * 31),
            replace(shown, links=links),
            replace(shown, links=shown.links[:-1]),
            replace(shown, links=(replace(shown.links[0], cid=b"\2" * 32), *shown.links[1:])),
            *(replace(shown, proof=proof) for proof in (*unproved(shown.proof), *with_points(shown.proof, 0, 1, 3))),
            *(replace(shown, score=replace(score, proof=proof)) for proof in with_points(score.proof, 0, 1, 3)),
            *(replace(shown, score=replace(score, proof=proof)) for proof in unproved(score.proof)),
            replace(shown, score=replace(score, right=score.right // 9)),
            replace(shown, score=replace(score, used=0)),
            replace(shown, score=replace(score, right=score.right + 4)),
        )
        return "answerProof", (self.pick(wrong),)

    def score(self, challenge: Challenge, proof: bytes) -> Score:
        """What a receipt is shown with, right."""
        right, used = 36, 40
        counts = self.players.commit(challenge.task_id, (right, used))
        points = proof[:128] + known(9).encode() + counts.encode()
        return Score(right, used, points + VALID)
