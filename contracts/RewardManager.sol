// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";

import {Deployed} from "./base/Deployed.sol";
import {IRewardManager} from "./interfaces/IRewardManager.sol";
import {IRoundManager} from "./interfaces/IRoundManager.sol";
import {IStakeManager} from "./interfaces/IStakeManager.sol";
import {ITaskManager} from "./interfaces/ITaskManager.sol";
import {TaskCode} from "./libraries/TaskCode.sol";
import {Terms} from "./libraries/Terms.sol";

/// @title RewardManager
contract RewardManager is IRewardManager, Deployed {
    using BitMaps for BitMaps.BitMap;
    using SafeCast for uint256;

    /*//////////////////////////////////////////////////////////////
                                STORAGE
    //////////////////////////////////////////////////////////////*/

    mapping(uint256 taskId => Pool) private _pools;

    /// @dev Which rounds an account has collected.
    mapping(uint256 taskId => mapping(address account => BitMaps.BitMap)) private _collected;

    /*//////////////////////////////////////////////////////////////
                              CONSTRUCTOR
    //////////////////////////////////////////////////////////////*/

    /// @param addresses Where the contracts of the deployment stand, or will.
    constructor(Addresses memory addresses) Deployed(addresses) {}

    /*//////////////////////////////////////////////////////////////
                           CREATORS AND ACCOUNTS
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IRewardManager
    function reclaim(uint256 taskId) external returns (uint256 amount) {
        (uint256 round, IRoundManager.Phase phase,,) = _rounds().runningRound(taskId);
        if (phase < IRoundManager.Phase.Finalized) revert TaskRunning(taskId, round);
        Pool storage pool = _pools[taskId];
        amount = pool.amount - pool.spent;
        if (amount == 0) revert NothingToReclaim(taskId);
        pool.spent = pool.amount;
        address creator = TaskCode.creatorOf(TASK_MANAGER, taskId);
        emit PoolReclaimed(taskId, creator, amount);
        _stakes().credit(taskId, creator, amount);
    }

    /// @inheritdoc IRewardManager
    function collect(uint256 taskId, uint32[] calldata rounds) external returns (uint256 amount) {
        ITaskManager.TaskConfig memory config = TaskCode.configOf(TASK_MANAGER, taskId);
        for (uint256 i; i < rounds.length; ++i) {
            amount += _collect(taskId, config, rounds[i]);
        }
        if (amount == 0) revert NothingToCollect(taskId, msg.sender);
        _stakes().credit(taskId, msg.sender, amount);
    }

    /*//////////////////////////////////////////////////////////////
               ONLY THE TASK MANAGER AND THE ROUND MANAGER
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IRewardManager
    function fund(uint256 taskId) external payable only(TASK_MANAGER) {
        _pools[taskId].amount = msg.value.toUint96();
        _stakes().escrow{value: msg.value}(taskId);
    }

    /// @inheritdoc IRewardManager
    function owe(uint256 taskId, uint256 masked, uint256 paid) external only(ROUND_MANAGER) {
        ITaskManager.TaskConfig memory config = TaskCode.configOf(TASK_MANAGER, taskId);
        Pool storage pool = _pools[taskId];
        // a round's part of the pool at most
        pool.spent += uint96(config.aggregatorFee + Terms.share(config, pool.amount, masked) * paid);
    }

    /// @inheritdoc IRewardManager
    function slash(uint256 taskId) external only(ROUND_MANAGER) returns (uint256 slashed) {
        Pool storage pool = _pools[taskId];
        uint256 faultSlash = TaskCode.configOf(TASK_MANAGER, taskId).faultSlash;
        slashed = Terms.part(pool.amount - pool.spent, faultSlash);
        pool.spent += uint96(slashed); // a part of the pool
        _stakes().burnEscrow(taskId, slashed);
    }

    /*//////////////////////////////////////////////////////////////
                                 VIEWS
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IRewardManager
    function poolOf(uint256 taskId) external view returns (Pool memory pool) {
        return _pools[taskId];
    }

    /// @inheritdoc IRewardManager
    function collected(uint256 taskId, uint256 round, address account) public view returns (bool isCollected) {
        return _collected[taskId][account].get(round);
    }

    /// @inheritdoc IRewardManager
    function rewardOf(uint256 taskId, uint256 round, address account) external view returns (uint256 amount) {
        IRoundManager.Round memory over = _rounds().getRound(taskId, round);
        if (over.phase != IRoundManager.Phase.Finalized) return 0;
        return _owed(taskId, TaskCode.configOf(TASK_MANAGER, taskId), over, round, account);
    }

    /*//////////////////////////////////////////////////////////////
                                INTERNAL
    //////////////////////////////////////////////////////////////*/

    /// @dev Marks as collected what a finalized round owes the sender, and returns it.
    function _collect(
        uint256 taskId,
        ITaskManager.TaskConfig memory config,
        uint256 round
    )
        private
        returns (uint256 amount)
    {
        IRoundManager.Round memory over = _rounds().getRound(taskId, round);
        if (over.phase != IRoundManager.Phase.Finalized) revert RoundNotFinalized(taskId, round, over.phase);
        amount = _owed(taskId, config, over, round, msg.sender);
        if (amount == 0) return 0;
        _collected[taskId][msg.sender].set(round);
        emit RewardCollected(taskId, round, msg.sender, amount);
    }

    /// @dev What a finalized round owes the account, its share and its fee, and has not credited.
    function _owed(
        uint256 taskId,
        ITaskManager.TaskConfig memory config,
        IRoundManager.Round memory over,
        uint256 round,
        address account
    )
        private
        view
        returns (uint256 amount)
    {
        if (collected(taskId, round, account)) return 0;
        if (over.aggregator == account) amount = config.aggregatorFee;
        if (_rounds().contributed(taskId, round, account)) {
            amount += Terms.share(config, _pools[taskId].amount, over.masked);
        }
    }

    function _rounds() private view returns (IRoundManager) {
        return IRoundManager(ROUND_MANAGER);
    }

    function _stakes() private view returns (IStakeManager) {
        return IStakeManager(STAKE_MANAGER);
    }
}
