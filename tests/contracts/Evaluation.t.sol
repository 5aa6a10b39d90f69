// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {BN254} from "../../contracts/libraries/BN254.sol";
import {Evaluation, Sum} from "../../contracts/libraries/Evaluation.sol";
import {Masks} from "../../contracts/libraries/Masks.sol";

/// @notice The fraction that `Evaluation` adds up is the value of the polynomial, as Lagrange has it: each entry by a
/// product over all other places and an inverse of its own, in the domain of powers of 7^((P - 1) / 2^k).
/// @dev By fuzz: products of three numbers modulo a prime of 254 bits are beyond the solvers of tests/symbolic.
contract EvaluationTest is Test {
    using Evaluation for Sum;

    uint256 private constant P = BN254.P;
    uint256 private constant RESERVED = 6; // rows at the end of a column, which are ones

    function test_addWords_isTheValueOfThePolynomial(
        uint256 k,
        uint256 r,
        uint256[26] memory values,
        uint256 n
    )
        public
        view
    {
        (k, r, n) = bounded(k, r, n);
        uint256[] memory entries = new uint256[](n);
        bytes memory encoded;
        for (uint256 i; i < n; ++i) {
            entries[i] = values[i] % P;
            encoded = abi.encodePacked(encoded, entries[i]);
        }
        assertValue(this.addWords(k, r, encoded), k, r, entries);
    }

    function test_addPacked_isTheValueOfThePolynomial(
        uint256 k,
        uint256 r,
        int64[26] memory values,
        uint256 n
    )
        public
        view
    {
        (k, r, n) = bounded(k, r, n);
        uint256[] memory entries = new uint256[](n);
        bytes memory encoded;
        for (uint256 i; i < n; ++i) {
            int256 value = values[i];
            entries[i] = value < 0 ? P - uint256(-value) : uint256(value);
            encoded = abi.encodePacked(encoded, values[i]);
        }
        assertValue(this.addPacked(k, r, encoded), k, r, entries);
    }

    function test_addMask_isTheValueOfThePolynomial(
        uint256 k,
        uint256 r,
        bytes32 seed,
        uint256 n,
        uint256 cut
    )
        public
        view
    {
        (k, r, n) = bounded(k, r, n);
        Sum memory sum = Evaluation.start(k, r);
        cut = bound(cut, 0, n);
        sum.addMask(seed, 0, cut);
        sum.addMask(seed, cut, n);
        assertValue(sum, k, r, Masks.expand(seed, n));
    }

    function test_add_isTheValueOfThePolynomial(
        uint256 k,
        uint256 r,
        uint256[26] memory values,
        uint256 n
    )
        public
        view
    {
        (k, r, n) = bounded(k, r, n);
        uint256[] memory entries = new uint256[](n);
        Sum memory sum = Evaluation.start(k, r);
        for (uint256 i; i < n; ++i) {
            entries[i] = values[i] % P;
            sum.add(entries[i]);
        }
        assertValue(sum, k, r, entries);
    }

    function test_moveTo_passesZeros(uint256 k, uint256 r, uint256 entry, uint256 n) public view {
        (k, r, n) = bounded(k, r, n);
        uint256[] memory entries = new uint256[](n);
        entries[n - 1] = entry % P;
        Sum memory sum = Evaluation.start(k, r);
        sum.moveTo(r, n - 1);
        sum.add(entries[n - 1]);
        assertValue(sum, k, r, entries);
    }

    function test_denominator_isZeroInTheDomain(uint256 k, uint256 row, uint256[26] memory values) public view {
        k = bound(k, 3, 5);
        uint256 n = (1 << k) - RESERVED;
        row = bound(row, 0, (1 << k) - 1);
        bytes memory encoded;
        for (uint256 i; i < n; ++i) {
            encoded = abi.encodePacked(encoded, values[i] % P);
        }
        assertEq(this.addWords(k, place(k, row), encoded).denominator, 0);
    }

    function addWords(uint256 k, uint256 r, bytes calldata entries) external view returns (Sum memory sum) {
        sum = Evaluation.start(k, r);
        assertTrue(sum.addWords(entries));
    }

    function addPacked(uint256 k, uint256 r, bytes calldata entries) external view returns (Sum memory sum) {
        sum = Evaluation.start(k, r);
        sum.addPacked(entries);
    }

    /// @dev A column of 8 to 32 rows, a place outside its domain, and how many entries it has.
    function bounded(uint256 k, uint256 r, uint256 n) private view returns (uint256, uint256, uint256) {
        k = bound(k, 3, 5);
        r = bound(r, 1, P - 1);
        vm.assume(power(r, 1 << k) != 1);
        return (k, r, bound(n, 1, (1 << k) - RESERVED));
    }

    /// @dev f(r) = (r^n - 1) / n * N / D.
    function assertValue(Sum memory sum, uint256 k, uint256 r, uint256[] memory entries) private view {
        uint256 scale = mulmod(addmod(power(r, 1 << k), P - 1, P), inverse(1 << k), P);
        uint256 value = mulmod(scale, mulmod(sum.numerator, inverse(sum.denominator), P), P);
        assertEq(value, lagrange(k, r, entries));
        assertLt(sum.numerator, P);
    }

    /// @dev The value at r of the polynomial through the entries, then zeros, then ones in the last rows.
    function lagrange(uint256 k, uint256 r, uint256[] memory entries) private view returns (uint256 value) {
        uint256 rows = 1 << k;
        uint256[] memory x = new uint256[](rows);
        for (uint256 i; i < rows; ++i) {
            x[i] = place(k, i);
        }
        for (uint256 i; i < rows; ++i) {
            uint256 entry = i < entries.length ? entries[i] : i < rows - RESERVED ? 0 : 1;
            (uint256 above, uint256 below) = (entry, 1);
            for (uint256 j; j < rows; ++j) {
                if (i == j) continue;
                above = mulmod(above, addmod(r, P - x[j], P), P);
                below = mulmod(below, addmod(x[i], P - x[j], P), P);
            }
            value = addmod(value, mulmod(above, inverse(below), P), P);
        }
    }

    function place(uint256 k, uint256 row) private view returns (uint256) {
        return power(7, (P - 1 >> k) * row);
    }

    function inverse(uint256 number) private view returns (uint256) {
        assertNotEq(number, 0);
        return power(number, P - 2);
    }

    function power(uint256 base, uint256 exponent) private view returns (uint256) {
        (bool success, bytes memory result) = address(5).staticcall(abi.encode(32, 32, 32, base, exponent, P));
        assertTrue(success);
        return abi.decode(result, (uint256));
    }
}
