// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A point of BN254's group G1 in affine coordinates; (0, 0) stands for the identity, as the precompiles have
/// it. On the wire it is 64 bytes, x then y, big-endian.
struct G1 {
    uint256 x;
    uint256 y;
}

/// @notice A point of BN254's group G2, as the precompile of EIP-197 reads it: each coordinate is a number of the
/// quadratic extension, its imaginary part first.
struct G2 {
    uint256 xImaginary;
    uint256 xReal;
    uint256 yImaginary;
    uint256 yReal;
}

/// @title BN254
/// @notice Arithmetic in G1 of BN254 (alt_bn128) over the precompiles of EIP-196, and pairings by that of EIP-197.
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

    /// @notice Whether e(a, [1]_2) = e(b, point), where [1]_2 is the generator of G2.
    /// @dev No for anything that is no canonical point of its group: the precompile refuses it. The identity is one.
    function pairsEqually(G1 memory a, G1 memory b, G2 memory point) internal view returns (bool equal) {
        G1 memory negative = b.y < Q ? negate(b) : b; // which is refused
        uint256[12] memory input = [
            a.x,
            a.y,
            0x198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2,
            0x1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed,
            0x090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b,
            0x12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa,
            negative.x,
            negative.y,
            point.xImaginary,
            point.xReal,
            point.yImaginary,
            point.yReal
        ];
        assembly ("memory-safe") {
            let success := staticcall(gas(), 0x08, input, 0x180, 0x00, 0x20)
            equal := and(success, eq(mload(0x00), 1))
        }
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
