// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOpenings} from "../interfaces/IOpenings.sol";
import {ITaskManager} from "../interfaces/ITaskManager.sol";
import {BN254, G1} from "./BN254.sol";
import {Commitments} from "./Commitments.sol";
import {Parts} from "./Parts.sol";

/// @title LinearModel
/// @notice What a linear model says of a row that everybody may see: computed, not proved.
/// @dev Weights as `IOpenings.Encoding.Packed` has them: 8 bytes each, big-endian, signed; that of feature f for output o is
/// at f * outputs + o. What is computed is exactly what a proof would say, see `IInferences`.
library LinearModel {
    using BN254 for G1;
    using Commitments for G1;

    /// @notice Thrown when a row does not have one entry for each weight of an output.
    error WrongRow(uint256 expected, uint256 actual);

    /// @notice Thrown when there are not as many weights as the task's models have.
    error WrongWeightCount(uint256 expected, uint256 actual);

    /// @notice Thrown when a commitment is not that of the model's weights.
    error WrongModel(bytes32 expected, bytes32 actual);

    /// @notice z of one output: the sum of row[f] * weight[f, output].
    function score(
        bytes calldata weights,
        uint256 outputs,
        uint256 output,
        int64[] calldata row
    )
        internal
        pure
        returns (int256 z)
    {
        uint256 features = weights.length / (8 * outputs);
        if (row.length != features) revert WrongRow(features, row.length);
        for (uint256 f; f < features; ++f) {
            uint256 start = 8 * (f * outputs + output);
            z += int256(row[f]) * int64(uint64(bytes8(weights[start:start + 8])));
        }
    }

    /// @notice Shows that weights are a model's: once is enough, for all rows (`IOpenings.open`).
    /// Requirements: as many weights as the task's models have (`WrongWeightCount`: zeros behind them would open as well);
    /// the commitment is the model's but for the tag (`WrongModel`), and of the weights (see `IOpenings.open`).
    /// @param modelHash That of a finalized model of the task.
    /// @param commitment C([w | 0]).
    /// @param quotient Of the opening.
    function open(
        ITaskManager tasks,
        IOpenings openings,
        uint256 taskId,
        bytes32 modelHash,
        G1 calldata commitment,
        bytes calldata weights,
        G1 calldata quotient
    )
        internal
    {
        ITaskManager.TaskConfig memory config = tasks.getTask(taskId).config;
        if (weights.length != 8 * uint256(config.dimension)) {
            revert WrongWeightCount(config.dimension, weights.length / 8);
        }
        G1 memory shown = commitment;
        bytes32 actual = shown.withEntry(config.basisD, tasks.tag(taskId)).hash();
        if (actual != modelHash) revert WrongModel(modelHash, actual);
        bytes32 root = Parts.rootOf(weights);
        openings.open(
            IOpenings.Claim(taskId, commitment, IOpenings.Encoding.Packed, config.dimension, root), weights, quotient
        );
    }
}
