// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Blockhash} from "@openzeppelin/contracts/utils/Blockhash.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {Deployed} from "./base/Deployed.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {IRewardManager} from "./interfaces/IRewardManager.sol";
import {IRoundManager} from "./interfaces/IRoundManager.sol";
import {IStakeManager} from "./interfaces/IStakeManager.sol";
import {ITaskManager} from "./interfaces/ITaskManager.sol";
import {ITrainerRegistry} from "./interfaces/ITrainerRegistry.sol";
import {BN254, G1} from "./libraries/BN254.sol";
import {Commitments} from "./libraries/Commitments.sol";
import {Parts} from "./libraries/Parts.sol";
import {TaskCode} from "./libraries/TaskCode.sol";
import {Terms} from "./libraries/Terms.sol";
import {Verifying} from "./libraries/Verifying.sol";

/// @title RoundManager
contract RoundManager is IRoundManager, Deployed, ReentrancyGuardTransient {
    using BN254 for G1;
    using Commitments for G1;
    using Commitments for bytes;
    using Verifying for address;

    /*//////////////////////////////////////////////////////////////
                                 TYPES
    //////////////////////////////////////////////////////////////*/

    /// @dev What a convicted trainer owes out of its slash.
    struct Debt {
        address payee;
        uint96 owed;
    }

    /*//////////////////////////////////////////////////////////////
                               CONSTANTS
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IRoundManager
    uint16 public constant MAX_PEERS = 16;

    /// @inheritdoc IRoundManager
    uint8 public constant MAX_AVERAGES = 3;

    /*//////////////////////////////////////////////////////////////
                                STORAGE
    //////////////////////////////////////////////////////////////*/

    mapping(uint256 taskId => TaskState) private _states;
    mapping(uint256 taskId => mapping(uint256 round => Round)) private _rounds;
    mapping(uint256 taskId => mapping(uint256 round => mapping(address trainer => RosterEntry))) private _rosters;
    mapping(uint256 taskId => mapping(uint256 round => mapping(address trainer => Debt))) private _debts;

    /*//////////////////////////////////////////////////////////////
                              CONSTRUCTOR
    //////////////////////////////////////////////////////////////*/

    /// @param addresses Where the contracts of the deployment stand, or will.
    constructor(Addresses memory addresses) Deployed(addresses) {}

    /*//////////////////////////////////////////////////////////////
                                TRAINERS
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IRoundManager
    function join(uint256 taskId) external nonReentrant returns (uint256 round) {
        TaskState storage state = _inPhase(taskId, Phase.Join);
        ITaskManager.TaskConfig memory config = _config(taskId);
        round = state.round;
        if (state.joined == config.maxTrainers) revert RosterFull(taskId, round);

        uint16 joined = state.joined + 1;
        state.joined = joined;
        emit Joined(taskId, round, msg.sender, joined);
        _startIfFull(taskId, state, config);
        ITrainerRegistry(TRAINER_REGISTRY).seat(taskId, msg.sender, round, config.stake);
    }

    /// @inheritdoc IRoundManager
    function mask(uint256 taskId, Posting calldata posting) external nonReentrant {
        TaskState storage state = _inPhase(taskId, Phase.Mask);
        uint16 attempt = state.attempt;
        uint256 number = state.round;
        RosterEntry storage entry = _checkMember(taskId, number, attempt);
        if (posting.cid == 0) revert MissingCid();
        bytes29 updateHash = bytes29(posting.update.hash());
        if (updateHash != entry.updateHash) revert UpdateMismatch(entry.updateHash, updateHash);
        bytes32 seed = state.seedBlock == 0 ? state.seed : _drawSeed(taskId, state);
        if (posting.seed != seed) revert SeedMismatch(seed, posting.seed);
        _checkMasks(taskId, state, posting.masks);

        ITaskManager.TaskConfig memory config = _config(taskId);
        entry.attempt = attempt;
        entry.postingHash = keccak256(abi.encode(posting));
        uint256 masked = _addUpdate(taskId, state, config, posting.update);
        emit Masked(taskId, number, attempt, msg.sender, posting, masked);

        if (masked == state.members) _enter(taskId, state, Phase.Aggregate, config.aggregatePeriod);
    }

    /*//////////////////////////////////////////////////////////////
                                 ANYONE
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IRoundManager
    function renewSeed(uint256 taskId) external {
        TaskState storage state = _inPhase(taskId, Phase.Mask);
        uint256 named = state.seedBlock;
        if (named == 0 || named == block.number || Blockhash.blockHash(named) != 0) {
            revert NothingToRenew(taskId, named);
        }
        state.seedBlock = uint64(block.number);
        emit SeedRenewed(taskId, state.round, state.attempt, block.number);
    }

    /// @inheritdoc IRoundManager
    function aggregate(uint256 taskId, bytes calldata proof, bytes32 cid) external nonReentrant {
        TaskState storage state = _inPhase(taskId, Phase.Aggregate);
        if (cid == 0) revert MissingCid();
        uint32 number = state.round;
        Round storage round = _rounds[taskId][number];
        ITaskManager.TaskConfig memory config = _config(taskId);
        _checkAverage(config, state, round.masked, proof);

        G1 memory average = proof.commitmentAt(0);
        state.average = average;
        state.averageCid = cid;
        state.accused = 0;
        round.aggregator = msg.sender;
        ++round.averages;
        emit Aggregated(taskId, number, msg.sender, state.modelHash, average.hash(), average, cid);
        _enter(taskId, state, Phase.Challenge, config.challengePeriod);
        IStakeManager(STAKE_MANAGER).lock(taskId, msg.sender, config.stake);
    }

    /// @inheritdoc IRoundManager
    function advance(uint256 taskId) external nonReentrant {
        TaskState storage state = _task(taskId);
        ITaskManager.TaskConfig memory config = _config(taskId);
        Phase from = state.phase;
        Phase next = _next(taskId, state, config);
        if (next == Phase.None) revert NothingToAdvance(taskId, from, state.deadline);
        if (next == Phase.Train) _enter(taskId, state, next, config.trainPeriod);
        else if (next == Phase.Review) _startReview(taskId, state, config);
        else if (next == Phase.Mask) _startMasking(taskId, state, config, _comers(taskId, state));
        else if (next == Phase.Finalized) _finalize(taskId, state, config);
        else if (from == Phase.Challenge) _revoke(taskId, state, config, next);
        else if (from == Phase.Join && state.accused != 0) _endWithoutModel(taskId, state);
        else _endRound(taskId, state, config, next);
    }

    /*//////////////////////////////////////////////////////////////
                         ONLY THE TASK MANAGER
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IRoundManager
    function start(uint256 taskId, bytes32 modelHash) external only(TASK_MANAGER) {
        TaskState storage state = _states[taskId];
        ITaskManager.TaskConfig memory config = _config(taskId);
        state.modelHash = modelHash;
        state.sum = config.offset; // only so that the slots are not zero
        _startRound(taskId, state, 1, config.joinPeriod);
    }

    /*//////////////////////////////////////////////////////////////
                         ONLY THE PROOF MANAGER
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IRoundManager
    function accept(
        uint256 taskId,
        address trainer,
        G1 calldata update,
        bytes32[] calldata dataHashes
    )
        external
        only(PROOF_MANAGER)
    {
        (uint256 number,) = training(taskId, trainer);
        TaskState storage state = _states[taskId];
        RosterEntry storage entry = _rosters[taskId][number][trainer];
        entry.status = TrainerStatus.Submitted;
        entry.updateHash = bytes29(keccak256(abi.encode(update)));
        uint16 submitted = state.submitted + 1;
        state.submitted = submitted;
        emit Submitted(taskId, number, trainer, update, dataHashes, submitted);

        if (submitted != state.joined) return;
        ITaskManager.TaskConfig memory config = _config(taskId);
        if (config.reviewPeriod != 0) _startReview(taskId, state, config);
        else _startMasking(taskId, state, config, submitted);
    }

    /*//////////////////////////////////////////////////////////////
                       ONLY THE CHALLENGE MANAGER
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IRoundManager
    function accuse(uint256 taskId, address trainer, Phase phase) external only(CHALLENGE_MANAGER) {
        (TaskState storage state, RosterEntry storage entry) = _accusable(taskId, trainer, phase);
        entry.status = TrainerStatus.Accused;
        ++state.accused;
        emit Accused(taskId, state.round, state.attempt, trainer, _extend(taskId, state));
    }

    /// @inheritdoc IRoundManager
    function acquit(uint256 taskId, uint256 round, uint256 attempt, address trainer) external only(CHALLENGE_MANAGER) {
        TaskState storage state = _states[taskId];
        RosterEntry storage entry = _rosters[taskId][round][trainer];
        // once an average was accepted, or the time is over, accusations are moot
        Phase phase = state.phase;
        bool counts = (phase == Phase.Aggregate || phase == Phase.Review) && block.timestamp < state.deadline
            && round == state.round && attempt == state.attempt && _isAccused(entry, attempt)
            && _rounds[taskId][round].averages == 0;
        if (!counts) return;
        entry.status = TrainerStatus.Submitted;
        --state.accused;
        emit Acquitted(taskId, round, attempt, trainer, _extend(taskId, state));
    }

    /// @inheritdoc IRoundManager
    function convict(uint256 taskId, address trainer, address payee, uint256 owed) external only(CHALLENGE_MANAGER) {
        TaskState storage state = _task(taskId);
        RosterEntry storage entry = _rosters[taskId][state.round][trainer];
        Debt storage debt = _debts[taskId][state.round][trainer];
        if (owed != 0 && entry.status == TrainerStatus.Guilty) {
            if (debt.owed != 0) return;
        } else {
            // whoever is accused when an average is accepted stays so, and can still be shown to be guilty
            bool overtaken = state.phase == Phase.Challenge && _isAccused(entry, state.attempt);
            if (!overtaken) {
                _checkInPhase(state, Phase.Aggregate);
                if (!_isAccused(entry, state.attempt)) {
                    (, entry) = _accusable(taskId, trainer, Phase.Aggregate);
                    ++state.accused;
                    _extend(taskId, state);
                }
            }
            entry.status = TrainerStatus.Guilty;
            ++state.convicted;
        }
        if (owed != 0) (debt.payee, debt.owed) = (payee, uint96(owed)); // gas: far under 2^96 wei
        emit Convicted(taskId, state.round, state.attempt, trainer, payee, owed, state.deadline);
    }

    /// @inheritdoc IRoundManager
    function accuseModel(uint256 taskId) external only(CHALLENGE_MANAGER) returns (address accused, bytes32 modelHash) {
        TaskState storage state = _task(taskId);
        Phase phase = state.phase;
        if (phase == Phase.Challenge) {
            (accused, modelHash) = (_rounds[taskId][state.round].aggregator, state.average.hash());
        } else if (phase == Phase.Join && _registry().latest(taskId).round == 0) {
            (accused, modelHash) = (_creator(taskId), state.modelHash);
        }
        if (accused == address(0) || state.accused != 0) revert ModelNotAccusable(taskId, phase);
        _checkInTime(state);
        state.accused = 1;
        emit ModelAccused(taskId, state.round, accused, _extend(taskId, state));
    }

    /// @inheritdoc IRoundManager
    function acquitModel(uint256 taskId, uint256 round, uint256 averages)
        external
        only(CHALLENGE_MANAGER)
        nonReentrant
    {
        TaskState storage state = _states[taskId];
        Round storage running = _rounds[taskId][round];
        Phase phase = averages == 0 ? Phase.Join : Phase.Challenge;
        bool counts = state.phase == phase && state.accused != 0 && round == state.round && averages == running.averages
            && block.timestamp < state.deadline;
        if (!counts) return;
        state.accused = 0;
        address accused = averages == 0 ? _creator(taskId) : running.aggregator;
        emit ModelAcquitted(taskId, round, accused);
        ITaskManager.TaskConfig memory config = _config(taskId);
        if (averages == 0) _startIfFull(taskId, state, config);
        else _finalize(taskId, state, config);
    }

    /*//////////////////////////////////////////////////////////////
                                 VIEWS
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IRoundManager
    function getState(uint256 taskId) external view returns (TaskState memory state) {
        return _task(taskId);
    }

    /// @inheritdoc IRoundManager
    function getRound(uint256 taskId, uint256 round) external view returns (Round memory result) {
        TaskState storage state = _states[taskId];
        result = _rounds[taskId][round];
        if (round == state.round) (result.phase, result.attempt) = (state.phase, state.attempt);
    }

    /// @inheritdoc IRoundManager
    function getRosterEntry(
        uint256 taskId,
        uint256 round,
        address trainer
    )
        external
        view
        returns (RosterEntry memory entry)
    {
        entry = _rosters[taskId][round][trainer];
        if (entry.status != TrainerStatus.None || round == 0) return entry;
        bool joined = ITrainerRegistry(TRAINER_REGISTRY).getEnrolment(taskId, trainer).round == round;
        if (joined) entry.status = TrainerStatus.Joined;
    }

    /// @inheritdoc IRoundManager
    function dutyOf(
        uint256 taskId,
        uint256 round,
        address trainer
    )
        external
        view
        returns (Duty duty, address payee, uint256 owed)
    {
        Round storage over = _rounds[taskId][round];
        if (over.endedAt == 0) return (Duty.Open, address(0), 0);
        RosterEntry storage entry = _rosters[taskId][round][trainer];
        TrainerStatus status = entry.status;
        bool later = entry.attempt < over.attempt; // an attempt came after its last
        bool failed = over.phase == Phase.Failed && over.averages == 0;
        if (status == TrainerStatus.Guilty || (status == TrainerStatus.Accused && (later || failed))) {
            Debt storage debt = _debts[taskId][round][trainer];
            return (Duty.Fault, debt.payee, debt.owed);
        }
        bool missed = status == TrainerStatus.None ? over.phase != Phase.Skipped : later;
        return (missed && status <= TrainerStatus.Submitted ? Duty.Missed : Duty.Done, address(0), 0);
    }

    /// @inheritdoc IRoundManager
    function contributed(uint256 taskId, uint256 round, address trainer) external view returns (bool counted) {
        Round storage over = _rounds[taskId][round];
        RosterEntry storage entry = _rosters[taskId][round][trainer];
        bool accepted = entry.status == TrainerStatus.Submitted || entry.status == TrainerStatus.Accused;
        return over.phase == Phase.Finalized && accepted && entry.attempt == over.attempt;
    }

    /// @inheritdoc IRoundManager
    function runningRound(uint256 taskId)
        external
        view
        returns (uint32 round, Phase phase, uint16 attempt, uint40 deadline)
    {
        TaskState storage state = _task(taskId);
        return (state.round, state.phase, state.attempt, state.deadline);
    }

    /// @inheritdoc IRoundManager
    function training(uint256 taskId, address trainer) public view returns (uint32 round, bytes32 modelHash) {
        TaskState storage state = _inPhase(taskId, Phase.Train);
        round = state.round;
        if (_rosters[taskId][round][trainer].status != TrainerStatus.None) {
            revert AlreadySubmitted(taskId, round, trainer);
        }
        return (round, state.modelHash);
    }

    /// @inheritdoc IRoundManager
    function answerTime(uint256 taskId) external view returns (uint256 time) {
        return Terms.answerTime(_config(taskId));
    }

    /// @inheritdoc IRoundManager
    function currentPhase(uint256 taskId)
        external
        view
        returns (uint256 round, Phase phase, uint256 deadline, Phase next)
    {
        TaskState storage state = _task(taskId);
        return (state.round, state.phase, state.deadline, _next(taskId, state, _config(taskId)));
    }

    /// @inheritdoc IRoundManager
    function peerCount(uint256 members) public pure returns (uint256 peers) {
        return Math.min(Math.saturatingSub(members, 1), MAX_PEERS);
    }

    /*//////////////////////////////////////////////////////////////
                         INTERNAL: TRANSITIONS
    //////////////////////////////////////////////////////////////*/

    /// @dev Where `advance` leads now; None if nowhere.
    function _next(
        uint256 taskId,
        TaskState storage state,
        ITaskManager.TaskConfig memory config
    )
        private
        view
        returns (Phase)
    {
        Phase phase = state.phase;
        if (_ended(phase) || block.timestamp < state.deadline) return Phase.None;
        uint256 least = config.minTrainers;
        if (phase == Phase.Join) return state.accused != 0 || state.joined < least ? Phase.Skipped : Phase.Train;
        if (phase != Phase.Challenge) {
            if (_comers(taskId, state) < least) return Phase.Failed;
            return phase == Phase.Train && config.reviewPeriod != 0 ? Phase.Review : Phase.Mask;
        }
        if (state.accused == 0) return Phase.Finalized;
        return _rounds[taskId][state.round].averages < MAX_AVERAGES ? Phase.Aggregate : Phase.Failed;
    }

    /// @dev How many would start the next attempt at masking: in Train and Mask those who have done what it asked of
    /// them; in Review those who are not accused; in Aggregate too, but nobody if nobody is at fault for its failing.
    function _comers(uint256 taskId, TaskState storage state) private view returns (uint16) {
        if (state.phase == Phase.Train) return state.submitted;
        if (state.phase == Phase.Mask) return _rounds[taskId][state.round].masked;
        return state.accused == 0 && state.phase == Phase.Aggregate ? 0 : state.members - state.accused;
    }

    /// @dev Starts a round with its Join.
    function _startRound(uint256 taskId, TaskState storage state, uint32 number, uint256 period) private {
        state.round = number;
        state.joined = 0;
        state.submitted = 0;
        state.attempt = 0;
        state.members = 0;
        state.accused = 0;
        state.convicted = 0;
        state.phase = Phase.None;
        _enter(taskId, state, Phase.Join, period);
    }

    /// @dev Starts Train if the roster is full, unless it waits for the first model's bytes.
    function _startIfFull(uint256 taskId, TaskState storage state, ITaskManager.TaskConfig memory config) private {
        if (state.joined == config.maxTrainers && state.accused == 0) {
            _enter(taskId, state, Phase.Train, config.trainPeriod);
        }
    }

    /// @dev Starts the time in which proofs that are not on chain can be demanded.
    function _startReview(uint256 taskId, TaskState storage state, ITaskManager.TaskConfig memory config) private {
        state.members = state.submitted;
        _enter(taskId, state, Phase.Review, config.reviewPeriod);
    }

    /// @dev Starts an attempt at masking of so many. From here on nobody comes in.
    function _startMasking(
        uint256 taskId,
        TaskState storage state,
        ITaskManager.TaskConfig memory config,
        uint16 members
    )
        private
    {
        uint32 number = state.round;
        uint16 attempt = state.attempt + 1; // at most as many as a roster has trainers
        _enter(taskId, state, Phase.Mask, config.maskPeriod);
        state.attempt = attempt;
        state.members = members;
        state.accused = 0;
        state.convicted = 0;
        state.seedBlock = uint64(block.number);
        if (attempt != 1) _rounds[taskId][number].masked = 0;
        emit MaskingStarted(taskId, number, attempt, members, block.number);
    }

    /// @dev Draws the attempt's seed: from the hash of the block in which its set of members was fixed.
    function _drawSeed(uint256 taskId, TaskState storage state) private returns (bytes32 seed) {
        bytes32 drawn = Blockhash.blockHash(state.seedBlock);
        if (drawn == 0) revert SeedUnavailable(taskId, state.seedBlock);
        (uint32 number, uint16 attempt) = (state.round, state.attempt);
        seed = keccak256(abi.encode(drawn, taskId, number, attempt));
        state.seed = seed;
        state.seedBlock = 0;
        emit SeedDrawn(taskId, number, attempt, seed);
    }

    /// @dev Adds an update to the attempt's sum and returns how many are in it.
    function _addUpdate(
        uint256 taskId,
        TaskState storage state,
        ITaskManager.TaskConfig memory config,
        G1 memory update
    )
        private
        returns (uint16 masked)
    {
        Round storage round = _rounds[taskId][state.round];
        masked = round.masked + 1;
        round.masked = masked;
        // the first brings the tag into the sum vector, where every update has a 0
        state.sum = masked == 1
            ? update.withEntry(config.basisD, TaskCode.tagOf(TASK_MANAGER, taskId))
            : state.sum.plus(update, config.offset);
    }

    /// @dev Makes the accepted average the task's model.
    function _finalize(uint256 taskId, TaskState storage state, ITaskManager.TaskConfig memory config) private {
        uint32 number = state.round;
        Round storage round = _rounds[taskId][number];
        (uint256 masked, uint256 paid) = (round.masked, round.masked - state.convicted);
        G1 memory average = state.average;
        state.modelHash = average.hash();
        _endRound(taskId, state, config, Phase.Finalized);
        IRewardManager(REWARD_MANAGER).owe(taskId, masked, paid);
        IStakeManager(STAKE_MANAGER).unlock(taskId, round.aggregator, config.stake);
        _registry().add(taskId, number, average, state.averageCid);
    }

    /// @dev Takes the accepted average back: nobody has shown its bytes.
    function _revoke(uint256 taskId, TaskState storage state, ITaskManager.TaskConfig memory config, Phase to) private {
        Round storage round = _rounds[taskId][state.round];
        address aggregator = round.aggregator;
        uint256 slashed = Terms.part(config.stake, config.faultSlash);
        round.aggregator = address(0);
        state.accused = 0;
        emit AverageRevoked(taskId, state.round, aggregator, slashed);
        if (to == Phase.Aggregate) _enter(taskId, state, to, config.aggregatePeriod);
        else _endRound(taskId, state, config, to);
        IStakeManager(STAKE_MANAGER).slash(taskId, aggregator, slashed, address(0), 0);
        IStakeManager(STAKE_MANAGER).unlock(taskId, aggregator, config.stake - slashed);
    }

    /// @dev Ends the task: nobody has shown the first model's bytes.
    function _endWithoutModel(uint256 taskId, TaskState storage state) private {
        state.accused = 0;
        _closeRound(taskId, state, Phase.Skipped);
        uint256 slashed = IRewardManager(REWARD_MANAGER).slash(taskId);
        emit FirstModelWithheld(taskId, _creator(taskId), slashed);
    }

    /// @dev Ends the running round and starts the next, or ends the task with it.
    function _endRound(
        uint256 taskId,
        TaskState storage state,
        ITaskManager.TaskConfig memory config,
        Phase end
    )
        private
    {
        uint32 number = state.round;
        _closeRound(taskId, state, end);
        if (number < config.rounds) _startRound(taskId, state, number + 1, config.joinPeriod);
    }

    /// @dev Ends the running round, and the task unless another is started.
    function _closeRound(uint256 taskId, TaskState storage state, Phase end) private {
        Round storage round = _rounds[taskId][state.round];
        round.phase = end;
        round.attempt = state.attempt;
        round.endedAt = uint40(block.timestamp);
        emit PhaseChanged(taskId, state.round, state.phase, end, 0);
        state.phase = end;
        state.deadline = 0;
    }

    /// @dev Moves the running round on to a phase that is no end.
    function _enter(uint256 taskId, TaskState storage state, Phase to, uint256 period) private {
        uint40 deadline = uint40(block.timestamp + period); // a period is at most 30 days
        emit PhaseChanged(taskId, state.round, state.phase, to, deadline);
        state.phase = to;
        state.deadline = deadline;
    }

    /// @dev Gives the accused time to answer.
    function _extend(uint256 taskId, TaskState storage state) private returns (uint40 deadline) {
        // the time is at most 7 days
        deadline = uint40(Math.max(state.deadline, block.timestamp + Terms.answerTime(_config(taskId))));
        state.deadline = deadline;
    }

    /*//////////////////////////////////////////////////////////////
                            INTERNAL: CHECKS
    //////////////////////////////////////////////////////////////*/

    /// @dev The state of a task that exists.
    function _task(uint256 taskId) private view returns (TaskState storage state) {
        state = _states[taskId];
        if (state.phase == Phase.None) revert ITaskManager.UnknownTask(taskId);
    }

    /// @dev The state of a task whose running round is in this phase, in time.
    function _inPhase(uint256 taskId, Phase phase) private view returns (TaskState storage state) {
        state = _task(taskId);
        _checkInPhase(state, phase);
    }

    function _checkInPhase(TaskState storage state, Phase phase) private view {
        if (state.phase != phase) revert WrongPhase(phase, state.phase);
        _checkInTime(state);
    }

    function _checkInTime(TaskState storage state) private view {
        if (block.timestamp >= state.deadline) revert DeadlinePassed(state.deadline, block.timestamp);
    }

    /// @dev Whether a task whose state has this phase has ended: while it runs, no round is left in an end.
    function _ended(Phase phase) private pure returns (bool) {
        return phase == Phase.Finalized || phase == Phase.Failed || phase == Phase.Skipped;
    }

    /// @dev The sender must be of the attempt, and not have masked in it: it has submitted, and masked in the attempt
    /// before if there was one.
    function _checkMember(
        uint256 taskId,
        uint256 number,
        uint256 attempt
    )
        private
        view
        returns (RosterEntry storage entry)
    {
        entry = _rosters[taskId][number][msg.sender];
        if (entry.attempt == attempt) revert AlreadyMasked(taskId, number, attempt, msg.sender);
        if (!_isMember(entry, attempt)) {
            revert NotAMember(taskId, number, attempt, msg.sender);
        }
    }

    /// @dev There must be one mask for each peer, with members of the attempt other than the sender, addresses
    /// ascending.
    function _checkMasks(uint256 taskId, TaskState storage state, PeerMask[] calldata masks) private view {
        uint256 expected = peerCount(state.members);
        if (masks.length != expected) revert WrongMaskCount(expected, masks.length);
        uint256 number = state.round;
        uint256 attempt = state.attempt;
        address last;
        for (uint256 i; i < expected; ++i) {
            address peer = masks[i].peer;
            if (peer <= last || peer == msg.sender || !_isMember(_rosters[taskId][number][peer], attempt)) {
                revert WrongPeer(peer);
            }
            last = peer;
            masks[i].commitment.validate();
        }
    }

    /// @dev Whether a trainer is of the attempt that runs: it has masked in it or, if there was one, in the one before.
    function _isMember(RosterEntry storage entry, uint256 attempt) private view returns (bool) {
        return entry.status == TrainerStatus.Submitted && entry.attempt + 1 >= attempt;
    }

    function _isAccused(RosterEntry storage entry, uint256 attempt) private view returns (bool) {
        return entry.status == TrainerStatus.Accused && entry.attempt == attempt;
    }

    /// @dev The entry of a member of the attempt that is aggregated, or of one whose update is reviewed, neither accused
    /// nor guilty, and no average of the attempt was accepted.
    function _accusable(
        uint256 taskId,
        address trainer,
        Phase phase
    )
        private
        view
        returns (TaskState storage state, RosterEntry storage entry)
    {
        state = _inPhase(taskId, phase);
        uint256 number = state.round;
        entry = _rosters[taskId][number][trainer];
        if (
            entry.attempt != state.attempt || entry.status != TrainerStatus.Submitted
                || _rounds[taskId][number].averages != 0
        ) revert NotAccusable(taskId, number, trainer);
    }

    /// @dev The proof must be of twice the attempt's sum and of [masked | sender], and valid.
    function _checkAverage(
        ITaskManager.TaskConfig memory config,
        TaskState storage state,
        uint256 masked,
        bytes calldata proof
    )
        private
        view
    {
        G1 memory expected = state.sum;
        expected = expected.twice(config.offset);
        G1 memory actual = proof.commitmentAt(3);
        if (!actual.equals(expected)) revert SumMismatch(expected.hash(), actual.hash());
        expected = Commitments.publicOf(config, masked, msg.sender);
        actual = proof.commitmentAt(2);
        if (!actual.equals(expected)) revert PublicMismatch(expected.hash(), actual.hash());
        proof.commitmentAt(0).validate();
        config.averageVerifier.check(proof);
    }

    /*//////////////////////////////////////////////////////////////
                        INTERNAL: OTHER CONTRACTS
    //////////////////////////////////////////////////////////////*/

    function _config(uint256 taskId) private view returns (ITaskManager.TaskConfig memory) {
        return TaskCode.configOf(TASK_MANAGER, taskId);
    }

    function _creator(uint256 taskId) private view returns (address) {
        return TaskCode.creatorOf(TASK_MANAGER, taskId);
    }

    function _registry() private view returns (IModelRegistry) {
        return IModelRegistry(MODEL_REGISTRY);
    }
}
