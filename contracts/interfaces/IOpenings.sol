// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G1} from "../libraries/BN254.sol";

/// @title IOpenings
/// @notice Which vector a commitment is of: shown here by one evaluation, at once, or in parts and remembered.
/// @dev An opening is a fact about a commitment, whoever shows it and for whatever reason: an answer to a challenge, or a
/// contract's wish to compute with a model. Anybody may show one.
///
/// The vector is given as bytes, which are cut into parts of 65,536 (the last one shorter). `root` is keccak256 of the
/// parts' hashes; of a mask, which has no bytes, it is the seed. The polynomial of the vector is evaluated at
///   r = keccak256(abi.encode(commitment.x, commitment.y, k, encoding, entries, root)) mod P,
/// which nobody knows before commitment and vector are fixed, and one pairing shows that the commitment has the same
/// value there (`libraries/Evaluation`): its owner's quotient is needed for it, no basis points. So an opening costs some
/// 600 gas an entry instead of 9,000, or what its calldata costs, and trusts what proofs trust: the task's `tau`.
///
/// A vector that fits one transaction is shown by `open`. Others are shown part by part: all hashes are fixed by `root`
/// before the first part, so r is; each part adds to the evaluation, in order, and `conclude` checks it. Whoever goes on
/// need not be who began, and nobody can spoil another's progress, since it is kept under all that it depends on.
interface IOpenings {
    /*//////////////////////////////////////////////////////////////
                                 TYPES
    //////////////////////////////////////////////////////////////*/

    /// @notice How a vector is given.
    enum Encoding {
        Words, // 32 bytes an entry, big-endian, below P
        Packed, // 8 bytes an entry, big-endian, signed
        Mask // no bytes: the mask that a seed stands for (`libraries/Masks`)
    }

    /// @notice What is said of a commitment.
    struct Claim {
        /// The task by whose SRS it was made.
        uint256 taskId;
        /// What is opened.
        G1 commitment;
        /// How the vector is given.
        Encoding encoding;
        /// How many entries the vector has; all others are zero.
        uint32 entries;
        /// What fixes them: see above.
        bytes32 root;
    }

    /*//////////////////////////////////////////////////////////////
                                 ERRORS
    //////////////////////////////////////////////////////////////*/

    /// @notice Thrown when a vector, or a part of it, has another number of bytes than it should.
    error WrongLength(uint256 expected, uint256 actual);

    /// @notice Thrown when a vector, or hashes of parts, are not those that `root` fixes.
    error RootMismatch(bytes32 expected, bytes32 actual);

    /// @notice Thrown when a part is not the one that comes next.
    error PartMismatch(uint256 index, bytes32 expected, bytes32 actual);

    /// @notice Thrown when an entry is not below the group's order.
    error NonCanonicalEntry();

    /// @notice Thrown when a vector of so many entries does not fit the rows.
    error TooManyEntries(uint256 entries, uint256 k);

    /// @notice Thrown when the commitment is not the vector's, or the quotient is not theirs.
    error OpeningMismatch(bytes32 commitmentHash);

    /// @notice Thrown when parts are missing, or there is nothing more to show.
    error WrongProgress(uint256 shown, uint256 entries);

    /// @notice Thrown when an encoding does not go with the function: masks have no bytes, others have.
    error WrongEncoding(Encoding encoding);

    /*//////////////////////////////////////////////////////////////
                                 EVENTS
    //////////////////////////////////////////////////////////////*/

    /// @notice A part of a vector was shown. Whether the vector is the commitment's, only `Opened` says.
    /// @param commitmentHash keccak256 of the commitment.
    /// @param root What fixes the vector.
    /// @param index Which part, from 0.
    /// @param part Its bytes.
    event PartShown(bytes32 indexed commitmentHash, bytes32 indexed root, uint256 index, bytes part);

    /// @notice Of a claim's vector, `shown` entries are now shown in parts, or expanded of a mask.
    event Progressed(
        uint256 indexed taskId,
        bytes32 indexed commitmentHash,
        bytes32 indexed root,
        G1 commitment,
        Encoding encoding,
        uint256 entries,
        uint256 shown
    );

    /// @notice A commitment is known to be that of the vector that `root` fixes: its bytes are in the `PartShown` of both. `kept`: it
    /// was shown in parts, and `isOpen` says so from now on.
    event Opened(
        uint256 indexed taskId,
        bytes32 indexed commitmentHash,
        bytes32 indexed root,
        G1 commitment,
        Encoding encoding,
        uint256 entries,
        G1 quotient,
        bool kept
    );

    /*//////////////////////////////////////////////////////////////
                                 ANYONE
    //////////////////////////////////////////////////////////////*/

    /// @notice Opens a commitment at once. Who calls knows then that the claim is true; it is not kept, which saves a slot.
    /// Effects: none but events: `PartShown` for each part, and `Opened`.
    /// Requirements: the task exists (`ITaskManager.UnknownTask`); the entries fit its rows (`TooManyEntries`); the bytes
    /// are as many as they make (`WrongLength`; none of a mask), those of `root` (`RootMismatch`), canonical
    /// (`NonCanonicalEntry`); and the quotient shows the claim (`OpeningMismatch`, `BN254.InvalidPoint`).
    /// @param claim What is said.
    /// @param vector The vector's bytes.
    /// @param quotient The commitment of (f - f(r)) / (X - r), f the commitment's polynomial.
    function open(Claim calldata claim, bytes calldata vector, G1 calldata quotient) external;

    /// @notice Shows the next part of a vector.
    /// Effects: the evaluation goes on. Emits `PartShown` and `Progressed`.
    /// Requirements: as of `open`; a vector of bytes (`WrongEncoding`) that is not shown whole (`WrongProgress`); hashes that
    /// `root` fixes (`RootMismatch`), as many as there are parts (`WrongLength`); of them the next is the part's
    /// (`PartMismatch`).
    /// @param claim What is said.
    /// @param hashes keccak256 of each part.
    /// @param part The next part's bytes.
    function show(Claim calldata claim, bytes32[] calldata hashes, bytes calldata part) external;

    /// @notice Expands the next entries of a mask.
    /// Effects: the evaluation goes on. Emits `Progressed`.
    /// Requirements: as of `open`; a mask (`WrongEncoding`) that is not expanded whole (`WrongProgress`).
    /// @param claim What is said.
    /// @param count How many entries; those past the end do not count.
    function expand(Claim calldata claim, uint256 count) external;

    /// @notice Opens a commitment whose vector was shown in parts.
    /// Effects: the claim is known to be true. Emits `Opened`.
    /// Requirements: all parts were shown (`WrongProgress`); the quotient shows the claim (`OpeningMismatch`,
    /// `BN254.InvalidPoint`).
    function conclude(Claim calldata claim, G1 calldata quotient) external;

    /*//////////////////////////////////////////////////////////////
                                 VIEWS
    //////////////////////////////////////////////////////////////*/

    /// @notice Whether the claim is known to be true: it was shown in parts, and concluded.
    function isOpen(Claim calldata claim) external view returns (bool opened);

    /// @notice How many entries of the claim's vector have been shown in parts, of one that is not known to be true.
    function progressOf(Claim calldata claim) external view returns (uint256 shown);
}
