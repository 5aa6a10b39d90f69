// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Parts} from "../../contracts/libraries/Parts.sol";

contract PartsSymbolic {
    function check_count_isTheLeastThatHolds(uint64 length) public pure {
        uint256 count = Parts.count(length);
        assert(count >= 1);
        assert(length <= count * Parts.BYTES);
        assert(count == 1 || length > (count - 1) * Parts.BYTES);
    }

    function check_rootOf_oneWord(bytes32 word) public view {
        assert(this.rootOf(abi.encode(word)) == keccak256(abi.encode(keccak256(abi.encode(word)))));
    }

    function check_rootOf_aFullPartAndAByte(bytes32 first, bytes1 last) public view {
        bytes memory part = new bytes(Parts.BYTES);
        assembly ("memory-safe") {
            mstore(add(part, 0x20), first)
        }
        bytes memory data = abi.encodePacked(part, last);
        assert(this.rootOf(data) == keccak256(abi.encode(keccak256(part), keccak256(abi.encodePacked(last)))));
    }

    function rootOf(bytes calldata data) external pure returns (bytes32) {
        return Parts.rootOf(data);
    }
}
