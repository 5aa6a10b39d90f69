// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

import {G1} from "../libraries/BN254.sol";
import {IERC7572} from "./IERC7572.sol";

/// @title ITaskManager
/// @notice Tasks, their rosters and their rounds: the state machine of Headwater.
/// @dev A round goes Join -> Train -> Mask -> Aggregate -> Challenge -> Finalized, or ends Skipped (too few joined, or the
/// first model was withheld) or Failed (too few updates or masked updates, or nobody aggregated in time). Every phase has a deadline. Work that is
/// done moves the round on at once; after a deadline anyone may `advance` it. A skipped or failed round consumes its
/// number and leaves the model as it was. The next round's Join starts the moment a round ends, and the task has ended
/// when its last round has.
///
/// Challenges. A commitment is worth nothing to the others if nobody has the vector, so whoever committed can be made
/// to show it: see `IChallengeManager`, which alone may `accuse`, `acquit` and `convict`. In Aggregate a member of the
/// attempt can be accused of withholding its masked update, or of a wrong mask; in Challenge the aggregator, of
/// withholding the new model; in Join, until a first average is accepted, the creator, of withholding the first model.
/// Every accusation moves the phase's deadline so that there is time to answer, and no accusation keeps anybody from
/// aggregating. At the deadline those still accused are at fault: trainers are left out and the others mask anew; an
/// average is taken back and Aggregate starts again; without a first model the task ends.
///
/// Stake. Enrolment locks it, `aggregate` locks as much again until the round is finalized. A trainer loses
/// `faultSlash` of it, and its seat, for a fault; `absenceSlash` for a duty missed: it joined and did not submit, or
/// submitted and missed an attempt at masking. What is slashed is burnt, so nobody gains by another's loss. The slash
/// of a round is carried out when the trainer joins the next one or its stake is released, or by anybody's `settle` as
/// soon as the round is over; no stake leaves before that.
///
/// Masks. Nobody publishes an update. In Mask, those whose updates were accepted publish them masked: each adds to its
/// update one vector for each of its peers, and the peer subtracts the same one, so only the sum of all members' masked
/// updates says anything. Masking goes in attempts, since the masks cancel only if every member comes: where some do
/// not, those who did start again, with new masks, as the members of the next attempt. So each attempt has fewer
/// members than the one before it; who is missing costs the others one period, and nobody has to reveal a secret for
/// it. But the masked updates of an attempt that failed may add up with those of the next to somebody's update: a node
/// should commit to its bytes here by their CID and give them out only when all members have masked.
/// The members stand on a circle, in the order of keccak256(abi.encodePacked(seed, address)). Up to 17 of them are all
/// each other's peers; of more, the 8 next and the 8 previous on the circle are. A trainer commits to each mask. The
/// contract keeps a hash of these commitments and has them in `Masked`; anybody can check them: peers commit to the
/// same masks, and with s = 1 where the trainer's address is the lower, else -1, C(masked update) = C(update) + sum of
/// s * (C(mask) - B). Who posted what does not fit can be challenged.
///
/// Commitments: C(v) is the KZG commitment of a vector v by the task's SRS as EZKL makes it, a G1 point. It is affine:
/// C(a) + C(b) = C(a + b) + B with B = C(0), the task's `offset`; a basis point is L_i = C(e_i) - B. A proof starts
/// with the commitments of its statement's vectors:
///   train:   0 model [w | tag] · 1 data · 2 salts · 3 update [w' | 0 | salts]
///   average: 0 model [avg | tag] · 1 private · 2 public [n | aggregator] · 3 sum [sum w' | tag | sums of salts]
///
/// Trust. There is no owner and nothing can be changed once a task is created, so all trust is in what its creator
/// fixed. The contract cannot judge that, and a node MUST recompute it before it stakes anything:
///   - verifiers: whoever wrote them decides what counts as proved. A verifier that accepts anything lets anybody write
///     models and take rewards. Rebuild both from the manifest's circuits and compare the code that stands at their
///     addresses. `createTask` only pins the code it saw.
///   - offset and basis points: false ones break the link between sums and proofs (no average can be accepted, or a
///     false one can). Recompute all four from the SRS, and `basisHash` too. That they lie on the curve is all that is
///     checked.
///   - SRS: whoever knows its secret can forge every proof. A development SRS is for local chains.
///   - the first model: compare its commitment with the bytes behind its CID.
///   - stake, fee, roster size and periods: bounded here, else the creator's choice. Short phases may leave no time to
///     prove or to mask.
/// A creator cannot touch stake, or rewards of rounds that are finalized; it gets back only what no round has used.
interface ITaskManager is IERC165, IERC7572 {
    /*//////////////////////////////////////////////////////////////
                                 TYPES
    //////////////////////////////////////////////////////////////*/

    /// @notice Where a round is. The last three are ends.
    enum Phase {
        None, // no such round, or not yet
        Join, // enrolled trainers join the roster
        Train, // the roster is fixed; its trainers submit proofs of their updates
        Mask, // the accepted updates are fixed; an attempt's members publish theirs masked
        Aggregate, // anyone posts the proved average
        Challenge, // an average is accepted; its bytes can be demanded
        Finalized, // the average is the task's model
        Failed, // too few updates or masked updates, or nobody aggregated
        Skipped // too few joined, or the first model was withheld
    }

