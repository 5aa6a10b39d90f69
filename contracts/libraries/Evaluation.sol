// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BN254, G1, G2} from "./BN254.sol";
import {Masks} from "./Masks.sol";

/// @notice The value of a vector's polynomial at a place, added up entry by entry.
/// @dev A fraction, so that there is one inversion at the end instead of one for each entry.
struct Sum {
    uint256 numerator;
    uint256 denominator;
    /// r w^-i for the entry i that comes next.
    uint256 place;
    /// w^-1.
    uint256 step;
}

/// @title Evaluation
/// @notice The value of a committed vector's polynomial at a place r, and whether a commitment has that value there.
/// @dev C commits to the polynomial f over the domain 1, w, w^2, .. of n = 2^k points whose values are the vector, then
/// zeros, then ones in the last six (rows that EZKL keeps). By Lagrange, f(r) = (r^n - 1) / n * sum of v_i w^i / (r -
/// w^i), and w^i / (r - w^i) = 1 / (r w^-i - 1). The sum is kept as one fraction: N / D + v / b = (N b + v D) / (D b).
/// That C has the value y at r is shown by a point Q, the commitment of (f - y) / (X - r):
/// e(C - y G + r Q, [1]_2) = e(Q, [tau]_2) (Kate, Zaverucha and Goldberg 2010). With r drawn by hashing C and the vector,
/// this shows that C is the commitment of the vector, but with a probability of some 2^k / P.
library Evaluation {
    using BN254 for G1;

    uint256 private constant P =
        21_888_242_871_839_275_222_246_405_745_257_275_088_548_364_400_416_034_343_698_204_186_575_808_495_617;

    /// @dev log2 of the largest domain: P - 1 has so many factors of two.
    uint256 private constant TWO_ADICITY = 28;

    /// @dev 7^((P - 1) / 2^28): a primitive 2^28-th root of unity, the one of halo2.
    uint256 private constant ROOT = 0x03ddb9f5166d18b798865ea93dd31f743215cf6dd39329c8d34f1ed960c37c9c;

    /// @notice How many rows of a column EZKL keeps, the last: a committed vector has ones there.
    uint256 internal constant UNUSABLE_ROWS = 6;

    /// @notice Starts a sum at r with the ones at the end of the column.
    function start(uint256 k, uint256 r) internal view returns (Sum memory sum) {
        uint256 w = power(ROOT, 1 << (TWO_ADICITY - k));
        sum.denominator = r == 0 ? 0 : 1; // of 0 all places are 0, and the loops below take 1 from them
        sum.place = r;
        sum.step = w;
        // backwards from row n, which is row 0: r w^-(n - j) = r w^j
        for (uint256 j; j < UNUSABLE_ROWS; ++j) {
            sum.place = mulmod(sum.place, w, P);
            _add(sum, 1);
        }
        sum.place = r;
        sum.step = power(w, (1 << k) - 1); // w^(n - 1) = w^-1
    }

    /// @notice Goes on to the place of entry `index`, wherever the sum is.
    function moveTo(Sum memory sum, uint256 r, uint256 index) internal view {
        sum.place = mulmod(r, power(sum.step, index), P);
    }

    /// @notice Adds an entry, and moves on to the next.
    function add(Sum memory sum, uint256 entry) internal pure {
        _add(sum, entry);
        sum.place = mulmod(sum.place, sum.step, P);
    }

    /// @notice Adds entries of 32 bytes, big-endian.
    /// @dev Here and below `p` is P on the stack, where it costs 3 gas: of a constant the optimizer, which saves bytes,
    /// would compute it anew each time. n stays below 2 P, which fits, and the next product reduces it.
    /// @return canonical Whether all are below P.
    function addWords(Sum memory sum, bytes calldata entries) internal pure returns (bool canonical) {
        canonical = true;
        assembly ("memory-safe") {
            let p := P
            if iszero(calldatasize()) { p := 0 } // never; so that it is no constant
            let n := mload(sum)
            let d := mload(add(sum, 0x20))
            let z := mload(add(sum, 0x40))
            let step := mload(add(sum, 0x60))
            let end := add(entries.offset, entries.length)
            for { let next := entries.offset } lt(next, end) { next := add(next, 0x20) } {
                let v := calldataload(next)
                canonical := and(canonical, lt(v, p))
                n := add(mulmod(n, sub(z, 1), p), mulmod(v, d, p))
                d := mulmod(d, sub(z, 1), p)
                z := mulmod(z, step, p)
            }
            mstore(sum, mod(n, p))
            mstore(add(sum, 0x20), d)
            mstore(add(sum, 0x40), z)
        }
    }

    /// @notice Adds entries of 8 bytes, big-endian, signed.
    function addPacked(Sum memory sum, bytes calldata entries) internal pure {
        assembly ("memory-safe") {
            let p := P
            if iszero(calldatasize()) { p := 0 }
            let n := mload(sum)
            let d := mload(add(sum, 0x20))
            let z := mload(add(sum, 0x40))
            let step := mload(add(sum, 0x60))
            let end := add(entries.offset, entries.length)
            for { let next := entries.offset } lt(next, end) { next := add(next, 8) } {
                let v := sar(192, calldataload(next)) // the first 8 bytes of what is there, with their sign
                v := add(v, mul(p, slt(v, 0)))
                n := add(mulmod(n, sub(z, 1), p), mulmod(v, d, p))
                d := mulmod(d, sub(z, 1), p)
                z := mulmod(z, step, p)
            }
            mstore(sum, mod(n, p))
            mstore(add(sum, 0x20), d)
            mstore(add(sum, 0x40), z)
        }
    }

    /// @notice Adds entries `first` to `last - 1` of the mask that a seed stands for: what `Masks.entry` says, without a
    /// call for each.
    function addMask(Sum memory sum, bytes32 seed, uint256 first, uint256 last) internal pure {
        uint256 word = Masks.WORD;
        assembly ("memory-safe") {
            let p := P
            if iszero(calldatasize()) { p := 0 }
            let n := mload(sum)
            let d := mload(add(sum, 0x20))
            let z := mload(add(sum, 0x40))
            let step := mload(add(sum, 0x60))
            mstore(0x00, seed)
            let end := mul(2, last)
            for { let i := mul(2, first) } lt(i, end) { i := add(i, 2) } {
                mstore(0x20, i)
                let v := mulmod(keccak256(0x00, 0x40), word, p)
                mstore(0x20, add(i, 1))
                v := addmod(v, keccak256(0x00, 0x40), p)
                n := add(mulmod(n, sub(z, 1), p), mulmod(v, d, p))
                d := mulmod(d, sub(z, 1), p)
                z := mulmod(z, step, p)
            }
            mstore(sum, mod(n, p))
            mstore(add(sum, 0x20), d)
            mstore(add(sum, 0x40), z)
        }
    }

    /// @notice Whether the polynomial behind a commitment has, at r, the value that was added up.
    /// @param quotient Q: anything; only the right point is right.
    /// @dev No where r is 0 or in the domain, which happens by chance with a probability of 2^k / P.
    function check(
        Sum memory sum,
        uint256 k,
        uint256 r,
        G1 memory commitment,
        G1 memory quotient,
        G2 memory tau
    )
        internal
        view
        returns (bool)
    {
        if (sum.denominator == 0) return false;
        uint256 n = 1 << k;
        uint256 scale = addmod(power(r, n), P - 1, P); // r^n - 1
        uint256 inverse = power(mulmod(sum.denominator, n, P), P - 2);
        uint256 y = mulmod(mulmod(scale, sum.numerator, P), inverse, P);
        G1 memory left = commitment.add(BN254.generator().mul(P - y)).add(quotient.mul(r));
        return BN254.pairsEqually(left, quotient, tau);
    }

    /// @notice base^exponent mod P, by the precompile of EIP-198.
    function power(uint256 base, uint256 exponent) internal view returns (uint256 result) {
        assembly ("memory-safe") {
            let buffer := mload(0x40) // scratch past the free pointer: the precompile reads it at once
            mstore(buffer, 0x20)
            mstore(add(buffer, 0x20), 0x20)
            mstore(add(buffer, 0x40), 0x20)
            mstore(add(buffer, 0x60), base)
            mstore(add(buffer, 0x80), exponent)
            mstore(add(buffer, 0xa0), P)
            pop(staticcall(gas(), 0x05, buffer, 0xc0, 0x00, 0x20)) // it takes any numbers
            result := mload(0x00)
        }
    }

    function _add(Sum memory sum, uint256 entry) private pure {
        uint256 b = addmod(sum.place, P - 1, P);
        sum.numerator = addmod(mulmod(sum.numerator, b, P), mulmod(entry, sum.denominator, P), P);
        sum.denominator = mulmod(sum.denominator, b, P);
    }
}
