// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISemaphore} from "@semaphore-protocol/contracts/interfaces/ISemaphore.sol";

import {Deployed} from "./base/Deployed.sol";
import {IAdmission} from "./interfaces/IAdmission.sol";
import {IGroupAdmission} from "./interfaces/IGroupAdmission.sol";
import {ITrainerRegistry} from "./interfaces/ITrainerRegistry.sol";
import {ModuleCode} from "./libraries/ModuleCode.sol";
import {TaskCode} from "./libraries/TaskCode.sol";

/// @title GroupAdmission
/// @dev The code of all modules. Each is a clone with its groups behind its code, and storage of its own; this contract
/// itself has no groups, so it admits nobody.
contract GroupAdmission is IGroupAdmission, Deployed {
    ISemaphore private immutable SEMAPHORE;

    mapping(uint256 taskId => mapping(uint256 nullifier => address)) private _seats;

    /// @param addresses Where the contracts of the deployment stand.
    /// @param semaphore The contract that has the groups.
    constructor(Addresses memory addresses, ISemaphore semaphore) Deployed(addresses) {
        SEMAPHORE = semaphore;
    }

    /// @inheritdoc IAdmission
    function admit(
        uint256 taskId,
        address trainer,
        bytes32[] calldata dataHashes,
        bytes calldata evidence
    )
        external
        only(TRAINER_REGISTRY)
        returns (bytes4)
    {
        uint256[] memory groupIds = getGroups();
        ISemaphore.SemaphoreProof[] memory proofs = abi.decode(evidence, (ISemaphore.SemaphoreProof[]));
        if (proofs.length != groupIds.length || proofs.length == 0) {
            revert WrongProofCount(groupIds.length, proofs.length);
        }
        uint256 nullifier = proofs[0].nullifier;
        uint256 scope = TaskCode.tagOf(TASK_MANAGER, taskId);
        uint256 message = messageOf(trainer, dataHashes);
        for (uint256 i; i < proofs.length; ++i) {
            ISemaphore.SemaphoreProof memory proof = proofs[i];
            if (proof.scope != scope) revert ScopeMismatch(scope, proof.scope);
            if (proof.message != message) revert MessageMismatch(message, proof.message);
            if (proof.nullifier != nullifier) revert IdentityMismatch(groupIds[i], nullifier, proof.nullifier);
            if (!SEMAPHORE.verifyProof(groupIds[i], proof)) revert InvalidMembership(groupIds[i]);
        }
        _seat(taskId, nullifier, trainer);
        return IAdmission.admit.selector;
    }

    /// @inheritdoc IGroupAdmission
    function seatOf(uint256 taskId, uint256 nullifier) external view returns (address holder) {
        return _seats[taskId][nullifier];
    }

    /// @inheritdoc IGroupAdmission
    function getGroups() public view returns (uint256[] memory groupIds) {
        return ModuleCode.groupsOf(address(this));
    }

    /// @inheritdoc IGroupAdmission
    function messageOf(address trainer, bytes32[] calldata dataHashes) public pure returns (uint256 message) {
        return uint256(keccak256(abi.encode(trainer, dataHashes)));
    }

    /// @dev Gives the trainer the identity's seat, unless another account sits on it.
    function _seat(uint256 taskId, uint256 nullifier, address trainer) private {
        address holder = _seats[taskId][nullifier];
        if (holder != trainer) {
            if (holder != address(0) && ITrainerRegistry(TRAINER_REGISTRY).maskKeyHash(taskId, holder) != 0) {
                revert SeatTaken(taskId, nullifier, holder);
            }
            _seats[taskId][nullifier] = trainer;
        }
        emit Admitted(taskId, trainer, nullifier);
    }
}
