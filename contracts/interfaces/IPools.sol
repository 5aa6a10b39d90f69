// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G1} from "../libraries/BN254.sol";

/// @title IPools
/// @notice Data of one trainer that several people made, each by one row that it committed to itself.
/// @dev A trainer's data matrix has rows, or slots. Who has a single row, a contributor, commits to it at a slot that nobody
/// else has, under salts of its own: the commitment of a matrix that is zero elsewhere. Commitments are affine, so the sum
/// of the contributors' is that of the matrix with all their rows: data that the trainer, who owns the pool, can register
/// in the task and prove updates about.
///
/// The owner adds one commitment of its own to the sum when it closes the pool, the blinding, to salts and no row. So nobody
/// but the owner knows the pooled commitment before the owner has registered it in the task, and nobody can register it
/// first; and the pooled data have salts that no contributor knows.
///
/// What this contract knows: who committed to what at which slot, that all of these are in the sum with the blinding and
/// nothing else, and that the owner has registered the sum. What it does not know: that a commitment is of a row at its
/// slot, and the blinding of no row. Each comes with a document for that (`cid`): a proof that what was committed to is zero
/// outside of the slot and the salts. Anybody can check it, with the task's SRS, and nobody has to ask the owner.
///
/// The owner learns the rows. They reach it sealed for `key`, in the same documents.
///
/// Until `closesAt` slots are taken and given back. From then on the set is fixed, but for those that the owner leaves out
/// with a reason, and the owner may close the pool. From `expiresAt` on it may not, and all can leave.
interface IPools {
    /*//////////////////////////////////////////////////////////////
                                 TYPES
    //////////////////////////////////////////////////////////////*/

    /// @notice Why an owner leaves a contributor out.
    enum Reason {
        /// None: not to be used.
        None,
        /// The document cannot be had.
        Missing,
        /// The document is none, or of something else.
        Unreadable,
        /// There is no proof that the commitment is zero outside of the slot and the salts.
        NotAtSlot,
        /// What is in it does not open with the owner's key.
        NotSealed,
        /// The row in it is not what was committed to.
        OtherRow,
        /// The row has values that the task's columns do not allow.
        InvalidRow,
        /// Anything else: ask the owner.
        Other
    }

    /// @notice A pool.
    struct DataPool {
        uint256 taskId;
        /// The trainer whose data they become.
        address owner;
        /// Until when slots are taken and given back.
        uint40 closesAt;
        /// Until when the owner may close the pool.
        uint40 expiresAt;
        /// How many slots it has, from 0.
        uint16 slots;
        /// Who decides who may contribute (`IPoolAdmission`); none if zero.
        address admission;
        /// How many contributors it has.
        uint16 contributors;
        /// Whether the owner has closed it.
        bool closed;
        /// What rows are sealed for: a public key of X25519.
        bytes32 key;
        /// C(sum of what the contributors committed to).
        G1 sum;
        /// The hash of the pooled commitment, the sum with the blinding; zero until the pool is closed.
        bytes32 dataHash;
    }

    /// @notice What a contributor has in a pool.
    struct Contribution {
        /// The first 29 bytes of the hash of its commitment; zero if it has none.
        bytes29 commitmentHash;
        uint16 slot;
    }

    /*//////////////////////////////////////////////////////////////
                                 ERRORS
    //////////////////////////////////////////////////////////////*/

    /// @notice Thrown when there is no such pool.
    error UnknownPool(uint256 poolId);

    /// @notice Thrown when a pool would have no slots, or more than the task's columns have entries, or than `MAX_SLOTS`.
    error InvalidSlots(uint256 slots, uint256 most);

    /// @notice Thrown when a pool would close in the past, or expire before it closes, or either too late.
    error InvalidTimes(uint256 closesAt, uint256 expiresAt);

    /// @notice Thrown when a pool would have no key to seal rows for.
    error MissingKey();

    /// @notice Thrown when anyone but the pool's owner calls.
    error NotPoolOwner(uint256 poolId, address owner);

    /// @notice Thrown from a pool's `closesAt` on, when it takes and gives back no slots.
    error PoolFrozen(uint256 poolId, uint256 closesAt);

