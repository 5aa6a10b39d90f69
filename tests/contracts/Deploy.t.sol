// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDeployed} from "../../contracts/interfaces/IDeployed.sol";
import {ILens} from "../../contracts/interfaces/ILens.sol";
import {HeadwaterTest} from "./helpers/HeadwaterTest.sol";

contract DeployTest is HeadwaterTest {
    function test_deploy_bindsTheContractsTogether() public view {
        IDeployed.Addresses memory all = IDeployed.Addresses({
            taskManager: address(tasks),
            roundManager: address(rounds),
            trainerRegistry: address(trainers),
            rewardManager: address(rewards),
            stakeManager: address(stakes),
            modelRegistry: address(registry),
            challengeManager: address(challenges),
            openings: address(openings),
            proofManager: address(proving)
        });
        address[10] memory deployed = [
            all.taskManager,
            all.roundManager,
            all.trainerRegistry,
            all.rewardManager,
            all.stakeManager,
            all.modelRegistry,
            all.challengeManager,
            all.openings,
            all.proofManager,
            address(lens)
        ];
        for (uint256 i; i < deployed.length; ++i) {
            bytes32 told = keccak256(abi.encode(IDeployed(deployed[i]).deployment()));
            assertEq(told, keccak256(abi.encode(all)));
        }
    }

    /// @dev Each of the nine may be the one that was told something else.
    function test_deploy_refusesALensOfMoreThanOneDeployment() public {
        string[9] memory names = namesOf();
        for (uint256 i; i < names.length; ++i) {
            IDeployed.Addresses memory all = nextAddresses();
            address[9] memory deployed;
            for (uint256 j; j < names.length; ++j) {
                IDeployed.Addresses memory told = abi.decode(abi.encode(all), (IDeployed.Addresses));
                if (i == j) told = set(told, (j + 1) % 9, STRANGER);
                deployed[j] = deploy(names[j], abi.encode(told));
            }
            refusesLens(all, deployed[i]);
        }
    }

    function test_deploy_refusesALensOfOtherAddresses() public {
        IDeployed.Addresses memory all = lens_().deployment();
        for (uint256 i; i < 9; ++i) {
            IDeployed.Addresses memory other = abi.decode(abi.encode(all), (IDeployed.Addresses));
            // the first that is asked was told of another; and an account without code tells nothing
            refusesLens(set(other, i, STRANGER), i == 0 ? STRANGER : all.taskManager);
        }
    }

    function test_deploy_refusesTheZeroAddress() public {
        string[9] memory names = namesOf();
        for (uint256 i; i < names.length; ++i) {
            for (uint256 j; j < names.length; ++j) {
                bytes memory arguments = abi.encode(set(nextAddresses(), j, address(0)));
                vm.expectRevert(IDeployed.ZeroAddress.selector);
                this.create(names[i], arguments);
            }
        }
        bytes memory zero = abi.encode(set(nextAddresses(), 0, address(0)));
        vm.expectRevert(IDeployed.ZeroAddress.selector);
        this.create("Lens", zero);
    }

    function create(string memory name, bytes memory arguments) external {
        deploy(name, arguments);
    }

    function refusesLens(IDeployed.Addresses memory all, address deployed) private {
        vm.expectRevert(abi.encodeWithSelector(ILens.NotOneDeployment.selector, deployed));
        this.create("Lens", abi.encode(all));
    }

    function lens_() private view returns (IDeployed) {
        return IDeployed(address(lens));
    }

    function namesOf() private pure returns (string[9] memory) {
        return [
            "TaskManager",
            "RoundManager",
            "TrainerRegistry",
            "RewardManager",
            "StakeManager",
            "ModelRegistry",
            "ChallengeManager",
            "Openings",
            "ProofManager"
        ];
    }

    /// @dev Puts another address in the place of the one at this index.
    function set(
        IDeployed.Addresses memory all,
        uint256 index,
        address other
    )
        private
        pure
        returns (IDeployed.Addresses memory)
    {
        address[9] memory addresses = abi.decode(abi.encode(all), (address[9]));
        addresses[index] = other;
        return abi.decode(abi.encode(addresses), (IDeployed.Addresses));
    }
}
