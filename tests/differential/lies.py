"""What somebody sends that is wrong: proofs, points, terms, origins."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from headwater.protocol.curve import INFINITY, Point
from headwater.protocol.keccak import keccak256
from headwater.protocol.machine.terms import (
    MAX_ANSWER_TIME,
    MAX_K,
    MAX_PERIOD,
    MAX_ROUNDS,
    MAX_TRAINERS,
    MIN_ANSWER_PERIOD,
)
from headwater.protocol.pairing import G2
from headwater.protocol.structs import ZERO_HASH, Origin, Parent, TaskConfig
from tests.differential.players import CID, NOT_A_POINT, OTHER, STRANGER, UNKNOWN, VALID, known

PERIODS = tuple(field.name for field in fields(TaskConfig) if field.name.endswith("_period"))
HUGE = 2**95
TOO_MUCH = 2**96
NOBODY = "0x" + "77" * 20
POINTS: tuple[Point, ...] = (UNKNOWN, INFINITY, NOT_A_POINT)


def unproved(proof: bytes) -> list[bytes]:
    """A proof that is refused, in each way, or too short to be read."""
    return [*(proof[:-1] + bytes([verdict]) for verdict in (0, 2, 3)), proof[:200], proof[:100]]


def with_points(proof: bytes, *indices: int) -> list[bytes]:
    """A proof with another point in one place, or none."""
    return [proof[: 64 * i] + other.encode() + proof[64 * (i + 1) :] for i in indices for other in POINTS]


def bad_origins(origin: Origin) -> list[Origin]:
    """Changes to a right origin with parents."""
    first, *others = origin.parents
    proofs = (*unproved(origin.proof), *with_points(origin.proof, 0, 2, 3)) if origin.proof else (VALID,)
    return [
        replace(origin, models=origin.models[1:]),
        replace(origin, models=(UNKNOWN, *origin.models[1:])),
        replace(origin, divisor=0),
        replace(origin, divisor=origin.divisor + 1),
        replace(origin, parents=(replace(first, round=first.round + 1), *others)),
        replace(origin, parents=(replace(first, task_id=99), *others)),
        replace(origin, parents=(replace(first, coefficient=-(2**63)), *others)),
        Origin(origin.models[0], divisor=1),
        Origin(origin.models[0], proof=VALID),
        Origin(model=NOT_A_POINT),
        Origin(model=INFINITY),
        Origin(parents=(Parent(1, 0, 1),), divisor=1),
        *(replace(origin, proof=proof) for proof in proofs),
    ]


def bad_terms(config: TaskConfig) -> list[dict[str, Any]]:
    """Changes to a right config. The first is none."""
    return [
        {},
        {"min_trainers": 2},
        {"max_trainers": 2},
        {"max_trainers": MAX_TRAINERS + 1},
        {"max_links": 0},
        {"rounds": 0},
        {"rounds": MAX_ROUNDS + 1},
        *({period: length} for period in PERIODS for length in (0, MAX_PERIOD + 1)),
        {"quiet_bound": 1, "review_period": 0},
        {"quiet_bound": 10_001, "review_period": 1},
        {"quiet_bound": 1, "review_period": 1, "score_verifier": STRANGER},
        {"quiet_bound": 0, "score_verifier": config.train_verifier},
        {"quiet_bound": 0, "score_code_hash": CID},
        {"mask_period": MAX_PERIOD // 2 + 1, "max_trainers": 9},
        {"answer_period": MIN_ANSWER_PERIOD - 1},
        {"answer_period": MAX_ANSWER_TIME + 1},
        {"fault_slash": 10_001},
        {"fault_slash": 5, "absence_slash": 6},
        {"dimension": 0},
        {"dimension": 2**config.k - 14},
        {"dimension": 2**32 - 1, "k": MAX_K},
        {"k": MAX_K + 1},
        {"k": 4, "dimension": 2},
        {"aggregator_fee": HUGE},
        {"challenge_bond": config.stake + 1},
        {"train_verifier": STRANGER},
        {"train_verifier": STRANGER, "train_code_hash": keccak256(b"")},
        {"train_verifier": NOBODY, "train_code_hash": ZERO_HASH},
        {"average_code_hash": CID},
        {"admission": STRANGER},
        {"admission": NOBODY},
        {"manifest": ZERO_HASH},
        {"offset": INFINITY},
        *({name: NOT_A_POINT} for name in ("basis0", "basis1", "basis_d")),
        *bad_bases(config),
    ]


def bad_bases(config: TaskConfig) -> list[dict[str, Any]]:
    """Points, or a tau, that are not those of one SRS."""
    return [
        *({name: known(99)} for name in ("offset", "basis0", "basis1", "basis_d")),
        {"basis0": config.basis1, "basis1": config.basis0},
        {"k": config.k + 1},
        {"dimension": config.dimension + 1},
        {"tau": OTHER.tau_g2},
        {"tau": G2(0, 0, 0, 0)},
        {"tau": G2(1, 2, 3, 4)},
    ]