    /// @notice Where a trainer is in a round.
    enum TrainerStatus {
        None, // not on the roster
        Joined, // on the roster, nothing submitted
        Submitted, // its update was accepted; `RosterEntry.attempt` says whether it masked it
        Accused, // challenged in the attempt, and not acquitted; at fault unless an average was accepted in that attempt
        Guilty, // shown to have posted a wrong mask or wrong peers; has no share, though an average be accepted
        Rewarded // its share of the finalized round was collected
    }

    /// @notice All that a task fixes for good. The contract's checks are listed at `createTask`; for the rest see
    /// "Trust".
    /// @dev Ordered for packing: submit reads the first slot of it, aggregate the second to fourth, join the second and
    /// third.
    struct TaskConfig {
        /// Checks the statement `train`.
        address trainVerifier;
        /// log2 of the rows of every circuit of the task; the SRS is of exactly this size.
        uint8 k;
        /// D: how many weights the model has.
        uint32 dimension;
        /// Length of one attempt at masking, in seconds.
        uint32 maskPeriod;
        /// Checks the statement `average`.
        address averageVerifier;
        /// What enrolment locks of a trainer's stake, and posting an average of an aggregator's, in wei. May be zero:
        /// then a seat on the roster costs only gas, and a fault nothing.
        uint96 stake;
        /// What a finalized round pays its aggregator, in wei.
        uint96 aggregatorFee;
        /// How many rounds the task has, the skipped and failed ones included.
        uint32 rounds;
        /// Least number of trainers on a roster, and of updates in an average.
        uint16 minTrainers;
        /// Most trainers on a roster: the one who fills it starts Train.
        uint16 maxTrainers;
        /// Length of the other phases, in seconds.
        uint32 joinPeriod;
        uint32 trainPeriod;
        uint32 aggregatePeriod;
        /// What a challenger puts up for each challenge, in wei: it goes to the challenged who answers rightly, for its
        /// gas.
        uint96 challengeBond;
        /// How long at least the accused have to answer, in seconds.
        uint32 answerPeriod;
        /// Length of Challenge, in seconds, if nobody demands the bytes.
        uint32 challengePeriod;
        /// From `unenrol` to `release`, in seconds at least.
        uint32 unbondingPeriod;
        /// What a fault costs, in 1/10,000 of the stake; of the pool's rest, for a creator.
        uint16 faultSlash;
        /// What a missed duty costs, in 1/10,000 of the stake.
        uint16 absenceSlash;
        /// keccak256 of the verifiers' runtime code.
        bytes32 trainCodeHash;
        bytes32 averageCodeHash;
        /// sha2-256 digest of the task manifest (CIDv1, raw).
        bytes32 manifest;
        /// Which SRS the circuits use.
        bytes32 srs;
        /// keccak256 of the D + 9 basis points from L_0 on, as many as an update has entries, 64 bytes each: for
        /// openings.
        bytes32 basisHash;
        /// B, the commitment of the zero vector.
        G1 offset;
        /// L_0 and L_1, the basis points of [n | aggregator].
        G1 basis0;
        G1 basis1;
        /// L_D, the basis point of the tag.
        G1 basisD;
    }

    /// @notice What changes while a task runs.
    /// @dev The second slot holds all that changes with every step; what a round leaves behind is in its `Round`.
    struct TaskState {
        /// Who published the task.
        address creator;
        /// What was escrowed for rewards, in wei; a round's part is `pool / rounds`.
        uint96 pool;
        /// What of the pool is owed or paid: by finalized rounds, and to the creator in the end. A finalized round owes
        /// nothing to those who were convicted in it.
        uint96 spent;
        /// The phase's deadline in Unix seconds: the first second in which its work is refused. 0 after the end.
        uint40 deadline;
        /// The running round; after the end, the last one.
        uint32 round;
        /// How many trainers have joined the running round.
        uint16 joined;
        /// How many updates of the running round are accepted.
        uint16 submitted;
        /// Which attempt at masking runs or has succeeded, from 1; 0 before Mask.
        uint16 attempt;
        /// How many trainers the attempt has: all of them must mask.
        uint16 members;
        /// How many are accused or guilty in the attempt that is aggregated; 1 in Challenge or Join if the model's
        /// bytes are demanded.
        uint16 accused;
        /// The running round's phase. Finalized, Failed or Skipped: the task has ended.
        Phase phase;
        /// keccak256 of the current model's commitment. In Challenge that is still the model the round started from.
        bytes32 modelHash;
        /// In Mask and Aggregate: the commitment of the sum vector [sum w' | tag | sums of salts] of those who have
        /// masked in the attempt. Never zeroed, so that nobody pays for fresh slots; before an attempt's first it means
        /// nothing.
        G1 sum;
        /// In Mask and Aggregate: what orders the attempt's members on the circle, as in `MaskingStarted`.
        bytes32 seed;
        /// In Challenge: the commitment of the average that was accepted, and the digest of its document.
        G1 average;
        bytes32 averageCid;
    }

    /// @notice One round.
    /// @dev One slot. It is written by masking and at the end; `getRound` fills it in for the running round.
    struct Round {
        /// Where the round is.
        Phase phase;
        /// The last attempt at masking, from 1; 0 if there was none. Who masked in it has a share of a finalized round.
        uint16 attempt;
        /// How many trainers have masked in it; in a finalized round, of how many updates the model is the average.
        uint16 masked;
        /// Who posted the average; zero unless the round is finalized, or in Challenge.
        address aggregator;
        /// Whether the aggregator has collected its fee.
        bool feeCollected;
        /// How many averages were accepted in it, those that were taken back included.
        uint8 averages;
        /// When it ended, in Unix seconds; 0 while it runs.
        uint40 endedAt;
    }

