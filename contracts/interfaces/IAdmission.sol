// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IAdmission
/// @notice Decides who may enrol in a task: the only module a task may have.
/// @dev The TrainerRegistry asks it at enrolment and nowhere else. So it can neither keep a trainer that is enrolled from
/// its rounds, nor touch stake or rewards: a veto later would make honest members absent. Whoever makes the module
/// decides who is in a task; a node shows its operator which one it is.
interface IAdmission {
    /// @notice Admits a trainer to a task, or reverts with its own reason.
    /// @dev It may keep what it needs so that the evidence is worth nothing a second time. Only the TrainerRegistry's
    /// call should count: a module checks its caller where it keeps anything.
    /// @param taskId The task.
    /// @param trainer Who enrols: evidence should be bound to it, so that nobody can send somebody else's.
    /// @param dataHashes keccak256 of the commitments of its data, in the order in which it registers them.
    /// @param evidence Whatever the module asks for, from the trainer.
    /// @return magic This function's selector: so that an account that is no such module admits nobody.
    function admit(
        uint256 taskId,
        address trainer,
        bytes32[] calldata dataHashes,
        bytes calldata evidence
    )
        external
        returns (bytes4 magic);
}
