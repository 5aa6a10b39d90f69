"""What receipts save, on streams that drift and on one that does not: accuracy, synchronizations, gas and bytes.

    python -m scripts.bench_receipts [--seeds N] [--document]

Eight trainers get sixty new rows each in every stretch of a stream. All arithmetic is the protocol's, integer by
integer, without proofs. Compared are synchronizing after every stretch, after every E stretches, and by the rule of
`trainer run --quiet`: a trainer goes on alone as long as the model that it has is right on so much of the rows that
have just come, and at most so many stretches; when half of them have ended, all do. Each has the learning rate that was
best for it on other seeds.

Accuracy is of a trainer's own model on the rows of each stretch before it learns them. Gas and bytes are of one trainer
and stretch: claims of links, and for a synchronization its mask, its masked update, and its part of the average. What
every stretch costs whatever the rule (registering its rows) is left out. Intervals are over seeds, paired.
"""

from __future__ import annotations

import math
import re
import statistics
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from headwater.learners.linear import LinearSpec
from headwater.reading.planning import GAS, PROOF_BYTES, VERIFYING, mask_gas, round_bytes
from headwater.tools import ROOT

Integers = NDArray[np.int64]

TRAINERS, ROWS, FEATURES, STRETCHES = 8, 60, 10, 240
SPEC = LinearSpec(rows=ROWS, features=FEATURES + 1, rate_shift=7, clip=512, steps=2)
RATES = (5, 6, 7, 8)
TUNING = range(1000, 1003)
"""Seeds on which rates are chosen; those that are reported are others."""

PAGE = ROOT / "docs" / "receipts.md"
BEGIN, END = "<!-- measured -->", "<!-- end -->"


@dataclass(frozen=True)
class Stream:
    """Rows with labels that a teacher gives, which may turn.

    Attributes:
        angle: by how much the teacher turns at a stretch, radians, for a stretch's number.
        noise: how often a label is wrong.
    """

    name: str
    angle: Callable[[int], float]
    noise: float = 0.05

    def rows(self, seed: int) -> tuple[Integers, Integers]:
        """x, (stretches, trainers, rows, features), and labels +1 or -1, (stretches, trainers, rows)."""
        rng = np.random.default_rng(seed)
        size = (STRETCHES, TRAINERS, ROWS, FEATURES)
        reals = rng.normal(size=size)
        one, other = np.linalg.qr(rng.normal(size=(FEATURES, 2)))[0].T
        turned = np.cumsum([self.angle(t) for t in range(STRETCHES)])
        teacher = np.cos(turned)[:, None] * one + np.sin(turned)[:, None] * other
        scores = np.einsum("tkrf,tf->tkr", reals, teacher)
        labels = np.where(scores > 0, 1, -1) * np.where(rng.random(size[:3]) < self.noise, -1, 1)
        unit = 1 << SPEC.data_bits
        x = np.clip(np.rint(reals * unit), -SPEC.clamp, SPEC.clamp).astype(np.int64)
        return np.concatenate([np.full((*size[:3], 1), unit), x], axis=3), labels.astype(np.int64)


STREAMS = (
    Stream("still", lambda _: 0.0),
    Stream("turns a little all the time", lambda _: 0.5 * math.pi / STRETCHES),
    Stream("jumps three times", lambda t: math.pi / 3 if t in (60, 120, 180) else 0.0),
)


@dataclass(frozen=True)
class Rule:
    """When trainers synchronize.

    Attributes:
        every: after so many stretches at the latest.
        bound: of the rows that have come, so much the model must be right on, or its trainer ends; 0: nobody asks.
    """

    name: str
    every: int
    bound: float = 0.0


RULES = (
    Rule("every stretch", 1),
    *(Rule(f"every {n} stretches", n) for n in (2, 5, 10, 20, 40)),
    *(Rule(f"bound {bound:.0%}, at most {n}", n, bound) for bound, n in ((0.85, 20), (0.88, 20), (0.9, 20), (0.88, 5))),
)


def train(spec: LinearSpec, weights: Integers, x: Integers, labels: Integers) -> Integers:
    """What `LinearSpec.train` makes of weights, for all trainers at once, (trainers, features)."""
    half, clip, bits = 1 << (spec.z_bits + 1), spec.clip_gradient, spec.rebase_bits + 1
    for _ in range(spec.steps):
        z = np.einsum("krf,kf->kr", x, weights)
        error = np.abs(z + half) - np.abs(z - half) - 2 * half * labels
        gradient = np.einsum("krf,kr->kf", x, error)
        step = np.abs(gradient + clip) - np.abs(gradient - clip)
        weights = weights - np.sign(step) * ((np.abs(step) + (1 << (bits - 1))) >> bits)
    return weights


@dataclass(frozen=True)
class Run:
    """What became of one stream under one rule."""

    accuracy: float
    synchronizations: int
    receipts: float