    /// @notice A trainer's part in one round.
    /// @dev The first slot is written by submitting and overwritten by masking, the second written by masking. That a
    /// trainer has joined is in its enrolment until the round is settled. 232 bits of a hash still bind: 2^116 work to
    /// collide.
    struct RosterEntry {
        /// Where the trainer is in the round.
        TrainerStatus status;
        /// The last attempt in which the trainer has masked its update, from 1; 0 if it has in none.
        uint16 attempt;
        /// First 29 bytes of keccak256(update x, update y), 32 bytes each; `Submitted` carries both.
        bytes29 updateHash;
        /// keccak256(abi.encode(posting)) of what it last called `mask` with; zero before.
        bytes32 postingHash;
    }

    /// @notice A trainer's enrolment in a task.
    struct Enrolment {
        /// keccak256 of its data commitment; zero if the trainer is not enrolled.
        bytes32 dataHash;
        /// keccak256 of its mask key.
        bytes32 maskKeyHash;
        /// What is locked of its stake for this enrolment, in wei: the task's stake, less what was slashed since it
        /// last joined.
        uint96 stake;
        /// The last round it joined that is not settled; 0 if there is none.
        uint32 unsettled;
        /// When its stake can be released, in Unix seconds; 0 unless it is leaving. It can no longer join then.
        uint40 releasableAt;
    }

    /// @notice A trainer's mask with one peer, as committed to.
    struct PeerMask {
        address peer;
        G1 commitment;
    }

    /// @notice What a trainer posts in an attempt at masking.
    struct Posting {
        /// The commitment of its update without masks, as in `Submitted`.
        G1 update;
        /// The digest of the update document, which holds the masked update.
        bytes32 cid;
        /// Its peers, addresses ascending, each with the commitment of the mask they share.
        PeerMask[] masks;
    }

    /*//////////////////////////////////////////////////////////////
                                 ERRORS
    //////////////////////////////////////////////////////////////*/

    /// @notice Thrown when deploying with a contract that serves another TaskManager, or a StakeManager that serves
    /// another ChallengeManager (then `expected` and `actual` are those).
    error WrongTaskManager(address deployed, address expected, address actual);

    /// @notice Thrown when no task has this id.
    error UnknownTask(uint256 taskId);

    /// @notice Thrown when `minTrainers` is under 3, or `maxTrainers` under it or above `MAX_TRAINERS`.
    error InvalidTrainers(uint256 minTrainers, uint256 maxTrainers);

    /// @notice Thrown when the number of rounds is zero or above `MAX_ROUNDS`.
    error InvalidRounds(uint256 rounds);

    /// @notice Thrown when a period is zero or above `MAX_PERIOD`.
    error InvalidPeriod(uint256 period);

    /// @notice Thrown when the attempts that a full roster may need for masking could together last longer than
    /// `MAX_PERIOD`.
    error MaskingTooLong(uint256 maskPeriod, uint256 attempts);

    /// @notice Thrown when a slash is above 10,000 parts, or an absence would cost more than a fault.
    error InvalidSlash(uint256 faultSlash, uint256 absenceSlash);

    /// @notice Thrown when there are no weights, or more than `MAX_DIMENSION`, or when an update vector does not fit
    /// 2^k rows, or k is above `MAX_K`.
    error InvalidDimension(uint256 dimension, uint256 k);

    /// @notice Thrown when the aggregator's fee is more than a round's part of the pool.
    error InvalidFee(uint256 aggregatorFee, uint256 roundPool);

    /// @notice Thrown when no contract stands at a verifier's address, or another one than the config says.
    error InvalidVerifier(address verifier, bytes32 expectedCodeHash, bytes32 actualCodeHash);

    /// @notice Thrown when a digest of something that must lie in storage is zero.
    error MissingCid();

    /// @notice Thrown when a trainer would enrol in a task that has ended.
    error TaskEnded(uint256 taskId);

    /// @notice Thrown when the round is in another phase than the call needs. After a deadline, `advance` first.
    error WrongPhase(Phase expected, Phase actual);

    /// @notice Thrown when the phase is right but its time is over, whether or not anybody has advanced the round.
    error DeadlinePassed(uint256 deadline, uint256 timestamp);

    /// @notice Thrown when the phase's deadline has not passed, or the task has ended.
    error NothingToAdvance(uint256 taskId, Phase phase, uint256 deadline);

    /// @notice Thrown when the trainer is not enrolled in the task.
    error NotEnrolled(uint256 taskId, address trainer);

    /// @notice Thrown when the trainer is enrolled already.
    error AlreadyEnrolled(uint256 taskId, address trainer);

    /// @notice Thrown when these data were registered in the task by another trainer, even if it is enrolled no more.
    error DataAlreadyRegistered(uint256 taskId, bytes32 dataHash, address trainer);

    /// @notice Thrown when a data commitment is that of the zero vector.
    error EmptyData();

    /// @notice Thrown when the trainer has joined the round already.
    error AlreadyJoined(uint256 taskId, uint256 round, address trainer);

    /// @notice Thrown when the roster is full and waits for the first model's bytes.
    error RosterFull(uint256 taskId, uint256 round);

