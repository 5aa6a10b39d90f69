// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {Deployed} from "./base/Deployed.sol";
import {IDeployed} from "./interfaces/IDeployed.sol";
import {ILens} from "./interfaces/ILens.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {IRewardManager} from "./interfaces/IRewardManager.sol";
import {IRoundManager} from "./interfaces/IRoundManager.sol";
import {IStakeManager} from "./interfaces/IStakeManager.sol";
import {ITaskManager} from "./interfaces/ITaskManager.sol";
import {ITrainerRegistry} from "./interfaces/ITrainerRegistry.sol";

/// @title Lens
contract Lens is ILens, Deployed {
    /*//////////////////////////////////////////////////////////////
                               CONSTANTS
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc ILens
    uint256 public constant MAX_PAGE = 100;

    /// @inheritdoc ILens
    uint256 public constant MAX_ROUNDS_PAGE = 500;

    /// @dev What `read` keeps to itself of the gas it has, and for each byte that it has to give back.
    uint256 private constant RESERVED_GAS = 250_000;
    uint256 private constant GAS_A_BYTE = 30;

    /*//////////////////////////////////////////////////////////////
                              CONSTRUCTOR
    //////////////////////////////////////////////////////////////*/

    /// @param addresses Where the contracts of the deployment stand: each must have been told the same.
    constructor(Addresses memory addresses) Deployed(addresses) {
        address[9] memory all = [
            addresses.taskManager,
            addresses.roundManager,
            addresses.trainerRegistry,
            addresses.rewardManager,
            addresses.stakeManager,
            addresses.modelRegistry,
            addresses.challengeManager,
            addresses.openings,
            addresses.proofManager
        ];
        bytes32 expected = keccak256(abi.encode(addresses));
        for (uint256 i; i < all.length; ++i) {
            if (all[i].code.length == 0 || keccak256(abi.encode(IDeployed(all[i]).deployment())) != expected) {
                revert NotOneDeployment(all[i]);
            }
        }
    }

    /*//////////////////////////////////////////////////////////////
                                 VIEWS
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc ILens
    function read(Call[] calldata calls) external view returns (Result[] memory results) {
        results = new Result[](calls.length);
        uint256 size;
        for (uint256 i; i < calls.length; ++i) {
            // what giving back all answers takes, one more of usual size among them, stays here
            uint256 reserve = RESERVED_GAS + size * GAS_A_BYTE;
            uint256 given = gasleft();
            given = given < reserve ? 0 : given - reserve;
            (bool success, bytes memory data) = calls[i].target.staticcall{gas: given}(calls[i].data);
            if (!success && gasleft() < reserve + given / 8) {
                // a view may make calls, which keep a 64th each, EIP-150
                if (i == 0) revert TooLittleGas();
                assembly ("memory-safe") {
                    mstore(results, i) // shorter than it was made
                }
                break;
            }
            results[i] = Result(success, data);
            size += data.length;
        }
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
            models[i] = _registry().getRecord(start - i, _registry().latest(start - i).round);
        }
    }

    /// @inheritdoc ILens
    function getTask(uint256 taskId) external view returns (TaskScreen memory task) {
        ITaskManager.Task memory published = _tasks().getTask(taskId);
        (task.creator, task.config) = (published.creator, published.config);
        task.startBlock = uint64(_registry().startOf(taskId));
        task.state = _rounds().getState(taskId);
        (task.blockNumber, task.timestamp) = (block.number, block.timestamp);
        (,,, task.next) = _rounds().currentPhase(taskId);
        task.round = _rounds().getRound(taskId, task.state.round);
        task.model = _registry().latest(taskId);
        task.models = _registry().modelCount(taskId);
        (task.parents, task.divisor) = _registry().getParents(taskId, 0);
        task.pool = _rewards().poolOf(taskId);
        task.escrow = _stakes().escrowOf(taskId);
        task.tag = _tasks().tag(taskId);
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
        (uint256 last,,,) = _rounds().currentPhase(taskId);
        rounds = new RoundSummary[](_length(start, limit, last));
        IModelRegistry.Model[] memory models = _registry().getModels(taskId, start, rounds.length);
        uint256 made;
        for (uint256 i; i < rounds.length; ++i) {
            uint256 number = start + i;
            rounds[i].number = uint32(number);
            rounds[i].round = _rounds().getRound(taskId, number);
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
        (uint256 last,,,) = _rounds().currentPhase(taskId);
        (screen.blockNumber, screen.timestamp) = (block.number, block.timestamp);
        screen.enrolment = _trainers().getEnrolment(taskId, account);
        screen.entry = _rounds().getRosterEntry(taskId, last, account);
        (screen.free, screen.locked) = _stakes().stakeOf(account);
        screen.lock = _stakes().lockOf(taskId, account);
        screen.claimable = _stakes().claimable(account);
        (screen.slash, screen.fault) = _trainers().slashOf(taskId, account);
        screen.rewards = new uint256[](_length(start, limit, last));
        for (uint256 i; i < screen.rewards.length; ++i) {
            screen.rewards[i] = _rewards().rewardOf(taskId, start + i, account);
        }
    }

    /*//////////////////////////////////////////////////////////////
                                INTERNAL
    //////////////////////////////////////////////////////////////*/

    /// @dev The first id and the length of a page that counts down.
    function _page(uint256 start, uint256 limit) private view returns (uint256 first, uint256 count, uint256 total) {
        total = _tasks().taskCount();
        first = Math.min(start, total);
        count = Math.min(first, Math.min(limit, MAX_PAGE));
    }

    /// @dev The length of a page that counts up to `last` at most.
    function _length(uint256 start, uint256 limit, uint256 last) private pure returns (uint256 length) {
        return start > last ? 0 : Math.min(Math.min(limit, MAX_ROUNDS_PAGE), last - start + 1);
    }

    function _summary(uint256 taskId) private view returns (TaskSummary memory task) {
        ITaskManager.Task memory published = _tasks().getTask(taskId);
        ITaskManager.TaskConfig memory config = published.config;
        IRoundManager.TaskState memory state = _rounds().getState(taskId);
        task.taskId = taskId;
        task.creator = published.creator;
        task.startBlock = uint64(_registry().startOf(taskId));
        task.manifest = config.manifest;
        task.pool = _rewards().poolOf(taskId).amount;
        task.stake = config.stake;
        task.challengeBond = config.challengeBond;
        task.dimension = config.dimension;
        task.rounds = config.rounds;
        task.minTrainers = config.minTrainers;
        task.maxTrainers = config.maxTrainers;
        task.round = state.round;
        task.phase = state.phase;
        task.deadline = state.deadline;
        (,,, task.next) = _rounds().currentPhase(taskId);
        task.joined = state.joined;
        task.submitted = state.submitted;
        task.models = _registry().modelCount(taskId);
        task.model = _registry().latest(taskId);
    }

    function _tasks() private view returns (ITaskManager) {
        return ITaskManager(TASK_MANAGER);
    }

    function _rounds() private view returns (IRoundManager) {
        return IRoundManager(ROUND_MANAGER);
    }

    function _trainers() private view returns (ITrainerRegistry) {
        return ITrainerRegistry(TRAINER_REGISTRY);
    }

    function _rewards() private view returns (IRewardManager) {
        return IRewardManager(REWARD_MANAGER);
    }

    function _stakes() private view returns (IStakeManager) {
        return IStakeManager(STAKE_MANAGER);
    }

    function _registry() private view returns (IModelRegistry) {
        return IModelRegistry(MODEL_REGISTRY);
    }
}
