// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IProofManager} from "../../contracts/interfaces/IProofManager.sol";
import {IRoundManager} from "../../contracts/interfaces/IRoundManager.sol";
import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {ITrainerRegistry} from "../../contracts/interfaces/ITrainerRegistry.sol";
import {IVerifier} from "../../contracts/interfaces/IVerifier.sol";
import {BN254, G1} from "../../contracts/libraries/BN254.sol";
import {Commitments} from "../../contracts/libraries/Commitments.sol";
import {Verifying} from "../../contracts/libraries/Verifying.sol";
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
        bytes32[] memory dataHashes = new bytes32[](1);
        dataHashes[0] = own(alice);
        vm.expectEmit(address(rounds));
        emit IRoundManager.Submitted(taskId, 1, alice, point(update), dataHashes, 1);
        submit(taskId, alice);

        IRoundManager.RosterEntry memory entry = rounds.getRosterEntry(taskId, 1, alice);
        assertEq(uint8(entry.status), uint8(IRoundManager.TrainerStatus.Submitted));
        assertEq(entry.attempt, 0);
        assertEq(entry.updateHash, bytes29(hashOf(update)));
        assertEq(stateOf(taskId).submitted, 1);
        assertPhase(taskId, 1, IRoundManager.Phase.Train);
    }

    function test_submit_startsMaskingWithTheRostersLastUpdate() public {
        toTrain(taskId, 4);
        submitMany(taskId, 3);
        vm.warp(block.timestamp + 10);
        vm.expectEmit(address(rounds));
        emit IRoundManager.PhaseChanged(
            taskId, 1, IRoundManager.Phase.Train, IRoundManager.Phase.Mask, block.timestamp + MASK_PERIOD
        );
        vm.expectEmit(address(rounds));
        emit IRoundManager.MaskingStarted(taskId, 1, 1, 4, block.number);
        submit(taskId, trainer(4));
        assertPhase(taskId, 1, IRoundManager.Phase.Mask);
        assertEq(deadlineOf(taskId), block.timestamp + MASK_PERIOD);
        assertEq(stateOf(taskId).attempt, 1);
        assertEq(stateOf(taskId).members, 4);
    }

    function test_submit_givesTheVerifierTheProofInACanonicalCall() public {
        toTrain(taskId, 3);
        bytes memory proof = bytes.concat(trainProof(alice, 5), "the rest of it");
        vm.expectCall(address(trainVerifier), abi.encodeCall(IVerifier.verifyProof, (proof, new uint256[](0))), 1);
        vm.prank(alice);
        proving.submit(taskId, one(proof));
    }

    function test_submit_takesTheSameTrainersOldProofAfterAFailedRound() public {
        toTrain(taskId, 3);
        bytes memory proof = trainProof(alice, 5);
        vm.prank(alice);
        proving.submit(taskId, one(proof));
        passDeadline(taskId); // failed: the model is the same
        toTrain(taskId, 3);
        refuses(bob, proof, notOwned(own(alice), alice));
        vm.prank(alice);
        proving.submit(taskId, one(proof));
    }

    /*//////////////////////////////////////////////////////////////
                          PHASES AND THE ROSTER
    //////////////////////////////////////////////////////////////*/

    function test_submit_refusesOtherPhases() public {
        joinMany(taskId, 3);
        refuses(alice, trainProof(alice, 5), wrongPhase(IRoundManager.Phase.Join));
        passDeadline(taskId);
        submitMany(taskId, 3);
        refuses(alice, trainProof(alice, 5), wrongPhase(IRoundManager.Phase.Mask));
        maskMany(taskId, 3);
        refuses(alice, trainProof(alice, 5), wrongPhase(IRoundManager.Phase.Aggregate));
        endTask(taskId);
        refuses(alice, trainProof(alice, 5), wrongPhase(IRoundManager.Phase.Skipped));
    }

    function test_submit_refusesAfterTheDeadlineThoughNobodyAdvanced() public {
        toTrain(taskId, 3);
        uint256 deadline = deadlineOf(taskId);
        vm.warp(deadline);
        bytes memory reason = abi.encodeWithSelector(IRoundManager.DeadlinePassed.selector, deadline, deadline);
        refuses(alice, trainProof(alice, 5), reason);
        vm.warp(deadline - 1);
        submit(taskId, alice);
    }

    function test_submit_refusesWhoIsNotOnTheRoster() public {
        enrol(taskId, trainer(4)); // enrolled, but did not join
        toTrain(taskId, 3);
        for (uint256 i; i < 2; ++i) {
            address who = i == 0 ? trainer(4) : STRANGER;
            refuses(
                who, trainProof(who, 5), abi.encodeWithSelector(ITrainerRegistry.NotOnRoster.selector, taskId, 1, who)
            );
        }
    }

    function test_submit_refusesASecondUpdate() public {
        toTrain(taskId, 3);
        submit(taskId, alice);
        refuses(
            alice,
            trainProof(alice, 6),
            abi.encodeWithSelector(IRoundManager.AlreadySubmitted.selector, taskId, 1, alice)
        );
    }

    function test_submit_refusesUnknownTasks() public {
        vm.expectRevert(abi.encodeWithSelector(ITaskManager.UnknownTask.selector, 99));
        proving.submit(99, one(""));
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
        modelScalar = tagged(taskId, firstModel());
        toTrain(taskId, 3);
        assertEq(stateOf(other).modelHash, foreignModel);
        refuses(alice, foreign, modelMismatch(foreignModel));
    }

    function test_submit_refusesAProofOfAnotherChain() public {
        toTrain(taskId, 3);
        vm.chainId(block.chainid + 1);
        uint256 twin = tagged(taskId, firstModel());
        vm.chainId(block.chainid - 1);
        refuses(alice, proofOf(twin, dataOf(alice), 7, 5), modelMismatch(hashOf(twin)));
    }

    function test_submit_refusesANeighboursProof() public {
        toTrain(taskId, 3);
        refuses(bob, trainProof(alice, 5), notOwned(own(alice), alice));
    }

    function test_submit_refusesDataThatNobodyRegistered(uint256 data) public {
        toTrain(taskId, 3);
        data = bound(data, 1, BN254.P - 1);
        vm.assume(data != dataOf(alice) % BN254.P);
        refuses(alice, proofOf(modelScalar, data, 7, 5), notOwned(hashOf(data), address(0)));
    }

    function test_submit_refusesAProofTooShortForItsCommitments(uint256 length) public {
        toTrain(taskId, 3);
        length = bound(length, 0, 255);
        bytes memory proof = trainProof(alice, 5);
        assembly ("memory-safe") {
            mstore(proof, length)
        }
        uint256 required = length < 64 ? 64 : length < 128 ? 128 : 256; // model, data, update
        refuses(alice, proof, abi.encodeWithSelector(Commitments.ProofTooShort.selector, length, required));
    }

    /*//////////////////////////////////////////////////////////////
                              THE VERIFIER
    //////////////////////////////////////////////////////////////*/

    function test_submit_refusesWhatTheVerifierRejects() public {
        toTrain(taskId, 3);
        bytes memory reason = abi.encodeWithSelector(Verifying.InvalidProof.selector, trainVerifier);
        trainVerifier.set(StubVerifier.Mode.Reject);
        refuses(alice, trainProof(alice, 5), reason);
        trainVerifier.set(StubVerifier.Mode.Revert);
        refuses(alice, trainProof(alice, 5), reason);
        trainVerifier.set(StubVerifier.Mode.BurnGas);
        refuses(alice, trainProof(alice, 5), reason);
    }

    function test_submit_asksTheVerifierByAStaticCall() public {
        uint256 other = createTask(); // its deadline passes with this task's
        modelScalar = tagged(taskId, firstModel());
        toTrain(taskId, 3);
        // anybody may advance the other task, but not from a static call
        trainVerifier.reenter(address(rounds), abi.encodeCall(rounds.advance, (other)));
        refuses(alice, trainProof(alice, 5), abi.encodeWithSelector(Verifying.InvalidProof.selector, trainVerifier));
        rounds.advance(other);
    }

    function test_submit_asksTheVerifierOnlyWhenTheCheapChecksHold() public {
        toTrain(taskId, 3);
        vm.expectCall(address(trainVerifier), abi.encodePacked(IVerifier.verifyProof.selector), 0);
        refuses(bob, trainProof(alice, 5), notOwned(own(alice), alice));
    }

    function test_submit_refusesAnUpdateThatIsNoPointThoughTheVerifierAcceptsIt() public {
        toTrain(taskId, 3);
        G1[3] memory bad = [G1(1, 3), G1(0, 0), G1(1 + BN254.Q, 2)];
        for (uint256 i; i < bad.length; ++i) {
            bytes memory proof = abi.encode(point(modelScalar), point(dataOf(alice)), point(7), bad[i]);
            refuses(alice, proof, abi.encodeWithSelector(BN254.InvalidPoint.selector, bad[i].x, bad[i].y));
        }
    }

    function notOwned(bytes32 dataHash, address owner) private view returns (bytes memory) {
        return abi.encodeWithSelector(ITrainerRegistry.DataNotOwned.selector, taskId, dataHash, owner);
    }

    function own(address who) private view returns (bytes32) {
        return hashOf(dataOf(who));
    }

    function modelMismatch(bytes32 actual) private view returns (bytes memory) {
        return abi.encodeWithSelector(IProofManager.ModelMismatch.selector, stateOf(taskId).modelHash, actual);
    }

    function wrongPhase(IRoundManager.Phase actual) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IRoundManager.WrongPhase.selector, IRoundManager.Phase.Train, actual);
    }

    function refuses(address who, bytes memory proof, bytes memory reason) private {
        vm.prank(who);
        vm.expectRevert(reason);
        proving.submit(taskId, one(proof));
    }
}