    /// @notice Thrown when the trainer has no seat in the running round.
    error NotOnRoster(uint256 taskId, uint256 round, address trainer);

    /// @notice Thrown when the trainer's update for the round was accepted already.
    error AlreadySubmitted(uint256 taskId, uint256 round, address trainer);

    /// @notice Thrown when the trainer is not of the attempt: its update was not accepted, or it missed an earlier
    /// attempt.
    error NotAMember(uint256 taskId, uint256 round, uint256 attempt, address trainer);

    /// @notice Thrown when the trainer has masked its update in the attempt already.
    error AlreadyMasked(uint256 taskId, uint256 round, uint256 attempt, address trainer);

    /// @notice Thrown when the commitment is another than that of the sender's accepted update.
    error UpdateMismatch(bytes29 expected, bytes29 actual);

    /// @notice Thrown when there is not one mask commitment for each peer.
    error WrongMaskCount(uint256 expected, uint256 actual);

    /// @notice Thrown when a peer is the sender, not of the attempt, or not above the peer before it.
    error WrongPeer(address peer);

    /// @notice Thrown when a trainer that is leaving would join a round, or leave again.
    error Leaving(uint256 taskId, address trainer, uint256 releasableAt);

    /// @notice Thrown when stake is released that is not unbonding, or not long enough: 0 where `unenrol` comes first.
    error NotReleasable(uint256 taskId, address trainer, uint256 releasableAt);

    /// @notice Thrown when a trainer's last round is to be settled while it runs.
    error RoundRunning(uint256 taskId, uint256 round);

    /// @notice Thrown when the trainer has no round that is not settled.
    error NothingToSettle(uint256 taskId, address trainer);

    /// @notice Thrown when anyone but the ChallengeManager calls a function that is its own.
    error UnauthorizedCaller(address caller);

    /// @notice Thrown when a trainer cannot be accused: it is not of the attempt that is aggregated, it is accused or
    /// guilty already, or an average of the attempt was accepted once, so that its bytes were had.
    error NotAccusable(uint256 taskId, uint256 round, address trainer);

    /// @notice Thrown when a trainer is not accused in this attempt of this round.
    error NotAccused(uint256 taskId, uint256 round, uint256 attempt, address trainer);

    /// @notice Thrown when no model's bytes can be demanded now, or they have been already.
    error ModelNotAccusable(uint256 taskId, Phase phase);

    /// @notice Thrown when the model is not accused.
    error ModelNotAccused(uint256 taskId);

    /// @notice Thrown when a proof starts from another model than the current one: stale, or another task's or chain's.
    error ModelMismatch(bytes32 expected, bytes32 actual);

    /// @notice Thrown when a proof is about other data than the sender's: somebody else's, or not registered.
    error DataMismatch(bytes32 expected, bytes32 actual);

    /// @notice Thrown when an average is of another sum than that of exactly the masked updates.
    error SumMismatch(bytes32 expected, bytes32 actual);

    /// @notice Thrown when an average was proved for another aggregator or number of updates.
    error PublicMismatch(bytes32 expected, bytes32 actual);

    /// @notice Thrown when the verifier returns false or reverts; also if the call's gas does not suffice for it.
    error InvalidProof(address verifier);

    /// @notice Thrown when rewards are collected of a round that is not finalized.
    error RoundNotFinalized(uint256 taskId, uint256 round, Phase phase);

    /// @notice Thrown when the account has nothing to collect of the rounds it names, or has collected it.
    error NothingToCollect(uint256 taskId, address account);

    /// @notice Thrown when the pool's rest is reclaimed before the task has ended.
    error TaskRunning(uint256 taskId, uint256 round);

    /// @notice Thrown when nothing is left of the pool.
    error NothingToReclaim(uint256 taskId);

    /*//////////////////////////////////////////////////////////////
                                 EVENTS
    //////////////////////////////////////////////////////////////*/

    /// @notice A task was published. Its first model is in the registry's `ModelAdded` of round 0.
    /// @param taskId The task.
    /// @param creator Who published it.
    /// @param manifest As in `config`: the digest of the task manifest.
    /// @param pool What was escrowed for rewards, in wei.
    /// @param config All that the task fixes.
    event TaskCreated(
        uint256 indexed taskId, address indexed creator, bytes32 indexed manifest, uint256 pool, TaskConfig config
    );

    /// @notice A trainer enrolled with the commitment of its data and its mask key, and `stake` was locked.
    event Enrolled(uint256 indexed taskId, address indexed trainer, G1 data, G1 maskKey, uint256 stake);

    /// @notice A trainer is leaving the task, of its own will or for a fault; its stake can be released at
    /// `releasableAt`.
    event Unenrolled(uint256 indexed taskId, address indexed trainer, uint256 releasableAt);

    /// @notice A trainer that left has its `stake` back, and is no longer enrolled.
    event Released(uint256 indexed taskId, address indexed trainer, uint256 stake);

    /// @notice A trainer's part in a round was settled: it had missed a duty, or was at fault, and `slashed` was burnt.
    event TrainerSlashed(
        uint256 indexed taskId, uint256 indexed round, address indexed trainer, bool fault, uint256 slashed
    );

    /// @notice A trainer's part in a round was settled by `settle`, and `slashed` was burnt. `join` and `release` settle
    /// too, and say so by nothing else than their own events.
    event Settled(uint256 indexed taskId, uint256 indexed round, address indexed trainer, uint256 slashed);

