// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {HeadwaterTest} from "./helpers/HeadwaterTest.sol";

contract JoinTest is HeadwaterTest {
    uint256 private taskId;
    address private alice;

    function setUp() public override {
        super.setUp();
        taskId = createTask();
        alice = trainer(1);
        enrol(taskId, alice);
    }

    function test_join_putsTheTrainerOnTheRoster() public {
        vm.expectEmit(address(tasks));
        emit ITaskManager.Joined(taskId, 1, alice, 1);
        vm.prank(alice);
        assertEq(tasks.join(taskId), 1);

        ITaskManager.RosterEntry memory entry = tasks.getRosterEntry(taskId, 1, alice);
        assertEq(uint8(entry.status), uint8(ITaskManager.TrainerStatus.Joined));
        assertEq(entry.attempt, 0);
        assertEq(entry.updateHash, 0);
        assertEq(stateOf(taskId).joined, 1);
        assertEq(tasks.getEnrolment(taskId, alice).unsettled, 1);
        assertPhase(taskId, 1, ITaskManager.Phase.Join);
    }

    function test_join_startsTrainingWhenTheRosterIsFull() public {
        for (uint256 i = 1; i < MAX; ++i) {
            if (i != 1) enrol(taskId, trainer(i));
            join(taskId, trainer(i));
        }
        assertPhase(taskId, 1, ITaskManager.Phase.Join);
        enrol(taskId, trainer(MAX));

        vm.warp(block.timestamp + 10);
        vm.expectEmit(address(tasks));
        emit ITaskManager.PhaseChanged(
            taskId, 1, ITaskManager.Phase.Join, ITaskManager.Phase.Train, block.timestamp + TRAIN_PERIOD
        );
        join(taskId, trainer(MAX));
        assertPhase(taskId, 1, ITaskManager.Phase.Train);
        assertEq(deadlineOf(taskId), block.timestamp + TRAIN_PERIOD);
    }

    function test_join_isAnewForEveryRound() public {
        join(taskId, alice);
        passDeadline(taskId); // skipped
        ITaskManager.RosterEntry memory entry = tasks.getRosterEntry(taskId, 2, alice);
        assertEq(uint8(entry.status), uint8(ITaskManager.TrainerStatus.None));
        vm.prank(alice);
        assertEq(tasks.join(taskId), 2);
    }

    function test_join_refusesWhoIsNotEnrolled() public {
        refuses(STRANGER, abi.encodeWithSelector(ITaskManager.NotEnrolled.selector, taskId, STRANGER));
    }

    function test_join_refusesWhoIsEnrolledInAnotherTask() public {
        uint256 other = createTask();
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(ITaskManager.NotEnrolled.selector, other, alice));
        tasks.join(other);
    }

    function test_join_refusesASecondSeat() public {
        join(taskId, alice);
        refuses(alice, abi.encodeWithSelector(ITaskManager.AlreadyJoined.selector, taskId, 1, alice));
    }

    function test_join_refusesOtherPhases() public {
        toTrainWithout(alice);
        refuses(alice, wrongPhase(ITaskManager.Phase.Train));
        for (uint256 i = 2; i <= 4; ++i) {
            submit(taskId, trainer(i));
        }
        refuses(alice, wrongPhase(ITaskManager.Phase.Mask));
        for (uint256 i = 2; i <= 4; ++i) {
            mask(taskId, trainer(i));
        }
        refuses(alice, wrongPhase(ITaskManager.Phase.Aggregate));
        aggregate(taskId, AGGREGATOR);
        refuses(alice, wrongPhase(ITaskManager.Phase.Challenge));
        passDeadline(taskId);
        endTask(taskId);
        refuses(alice, wrongPhase(ITaskManager.Phase.Skipped));
    }

    function test_join_refusesAfterTheDeadlineThoughNobodyAdvanced() public {
        uint256 deadline = deadlineOf(taskId);
        vm.warp(deadline);
        refuses(alice, abi.encodeWithSelector(ITaskManager.DeadlinePassed.selector, deadline, deadline));
        vm.warp(deadline - 1);
        join(taskId, alice);
    }

    function test_join_refusesUnknownTasks() public {
        vm.expectRevert(abi.encodeWithSelector(ITaskManager.UnknownTask.selector, 99));
        tasks.join(99);
    }

    function toTrainWithout(address who) private {
        for (uint256 i = 2; i <= 4; ++i) {
            require(trainer(i) != who);
            enrol(taskId, trainer(i));
            join(taskId, trainer(i));
        }
        passDeadline(taskId);
    }

    function wrongPhase(ITaskManager.Phase actual) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ITaskManager.WrongPhase.selector, ITaskManager.Phase.Join, actual);
    }

    function refuses(address who, bytes memory reason) private {
        vm.prank(who);
        vm.expectRevert(reason);
        tasks.join(taskId);
    }
}
