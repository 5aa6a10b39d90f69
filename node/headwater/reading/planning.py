"""What a task will cost before it is created: proving, gas, bytes and time. Estimates, each from something measured."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headwater.chain.contracts.codec import encode_call
from headwater.circuits.cost import ProvingCost
from headwater.errors import ConfigError
from headwater.learners.learner import Learner
from headwater.protocol.field import P
from headwater.protocol.machine.terms import part_count
from headwater.protocol.masks import GENERATOR, NEAREST
from headwater.protocol.possession import PossessionProof
from headwater.protocol.structs import Link, Opening, PeerMask, Posting, Shown
from headwater.protocol.vectors import update_length
from headwater.roles.task import MAX_DIMENSION, growth_problem
from headwater.storage.manifests import TaskReference
from headwater.storage.vectors import ModelDocument, UpdateDocument
from headwater.storage.words import WORD

GAS: Mapping[str, int] = {
    "createTask": 838_596,
    "deposit": 45_515,
    "enrol": 163_979,
    "join": 49_271,
    "submit": 68_238,
    "claim a link": 106_194,
    "claim a link, a further one": 57_935,
    "mask, 3 peers": 107_919,
    "mask, 16 peers": 191_144,
    "aggregate, first of a task": 155_929,
    "advance to Finalized": 145_352,
    "advance to Train": 38_147,
    "advance that comes too late": 31_704,
    "collect, one round": 102_388,
    "claim": 30_677,
    "unenrol": 38_125,
    "release": 54_869,
    "withdraw": 31_524,
    "challengeUpdate": 218_680,
    "challengeProof": 224_579,
    "answerProof": 136_234,
    "answerUpdate, D = 30": 335_999,
    "answerUpdate, D = 770": 1_046_753,
    "answerUpdate, D = 1280": 1_539_173,
    "open for scores": 223_956,
    "register held-out data": 116_657,
    "attest": 88_015,
    "attest, two groups": 115_551,
}
"""Gas of a transaction, as in tests/gas/calls.json; of what asks a verifier (`submit`, `aggregate`), without asking."""

FURTHER_LINK = 10_000
"""Gas of a further link in the same claim."""

BLOCK_GAS = 30_000_000
"""What a block holds, at least, on the chains that people use."""

VERIFYING = {"train": 614_000, "average": 485_000, "score": 610_000}
"""Gas of a transaction that asks a verifier; it hardly depends on the circuit."""

DEPLOYING = {"train": 3_183_000, "average": 2_540_000}
DEPLOYING_SCORES = 6_300_000
"""Gas of the verifiers of scores and compositions."""

VERIFIER_BYTES = {"train": 14_500, "average": 11_500}
PROOF_BYTES = {"train": 3_744, "average": 2_624}
CREATE_BYTES = 4 + 32 * 54
"""Calldata of `createTask` for a first model without parents."""

SRS_POINT_BYTES = 64

_SLOWNESS = 4  # of a trainer's machine beside the one that was measured
_SLACK = 600  # seconds for people, polls and blocks
_STEP = 300  # periods are multiples of this many seconds
VERIFY_SECONDS = 0.03  # of a proof, in a batch
_RATE = 64 << 10  # bytes a second that a store gives at least


def srs_bytes(k: int) -> int:
    """What an SRS file of k takes on disk, but for its few bytes beside the points of G1."""
    return 2 * SRS_POINT_BYTES << k


def check_plan(learner: Learner, rounds: int, trainers: int, links: int = 1, *, scores: bool = False) -> None:
    """Refuse what no task can be. scores: whether rows may be scored, too.

    Raises:
        ConfigError: the model is too large, or its weights could outgrow what can be proved.
    """
    if learner.dimension > MAX_DIMENSION:
        raise ConfigError(
            f"a model of {learner.dimension} weights is too large: at most {MAX_DIMENSION}, so that a masked update"
            " fits one document",
            "take fewer features or classes",
        )
    problem = (
        learner.leak_problem(rounds, scores=scores)
        or learner.problem(rounds, trainers)
        or growth_problem(learner, rounds, links)
    )
    if problem:
        raise ConfigError(
            f"the task could not be carried through: {problem}", "take fewer rounds, steps or links, or a smaller clip"
        )


@dataclass(frozen=True)
class Expense:
    """A transaction that somebody pays for.

    Attributes:
        times: how often in the whole task, for one account; 0 where only misconduct leads to it.
        gas: of one, about; who comes first or last in a round pays up to 25,000 more.
        calldata: of one, bytes.
    """

    who: str
    what: str
    times: int
    gas: int
    calldata: int


def expenses(dimension: int, rounds: int, trainers: int, links: int = 1, *, on_demand: bool = False) -> list[Expense]:
    """All that the creator, one trainer and the aggregator send, in order; then what a challenge costs.

    Args:
        links: how many proofs an update has.
        on_demand: whether proofs stand in the store, and on chain only if somebody demands them.
    """
    peers, parts = min(trainers - 1, 2 * NEAREST), answer_parts(dimension)
    entering = (1, (GENERATOR,), GENERATOR, PossessionProof(P - 1, P - 1), b"")
    showing = "show it on chain" if parts == 1 else f"show it on chain, in {parts} parts"
    return [
        Expense("creator", "deploy the verifiers", 1, sum(DEPLOYING.values()), sum(VERIFIER_BYTES.values())),
        Expense("creator", "create the task", 1, GAS["createTask"], CREATE_BYTES),
        Expense(
            "trainer",
            "deposit and enrol",
            1,
            GAS["deposit"] + GAS["enrol"],
            4 + _calldata("TrainerRegistry", "enrol", *entering),
        ),
        Expense("trainer", "join", rounds, GAS["join"], 4 + 32),
        _claiming(rounds, links) if on_demand else _submitting(rounds, links),
        Expense("trainer", "mask", rounds, mask_gas(peers), mask_calldata(peers)),
        Expense("trainer", "collect", rounds, GAS["collect, one round"], 4 + 32 * 4),
        Expense(
            "trainer",
            "leave and be paid",
            1,
            sum(GAS[name] for name in ("unenrol", "release", "withdraw", "claim")),
            4 * 4 + 32 * 3,
        ),
        Expense("aggregator", "deposit", 1, GAS["deposit"], 4),
        Expense(
            "aggregator",
            "aggregate",
            rounds,
            GAS["aggregate, first of a task"] + VERIFYING["average"],
            _calldata("RoundManager", "aggregate", 1, bytes(PROOF_BYTES["average"]), bytes(32)),
        ),
        Expense("aggregator", "make it final", rounds, GAS["advance to Finalized"], 4 + 32),
        Expense("anyone", "end Join, unless full", rounds, GAS["advance to Train"], 4 + 32),
        Expense("anyone", "advance too late", 0, GAS["advance that comes too late"], 4 + 32),
        Expense("challenger", "demand an update", 0, GAS["challengeUpdate"], 4 + 32 * 2),
        Expense("trainer", showing, 0, answer_gas(dimension), answer_calldata(dimension, peers)),
        *(_demanding(links) if on_demand else ()),
    ]


def _submitting(rounds: int, links: int) -> Expense:
    calldata = _calldata("ProofManager", "submit", 1, (bytes(PROOF_BYTES["train"]),) * links)
    return Expense("trainer", "submit", rounds, GAS["submit"] + links * VERIFYING["train"], calldata)


def _claiming(rounds: int, links: int) -> Expense:
    link = Link(bytes(32), GENERATOR, bytes(32))
    gas = GAS["claim a link"] + (links - 1) * FURTHER_LINK
    return Expense("trainer", "submit", rounds, gas, _calldata("ProofManager", "claim", 1, (link,) * links, True))


def _demanding(links: int) -> tuple[Expense, Expense]:
    """What it takes to demand a proof, and to show it."""
    shown = Shown(bytes(31), (Link(bytes(32), GENERATOR, bytes(32)),) * links, bytes(PROOF_BYTES["train"]))
    calldata = _calldata("ChallengeManager", "answerProof", 1, shown)
    return (
        Expense("challenger", "demand a proof", 0, GAS["challengeProof"], 4 + 32 * 3),
        Expense("trainer", "show it on chain", 0, GAS["answerProof"] + VERIFYING["train"], calldata),
    )


@dataclass(frozen=True)
class Crowd:
    """What all trainers of a round send in one phase.

    Attributes:
        blocks: how many blocks that fills, if they held nothing else.
    """

    phase: str
    gas: int
    calldata: int
    blocks: float


def crowds(costs: Sequence[Expense], trainers: int) -> list[Crowd]:
    """What the phases of a round in which every trainer sends something take of the chain's blocks."""
    each = {cost.what: cost for cost in costs if cost.who == "trainer"}
    found = []
    for phase, what in (("Join", "join"), ("Train", "submit"), ("Mask", "mask")):
        gas = each[what].gas * trainers
        found.append(Crowd(phase, gas, each[what].calldata * trainers, gas / BLOCK_GAS))
    return found


