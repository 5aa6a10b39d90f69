// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {IRoundManager} from "../../contracts/interfaces/IRoundManager.sol";
import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {IVerifier} from "../../contracts/interfaces/IVerifier.sol";
import {BN254, G1} from "../../contracts/libraries/BN254.sol";
import {Commitments} from "../../contracts/libraries/Commitments.sol";
import {Verifying} from "../../contracts/libraries/Verifying.sol";
import {HeadwaterTest} from "./helpers/HeadwaterTest.sol";
import {StubVerifier} from "./helpers/StubVerifier.sol";

/// forge-config: default.fuzz.runs = 64
contract AggregateTest is HeadwaterTest {
    uint256 private constant AVERAGE = 4242;
    uint256 private taskId;

    function setUp() public override {
        super.setUp();
        taskId = createTask();
    }

    /*//////////////////////////////////////////////////////////////
                                EFFECTS
    //////////////////////////////////////////////////////////////*/

    function test_aggregate_acceptsTheAverageAndStartsChallenge() public {
        toAggregate(taskId, 3);
        bytes memory proof = averageProof(AVERAGE, 3, AGGREGATOR);
        bytes32 oldModel = stateOf(taskId).modelHash;
        deposit(AGGREGATOR, STAKE);
        vm.warp(block.timestamp + 10);
        vm.expectEmit(address(rounds));
        emit IRoundManager.Aggregated(taskId, 1, AGGREGATOR, oldModel, hashOf(AVERAGE), point(AVERAGE), MODEL_CID);
        vm.expectEmit(address(rounds));
        emit IRoundManager.PhaseChanged(
            taskId, 1, IRoundManager.Phase.Aggregate, IRoundManager.Phase.Challenge, block.timestamp + CHALLENGE_PERIOD
        );
        vm.expectEmit(address(stakes));
        emit IStakeManager.Locked(taskId, AGGREGATOR, STAKE, 0, STAKE);
        vm.prank(AGGREGATOR);
        rounds.aggregate(taskId, proof, MODEL_CID);

        IRoundManager.Round memory round = rounds.getRound(taskId, 1);
        assertEq(uint8(round.phase), uint8(IRoundManager.Phase.Challenge));
        assertEq(round.aggregator, AGGREGATOR);
        assertEq(round.averages, 1);
        assertEq(round.endedAt, 0);
        IRoundManager.TaskState memory state = stateOf(taskId);
        assertEq(state.modelHash, oldModel, "the model is still the old one");
        assertEq(BN254.hash(state.average), hashOf(AVERAGE));
        assertEq(state.averageCid, MODEL_CID);
        assertEq(spentIn(taskId), 0);
        assertEq(registry.latest(taskId).round, 0);
        assertStake(AGGREGATOR, 0, STAKE);
    }

    function test_advance_makesTheAverageTheModelAndStartsTheNextRound() public {
        bytes32 first = stateOf(taskId).modelHash;
        toAggregate(taskId, 3);
        post(AGGREGATOR, averageProof(AVERAGE, 3, AGGREGATOR));
        vm.warp(deadlineOf(taskId) + 10);
        vm.expectEmit(address(rounds));
        emit IRoundManager.PhaseChanged(taskId, 1, IRoundManager.Phase.Challenge, IRoundManager.Phase.Finalized, 0);
        vm.expectEmit(address(rounds));
        emit IRoundManager.PhaseChanged(
            taskId, 2, IRoundManager.Phase.None, IRoundManager.Phase.Join, block.timestamp + JOIN_PERIOD
        );
        vm.expectEmit(address(stakes));
        emit IStakeManager.Unlocked(taskId, AGGREGATOR, STAKE, STAKE, 0);
        vm.expectEmit(address(registry));
        emit IModelRegistry.ModelAdded(taskId, 1, hashOf(AVERAGE), 0, first, point(AVERAGE), MODEL_CID);
        rounds.advance(taskId);

        IRoundManager.Round memory round = rounds.getRound(taskId, 1);
        assertEq(uint8(round.phase), uint8(IRoundManager.Phase.Finalized));
        assertEq(round.aggregator, AGGREGATOR);
        assertEq(round.attempt, 1);
        assertEq(round.masked, 3);
        assertEq(round.endedAt, block.timestamp);
        assertEq(stateOf(taskId).modelHash, hashOf(AVERAGE));
        assertEq(stateOf(taskId).joined, 0);
        assertStake(AGGREGATOR, STAKE, 0);
        assertPhase(taskId, 2, IRoundManager.Phase.Join);
    }

    function test_aggregate_endsTheTaskWithItsLastRound() public {
        for (uint256 round = 1; round <= ROUNDS; ++round) {
            finalizeRound(taskId, 3);
        }
        assertPhase(taskId, ROUNDS, IRoundManager.Phase.Finalized);
        assertEq(deadlineOf(taskId), 0);
    }

    function test_aggregate_takesUpdatesOfPartOfTheRoster() public {
        toTrain(taskId, 4);
        submitMany(taskId, 3);
        passDeadline(taskId);
        maskMany(taskId, 3);
        post(AGGREGATOR, averageProof(AVERAGE, 3, AGGREGATOR));
        assertEq(rounds.getRound(taskId, 1).masked, 3);
    }

    function test_aggregate_takesUpdatesOfTheLastAttempt() public {
        toMask(taskId, 5);
        maskMany(taskId, 4);
        passDeadline(taskId);
        maskMany(taskId, 3);
        passDeadline(taskId);
        maskMany(taskId, 3);
        post(AGGREGATOR, averageProof(AVERAGE, 3, AGGREGATOR));
        passDeadline(taskId);
        IRoundManager.Round memory round = rounds.getRound(taskId, 1);
        assertEq(round.attempt, 3);
        assertEq(round.masked, 3);
        assertEq(registry.latest(taskId).trainers, 3);
    }

    function test_aggregate_takesTheModelItStartedFrom() public {
        toAggregate(taskId, 3);
        post(AGGREGATOR, averageProof(modelScalar, 3, AGGREGATOR)); // training has converged
        passDeadline(taskId);
        assertEq(stateOf(taskId).modelHash, hashOf(modelScalar));
        assertEq(registry.latest(taskId).round, 1);
    }

    function test_aggregate_isForAnyoneWhateverTheNumberOfTrainers(uint8 count, address aggregator) public {
        vm.assume(aggregator != address(stakes) && aggregator != address(vm));
        count = uint8(bound(count, 3, MAX));
        toAggregate(taskId, count);
        post(aggregator, averageProof(AVERAGE, count, aggregator));
        assertEq(rounds.getRound(taskId, 1).aggregator, aggregator);
    }

    function test_aggregate_givesTheVerifierTheProofInACanonicalCall() public {
        toAggregate(taskId, 3);
        bytes memory proof = bytes.concat(averageProof(AVERAGE, 3, AGGREGATOR), "the rest of it");
        vm.expectCall(address(averageVerifier), abi.encodeCall(IVerifier.verifyProof, (proof, new uint256[](0))), 1);
        post(AGGREGATOR, proof);
    }

    /*//////////////////////////////////////////////////////////////
                                 PHASES
    //////////////////////////////////////////////////////////////*/

    function test_aggregate_refusesOtherPhases() public {
        refuses(AGGREGATOR, averageProof(AVERAGE, 3, AGGREGATOR), wrongPhase(IRoundManager.Phase.Join));
        toTrain(taskId, 3);
        refuses(AGGREGATOR, averageProof(AVERAGE, 3, AGGREGATOR), wrongPhase(IRoundManager.Phase.Train));
        submitMany(taskId, 3);
        refuses(AGGREGATOR, averageProof(AVERAGE, 3, AGGREGATOR), wrongPhase(IRoundManager.Phase.Mask));
        endTask(taskId);
        refuses(AGGREGATOR, averageProof(AVERAGE, 3, AGGREGATOR), wrongPhase(IRoundManager.Phase.Skipped));
    }

    function test_aggregate_refusesTheSecondOfTwo() public {
        toAggregate(taskId, 3);
        bytes memory late = averageProof(AVERAGE, 3, STRANGER);
        aggregate(taskId, AGGREGATOR);
        refuses(STRANGER, late, wrongPhase(IRoundManager.Phase.Challenge));
    }

    function test_aggregate_refusesAfterTheDeadlineThoughNobodyAdvanced() public {
        toAggregate(taskId, 3);
        uint256 deadline = deadlineOf(taskId);
        vm.warp(deadline);
        bytes memory reason = abi.encodeWithSelector(IRoundManager.DeadlinePassed.selector, deadline, deadline);
        refuses(AGGREGATOR, averageProof(AVERAGE, 3, AGGREGATOR), reason);
        vm.warp(deadline - 1);
        aggregate(taskId, AGGREGATOR);
    }

    function test_aggregate_refusesUnknownTasks() public {
        vm.expectRevert(abi.encodeWithSelector(ITaskManager.UnknownTask.selector, 99));
        rounds.aggregate(99, "", CID);
    }

    /*//////////////////////////////////////////////////////////////
                           WHAT THE PROOF IS OF
    //////////////////////////////////////////////////////////////*/

    function test_aggregate_refusesAnAverageThatLeavesATrainerOut() public {
        toMask(taskId, 4);
        maskMany(taskId, 3);
        uint256 without = sumScalar;
        mask(taskId, trainer(4));
        refuses(
            AGGREGATOR,
            proofOf(AVERAGE, 9, publicOf(4, AGGREGATOR), twice(without)),
            abi.encodeWithSelector(IRoundManager.SumMismatch.selector, hashOf(twice(sumScalar)), hashOf(twice(without)))
        );
    }

    function test_aggregate_refusesAnEarlierAttemptsAverage() public {
        toMask(taskId, 5);
        maskMany(taskId, 4);
        uint256 earlier = sumScalar;
        passDeadline(taskId);
        maskMany(taskId, 3);
        passDeadline(taskId);
        maskMany(taskId, 3);
        refuses(
            AGGREGATOR,
            proofOf(AVERAGE, 9, publicOf(4, AGGREGATOR), twice(earlier)),
            abi.encodeWithSelector(IRoundManager.SumMismatch.selector, hashOf(twice(sumScalar)), hashOf(twice(earlier)))
        );
    }

    function test_aggregate_refusesAnAverageWithoutTheTasksTag() public {
        toAggregate(taskId, 3);
        uint256 untagged = addmod(sumScalar, BN254.P - mulmod(tasks.tag(taskId), basisOf(dimension), BN254.P), BN254.P);
        refuses(
            AGGREGATOR,
            proofOf(AVERAGE, 9, publicOf(3, AGGREGATOR), twice(untagged)),
            abi.encodeWithSelector(
                IRoundManager.SumMismatch.selector, hashOf(twice(sumScalar)), hashOf(twice(untagged))
            )
        );
    }

    function test_aggregate_refusesAnotherRoundsAverage() public {
        toAggregate(taskId, 3);
        uint256 oldSum = sumScalar;
        aggregate(taskId, AGGREGATOR);
        finalize(taskId);
        toAggregate(taskId, 3);
        refuses(
            AGGREGATOR,
            proofOf(AVERAGE, 9, publicOf(3, AGGREGATOR), twice(oldSum)),
            abi.encodeWithSelector(IRoundManager.SumMismatch.selector, hashOf(twice(sumScalar)), hashOf(twice(oldSum)))
        );
    }

    function test_aggregate_refusesACopiedAverage(address thief) public {
        vm.assume(thief != AGGREGATOR);
        toAggregate(taskId, 3);
        refuses(
            thief,
            averageProof(AVERAGE, 3, AGGREGATOR),
            abi.encodeWithSelector(
                IRoundManager.PublicMismatch.selector, hashOf(publicOf(3, thief)), hashOf(publicOf(3, AGGREGATOR))
            )
        );
    }

    function test_aggregate_refusesAnotherDivisor(uint256 n) public {
        n = bound(n, 0, type(uint128).max);
        vm.assume(n != 3);
        toAggregate(taskId, 3);
        refuses(
            AGGREGATOR,
            averageProof(AVERAGE, n, AGGREGATOR),
            abi.encodeWithSelector(
                IRoundManager.PublicMismatch.selector, hashOf(publicOf(3, AGGREGATOR)), hashOf(publicOf(n, AGGREGATOR))
            )
        );
    }

    function test_aggregate_refusesAMissingCid() public {
        toAggregate(taskId, 3);
        bytes memory proof = averageProof(AVERAGE, 3, AGGREGATOR);
        vm.prank(AGGREGATOR);
        vm.expectRevert(IRoundManager.MissingCid.selector);
        rounds.aggregate(taskId, proof, 0);
    }

    function test_aggregate_refusesAProofTooShortForItsCommitments(uint256 length) public {
        toAggregate(taskId, 3);
        length = bound(length, 0, 255);
        bytes memory proof = averageProof(AVERAGE, 3, AGGREGATOR);
        assembly ("memory-safe") {
            mstore(proof, length)
        }
        refuses(AGGREGATOR, proof, abi.encodeWithSelector(Commitments.ProofTooShort.selector, length, 256));
    }

    function test_aggregate_refusesWithoutEnoughFreeStake() public {
        toAggregate(taskId, 3);
        deposit(AGGREGATOR, STAKE - 1);
        refuses(
            AGGREGATOR,
            averageProof(AVERAGE, 3, AGGREGATOR),
            abi.encodeWithSelector(IStakeManager.InsufficientStake.selector, AGGREGATOR, STAKE - 1, STAKE)
        );
    }

    /*//////////////////////////////////////////////////////////////
                              THE VERIFIER
    //////////////////////////////////////////////////////////////*/

    function test_aggregate_refusesWhatTheVerifierRejects() public {
        toAggregate(taskId, 3);
        bytes memory reason = abi.encodeWithSelector(Verifying.InvalidProof.selector, averageVerifier);
        averageVerifier.set(StubVerifier.Mode.Reject);
        refuses(AGGREGATOR, averageProof(AVERAGE, 3, AGGREGATOR), reason);
        averageVerifier.set(StubVerifier.Mode.Revert);
        refuses(AGGREGATOR, averageProof(AVERAGE, 3, AGGREGATOR), reason);
        averageVerifier.set(StubVerifier.Mode.BurnGas);
        refuses(AGGREGATOR, averageProof(AVERAGE, 3, AGGREGATOR), reason);
    }

    function test_aggregate_asksTheVerifierByAStaticCall() public {
        uint256 other = createTask(); // its deadline passes with this task's
        modelScalar = tagged(taskId, firstModel());
        toAggregate(taskId, 3);
        // anybody may advance the other task, but not from a static call
        averageVerifier.reenter(address(rounds), abi.encodeCall(rounds.advance, (other)));
        refuses(
            AGGREGATOR,
            averageProof(AVERAGE, 3, AGGREGATOR),
            abi.encodeWithSelector(Verifying.InvalidProof.selector, averageVerifier)
        );
        rounds.advance(other);
    }

    function test_aggregate_refusesAModelThatIsNoPointThoughTheVerifierAcceptsIt() public {
        toAggregate(taskId, 3);
        G1[3] memory bad = [G1(1, 3), G1(0, 0), G1(1 + BN254.Q, 2)];
        for (uint256 i; i < bad.length; ++i) {
            bytes memory proof = abi.encode(bad[i], point(9), point(publicOf(3, AGGREGATOR)), point(twice(sumScalar)));
            refuses(AGGREGATOR, proof, abi.encodeWithSelector(BN254.InvalidPoint.selector, bad[i].x, bad[i].y));
        }
    }

    function wrongPhase(IRoundManager.Phase actual) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IRoundManager.WrongPhase.selector, IRoundManager.Phase.Aggregate, actual);
    }

    function post(address who, bytes memory proof) private {
        deposit(who, STAKE);
        vm.prank(who);
        rounds.aggregate(taskId, proof, MODEL_CID);
    }

    function refuses(address who, bytes memory proof, bytes memory reason) private {
        vm.prank(who);
        vm.expectRevert(reason);
        rounds.aggregate(taskId, proof, MODEL_CID);
    }
}
