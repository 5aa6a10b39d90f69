// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {Terms} from "../../contracts/libraries/Terms.sol";

/// @dev What follows from a task's terms, for all numbers that their fields can hold.
contract TermsSymbolic {
    function check_part_isAPartOfTheAmount(uint96 amount, uint16 parts) public pure {
        require(parts <= Terms.WHOLE);
        assert(Terms.part(amount, parts) <= amount);
    }

    function check_part_ofAllParts_isTheAmount(uint96 amount) public pure {
        assert(Terms.part(amount, Terms.WHOLE) == amount);
    }

    /// @dev A pool of one round: all that `share` does with `rounds` is to divide the pool by it.
    function check_share_leavesTheFee(uint96 fee, uint96 rest, uint16 trainers) public pure {
        require(trainers != 0);
        ITaskManager.TaskConfig memory config;
        (config.rounds, config.aggregatorFee) = (1, fee);
        assert(Terms.share(config, uint256(fee) + rest, trainers) * trainers <= rest);
    }

    /// @dev What the rounds can owe together.
    function check_rounds_areWithinThePool(uint96 pool, uint32 rounds, uint32 finalized) public pure {
        require(finalized <= rounds);
        assert(uint256(pool) / rounds * finalized <= pool);
    }

    function check_updateParts_holdTheUpdate(uint32 dimension) public pure {
        uint256 length = 32 * Terms.updateLength(dimension);
        uint256 parts = Terms.updateParts(dimension);
        assert(length <= 65_536 * parts);
        assert(length > 65_536 * (parts - 1));
    }

    function check_answerTime_isThePeriodAtLeast(uint32 period, uint32 dimension) public pure {
        ITaskManager.TaskConfig memory config;
        (config.answerPeriod, config.dimension) = (period, dimension);
        uint256 time = Terms.answerTime(config);
        assert(time >= period);
        assert(time < 1 << 54);
    }
}
