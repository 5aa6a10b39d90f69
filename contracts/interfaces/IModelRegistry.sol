// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G1} from "../libraries/BN254.sol";

/// @title IModelRegistry
/// @notice The models that tasks have accepted, append-only: what dApps read. A model is named by its task and its
/// version; version 0 is what the creator started from, and the parent of version v is v - 1.
/// @dev Trust: an entry says that the task's verifiers accepted it, so it is worth what the task's config is worth (see
/// `ITaskManager`); version 0 was proved by nobody. Model hashes are kept by task: another task's creator could choose
/// basis points that give it any hash it likes, so a hash without its task means nothing.
/// The commitment itself is in `ModelAdded`; a contract that needs it takes it from its caller and compares the hash.
interface IModelRegistry {
    /*//////////////////////////////////////////////////////////////
                                 TYPES
    //////////////////////////////////////////////////////////////*/

    /// @notice One version of a task's model.
    /// @dev Three slots. The last holds the four small fields.
    struct Model {
        /// The model hash: keccak256 of the commitment of [w | tag].
        bytes32 modelHash;
        /// Where its bytes lie: the sha2-256 digest of the model document (CIDv1, raw).
        bytes32 cid;
        /// The round that made it; 0 for version 0.
        uint32 round;
        /// How many updates it averages; 0 for version 0.
        uint16 trainers;
        /// When it was accepted, in Unix seconds.
        uint48 timestamp;
    }

    /*//////////////////////////////////////////////////////////////
                                 ERRORS
    //////////////////////////////////////////////////////////////*/

    /// @notice Thrown when deploying without a TaskManager.
    error ZeroAddress();

    /// @notice Thrown when anyone but the TaskManager adds a model.
    error UnauthorizedCaller(address caller);

    /// @notice Thrown when the task has no such version; `count` is how many it has.
    error UnknownModel(uint256 taskId, uint256 version, uint256 count);

    /// @notice Thrown when no version of the task has this hash.
    error UnknownModelHash(uint256 taskId, bytes32 modelHash);

    /*//////////////////////////////////////////////////////////////
                                 EVENTS
    //////////////////////////////////////////////////////////////*/

    /// @notice A version was added to a task's models.
    /// @param taskId The task.
    /// @param version Its number in the task, from 0.
    /// @param modelHash keccak256 of `commitment`.
    /// @param commitment The commitment of [w | tag].
    /// @param cid The digest of the model document.
    /// @param round The round that made it; 0 for version 0.
    /// @param trainers How many updates it averages; 0 for version 0.
    event ModelAdded(
        uint256 indexed taskId,
        uint256 indexed version,
        bytes32 indexed modelHash,
        G1 commitment,
        bytes32 cid,
        uint32 round,
        uint16 trainers
    );

    /*//////////////////////////////////////////////////////////////
                          ONLY THE TASK MANAGER
    //////////////////////////////////////////////////////////////*/

    /// @notice Appends a version to the task's models. The same model may come again: training can stand still.
    /// Effects: the task has one version more. Emits `ModelAdded`.
    /// Requirements: called by the TaskManager (`UnauthorizedCaller`).
    /// @return modelHash keccak256 of `commitment`.
    function add(
        uint256 taskId,
        G1 calldata commitment,
        bytes32 cid,
        uint32 round,
        uint16 trainers
    )
        external
        returns (bytes32 modelHash);

    /*//////////////////////////////////////////////////////////////
                                 VIEWS
    //////////////////////////////////////////////////////////////*/

    /// @notice The TaskManager of this deployment.
    function taskManager() external view returns (address);

    /// @notice How many versions the task has; 0 if there is no such task.
    function modelCount(uint256 taskId) external view returns (uint256);

    /// @notice One version of the task's model. Reverts with `UnknownModel` if there is none.
    function getModel(uint256 taskId, uint256 version) external view returns (Model memory);

    /// @notice The task's newest version, and its number. Reverts with `UnknownModel` if there is no such task.
    function latest(uint256 taskId) external view returns (uint256 version, Model memory model);

    /// @notice Up to `limit` versions from `start` on, oldest first; fewer, or none, where the task has no more.
    function getModels(uint256 taskId, uint256 start, uint256 limit) external view returns (Model[] memory);

    /// @notice The newest version of the task with this hash. Reverts with `UnknownModelHash` if there is none.
    /// @dev Reads back from the newest version, 2,100 gas each: meant for eth_call. An index would cost every aggregator
    /// 22,100 gas. A contract rather takes the version from its caller and compares `getModel(...).modelHash`.
    function versionOf(uint256 taskId, bytes32 modelHash) external view returns (uint256 version);
}
