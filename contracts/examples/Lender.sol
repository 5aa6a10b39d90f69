// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferences} from "../interfaces/IInferences.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {IOpenings} from "../interfaces/IOpenings.sol";
import {ITaskManager} from "../interfaces/ITaskManager.sol";
import {G1} from "../libraries/BN254.sol";
import {LinearModel} from "../libraries/LinearModel.sol";
import {ModelConsumer} from "./ModelConsumer.sol";

/// @title Lender
/// @notice An example for dApps: approves loans by what a model says of a borrower, whom it does not see.
/// @dev Two ways to one decision, z >= THRESHOLD:
/// 1. `approve`: the borrower proves it. The row is committed to by an issuer whom the lender trusts, a bank say. What the
///    lender learns is one bit, and who the borrower is.
/// 2. `approvePublic`: the issuer shows the row. Then no proof is needed: the weights are opened once (`show`), and the
///    contract computes z.
///
/// Whoever deploys it chooses task, issuer and threshold for good, and must have looked at the task with a node first
/// (`headwater task show ID --check`): its verifier decides what counts as proved. The model is the newest that
/// somebody had accepted (`ModelConsumer.accept`), so a proof about an older one is refused.
contract Lender is ModelConsumer {
    /// @notice Thrown when no model was accepted yet.
    error NoModel();

    /// @notice Thrown when the model says less than the threshold.
    error BelowThreshold(address borrower);

    /// @notice Thrown when somebody else than the issuer shows a row.
    error NotIssuer(address issuer);

    /// @notice Thrown when weights are not those of the model in use.
    error WrongWeights(bytes32 expected, bytes32 actual);

    /// @notice A loan was approved.
    /// @param borrower Whose.
    /// @param number Which of the borrower's, from 1.
    /// @param round The round that made the model.
    /// @param rowHash The committed row by which it was proved; zero where the row was shown.
    event LoanApproved(address indexed borrower, uint256 number, uint256 round, bytes32 rowHash);

    /// @notice The model's weights are known to the contract.
    event WeightsShown(bytes32 indexed modelHash, bytes32 weightsHash);

    /// @notice Where proofs are checked, weights opened, and tasks kept.
    IInferences public immutable INFERENCES;
    IOpenings public immutable OPENINGS;
    ITaskManager public immutable TASKS;

    /// @notice Whose word the lender takes for what is true of a borrower.
    address public immutable ISSUER;

    /// @notice The least z that is approved, in units of 2^-b (b: data_bits + model_bits of the task).
    int64 public immutable THRESHOLD;

    /// @notice How many loans were approved: the nonce of the borrower's next proof.
    mapping(address borrower => uint256 count) public approvals;

    /// @notice keccak256 of a model's weights, once they were shown.
    mapping(bytes32 modelHash => bytes32 weightsHash) public weightsOf;

    /// @param registry The registry of a deployment that is trusted; so are the next three.
    /// @param taskId A task of it, open for inferences (else `IInferences.NotOpen`).
    constructor(
        IModelRegistry registry,
        IInferences inferences,
        IOpenings openings,
        ITaskManager tasks,
        uint256 taskId,
        address issuer,
        int64 threshold
    )
        ModelConsumer(registry, taskId)
    {
        inferences.getSetup(taskId);
        (INFERENCES, OPENINGS, TASKS) = (inferences, openings, tasks);
        (ISSUER, THRESHOLD) = (issuer, threshold);
    }

    /// @notice Approves a loan of the sender's, whose row stays with it.
    /// Requirements: a model is in use (`NoModel`); the proof is right (see `IInferences.check`), and says that the row
    /// reaches the threshold (`BelowThreshold`).
    /// @dev The nonce is the number of approvals, so each needs a proof of its own. `record`ing an answer is not needed.
    function approve(bytes calldata proof) external {
        if (round == 0) revert NoModel();
        IInferences.Query memory query = IInferences.Query({
            taskId: uint64(TASK_ID),
            round: uint32(round),
            issuer: ISSUER,
            account: msg.sender,
            question: IInferences.Question.AtLeast,
            value: THRESHOLD,
            nonce: approvals[msg.sender]
        });
        (bool reached, bytes32 rowHash) = INFERENCES.check(query, proof);
        if (!reached) revert BelowThreshold(msg.sender);
        _approve(msg.sender, rowHash);
    }

    /// @notice Shows the weights of the model in use. Anyone may: there is one vector that its commitment is of.
    /// Requirements: a model is in use (`NoModel`), and the weights are its (see `LinearModel.open`).
    /// @param commitment C([w | 0]).
    /// @param weights 8 bytes each.
    /// @param quotient Of their opening.
    function show(G1 calldata commitment, bytes calldata weights, G1 calldata quotient) external {
        if (round == 0) revert NoModel();
        LinearModel.open(TASKS, OPENINGS, TASK_ID, modelHash, commitment, weights, quotient);
        weightsOf[modelHash] = keccak256(weights);
        emit WeightsShown(modelHash, keccak256(weights));
    }

    /// @notice Approves a loan of a borrower whose row the issuer shows.
    /// Requirements: the sender is the issuer (`NotIssuer`); the weights are those that were shown of the model in use
    /// (`WrongWeights`); z reaches the threshold (`BelowThreshold`).
    /// @param row The features, in units of 2^-data_bits, as the task's columns make them.
    function approvePublic(address borrower, int64[] calldata row, bytes calldata weights) external {
        if (msg.sender != ISSUER) revert NotIssuer(ISSUER);
        bytes32 expected = weightsOf[modelHash];
        if (expected == 0 || keccak256(weights) != expected) revert WrongWeights(expected, keccak256(weights));
        if (LinearModel.score(weights, 1, 0, row) < THRESHOLD) revert BelowThreshold(borrower);
        _approve(borrower, 0);
    }

    function _approve(address borrower, bytes32 rowHash) private {
        uint256 number = ++approvals[borrower];
        emit LoanApproved(borrower, number, round, rowHash);
    }
}