    /// @notice A trainer joined the round; `joined` are on the roster now.
    event Joined(uint256 indexed taskId, uint256 indexed round, address indexed trainer, uint256 joined);

    /// @notice A trainer's update was accepted; `submitted` are now.
    event Submitted(
        uint256 indexed taskId, uint256 indexed round, address indexed trainer, G1 update, uint256 submitted
    );

    /// @notice An attempt at masking started.
    /// @param taskId The task.
    /// @param round The round.
    /// @param attempt Which attempt of the round, from 1.
    /// @param members How many trainers it has: in the first, those of `Submitted`; then those of the last attempt's
    /// `Masked`.
    /// @param seed What orders them on the circle: keccak256(abi.encode(hash of the block before, taskId, round,
    /// attempt)).
    event MaskingStarted(uint256 indexed taskId, uint256 indexed round, uint256 attempt, uint256 members, bytes32 seed);

    /// @notice A trainer masked its update; `masked` of the attempt's members have now.
    /// @param taskId The task.
    /// @param round The round.
    /// @param attempt Which attempt of the round.
    /// @param trainer Whose update it is.
    /// @param posting What it posted.
    /// @param masked How many members have masked now.
    event Masked(
        uint256 indexed taskId,
        uint256 indexed round,
        uint256 attempt,
        address indexed trainer,
        Posting posting,
        uint256 masked
    );

    /// @notice A round's average was accepted. It becomes the task's model unless its bytes are demanded and withheld.
    /// @param taskId The task.
    /// @param round The round.
    /// @param aggregator Who posted it.
    /// @param oldModelHash The model the round started from.
    /// @param newModelHash The average: keccak256 of `average`.
    /// @param average Its commitment.
    /// @param cid The digest of the model document.
    event Aggregated(
        uint256 indexed taskId,
        uint256 indexed round,
        address indexed aggregator,
        bytes32 oldModelHash,
        bytes32 newModelHash,
        G1 average,
        bytes32 cid
    );

    /// @notice An average was taken back: nobody showed its bytes in time. `slashed` of the aggregator's stake was
    /// burnt.
    event AverageRevoked(uint256 indexed taskId, uint256 indexed round, address indexed aggregator, uint256 slashed);

    /// @notice The task ended because nobody showed its first model's bytes in time; `slashed` of its pool was burnt.
    event FirstModelWithheld(uint256 indexed taskId, address indexed creator, uint256 slashed);

    /// @notice A member of the attempt was accused and has until `deadline` to answer.
    event Accused(
        uint256 indexed taskId, uint256 indexed round, uint256 attempt, address indexed trainer, uint256 deadline
    );

    /// @notice A member was acquitted; `deadline` is the phase's now.
    event Acquitted(
        uint256 indexed taskId, uint256 indexed round, uint256 attempt, address indexed trainer, uint256 deadline
    );

    /// @notice A member was convicted: it is left out when the attempt ends, and loses stake. `deadline` is the phase's
    /// now.
    event Convicted(
        uint256 indexed taskId, uint256 indexed round, uint256 attempt, address indexed trainer, uint256 deadline
    );

    /// @notice The bytes of the average (in Challenge) or of the first model (in Join) were demanded.
    event ModelAccused(uint256 indexed taskId, uint256 indexed round, address indexed accused, uint256 deadline);

    /// @notice The bytes that were demanded were shown.
    event ModelAcquitted(uint256 indexed taskId, uint256 indexed round, address indexed accused);

    /// @notice A round moved on. A round starts with None -> Join and ends in Finalized, Failed or Skipped. A further
    /// attempt at masking is Mask -> Mask.
    /// @param taskId The task.
    /// @param round The round.
    /// @param from The phase it left.
    /// @param to The phase it entered.
    /// @param deadline The deadline of `to`; 0 where that is an end.
    event PhaseChanged(uint256 indexed taskId, uint256 indexed round, Phase from, Phase to, uint256 deadline);

    /// @notice What a finalized round owed the account, as trainer or aggregator or both, was credited to it.
    event RewardCollected(uint256 indexed taskId, uint256 indexed round, address indexed account, uint256 amount);

    /// @notice What was left of an ended task's pool was credited to its creator.
    event PoolReclaimed(uint256 indexed taskId, address indexed creator, uint256 amount);

    /*//////////////////////////////////////////////////////////////
                               TASK CREATORS
    //////////////////////////////////////////////////////////////*/

    /// @notice Publishes a task. The value sent is its reward pool.
    /// Effects: the task gets the next id and starts round 1's Join; the pool is escrowed; the first model, whose
    /// commitment is `model + tag * basisD`, is the registry's for round 0. Emits `TaskCreated` and `PhaseChanged`.
    /// Requirements: 3 <= minTrainers <= maxTrainers <= MAX_TRAINERS (`InvalidTrainers`); 1 <= rounds <= MAX_ROUNDS
    /// (`InvalidRounds`); every period from 1 to MAX_PERIOD (`InvalidPeriod`), and that of masking also
    /// maxTrainers - minTrainers + 1 times (`MaskingTooLong`); absenceSlash <= faultSlash <= 10,000 (`InvalidSlash`);
    /// 1 <= dimension <= MAX_DIMENSION, k <= MAX_K and dimension + 2 <= 2^k (`InvalidDimension`); aggregatorFee <= pool
    /// / rounds (`InvalidFee`); verifiers with the code of the config (`InvalidVerifier`); manifest and model CIDs
    /// (`MissingCid`); offset, basis points and model canonical points of the curve other than the identity
    /// (`BN254.InvalidPoint`); a pool under 2^96 wei.
    /// @param config What the task fixes.
    /// @param model The commitment of the first model with tag 0, [w | 0]: so the id need not be known beforehand.
    /// @param modelCid The digest of the first model's document.
    /// @return taskId The task's id, from 1.
    function createTask(
        TaskConfig calldata config,
        G1 calldata model,
        bytes32 modelCid
    )
        external
        payable
        returns (uint256 taskId);

