// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IChallengeManager} from "./interfaces/IChallengeManager.sol";
import {IStakeManager} from "./interfaces/IStakeManager.sol";
import {ITaskManager} from "./interfaces/ITaskManager.sol";
import {BN254, G1} from "./libraries/BN254.sol";
import {Commitments} from "./libraries/Commitments.sol";
import {EqualLog} from "./libraries/EqualLog.sol";
import {Masks, Member} from "./libraries/Masks.sol";

/// @title ChallengeManager
contract ChallengeManager is IChallengeManager, ReentrancyGuardTransient {
    using BN254 for G1;
    using Commitments for G1;

    /*//////////////////////////////////////////////////////////////
                               CONSTANTS
    //////////////////////////////////////////////////////////////*/

    /// @dev How many peers a member has on each side of the circle, if there are so many.
    uint256 private constant NEAREST = 8;

    /// @dev How many entries an update has besides its weights: the tag's, and eight salts.
    uint256 private constant EXTRA_ENTRIES = 9;

    /*//////////////////////////////////////////////////////////////
                               IMMUTABLES
    //////////////////////////////////////////////////////////////*/

    ITaskManager private immutable TASK_MANAGER;

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

    /// @param taskManager_ Where the TaskManager will stand: it is deployed after this contract and checks the
    /// reference.
    constructor(address taskManager_) {
        if (taskManager_ == address(0)) revert ZeroAddress();
        TASK_MANAGER = ITaskManager(taskManager_);
    }

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
        (, ITaskManager.TaskState memory state) = _bondedTask(taskId);
        if (_opened[taskId][state.round][state.attempt][trainer]) {
            revert AlreadyOpened(taskId, state.round, state.attempt, trainer);
        }
        challengeId = _raise(taskId, Kind.Update, state.round, state.attempt, trainer, address(0));
        TASK_MANAGER.accuse(taskId, trainer);
    }

    /// @inheritdoc IChallengeManager
    function challengeMask(
        uint256 taskId,
        address one,
        address other,
        ITaskManager.Posting calldata postingOne,
        ITaskManager.Posting calldata postingOther
    )
        external
        payable
        nonReentrant
        returns (uint256 challengeId)
    {
        (, ITaskManager.TaskState memory state) = _bondedTask(taskId);
        _checkPosting(taskId, state.round, one, postingOne);
        _checkPosting(taskId, state.round, other, postingOther);
        G1 memory maskOne = _maskWith(one, postingOne, other);
        if (maskOne.equals(_maskWith(other, postingOther, one))) revert MasksAgree(one, other);
        challengeId = _raise(taskId, Kind.Mask, state.round, state.attempt, one, other);
        TASK_MANAGER.accuse(taskId, one);
        TASK_MANAGER.accuse(taskId, other);
    }

    /// @inheritdoc IChallengeManager
    function challengeModel(uint256 taskId) external payable nonReentrant returns (uint256 challengeId) {
        (ITaskManager.TaskConfig memory config, ITaskManager.TaskState memory state) = _bondedTask(taskId);
        bool first = state.phase == ITaskManager.Phase.Join;
        if (first && (_opened[taskId][0][0][state.creator] || _isZero(taskId, config, state.modelHash))) {
            revert AlreadyOpened(taskId, state.round, 0, state.creator);
        }
        address accused = TASK_MANAGER.accuseModel(taskId);
        uint16 averages = TASK_MANAGER.getRound(taskId, state.round).averages;
        challengeId = _raise(taskId, Kind.Model, state.round, averages, accused, address(0));
    }

    /// @inheritdoc IChallengeManager
    function proveWrongPeer(
        uint256 taskId,
        address trainer,
        ITaskManager.Posting calldata posting,
        address wrong,
        address[] calldata between
    )
        external
    {
        (, ITaskManager.TaskState memory state) = TASK_MANAGER.getTask(taskId);
        _checkPosting(taskId, state.round, trainer, posting);
        _maskWith(trainer, posting, wrong);
        if (between.length != 2 * NEAREST) revert WrongLength(2 * NEAREST, between.length);
        uint256 last;
        for (uint256 i; i < between.length; ++i) {
            if (i == NEAREST) last = _beyond(state.seed, trainer, wrong, last);
            address member = between[i];
            if (TASK_MANAGER.getRosterEntry(taskId, state.round, member).attempt != state.attempt) {
                revert NotBetween(member);
            }
            last = _beyond(state.seed, trainer, member, last);
        }
        TASK_MANAGER.convict(taskId, trainer);
    }

    /// @inheritdoc IChallengeManager
    function reclaimBond(uint256 challengeId) external nonReentrant {
        Challenge storage challenge = _challenges[challengeId];
        Kind kind = challenge.kind;
        if (kind == Kind.None) revert UnknownChallenge(challengeId, kind);
        if (challenge.closed) revert ChallengeClosed(challengeId);
        (, ITaskManager.TaskState memory state) = TASK_MANAGER.getTask(challenge.taskId);
        if (block.timestamp < state.deadline && _runs(challenge, state)) revert ChallengeOpen(challengeId);
        _close(challengeId, challenge, challenge.challenger);
    }

    /*//////////////////////////////////////////////////////////////
                                ANSWERS
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IChallengeManager
    function answerUpdate(
        uint256 challengeId,
        ITaskManager.Posting calldata posting,
        uint256[] calldata vector,
        G1[] calldata basis
    )
        external
        nonReentrant
    {
        Challenge storage challenge = _open(challengeId, Kind.Update);
        (uint256 taskId, uint256 round, uint256 attempt) = (challenge.taskId, challenge.round, challenge.attempt);
        address trainer = challenge.accused;
        (ITaskManager.TaskConfig memory config,) = TASK_MANAGER.getTask(taskId);
        _checkPosting(taskId, round, trainer, posting);
        _checkOpening(config, vector, config.dimension + EXTRA_ENTRIES, basis);
        _checkCommitment(_maskedUpdate(trainer, posting, config.offset).hash(), vector, basis, config.offset);

        _opened[taskId][round][attempt][trainer] = true;
        emit UpdateOpened(taskId, round, attempt, trainer, vector);
        TASK_MANAGER.acquit(taskId, round, attempt, trainer);
        _close(challengeId, challenge, trainer);
    }

    /// @inheritdoc IChallengeManager
    function answerMask(
        uint256 challengeId,
        ITaskManager.Posting[2] calldata postings,
        G1[2] calldata keys,
        G1 calldata shared,
        EqualLogProof calldata proof,
        bool byOther,
        G1[] calldata basis
    )
        external
        nonReentrant
    {
        Challenge storage challenge = _open(challengeId, Kind.Mask);
        _checkMember(challenge, challenge.accused, postings[0], keys[0]);
        _checkMember(challenge, challenge.other, postings[1], keys[1]);
        _checkShared(byOther ? keys[1] : keys[0], byOther ? keys[0] : keys[1], shared, proof);
        G1 memory mask = _maskOf(challenge, _seedOf(challenge, postings, shared), basis);

        emit MaskOpened(
            challenge.taskId, challenge.round, challenge.attempt, challenge.accused, challenge.other, shared
        );
        _judge(challenge, challenge.accused, challenge.other, postings[0], mask);
        _judge(challenge, challenge.other, challenge.accused, postings[1], mask);
        _close(challengeId, challenge, challenge.challenger);
    }

    /// @inheritdoc IChallengeManager
    function answerModel(uint256 challengeId, uint256[] calldata weights, G1[] calldata basis) external nonReentrant {
        Challenge storage challenge = _open(challengeId, Kind.Model);
        uint256 taskId = challenge.taskId;
        (ITaskManager.TaskConfig memory config, ITaskManager.TaskState memory state) = TASK_MANAGER.getTask(taskId);
        if (!_runs(challenge, state)) revert ITaskManager.ModelNotAccused(taskId);
        bool first = challenge.attempt == 0;
        _checkOpening(config, weights, config.dimension, basis);
        bytes32 modelHash = first ? state.modelHash : state.average.hash();
        _checkCommitment(modelHash, weights, basis, config.offset.withEntry(config.basisD, TASK_MANAGER.tag(taskId)));

        if (first) _opened[taskId][0][0][challenge.accused] = true;
        emit ModelOpened(taskId, challenge.round, challenge.attempt, weights);
        TASK_MANAGER.acquitModel(taskId);
        _close(challengeId, challenge, challenge.accused);
    }

    /*//////////////////////////////////////////////////////////////
                                 VIEWS
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IChallengeManager
    function taskManager() external view returns (address deployed) {
        return address(TASK_MANAGER);
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

    /// @dev A task for which the right bond was sent.
    function _bondedTask(uint256 taskId)
        private
        view
        returns (ITaskManager.TaskConfig memory config, ITaskManager.TaskState memory state)
    {
        (config, state) = TASK_MANAGER.getTask(taskId);
        if (msg.value != config.challengeBond) revert WrongBond(config.challengeBond, msg.value);
    }

    /// @dev Keeps a challenge, and its bond.
    function _raise(
        uint256 taskId,
        Kind kind,
        uint32 round,
        uint16 attempt,
        address accused,
        address other
    )
        private
        returns (uint256 challengeId)
    {
        challengeId = ++challengeCount;
        _challenges[challengeId] = Challenge({
            challenger: msg.sender,
            bond: uint96(msg.value), // the config's, so it fits
            accused: accused,
            kind: kind,
            closed: false,
            round: round,
            attempt: attempt,
            other: other,
            taskId: uint64(taskId) // a task that exists: they are counted
        });
        uint256 key = kind == Kind.Model ? 0 : attempt;
        challengeOf[taskId][round][key][accused] = challengeId;
        if (other != address(0)) challengeOf[taskId][round][key][other] = challengeId;
        emit Challenged(challengeId, taskId, accused, kind, round, attempt, msg.sender, other, msg.value);
        _stakeManager().takeBond{value: msg.value}(challengeId);
    }

    /// @dev A challenge of this kind that can be answered, as far as this contract knows.
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
        _stakeManager().payBond(challengeId, to, bond);
    }

    /// @dev Whether what the challenge was raised in still runs: the attempt, until an average of it is accepted, or
    /// the phase in which a model is accused.
    function _runs(Challenge storage challenge, ITaskManager.TaskState memory state) private view returns (bool) {
        if (challenge.round != state.round) return false;
        uint256 averages = TASK_MANAGER.getRound(challenge.taskId, state.round).averages;
        if (challenge.kind != Kind.Model) {
            return state.phase == ITaskManager.Phase.Aggregate && challenge.attempt == state.attempt && averages == 0;
        }
        ITaskManager.Phase phase = averages == 0 ? ITaskManager.Phase.Join : ITaskManager.Phase.Challenge;
        return state.phase == phase && challenge.attempt == averages;
    }

    /// @dev Acquits or convicts one of two accused peers, by the mask that they share, unless it was convicted
    /// meanwhile.
    function _judge(
        Challenge storage challenge,
        address trainer,
        address peer,
        ITaskManager.Posting calldata posting,
        G1 memory mask
    )
        private
    {
        (uint256 taskId, uint256 round) = (challenge.taskId, challenge.round);
        if (TASK_MANAGER.getRosterEntry(taskId, round, trainer).status == ITaskManager.TrainerStatus.Guilty) return;
        bool right = mask.equals(_maskWith(trainer, posting, peer));
        if (right) TASK_MANAGER.acquit(taskId, round, challenge.attempt, trainer);
        else TASK_MANAGER.convict(taskId, trainer);
    }

    /// @dev Whether a model's weights are all zero.
    function _isZero(
        uint256 taskId,
        ITaskManager.TaskConfig memory config,
        bytes32 modelHash
    )
        private
        view
        returns (bool)
    {
        return modelHash == config.offset.withEntry(config.basisD, TASK_MANAGER.tag(taskId)).hash();
    }

    /// @dev The StakeManager of this deployment, which only the TaskManager knows.
    function _stakeManager() private view returns (IStakeManager) {
        return IStakeManager(TASK_MANAGER.stakeManager());
    }

    /*//////////////////////////////////////////////////////////////
                         INTERNAL: COMMITMENTS
    //////////////////////////////////////////////////////////////*/

    /// @dev The commitment of a member's mask with a peer, as it posted it.
    function _maskWith(
        address trainer,
        ITaskManager.Posting calldata posting,
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
        ITaskManager.Posting calldata posting,
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

    /// @dev The commitment of the mask of the two that a challenge accuses.
    function _maskOf(Challenge storage challenge, bytes32 seed, G1[] calldata basis) private view returns (G1 memory) {
        uint256 taskId = challenge.taskId;
        (ITaskManager.TaskConfig memory config, ITaskManager.TaskState memory state) = TASK_MANAGER.getTask(taskId);
        if (!_runs(challenge, state)) {
            revert ITaskManager.NotAccused(taskId, challenge.round, challenge.attempt, challenge.accused);
        }
        _checkBasis(config.basisHash, basis);
        return Commitments.commit(Masks.expand(seed, config.dimension + EXTRA_ENTRIES), basis, config.offset);
    }

    /// @dev The seed of the mask of the two that a challenge accuses, from the point that they share.
    function _seedOf(
        Challenge storage challenge,
        ITaskManager.Posting[2] calldata postings,
        G1 calldata shared
    )
        private
        view
        returns (bytes32)
    {
        Member memory one = Member(challenge.accused, postings[0].update);
        Member memory other = Member(challenge.other, postings[1].update);
        uint256 tag = TASK_MANAGER.tag(challenge.taskId);
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
        ITaskManager.Posting calldata posting
    )
        private
        view
    {
        bytes32 expected = TASK_MANAGER.getRosterEntry(taskId, round, trainer).postingHash;
        bytes32 actual = keccak256(abi.encode(posting));
        if (actual != expected) revert PostingMismatch(trainer, expected, actual);
    }

    /// @dev A posting and a mask key must be the accused's.
    function _checkMember(
        Challenge storage challenge,
        address trainer,
        ITaskManager.Posting calldata posting,
        G1 memory key
    )
        private
        view
    {
        uint256 taskId = challenge.taskId;
        _checkPosting(taskId, challenge.round, trainer, posting);
        bytes32 expected = TASK_MANAGER.getEnrolment(taskId, trainer).maskKeyHash;
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

    /// @dev The basis points must be the task's; there must be so many entries, all canonical.
    function _checkOpening(
        ITaskManager.TaskConfig memory config,
        uint256[] calldata vector,
        uint256 length,
        G1[] calldata basis
    )
        private
        pure
    {
        _checkBasis(config.basisHash, basis);
        if (vector.length != length) revert WrongLength(length, vector.length);
        for (uint256 i; i < length; ++i) {
            if (vector[i] >= BN254.P) revert NonCanonicalEntry(i, vector[i]);
        }
    }

    /// @dev The hash also fixes how many points there are: D + 9 by the config that made it.
    function _checkBasis(bytes32 expected, G1[] calldata basis) private pure {
        bytes32 actual;
        assembly ("memory-safe") {
            let buffer := mload(0x40) // scratch past the free pointer: it is hashed at once
            let length := mul(basis.length, 0x40)
            calldatacopy(buffer, basis.offset, length)
            actual := keccak256(buffer, length)
        }
        if (actual != expected) revert BasisMismatch(expected, actual);
    }

    /// @dev The vector must be what was committed to.
    function _checkCommitment(
        bytes32 expected,
        uint256[] calldata vector,
        G1[] calldata basis,
        G1 memory offset
    )
        private
        view
    {
        bytes32 actual = Commitments.commit(vector, basis, offset).hash();
        if (actual != expected) revert OpeningMismatch(expected, actual);
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
}
