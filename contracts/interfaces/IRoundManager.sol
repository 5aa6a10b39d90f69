// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G1} from "../libraries/BN254.sol";

/// @title IRoundManager
/// @notice The running rounds: phases, rosters, submissions, masks, averages, accusations. The state machine of Headwater.
/// @dev A round goes Join -> Train -> Mask -> Aggregate -> Challenge -> Finalized, with a Review before Mask in tasks that
/// do not put proofs on chain (`IProofManager`), or ends Skipped (too few joined, or the
/// first model was withheld) or Failed (too few updates or masked updates, or nobody aggregated in time). Every phase has a deadline. Work that is
/// done moves the round on at once; after a deadline anyone may `advance` it. A skipped or failed round consumes its
/// number and leaves the model as it was. The next round's Join starts the moment a round ends, and the task has ended
/// when its last round has.
///
/// Challenges. A commitment is worth nothing to the others if nobody has the vector, so whoever committed can be made
/// to show it: see `IChallengeManager`, which alone may `accuse`, `acquit` and `convict`. In Review a trainer can be
/// accused of having no proof of what it claimed. In Aggregate a member of the
/// attempt can be accused of withholding its masked update, or of a wrong mask; in Challenge the aggregator, of
/// withholding the new model; in Join, until a first average is accepted, the creator, of withholding the first model.
/// Every accusation moves the phase's deadline so that there is time to answer (`answerTime`), and no accusation keeps anybody from
/// aggregating. At the deadline those still accused are at fault: trainers are left out and the others mask anew; an
/// average is taken back and Aggregate starts again; without a first model the task ends.
///
/// Stake. `aggregate` locks stake until the round is finalized. What trainers owe for a fault or a missed duty follows
/// from what is kept here (`dutyOf`); see `ITrainerRegistry` for when it is paid.
///
/// Masks. Nobody publishes an update. In Mask, those whose updates were accepted publish them masked: each adds to its
/// update one vector for each of its peers, and the peer subtracts the same one, so only the sum of all members' masked
/// updates says anything. Masking goes in attempts, since the masks cancel only if every member comes: where some do
/// not, those who did start again, with new masks, as the members of the next attempt. So each attempt has fewer
/// members than the one before it; who is missing costs the others one period, and nobody has to reveal a secret for
/// it. But the masked updates of an attempt that failed may add up with those of the next to somebody's update: a node
/// should commit to its bytes here by their CID and give them out only when all members have masked.
/// The members stand on a circle, in the order of keccak256(abi.encodePacked(seed, address)). The seed follows from the
/// hash of the block in which the set of members was fixed: no transaction in it could know that. Up to 17 of them are all
/// each other's peers; of more, the 8 next and the 8 previous on the circle are. A trainer commits to each mask. The
/// contract keeps a hash of these commitments and has them in `Masked`; anybody can check them: peers commit to the
/// same masks, and with s = 1 where the trainer's address is the lower, else -1, C(masked update) = C(update) + sum of
/// s * (C(mask) - B). Who posted what does not fit can be challenged.
///
/// Commitments: C(v) is the KZG commitment of a vector v by the task's SRS as EZKL makes it, a G1 point. It is affine:
/// C(a) + C(b) = C(a + b) + B with B = C(0), the task's `offset`; a basis point is L_i = C(e_i) - B. A proof starts
/// with the commitments of its statement's vectors:
///   train:   0 model [w | tag], or the update that the last proof ended with · 1 data · 2 salts · 3 update [w' | 0 | salts]
///   average: 0 model [avg | tag] · 1 private · 2 public [n | aggregator] · 3 sum [sum w' | tag | sums of salts]
///
interface IRoundManager {
    /*//////////////////////////////////////////////////////////////
                                 TYPES
    //////////////////////////////////////////////////////////////*/

    /// @notice Where a round is. The last three are ends.
    enum Phase {
        None, // no such round, or not yet
        Join, // enrolled trainers join the roster
        Train, // the roster is fixed; its trainers submit proofs of their updates, or claim them
        Review, // proofs that are not on chain can be demanded; only in tasks with a `reviewPeriod`
        Mask, // the accepted updates are fixed; an attempt's members publish theirs masked
        Aggregate, // anyone posts the proved average
        Challenge, // an average is accepted; its bytes can be demanded
        Finalized, // the average is the task's model
        Failed, // too few updates or masked updates, or nobody aggregated
        Skipped // too few joined, or the first model was withheld
    }

