// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {Deployed} from "./base/Deployed.sol";
import {IAttestations} from "./interfaces/IAttestations.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {IRoundManager} from "./interfaces/IRoundManager.sol";
import {ITaskManager} from "./interfaces/ITaskManager.sol";
import {ITrainerRegistry} from "./interfaces/ITrainerRegistry.sol";
import {BN254, G1} from "./libraries/BN254.sol";
import {Code} from "./libraries/Code.sol";
import {Commitments} from "./libraries/Commitments.sol";
import {Evaluation, Sum} from "./libraries/Evaluation.sol";
import {TaskCode} from "./libraries/TaskCode.sol";
import {Terms} from "./libraries/Terms.sol";
import {Verifying} from "./libraries/Verifying.sol";

/// @title Attestations
contract Attestations is IAttestations, Deployed {
    using BN254 for G1;
    using Commitments for G1;
    using Commitments for bytes;
    using Evaluation for Sum;
    using Verifying for address;

    /*//////////////////////////////////////////////////////////////
                               CONSTANTS
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IAttestations
    uint256 public constant MAX_NUMBERS = 128;

    /// @inheritdoc IAttestations
    uint256 public constant MAX_ATTESTERS = 64;

    /// @dev Numbers for which the task's config has basis points.
    uint256 private constant KNOWN = 2;

    /// @dev Numbers below it are multiplied by additions.
    uint256 private constant SMALL = 1 << 16;

    /// @dev How many bits a number has in storage, of counts and of sums of errors. The first is never used, so that the
    /// first word of what is recorded has a mark there and is not zero.
    uint256 private constant COUNT_BITS = 32;
    uint256 private constant ERROR_BITS = 64;
    uint256 private constant RECORDED = 1 << 255;

    /*//////////////////////////////////////////////////////////////
                                STORAGE
    //////////////////////////////////////////////////////////////*/

    mapping(uint256 taskId => mapping(bytes32 dataHash => HeldOut)) private _heldOut;

    mapping(uint256 taskId => bytes32[]) private _heldOutHashes;

    mapping(uint256 taskId => mapping(uint256 round => mapping(bytes32 dataHash => mapping(uint256 => uint256))))
        private _scores;

    mapping(uint256 taskId => mapping(bytes32 dataHash => mapping(uint256 => uint256))) private _compositions;

    mapping(uint256 taskId => bytes32[]) private _declared;

    mapping(uint256 taskId => mapping(bytes32 dataHash => address)) private _declarers;

    /*//////////////////////////////////////////////////////////////
                              CONSTRUCTOR
    //////////////////////////////////////////////////////////////*/

    /// @param addresses Where the contracts of the deployment stand.
    constructor(Addresses memory addresses) Deployed(addresses) {}

    /*//////////////////////////////////////////////////////////////
                               TASK CREATORS
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IAttestations
    function open(uint256 taskId, Scoring calldata scoring, G1 calldata basisQuotient) external {
        ITaskManager.Task memory task = TaskCode.read(TASK_MANAGER, taskId);
        if (msg.sender != task.creator) revert NotCreator(taskId, task.creator);
        if (Code.accountOf(address(this), bytes32(taskId)).code.length != 0) revert AlreadyOpen(taskId);
        _checkVerifier(scoring.scoreVerifier, scoring.scoreCodeHash);
        _checkVerifier(scoring.compositionVerifier, scoring.compositionCodeHash);
        _checkLayout(scoring);
        if (scoring.basis.length != 0) _checkBasis(task.config, scoring.basis, basisQuotient);
        if (scoring.attesters.length > MAX_ATTESTERS) revert TooManyAttesters(scoring.attesters.length);

        Code.write(bytes32(taskId), abi.encode(scoring));
        emit ScoringOpened(taskId, scoring);
    }

    /*//////////////////////////////////////////////////////////////
                                HOLDERS
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IAttestations
    function register(uint256 taskId, G1[] calldata data) external {
        if (Code.accountOf(address(this), bytes32(taskId)).code.length == 0) revert NotOpen(taskId);
        if (data.length == 0) revert NoData();
        (uint256 round, bool fresh) = _running(taskId);
        G1 memory offset = _config(taskId).offset;
        for (uint256 i; i < data.length; ++i) {
            G1 memory commitment = data[i];
            commitment.validate();
            if (commitment.equals(offset)) revert EmptyData();
            bytes32 dataHash = commitment.hash();
            address holder = _heldOut[taskId][dataHash].holder;
            if (holder == msg.sender) continue; // since then, and not since now
            if (holder != address(0)) revert AlreadyHeldOut(taskId, dataHash, holder);
            address trainer = _trainerOf(taskId, dataHash);
            if (trainer != address(0)) revert IsTrainingData(taskId, dataHash, trainer);
            // a task has 10,000 rounds at most
            _heldOut[taskId][dataHash] = HeldOut(msg.sender, uint32(round), fresh, uint40(block.timestamp));
            _heldOutHashes[taskId].push(dataHash);
            emit DataHeldOut(taskId, msg.sender, dataHash, commitment, round, fresh);
        }
    }

    /// @inheritdoc IAttestations
    function attest(uint256 taskId, uint256 round, uint64[] calldata numbers, bytes calldata proof) external {
        Scoring memory scoring = getScoring(taskId);
        bytes32 dataHash = proof.commitmentAt(1).hash();
        _checkHolder(taskId, round, dataHash);
        mapping(uint256 => uint256) storage words = _scores[taskId][round][dataHash];
        if (words[0] != 0) revert AlreadyAttested(taskId, round, dataHash);
        bytes32 expected = IModelRegistry(MODEL_REGISTRY).getModel(taskId, round).modelHash;
        bytes32 actual = proof.commitmentAt(0).hash();
        if (actual != expected) revert ModelMismatch(expected, actual);

        uint256 bits = scoring.amounts ? ERROR_BITS : COUNT_BITS;
        _checkNumbers(numbers, _numbersOf(scoring), bits);
        _checkCommitment(taskId, scoring.basis, numbers, proof.commitmentAt(3));
        scoring.scoreVerifier.check(proof);
        _keep(words, numbers, bits);
        emit Attested(taskId, round, msg.sender, dataHash, numbers);
    }

    /// @inheritdoc IAttestations
    function declare(uint256 taskId, uint64[] calldata counts, bytes calldata proof) external {
        Scoring memory scoring = getScoring(taskId);
        bytes32 dataHash = proof.commitmentAt(0).hash();
        address holder = _heldOut[taskId][dataHash].holder;
        if (holder != msg.sender && _trainerOf(taskId, dataHash) != msg.sender) {
            revert NotHolder(taskId, dataHash, holder);
        }
        mapping(uint256 => uint256) storage words = _compositions[taskId][dataHash];
        if (words[0] != 0) revert AlreadyDeclared(taskId, dataHash);

        _checkNumbers(counts, _countsOf(scoring), COUNT_BITS);
        _checkCommitment(taskId, scoring.basis, counts, proof.commitmentAt(2));
        scoring.compositionVerifier.check(proof);
        _keep(words, counts, COUNT_BITS);
        _declared[taskId].push(dataHash);
        _declarers[taskId][dataHash] = msg.sender;
        emit CompositionDeclared(taskId, msg.sender, dataHash, counts);
    }

    /*//////////////////////////////////////////////////////////////
                                 VIEWS
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IAttestations
    function requireScore(
        uint256 taskId,
        uint256 round,
        bytes32 dataHash,
        address attester,
        uint256 group,
        uint256 rows,
        uint256 least
    )
        external
        view
    {
        Scoring memory scoring = getScoring(taskId);
        uint64[] memory numbers = _readScore(scoring, taskId, round, dataHash);
        if (numbers.length == 0 || _heldOut[taskId][dataHash].holder != attester) {
            revert NotAttested(taskId, round, dataHash, attester);
        }
        if (scoring.amounts) revert NotAShare(taskId);
        (uint256 right, uint256 used) = _sums(scoring, numbers, group);
        uint256 count = used / (scoring.groups == 0 ? 4 : 8);
        rows = Math.max(rows, 1);
        if (count < rows) revert TooFewRows(rows, count);
        uint256 share = Terms.WHOLE * right / used;
        if (share < least) revert ScoreTooLow(least, share);
    }

    /// @inheritdoc IAttestations
    function getScoring(uint256 taskId) public view returns (Scoring memory scoring) {
        bytes memory encoded = Code.read(address(this), bytes32(taskId));
        if (encoded.length == 0) revert NotOpen(taskId);
        return abi.decode(encoded, (Scoring));
    }

    /// @inheritdoc IAttestations
    function isNamed(uint256 taskId, address account) external view returns (bool named) {
        address[] memory attesters = getScoring(taskId).attesters;
        for (uint256 i; i < attesters.length && !named; ++i) {
            named = attesters[i] == account;
        }
    }

    /// @inheritdoc IAttestations
    function getHeldOut(uint256 taskId, bytes32 dataHash) external view returns (HeldOut memory data) {
        return _heldOut[taskId][dataHash];
    }

    /// @inheritdoc IAttestations
    function heldOutCount(uint256 taskId) external view returns (uint256 count) {
        return _heldOutHashes[taskId].length;
    }

    /// @inheritdoc IAttestations
    function getHeldOuts(
        uint256 taskId,
        uint256 start,
        uint256 limit
    )
        external
        view
        returns (Holding[] memory holdings)
    {
        bytes32[] storage hashes = _heldOutHashes[taskId];
        holdings = new Holding[](_pageLength(hashes.length, start, limit));
        for (uint256 i; i < holdings.length; ++i) {
            holdings[i] = Holding(hashes[start + i], _heldOut[taskId][hashes[start + i]]);
        }
    }

    /// @inheritdoc IAttestations
    function getScore(uint256 taskId, uint256 round, bytes32 dataHash) public view returns (uint64[] memory numbers) {
        return _readScore(getScoring(taskId), taskId, round, dataHash);
    }

    /// @inheritdoc IAttestations
    function getAttestations(
        uint256 taskId,
        uint256 round,
        uint256 start,
        uint256 limit
    )
        external
        view
        returns (Attestation[] memory attestations)
    {
        bytes32[] storage hashes = _heldOutHashes[taskId];
        Scoring memory scoring = getScoring(taskId);
        attestations = new Attestation[](_pageLength(hashes.length, start, limit));
        uint256 count;
        for (uint256 i; i < attestations.length; ++i) {
            bytes32 dataHash = hashes[start + i];
            uint64[] memory numbers = _readScore(scoring, taskId, round, dataHash);
            if (numbers.length == 0) continue;
            HeldOut memory data = _heldOut[taskId][dataHash];
            attestations[count++] = Attestation(data.holder, dataHash, uint32(round), data.registeredAt, numbers);
        }
        assembly ("memory-safe") {
            mstore(attestations, count) // shorter than it was made
        }
    }

    /// @inheritdoc IAttestations
    function getComposition(uint256 taskId, bytes32 dataHash) external view returns (uint64[] memory counts) {
        return _read(_compositions[taskId][dataHash], _countsOf(getScoring(taskId)), COUNT_BITS);
    }

    /// @inheritdoc IAttestations
    function compositionCount(uint256 taskId) external view returns (uint256 count) {
        return _declared[taskId].length;
    }

    /// @inheritdoc IAttestations
    function getCompositions(
        uint256 taskId,
        uint256 start,
        uint256 limit
    )
        external
        view
        returns (Composition[] memory compositions)
    {
        bytes32[] storage hashes = _declared[taskId];
        compositions = new Composition[](_pageLength(hashes.length, start, limit));
        uint256 expected = compositions.length == 0 ? 0 : _countsOf(getScoring(taskId));
        for (uint256 i; i < compositions.length; ++i) {
            bytes32 dataHash = hashes[start + i];
            uint64[] memory counts = _read(_compositions[taskId][dataHash], expected, COUNT_BITS);
            compositions[i] = Composition(_declarers[taskId][dataHash], dataHash, counts);
        }
    }

    /*//////////////////////////////////////////////////////////////
                            INTERNAL: OPENING
    //////////////////////////////////////////////////////////////*/

    function _checkVerifier(address verifier, bytes32 codeHash) private view {
        bytes32 actual = verifier.codehash;
        if (actual != codeHash || verifier.code.length == 0) revert InvalidVerifier(verifier, codeHash, actual);
    }

    /// @dev The layout must make sense, and have one basis point for each number that the task's config has none for.
    function _checkLayout(Scoring calldata scoring) private pure {
        uint256 most = Math.max(_numbersOf(scoring), _countsOf(scoring));
        bool sensible = (scoring.each == 2 || scoring.each == 4) && scoring.classes != 0
            && (scoring.groups == 0) == (scoring.wholeGroups == 0) && scoring.wholeGroups <= scoring.groups;
        if (!sensible || most > MAX_NUMBERS) {
            revert InvalidLayout(scoring.groups, scoring.wholeGroups, scoring.each, scoring.classes);
        }
        uint256 expected = Math.saturatingSub(most, KNOWN);
        if (scoring.basis.length != expected) revert WrongBasisCount(expected, scoring.basis.length);
    }

    /// @dev The basis points must be those that tau makes. One opening shows it of all: of their combination by powers of
    /// a number that nobody knows before they are fixed. See `ITaskManager.createTask`, which does so with others.
    function _checkBasis(
        ITaskManager.TaskConfig memory config,
        G1[] calldata basis,
        G1 calldata quotient
    )
        private
        view
    {
        uint256 rho = uint256(keccak256(abi.encode(config.offset, basis, uint256(config.k)))) % BN254.P;
        G1 memory combination = config.offset;
        uint256 power = 1;
        for (uint256 i; i < basis.length; ++i) {
            basis[i].validate();
            power = mulmod(power, rho, BN254.P);
            combination = combination.withEntry(basis[i], power);
        }
        uint256 r = uint256(keccak256(abi.encode(combination, rho))) % BN254.P;
        Sum memory sum = Evaluation.start(config.k, r);
        sum.moveTo(r, KNOWN);
        power = 1;
        for (uint256 i; i < basis.length; ++i) {
            power = mulmod(power, rho, BN254.P);
            sum.add(power);
        }
        if (!sum.check(config.k, r, combination, quotient, config.tau)) revert InvalidBasis();
    }

    /*//////////////////////////////////////////////////////////////
                            INTERNAL: CHECKS
    //////////////////////////////////////////////////////////////*/

    /// @dev The running round of a task that has not ended, and whether no sum was shown that started from its model.
    function _running(uint256 taskId) private view returns (uint256 round, bool fresh) {
        IRoundManager.Phase phase;
        (round, phase,,) = IRoundManager(ROUND_MANAGER).runningRound(taskId);
        if (phase >= IRoundManager.Phase.Finalized) revert TaskEnded(taskId);
        if (phase > IRoundManager.Phase.Train) return (round, false);
        return (round, IModelRegistry(MODEL_REGISTRY).latest(taskId).round + 1 == round);
    }

    /// @dev The data must be the sender's, not its training data, and older than anybody's knowledge of the model.
    function _checkHolder(uint256 taskId, uint256 round, bytes32 dataHash) private view {
        HeldOut memory data = _heldOut[taskId][dataHash];
        if (data.holder != msg.sender) revert NotHolder(taskId, dataHash, data.holder);
        // another's registration for training must not spoil this; that the data are one's own, audits compare
        if (_trainerOf(taskId, dataHash) == msg.sender) revert IsTrainingData(taskId, dataHash, msg.sender);
        if (round >= data.round) {
            if (data.fresh) return;
            (IModelRegistry.Parent[] memory parents,) = IModelRegistry(MODEL_REGISTRY).getParents(taskId, round);
            if (parents.length == 1 && parents[0].taskId == taskId && parents[0].round >= data.round) return;
        }
        revert ModelNotLater(taskId, round, data.round, data.fresh);
    }

    /// @dev There must be so many numbers, and each fit where it is kept.
    function _checkNumbers(uint64[] calldata numbers, uint256 expected, uint256 bits) private pure {
        if (numbers.length != expected) revert WrongNumberCount(expected, numbers.length);
        for (uint256 i; i < numbers.length; ++i) {
            if (numbers[i] >> bits - 1 != 0) revert NumberTooLarge(i, numbers[i]);
        }
    }

    /// @dev The proof's last point must be the commitment of these numbers: so what its vector has behind them is zero.
    function _checkCommitment(
        uint256 taskId,
        G1[] memory further,
        uint64[] calldata numbers,
        G1 memory actual
    )
        private
        view
    {
        G1 memory expected = _commitmentOf(_config(taskId), further, numbers);
        if (!actual.equals(expected)) revert NumbersMismatch(expected.hash(), actual.hash());
    }

    /// @dev C(numbers).
    function _commitmentOf(
        ITaskManager.TaskConfig memory config,
        G1[] memory further,
        uint64[] calldata numbers
    )
        private
        view
        returns (G1 memory commitment)
    {
        G1[] memory points = new G1[](numbers.length);
        uint256 bits;
        for (uint256 i; i < numbers.length; ++i) {
            bits |= numbers[i];
            points[i] = i == 0 ? config.basis0 : i == 1 ? config.basis1 : further[i - KNOWN];
        }
        if (bits < SMALL) return config.offset.add(_sumOfProducts(points, numbers));
        commitment = config.offset;
        for (uint256 i; i < numbers.length; ++i) {
            commitment = commitment.withEntry(points[i], numbers[i]);
        }
    }

    /// @dev The sum of numbers times points. To multiply a point costs 6,000 gas whatever the number, to add two 150 and
    /// the call; and counts have few bits. So all are multiplied at once, by doubling their sum bit by bit (Straus 1964).
    function _sumOfProducts(G1[] memory points, uint64[] calldata numbers) private view returns (G1 memory sum) {
        bool valid = true;
        assembly ("memory-safe") {
            let buffer := mload(0x40) // the sum, and what is added to it
            let other := add(buffer, 0x40)
            mstore(buffer, 0)
            mstore(add(buffer, 0x20), 0)
            let length := mul(0x20, numbers.length)
            for { let bit := shr(1, SMALL) } bit { bit := shr(1, bit) } {
                mcopy(other, buffer, 0x40)
                valid := and(valid, staticcall(gas(), 0x06, buffer, 0x80, buffer, 0x40))
                for { let i := 0 } lt(i, length) { i := add(i, 0x20) } {
                    if and(calldataload(add(numbers.offset, i)), bit) {
                        mcopy(other, mload(add(add(points, 0x20), i)), 0x40)
                        valid := and(valid, staticcall(gas(), 0x06, buffer, 0x80, buffer, 0x40))
                    }
                }
            }
            mcopy(sum, buffer, 0x40)
        }
        assert(valid); // points of the config and the scoring were checked
    }

    /// @dev Who trains on these data; zero if nobody.
    function _trainerOf(uint256 taskId, bytes32 dataHash) private view returns (address trainer) {
        return ITrainerRegistry(TRAINER_REGISTRY).getData(taskId, dataHash).owner;
    }

    function _config(uint256 taskId) private view returns (ITaskManager.TaskConfig memory) {
        return TaskCode.configOf(TASK_MANAGER, taskId);
    }

    /*//////////////////////////////////////////////////////////////
                            INTERNAL: NUMBERS
    //////////////////////////////////////////////////////////////*/

    /// @dev How many numbers a score has.
    function _numbersOf(Scoring memory scoring) private pure returns (uint256) {
        return uint256(scoring.each) * Math.max(1, scoring.groups);
    }

    /// @dev How many numbers a composition has.
    function _countsOf(Scoring memory scoring) private pure returns (uint256) {
        return uint256(scoring.classes) * Math.max(1, scoring.groups);
    }

    function _keep(mapping(uint256 => uint256) storage words, uint64[] calldata numbers, uint256 bits) private {
        uint256 word = RECORDED;
        uint256 shift;
        for (uint256 i; i < numbers.length; ++i) {
            word |= uint256(numbers[i]) << shift;
            shift += bits;
            if (shift < 256 && i != numbers.length - 1) continue;
            words[i * bits / 256] = word;
            (word, shift) = (0, 0);
        }
    }

    function _readScore(
        Scoring memory scoring,
        uint256 taskId,
        uint256 round,
        bytes32 dataHash
    )
        private
        view
        returns (uint64[] memory numbers)
    {
        uint256 bits = scoring.amounts ? ERROR_BITS : COUNT_BITS;
        return _read(_scores[taskId][round][dataHash], _numbersOf(scoring), bits);
    }

    /// @dev As many numbers as were kept, or none.
    function _read(
        mapping(uint256 => uint256) storage words,
        uint256 count,
        uint256 bits
    )
        private
        view
        returns (uint64[] memory numbers)
    {
        if (words[0] == 0) return numbers;
        numbers = new uint64[](count);
        for (uint256 i; i < count; ++i) {
            uint256 word = words[i * bits / 256] >> i * bits % 256;
            numbers[i] = uint64(word & (1 << bits - 1) - 1); // without the mark
        }
    }

    /// @dev The first two sums of a group of classes, or of the whole: rows that are right, and rows.
    function _sums(
        Scoring memory scoring,
        uint64[] memory numbers,
        uint256 group
    )
        private
        pure
        returns (uint256 right, uint256 used)
    {
        if (group > scoring.groups) revert NoSuchGroup(group, scoring.groups);
        uint256 from = group == 0 ? 0 : group - 1;
        uint256 to = group == 0 ? Math.max(1, scoring.wholeGroups) : group;
        for (uint256 i = from * scoring.each; i < to * scoring.each; i += 2) {
            right += numbers[i];
            used += numbers[i + 1];
        }
    }

    /// @dev How many of `length` are on a page.
    function _pageLength(uint256 length, uint256 start, uint256 limit) private pure returns (uint256) {
        return Math.min(Math.saturatingAdd(start, limit), length) - Math.min(start, length);
    }
}
