// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

import {G1} from "../libraries/BN254.sol";
import {IERC7572} from "./IERC7572.sol";

/// @title IModelRegistry
/// @notice The models that tasks have accepted, append-only: what dApps read. A model is named by its task and the
/// round that made it; round 0 stands for the model the creator started from. Skipped and failed rounds make none, so a
/// model's parent is the one of the nearest earlier round that has one. A first model may be a linear combination of
/// models of other tasks, and so have parents there: the lineage of models is a directed graph without circles.
/// @dev Trust: an entry says that the task's verifiers accepted it, so it is worth what the task's config is worth (see
/// `ITaskManager`); a first model without parents was proved by nobody. Model hashes are kept by task: another task's
/// creator may know the secret of its `tau` and open any commitment as it likes, so a hash without its task means nothing.
/// The commitment itself is in `ModelAdded`; a contract that needs it takes it from its caller and compares the hash.
///
/// ERC-7992 (Draft, verifiable inference) describes a model by a `ModelCommitment`; `getRecord` returns its five fields
/// and the lineage. This registry does not claim that standard's interface id: nobody registers a model here, since the
/// RoundManager adds what was proved, and nobody owns one, so there is nothing to update or to deprecate.
///
/// What is in events only. That data were committed to: `ITrainerRegistry.DataRegistered`, one for each
/// commitment. How the model
/// of a round was made: in its round and task, `Submitted` of each trainer, in the transaction that carried its proof,
/// with the update's commitment; `Masked` of the last attempt, whose members' updates are those in the average;
/// `Aggregated`, the last one, in the transaction that carried the proof of the average. `ModelAdded` has the
/// commitment.
///
/// Metadata (ERC-7572): `contractURI` is part of the code and cannot change, so `ContractURIUpdated` is never emitted.
interface IModelRegistry is IERC165, IERC7572 {
    /*//////////////////////////////////////////////////////////////
                                 TYPES
    //////////////////////////////////////////////////////////////*/

    /// @notice A model and how it came about.
    /// @dev Only the first two are stored here; the rest is what the RoundManager keeps of the round anyway.
    struct Model {
        /// The model hash: keccak256 of the commitment of [w | tag].
        bytes32 modelHash;
        /// Where its bytes lie: the sha2-256 digest of the model document (CIDv1, raw).
        bytes32 cid;
        /// The round that made it.
        uint32 round;
        /// How many updates it averages; 0 for the first model.
        uint16 trainers;
        /// Who posted the average; zero for the first model.
        address aggregator;
        /// When it was accepted, in Unix seconds; 0 for the first model.
        uint40 timestamp;
    }

    /// @notice A model as other registries describe theirs, and where it comes from.
    /// @dev The first five are the `ModelCommitment` of ERC-7992. Computed by each call from what the others and
    /// this contract keep.
    struct Record {
        /// The model hash: keccak256 of the commitment of [w | tag].
        bytes32 modelHash;
        /// What was proved: the digest of the task manifest, which names both circuits by their CIDs.
        bytes32 circuitHash;
        /// keccak256(abi.encode(trainCodeHash, averageCodeHash, tau)): the verifying keys are constants in the verifiers'
        /// code, and offset and basis points follow from tau.
        bytes32 vkHash;
        /// First four bytes of keccak256("ezkl-halo2-kzg-bn254-v23").
        bytes4 proofSystemId;
        /// `ipfs://` and the CID of the model document (CIDv1, raw, sha2-256, base32).
        string uri;
        /// The task.
        uint256 taskId;
        /// The round that made it.
        uint32 round;
        /// The round that made the model it was trained from; 0 for the first model, too.
        uint32 parent;
        /// The model hash of that; zero for the first model.
        bytes32 parentHash;
        /// How many updates it averages; 0 for the first model.
        uint16 trainers;
        /// Who posted the average; zero for the first model.
        address aggregator;
        /// When it was accepted, in Unix seconds; 0 for the first model.
        uint40 timestamp;
        /// Who published the task.
        address creator;
        /// The digest of the task manifest (CIDv1, raw).
        bytes32 manifest;
    }

    /// @notice A model that another is made of.
    struct Parent {
        /// The task.
        uint64 taskId;
        /// The round that made it; 0 for the task's first model.
        uint32 round;
        /// By what it is multiplied.
        int64 coefficient;
    }

    /*//////////////////////////////////////////////////////////////
                                 ERRORS
    //////////////////////////////////////////////////////////////*/

    /// @notice Thrown when this round of the task has made no model, or there is no such task.
    error UnknownModel(uint256 taskId, uint256 round);