    /// @notice Where a trainer is in a round.
    enum TrainerStatus {
        None, // not on the roster, or settled without having submitted
        Joined, // on the roster of the round, which it has not settled; nothing submitted
        Submitted, // its update was accepted; `RosterEntry.attempt` says whether it masked it
        Accused, // challenged in the attempt, or in Review, and not acquitted; at fault unless an average was accepted in
        // that attempt
        Guilty // shown to have posted a wrong mask or wrong peers; has no share, though an average be accepted
    }

    /// @notice How a trainer has done its duty in a round that it joined.
    enum Duty {
        Open, // the round runs
        Done, // nothing is owed
        Missed, // joined and did not submit, or submitted and missed an attempt at masking
        Fault // convicted, or accused and not acquitted
    }

    /// @notice What changes while a task runs.
    /// @dev The first slot holds all that changes with every step; what a round leaves behind is in its `Round`.
    struct TaskState {
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
        /// How many trainers the attempt has: all of them must mask. In Review, how many updates are reviewed.
        uint16 members;
        /// How many are accused or guilty in the attempt that is aggregated, or accused in Review; 1 in Challenge or Join
        /// if the model's bytes are demanded.
        uint16 accused;
        /// How many of the attempt's members were convicted: they have no share.
        uint16 convicted;
        /// The running round's phase. Finalized, Failed or Skipped: the task has ended.
        Phase phase;
        /// The block whose hash makes the attempt's seed, until the first member masks and the seed is drawn; then 0.
        uint64 seedBlock;
        /// keccak256 of the current model's commitment. In Challenge that is still the model the round started from.
        bytes32 modelHash;
        /// In Mask and Aggregate: the commitment of the sum vector [sum w' | tag | sums of salts] of those who have
        /// masked in the attempt. Never zeroed, so that nobody pays for fresh slots; before an attempt's first it means
        /// nothing.
        G1 sum;
        /// What orders the attempt's members on the circle. Means nothing while `seedBlock` is not 0.
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

    /// @notice A trainer's mask with one peer, as committed to.
    struct PeerMask {
        address peer;
        G1 commitment;
    }

    /// @notice What a trainer posts in an attempt at masking.
    struct Posting {
        /// The attempt's seed, by which the sender knows its peers: after a reorganization it is another.
        bytes32 seed;
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

    /// @notice Thrown when the round is in another phase than the call needs. After a deadline, `advance` first.
    error WrongPhase(Phase expected, Phase actual);

    /// @notice Thrown when the phase is right but its time is over, whether or not anybody has advanced the round.
    error DeadlinePassed(uint256 deadline, uint256 timestamp);

    /// @notice Thrown when the phase's deadline has not passed, or the task has ended.
    error NothingToAdvance(uint256 taskId, Phase phase, uint256 deadline);

    /// @notice Thrown when the roster is full and waits for the first model's bytes.
    error RosterFull(uint256 taskId, uint256 round);

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

    /// @notice Thrown when a trainer cannot be accused: it is not of the attempt that is aggregated, or its update not
    /// among those reviewed, it is accused or
    /// guilty already, or an average of the attempt was accepted once, so that its bytes were had.
    error NotAccusable(uint256 taskId, uint256 round, address trainer);

    /// @notice Thrown when no model's bytes can be demanded now, or they have been already.
    error ModelNotAccusable(uint256 taskId, Phase phase);

    /// @notice Thrown when an average is of another sum than that of exactly the masked updates.
    error SumMismatch(bytes32 expected, bytes32 actual);

    /// @notice Thrown when an average was proved for another aggregator or number of updates.
    error PublicMismatch(bytes32 expected, bytes32 actual);

    /// @notice Thrown when the hash of the block that makes the seed cannot be had: it is this block, so wait for the
    /// next; or one that the chain has forgotten, then `renewSeed` first.
    error SeedUnavailable(uint256 taskId, uint256 seedBlock);

    /// @notice Thrown when a seed is renewed that is drawn, or can be.
    error NothingToRenew(uint256 taskId, uint256 seedBlock);

    /// @notice Thrown when a posting was made for another seed than the attempt's: on another history of the chain. Mask
    /// again.
    error SeedMismatch(bytes32 expected, bytes32 actual);

    /// @notice Thrown when a digest of something that must lie in storage is zero.
    error MissingCid();

    /*//////////////////////////////////////////////////////////////
                                 EVENTS
    //////////////////////////////////////////////////////////////*/

    /// @notice A trainer joined the round; `joined` are on the roster now.
    event Joined(uint256 indexed taskId, uint256 indexed round, address indexed trainer, uint256 joined);

