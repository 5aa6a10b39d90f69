// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IProofManager} from "../../contracts/interfaces/IProofManager.sol";
import {IRoundManager} from "../../contracts/interfaces/IRoundManager.sol";
import {ITrainerRegistry} from "../../contracts/interfaces/ITrainerRegistry.sol";
import {IVerifier} from "../../contracts/interfaces/IVerifier.sol";
import {BN254, G1} from "../../contracts/libraries/BN254.sol";
import {Commitments} from "../../contracts/libraries/Commitments.sol";
import {Verifying} from "../../contracts/libraries/Verifying.sol";
import {HeadwaterTest} from "./helpers/HeadwaterTest.sol";

/// @notice Several data commitments of one trainer, and updates in several steps.
contract ChainTest is HeadwaterTest {
    uint256 private taskId;
    address private alice;

    function setUp() public override {
        super.setUp();
        taskId = createTask();
        alice = trainer(1);
    }

    /*//////////////////////////////////////////////////////////////
                                  DATA
    //////////////////////////////////////////////////////////////*/

    function test_registerData_addsToWhatATrainerHas() public {
        enrol(taskId, alice);
        passDeadline(taskId); // skipped
        G1[] memory data = new G1[](3);
        (data[0], data[1], data[2]) = (point(1), point(dataOf(alice)), point(2)); // the second is registered
        vm.expectEmit(address(trainers));
        emit ITrainerRegistry.DataRegistered(taskId, alice, hashOf(1), data[0], 2);
        vm.expectEmit(address(trainers));
        emit ITrainerRegistry.DataRegistered(taskId, alice, hashOf(2), data[2], 2);
        vm.prank(alice);
        trainers.registerData(taskId, data);
        ITrainerRegistry.Registration memory registration = trainers.getData(taskId, hashOf(2));
        assertEq(registration.owner, alice);
        assertEq(registration.round, 2);
        assertEq(registration.registeredAt, block.timestamp);
        assertEq(trainers.getData(taskId, hashOf(dataOf(alice))).round, 1, "since then, and not since now");
    }

    function test_registerData_refusesWhatMayNotBeRegistered() public {
        enrol(taskId, alice);
        enrol(taskId, trainer(2));
        refusesData(alice, new G1[](0), abi.encodeWithSelector(ITrainerRegistry.NoData.selector));
        refusesData(alice, one(point(offset())), abi.encodeWithSelector(ITrainerRegistry.EmptyData.selector));
        refusesData(alice, one(G1(1, 3)), abi.encodeWithSelector(BN254.InvalidPoint.selector, 1, 3));
        refusesData(alice, one(G1(0, 0)), abi.encodeWithSelector(BN254.InvalidPoint.selector, 0, 0));
        bytes32 theirs = hashOf(dataOf(trainer(2)));
        refusesData(
            alice,
            one(point(dataOf(trainer(2)))),
            abi.encodeWithSelector(ITrainerRegistry.DataAlreadyRegistered.selector, taskId, theirs, trainer(2))
        );
        refusesData(
            STRANGER, one(point(1)), abi.encodeWithSelector(ITrainerRegistry.NotEnrolled.selector, taskId, STRANGER)
        );
        endTask(taskId);
        refusesData(alice, one(point(1)), abi.encodeWithSelector(ITrainerRegistry.TaskEnded.selector, taskId));
    }

    function test_enrol_registersSeveralDataAtOnce() public {
        G1[] memory data = new G1[](2);
        (data[0], data[1]) = (point(1), point(2));
        deposit(alice, STAKE);
        (G1 memory key) = maskKeyOf(alice);
        vm.startPrank(alice);
        trainers.enrol(taskId, data, key, possessionOf(alice, taskId), "");
        assertEq(trainers.getData(taskId, hashOf(1)).owner, alice);
        assertEq(trainers.getData(taskId, hashOf(2)).owner, alice);
    }

    function test_enrol_refusesNoData() public {
        deposit(alice, STAKE);
        vm.startPrank(alice);
        vm.expectRevert(ITrainerRegistry.NoData.selector);
        this.enrolWithout(taskId);
    }

    function enrolWithout(uint256 task) external {
        trainers.enrol(task, new G1[](0), maskKeyOf(address(this)), possessionOf(address(this), task), "");
    }

    /*//////////////////////////////////////////////////////////////
                                 CHAINS
    //////////////////////////////////////////////////////////////*/

    function test_submit_takesAChainOfProofsAboutAnyOfItsData() public {
        toTrain(taskId, 3);
        registerTwoMore();
        bytes[] memory proofs = chain();
        bytes32[] memory dataHashes = new bytes32[](3);
        (dataHashes[0], dataHashes[1], dataHashes[2]) = (hashOf(1), hashOf(dataOf(alice)), hashOf(1));
        vm.expectEmit(address(rounds));
        emit IRoundManager.Submitted(taskId, 1, alice, point(updateOf(alice, 1)), dataHashes, 1);
        for (uint256 i; i < 3; ++i) {
            bytes memory call = abi.encodeCall(IVerifier.verifyProof, (proofs[i], new uint256[](0)));
            vm.expectCall(address(trainVerifier), call, 1);
        }
        vm.prank(alice);
        proving.submit(taskId, proofs);
        IRoundManager.RosterEntry memory entry = rounds.getRosterEntry(taskId, 1, alice);
        assertEq(entry.updateHash, bytes29(hashOf(updateOf(alice, 1))), "where the last one ends");
    }

    function test_submit_refusesMoreLinksThanTheTaskAllows() public {
        toTrain(taskId, 3);
        bytes[] memory proofs = new bytes[](4);
        for (uint256 i; i < 4; ++i) {
            proofs[i] = proofOf(i == 0 ? modelScalar : 50 + i, dataOf(alice), 7, 51 + i);
        }
        refuses(proofs, abi.encodeWithSelector(IProofManager.TooManyProofs.selector, 3, 4));
    }

    function test_submit_refusesNoProof() public {
        toTrain(taskId, 3);
        refuses(new bytes[](0), abi.encodeWithSelector(IProofManager.NoProof.selector));
    }

    function test_submit_refusesProofsThatDoNotFollowEachOther() public {
        toTrain(taskId, 3);
        registerTwoMore();
        bytes[] memory proofs = chain();
        (proofs[1], proofs[2]) = (proofs[2], proofs[1]); // another order
        refuses(proofs, linkMismatch(1, 50, 60));
        proofs = chain();
        proofs[2] = proofOf(50, 1, 7, 5); // from where the second started
        refuses(proofs, linkMismatch(2, 60, 50));
        proofs[2] = proofOf(modelScalar, 1, 7, 5); // from the model again
        refuses(proofs, linkMismatch(2, 60, modelScalar));
        proofs = chain();
        (proofs[0], proofs[1]) = (proofs[1], proofs[0]);
        refuses(
            proofs, abi.encodeWithSelector(IProofManager.ModelMismatch.selector, stateOf(taskId).modelHash, hashOf(50))
        );
    }

    function test_submit_refusesAChainAboutSomebodyElsesData() public {
        toTrain(taskId, 3);
        registerTwoMore();
        bytes[] memory proofs = chain();
        proofs[1] = proofOf(50, dataOf(trainer(2)), 7, 60);
        refuses(
            proofs,
            abi.encodeWithSelector(
                ITrainerRegistry.DataNotOwned.selector, taskId, hashOf(dataOf(trainer(2))), trainer(2)
            )
        );
        proofs[1] = proofOf(50, 3, 7, 60); // nobody's
        refuses(proofs, abi.encodeWithSelector(ITrainerRegistry.DataNotOwned.selector, taskId, hashOf(3), address(0)));
    }

    /// @dev Data registered in another task are not registered in this one.
    function test_submit_refusesDataOfAnotherTask() public {
        uint256 other = createTask();
        enrol(other, alice);
        G1[] memory data = one(point(3));
        vm.prank(alice);
        trainers.registerData(other, data);
        modelScalar = tagged(taskId, firstModel());
        toTrain(taskId, 3);
        refuses(
            one(proofOf(modelScalar, 3, 7, 5)),
            abi.encodeWithSelector(ITrainerRegistry.DataNotOwned.selector, taskId, hashOf(3), address(0))
        );
    }

    function test_submit_refusesAChainWithOneInvalidProof() public {
        toTrain(taskId, 3);
        registerTwoMore();
        for (uint256 i; i < 3; ++i) {
            bytes[] memory proofs = chain();
            bytes memory call = abi.encodeCall(IVerifier.verifyProof, (proofs[i], new uint256[](0)));
            vm.mockCall(address(trainVerifier), call, abi.encode(false));
            refuses(proofs, abi.encodeWithSelector(Verifying.InvalidProof.selector, trainVerifier));
            vm.clearMockedCalls();
        }
    }

    function test_submit_refusesAChainWithOneProofThatIsTooShort() public {
        toTrain(taskId, 3);
        bytes[] memory proofs = chain();
        proofs[1] = new bytes(10);
        refuses(proofs, abi.encodeWithSelector(Commitments.ProofTooShort.selector, 10, 64));
    }

    /*//////////////////////////////////////////////////////////////
                                HELPERS
    //////////////////////////////////////////////////////////////*/

    function registerTwoMore() private {
        G1[] memory data = new G1[](2);
        (data[0], data[1]) = (point(1), point(2));
        vm.prank(alice);
        trainers.registerData(taskId, data);
    }

    /// @dev model -> 50 -> 60 -> alice's update.
    function chain() private view returns (bytes[] memory proofs) {
        proofs = new bytes[](3);
        proofs[0] = proofOf(modelScalar, 1, 7, 50);
        proofs[1] = proofOf(50, dataOf(alice), 8, 60);
        proofs[2] = proofOf(60, 1, 9, updateOf(alice, 1));
    }

    function linkMismatch(uint256 index, uint256 expected, uint256 actual) private view returns (bytes memory) {
        return abi.encodeWithSelector(IProofManager.LinkMismatch.selector, index, hashOf(expected), hashOf(actual));
    }

    function refuses(bytes[] memory proofs, bytes memory reason) private {
        vm.prank(alice);
        vm.expectRevert(reason);
        proving.submit(taskId, proofs);
    }

    function refusesData(address who, G1[] memory data, bytes memory reason) private {
        vm.prank(who);
        vm.expectRevert(reason);
        trainers.registerData(taskId, data);
    }
}
