// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {HeadwaterTest} from "./helpers/HeadwaterTest.sol";

contract UnenrolTest is HeadwaterTest {
    uint256 private taskId;
    address private alice;

    function setUp() public override {
        super.setUp();
        taskId = createTask();
        alice = trainer(1);
    }

    function test_unenrol_freesTheStakeForWithdrawal() public {
        enrol(taskId, alice);
        vm.expectEmit(address(tasks));
        emit ITaskManager.Unenrolled(taskId, alice, STAKE);
        unenrol(alice);

        (bytes32 dataHash, uint256 locked) = tasks.getEnrolment(taskId, alice);
        assertEq(dataHash, 0);
        assertEq(locked, 0);
        vm.prank(alice);
        stakes.withdraw(STAKE);
        assertEq(alice.balance, STAKE);
    }

    function test_unenrol_freesOnlyThisTasksStake() public {
        enrol(taskId, alice);
        uint256 other = createTask();
        enrol(other, alice);
        unenrol(alice);
        (uint256 free, uint256 locked) = stakes.stakeOf(alice);
        assertEq(free, STAKE);
        assertEq(locked, STAKE);
        assertEq(stakes.lockOf(other, alice), STAKE);
    }

    function test_unenrol_worksInMidRoundForWhoIsNotOnTheRoster() public {
        enrol(taskId, trainer(4));
        toTrain(taskId, 3);
        unenrol(trainer(4));
        submitMany(taskId, 3);
        assertPhase(taskId, 1, ITaskManager.Phase.Mask);
    }

    function test_unenrol_refusesWhoIsOnTheRosterUntilTheRoundEnds() public {
        joinMany(taskId, 3);
        refusesOnRoster(1);
        passDeadline(taskId);
        refusesOnRoster(1);
        submitMany(taskId, 3);
        refusesOnRoster(1);
        maskMany(taskId, 3);
        refusesOnRoster(1);
        aggregate(taskId, AGGREGATOR);
        unenrol(alice);
    }

    function test_unenrol_worksAfterASkippedAndAFailedRound() public {
        joinMany(taskId, 2);
        passDeadline(taskId); // skipped
        unenrol(alice);
        toTrain(taskId, 3);
        refusesOnRoster(2);
        passDeadline(taskId); // failed
        unenrol(alice);
    }

    function test_unenrol_refusesWhoMissedAnAttemptUntilTheRoundEnds() public {
        toMask(taskId, 4);
        for (uint256 i = 2; i <= 4; ++i) {
            mask(taskId, trainer(i));
        }
        passDeadline(taskId);
        refusesOnRoster(1);
        passDeadline(taskId); // failed
        unenrol(alice);
    }

    function test_unenrol_worksAfterTheTaskHasEndedWithTheTrainerOnItsLastRoster() public {
        for (uint256 round = 1; round <= ROUNDS; ++round) {
            finalizeRound(taskId, 3);
        }
        unenrol(alice);
        assertEq(stakes.lockOf(taskId, alice), 0);
    }

    function test_unenrol_keepsTheRewardsEarned() public {
        finalizeRound(taskId, 3);
        uint256 owed = tasks.rewardOf(taskId, 1, alice);
        assertGt(owed, 0);
        unenrol(alice);
        vm.prank(alice);
        assertEq(tasks.collect(taskId, one(1)), owed);
    }

    function test_unenrol_closesTheNextRoundsToTheTrainer() public {
        enrol(taskId, alice);
        unenrol(alice);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(ITaskManager.NotEnrolled.selector, taskId, alice));
        tasks.join(taskId);
    }

    function test_unenrol_refusesWhoIsNotEnrolled() public {
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(ITaskManager.NotEnrolled.selector, taskId, STRANGER));
        tasks.unenrol(taskId);

        enrol(taskId, alice);
        unenrol(alice);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(ITaskManager.NotEnrolled.selector, taskId, alice));
        tasks.unenrol(taskId);
    }

    function unenrol(address who) private {
        vm.prank(who);
        tasks.unenrol(taskId);
    }

    function refusesOnRoster(uint256 round) private {
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(ITaskManager.OnRoster.selector, taskId, round, alice));
        tasks.unenrol(taskId);
    }
}
