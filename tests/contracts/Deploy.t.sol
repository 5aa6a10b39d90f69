// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ModelRegistry} from "../../contracts/ModelRegistry.sol";
import {StakeManager} from "../../contracts/StakeManager.sol";
import {TaskManager} from "../../contracts/TaskManager.sol";
import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {HeadwaterTest} from "./helpers/HeadwaterTest.sol";

contract DeployTest is HeadwaterTest {
    function test_deploy_bindsTheThreeContractsTogether() public view {
        assertEq(tasks.stakeManager(), address(stakes));
        assertEq(tasks.modelRegistry(), address(registry));
        assertEq(stakes.taskManager(), address(tasks));
        assertEq(registry.taskManager(), address(tasks));
    }

    function test_deploy_refusesAStakeManagerOfAnotherTaskManager() public {
        address next = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        ModelRegistry ownRegistry = new ModelRegistry(next);
        vm.expectRevert(
            abi.encodeWithSelector(ITaskManager.WrongTaskManager.selector, address(stakes), next, address(tasks))
        );
        new TaskManager(stakes, ownRegistry);
    }

    function test_deploy_refusesAModelRegistryOfAnotherTaskManager() public {
        address next = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        StakeManager ownStakes = new StakeManager(next);
        vm.expectRevert(
            abi.encodeWithSelector(ITaskManager.WrongTaskManager.selector, address(registry), next, address(tasks))
        );
        new TaskManager(ownStakes, registry);
    }

    function test_deploy_refusesTheZeroAddress() public {
        vm.expectRevert(IStakeManager.ZeroAddress.selector);
        new StakeManager(address(0));
        vm.expectRevert(IModelRegistry.ZeroAddress.selector);
        new ModelRegistry(address(0));
    }
}
