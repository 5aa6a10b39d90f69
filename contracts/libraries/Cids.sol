// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Cids
/// @notice The text of the CIDs whose digests the contracts keep.
/// @dev CIDv1, https://github.com/multiformats/cid: version 1, codec raw (0x55), hash sha2-256 (0x12) of 32 bytes, then
/// the digest; in multibase base32 that is `b` and RFC 4648's alphabet in lower case, five bits a character, from the
/// first bit on, without padding.
library Cids {
    bytes4 private constant HEAD = 0x01551220;
    bytes32 private constant ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

    /// @dev 36 bytes are 57 characters and three bits of one more.
    uint256 private constant LENGTH = 58;

    /// @notice Returns `ipfs://` and the CID of the raw block with this digest: 66 characters.
    function uri(bytes32 digest) internal pure returns (string memory text) {
        bytes memory cid = abi.encodePacked(HEAD, digest, bytes1(0)); // zeros fill the last character up
        bytes memory encoded = new bytes(LENGTH);
        for (uint256 i; i < LENGTH; ++i) {
            uint256 start = 5 * i;
            uint256 two = uint256(uint8(cid[start / 8])) << 8 | uint8(cid[start / 8 + 1]);
            encoded[i] = ALPHABET[two >> 11 - start % 8 & 31];
        }
        return string.concat("ipfs://b", string(encoded));
    }
}
