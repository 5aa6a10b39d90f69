// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ERC165} from "@openzeppelin/contracts/utils/introspection/ERC165.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IChallengeManager} from "./interfaces/IChallengeManager.sol";
import {IERC7572} from "./interfaces/IERC7572.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {IStakeManager} from "./interfaces/IStakeManager.sol";
import {ITaskManager} from "./interfaces/ITaskManager.sol";
import {IVerifier} from "./interfaces/IVerifier.sol";
import {BN254, G1} from "./libraries/BN254.sol";
import {Commitments} from "./libraries/Commitments.sol";

/// @title TaskManager
contract TaskManager is ITaskManager, ERC165, ReentrancyGuardTransient {
    using BN254 for G1;
    using Commitments for G1;
    using Commitments for bytes;
    using SafeCast for uint256;

    /*//////////////////////////////////////////////////////////////
                               CONSTANTS
    //////////////////////////////////////////////////////////////*/

    /// @dev With fewer, two trainers would learn each other's update from the average.
    uint16 private constant LEAST_TRAINERS = 3;

    /// @dev The whole, in the parts in which slashes are given.
    uint256 private constant PARTS = 10_000;

    /// @inheritdoc ITaskManager
    uint16 public constant MAX_TRAINERS = 1024;

    /// @inheritdoc ITaskManager
    uint16 public constant MAX_PEERS = 16;

    /// @inheritdoc ITaskManager
    uint8 public constant MAX_AVERAGES = 3;

    /// @inheritdoc ITaskManager
    uint32 public constant MAX_DIMENSION = 1280;

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
    IChallengeManager private immutable CHALLENGE_MANAGER;

    /*//////////////////////////////////////////////////////////////
                                STORAGE
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc ITaskManager
    uint256 public taskCount;

    mapping(uint256 taskId => TaskConfig) private _configs;
    mapping(uint256 taskId => TaskState) private _states;
    mapping(uint256 taskId => mapping(uint256 round => Round)) private _rounds;
    mapping(uint256 taskId => mapping(uint256 round => mapping(address trainer => RosterEntry))) private _rosters;
    mapping(uint256 taskId => mapping(address trainer => Enrolment)) private _enrolments;

    /// @dev How many members of a round's attempt at masking were convicted.
    mapping(uint256 taskId => mapping(uint256 round => mapping(uint256 attempt => uint256))) private _convicted;

    /// @inheritdoc ITaskManager
    mapping(uint256 taskId => mapping(bytes32 dataHash => address trainer)) public dataOwner;

    /*//////////////////////////////////////////////////////////////
                              CONSTRUCTOR
    //////////////////////////////////////////////////////////////*/

    /// @param stakeManager_ The StakeManager, deployed for this contract's address.
    /// @param modelRegistry_ The ModelRegistry, deployed for this contract's address.
    /// @param challengeManager_ The ChallengeManager, deployed for this contract's address.
    constructor(IStakeManager stakeManager_, IModelRegistry modelRegistry_, IChallengeManager challengeManager_) {
        _checkServes(address(stakeManager_), address(this), stakeManager_.taskManager());
        _checkServes(address(stakeManager_), address(challengeManager_), stakeManager_.challengeManager());
        _checkServes(address(modelRegistry_), address(this), modelRegistry_.taskManager());
        _checkServes(address(challengeManager_), address(this), challengeManager_.taskManager());
        STAKE_MANAGER = stakeManager_;
        MODEL_REGISTRY = modelRegistry_;
        CHALLENGE_MANAGER = challengeManager_;
    }

    modifier onlyChallengeManager() {
        if (msg.sender != address(CHALLENGE_MANAGER)) revert UnauthorizedCaller(msg.sender);
        _;
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
        emit TaskCreated(taskId, msg.sender, config.manifest, msg.value, config);
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
        Enrolment storage enrolment = _enrolments[taskId][msg.sender];
        if (enrolment.dataHash != 0) revert AlreadyEnrolled(taskId, msg.sender);
        TaskConfig storage config = _configs[taskId];
        data.validate();
        maskKey.validate();
        if (data.equals(config.offset)) revert EmptyData();
        bytes32 dataHash = data.hash();
        address owner = dataOwner[taskId][dataHash];
        if (owner != address(0) && owner != msg.sender) revert DataAlreadyRegistered(taskId, dataHash, owner);

        dataOwner[taskId][dataHash] = msg.sender;
        enrolment.dataHash = dataHash;
        enrolment.maskKeyHash = maskKey.hash();
        enrolment.stake = config.stake;
        emit Enrolled(taskId, msg.sender, data, maskKey, config.stake);
        STAKE_MANAGER.lock(taskId, msg.sender, config.stake);
    }

    /// @inheritdoc ITaskManager
    function unenrol(uint256 taskId) external {
        Enrolment storage enrolment = _enrolled(taskId);
        _checkStaying(taskId, enrolment);
        _leave(taskId, msg.sender, enrolment);
    }

    /// @inheritdoc ITaskManager
    function release(uint256 taskId) external nonReentrant {
        Enrolment storage enrolment = _enrolled(taskId);
        uint256 releasableAt = enrolment.releasableAt;
        if (releasableAt == 0 || block.timestamp < releasableAt) {
            revert NotReleasable(taskId, msg.sender, releasableAt);
        }
        if (enrolment.unsettled != 0) _settle(taskId, msg.sender, enrolment);
        uint256 stake = enrolment.stake;
        delete _enrolments[taskId][msg.sender];
        emit Released(taskId, msg.sender, stake);
        STAKE_MANAGER.unlock(taskId, msg.sender, stake);
    }

    /// @inheritdoc ITaskManager
    function settle(uint256 taskId, address trainer) external nonReentrant returns (uint256 slashed) {
        Enrolment storage enrolment = _enrolments[taskId][trainer];
        uint256 round = enrolment.unsettled;
        if (round == 0) revert NothingToSettle(taskId, trainer);
        slashed = _settle(taskId, trainer, enrolment);
        emit Settled(taskId, round, trainer, slashed);
    }

    /// @inheritdoc ITaskManager
    function join(uint256 taskId) external nonReentrant returns (uint256 round) {
        TaskState storage state = _inPhase(taskId, Phase.Join);
        TaskConfig storage config = _configs[taskId];
        Enrolment storage enrolment = _enrolled(taskId);
        round = state.round;
        if (enrolment.unsettled == round) revert AlreadyJoined(taskId, round, msg.sender);
        if (state.joined == config.maxTrainers) revert RosterFull(taskId, round);
        if (enrolment.unsettled != 0) _settle(taskId, msg.sender, enrolment);
        _checkStaying(taskId, enrolment);

        uint256 missing = config.stake - enrolment.stake;
        enrolment.stake = config.stake;
        enrolment.unsettled = uint32(round);
        uint16 joined = state.joined + 1;
        state.joined = joined;
        emit Joined(taskId, round, msg.sender, joined);
        _startIfFull(taskId, state);
        if (missing != 0) STAKE_MANAGER.lock(taskId, msg.sender, missing);
    }

    /// @inheritdoc ITaskManager
    function submit(uint256 taskId, bytes calldata proof) external nonReentrant {
        TaskState storage state = _inPhase(taskId, Phase.Train);
        uint256 number = state.round;
        RosterEntry storage entry = _rosters[taskId][number][msg.sender];
        if (_enrolments[taskId][msg.sender].unsettled != number) revert NotOnRoster(taskId, number, msg.sender);
        if (entry.status != TrainerStatus.None) revert AlreadySubmitted(taskId, number, msg.sender);
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
    function mask(uint256 taskId, Posting calldata posting) external {
        TaskState storage state = _inPhase(taskId, Phase.Mask);
        uint16 attempt = state.attempt;
        RosterEntry storage entry = _checkMember(taskId, state.round, attempt);
        if (posting.cid == 0) revert MissingCid();
        bytes29 updateHash = bytes29(posting.update.hash());
        if (updateHash != entry.updateHash) revert UpdateMismatch(entry.updateHash, updateHash);
        _checkMasks(taskId, state, posting.masks);

        entry.attempt = attempt;
        entry.postingHash = keccak256(abi.encode(posting));
        uint256 masked = _addUpdate(taskId, state, posting.update);
        emit Masked(taskId, state.round, attempt, msg.sender, posting, masked);

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

        G1 memory average = proof.commitmentAt(0);
        state.average = average;
        state.averageCid = cid;
        state.accused = 0;
        round.aggregator = msg.sender;
        ++round.averages;
        emit Aggregated(taskId, number, msg.sender, state.modelHash, average.hash(), average, cid);
        TaskConfig storage config = _configs[taskId];
        _enter(taskId, state, Phase.Challenge, config.challengePeriod);
        STAKE_MANAGER.lock(taskId, msg.sender, config.stake);
    }

    /// @inheritdoc ITaskManager
    function advance(uint256 taskId) external nonReentrant {
        TaskState storage state = _task(taskId);
        Phase from = state.phase;
        Phase next = _next(taskId);
        if (next == Phase.None) revert NothingToAdvance(taskId, from, state.deadline);
        if (next == Phase.Train) _enter(taskId, state, next, _configs[taskId].trainPeriod);
        else if (next == Phase.Mask) _startMasking(taskId, state, _comers(taskId, state));
        else if (next == Phase.Finalized) _finalize(taskId, state);
        else if (from == Phase.Challenge) _revoke(taskId, state, next);
        else if (from == Phase.Join && state.accused != 0) _endWithoutModel(taskId, state);
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
                       ONLY THE CHALLENGE MANAGER
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc ITaskManager
    function accuse(uint256 taskId, address trainer) external onlyChallengeManager {
        (TaskState storage state, RosterEntry storage entry) = _accusable(taskId, trainer);
        if (entry.status != TrainerStatus.Submitted) revert NotAccusable(taskId, state.round, trainer);
        entry.status = TrainerStatus.Accused;
        ++state.accused;
        emit Accused(taskId, state.round, state.attempt, trainer, _extend(taskId, state));
    }

    /// @inheritdoc ITaskManager
    function acquit(uint256 taskId, uint256 round, uint256 attempt, address trainer) external onlyChallengeManager {
        TaskState storage state = _inPhase(taskId, Phase.Aggregate);
        RosterEntry storage entry = _rosters[taskId][round][trainer];
        // once an average was accepted, accusations are moot
        if (
            round != state.round || attempt != state.attempt || entry.attempt != attempt
                || entry.status != TrainerStatus.Accused || _rounds[taskId][round].averages != 0
        ) revert NotAccused(taskId, round, attempt, trainer);
        entry.status = TrainerStatus.Submitted;
        --state.accused;
        emit Acquitted(taskId, round, attempt, trainer, _extend(taskId, state));
    }

    /// @inheritdoc ITaskManager
    function convict(uint256 taskId, address trainer) external onlyChallengeManager {
        (TaskState storage state, RosterEntry storage entry) = _accusable(taskId, trainer);
        if (entry.status != TrainerStatus.Accused) {
            if (entry.status != TrainerStatus.Submitted) revert NotAccusable(taskId, state.round, trainer);
            ++state.accused;
            _extend(taskId, state);
        }
        entry.status = TrainerStatus.Guilty;
        ++_convicted[taskId][state.round][state.attempt];
        emit Convicted(taskId, state.round, state.attempt, trainer, state.deadline);
    }

    /// @inheritdoc ITaskManager
    function accuseModel(uint256 taskId) external onlyChallengeManager returns (address accused) {
        TaskState storage state = _task(taskId);
        Phase phase = state.phase;
        if (phase == Phase.Challenge) accused = _rounds[taskId][state.round].aggregator;
        else if (phase == Phase.Join && MODEL_REGISTRY.latest(taskId).round == 0) accused = state.creator;
        if (accused == address(0) || state.accused != 0) revert ModelNotAccusable(taskId, phase);
        _checkInTime(state);
        state.accused = 1;
        emit ModelAccused(taskId, state.round, accused, _extend(taskId, state));
    }

    /// @inheritdoc ITaskManager
    function acquitModel(uint256 taskId) external onlyChallengeManager nonReentrant {
        TaskState storage state = _task(taskId);
        Phase phase = state.phase;
        if ((phase != Phase.Challenge && phase != Phase.Join) || state.accused == 0) revert ModelNotAccused(taskId);
        _checkInTime(state);
        state.accused = 0;
        address accused = phase == Phase.Join ? state.creator : _rounds[taskId][state.round].aggregator;
        emit ModelAcquitted(taskId, state.round, accused);
        if (phase == Phase.Join) _startIfFull(taskId, state);
        else _finalize(taskId, state);
    }

    /*//////////////////////////////////////////////////////////////
                                 VIEWS
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) public view override(ERC165, IERC165) returns (bool supported) {
        return interfaceId == type(ITaskManager).interfaceId || interfaceId == type(IERC7572).interfaceId
            || super.supportsInterface(interfaceId);
    }

    /// @inheritdoc IERC7572
    function contractURI() external pure returns (string memory uri) {
        return
            'data:application/json;utf8,{"name":"Headwater tasks","description":"Models trained together, with proofs"}';
    }

    /// @inheritdoc ITaskManager
    function stakeManager() external view returns (address deployed) {
        return address(STAKE_MANAGER);
    }

    /// @inheritdoc ITaskManager
    function challengeManager() external view returns (address deployed) {
        return address(CHALLENGE_MANAGER);
    }

    /// @inheritdoc ITaskManager
    function modelRegistry() external view returns (address deployed) {
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
        bool joined = round != 0 && _enrolments[taskId][trainer].unsettled == round;
        if (joined && entry.status == TrainerStatus.None) entry.status = TrainerStatus.Joined;
    }

    /// @inheritdoc ITaskManager
    function getEnrolment(uint256 taskId, address trainer) external view returns (Enrolment memory enrolment) {
        return _enrolments[taskId][trainer];
    }

    /// @inheritdoc ITaskManager
    function slashOf(uint256 taskId, address trainer) external view returns (uint256 amount, bool fault) {
        (amount, fault,) = _penalty(taskId, trainer, _enrolments[taskId][trainer]);
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
    function tag(uint256 taskId) public view returns (uint256 entry) {
        return uint256(keccak256(abi.encode(block.chainid, address(this), taskId))) % BN254.P;
    }

    /// @inheritdoc ITaskManager
    function peerCount(uint256 members) public pure returns (uint256 peers) {
        return Math.min(Math.saturatingSub(members, 1), MAX_PEERS);
    }

    /// @inheritdoc ITaskManager
    function rewardOf(uint256 taskId, uint256 round, address account) external view returns (uint256 amount) {
        (uint256 share, uint256 fee) = _owed(taskId, round, account);
        return share + fee;
    }

    /*//////////////////////////////////////////////////////////////
                            INTERNAL: ROUNDS
    //////////////////////////////////////////////////////////////*/

    /// @dev Where `advance` leads now; None if nowhere.
    function _next(uint256 taskId) private view returns (Phase) {
        TaskState storage state = _states[taskId];
        Phase phase = state.phase;
        if (_ended(phase) || block.timestamp < state.deadline) return Phase.None;
        uint256 least = _configs[taskId].minTrainers;
        if (phase == Phase.Join) return state.accused != 0 || state.joined < least ? Phase.Skipped : Phase.Train;
        if (phase != Phase.Challenge) return _comers(taskId, state) < least ? Phase.Failed : Phase.Mask;
        if (state.accused == 0) return Phase.Finalized;
        return _rounds[taskId][state.round].averages < MAX_AVERAGES ? Phase.Aggregate : Phase.Failed;
    }

    /// @dev How many would start the next attempt at masking: in Train and Mask those who have done what it asked of
    /// them; in Aggregate those who are not at fault for its failing, nobody if nobody is.
    function _comers(uint256 taskId, TaskState storage state) private view returns (uint16) {
        if (state.phase == Phase.Train) return state.submitted;
        if (state.phase == Phase.Mask) return _rounds[taskId][state.round].masked;
        return state.accused == 0 ? 0 : state.members - state.accused;
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
        deadline = uint40(Math.max(state.deadline, block.timestamp + _configs[taskId].answerPeriod));
        state.deadline = deadline;
    }

    /// @dev Makes the accepted average the task's model.
    function _finalize(uint256 taskId, TaskState storage state) private {
        TaskConfig storage config = _configs[taskId];
        uint32 number = state.round;
        Round storage round = _rounds[taskId][number];
        uint16 masked = round.masked;
        G1 memory average = state.average;
        state.modelHash = average.hash();
        uint256 paid = masked - _convicted[taskId][number][state.attempt];
        state.spent += uint96(config.aggregatorFee + _share(taskId, masked) * paid); // <= pool / rounds
        _endRound(taskId, state, Phase.Finalized);
        STAKE_MANAGER.unlock(taskId, round.aggregator, config.stake);
        MODEL_REGISTRY.add(taskId, number, average, state.averageCid);
    }

    /// @dev Takes the accepted average back: nobody has shown its bytes.
    function _revoke(uint256 taskId, TaskState storage state, Phase to) private {
        TaskConfig storage config = _configs[taskId];
        Round storage round = _rounds[taskId][state.round];
        address aggregator = round.aggregator;
        uint256 stake = config.stake;
        uint256 slashed = _part(stake, config.faultSlash);
        round.aggregator = address(0);
        state.accused = 0;
        emit AverageRevoked(taskId, state.round, aggregator, slashed);
        if (to == Phase.Aggregate) _enter(taskId, state, to, config.aggregatePeriod);
        else _endRound(taskId, state, to);
        STAKE_MANAGER.slash(taskId, aggregator, slashed);
        STAKE_MANAGER.unlock(taskId, aggregator, stake - slashed);
    }

    /// @dev Ends the running round and starts the next, or ends the task with it.
    function _endRound(uint256 taskId, TaskState storage state, Phase end) private {
        uint32 number = state.round;
        TaskConfig storage config = _configs[taskId];
        _closeRound(taskId, state, end);
        if (number < config.rounds) _startRound(taskId, state, number + 1, config.joinPeriod);
    }

    /// @dev Ends the task: nobody has shown the first model's bytes.
    function _endWithoutModel(uint256 taskId, TaskState storage state) private {
        uint256 slashed = _part(state.pool - state.spent, _configs[taskId].faultSlash);
        state.spent += uint96(slashed); // a part of the pool
        state.accused = 0;
        emit FirstModelWithheld(taskId, state.creator, slashed);
        _closeRound(taskId, state, Phase.Skipped);
        STAKE_MANAGER.burnEscrow(taskId, slashed);
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

    /// @dev Starts a round with its Join.
    function _startRound(uint256 taskId, TaskState storage state, uint32 number, uint256 period) private {
        state.round = number;
        state.joined = 0;
        state.submitted = 0;
        state.attempt = 0;
        state.members = 0;
        state.accused = 0;
        state.phase = Phase.None;
        _enter(taskId, state, Phase.Join, period);
    }

    /// @dev Starts Train if the roster is full, unless it waits for the first model's bytes.
    function _startIfFull(uint256 taskId, TaskState storage state) private {
        TaskConfig storage config = _configs[taskId];
        if (state.joined == config.maxTrainers && state.accused == 0) {
            _enter(taskId, state, Phase.Train, config.trainPeriod);
        }
    }

    /// @dev Starts an attempt at masking of so many.
    function _startMasking(uint256 taskId, TaskState storage state, uint16 members) private {
        uint32 number = state.round;
        uint16 attempt = state.attempt + 1; // at most as many as a roster has trainers
        _enter(taskId, state, Phase.Mask, _configs[taskId].maskPeriod);
        state.attempt = attempt;
        state.members = members;
        state.accused = 0;
        if (attempt != 1) _rounds[taskId][number].masked = 0;
        bytes32 seed = keccak256(abi.encode(blockhash(block.number - 1), taskId, number, attempt));
        state.seed = seed;
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
        bool accepted = entry.status == TrainerStatus.Submitted || entry.status == TrainerStatus.Accused;
        if (accepted && entry.attempt == round.attempt) {
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

    /// @dev Starts the unbonding of a trainer's stake.
    function _leave(uint256 taskId, address trainer, Enrolment storage enrolment) private {
        uint40 releasableAt = uint40(block.timestamp + _configs[taskId].unbondingPeriod);
        enrolment.releasableAt = releasableAt;
        emit Unenrolled(taskId, trainer, releasableAt);
    }

    /// @dev Settles the trainer's last round.
    function _settle(uint256 taskId, address trainer, Enrolment storage enrolment) private returns (uint256 slashed) {
        uint32 number = enrolment.unsettled;
        if (_rounds[taskId][number].endedAt == 0) revert RoundRunning(taskId, number);
        bool fault;
        bool absent;
        (slashed, fault, absent) = _penalty(taskId, trainer, enrolment);
        RosterEntry storage entry = _rosters[taskId][number][trainer];
        if (entry.status == TrainerStatus.None) entry.status = TrainerStatus.Joined; // only the enrolment said so
        enrolment.unsettled = 0;
        if (!fault && !absent) return 0;
        enrolment.stake -= uint96(slashed); // a part of it
        emit TrainerSlashed(taskId, number, trainer, fault, slashed);
        if (fault && enrolment.releasableAt == 0) _leave(taskId, trainer, enrolment);
        STAKE_MANAGER.slash(taskId, trainer, slashed);
    }

    /// @dev What the trainer's last round costs it, and for what; nothing while that runs.
    function _penalty(
        uint256 taskId,
        address trainer,
        Enrolment storage enrolment
    )
        private
        view
        returns (uint256 amount, bool fault, bool absent)
    {
        uint256 number = enrolment.unsettled;
        Round storage round = _rounds[taskId][number];
        if (number == 0 || round.endedAt == 0) return (0, false, false);
        RosterEntry storage entry = _rosters[taskId][number][trainer];
        TrainerStatus status = entry.status;
        bool later = entry.attempt < round.attempt; // an attempt came after its last
        if (status == TrainerStatus.None) absent = round.phase != Phase.Skipped;
        else if (status == TrainerStatus.Submitted) absent = later;
        else if (status == TrainerStatus.Accused) fault = later || (round.phase == Phase.Failed && round.averages == 0);
        else fault = status == TrainerStatus.Guilty;
        TaskConfig storage config = _configs[taskId];
        if (fault) amount = _part(config.stake, config.faultSlash);
        if (absent) amount = _part(config.stake, config.absenceSlash);
        amount = Math.min(amount, enrolment.stake);
    }

    /// @dev So many 1/10,000 of an amount.
    function _part(uint256 amount, uint256 parts) private pure returns (uint256) {
        return amount * parts / PARTS;
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
        _checkInTime(state);
    }

    function _checkInTime(TaskState storage state) private view {
        if (block.timestamp >= state.deadline) revert DeadlinePassed(state.deadline, block.timestamp);
    }

    /// @dev The sender's enrolment.
    function _enrolled(uint256 taskId) private view returns (Enrolment storage enrolment) {
        enrolment = _enrolments[taskId][msg.sender];
        if (enrolment.dataHash == 0) revert NotEnrolled(taskId, msg.sender);
    }

    /// @dev The sender must not be leaving.
    function _checkStaying(uint256 taskId, Enrolment storage enrolment) private view {
        uint256 releasableAt = enrolment.releasableAt;
        if (releasableAt != 0) revert Leaving(taskId, msg.sender, releasableAt);
    }

    /// @dev The entry of a member of the attempt that is aggregated, of which no average was accepted.
    function _accusable(
        uint256 taskId,
        address trainer
    )
        private
        view
        returns (TaskState storage state, RosterEntry storage entry)
    {
        state = _inPhase(taskId, Phase.Aggregate);
        uint256 number = state.round;
        entry = _rosters[taskId][number][trainer];
        if (entry.attempt != state.attempt || _rounds[taskId][number].averages != 0) {
            revert NotAccusable(taskId, number, trainer);
        }
    }

    /// @dev The proof must be of the current model and the sender's data, and valid.
    function _checkTraining(uint256 taskId, TaskState storage state, bytes calldata proof) private view {
        bytes32 model = proof.commitmentAt(0).hash();
        if (model != state.modelHash) revert ModelMismatch(state.modelHash, model);
        bytes32 data = proof.commitmentAt(1).hash();
        bytes32 ownData = _enrolments[taskId][msg.sender].dataHash;
        if (data != ownData) revert DataMismatch(ownData, data);
        _verify(_configs[taskId].trainVerifier, proof);
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

    /// @dev A static call with calldata that the compiler lays out. It comes last of a function's checks: it is the
    /// dear one.
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
        _checkPeriod(config.answerPeriod);
        _checkPeriod(config.challengePeriod);
        _checkPeriod(config.unbondingPeriod);
        // every attempt but the last lacks one of those who may be missing
        uint256 attempts = uint256(config.maxTrainers) - config.minTrainers + 1;
        if (config.maskPeriod * attempts > MAX_PERIOD) revert MaskingTooLong(config.maskPeriod, attempts);
        if (config.faultSlash > PARTS || config.absenceSlash > config.faultSlash) {
            revert InvalidSlash(config.faultSlash, config.absenceSlash);
        }
        // the longest vectors are [w' | 0 | salts]: D + 2 entries at least
        if (
            config.dimension == 0 || config.dimension > MAX_DIMENSION || config.k > MAX_K
                || uint256(config.dimension) + 2 > 1 << config.k
        ) {
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

    function _checkServes(address deployed, address expected, address served) private pure {
        if (served != expected) revert WrongTaskManager(deployed, expected, served);
    }
}
