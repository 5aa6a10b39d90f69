// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IChallengeManager} from "../../contracts/interfaces/IChallengeManager.sol";
import {IOpenings} from "../../contracts/interfaces/IOpenings.sol";
import {IRoundManager} from "../../contracts/interfaces/IRoundManager.sol";
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
        vm.expectEmit(address(rounds));
        emit IRoundManager.ModelAccused(taskId, 1, AGGREGATOR, deadline);
        vm.expectEmit(address(challenges));
        emit IChallengeManager.Challenged(
            1,
            taskId,
            AGGREGATOR,
            IChallengeManager.Kind.Model,
            1,
            1,
            STRANGER,
            address(0),
            BOND,
            deadline,
            hashOf(averageScalar)
        );
        uint256 id = challengeModel(taskId);
        assertEq(challenges.getChallenge(id).attempt, 1);
        assertEq(challenges.getChallenge(id).modelHash, hashOf(averageScalar));
        assertEq(challenges.challengeOf(taskId, 1, 0, AGGREGATOR), id);
        assertEq(deadlineOf(taskId), deadline);
        assertEq(stateOf(taskId).accused, 1);
        refuses(notAccusable(IRoundManager.Phase.Challenge)); // demanded already
    }

    function test_challengeModel_refusesOtherPhasesBondsAndTimes() public {
        joinMany(taskId, 3);
        passDeadline(taskId);
        refuses(notAccusable(IRoundManager.Phase.Train));
        submitMany(taskId, 3);
        refuses(notAccusable(IRoundManager.Phase.Mask));
        maskMany(taskId, 3);
        refuses(notAccusable(IRoundManager.Phase.Aggregate));
        aggregate(taskId, AGGREGATOR);
        vm.expectRevert(abi.encodeWithSelector(IChallengeManager.InsufficientBond.selector, BOND, 0));
        challenges.challengeModel(taskId);
        uint256 deadline = deadlineOf(taskId);
        vm.warp(deadline);
        refuses(abi.encodeWithSelector(IRoundManager.DeadlinePassed.selector, deadline, deadline));
        finalize(taskId);
        refuses(notAccusable(IRoundManager.Phase.Join)); // the model is no longer the first
        vm.expectRevert(abi.encodeWithSelector(ITaskManager.UnknownTask.selector, 99));
        challenges.challengeModel(99);
    }

    function test_answerModel_finalizesTheRoundAtOnce() public {
        toChallenge();
        uint256 id = challengeModel(taskId);
        int64[] memory weights = weightsOf(1, AGGREGATOR);
        bytes32 untagged = hashOf(commit(weights));
        (G1 memory model, IChallengeManager.Opening memory opening) = (point(averageScalar), openingOf(weights));
        vm.warp(block.timestamp + ANSWER_PERIOD - 1);
        vm.expectEmit(address(openings));
        emit IOpenings.PartShown(untagged, opening.root, 0, packed(weights));
        vm.expectEmit(address(challenges));
        emit IChallengeManager.ModelOpened(taskId, 1, 1, untagged, opening.root);
        vm.expectEmit(address(rounds));
        emit IRoundManager.ModelAcquitted(taskId, 1, AGGREGATOR);
        vm.expectEmit(address(rounds));
        emit IRoundManager.PhaseChanged(taskId, 1, IRoundManager.Phase.Challenge, IRoundManager.Phase.Finalized, 0);
        vm.expectEmit(address(challenges));
        emit IChallengeManager.BondReturned(id, AGGREGATOR, BOND);
        vm.prank(STRANGER); // anybody who has it may
        challenges.answerModel(id, model, opening);

        assertPhase(taskId, 2, IRoundManager.Phase.Join);
        assertEq(stateOf(taskId).modelHash, hashOf(averageScalar));
        assertEq(registry.latest(taskId).round, 1);
        assertStake(AGGREGATOR, STAKE, 0);
        assertEq(stakes.claimable(AGGREGATOR), BOND);
        vm.expectRevert(abi.encodeWithSelector(IChallengeManager.ChallengeClosed.selector, id));
        challenges.answerModel(id, model, opening);
    }

    function test_answerModel_refusesOtherWeights(uint256 place, int64 weight) public {
        toChallenge();
        uint256 id = challengeModel(taskId);
        int64[] memory weights = weightsOf(1, AGGREGATOR);
        place = bound(place, 0, weights.length - 1);
        vm.assume(weights[place] != weight);
        bytes32 untagged = hashOf(commit(weights));
        weights[place] = weight;
        refusesWeights(id, weights, abi.encodeWithSelector(IOpenings.OpeningMismatch.selector, untagged));
        weights = new int64[](dimension + EXTRA_ENTRIES);
        refusesWeights(
            id,
            weights,
            abi.encodeWithSelector(IOpenings.WrongLength.selector, 8 * uint256(dimension), 8 * weights.length)
        );
    }

    function test_answerModel_refusesAnotherModel() public {
        toChallenge();
        uint256 id = challengeModel(taskId);
        IChallengeManager.Opening memory opening = openingOf(firstWeights());
        (G1 memory model, bytes32 expected) = (point(modelScalar), hashOf(averageScalar));
        vm.expectRevert(abi.encodeWithSelector(IChallengeManager.ModelMismatch.selector, expected, hashOf(modelScalar)));
        challenges.answerModel(id, model, opening);
    }

    function test_silence_takesTheAverageBack() public {
        toChallenge();
        uint256 id = challengeModel(taskId);
        bytes32 modelHash = stateOf(taskId).modelHash;
        vm.warp(deadlineOf(taskId));
        (,,, IRoundManager.Phase next) = rounds.currentPhase(taskId);
        assertEq(uint8(next), uint8(IRoundManager.Phase.Aggregate));
        vm.expectEmit(address(rounds));
        emit IRoundManager.AverageRevoked(taskId, 1, AGGREGATOR, FAULT);
        vm.expectEmit(address(rounds));
        emit IRoundManager.PhaseChanged(
            taskId, 1, IRoundManager.Phase.Challenge, IRoundManager.Phase.Aggregate, block.timestamp + AGGREGATE_PERIOD
        );
        vm.expectEmit(address(stakes));
        emit IStakeManager.Slashed(taskId, AGGREGATOR, FAULT, STAKE - FAULT);
        vm.expectEmit(address(stakes));
        emit IStakeManager.Unlocked(taskId, AGGREGATOR, STAKE - FAULT, STAKE - FAULT, 0);
        rounds.advance(taskId);

        assertEq(rounds.getRound(taskId, 1).aggregator, address(0));
        assertEq(rounds.getRound(taskId, 1).averages, 1);
        assertEq(stateOf(taskId).accused, 0);
        assertEq(stateOf(taskId).modelHash, modelHash);
        assertStake(AGGREGATOR, STAKE - FAULT, 0);
        challenges.reclaimBond(id);
        assertEq(stakes.claimable(STRANGER), BOND);

        aggregate(taskId, alice); // another makes it good
        assertEq(rounds.getRound(taskId, 1).averages, 2);
        finalize(taskId);
        assertEq(rewards.rewardOf(taskId, 1, AGGREGATOR), 0);
        assertEq(rewards.rewardOf(taskId, 1, alice), (POOL / ROUNDS - FEE) / 3 + FEE);
        assertEq(trainers.settle(taskId, alice), 0);
    }

    function test_silence_failsTheRoundTheThirdTime() public {
        toAggregate(taskId, 3);
        for (uint256 i = 1; i <= 3; ++i) {
            assertPhase(taskId, 1, IRoundManager.Phase.Aggregate);
            aggregate(taskId, AGGREGATOR); // the same average again
            challengeModel(taskId);
            vm.warp(deadlineOf(taskId));
            (,,, IRoundManager.Phase next) = rounds.currentPhase(taskId);
            assertEq(uint8(next), uint8(i < 3 ? IRoundManager.Phase.Aggregate : IRoundManager.Phase.Failed));
            rounds.advance(taskId);
        }
        assertPhase(taskId, 2, IRoundManager.Phase.Join);
        IRoundManager.Round memory round = rounds.getRound(taskId, 1);
        assertEq(uint8(round.phase), uint8(IRoundManager.Phase.Failed));
        assertEq(round.averages, 3);
        assertEq(round.aggregator, address(0));
        assertEq(stakes.burnt(), 3 * FAULT);
        assertEq(trainers.settle(taskId, alice), 0);
        assertEq(spentIn(taskId), 0);
    }

    function test_silence_thenNobodyAggregatesAndNoMemberIsAtFault() public {
        toChallenge();
        challengeModel(taskId);
        passDeadline(taskId);
        vm.warp(deadlineOf(taskId));
        (,,, IRoundManager.Phase next) = rounds.currentPhase(taskId);
        assertEq(uint8(next), uint8(IRoundManager.Phase.Failed));
        rounds.advance(taskId);
        assertPhase(taskId, 2, IRoundManager.Phase.Join);
        assertEq(trainers.settle(taskId, alice), 0);
    }

    /// @dev A right answer is paid, but acquits only the average that was demanded, and only in time.
    function test_answerModel_paysForAnEarlierAveragesBytesAndAcquitsNobody() public {
        toChallenge();
        uint256 id = challengeModel(taskId);
        passDeadline(taskId);
        paysWithoutAcquittal(id);
        aggregate(taskId, AGGREGATOR); // the same average again
        paysWithoutAcquittal(id);
        challengeModel(taskId);
        paysWithoutAcquittal(id);
        answerModel(id + 1, averageScalar, weightsOf(1, AGGREGATOR));
        paysWithoutAcquittal(id);
        challenges.reclaimBond(id);
    }

    function test_answerModel_paysWhatComesTooLateAndAcquitsNobody() public {
        toChallenge();
        uint256 id = challengeModel(taskId);
        vm.warp(deadlineOf(taskId));
        paysWithoutAcquittal(id);
        answerModel(id, averageScalar, weightsOf(1, AGGREGATOR));
        rounds.advance(taskId);
        assertPhase(taskId, 1, IRoundManager.Phase.Aggregate); // it is taken back
        assertEq(stakes.burnt(), FAULT);
    }

    function paysWithoutAcquittal(uint256 id) private {
        uint256 snapshot = vm.snapshotState();
        bytes32 state = keccak256(abi.encode(stateOf(taskId)));
        uint256 claimable = stakes.claimable(AGGREGATOR);
        answerModel(id, averageScalar, weightsOf(1, AGGREGATOR));
        assertEq(stakes.claimable(AGGREGATOR), claimable + BOND, "paid");
        assertEq(keccak256(abi.encode(stateOf(taskId))), state, "it changes nothing else");
        vm.revertToState(snapshot);
    }

    /*//////////////////////////////////////////////////////////////
                            THE FIRST MODEL
    //////////////////////////////////////////////////////////////*/

    function test_challengeModel_demandsTheFirstModelOfTheCreator() public {
        vm.expectEmit(address(rounds));
        emit IRoundManager.ModelAccused(taskId, 1, CREATOR, block.timestamp + ANSWER_PERIOD);
        vm.expectEmit(address(challenges));
        emit IChallengeManager.Challenged(
            1,
            taskId,
            CREATOR,
            IChallengeManager.Kind.Model,
            1,
            0,
            STRANGER,
            address(0),
            BOND,
            block.timestamp + ANSWER_PERIOD,
            hashOf(modelScalar)
        );
        uint256 id = challengeModel(taskId);
        assertEq(challenges.challengeOf(taskId, 1, 0, CREATOR), id);
        refuses(notAccusable(IRoundManager.Phase.Join)); // demanded already
        vm.expectRevert(abi.encodeWithSelector(IChallengeManager.ChallengeOpen.selector, id, deadlineOf(taskId)));
        challenges.reclaimBond(id);
        assertFalse(challenges.opened(taskId, 1, 0, CREATOR));

        bytes32 untagged = hashOf(firstModel());
        (G1 memory model, IChallengeManager.Opening memory opening) = (point(modelScalar), openingOf(firstWeights()));
        vm.expectEmit(address(challenges));
        emit IChallengeManager.ModelOpened(taskId, 1, 0, untagged, opening.root);
        vm.expectEmit(address(rounds));
        emit IRoundManager.ModelAcquitted(taskId, 1, CREATOR);
        challenges.answerModel(id, model, opening);
        assertPhase(taskId, 1, IRoundManager.Phase.Join);
        assertEq(stakes.claimable(CREATOR), BOND);
        assertTrue(challenges.opened(taskId, 0, 0, CREATOR));
        assertTrue(challenges.opened(taskId, 2, 0, CREATOR));
        refuses(abi.encodeWithSelector(IChallengeManager.AlreadyOpened.selector, taskId, 1, 0, CREATOR));
        passDeadline(taskId); // skipped
        refuses(abi.encodeWithSelector(IChallengeManager.AlreadyOpened.selector, taskId, 2, 0, CREATOR));
    }

    function test_answerModel_refusesOtherFirstWeights() public {
        uint256 id = challengeModel(taskId);
        int64[] memory weights = firstWeights();
        ++weights[0];
        G1 memory model = point(modelScalar);
        IChallengeManager.Opening memory opening = openingOf(weights);
        vm.expectRevert(abi.encodeWithSelector(IOpenings.OpeningMismatch.selector, hashOf(firstModel())));
        challenges.answerModel(id, model, opening);
    }

    function test_challengeModel_demandsTheFirstModelUntilAnAverageIsFinal() public {
        toChallenge();
        challengeModel(taskId); // the average
        passDeadline(taskId);
        passDeadline(taskId); // failed
        assertPhase(taskId, 2, IRoundManager.Phase.Join);
        uint256 id = challengeModel(taskId);
        assertEq(challenges.getChallenge(id).accused, CREATOR);
        answerModel(id, modelScalar, firstWeights());
        finalizeRound(taskId, 3);
        assertEq(registry.latest(taskId).round, 2);
    }

    function test_join_waitsForTheFirstModelWhenTheRosterIsFull() public {
        uint256 id = challengeModel(taskId);
        joinMany(taskId, MAX);
        assertPhase(taskId, 1, IRoundManager.Phase.Join);
        enrol(taskId, trainer(MAX + 1));
        vm.prank(trainer(MAX + 1));
        vm.expectRevert(abi.encodeWithSelector(IRoundManager.RosterFull.selector, taskId, 1));
        rounds.join(taskId);
        answerModel(id, modelScalar, firstWeights());
        assertPhase(taskId, 1, IRoundManager.Phase.Train);
        assertEq(deadlineOf(taskId), block.timestamp + TRAIN_PERIOD);
        assertEq(stateOf(taskId).accused, 0);
    }

    function test_silence_endsTheTaskWithoutAFirstModel() public {
        uint256 id = challengeModel(taskId);
        joinMany(taskId, MAX);
        uint256 slashed = POOL * FAULT_SLASH / 10_000;
        vm.warp(deadlineOf(taskId));
        (,,, IRoundManager.Phase next) = rounds.currentPhase(taskId);
        assertEq(uint8(next), uint8(IRoundManager.Phase.Skipped));
        vm.expectEmit(address(rounds));
        emit IRoundManager.PhaseChanged(taskId, 1, IRoundManager.Phase.Join, IRoundManager.Phase.Skipped, 0);
        vm.expectEmit(address(stakes));
        emit IStakeManager.EscrowBurnt(taskId, slashed, POOL - slashed);
        vm.expectEmit(address(rounds));
        emit IRoundManager.FirstModelWithheld(taskId, CREATOR, slashed);
        rounds.advance(taskId);

        assertPhase(taskId, 1, IRoundManager.Phase.Skipped);
        assertEq(deadlineOf(taskId), 0);
        assertEq(stateOf(taskId).accused, 0);
        assertEq(rounds.getRound(taskId, 1).endedAt, block.timestamp);
        assertEq(stakes.burnt(), slashed);
        challenges.reclaimBond(id);
        assertEq(rewards.reclaim(taskId), POOL - slashed);
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

    function test_challengeModel_sparesAFirstModelOfZeros() public {
        taskId = createTask(defaultConfig(), POOL, originOf(offset()), offset());
        refuses(abi.encodeWithSelector(IChallengeManager.AlreadyOpened.selector, taskId, 1, 0, CREATOR));
    }

    function refuses(bytes memory reason) private {
        hoax(STRANGER, BOND);
        vm.expectRevert(reason);
        challenges.challengeModel{value: BOND}(taskId);
    }

    /// @dev Of the average in Challenge.
    function refusesWeights(uint256 id, int64[] memory weights, bytes memory reason) private {
        (G1 memory model, IChallengeManager.Opening memory opening) = (point(averageScalar), openingOf(weights));
        vm.expectRevert(reason);
        challenges.answerModel(id, model, opening);
    }

    function notAccusable(IRoundManager.Phase phase) private view returns (bytes memory) {
        return abi.encodeWithSelector(IRoundManager.ModelNotAccusable.selector, taskId, phase);
    }
}
