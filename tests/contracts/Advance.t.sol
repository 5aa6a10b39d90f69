// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRoundManager} from "../../contracts/interfaces/IRoundManager.sol";
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
        expectStep(IRoundManager.Phase.Join, IRoundManager.Phase.Train, TRAIN_PERIOD);
        assertPhase(taskId, 1, IRoundManager.Phase.Train);
    }

    function test_advance_skipsARoundWithTooFewTrainers() public {
        joinMany(taskId, MIN - 1);
        expectStep(IRoundManager.Phase.Join, IRoundManager.Phase.Skipped, 0);
        assertEnded(1, IRoundManager.Phase.Skipped, 0, 0);
    }

    function test_advance_startsMaskingWithEnoughUpdates() public {
        toTrain(taskId, 4);
        submitMany(taskId, MIN);
        expectStep(IRoundManager.Phase.Train, IRoundManager.Phase.Mask, MASK_PERIOD);
        assertAttempt(1, MIN);
    }

    function test_advance_startsAnotherAttemptWithWhoeverMasked() public {
        toMask(taskId, 5);
        maskMany(taskId, 4);
        expectStep(IRoundManager.Phase.Mask, IRoundManager.Phase.Mask, MASK_PERIOD);
        assertAttempt(2, 4);
        maskMany(taskId, MIN);
        expectStep(IRoundManager.Phase.Mask, IRoundManager.Phase.Mask, MASK_PERIOD);
        assertAttempt(3, MIN);
        maskMany(taskId, MIN);
        assertPhase(taskId, 1, IRoundManager.Phase.Aggregate);
    }

    function test_advance_failsARoundWithTooFewMaskedUpdates() public {
        toMask(taskId, 4);
        maskMany(taskId, MIN - 1);
        expectStep(IRoundManager.Phase.Mask, IRoundManager.Phase.Failed, 0);
        assertEnded(1, IRoundManager.Phase.Failed, 1, MIN - 1);
    }

    function test_advance_failsARoundWhoseLaterAttemptHasTooFew() public {
        toMask(taskId, 4);
        maskMany(taskId, MIN);
        passDeadline(taskId);
        expectStep(IRoundManager.Phase.Mask, IRoundManager.Phase.Failed, 0);
        assertEnded(1, IRoundManager.Phase.Failed, 2, 0);
    }

    function test_advance_failsARoundWithTooFewUpdates() public {
        toTrain(taskId, 4);
        submitMany(taskId, MIN - 1);
        expectStep(IRoundManager.Phase.Train, IRoundManager.Phase.Failed, 0);
        assertEnded(1, IRoundManager.Phase.Failed, 0, 0);
    }

    function test_advance_failsARoundThatNobodyAggregated() public {
        toAggregate(taskId, 3);
        expectStep(IRoundManager.Phase.Aggregate, IRoundManager.Phase.Failed, 0);
        assertEnded(1, IRoundManager.Phase.Failed, 1, 3);
    }

    function test_advance_finalizesARoundWhoseAverageNobodyDemanded() public {
        toAggregate(taskId, 3);
        aggregate(taskId, AGGREGATOR);
        expectStep(IRoundManager.Phase.Challenge, IRoundManager.Phase.Finalized, 0);
        assertPhase(taskId, 2, IRoundManager.Phase.Join);
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
            assertPhase(taskId, round, IRoundManager.Phase.Join);
            passDeadline(taskId);
        }
        assertPhase(taskId, ROUNDS, IRoundManager.Phase.Skipped);
        assertEq(deadlineOf(taskId), 0);
        vm.warp(block.timestamp + 365 days);
        refuses(IRoundManager.Phase.Skipped, 0);
    }

    function test_advance_refusesBeforeTheDeadline() public {
        uint256 deadline = deadlineOf(taskId);
        vm.warp(deadline - 1);
        refuses(IRoundManager.Phase.Join, deadline);
        vm.warp(deadline);
        rounds.advance(taskId);
    }

    function test_advance_findsNothingToDoTheSecondTime() public {
        joinMany(taskId, 3);
        passDeadline(taskId);
        refuses(IRoundManager.Phase.Train, deadlineOf(taskId));
    }

    function test_advance_givesTheNextPhaseItsFullTimeHoweverLate(uint32 late) public {
        joinMany(taskId, 3);
        vm.warp(deadlineOf(taskId) + late);
        rounds.advance(taskId);
        assertEq(deadlineOf(taskId), block.timestamp + TRAIN_PERIOD);
        submitMany(taskId, 3);
    }

    function test_advance_takesOneStepACall() public {
        vm.warp(block.timestamp + 365 days);
        rounds.advance(taskId);
        assertPhase(taskId, 2, IRoundManager.Phase.Join);
        refuses(IRoundManager.Phase.Join, deadlineOf(taskId));
    }

    function test_advance_isForAnyone(address anyone) public {
        vm.warp(deadlineOf(taskId));
        vm.prank(anyone);
        rounds.advance(taskId);
    }

    function test_advance_refusesUnknownTasks() public {
        vm.expectRevert(abi.encodeWithSelector(ITaskManager.UnknownTask.selector, 99));
        rounds.advance(99);
    }

    function test_currentPhase_saysNothingIsToBeAdvancedBeforeTheDeadline() public {
        toTrain(taskId, 3);
        (uint256 round, IRoundManager.Phase phase, uint256 deadline, IRoundManager.Phase next) =
            rounds.currentPhase(taskId);
        assertEq(round, 1);
        assertEq(uint8(phase), uint8(IRoundManager.Phase.Train));
        assertEq(deadline, block.timestamp + TRAIN_PERIOD);
        assertEq(uint8(next), uint8(IRoundManager.Phase.None));
    }

    function test_getRound_isEmptyForRoundsToCome() public view {
        IRoundManager.Round memory round = rounds.getRound(taskId, 2);
        assertEq(uint8(round.phase), uint8(IRoundManager.Phase.None));
        assertEq(round.endedAt, 0);
    }

    /// @dev At the deadline `currentPhase` names the step, and `advance` takes it.
    function expectStep(IRoundManager.Phase from, IRoundManager.Phase to, uint256 period) private {
        vm.warp(deadlineOf(taskId));
        (uint256 round, IRoundManager.Phase phase,, IRoundManager.Phase next) = rounds.currentPhase(taskId);
        assertEq(uint8(phase), uint8(from), "from");
        assertEq(uint8(next), uint8(to), "next");
        vm.expectEmit(address(rounds));
        emit IRoundManager.PhaseChanged(taskId, round, from, to, period == 0 ? 0 : block.timestamp + period);
        rounds.advance(taskId);
        nextBlock();
    }

    function assertAttempt(uint256 attempt, uint256 members) private view {
        assertPhase(taskId, 1, IRoundManager.Phase.Mask);
        assertEq(stateOf(taskId).attempt, attempt);
        assertEq(stateOf(taskId).members, members);
        assertEq(rounds.getRound(taskId, 1).attempt, attempt);
        assertEq(rounds.getRound(taskId, 1).masked, 0);
    }

    function assertEnded(uint256 number, IRoundManager.Phase end, uint256 attempt, uint256 masked) private view {
        IRoundManager.Round memory round = rounds.getRound(taskId, number);
        assertEq(uint8(round.phase), uint8(end));
        assertEq(round.attempt, attempt);
        assertEq(round.masked, masked);
        assertEq(round.aggregator, address(0));
        assertEq(round.endedAt, block.timestamp);
        assertPhase(taskId, number + 1, IRoundManager.Phase.Join);
        assertEq(deadlineOf(taskId), block.timestamp + JOIN_PERIOD);
        IRoundManager.TaskState memory state = stateOf(taskId);
        assertEq(
            uint256(state.joined) + state.submitted + state.attempt + state.members, 0, "the next starts from zero"
        );
    }

    function refuses(IRoundManager.Phase phase, uint256 deadline) private {
        vm.expectRevert(abi.encodeWithSelector(IRoundManager.NothingToAdvance.selector, taskId, phase, deadline));
        rounds.advance(taskId);
    }
}
