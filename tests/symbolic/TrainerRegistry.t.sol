// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Create3} from "@openzeppelin/contracts/utils/Create3.sol";
import {Vm} from "forge-std/Vm.sol";

import {TrainerRegistry} from "../../contracts/TrainerRegistry.sol";
import {IDeployed} from "../../contracts/interfaces/IDeployed.sol";
import {IRoundManager} from "../../contracts/interfaces/IRoundManager.sol";
import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {ITrainerRegistry} from "../../contracts/interfaces/ITrainerRegistry.sol";
import {Terms} from "../../contracts/libraries/Terms.sol";

contract TrainerRegistrySymbolic {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint256 private constant TASK = 1;

    TrainerRegistry private registry;

    // what the round manager says
    IRoundManager.Duty private duty;
    uint256 private owed;
    // what the stake manager is told
    uint256 private slashed;
    uint256 private compensated;

    function setUp() public {
        address all = address(this);
        registry = new TrainerRegistry(IDeployed.Addresses(all, all, all, all, all, all, all, all, all));
        VM.setArbitraryStorage(address(registry));
    }

    function check_settle(
        address trainer,
        uint8 duty_,
        uint96 owed_,
        uint96 stake,
        uint16 faultSlash,
        uint16 absenceSlash
    )
        public
    {
        require(faultSlash <= Terms.WHOLE && absenceSlash <= faultSlash && duty_ <= uint8(type(IRoundManager.Duty).max));
        (duty, owed) = (IRoundManager.Duty(duty_), owed_);
        ITaskManager.Task memory task;
        (task.config.stake, task.config.faultSlash, task.config.absenceSlash) = (stake, faultSlash, absenceSlash);
        VM.etch(Create3.computeAddress(bytes32(TASK), address(this)), bytes.concat(hex"00", abi.encode(task)));

        ITrainerRegistry.Enrolment memory before = registry.getEnrolment(TASK, trainer);
        uint256 amount = registry.settle(TASK, trainer);
        ITrainerRegistry.Enrolment memory after_ = registry.getEnrolment(TASK, trainer);

        assert(before.round != 0 && after_.round == 0 && duty != IRoundManager.Duty.Open);
        assert(amount <= before.stake && after_.stake == before.stake - amount);
        assert(amount == 0 || duty != IRoundManager.Duty.Done);
        assert(slashed == amount && compensated <= slashed && compensated <= owed);
    }

    function dutyOf(uint256, uint256, address) external view returns (IRoundManager.Duty, address, uint256) {
        return (duty, address(1), owed);
    }

    function slash(uint256, address, uint256 amount, address, uint256 owed_) external {
        (slashed, compensated) = (amount, owed_);
    }
}
