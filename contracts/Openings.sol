// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {Deployed} from "./base/Deployed.sol";
import {IOpenings} from "./interfaces/IOpenings.sol";
import {ITaskManager} from "./interfaces/ITaskManager.sol";
import {BN254, G1} from "./libraries/BN254.sol";
import {Evaluation, Sum} from "./libraries/Evaluation.sol";
import {Parts} from "./libraries/Parts.sol";
import {TaskCode} from "./libraries/TaskCode.sol";

/// @title Openings
contract Openings is IOpenings, Deployed {
    using BN254 for G1;
    using Evaluation for Sum;

    /*//////////////////////////////////////////////////////////////
                                 TYPES
    //////////////////////////////////////////////////////////////*/

    /// @dev An evaluation in parts.
    struct Progress {
        /// Whether the claim is known to be true.
        bool opened;
        /// How many entries were added up.
        uint32 shown;
        Sum sum;
    }

    /*//////////////////////////////////////////////////////////////
                                STORAGE
    //////////////////////////////////////////////////////////////*/

    mapping(bytes32 claimHash => Progress) private _progress;

    /*//////////////////////////////////////////////////////////////
                              CONSTRUCTOR
    //////////////////////////////////////////////////////////////*/

    /// @param addresses Where the contracts of the deployment stand, or will.
    constructor(Addresses memory addresses) Deployed(addresses) {}

    /*//////////////////////////////////////////////////////////////
                                 ANYONE
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IOpenings
    function open(Claim calldata claim, bytes calldata vector, G1 calldata quotient) external {
        ITaskManager.TaskConfig memory config = _config(claim);
        uint256 length = claim.entries * _width(claim.encoding);
        if (vector.length != length) revert WrongLength(length, vector.length);
        uint256 r = _challenge(claim, config.k);
        Sum memory sum = Evaluation.start(config.k, r);
        if (claim.encoding == Encoding.Mask) {
            sum.addMask(claim.root, 0, claim.entries);
        } else {
            bytes32 root = Parts.rootOf(vector);
            if (root != claim.root) revert RootMismatch(claim.root, root);
            bytes32 commitmentHash = claim.commitment.hash();
            for (uint256 i; i < Parts.count(length); ++i) {
                bytes calldata part = vector[i * Parts.BYTES:Math.min((i + 1) * Parts.BYTES, length)];
                _add(sum, claim.encoding, part);
                emit PartShown(commitmentHash, root, i, part);
            }
        }
        _check(claim, config, r, sum, quotient, false);
    }

    /// @inheritdoc IOpenings
    function show(Claim calldata claim, bytes32[] calldata hashes, bytes calldata part) external {
        if (claim.encoding == Encoding.Mask) revert WrongEncoding(claim.encoding);
        (Progress storage progress, Sum memory sum) = _begun(claim);
        uint256 width = _width(claim.encoding);
        uint256 length = claim.entries * width;
        if (hashes.length != Parts.count(length)) revert WrongLength(Parts.count(length), hashes.length);
        bytes32 root = keccak256(abi.encodePacked(hashes));
        if (root != claim.root) revert RootMismatch(claim.root, root);
        uint256 start = progress.shown * width;
        uint256 expected = Math.min(Parts.BYTES, length - start);
        if (part.length != expected) revert WrongLength(expected, part.length);
        uint256 index = start / Parts.BYTES;
        if (keccak256(part) != hashes[index]) revert PartMismatch(index, hashes[index], keccak256(part));

        _add(sum, claim.encoding, part);
        emit PartShown(claim.commitment.hash(), root, index, part);
        _keep(claim, progress, sum, progress.shown + expected / width);
    }

    /// @inheritdoc IOpenings
    function expand(Claim calldata claim, uint256 count) external {
        if (claim.encoding != Encoding.Mask) revert WrongEncoding(claim.encoding);
        (Progress storage progress, Sum memory sum) = _begun(claim);
        uint256 first = progress.shown;
        uint256 last = Math.min(claim.entries, Math.saturatingAdd(first, count));
        sum.addMask(claim.root, first, last);
        _keep(claim, progress, sum, last);
    }

    /// @inheritdoc IOpenings
    function conclude(Claim calldata claim, G1 calldata quotient) external {
        ITaskManager.TaskConfig memory config = _config(claim);
        Progress storage progress = _progress[_hash(claim)];
        if (progress.shown != claim.entries) revert WrongProgress(progress.shown, claim.entries);
        progress.opened = true;
        _check(claim, config, _challenge(claim, config.k), progress.sum, quotient, true);
    }

    /*//////////////////////////////////////////////////////////////
                                 VIEWS
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IOpenings
    function isOpen(Claim calldata claim) external view returns (bool opened) {
        return _progress[_hash(claim)].opened;
    }

    /// @inheritdoc IOpenings
    function progressOf(Claim calldata claim) external view returns (uint256 shown) {
        return _progress[_hash(claim)].shown;
    }

    /*//////////////////////////////////////////////////////////////
                                INTERNAL
    //////////////////////////////////////////////////////////////*/

    /// @dev Checks the pairing.
    function _check(
        Claim calldata claim,
        ITaskManager.TaskConfig memory config,
        uint256 r,
        Sum memory sum,
        G1 calldata quotient,
        bool kept
    )
        private
    {
        bytes32 commitmentHash = claim.commitment.hash();
        if (!sum.check(config.k, r, claim.commitment, quotient, config.tau)) revert OpeningMismatch(commitmentHash);
        emit Opened(
            claim.taskId, commitmentHash, claim.root, claim.commitment, claim.encoding, claim.entries, quotient, kept
        );
    }

    /// @dev The evaluation of a claim in parts, where it is.
    function _begun(Claim calldata claim) private view returns (Progress storage progress, Sum memory sum) {
        ITaskManager.TaskConfig memory config = _config(claim);
        progress = _progress[_hash(claim)];
        if (progress.shown == claim.entries) revert WrongProgress(progress.shown, claim.entries);
        sum = progress.shown == 0 ? Evaluation.start(config.k, _challenge(claim, config.k)) : progress.sum;
    }

    /// @dev Keeps how far a claim's evaluation has come.
    function _keep(Claim calldata claim, Progress storage progress, Sum memory sum, uint256 shown) private {
        progress.shown = uint32(shown); // at most the entries
        progress.sum = sum;
        emit Progressed(
            claim.taskId, claim.commitment.hash(), claim.root, claim.commitment, claim.encoding, claim.entries, shown
        );
    }

    function _add(Sum memory sum, Encoding encoding, bytes calldata part) private pure {
        if (encoding == Encoding.Packed) sum.addPacked(part);
        else if (!sum.addWords(part)) revert NonCanonicalEntry();
    }

    /// @dev The config of the claim's task, whose rows must hold its vector.
    function _config(Claim calldata claim) private view returns (ITaskManager.TaskConfig memory config) {
        config = TaskCode.configOf(TASK_MANAGER, claim.taskId);
        uint256 usable = (1 << config.k) - Evaluation.UNUSABLE_ROWS;
        if (claim.entries == 0 || claim.entries > usable) revert TooManyEntries(claim.entries, config.k);
    }

    /// @dev How many bytes an entry has.
    function _width(Encoding encoding) private pure returns (uint256) {
        if (encoding == Encoding.Words) return 32;
        return encoding == Encoding.Packed ? 8 : 0;
    }

    function _challenge(Claim calldata claim, uint256 k) private pure returns (uint256) {
        bytes memory statement =
            abi.encode(claim.commitment, k, uint256(claim.encoding), uint256(claim.entries), claim.root);
        return uint256(keccak256(statement)) % BN254.P;
    }

    function _hash(Claim calldata claim) private pure returns (bytes32) {
        return keccak256(abi.encode(claim));
    }
}
