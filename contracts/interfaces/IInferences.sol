// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

import {G1} from "../libraries/BN254.sol";
import {IZKMLVerifier} from "./IZKMLVerifier.sol";

/// @title IInferences
/// @notice What a finalized model says of a row that nobody sees: one question with its answer, proved.
/// @dev A row is committed to under the task's SRS, [features | 32 salts], by an **issuer**, who vouches that it is true of
/// an account: a bank, a registry, or the account itself, where its word is enough. A consumer says whose word it takes.
///
/// A proof's points are the commitments of
///   [w | tag] (the model), the row, a hint (noise), [entry | context | 0] and [answer],
/// and the statement says, with z what the model gives, an integer, exactly:
///   AtLeast   entry = 2 value - 1; answer 2 where z >= value, else -2
///   Exactly   entry = 2 value; answer 0 where z = value, else what 2 sign(z - value) is
///   Class     entry = value; answer 2 where the model puts the row in this class, else -2
/// So a proof tells its one answer and nothing else of the row: of `AtLeast` one bit, whose threshold the consumer fixes.
/// `Exactly` gives z itself away. Models of several outputs answer `Class`, others the first two.
///
/// The context is a hash of chain, this contract, consumer, issuer, account and nonce. So nobody uses a proof but the
/// consumer that it was made for, for that account, and once, if the consumer counts its nonces.
///
/// Trust. Whoever wrote the verifier decides what counts as proved; it is opened by the task's creator, once. Rebuild it
/// from the manifest (`headwater task show ID --check`). And it is the issuer's word that a row is true: no proof says that.
interface IInferences is IZKMLVerifier, IERC165 {
    /*//////////////////////////////////////////////////////////////
                                 TYPES
    //////////////////////////////////////////////////////////////*/

    /// @notice What is asked about a value.
    enum Question {
        AtLeast,
        Exactly,
        Class
    }

    /// @notice What a task's creator opens.
    struct Setup {
        /// Checks the statement.
        address verifier;
        /// How many z the task's models give: 1, or the number of classes.
        uint16 outputs;
        /// keccak256 of the verifier's runtime code.
        bytes32 codeHash;
    }

    /// @notice A committed row.
    struct Row {
        /// Of whom it is.
        address account;
        /// When it was issued, in Unix seconds; 0 if it was not.
        uint40 issuedAt;
        /// When its issuer took it back, in Unix seconds; 0 if it did not.
        uint40 revokedAt;
    }

    /// @notice A question about a row.
    struct Query {
        /// The model: its task, and the round that made it.
        uint64 taskId;
        uint32 round;
        /// Who vouches for the row.
        address issuer;
        /// Whose row it is.
        address account;
        /// What is asked.
        Question question;
        /// About what: a z in units of 2^-b, or a class by its index.
        int64 value;
        /// Which use of the consumer's it is for.
        uint256 nonce;
    }

    /*//////////////////////////////////////////////////////////////
                                 ERRORS
    //////////////////////////////////////////////////////////////*/

    /// @notice Thrown when somebody else than the task's creator opens it.
    error NotCreator(uint256 taskId, address creator);

    /// @notice Thrown when a task is opened again.
    error AlreadyOpen(uint256 taskId);

    /// @notice Thrown when a task was not opened.
    error NotOpen(uint256 taskId);

    /// @notice Thrown when no contract stands at a verifier's address, or another one than the setup says.
    error InvalidVerifier(address verifier, bytes32 expectedCodeHash, bytes32 actualCodeHash);

    /// @notice Thrown when models would give no z.
    error InvalidOutputs(uint256 outputs);

    /// @notice Thrown when an issuer issues a row again, whether or not it took it back.
    error AlreadyIssued(uint256 taskId, address issuer, bytes32 rowHash);

    /// @notice Thrown when a row is issued for nobody, or commits to nothing but zeros.
    error EmptyRow();

    /// @notice Thrown when the issuer has not issued the row.
    error NotIssued(uint256 taskId, address issuer, bytes32 rowHash);

    /// @notice Thrown when a row was taken back.
    error RowRevoked(uint256 taskId, address issuer, bytes32 rowHash, uint256 revokedAt);

    /// @notice Thrown when a row is another account's.
    error WrongAccount(address expected, address actual);

    /// @notice Thrown when a question is not for models of so many outputs, or about a class that there is not.
    error UnsuitableQuestion(Question question, int64 value, uint256 outputs);

    /// @notice Thrown when a proof is about another model.
    error ModelMismatch(bytes32 expected, bytes32 actual);

    /// @notice Thrown when a proof was made for another consumer, issuer, account, nonce, question or value.
    error PublicMismatch(bytes32 expected, bytes32 actual);

    /// @notice Thrown when a proof's answer is none that the question has.
    error NoSuchAnswer(Question question, bytes32 actual);

    /// @notice Thrown when what a caller says of a query by ERC-7992's names is not what the query says: 0 the model, 1 the
    /// input commitment, 2 the output.
    error QueryMismatch(uint256 which);

    /// @notice Thrown when a proof is too short to begin with a query.
    error NoQuery(uint256 length);

    /// @notice Thrown when no inference of this id was kept.
    error UnknownInference(bytes32 inferenceId);

    /*//////////////////////////////////////////////////////////////
                                 EVENTS
    //////////////////////////////////////////////////////////////*/

