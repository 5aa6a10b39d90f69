// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IProofManager} from "../../../contracts/interfaces/IProofManager.sol";

/// @notice A trainer that is a contract: it submits only in a block whose seed it likes, as far as it can tell.
contract Grinder {
    IProofManager private immutable PROVING;

    constructor(IProofManager proving) {
        PROVING = proving;
    }

    /// @notice Submits if the newest hash that is known would make a seed that starts with so many zero bits.
    function submitIf(uint256 taskId, bytes[] calldata proofs, uint256 bits) external {
        bytes32 seed = keccak256(abi.encode(blockhash(block.number - 1), taskId, uint256(1), uint256(1)));
        require(uint256(seed) >> 256 - bits == 0, "not liked");
        PROVING.submit(taskId, proofs);
    }
}
