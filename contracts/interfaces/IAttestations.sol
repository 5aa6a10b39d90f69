// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G1} from "../libraries/BN254.sol";

/// @title IAttestations
/// @notice How good a task's models are, said and proved by holders of data that nobody trains on; and of which classes
/// and groups the rows of committed data are. It stands beside the other contracts: none of them asks it anything.
/// @dev A holder registers the commitment of held-out data. When a later model is final it proves how often that model is
/// right on them, and the numbers are recorded, once for each round and commitment.
///
/// Later models. A score of a model that its holder knew when it chose the rows says nothing. What is known of a round's
/// model depends on when: until a round leaves Train nothing of it was published; from Mask on its sum may be, and if such
/// a round fails, the same trainers make the same sum again in the next. So data registered in round R count
///   - for the models of R and later, if R was in Join or Train and started from the model of R - 1 (`fresh`): then no
///     round has shown a sum that started from the current model;
///   - else for the models that descend from one made in R or later: the next model may be known, the one after is not.
/// This holds as long as one trainer of the round tells the holder nothing, and trains on data of which no other task has
/// shown a sum.
///
/// Numbers. A score has `each` numbers for each group of rows, or `each` for all where there are no groups. Of classes:
/// [right | used], times 4, by group times 8; of two classes by group [right of the positive | positive | right of the
/// negative | negative], times 8. Of amounts: [2 sum of |error| | 2 used], by group twice that. A composition has
/// `classes` numbers for each group, or for all: rows of the class, times 4, by group times 8. Of amounts, rows with a
/// label. A row is in each group that its columns say; the first `wholeGroups` groups are of one column, so that a row is
/// in one of them at most, and the whole is their sum.
///
/// Trust. The task's creator names both verifiers, and what numbers mean. A node builds them again from the manifest and
/// compares their code, as for training. The contract checks the basis points. Nobody can check that held-out rows are
/// true, or that they are not training rows under other salts: whose score it is, a reader must choose. The creator may
/// name attesters for it.
///
/// Proofs start with the commitments of their vectors:
///   score:       0 model [w | tag | 0..] · 1 data · 2 hint · 3 score
///   composition: 0 data · 1 hint · 2 counts
/// The last vector has one entry behind the numbers, which multiplies noise and must be zero. It is, since the contract
/// computes the commitment of the numbers alone.
interface IAttestations {
    /*//////////////////////////////////////////////////////////////
                                 TYPES
    //////////////////////////////////////////////////////////////*/

    /// @notice What a task's scores and compositions are: fixed for good when it is opened.
    struct Scoring {
        /// Checks the statement of a score, and keccak256 of its runtime code.
        address scoreVerifier;
        bytes32 scoreCodeHash;
        /// Checks the statement of a composition, and keccak256 of its runtime code.
        address compositionVerifier;
        bytes32 compositionCodeHash;
        /// How many groups of rows there are; 0 where numbers are of all rows.
        uint16 groups;
        /// How many of them, the first, are of one column.
        uint16 wholeGroups;
        /// How many numbers a score has for each group: 2, or 4 by class.
        uint8 each;
        /// How many numbers a composition has for each group: the classes; 1 where labels are amounts.
        uint16 classes;
        /// Whether labels are amounts: then scores are errors.
        bool amounts;
        /// L_2, L_3 and so on, as many as the longer of both has numbers beyond two. The task has L_0 and L_1.
        G1[] basis;
        /// Whose scores the creator points readers to; it gives them no other right.
        address[] attesters;
    }

    /// @notice Held-out data: whose, and since when.
    struct HeldOut {
        /// Who registered them; zero if nobody has.
        address holder;
        /// The round that ran then.
        uint32 round;
        /// Whether that round's own model counts: see "Later models".
        bool fresh;
        /// When, in Unix seconds.
        uint40 registeredAt;
    }

    /// @notice Held-out data with their hash, for lists.
    struct Holding {
        bytes32 dataHash;
        HeldOut data;
    }

    /// @notice A score, for lists.
    struct Attestation {
        address attester;
        bytes32 dataHash;
        uint32 round;
        uint40 registeredAt;
        uint64[] numbers;
    }

    /// @notice A composition, for lists.
    struct Composition {
        address owner;
        bytes32 dataHash;
        uint64[] counts;
    }

    /*//////////////////////////////////////////////////////////////
                                 ERRORS
    //////////////////////////////////////////////////////////////*/

    /// @notice Thrown when anybody but the task's creator opens it.
    error NotCreator(uint256 taskId, address creator);

    /// @notice Thrown when the task has been opened already.
    error AlreadyOpen(uint256 taskId);

    /// @notice Thrown when the task has not been opened: it has no scores.
    error NotOpen(uint256 taskId);

    /// @notice Thrown when no contract stands at a verifier's address, or another one than was named.
    error InvalidVerifier(address verifier, bytes32 expectedCodeHash, bytes32 actualCodeHash);

    /// @notice Thrown when groups, numbers or classes do not fit each other, or are more than `MAX_NUMBERS`.
    error InvalidLayout(uint256 groups, uint256 wholeGroups, uint256 each, uint256 classes);

