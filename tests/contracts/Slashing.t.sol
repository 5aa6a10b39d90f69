// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

import {IRoundManager} from "../../contracts/interfaces/IRoundManager.sol";
import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {ITrainerRegistry} from "../../contracts/interfaces/ITrainerRegistry.sol";
import {HeadwaterTest} from "./helpers/HeadwaterTest.sol";

/// @notice What a round costs those who were absent or at fault: `settle`, and `join` as it settles.
contract SlashingTest is HeadwaterTest {
    uint256 private constant ABSENCE = uint256(STAKE) * ABSENCE_SLASH / 10_000;
    uint256 private constant FAULT = uint256(STAKE) * FAULT_SLASH / 10_000;
    uint256 private taskId;
    address private alice;

    function setUp() public override {
        super.setUp();
        taskId = createTask();
        alice = trainer(1);
    }

    /*//////////////////////////////////////////////////////////////
                                ABSENCE
    //////////////////////////////////////////////////////////////*/

    function test_settle_slashesWhoJoinedAndDidNotSubmit() public {
        toTrain(taskId, 4);
        submitMany(taskId, 3);
        passDeadline(taskId);
        maskMany(taskId, 3);
        aggregate(taskId, AGGREGATOR);
        finalize(taskId);
        expectSlash(trainer(4), false, ABSENCE);
        expectSlash(alice, false, 0);
    }

    function test_settle_slashesWhoJoinedARoundThatFailedForWantOfUpdates() public {
        toTrain(taskId, 3);
        submit(taskId, alice);
        passDeadline(taskId);
        expectSlash(trainer(2), false, ABSENCE);
        expectSlash(alice, false, 0);
    }

    function test_settle_slashesWhoMissedAnAttempt() public {
        toMask(taskId, 5);
        maskMany(taskId, 4);
        passDeadline(taskId);
        maskMany(taskId, 2);
        passDeadline(taskId); // failed
        expectSlash(trainer(5), false, ABSENCE); // masked in none
        expectSlash(trainer(4), false, ABSENCE); // in the first only
        expectSlash(alice, false, 0);
    }

    function test_settle_costsNothingWhereTheRoundWasSkipped() public {
        joinMany(taskId, 2);
        passDeadline(taskId);
        expectSlash(alice, false, 0);
    }

    function test_settle_leavesTheAbsentInTheTask() public {
        toTrain(taskId, 3);
        passDeadline(taskId);
        trainers.settle(taskId, alice);
        ITrainerRegistry.Enrolment memory enrolment = trainers.getEnrolment(taskId, alice);
        assertEq(enrolment.stake, STAKE - ABSENCE);
        assertEq(enrolment.round, 0);
        assertEq(enrolment.releasableAt, 0);
    }

    function test_settle_refusesWhatIsNotToBeSettled() public {
        bytes memory nothing = abi.encodeWithSelector(ITrainerRegistry.NothingToSettle.selector, taskId, alice);
        refusesSettle(nothing); // not enrolled
        enrol(taskId, alice);
        refusesSettle(nothing); // no round
        toTrain(taskId, 3);
        refusesSettle(abi.encodeWithSelector(ITrainerRegistry.RoundRunning.selector, taskId, 1));
        (uint256 amount, bool fault) = trainers.slashOf(taskId, alice);
        assertEq(amount, 0);
        assertFalse(fault);
        passDeadline(taskId);
        trainers.settle(taskId, alice);
        refusesSettle(nothing); // once
    }

    function test_settle_takesNoMoreThanTheEnrolmentHas() public {
        ITaskManager.TaskConfig memory config = defaultConfig();
        (config.faultSlash, config.absenceSlash) = (10_000, 10_000);
        taskId = createTask(config, POOL);
        toAggregate(taskId, 3);
        aggregate(taskId, alice); // as much again is locked for her average
        passDeadline(taskId);
        modelScalar = averageScalar;
        toTrain(taskId, 3);
        passDeadline(taskId);
        expectSlash(alice, false, STAKE);
        assertEq(trainers.getEnrolment(taskId, alice).stake, 0);
    }

    function test_settle_worksInTasksWithoutStakeOrSlash() public {
        ITaskManager.TaskConfig memory config = defaultConfig();
        (config.stake, config.challengeBond) = (0, 0);
        taskId = createTask(config, POOL);
        toTrain(taskId, 3);
        passDeadline(taskId);
        expectSettled(alice, false, 0);
        config = defaultConfig();
        (config.faultSlash, config.absenceSlash) = (0, 0);
        taskId = createTask(config, POOL);
        toTrain(taskId, 3);
        passDeadline(taskId);
        expectSettled(alice, false, 0);
    }

    /*//////////////////////////////////////////////////////////////
                                  JOIN
    //////////////////////////////////////////////////////////////*/

    function test_join_settlesAndTopsTheStakeUp() public {
        toTrain(taskId, 3);
        passDeadline(taskId);
        deposit(alice, ABSENCE);
        vm.expectEmit(address(trainers));
        emit ITrainerRegistry.TrainerSlashed(taskId, 1, alice, false, ABSENCE);
        vm.expectEmit(address(stakes));
        emit IStakeManager.Slashed(taskId, alice, ABSENCE, STAKE - ABSENCE);
        vm.expectEmit(address(stakes));
        emit IStakeManager.Locked(taskId, alice, ABSENCE, 0, STAKE);
        vm.prank(alice);
        rounds.join(taskId);
        assertStake(alice, 0, STAKE);
        ITrainerRegistry.Enrolment memory enrolment = trainers.getEnrolment(taskId, alice);
        assertEq(enrolment.stake, STAKE);
        assertEq(enrolment.round, 2);
        assertEq(stakes.burnt(), ABSENCE);
    }

    function test_join_refusesWithoutTheMissingStake() public {
        toTrain(taskId, 3);
        passDeadline(taskId);
        deposit(alice, ABSENCE - 1);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IStakeManager.InsufficientStake.selector, alice, ABSENCE - 1, ABSENCE));
        rounds.join(taskId);
    }

    function test_join_refusesWhoIsAtFault() public {
        withhold(alice);
        vm.prank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(ITrainerRegistry.Leaving.selector, taskId, alice, block.timestamp + UNBONDING_PERIOD)
        );
        rounds.join(taskId);
    }

    /*//////////////////////////////////////////////////////////////
                                 FAULTS
    //////////////////////////////////////////////////////////////*/

    function test_settle_slashesAndExpelsWhoWasAtFault() public {
        withhold(alice);
        vm.warp(block.timestamp + 10);
        vm.expectEmit(address(trainers));
        emit ITrainerRegistry.TrainerSlashed(taskId, 1, alice, true, FAULT);
        vm.expectEmit(address(trainers));
        emit ITrainerRegistry.Unenrolled(taskId, alice, block.timestamp + UNBONDING_PERIOD);
        vm.expectEmit(address(stakes));
        emit IStakeManager.Slashed(taskId, alice, FAULT, STAKE - FAULT);
        vm.expectEmit(address(trainers));
        emit ITrainerRegistry.Settled(taskId, 1, alice, FAULT);
        assertEq(trainers.settle(taskId, alice), FAULT);
        assertEq(trainers.getEnrolment(taskId, alice).releasableAt, block.timestamp + UNBONDING_PERIOD);
        assertStake(alice, 0, STAKE - FAULT);
        expectSlash(trainer(2), false, 0);

        vm.warp(block.timestamp + UNBONDING_PERIOD);
        vm.prank(alice);
        trainers.release(taskId);
        assertStake(alice, STAKE - FAULT, 0);
    }

    function test_settle_keepsTheTimeOfWhoWasLeavingAlready() public {
        toAggregate(taskId, 4);
        unenrol(taskId, alice);
        uint256 releasableAt = block.timestamp + UNBONDING_PERIOD;
        accuse(alice);
        passDeadline(taskId);
        endTask(taskId);
        trainers.settle(taskId, alice);
        assertEq(trainers.getEnrolment(taskId, alice).releasableAt, releasableAt);
        assertEq(stakes.burnt(), FAULT);
    }

    function test_settle_isToTheTermsNotToTheStakeThatIsLeft() public {
        toTrain(taskId, 4);
        passDeadline(taskId);
        trainers.settle(taskId, alice); // an absence
        joinMany(taskId, 4); // tops up
        passDeadline(taskId);
        submitMany(taskId, 4);
        maskMany(taskId, 4);
        accuse(alice);
        passDeadline(taskId);
        endTask(taskId);
        expectSlash(alice, true, FAULT);
    }

    /*//////////////////////////////////////////////////////////////
                                HELPERS
    //////////////////////////////////////////////////////////////*/

    /// @dev Round 1 fails since a member does not show its update; then round 2 can be joined.
    function withhold(address who) private {
        toAggregate(taskId, 3);
        accuse(who);
        passDeadline(taskId);
        assertPhase(taskId, 2, IRoundManager.Phase.Join);
    }

    function accuse(address who) private {
        hoax(STRANGER, BOND);
        challenges.challengeUpdate{value: BOND}(taskId, who);
    }

    /// @dev `slashOf` says it, and `settle` does it.
    function expectSlash(address who, bool fault, uint256 amount) private {
        (uint256 expected, bool fault_) = trainers.slashOf(taskId, who);
        assertEq(expected, amount, "slashOf");
        assertEq(fault_, fault, "fault");
        if (amount != 0) return expectSettled(who, fault, amount);
        vm.recordLogs();
        assertEq(trainers.settle(taskId, who), 0);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 1, "nothing but that it is settled is said of who did its duty");
        assertEq(logs[0].topics[0], ITrainerRegistry.Settled.selector);
        assertEq(trainers.getEnrolment(taskId, who).round, 0);
    }

    function expectSettled(address who, bool fault, uint256 amount) private {
        uint256 burnt = stakes.burnt();
        (, uint256 locked) = stakes.stakeOf(who);
        uint256 last = trainers.getEnrolment(taskId, who).round;
        vm.expectEmit(address(trainers));
        emit ITrainerRegistry.TrainerSlashed(taskId, last, who, fault, amount);
        vm.expectEmit(address(trainers));
        emit ITrainerRegistry.Settled(taskId, last, who, amount);
        vm.prank(STRANGER); // anyone may
        assertEq(trainers.settle(taskId, who), amount);
        assertEq(stakes.burnt(), burnt + amount);
        (, uint256 left) = stakes.stakeOf(who);
        assertEq(left, locked - amount);
    }

    function refusesSettle(bytes memory reason) private {
        vm.expectRevert(reason);
        trainers.settle(taskId, alice);
    }
}
