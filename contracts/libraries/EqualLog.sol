// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IChallengeManager} from "../interfaces/IChallengeManager.sol";
import {BN254, G1} from "./BN254.sol";

/// @title EqualLog
/// @notice Proofs that two pairs of points have one discrete logarithm (Chaum and Pedersen 1992, "Wallet Databases with
/// Observers"), made non-interactive by hashing: here, that somebody who knows x with key = x * G says shared = x *
/// peerKey.
library EqualLog {
    using BN254 for G1;

    /// @notice Whether `proof` shows that `shared` is to `peerKey` what `key` is to G = (1, 2).
    /// @param key A valid point.
    /// @param peerKey A valid point.
    /// @param shared Anything: no point of the curve is never right.
    function verify(
        G1 memory key,
        G1 memory peerKey,
        G1 memory shared,
        IChallengeManager.EqualLogProof calldata proof
    )
        internal
        view
        returns (bool)
    {
        if (!shared.isPoint()) return false;
        G1 memory r1 = BN254.generator().mul(proof.response).add(key.mul(proof.challenge));
        G1 memory r2 = peerKey.mul(proof.response).add(shared.mul(proof.challenge));
        return uint256(keccak256(abi.encode(key, peerKey, shared, r1, r2))) % BN254.P == proof.challenge;
    }
}