    /// @notice Credits what an ended task has left of its pool to its creator. Anyone may call it.
    /// Effects: the creator can claim it from the StakeManager; what finalized rounds owe stays in escrow. The shares of
    /// those who were convicted in them are not owed. Emits `PoolReclaimed`.
    /// Requirements: the task has ended (`TaskRunning`); something is left (`NothingToReclaim`).
    /// @return amount What was credited, in wei.
    function reclaim(uint256 taskId) external returns (uint256 amount);

    /*//////////////////////////////////////////////////////////////
                                TRAINERS
    //////////////////////////////////////////////////////////////*/

    /// @notice Enrols the sender in a task with the commitment of its data and the key for its masks.
    /// Effects: the data belong to the sender in this task for good; the task's stake is locked. Emits `Enrolled`.
    /// Requirements: the task has not ended (`TaskEnded`) and the sender is not enrolled (`AlreadyEnrolled`); `data`
    /// and `maskKey` are canonical points of the curve other than the identity (`BN254.InvalidPoint`); `data` is not
    /// the zero vector's (`EmptyData`) and not registered by another trainer (`DataAlreadyRegistered`); enough stake is
    /// free (`IStakeManager.InsufficientStake`).
    /// @dev Data stay registered after `unenrol`: else somebody could register such data and send its old proofs as his
    /// own. Whoever sees an enrolment in the mempool can register its point first, at the price of locking a stake; the
    /// victim salts its data anew and enrols again. Mask keys need not differ: whoever enrols with another's key, or
    /// with one made of others', cannot compute its own masks, and a mask is bound to the addresses of both peers.
    /// @param taskId The task.
    /// @param data The commitment of the salted data matrix.
    /// @param maskKey K = x * G with the sender's secret x and G = (1, 2). Two peers share x_i * K_j = x_j * K_i.
    function enrol(uint256 taskId, G1 calldata data, G1 calldata maskKey) external;

    /// @notice Starts the unbonding of the sender's stake.
    /// Effects: the sender can no longer join; a round that it has joined it should finish, and slashing reaches its
    /// stake until it is released. Emits `Unenrolled`.
    /// Requirements: the sender is enrolled (`NotEnrolled`) and not leaving (`Leaving`).
    function unenrol(uint256 taskId) external;

    /// @notice Ends the sender's enrolment and frees its stake.
    /// Effects: its last round is settled; what is left of the stake is free; rewards already earned stay. Emits
    /// `Released`, and `TrainerSlashed` as `settle` does.
    /// Requirements: the sender is enrolled (`NotEnrolled`); `unbondingPeriod` has passed since it left
    /// (`NotReleasable`); the last round that it joined is over (`RoundRunning`).
    function release(uint256 taskId) external;

    /// @notice Carries out what a trainer's last round cost it. Anyone may call it.
    /// Effects: nothing of the round is open any more. If it was at fault, `faultSlash` of the task's stake is burnt
    /// and it leaves the task; if it had missed a duty, `absenceSlash` is: at most what is locked. Emits
    /// `TrainerSlashed` then, and `Unenrolled` when it was at fault and not leaving; `Settled` always.
    /// Requirements: the trainer has an unsettled round (`NothingToSettle`), which is over (`RoundRunning`).
    /// @dev At fault: `Guilty`; `Accused`, and the attempt ended so (a further one started, or the round failed, and no
    /// average of it was accepted). Missed a duty: `Joined` in a round that was not skipped; `Submitted`, and the round
    /// had an attempt after the last that it masked in.
    /// @return slashed What was burnt, in wei.
    function settle(uint256 taskId, address trainer) external returns (uint256 slashed);

    /// @notice Puts the sender on the running round's roster.
    /// Effects: its last round is settled, with the events of `settle`; what is missing of its locked stake is locked
    /// again; the sender is on the roster. If that makes `maxTrainers` and the first model's bytes are not demanded,
    /// Train starts. Emits `Joined`, and `PhaseChanged` then.
    /// Requirements: phase Join (`WrongPhase`) before its deadline (`DeadlinePassed`); the sender is enrolled
    /// (`NotEnrolled`), not leaving or at fault (`Leaving`), and has not joined (`AlreadyJoined`); the missing stake is
    /// free (`IStakeManager.InsufficientStake`); the roster is not full (`RosterFull`).
    /// @return round The round joined.
    function join(uint256 taskId) external returns (uint256 round);

