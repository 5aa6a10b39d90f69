// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModelRegistry} from "../interfaces/IModelRegistry.sol";

/// @title ModelConsumer
/// @notice An example for dApps: a contract that uses the models of one task, and only such as were proved and are
/// final.
/// @dev Three things it shows.
/// 1. A model is named by its task and its round. A hash alone means nothing: what was proved of it is its task's word,
///    so this contract fixes the task once and never looks up a hash elsewhere.
/// 2. What the registry has is final. An average in Challenge, whose bytes may still be withheld, is in the RoundManager
///    only; the registry knows it when the round is finalized, and then for good.
/// 3. Round 0 is the model that the creator started from: no round of this task made it, and it is not accepted.
///
/// What it cannot check, whoever deploys it must: that the task is honest. Its verifiers decide what counts as proved,
/// and its `tau`, which is its creator's word, what commitments and openings mean (see "Trust" in `ITaskManager`). So open
/// the task with a node first (`headwater task show ID --check`).
///
/// The weights stay off chain. Whoever computes with them fetches the document of `cid`, compares its sha2-256 with it,
/// and checks that its weights have the commitment whose hash is `modelHash` (`headwater model verify`). A contract that
/// needs them has the commitment opened (`IOpenings`).
contract ModelConsumer {
    /// @notice Thrown when the first model is to be accepted: no round of the task made it.
    error UnprovedModel();

    /// @notice Thrown when a model is to be accepted that is not newer than the one in use.
    error StaleModel(uint256 round, uint256 acceptedRound);

    /// @notice Thrown when the round made another model than the caller says.
    error ModelMismatch(bytes32 expected, bytes32 actual);

    /// @notice A newer model was accepted.
    /// @param taskId The task.
    /// @param round The round that made it.
    /// @param oldModelHash The model in use until now; zero if there was none.
    /// @param newModelHash The model in use from now on.
    /// @param cid The digest of its document (CIDv1, raw).
    event ModelAccepted(
        uint256 indexed taskId, uint256 indexed round, bytes32 oldModelHash, bytes32 newModelHash, bytes32 cid
    );

    /// @notice Where models are looked up.
    IModelRegistry public immutable REGISTRY;

    /// @notice The task whose models are used.
    uint256 public immutable TASK_ID;

    /// @notice The round that made the model in use; 0 if there is none.
    uint256 public round;

    /// @notice The model in use; zero if there is none.
    bytes32 public modelHash;

    /// @notice The digest of its document.
    bytes32 public cid;

    /// @param registry The registry of a deployment that is trusted.
    /// @param taskId A task of it. Reverts with `IModelRegistry.UnknownModel` if there is none.
    constructor(IModelRegistry registry, uint256 taskId) {
        registry.getModel(taskId, 0);
        (REGISTRY, TASK_ID) = (registry, taskId);
    }

    /// @notice Uses the model of a round from now on. Anyone may call it: there is nothing to choose but how new it is.
    /// Requirements: the round is not 0 (`UnprovedModel`) and later than that of the model in use (`StaleModel`); the
    /// task has finalized it (`IModelRegistry.UnknownModel`) with the model that the caller looked at (`ModelMismatch`).
    /// @dev The hash is the caller's word that it has checked this model: a chain that reorganizes may have another
    /// under the same round.
    /// @param newRound The round that made it.
    /// @param expectedHash Its model hash.
    function accept(uint256 newRound, bytes32 expectedHash) public virtual {
        if (newRound == 0) revert UnprovedModel();
        if (newRound <= round) revert StaleModel(newRound, round);
        IModelRegistry.Model memory model = REGISTRY.getModel(TASK_ID, newRound);
        if (model.modelHash != expectedHash) revert ModelMismatch(expectedHash, model.modelHash);

        emit ModelAccepted(TASK_ID, newRound, modelHash, model.modelHash, model.cid);
        (round, modelHash, cid) = (newRound, model.modelHash, model.cid);
    }
}
