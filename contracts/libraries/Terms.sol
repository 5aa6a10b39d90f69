// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITaskManager} from "../interfaces/ITaskManager.sol";
import {Parts} from "./Parts.sol";

/// @title Terms
/// @notice What follows from a task's terms alone.
library Terms {
    /// @notice The whole, in the parts in which slashes are given.
    uint256 internal constant WHOLE = 10_000;

    /// @notice How many entries an update has besides its weights: the tag's, and eight salts.
    uint256 internal constant EXTRA_ENTRIES = 9;

    /// @notice So many 1/10,000 of an amount.
    function part(uint256 amount, uint256 parts) internal pure returns (uint256) {
        return amount * parts / WHOLE;
    }

    /// @notice How many entries an update of so many weights has.
    function updateLength(uint256 dimension) internal pure returns (uint256) {
        return dimension + EXTRA_ENTRIES;
    }

    /// @notice How many parts it makes to show a masked update of so many weights, 32 bytes an entry.
    function updateParts(uint256 dimension) internal pure returns (uint256) {
        return Parts.count(32 * updateLength(dimension));
    }

    /// @notice How long the accused have to answer, in seconds.
    function answerTime(ITaskManager.TaskConfig memory config) internal pure returns (uint256) {
        return config.answerPeriod * updateParts(config.dimension);
    }

    /// @notice What a finalized round owes each of so many trainers, of a pool. What does not divide evenly stays in it.
    function share(
        ITaskManager.TaskConfig memory config,
        uint256 pool,
        uint256 trainers
    )
        internal
        pure
        returns (uint256)
    {
        return (pool / config.rounds - config.aggregatorFee) / trainers;
    }
}