    /// @notice Submits the proof of the sender's update, and nothing of the update but its commitment.
    /// Effects: the update is accepted. If it is the roster's last, Mask starts. Emits `Submitted`, and `PhaseChanged`
    /// and `MaskingStarted` then.
    /// Requirements: phase Train (`WrongPhase`) before its deadline (`DeadlinePassed`); the sender is on the roster
    /// (`NotOnRoster`) and has not submitted (`AlreadySubmitted`); a proof that starts with four points
    /// (`Commitments.ProofTooShort`), of the current model (`ModelMismatch`), of the sender's data (`DataMismatch`), of
    /// an update whose commitment is a canonical point other than the identity (`BN254.InvalidPoint`), and that the
    /// train verifier accepts (`InvalidProof`).
    /// @dev After a failed round the model is the same, so a trainer may send its old proof again; nobody else can.
    /// @param taskId The task.
    /// @param proof The proof of statement `train`.
    function submit(uint256 taskId, bytes calldata proof) external;

    /// @notice Commits to the sender's accepted update under masks. Whether these are right, the contract does not ask:
    /// wrong ones stop the round, since nobody finds the sum, and can change no model.
    /// Effects: the update's commitment is added to the attempt's sum. If it is the last member's, Aggregate starts.
    /// Emits `Masked`, and `PhaseChanged` then.
    /// Requirements: phase Mask (`WrongPhase`) before its deadline (`DeadlinePassed`); the sender is of the attempt
    /// (`NotAMember`) and has not masked in it (`AlreadyMasked`); a CID (`MissingCid`); the update is that of the
    /// sender's `Submitted` (`UpdateMismatch`); as many masks as `peerCount(members)` (`WrongMaskCount`), with other
    /// members of the attempt, addresses ascending (`WrongPeer`), and commitments that are canonical points of the
    /// curve other than the identity (`BN254.InvalidPoint`).
    /// @dev Up to 17 members these can only be the right peers. Of more, `IChallengeManager.proveWrongPeer` judges.
    /// @param taskId The task.
    /// @param posting What the sender commits to.
    function mask(uint256 taskId, Posting calldata posting) external;

    /*//////////////////////////////////////////////////////////////
                                 ANYONE
    //////////////////////////////////////////////////////////////*/

    /// @notice Posts the proved average of the round's updates. The first valid one wins the fee.
    /// Effects: `stake` of the sender's is locked until the round is finalized; whoever is accused no longer is at
    /// fault; Challenge starts. Emits `Aggregated` and `PhaseChanged`.
    /// Requirements: phase Aggregate (`WrongPhase`) before its deadline (`DeadlinePassed`); a CID (`MissingCid`); a
    /// proof that starts with four points (`Commitments.ProofTooShort`), of the sum of the updates of exactly those who
    /// masked in the round's last attempt (`SumMismatch`), of their number and the sender (`PublicMismatch`), and that
    /// the average verifier accepts (`InvalidProof`); enough stake is free (`IStakeManager.InsufficientStake`).
    /// @dev The proof names its aggregator, so it is worthless to whoever copies it from the mempool.
    /// @param taskId The task.
    /// @param proof The proof of statement `average`.
    /// @param cid The digest of the model document.
    function aggregate(uint256 taskId, bytes calldata proof, bytes32 cid) external;

    /// @notice Moves a round on whose phase is over.
    /// Effects: Join leads to Train, or to Skipped if too few joined, or ends the task if the first model's bytes were
    /// demanded in vain; Train to Mask, or Failed if too few submitted; Mask to a new attempt of those who masked, or
    /// Failed if they are too few; Aggregate to a new attempt of those not accused, or Failed if they are too few or
    /// nobody is accused; Challenge to Finalized, where the average becomes the task's model, also in the registry, and
    /// the aggregator's stake is free again; or, if its bytes were demanded in vain, back to Aggregate with
    /// `faultSlash` of that stake burnt, or to Failed after `MAX_AVERAGES`. The next phase's time counts from now.
    /// After an end the next round's Join starts, or the task ends. Emits `PhaseChanged`, `MaskingStarted` with an
    /// attempt, `AverageRevoked` or `FirstModelWithheld` where it is so.
    /// Requirements: the deadline has passed and the task has not ended (`NothingToAdvance`).
    /// @dev One call is one step, however late. Called twice, the second finds nothing to do.
    function advance(uint256 taskId) external;

    /// @notice Credits to the sender what finalized rounds owe it: its share as a trainer, the fee as their aggregator.
    /// Effects: the sender can claim it from the StakeManager. Emits `RewardCollected` for each round that owed
    /// something.
    /// Requirements: every round named is finalized (`RoundNotFinalized`); together they owe something
    /// (`NothingToCollect`).
    /// @param taskId The task.
    /// @param rounds Which rounds.
    /// @return amount What was credited, in wei.
    function collect(uint256 taskId, uint32[] calldata rounds) external returns (uint256 amount);

    /*//////////////////////////////////////////////////////////////
                       ONLY THE CHALLENGE MANAGER
    //////////////////////////////////////////////////////////////*/

    /// @notice Accuses a member of the attempt that is aggregated.
    /// Effects: it is `Accused`; the deadline is at least `answerPeriod` from now. Emits `Accused`.
    /// Requirements: called by the ChallengeManager (`UnauthorizedCaller`); phase Aggregate (`WrongPhase`) before its
    /// deadline (`DeadlinePassed`); the trainer has masked in the attempt, is neither accused nor guilty, and no
    /// average of the attempt was accepted (`NotAccusable`).
    function accuse(uint256 taskId, address trainer) external;

