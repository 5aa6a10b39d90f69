// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Deployed} from "./base/Deployed.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {IProofManager} from "./interfaces/IProofManager.sol";
import {IRoundManager} from "./interfaces/IRoundManager.sol";
import {ITaskManager} from "./interfaces/ITaskManager.sol";
import {ITrainerRegistry} from "./interfaces/ITrainerRegistry.sol";
import {BN254, G1} from "./libraries/BN254.sol";
import {Commitments} from "./libraries/Commitments.sol";
import {TaskCode} from "./libraries/TaskCode.sol";
import {Terms} from "./libraries/Terms.sol";
import {Verifying} from "./libraries/Verifying.sol";

/// @title ProofManager
/// @dev It calls no strangers: verifiers are asked by static calls.
contract ProofManager is IProofManager, Deployed {
    using BN254 for G1;
    using Commitments for G1;
    using Commitments for bytes;
    using Verifying for address;

    /*//////////////////////////////////////////////////////////////
                                STORAGE
    //////////////////////////////////////////////////////////////*/

    mapping(uint256 taskId => mapping(uint256 round => mapping(address trainer => Head))) private _heads;

    /// @dev A bit for each link.
    mapping(uint256 taskId => mapping(uint256 round => mapping(address trainer => uint256))) private _proved;

    /*//////////////////////////////////////////////////////////////
                              CONSTRUCTOR
    //////////////////////////////////////////////////////////////*/

    /// @param addresses Where the contracts of the deployment stand, or will.
    constructor(Addresses memory addresses) Deployed(addresses) {}

    /*//////////////////////////////////////////////////////////////
                                TRAINERS
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IProofManager
    function submit(uint256 taskId, bytes[] calldata proofs) external {
        (uint256 round, bytes32 modelHash) = _rounds().training(taskId, msg.sender);
        ITaskManager.TaskConfig memory config = _config(taskId);
        // receipts are claimed: whoever submits goes on alone without a score
        _checkCount(config.quietBound == 0 ? config.maxLinks : 1, proofs.length, proofs.length);
        if (_heads[taskId][round][msg.sender].count != 0) revert ClaimBegun(taskId, round, msg.sender);
        bytes32[] memory dataHashes = new bytes32[](proofs.length);
        G1 memory update;
        for (uint256 i; i < proofs.length; ++i) {
            _checkStart(i, i == 0 ? modelHash : update.hash(), proofs[i].commitmentAt(0).hash());
            dataHashes[i] = proofs[i].commitmentAt(1).hash();
            update = proofs[i].commitmentAt(3);
        }
        update.validate();
        _trainers().checkSeat(taskId, msg.sender, round, dataHashes);
        for (uint256 i; i < proofs.length; ++i) {
            config.trainVerifier.check(proofs[i]);
        }
        _rounds().accept(taskId, msg.sender, update, dataHashes);
    }

    /// @inheritdoc IProofManager
    function claim(uint256 taskId, Link[] calldata links, bool last) external {
        (uint256 round,) = _rounds().training(taskId, msg.sender);
        Head storage head = _heads[taskId][round][msg.sender];
        (bytes31 hash, uint256 count) = (head.hash, head.count);
        _checkClaimable(taskId, count, links.length);
        bytes32[] memory dataHashes = new bytes32[](links.length);
        for (uint256 i; i < links.length; ++i) {
            if (links[i].cid == 0) revert MissingCid();
            G1 memory update = links[i].update;
            update.validate();
            dataHashes[i] = links[i].dataHash;
            hash = _next(hash, links[i]);
        }
        _trainers().checkSeat(taskId, msg.sender, round, dataHashes);

        (head.hash, head.count) = (hash, uint8(count + links.length)); // at most `maxLinks`
        emit LinksClaimed(taskId, round, msg.sender, count, links);
        // of what data the links are, `LinksClaimed` says
        if (last) _rounds().accept(taskId, msg.sender, links[links.length - 1].update, new bytes32[](0));
    }

    /*//////////////////////////////////////////////////////////////
                       ONLY THE CHALLENGE MANAGER
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IProofManager
    function prove(
        uint256 taskId,
        uint256 round,
        address trainer,
        uint256 index,
        Shown calldata shown
    )
        external
        only(CHALLENGE_MANAGER)
    {
        checkOpen(taskId, round, trainer, index);
        _checkClaimed(_heads[taskId][round][trainer], index, shown.before, shown.links);
        _checkShown(taskId, index, shown);

        _proved[taskId][round][trainer] |= 1 << index;
        emit LinkProved(taskId, round, trainer, index);
    }

    /*//////////////////////////////////////////////////////////////
                                 VIEWS
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IProofManager
    function headOf(uint256 taskId, uint256 round, address trainer) external view returns (Head memory head) {
        return _heads[taskId][round][trainer];
    }

    /// @inheritdoc IProofManager
    function isProved(uint256 taskId, uint256 round, address trainer, uint256 index) public view returns (bool proved) {
        return _proved[taskId][round][trainer] >> index & 1 != 0;
    }

    /// @inheritdoc IProofManager
    function checkOpen(uint256 taskId, uint256 round, address trainer, uint256 index) public view {
        if (index >= _heads[taskId][round][trainer].count) revert NotClaimed(taskId, round, trainer, index);
        if (isProved(taskId, round, trainer, index)) revert AlreadyProved(taskId, round, trainer, index);
    }

    /*//////////////////////////////////////////////////////////////
                            INTERNAL: CHECKS
    //////////////////////////////////////////////////////////////*/

    /// @dev So many links must be possible after so many, in a task that takes them.
    function _checkClaimable(uint256 taskId, uint256 count, uint256 given) private view {
        (uint256 maxLinks, uint256 reviewPeriod) = TaskCode.linkTermsOf(TASK_MANAGER, taskId);
        if (reviewPeriod == 0) revert ProofsOnChain(taskId);
        _checkCount(maxLinks, given, count + given);
    }

    /// @dev Something must be given, and not too much in all.
    function _checkCount(uint256 most, uint256 given, uint256 total) private pure {
        if (given == 0) revert NoProof();
        if (total > most) revert TooManyProofs(most, total);
    }

    /// @dev A proof must start from the model, or where the one before it ended.
    function _checkStart(uint256 index, bytes32 expected, bytes32 actual) private pure {
        if (actual == expected) return;
        if (index == 0) revert ModelMismatch(expected, actual);
        revert LinkMismatch(index, expected, actual);
    }

    /// @dev Links must be the last ones claimed: from the one before `index` on, or from the first.
    function _checkClaimed(Head storage head, uint256 index, bytes31 before, Link[] calldata links) private view {
        (bytes31 expected, bytes31 hash) = (head.hash, before);
        for (uint256 i; i < links.length; ++i) {
            hash = _next(hash, links[i]);
        }
        uint256 from = index == 0 ? 0 : index - 1;
        bool whole = links.length == head.count - from && (from != 0 || before == 0);
        if (!whole || hash != expected) revert ClaimMismatch(expected, hash);
    }

    /// @dev A link must be proved, and with a score where the task asks for one.
    function _checkShown(uint256 taskId, uint256 index, Shown calldata shown) private view {
        ITaskManager.TaskConfig memory config = _config(taskId);
        uint256 place = index == 0 ? 0 : 1;
        Link calldata link = shown.links[place];
        bytes32 start = index == 0
            ? IModelRegistry(MODEL_REGISTRY).latest(taskId).modelHash
            : keccak256(abi.encode(shown.links[0].update));
        _checkStart(index, start, shown.proof.commitmentAt(0).hash());
        bytes32 actual = shown.proof.commitmentAt(1).hash();
        if (actual != link.dataHash) revert DataMismatch(link.dataHash, actual);
        actual = shown.proof.commitmentAt(3).hash();
        bytes32 expected = keccak256(abi.encode(link.update));
        if (actual != expected) revert EndMismatch(expected, actual);
        bool goesOn = place + 1 < shown.links.length;
        if (goesOn && config.quietBound != 0) _checkScore(config, start, link.dataHash, shown.score);
        config.trainVerifier.check(shown.proof);
    }

    /// @dev The model from which a link starts must be right on enough of its data.
    function _checkScore(
        ITaskManager.TaskConfig memory config,
        bytes32 start,
        bytes32 dataHash,
        Score calldata score
    )
        private
        view
    {
        (uint256 right, uint256 used) = (score.right, score.used);
        if (used == 0 || Terms.WHOLE * right < config.quietBound * used) {
            revert ReceiptTooLow(config.quietBound, right, used);
        }
        bytes calldata proof = score.proof;
        bytes32 actual = proof.commitmentAt(0).hash();
        if (actual != start) revert ScoreMismatch(start, actual);
        actual = proof.commitmentAt(1).hash();
        if (actual != dataHash) revert ScoreMismatch(dataHash, actual);
        G1 memory counts = config.offset.withEntry(config.basis0, right).withEntry(config.basis1, used);
        actual = proof.commitmentAt(3).hash();
        if (actual != counts.hash()) revert ScoreMismatch(counts.hash(), actual);
        config.scoreVerifier.check(proof);
    }

    /// @dev What stands for all links up to one.
    function _next(bytes31 before, Link calldata link) private pure returns (bytes31) {
        return bytes31(keccak256(abi.encode(before, link)));
    }

    /*//////////////////////////////////////////////////////////////
                        INTERNAL: OTHER CONTRACTS
    //////////////////////////////////////////////////////////////*/

    function _config(uint256 taskId) private view returns (ITaskManager.TaskConfig memory) {
        return TaskCode.configOf(TASK_MANAGER, taskId);
    }

    function _rounds() private view returns (IRoundManager) {
        return IRoundManager(ROUND_MANAGER);
    }

    function _trainers() private view returns (ITrainerRegistry) {
        return ITrainerRegistry(TRAINER_REGISTRY);
    }
}
