// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAdmission} from "./IAdmission.sol";
import {IPoolAdmission} from "./IPoolAdmission.sol";

/// @title IGroupAdmission
/// @notice An admission module: who is a member of all of its groups may enrol, and has one seat in a task.
/// @dev The groups are Semaphore's (v4, https://docs.semaphore.pse.dev): a member is known by a commitment to its identity, and
/// proves in zero knowledge that one of a group's commitments is its own, without saying which. The evidence is the
/// encoded list of such proofs, one for each group, in the module's order. A proof is about
///
/// - the group's root, of now or of the last `merkleTreeDuration` seconds of the group, so that somebody who is removed
///   from it can still enrol for so long;
/// - its scope, the task's tag (`ITaskManager.tag`), and so the chain, the deployment and the task;
/// - its message, who enrols with which data: so that nobody else can send it, nor the sender with other data;
/// - its nullifier, which follows from the identity and the scope, and from no group. So proofs for several groups have one
///   nullifier exactly if they are of one identity, and an identity has one in a task.
///
/// A seat belongs to a nullifier. The account that holds it may come again after it has left, with a new proof. Another
/// account may take it over when the account that holds it is not enrolled any more, and not before. Data that are
/// registered after enrolment are not asked about.
///
/// To a pool (`IPools`) it admits in the same way: the scope is then `scopeOf` the pool, the message says who contributes
/// which commitment, and an identity has one row in a pool. Who withdraws, or is left out, frees its seat.
///
/// Only the TrainerRegistry may ask for a task, and only Pools for a pool (`IDeployed.UnauthorizedCaller`). What Semaphore refuses, a root that is too old or of no
/// group of this name, it refuses by its own errors.
///
/// Who is admitted is what the groups' admins say, and an admin can add itself, as often as it likes. All modules are made
/// by the deployment's `IGroupAdmissions`, which knows them, run one code, and hold their groups in their own.
interface IGroupAdmission is IAdmission, IPoolAdmission {
    /// @notice Thrown when the evidence has not one proof for each group.
    error WrongProofCount(uint256 expected, uint256 actual);

    /// @notice Thrown when a proof is of another task, deployment or chain.
    error ScopeMismatch(uint256 expected, uint256 actual);

    /// @notice Thrown when a proof was made for another account, or for other data.
    error MessageMismatch(uint256 expected, uint256 actual);

    /// @notice Thrown when the proofs for two groups are not of one identity.
    error IdentityMismatch(uint256 groupId, uint256 expected, uint256 actual);

    /// @notice Thrown when a proof does not show membership in the group.
    error InvalidMembership(uint256 groupId);

    /// @notice Thrown when the identity has a seat in the task, by an account that is still enrolled.
    error SeatTaken(uint256 taskId, uint256 nullifier, address holder);

    /// @notice Thrown when the identity has a row in the pool, by another account.
    error PoolSeatTaken(uint256 poolId, uint256 nullifier, address holder);

    /// @notice A contributor was admitted to a pool. No nullifier of a pool is one of a task, or of another pool.
    event AdmittedToPool(uint256 indexed poolId, address indexed contributor, uint256 indexed nullifier);

    /// @notice A trainer was admitted to a task. Its nullifier is the same whenever this identity is admitted to it.
    event Admitted(uint256 indexed taskId, address indexed trainer, uint256 indexed nullifier);

    /// @notice The groups of which one has to be a member, ascending.
    function getGroups() external view returns (uint256[] memory groupIds);

    /// @notice Which account an identity was admitted with last; zero if it was not.
    function seatOf(uint256 taskId, uint256 nullifier) external view returns (address holder);

    /// @notice Which account an identity was admitted to a pool with last; zero if it was not.
    function poolSeatOf(uint256 poolId, uint256 nullifier) external view returns (address holder);

    /// @notice The scope of proofs for a pool: keccak256(abi.encode(chain id, Pools, poolId)).
    function scopeOf(uint256 poolId) external view returns (uint256 scope);

    /// @notice What a proof has to say of who enrols with which data: keccak256(abi.encode(trainer, dataHashes)).
    function messageOf(address trainer, bytes32[] memory dataHashes) external pure returns (uint256 message);
}