def play(spec: LinearSpec, rule: Rule, x: Integers, labels: Integers) -> Run:
    """One stream. receipts: links of a trainer that were not its last of a round."""
    weights = np.zeros((TRAINERS, FEATURES + 1), dtype=np.int64)
    ended = np.zeros(TRAINERS, dtype=bool)
    right, synchronizations, receipts, since = [], 0, 0, 0
    for t in range(STRETCHES):
        said = np.einsum("krf,kf->kr", x[t], weights) > 0
        share = (said == (labels[t] > 0)).mean(axis=1)
        right.append(share.mean())
        trained = train(spec, weights, x[t], labels[t])
        weights = np.where(ended[:, None], weights, trained)  # who has ended waits for the others
        since += 1
        goes_on = ~ended & (share >= rule.bound) & (since < rule.every)
        receipts += int(goes_on.sum())
        ended |= ~goes_on
        if ended.mean() >= 0.5:
            weights = np.repeat((weights.sum(axis=0) // TRAINERS)[None], TRAINERS, axis=0)
            ended[:], since = False, 0
            synchronizations += 1
    return Run(float(np.mean(right)), synchronizations, receipts / TRAINERS)


@dataclass(frozen=True)
class Measured:
    """A rule on a stream, over seeds: means, and the difference of accuracy from synchronizing every stretch.

    Attributes:
        rate: the learning rate is 2**-rate.
        lost: mean and half of the 95 % interval.
        gas, stored: of one trainer and stretch.
    """

    rule: Rule
    rate: int
    accuracy: float
    lost: tuple[float, float]
    synchronizations: float
    gas: float
    gas_on_chain: float
    stored: float


def measure(stream: Stream, seeds: int) -> list[Measured]:
    """All rules on one stream."""
    rates = _best_rates(stream)
    runs: dict[Rule, list[Run]] = {rule: [] for rule in RULES}
    for seed in range(seeds):
        x, labels = stream.rows(seed)
        for rule in RULES:
            runs[rule].append(play(replace(SPEC, rate_shift=rates[rule]), rule, x, labels))
    return [_measured(rule, rates[rule], found, runs[RULES[0]]) for rule, found in runs.items()]


def _best_rates(stream: Stream) -> dict[Rule, int]:
    """For each rule the rate with which it is most accurate, on seeds of their own."""
    found: dict[tuple[Rule, int], float] = defaultdict(float)
    for seed in TUNING:
        x, labels = stream.rows(seed)
        for rule in RULES:
            for rate in RATES:
                found[rule, rate] += play(replace(SPEC, rate_shift=rate), rule, x, labels).accuracy
    return {rule: max(RATES, key=lambda rate: found[rule, rate]) for rule in RULES}


def _measured(rule: Rule, rate: int, runs: Sequence[Run], every: Sequence[Run]) -> Measured:
    lost = [one.accuracy - other.accuracy for one, other in zip(every, runs, strict=True)]
    spread = 1.96 * statistics.stdev(lost) / math.sqrt(len(lost)) if len(lost) > 1 else 0.0
    ends = statistics.fmean(run.synchronizations for run in runs)
    quiet = statistics.fmean(run.receipts for run in runs)
    peers = TRAINERS - 1
    synchronizing = mask_gas(peers) + (GAS["aggregate, first of a task"] + VERIFYING["average"]) / TRAINERS
    links = ends * GAS["claim a link"] + quiet * GAS["claim a link, a further one"]
    proofs = (ends + quiet) * (GAS["submit"] + VERIFYING["train"])
    documents = round_bytes(FEATURES + 1, TRAINERS)
    stored = ends * (documents.update + documents.model / TRAINERS) + (ends + quiet) * PROOF_BYTES["train"]
    return Measured(
        rule,
        rate,
        statistics.fmean(run.accuracy for run in runs),
        (statistics.fmean(lost), spread),
        ends,
        (links + ends * synchronizing) / STRETCHES,
        (proofs + ends * synchronizing) / STRETCHES,
        stored / STRETCHES,
    )


def table(stream: Stream, found: Sequence[Measured]) -> str:
    """As the page has it."""
    lines = [
        f"**The stream {stream.name}.**",
        "",
        "| synchronize | rate | accuracy | lost | synchronizations | gas, claimed | gas, all on chain | bytes stored |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for each in found:
        lost, spread = each.lost
        lines.append(
            f"| {each.rule.name} | 1/{1 << each.rate} | {each.accuracy:.3f} | {lost:+.3f} ± {spread:.3f} |"
            f" {each.synchronizations:.1f} | {each.gas:,.0f} | {each.gas_on_chain:,.0f} | {each.stored:,.0f} |"
        )
    return "\n".join(lines)


def write(page: Path, text: str) -> None:
    """Put the tables where the page has them."""
    old = page.read_text()
    found = re.sub(f"{BEGIN}.*{END}", lambda _: f"{BEGIN}\n\n{text}\n\n{END}", old, flags=re.DOTALL)
    page.write_text(found)


@click.command()
@click.option("--seeds", default=20, show_default=True, type=click.IntRange(min=2))
@click.option("--document", is_flag=True, help="Write the tables into docs/receipts.md.")
def main(seeds: int, document: bool) -> None:
    """Play, print, and write."""
    found = {stream: measure(stream, seeds) for stream in STREAMS}
    text = "\n\n".join(table(stream, rows) for stream, rows in found.items())
    print(text)
    print(*(f"{stream.name}: {fewest(rows)}" for stream, rows in found.items()), sep="\n")
    if document:
        write(PAGE, text)


def fewest(rows: Sequence[Measured]) -> str:
    """Who synchronizes least and loses a point at most, beside synchronizing every stretch."""
    good = [each for each in rows if each.lost[0] <= 0.01]
    least = min(good, key=lambda each: each.synchronizations)
    times = rows[0].synchronizations / least.synchronizations
    return f"{times:.1f} times fewer within a point, by {least.rule.name!r}"


if __name__ == "__main__":
    main()
