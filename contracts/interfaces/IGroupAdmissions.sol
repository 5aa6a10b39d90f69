// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IGroupAdmissions
/// @notice Makes the admission modules of groups, one for each list of groups, and says what a module asks.
/// @dev Nothing in the core calls it. A module's address follows from its groups, so there is nothing to look up, and a task
/// that names one has fixed its groups for good. Of any other module this contract knows nothing.
interface IGroupAdmissions {
    /// @notice Thrown when a list of groups is empty or too long.
    error WrongGroupCount(uint256 most, uint256 actual);

    /// @notice Thrown when groups are not named in ascending order, each once.
    error GroupsNotAscending(uint256 before, uint256 groupId);

    /// @notice Thrown when there is no such group: who would be its admin is not decided yet.
    error UnknownGroup(uint256 groupId);

    /// @notice Thrown when a contract is no module that this one has made, or would make.
    error UnknownModule(address module);

    /// @notice The module of a list of groups was made.
    event ModuleCreated(address indexed module, uint256[] groupIds);

    /// @notice Makes the module of a list of groups, unless it stands. Anyone may.
    /// Effects: the module stands. Emits `ModuleCreated` if it did not.
    /// Requirements: 1 to `MAX_GROUPS` groups (`WrongGroupCount`), ascending (`GroupsNotAscending`), which exist
    /// (`UnknownGroup`).
    /// @return module Where it stands: an `IGroupAdmission`, for `TaskConfig.admission`.
    function moduleFor(uint256[] calldata groupIds) external returns (address module);

    /// @notice Where the module of a list of groups stands, or would. Requirements as of `moduleFor`, but that they exist.
    function addressOf(uint256[] calldata groupIds) external view returns (address module);

    /// @notice The groups that a module asks for, ascending.
    /// Requirements: it is one that this contract has made (`UnknownModule`).
    function groupsOf(address module) external view returns (uint256[] memory groupIds);

    /// @notice The Semaphore contract that has the groups.
    function semaphore() external view returns (address);

    /// @notice Most groups of a module.
    function MAX_GROUPS() external view returns (uint256);
}
