// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Create3} from "@openzeppelin/contracts/utils/Create3.sol";

/// @title Code
/// @notice Bytes kept as the code of accounts: what never changes is cheaper to write and to read so than in storage.
/// @dev The account is one that the keeper created with a key as salt (CREATE3), so everybody computes where it is. Its
/// code is a STOP, so that nobody can run it, and the bytes.
library Code {
    /// @dev Creation code: returns all that follows its own 11 bytes.
    /// PUSH1 11 | CODESIZE | SUB | DUP1 | PUSH1 11 | PUSH0 | CODECOPY | PUSH0 | RETURN, then the STOP.
    bytes private constant RETURN_THE_REST = hex"600b380380600b5f395ff300";

    /// @notice Keeps bytes of the calling contract's, once for each key.
    function write(bytes32 key, bytes memory data) internal {
        Create3.deploy(0, key, bytes.concat(RETURN_THE_REST, data));
    }

    /// @notice Where a contract keeps the bytes of a key.
    function accountOf(address keeper, bytes32 key) internal pure returns (address account) {
        return Create3.computeAddress(key, keeper);
    }

    /// @notice The bytes; empty if there are none.
    function read(address keeper, bytes32 key) internal view returns (bytes memory data) {
        address account = accountOf(keeper, key);
        uint256 size = account.code.length;
        if (size == 0) return "";
        data = new bytes(size - 1);
        assembly ("memory-safe") {
            extcodecopy(account, add(data, 0x20), 1, sub(size, 1))
        }
    }
}
