// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRoundManager} from "../../contracts/interfaces/IRoundManager.sol";
import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {ITrainerRegistry} from "../../contracts/interfaces/ITrainerRegistry.sol";
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
        vm.expectEmit(address(rounds));
        emit IRoundManager.Joined(taskId, 1, alice, 1);
        vm.prank(alice);
        assertEq(rounds.join(taskId), 1);

        IRoundManager.RosterEntry memory entry = rounds.getRosterEntry(taskId, 1, alice);
        assertEq(uint8(entry.status), uint8(IRoundManager.TrainerStatus.Joined));
        assertEq(entry.attempt, 0);
        assertEq(entry.updateHash, 0);
        assertEq(stateOf(taskId).joined, 1);
        assertEq(trainers.getEnrolment(taskId, alice).round, 1);
        assertPhase(taskId, 1, IRoundManager.Phase.Join);
    }

    function test_join_startsTrainingWhenTheRosterIsFull() public {
        for (uint256 i = 1; i < MAX; ++i) {
            if (i != 1) enrol(taskId, trainer(i));
            join(taskId, trainer(i));
        }
        assertPhase(taskId, 1, IRoundManager.Phase.Join);
        enrol(taskId, trainer(MAX));

        vm.warp(block.timestamp + 10);
        vm.expectEmit(address(rounds));
        emit IRoundManager.PhaseChanged(
            taskId, 1, IRoundManager.Phase.Join, IRoundManager.Phase.Train, block.timestamp + TRAIN_PERIOD
        );
        join(taskId, trainer(MAX));
        assertPhase(taskId, 1, IRoundManager.Phase.Train);
        assertEq(deadlineOf(taskId), block.timestamp + TRAIN_PERIOD);
    }

    function test_join_isAnewForEveryRound() public {
        join(taskId, alice);
        passDeadline(taskId); // skipped
        IRoundManager.RosterEntry memory entry = rounds.getRosterEntry(taskId, 2, alice);
        assertEq(uint8(entry.status), uint8(IRoundManager.TrainerStatus.None));
        vm.prank(alice);
        assertEq(rounds.join(taskId), 2);
    }

    function test_join_refusesWhoIsNotEnrolled() public {
        refuses(STRANGER, abi.encodeWithSelector(ITrainerRegistry.NotEnrolled.selector, taskId, STRANGER));
    }

    function test_join_refusesWhoIsEnrolledInAnotherTask() public {
        uint256 other = createTask();
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(ITrainerRegistry.NotEnrolled.selector, other, alice));
        rounds.join(other);
    }

    function test_join_refusesASecondSeat() public {
        join(taskId, alice);
        refuses(alice, abi.encodeWithSelector(ITrainerRegistry.AlreadyJoined.selector, taskId, 1, alice));
    }

    function test_join_refusesOtherPhases() public {
        toTrainWithout(alice);
        refuses(alice, wrongPhase(IRoundManager.Phase.Train));
        for (uint256 i = 2; i <= 4; ++i) {
            submit(taskId, trainer(i));
        }
        refuses(alice, wrongPhase(IRoundManager.Phase.Mask));
        for (uint256 i = 2; i <= 4; ++i) {
            mask(taskId, trainer(i));
        }
        refuses(alice, wrongPhase(IRoundManager.Phase.Aggregate));
        aggregate(taskId, AGGREGATOR);
        refuses(alice, wrongPhase(IRoundManager.Phase.Challenge));
        passDeadline(taskId);
        endTask(taskId);
        refuses(alice, wrongPhase(IRoundManager.Phase.Skipped));
    }

    function test_join_refusesAfterTheDeadlineThoughNobodyAdvanced() public {
        uint256 deadline = deadlineOf(taskId);
        vm.warp(deadline);
        refuses(alice, abi.encodeWithSelector(IRoundManager.DeadlinePassed.selector, deadline, deadline));
        vm.warp(deadline - 1);
        join(taskId, alice);
    }

    function test_join_refusesUnknownTasks() public {
        vm.expectRevert(abi.encodeWithSelector(ITaskManager.UnknownTask.selector, 99));
        rounds.join(99);
    }

    function toTrainWithout(address who) private {
        for (uint256 i = 2; i <= 4; ++i) {
            require(trainer(i) != who);
            enrol(taskId, trainer(i));
            join(taskId, trainer(i));
        }
        passDeadline(taskId);
    }

    function wrongPhase(IRoundManager.Phase actual) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IRoundManager.WrongPhase.selector, IRoundManager.Phase.Join, actual);
    }

    function refuses(address who, bytes memory reason) private {
        vm.prank(who);
        vm.expectRevert(reason);
        rounds.join(taskId);
    }
}