    /// @notice Thrown when an owner would close a pool before `closesAt`, or from `expiresAt` on.
    error NotClosable(uint256 poolId, uint256 closesAt, uint256 expiresAt);

    /// @notice Thrown when a pool is closed: it has changed for the last time.
    error AlreadyClosed(uint256 poolId);

    /// @notice Thrown when a slot is not there.
    error UnknownSlot(uint256 poolId, uint256 slot);

    /// @notice Thrown when a slot is another's.
    error SlotTaken(uint256 poolId, uint256 slot, address contributor);

    /// @notice Thrown when the sender has a slot: each account has one.
    error AlreadyContributed(uint256 poolId, address contributor, uint256 slot);

    /// @notice Thrown when somebody has no slot.
    error NotAContributor(uint256 poolId, address contributor);

    /// @notice Thrown when a commitment is that of zeros.
    error EmptyRow();

    /// @notice Thrown when the digest of a document is zero.
    error MissingDocument();

    /// @notice Thrown when a commitment is not the one that was contributed.
    error CommitmentMismatch(bytes29 expected, bytes29 actual);

    /// @notice Thrown when somebody is left out for no reason.
    error MissingReason();

    /// @notice Thrown when a pool without contributors would be closed.
    error EmptyPool(uint256 poolId);

    /// @notice Thrown when the pooled commitment is not registered in the task by the pool's owner.
    error PooledNotRegistered(uint256 taskId, bytes32 dataHash, address registeredBy);

    /// @notice Thrown when the pooled commitment is that of another pool.
    error AlreadyPooled(bytes32 dataHash, uint256 poolId);

    /*//////////////////////////////////////////////////////////////
                                 EVENTS
    //////////////////////////////////////////////////////////////*/

    /// @notice A pool was opened. `sum` is C(0).
    event PoolOpened(
        uint256 indexed taskId,
        uint256 indexed poolId,
        address indexed owner,
        uint16 slots,
        uint40 closesAt,
        uint40 expiresAt,
        address admission,
        bytes32 key,
        G1 sum
    );

    /// @notice A contributor took a slot. `cid` is the digest of the document with the proof and the sealed row.
    event RowContributed(
        uint256 indexed poolId, address indexed contributor, uint16 slot, G1 commitment, bytes32 cid, G1 sum
    );

    /// @notice A contributor gave its slot back.
    event RowWithdrawn(uint256 indexed poolId, address indexed contributor, uint16 slot, G1 sum);

    /// @notice A contributor was left out by the pool's owner; its slot is free.
    event RowLeftOut(uint256 indexed poolId, address indexed contributor, uint16 slot, Reason reason, G1 sum);

    /// @notice A pool was closed: `pooled` is its sum with `blinding`, and the owner's data in the task.
    event PoolClosed(
        uint256 indexed taskId, uint256 indexed poolId, bytes32 indexed dataHash, G1 pooled, G1 blinding, bytes32 cid
    );

    /*//////////////////////////////////////////////////////////////
                                 OWNERS
    //////////////////////////////////////////////////////////////*/

    /// @notice Opens a pool of a task, whose owner is the sender.
    /// Effects: its terms are fixed for good. Emits `PoolOpened`.
    /// Requirements: the task exists (`ITaskManager.UnknownTask`); 1 slot at least, `MAX_SLOTS` and the entries of the
    /// task's columns at most (`InvalidSlots`); it closes after now, within `MAX_OPEN`, and expires after that, within
    /// `MAX_CLOSING` (`InvalidTimes`); a key (`MissingKey`); a module that is a contract, or none (`ITaskManager.InvalidAdmission`).
    /// @dev How many rows the task's matrices have, and that the key is one, is not known here: contributors' nodes
    /// look. Evidence for the module is worth as much as the module makes of it: it is asked as `IPoolAdmission` says, with this
    /// contract as its caller and the hash of the one commitment.
    /// @return poolId The pool, counted from 1.
    function open(
        uint256 taskId,
        uint16 slots,
        uint40 closesAt,
        uint40 expiresAt,
        address admission,
        bytes32 key
    )
        external
        returns (uint256 poolId);

