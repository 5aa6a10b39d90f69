// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {Deployed} from "./base/Deployed.sol";
import {IChallengeManager} from "./interfaces/IChallengeManager.sol";
import {IOpenings} from "./interfaces/IOpenings.sol";
import {IProofManager} from "./interfaces/IProofManager.sol";
import {IRoundManager} from "./interfaces/IRoundManager.sol";
import {IStakeManager} from "./interfaces/IStakeManager.sol";
import {ITaskManager} from "./interfaces/ITaskManager.sol";
import {ITrainerRegistry} from "./interfaces/ITrainerRegistry.sol";
import {BN254, G1} from "./libraries/BN254.sol";
import {Commitments} from "./libraries/Commitments.sol";
import {EqualLog} from "./libraries/EqualLog.sol";
import {Masks, Member} from "./libraries/Masks.sol";
import {TaskCode} from "./libraries/TaskCode.sol";
import {Terms} from "./libraries/Terms.sol";

/// @title ChallengeManager
contract ChallengeManager is IChallengeManager, Deployed, ReentrancyGuardTransient {
    using BN254 for G1;
    using Commitments for G1;
    using SafeCast for uint256;

    /*//////////////////////////////////////////////////////////////
                               CONSTANTS
    //////////////////////////////////////////////////////////////*/

    /// @dev How many peers a member has on each side of the circle, if there are so many.
    uint256 private constant NEAREST = 8;

    /// @dev Gas of an answer, whatever it opens: the transaction, its checks, the pairing, and what an average's does
    /// besides, which ends the round.
    uint256 private constant ANSWER_GAS = 450_000;

    /// @dev And for each entry of an update, which is paid by its calldata of 32 bytes; of a mask, which is expanded; of a
    /// model, 8 bytes.
    uint256 private constant UPDATE_ENTRY_GAS = 1300;
    uint256 private constant MASK_ENTRY_GAS = 450;
    uint256 private constant MODEL_ENTRY_GAS = 400;

    /// @dev Gas of showing a proof; twice that where a score is shown too; and for each link that is given.
    uint256 private constant PROOF_GAS = 900_000;
    uint256 private constant LINK_GAS = 6000;

    /// @dev Where the challenge of a trainer's proof is kept: beyond all attempts.
    uint256 private constant REVIEW = 1 << 16;

    /// @dev And for each pair of parts: with every part the hashes of all are sent, 32 bytes each.
    uint256 private constant PARTS_GAS = 1300;

    /// @dev Gas that a transaction costs before it starts.
    uint256 private constant INTRINSIC_GAS = 21_000;

    /// @dev Least gas that a byte of calldata costs.
    uint256 private constant CALLDATA_GAS = 4;

    /*//////////////////////////////////////////////////////////////
                                STORAGE
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IChallengeManager
    uint256 public challengeCount;

    mapping(uint256 challengeId => Challenge) private _challenges;

    /// @dev Round and attempt of a first model are 0.
    mapping(
        uint256 taskId => mapping(uint256 round => mapping(uint256 attempt => mapping(address accused => bool)))
    ) private _opened;

    /// @inheritdoc IChallengeManager
    mapping(
        uint256 taskId
            => mapping(uint256 round => mapping(uint256 attempt => mapping(address accused => uint256 challengeId)))
    ) public challengeOf;

    /*//////////////////////////////////////////////////////////////
                              CONSTRUCTOR
    //////////////////////////////////////////////////////////////*/

    /// @param addresses Where the contracts of the deployment stand, or will.
    constructor(Addresses memory addresses) Deployed(addresses) {}

    /*//////////////////////////////////////////////////////////////
                               CHALLENGERS
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IChallengeManager
    function challengeUpdate(
        uint256 taskId,
        address trainer
    )
        external
        payable
        nonReentrant
        returns (uint256 challengeId)
    {
        (uint32 round,, uint16 attempt,) = _rounds().runningRound(taskId);
        if (_opened[taskId][round][attempt][trainer]) revert AlreadyOpened(taskId, round, attempt, trainer);
        _rounds().accuse(taskId, trainer, IRoundManager.Phase.Aggregate);
        return _raise(taskId, Kind.Update, round, attempt, trainer, address(0), 0);
    }

    /// @inheritdoc IChallengeManager
    function challengeMask(
        uint256 taskId,
        address one,
        address other,
        IRoundManager.Posting calldata postingOne,
        IRoundManager.Posting calldata postingOther
    )
        external
        payable
        nonReentrant
        returns (uint256 challengeId)
    {
        (uint32 round,, uint16 attempt,) = _rounds().runningRound(taskId);
        _checkPosting(taskId, round, one, postingOne);
        _checkPosting(taskId, round, other, postingOther);
        G1 memory maskOne = _maskWith(one, postingOne, other);
        if (maskOne.equals(_maskWith(other, postingOther, one))) revert MasksAgree(one, other);
        _rounds().accuse(taskId, one, IRoundManager.Phase.Aggregate);
        _rounds().accuse(taskId, other, IRoundManager.Phase.Aggregate);
        return _raise(taskId, Kind.Mask, round, attempt, one, other, 0);
    }

    /// @inheritdoc IChallengeManager
    function challengeProof(
        uint256 taskId,
        address trainer,
        uint256 index
    )
        external
        payable
        nonReentrant
        returns (uint256 challengeId)
    {
        (uint32 round,,,) = _rounds().runningRound(taskId);
        _rounds().accuse(taskId, trainer, IRoundManager.Phase.Review);
        _proofs().checkOpen(taskId, round, trainer, index);
        return _raise(taskId, Kind.Proof, round, uint16(index), trainer, address(0), 0); // it is claimed, so under 256
    }

    /// @inheritdoc IChallengeManager
    function challengeModel(uint256 taskId) external payable nonReentrant returns (uint256 challengeId) {
        IRoundManager.TaskState memory state = _rounds().getState(taskId);
        if (state.phase == IRoundManager.Phase.Join) _checkUnknown(taskId, state);
        (address accused, bytes32 modelHash) = _rounds().accuseModel(taskId);
        uint16 averages = _rounds().getRound(taskId, state.round).averages;
        return _raise(taskId, Kind.Model, state.round, averages, accused, address(0), modelHash);
    }

    /// @inheritdoc IChallengeManager
    function proveWrongPeer(
        uint256 taskId,
        address trainer,
        IRoundManager.Posting calldata posting,
        address wrong,
        address[] calldata between
    )
        external
        nonReentrant
    {
        IRoundManager.TaskState memory state = _rounds().getState(taskId);
        _checkPosting(taskId, state.round, trainer, posting);
        _maskWith(trainer, posting, wrong);
        if (between.length != 2 * NEAREST) revert WrongLength(2 * NEAREST, between.length);
        uint256 last;
        for (uint256 i; i < between.length; ++i) {
            if (i == NEAREST) last = _beyond(state.seed, trainer, wrong, last);
            address member = between[i];
            if (_rounds().getRosterEntry(taskId, state.round, member).attempt != state.attempt) {
                revert NotBetween(member);
            }
            last = _beyond(state.seed, trainer, member, last);
        }
        _rounds().convict(taskId, trainer, address(0), 0);
    }

    /// @inheritdoc IChallengeManager
    function reclaimBond(uint256 challengeId) external nonReentrant {
        Challenge storage challenge = _challenges[challengeId];
        Kind kind = challenge.kind;
        if (kind == Kind.None) revert UnknownChallenge(challengeId, kind);
        if (challenge.closed) revert ChallengeClosed(challengeId);
        uint256 answerBy = challenge.answerBy;
        if (block.timestamp < answerBy || _runs(challenge)) revert ChallengeOpen(challengeId, answerBy);
        _close(challengeId, challenge, challenge.challenger);
    }

    /*//////////////////////////////////////////////////////////////
                                ANSWERS
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IChallengeManager
    function answerUpdate(
        uint256 challengeId,
        IRoundManager.Posting calldata posting,
        Opening calldata opening
    )
        external
        nonReentrant
    {
        Challenge storage challenge = _open(challengeId, Kind.Update);
        (uint256 taskId, uint256 round, uint256 attempt) = (challenge.taskId, challenge.round, challenge.attempt);
        address trainer = challenge.accused;
        _checkPosting(taskId, round, trainer, posting);
        ITaskManager.TaskConfig memory config = _config(taskId);
        G1 memory masked = _maskedUpdate(trainer, posting, config.offset);
        _checkOpening(_claimOf(taskId, config.dimension, masked, IOpenings.Encoding.Words, opening.root), opening);

        _opened[taskId][round][attempt][trainer] = true;
        emit UpdateOpened(taskId, round, attempt, trainer, masked.hash(), opening.root);
        _rounds().acquit(taskId, round, attempt, trainer); // or it is too late to matter
        _close(challengeId, challenge, trainer);
    }

    /// @inheritdoc IChallengeManager
    function answerMask(
        uint256 challengeId,
        IRoundManager.Posting[2] calldata postings,
        G1[2] calldata keys,
        G1 calldata shared,
        EqualLogProof calldata proof,
        bool byOther,
        G1 calldata mask,
        Opening calldata opening
    )
        external
        nonReentrant
    {
        uint256 gasBefore = gasleft();
        Challenge storage challenge = _open(challengeId, Kind.Mask);
        if (!_decides(challenge)) revert ChallengeMoot(challengeId);
        _checkMember(challenge, challenge.accused, postings[0], keys[0]);
        _checkMember(challenge, challenge.other, postings[1], keys[1]);
        _checkShared(byOther ? keys[1] : keys[0], byOther ? keys[0] : keys[1], shared, proof);
        _checkMask(challenge, _seedOf(challenge, postings, shared), mask, opening);

        emit MaskOpened(
            challenge.taskId, challenge.round, challenge.attempt, challenge.accused, challenge.other, shared
        );
        bool one = mask.equals(_maskWith(challenge.accused, postings[0], challenge.other));
        bool other = mask.equals(_maskWith(challenge.other, postings[1], challenge.accused));
        // who is in the right and shows it is paid by the other; less than its gas, since what follows is not counted
        bool paid = (one && msg.sender == challenge.accused) || (other && msg.sender == challenge.other);
        address payee = paid ? msg.sender : address(0);
        uint256 owed = paid ? _gasSince(gasBefore) * block.basefee : 0;
        _judge(challenge, challenge.accused, one, payee, owed);
        _judge(challenge, challenge.other, other, payee, owed);
        _close(challengeId, challenge, challenge.challenger);
    }

    /// @inheritdoc IChallengeManager
    function answerProof(uint256 challengeId, IProofManager.Shown calldata shown) external nonReentrant {
        Challenge storage challenge = _open(challengeId, Kind.Proof);
        (uint256 taskId, uint256 round, address trainer) = (challenge.taskId, challenge.round, challenge.accused);
        (uint256 running,,,) = _rounds().runningRound(taskId);
        if (running != round) revert ChallengeMoot(challengeId); // the model is another
        _proofs().prove(taskId, round, trainer, challenge.attempt, shown);
        _rounds().acquit(taskId, round, 0, trainer); // or it is too late to matter
        _close(challengeId, challenge, trainer);
    }

    /// @inheritdoc IChallengeManager
    function answerModel(uint256 challengeId, G1 calldata model, Opening calldata opening) external nonReentrant {
        Challenge storage challenge = _open(challengeId, Kind.Model);
        (uint256 taskId, uint256 round, uint256 averages) = (challenge.taskId, challenge.round, challenge.attempt);
        bytes32 modelHash = model.hash();
        if (modelHash != challenge.modelHash) revert ModelMismatch(challenge.modelHash, modelHash);
        ITaskManager.TaskConfig memory config = _config(taskId);
        G1 memory untagged = model.withoutEntry(config.basisD, TaskCode.tagOf(TASK_MANAGER, taskId));
        _checkOpening(_claimOf(taskId, config.dimension, untagged, IOpenings.Encoding.Packed, opening.root), opening);

        if (averages == 0) _opened[taskId][0][0][challenge.accused] = true;
        emit ModelOpened(taskId, round, averages, untagged.hash(), opening.root);
        _rounds().acquitModel(taskId, round, averages); // or it is too late to matter
        _close(challengeId, challenge, challenge.accused);
    }

    /*//////////////////////////////////////////////////////////////
                                 VIEWS
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IChallengeManager
    function bondOf(uint256 taskId, Kind kind) public view returns (uint256 bond) {
        ITaskManager.TaskConfig memory config = _config(taskId);
        if (kind == Kind.Proof) {
            uint256 showGas = (config.quietBound == 0 ? 1 : 2) * PROOF_GAS + LINK_GAS * config.maxLinks;
            return Math.max(config.challengeBond, 2 * block.basefee * showGas);
        }
        uint256 entryGas = kind == Kind.Update ? UPDATE_ENTRY_GAS : kind == Kind.Mask ? MASK_ENTRY_GAS : MODEL_ENTRY_GAS;
        uint256 parts = Terms.updateParts(config.dimension);
        uint256 answerGas = ANSWER_GAS + entryGas * Terms.updateLength(config.dimension) + PARTS_GAS * parts * parts;
        return Math.max(config.challengeBond, 2 * block.basefee * answerGas);
    }

    /// @inheritdoc IChallengeManager
    function getChallenge(uint256 challengeId) external view returns (Challenge memory challenge) {
        return _challenges[challengeId];
    }

    /// @inheritdoc IChallengeManager
    function opened(
        uint256 taskId,
        uint256 round,
        uint256 attempt,
        address accused
    )
        external
        view
        returns (bool isOpened)
    {
        return _opened[taskId][attempt == 0 ? 0 : round][attempt][accused];
    }

    /*//////////////////////////////////////////////////////////////
                          INTERNAL: CHALLENGES
    //////////////////////////////////////////////////////////////*/

    /// @dev Keeps a challenge, and its bond.
    function _raise(
        uint256 taskId,
        Kind kind,
        uint32 round,
        uint16 attempt,
        address accused,
        address other,
        bytes32 modelHash
    )
        private
        returns (uint256 challengeId)
    {
        uint256 required = bondOf(taskId, kind);
        if (msg.value < required) revert InsufficientBond(required, msg.value);
        uint256 answerBy = block.timestamp + _rounds().answerTime(taskId);
        challengeId = ++challengeCount;
        _challenges[challengeId] = Challenge({
            challenger: msg.sender,
            bond: msg.value.toUint96(),
            accused: accused,
            kind: kind,
            closed: false,
            round: round,
            attempt: attempt,
            other: other,
            taskId: uint48(taskId), // a task that exists: they are counted
            answerBy: uint40(answerBy), // in seven days at most
            modelHash: modelHash
        });
        uint256 key = kind == Kind.Model ? 0 : kind == Kind.Proof ? REVIEW : attempt;
        challengeOf[taskId][round][key][accused] = challengeId;
        if (other != address(0)) challengeOf[taskId][round][key][other] = challengeId;
        emit Challenged(
            challengeId, taskId, accused, kind, round, attempt, msg.sender, other, msg.value, answerBy, modelHash
        );
        _stakes().takeBond{value: msg.value}(challengeId);
    }

    /// @dev A challenge of this kind that was not answered, and whose bond was not reclaimed.
    function _open(uint256 challengeId, Kind kind) private view returns (Challenge storage challenge) {
        challenge = _challenges[challengeId];
        if (challenge.kind != kind) revert UnknownChallenge(challengeId, kind);
        if (challenge.closed) revert ChallengeClosed(challengeId);
    }

    /// @dev Closes a challenge and pays its bond.
    function _close(uint256 challengeId, Challenge storage challenge, address to) private {
        challenge.closed = true;
        uint256 bond = challenge.bond;
        emit BondReturned(challengeId, to, bond);
        _stakes().payBond(challengeId, to, bond);
    }

    /// @dev Whether an answer in time would still acquit: in the attempt, until an average of it is accepted, or in the
    /// phase in which a model is accused; before the deadline.
    function _runs(Challenge storage challenge) private view returns (bool) {
        (uint256 round, IRoundManager.Phase phase, uint256 attempt, uint256 deadline) =
            _rounds().runningRound(challenge.taskId);
        if (challenge.round != round || block.timestamp >= deadline) return false;
        if (challenge.kind == Kind.Proof) return phase == IRoundManager.Phase.Review;
        uint256 averages = _rounds().getRound(challenge.taskId, round).averages;
        if (challenge.kind != Kind.Model) {
            return phase == IRoundManager.Phase.Aggregate && challenge.attempt == attempt && averages == 0;
        }
        bool demanded = phase == (averages == 0 ? IRoundManager.Phase.Join : IRoundManager.Phase.Challenge);
        return demanded && challenge.attempt == averages;
    }

    /// @dev Whether showing a disputed mask can still convict: in the attempt that is aggregated, in time; or when an
    /// average of it was accepted that is not final.
    function _decides(Challenge storage challenge) private view returns (bool) {
        (uint256 round, IRoundManager.Phase phase, uint256 attempt, uint256 deadline) =
            _rounds().runningRound(challenge.taskId);
        if (challenge.round != round || challenge.attempt != attempt) return false;
        if (phase == IRoundManager.Phase.Challenge) return true;
        return phase == IRoundManager.Phase.Aggregate && block.timestamp < deadline;
    }

    /// @dev Acquits or convicts one of two accused peers. One that was convicted meanwhile, for wrong peers or by another
    /// peer, still comes to owe.
    function _judge(Challenge storage challenge, address trainer, bool right, address payee, uint256 owed) private {
        (uint256 taskId, uint256 round) = (challenge.taskId, challenge.round);
        bool guilty = _rounds().getRosterEntry(taskId, round, trainer).status == IRoundManager.TrainerStatus.Guilty;
        if (guilty && (right || owed == 0)) return;
        if (right) _rounds().acquit(taskId, round, challenge.attempt, trainer);
        else _rounds().convict(taskId, trainer, payee, owed);
    }

    /// @dev Gas that the call has burnt at least; of an account without code its transaction included. A contract may
    /// call with any number of bytes that no transaction has paid for.
    function _gasSince(uint256 before) private view returns (uint256 burnt) {
        burnt = before - gasleft();
        bool plain = msg.sender == tx.origin && msg.sender.code.length == 0;
        if (plain) burnt += INTRINSIC_GAS + CALLDATA_GAS * msg.data.length;
    }

    /// @dev A first model that is demanded must not be known: shown before, or all zeros, as its commitment shows.
    function _checkUnknown(uint256 taskId, IRoundManager.TaskState memory state) private view {
        ITaskManager.Task memory task = TaskCode.read(TASK_MANAGER, taskId);
        uint256 tag = TaskCode.tagOf(TASK_MANAGER, taskId);
        bool zero = state.modelHash == task.config.offset.withEntry(task.config.basisD, tag).hash();
        if (zero || _opened[taskId][0][0][task.creator]) revert AlreadyOpened(taskId, state.round, 0, task.creator);
    }

    /*//////////////////////////////////////////////////////////////
                         INTERNAL: COMMITMENTS
    //////////////////////////////////////////////////////////////*/

    /// @dev The commitment of a member's mask with a peer, as it posted it.
    function _maskWith(
        address trainer,
        IRoundManager.Posting calldata posting,
        address peer
    )
        private
        pure
        returns (G1 memory)
    {
        for (uint256 i; i < posting.masks.length; ++i) {
            if (posting.masks[i].peer == peer) return posting.masks[i].commitment;
        }
        revert NotPeers(trainer, peer);
    }

    /// @dev The commitment of a member's masked update: C(update) + sum of s * (C(mask) - B).
    function _maskedUpdate(
        address trainer,
        IRoundManager.Posting calldata posting,
        G1 memory offset
    )
        private
        view
        returns (G1 memory commitment)
    {
        commitment = posting.update;
        for (uint256 i; i < posting.masks.length; ++i) {
            G1 memory mask = posting.masks[i].commitment;
            commitment = trainer < posting.masks[i].peer
                ? commitment.plus(mask, offset)
                : commitment.add(mask.negate()).add(offset);
        }
    }

    /// @dev What an opening says of a commitment: of a model D entries, else as many as an update has.
    function _claimOf(
        uint256 taskId,
        uint256 dimension,
        G1 memory commitment,
        IOpenings.Encoding encoding,
        bytes32 root
    )
        private
        pure
        returns (IOpenings.Claim memory)
    {
        bool model = encoding == IOpenings.Encoding.Packed;
        uint256 entries = model ? dimension : Terms.updateLength(dimension);
        return IOpenings.Claim(taskId, commitment, encoding, uint32(entries), root); // they fit 2^28 rows
    }

    /// @dev The seed of the mask of the two that a challenge accuses, from the point that they share.
    function _seedOf(
        Challenge storage challenge,
        IRoundManager.Posting[2] calldata postings,
        G1 calldata shared
    )
        private
        view
        returns (bytes32)
    {
        Member memory one = Member(challenge.accused, postings[0].update);
        Member memory other = Member(challenge.other, postings[1].update);
        uint256 tag = TaskCode.tagOf(TASK_MANAGER, challenge.taskId);
        return Masks.seedOf(shared, tag, challenge.round, challenge.attempt, one, other);
    }

    /*//////////////////////////////////////////////////////////////
                            INTERNAL: CHECKS
    //////////////////////////////////////////////////////////////*/

    /// @dev A posting must be what the trainer posted last in the round.
    function _checkPosting(
        uint256 taskId,
        uint256 round,
        address trainer,
        IRoundManager.Posting calldata posting
    )
        private
        view
    {
        bytes32 expected = _rounds().getRosterEntry(taskId, round, trainer).postingHash;
        bytes32 actual = keccak256(abi.encode(posting));
        if (actual != expected) revert PostingMismatch(trainer, expected, actual);
    }

    /// @dev A posting and a mask key must be the accused's.
    function _checkMember(
        Challenge storage challenge,
        address trainer,
        IRoundManager.Posting calldata posting,
        G1 memory key
    )
        private
        view
    {
        uint256 taskId = challenge.taskId;
        _checkPosting(taskId, challenge.round, trainer, posting);
        bytes32 expected = ITrainerRegistry(TRAINER_REGISTRY).maskKeyHash(taskId, trainer);
        bytes32 actual = key.hash();
        if (actual != expected) revert MaskKeyMismatch(trainer, expected, actual);
    }

    /// @dev A point must be shown to be what the secret of one key makes of the other.
    function _checkShared(
        G1 calldata key,
        G1 calldata peerKey,
        G1 calldata shared,
        EqualLogProof calldata proof
    )
        private
        view
    {
        if (!EqualLog.verify(key, peerKey, shared, proof)) revert InvalidSharedPoint();
    }

    /// @dev A point must be the commitment of the mask with this seed.
    function _checkMask(Challenge storage challenge, bytes32 seed, G1 calldata mask, Opening calldata opening) private {
        uint256 taskId = challenge.taskId;
        uint256 dimension = TaskCode.dimensionOf(TASK_MANAGER, taskId);
        _checkOpening(_claimOf(taskId, dimension, mask, IOpenings.Encoding.Mask, seed), opening);
    }

    /// @dev A claim is shown now; or was, in parts, if there is nothing to show it with.
    function _checkOpening(IOpenings.Claim memory claim, Opening calldata opening) private {
        IOpenings openings = IOpenings(OPENINGS);
        bool nothing = opening.vector.length == 0 && opening.quotient.x == 0 && opening.quotient.y == 0;
        if (nothing && openings.isOpen(claim)) return;
        openings.open(claim, opening.vector, opening.quotient);
    }

    /// @dev How far clockwise a member stands from the trainer, which must be beyond `last`.
    function _beyond(
        bytes32 seed,
        address trainer,
        address member,
        uint256 last
    )
        private
        pure
        returns (uint256 distance)
    {
        distance = Masks.distance(seed, trainer, member);
        if (distance <= last) revert NotBetween(member);
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

    function _proofs() private view returns (IProofManager) {
        return IProofManager(PROOF_MANAGER);
    }

    function _stakes() private view returns (IStakeManager) {
        return IStakeManager(STAKE_MANAGER);
    }
}
