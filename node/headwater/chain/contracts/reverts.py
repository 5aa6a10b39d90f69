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
    "NotOneDeployment": (
        "{deployed} was told of another deployment than the rest",
        "another transaction of the deployer came between: run `headwater deploy` again",
    ),
    "Create2EmptyBytecode": ("there is no code to keep a task as", _OTHER),
    "Create3EmptyBytecode": ("there is no code to keep a task as", _OTHER),
    "FailedDeployment": ("the task could not be kept as code", "give the transaction more gas, then send it again"),
    "InsufficientBalance": ("the contract has {balance:wei}, and {needed:wei} are needed", _OTHER),
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
    "AnsweringTooLong": (
        "an answer of {parts} parts with {answerPeriod} s for each may take longer than MAX_ANSWER_TIME",
        "shorten the answer period, or take a smaller model: its bytes are shown in parts of 65,536",
    ),
    "InvalidDimension": (
        "a model of {dimension} weights and nine further entries do not fit the rows of k = {k}, or it has no weights",
        "take fewer features or classes, or circuits of a larger k, up to MAX_K",
    ),
    "InvalidSlash": (
        "a fault cannot cost {faultSlash} and an absence {absenceSlash} parts in 10,000 of the stake",
        "name at most 10,000 parts, and no more for an absence than for a fault",
    ),
    "InvalidFee": (
        "the aggregator's fee of {aggregatorFee:wei} is more than a round's part of the pool, {roundPool:wei}",
        "pay a larger pool, or lower the fee",
    ),
    "InvalidBond": (
        "a challenge would cost {challengeBond:wei}, and the stake that it is about is {stake:wei}",
        "lower the bond, or raise the stake",
    ),
    "InvalidVerifier": (
        "the code at verifier {verifier} has the hash {actualCodeHash:short}, not {expectedCodeHash:short}",
        "deploy the verifier of this very circuit, and wait until it is mined before the task is created",
    ),
    "InvalidPoint": (
        "({x}, {y}) is no point of BN254 that may stand here",
        "recompute the commitments and basis points from the SRS",
    ),
    "InvalidAdmission": (
        "no contract stands at {admission}, which is to admit trainers",
        "deploy the admission module first, or name none: then anybody may enrol",
    ),
    "InvalidBasis": (
        "offset and basis points are not those of the task's [tau]_2, k and D, or the quotient does not show it",
        "recompute them, [tau]_2 and the quotient from the SRS of this very k",
    ),
    "WrongParentCount": (
        "there are {models} commitments for {parents} parents",
        "name the commitment of each parent, in their order: `ModelAdded` has it",
    ),
    "IncompatibleParent": (
        "the models of task {taskId} are of another size, or under another SRS",
        "take parents with the same number of weights, k and SRS",
    ),
    "ParentMismatch": (
        "the commitment is {actual:short}, and the model of round {round} of task {taskId} is {expected:short}",
        "take it from that model's `ModelAdded`",
    ),
    "InvalidDivisor": (
        "the first model cannot be divided by {divisor}",
        "divide by 1 at least where it has parents, and by 0, for nothing, where it has none",
    ),
    "UnexpectedProof": (
        "the first model needs no proof",
        "send none: only a merge of models has one",
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
        "take a new salt; if it happens again, somebody holds a copy of your data or watches your transactions",
    ),
    "NoData": ("no data are registered", "name the commitment of one data matrix at least"),
    "DataNotOwned": (
        "a proof is about the data {dataHash:short}, which {owner} has registered in task {taskId}",
        "train on the data that you registered: a proof about another's is worth nothing to you",
    ),
    "InvalidPossession": (
        "it is not shown that the sender knows the secret of the mask key",
        "prove it anew: a proof is for one key, one account, one task and one chain",
    ),
    "NotAdmitted": (
        "{admission} is no module that admits trainers, so it did not admit {trainer}",
        "enrol in another task: nobody can enrol in this one",
    ),
    "UnexpectedEvidence": ("the task admits anybody and takes no evidence", "enrol without evidence"),
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
    "SeedUnavailable": (
        "the hash of block {seedBlock}, from which the seed follows, cannot be had",
        "mask in a later block; if the chain has forgotten the hash, renew the seed first",
    ),
    "SeedMismatch": (
        "the posting is for the seed {actual:short}, and the attempt's is {expected:short}",
        "the chain was reorganized: read the attempt anew, and mask by its seed",
    ),
    "NothingToRenew": (
        "the seed of task {taskId} is drawn, or the hash of block {seedBlock} can still be had",
        "nothing to do: mask",
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
    "InsufficientBond": (
        "a challenge takes a bond of {required:wei} at least, not {sent:wei}",
        "send more: it follows the base fee, see `bondOf`",
    ),
    "UnknownChallenge": (
        "there is no challenge {challengeId} of this kind",
        "`Challenged` shows the ids and what each demands",
    ),
    "ChallengeClosed": (
        "challenge {challengeId} was answered, or its bond reclaimed",
        "nothing to do: what it demanded is in the contract's events, if it was shown",
    ),
    "ChallengeOpen": (
        "challenge {challengeId} can still be answered: until {answerBy:time}, or as long as its phase lasts",
        "reclaim its bond when both are over",
    ),
    "AlreadyOpened": (
        "the bytes of {accused} were shown already, in attempt {attempt} of round {round} of task {taskId}",
        "read them from `PartShown`, as `headwater aggregator run` does",
    ),
    "PostingMismatch": (
        "the posting of {trainer} is not what it masked with: {actual:short} instead of {expected:short}",
        "take it from `Masked`, of the attempt that runs",
    ),
    "NotPeers": ("{one} and {other} did not both commit to a mask with each other", "name two peers of the attempt"),
    "MasksAgree": ("{one} and {other} committed to the same mask", "nothing to do: it cancels in the sum"),
    "ChallengeMoot": (
        "challenge {challengeId} decides nothing any more: the round, or the attempt, is over",
        "keep the point that the two share to yourself: nobody is at fault for not answering",
    ),
    "WrongLength": (
        "there are {actual} bytes, hashes or members, and it takes {expected}",
        "send the whole vector, or its next part; or the 8 members on each side",
    ),
    "RootMismatch": (
        "the bytes, or the hashes of their parts, make {actual:short}, and the claim's root is {expected:short}",
        "show the bytes that the root was computed from",
    ),
    "PartMismatch": (
        "the bytes hash to {actual:short}, and part {index}, which comes next, to {expected:short}",
        "show the parts in their order: `progressOf` says how many entries were shown",
    ),
    "NonCanonicalEntry": ("an entry is not below the group's order", "reduce the entries modulo the order"),
    "TooManyEntries": (
        "a vector of {entries} entries does not fit the rows of k = {k}, or is empty",
        "name as many entries as the vector has",
    ),
    "OpeningMismatch": (
        "the vector is not what {commitmentHash:short} commits to, or the quotient is not theirs",
        "show the very bytes that were committed to, with the quotient that follows: no others can answer",
    ),
    "WrongProgress": (
        "{shown} of {entries} entries were shown",
        "show the parts that are missing; if none is, conclude",
    ),
    "WrongEncoding": (
        "what is given as encoding {encoding} is not shown so",
        "expand a mask, which has no bytes; show the bytes of any other vector",
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
    "ModelNotAccusable": (
        "no model's bytes can be demanded of task {taskId} in phase {phase}",
        "they are demanded already; or wait for Challenge, or for Join while the first model is the task's",
    ),
    # proofs
    "ProofTooShort": ("the proof has {length} bytes, and its commitments alone take {required}", "prove again"),
    "ModelMismatch": (
        "the proof starts from the model {actual:short}, and the task's current model is {expected:short}",
        "the proof is stale, or made for another task or chain: pull the current model, train and prove again",
    ),
    "NoProof": ("nothing is submitted", "send one proof at least"),
    "LinkMismatch": (
        "proof {index}, from 0, starts from {actual:short}, and the one before it ended with {expected:short}",
        "send the chain whole and in its order: each proof starts where the one before it ended",
    ),
    "SumMismatch": (
        "the proof is of the sum {actual:short}, and those that it must be of add up to {expected:short}",
        "take exactly the updates that the last attempt masked, or the parents named, then prove again",
    ),
    "PublicMismatch": (
        "it was proved for {actual:short}, and this sender and number or divisor are {expected:short}",
        "prove it yourself: an average names its aggregator and how many updates it has, a merge its divisor",
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
        "call the function that contract has for it instead",
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
