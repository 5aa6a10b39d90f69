// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITaskManager} from "../interfaces/ITaskManager.sol";
import {BN254, G1} from "./BN254.sol";

/// @title Commitments
/// @notice What tasks compute with commitments: EZKL's KZG commitments of vectors, which are affine.
/// @dev C(v) = B + sum of v_i * L_i, where B = C(0) is the `offset` and L_i are basis points. Hence
/// C(a) + C(b) = C(a + b) + B, and adding e_i * s to a vector adds s * L_i to its commitment.
library Commitments {
    using BN254 for G1;
    using Commitments for G1;

    /// @notice Thrown when a proof does not reach to the end of a commitment that it must start with.
    error ProofTooShort(uint256 length, uint256 required);

    /// @notice Returns commitment `index` (from 0) of those at the start of a proof, 64 bytes each.
    /// @dev Whether it is a point at all is the verifier's to check, or that of the arithmetic done with it.
    function commitmentAt(bytes calldata proof, uint256 index) internal pure returns (G1 memory) {
        uint256 end = 64 * (index + 1);
        if (proof.length < end) revert ProofTooShort(proof.length, end);
        return abi.decode(proof[end - 64:end], (G1));
    }

    /// @notice Returns C(a + b) from C(a) and C(b).
    function plus(G1 memory a, G1 memory b, G1 memory offset) internal view returns (G1 memory) {
        return a.add(b).add(offset.negate());
    }

    /// @notice Returns C(2 a).
    function twice(G1 memory a, G1 memory offset) internal view returns (G1 memory) {
        return a.plus(a, offset);
    }

    /// @notice Returns the commitment of a vector whose entry under `basis` was 0 and becomes `entry`.
    function withEntry(G1 memory a, G1 memory basis, uint256 entry) internal view returns (G1 memory) {
        return a.add(basis.mul(entry));
    }

    /// @notice Returns C(a - e_i * entry), e_i the unit under `basis`.
    function withoutEntry(G1 memory a, G1 memory basis, uint256 entry) internal view returns (G1 memory) {
        return withEntry(a, basis, BN254.P - entry % BN254.P);
    }

    /// @notice Returns C([number | account]), the public vector of the statement `average`.
    function publicOf(
        ITaskManager.TaskConfig memory config,
        uint256 number,
        address account
    )
        internal
        view
        returns (G1 memory)
    {
        return config.offset.withEntry(config.basis0, number).withEntry(config.basis1, uint160(account));
    }
}
