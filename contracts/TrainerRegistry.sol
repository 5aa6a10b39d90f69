// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {Deployed} from "./base/Deployed.sol";
import {IAdmission} from "./interfaces/IAdmission.sol";
import {IRoundManager} from "./interfaces/IRoundManager.sol";
import {IStakeManager} from "./interfaces/IStakeManager.sol";
import {ITaskManager} from "./interfaces/ITaskManager.sol";
import {ITrainerRegistry} from "./interfaces/ITrainerRegistry.sol";
import {BN254, G1} from "./libraries/BN254.sol";
import {Possession, PossessionProof} from "./libraries/Possession.sol";
import {TaskCode} from "./libraries/TaskCode.sol";
import {Terms} from "./libraries/Terms.sol";

/// @title TrainerRegistry
contract TrainerRegistry is ITrainerRegistry, Deployed, ReentrancyGuardTransient {
    using BN254 for G1;

    /*//////////////////////////////////////////////////////////////
                                STORAGE
    //////////////////////////////////////////////////////////////*/

    mapping(uint256 taskId => mapping(address trainer => Enrolment)) private _enrolments;
    mapping(uint256 taskId => mapping(bytes32 dataHash => Registration)) private _data;

    /*//////////////////////////////////////////////////////////////
                              CONSTRUCTOR
    //////////////////////////////////////////////////////////////*/

    /// @param addresses Where the contracts of the deployment stand, or will.
    constructor(Addresses memory addresses) Deployed(addresses) {}

    /*//////////////////////////////////////////////////////////////
                                TRAINERS
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc ITrainerRegistry
    function enrol(
        uint256 taskId,
        G1[] calldata data,
        G1 calldata maskKey,
        PossessionProof calldata possession,
        bytes calldata evidence
    )
        external
        nonReentrant
    {
        uint256 round = _running(taskId);
        Enrolment storage enrolment = _enrolments[taskId][msg.sender];
        if (enrolment.maskKeyHash != 0) revert AlreadyEnrolled(taskId, msg.sender);
        maskKey.validate();
        uint256 tag = TaskCode.tagOf(TASK_MANAGER, taskId);
        if (!Possession.verify(maskKey, possession, tag, msg.sender)) revert InvalidPossession();

        ITaskManager.TaskConfig memory config = _config(taskId);
        bytes32[] memory dataHashes = _register(taskId, config, data, round);
        enrolment.maskKeyHash = maskKey.hash();
        enrolment.stake = config.stake;
        emit Enrolled(taskId, msg.sender, maskKey, possession, config.stake);
        _stakes().lock(taskId, msg.sender, config.stake);
        _admit(taskId, config.admission, dataHashes, evidence);
    }

    /// @inheritdoc ITrainerRegistry
    function registerData(uint256 taskId, G1[] calldata data) external nonReentrant {
        uint256 round = _running(taskId);
        _enrolled(taskId, msg.sender);
        _register(taskId, _config(taskId), data, round);
    }

    /// @inheritdoc ITrainerRegistry
    function unenrol(uint256 taskId) external nonReentrant {
        Enrolment storage enrolment = _enrolled(taskId, msg.sender);
        _checkStaying(taskId, msg.sender, enrolment);
        _leave(taskId, msg.sender, enrolment, _config(taskId));
    }

    /// @inheritdoc ITrainerRegistry
    function release(uint256 taskId) external nonReentrant {
        Enrolment storage enrolment = _enrolled(taskId, msg.sender);
        uint256 releasableAt = enrolment.releasableAt;
        if (releasableAt == 0 || block.timestamp < releasableAt) {
            revert NotReleasable(taskId, msg.sender, releasableAt);
        }
        if (enrolment.round != 0) _settle(taskId, msg.sender, enrolment, _config(taskId));
        uint256 stake = enrolment.stake;
        delete _enrolments[taskId][msg.sender];
        emit Released(taskId, msg.sender, stake);
        _stakes().unlock(taskId, msg.sender, stake);
    }

    /*//////////////////////////////////////////////////////////////
                                 ANYONE
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc ITrainerRegistry
    function settle(uint256 taskId, address trainer) external nonReentrant returns (uint256 slashed) {
        Enrolment storage enrolment = _enrolments[taskId][trainer];
        uint256 round = enrolment.round;
        if (round == 0) revert NothingToSettle(taskId, trainer);
        slashed = _settle(taskId, trainer, enrolment, _config(taskId));
        emit Settled(taskId, round, trainer, slashed);
    }

    /*//////////////////////////////////////////////////////////////
                        ONLY THE ROUND MANAGER
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc ITrainerRegistry
    function seat(
        uint256 taskId,
        address trainer,
        uint256 round,
        uint96 stake
    )
        external
        only(ROUND_MANAGER)
        nonReentrant
    {
        Enrolment storage enrolment = _enrolled(taskId, trainer);
        if (enrolment.round == round) revert AlreadyJoined(taskId, round, trainer);
        if (enrolment.round != 0) _settle(taskId, trainer, enrolment, _config(taskId));
        _checkStaying(taskId, trainer, enrolment);

        uint256 missing = stake - enrolment.stake;
        enrolment.stake = stake;
        enrolment.round = uint32(round);
        if (missing != 0) _stakes().lock(taskId, trainer, missing);
    }

    /*//////////////////////////////////////////////////////////////
                                 VIEWS
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc ITrainerRegistry
    function checkSeat(uint256 taskId, address trainer, uint256 round, bytes32[] calldata dataHashes) external view {
        if (_enrolments[taskId][trainer].round != round) revert NotOnRoster(taskId, round, trainer);
        for (uint256 i; i < dataHashes.length; ++i) {
            address owner = _data[taskId][dataHashes[i]].owner;
            if (owner != trainer) revert DataNotOwned(taskId, dataHashes[i], owner);
        }
    }

    /// @inheritdoc ITrainerRegistry
    function getEnrolment(uint256 taskId, address trainer) external view returns (Enrolment memory enrolment) {
        return _enrolments[taskId][trainer];
    }

    /// @inheritdoc ITrainerRegistry
    function maskKeyHash(uint256 taskId, address trainer) external view returns (bytes32 keyHash) {
        return _enrolments[taskId][trainer].maskKeyHash;
    }

    /// @inheritdoc ITrainerRegistry
    function getData(uint256 taskId, bytes32 dataHash) external view returns (Registration memory registration) {
        return _data[taskId][dataHash];
    }

    /// @inheritdoc ITrainerRegistry
    function slashOf(uint256 taskId, address trainer) external view returns (uint256 amount, bool fault) {
        Enrolment storage enrolment = _enrolments[taskId][trainer];
        if (enrolment.round == 0) return (0, false);
        IRoundManager.Duty duty;
        (duty, amount,,) = _penalty(taskId, trainer, enrolment, _config(taskId));
        return (amount, duty == IRoundManager.Duty.Fault);
    }

    /*//////////////////////////////////////////////////////////////
                          INTERNAL: PENALTIES
    //////////////////////////////////////////////////////////////*/

    /// @dev Settles the trainer's last round.
    function _settle(
        uint256 taskId,
        address trainer,
        Enrolment storage enrolment,
        ITaskManager.TaskConfig memory config
    )
        private
        returns (uint256 slashed)
    {
        uint32 number = enrolment.round;
        IRoundManager.Duty duty;
        address payee;
        uint256 owed;
        (duty, slashed, payee, owed) = _penalty(taskId, trainer, enrolment, config);
        if (duty == IRoundManager.Duty.Open) revert RoundRunning(taskId, number);
        enrolment.round = 0;
        if (duty == IRoundManager.Duty.Done) return 0;
        bool fault = duty == IRoundManager.Duty.Fault;
        enrolment.stake -= uint96(slashed); // a part of it
        emit TrainerSlashed(taskId, number, trainer, fault, slashed);
        if (fault && enrolment.releasableAt == 0) _leave(taskId, trainer, enrolment, config);
        _stakes().slash(taskId, trainer, slashed, payee, Math.min(owed, slashed));
    }

    /// @dev What the trainer's last round costs it, for what, and what of it is owed to whom.
    function _penalty(
        uint256 taskId,
        address trainer,
        Enrolment storage enrolment,
        ITaskManager.TaskConfig memory config
    )
        private
        view
        returns (IRoundManager.Duty duty, uint256 amount, address payee, uint256 owed)
    {
        (duty, payee, owed) = IRoundManager(ROUND_MANAGER).dutyOf(taskId, enrolment.round, trainer);
        if (duty == IRoundManager.Duty.Fault) amount = Terms.part(config.stake, config.faultSlash);
        if (duty == IRoundManager.Duty.Missed) amount = Terms.part(config.stake, config.absenceSlash);
        amount = Math.min(amount, enrolment.stake);
    }

    /// @dev Starts the unbonding of a trainer's stake.
    function _leave(
        uint256 taskId,
        address trainer,
        Enrolment storage enrolment,
        ITaskManager.TaskConfig memory config
    )
        private
    {
        uint40 releasableAt = uint40(block.timestamp + config.unbondingPeriod);
        enrolment.releasableAt = releasableAt;
        emit Unenrolled(taskId, trainer, releasableAt);
    }

    /*//////////////////////////////////////////////////////////////
                          INTERNAL: ENROLMENT
    //////////////////////////////////////////////////////////////*/

    /// @dev Registers the sender's data and returns their hashes.
    function _register(
        uint256 taskId,
        ITaskManager.TaskConfig memory config,
        G1[] calldata data,
        uint256 round
    )
        private
        returns (bytes32[] memory dataHashes)
    {
        if (data.length == 0) revert NoData();
        dataHashes = new bytes32[](data.length);
        for (uint256 i; i < data.length; ++i) {
            G1 memory commitment = data[i];
            commitment.validate();
            if (commitment.equals(config.offset)) revert EmptyData();
            bytes32 dataHash = commitment.hash();
            address owner = _data[taskId][dataHash].owner;
            if (owner != address(0) && owner != msg.sender) revert DataAlreadyRegistered(taskId, dataHash, owner);
            dataHashes[i] = dataHash;
            if (owner == msg.sender) continue; // since then, and not since now
            _data[taskId][dataHash] = Registration(msg.sender, uint32(round), uint40(block.timestamp));
            emit DataRegistered(taskId, msg.sender, dataHash, commitment, round);
        }
    }

    /// @dev The task's module must admit the sender. It is a stranger's contract, so it is asked last.
    function _admit(uint256 taskId, address admission, bytes32[] memory dataHashes, bytes calldata evidence) private {
        if (admission == address(0)) {
            if (evidence.length != 0) revert UnexpectedEvidence();
            return;
        }
        bytes4 magic = IAdmission(admission).admit(taskId, msg.sender, dataHashes, evidence);
        if (magic != IAdmission.admit.selector) revert NotAdmitted(admission, msg.sender);
    }

    /*//////////////////////////////////////////////////////////////
                            INTERNAL: CHECKS
    //////////////////////////////////////////////////////////////*/

    /// @dev The running round of a task that has not ended.
    function _running(uint256 taskId) private view returns (uint256 round) {
        IRoundManager.Phase phase;
        (round, phase,,) = IRoundManager(ROUND_MANAGER).runningRound(taskId);
        if (phase >= IRoundManager.Phase.Finalized) revert TaskEnded(taskId);
    }

    /// @dev A trainer's enrolment, which there must be.
    function _enrolled(uint256 taskId, address trainer) private view returns (Enrolment storage enrolment) {
        enrolment = _enrolments[taskId][trainer];
        if (enrolment.maskKeyHash == 0) revert NotEnrolled(taskId, trainer);
    }

    /// @dev The trainer must not be leaving.
    function _checkStaying(uint256 taskId, address trainer, Enrolment storage enrolment) private view {
        uint256 releasableAt = enrolment.releasableAt;
        if (releasableAt != 0) revert Leaving(taskId, trainer, releasableAt);
    }

    function _config(uint256 taskId) private view returns (ITaskManager.TaskConfig memory) {
        return TaskCode.configOf(TASK_MANAGER, taskId);
    }

    function _stakes() private view returns (IStakeManager) {
        return IStakeManager(STAKE_MANAGER);
    }
}