    /// @notice A trainer's update was accepted; `submitted` are now.
    /// @param taskId The task.
    /// @param round The round.
    /// @param trainer Whose it is.
    /// @param update Its commitment: where the last proof ends.
    /// @param dataHashes keccak256 of the data commitments that its proofs are about, in their order; none where it has
    /// claimed: all its `IProofManager.LinksClaimed` of the round say so.
    /// @param submitted How many have submitted now.
    event Submitted(
        uint256 indexed taskId,
        uint256 indexed round,
        address indexed trainer,
        G1 update,
        bytes32[] dataHashes,
        uint256 submitted
    );

    /// @notice An attempt at masking started.
    /// @param taskId The task.
    /// @param round The round.
    /// @param attempt Which attempt of the round, from 1.
    /// @param members How many trainers it has: in the first, those of `Submitted`; then those of the last attempt's
    /// `Masked`.
    /// @param seedBlock The block whose hash makes the seed: this one, whose hash nobody knows in it.
    event MaskingStarted(
        uint256 indexed taskId, uint256 indexed round, uint256 attempt, uint256 members, uint256 seedBlock
    );

    /// @notice The attempt's seed was drawn: keccak256(abi.encode(hash of `seedBlock`, taskId, round, attempt)).
    event SeedDrawn(uint256 indexed taskId, uint256 indexed round, uint256 attempt, bytes32 seed);

    /// @notice The hash of the seed's block was forgotten before anybody drew it: that of `seedBlock` makes the seed now.
    event SeedRenewed(uint256 indexed taskId, uint256 indexed round, uint256 attempt, uint256 seedBlock);

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