    /// @notice A task's models can be asked about rows from now on.
    event InferenceOpened(uint256 indexed taskId, Setup setup);

    /// @notice An issuer vouches for a row of an account.
    event RowIssued(
        uint256 indexed taskId, address indexed issuer, address indexed account, bytes32 rowHash, G1 commitment
    );

    /// @notice An issuer vouches for a row no more.
    event RowTakenBack(uint256 indexed taskId, address indexed issuer, bytes32 indexed rowHash);

    /// @notice An answer was recorded, for everybody to see.
    event InferenceRecorded(
        uint256 indexed taskId,
        uint256 indexed round,
        address indexed account,
        address issuer,
        bytes32 rowHash,
        Question question,
        int64 value,
        bool answer,
        uint256 nonce,
        bytes32 inferenceId
    );

    /*//////////////////////////////////////////////////////////////
                               TASK CREATORS
    //////////////////////////////////////////////////////////////*/

    /// @notice Opens a task for inferences.
    /// Effects: the verifier is fixed for good. Emits `InferenceOpened`.
    /// Requirements: the sender published the task (`NotCreator`, `ITaskManager.UnknownTask`), once (`AlreadyOpen`); the
    /// verifier has the code (`InvalidVerifier`); outputs (`InvalidOutputs`).
    function open(uint256 taskId, Setup calldata setup) external;

    /*//////////////////////////////////////////////////////////////
                                ISSUERS
    //////////////////////////////////////////////////////////////*/

    /// @notice Vouches for a row of an account; anybody may, and it counts with those who take the sender's word.
    /// Effects: the row is issued. Emits `RowIssued`.
    /// Requirements: the task is open (`NotOpen`); an account, and a canonical point that is not the commitment of zeros
    /// (`EmptyRow`, `BN254.InvalidPoint`); not issued by the sender before (`AlreadyIssued`).
    function issue(uint256 taskId, G1 calldata row, address account) external;

    /// @notice Takes a row back: what changed since, or was wrong.
    /// Effects: no proof about it is accepted any more; what was recorded stays. Emits `RowTakenBack`.
    /// Requirements: the sender issued it (`NotIssued`), and has not taken it back (`RowRevoked`).
    function takeBack(uint256 taskId, bytes32 rowHash) external;

    /*//////////////////////////////////////////////////////////////
                                 ANYONE
    //////////////////////////////////////////////////////////////*/

    /// @notice Records an answer, for everybody to see. The proof was made for no consumer.
    /// Effects: the inference is kept. Emits `InferenceVerified`, `InferenceStored` and `InferenceRecorded`. The same again
    /// changes nothing.
    /// Requirements: as of `check`; the sender is the query's account (`WrongAccount`): who has its row's file has not this.
    /// @return inferenceId See `IZKMLVerifier.verifyAndStoreInference`.
    function record(Query calldata query, bytes calldata proof) external returns (bytes32 inferenceId);

    /*//////////////////////////////////////////////////////////////
                                 VIEWS
    //////////////////////////////////////////////////////////////*/

    /// @notice What a proof answers, made for the sender: for contracts that use an answer in place.
    /// @dev Count the nonces: the same proof is accepted as often as the same query is asked. And ask for the round of a
    /// model that you use: round 0 is one that nobody proved, unless it has parents.
    /// Requirements: the task is open (`NotOpen`), and the question for its models (`UnsuitableQuestion`); the proof is
    /// about the model (`ModelMismatch`, `IModelRegistry.UnknownModel`) and a row that the issuer issued (`NotIssued`) and
    /// has not taken back (`RowRevoked`), of the account (`WrongAccount`); for this consumer and query (`PublicMismatch`);
    /// with an answer (`NoSuchAnswer`); and the verifier accepts it (`Verifying.InvalidProof`,
    /// `Commitments.ProofTooShort`).
    /// @return answer Whether it is so.
    /// @return rowHash keccak256 of the row's commitment.
    function check(Query calldata query, bytes calldata proof) external view returns (bool answer, bytes32 rowHash);

    /// @notice As `check`, for any consumer: to ask before a transaction is sent. Zero: what `record` takes.
    function checkFor(
        address consumer,
        Query calldata query,
        bytes calldata proof
    )
        external
        view
        returns (bool answer, bytes32 rowHash);

    /// @notice The second entry of a proof's public vector: keccak256(abi.encode(chain id, this contract, consumer, issuer,
    /// account, nonce)) modulo the group order.
    function contextOf(address consumer, Query calldata query) external view returns (uint256 entry);

    /// @notice What ERC-7992 calls a commitment to all inputs: keccak256(abi.encode("headwater/input/1", rowHash, context)).
    function inputCommitmentOf(
        address consumer,
        Query calldata query,
        bytes32 rowHash
    )
        external
        view
        returns (bytes32 inputCommitment);

    /// @notice What the task's creator opened. Reverts with `NotOpen`.
    function getSetup(uint256 taskId) external view returns (Setup memory setup);

    /// @notice A row of an issuer; zeros if it did not issue it.
    function getRow(uint256 taskId, address issuer, bytes32 rowHash) external view returns (Row memory row);

    /// @notice The id of a model, as ERC-7992 has it: task id * 2^32 + round.
    function modelIdOf(uint256 taskId, uint256 round) external pure returns (uint256 modelId);
}
