// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {IVerifier} from "../../contracts/interfaces/IVerifier.sol";
import {BN254, G1} from "../../contracts/libraries/BN254.sol";
import {Commitments} from "../../contracts/libraries/Commitments.sol";
import {HeadwaterTest} from "./helpers/HeadwaterTest.sol";
import {StubVerifier} from "./helpers/StubVerifier.sol";

contract SubmitTest is HeadwaterTest {
    uint256 private taskId;
    address private alice;
    address private bob;

    function setUp() public override {
        super.setUp();
        taskId = createTask();
        (alice, bob) = (trainer(1), trainer(2));
    }

    /*//////////////////////////////////////////////////////////////
                                EFFECTS
    //////////////////////////////////////////////////////////////*/

    function test_submit_recordsTheUpdate() public {
        toTrain(taskId, 3);
        uint256 update = updateOf(alice, 1);
        vm.expectEmit(address(tasks));
        emit ITaskManager.Submitted(taskId, 1, alice, point(update), 1);
        submit(taskId, alice);

        ITaskManager.RosterEntry memory entry = tasks.getRosterEntry(taskId, 1, alice);
        assertEq(uint8(entry.status), uint8(ITaskManager.TrainerStatus.Submitted));
        assertEq(entry.attempt, 0);
        assertEq(entry.updateHash, bytes29(hashOf(update)));
        assertEq(stateOf(taskId).submitted, 1);
        assertPhase(taskId, 1, ITaskManager.Phase.Train);
    }

    function test_submit_startsMaskingWithTheRostersLastUpdate() public {
        toTrain(taskId, 4);
        submitMany(taskId, 3);
        vm.warp(block.timestamp + 10);
        vm.roll(block.number + 1);
        bytes32 seed = keccak256(abi.encode(blockhash(block.number - 1), taskId, 1, 1));
        vm.expectEmit(address(tasks));
        emit ITaskManager.PhaseChanged(
            taskId, 1, ITaskManager.Phase.Train, ITaskManager.Phase.Mask, block.timestamp + MASK_PERIOD
        );
        vm.expectEmit(address(tasks));
        emit ITaskManager.MaskingStarted(taskId, 1, 1, 4, seed);
        submit(taskId, trainer(4));
        assertPhase(taskId, 1, ITaskManager.Phase.Mask);
        assertEq(deadlineOf(taskId), block.timestamp + MASK_PERIOD);
        assertEq(stateOf(taskId).attempt, 1);
        assertEq(stateOf(taskId).members, 4);
    }

    function test_submit_givesTheVerifierTheProofInACanonicalCall() public {
        toTrain(taskId, 3);
        bytes memory proof = bytes.concat(trainProof(alice, 5), "the rest of it");
        vm.expectCall(address(trainVerifier), abi.encodeCall(IVerifier.verifyProof, (proof, new uint256[](0))), 1);
        vm.prank(alice);
        tasks.submit(taskId, proof);
    }

    function test_submit_takesTheSameTrainersOldProofAfterAFailedRound() public {
        toTrain(taskId, 3);
        bytes memory proof = trainProof(alice, 5);
        vm.prank(alice);
        tasks.submit(taskId, proof);
        passDeadline(taskId); // failed: the model is the same
        toTrain(taskId, 3);
        refuses(bob, proof, abi.encodeWithSelector(ITaskManager.DataMismatch.selector, own(bob), own(alice)));
        vm.prank(alice);
        tasks.submit(taskId, proof);
    }

    /*//////////////////////////////////////////////////////////////
                          PHASES AND THE ROSTER
    //////////////////////////////////////////////////////////////*/

    function test_submit_refusesOtherPhases() public {
        joinMany(taskId, 3);
        refuses(alice, trainProof(alice, 5), wrongPhase(ITaskManager.Phase.Join));
        passDeadline(taskId);
        submitMany(taskId, 3);
        refuses(alice, trainProof(alice, 5), wrongPhase(ITaskManager.Phase.Mask));
        maskMany(taskId, 3);
        refuses(alice, trainProof(alice, 5), wrongPhase(ITaskManager.Phase.Aggregate));
        endTask(taskId);
        refuses(alice, trainProof(alice, 5), wrongPhase(ITaskManager.Phase.Skipped));
    }

    function test_submit_refusesAfterTheDeadlineThoughNobodyAdvanced() public {
        toTrain(taskId, 3);
        uint256 deadline = deadlineOf(taskId);
        vm.warp(deadline);
        bytes memory reason = abi.encodeWithSelector(ITaskManager.DeadlinePassed.selector, deadline, deadline);
        refuses(alice, trainProof(alice, 5), reason);
        vm.warp(deadline - 1);
        submit(taskId, alice);
    }

    function test_submit_refusesWhoIsNotOnTheRoster() public {
        enrol(taskId, trainer(4)); // enrolled, but did not join
        toTrain(taskId, 3);
        for (uint256 i; i < 2; ++i) {
            address who = i == 0 ? trainer(4) : STRANGER;
            refuses(who, trainProof(who, 5), abi.encodeWithSelector(ITaskManager.NotOnRoster.selector, taskId, 1, who));
        }
    }

    function test_submit_refusesASecondUpdate() public {
        toTrain(taskId, 3);
        submit(taskId, alice);
        refuses(
            alice,
            trainProof(alice, 6),
            abi.encodeWithSelector(ITaskManager.AlreadySubmitted.selector, taskId, 1, alice)
        );
    }

    function test_submit_refusesUnknownTasks() public {
        vm.expectRevert(abi.encodeWithSelector(ITaskManager.UnknownTask.selector, 99));
        tasks.submit(99, "");
    }

    /*//////////////////////////////////////////////////////////////
                           WHAT THE PROOF IS OF
    //////////////////////////////////////////////////////////////*/

    function test_submit_refusesAStaleModel() public {
        toTrain(taskId, 3);
        bytes memory stale = trainProof(alice, 5);
        bytes32 oldModel = hashOf(modelScalar);
        submitMany(taskId, 3);
        maskMany(taskId, 3);
        aggregate(taskId, AGGREGATOR);
        finalize(taskId);
        toTrain(taskId, 3);
        refuses(alice, stale, modelMismatch(oldModel));
    }

    function test_submit_refusesAProofOfAnotherTask() public {
        uint256 other = createTask(); // the same model and data, but another tag
        bytes memory foreign = trainProof(alice, 5);
        bytes32 foreignModel = hashOf(modelScalar);
        modelScalar = tagged(taskId, FIRST_MODEL);
        toTrain(taskId, 3);
        assertEq(stateOf(other).modelHash, foreignModel);
        refuses(alice, foreign, modelMismatch(foreignModel));
    }

    function test_submit_refusesAProofOfAnotherChain() public {
        toTrain(taskId, 3);
        vm.chainId(block.chainid + 1);
        uint256 twin = tagged(taskId, FIRST_MODEL);
        vm.chainId(block.chainid - 1);
        refuses(alice, proofOf(twin, dataOf(alice), 7, 5), modelMismatch(hashOf(twin)));
    }

    function test_submit_refusesANeighboursProof() public {
        toTrain(taskId, 3);
        refuses(
            bob, trainProof(alice, 5), abi.encodeWithSelector(ITaskManager.DataMismatch.selector, own(bob), own(alice))
        );
    }

    function test_submit_refusesDataThatNobodyRegistered(uint256 data) public {
        toTrain(taskId, 3);
        data = bound(data, 1, BN254.P - 1);
        vm.assume(data != dataOf(alice) % BN254.P);
        refuses(
            alice,
            proofOf(modelScalar, data, 7, 5),
            abi.encodeWithSelector(ITaskManager.DataMismatch.selector, own(alice), hashOf(data))
        );
    }

    function test_submit_refusesAProofTooShortForItsCommitments(uint256 length) public {
        toTrain(taskId, 3);
        length = bound(length, 128, 255); // model and data are there, the update is not
        bytes memory proof = trainProof(alice, 5);
        assembly ("memory-safe") {
            mstore(proof, length)
        }
        refuses(alice, proof, abi.encodeWithSelector(Commitments.ProofTooShort.selector, length, 256));
        refuses(alice, "", abi.encodeWithSelector(Commitments.ProofTooShort.selector, 0, 256));
    }

    /*//////////////////////////////////////////////////////////////
                              THE VERIFIER
    //////////////////////////////////////////////////////////////*/

    function test_submit_refusesWhatTheVerifierRejects() public {
        toTrain(taskId, 3);
        bytes memory reason = abi.encodeWithSelector(ITaskManager.InvalidProof.selector, trainVerifier);
        trainVerifier.set(StubVerifier.Mode.Reject);
        refuses(alice, trainProof(alice, 5), reason);
        trainVerifier.set(StubVerifier.Mode.Revert);
        refuses(alice, trainProof(alice, 5), reason);
        trainVerifier.set(StubVerifier.Mode.BurnGas);
        refuses(alice, trainProof(alice, 5), reason);
    }

    function test_submit_asksTheVerifierByAStaticCall() public {
        uint256 other = createTask(); // its deadline passes with this task's
        modelScalar = tagged(taskId, FIRST_MODEL);
        toTrain(taskId, 3);
        // anybody may advance the other task, but not from a static call
        trainVerifier.reenter(address(tasks), abi.encodeCall(tasks.advance, (other)));
        refuses(alice, trainProof(alice, 5), abi.encodeWithSelector(ITaskManager.InvalidProof.selector, trainVerifier));
        tasks.advance(other);
    }

    function test_submit_asksTheVerifierOnlyWhenTheCheapChecksHold() public {
        toTrain(taskId, 3);
        vm.expectCall(address(trainVerifier), abi.encodePacked(IVerifier.verifyProof.selector), 0);
        refuses(
            bob, trainProof(alice, 5), abi.encodeWithSelector(ITaskManager.DataMismatch.selector, own(bob), own(alice))
        );
    }

    function test_submit_refusesAnUpdateThatIsNoPointThoughTheVerifierAcceptsIt() public {
        toTrain(taskId, 3);
        G1[3] memory bad = [G1(1, 3), G1(0, 0), G1(1 + BN254.Q, 2)];
        for (uint256 i; i < bad.length; ++i) {
            bytes memory proof = abi.encode(point(modelScalar), point(dataOf(alice)), point(7), bad[i]);
            refuses(alice, proof, abi.encodeWithSelector(BN254.InvalidPoint.selector, bad[i].x, bad[i].y));
        }
    }

    function own(address who) private view returns (bytes32) {
        return hashOf(dataOf(who));
    }

    function modelMismatch(bytes32 actual) private view returns (bytes memory) {
        return abi.encodeWithSelector(ITaskManager.ModelMismatch.selector, stateOf(taskId).modelHash, actual);
    }

    function wrongPhase(ITaskManager.Phase actual) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ITaskManager.WrongPhase.selector, ITaskManager.Phase.Train, actual);
    }

    function refuses(address who, bytes memory proof, bytes memory reason) private {
        vm.prank(who);
        vm.expectRevert(reason);
        tasks.submit(taskId, proof);
    }
}
