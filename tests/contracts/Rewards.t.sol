// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRewardManager} from "../../contracts/interfaces/IRewardManager.sol";
import {IRoundManager} from "../../contracts/interfaces/IRoundManager.sol";
import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {HeadwaterTest} from "./helpers/HeadwaterTest.sol";

/// @notice `collect` and `reclaim`: where a task's pool goes.
contract RewardsTest is HeadwaterTest {
    uint256 private constant ROUND_POOL = POOL / ROUNDS;
    uint256 private taskId;
    address private alice;

    function setUp() public override {
        super.setUp();
        taskId = createTask();
        alice = trainer(1);
    }

    /*//////////////////////////////////////////////////////////////
                                COLLECT
    //////////////////////////////////////////////////////////////*/

    function test_collect_creditsATrainersShare() public {
        finalizeRound(taskId, 4);
        uint256 share = (ROUND_POOL - FEE) / 4;
        assertEq(rewards.rewardOf(taskId, 1, alice), share);
        vm.expectEmit(address(rewards));
        emit IRewardManager.RewardCollected(taskId, 1, alice, share);
        vm.expectEmit(address(stakes));
        emit IStakeManager.Credited(taskId, alice, share, POOL - share, share);
        assertEq(collect(alice, 1), share);

        assertEq(stakes.claimable(alice), share);
        assertEq(stakes.escrowOf(taskId), POOL - share);
        assertEq(rewards.rewardOf(taskId, 1, alice), 0);
        assertTrue(rewards.collected(taskId, 1, alice));
        assertFalse(rewards.collected(taskId, 2, alice));
        assertFalse(rewards.collected(taskId, 1, trainer(2)));
    }

    function test_collect_creditsTheAggregatorsFee() public {
        finalizeRound(taskId, 3);
        assertEq(collect(AGGREGATOR, 1), FEE);
        assertTrue(rewards.collected(taskId, 1, AGGREGATOR));
    }

    function test_collect_creditsATrainerWhoAggregatedWithBoth() public {
        toAggregate(taskId, 3);
        aggregate(taskId, alice);
        finalize(taskId);
        assertEq(collect(alice, 1), (ROUND_POOL - FEE) / 3 + FEE);
        refusesNothing(alice, 1);
    }

    function test_collect_creditsSeveralRoundsAtOnce() public {
        for (uint256 i; i < 3; ++i) {
            finalizeRound(taskId, 3);
        }
        uint32[] memory numbers = new uint32[](3);
        (numbers[0], numbers[1], numbers[2]) = (3, 1, 1); // naming a round twice pays once
        vm.prank(alice);
        assertEq(rewards.collect(taskId, numbers), 2 * ((ROUND_POOL - FEE) / 3));
        collect(alice, 2);
    }

    function test_collect_paysOnce() public {
        finalizeRound(taskId, 3);
        collect(alice, 1);
        refusesNothing(alice, 1);
        collect(AGGREGATOR, 1);
        refusesNothing(AGGREGATOR, 1);
    }

    function test_collect_owesNothingToWhoDidNotSubmit() public {
        enrol(taskId, trainer(5));
        toTrain(taskId, 4);
        submitMany(taskId, 3);
        passDeadline(taskId);
        maskMany(taskId, 3);
        aggregate(taskId, AGGREGATOR);
        finalize(taskId);
        refusesNothing(trainer(4), 1); // on the roster only
        refusesNothing(trainer(5), 1); // enrolled only
        refusesNothing(STRANGER, 1);
        assertEq(rewards.rewardOf(taskId, 1, trainer(4)), 0);
    }

    function test_collect_owesNothingToWhoDidNotMaskInTheLastAttempt() public {
        toMask(taskId, 5);
        maskMany(taskId, 4);
        passDeadline(taskId);
        maskMany(taskId, 3);
        passDeadline(taskId);
        maskMany(taskId, 3);
        aggregate(taskId, AGGREGATOR);
        finalize(taskId);
        for (uint256 i = 1; i <= 3; ++i) {
            assertEq(collect(trainer(i), 1), (ROUND_POOL - FEE) / 3);
        }
        refusesNothing(trainer(4), 1); // masked in attempt 1 only
        refusesNothing(trainer(5), 1); // submitted only
    }

    function test_collect_refusesRoundsThatAreNotFinalized() public {
        toAggregate(taskId, 3);
        refusesNotFinalized(1, IRoundManager.Phase.Aggregate);
        aggregate(taskId, AGGREGATOR);
        refusesNotFinalized(1, IRoundManager.Phase.Challenge);
        challenge(STRANGER);
        refusesNotFinalized(1, IRoundManager.Phase.Aggregate);
        passDeadline(taskId);
        refusesNotFinalized(1, IRoundManager.Phase.Failed);
        passDeadline(taskId);
        refusesNotFinalized(2, IRoundManager.Phase.Skipped);
        refusesNotFinalized(3, IRoundManager.Phase.Join);
        refusesNotFinalized(4, IRoundManager.Phase.None);
        assertEq(rewards.rewardOf(taskId, 1, alice), 0);
    }

    function test_collect_refusesUnknownTasks() public {
        vm.expectRevert(abi.encodeWithSelector(ITaskManager.UnknownTask.selector, 99));
        rewards.collect(99, one(1));
    }

    function test_collect_refusesNoRounds() public {
        vm.expectRevert(abi.encodeWithSelector(IRewardManager.NothingToCollect.selector, taskId, address(this)));
        rewards.collect(taskId, new uint32[](0));
    }

    function test_collect_worksWithoutAPool() public {
        ITaskManager.TaskConfig memory config = defaultConfig();
        config.aggregatorFee = 0;
        taskId = createTask(config, 0);
        finalizeRound(taskId, 3);
        refusesNothing(alice, 1);
        endTask(taskId);
        vm.expectRevert(abi.encodeWithSelector(IRewardManager.NothingToReclaim.selector, taskId));
        rewards.reclaim(taskId);
    }

    /*//////////////////////////////////////////////////////////////
                                RECLAIM
    //////////////////////////////////////////////////////////////*/

    function test_reclaim_creditsTheCreatorWithWhatNoRoundUsed() public {
        finalizeRound(taskId, 4);
        endTask(taskId);
        uint256 left = POOL - FEE - 4 * ((ROUND_POOL - FEE) / 4);
        vm.expectEmit(address(rewards));
        emit IRewardManager.PoolReclaimed(taskId, CREATOR, left);
        vm.prank(STRANGER); // anyone may
        assertEq(rewards.reclaim(taskId), left);
        assertEq(stakes.claimable(CREATOR), left);
        assertEq(spentIn(taskId), POOL);
    }

    function test_reclaim_returnsTheWholePoolOfATaskThatNobodyJoined() public {
        endTask(taskId);
        assertEq(rewards.reclaim(taskId), POOL);
        vm.prank(CREATOR);
        stakes.claim();
        assertEq(CREATOR.balance, POOL);
    }

    function test_reclaim_leavesWhatFinalizedRoundsOwe() public {
        finalizeRound(taskId, 3);
        endTask(taskId);
        rewards.reclaim(taskId);
        for (uint256 i = 1; i <= 3; ++i) {
            collect(trainer(i), 1);
        }
        collect(AGGREGATOR, 1);
        assertEq(stakes.escrowOf(taskId), 0);
    }

    function test_reclaim_refusesWhileTheTaskRuns() public {
        vm.expectRevert(abi.encodeWithSelector(IRewardManager.TaskRunning.selector, taskId, 1));
        rewards.reclaim(taskId);
        passDeadline(taskId);
        passDeadline(taskId);
        vm.warp(deadlineOf(taskId)); // over, but not advanced
        vm.expectRevert(abi.encodeWithSelector(IRewardManager.TaskRunning.selector, taskId, 3));
        rewards.reclaim(taskId);
    }

    function test_reclaim_paysOnce() public {
        endTask(taskId);
        rewards.reclaim(taskId);
        vm.expectRevert(abi.encodeWithSelector(IRewardManager.NothingToReclaim.selector, taskId));
        rewards.reclaim(taskId);
    }

    function test_reclaim_refusesUnknownTasks() public {
        vm.expectRevert(abi.encodeWithSelector(ITaskManager.UnknownTask.selector, 99));
        rewards.reclaim(99);
    }

    /// forge-config: default.fuzz.runs = 64
    function test_pool_isPaidOutToTheLastWei(uint96 pool, uint96 fee, uint8 count, uint8 finalized) public {
        count = uint8(bound(count, MIN, MAX));
        finalized = uint8(bound(finalized, 0, ROUNDS));
        ITaskManager.TaskConfig memory config = defaultConfig();
        config.aggregatorFee = uint96(bound(fee, 0, pool / ROUNDS));
        taskId = createTask(config, pool);
        for (uint32 round = 1; round <= finalized; ++round) {
            finalizeRound(taskId, count);
        }
        endTask(taskId);

        uint256 paid;
        for (uint32 round = 1; round <= finalized; ++round) {
            for (uint256 i = 1; i <= count; ++i) {
                paid += collectIfOwed(trainer(i), round);
            }
            paid += collectIfOwed(AGGREGATOR, round);
        }
        assertLe(paid, pool);
        assertGe(paid + uint256(finalized) * count, uint256(pool / ROUNDS) * finalized, "no more dust than a wei each");
        if (paid < pool) assertEq(rewards.reclaim(taskId), pool - paid);
        assertEq(stakes.escrowOf(taskId), 0);
    }

    /// @dev Demands the average in vain.
    function challenge(address who) private {
        hoax(who, BOND);
        challenges.challengeModel{value: BOND}(taskId);
        passDeadline(taskId);
    }

    function collect(address who, uint32 round) private returns (uint256) {
        vm.prank(who);
        return rewards.collect(taskId, one(round));
    }

    function collectIfOwed(address who, uint32 round) private returns (uint256) {
        return rewards.rewardOf(taskId, round, who) == 0 ? 0 : collect(who, round);
    }

    function refusesNothing(address who, uint32 round) private {
        vm.prank(who);
        vm.expectRevert(abi.encodeWithSelector(IRewardManager.NothingToCollect.selector, taskId, who));
        rewards.collect(taskId, one(round));
    }

    function refusesNotFinalized(uint32 round, IRoundManager.Phase phase) private {
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IRewardManager.RoundNotFinalized.selector, taskId, round, phase));
        rewards.collect(taskId, one(round));
    }
}
