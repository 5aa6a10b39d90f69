// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IDeployed
/// @notice What every contract of a deployment has: the addresses of all, which it was told when it was created.
/// @dev They know each other for good: each was given the addresses that the others would have. The Lens, which is
/// deployed last, reverts unless all were given the same ones.
interface IDeployed {
    /// @notice Where the contracts of a deployment stand. The Lens, on which nothing depends, is not among them.
    struct Addresses {
        address taskManager;
        address roundManager;
        address trainerRegistry;
        address rewardManager;
        address stakeManager;
        address modelRegistry;
        address challengeManager;
        address openings;
        address proofManager;
    }

    /// @notice Thrown when deploying without one of the addresses.
    error ZeroAddress();

    /// @notice Thrown when anyone but the contract that a function is for calls it.
    error UnauthorizedCaller(address caller);

    /// @notice Where the contracts of this deployment stand.
    function deployment() external view returns (Addresses memory addresses);
}
