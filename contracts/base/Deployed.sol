// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDeployed} from "../interfaces/IDeployed.sol";

/// @title Deployed
/// @notice A contract that knows the others of its deployment.
abstract contract Deployed is IDeployed {
    address internal immutable TASK_MANAGER;
    address internal immutable ROUND_MANAGER;
    address internal immutable TRAINER_REGISTRY;
    address internal immutable REWARD_MANAGER;
    address internal immutable STAKE_MANAGER;
    address internal immutable MODEL_REGISTRY;
    address internal immutable CHALLENGE_MANAGER;
    address internal immutable OPENINGS;
    address internal immutable PROOF_MANAGER;

    /// @param addresses Where the contracts of the deployment stand, or will.
    constructor(Addresses memory addresses) {
        _require(TASK_MANAGER = addresses.taskManager);
        _require(ROUND_MANAGER = addresses.roundManager);
        _require(TRAINER_REGISTRY = addresses.trainerRegistry);
        _require(REWARD_MANAGER = addresses.rewardManager);
        _require(STAKE_MANAGER = addresses.stakeManager);
        _require(MODEL_REGISTRY = addresses.modelRegistry);
        _require(CHALLENGE_MANAGER = addresses.challengeManager);
        _require(OPENINGS = addresses.openings);
        _require(PROOF_MANAGER = addresses.proofManager);
    }

    /// @dev Only this contract of the deployment may call.
    modifier only(address caller) {
        _checkCaller(caller);
        _;
    }

    /// @inheritdoc IDeployed
    function deployment() public view returns (Addresses memory addresses) {
        return Addresses({
            taskManager: TASK_MANAGER,
            roundManager: ROUND_MANAGER,
            trainerRegistry: TRAINER_REGISTRY,
            rewardManager: REWARD_MANAGER,
            stakeManager: STAKE_MANAGER,
            modelRegistry: MODEL_REGISTRY,
            challengeManager: CHALLENGE_MANAGER,
            openings: OPENINGS,
            proofManager: PROOF_MANAGER
        });
    }

    function _require(address given) private pure {
        if (given == address(0)) revert ZeroAddress();
    }

    function _checkCaller(address caller) internal view {
        if (msg.sender != caller) revert UnauthorizedCaller(msg.sender);
    }
}
