// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Calls whatever it is told, and while it is being paid, calls again.
contract Greedy {
    /// @notice What it calls whoever pays it; nothing if empty.
    bytes public again;

    /// @notice What the last such call was refused with; empty if it was not.
    bytes public refusal;

    function call(address target, uint256 value, bytes calldata data, bytes calldata again_) external payable {
        (again, refusal) = (again_, "");
        (bool success, bytes memory reason) = target.call{value: value}(data);
        if (!success) {
            assembly ("memory-safe") {
                revert(add(reason, 0x20), mload(reason))
            }
        }
    }

    receive() external payable {
        if (again.length == 0 || msg.sender.balance < msg.value) return;
        (bool success, bytes memory reason) = msg.sender.call(again);
        if (!success) refusal = reason;
    }
}
