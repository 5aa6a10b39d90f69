"""What a refusal by a contract means, and what to do next: one line for each custom error.

Templates take the error's arguments by their Solidity names; `wei`, `time` and `short` below format them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from headwater.chain.contracts.codec import decode_error
from headwater.errors import ContractError

_OTHER = "this is a fault of the contracts or of the node: report it with the transaction's data"
_MANIFEST = "mend the task's manifest, then run `headwater task create` again"

MESSAGES: dict[str, tuple[str, str]] = {
    # deploying
    "ZeroAddress": ("a contract was deployed without one that it serves", "deploy with `headwater deploy`"),
    "WrongTaskManager": (
        "{deployed} serves {actual}, not {expected}",
        "another transaction of the deployer came between: run `headwater deploy` again",
    ),
    # creating a task
    "InvalidTrainers": (
        "a roster of {minTrainers} to {maxTrainers} trainers is not allowed: at least 3, at most MAX_TRAINERS",
        _MANIFEST,
    ),
    "InvalidRounds": ("a task cannot have {rounds} rounds: at least 1, at most MAX_ROUNDS", _MANIFEST),
    "InvalidPeriod": ("a phase cannot last {period} s: at least 1, at most MAX_PERIOD", _MANIFEST),
    "MaskingTooLong": (
        "{attempts} attempts at masking of {maskPeriod} s each may last longer than a phase may, MAX_PERIOD",
        "shorten the mask period, or let a round need more of its roster: raise minTrainers or lower maxTrainers",
    ),
    "InvalidDimension": (
        "a model of {dimension} weights does not fit circuits of k = {k}, or has none or more than MAX_DIMENSION",
        "take fewer features or classes: what is committed to has to fit one transaction when it is opened",
    ),
    "InvalidSlash": (
        "a fault cannot cost {faultSlash} and an absence {absenceSlash} parts in 10,000 of the stake",
        "name at most 10,000 parts, and no more for an absence than for a fault",
    ),
    "InvalidFee": (
        "the aggregator's fee of {aggregatorFee:wei} is more than a round's part of the pool, {roundPool:wei}",
        "pay a larger pool, or lower the fee",
    ),
    "InvalidVerifier": (
        "the code at verifier {verifier} has the hash {actualCodeHash:short}, not {expectedCodeHash:short}",
        "deploy the verifier of this very circuit, and wait until it is mined before the task is created",
    ),
    "InvalidPoint": (
        "({x}, {y}) is no point of BN254 that may stand here",
        "recompute the commitments and basis points from the SRS",
    ),
    "MissingCid": ("the digest of a document is zero", "store the document first and pass its digest"),
    # where a task is
    "UnknownTask": (
        "there is no task {taskId}",
        "`headwater task show` lists the tasks; see also --rpc and --deployments",
    ),
    "TaskEnded": ("task {taskId} has ended", "enrol in another task"),
    "TaskRunning": ("task {taskId} still runs, in round {round}", "reclaim the pool's rest after its last round"),
    "WrongPhase": (
        "the round is in phase {actual}, and this needs {expected}",
        "wait for the phase; where a deadline has passed, advance the task first",
    ),
    "DeadlinePassed": (
        "the phase ended at {deadline:time} and the block is of {timestamp:time}",
        "advance the task and take part in its next round",
    ),
    "NothingToAdvance": (
        "task {taskId} is in phase {phase}, whose deadline is {deadline:time}: there is nothing to advance",
        "wait for the deadline; a task without one has ended",
    ),
    # trainers
    "NotEnrolled": ("{trainer} is not enrolled in task {taskId}", "enrol first: `headwater trainer run` does"),
    "AlreadyEnrolled": (
        "{trainer} is enrolled in task {taskId} already",
        "join a round; or unenrol, and release the stake after the unbonding period",
    ),
    "DataAlreadyRegistered": (
        "trainer {trainer} has registered these data in task {taskId} already ({dataHash:short})",
        "enrol with a new salt; if it happens again, somebody holds a copy of your data or watches your transactions",
    ),
    "EmptyData": ("the data commitment is that of no data at all", "check the CSV: it has no row that is used"),
    "AlreadyJoined": ("{trainer} has joined round {round} of task {taskId} already", "wait for phase Train"),
    "NotOnRoster": (
        "{trainer} has no seat in round {round} of task {taskId}",
        "join the next round before its Join phase ends or its roster is full",
    ),
    "AlreadySubmitted": (
        "{trainer} has submitted its update for round {round} of task {taskId} already",
        "nothing to do: wait for the next round",
    ),
    "NotAMember": (
        "{trainer} is not of attempt {attempt} at masking round {round} of task {taskId}",
        "it did not submit in time, or missed an earlier attempt: join the next round",
    ),
    "AlreadyMasked": (
        "{trainer} has masked its update in attempt {attempt} of round {round} of task {taskId} already",
        "nothing to do, unless a new attempt starts",
    ),
    "UpdateMismatch": (
        "the commitment is that of the update {actual:short}, and the sender submitted {expected:short}",
        "mask the very update that was submitted, which `Submitted` shows: a new proof makes a new one",
    ),
    "WrongMaskCount": (
        "there are {actual} mask commitments, and the sender has {expected} peers",
        "read the attempt's members anew, and commit to one mask for each peer",
    ),
    "WrongPeer": (
        "{peer} is the sender itself, not of the attempt, or named out of order",
        "read the attempt's members anew, and name the peers by ascending address",
    ),
    "RosterFull": (
        "the roster of round {round} of task {taskId} is full, and waits for the first model's bytes",
        "join the next round, if the creator shows them in time",
    ),
    "Leaving": (
        "{trainer} is leaving task {taskId}, or has to for a fault: its stake can be released at {releasableAt:time}",
        "release it then; before that it cannot join again",
    ),
    "NotReleasable": (
        "the stake of {trainer} in task {taskId} can be released at {releasableAt:time}",
        "wait until then; where there is no time, unenrol first",
    ),
    "RoundRunning": (
        "round {round} of task {taskId}, the last that the trainer joined, still runs",
        "settle or release after its end",
    ),
    "NothingToSettle": (
        "{trainer} has no round of task {taskId} that is not settled",
        "nothing to do: somebody was faster, or it joined none since",
    ),
    # challenges
    "WrongBond": ("a challenge takes a bond of {expected:wei}, not {actual:wei}", "send exactly the task's bond"),
    "UnknownChallenge": (
        "there is no challenge {challengeId} of this kind",
        "`Challenged` shows the ids and what each demands",
    ),
    "ChallengeClosed": (
        "challenge {challengeId} was answered, or its bond reclaimed",
        "nothing to do: what it demanded is in the contract's events, if it was shown",
    ),
    "ChallengeOpen": (
        "challenge {challengeId} can still be answered",
        "reclaim its bond when the attempt, or the phase in which it was raised, is over",
    ),
    "AlreadyOpened": (
        "the bytes of {accused} were shown already, in attempt {attempt} of round {round} of task {taskId}",
        "read them from `UpdateOpened` or `ModelOpened`, as `headwater aggregator run` does",
    ),
    "PostingMismatch": (
        "the posting of {trainer} is not what it masked with: {actual:short} instead of {expected:short}",
        "take it from `Masked`, of the attempt that runs",
    ),
    "NotPeers": ("{one} and {other} did not both commit to a mask with each other", "name two peers of the attempt"),
    "MasksAgree": ("{one} and {other} committed to the same mask", "nothing to do: it cancels in the sum"),
    "BasisMismatch": (
        "the basis points are not the task's: {actual:short} instead of {expected:short}",
        "recompute them from the task's SRS: all D + 9, in their order",
    ),
    "WrongLength": (
        "there are {actual} entries, and it takes {expected}",
        "send the whole vector, or the 8 members on each side",
    ),
    "NonCanonicalEntry": ("entry {index} is not below the group's order", "reduce the entries modulo the order"),
    "OpeningMismatch": (
        "the vector is that of {actual:short}, and {expected:short} was committed to",
        "show the very bytes that were committed to: no others can answer",
    ),
    "MaskKeyMismatch": (
        "the mask key of {trainer} is {expected:short}, not {actual:short}",
        "take the key of its last `Enrolled`",
    ),
    "InvalidSharedPoint": (
        "the point is not shown to be the one that the two keys share",
        "prove it with the mask secret with which this account enrolled",
    ),
    "NotBetween": (
        "{member} does not show that the peer is wrong",
        "name the 8 members on each side of the trainer, clockwise",
    ),
    "NotAccusable": (
        "{trainer} cannot be accused in round {round} of task {taskId}",
        "it is not of the attempt, or accused already, or its bytes were had: an average was accepted",
    ),
    "NotAccused": (
        "{trainer} is not accused in attempt {attempt} of round {round} of task {taskId}",
        "nothing to do: it was acquitted or convicted, or the attempt is over",
    ),
    "ModelNotAccusable": (
        "no model's bytes can be demanded of task {taskId} in phase {phase}",
        "they are demanded already; or wait for Challenge, or for Join while the first model is the task's",
    ),
    "ModelNotAccused": (
        "no model's bytes are demanded of task {taskId}",
        "nothing to do: they were shown, or their time is over",
    ),
    # proofs
    "ProofTooShort": ("the proof has {length} bytes, and its commitments alone take {required}", "prove again"),
    "ModelMismatch": (
        "the proof starts from the model {actual:short}, and the task's current model is {expected:short}",
        "the proof is stale, or made for another task or chain: pull the current model, train and prove again",
    ),
    "DataMismatch": (
        "the proof is about the data {actual:short}, and the sender registered {expected:short}",
        "train on the data you enrolled with: a proof is worth nothing to anybody else",
    ),
    "SumMismatch": (
        "the average is of the sum {actual:short}, and the masked updates add up to {expected:short}",
        "take exactly the updates that the last attempt masked, none left out, then prove again",
    ),
    "PublicMismatch": (
        "the average was proved for {actual:short}, and this sender and number of updates are {expected:short}",
        "prove it yourself: an average names its aggregator and how many updates it has",
    ),
    "InvalidProof": (
        "the verifier {verifier} refused the proof",
        "check the circuit with `headwater circuit verify`, then prove again",
    ),
    # money
    "RoundNotFinalized": (
        "round {round} of task {taskId} is {phase}, and only finalized rounds pay",
        "collect after it is finalized; skipped and failed rounds pay nothing",
    ),
    "NothingToCollect": (
        "these rounds of task {taskId} owe {account} nothing",
        "it was collected already, or the account had no part in them",
    ),
    "NothingToReclaim": ("nothing is left of the pool of task {taskId}", "nothing to do"),
    "NothingToClaim": ("nothing is credited to {account}", "collect the finalized rounds first"),
    "InsufficientStake": (
        "{trainer} has {free:wei} of free stake, and {required:wei} are needed",
        "deposit the difference, or leave an ended task to free its stake",
    ),
    "InsufficientEscrow": (
        "the escrow of task {taskId} holds {available:wei}, and {required:wei} were to be taken",
        _OTHER,
    ),
    "InsufficientLock": (
        "{account} has {locked:wei} locked for task {taskId}, and {required:wei} were to be taken",
        _OTHER,
    ),
    "ZeroAmount": ("the amount is zero", "name an amount"),
    "TransferFailed": ("{to} refused {amount:wei}", "use an account that can receive the chain's coin"),
    # never seen unless something is wrong
    "UnauthorizedCaller": (
        "only another contract of the deployment may call this, not {caller}",
        "call the TaskManager's or the ChallengeManager's function instead",
    ),
    "UnknownModel": (
        "round {round} of task {taskId} made no model, or there is no such task",
        "name a finalized round, or 0 for the model the task started from",
    ),
    "UnknownModelHash": (
        "no model of task {taskId} has the hash {modelHash:short}",
        "name one that the registry lists",
    ),
    "SafeCastOverflowedUintDowncast": ("{value} does not fit {bits} bits", "name a smaller number"),
    "ReentrancyGuardReentrantCall": ("the contract was called back while it worked", "do not call back from `receive`"),
    "Error": ("the contract says: {reason}", _OTHER),
    "Panic": ("the contract panicked with code {code}", _OTHER),
}
"""For each custom error by name: what happened, and what to do next."""


class _Argument:
    """An argument as a template shows it: `{deadline:time}`, `{amount:wei}`, `{hash:short}`, else plain."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __format__(self, spec: str) -> str:
        if spec == "wei":
            return format_wei(self.value)
        if spec == "time":
            return f"{datetime.fromtimestamp(self.value, UTC):%Y-%m-%d %H:%M:%S} UTC" if self.value else "none"
        text = f"0x{self.value.hex()}" if isinstance(self.value, bytes) else str(self.value)
        return f"{text[:10]}..." if spec == "short" else text


def format_wei(wei: int) -> str:
    """An amount as people read it: wei below a millionth of the coin, else ETH, exact."""
    if 0 < wei < 10**12:
        return f"{wei} wei"
    whole, rest = divmod(wei, 10**18)
    return f"{whole}.{rest:018d}".rstrip("0").rstrip(".") + " ETH"


def refusal(data: bytes, what: str) -> ContractError:
    """The error of a revert's data; `what` names the call that was refused."""
    error = decode_error(data)
    if error is None:
        name = f"0x{data[:4].hex()}" if data else "without a reason"
        return ContractError(
            f"{what} was refused: {name}",
            "the address may hold another contract: see --deployments and --rpc",
            name=name,
            arguments={},
        )
    message, hint = MESSAGES[error.name]
    arguments = {name: _Argument(value) for name, value in error.arguments.items()}
    return ContractError(
        f"{what} was refused: {error.name}: {message.format(**arguments)}",
        hint,
        name=error.name,
        arguments=error.arguments,
    )
