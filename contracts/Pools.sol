// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {Deployed} from "./base/Deployed.sol";
import {IPoolAdmission} from "./interfaces/IPoolAdmission.sol";
import {IPools} from "./interfaces/IPools.sol";
import {ITaskManager} from "./interfaces/ITaskManager.sol";
import {ITrainerRegistry} from "./interfaces/ITrainerRegistry.sol";
import {BN254, G1} from "./libraries/BN254.sol";
import {Commitments} from "./libraries/Commitments.sol";
import {Evaluation} from "./libraries/Evaluation.sol";
import {TaskCode} from "./libraries/TaskCode.sol";

/// @title Pools
contract Pools is IPools, Deployed, ReentrancyGuardTransient {
    using BN254 for G1;
    using Commitments for G1;

    /*//////////////////////////////////////////////////////////////
                               CONSTANTS
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IPools
    uint256 public constant MAX_SLOTS = type(uint16).max;

    /// @inheritdoc IPools
    uint256 public constant MAX_OPEN = 365 days;

    /// @inheritdoc IPools
    uint256 public constant MAX_CLOSING = 30 days;

    /*//////////////////////////////////////////////////////////////
                                STORAGE
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IPools
    uint256 public poolCount;

    /// @inheritdoc IPools
    mapping(uint256 taskId => mapping(bytes32 dataHash => uint256 poolId)) public pooledOf;

    mapping(uint256 poolId => DataPool) private _pools;
    mapping(uint256 poolId => mapping(uint256 slot => address contributor)) private _slots;
    mapping(uint256 poolId => mapping(address contributor => Contribution)) private _contributions;

    /*//////////////////////////////////////////////////////////////
                              CONSTRUCTOR
    //////////////////////////////////////////////////////////////*/

    /// @param addresses Where the contracts of the deployment stand, or will.
    constructor(Addresses memory addresses) Deployed(addresses) {}

    /*//////////////////////////////////////////////////////////////
                                 OWNERS
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IPools
    function open(
        uint256 taskId,
        uint16 slots,
        uint40 closesAt,
        uint40 expiresAt,
        address admission,
        bytes32 key
    )
        external
        returns (uint256 poolId)
    {
        uint256 most = Math.min((1 << TaskCode.configOf(TASK_MANAGER, taskId).k) - Evaluation.UNUSABLE_ROWS, MAX_SLOTS);
        if (slots == 0 || slots > most) revert InvalidSlots(slots, most);
        bool opens = block.timestamp < closesAt && closesAt <= block.timestamp + MAX_OPEN;
        if (!opens || expiresAt <= closesAt || expiresAt > closesAt + MAX_CLOSING) {
            revert InvalidTimes(closesAt, expiresAt);
        }
        if (key == 0) revert MissingKey();
        if (admission != address(0) && admission.code.length == 0) revert ITaskManager.InvalidAdmission(admission);

        poolId = ++poolCount;
        G1 memory sum = _offset(taskId);
        DataPool storage pool = _pools[poolId];
        (pool.taskId, pool.owner, pool.slots, pool.closesAt) = (taskId, msg.sender, slots, closesAt);
        (pool.expiresAt, pool.admission, pool.key, pool.sum) = (expiresAt, admission, key, sum);
        emit PoolOpened(taskId, poolId, msg.sender, slots, closesAt, expiresAt, admission, key, sum);
    }

    /// @inheritdoc IPools
    function leaveOut(
        uint256 poolId,
        address contributor,
        G1 calldata commitment,
        Reason reason
    )
        external
        nonReentrant
    {
        DataPool storage pool = _ownPool(poolId);
        if (reason == Reason.None) revert MissingReason();
        (uint16 slot, G1 memory sum) = _remove(pool, poolId, contributor, commitment);
        emit RowLeftOut(poolId, contributor, slot, reason, sum);
    }

    /// @inheritdoc IPools
    function close(uint256 poolId, G1 calldata blinding, bytes32 cid) external nonReentrant {
        DataPool storage pool = _ownPool(poolId);
        if (pool.contributors == 0) revert EmptyPool(poolId);
        (uint256 closesAt, uint256 expiresAt) = (pool.closesAt, pool.expiresAt);
        if (block.timestamp < closesAt || block.timestamp >= expiresAt) {
            revert NotClosable(poolId, closesAt, expiresAt);
        }
        blinding.validate();
        if (cid == 0) revert MissingDocument();

        uint256 taskId = pool.taskId;
        G1 memory pooled = pool.sum.plus(blinding, _offset(taskId));
        bytes32 dataHash = pooled.hash();
        address owner = ITrainerRegistry(TRAINER_REGISTRY).getData(taskId, dataHash).owner;
        if (owner != msg.sender) revert PooledNotRegistered(taskId, dataHash, owner);
        uint256 other = pooledOf[taskId][dataHash];
        if (other != 0) revert AlreadyPooled(dataHash, other);

        pooledOf[taskId][dataHash] = poolId;
        (pool.closed, pool.dataHash) = (true, dataHash);
        emit PoolClosed(taskId, poolId, dataHash, pooled, blinding, cid);
    }

    /*//////////////////////////////////////////////////////////////
                              CONTRIBUTORS
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IPools
    function contribute(
        uint256 poolId,
        uint16 slot,
        G1 calldata commitment,
        bytes32 cid,
        bytes calldata evidence
    )
        external
        nonReentrant
    {
        DataPool storage pool = _pool(poolId);
        if (block.timestamp >= pool.closesAt) revert PoolFrozen(poolId, pool.closesAt);
        if (slot >= pool.slots) revert UnknownSlot(poolId, slot);
        address holder = _slots[poolId][slot];
        if (holder != address(0)) revert SlotTaken(poolId, slot, holder);
        Contribution storage own = _contributions[poolId][msg.sender];
        if (own.commitmentHash != 0) revert AlreadyContributed(poolId, msg.sender, own.slot);
        if (cid == 0) revert MissingDocument();
        commitment.validate();
        uint256 taskId = pool.taskId;
        G1 memory offset = _offset(taskId);
        if (commitment.equals(offset)) revert EmptyRow();

        G1 memory sum = pool.sum.plus(commitment, offset);
        _slots[poolId][slot] = msg.sender;
        bytes32 hash = commitment.hash();
        (own.commitmentHash, own.slot) = (bytes29(hash), slot);
        pool.sum = sum;
        ++pool.contributors;
        emit RowContributed(poolId, msg.sender, slot, commitment, cid, sum);
        _admit(poolId, pool.admission, hash, evidence);
    }

    /// @inheritdoc IPools
    function withdraw(uint256 poolId, G1 calldata commitment) external nonReentrant {
        DataPool storage pool = _pool(poolId);
        if (pool.closed) revert AlreadyClosed(poolId);
        bool isFrozen = block.timestamp >= pool.closesAt && block.timestamp < pool.expiresAt;
        if (isFrozen) revert PoolFrozen(poolId, pool.closesAt);
        (uint16 slot, G1 memory sum) = _remove(pool, poolId, msg.sender, commitment);
        emit RowWithdrawn(poolId, msg.sender, slot, sum);
    }

    /*//////////////////////////////////////////////////////////////
                                 VIEWS
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IPools
    function getPool(uint256 poolId) external view returns (DataPool memory pool) {
        return _pool(poolId);
    }

    /// @inheritdoc IPools
    function getContribution(
        uint256 poolId,
        address contributor
    )
        external
        view
        returns (Contribution memory contribution)
    {
        return _contributions[poolId][contributor];
    }

    /// @inheritdoc IPools
    function getSlots(
        uint256 poolId,
        uint256 start,
        uint256 limit
    )
        external
        view
        returns (address[] memory contributors)
    {
        uint256 slots = _pool(poolId).slots;
        if (start >= slots) return contributors;
        contributors = new address[](Math.min(slots - start, limit));
        for (uint256 i; i < contributors.length; ++i) {
            contributors[i] = _slots[poolId][start + i];
        }
    }

    /*//////////////////////////////////////////////////////////////
                                INTERNAL
    //////////////////////////////////////////////////////////////*/

    /// @dev Takes a contributor's commitment out of the sum, and frees its slot.
    function _remove(
        DataPool storage pool,
        uint256 poolId,
        address contributor,
        G1 calldata commitment
    )
        private
        returns (uint16 slot, G1 memory sum)
    {
        Contribution memory found = _contributions[poolId][contributor];
        if (found.commitmentHash == 0) revert NotAContributor(poolId, contributor);
        bytes29 hash = bytes29(commitment.hash());
        if (hash != found.commitmentHash) revert CommitmentMismatch(found.commitmentHash, hash);
        slot = found.slot;
        delete _contributions[poolId][contributor];
        delete _slots[poolId][slot];
        // C(a - b) = C(a) - C(b) + B
        sum = pool.sum.add(commitment.negate()).add(_offset(pool.taskId));
        pool.sum = sum;
        --pool.contributors;
    }

    /// @dev The pool's module must admit the sender. It is a stranger's contract, so it is asked last.
    function _admit(uint256 poolId, address admission, bytes32 hash, bytes calldata evidence) private {
        if (admission == address(0)) {
            if (evidence.length != 0) revert ITrainerRegistry.UnexpectedEvidence();
            return;
        }
        bytes4 magic = IPoolAdmission(admission).admitToPool(poolId, msg.sender, hash, evidence);
        if (magic != IPoolAdmission.admitToPool.selector) revert ITrainerRegistry.NotAdmitted(admission, msg.sender);
    }

    /// @dev A pool, which there must be.
    function _pool(uint256 poolId) private view returns (DataPool storage pool) {
        pool = _pools[poolId];
        if (pool.owner == address(0)) revert UnknownPool(poolId);
    }

    /// @dev A pool of the sender's that is not closed.
    function _ownPool(uint256 poolId) private view returns (DataPool storage pool) {
        pool = _pool(poolId);
        if (pool.owner != msg.sender) revert NotPoolOwner(poolId, pool.owner);
        if (pool.closed) revert AlreadyClosed(poolId);
    }

    /// @dev B of a task.
    function _offset(uint256 taskId) private view returns (G1 memory) {
        return TaskCode.configOf(TASK_MANAGER, taskId).offset;
    }
}
