// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

import {G1, G2} from "../libraries/BN254.sol";
import {IERC7572} from "./IERC7572.sol";
import {IModelRegistry} from "./IModelRegistry.sol";

/// @title ITaskManager
/// @notice What tasks fix for good: who may train what with whom, by which proofs, for which money.
/// @dev A task is written once, as the code of an account (`libraries/TaskCode`), and never changes. The other contracts
/// read it there: `IRoundManager` runs its rounds, `ITrainerRegistry` knows who is enrolled, `IRewardManager` has its
/// pool.
///
/// Trust. There is no owner and nothing can be changed once a task is created, so all trust is in what its creator
/// fixed. What can be checked on chain is; for the rest a node MUST recompute it before it stakes anything:
///   - verifiers: whoever wrote them decides what counts as proved. A verifier that accepts anything lets anybody write
///     models and take rewards. Rebuild both from the manifest's circuits and compare the code that stands at their
///     addresses. `createTask` only pins the code it saw.
///   - SRS: `tau` is what makes commitments mean something. Whoever knows its secret can forge every proof and every
///     opening, and a creator may invent one; so it must be that of the string named by `srs`, the one in the verifiers.
///     Given `tau`, offset and basis points cannot be false: `createTask` checks them by an opening.
///   - the first model, where it has no parents: compare its commitment with the bytes behind its CID.
///   - admission: whoever wrote the module decides who may enrol. It is asked for nothing else.
///   - stake, fee, roster size and periods: bounded here, else the creator's choice. Short phases may leave no time to
///     prove, to mask or to answer.
/// A creator cannot touch stake, or rewards of rounds that are finalized; it gets back only what no round has used.
interface ITaskManager is IERC165, IERC7572 {
    /*//////////////////////////////////////////////////////////////
                                 TYPES
    //////////////////////////////////////////////////////////////*/

    /// @notice All that a task fixes for good. The contract's checks are listed at `createTask`; for the rest see
    /// "Trust".
    struct TaskConfig {
        /// Checks the statement `train`, and keccak256 of its runtime code.
        address trainVerifier;
        bytes32 trainCodeHash;
        /// Checks the statement `average`, and keccak256 of its runtime code.
        address averageVerifier;
        bytes32 averageCodeHash;
        /// Checks the statement of scores that receipts are shown with, and keccak256 of its runtime code; zero where
        /// `quietBound` is.
        address scoreVerifier;
        bytes32 scoreCodeHash;
        /// sha2-256 digest of the task manifest (CIDv1, raw).
        bytes32 manifest;
        /// Which SRS the circuits use: the sha2-256 digest of its file.
        bytes32 srs;
        /// log2 of the rows of every circuit of the task; the SRS is of exactly this size.
        uint8 k;
        /// D: how many weights the model has.
        uint32 dimension;
        /// How many rounds the task has, the skipped and failed ones included.
        uint32 rounds;
        /// Least number of trainers on a roster, and of updates in an average.
        uint16 minTrainers;
        /// Most trainers on a roster: the one who fills it starts Train.
        uint16 maxTrainers;
        /// Most proofs in a row that make an update: so often a trainer may take the agreed steps in a round.
        uint8 maxLinks;
        /// How long proofs that are not on chain can be demanded, in seconds; 0 where all proofs stand on chain.
        uint32 reviewPeriod;
        /// On how much of its next data, in 1/10,000, a model must be right from which a trainer goes on without
        /// synchronizing; 0 where nobody asks (`IProofManager`).
        uint16 quietBound;
        /// Who may enrol: an `IAdmission`, or zero for anybody.
        address admission;
        /// Length of the phases, in seconds; of Mask, that of one attempt; of Challenge, if nobody demands the bytes.
        uint32 joinPeriod;
        uint32 trainPeriod;
        uint32 maskPeriod;
        uint32 aggregatePeriod;
        uint32 challengePeriod;
        /// How long at least the accused have to answer, in seconds, for each part of an answer (`answerTime`).
        uint32 answerPeriod;
        /// From `unenrol` to `release`, in seconds at least.
        uint32 unbondingPeriod;
        /// What enrolment locks of a trainer's stake, and posting an average of an aggregator's, in wei. May be zero:
        /// then a seat on the roster costs only gas, and a fault nothing.
        uint96 stake;
        /// What a finalized round pays its aggregator, in wei.
        uint96 aggregatorFee;
        /// What a challenger puts up at least for each challenge, in wei: it goes to the challenged who answers rightly,
        /// for its gas. Where gas is dear it is more, see `IChallengeManager.bondOf`.
        uint96 challengeBond;
        /// What a fault costs, in 1/10,000 of the stake; of the pool's rest, for a creator.
        uint16 faultSlash;
        /// What a missed duty costs, in 1/10,000 of the stake.
        uint16 absenceSlash;
        /// B, the commitment of the zero vector.
        G1 offset;
        /// L_0 and L_1, the basis points of [n | aggregator].
        G1 basis0;
        G1 basis1;
        /// L_D, the basis point of the tag.
        G1 basisD;
        /// [tau]_2 of the SRS: what openings are checked with.
        G2 tau;
    }

