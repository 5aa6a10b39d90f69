// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A point of BN254's group G1 in affine coordinates; (0, 0) stands for the identity, as the precompiles have
/// it. On the wire it is 64 bytes, x then y, big-endian.
struct G1 {
    uint256 x;
    uint256 y;
}

/// @title BN254
/// @notice Arithmetic in G1 of BN254 (alt_bn128) over the precompiles of EIP-196.
/// @dev The curve is y^2 = x^3 + 3 over the field of `Q` elements. Its group has prime order `P` and cofactor 1, so
/// every point on the curve is in the group: to check the equation is to check the subgroup.
library BN254 {
    /// @notice Thrown when (x, y) is no point of the curve in canonical coordinates. The identity counts as none.
    error InvalidPoint(uint256 x, uint256 y);

    /// @dev The order of the base field, in which coordinates live.
    uint256 internal constant Q =
        21_888_242_871_839_275_222_246_405_745_257_275_088_696_311_157_297_823_662_689_037_894_645_226_208_583;

    /// @dev The order of the group, and of the scalar field in which vectors live.
    uint256 internal constant P =
        21_888_242_871_839_275_222_246_405_745_257_275_088_548_364_400_416_034_343_698_204_186_575_808_495_617;

    /// @notice Returns the generator (1, 2).
    function generator() internal pure returns (G1 memory) {
        return G1(1, 2);
    }

    /// @notice Returns a + b.
    /// @dev Reverts with `InvalidPoint(a)` when either is off the curve or not canonical; the identity is allowed.
    function add(G1 memory a, G1 memory b) internal view returns (G1 memory sum) {
        bool success;
        assembly ("memory-safe") {
            let buffer := mload(0x40) // scratch past the free pointer: the precompile reads it at once
            mcopy(buffer, a, 0x40)
            mcopy(add(buffer, 0x40), b, 0x40)
            success := staticcall(gas(), 0x06, buffer, 0x80, sum, 0x40)
        }
        if (!success) revert InvalidPoint(a.x, a.y);
    }

    /// @notice Returns scalar * a.
    /// @dev Reverts with `InvalidPoint(a)` when a is off the curve or not canonical. The scalar may be any number.
    function mul(G1 memory a, uint256 scalar) internal view returns (G1 memory product) {
        bool success;
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            mcopy(buffer, a, 0x40)
            mstore(add(buffer, 0x40), scalar)
            success := staticcall(gas(), 0x07, buffer, 0x60, product, 0x40)
        }
        if (!success) revert InvalidPoint(a.x, a.y);
    }

    /// @notice Returns -a. `a` must be canonical.
    function negate(G1 memory a) internal pure returns (G1 memory) {
        return G1(a.x, a.y == 0 ? 0 : Q - a.y);
    }

    /// @notice Whether a and b are the same point.
    function equals(G1 memory a, G1 memory b) internal pure returns (bool) {
        return a.x == b.x && a.y == b.y;
    }

    /// @notice The key of a point in mappings and events: keccak256 of its 64 bytes.
    function hash(G1 memory a) internal pure returns (bytes32) {
        return keccak256(abi.encode(a));
    }

    /// @notice Whether a is on the curve, canonical and not the identity.
    function isPoint(G1 memory a) internal pure returns (bool) {
        // the identity (0, 0) fails the equation by itself
        bool onCurve = mulmod(a.y, a.y, Q) == addmod(mulmod(mulmod(a.x, a.x, Q), a.x, Q), 3, Q);
        return a.x < Q && a.y < Q && onCurve;
    }

    /// @notice Reverts with `InvalidPoint` unless a is on the curve, canonical and not the identity.
    function validate(G1 memory a) internal pure {
        if (!isPoint(a)) revert InvalidPoint(a.x, a.y);
    }
}