    /// @notice Thrown when there is not one basis point for each number beyond two.
    error WrongBasisCount(uint256 expected, uint256 actual);

    /// @notice Thrown when the basis points are not those of the task's tau, or the opening that shows it is wrong.
    error InvalidBasis();

    /// @notice Thrown when more than `MAX_ATTESTERS` are named.
    error TooManyAttesters(uint256 attesters);

    /// @notice Thrown when the task has ended: no later model will come.
    error TaskEnded(uint256 taskId);

    /// @notice Thrown when no data are registered: one commitment at least.
    error NoData();

    /// @notice Thrown when a commitment is that of the zero vector.
    error EmptyData();

    /// @notice Thrown when data are registered by another holder.
    error AlreadyHeldOut(uint256 taskId, bytes32 dataHash, address holder);

    /// @notice Thrown when data are registered for training.
    error IsTrainingData(uint256 taskId, bytes32 dataHash, address trainer);

    /// @notice Thrown when a proof is about data that the sender has not registered.
    error NotHolder(uint256 taskId, bytes32 dataHash, address holder);

    /// @notice Thrown when the model could be known when the data were registered.
    error ModelNotLater(uint256 taskId, uint256 round, uint256 registeredRound, bool fresh);

    /// @notice Thrown when a proof is about another model than the round's.
    error ModelMismatch(bytes32 expected, bytes32 actual);

    /// @notice Thrown when there are not as many numbers as the task's scores, or compositions, have.
    error WrongNumberCount(uint256 expected, uint256 actual);

    /// @notice Thrown when a number does not fit where it is kept: a count from 2^31 on, a sum of errors from 2^63 on.
    error NumberTooLarge(uint256 index, uint256 number);

    /// @notice Thrown when a proof is of other numbers than those claimed.
    error NumbersMismatch(bytes32 expected, bytes32 actual);

    /// @notice Thrown when the score of the round on these data is recorded.
    error AlreadyAttested(uint256 taskId, uint256 round, bytes32 dataHash);

    /// @notice Thrown when the composition of these data is recorded.
    error AlreadyDeclared(uint256 taskId, bytes32 dataHash);

    /// @notice Thrown when no score is recorded of the round on these data, or not by this attester.
    error NotAttested(uint256 taskId, uint256 round, bytes32 dataHash, address attester);

    /// @notice Thrown when scores are errors of amounts, of which larger ones are worse.
    error NotAShare(uint256 taskId);

    /// @notice Thrown when there is no such group.
    error NoSuchGroup(uint256 group, uint256 groups);

    /// @notice Thrown when the score is of fewer rows than asked for.
    error TooFewRows(uint256 least, uint256 actual);

    /// @notice Thrown when the score is less than asked for, in 1/10,000, rounded down.
    error ScoreTooLow(uint256 least, uint256 actual);

    /*//////////////////////////////////////////////////////////////
                                 EVENTS
    //////////////////////////////////////////////////////////////*/

    /// @notice A task was opened for scores.
    event ScoringOpened(uint256 indexed taskId, Scoring scoring);

    /// @notice Held-out data were registered. `round` ran then; if `fresh`, its own model counts.
    event DataHeldOut(
        uint256 indexed taskId, address indexed holder, bytes32 indexed dataHash, G1 data, uint256 round, bool fresh
    );

    /// @notice A score of a round's model was proved and recorded.
    event Attested(
        uint256 indexed taskId, uint256 indexed round, address indexed attester, bytes32 dataHash, uint64[] numbers
    );

    /// @notice The composition of committed data was proved and recorded.
    event CompositionDeclared(uint256 indexed taskId, address indexed owner, bytes32 indexed dataHash, uint64[] counts);

    /*//////////////////////////////////////////////////////////////
                               TASK CREATORS
    //////////////////////////////////////////////////////////////*/

    /// @notice Opens a task for scores, for good.
    /// Effects: the scoring is kept. Emits `ScoringOpened`.
    /// Requirements: the sender created the task (`NotCreator`, `ITaskManager.UnknownTask`); it is not open
    /// (`AlreadyOpen`); verifiers with the named code (`InvalidVerifier`); each 2 or 4, classes 1 at least and wholeGroups
    /// up to groups, from 1 where there are any, numbers up to `MAX_NUMBERS` (`InvalidLayout`); as many basis points as
    /// there are numbers beyond two (`WrongBasisCount`), all canonical points (`BN254.InvalidPoint`) and those of the
    /// task's tau (`InvalidBasis`); at most `MAX_ATTESTERS` (`TooManyAttesters`).
    /// @param taskId The task.
    /// @param scoring What is fixed.
    /// @param basisQuotient Not read without basis points. Else the quotient of the opening that shows them to be those of
    /// tau: of the combination B + sum of rho^(j+1) basis_j with rho = keccak256(abi.encode(offset, basis, k)) mod P, at
    /// r = keccak256(abi.encode(combination, rho)) mod P.
    function open(uint256 taskId, Scoring calldata scoring, G1 calldata basisQuotient) external;

