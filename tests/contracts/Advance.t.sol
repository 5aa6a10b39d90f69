// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {HeadwaterTest} from "./helpers/HeadwaterTest.sol";

contract AdvanceTest is HeadwaterTest {
    uint256 private taskId;

    function setUp() public override {
        super.setUp();
        taskId = createTask();
    }

    function test_advance_startsTrainingWithEnoughTrainers() public {
        joinMany(taskId, MIN);
        expectStep(ITaskManager.Phase.Join, ITaskManager.Phase.Train, TRAIN_PERIOD);
        assertPhase(taskId, 1, ITaskManager.Phase.Train);
    }

    function test_advance_skipsARoundWithTooFewTrainers() public {
        joinMany(taskId, MIN - 1);
        expectStep(ITaskManager.Phase.Join, ITaskManager.Phase.Skipped, 0);
        assertEnded(1, ITaskManager.Phase.Skipped, 0, 0);
    }

    function test_advance_startsMaskingWithEnoughUpdates() public {
        toTrain(taskId, 4);
        submitMany(taskId, MIN);
        expectStep(ITaskManager.Phase.Train, ITaskManager.Phase.Mask, MASK_PERIOD);
        assertAttempt(1, MIN);
    }

    function test_advance_startsAnotherAttemptWithWhoeverMasked() public {
        toMask(taskId, 5);
        maskMany(taskId, 4);
        expectStep(ITaskManager.Phase.Mask, ITaskManager.Phase.Mask, MASK_PERIOD);
        assertAttempt(2, 4);
        maskMany(taskId, MIN);
        expectStep(ITaskManager.Phase.Mask, ITaskManager.Phase.Mask, MASK_PERIOD);
        assertAttempt(3, MIN);
        maskMany(taskId, MIN);
        assertPhase(taskId, 1, ITaskManager.Phase.Aggregate);
    }

    function test_advance_failsARoundWithTooFewMaskedUpdates() public {
        toMask(taskId, 4);
        maskMany(taskId, MIN - 1);
        expectStep(ITaskManager.Phase.Mask, ITaskManager.Phase.Failed, 0);
        assertEnded(1, ITaskManager.Phase.Failed, 1, MIN - 1);
    }

    function test_advance_failsARoundWhoseLaterAttemptHasTooFew() public {
        toMask(taskId, 4);
        maskMany(taskId, MIN);
        passDeadline(taskId);
        expectStep(ITaskManager.Phase.Mask, ITaskManager.Phase.Failed, 0);
        assertEnded(1, ITaskManager.Phase.Failed, 2, 0);
    }

    function test_advance_failsARoundWithTooFewUpdates() public {
        toTrain(taskId, 4);
        submitMany(taskId, MIN - 1);
        expectStep(ITaskManager.Phase.Train, ITaskManager.Phase.Failed, 0);
        assertEnded(1, ITaskManager.Phase.Failed, 0, 0);
    }

    function test_advance_failsARoundThatNobodyAggregated() public {
        toAggregate(taskId, 3);
        expectStep(ITaskManager.Phase.Aggregate, ITaskManager.Phase.Failed, 0);
        assertEnded(1, ITaskManager.Phase.Failed, 1, 3);
    }

    function test_advance_finalizesARoundWhoseAverageNobodyDemanded() public {
        toAggregate(taskId, 3);
        aggregate(taskId, AGGREGATOR);
        expectStep(ITaskManager.Phase.Challenge, ITaskManager.Phase.Finalized, 0);
        assertPhase(taskId, 2, ITaskManager.Phase.Join);
    }

    function test_advance_leavesTheModelAsItWas() public {
        bytes32 modelHash = stateOf(taskId).modelHash;
        toAggregate(taskId, 3);
        passDeadline(taskId); // failed
        passDeadline(taskId); // skipped
        assertEq(stateOf(taskId).modelHash, modelHash);
        assertEq(registry.latest(taskId).round, 0);
        finalizeRound(taskId, 3);
        assertEq(registry.latest(taskId).round, 3);
    }

    function test_advance_endsTheTaskWithItsLastRound() public {
        for (uint256 round = 1; round <= ROUNDS; ++round) {
            assertPhase(taskId, round, ITaskManager.Phase.Join);
            passDeadline(taskId);
        }
        assertPhase(taskId, ROUNDS, ITaskManager.Phase.Skipped);
        assertEq(deadlineOf(taskId), 0);
        vm.warp(block.timestamp + 365 days);
        refuses(ITaskManager.Phase.Skipped, 0);
    }

    function test_advance_refusesBeforeTheDeadline() public {
        uint256 deadline = deadlineOf(taskId);
        vm.warp(deadline - 1);
        refuses(ITaskManager.Phase.Join, deadline);
        vm.warp(deadline);
        tasks.advance(taskId);
    }

    function test_advance_findsNothingToDoTheSecondTime() public {
        joinMany(taskId, 3);
        passDeadline(taskId);
        refuses(ITaskManager.Phase.Train, deadlineOf(taskId));
    }

    function test_advance_givesTheNextPhaseItsFullTimeHoweverLate(uint32 late) public {
        joinMany(taskId, 3);
        vm.warp(deadlineOf(taskId) + late);
        tasks.advance(taskId);
        assertEq(deadlineOf(taskId), block.timestamp + TRAIN_PERIOD);
        submitMany(taskId, 3);
    }

    function test_advance_takesOneStepACall() public {
        vm.warp(block.timestamp + 365 days);
        tasks.advance(taskId);
        assertPhase(taskId, 2, ITaskManager.Phase.Join);
        refuses(ITaskManager.Phase.Join, deadlineOf(taskId));
    }

    function test_advance_isForAnyone(address anyone) public {
        vm.warp(deadlineOf(taskId));
        vm.prank(anyone);
        tasks.advance(taskId);
    }

    function test_advance_refusesUnknownTasks() public {
        vm.expectRevert(abi.encodeWithSelector(ITaskManager.UnknownTask.selector, 99));
        tasks.advance(99);
    }

    function test_currentPhase_saysNothingIsToBeAdvancedBeforeTheDeadline() public {
        toTrain(taskId, 3);
        (uint256 round, ITaskManager.Phase phase, uint256 deadline, ITaskManager.Phase next) =
            tasks.currentPhase(taskId);
        assertEq(round, 1);
        assertEq(uint8(phase), uint8(ITaskManager.Phase.Train));
        assertEq(deadline, block.timestamp + TRAIN_PERIOD);
        assertEq(uint8(next), uint8(ITaskManager.Phase.None));
    }

    function test_getRound_isEmptyForRoundsToCome() public view {
        ITaskManager.Round memory round = tasks.getRound(taskId, 2);
        assertEq(uint8(round.phase), uint8(ITaskManager.Phase.None));
        assertEq(round.endedAt, 0);
    }

    /// @dev At the deadline `currentPhase` names the step, and `advance` takes it.
    function expectStep(ITaskManager.Phase from, ITaskManager.Phase to, uint256 period) private {
        vm.warp(deadlineOf(taskId));
        (uint256 round, ITaskManager.Phase phase,, ITaskManager.Phase next) = tasks.currentPhase(taskId);
        assertEq(uint8(phase), uint8(from), "from");
        assertEq(uint8(next), uint8(to), "next");
        vm.expectEmit(address(tasks));
        emit ITaskManager.PhaseChanged(taskId, round, from, to, period == 0 ? 0 : block.timestamp + period);
        tasks.advance(taskId);
    }

    function assertAttempt(uint256 attempt, uint256 members) private view {
        assertPhase(taskId, 1, ITaskManager.Phase.Mask);
        assertEq(stateOf(taskId).attempt, attempt);
        assertEq(stateOf(taskId).members, members);
        assertEq(tasks.getRound(taskId, 1).attempt, attempt);
        assertEq(tasks.getRound(taskId, 1).masked, 0);
    }

    function assertEnded(uint256 number, ITaskManager.Phase end, uint256 attempt, uint256 masked) private view {
        ITaskManager.Round memory round = tasks.getRound(taskId, number);
        assertEq(uint8(round.phase), uint8(end));
        assertEq(round.attempt, attempt);
        assertEq(round.masked, masked);
        assertEq(round.aggregator, address(0));
        assertEq(round.endedAt, block.timestamp);
        assertPhase(taskId, number + 1, ITaskManager.Phase.Join);
        assertEq(deadlineOf(taskId), block.timestamp + JOIN_PERIOD);
        ITaskManager.TaskState memory state = stateOf(taskId);
        assertEq(
            uint256(state.joined) + state.submitted + state.attempt + state.members, 0, "the next starts from zero"
        );
    }

    function refuses(ITaskManager.Phase phase, uint256 deadline) private {
        vm.expectRevert(abi.encodeWithSelector(ITaskManager.NothingToAdvance.selector, taskId, phase, deadline));
        tasks.advance(taskId);
    }
}
