// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Parts
/// @notice Long answers are cut into parts, so that each fits a transaction that any chain takes.
library Parts {
    /// @notice How many bytes a part has, the last one at most: with all else a transaction under 95 kB.
    uint256 internal constant BYTES = 65_536;

    /// @notice How many entries of a mask, which has no bytes, count as a part: some 8 million gas.
    uint256 internal constant MASK_ENTRIES = 16_384;

    /// @notice How many parts so many bytes make: one at least.
    function count(uint256 length) internal pure returns (uint256) {
        return Math.max(1, Math.ceilDiv(length, BYTES));
    }

    /// @notice keccak256 of the parts' hashes: what stands for bytes in `IOpenings`.
    function rootOf(bytes calldata data) internal pure returns (bytes32) {
        uint256 parts = count(data.length);
        bytes32[] memory hashes = new bytes32[](parts);
        for (uint256 i; i < parts; ++i) {
            hashes[i] = keccak256(data[i * BYTES:Math.min((i + 1) * BYTES, data.length)]);
        }
        return keccak256(abi.encodePacked(hashes));
    }
}
