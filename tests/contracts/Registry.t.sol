// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDeployed} from "../../contracts/interfaces/IDeployed.sol";
import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {G1} from "../../contracts/libraries/BN254.sol";
import {HeadwaterTest} from "./helpers/HeadwaterTest.sol";

contract RegistryTest is HeadwaterTest {
    uint256 private taskId;

    function setUp() public override {
        super.setUp();
        taskId = createTask();
    }

    function test_registry_startsWithTheCreatorsModel() public view {
        IModelRegistry.Model memory model = registry.latest(taskId);
        assertEq(model.modelHash, hashOf(tagged(taskId, firstModel())));
        assertEq(model.cid, MODEL_CID);
        assertEq(model.round, 0);
        assertEq(model.trainers, 0);
        assertEq(model.aggregator, address(0));
        assertEq(model.timestamp, 0);
    }

    function test_registry_keepsEveryModelAndHowItCameAbout() public {
        finalizeRound(taskId, 3);
        bytes32 firstHash = hashOf(modelScalar);
        uint256 firstTime = block.timestamp;
        vm.warp(block.timestamp + 1 days);
        passDeadline(taskId); // round 2 is skipped
        finalizeRound(taskId, 4);

        IModelRegistry.Model memory model = registry.getModel(taskId, 1);
        assertEq(model.modelHash, firstHash);
        assertEq(model.round, 1);
        assertEq(model.trainers, 3);
        assertEq(model.aggregator, AGGREGATOR);
        assertEq(model.timestamp, firstTime);
        model = registry.latest(taskId);
        assertEq(model.modelHash, hashOf(modelScalar));
        assertEq(model.round, 3);
        assertEq(model.trainers, 4);
        assertEq(model.timestamp, block.timestamp);
    }

    function test_registry_namesTheParentAcrossRoundsThatMadeNoModel() public {
        finalizeRound(taskId, 3);
        passDeadline(taskId); // round 2 is skipped
        toAggregate(taskId, 3);
        aggregate(taskId, AGGREGATOR);
        uint256 average = averageOf(taskId, 3, AGGREGATOR);
        vm.expectEmit(address(registry));
        emit IModelRegistry.ModelAdded(
            taskId, 3, hashOf(average), 1, registry.getModel(taskId, 1).modelHash, point(average), MODEL_CID
        );
        finalize(taskId);
    }

    function test_getModel_refusesRoundsThatMadeNone() public {
        passDeadline(taskId);
        for (uint256 round = 1; round <= 4; ++round) {
            vm.expectRevert(abi.encodeWithSelector(IModelRegistry.UnknownModel.selector, taskId, round));
            registry.getModel(taskId, round);
        }
    }

    function test_latest_refusesUnknownTasks() public {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.UnknownModel.selector, 99, 0));
        registry.latest(99);
    }

    function test_startOf_staysTheBlockOfPublication() public {
        uint256 start = registry.startOf(taskId);
        finalizeRound(taskId, 3);
        vm.roll(block.number + 1000);
        finalizeRound(taskId, 3);
        assertEq(registry.startOf(taskId), start);
        assertEq(registry.startOf(createTask()), block.number);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.UnknownModel.selector, 99, 0));
        registry.startOf(99);
    }

    function test_getModels_pagesThroughTheLineage() public {
        passDeadline(taskId); // round 1 is skipped
        finalizeRound(taskId, 3);
        finalizeRound(taskId, 3);
        assertPage(0, type(uint256).max, 0, 3);
        assertPage(0, 1, 0, 1);
        assertPage(1, 1, 0, 0);
        assertPage(1, 2, 2, 1);
        assertPage(2, 2, 2, 2);
        assertPage(3, 10, 3, 1);
        assertPage(4, 10, 0, 0);
        assertPage(type(uint256).max, type(uint256).max, 0, 0);
        assertEq(registry.getModels(99, 0, 10).length, 0);
    }

    function test_roundOf_findsTheNewestModelWithAHash() public {
        uint256 first = modelScalar;
        assertEq(registry.roundOf(taskId, hashOf(first)), 0);
        toAggregate(taskId, 3);
        bytes memory proof = averageProof(first, 3, AGGREGATOR);
        deposit(AGGREGATOR, STAKE);
        vm.prank(AGGREGATOR);
        rounds.aggregate(taskId, proof, MODEL_CID);
        passDeadline(taskId);
        assertEq(registry.roundOf(taskId, hashOf(first)), 1);
        finalizeRound(taskId, 3);
        assertEq(registry.roundOf(taskId, hashOf(first)), 1);
        assertEq(registry.roundOf(taskId, hashOf(modelScalar)), 2);
    }

    function test_roundOf_refusesUnknownHashes() public {
        passDeadline(taskId); // round 1 makes no model, and has no hash
        finalizeRound(taskId, 3);
        bytes32[3] memory unknown = [bytes32(0), keccak256("x"), hashOf(firstModel())];
        for (uint256 i; i < unknown.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IModelRegistry.UnknownModelHash.selector, taskId, unknown[i]));
            registry.roundOf(taskId, unknown[i]);
        }
    }

    function test_roundOf_keepsTasksApart() public {
        uint256 other = createTask();
        bytes32 otherHash = hashOf(tagged(other, firstModel()));
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.UnknownModelHash.selector, taskId, otherHash));
        registry.roundOf(taskId, otherHash);
    }

    function test_models_areOfTheTaskManagerAndTheRoundManagerOnly(address anyone) public {
        vm.assume(anyone != address(tasks) && anyone != address(rounds));
        refusesModelsOf(anyone);
        refusesModelsOf(address(challenges));
    }

    function refusesModelsOf(address anyone) private {
        G1 memory model = point(1);
        vm.startPrank(anyone);
        vm.expectRevert(abi.encodeWithSelector(IDeployed.UnauthorizedCaller.selector, anyone));
        registry.begin(taskId + 1, model, MODEL_CID, new IModelRegistry.Parent[](0), 0);
        vm.expectRevert(abi.encodeWithSelector(IDeployed.UnauthorizedCaller.selector, anyone));
        registry.add(taskId, 1, model, MODEL_CID);
        vm.stopPrank();
    }

    function assertPage(uint256 start, uint256 limit, uint256 firstRound, uint256 length) private view {
        IModelRegistry.Model[] memory page = registry.getModels(taskId, start, limit);
        assertEq(page.length, length, "length");
        if (length != 0) assertEq(page[0].round, firstRound, "first");
        for (uint256 i; i < length; ++i) {
            IModelRegistry.Model memory model = registry.getModel(taskId, page[i].round);
            assertEq(keccak256(abi.encode(page[i])), keccak256(abi.encode(model)), "model");
        }
    }
}
