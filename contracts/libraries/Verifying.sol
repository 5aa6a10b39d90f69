// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVerifier} from "../interfaces/IVerifier.sol";

/// @title Verifying
/// @notice Asking a verifier whether a proof is right.
library Verifying {
    /// @notice Thrown when the verifier returns false or reverts; also if the call's gas does not suffice for it.
    error InvalidProof(address verifier);

    /// @notice Reverts with `InvalidProof` unless the verifier accepts the proof.
    /// @dev A static call with calldata that the compiler lays out. It comes last of a function's checks: it is the dear
    /// one.
    function check(address verifier, bytes calldata proof) internal view {
        bool valid;
        try IVerifier(verifier).verifyProof(proof, new uint256[](0)) returns (bool result) {
            valid = result;
        } catch {}
        if (!valid) revert InvalidProof(verifier);
    }
}
