// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title ModuleCode
/// @notice A module's groups, kept behind its code: they never change, and cost nothing to write and little to read.
/// @dev A module is a clone (ERC-1167) with immutable arguments, as OpenZeppelin's `Clones` makes it.
library ModuleCode {
    /// @dev Bytes of a clone's own code, which its arguments follow.
    uint256 private constant CLONE = 0x2d;

    /// @notice The groups behind a module's code; none if it is not a whole number of words after a clone's code.
    /// @dev Of code that is no clone's the words are any: whoever asks of a stranger checks where its clone would stand.
    function groupsOf(address module) internal view returns (uint256[] memory groupIds) {
        uint256 size = module.code.length;
        if (size < CLONE || (size - CLONE) % 0x20 != 0) return groupIds;
        groupIds = new uint256[]((size - CLONE) / 0x20);
        assembly ("memory-safe") {
            extcodecopy(module, add(groupIds, 0x20), CLONE, sub(size, CLONE))
        }
    }
}
