// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRoundManager} from "./IRoundManager.sol";

/// @title IRewardManager
/// @notice The reward pools of tasks: what finalized rounds owe to whom, and what was collected.
/// @dev The coin itself lies in the StakeManager's escrow. A creator cannot touch what finalized rounds owe; it gets back
/// only what no round has used.
interface IRewardManager {
    /*//////////////////////////////////////////////////////////////
                                 TYPES
    //////////////////////////////////////////////////////////////*/

    /// @notice A task's reward pool.
    struct Pool {
        /// What was escrowed for rewards, in wei; a round's part is `amount / rounds`.
        uint96 amount;
        /// What of it is owed or paid: by finalized rounds, and to the creator in the end; and what was burnt. A
        /// finalized round owes nothing to those who were convicted in it.
        uint96 spent;
    }

    /*//////////////////////////////////////////////////////////////
                                 ERRORS
    //////////////////////////////////////////////////////////////*/

    /// @notice Thrown when rewards are collected of a round that is not finalized.
    error RoundNotFinalized(uint256 taskId, uint256 round, IRoundManager.Phase phase);

    /// @notice Thrown when the account has nothing to collect of the rounds it names, or has collected it.
    error NothingToCollect(uint256 taskId, address account);

    /// @notice Thrown when the pool's rest is reclaimed before the task has ended.
    error TaskRunning(uint256 taskId, uint256 round);

    /// @notice Thrown when nothing is left of the pool.
    error NothingToReclaim(uint256 taskId);

    /*//////////////////////////////////////////////////////////////
                                 EVENTS
    //////////////////////////////////////////////////////////////*/

    /// @notice What a finalized round owed the account, as trainer or aggregator or both, was credited to it.
    event RewardCollected(uint256 indexed taskId, uint256 indexed round, address indexed account, uint256 amount);

    /// @notice What was left of an ended task's pool was credited to its creator.
    event PoolReclaimed(uint256 indexed taskId, address indexed creator, uint256 amount);

    /*//////////////////////////////////////////////////////////////
                           CREATORS AND ACCOUNTS
    //////////////////////////////////////////////////////////////*/

    /// @notice Credits what an ended task has left of its pool to its creator. Anyone may call it.
    /// Effects: the creator can claim it from the StakeManager; what finalized rounds owe stays in escrow. The shares of
    /// those who were convicted in them are not owed. Emits `PoolReclaimed`.
    /// Requirements: the task has ended (`TaskRunning`); something is left (`NothingToReclaim`).
    /// @return amount What was credited, in wei.
    function reclaim(uint256 taskId) external returns (uint256 amount);

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
               ONLY THE TASK MANAGER AND THE ROUND MANAGER
    //////////////////////////////////////////////////////////////*/

    /// @notice Takes the value sent as a new task's pool.
    /// Effects: it is escrowed.
    /// Requirements: called by the TaskManager (`IDeployed.UnauthorizedCaller`), once for each task; under 2^96 wei.
    function fund(uint256 taskId) external payable;

    /// @notice A round was finalized with the average of `masked` updates, `paid` of whose trainers have a share.
    /// Effects: what it owes is spent.
    /// Requirements: called by the RoundManager (`IDeployed.UnauthorizedCaller`), once for each finalized round.
    function owe(uint256 taskId, uint256 masked, uint256 paid) external;

    /// @notice The task has ended without its first model.
    /// Effects: `faultSlash` of what the pool has left is burnt.
    /// Requirements: called by the RoundManager (`IDeployed.UnauthorizedCaller`).
    /// @return slashed What was burnt, in wei.
    function slash(uint256 taskId) external returns (uint256 slashed);

    /*//////////////////////////////////////////////////////////////
                                 VIEWS
    //////////////////////////////////////////////////////////////*/

    /// @notice A task's pool; all zero if there is no such task.
    function poolOf(uint256 taskId) external view returns (Pool memory pool);

    /// @notice Whether the account has collected what a round owed it.
    function collected(uint256 taskId, uint256 round, address account) external view returns (bool isCollected);

    /// @notice What `collect` would credit the account for the round, in wei; 0 also where it would revert.
    function rewardOf(uint256 taskId, uint256 round, address account) external view returns (uint256 amount);
}