    /*//////////////////////////////////////////////////////////////
                                 HOLDERS
    //////////////////////////////////////////////////////////////*/

    /// @notice Registers held-out data of the sender's. Anybody may; holders need not train.
    /// Effects: they are the sender's for good; it can prove scores on them of later models. What is the sender's already
    /// stays as it is. Emits `DataHeldOut` for each that is new.
    /// Requirements: the task is open (`NotOpen`) and has not ended (`TaskEnded`); one at least (`NoData`), each a canonical
    /// point other than the identity (`BN254.InvalidPoint`) and than the commitment of zeros (`EmptyData`), not another
    /// holder's (`AlreadyHeldOut`), nor anybody's training data (`IsTrainingData`).
    function register(uint256 taskId, G1[] calldata data) external;

    /// @notice Records the score of a round's model on held-out data of the sender's.
    /// Effects: the numbers are kept. Emits `Attested`.
    /// Requirements: the task is open (`NotOpen`); the round's model is final (`IModelRegistry.UnknownModel`) and the proof's
    /// (`ModelMismatch`); the data are the sender's (`NotHolder`), it does not train on them (`IsTrainingData`), and they
    /// were registered before the model could be known (`ModelNotLater`); nothing is recorded (`AlreadyAttested`); as many
    /// numbers as a score has (`WrongNumberCount`), each of them small enough (`NumberTooLarge`), and the proof's
    /// (`NumbersMismatch`); the verifier accepts it (`Verifying.InvalidProof`).
    /// @param taskId The task.
    /// @param round The round that made the model.
    /// @param numbers The score, as the statement's output has it.
    /// @param proof The proof.
    function attest(uint256 taskId, uint256 round, uint64[] calldata numbers, bytes calldata proof) external;

    /// @notice Records of which classes and groups the rows of committed data are: held-out data of the sender's, or data
    /// that it registered for training.
    /// Effects: the counts are kept. Emits `CompositionDeclared`.
    /// Requirements: as `attest` for numbers and proof; the data are the sender's, here or in the TrainerRegistry
    /// (`NotHolder`); nothing is recorded (`AlreadyDeclared`).
    function declare(uint256 taskId, uint64[] calldata counts, bytes calldata proof) external;

    /*//////////////////////////////////////////////////////////////
                                 VIEWS
    //////////////////////////////////////////////////////////////*/

    /// @notice Reverts unless an attester has shown that the round's model is right on so large a share of its held-out rows.
    /// What a contract asks before it uses a model.
    /// Requirements: the score is recorded, and the attester's (`NotAttested`); of classes (`NotAShare`); the group exists
    /// (`NoSuchGroup`); so many rows at least were used (`TooFewRows`); the share is at least `least` (`ScoreTooLow`).
    /// @param taskId The task.
    /// @param round The round that made the model.
    /// @param dataHash The held-out data.
    /// @param attester Whose word it must be.
    /// @param group From 1; 0 is the whole.
    /// @param rows How many rows at least, 1 in any case: of one row a share says nothing.
    /// @param least In 1/10,000.
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
        view;

    /// @notice What a task's scores are. Reverts with `NotOpen` if it has none.
    function getScoring(uint256 taskId) external view returns (Scoring memory scoring);

    /// @notice Whether the creator has named an account.
    function isNamed(uint256 taskId, address account) external view returns (bool named);

    /// @notice Whose held-out data have this hash; all zero if nobody's.
    function getHeldOut(uint256 taskId, bytes32 dataHash) external view returns (HeldOut memory data);

    /// @notice How many commitments of held-out data are registered.
    function heldOutCount(uint256 taskId) external view returns (uint256 count);

    /// @notice At most `limit` of them from the one at `start` on, in the order of registration.
    function getHeldOuts(uint256 taskId, uint256 start, uint256 limit) external view returns (Holding[] memory holdings);

    /// @notice The score of a round's model on held-out data; empty if none is recorded.
    function getScore(uint256 taskId, uint256 round, bytes32 dataHash) external view returns (uint64[] memory numbers);

    /// @notice The scores of a round's model among `limit` of the held-out data from the one at `start` on.
    function getAttestations(
        uint256 taskId,
        uint256 round,
        uint256 start,
        uint256 limit
    )
        external
        view
        returns (Attestation[] memory attestations);

    /// @notice The composition of committed data; empty if none is recorded.
    function getComposition(uint256 taskId, bytes32 dataHash) external view returns (uint64[] memory counts);

    /// @notice How many compositions are recorded.
    function compositionCount(uint256 taskId) external view returns (uint256 count);

    /// @notice At most `limit` of them from the one at `start` on, in the order in which they were recorded.
    function getCompositions(
        uint256 taskId,
        uint256 start,
        uint256 limit
    )
        external
        view
        returns (Composition[] memory compositions);

    /// @notice The most numbers of a score or a composition.
    function MAX_NUMBERS() external view returns (uint256 bound);

    /// @notice The most attesters that a creator names.
    function MAX_ATTESTERS() external view returns (uint256 bound);
}
