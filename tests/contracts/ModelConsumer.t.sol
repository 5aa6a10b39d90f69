// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ModelConsumer} from "../../contracts/examples/ModelConsumer.sol";
import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {HeadwaterTest} from "./helpers/HeadwaterTest.sol";

contract ModelConsumerTest is HeadwaterTest {
    uint256 private taskId;
    ModelConsumer private consumer;

    function setUp() public override {
        super.setUp();
        taskId = createTask();
        consumer = new ModelConsumer(registry, taskId);
    }

    function test_accept_usesTheModelOfAFinalizedRound() public {
        finalizeRound(taskId, 3);
        bytes32 first = hashOf(modelScalar);
        vm.expectEmit(address(consumer));
        emit ModelConsumer.ModelAccepted(taskId, 1, 0, first, MODEL_CID);
        vm.prank(STRANGER); // anyone may
        consumer.accept(1, first);
        assertUses(1, first);

        passDeadline(taskId); // round 2 is skipped
        finalizeRound(taskId, 3);
        bytes32 second = hashOf(modelScalar);
        vm.expectEmit(address(consumer));
        emit ModelConsumer.ModelAccepted(taskId, 3, first, second, MODEL_CID);
        consumer.accept(3, second);
        assertUses(3, second);
    }

    function test_accept_refusesTheFirstModel() public {
        bytes32 first = hashOf(modelScalar);
        vm.expectRevert(ModelConsumer.UnprovedModel.selector);
        consumer.accept(0, first);
    }

    function test_accept_refusesAnAverageThatIsNotFinal() public {
        toAggregate(taskId, 3);
        aggregate(taskId, AGGREGATOR);
        refuses(1, hashOf(averageScalar), abi.encodeWithSelector(IModelRegistry.UnknownModel.selector, taskId, 1));
        challengeModel(taskId);
        passDeadline(taskId); // nobody shows its bytes: it is taken back
        refuses(1, hashOf(averageScalar), abi.encodeWithSelector(IModelRegistry.UnknownModel.selector, taskId, 1));
    }

    function test_accept_refusesRoundsWithoutAModel() public {
        passDeadline(taskId); // round 1 is skipped
        for (uint256 round = 1; round < 5; ++round) {
            refuses(round, 0, abi.encodeWithSelector(IModelRegistry.UnknownModel.selector, taskId, round));
        }
    }

    function test_accept_refusesTheModelOfAnotherTask() public {
        finalizeRound(taskId, 3);
        bytes32 ours = hashOf(modelScalar);
        uint256 other = createTask();
        finalizeRound(other, 3); // by the same trainers, with the same verifiers
        bytes32 theirs = registry.getModel(other, 1).modelHash;
        assertNotEq(ours, theirs);
        refuses(1, theirs, abi.encodeWithSelector(ModelConsumer.ModelMismatch.selector, theirs, ours));

        uint256 young = createTask();
        consumer = new ModelConsumer(registry, young);
        refuses(1, ours, abi.encodeWithSelector(IModelRegistry.UnknownModel.selector, young, 1));
    }

    function test_accept_refusesWhatIsNotNewer() public {
        finalizeRound(taskId, 3);
        bytes32 first = hashOf(modelScalar);
        finalizeRound(taskId, 3);
        bytes32 second = hashOf(modelScalar);
        consumer.accept(2, second);
        refuses(2, second, abi.encodeWithSelector(ModelConsumer.StaleModel.selector, 2, 2));
        refuses(1, first, abi.encodeWithSelector(ModelConsumer.StaleModel.selector, 1, 2));
        assertUses(2, second);
    }

    function test_deploy_refusesUnknownTasks() public {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.UnknownModel.selector, 99, 0));
        new ModelConsumer(registry, 99);
    }

    function refuses(uint256 round, bytes32 modelHash, bytes memory reason) private {
        vm.expectRevert(reason);
        consumer.accept(round, modelHash);
    }

    function assertUses(uint256 round, bytes32 modelHash) private view {
        assertEq(consumer.round(), round);
        assertEq(consumer.modelHash(), modelHash);
        assertEq(consumer.cid(), MODEL_CID);
    }
}
