// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC165} from "@openzeppelin/contracts/utils/introspection/ERC165.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {Deployed} from "./base/Deployed.sol";
import {IERC7572} from "./interfaces/IERC7572.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {IRoundManager} from "./interfaces/IRoundManager.sol";
import {ITaskManager} from "./interfaces/ITaskManager.sol";
import {BN254, G1} from "./libraries/BN254.sol";
import {Cids} from "./libraries/Cids.sol";
import {TaskCode} from "./libraries/TaskCode.sol";

/// @title ModelRegistry
contract ModelRegistry is IModelRegistry, Deployed, ERC165 {
    using BN254 for G1;

    /*//////////////////////////////////////////////////////////////
                                 TYPES
    //////////////////////////////////////////////////////////////*/

    /// @dev What is stored of a model; the hash is never zero.
    struct Entry {
        bytes32 modelHash;
        bytes32 cid;
    }

    /// @dev What is stored of a task. One slot, and never zero once there is a model, so that no aggregator pays for a
    /// fresh one.
    struct Lineage {
        /// One more than the latest model's round.
        uint64 end;
        /// How many models there are.
        uint64 count;
        /// The round that made the model before the latest; 0 if there is none.
        uint64 parent;
        /// The block in which the task was published.
        uint64 start;
    }

    /// @dev What a first model is made of.
    struct Origin {
        uint64 divisor;
        Parent[] parents;
    }

    /*//////////////////////////////////////////////////////////////
                               CONSTANTS
    //////////////////////////////////////////////////////////////*/

    /// @dev As ERC-7992 has it made: of the proof system's name and version.
    bytes4 private constant PROOF_SYSTEM_ID = bytes4(keccak256("ezkl-halo2-kzg-bn254-v23"));

    string private constant CONTRACT_URI = string.concat(
        "data:application/json;utf8,",
        '{"name":"Headwater model registry","description":"Models trained together by people who keep their data. All ',
        "but a task's first were accepted with proofs, checked on chain, that each is the average of honest training ",
        'steps. Append-only, without owner."}'
    );

    /*//////////////////////////////////////////////////////////////
                                STORAGE
    //////////////////////////////////////////////////////////////*/

    mapping(uint256 taskId => mapping(uint256 round => Entry)) private _entries;

    mapping(uint256 taskId => Lineage) private _lineages;

    mapping(uint256 taskId => Origin) private _origins;

    /*//////////////////////////////////////////////////////////////
                              CONSTRUCTOR
    //////////////////////////////////////////////////////////////*/

    /// @param addresses Where the contracts of the deployment stand, or will.
    constructor(Addresses memory addresses) Deployed(addresses) {}

    /*//////////////////////////////////////////////////////////////
               ONLY THE TASK MANAGER AND THE ROUND MANAGER
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IModelRegistry
    function begin(
        uint256 taskId,
        G1 calldata commitment,
        bytes32 cid,
        Parent[] calldata parents,
        uint64 divisor
    )
        external
        only(TASK_MANAGER)
    {
        _add(taskId, 0, commitment, cid);
        if (parents.length == 0) return;
        Origin storage origin = _origins[taskId];
        origin.divisor = divisor;
        for (uint256 i; i < parents.length; ++i) {
            origin.parents.push(parents[i]);
        }
        emit OriginRecorded(taskId, parents, divisor);
    }

    /// @inheritdoc IModelRegistry
    function add(uint256 taskId, uint256 round, G1 calldata commitment, bytes32 cid) external only(ROUND_MANAGER) {
        _add(taskId, round, commitment, cid);
    }

    /*//////////////////////////////////////////////////////////////
                                 VIEWS
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) public view override(ERC165, IERC165) returns (bool supported) {
        return interfaceId == type(IModelRegistry).interfaceId || interfaceId == type(IERC7572).interfaceId
            || super.supportsInterface(interfaceId);
    }

    /// @inheritdoc IERC7572
    function contractURI() external pure returns (string memory uri) {
        return CONTRACT_URI;
    }

    /// @inheritdoc IModelRegistry
    function latest(uint256 taskId) external view returns (Model memory model) {
        uint256 end = _lineages[taskId].end;
        if (end == 0) revert UnknownModel(taskId, 0);
        return getModel(taskId, end - 1);
    }

    /// @inheritdoc IModelRegistry
    function getModel(uint256 taskId, uint256 round) public view returns (Model memory model) {
        Entry storage entry = _entries[taskId][round];
        if (entry.modelHash == 0) revert UnknownModel(taskId, round);
        IRoundManager.Round memory made = IRoundManager(ROUND_MANAGER).getRound(taskId, round);
        return Model(entry.modelHash, entry.cid, uint32(round), made.masked, made.aggregator, made.endedAt);
    }

    /// @inheritdoc IModelRegistry
    function getModels(uint256 taskId, uint256 start, uint256 limit) external view returns (Model[] memory models) {
        uint256[] memory rounds = _page(taskId, start, limit);
        models = new Model[](rounds.length);
        for (uint256 i; i < rounds.length; ++i) {
            models[i] = getModel(taskId, rounds[i]);
        }
    }

    /// @inheritdoc IModelRegistry
    function modelCount(uint256 taskId) external view returns (uint256 count) {
        return _lineages[taskId].count;
    }

    /// @inheritdoc IModelRegistry
    function startOf(uint256 taskId) external view returns (uint256 blockNumber) {
        if (_lineages[taskId].end == 0) revert UnknownModel(taskId, 0);
        return _lineages[taskId].start;
    }

    /// @inheritdoc IModelRegistry
    function getRecord(uint256 taskId, uint256 round) external view returns (Record memory record) {
        if (_entries[taskId][round].modelHash == 0) revert UnknownModel(taskId, round);
        return _record(_task(taskId), round, _before(taskId, round));
    }

    /// @inheritdoc IModelRegistry
    function getRecords(uint256 taskId, uint256 start, uint256 limit) external view returns (Record[] memory records) {
        uint256[] memory rounds = _page(taskId, start, limit);
        records = new Record[](rounds.length);
        if (rounds.length == 0) return records;
        Record memory task = _task(taskId);
        uint256 parent = _before(taskId, rounds[0]);
        for (uint256 i; i < rounds.length; ++i) {
            records[i] = _record(task, rounds[i], parent);
            parent = rounds[i];
        }
    }

    /// @inheritdoc IModelRegistry
    function roundOf(uint256 taskId, bytes32 modelHash) external view returns (uint256 round) {
        if (modelHash == 0) revert UnknownModelHash(taskId, modelHash); // rounds without a model have it
        for (uint256 end = _lineages[taskId].end; end > 0; --end) {
            if (_entries[taskId][end - 1].modelHash == modelHash) return end - 1;
        }
        revert UnknownModelHash(taskId, modelHash);
    }

    /// @inheritdoc IModelRegistry
    function getParents(uint256 taskId, uint256 round)
        external
        view
        returns (Parent[] memory parents, uint256 divisor)
    {
        if (_entries[taskId][round].modelHash == 0) {
            revert UnknownModel(taskId, round);
        }
        if (round == 0) return (_origins[taskId].parents, _origins[taskId].divisor);
        parents = new Parent[](1);
        // a task that exists, and at most 10,000 rounds
        parents[0] = Parent(uint64(taskId), uint32(_before(taskId, round)), 1);
        return (parents, 1);
    }

    /*//////////////////////////////////////////////////////////////
                                INTERNAL
    //////////////////////////////////////////////////////////////*/

    /// @dev Makes a model the task's latest.
    function _add(uint256 taskId, uint256 round, G1 calldata commitment, bytes32 cid) private {
        bytes32 modelHash = commitment.hash();
        Lineage memory lineage = _lineages[taskId];
        uint64 parent = lineage.end == 0 ? 0 : lineage.end - 1;
        uint64 start = lineage.end == 0 ? uint64(block.number) : lineage.start;
        bytes32 parentHash = _entries[taskId][parent].modelHash; // zero before the first model
        _entries[taskId][round] = Entry(modelHash, cid);
        // a task has 10,000 rounds at most
        _lineages[taskId] = Lineage(uint64(round) + 1, lineage.count + 1, parent, start);
        emit ModelAdded(taskId, round, modelHash, parent, parentHash, commitment, cid);
    }

    /// @dev Those of `limit` rounds from `start` on that made a model, ascending.
    function _page(uint256 taskId, uint256 start, uint256 limit) private view returns (uint256[] memory rounds) {
        uint256 end = Math.min(Math.saturatingAdd(start, limit), _lineages[taskId].end);
        uint256 count;
        for (uint256 round = start; round < end; ++round) {
            if (_entries[taskId][round].modelHash != 0) ++count;
        }
        rounds = new uint256[](count);
        count = 0;
        for (uint256 round = start; round < end; ++round) {
            if (_entries[taskId][round].modelHash != 0) rounds[count++] = round;
        }
    }

    /// @dev The round that made the model before this round's; 0 if there is none.
    function _before(uint256 taskId, uint256 round) private view returns (uint256 parent) {
        Lineage memory lineage = _lineages[taskId];
        if (round + 1 == lineage.end) return lineage.parent; // without a walk: a list shows the latest of each task
        parent = Math.saturatingSub(round, 1);
        while (parent != 0 && _entries[taskId][parent].modelHash == 0) --parent;
    }

    /// @dev What all records of a task have in common.
    function _task(uint256 taskId) private view returns (Record memory task) {
        ITaskManager.Task memory published = TaskCode.read(TASK_MANAGER, taskId);
        ITaskManager.TaskConfig memory config = published.config;
        task.circuitHash = config.manifest;
        task.vkHash = keccak256(abi.encode(config.trainCodeHash, config.averageCodeHash, config.tau));
        task.proofSystemId = PROOF_SYSTEM_ID;
        task.taskId = taskId;
        task.creator = published.creator;
        task.manifest = config.manifest;
    }

    /// @dev The record of a round that made a model.
    function _record(Record memory task, uint256 round, uint256 parent) private view returns (Record memory record) {
        Model memory model = getModel(task.taskId, round);
        return Record({
            modelHash: model.modelHash,
            circuitHash: task.circuitHash,
            vkHash: task.vkHash,
            proofSystemId: task.proofSystemId,
            uri: Cids.uri(model.cid),
            taskId: task.taskId,
            round: model.round,
            parent: uint32(parent),
            parentHash: round == 0 ? bytes32(0) : _entries[task.taskId][parent].modelHash,
            trainers: model.trainers,
            aggregator: model.aggregator,
            timestamp: model.timestamp,
            creator: task.creator,
            manifest: task.manifest
        });
    }
}
