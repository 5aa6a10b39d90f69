// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {ILens} from "./interfaces/ILens.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {IStakeManager} from "./interfaces/IStakeManager.sol";
import {ITaskManager} from "./interfaces/ITaskManager.sol";

/// @title Lens
contract Lens is ILens {
    /*//////////////////////////////////////////////////////////////
                               IMMUTABLES
    //////////////////////////////////////////////////////////////*/

    ITaskManager private immutable TASK_MANAGER;
    IStakeManager private immutable STAKE_MANAGER;
    IModelRegistry private immutable MODEL_REGISTRY;

    /*//////////////////////////////////////////////////////////////
                              CONSTRUCTOR
    //////////////////////////////////////////////////////////////*/

    /// @param taskManager_ The TaskManager, deployed; it knows the others.
    constructor(ITaskManager taskManager_) {
        if (address(taskManager_) == address(0)) revert ZeroAddress();
        TASK_MANAGER = taskManager_;
        STAKE_MANAGER = IStakeManager(taskManager_.stakeManager());
        MODEL_REGISTRY = IModelRegistry(taskManager_.modelRegistry());
    }

    /*//////////////////////////////////////////////////////////////
                                 VIEWS
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc ILens
    function taskManager() external view returns (address deployed) {
        return address(TASK_MANAGER);
    }

    /// @inheritdoc ILens
    function getTasks(
        uint256 start,
        uint256 limit
    )
        external
        view
        returns (TaskSummary[] memory tasks, uint256 total, uint256 blockNumber, uint256 timestamp)
    {
        (blockNumber, timestamp) = (block.number, block.timestamp);
        uint256 count;
        (start, count, total) = _page(start, limit);
        tasks = new TaskSummary[](count);
        for (uint256 i; i < count; ++i) {
            tasks[i] = _summary(start - i);
        }
    }

    /// @inheritdoc ILens
    function getModels(
        uint256 start,
        uint256 limit
    )
        external
        view
        returns (IModelRegistry.Record[] memory models, uint256 total)
    {
        uint256 count;
        (start, count, total) = _page(start, limit);
        models = new IModelRegistry.Record[](count);
        for (uint256 i; i < count; ++i) {
            models[i] = MODEL_REGISTRY.getRecord(start - i, MODEL_REGISTRY.latest(start - i).round);
        }
    }

    /// @inheritdoc ILens
    function getTask(uint256 taskId) external view returns (TaskScreen memory task) {
        (task.config, task.state) = TASK_MANAGER.getTask(taskId);
        (task.blockNumber, task.timestamp) = (block.number, block.timestamp);
        (,,, task.next) = TASK_MANAGER.currentPhase(taskId);
        task.round = TASK_MANAGER.getRound(taskId, task.state.round);
        task.model = MODEL_REGISTRY.latest(taskId);
        task.models = MODEL_REGISTRY.modelCount(taskId);
        task.escrow = STAKE_MANAGER.escrowOf(taskId);
        task.tag = TASK_MANAGER.tag(taskId);
    }

    /// @inheritdoc ILens
    function getRounds(
        uint256 taskId,
        uint256 start,
        uint256 limit
    )
        external
        view
        returns (RoundSummary[] memory rounds)
    {
        (uint256 last,,,) = TASK_MANAGER.currentPhase(taskId);
        rounds = new RoundSummary[](_length(start, limit, last));
        IModelRegistry.Model[] memory models = MODEL_REGISTRY.getModels(taskId, start, rounds.length);
        uint256 made;
        for (uint256 i; i < rounds.length; ++i) {
            uint256 number = start + i;
            rounds[i].number = uint32(number);
            rounds[i].round = TASK_MANAGER.getRound(taskId, number);
            if (made == models.length || models[made].round != number) continue;
            (rounds[i].modelHash, rounds[i].cid) = (models[made].modelHash, models[made].cid);
            ++made;
        }
    }

    /// @inheritdoc ILens
    function getAccount(
        uint256 taskId,
        address account,
        uint256 start,
        uint256 limit
    )
        external
        view
        returns (AccountScreen memory screen)
    {
        (uint256 last,,,) = TASK_MANAGER.currentPhase(taskId);
        (screen.blockNumber, screen.timestamp) = (block.number, block.timestamp);
        screen.enrolment = TASK_MANAGER.getEnrolment(taskId, account);
        screen.entry = TASK_MANAGER.getRosterEntry(taskId, last, account);
        (screen.free, screen.locked) = STAKE_MANAGER.stakeOf(account);
        screen.lock = STAKE_MANAGER.lockOf(taskId, account);
        screen.claimable = STAKE_MANAGER.claimable(account);
        (screen.slash, screen.fault) = TASK_MANAGER.slashOf(taskId, account);
        screen.rewards = new uint256[](_length(start, limit, last));
        for (uint256 i; i < screen.rewards.length; ++i) {
            screen.rewards[i] = TASK_MANAGER.rewardOf(taskId, start + i, account);
        }
    }

    /*//////////////////////////////////////////////////////////////
                                INTERNAL
    //////////////////////////////////////////////////////////////*/

    /// @dev The first id and the length of a page that counts down.
    function _page(uint256 start, uint256 limit) private view returns (uint256 first, uint256 count, uint256 total) {
        total = TASK_MANAGER.taskCount();
        first = Math.min(start, total);
        count = Math.min(first, limit);
    }

    /// @dev The length of a page that counts up to `last` at most.
    function _length(uint256 start, uint256 limit, uint256 last) private pure returns (uint256 length) {
        return start > last ? 0 : Math.min(limit, last - start + 1);
    }

    function _summary(uint256 taskId) private view returns (TaskSummary memory task) {
        (ITaskManager.TaskConfig memory config, ITaskManager.TaskState memory state) = TASK_MANAGER.getTask(taskId);
        task.taskId = taskId;
        task.creator = state.creator;
        task.manifest = config.manifest;
        task.pool = state.pool;
        task.stake = config.stake;
        task.dimension = config.dimension;
        task.rounds = config.rounds;
        task.minTrainers = config.minTrainers;
        task.maxTrainers = config.maxTrainers;
        task.round = state.round;
        task.phase = state.phase;
        task.deadline = state.deadline;
        (,,, task.next) = TASK_MANAGER.currentPhase(taskId);
        task.joined = state.joined;
        task.submitted = state.submitted;
        task.models = MODEL_REGISTRY.modelCount(taskId);
        task.model = MODEL_REGISTRY.latest(taskId);
    }
}
