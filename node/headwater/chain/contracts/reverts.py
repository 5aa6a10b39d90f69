"""What a refusal by a contract means, and what to do next: one line for each custom error.

Templates take the error's arguments by their Solidity names; `wei`, `time` and `short` below format them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from headwater.chain.contracts.codec import decode_error
from headwater.errors import ContractError
from headwater.foreign import plain

_OTHER = "this is a fault of the contracts or of the node: report it with the transaction's data"
_ADMISSION = "the task's admission module may have a reason of its own: ask the task's creator who may enrol"
_MANIFEST = "mend the task's manifest, then run `headwater task create` again"

MESSAGES: dict[str, tuple[str, str]] = {
    # deploying
    "ZeroAddress": ("a contract was deployed without the address of another", "deploy with `headwater deploy`"),
    "NotOneDeployment": (
        "{deployed} is no contract of this deployment, or was told of other ones",
        "another transaction of the deployer came between: run `headwater deploy` again",
    ),
    "TooLittleGas": (
        "the node gives a call too little gas for a single view",
        "name another node with --rpc, or raise its limit for calls",
    ),
    # scores
    "NotCreator": ("{creator} created task {taskId}, and nobody else opens it", "send it from the creator's account"),
    "AlreadyOpen": ("task {taskId} is open for this already", "nothing to do: it is for good"),
    "NotOpen": (
        "task {taskId} was not opened for scores, or for inferences",
        "ask its creator: `headwater task create --scores` and --inference, or `task open` and `infer open` afterwards",
    ),
    "InvalidLayout": (
        "{groups} groups, {wholeGroups} of them of one column, with {each} numbers and {classes} classes make no score",
        "take them from the statements: 2 or 4 numbers a group, and 128 in all at most",
    ),
    "WrongBasisCount": ("the numbers need {expected} basis points, not {actual}", "name L_2 and those that follow"),
    "TooManyAttesters": ("{attesters} attesters are named", "name MAX_ATTESTERS at most"),
    "AlreadyHeldOut": (
        "these held-out data were registered by {holder}",
        "register them under another salt: `headwater attest` draws one by itself",
    ),
    "IsTrainingData": (
        "{trainer} has registered these data for training",
        "hold other rows out, and do not train on them: a score on training rows says nothing",
    ),
    "NotHolder": (
        "data {dataHash:short} of task {taskId} are held by {holder}, not by the sender",
        "register them first; or prove with the account that did",
    ),
    "ModelNotLater": (
        "the model of round {round} may have been known in round {registeredRound}, when the data were registered",
        "nothing to do: later models count",
    ),
    "WrongNumberCount": ("{expected} numbers are expected, not {actual}", "take those of the proof's last vector"),
    "NumberTooLarge": ("number {index} is {number}, too large to be recorded", "such a score cannot be recorded"),
    "NumbersMismatch": ("the proof is of other numbers than those claimed", "claim those of the proof's last vector"),
    "AlreadyAttested": ("the score of round {round} on data {dataHash:short} is recorded", "nothing to do"),
    "AlreadyDeclared": ("the composition of data {dataHash:short} is recorded", "nothing to do"),
    "NotAttested": (
        "{attester} has recorded no score of round {round} on data {dataHash:short}",
        "wait for it, or ask for another's",
    ),
    "NotAShare": ("the scores of task {taskId} are errors of amounts", "read its numbers"),
    "NoSuchGroup": ("there is no group {group} among {groups}", "name one from 1; 0 is the whole"),
    "TooFewRows": ("the score is of {actual} rows, under {least}", "ask for fewer, or of another group"),
    "ScoreTooLow": ("the score is {actual} in 10,000, under {least}", "wait for a better model"),
    # creating a task
    "InvalidTrainers": (
        "a roster of {minTrainers} to {maxTrainers} trainers is not allowed: at least 3, at most MAX_TRAINERS",
        _MANIFEST,
    ),
    "InvalidLinks": ("a task whose updates have no proof is not allowed", "allow one link at least"),
    "InvalidRounds": ("a task cannot have {rounds} rounds: at least 1, at most MAX_ROUNDS", _MANIFEST),
    "InvalidPeriod": (
        "a period cannot be of {period} s: at least 1 and at most MAX_PERIOD, for answers MIN_ANSWER_PERIOD at least",
        "name periods from 1s to 30d, and an answer period from 12s",
    ),
    "AnsweringTooLong": (
        "an answer of {parts} parts with {answerPeriod} s for each may take longer than MAX_ANSWER_TIME",
        "shorten the answer period, or take fewer features or classes: a round can be held up so long",
    ),
    "MaskingTooLong": (
        "{attempts} attempts at masking of {maskPeriod} s each may last longer than a phase may, MAX_PERIOD",
        "shorten the mask period, or let a round need more of its roster: raise minTrainers or lower maxTrainers",
    ),
    "InvalidDimension": (
        "an update of {dimension} weights does not fit 2^{k} rows, of which EZKL keeps six; or k is above MAX_K",
        "build the circuits with a larger k: an update has nine entries more than the model has weights",
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
        "a challenge cannot cost {challengeBond:wei}, more than the stake that it is about, {stake:wei}",
        "name a larger stake, or a smaller bond",
    ),
    "InvalidQuietBound": (
        "a bound for receipts of {quietBound} parts in 10,000 cannot be: 10,000 at most, and none without a Review",
        "name a percentage, and a review period with it",
    ),
    "InvalidVerifier": (
        "the code at verifier {verifier} has the hash {actualCodeHash:short}, not {expectedCodeHash:short}",
        "deploy the verifier of this very circuit, and wait until it is mined before the task is created",
    ),
    "InvalidAdmission": (
        "no contract stands at {admission}, which is to decide who may enrol",
        "deploy the admission module first, or name none: then anybody may enrol",
    ),
    "InvalidBasis": (
        "offset and basis points are not those of the config's tau, k and dimension",
        "take all of them from the file of the task's SRS, and the quotient that shows it",
    ),
    "InvalidPoint": (
        "({x}, {y}) is no point of BN254 that may stand here",
        "recompute commitments and quotients from the SRS, and a mask key from its secret",
    ),
    "MissingCid": ("the digest of a document is zero", "store the document first and pass its digest"),
    "WrongParentCount": (
        "{parents} parents are named, and the commitments of {models} models",
        "give one commitment for each parent, in the same order: `ModelAdded` has them",
    ),
    "IncompatibleParent": (
        "the models of task {taskId} are of another size, or under another SRS",
        "name models of tasks with the same dimension, k and SRS: `headwater task show` says these",
    ),
    "ParentMismatch": (
        "the registry's model of round {round} of task {taskId} is {expected:short}, not {actual:short}",
        "take the commitment from that round's `ModelAdded`, with its tag",
    ),
    "InvalidDivisor": (
        "a first model with parents cannot be divided by {divisor}, nor one without by anything but 0",
        "name a divisor of 1 at least for a merge, 1 for a warm start, and none where there are no parents",
    ),
    "UnexpectedProof": (
        "a proof is given, and this first model needs none",
        "leave it out: only a merge is proved, neither a model without parents nor a warm start",
    ),
    # deploying what tasks are kept as
    "Create2EmptyBytecode": ("code was to be made of nothing", _OTHER),
    "Create3EmptyBytecode": ("code was to be made of nothing", _OTHER),
    "FailedDeployment": ("the account that keeps the task could not be made", _OTHER),
    "InsufficientBalance": ("a contract has {balance:wei}, and {needed:wei} were to be sent", _OTHER),
    # where a task is
    "UnknownTask": (
        "there is no task {taskId}",
        "`headwater task list` shows which there are; see also --rpc and --deployments",
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
    "DataNotOwned": (
        "the proof is about the data {dataHash:short}, which in task {taskId} are registered by {owner}",
        "train on data that this account has registered: a proof is worth nothing to anybody else",
    ),
    "NoData": ("no data are registered", "name one commitment at least"),
    "InvalidPossession": (
        "it is not shown that the sender knows the secret of its mask key",
        "prove it anew with `headwater trainer run`: the proof is bound to this chain, task and account",
    ),
    "NotAdmitted": (
        "the admission module {admission} did not answer for {trainer} as such a module does",
        "ask the task's creator, or the pool's owner, who named it: no account can come in while that is so",
    ),
    "UnexpectedEvidence": (
        "evidence is given, and the task or pool admits anybody",
        "come without evidence: `headwater task show` and `headwater pool show` say who may",
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
    "TooManyProofs": (
        "an update of this task is made by {most} proof(s) at most, not {actual}",
        "train on fewer rows, or ask the creator for a task with more links",
    ),
    "NoProof": ("nothing was submitted", "submit one proof at least"),
    "LinkMismatch": (
        "proof {index} starts from {actual:short}, and the one before it ended with {expected:short}",
        "send the proofs of a chain in their order, none left out; the first starts from the task's model",
    ),
    "ProofsOnChain": (
        "task {taskId} takes proofs on chain only",
        "submit the proofs themselves: the task has no Review, in which others could be demanded",
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
    "SeedUnavailable": (
        "the seed of task {taskId} comes from block {seedBlock}, whose hash cannot be had: it is this one, or too old",
        "wait for the next block and mask then; where the chain has forgotten the hash, renew the seed first",
    ),
    "SeedMismatch": (
        "the posting was made for the seed {actual:short}, and the attempt's is {expected:short}",
        "the chain was reorganized: read the attempt's seed anew, and mask for the peers that follow",
    ),
    "NothingToRenew": (
        "the seed of task {taskId} is drawn, or can be drawn from block {seedBlock}",
        "nothing to do but to mask",
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
    # groups
    "WrongProofCount": (
        "there are {actual} proofs of membership, and the task asks for {expected}",
        "enrol with `headwater trainer run --identity FILE`, which proves each group in the module's order",
    ),
    "ScopeMismatch": (
        "the proof of membership is of the scope {actual}, and the task's is {expected}",
        "prove it anew: a proof for another task, deployment or chain counts for nothing here",
    ),
    "MessageMismatch": (
        "the proof of membership was made for another account or for other data",
        "prove it anew with your own identity, for the account that enrols and the data it registers",
    ),
    "IdentityMismatch": (
        "the proof for group {groupId} is of another identity than the proof before it",
        "be a member of all groups with one identity: whoever is to be in several gives each admin one commitment",
    ),
    "InvalidMembership": (
        "the proof does not show membership in group {groupId}",
        "prove it anew: `headwater group show` says whether your identity is in",
    ),
    "SeatTaken": (
        "this identity has its seat in task {taskId} already, with the account {holder}",
        "go on with that account; or leave with it, release its stake, and enrol with this one then",
    ),
    "ClaimBegun": (
        "{trainer} has begun to claim links in round {round} of task {taskId}",
        "claim the rest of them: an update is proved on chain, or claimed",
    ),
    "PoolSeatTaken": (
        "this identity has a row in pool {poolId} already, with the account {holder}",
        "each person has one: withdraw it first",
    ),
    "WrongGroupCount": ("a module asks for 1 to {most} groups, not {actual}", "name so many"),
    "GroupsNotAscending": ("group {groupId} is named after {before}", "name groups in ascending order, each once"),
    "UnknownGroup": ("there is no group {groupId}", "make one with `headwater group create`"),
    "UnknownModule": (
        "{module} is no module of groups of this deployment",
        "ask the task's creator who may enrol, and how",
    ),
    "CloneArgumentsTooLong": ("a module cannot have so many groups", "name fewer"),
    "Semaphore__GroupDoesNotExist": ("there is no such group", "`headwater group show` says which there are"),
    "Semaphore__GroupHasNoMembers": ("the group has no members", "its admin adds them: `headwater group add`"),
    "Semaphore__MerkleTreeDepthIsNotSupported": (
        "the proof is of a tree that is deeper than 32, or of none",
        "prove it anew with `headwater trainer run --identity FILE`",
    ),
    "Semaphore__MerkleTreeRootIsExpired": (
        "the group has changed since the proof was made, longer ago than its roots count",
        "prove it anew: `headwater trainer run` does by itself, from the group's newest members",
    ),
    "Semaphore__MerkleTreeRootIsNotPartOfTheGroup": (
        "the proof is of another group, or of members that the group never had",
        "prove it anew; if it happens again, name another node with --rpc: this one tells wrong members",
    ),
    "Semaphore__VKPtBytesMaxDepthInvariantViolated": ("the verifier of memberships was built wrongly", _OTHER),
    "Semaphore__YouAreUsingTheSameNullifierTwice": (
        "this identity has used this scope in the group already",
        "nothing to do: headwater spends no proofs in Semaphore itself",
    ),
    "Semaphore__InvalidProof": ("the proof of membership is wrong", "prove it anew"),
    "Semaphore__CallerIsNotTheGroupAdmin": (
        "only the group's admin changes it",
        "`headwater group show` says who that is: use its key, or ask it",
    ),
    "Semaphore__CallerIsNotThePendingGroupAdmin": (
        "the group was not offered to this account",
        "its admin offers it first: `headwater group hand-over`",
    ),
    "LeafAlreadyExists": ("one of them is a member already", "leave out who is: `headwater group show` lists members"),
    "LeafCannotBeZero": ("0 is nobody's commitment", "take what `headwater group join` prints"),
    "LeafDoesNotExist": ("it is no member of the group", "nothing to do; `headwater group show` lists members"),
    "LeafGreaterThanSnarkScalarField": (
        "a commitment is larger than any can be",
        "take what `headwater group join` prints",
    ),
    "WrongSiblingNodes": (
        "the group has changed since its tree was read",
        "try again: the newest members are read anew",
    ),
    # challenges
    "InsufficientBond": (
        "a challenge takes a bond of {required:wei} in this block, and {sent:wei} were sent",
        "send what `bondOf` says, and some more: it follows the base fee",
    ),
    "UnknownChallenge": (
        "there is no challenge {challengeId} of kind {kind}",
        "`Challenged` shows the ids and what each demands",
    ),
    "ChallengeClosed": (
        "challenge {challengeId} was answered, or its bond reclaimed",
        "nothing to do: what it demanded is in the contract's events, if it was shown",
    ),
    "ChallengeOpen": (
        "challenge {challengeId} can still be answered, until {answerBy:time} at least",
        "reclaim its bond then, and when the attempt, or the phase in which it was raised, is over",
    ),
    "ChallengeMoot": (
        "the mask that challenge {challengeId} demands decides nothing any more",
        "nothing to do: the attempt or its round is over, nobody is at fault for silence; keep the shared point",
    ),
    "AlreadyOpened": (
        "the bytes of {accused} were shown already, in attempt {attempt} of round {round} of task {taskId}",
        "read them from `PartShown`, as `headwater aggregator run` does; a first model may also be all zeros",
    ),
    "PostingMismatch": (
        "the posting of {trainer} is not what it masked with: {actual:short} instead of {expected:short}",
        "take it from `Masked`, of the attempt that runs",
    ),
    "NotPeers": ("{one} and {other} did not both commit to a mask with each other", "name two peers of the attempt"),
    "MasksAgree": ("{one} and {other} committed to the same mask", "nothing to do: it cancels in the sum"),
    "WrongLength": (
        "there are {actual}, and it takes {expected}: bytes of a vector, hashes of its parts, or members",
        "send all bytes of the vector or of its next part, none of a mask; or the 8 members on each side",
    ),
    "RootMismatch": (
        "the bytes or hashes of parts have the root {actual:short}, and the claim says {expected:short}",
        "show the very bytes of which the claim's root was made, cut into parts of 65,536",
    ),
    "PartMismatch": (
        "the part that comes next, {index}, has the hash {expected:short}, not {actual:short}",
        "show the parts in their order; `progressOf` says how many entries were shown",
    ),
    "NonCanonicalEntry": ("an entry is not below the group's order", "reduce the entries modulo the order"),
    "TooManyEntries": (
        "a vector of {entries} entries does not fit 2^{k} rows, of which EZKL keeps six",
        "claim as many entries as the commitment's vector has",
    ),
    "OpeningMismatch": (
        "the vector is not that of the commitment {commitmentHash:short}, or the quotient is not theirs",
        "show the very bytes that were committed to, with their quotient: no others can answer",
    ),
    "WrongProgress": (
        "{shown} of the vector's {entries} entries have been shown",
        "show the parts that are missing, then conclude; where none is, there is nothing more to show",
    ),
    "WrongEncoding": (
        "this is not for vectors of the encoding {encoding}",
        "expand masks, which have no bytes, and show parts of the others",
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
    "NotClaimed": (
        "{trainer} has claimed no link {index} in round {round} of task {taskId}",
        "look at its `LinksClaimed`; what was proved on chain at once is not claimed",
    ),
    "AlreadyProved": (
        "link {index} of {trainer} in round {round} of task {taskId} was proved on chain",
        "nothing to do: its proof is in the answer's transaction",
    ),
    "ClaimMismatch": (
        "the links shown make {actual:short}, and those claimed {expected:short}",
        "show the links of `LinksClaimed` from the one before the one demanded to the last, and the hash before them",
    ),
    "DataMismatch": (
        "the proof is about data {actual:short}, and its link says {expected:short}",
        "show the proof of the link that is demanded",
    ),
    "EndMismatch": (
        "the proof ends with {actual:short}, and its link says {expected:short}",
        "show the proof of the link that is demanded",
    ),
    "ScoreMismatch": (
        "the score is of {actual:short} where its link, or its numbers, make {expected:short}",
        "show the score of the model from which the link starts, on the link's data, with its own numbers",
    ),
    "ReceiptTooLow": (
        "{right} of {used} are under {bound} in 10,000, the task's bound for going on without synchronizing",
        "nothing can be shown then: such a link had to be the last",
    ),
    "ModelNotAccusable": (
        "no model's bytes can be demanded of task {taskId} in phase {phase}",
        "they are demanded already; or wait for Challenge, or for Join while the first model is the task's",
    ),
    # proofs
    "ProofTooShort": ("the proof has {length} bytes, and its commitments alone take {required}", "prove again"),
    "ModelMismatch": (
        "the model is {actual:short}, and {expected:short} is the task's current one, or the one that is meant",
        "a proof is stale, or of another task or chain: train and prove again; in an answer, show the model demanded",
    ),
    "SumMismatch": (
        "the proof is of the sum {actual:short}, and the masked updates, or the parents, add up to {expected:short}",
        "take exactly the updates that the last attempt masked, or the parents that are named, then prove again",
    ),
    "PublicMismatch": (
        (
            "it was proved for {actual:short}, and this sender and number of updates, divisor, or question are"
            " {expected:short}"
        ),
        "prove it yourself: a proof names its sender and divisor; one about a row its consumer, question and nonce",
    ),
    "InvalidProof": (
        "the verifier {verifier} refused the proof",
        "check the circuit with `headwater circuit verify`, then prove again",
    ),
    # pools
    "UnknownPool": ("there is no pool {poolId}", "`headwater pool show` lists those of a task"),
    "InvalidSlots": (
        "a pool of {slots} slots is not allowed: at least 1, at most {most}",
        "name no more slots than a trainer of the task may have rows",
    ),
    "InvalidTimes": (
        "a pool cannot close at {closesAt:time} and expire at {expiresAt:time}",
        "close it within a year from now, and expire within 30 days after that",
    ),
    "MissingKey": ("the pool has no key to seal rows for", "open it by `headwater pool open`, which makes one"),
    "NotPoolOwner": ("pool {poolId} is {owner}'s", "only its owner leaves rows out and closes it"),
    "PoolFrozen": (
        "pool {poolId} has taken and given back slots until {closesAt:time}",
        "wait whether its owner closes it; if it expires first, all can withdraw",
    ),
    "NotClosable": (
        "pool {poolId} can be closed from {closesAt:time} on, and until {expiresAt:time}",
        "close it in that time; an expired pool stays open, and a new one can be opened",
    ),
    "AlreadyClosed": (
        "pool {poolId} is closed, and does not change any more",
        "`headwater pool check` shows who is in",
    ),
    "UnknownSlot": ("pool {poolId} has no slot {slot}", "slots are counted from 0: `headwater pool show` lists them"),
    "SlotTaken": (
        "slot {slot} of pool {poolId} is {contributor}'s",
        "contribute again: another slot is taken then, under new salts",
    ),
    "AlreadyContributed": (
        "{contributor} has slot {slot} of pool {poolId}, and each account has one",
        "withdraw first, to contribute another row",
    ),
    "NotAContributor": (
        "{contributor} has no slot of pool {poolId}",
        "it has contributed nothing, has withdrawn, or was left out: `headwater pool show` tells",
    ),
    "EmptyRow": (
        "the row is nobody's, or nothing but zeros",
        "commit by `headwater infer row` or `headwater pool contribute`: with salts, and for an account",
    ),
    "MissingDocument": (
        "the digest of the document is zero",
        "put the document into the store first: `headwater pool` does so",
    ),
    "CommitmentMismatch": (
        "the commitment {actual:short} is not the one contributed, {expected:short}",
        "take the one of the `RowContributed` event",
    ),
    "MissingReason": ("nobody is left out for no reason", "say why"),
    "EmptyPool": ("pool {poolId} has no contributors", "wait for some, or open another"),
    "PooledNotRegistered": (
        "the pooled data {dataHash:short} are registered in task {taskId} by {registeredBy}, not by the pool's owner",
        "register the sum of all rows that are in, with the blinding, and no other: `headwater pool close` does",
    ),
    "AlreadyPooled": (
        "the pooled data {dataHash:short} are those of pool {poolId}",
        "close with another blinding: `headwater pool close` draws one",
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
    # inferences
    "InvalidOutputs": ("models with {outputs} outputs say nothing", "name as many as the task's models have"),
    "AlreadyIssued": (
        "{issuer} has issued the row {rowHash:short} in task {taskId} before",
        "commit to it again: `headwater infer row` draws new salts",
    ),
    "NotIssued": (
        "{issuer} has not issued the row {rowHash:short} in task {taskId}",
        "ask it to (`headwater infer row`), or name who did",
    ),
    "RowRevoked": (
        "{issuer} took the row {rowHash:short} back at {revokedAt:time}",
        "ask it for a row of what is true now",
    ),
    "WrongAccount": (
        "the row is {expected}'s, not {actual}'s",
        "a proof about a row is for its account alone: use the account that it was issued for",
    ),
    "UnsuitableQuestion": (
        "question {question} about {value} is none for models of {outputs} outputs",
        "ask for a class, by its index, where there are several outputs; else whether z reaches or is a number",
    ),
    "NoSuchAnswer": ("the proof's answer, {actual:short}, is none to question {question}", "prove it again"),
    "QueryMismatch": (
        "model, input commitment or output (number {which} of these) are not those of the query in the proof",
        "take them from the proof's file: `headwater infer prove` writes them",
    ),
    "NoQuery": ("a proof of {length} bytes begins with no query", "put the encoded query before the proof"),
    "UnknownInference": (
        "no inference {inferenceId:short} was recorded",
        "`headwater infer list` says which were",
    ),
    # never seen unless something is wrong
    "UnauthorizedCaller": (
        "only another contract of the deployment may call this, not {caller}",
        "call the contract that is meant for accounts: its NatSpec says which functions are",
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
    "Error": (
        "the contract says: {reason}",
        "a task's admission module may say so; of the contracts it is a fault: report it with the transaction's data",
    ),
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
        text = f"0x{self.value.hex()}" if isinstance(self.value, bytes) else plain(self.value)
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
        asks = f"{_ADMISSION}; else " if what in ("TrainerRegistry.enrol", "Pools.contribute") else ""
        return ContractError(
            f"{what} was refused: {name}",
            asks + "the address may hold another contract: see --deployments and --rpc",
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
