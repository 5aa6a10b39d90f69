// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITrainerRegistry} from "../../contracts/interfaces/ITrainerRegistry.sol";
import {HeadwaterTest} from "./helpers/HeadwaterTest.sol";

/// @notice `unenrol` and `release`: how stake leaves a task.
contract UnbondingTest is HeadwaterTest {
    uint256 private taskId;
    address private alice;

    function setUp() public override {
        super.setUp();
        taskId = createTask();
        alice = trainer(1);
    }

    /*//////////////////////////////////////////////////////////////
                                UNENROL
    //////////////////////////////////////////////////////////////*/

    function test_unenrol_startsUnbonding() public {
        enrol(taskId, alice);
        vm.warp(block.timestamp + 10);
        vm.expectEmit(address(trainers));
        emit ITrainerRegistry.Unenrolled(taskId, alice, block.timestamp + UNBONDING_PERIOD);
        unenrol(taskId, alice);

        ITrainerRegistry.Enrolment memory enrolment = trainers.getEnrolment(taskId, alice);
        assertEq(enrolment.releasableAt, block.timestamp + UNBONDING_PERIOD);
        assertEq(enrolment.stake, STAKE);
        assertTrue(isEnrolled(taskId, alice));
        assertStake(alice, 0, STAKE);
    }

    function test_unenrol_closesTheNextRoundsToTheTrainer() public {
        enrol(taskId, alice);
        unenrol(taskId, alice);
        bytes memory reason = leaving();
        vm.prank(alice);
        vm.expectRevert(reason);
        rounds.join(taskId);
    }

    function test_unenrol_letsTheTrainerFinishItsRound() public {
        toTrain(taskId, 3);
        unenrol(taskId, alice);
        submitMany(taskId, 3);
        maskMany(taskId, 3);
        aggregate(taskId, AGGREGATOR);
        finalize(taskId);
        vm.prank(alice);
        assertEq(rewards.collect(taskId, one(1)), (POOL / ROUNDS - FEE) / 3);
    }

    function test_unenrol_refusesASecondTime() public {
        enrol(taskId, alice);
        unenrol(taskId, alice);
        vm.warp(block.timestamp + 1);
        bytes memory reason = leaving();
        vm.prank(alice);
        vm.expectRevert(reason);
        trainers.unenrol(taskId);
    }

    function test_unenrol_refusesWhoIsNotEnrolled() public {
        vm.startPrank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(ITrainerRegistry.NotEnrolled.selector, taskId, STRANGER));
        trainers.unenrol(taskId);
        vm.expectRevert(abi.encodeWithSelector(ITrainerRegistry.NotEnrolled.selector, taskId, STRANGER));
        trainers.release(taskId);
    }

    /*//////////////////////////////////////////////////////////////
                                RELEASE
    //////////////////////////////////////////////////////////////*/

    function test_release_freesTheStakeForWithdrawal() public {
        enrol(taskId, alice);
        unenrol(taskId, alice);
        vm.warp(block.timestamp + UNBONDING_PERIOD);
        vm.expectEmit(address(trainers));
        emit ITrainerRegistry.Released(taskId, alice, STAKE);
        release(alice);

        assertEq(keccak256(abi.encode(trainers.getEnrolment(taskId, alice))), keccak256(new bytes(128)), "enrolment");
        vm.prank(alice);
        stakes.withdraw(STAKE);
        assertEq(alice.balance, STAKE);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(ITrainerRegistry.NotEnrolled.selector, taskId, alice));
        trainers.release(taskId);
    }

    function test_release_freesOnlyThisEnrolmentsStake() public {
        toAggregate(taskId, 3);
        aggregate(taskId, alice); // its average holds as much again
        uint256 other = createTask();
        enrol(other, alice);
        modelScalar = averageScalar;
        unenrol(taskId, alice);
        vm.warp(deadlineOf(taskId) + UNBONDING_PERIOD);
        rounds.advance(taskId);
        release(alice);
        assertStake(alice, 2 * STAKE, STAKE);
        assertEq(stakes.lockOf(taskId, alice), 0);
        assertEq(stakes.lockOf(other, alice), STAKE);
    }

    function test_release_keepsAnAggregatorsLock() public {
        enrol(taskId, trainer(5));
        unenrol(taskId, trainer(5));
        uint256 period = UNBONDING_PERIOD;
        toAggregate(taskId, 3);
        aggregate(taskId, trainer(5));
        hoax(STRANGER, BOND);
        challenges.challengeModel{value: BOND}(taskId);
        vm.warp(block.timestamp + period);
        release(trainer(5));
        assertStake(trainer(5), STAKE, STAKE);
    }

    function test_release_refusesBeforeTheTime() public {
        enrol(taskId, alice);
        refusesRelease(abi.encodeWithSelector(ITrainerRegistry.NotReleasable.selector, taskId, alice, 0));
        unenrol(taskId, alice);
        uint256 releasableAt = block.timestamp + UNBONDING_PERIOD;
        vm.warp(releasableAt - 1);
        refusesRelease(abi.encodeWithSelector(ITrainerRegistry.NotReleasable.selector, taskId, alice, releasableAt));
        vm.warp(releasableAt);
        release(alice);
    }

    function test_release_refusesWhileTheLastRoundRunsHoweverLate() public {
        joinMany(taskId, 3);
        unenrol(taskId, alice);
        bytes memory reason = abi.encodeWithSelector(ITrainerRegistry.RoundRunning.selector, taskId, 1);
        vm.warp(block.timestamp + 365 days);
        refusesRelease(reason);
        rounds.advance(taskId);
        submitMany(taskId, 3);
        maskMany(taskId, 3);
        aggregate(taskId, AGGREGATOR);
        vm.warp(block.timestamp + 365 days);
        refusesRelease(reason);
        rounds.advance(taskId);
        release(alice);
        assertStake(alice, STAKE, 0);
    }

    function test_release_settlesTheLastRoundAndSlashesForIt() public {
        toTrain(taskId, 3);
        unenrol(taskId, alice);
        passDeadline(taskId); // failed: she has missed her duty
        vm.warp(block.timestamp + UNBONDING_PERIOD);
        uint256 slash = STAKE / 100;
        vm.expectEmit(address(trainers));
        emit ITrainerRegistry.TrainerSlashed(taskId, 1, alice, false, slash);
        vm.expectEmit(address(trainers));
        emit ITrainerRegistry.Released(taskId, alice, STAKE - slash);
        release(alice);
        assertStake(alice, STAKE - slash, 0);
        assertEq(stakes.burnt(), slash);
    }

    function test_release_worksAfterTheTaskHasEnded() public {
        for (uint256 round = 1; round <= ROUNDS; ++round) {
            finalizeRound(taskId, 3);
        }
        leaveTask(taskId, alice);
        assertStake(alice, STAKE, 0);
    }

    function test_release_keepsTheRewardsEarned() public {
        finalizeRound(taskId, 3);
        uint256 owed = rewards.rewardOf(taskId, 1, alice);
        assertGt(owed, 0);
        leaveTask(taskId, alice);
        vm.prank(alice);
        assertEq(rewards.collect(taskId, one(1)), owed);
    }

    function release(address who) private {
        vm.prank(who);
        trainers.release(taskId);
    }

    function refusesRelease(bytes memory reason) private {
        vm.prank(alice);
        vm.expectRevert(reason);
        trainers.release(taskId);
    }

    function leaving() private view returns (bytes memory) {
        uint256 releasableAt = trainers.getEnrolment(taskId, alice).releasableAt;
        return abi.encodeWithSelector(ITrainerRegistry.Leaving.selector, taskId, alice, releasableAt);
    }
}