    /// @notice Acquits a member accused in this attempt.
    /// Effects: it is `Submitted` again; the deadline is at least `answerPeriod` from now, so that others can still
    /// accuse it. Emits `Acquitted`.
    /// Requirements: called by the ChallengeManager (`UnauthorizedCaller`); phase Aggregate (`WrongPhase`) before its
    /// deadline (`DeadlinePassed`), of this round and attempt, and it is accused (`NotAccused`).
    function acquit(uint256 taskId, uint256 round, uint256 attempt, address trainer) external;

    /// @notice Convicts a member of the attempt that is aggregated.
    /// Effects: it is `Guilty`; if it was not accused, the deadline is at least `answerPeriod` from now. Emits
    /// `Convicted`.
    /// Requirements: as for `accuse`, but it may be accused already.
    function convict(uint256 taskId, address trainer) external;

    /// @notice Demands the bytes of the average in Challenge, or of the first model in Join.
    /// Effects: the deadline is at least `answerPeriod` from now. Emits `ModelAccused`.
    /// Requirements: called by the ChallengeManager (`UnauthorizedCaller`); one of these phases, in Join with the first
    /// model still the task's, and not demanded already (`ModelNotAccusable`); before the deadline (`DeadlinePassed`).
    /// @return accused Who has to show them: the aggregator, or the creator.
    function accuseModel(uint256 taskId) external returns (address accused);

    /// @notice The bytes that were demanded have been shown.
    /// Effects: the round is finalized, as by `advance`; or Join goes on, or ends if the roster is full. Emits
    /// `ModelAcquitted` and what follows.
    /// Requirements: called by the ChallengeManager (`UnauthorizedCaller`); they are demanded (`ModelNotAccused`);
    /// before the deadline (`DeadlinePassed`).
    function acquitModel(uint256 taskId) external;

    /*//////////////////////////////////////////////////////////////
                                 VIEWS
    //////////////////////////////////////////////////////////////*/

    /// @notice The StakeManager of this deployment.
    function stakeManager() external view returns (address deployed);

    /// @notice The ChallengeManager of this deployment.
    function challengeManager() external view returns (address deployed);

    /// @notice The ModelRegistry of this deployment.
    function modelRegistry() external view returns (address deployed);

    /// @notice How many tasks there are: their ids are 1 to this.
    function taskCount() external view returns (uint256 count);

    /// @notice A task's config and state. Reverts with `UnknownTask` if there is none.
    function getTask(uint256 taskId) external view returns (TaskConfig memory config, TaskState memory state);

    /// @notice One round of a task; all zero if it has not started, or there is no such task.
    function getRound(uint256 taskId, uint256 round) external view returns (Round memory result);

    /// @notice A trainer's part in a round: whether it joined, submitted and masked, and what.
    function getRosterEntry(
        uint256 taskId,
        uint256 round,
        address trainer
    )
        external
        view
        returns (RosterEntry memory entry);

    /// @notice A trainer's enrolment; all zero if it is not enrolled.
    function getEnrolment(uint256 taskId, address trainer) external view returns (Enrolment memory enrolment);

    /// @notice What `settle` would burn of the trainer's stake now, in wei, and whether for a fault. 0 also where it
    /// would revert.
    function slashOf(uint256 taskId, address trainer) external view returns (uint256 amount, bool fault);

    /// @notice Who registered the data with this hash in the task; zero if nobody has.
    function dataOwner(uint256 taskId, bytes32 dataHash) external view returns (address trainer);

    /// @notice Where the task is. Reverts with `UnknownTask` if there is none.
    /// @return round The running round; after the end, the last one.
    /// @return phase Its phase as stored: it stays until somebody advances it.
    /// @return deadline Its deadline; 0 after the end.
    /// @return next The phase to which `advance` would move it now; Mask in Mask is a new attempt; None if there is
    /// nothing to advance.
    function currentPhase(uint256 taskId)
        external
        view
        returns (uint256 round, Phase phase, uint256 deadline, Phase next);

    /// @notice The task's tag, the last entry of its model vectors: keccak256(abi.encode(chain id, this contract, task
    /// id)) modulo the group order. It makes a commitment of this task worthless in any other task, deployment or
    /// chain.
    function tag(uint256 taskId) external view returns (uint256 entry);

    /// @notice How many peers each of `members` has, and so masks: all others, but `MAX_PEERS` at most.
    function peerCount(uint256 members) external view returns (uint256 peers);

    /// @notice What `collect` would credit the account for the round, in wei; 0 also where it would revert.
    function rewardOf(uint256 taskId, uint256 round, address account) external view returns (uint256 amount);

    /// @notice Most trainers a roster may have.
    function MAX_TRAINERS() external view returns (uint16 bound);

    /// @notice Most rounds a task may have.
    function MAX_ROUNDS() external view returns (uint32 bound);

    /// @notice Most peers a trainer has in an attempt at masking.
    function MAX_PEERS() external view returns (uint16 bound);

    /// @notice Most averages a round may accept: after so many whose bytes were withheld it fails.
    function MAX_AVERAGES() external view returns (uint8 bound);

    /// @notice The largest D a task may have: an update of so many weights can still be opened in one transaction.
    function MAX_DIMENSION() external view returns (uint32 bound);

    /// @notice The longest a period may last, in seconds, that of masking with all its attempts.
    function MAX_PERIOD() external view returns (uint32 bound);

    /// @notice The largest k a task may have.
    function MAX_K() external view returns (uint8 bound);
}