    /// @notice A task as it is kept: its config, and who published it.
    struct Task {
        address creator;
        TaskConfig config;
    }

    /// @notice What a task's first model comes from.
    /// @dev Of three kinds:
    ///   - without parents: `model` is the commitment of [w | 0], of a document that its creator made; zeros, mostly.
    ///   - one parent with coefficient 1 and divisor 1, a warm start: its model, under this task's tag. Without a proof.
    ///   - else, a merge: floor(sum of coefficient_i w_i / divisor), shown by a proof of the statement `average` for the
    ///     sum [sum of coefficient_i w_i | 0 | 0..], the divisor and the sender.
    struct Origin {
        /// Without parents, C([w | 0]): so the task's id need not be known beforehand. Else not read.
        G1 model;
        /// The models that it is a linear combination of.
        IModelRegistry.Parent[] parents;
        /// The commitments of these models, with their tags, as in `IModelRegistry.ModelAdded`.
        G1[] models;
        /// What the sum is divided by; with parents 1 at least.
        uint64 divisor;
        /// The proof of a merge; else empty.
        bytes proof;
    }

    /*//////////////////////////////////////////////////////////////
                                 ERRORS
    //////////////////////////////////////////////////////////////*/

    /// @notice Thrown when no task has this id.
    error UnknownTask(uint256 taskId);

    /// @notice Thrown when `maxLinks` is zero: nobody could submit anything.
    error InvalidLinks();

    /// @notice Thrown when `minTrainers` is under 3, or `maxTrainers` under it or above `MAX_TRAINERS`.
    error InvalidTrainers(uint256 minTrainers, uint256 maxTrainers);

    /// @notice Thrown when a bound for receipts is above 10,000 parts, or stands without a Review.
    error InvalidQuietBound(uint256 quietBound);

    /// @notice Thrown when the number of rounds is zero or above `MAX_ROUNDS`.
    error InvalidRounds(uint256 rounds);

    /// @notice Thrown when a period is zero or above `MAX_PERIOD`, or `answerPeriod` under `MIN_ANSWER_PERIOD`.
    error InvalidPeriod(uint256 period);

    /// @notice Thrown when the attempts that a full roster may need for masking could together last longer than
    /// `MAX_PERIOD`.
    error MaskingTooLong(uint256 maskPeriod, uint256 attempts);

    /// @notice Thrown when an answer of so many parts would be given longer than `MAX_ANSWER_TIME`.
    error AnsweringTooLong(uint256 answerPeriod, uint256 parts);

    /// @notice Thrown when a slash is above 10,000 parts, or an absence would cost more than a fault.
    error InvalidSlash(uint256 faultSlash, uint256 absenceSlash);

    /// @notice Thrown when there are no weights, or k is above `MAX_K`, or an update does not fit the 2^k rows of which
    /// EZKL keeps six.
    error InvalidDimension(uint256 dimension, uint256 k);

    /// @notice Thrown when the aggregator's fee is more than a round's part of the pool.
    error InvalidFee(uint256 aggregatorFee, uint256 roundPool);

    /// @notice Thrown when a challenge would cost more than the stake that it is about.
    error InvalidBond(uint256 challengeBond, uint256 stake);

    /// @notice Thrown when no contract stands at a verifier's address, or another one than the config says.
    error InvalidVerifier(address verifier, bytes32 expectedCodeHash, bytes32 actualCodeHash);

    /// @notice Thrown when no contract stands at the address of the admission module.
    error InvalidAdmission(address admission);

    /// @notice Thrown when offset and basis points are not those that `tau`, k and D make, or the opening that shows it
    /// is wrong.
    error InvalidBasis();

    /// @notice Thrown when a digest of something that must lie in storage is zero.
    error MissingCid();

    /// @notice Thrown when there is not one commitment for each parent.
    error WrongParentCount(uint256 parents, uint256 models);

    /// @notice Thrown when a parent's task has models of another size, or under another SRS.
    error IncompatibleParent(uint256 taskId);

    /// @notice Thrown when a commitment is not that of the parent's model in the registry.
    error ParentMismatch(uint256 taskId, uint256 round, bytes32 expected, bytes32 actual);

    /// @notice Thrown when a merge is divided by zero, or a first model without parents by anything.
    error InvalidDivisor(uint256 divisor);

    /// @notice Thrown when a merge is of another sum than that of its parents.
    error SumMismatch(bytes32 expected, bytes32 actual);

    /// @notice Thrown when a merge was proved for another sender or divisor.
    error PublicMismatch(bytes32 expected, bytes32 actual);

    /// @notice Thrown when a proof is given that nothing asks for.
    error UnexpectedProof();

    /*//////////////////////////////////////////////////////////////
                                 EVENTS
    //////////////////////////////////////////////////////////////*/

    /// @notice A task was published. Its first model is in the registry's `ModelAdded` of round 0.
    /// @param taskId The task.
    /// @param creator Who published it.
    /// @param manifest As in `config`: the digest of the task manifest.
    /// @param pool What was escrowed for rewards, in wei.
    /// @param config All that the task fixes.
    event TaskCreated(
        uint256 indexed taskId, address indexed creator, bytes32 indexed manifest, uint256 pool, TaskConfig config
    );

