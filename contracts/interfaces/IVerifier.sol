// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IVerifier
/// @notice The one function of an EZKL verifier that tasks use. One verifier is one statement of one circuit.
/// @dev Generated, patched (canonical calldata only) and deployed by the circuit tools; see `contracts/verifiers`.
/// It is called as this typed function, with calldata that the compiler lays out, and never with bytes a caller
/// supplies: crafted calldata once passed a generated verifier. Its address comes from the task's config, never from a
/// caller.
interface IVerifier {
    /// @notice Whether `proof` proves the circuit's statement for `instances`.
    /// @param proof First the commitments of the statement's vectors, 64 bytes each, then the rest of the proof.
    /// @param instances Public values: always empty here, since all vectors are committed in the proof.
    /// @return valid Whether the proof holds. A verifier may also revert instead of returning false.
    function verifyProof(bytes calldata proof, uint256[] calldata instances) external view returns (bool valid);
}