    /// @notice Thrown when no model of the task has this hash.
    error UnknownModelHash(uint256 taskId, bytes32 modelHash);

    /*//////////////////////////////////////////////////////////////
                                 EVENTS
    //////////////////////////////////////////////////////////////*/

    /// @notice A model was added to a task.
    /// @param taskId The task.
    /// @param round The round that made it; 0 for the first model.
    /// @param modelHash keccak256 of `commitment`.
    /// @param parent The round that made the model before it; 0 for the first model, too.
    /// @param parentHash The model hash of that; zero for the first model.
    /// @param commitment The commitment of [w | tag].
    /// @param cid The digest of the model document.
    event ModelAdded(
        uint256 indexed taskId,
        uint256 indexed round,
        bytes32 indexed modelHash,
        uint256 parent,
        bytes32 parentHash,
        G1 commitment,
        bytes32 cid
    );

    /// @notice What the first model of a task is made of: floor(sum of coefficient_i w_i / divisor).
    event OriginRecorded(uint256 indexed taskId, Parent[] parents, uint256 divisor);

    /*//////////////////////////////////////////////////////////////
               ONLY THE TASK MANAGER AND THE ROUND MANAGER
    //////////////////////////////////////////////////////////////*/

    /// @notice Adds the first model of a task.
    /// Effects: it is the task's latest model, of round 0; its parents are kept. Emits `ModelAdded`, and with parents
    /// `OriginRecorded`.
    /// Requirements: called by the TaskManager (`IDeployed.UnauthorizedCaller`), which has checked all.
    function begin(
        uint256 taskId,
        G1 calldata commitment,
        bytes32 cid,
        Parent[] calldata parents,
        uint64 divisor
    )
        external;

    /// @notice Adds the model of a round. The same model may come again: training can stand still.
    /// Effects: it is the task's latest model. Emits `ModelAdded`.
    /// Requirements: called by the RoundManager (`IDeployed.UnauthorizedCaller`), which calls it once a round at most,
    /// rounds rising.
    function add(uint256 taskId, uint256 round, G1 calldata commitment, bytes32 cid) external;

    /*//////////////////////////////////////////////////////////////
                                 VIEWS
    //////////////////////////////////////////////////////////////*/

    /// @notice The task's newest model. Reverts with `UnknownModel` if there is no such task.
    function latest(uint256 taskId) external view returns (Model memory model);

    /// @notice The model that a round made. Reverts with `UnknownModel` if it made none.
    function getModel(uint256 taskId, uint256 round) external view returns (Model memory model);

    /// @notice The models of rounds `start` to `start + limit - 1`, oldest first: a page of the task's lineage. Rounds
    /// that made none are left out; a page that reaches past the latest model ends with it.
    function getModels(uint256 taskId, uint256 start, uint256 limit) external view returns (Model[] memory models);

    /// @notice How many models the task has, the first included; 0 if there is no such task.
    function modelCount(uint256 taskId) external view returns (uint256 count);

    /// @notice The block in which the task was published: no event of it is older. Reverts with `UnknownModel` if there is
    /// no such task.
    function startOf(uint256 taskId) external view returns (uint256 blockNumber);

    /// @notice The model that a round made, with its lineage. Reverts with `UnknownModel` if it made none.
    /// @dev Reads the whole task, and looks back for the parent round by round, 2,300 gas each, unless the model is the
    /// task's latest: meant for eth_call.
    function getRecord(uint256 taskId, uint256 round) external view returns (Record memory record);

    /// @notice The records of rounds `start` to `start + limit - 1`, oldest first, as `getModels` pages.
    /// @dev Looks back for the first one's parent, as `getRecord` does.
    function getRecords(uint256 taskId, uint256 start, uint256 limit) external view returns (Record[] memory records);

    /// @notice The newest round whose model has this hash. Reverts with `UnknownModelHash` if there is none.
    /// @dev Reads back round by round, 2,100 gas each: meant for eth_call. An index would cost every aggregator 22,100
    /// gas. A contract rather takes the round from its caller and compares `getModel(...).modelHash`.
    function roundOf(uint256 taskId, bytes32 modelHash) external view returns (uint256 round);

    /// @notice What a model is made of: of a round's model the one before it in its task, with coefficient 1 and divisor
    /// 1, which was trained on; of a first model its origin, nothing if it has none (divisor 0). Reverts with
    /// `UnknownModel` if the round made none.
    function getParents(uint256 taskId, uint256 round) external view returns (Parent[] memory parents, uint256 divisor);
}