    /// @notice Leaves a contributor out, whose row does not fit.
    /// Effects: its commitment is no longer in the sum, and its slot free. Emits `RowLeftOut`.
    /// Requirements: the sender owns the pool (`NotPoolOwner`), which is not closed (`AlreadyClosed`); a reason
    /// (`MissingReason`); a contributor (`NotAContributor`) and its commitment (`CommitmentMismatch`).
    function leaveOut(uint256 poolId, address contributor, G1 calldata commitment, Reason reason) external;

    /// @notice Closes a pool.
    /// Effects: the pooled commitment is the pool's for good, and nothing of it changes any more. Emits `PoolClosed`.
    /// Requirements: the sender owns the pool (`NotPoolOwner`), which is not closed (`AlreadyClosed`) and has contributors
    /// (`EmptyPool`); from `closesAt` on, and before `expiresAt` (`NotClosable`); a blinding that is a canonical point
    /// other than the identity (`BN254.InvalidPoint`), and its document (`MissingDocument`); the owner has registered the
    /// sum with the blinding as its data in the task (`PooledNotRegistered`), and it is no other pool's
    /// (`AlreadyPooled`).
    /// @param blinding A commitment to salts, and no row.
    /// @param cid The digest of the document with the proof that it is.
    function close(uint256 poolId, G1 calldata blinding, bytes32 cid) external;

    /*//////////////////////////////////////////////////////////////
                              CONTRIBUTORS
    //////////////////////////////////////////////////////////////*/

    /// @notice Contributes a row to a pool, from the sender's own account.
    /// Effects: the slot is the sender's, and its commitment in the sum. Emits `RowContributed`.
    /// Requirements: before `closesAt` (`PoolFrozen`); a slot of the pool (`UnknownSlot`) that nobody has (`SlotTaken`); the
    /// sender has none (`AlreadyContributed`); a commitment that is a canonical point of the curve other than the identity
    /// (`BN254.InvalidPoint`) and than that of zeros (`EmptyRow`); a document (`MissingDocument`); the module admits
    /// the sender (`ITrainerRegistry.NotAdmitted`, or the module's own error), or there is none and no evidence
    /// (`ITrainerRegistry.UnexpectedEvidence`).
    /// @param slot Which row of the matrix it is committed to as: the commitment depends on it.
    /// @param cid The digest of the document with the proof and the sealed row (CIDv1, raw).
    function contribute(
        uint256 poolId,
        uint16 slot,
        G1 calldata commitment,
        bytes32 cid,
        bytes calldata evidence
    )
        external;

    /// @notice Takes the sender's row out of a pool.
    /// Effects: its commitment is no longer in the sum, and its slot free. Emits `RowWithdrawn`.
    /// Requirements: the pool is not closed (`AlreadyClosed`); before `closesAt`, or from `expiresAt` on (`PoolFrozen`); the sender is a
    /// contributor (`NotAContributor`), with this commitment (`CommitmentMismatch`).
    /// @dev What the owner has read by then, it has read.
    function withdraw(uint256 poolId, G1 calldata commitment) external;

    /*//////////////////////////////////////////////////////////////
                                 VIEWS
    //////////////////////////////////////////////////////////////*/

    /// @notice A pool. Reverts if there is none (`UnknownPool`).
    function getPool(uint256 poolId) external view returns (DataPool memory pool);

    /// @notice How many pools were opened: they are numbered from 1.
    function poolCount() external view returns (uint256 count);

    /// @notice The pool whose sum, with its blinding, is the data with this hash in a task; 0 if it is none's.
    /// @dev So the data are their owner's, and were made by the contributors of the pool.
    function pooledOf(uint256 taskId, bytes32 dataHash) external view returns (uint256 poolId);

    /// @notice What an account has in a pool; all zero if nothing.
    function getContribution(
        uint256 poolId,
        address contributor
    )
        external
        view
        returns (Contribution memory contribution);

    /// @notice Who has the slots from `start` on, at most `limit`; zero where nobody has one.
    function getSlots(
        uint256 poolId,
        uint256 start,
        uint256 limit
    )
        external
        view
        returns (address[] memory contributors);

    /// @notice Most slots of a pool.
    function MAX_SLOTS() external view returns (uint256);

    /// @notice How long a pool can be open, in seconds.
    function MAX_OPEN() external view returns (uint256);

    /// @notice How long its owner can have to close it, in seconds.
    function MAX_CLOSING() external view returns (uint256);
}