def shorter(rounds: int, parts: int = 5) -> list[int]:
    """Fewer rounds that a task might have, so that its circuits need fewer salts: by halves."""
    halves = (-(-rounds // (1 << i)) for i in range(1, parts + 1))
    return sorted({count for count in halves if count < rounds}, reverse=True)


def mask_gas(peers: int) -> int:
    """Of a posting with so many masks: between and beyond the two that are measured, a straight line."""
    least, most = GAS["mask, 3 peers"], GAS["mask, 16 peers"]
    return least + (peers - 3) * (most - least) // 13


def mask_calldata(peers: int) -> int:
    """Bytes of a posting with so many masks."""
    return _calldata("RoundManager", "mask", 1, _posting(peers))


def answer_gas(dimension: int) -> int:
    """Of opening a masked update of so many weights: straight lines through the three that are measured."""
    sizes = (30, 770, 1280)
    at = min(max(bisect_left(sizes, dimension), 1), 2)
    (low, high) = sizes[at - 1 : at + 1]
    below, above = (GAS[f"answerUpdate, D = {size}"] for size in (low, high))
    return below + (dimension - low) * (above - below) // (high - low)


def score_expenses(learner: Learner, rounds: int) -> list[Expense]:
    """What scores take, of the creator and of one attester; nothing in no rounds."""
    if not rounds:
        return []
    groups = sum(len(values) for _, values in learner.groups)
    each = (GAS["attest, two groups"] - GAS["attest"]) // 2
    recorded = GAS["attest"] + groups * each
    proof = _calldata("Attestations", "attest", 1, 1, (1,) * max(2, 4 * groups), bytes(PROOF_BYTES["train"]))
    opening = GAS["open for scores"] + (180_000 + 20_000 * groups if groups else 0)
    return [
        Expense("creator", "deploy the verifiers of scores", 1, DEPLOYING_SCORES, 2 * VERIFIER_BYTES["train"]),
        Expense("creator", "open for scores", 1, opening, 4 + 32 * (20 + 8 * groups)),
        Expense("attester", "register held-out data", 1, GAS["register held-out data"], 4 + 32 * 5),
        Expense("attester", "attest", rounds, recorded + VERIFYING["score"], proof),
    ]


def answer_parts(dimension: int) -> int:
    """In how many parts a masked update of so many weights is shown."""
    return part_count(32 * update_length(dimension))


def answer_calldata(dimension: int, peers: int) -> int:
    """Bytes of opening a masked update: its posting, and its entries."""
    opening = Opening(bytes(32), bytes(32 * update_length(dimension)), GENERATOR)
    return _calldata("ChallengeManager", "answerUpdate", 1, _posting(peers), opening)


@dataclass(frozen=True)
class RoundBytes:
    """What a round puts into the store: an update of each trainer, which the aggregator fetches, and the model."""

    update: int
    model: int
    total: int


def round_bytes(dimension: int, trainers: int) -> RoundBytes:
    """The bytes of documents of so many weights, at most."""
    update, point = _update_bytes(dimension), GENERATOR.encode().hex()
    document = ModelDocument.of(bytes(8 * dimension), round=1000, trainers=trainers, commitment=point, opening=point)
    model = len(document.encode())
    return RoundBytes(update, model, trainers * update + model)


@dataclass(frozen=True)
class Period:
    """A period to give a task: the option of `headwater task create`, seconds, and what they are for."""

    option: str
    seconds: int
    why: str


def periods(
    train: ProvingCost,
    average: ProvingCost,
    documents: RoundBytes,
    parts: int = 1,
    links: int = 1,
    reviewed: int = 0,
) -> list[Period]:
    """The shortest periods that leave room for slow machines. Who runs nodes without supervision should double them.

    parts: in how many a masked update is shown. Who is challenged has the answer period for each.
    links: how many proofs an update has, made one after another.
    reviewed: how many proofs of a round others fetch and verify; 0 where all stand on chain.
    """
    fetching = documents.total / _RATE
    slow = f"on a machine {_SLOWNESS} times slower than ours"
    proofs = "a proof" if links == 1 else f"{links} proofs"
    answer = "a transaction of who is challenged" + (f", for each of {parts} parts" if parts > 1 else "")
    return [
        Period("--join-period", _rounded(0), "a transaction of each trainer"),
        Period("--train-period", _rounded(_SLOWNESS * train.seconds * links), f"{proofs} {slow}"),
        *([_review(reviewed)] if reviewed else []),
        Period("--mask-period", _rounded(0), "a transaction of each trainer"),
        Period("--aggregate-period", _rounded(_SLOWNESS * average.seconds + fetching), f"fetching, and a proof {slow}"),
        Period("--answer-period", _rounded(0), answer),
        Period("--challenge-period", _rounded(fetching), "others fetch the model, or demand it"),
    ]


def _review(proofs: int) -> Period:
    seconds = proofs * (PROOF_BYTES["train"] / _RATE + _SLOWNESS * VERIFY_SECONDS)
    return Period("--review-period", _rounded(seconds), f"others fetch and verify {proofs:,} proofs, or demand them")


def _rounded(seconds: float) -> int:
    return math.ceil((seconds + _SLACK) / _STEP) * _STEP


def _update_bytes(dimension: int) -> int:
    """Bytes of the document of a masked update, at most."""
    address = "0x" + "f" * 40
    task = TaskReference(chain_id=10**6, task_manager=address, task_id=1000)
    vector = bytes(WORD * update_length(dimension))
    return len(UpdateDocument.of(vector, task=task, round=1000, attempt=10, trainer=address).encode())


def _calldata(contract: str, function: str, *arguments: Any) -> int:
    """How many bytes a call has."""
    return len(encode_call(contract, function, arguments))


def _posting(peers: int) -> Posting:
    return Posting(bytes(32), GENERATOR, bytes(32), (PeerMask("0x" + "f" * 40, GENERATOR),) * peers)
