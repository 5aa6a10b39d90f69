// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModelRegistry} from "./IModelRegistry.sol";
import {IRewardManager} from "./IRewardManager.sol";
import {IRoundManager} from "./IRoundManager.sol";
import {ITaskManager} from "./ITaskManager.sol";
import {ITrainerRegistry} from "./ITrainerRegistry.sol";

/// @title ILens
/// @notice What a screen shows, in one call each: views of the other contracts, put together.
/// @dev Nothing is stored here and nothing depends on this contract: it reads what anybody can read, so whoever wants
/// another selection deploys another. It is meant for eth_call, to which nodes give 30 million gas and more. Lists read
/// as much as they return, some 90,000 gas a task, 120,000 a record, 17,000 a round, and no page is longer than
/// `MAX_PAGE` or, of rounds, `MAX_ROUNDS_PAGE`. `read` puts any views together, as many as there is gas for.
interface ILens {
    /*//////////////////////////////////////////////////////////////
                                 TYPES
    //////////////////////////////////////////////////////////////*/

    /// @notice A task in a list.
    struct TaskSummary {
        /// The task.
        uint256 taskId;
        /// Who published it.
        address creator;
        /// In which block: no event of it is older.
        uint64 startBlock;
        /// The digest of the task manifest (CIDv1, raw): name, columns, training.
        bytes32 manifest;
        /// What was escrowed for rewards, in wei.
        uint96 pool;
        /// What enrolment locks, in wei.
        uint96 stake;
        /// What a challenge takes at least, in wei.
        uint96 challengeBond;
        /// D: how many weights the model has.
        uint32 dimension;
        /// How many rounds the task has.
        uint32 rounds;
        /// Least and most trainers on a roster.
        uint16 minTrainers;
        uint16 maxTrainers;
        /// The running round; after the end, the last one.
        uint32 round;
        /// Its phase as stored: it stays until somebody advances it.
        IRoundManager.Phase phase;
        /// The phase's deadline in Unix seconds; 0 after the end.
        uint40 deadline;
        /// The phase to which `advance` would move it now; None if there is nothing to advance.
        IRoundManager.Phase next;
        /// How many have joined the running round.
        uint16 joined;
        /// How many updates of it are accepted.
        uint16 submitted;
        /// How many models the task has, the first included.
        uint256 models;
        /// The latest of them.
        IModelRegistry.Model model;
    }

    /// @notice A view to read.
    struct Call {
        /// The contract to ask.
        address target;
        /// Selector and arguments.
        bytes data;
    }

    /// @notice What a view has answered.
    struct Result {
        /// Whether it did not revert.
        bool success;
        /// What it returned, or reverted with.
        bytes data;
    }

    /// @notice All there is to see of a task.
    struct TaskScreen {
        /// The block of which this is the state: log queries from the next one on lose nothing.
        uint256 blockNumber;
        /// Its time in Unix seconds: what deadlines are to be compared with.
        uint256 timestamp;
        /// Who published it.
        address creator;
        /// In which block: no event of it is older.
        uint64 startBlock;
        /// What the task fixes.
        ITaskManager.TaskConfig config;
        /// What changes: the running round, its phase as stored, and its deadline among it.
        IRoundManager.TaskState state;
        /// The phase to which `advance` would move it now; Mask in Mask is a new attempt; None if there is nothing to
        /// advance.
        IRoundManager.Phase next;
        /// The running round; after the end, the last one.
        IRoundManager.Round round;
        /// The latest model.
        IModelRegistry.Model model;
        /// How many models the task has, the first included.
        uint256 models;
        /// What the first model is made of, and what the sum was divided by; nothing and 0 if it has no parents.
        IModelRegistry.Parent[] parents;
        uint256 divisor;
        /// The reward pool: what was escrowed, and what of it is owed or paid.
        IRewardManager.Pool pool;
        /// What is left of it and has not been credited to anybody, in wei.
        uint256 escrow;
        /// The task's tag, the last entry of its model vectors.
        uint256 tag;
    }

    /// @notice A round in a list.
    struct RoundSummary {
        /// Which round.
        uint32 number;
        /// Where it is, or how it ended.
        IRoundManager.Round round;
        /// The model hash of what it made; zero if it made no model.
        bytes32 modelHash;
        /// The digest of the model document (CIDv1, raw); zero if it made no model.
        bytes32 cid;
    }