    /*//////////////////////////////////////////////////////////////
                               TASK CREATORS
    //////////////////////////////////////////////////////////////*/

    /// @notice Publishes a task. The value sent is its reward pool.
    /// Effects: the task gets the next id and starts round 1's Join; the pool is escrowed; the first model, with the
    /// task's tag, is the registry's for round 0, and its parents are recorded. Emits `TaskCreated`,
    /// `IRoundManager.PhaseChanged`, `IModelRegistry.ModelAdded`, and with parents `IModelRegistry.OriginRecorded`.
    /// Requirements: 3 <= minTrainers <= maxTrainers <= MAX_TRAINERS (`InvalidTrainers`); 1 <= maxLinks (`InvalidLinks`); 1 <= rounds <= MAX_ROUNDS
    /// (`InvalidRounds`); every period from 1 to MAX_PERIOD, that of a Review from 0, answerPeriod from MIN_ANSWER_PERIOD (`InvalidPeriod`); quietBound <= 10,000, and 0 without a Review (`InvalidQuietBound`); that
    /// of masking also maxTrainers - minTrainers + 1 times (`MaskingTooLong`), that of an answer also once for each of its
    /// parts up to MAX_ANSWER_TIME (`AnsweringTooLong`); absenceSlash <= faultSlash <= 10,000 (`InvalidSlash`); 1 <=
    /// dimension, k <= MAX_K and dimension + 9 <= 2^k - 6 (`InvalidDimension`); aggregatorFee <= pool / rounds
    /// (`InvalidFee`); challengeBond <= stake (`InvalidBond`); verifiers with the code of the config, that of scores with a quietBound only (`InvalidVerifier`);
    /// an admission module that is a contract, or none (`InvalidAdmission`); manifest and model CIDs (`MissingCid`);
    /// offset and basis points that are canonical points (`BN254.InvalidPoint`) and those of `tau` (`InvalidBasis`); a
    /// pool under 2^96 wei.
    /// Of a first model without parents: a canonical point other than the identity (`BN254.InvalidPoint`), divisor 0
    /// (`InvalidDivisor`), no proof (`UnexpectedProof`). With parents: a commitment for each (`WrongParentCount`) that is
    /// the registry's (`ParentMismatch`, `IModelRegistry.UnknownModel`), of a task with the same D, k and tau
    /// (`IncompatibleParent`); of a warm start, no proof; of a merge, a divisor (`InvalidDivisor`) and a proof of the
    /// combination (`SumMismatch`), for this divisor and sender (`PublicMismatch`), that the average verifier accepts
    /// (`Verifying.InvalidProof`).
    /// @param config What the task fixes.
    /// @param basisQuotient The quotient of the opening that shows offset and basis points to be those of `tau`: of the
    /// combination offset + rho basis0 + rho^2 basis1 + rho^3 basisD with rho = keccak256(abi.encode(offset, basis0,
    /// basis1, basisD, k, dimension)) mod P, at r = keccak256(abi.encode(combination, rho)) mod P.
    /// @param origin What the first model comes from.
    /// @param modelCid The digest of the first model's document.
    /// @return taskId The task's id, from 1.
    function createTask(
        TaskConfig calldata config,
        G1 calldata basisQuotient,
        Origin calldata origin,
        bytes32 modelCid
    )
        external
        payable
        returns (uint256 taskId);

    /*//////////////////////////////////////////////////////////////
                                 VIEWS
    //////////////////////////////////////////////////////////////*/

    /// @notice How many tasks there are: their ids are 1 to this.
    function taskCount() external view returns (uint256 count);

    /// @notice A task. Reverts with `UnknownTask` if there is none.
    function getTask(uint256 taskId) external view returns (Task memory task);

    /// @notice The task's tag, the last entry of its model vectors: keccak256(abi.encode(chain id, this contract, task
    /// id)) modulo the group order. It makes a commitment of this task worthless in any other task, deployment or
    /// chain. Defined also for tasks that do not exist yet.
    function tag(uint256 taskId) external view returns (uint256 entry);

    /// @notice Most trainers a roster may have.
    function MAX_TRAINERS() external view returns (uint16 bound);

    /// @notice Most rounds a task may have.
    function MAX_ROUNDS() external view returns (uint32 bound);

    /// @notice The longest a period may last, in seconds, that of masking with all its attempts.
    function MAX_PERIOD() external view returns (uint32 bound);

    /// @notice The shortest that the accused may be given to answer, in seconds: a block of Ethereum.
    function MIN_ANSWER_PERIOD() external view returns (uint32 bound);

    /// @notice The longest that the accused may be given for a whole answer, in seconds: so long at most can a challenge
    /// hold up a round.
    function MAX_ANSWER_TIME() external view returns (uint32 bound);

    /// @notice The largest k a task may have.
    function MAX_K() external view returns (uint8 bound);
}
