// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISemaphore} from "@semaphore-protocol/contracts/interfaces/ISemaphore.sol";

import {Deployed} from "./base/Deployed.sol";
import {IAdmission} from "./interfaces/IAdmission.sol";
import {IGroupAdmission} from "./interfaces/IGroupAdmission.sol";
import {IPoolAdmission} from "./interfaces/IPoolAdmission.sol";
import {IPools} from "./interfaces/IPools.sol";
import {ITrainerRegistry} from "./interfaces/ITrainerRegistry.sol";
import {ModuleCode} from "./libraries/ModuleCode.sol";
import {TaskCode} from "./libraries/TaskCode.sol";

/// @title GroupAdmission
/// @dev The code of all modules. Each is a clone with its groups behind its code, and storage of its own; this contract
/// itself has no groups, so it admits nobody.
contract GroupAdmission is IGroupAdmission, Deployed {
    ISemaphore private immutable SEMAPHORE;
    address private immutable POOLS;

    mapping(uint256 taskId => mapping(uint256 nullifier => address)) private _seats;
    mapping(uint256 poolId => mapping(uint256 nullifier => address)) private _poolSeats;

    /// @param addresses Where the contracts of the deployment stand.
    /// @param semaphore The contract that has the groups.
    /// @param pools The contract that has the pools.
    constructor(Addresses memory addresses, ISemaphore semaphore, address pools) Deployed(addresses) {
        (SEMAPHORE, POOLS) = (semaphore, pools);
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
        uint256 scope = TaskCode.tagOf(TASK_MANAGER, taskId);
        _seat(taskId, _checkProofs(scope, messageOf(trainer, dataHashes), evidence), trainer);
        return IAdmission.admit.selector;
    }

    /// @inheritdoc IPoolAdmission
    function admitToPool(
        uint256 poolId,
        address contributor,
        bytes32 commitmentHash,
        bytes calldata evidence
    )
        external
        only(POOLS)
        returns (bytes4)
    {
        bytes32[] memory hashes = new bytes32[](1);
        hashes[0] = commitmentHash;
        uint256 nullifier = _checkProofs(scopeOf(poolId), messageOf(contributor, hashes), evidence);
        _seatInPool(poolId, nullifier, contributor);
        return IPoolAdmission.admitToPool.selector;
    }

    /// @inheritdoc IGroupAdmission
    function seatOf(uint256 taskId, uint256 nullifier) external view returns (address holder) {
        return _seats[taskId][nullifier];
    }

    /// @inheritdoc IGroupAdmission
    function poolSeatOf(uint256 poolId, uint256 nullifier) external view returns (address holder) {
        return _poolSeats[poolId][nullifier];
    }

    /// @inheritdoc IGroupAdmission
    function getGroups() public view returns (uint256[] memory groupIds) {
        return ModuleCode.groupsOf(address(this));
    }

    /// @inheritdoc IGroupAdmission
    function messageOf(address trainer, bytes32[] memory dataHashes) public pure returns (uint256 message) {
        return uint256(keccak256(abi.encode(trainer, dataHashes)));
    }

    /// @inheritdoc IGroupAdmission
    function scopeOf(uint256 poolId) public view returns (uint256 scope) {
        return uint256(keccak256(abi.encode(block.chainid, POOLS, poolId)));
    }

    /// @dev There must be a proof for each group, of one identity, for this message in this scope: its nullifier.
    function _checkProofs(
        uint256 scope,
        uint256 message,
        bytes calldata evidence
    )
        private
        view
        returns (uint256 nullifier)
    {
        uint256[] memory groupIds = getGroups();
        ISemaphore.SemaphoreProof[] memory proofs = abi.decode(evidence, (ISemaphore.SemaphoreProof[]));
        if (proofs.length != groupIds.length || proofs.length == 0) {
            revert WrongProofCount(groupIds.length, proofs.length);
        }
        nullifier = proofs[0].nullifier;
        for (uint256 i; i < proofs.length; ++i) {
            ISemaphore.SemaphoreProof memory proof = proofs[i];
            if (proof.scope != scope) revert ScopeMismatch(scope, proof.scope);
            if (proof.message != message) revert MessageMismatch(message, proof.message);
            if (proof.nullifier != nullifier) revert IdentityMismatch(groupIds[i], nullifier, proof.nullifier);
            if (!SEMAPHORE.verifyProof(groupIds[i], proof)) revert InvalidMembership(groupIds[i]);
        }
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

    /// @dev Gives the contributor the identity's seat in a pool, unless another account has a row there by it.
    function _seatInPool(uint256 poolId, uint256 nullifier, address contributor) private {
        address holder = _poolSeats[poolId][nullifier];
        if (holder != contributor) {
            if (holder != address(0) && IPools(POOLS).getContribution(poolId, holder).commitmentHash != 0) {
                revert PoolSeatTaken(poolId, nullifier, holder);
            }
            _poolSeats[poolId][nullifier] = contributor;
        }
        emit AdmittedToPool(poolId, contributor, nullifier);
    }
}
