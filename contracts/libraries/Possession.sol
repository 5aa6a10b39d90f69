// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BN254, G1} from "./BN254.sol";

/// @notice A proof that somebody knows x with key = x * G, where G = (1, 2) (Schnorr 1991, made non-interactive by
/// hashing).
/// @dev challenge = keccak256(abi.encode(tag, owner, key, r)) mod P with r = response * G + challenge * key. The prover
/// takes a fresh w, r = w * G, and response = w - challenge * x mod P.
struct PossessionProof {
    uint256 challenge;
    uint256 response;
}

/// @title Possession
/// @notice Proofs of possession of a mask key. Without one, a key could be made of other keys: a copy of K, or a K + b G
/// (Ristenpart and Yilek 2007, "The Power of Proofs-of-Possession"); and whoever answers a dispute with its owner would
/// show a point from which the shared point of two honest trainers follows.
/// @dev Bound to the task's tag, and so to chain and deployment, and to the owner: nobody else's proof is worth
/// anything.
library Possession {
    using BN254 for G1;

    /// @notice Whether `proof` shows that the owner knows the secret of a key in the task with this tag.
    /// @param key A valid point.
    function verify(
        G1 memory key,
        PossessionProof calldata proof,
        uint256 tag,
        address owner
    )
        internal
        view
        returns (bool)
    {
        if (proof.response >= BN254.P) return false;
        G1 memory r = BN254.generator().mul(proof.response).add(key.mul(proof.challenge));
        return uint256(keccak256(abi.encode(tag, owner, key, r))) % BN254.P == proof.challenge;
    }
}
