// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Answers many views in one call.
contract Reader {
    /// @dev `queries`: for each an address, the calldata's length in 2 bytes, and the calldata. The answer: for each whether it
    /// succeeded in 1 byte, the length of what it returned in 3 bytes, and that.
    fallback(bytes calldata queries) external returns (bytes memory answers) {
        assembly ("memory-safe") {
            answers := mload(0x40)
            let out := add(answers, 0x20)
            let end := add(queries.offset, queries.length)
            for { let at := queries.offset } lt(at, end) {} {
                let size := shr(240, calldataload(add(at, 20)))
                calldatacopy(out, add(at, 22), size)
                let success := staticcall(gas(), shr(96, calldataload(at)), out, size, 0, 0)
                mstore(out, or(shl(248, success), shl(224, returndatasize())))
                returndatacopy(add(out, 4), 0, returndatasize())
                out := add(out, add(4, returndatasize()))
                at := add(at, add(22, size))
            }
            mstore(answers, sub(out, add(answers, 0x20)))
            mstore(0x40, out)
        }
    }
}

/// @notice A verifier whose verdict is the proof's last byte: 0 false, 1 true, 2 a revert, 3 all the gas burnt.
contract Verdict {
    error Refused();

    function verifyProof(bytes calldata proof, uint256[] calldata) external pure returns (bool) {
        uint8 verdict = uint8(proof[proof.length - 1]);
        if (verdict == 2) revert Refused();
        if (verdict == 3) {
            assembly {
                invalid()
            }
        }
        return verdict == 1;
    }
}

/// @notice An admission module that admits whoever shows a ticket: a hash of all that the module is told, and a number by
/// which it is told from others. Each counts once. Without evidence it answers something else than it should.
contract Gate {
    error InvalidTicket(address trainer);

    mapping(bytes32 ticket => bool) public used;

    function admit(
        uint256 taskId,
        address trainer,
        bytes32[] calldata dataHashes,
        bytes calldata evidence
    )
        external
        returns (bytes4)
    {
        if (evidence.length == 0) return 0;
        (uint256 number, bytes32 ticket) = abi.decode(evidence, (uint256, bytes32));
        bytes32 expected = keccak256(abi.encodePacked(number, taskId, uint256(uint160(trainer)), dataHashes));
        if (ticket != expected || used[ticket]) revert InvalidTicket(trainer);
        used[ticket] = true;
        return this.admit.selector;
    }
}
