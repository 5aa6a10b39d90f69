// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IStakeManager} from "../../../contracts/interfaces/IStakeManager.sol";

/// @notice Deposits, and cannot be paid.
contract Unpayable {
    function deposit(IStakeManager stakes) external payable {
        stakes.deposit{value: msg.value}();
    }

    function withdraw(IStakeManager stakes, uint256 amount) external {
        stakes.withdraw(amount);
    }
}

/// @notice Tries to be paid again while it is being paid, and remembers why it was refused.
contract Reentrant {
    bytes public again;
    bytes public refusal;

    function run(IStakeManager stakes, uint256 value, bytes calldata first, bytes calldata again_) external payable {
        if (value != 0) stakes.deposit{value: value}();
        again = again_;
        (bool success, bytes memory reason) = address(stakes).call(first);
        if (!success) {
            assembly ("memory-safe") {
                revert(add(reason, 0x20), mload(reason))
            }
        }
    }

    receive() external payable {
        (bool success, bytes memory reason) = msg.sender.call(again);
        require(!success, "paid twice");
        refusal = reason;
    }
}
