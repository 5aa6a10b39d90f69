// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

import {StakeManager} from "../../contracts/StakeManager.sol";
import {IDeployed} from "../../contracts/interfaces/IDeployed.sol";
import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";

/// @dev What is said here is false, so that a proof of the rest says something: `make audit-contracts` fails unless halmos
/// finds a counterexample to each.
contract WeakenedSymbolic {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    StakeManager private stakes;

    function setUp() public {
        address all = address(this);
        stakes = new StakeManager(IDeployed.Addresses(all, all, all, all, all, all, all, all, all));
        VM.setArbitraryStorage(address(stakes));
    }

    /// @dev The share forgets the fee.
    function check_share_leavesTheFee(uint96 fee, uint96 rest, uint16 trainers) public pure {
        require(trainers != 0);
        ITaskManager.TaskConfig memory config;
        (config.rounds, config.aggregatorFee) = (1, fee);
        assert(_share(config, uint256(fee) + rest, trainers) * trainers <= rest);
    }

    /// @dev What is owed is not burnt.
    function check_slash_burnsAll(uint256 taskId, address account, uint256 amount, address payee, uint256 owed) public {
        uint256 burnt = stakes.burnt();
        stakes.slash(taskId, account, amount, payee, owed);
        assert(stakes.burnt() == burnt + amount);
    }

    function _share(
        ITaskManager.TaskConfig memory config,
        uint256 pool,
        uint256 trainers
    )
        private
        pure
        returns (uint256)
    {
        return pool / config.rounds / trainers;
    }
}
