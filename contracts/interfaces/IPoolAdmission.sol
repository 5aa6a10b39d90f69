// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IPoolAdmission
/// @notice Decides who may contribute to a pool, as `IAdmission` decides who may enrol in a task.
/// @dev `Pools` asks it at each contribution and nowhere else, when the contribution already stands.
interface IPoolAdmission {
    /// @notice Admits a contributor to a pool, or reverts with its own reason.
    /// @dev Only the call of `Pools` should count: a module checks its caller where it keeps anything.
    /// @param poolId The pool; its task is in `IPools.getPool`.
    /// @param contributor Who contributes: evidence should be bound to it, so that nobody can send somebody else's.
    /// @param commitmentHash keccak256 of the commitment of its row.
    /// @param evidence Whatever the module asks for, from the contributor.
    /// @return magic This function's selector: so that an account that is no such module admits nobody.
    function admitToPool(
        uint256 poolId,
        address contributor,
        bytes32 commitmentHash,
        bytes calldata evidence
    )
        external
        returns (bytes4 magic);
}
