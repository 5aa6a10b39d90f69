// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

import {BN254, G1} from "./BN254.sol";

/// @notice A member of an attempt, and the commitment of the update that it masks.
struct Member {
    address account;
    G1 update;
}

/// @title Masks
/// @notice The masks that two peers of an attempt share; node/headwater/protocol/masks.py says what they are.
library Masks {
    /// @dev 2^256 mod P.
    uint256 internal constant WORD = type(uint256).max % BN254.P + 1;

    /// @notice k_ij: the seed of the mask of two members of an attempt, in either order.
    function seedOf(
        G1 memory shared,
        uint256 tag,
        uint256 round,
        uint256 attempt,
        Member memory one,
        Member memory other
    )
        internal
        pure
        returns (bytes32)
    {
        if (other.account < one.account) (one, other) = (other, one);
        return keccak256(abi.encode(shared, tag, round, attempt, one.account, other.account, one.update, other.update));
    }

    /// @notice M_ij[index].
    function entry(bytes32 seed, uint256 index) internal pure returns (uint256) {
        uint256 high = uint256(Hashes.efficientKeccak256(seed, bytes32(2 * index)));
        uint256 low = uint256(Hashes.efficientKeccak256(seed, bytes32(2 * index + 1)));
        return addmod(mulmod(high, WORD, BN254.P), low, BN254.P);
    }

    /// @notice M_ij: so many entries.
    function expand(bytes32 seed, uint256 length) internal pure returns (uint256[] memory mask) {
        mask = new uint256[](length);
        for (uint256 i; i < length; ++i) {
            mask[i] = entry(seed, i);
        }
    }

    /// @notice By what the members of an attempt are ordered on their circle.
    function place(bytes32 seed, address member) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(seed, member));
    }

    /// @notice How far clockwise `to` stands from `from` on the circle; zero only from itself.
    function distance(bytes32 seed, address from, address to) internal pure returns (uint256) {
        unchecked {
            return uint256(place(seed, to)) - uint256(place(seed, from));
        }
    }
}