    /// @notice A member was convicted: it is left out when the attempt ends, and loses stake.
    /// @param taskId The task.
    /// @param round The round.
    /// @param attempt The attempt.
    /// @param trainer Who.
    /// @param payee Who showed it in a dispute, an honest member; zero if nobody is to be paid.
    /// @param owed What `payee` has out of the slash, in wei: at most that, and not more than the gas it burnt.
    /// @dev Emitted again when one that owed nobody comes to owe the first who showed a lie of its.
    /// @param deadline The phase's deadline now.
    event Convicted(
        uint256 indexed taskId,
        uint256 indexed round,
        uint256 attempt,
        address indexed trainer,
        address payee,
        uint256 owed,
        uint256 deadline
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

    /*//////////////////////////////////////////////////////////////
                                TRAINERS
    //////////////////////////////////////////////////////////////*/

    /// @notice Puts the sender on the running round's roster.
    /// Effects: its last round is settled, with the events of `ITrainerRegistry.settle`; what is missing of its locked
    /// stake is locked again; the sender is on the roster. If that makes `maxTrainers` and the first model's bytes are
    /// not demanded, Train starts. Emits `Joined`, and `PhaseChanged` then.
    /// Requirements: phase Join (`WrongPhase`) before its deadline (`DeadlinePassed`); the roster is not full
    /// (`RosterFull`); the sender is enrolled (`ITrainerRegistry.NotEnrolled`), has not joined (`AlreadyJoined`), and is
    /// not leaving or at fault (`Leaving`); the missing stake is free (`IStakeManager.InsufficientStake`).
    /// @return round The round joined.
    function join(uint256 taskId) external returns (uint256 round);

    /// @notice Commits to the sender's accepted update under masks. Whether these are right, the contract does not ask:
    /// wrong ones stop the round, since nobody finds the sum, and can change no model.
    /// Effects: the first one draws the attempt's seed; the update's commitment is added to the attempt's sum. If it is
    /// the last member's, Aggregate starts. Emits `SeedDrawn`, `Masked`, and `PhaseChanged` then.
    /// Requirements: phase Mask (`WrongPhase`) before its deadline (`DeadlinePassed`); the sender is of the attempt
    /// (`NotAMember`) and has not masked in it (`AlreadyMasked`); the seed can be had (`SeedUnavailable`) and is that of the
    /// posting (`SeedMismatch`); a CID (`MissingCid`); the update is that of the
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

    /// @notice Names another block for the seed of an attempt in which nobody masked before the chain forgot the hash of
    /// the one that was named: after 8,191 blocks where the chain has EIP-2935, else after 256.
    /// Effects: the seed follows from this block's hash. Emits `SeedRenewed`.
    /// Requirements: phase Mask (`WrongPhase`) before its deadline (`DeadlinePassed`); the seed is not drawn, and its
    /// block's hash cannot be had any more (`NothingToRenew`).
    function renewSeed(uint256 taskId) external;

    /// @notice Posts the proved average of the round's updates. The first valid one wins the fee.
    /// Effects: `stake` of the sender's is locked until the round is finalized; whoever is accused no longer is at
    /// fault; Challenge starts. Emits `Aggregated` and `PhaseChanged`.
    /// Requirements: phase Aggregate (`WrongPhase`) before its deadline (`DeadlinePassed`); a CID (`MissingCid`); a
    /// proof that starts with four points (`Commitments.ProofTooShort`), of the sum of the updates of exactly those who
    /// masked in the round's last attempt (`SumMismatch`), of their number and the sender (`PublicMismatch`), and that
    /// the average verifier accepts (`Verifying.InvalidProof`); enough stake is free (`IStakeManager.InsufficientStake`).
    /// @dev The proof names its aggregator, so it is worthless to whoever copies it from the mempool.
    /// @param taskId The task.
    /// @param proof The proof of statement `average`.
    /// @param cid The digest of the model document.
    function aggregate(uint256 taskId, bytes calldata proof, bytes32 cid) external;

    /// @notice Moves a round on whose phase is over.
    /// Effects: Join leads to Train, or to Skipped if too few joined, or ends the task if the first model's bytes were
    /// demanded in vain; Train to Mask, or to Review where the task has one, or Failed if too few submitted; Review to Mask
    /// of those not accused, or Failed if they are too few; Mask to a new attempt of those who masked, or
    /// Failed if they are too few; Aggregate to a new attempt of those not accused, or Failed if they are too few or
    /// nobody is accused; Challenge to Finalized, where the average becomes the task's model, also in the registry, and
    /// the aggregator's stake is free again; or, if its bytes were demanded in vain, back to Aggregate with
    /// `faultSlash` of that stake burnt, or to Failed after `MAX_AVERAGES`. The next phase's time counts from now.
    /// After an end the next round's Join starts, or the task ends. Emits `PhaseChanged`, `MaskingStarted` with an
    /// attempt, `AverageRevoked` or `FirstModelWithheld` where it is so.
    /// Requirements: the deadline has passed and the task has not ended (`NothingToAdvance`).
    /// @dev One call is one step, however late. Called twice, the second finds nothing to do.
    function advance(uint256 taskId) external;

    /*//////////////////////////////////////////////////////////////
                         ONLY THE TASK MANAGER
    //////////////////////////////////////////////////////////////*/

    /// @notice Starts a task's first round.
    /// Effects: round 1's Join runs, from the model with this hash. Emits `PhaseChanged`.
    /// Requirements: called by the TaskManager (`IDeployed.UnauthorizedCaller`), once for each task.
    function start(uint256 taskId, bytes32 modelHash) external;

    /*//////////////////////////////////////////////////////////////
                         ONLY THE PROOF MANAGER
    //////////////////////////////////////////////////////////////*/

    /// @notice Accepts a trainer's update.
    /// Effects: the trainer has submitted. If it is the roster's last, Mask starts, or Review where the task has one. Emits
    /// `Submitted`, and `PhaseChanged` and `MaskingStarted` then.
    /// Requirements: called by the ProofManager (`IDeployed.UnauthorizedCaller`); what `training` requires.
    /// @param taskId The task.
    /// @param trainer Whose update it is: on the roster.
    /// @param update Its commitment.
    /// @param dataHashes What data its proofs are about; none where it has claimed.
    function accept(uint256 taskId, address trainer, G1 calldata update, bytes32[] calldata dataHashes) external;

    /*//////////////////////////////////////////////////////////////
                       ONLY THE CHALLENGE MANAGER
    //////////////////////////////////////////////////////////////*/

    /// @notice Accuses a member of the attempt that is aggregated, or in Review a trainer whose update was accepted.
    /// Effects: it is `Accused`; the deadline is at least `answerTime` from now. Emits `Accused`.
    /// Requirements: called by the ChallengeManager (`IDeployed.UnauthorizedCaller`); the phase that it names, Aggregate or
    /// Review (`WrongPhase`), before its deadline (`DeadlinePassed`); the trainer has masked in the attempt, or in Review
    /// submitted, is neither accused nor guilty, and no average of the attempt was accepted (`NotAccusable`).
    function accuse(uint256 taskId, address trainer, Phase phase) external;

    /// @notice Acquits a member accused in this attempt, or in Review, whose attempt is 0.
    /// Effects: it is `Submitted` again; the deadline is at least `answerTime` from now, so that others can still
    /// accuse it. Emits `Acquitted`. Nothing where the accusation is moot: the phase is over, an average was accepted, or
    /// it is not accused.
    /// Requirements: called by the ChallengeManager (`IDeployed.UnauthorizedCaller`).
    function acquit(uint256 taskId, uint256 round, uint256 attempt, address trainer) external;

    /// @notice Convicts a member that is accused in the attempt of the running round, also when an average of it was
    /// accepted meanwhile; or one that is not accused, while no average was accepted.
    /// Effects: it is `Guilty`; if it was not accused, the deadline is at least `answerTime` from now. What it owes
    /// `payee` out of its slash is kept. Emits `Convicted`. One that is guilty already and owes nobody yet only owes from now
    /// on, and `Convicted` is emitted again; nothing where it owes somebody.
    /// Requirements: called by the ChallengeManager (`IDeployed.UnauthorizedCaller`); an accused member of the running
    /// round's attempt, in Aggregate before its deadline or in Challenge; or what `accuse` requires (`NotAccusable`,
    /// `WrongPhase`, `DeadlinePassed`).
    function convict(uint256 taskId, address trainer, address payee, uint256 owed) external;

    /// @notice Demands the bytes of the average in Challenge, or of the first model in Join.
    /// Effects: the deadline is at least `answerTime` from now. Emits `ModelAccused`.
    /// Requirements: called by the ChallengeManager (`IDeployed.UnauthorizedCaller`); one of these phases, in Join with
    /// the first model still the task's, and not demanded already (`ModelNotAccusable`); before the deadline
    /// (`DeadlinePassed`).
    /// @return accused Who has to show them: the aggregator, or the creator.
    /// @return modelHash keccak256 of the commitment of what was demanded.
    function accuseModel(uint256 taskId) external returns (address accused, bytes32 modelHash);

    /// @notice The bytes that were demanded have been shown.
    /// Effects: the round is finalized, as by `advance`; or Join goes on, or ends if the roster is full. Emits
    /// `ModelAcquitted` and what follows. Nothing where they are not demanded any more: of this round and after so many
    /// averages, before the deadline.
    /// Requirements: called by the ChallengeManager (`IDeployed.UnauthorizedCaller`).
    function acquitModel(uint256 taskId, uint256 round, uint256 averages) external;

    /*//////////////////////////////////////////////////////////////
                                 VIEWS
    //////////////////////////////////////////////////////////////*/

    /// @notice What changes while a task runs. Reverts with `ITaskManager.UnknownTask` if there is no such task.
    function getState(uint256 taskId) external view returns (TaskState memory state);

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

    /// @notice How a trainer has done its duty in a round that it joined, and what it owes to whom out of its slash.
    /// @dev Meaningless of a round that it did not join.
    function dutyOf(
        uint256 taskId,
        uint256 round,
        address trainer
    )
        external
        view
        returns (Duty duty, address payee, uint256 owed);

    /// @notice Whether a trainer's update is in the average of a finalized round, and it was not convicted.
    function contributed(uint256 taskId, uint256 round, address trainer) external view returns (bool counted);

    /// @notice The running round, its phase and deadline as stored, and its attempt at masking: cheaper than `getState`,
    /// for the other contracts. Reverts with `ITaskManager.UnknownTask` if there is no such task.
    function runningRound(uint256 taskId)
        external
        view
        returns (uint32 round, Phase phase, uint16 attempt, uint40 deadline);

    /// @notice The running round and the hash of the model that it starts from, for a trainer that may submit. Reverts unless
    /// the phase is Train (`WrongPhase`) before its deadline (`DeadlinePassed`) and it has not submitted
    /// (`AlreadySubmitted`).
    function training(uint256 taskId, address trainer) external view returns (uint32 round, bytes32 modelHash);

    /// @notice How long the accused have to answer, in seconds: the task's `answerPeriod` for each part that a masked
    /// update makes (`IOpenings`).
    function answerTime(uint256 taskId) external view returns (uint256 time);

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

    /// @notice How many peers each of `members` has, and so masks: all others, but `MAX_PEERS` at most.
    function peerCount(uint256 members) external view returns (uint256 peers);

    /// @notice Most peers a trainer has in an attempt at masking.
    function MAX_PEERS() external view returns (uint16 bound);

    /// @notice Most averages a round may accept: after so many whose bytes were withheld it fails.
    function MAX_AVERAGES() external view returns (uint8 bound);
}
