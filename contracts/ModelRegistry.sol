// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {ITaskManager} from "./interfaces/ITaskManager.sol";
import {BN254, G1} from "./libraries/BN254.sol";

/// @title ModelRegistry
contract ModelRegistry is IModelRegistry {
    using BN254 for G1;

    /*//////////////////////////////////////////////////////////////
                                 TYPES
    //////////////////////////////////////////////////////////////*/

    /// @dev What is stored of a model; the hash is never zero.
    struct Entry {
        bytes32 modelHash;
        bytes32 cid;
    }

    /*//////////////////////////////////////////////////////////////
                               IMMUTABLES
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IModelRegistry
    address public immutable taskManager;

    /*//////////////////////////////////////////////////////////////
                                STORAGE
    //////////////////////////////////////////////////////////////*/

    mapping(uint256 taskId => mapping(uint256 round => Entry)) private _entries;

    /// @dev One more than the latest model's round. Never zero once there is a model, so that no aggregator pays for a
    /// fresh slot.
    mapping(uint256 taskId => uint256 end) private _ends;

    /*//////////////////////////////////////////////////////////////
                              CONSTRUCTOR
    //////////////////////////////////////////////////////////////*/

    /// @param taskManager_ Where the TaskManager will stand: it is deployed after this contract and checks the
    /// reference.
    constructor(address taskManager_) {
        if (taskManager_ == address(0)) revert ZeroAddress();
        taskManager = taskManager_;
    }

    /*//////////////////////////////////////////////////////////////
                          ONLY THE TASK MANAGER
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IModelRegistry
    function add(
        uint256 taskId,
        uint256 round,
        G1 calldata commitment,
        bytes32 cid
    )
        external
        returns (bytes32 modelHash)
    {
        if (msg.sender != taskManager) revert UnauthorizedCaller(msg.sender);
        modelHash = commitment.hash();
        uint256 end = _ends[taskId];
        uint256 parent = end == 0 ? 0 : end - 1;
        _entries[taskId][round] = Entry(modelHash, cid);
        _ends[taskId] = round + 1;
        emit ModelAdded(taskId, round, modelHash, parent, commitment, cid);
    }

    /*//////////////////////////////////////////////////////////////
                                 VIEWS
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IModelRegistry
    function latest(uint256 taskId) external view returns (Model memory) {
        uint256 end = _ends[taskId];
        if (end == 0) revert UnknownModel(taskId, 0);
        return getModel(taskId, end - 1);
    }

    /// @inheritdoc IModelRegistry
    function getModel(uint256 taskId, uint256 round) public view returns (Model memory) {
        Entry storage entry = _entries[taskId][round];
        if (entry.modelHash == 0) revert UnknownModel(taskId, round);
        ITaskManager.Round memory made = ITaskManager(taskManager).getRound(taskId, round);
        return Model(entry.modelHash, entry.cid, uint32(round), made.masked, made.aggregator, made.endedAt);
    }

    /// @inheritdoc IModelRegistry
    function getModels(uint256 taskId, uint256 start, uint256 limit) external view returns (Model[] memory models) {
        uint256 end = _ends[taskId];
        if (start < end && limit < end - start) end = start + limit;
        uint256 count;
        for (uint256 round = start; round < end; ++round) {
            if (_entries[taskId][round].modelHash != 0) ++count;
        }
        models = new Model[](count);
        count = 0;
        for (uint256 round = start; round < end; ++round) {
            if (_entries[taskId][round].modelHash != 0) models[count++] = getModel(taskId, round);
        }
    }

    /// @inheritdoc IModelRegistry
    function roundOf(uint256 taskId, bytes32 modelHash) external view returns (uint256 round) {
        if (modelHash == 0) revert UnknownModelHash(taskId, modelHash); // rounds without a model have it
        for (uint256 end = _ends[taskId]; end > 0; --end) {
            if (_entries[taskId][end - 1].modelHash == modelHash) return end - 1;
        }
        revert UnknownModelHash(taskId, modelHash);
    }
}
