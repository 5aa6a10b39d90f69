// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice An account that is a contract: it calls whatever it is told.
contract Agent {
    error Disliked();
    error Failed();

    function call(address target, bytes calldata data) external payable {
        _call(target, data);
    }

    /// @notice Calls with so many zeros behind the calldata, which no transaction has paid for.
    function callPadded(address target, bytes calldata data, uint256 zeros) external payable {
        bool success;
        assembly ("memory-safe") {
            let buffer := mload(0x40) // nobody has written there yet
            calldatacopy(buffer, data.offset, data.length)
            success := call(gas(), target, 0, buffer, add(data.length, zeros), 0, 0)
        }
        if (!success) revert Failed();
    }

    /// @notice Calls if it likes the seed that the block before this one would make: if it starts with so many zeros.
    function callIf(address target, bytes calldata data, uint256 taskId, uint256 bits) external payable {
        bytes32 seed = keccak256(abi.encode(blockhash(block.number - 1), taskId, uint256(1), uint256(1)));
        if (uint256(seed) >> (256 - bits) != 0) revert Disliked();
        _call(target, data);
    }

    function _call(address target, bytes memory data) private {
        (bool success, bytes memory reason) = target.call{value: msg.value}(data);
        if (!success) {
            assembly ("memory-safe") {
                revert(add(reason, 0x20), mload(reason))
            }
        }
    }

    receive() external payable {}
}
