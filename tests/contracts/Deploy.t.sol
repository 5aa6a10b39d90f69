// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IChallengeManager} from "../../contracts/interfaces/IChallengeManager.sol";
import {ILens} from "../../contracts/interfaces/ILens.sol";
import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {HeadwaterTest} from "./helpers/HeadwaterTest.sol";

contract DeployTest is HeadwaterTest {
    function test_deploy_bindsTheContractsTogether() public view {
        assertEq(tasks.stakeManager(), address(stakes));
        assertEq(tasks.modelRegistry(), address(registry));
        assertEq(tasks.challengeManager(), address(challenges));
        assertEq(stakes.taskManager(), address(tasks));
        assertEq(stakes.challengeManager(), address(challenges));
        assertEq(registry.taskManager(), address(tasks));
        assertEq(challenges.taskManager(), address(tasks));
        assertEq(lens.taskManager(), address(tasks));
    }

    function test_deploy_refusesAStakeManagerOfAnotherTaskManager() public {
        refuses(address(stakes), nextAddress(), address(tasks), address(stakes), address(registry), address(challenges));
    }

    function test_deploy_refusesAStakeManagerOfAnotherChallengeManager() public {
        address next = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 2);
        address own = deploy("StakeManager", abi.encode(next, address(challenges)));
        address challenges_ = deploy("ChallengeManager", abi.encode(next));
        refuses(own, challenges_, address(challenges), own, address(registry), challenges_);
    }

    function test_deploy_refusesAModelRegistryOfAnotherTaskManager() public {
        address next = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        address own = deploy("StakeManager", abi.encode(next, address(challenges)));
        refuses(address(registry), next, address(tasks), own, address(registry), address(challenges));
    }

    function test_deploy_refusesAChallengeManagerOfAnotherTaskManager() public {
        address next = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 2);
        address own = deploy("StakeManager", abi.encode(next, address(challenges)));
        address ownRegistry = deploy("ModelRegistry", abi.encode(next));
        refuses(address(challenges), next, address(tasks), own, ownRegistry, address(challenges));
    }

    function test_deploy_refusesTheZeroAddress() public {
        vm.expectRevert(IStakeManager.ZeroAddress.selector);
        this.create("StakeManager", abi.encode(address(0), address(challenges)));
        vm.expectRevert(IStakeManager.ZeroAddress.selector);
        this.create("StakeManager", abi.encode(address(tasks), address(0)));
        vm.expectRevert(IModelRegistry.ZeroAddress.selector);
        this.create("ModelRegistry", abi.encode(address(0)));
        vm.expectRevert(IChallengeManager.ZeroAddress.selector);
        this.create("ChallengeManager", abi.encode(address(0)));
        vm.expectRevert(ILens.ZeroAddress.selector);
        this.create("Lens", abi.encode(address(0)));
    }

    function create(string memory name, bytes memory arguments) external {
        deploy(name, arguments);
    }

    function nextAddress() private view returns (address) {
        return vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
    }

    /// @dev Deploying a TaskManager with these three fails because `deployed` serves `actual`.
    function refuses(
        address deployed,
        address expected,
        address actual,
        address stakes_,
        address registry_,
        address challenges_
    )
        private
    {
        vm.expectRevert(abi.encodeWithSelector(ITaskManager.WrongTaskManager.selector, deployed, expected, actual));
        this.create("TaskManager", abi.encode(stakes_, registry_, challenges_));
    }
}
