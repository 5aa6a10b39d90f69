// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IZKMLVerifier
/// @notice What ERC-7992 (a draft) has consumers of proved inferences call: its `IERCZKMLVerifier`, its storage extension,
/// and of its registry what reads. Nothing is registered, changed or deprecated by hand, so those functions are left out.
/// @dev A model's id is its task's, times 2^32, plus its round. Refusals carry values, so their errors are
/// `IInferences`' and not the draft's.
interface IZKMLVerifier {
    /// @notice Hashes that tie a model together.
    struct ModelCommitment {
        /// keccak256 of the model's commitment.
        bytes32 modelHash;
        /// The digest of the task manifest, which names the circuit.
        bytes32 circuitHash;
        /// keccak256(abi.encode(code hash of the verifier, tau)).
        bytes32 vkHash;
        /// First 4 bytes of keccak256 of the proof system's name and version.
        bytes4 proofSystemId;
        /// Where the model's document is: `ipfs://` and its CID.
        string uri;
    }

    /// @notice An inference was proved.
    event InferenceVerified(
        uint256 indexed modelId, bytes32 indexed inputCommitment, bytes output, address indexed caller
    );

    /// @notice An inference was kept.
    event InferenceStored(bytes32 indexed inferenceId);

    /// @notice Reverts unless the proof shows the output for the sender: only the consumer that it was made for can use it.
    /// Effects: none but the event `InferenceVerified`.
    /// Requirements: as of `IInferences.check`; the id, the input commitment and the output are those of the proof's query
    /// (`IInferences.QueryMismatch`).
    /// @param modelId The model.
    /// @param inputCommitment See `IInferences.inputCommitmentOf`.
    /// @param output abi.encode(question, value, answer): see `IInferences.Query`; the answer a bool.
    /// @param proof abi.encode(query), and behind it the proof of the statement.
    function verifyInference(
        uint256 modelId,
        bytes32 inputCommitment,
        bytes calldata output,
        bytes calldata proof
    )
        external;

    /// @notice As `verifyInference`, for a proof that was made for no consumer, and keeps it: see `IInferences.record`.
    /// @return inferenceId keccak256(abi.encodePacked(modelId, inputCommitment, output)).
    function verifyAndStoreInference(
        uint256 modelId,
        bytes32 inputCommitment,
        bytes calldata output,
        bytes calldata proof
    )
        external
        returns (bytes32 inferenceId);

    /// @notice An inference that was kept; reverts with `IInferences.UnknownInference` if there is none.
    function getInference(bytes32 inferenceId)
        external
        view
        returns (uint256 modelId, bytes32 inputCommitment, bytes memory output);

    /// @notice The proof system of a model's inferences; reverts as `getModel`.
    function proofSystemOf(uint256 modelId) external view returns (bytes4 proofSystemId);

    /// @notice Where `getModel` is: here.
    function registry() external view returns (address registryAddress);

    /// @notice A finalized model whose task is open for inferences. It is never deprecated. Reverts with
    /// `IModelRegistry.UnknownModel` or `IInferences.NotOpen`.
    /// @return commitment What ties it together.
    /// @return deprecated False.
    /// @return owner Who published the task; it has no power over the model.
    function getModel(uint256 modelId)
        external
        view
        returns (ModelCommitment memory commitment, bool deprecated, address owner);
}
