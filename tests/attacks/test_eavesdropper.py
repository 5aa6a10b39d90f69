"""Wants: to learn more than the sum of the updates, from all of the chain and all of IPFS.

Tries: to read a row off its update, and to tell which of two known updates is whose: by size, correlation, low bits,
commitments, and differences and averages of many rounds.
Stopped: masks are uniform in the field and fresh in every round, and commitments salted: guesses are right by chance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from random import Random
from statistics import correlation, mean

import pytest

from headwater.learners.linear import LinearSpec
from headwater.protocol.faults import expected_commitment, find_faults
from headwater.protocol.field import P, add, to_signed
from headwater.protocol.masks import Mask, circle, masked, peers, sign
from tests.support.masking import Played, ToyBasis, an_update, attempt_of, masks_of, member, play

# ---- one row, read off its update


@dataclass(frozen=True)
class OneRow:
    """A trainer with a single row, and the public model that it trained."""

    spec: LinearSpec
    weights: list[int]
    row: list[int]
    label: int

    @classmethod
    def of(cls, random: Random, rate_shift: int) -> OneRow:
        """Features as standardized data have them, a label, and the model of some earlier round."""
        spec = LinearSpec(rows=1, features=30, rate_shift=rate_shift)
        row = [1 << spec.data_bits, *(round(random.gauss(0, 1) * (1 << spec.data_bits)) for _ in range(29))]
        return cls(spec, [random.randrange(-99, 99) for _ in range(30)], row, random.choice((-1, 1)))

    def update(self) -> list[int]:
        """[w' | 0 | salt], the salt left zero: the attack does not look at it."""
        return [w % P for w in self.spec.train(self.weights, [self.row], [[self.label]])] + [0, 0]


def read_row(spec: LinearSpec, weights: Sequence[int], published: Sequence[int]) -> tuple[list[float], int]:
    """The row and label that a one-row update shows: the step is the row times its error, and the intercept is 1."""
    step = [to_signed((new - old) % P) for new, old in zip(published, weights, strict=False)]
    return [(1 << spec.data_bits) * change / step[0] for change in step], 1 if step[0] > 0 else -1


@pytest.mark.parametrize(("rate_shift", "error"), ((2, 0.5), (7, 8)), ids=("exactly", "rounded, by default"))
def test_row__without_masks__is_read_off_the_update(rate_shift, error):
    random = Random(1)
    for _ in range(50):
        trainer = OneRow.of(random, rate_shift)
        assert error_of(trainer, trainer.update()) <= error  # 64ths of a deviation


def error_of(trainer: OneRow, published: Sequence[int]) -> float:
    """How far the row that is read off is from the true one, at most; the label must be right."""
    row, label = read_row(trainer.spec, trainer.weights, published)
    assert label == trainer.label
    return max(abs(a - b) for a, b in zip(row, trainer.row, strict=True))


def test_row__with_masks__is_not_read_off_what_is_published(attack):
    random, likeness, labels = Random(2), [], 0
    with attack.works_on("an update published without masks"):
        trainer = OneRow.of(random, 2)
        assert error_of(trainer, trainer.update()) <= 0.5
    for round_ in range(300):
        trainer = OneRow.of(random, 2)
        published = masked(trainer.update(), masks_of(attempt_of(3, round_=round_), member(0), 32))
        row, label = read_row(trainer.spec, trainer.weights, published)
        likeness.append(correlation(row[1:], trainer.row[1:]))
        labels += label == trainer.label
    assert max(map(abs, likeness)) < 0.75
    assert abs(mean(likeness)) < 4 * 29**-0.5 * 300**-0.5
    assert by_chance(labels, 300)
    attack.gains(f"{labels} of 300 labels right; rows correlate with the true ones by {mean(likeness):.3f}")


# ---- whose is which

DIMENSION, ROUNDS = 4, 256
BASIS = ToyBasis.of(DIMENSION + 2)
CANDIDATES = ([90, -31, 7, 1200], [-55, 62, 8, 1100])
FIRST, SECOND, THIRD = member(0), member(1), member(2)


@dataclass(frozen=True)
class Game:
    """Rounds in which the first trainer has candidate `truth` and the second the other one. Attackers see no truth."""

    rounds: list[Played]
    truths: list[int]


Attack = Callable[[list[Played], int], int | None]
Weakening = Callable[[Played], Played]


def play_game(weaken: Weakening = lambda played: played) -> Game:
    random = Random(3)
    rounds, truths = [], []
    for round_ in range(ROUNDS):
        truth = random.randrange(2)
        weights = {
            FIRST: CANDIDATES[truth],
            SECOND: CANDIDATES[1 - truth],
            THIRD: [random.randrange(-99, 99) for _ in range(DIMENSION)],
        }
        updates = {m: an_update(random, w) for m, w in weights.items()}
        rounds.append(weaken(play(attempt_of(3, round_=round_ + 1), BASIS, updates)))
        truths.append(truth)
    return Game(rounds, truths)


def hits(game: Game, attack: Attack) -> int:
    """How many rounds an attack gets right. Where it has no opinion it tosses a coin."""
    coin = Random(4)
    found = ((attack(game.rounds, at), coin.randrange(2)) for at in range(ROUNDS))
    return sum(
        truth == (toss if guess is None else guess) for (guess, toss), truth in zip(found, game.truths, strict=True)
    )


def by_chance(hit: int, of: int) -> bool:
    """Within four standard deviations of half."""
    return abs(hit - of / 2) < 4 * (of / 4) ** 0.5


def nearer(distance: Callable[[Sequence[int], Sequence[int]], float]) -> Attack:
    """The candidate that is nearer to what the first trainer published."""

    def attack(rounds: list[Played], at: int) -> int | None:
        first, second = (distance(rounds[at].published[FIRST], candidate) for candidate in CANDIDATES)
        return None if first == second else int(second < first)

    return attack


def size_of_rest(published: Sequence[int], candidate: Sequence[int]) -> float:
    """The linear test: what is left of the vector after the candidate, taken as signed numbers."""
    return sum(abs(to_signed((u - v) % P)) for u, v in zip(published, candidate, strict=False))


def unlikeness(published: Sequence[int], candidate: Sequence[int]) -> float:
    return -correlation([to_signed(u) / P for u in published[:DIMENSION]], [float(v) for v in candidate])


def other_low_bits(published: Sequence[int], candidate: Sequence[int]) -> float:
    return sum((u ^ v % P) & 1 for u, v in zip(published, candidate, strict=False))


def open_commitments(rounds: list[Played], at: int) -> int | None:
    """Try each candidate without a salt, in the update's commitment and in the books of what was published."""
    posted = rounds[at].posted[FIRST]
    signed = [(sign(FIRST, peer), point) for peer, point in posted.masks.items()]
    for guess, candidate in enumerate(CANDIDATES):
        tried = BASIS.commit([*candidate, 0, 0])
        if tried == posted.update or expected_commitment(tried, signed, BASIS.offset) == posted.published:
            return guess
    return None


def compare_rounds(rounds: list[Played], at: int) -> int | None:
    """Subtract what the first trainer published in different rounds: without its mask a change shows."""
    for before in rounds[:at]:
        pairs = zip(rounds[at].published[FIRST], before.published[FIRST], strict=True)
        change = [to_signed((now - then) % P) for now, then in pairs][:DIMENSION]
        for guess in (0, 1):
            if change == [a - b for a, b in zip(CANDIDATES[guess], CANDIDATES[1 - guess], strict=True)]:
                return guess
    return None


def average_rounds(rounds: list[Played], at: int) -> int | None:
    """Average out whatever else is in the vectors; then see to which side of its mean the round's lies."""
    seen = [[to_signed(u) / P for u in played.published[FIRST][:DIMENSION]] for played in rounds]
    middle = [mean(column) for column in zip(*seen, strict=True)]
    apart = [a - b for a, b in zip(*CANDIDATES, strict=True)]
    return int(sum((s - m) * d for s, m, d in zip(seen[at], middle, apart, strict=True)) < 0)


def with_masks(played: Played, change: Callable[[Mask], list[int]]) -> Played:
    found = {m: [mask._replace(vector=change(mask)) for mask in of_m] for m, of_m in played.masks.items()}
    return replace(played, masks=found)


def no_masks(played: Played) -> Played:
    """Updates are published without masks."""
    return with_masks(played, lambda mask: [0] * len(mask.vector))


def even_masks(played: Played) -> Played:
    """All entries of masks are even and short."""
    return with_masks(played, lambda mask: [entry >> 200 << 1 for entry in mask.vector])


def reuse_masks(played: Played) -> Played:
    """Masks are those of another round."""
    first = attempt_of(3)
    return replace(played, masks={m: masks_of(first, m, DIMENSION + 2) for m in played.attempt.circle})


def leave_salts_out(played: Played) -> Played:
    """Updates are committed to without salts."""
    return replace(played, updates={m: [*update[:-1], 0] for m, update in played.updates.items()})


ATTACKS: dict[str, tuple[Attack, Weakening]] = {
    "linear test": (nearer(size_of_rest), no_masks),
    "correlation": (nearer(unlikeness), no_masks),
    "averages": (average_rounds, no_masks),
    "low bits": (nearer(other_low_bits), even_masks),
    "unsalted commitments": (open_commitments, leave_salts_out),
    "differences of rounds": (compare_rounds, reuse_masks),
}


@pytest.fixture(scope="module")
def game() -> Game:
    return play_game()


@pytest.mark.parametrize("bits", (8, 9))
def test_attack__on_masks_no_larger_than_updates__does_better_than_chance(bits):
    """Hence masks are uniform in the whole field."""

    def small_masks(played: Played) -> Played:
        return with_masks(played, lambda mask: [entry >> 254 - bits for entry in mask.vector])

    assert not by_chance(hits(play_game(small_masks), average_rounds), ROUNDS)


@pytest.mark.parametrize("name", ATTACKS)
def test_attack__that_wins_weakened_rounds__does_no_better_than_a_coin_on_masked_ones(name, game, attack):
    attacker, weaken = ATTACKS[name]
    with attack.works_on(weaken):
        assert hits(play_game(weaken), attacker) > 0.95 * ROUNDS
    found = hits(game, attacker)
    assert by_chance(found, ROUNDS)
    attack.gains(f"{found} of {ROUNDS} guesses right, as a coin has")


def test_rounds__that_were_attacked__still_add_up(game):
    for played in game.rounds[:20]:
        assert not find_faults(played.attempt.circle, played.posted, BASIS.offset)
        assert played.total == add(list(played.updates.values()))


# ---- why: whatever was seen, everything else that sums up alike would have looked the same


def seen(played: Played) -> tuple[object, ...]:
    """All that is public of an attempt."""
    return played.posted, played.published, played.total


def explain(played: Played, weights: dict[str, list[int]], path: Sequence[str]) -> Played:
    """The same public bytes, from other weights of the members along a path of peers; their sum stays.

    Salts make up for the weights in each commitment, and masks along the path for the rest: as each commitment stays,
    what the masks make up for commits to nothing. It takes the basis' logarithms to compute; that the masks exist does
    not. All masks being equally likely, so are all weights of one sum.
    """
    updates, masks = dict(played.updates), {m: list(of_m) for m, of_m in played.masks.items()}
    for m in path:
        unsalted = [*(w % P for w in weights[m]), 0, 0]
        salt = (BASIS.inner(played.updates[m]) - BASIS.inner(unsalted)) * pow(BASIS.logs[-1], -1, P) % P
        updates[m] = [*unsalted[:-1], salt]
    owed = [0] * (DIMENSION + 2)
    for here, there in pairwise(path):
        owed = [o + old - new for o, old, new in zip(owed, played.updates[here], updates[here], strict=True)]
        for m, peer in ((here, there), (there, here)):
            at = peers(played.attempt.circle, m).index(peer)
            vector = [(e + sign(here, there) * o) % P for e, o in zip(masks[m][at].vector, owed, strict=True)]
            masks[m][at] = masks[m][at]._replace(vector=vector)
    return replace(played, updates=updates, masks=masks)


def weights_of(played: Played) -> dict[str, list[int]]:
    return {m: [to_signed(w) for w in update[:DIMENSION]] for m, update in played.updates.items()}


def some_round(n: int) -> Played:
    random = Random(n)
    weights = {member(m): [random.randrange(-99, 99) for _ in range(DIMENSION)] for m in range(n)}
    return play(attempt_of(n), BASIS, {m: an_update(random, w) for m, w in weights.items()})


@pytest.mark.parametrize("n", (3, 4, 16, 17, 20))
def test_all_that_is_public__is_the_same_for_updates_that_changed_hands(n):
    played = some_round(n)
    order, weights = list(played.attempt.circle), weights_of(played)
    others = Random(n).sample(order, n)

    other = explain(played, {m: weights[o] for m, o in zip(order, others, strict=True)}, order)

    assert other.updates != played.updates
    assert seen(other) == seen(played)


@pytest.mark.parametrize("n", (3, 5, 17))
def test_what_all_but_two_know_together__is_the_same_for_any_two_updates_of_that_sum(n):
    """Up to 16 members whoever is left is a peer of the other; beyond, neighbours on the circle are."""
    played = some_round(n)
    one, other = played.attempt.circle[:2]
    weights = weights_of(played)
    weights[one] = [w + 1000 for w in weights[one]]
    weights[other] = [w - 1000 for w in weights[other]]

    changed = explain(played, weights, (one, other))

    assert seen(changed) == seen(played)
    for m in played.attempt.circle[2:]:
        assert (changed.masks[m], changed.updates[m]) == (played.masks[m], played.updates[m])


# ---- what is not protected


def test_all_but_one__together__know_the_last_ones_update():
    played = some_round(4)
    victim, *others = played.attempt.circle
    rest = add([played.updates[m] for m in others])
    assert [(t - r) % P for t, r in zip(played.total, rest, strict=True)] == played.updates[victim]


def test_all_peers__together__know_a_members_update():
    """Above 16 members it takes its 16 peers, wherever the circle puts it."""
    played = some_round(20)
    victim = played.attempt.circle[0]
    known = {peer: played.masks[peer] for peer in peers(played.attempt.circle, victim)}
    vectors = [
        [mask.sign * entry for entry in mask.vector] for of_m in known.values() for mask in of_m if mask.peer == victim
    ]
    assert add([played.published[victim], *vectors]) == played.updates[victim]


def test_vectors_of_an_abandoned_attempt__if_published__give_away_who_vanishes_in_the_next():
    """So a vector stays at home until all members have posted: of an abandoned attempt nothing must ever be readable.

    A trainer that stays out of the first attempt knows the masks that keep it from adding up. Published, it is the sum
    of all others; the next attempt, where one more is missing, is the sum without that one.
    """
    first = some_round(5)
    traitor, victim, *rest = first.attempt.circle
    knows = [[mask.sign * entry for entry in mask.vector] for mask in first.masks[traitor]]  # what the sum lacks
    abandoned = add([first.published[victim], *(first.published[m] for m in rest), *knows])
    again = replace(first.attempt, number=2, circle=circle(rest, bytes(32)))
    final = play(again, BASIS, {m: first.updates[m] for m in rest})

    stolen = [(a - f) % P for a, f in zip(abandoned, final.total, strict=True)]

    assert stolen == first.updates[victim]


def test_two_rounds_from_one_model__that_differ_by_one_trainer__differ_by_its_weights():
    """After a round that failed although all had masked, the model is the same, and so is what trainers make of it.

    Whoever withholds its own masked update makes a round fail so, and knows the sum nevertheless.
    """
    failed = some_round(5)
    victim, *rest = failed.attempt.circle
    random, weights = Random(6), weights_of(failed)
    attempt = replace(attempt_of(5, round_=2), circle=circle(rest, bytes(32)))
    following = play(attempt, BASIS, {m: an_update(random, weights[m]) for m in rest})

    stolen = [to_signed((a - b) % P) for a, b in zip(failed.total, following.total, strict=True)]

    assert stolen[:DIMENSION] == weights[victim]
