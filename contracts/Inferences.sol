// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC165} from "@openzeppelin/contracts/utils/introspection/ERC165.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

import {Deployed} from "./base/Deployed.sol";
import {IInferences} from "./interfaces/IInferences.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {ITaskManager} from "./interfaces/ITaskManager.sol";
import {IZKMLVerifier} from "./interfaces/IZKMLVerifier.sol";
import {BN254, G1} from "./libraries/BN254.sol";
import {Commitments} from "./libraries/Commitments.sol";
import {TaskCode} from "./libraries/TaskCode.sol";
import {Verifying} from "./libraries/Verifying.sol";

/// @title Inferences
contract Inferences is IInferences, Deployed, ERC165 {
    using BN254 for G1;
    using Commitments for G1;
    using Commitments for bytes;
    using Verifying for address;

    /*//////////////////////////////////////////////////////////////
                                 TYPES
    //////////////////////////////////////////////////////////////*/

    /// @dev An inference that was kept: two slots.
    struct Kept {
        bytes32 inputCommitment;
        uint64 taskId;
        uint32 round;
        Question question;
        int64 value;
        bool answer;
        bool exists;
    }

    /*//////////////////////////////////////////////////////////////
                               CONSTANTS
    //////////////////////////////////////////////////////////////*/

    /// @dev Bits of a round in a model's id.
    uint256 private constant ROUND_BITS = 32;

    /// @dev The consumer of what is recorded.
    address private constant NOBODY = address(0);

    /*//////////////////////////////////////////////////////////////
                                STORAGE
    //////////////////////////////////////////////////////////////*/

    mapping(uint256 taskId => Setup) private _setups;

    mapping(uint256 taskId => mapping(address issuer => mapping(bytes32 rowHash => Row))) private _rows;

    mapping(bytes32 inferenceId => Kept) private _kept;

    /*//////////////////////////////////////////////////////////////
                              CONSTRUCTOR
    //////////////////////////////////////////////////////////////*/

    /// @param addresses Where the contracts of the deployment stand.
    constructor(Addresses memory addresses) Deployed(addresses) {}

    /*//////////////////////////////////////////////////////////////
                               TASK CREATORS
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IInferences
    function open(uint256 taskId, Setup calldata setup) external {
        ITaskManager.Task memory task = TaskCode.read(TASK_MANAGER, taskId);
        if (msg.sender != task.creator) revert NotCreator(taskId, task.creator);
        if (_setups[taskId].outputs != 0) revert AlreadyOpen(taskId);
        bytes32 actual = setup.verifier.codehash;
        if (actual != setup.codeHash || setup.verifier.code.length == 0) {
            revert InvalidVerifier(setup.verifier, setup.codeHash, actual);
        }
        if (setup.outputs == 0) revert InvalidOutputs(0);

        _setups[taskId] = setup;
        emit InferenceOpened(taskId, setup);
    }

    /*//////////////////////////////////////////////////////////////
                                ISSUERS
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IInferences
    function issue(uint256 taskId, G1 calldata row, address account) external {
        if (_setups[taskId].outputs == 0) revert NotOpen(taskId);
        G1 memory commitment = row;
        commitment.validate();
        if (account == address(0) || commitment.equals(TaskCode.configOf(TASK_MANAGER, taskId).offset)) {
            revert EmptyRow();
        }
        bytes32 rowHash = commitment.hash();
        if (_rows[taskId][msg.sender][rowHash].account != address(0)) {
            revert AlreadyIssued(taskId, msg.sender, rowHash);
        }
        _rows[taskId][msg.sender][rowHash] = Row(account, uint40(block.timestamp), 0);
        emit RowIssued(taskId, msg.sender, account, rowHash, commitment);
    }

    /// @inheritdoc IInferences
    function takeBack(uint256 taskId, bytes32 rowHash) external {
        _require(taskId, msg.sender, rowHash);
        _rows[taskId][msg.sender][rowHash].revokedAt = uint40(block.timestamp);
        emit RowTakenBack(taskId, msg.sender, rowHash);
    }

    /*//////////////////////////////////////////////////////////////
                                 ANYONE
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IInferences
    function record(Query calldata query, bytes calldata proof) external returns (bytes32 inferenceId) {
        (bool answer, bytes32 rowHash) = _check(NOBODY, query, proof);
        return _record(query, answer, rowHash);
    }

    /// @inheritdoc IZKMLVerifier
    function verifyInference(
        uint256 modelId,
        bytes32 inputCommitment,
        bytes calldata output,
        bytes calldata proof
    )
        external
    {
        _checkNamed(msg.sender, modelId, inputCommitment, output, proof);
        emit InferenceVerified(modelId, inputCommitment, output, msg.sender);
    }

    /// @inheritdoc IZKMLVerifier
    function verifyAndStoreInference(
        uint256 modelId,
        bytes32 inputCommitment,
        bytes calldata output,
        bytes calldata proof
    )
        external
        returns (bytes32 inferenceId)
    {
        (Query memory query, bool answer, bytes32 rowHash) =
            _checkNamed(NOBODY, modelId, inputCommitment, output, proof);
        return _record(query, answer, rowHash);
    }

    /*//////////////////////////////////////////////////////////////
                                 VIEWS
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) public view override(ERC165, IERC165) returns (bool supported) {
        return interfaceId == type(IInferences).interfaceId || interfaceId == type(IZKMLVerifier).interfaceId
            || super.supportsInterface(interfaceId);
    }

    /// @inheritdoc IInferences
    function check(Query calldata query, bytes calldata proof) external view returns (bool answer, bytes32 rowHash) {
        return _check(msg.sender, query, proof);
    }

    /// @inheritdoc IInferences
    function checkFor(
        address consumer,
        Query calldata query,
        bytes calldata proof
    )
        external
        view
        returns (bool answer, bytes32 rowHash)
    {
        return _check(consumer, query, proof);
    }

    /// @inheritdoc IInferences
    function contextOf(address consumer, Query calldata query) external view returns (uint256 entry) {
        return _contextOf(consumer, query);
    }

    /// @inheritdoc IInferences
    function inputCommitmentOf(
        address consumer,
        Query calldata query,
        bytes32 rowHash
    )
        external
        view
        returns (bytes32 inputCommitment)
    {
        return _inputOf(consumer, query, rowHash);
    }

    /// @inheritdoc IInferences
    function getSetup(uint256 taskId) public view returns (Setup memory setup) {
        setup = _setups[taskId];
        if (setup.outputs == 0) revert NotOpen(taskId);
    }

    /// @inheritdoc IInferences
    function getRow(uint256 taskId, address issuer, bytes32 rowHash) external view returns (Row memory row) {
        return _rows[taskId][issuer][rowHash];
    }

    /// @inheritdoc IZKMLVerifier
    function getInference(bytes32 inferenceId)
        external
        view
        returns (uint256 modelId, bytes32 inputCommitment, bytes memory output)
    {
        Kept memory kept = _kept[inferenceId];
        if (!kept.exists) revert UnknownInference(inferenceId);
        output = abi.encode(kept.question, kept.value, kept.answer);
        return (modelIdOf(kept.taskId, kept.round), kept.inputCommitment, output);
    }

    /// @inheritdoc IZKMLVerifier
    function getModel(uint256 modelId)
        public
        view
        returns (ModelCommitment memory commitment, bool deprecated, address owner)
    {
        (uint256 taskId, uint256 round) = (modelId >> ROUND_BITS, uint32(modelId)); // its low bits
        Setup memory setup = getSetup(taskId);
        IModelRegistry.Record memory found = IModelRegistry(MODEL_REGISTRY).getRecord(taskId, round);
        bytes32 vkHash = keccak256(abi.encode(setup.codeHash, TaskCode.configOf(TASK_MANAGER, taskId).tau));
        commitment = ModelCommitment(found.modelHash, found.circuitHash, vkHash, found.proofSystemId, found.uri);
        return (commitment, false, found.creator);
    }

    /// @inheritdoc IZKMLVerifier
    function proofSystemOf(uint256 modelId) external view returns (bytes4 proofSystemId) {
        (ModelCommitment memory commitment,,) = getModel(modelId);
        return commitment.proofSystemId;
    }

    /// @inheritdoc IZKMLVerifier
    function registry() external view returns (address registryAddress) {
        return address(this);
    }

    /// @inheritdoc IInferences
    function modelIdOf(uint256 taskId, uint256 round) public pure returns (uint256 modelId) {
        return taskId << ROUND_BITS | round;
    }

    /*//////////////////////////////////////////////////////////////
                                INTERNAL
    //////////////////////////////////////////////////////////////*/

    /// @dev As `check`, of what ERC-7992's consumers hand over.
    function _checkNamed(
        address consumer,
        uint256 modelId,
        bytes32 inputCommitment,
        bytes calldata output,
        bytes calldata proof
    )
        private
        view
        returns (Query memory query, bool answer, bytes32 rowHash)
    {
        uint256 length = 7 * 0x20; // a query's fields
        if (proof.length < length) revert NoQuery(proof.length);
        query = abi.decode(proof[:length], (Query));
        (answer, rowHash) = _check(consumer, query, proof[length:]);
        if (modelId != modelIdOf(query.taskId, query.round)) revert QueryMismatch(0);
        if (inputCommitment != _inputOf(consumer, query, rowHash)) revert QueryMismatch(1);
        if (keccak256(output) != keccak256(_outputOf(query, answer))) revert QueryMismatch(2);
    }

    /// @dev See `check`.
    function _check(
        address consumer,
        Query memory query,
        bytes calldata proof
    )
        private
        view
        returns (bool answer, bytes32 rowHash)
    {
        Setup storage setup = _setups[query.taskId];
        (address verifier, uint256 outputs) = (setup.verifier, setup.outputs); // of one slot
        if (outputs == 0) revert NotOpen(query.taskId);
        uint256 entry = _entryOf(query, outputs);
        _checkModel(query, proof);
        rowHash = proof.commitmentAt(1).hash();
        address account = _require(query.taskId, query.issuer, rowHash);
        if (account != query.account) revert WrongAccount(account, query.account);
        answer = _checkPublic(query, entry, _contextOf(consumer, query), proof);
        verifier.check(proof);
    }

    /// @dev A proof must be about the model of its query.
    function _checkModel(Query memory query, bytes calldata proof) private view {
        bytes32 expected = IModelRegistry(MODEL_REGISTRY).getModel(query.taskId, query.round).modelHash;
        bytes32 actual = proof.commitmentAt(0).hash();
        if (actual != expected) revert ModelMismatch(expected, actual);
    }

    /// @dev A proof must be of this question, for this use; what it answers.
    function _checkPublic(
        Query memory query,
        uint256 entry,
        uint256 context,
        bytes calldata proof
    )
        private
        view
        returns (bool answer)
    {
        ITaskManager.TaskConfig memory config = TaskCode.configOf(TASK_MANAGER, query.taskId);
        bytes32 expected = config.offset.withEntry(config.basis0, entry).withEntry(config.basis1, context).hash();
        bytes32 actual = proof.commitmentAt(3).hash();
        if (actual != expected) revert PublicMismatch(expected, actual);
        return _answerOf(query.question, config, proof.commitmentAt(4));
    }

    /// @dev Keeps what was checked.
    function _record(Query memory query, bool answer, bytes32 rowHash) private returns (bytes32 inferenceId) {
        if (msg.sender != query.account) revert WrongAccount(query.account, msg.sender);
        uint256 modelId = modelIdOf(query.taskId, query.round);
        bytes32 inputCommitment = _inputOf(NOBODY, query, rowHash);
        bytes memory output = _outputOf(query, answer);
        inferenceId = keccak256(abi.encodePacked(modelId, inputCommitment, output));
        _kept[inferenceId] = Kept(inputCommitment, query.taskId, query.round, query.question, query.value, answer, true);
        emit InferenceVerified(modelId, inputCommitment, output, msg.sender);
        emit InferenceStored(inferenceId);
        emit InferenceRecorded(
            query.taskId,
            query.round,
            query.account,
            query.issuer,
            rowHash,
            query.question,
            query.value,
            answer,
            query.nonce,
            inferenceId
        );
    }

    /// @dev Whose row it is that an issuer vouches for.
    function _require(uint256 taskId, address issuer, bytes32 rowHash) private view returns (address account) {
        Row memory row = _rows[taskId][issuer][rowHash];
        if (row.account == address(0)) revert NotIssued(taskId, issuer, rowHash);
        if (row.revokedAt != 0) revert RowRevoked(taskId, issuer, rowHash, row.revokedAt);
        return row.account;
    }

    /// @dev What an answer's commitment says: of 2, of -2, or of 0 where it is asked whether z is a number.
    function _answerOf(
        Question question,
        ITaskManager.TaskConfig memory config,
        G1 memory said
    )
        private
        view
        returns (bool answer)
    {
        G1 memory two = config.basis0.add(config.basis0);
        bool more = said.equals(config.offset.add(two));
        bool less = !more && said.equals(config.offset.add(two.negate()));
        if (question != Question.Exactly) {
            if (more || less) return more;
        } else {
            if (said.equals(config.offset)) return true;
            if (more || less) return false;
        }
        revert NoSuchAnswer(question, said.hash());
    }

    function _contextOf(address consumer, Query memory query) private view returns (uint256) {
        bytes memory context =
            abi.encode(block.chainid, address(this), consumer, query.issuer, query.account, query.nonce);
        return uint256(keccak256(context)) % BN254.P;
    }

    function _inputOf(address consumer, Query memory query, bytes32 rowHash) private view returns (bytes32) {
        return keccak256(abi.encode("headwater/input/1", rowHash, _contextOf(consumer, query)));
    }

    function _outputOf(Query memory query, bool answer) private pure returns (bytes memory) {
        return abi.encode(query.question, query.value, answer);
    }

    /// @dev The first entry of the public vector, a negative one as P less its magnitude.
    function _entryOf(Query memory query, uint256 outputs) private pure returns (uint256) {
        int256 value = query.value;
        bool ofClass = query.question == Question.Class;
        if (ofClass != (outputs > 1) || (ofClass && (value < 0 || uint256(value) >= outputs))) {
            revert UnsuitableQuestion(query.question, query.value, outputs);
        }
        if (query.question == Question.Exactly) value = 2 * value;
        if (query.question == Question.AtLeast) value = 2 * value - 1;
        return value < 0 ? BN254.P - uint256(-value) : uint256(value);
    }
}
