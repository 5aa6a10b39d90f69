// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAttestations} from "../interfaces/IAttestations.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {ModelConsumer} from "./ModelConsumer.sol";

/// @title ScoredModelConsumer
/// @notice An example for dApps: a contract that uses a model only if somebody whom it trusts has shown, on data held out
/// before the model could be known, that it is right often enough, in each group of rows.
/// @dev Whose data, is the choice that matters: the proof says how often the model is right on these rows, and nothing of
/// whose they are. So the contract fixes attester and data once. That there are enough rows of each group is asked, too:
/// of one row a share says nothing.
contract ScoredModelConsumer is ModelConsumer {
    /// @notice Where scores are looked up.
    IAttestations public immutable ATTESTATIONS;

    /// @notice Whose scores count.
    address public immutable ATTESTER;

    /// @notice On which held-out data.
    bytes32 public immutable DATA_HASH;

    /// @notice How many rows of each group there must be.
    uint256 public immutable ROWS;

    /// @notice Which share of them must be right, in 1/10,000.
    uint256 public immutable LEAST;

    /// @param registry The registry of a deployment that is trusted.
    /// @param taskId A task of it, open for scores. Reverts with `IAttestations.NotOpen` if it is not.
    /// @param attestations The same deployment's.
    /// @param attester Who is trusted to have held out true rows, and such as matter.
    /// @param dataHash The attester's data.
    /// @param rows How many rows of each group there must be.
    /// @param least Which share of them must be right, in 1/10,000.
    constructor(
        IModelRegistry registry,
        uint256 taskId,
        IAttestations attestations,
        address attester,
        bytes32 dataHash,
        uint256 rows,
        uint256 least
    )
        ModelConsumer(registry, taskId)
    {
        attestations.getScoring(taskId);
        (ATTESTATIONS, ATTESTER, DATA_HASH, ROWS, LEAST) = (attestations, attester, dataHash, rows, least);
    }

    /// @inheritdoc ModelConsumer
    /// @dev Also required: the attester has shown enough for the whole, and for each group (`IAttestations.requireScore`).
    function accept(uint256 newRound, bytes32 expectedHash) public override {
        uint256 groups = ATTESTATIONS.getScoring(TASK_ID).groups;
        for (uint256 group; group <= groups; ++group) {
            ATTESTATIONS.requireScore(TASK_ID, newRound, DATA_HASH, ATTESTER, group, ROWS, LEAST);
        }
        super.accept(newRound, expectedHash);
    }
}
