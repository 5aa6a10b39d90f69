// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G1} from "../libraries/BN254.sol";

/// @title ITaskManager
/// @notice Tasks, their rosters and their rounds: the state machine of Headwater.
/// @dev A round goes Join -> Train -> Mask -> Aggregate -> Finalized, or ends Skipped (too few joined) or Failed (too few
/// updates or masked updates, or nobody aggregated in time). Every phase has a deadline. Work that is done moves the round on
/// at once; after a deadline anyone may `advance` it. A skipped or failed round consumes its number and leaves the model as it
/// was. The next round's Join starts the moment a round ends, and the task has ended when its last round has.
///
/// Masks. Nobody publishes an update. In Mask, those whose updates were accepted publish them masked: each adds to its update
/// one vector for each of its peers, and the peer subtracts the same one, so only the sum of all members' masked updates says
/// anything. Masking goes in attempts, since the masks cancel only if every member comes: where some do not, those who did
/// start again, with new masks, as the members of the next attempt. So each attempt has fewer members than the one before it;
/// who is missing costs the others one period, and nobody has to reveal a secret for it. But the masked updates of an attempt
/// that failed may add up with those of the next to somebody's update: a node should commit to its bytes here by their CID and
/// give them out only when all members have masked.
/// The members stand on a circle, in the order of keccak256(abi.encodePacked(seed, address)). Up to 17 of them are all
/// each other's peers; of more, the 8 next and the 8 previous on the circle are. A trainer commits to each mask, in the order
/// of its peers' places counted clockwise from its own (so the 8 next come first, then the 8 previous from the farthest on).
/// The contract only keeps these commitments in `Masked`; anybody can check them: peers commit to the same masks, and with
/// s = 1 where the trainer's address is the lower, else -1, C(masked update) = C(update) + sum of s * (C(mask) - B).
///
/// Commitments: C(v) is the KZG commitment of a vector v by the task's SRS as EZKL makes it, a G1 point. It is affine:
/// C(a) + C(b) = C(a + b) + B with B = C(0), the task's `offset`; a basis point is L_i = C(e_i) - B. A proof starts with
/// the commitments of its statement's vectors:
///   train:   0 model [w | tag] · 1 data · 2 salts · 3 update [w' | 0 | salts]
///   average: 0 model [avg | tag] · 1 private · 2 public [n | aggregator] · 3 sum [sum w' | tag | sums of salts]
///
/// Trust. There is no owner and nothing can be changed once a task is created, so all trust is in what its creator fixed.
/// The contract cannot judge that, and a node MUST recompute it before it stakes anything:
///   - verifiers: whoever wrote them decides what counts as proved. A verifier that accepts anything lets anybody write
///     models and take rewards. Rebuild both from the manifest's circuits and compare the code that stands at their
///     addresses. `createTask` only pins the code it saw.
///   - offset and basis points: false ones break the link between sums and proofs (no average can be accepted, or a false
///     one can). Recompute all four from the SRS, and `basisHash` too. That they lie on the curve is all that is checked.
///   - SRS: whoever knows its secret can forge every proof. A development SRS is for local chains.
///   - the first model: compare its commitment with the bytes behind its CID.
///   - stake, fee, roster size and periods: bounded here, else the creator's choice. Short phases may leave no time to prove
///     or to mask.
/// A creator cannot touch stake, or rewards of rounds that are finalized; it gets back only what no round has used.
interface ITaskManager {
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
        Finalized, // the average is the task's model
        Failed, // too few updates or masked updates, or nobody aggregated
        Skipped // too few joined
    }

    /// @notice Where a trainer is in a round.
    enum TrainerStatus {
        None, // not on the roster
        Joined, // on the roster, nothing submitted
        Submitted, // its update was accepted; `RosterEntry.attempt` says whether it masked it
        Rewarded // its share of the finalized round was collected
    }

    /// @notice All that a task fixes for good. The contract's checks are listed at `createTask`; for the rest see "Trust".
    /// @dev Ordered for packing: submit reads the first slot of it, aggregate the second and third, join the third. The slots
    /// after them up to `offset` are for nodes to read; no call that pays gas does.
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
        /// What enrolment locks of a trainer's stake, in wei. May be zero: then a seat on the roster costs only gas.
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
        /// keccak256 of the verifiers' runtime code.
        bytes32 trainCodeHash;
        bytes32 averageCodeHash;
        /// sha2-256 digest of the task manifest (CIDv1, raw).
        bytes32 manifest;
        /// Which SRS the circuits use.
        bytes32 srs;
        /// keccak256 of all basis points from L_0 on, 64 bytes each, for openings.
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
        /// What of the pool is owed or paid: by finalized rounds, and to the creator in the end.
        uint96 spent;
        /// The phase's deadline in Unix seconds: the first second in which its work is refused. 0 after the end.
        uint48 deadline;
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
        /// The running round's phase. Finalized, Failed or Skipped: the task has ended.
        Phase phase;
        /// keccak256 of the current model's commitment.
        bytes32 modelHash;
        /// In Mask and Aggregate: the commitment of the sum vector [sum w' | tag | sums of salts] of those who have masked in
        /// the attempt. Never zeroed, so that nobody pays for fresh slots; before an attempt's first it means nothing.
        G1 sum;
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
        /// Who posted the average; zero unless the round is finalized.
        address aggregator;
        /// Whether the aggregator has collected its fee.
        bool feeCollected;
        /// When it ended, in Unix seconds; 0 while it runs.
        uint48 endedAt;
    }

    /// @notice A trainer's part in one round.
    /// @dev One slot, written by joining and overwritten by submitting and masking. 232 bits of a hash still bind: 2^116 work
    /// to collide.
    struct RosterEntry {
        /// Where the trainer is in the round.
        TrainerStatus status;
        /// The last attempt in which the trainer has masked its update, from 1; 0 if it has in none.
        uint16 attempt;
        /// First 29 bytes of keccak256(update x, update y), 32 bytes each; `Submitted` carries both.
        bytes29 updateHash;
    }

    /*//////////////////////////////////////////////////////////////
                                 ERRORS
    //////////////////////////////////////////////////////////////*/

    /// @notice Thrown when deploying with a StakeManager or ModelRegistry that serves another TaskManager.
    error WrongTaskManager(address deployed, address expected, address actual);

    /// @notice Thrown when no task has this id.
    error UnknownTask(uint256 taskId);

    /// @notice Thrown when `minTrainers` is under 3, or `maxTrainers` under it or above `MAX_TRAINERS`.
    error InvalidTrainers(uint256 minTrainers, uint256 maxTrainers);

    /// @notice Thrown when the number of rounds is zero or above `MAX_ROUNDS`.
    error InvalidRounds(uint256 rounds);

    /// @notice Thrown when a period is zero or above `MAX_PERIOD`.
    error InvalidPeriod(uint256 period);

    /// @notice Thrown when the attempts that a full roster may need for masking could together last longer than `MAX_PERIOD`.
    error MaskingTooLong(uint256 maskPeriod, uint256 attempts);

    /// @notice Thrown when there are no weights, or when an update vector does not fit 2^k rows, or k is above `MAX_K`.
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

    /// @notice Thrown when the trainer has no seat in the running round.
    error NotOnRoster(uint256 taskId, uint256 round, address trainer);

    /// @notice Thrown when the trainer's update for the round was accepted already.
    error AlreadySubmitted(uint256 taskId, uint256 round, address trainer);

    /// @notice Thrown when the trainer is not of the attempt: its update was not accepted, or it missed an earlier attempt.
    error NotAMember(uint256 taskId, uint256 round, uint256 attempt, address trainer);

    /// @notice Thrown when the trainer has masked its update in the attempt already.
    error AlreadyMasked(uint256 taskId, uint256 round, uint256 attempt, address trainer);

    /// @notice Thrown when the commitment is another than that of the sender's accepted update.
    error UpdateMismatch(bytes29 expected, bytes29 actual);

    /// @notice Thrown when there is not one mask commitment for each peer.
    error WrongMaskCount(uint256 expected, uint256 actual);

    /// @notice Thrown when a trainer would end its enrolment while it is on the roster of the running round.
    error OnRoster(uint256 taskId, uint256 round, address trainer);

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

    /// @notice A task was published. Its first model is in the registry's `ModelAdded`, its config in `getTask`.
    event TaskCreated(uint256 indexed taskId, address indexed creator, bytes32 manifest, uint256 pool);

    /// @notice A trainer enrolled with the commitment of its data and its mask key, and `stake` was locked.
    event Enrolled(uint256 indexed taskId, address indexed trainer, G1 data, G1 maskKey, uint256 stake);

    /// @notice A trainer ended its enrolment, and `stake` was unlocked.
    event Unenrolled(uint256 indexed taskId, address indexed trainer, uint256 stake);

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
    /// @param members How many trainers it has: in the first, those of `Submitted`; then those of the last attempt's `Masked`.
    /// @param seed What orders them on the circle: keccak256(abi.encode(hash of the block before, taskId, round, attempt)).
    event MaskingStarted(uint256 indexed taskId, uint256 indexed round, uint256 attempt, uint256 members, bytes32 seed);

    /// @notice A trainer masked its update; `masked` of the attempt's members have now.
    /// @param taskId The task.
    /// @param round The round.
    /// @param attempt Which attempt of the round.
    /// @param trainer Whose update it is.
    /// @param update The commitment of the update without its masks, as in `Submitted`.
    /// @param cid The digest of the update document, which holds the masked update.
    /// @param maskCommitments The commitments of its masks, in the order of its peers on the circle.
    /// @param masked How many members have masked now.
    event Masked(
        uint256 indexed taskId,
        uint256 indexed round,
        uint256 attempt,
        address indexed trainer,
        G1 update,
        bytes32 cid,
        G1[] maskCommitments,
        uint256 masked
    );

    /// @notice A round's average was accepted as the task's model. Its commitment is in the registry's `ModelAdded`.
    /// @param taskId The task.
    /// @param round The round.
    /// @param aggregator Who posted it.
    /// @param oldModelHash The model the round started from.
    /// @param newModelHash The average.
    /// @param cid The digest of the model document.
    event Aggregated(
        uint256 indexed taskId,
        uint256 indexed round,
        address indexed aggregator,
        bytes32 oldModelHash,
        bytes32 newModelHash,
        bytes32 cid
    );

    /// @notice A round moved on. A round starts with None -> Join and ends in Finalized, Failed or Skipped. A further attempt
    /// at masking is Mask -> Mask.
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
    /// Effects: the task gets the next id and starts round 1's Join; the pool is escrowed; the first model, whose commitment
    /// is `model + tag * basisD`, is the registry's for round 0. Emits `TaskCreated` and `PhaseChanged`.
    /// Requirements: 3 <= minTrainers <= maxTrainers <= MAX_TRAINERS (`InvalidTrainers`); 1 <= rounds <= MAX_ROUNDS
    /// (`InvalidRounds`); every period from 1 to MAX_PERIOD (`InvalidPeriod`), and that of masking also
    /// maxTrainers - minTrainers + 1 times (`MaskingTooLong`); dimension >= 1, k <= MAX_K and dimension + 2 <= 2^k
    /// (`InvalidDimension`); aggregatorFee <= pool / rounds (`InvalidFee`); verifiers with the code of
    /// the config (`InvalidVerifier`); manifest and model CIDs (`MissingCid`); offset, basis points and model canonical
    /// points of the curve other than the identity (`BN254.InvalidPoint`); a pool under 2^96 wei.
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
    /// Effects: the creator can claim it from the StakeManager; what finalized rounds owe stays in escrow. Emits
    /// `PoolReclaimed`.
    /// Requirements: the task has ended (`TaskRunning`); something is left (`NothingToReclaim`).
    /// @return amount What was credited, in wei.
    function reclaim(uint256 taskId) external returns (uint256 amount);

    /*//////////////////////////////////////////////////////////////
                                TRAINERS
    //////////////////////////////////////////////////////////////*/

    /// @notice Enrols the sender in a task with the commitment of its data and the key for its masks.
    /// Effects: the data belong to the sender in this task for good; the task's stake is locked. Emits `Enrolled`.
    /// Requirements: the task has not ended (`TaskEnded`) and the sender is not enrolled (`AlreadyEnrolled`); `data` and
    /// `maskKey` are canonical points of the curve other than the identity (`BN254.InvalidPoint`); `data` is not the zero
    /// vector's (`EmptyData`) and not registered by another trainer (`DataAlreadyRegistered`); enough stake is free
    /// (`IStakeManager.InsufficientStake`).
    /// @dev Data stay registered after `unenrol`: else somebody could register such data and send its old proofs as his
    /// own. Whoever sees an enrolment in the mempool can register its point first, at the price of locking a stake; the
    /// victim salts its data anew and enrols again. Mask keys need not differ: whoever enrols with another's key, or with one
    /// made of others', cannot compute its own masks, and a mask is bound to the addresses of both peers.
    /// @param taskId The task.
    /// @param data The commitment of the salted data matrix.
    /// @param maskKey K = x * G with the sender's secret x and G = (1, 2). Two peers share x_i * K_j = x_j * K_i.
    function enrol(uint256 taskId, G1 calldata data, G1 calldata maskKey) external;

    /// @notice Ends the sender's enrolment and frees its stake.
    /// Effects: the stake locked for the task is free again; rewards already earned stay. Emits `Unenrolled`.
    /// Requirements: the sender is enrolled (`NotEnrolled`) and not on the roster of a running round (`OnRoster`), which
    /// lasts at most its four periods, that of masking once for each attempt. After the task's end nothing holds it.
    function unenrol(uint256 taskId) external;

    /// @notice Puts the sender on the running round's roster.
    /// Effects: the sender is on it. If that makes `maxTrainers`, Train starts. Emits `Joined`, and `PhaseChanged` then.
    /// Requirements: phase Join (`WrongPhase`) before its deadline (`DeadlinePassed`); the sender is enrolled
    /// (`NotEnrolled`) and has not joined (`AlreadyJoined`).
    /// @return round The round joined.
    function join(uint256 taskId) external returns (uint256 round);

    /// @notice Submits the proof of the sender's update, and nothing of the update but its commitment.
    /// Effects: the update is accepted. If it is the roster's last, Mask starts. Emits `Submitted`, and `PhaseChanged` and
    /// `MaskingStarted` then.
    /// Requirements: phase Train (`WrongPhase`) before its deadline (`DeadlinePassed`); the sender is on the roster
    /// (`NotOnRoster`) and has not submitted (`AlreadySubmitted`); a proof that starts with four points
    /// (`Commitments.ProofTooShort`), of the current model (`ModelMismatch`), of the sender's data (`DataMismatch`), of an
    /// update whose commitment is a canonical point other than the identity (`BN254.InvalidPoint`), and that the train
    /// verifier accepts (`InvalidProof`).
    /// @dev After a failed round the model is the same, so a trainer may send its old proof again; nobody else can.
    /// @param taskId The task.
    /// @param proof The proof of statement `train`.
    function submit(uint256 taskId, bytes calldata proof) external;

    /// @notice Commits to the sender's accepted update under masks. Whether these are right, the contract does not ask: wrong
    /// ones stop the round, since nobody finds the sum, and can change no model.
    /// Effects: the update's commitment is added to the attempt's sum. If it is the last member's, Aggregate starts. Emits
    /// `Masked`, and `PhaseChanged` then.
    /// Requirements: phase Mask (`WrongPhase`) before its deadline (`DeadlinePassed`); the sender is of the attempt
    /// (`NotAMember`) and has not masked in it (`AlreadyMasked`); a CID (`MissingCid`); `update` is that of the sender's
    /// `Submitted` (`UpdateMismatch`); as many mask commitments as `peerCount(members)` (`WrongMaskCount`), canonical points
    /// of the curve other than the identity (`BN254.InvalidPoint`).
    /// @param taskId The task.
    /// @param update The commitment of the update, without masks.
    /// @param cid The digest of the update document, which holds the masked update.
    /// @param maskCommitments The commitments of its masks, in the order of its peers on the circle.
    function mask(uint256 taskId, G1 calldata update, bytes32 cid, G1[] calldata maskCommitments) external;

    /*//////////////////////////////////////////////////////////////
                                 ANYONE
    //////////////////////////////////////////////////////////////*/

    /// @notice Posts the proved average of the round's updates. The first valid one wins the fee.
    /// Effects: the average is the task's model, also in the registry; the round is finalized; the next round's Join starts,
    /// or the task ends. Emits `Aggregated` and `PhaseChanged`.
    /// Requirements: phase Aggregate (`WrongPhase`) before its deadline (`DeadlinePassed`); a CID (`MissingCid`); a proof that
    /// starts with four points (`Commitments.ProofTooShort`), of the sum of the updates of exactly those who masked in the
    /// round's last attempt (`SumMismatch`), of their number and the sender (`PublicMismatch`), and that the average verifier
    /// accepts (`InvalidProof`).
    /// @dev The proof names its aggregator, so it is worthless to whoever copies it from the mempool.
    /// @param taskId The task.
    /// @param proof The proof of statement `average`.
    /// @param cid The digest of the model document.
    function aggregate(uint256 taskId, bytes calldata proof, bytes32 cid) external;

    /// @notice Moves a round on whose phase is over: Join to Train or Skipped, Train to Mask or Failed, Mask to a new attempt
    /// or Failed, Aggregate to Failed. The next phase's time counts from now.
    /// Effects: as said; a new attempt's members are those who masked in the last, at least `minTrainers` of them; after an
    /// end the next round's Join starts, or the task ends. Emits `PhaseChanged`, and `MaskingStarted` with an attempt.
    /// Requirements: the deadline has passed and the task has not ended (`NothingToAdvance`).
    /// @dev One call is one step, however late. Called twice, the second finds nothing to do.
    function advance(uint256 taskId) external;

    /// @notice Credits to the sender what finalized rounds owe it: its share as a trainer, the fee as their aggregator.
    /// Effects: the sender can claim it from the StakeManager. Emits `RewardCollected` for each round that owed something.
    /// Requirements: every round named is finalized (`RoundNotFinalized`); together they owe something (`NothingToCollect`).
    /// @param taskId The task.
    /// @param rounds Which rounds.
    /// @return amount What was credited, in wei.
    function collect(uint256 taskId, uint32[] calldata rounds) external returns (uint256 amount);

    /*//////////////////////////////////////////////////////////////
                                 VIEWS
    //////////////////////////////////////////////////////////////*/

    /// @notice The StakeManager of this deployment.
    function stakeManager() external view returns (address);

    /// @notice The ModelRegistry of this deployment.
    function modelRegistry() external view returns (address);

    /// @notice How many tasks there are: their ids are 1 to this.
    function taskCount() external view returns (uint256);

    /// @notice A task's config and state. Reverts with `UnknownTask` if there is none.
    function getTask(uint256 taskId) external view returns (TaskConfig memory config, TaskState memory state);

    /// @notice One round of a task; all zero if it has not started, or there is no such task.
    function getRound(uint256 taskId, uint256 round) external view returns (Round memory);

    /// @notice A trainer's part in a round: whether it joined, submitted and masked, and what.
    function getRosterEntry(uint256 taskId, uint256 round, address trainer) external view returns (RosterEntry memory);

    /// @notice A trainer's enrolment: the hash of its data commitment, zero if it is not enrolled, and its locked stake.
    function getEnrolment(uint256 taskId, address trainer) external view returns (bytes32 dataHash, uint256 stake);

    /// @notice Who registered the data with this hash in the task; zero if nobody has.
    function dataOwner(uint256 taskId, bytes32 dataHash) external view returns (address);

    /// @notice Where the task is. Reverts with `UnknownTask` if there is none.
    /// @return round The running round; after the end, the last one.
    /// @return phase Its phase as stored: it stays until somebody advances it.
    /// @return deadline Its deadline; 0 after the end.
    /// @return next The phase to which `advance` would move it now; Mask in Mask is a new attempt; None if there is nothing to
    /// advance.
    function currentPhase(uint256 taskId)
        external
        view
        returns (uint256 round, Phase phase, uint256 deadline, Phase next);

    /// @notice The task's tag, the last entry of its model vectors: keccak256(abi.encode(chain id, this contract, task id))
    /// modulo the group order. It makes a commitment of this task worthless in any other task, deployment or chain.
    function tag(uint256 taskId) external view returns (uint256);

    /// @notice How many peers each of `members` has, and so masks: all others, but `MAX_PEERS` at most.
    function peerCount(uint256 members) external view returns (uint256);

    /// @notice What `collect` would credit the account for the round, in wei; 0 also where it would revert.
    function rewardOf(uint256 taskId, uint256 round, address account) external view returns (uint256);

    /// @notice Most trainers a roster may have.
    function MAX_TRAINERS() external view returns (uint16);

    /// @notice Most rounds a task may have.
    function MAX_ROUNDS() external view returns (uint32);

    /// @notice Most peers a trainer has in an attempt at masking.
    function MAX_PEERS() external view returns (uint16);

    /// @notice The longest a phase may last, in seconds, Mask with all its attempts. A trainer's stake cannot be held longer
    /// than four of these, if somebody advances the round.
    function MAX_PERIOD() external view returns (uint32);

    /// @notice The largest k a task may have.
    function MAX_K() external view returns (uint8);
}
