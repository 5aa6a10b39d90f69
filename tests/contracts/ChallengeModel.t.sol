// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IChallengeManager} from "../../contracts/interfaces/IChallengeManager.sol";
import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {BN254, G1} from "../../contracts/libraries/BN254.sol";
import {HeadwaterTest} from "./helpers/HeadwaterTest.sol";

/// @notice Models whose bytes are demanded: averages, and the one that a creator started from.
/// forge-config: default.fuzz.runs = 32
contract ChallengeModelTest is HeadwaterTest {
    uint256 private constant FAULT = uint256(STAKE) * FAULT_SLASH / 10_000;
    uint256 private taskId;
    address private alice;

    function setUp() public override {
        super.setUp();
        taskId = createTask();
        alice = trainer(1);
    }

    /*//////////////////////////////////////////////////////////////
                                AVERAGES
    //////////////////////////////////////////////////////////////*/

    function test_challengeModel_demandsTheAverageOfItsAggregator() public {
        toChallenge();
        uint256 deadline = block.timestamp + ANSWER_PERIOD;
        vm.expectEmit(address(tasks));
        emit ITaskManager.ModelAccused(taskId, 1, AGGREGATOR, deadline);
        vm.expectEmit(address(challenges));
        emit IChallengeManager.Challenged(
            1, taskId, AGGREGATOR, IChallengeManager.Kind.Model, 1, 1, STRANGER, address(0), BOND
        );
        uint256 id = challengeModel(taskId);
        assertEq(challenges.getChallenge(id).attempt, 1);
        assertEq(challenges.challengeOf(taskId, 1, 0, AGGREGATOR), id);
        assertEq(deadlineOf(taskId), deadline);
        assertEq(stateOf(taskId).accused, 1);
        refuses(notAccusable(ITaskManager.Phase.Challenge)); // demanded already
    }

    function test_challengeModel_refusesOtherPhasesBondsAndTimes() public {
        joinMany(taskId, 3);
        passDeadline(taskId);
        refuses(notAccusable(ITaskManager.Phase.Train));
        submitMany(taskId, 3);
        refuses(notAccusable(ITaskManager.Phase.Mask));
        maskMany(taskId, 3);
        refuses(notAccusable(ITaskManager.Phase.Aggregate));
        aggregate(taskId, AGGREGATOR);
        vm.expectRevert(abi.encodeWithSelector(IChallengeManager.WrongBond.selector, BOND, 0));
        challenges.challengeModel(taskId);
        uint256 deadline = deadlineOf(taskId);
        vm.warp(deadline);
        refuses(abi.encodeWithSelector(ITaskManager.DeadlinePassed.selector, deadline, deadline));
        finalize(taskId);
        refuses(notAccusable(ITaskManager.Phase.Join)); // the model is no longer the first
        vm.expectRevert(abi.encodeWithSelector(ITaskManager.UnknownTask.selector, 99));
        challenges.challengeModel(99);
    }

    function test_answerModel_finalizesTheRoundAtOnce() public {
        toChallenge();
        uint256 id = challengeModel(taskId);
        (uint256[] memory weights, G1[] memory basis) = (weightsOf(1, AGGREGATOR), basisPoints());
        vm.warp(block.timestamp + ANSWER_PERIOD - 1);
        vm.expectEmit(address(challenges));
        emit IChallengeManager.ModelOpened(taskId, 1, 1, weights);
        vm.expectEmit(address(tasks));
        emit ITaskManager.ModelAcquitted(taskId, 1, AGGREGATOR);
        vm.expectEmit(address(tasks));
        emit ITaskManager.PhaseChanged(taskId, 1, ITaskManager.Phase.Challenge, ITaskManager.Phase.Finalized, 0);
        vm.expectEmit(address(challenges));
        emit IChallengeManager.BondReturned(id, AGGREGATOR, BOND);
        vm.prank(STRANGER); // anybody who has it may
        challenges.answerModel(id, weights, basis);

        assertPhase(taskId, 2, ITaskManager.Phase.Join);
        assertEq(stateOf(taskId).modelHash, hashOf(averageScalar));
        assertEq(registry.latest(taskId).round, 1);
        assertStake(AGGREGATOR, STAKE, 0);
        assertEq(stakes.claimable(AGGREGATOR), BOND);
        vm.expectRevert(abi.encodeWithSelector(IChallengeManager.ChallengeClosed.selector, id));
        challenges.answerModel(id, weights, basis);
    }

    function test_answerModel_refusesOtherWeights(uint256 place, uint256 change) public {
        toChallenge();
        uint256 id = challengeModel(taskId);
        uint256[] memory weights = weightsOf(1, AGGREGATOR);
        place = bound(place, 0, weights.length - 1);
        weights[place] = addmod(weights[place], bound(change, 1, BN254.P - 1), BN254.P);
        refusesWeights(id, weights, mismatch(averageScalar, weights));
        weights = weightsOf(1, AGGREGATOR);
        weights[1] += BN254.P;
        refusesWeights(id, weights, abi.encodeWithSelector(IChallengeManager.NonCanonicalEntry.selector, 1, weights[1]));
        weights = new uint256[](dimension + EXTRA_ENTRIES);
        refusesWeights(
            id, weights, abi.encodeWithSelector(IChallengeManager.WrongLength.selector, dimension, weights.length)
        );
        G1[] memory basis = basisPoints();
        bytes32 basisHash = hashPoints(basis);
        basis[2] = basis[3];
        vm.expectRevert(abi.encodeWithSelector(IChallengeManager.BasisMismatch.selector, basisHash, hashPoints(basis)));
        challenges.answerModel(id, weights, basis);
    }

    function test_silence_takesTheAverageBack() public {
        toChallenge();
        uint256 id = challengeModel(taskId);
        bytes32 modelHash = stateOf(taskId).modelHash;
        vm.warp(deadlineOf(taskId));
        (,,, ITaskManager.Phase next) = tasks.currentPhase(taskId);
        assertEq(uint8(next), uint8(ITaskManager.Phase.Aggregate));
        vm.expectEmit(address(tasks));
        emit ITaskManager.AverageRevoked(taskId, 1, AGGREGATOR, FAULT);
        vm.expectEmit(address(tasks));
        emit ITaskManager.PhaseChanged(
            taskId, 1, ITaskManager.Phase.Challenge, ITaskManager.Phase.Aggregate, block.timestamp + AGGREGATE_PERIOD
        );
        vm.expectEmit(address(stakes));
        emit IStakeManager.Slashed(taskId, AGGREGATOR, FAULT, STAKE - FAULT);
        vm.expectEmit(address(stakes));
        emit IStakeManager.Unlocked(taskId, AGGREGATOR, STAKE - FAULT, STAKE - FAULT, 0);
        tasks.advance(taskId);

        assertEq(tasks.getRound(taskId, 1).aggregator, address(0));
        assertEq(tasks.getRound(taskId, 1).averages, 1);
        assertEq(stateOf(taskId).accused, 0);
        assertEq(stateOf(taskId).modelHash, modelHash);
        assertStake(AGGREGATOR, STAKE - FAULT, 0);
        challenges.reclaimBond(id);
        assertEq(stakes.claimable(STRANGER), BOND);

        aggregate(taskId, alice); // another makes it good
        assertEq(tasks.getRound(taskId, 1).averages, 2);
        finalize(taskId);
        assertEq(tasks.rewardOf(taskId, 1, AGGREGATOR), 0);
        assertEq(tasks.rewardOf(taskId, 1, alice), (POOL / ROUNDS - FEE) / 3 + FEE);
        assertEq(tasks.settle(taskId, alice), 0);
    }

    function test_silence_failsTheRoundTheThirdTime() public {
        toAggregate(taskId, 3);
        for (uint256 i = 1; i <= 3; ++i) {
            assertPhase(taskId, 1, ITaskManager.Phase.Aggregate);
            aggregate(taskId, AGGREGATOR); // the same average again
            challengeModel(taskId);
            vm.warp(deadlineOf(taskId));
            (,,, ITaskManager.Phase next) = tasks.currentPhase(taskId);
            assertEq(uint8(next), uint8(i < 3 ? ITaskManager.Phase.Aggregate : ITaskManager.Phase.Failed));
            tasks.advance(taskId);
        }
        assertPhase(taskId, 2, ITaskManager.Phase.Join);
        ITaskManager.Round memory round = tasks.getRound(taskId, 1);
        assertEq(uint8(round.phase), uint8(ITaskManager.Phase.Failed));
        assertEq(round.averages, 3);
        assertEq(round.aggregator, address(0));
        assertEq(stakes.burnt(), 3 * FAULT);
        assertEq(tasks.settle(taskId, alice), 0);
        assertEq(stateOf(taskId).spent, 0);
    }

    function test_silence_thenNobodyAggregatesAndNoMemberIsAtFault() public {
        toChallenge();
        challengeModel(taskId);
        passDeadline(taskId);
        vm.warp(deadlineOf(taskId));
        (,,, ITaskManager.Phase next) = tasks.currentPhase(taskId);
        assertEq(uint8(next), uint8(ITaskManager.Phase.Failed));
        tasks.advance(taskId);
        assertPhase(taskId, 2, ITaskManager.Phase.Join);
        assertEq(tasks.settle(taskId, alice), 0);
    }

    function test_answerModel_refusesAnEarlierAveragesChallenge() public {
        toChallenge();
        uint256 id = challengeModel(taskId);
        passDeadline(taskId);
        bytes memory notAccused = abi.encodeWithSelector(ITaskManager.ModelNotAccused.selector, taskId);
        refusesWeights(id, weightsOf(1, AGGREGATOR), notAccused);
        aggregate(taskId, AGGREGATOR); // the same average again
        refusesWeights(id, weightsOf(1, AGGREGATOR), notAccused);
        challengeModel(taskId);
        refusesWeights(id, weightsOf(1, AGGREGATOR), notAccused);
        finalizeByAnswer(id + 1, weightsOf(1, AGGREGATOR));
        challenges.reclaimBond(id);
    }

    function test_answerModel_refusesWhatComesTooLate() public {
        toChallenge();
        uint256 id = challengeModel(taskId);
        uint256 deadline = deadlineOf(taskId);
        vm.warp(deadline);
        refusesWeights(
            id,
            weightsOf(1, AGGREGATOR),
            abi.encodeWithSelector(ITaskManager.DeadlinePassed.selector, deadline, deadline)
        );
    }

    /*//////////////////////////////////////////////////////////////
                            THE FIRST MODEL
    //////////////////////////////////////////////////////////////*/

    function test_challengeModel_demandsTheFirstModelOfTheCreator() public {
        vm.expectEmit(address(tasks));
        emit ITaskManager.ModelAccused(taskId, 1, CREATOR, block.timestamp + ANSWER_PERIOD);
        vm.expectEmit(address(challenges));
        emit IChallengeManager.Challenged(
            1, taskId, CREATOR, IChallengeManager.Kind.Model, 1, 0, STRANGER, address(0), BOND
        );
        uint256 id = challengeModel(taskId);
        assertEq(challenges.challengeOf(taskId, 1, 0, CREATOR), id);
        refuses(notAccusable(ITaskManager.Phase.Join)); // demanded already
        vm.expectRevert(abi.encodeWithSelector(IChallengeManager.ChallengeOpen.selector, id));
        challenges.reclaimBond(id);
        assertFalse(challenges.opened(taskId, 1, 0, CREATOR));

        (uint256[] memory weights, G1[] memory basis) = (firstWeights(), basisPoints());
        vm.expectEmit(address(challenges));
        emit IChallengeManager.ModelOpened(taskId, 1, 0, weights);
        vm.expectEmit(address(tasks));
        emit ITaskManager.ModelAcquitted(taskId, 1, CREATOR);
        challenges.answerModel(id, weights, basis);
        assertPhase(taskId, 1, ITaskManager.Phase.Join);
        assertEq(stakes.claimable(CREATOR), BOND);
        assertTrue(challenges.opened(taskId, 0, 0, CREATOR));
        assertTrue(challenges.opened(taskId, 2, 0, CREATOR));
        refuses(abi.encodeWithSelector(IChallengeManager.AlreadyOpened.selector, taskId, 1, 0, CREATOR));
        passDeadline(taskId); // skipped
        refuses(abi.encodeWithSelector(IChallengeManager.AlreadyOpened.selector, taskId, 2, 0, CREATOR));
    }

    function test_answerModel_refusesOtherFirstWeights() public {
        uint256 id = challengeModel(taskId);
        uint256[] memory weights = firstWeights();
        ++weights[0];
        refusesWeights(id, weights, mismatch(modelScalar, weights));
    }

    function test_challengeModel_demandsTheFirstModelUntilAnAverageIsFinal() public {
        toChallenge();
        challengeModel(taskId); // the average
        passDeadline(taskId);
        passDeadline(taskId); // failed
        assertPhase(taskId, 2, ITaskManager.Phase.Join);
        uint256 id = challengeModel(taskId);
        assertEq(challenges.getChallenge(id).accused, CREATOR);
        finalizeByAnswer(id, firstWeights());
        finalizeRound(taskId, 3);
        assertEq(registry.latest(taskId).round, 2);
    }

    function test_join_waitsForTheFirstModelWhenTheRosterIsFull() public {
        uint256 id = challengeModel(taskId);
        joinMany(taskId, MAX);
        assertPhase(taskId, 1, ITaskManager.Phase.Join);
        enrol(taskId, trainer(MAX + 1));
        vm.prank(trainer(MAX + 1));
        vm.expectRevert(abi.encodeWithSelector(ITaskManager.RosterFull.selector, taskId, 1));
        tasks.join(taskId);
        finalizeByAnswer(id, firstWeights());
        assertPhase(taskId, 1, ITaskManager.Phase.Train);
        assertEq(deadlineOf(taskId), block.timestamp + TRAIN_PERIOD);
        assertEq(stateOf(taskId).accused, 0);
    }

    function test_silence_endsTheTaskWithoutAFirstModel() public {
        uint256 id = challengeModel(taskId);
        joinMany(taskId, MAX);
        uint256 slashed = POOL * FAULT_SLASH / 10_000;
        vm.warp(deadlineOf(taskId));
        (,,, ITaskManager.Phase next) = tasks.currentPhase(taskId);
        assertEq(uint8(next), uint8(ITaskManager.Phase.Skipped));
        vm.expectEmit(address(tasks));
        emit ITaskManager.FirstModelWithheld(taskId, CREATOR, slashed);
        vm.expectEmit(address(tasks));
        emit ITaskManager.PhaseChanged(taskId, 1, ITaskManager.Phase.Join, ITaskManager.Phase.Skipped, 0);
        vm.expectEmit(address(stakes));
        emit IStakeManager.EscrowBurnt(taskId, slashed, POOL - slashed);
        tasks.advance(taskId);

        assertPhase(taskId, 1, ITaskManager.Phase.Skipped);
        assertEq(deadlineOf(taskId), 0);
        assertEq(stateOf(taskId).accused, 0);
        assertEq(tasks.getRound(taskId, 1).endedAt, block.timestamp);
        assertEq(stakes.burnt(), slashed);
        challenges.reclaimBond(id);
        assertEq(tasks.reclaim(taskId), POOL - slashed);
        assertEq(stakes.escrowOf(taskId), 0);
        leaveTask(taskId, alice); // who had joined loses nothing
        assertStake(alice, STAKE, 0);
    }

    /*//////////////////////////////////////////////////////////////
                                HELPERS
    //////////////////////////////////////////////////////////////*/

    function toChallenge() private {
        toAggregate(taskId, 3);
        aggregate(taskId, AGGREGATOR);
    }

    function finalizeByAnswer(uint256 id, uint256[] memory weights) private {
        challenges.answerModel(id, weights, basisPoints());
    }

    function test_challengeModel_sparesAFirstModelOfZeros() public {
        ITaskManager.TaskConfig memory config = defaultConfig();
        G1 memory zero = config.offset;
        hoax(CREATOR, POOL);
        taskId = tasks.createTask{value: POOL}(config, zero, MODEL_CID);
        refuses(abi.encodeWithSelector(IChallengeManager.AlreadyOpened.selector, taskId, 1, 0, CREATOR));
    }

    function refuses(bytes memory reason) private {
        hoax(STRANGER, BOND);
        vm.expectRevert(reason);
        challenges.challengeModel{value: BOND}(taskId);
    }

    function refusesWeights(uint256 id, uint256[] memory weights, bytes memory reason) private {
        G1[] memory basis = basisPoints();
        vm.expectRevert(reason);
        challenges.answerModel(id, weights, basis);
    }

    function mismatch(uint256 expected, uint256[] memory weights) private view returns (bytes memory) {
        bytes32 actual = hashOf(tagged(taskId, commit(weights)));
        return abi.encodeWithSelector(IChallengeManager.OpeningMismatch.selector, hashOf(expected), actual);
    }

    function notAccusable(ITaskManager.Phase phase) private view returns (bytes memory) {
        return abi.encodeWithSelector(ITaskManager.ModelNotAccusable.selector, taskId, phase);
    }
}