    /// @notice What an account has to do with a task.
    struct AccountScreen {
        /// The block of which this is the state.
        uint256 blockNumber;
        /// Its time in Unix seconds.
        uint256 timestamp;
        /// Its enrolment; all zero if it is not enrolled.
        ITrainerRegistry.Enrolment enrolment;
        /// Its part in the running round.
        IRoundManager.RosterEntry entry;
        /// Its stake that it may withdraw or lock, in wei.
        uint128 free;
        /// Its stake locked over all tasks, in wei.
        uint128 locked;
        /// Its stake locked for this task, in wei.
        uint256 lock;
        /// What it can claim, in wei.
        uint256 claimable;
        /// What `settle` would burn of its stake now, in wei, and whether for a fault.
        uint256 slash;
        bool fault;
        /// What rounds `start`, `start + 1` and so on owe it, in wei: what `collect` would credit.
        uint256[] rewards;
    }

    /*//////////////////////////////////////////////////////////////
                                 ERRORS
    //////////////////////////////////////////////////////////////*/

    /// @notice Thrown when deploying for contracts that were not all told of the same deployment.
    error NotOneDeployment(address deployed);

    /// @notice Thrown when there is not even gas for the first view.
    error TooLittleGas();

    /*//////////////////////////////////////////////////////////////
                                 VIEWS
    //////////////////////////////////////////////////////////////*/

    /// @notice The most tasks or models on a page.
    function MAX_PAGE() external view returns (uint256 most);

    /// @notice The most rounds on a page.
    function MAX_ROUNDS_PAGE() external view returns (uint256 most);

    /// @notice The answers of views of any contracts, in one state: in order, and as many as there is gas for, so that
    /// the caller asks for the rest again. A view that reverts does not stop the others. Reverts with `TooLittleGas` if
    /// the first one takes all there is.
    /// @dev Asks with `staticcall`. A view that failed for lack of gas is not among the results: it left less than it
    /// was given to spare.
    /// @param calls The views.
    /// @return results An answer for each of the first `results.length` of them.
    function read(Call[] calldata calls) external view returns (Result[] memory results);

    /// @notice Tasks with their latest models, newest first: ids `start`, `start - 1` and so on, `limit` of them at
    /// most.
    /// @dev Counting down from an id, pages stay what they are while tasks are added. For the first page ask for
    /// type(uint256).max, for the next for one less than the last id; from 0 there is nothing.
    /// @param start The highest id wanted; an id above the newest means the newest.
    /// @param limit How many tasks at most; of more than `MAX_PAGE`, so many.
    /// @return tasks The page.
    /// @return total How many tasks there are.
    /// @return blockNumber The block of which this is the state: log queries from the next one on lose nothing.
    /// @return timestamp Its time in Unix seconds: what deadlines are to be compared with.
    function getTasks(
        uint256 start,
        uint256 limit
    )
        external
        view
        returns (TaskSummary[] memory tasks, uint256 total, uint256 blockNumber, uint256 timestamp);

    /// @notice The latest model of each task with its record, newest task first; paged as `getTasks`.
    /// @param start The highest task id wanted; an id above the newest means the newest.
    /// @param limit How many models at most; of more than `MAX_PAGE`, so many.
    /// @return models The page.
    /// @return total How many tasks there are, and so latest models.
    function getModels(
        uint256 start,
        uint256 limit
    )
        external
        view
        returns (IModelRegistry.Record[] memory models, uint256 total);

    /// @notice One task. Reverts with `ITaskManager.UnknownTask` if there is none.
    function getTask(uint256 taskId) external view returns (TaskScreen memory task);

    /// @notice Rounds `start` to `start + limit - 1` of a task, oldest first; a page that reaches past the running
    /// round ends with it, and one of more than `MAX_ROUNDS_PAGE` after so many. Round 0 stands for the model the creator started from. Reverts with
    /// `ITaskManager.UnknownTask` if there is no such task.
    function getRounds(
        uint256 taskId,
        uint256 start,
        uint256 limit
    )
        external
        view
        returns (RoundSummary[] memory rounds);

    /// @notice An account's part in a task. Reverts with `ITaskManager.UnknownTask` if there is no such task.
    /// @param taskId The task.
    /// @param account The account.
    /// @param start The first round whose rewards are wanted.
    /// @param limit For how many rounds at most, of more than `MAX_ROUNDS_PAGE` for so many; those after the running one
    /// are left out.
    /// @return screen What it has, owes and can collect.
    function getAccount(
        uint256 taskId,
        address account,
        uint256 start,
        uint256 limit
    )
        external
        view
        returns (AccountScreen memory screen);
}
