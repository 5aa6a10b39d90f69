// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {IStakeManager} from "./interfaces/IStakeManager.sol";
import {ITaskManager} from "./interfaces/ITaskManager.sol";
import {IVerifier} from "./interfaces/IVerifier.sol";
import {BN254, G1} from "./libraries/BN254.sol";
import {Commitments} from "./libraries/Commitments.sol";

/// @title TaskManager
contract TaskManager is ITaskManager, ReentrancyGuardTransient {
    using BN254 for G1;
    using Commitments for G1;
    using Commitments for bytes;
    using SafeCast for uint256;

    /*//////////////////////////////////////////////////////////////
                               CONSTANTS
    //////////////////////////////////////////////////////////////*/

    /// @dev With fewer, two trainers would learn each other's update from the average.
    uint16 private constant LEAST_TRAINERS = 3;

    /// @inheritdoc ITaskManager
    uint16 public constant MAX_TRAINERS = 1024;

    /// @inheritdoc ITaskManager
    uint16 public constant MAX_PEERS = 16;

    /// @inheritdoc ITaskManager
    uint32 public constant MAX_ROUNDS = 10_000;

    /// @inheritdoc ITaskManager
    uint32 public constant MAX_PERIOD = 30 days;

    /// @inheritdoc ITaskManager
    uint8 public constant MAX_K = 28;

    /*//////////////////////////////////////////////////////////////
                               IMMUTABLES
    //////////////////////////////////////////////////////////////*/

    IStakeManager private immutable STAKE_MANAGER;
    IModelRegistry private immutable MODEL_REGISTRY;

    /*//////////////////////////////////////////////////////////////
                                STORAGE
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc ITaskManager
    uint256 public taskCount;

    mapping(uint256 taskId => TaskConfig) private _configs;
    mapping(uint256 taskId => TaskState) private _states;
    mapping(uint256 taskId => mapping(uint256 round => Round)) private _rounds;
    mapping(uint256 taskId => mapping(uint256 round => mapping(address trainer => RosterEntry))) private _rosters;
    mapping(uint256 taskId => mapping(address trainer => bytes32 dataHash)) private _enrolments;

    /// @inheritdoc ITaskManager
    mapping(uint256 taskId => mapping(bytes32 dataHash => address trainer)) public dataOwner;

    /*//////////////////////////////////////////////////////////////
                              CONSTRUCTOR
    //////////////////////////////////////////////////////////////*/

    /// @param stakeManager_ The StakeManager, deployed for this contract's address.
    /// @param modelRegistry_ The ModelRegistry, deployed for this contract's address.
    constructor(IStakeManager stakeManager_, IModelRegistry modelRegistry_) {
        _checkServes(address(stakeManager_), stakeManager_.taskManager());
        _checkServes(address(modelRegistry_), modelRegistry_.taskManager());
        STAKE_MANAGER = stakeManager_;
        MODEL_REGISTRY = modelRegistry_;
    }

    /*//////////////////////////////////////////////////////////////
                               TASK CREATORS
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc ITaskManager
    function createTask(
        TaskConfig calldata config,
        G1 calldata model,
        bytes32 modelCid
    )
        external
        payable
        nonReentrant
        returns (uint256 taskId)
    {
        _checkTerms(config);
        _checkVerifier(config.trainVerifier, config.trainCodeHash);
        _checkVerifier(config.averageVerifier, config.averageCodeHash);
        _checkPoints(config, model);
        if (config.manifest == 0 || modelCid == 0) revert MissingCid();

        taskId = ++taskCount;
        G1 memory commitment = model.withEntry(config.basisD, tag(taskId));
        _configs[taskId] = config;
        TaskState storage state = _states[taskId];
        state.creator = msg.sender;
        state.pool = msg.value.toUint96();
        state.modelHash = commitment.hash();
        state.sum = config.offset; // only so that the slots are not zero
        emit TaskCreated(taskId, msg.sender, config.manifest, msg.value);
        _startRound(taskId, state, 1, config.joinPeriod);

        STAKE_MANAGER.escrow{value: msg.value}(taskId);
        MODEL_REGISTRY.add(taskId, 0, commitment, modelCid);
    }

    /// @inheritdoc ITaskManager
    function reclaim(uint256 taskId) external nonReentrant returns (uint256 amount) {
        TaskState storage state = _task(taskId);
        if (!_ended(state.phase)) revert TaskRunning(taskId, state.round);
        amount = state.pool - state.spent;
        if (amount == 0) revert NothingToReclaim(taskId);
        state.spent = state.pool;
        emit PoolReclaimed(taskId, state.creator, amount);
        STAKE_MANAGER.credit(taskId, state.creator, amount);
    }

    /*//////////////////////////////////////////////////////////////
                                TRAINERS
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc ITaskManager
    function enrol(uint256 taskId, G1 calldata data, G1 calldata maskKey) external nonReentrant {
        if (_ended(_task(taskId).phase)) revert TaskEnded(taskId);
        if (_enrolments[taskId][msg.sender] != 0) revert AlreadyEnrolled(taskId, msg.sender);
        TaskConfig storage config = _configs[taskId];
        data.validate();
        maskKey.validate();
        if (data.equals(config.offset)) revert EmptyData();
        bytes32 dataHash = data.hash();
        address owner = dataOwner[taskId][dataHash];
        if (owner != address(0) && owner != msg.sender) revert DataAlreadyRegistered(taskId, dataHash, owner);

        dataOwner[taskId][dataHash] = msg.sender;
        _enrolments[taskId][msg.sender] = dataHash;
        emit Enrolled(taskId, msg.sender, data, maskKey, config.stake);
        STAKE_MANAGER.lock(taskId, msg.sender, config.stake);
    }

    /// @inheritdoc ITaskManager
    function unenrol(uint256 taskId) external nonReentrant {
        TaskState storage state = _task(taskId);
        _checkEnrolled(taskId);
        if (!_ended(state.phase) && _rosters[taskId][state.round][msg.sender].status != TrainerStatus.None) {
            revert OnRoster(taskId, state.round, msg.sender);
        }

        delete _enrolments[taskId][msg.sender];
        uint256 stake = STAKE_MANAGER.unlock(taskId, msg.sender);
        emit Unenrolled(taskId, msg.sender, stake);
    }

    /// @inheritdoc ITaskManager
    function join(uint256 taskId) external returns (uint256 round) {
        TaskState storage state = _inPhase(taskId, Phase.Join);
        _checkEnrolled(taskId);
        round = state.round;
        RosterEntry storage entry = _rosters[taskId][round][msg.sender];
        if (entry.status != TrainerStatus.None) revert AlreadyJoined(taskId, round, msg.sender);

        entry.status = TrainerStatus.Joined;
        uint16 joined = state.joined + 1;
        state.joined = joined;
        emit Joined(taskId, round, msg.sender, joined);

        TaskConfig storage config = _configs[taskId];
        if (joined == config.maxTrainers) _enter(taskId, state, Phase.Train, config.trainPeriod);
    }

    /// @inheritdoc ITaskManager
    function submit(uint256 taskId, bytes calldata proof) external nonReentrant {
        TaskState storage state = _inPhase(taskId, Phase.Train);
        uint256 number = state.round;
        RosterEntry storage entry = _rosters[taskId][number][msg.sender];
        if (entry.status == TrainerStatus.None) revert NotOnRoster(taskId, number, msg.sender);
        if (entry.status != TrainerStatus.Joined) revert AlreadySubmitted(taskId, number, msg.sender);
        G1 memory update = proof.commitmentAt(3);
        update.validate();
        _checkTraining(taskId, state, proof);

        entry.status = TrainerStatus.Submitted;
        entry.updateHash = bytes29(update.hash());
        uint16 submitted = state.submitted + 1;
        state.submitted = submitted;
        emit Submitted(taskId, number, msg.sender, update, submitted);

        if (submitted == state.joined) _startMasking(taskId, state, submitted);
    }

    /// @inheritdoc ITaskManager
    function mask(uint256 taskId, G1 calldata update, bytes32 cid, G1[] calldata maskCommitments) external {
        TaskState storage state = _inPhase(taskId, Phase.Mask);
        RosterEntry storage entry = _checkMember(taskId, state.round, state.attempt);
        if (cid == 0) revert MissingCid();
        bytes29 updateHash = bytes29(update.hash());
        if (updateHash != entry.updateHash) revert UpdateMismatch(entry.updateHash, updateHash);
        _checkMasks(state.members, maskCommitments);

        entry.attempt = state.attempt;
        uint256 masked = _addUpdate(taskId, state, update);
        emit Masked(taskId, state.round, state.attempt, msg.sender, update, cid, maskCommitments, masked);

        if (masked == state.members) _enter(taskId, state, Phase.Aggregate, _configs[taskId].aggregatePeriod);
    }

    /*//////////////////////////////////////////////////////////////
                                 ANYONE
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc ITaskManager
    function aggregate(uint256 taskId, bytes calldata proof, bytes32 cid) external nonReentrant {
        TaskState storage state = _inPhase(taskId, Phase.Aggregate);
        if (cid == 0) revert MissingCid();
        uint32 number = state.round;
        Round storage round = _rounds[taskId][number];
        uint16 masked = round.masked;
        _checkAverage(taskId, state, masked, proof);

        G1 memory model = proof.commitmentAt(0);
        bytes32 oldModelHash = state.modelHash;
        bytes32 newModelHash = model.hash();
        state.modelHash = newModelHash;
        state.spent += uint96(_configs[taskId].aggregatorFee + _share(taskId, masked) * masked); // <= pool / rounds
        round.aggregator = msg.sender;
        emit Aggregated(taskId, number, msg.sender, oldModelHash, newModelHash, cid);
        _endRound(taskId, state, Phase.Finalized);
        MODEL_REGISTRY.add(taskId, number, model, cid);
    }

    /// @inheritdoc ITaskManager
    function advance(uint256 taskId) external {
        TaskState storage state = _task(taskId);
        Phase next = _next(taskId);
        if (next == Phase.None) revert NothingToAdvance(taskId, state.phase, state.deadline);
        if (next == Phase.Train) _enter(taskId, state, next, _configs[taskId].trainPeriod);
        else if (next == Phase.Mask) _startMasking(taskId, state, _comers(taskId, state));
        else _endRound(taskId, state, next);
    }

    /// @inheritdoc ITaskManager
    function collect(uint256 taskId, uint32[] calldata rounds) external nonReentrant returns (uint256 amount) {
        _task(taskId);
        for (uint256 i; i < rounds.length; ++i) {
            amount += _collectRound(taskId, rounds[i]);
        }
        if (amount == 0) revert NothingToCollect(taskId, msg.sender);
        STAKE_MANAGER.credit(taskId, msg.sender, amount);
    }

    /*//////////////////////////////////////////////////////////////
                                 VIEWS
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc ITaskManager
    function stakeManager() external view returns (address) {
        return address(STAKE_MANAGER);
    }

    /// @inheritdoc ITaskManager
    function modelRegistry() external view returns (address) {
        return address(MODEL_REGISTRY);
    }

    /// @inheritdoc ITaskManager
    function getTask(uint256 taskId) external view returns (TaskConfig memory config, TaskState memory state) {
        state = _task(taskId);
        config = _configs[taskId];
    }

    /// @inheritdoc ITaskManager
    function getRound(uint256 taskId, uint256 round) public view returns (Round memory result) {
        TaskState storage state = _states[taskId];
        result = _rounds[taskId][round];
        if (round == state.round) (result.phase, result.attempt) = (state.phase, state.attempt);
    }

    /// @inheritdoc ITaskManager
    function getRosterEntry(uint256 taskId, uint256 round, address trainer) external view returns (RosterEntry memory) {
        return _rosters[taskId][round][trainer];
    }

    /// @inheritdoc ITaskManager
    function getEnrolment(uint256 taskId, address trainer) external view returns (bytes32 dataHash, uint256 stake) {
        return (_enrolments[taskId][trainer], STAKE_MANAGER.lockOf(taskId, trainer));
    }

    /// @inheritdoc ITaskManager
    function currentPhase(uint256 taskId)
        external
        view
        returns (uint256 round, Phase phase, uint256 deadline, Phase next)
    {
        TaskState storage state = _task(taskId);
        return (state.round, state.phase, state.deadline, _next(taskId));
    }

    /// @inheritdoc ITaskManager
    function tag(uint256 taskId) public view returns (uint256) {
        return uint256(keccak256(abi.encode(block.chainid, address(this), taskId))) % BN254.P;
    }

    /// @inheritdoc ITaskManager
    function peerCount(uint256 members) public pure returns (uint256) {
        return Math.min(Math.saturatingSub(members, 1), MAX_PEERS);
    }

    /// @inheritdoc ITaskManager
    function rewardOf(uint256 taskId, uint256 round, address account) external view returns (uint256) {
        (uint256 share, uint256 fee) = _owed(taskId, round, account);
        return share + fee;
    }

    /*//////////////////////////////////////////////////////////////
                            INTERNAL: ROUNDS
    //////////////////////////////////////////////////////////////*/

    /// @dev Where `advance` leads now; None if nowhere.
    function _next(uint256 taskId) private view returns (Phase) {
        TaskState storage state = _states[taskId];
        if (_ended(state.phase) || block.timestamp < state.deadline) return Phase.None;
        if (state.phase == Phase.Aggregate) return Phase.Failed;
        uint256 least = _configs[taskId].minTrainers;
        if (state.phase == Phase.Join) return state.joined < least ? Phase.Skipped : Phase.Train;
        return _comers(taskId, state) < least ? Phase.Failed : Phase.Mask;
    }

    /// @dev How many have done what the running Train or attempt at masking asked of them.
    function _comers(uint256 taskId, TaskState storage state) private view returns (uint16) {
        return state.phase == Phase.Train ? state.submitted : _rounds[taskId][state.round].masked;
    }

    /// @dev Moves the running round on to a phase that is no end.
    function _enter(uint256 taskId, TaskState storage state, Phase to, uint256 period) private {
        uint48 deadline = uint48(block.timestamp + period); // a period is at most 30 days
        emit PhaseChanged(taskId, state.round, state.phase, to, deadline);
        state.phase = to;
        state.deadline = deadline;
    }

    /// @dev Ends the running round and starts the next, or ends the task with it.
    function _endRound(uint256 taskId, TaskState storage state, Phase end) private {
        uint32 number = state.round;
        Round storage round = _rounds[taskId][number];
        round.phase = end;
        round.attempt = state.attempt;
        round.endedAt = uint48(block.timestamp);
        emit PhaseChanged(taskId, number, state.phase, end, 0);

        TaskConfig storage config = _configs[taskId];
        if (number < config.rounds) {
            _startRound(taskId, state, number + 1, config.joinPeriod);
        } else {
            state.phase = end;
            state.deadline = 0;
        }
    }

    /// @dev Starts a round with its Join.
    function _startRound(uint256 taskId, TaskState storage state, uint32 number, uint256 period) private {
        state.round = number;
        state.joined = 0;
        state.submitted = 0;
        state.attempt = 0;
        state.members = 0;
        state.phase = Phase.None;
        _enter(taskId, state, Phase.Join, period);
    }

    /// @dev Starts an attempt at masking, whose members are all who have come so far.
    function _startMasking(uint256 taskId, TaskState storage state, uint16 members) private {
        uint32 number = state.round;
        uint16 attempt = state.attempt + 1; // at most as many as a roster has trainers
        _enter(taskId, state, Phase.Mask, _configs[taskId].maskPeriod);
        state.attempt = attempt;
        state.members = members;
        if (attempt != 1) _rounds[taskId][number].masked = 0;
        bytes32 seed = keccak256(abi.encode(blockhash(block.number - 1), taskId, number, attempt));
        emit MaskingStarted(taskId, number, attempt, members, seed);
    }

    /// @dev Adds an update to the attempt's sum and returns how many are in it.
    function _addUpdate(uint256 taskId, TaskState storage state, G1 memory update) private returns (uint16 masked) {
        TaskConfig storage config = _configs[taskId];
        Round storage round = _rounds[taskId][state.round];
        masked = round.masked + 1;
        round.masked = masked;
        // the first brings the tag into the sum vector, where every update has a 0
        state.sum = masked == 1 ? update.withEntry(config.basisD, tag(taskId)) : state.sum.plus(update, config.offset);
    }

    /// @dev Whether a task whose state has this phase has ended: while it runs, no round is left in an end.
    function _ended(Phase phase) private pure returns (bool) {
        return phase == Phase.Finalized || phase == Phase.Failed || phase == Phase.Skipped;
    }

    /*//////////////////////////////////////////////////////////////
                            INTERNAL: MONEY
    //////////////////////////////////////////////////////////////*/

    /// @dev What a finalized round owes each of its trainers. What does not divide evenly stays in the pool.
    function _share(uint256 taskId, uint256 masked) private view returns (uint256) {
        TaskConfig storage config = _configs[taskId];
        return (_states[taskId].pool / config.rounds - config.aggregatorFee) / masked;
    }

    /// @dev What a round owes the account and has not credited: nothing unless it is finalized.
    function _owed(uint256 taskId, uint256 number, address account) private view returns (uint256 share, uint256 fee) {
        Round storage round = _rounds[taskId][number];
        if (round.phase != Phase.Finalized) return (0, 0);
        RosterEntry storage entry = _rosters[taskId][number][account];
        if (entry.status == TrainerStatus.Submitted && entry.attempt == round.attempt) {
            share = _share(taskId, round.masked);
        }
        if (round.aggregator == account && !round.feeCollected) fee = _configs[taskId].aggregatorFee;
    }

    /// @dev Marks as collected what a finalized round owes the sender, and returns it.
    function _collectRound(uint256 taskId, uint256 number) private returns (uint256 amount) {
        Round storage round = _rounds[taskId][number];
        if (round.phase != Phase.Finalized) {
            revert RoundNotFinalized(taskId, number, getRound(taskId, number).phase);
        }
        (uint256 share, uint256 fee) = _owed(taskId, number, msg.sender);
        amount = share + fee;
        if (amount == 0) return 0;
        if (share != 0) _rosters[taskId][number][msg.sender].status = TrainerStatus.Rewarded;
        if (fee != 0) round.feeCollected = true;
        emit RewardCollected(taskId, number, msg.sender, amount);
    }

    /*//////////////////////////////////////////////////////////////
                            INTERNAL: CHECKS
    //////////////////////////////////////////////////////////////*/

    /// @dev The state of a task that exists.
    function _task(uint256 taskId) private view returns (TaskState storage state) {
        state = _states[taskId];
        if (state.phase == Phase.None) revert UnknownTask(taskId);
    }

    /// @dev The state of a task whose running round is in this phase, in time.
    function _inPhase(uint256 taskId, Phase phase) private view returns (TaskState storage state) {
        state = _task(taskId);
        if (state.phase != phase) revert WrongPhase(phase, state.phase);
        if (block.timestamp >= state.deadline) revert DeadlinePassed(state.deadline, block.timestamp);
    }

    function _checkEnrolled(uint256 taskId) private view {
        if (_enrolments[taskId][msg.sender] == 0) revert NotEnrolled(taskId, msg.sender);
    }

    /// @dev The proof must be of the current model and the sender's data, and valid.
    function _checkTraining(uint256 taskId, TaskState storage state, bytes calldata proof) private view {
        bytes32 model = proof.commitmentAt(0).hash();
        if (model != state.modelHash) revert ModelMismatch(state.modelHash, model);
        bytes32 data = proof.commitmentAt(1).hash();
        bytes32 ownData = _enrolments[taskId][msg.sender];
        if (data != ownData) revert DataMismatch(ownData, data);
        _verify(_configs[taskId].trainVerifier, proof);
    }

    /// @dev The sender must be of the attempt, and not have masked in it: it has submitted, and masked in the attempt before
    /// if there was one.
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
        uint256 last = entry.attempt;
        if (last == attempt) revert AlreadyMasked(taskId, number, attempt, msg.sender);
        if (entry.status != TrainerStatus.Submitted || last + 1 != attempt) {
            revert NotAMember(taskId, number, attempt, msg.sender);
        }
    }

    /// @dev There must be one commitment for each peer.
    function _checkMasks(uint256 members, G1[] calldata maskCommitments) private pure {
        uint256 expected = peerCount(members);
        if (maskCommitments.length != expected) revert WrongMaskCount(expected, maskCommitments.length);
        for (uint256 i; i < expected; ++i) {
            maskCommitments[i].validate();
        }
    }

    /// @dev The proof must be of the attempt's sum and of [masked | sender], and valid.
    function _checkAverage(uint256 taskId, TaskState storage state, uint256 masked, bytes calldata proof) private view {
        G1 memory sum = proof.commitmentAt(3);
        if (!sum.equals(state.sum)) revert SumMismatch(state.sum.hash(), sum.hash());
        TaskConfig storage config = _configs[taskId];
        G1 memory expected = config.offset;
        expected = expected.withEntry(config.basis0, masked).withEntry(config.basis1, uint160(msg.sender));
        G1 memory actual = proof.commitmentAt(2);
        if (!actual.equals(expected)) revert PublicMismatch(expected.hash(), actual.hash());
        proof.commitmentAt(0).validate();
        _verify(config.averageVerifier, proof);
    }

    /// @dev A static call with calldata that the compiler lays out. It comes last of a function's checks: it is the dear one.
    function _verify(address verifier, bytes calldata proof) private view {
        bool valid;
        try IVerifier(verifier).verifyProof(proof, new uint256[](0)) returns (bool result) {
            valid = result;
        } catch {}
        if (!valid) revert InvalidProof(verifier);
    }

    function _checkTerms(TaskConfig calldata config) private view {
        if (
            config.minTrainers < LEAST_TRAINERS || config.maxTrainers < config.minTrainers
                || config.maxTrainers > MAX_TRAINERS
        ) revert InvalidTrainers(config.minTrainers, config.maxTrainers);
        if (config.rounds == 0 || config.rounds > MAX_ROUNDS) revert InvalidRounds(config.rounds);
        _checkPeriod(config.joinPeriod);
        _checkPeriod(config.trainPeriod);
        _checkPeriod(config.maskPeriod);
        _checkPeriod(config.aggregatePeriod);
        // every attempt but the last lacks one of those who may be missing
        uint256 attempts = uint256(config.maxTrainers) - config.minTrainers + 1;
        if (config.maskPeriod * attempts > MAX_PERIOD) revert MaskingTooLong(config.maskPeriod, attempts);
        // the longest vectors are [w' | 0 | salts]: D + 2 entries at least
        if (config.dimension == 0 || config.k > MAX_K || uint256(config.dimension) + 2 > 1 << config.k) {
            revert InvalidDimension(config.dimension, config.k);
        }
        uint256 roundPool = msg.value / config.rounds;
        if (config.aggregatorFee > roundPool) revert InvalidFee(config.aggregatorFee, roundPool);
    }

    function _checkPeriod(uint32 period) private pure {
        if (period == 0 || period > MAX_PERIOD) revert InvalidPeriod(period);
    }

    function _checkVerifier(address verifier, bytes32 codeHash) private view {
        bytes32 actual = verifier.codehash;
        if (actual != codeHash || verifier.code.length == 0) revert InvalidVerifier(verifier, codeHash, actual);
    }

    function _checkPoints(TaskConfig calldata config, G1 calldata model) private pure {
        config.offset.validate();
        config.basis0.validate();
        config.basis1.validate();
        config.basisD.validate();
        model.validate();
    }

    function _checkServes(address deployed, address served) private view {
        if (served != address(this)) revert WrongTaskManager(deployed, address(this), served);
    }
}
