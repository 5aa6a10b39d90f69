// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ERC165} from "@openzeppelin/contracts/utils/introspection/ERC165.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

import {Deployed} from "./base/Deployed.sol";
import {IERC7572} from "./interfaces/IERC7572.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {IRewardManager} from "./interfaces/IRewardManager.sol";
import {IRoundManager} from "./interfaces/IRoundManager.sol";
import {ITaskManager} from "./interfaces/ITaskManager.sol";
import {BN254, G1} from "./libraries/BN254.sol";
import {Commitments} from "./libraries/Commitments.sol";
import {Evaluation, Sum} from "./libraries/Evaluation.sol";
import {TaskCode} from "./libraries/TaskCode.sol";
import {Terms} from "./libraries/Terms.sol";
import {Verifying} from "./libraries/Verifying.sol";

/// @title TaskManager
contract TaskManager is ITaskManager, Deployed, ERC165, ReentrancyGuardTransient {
    using BN254 for G1;
    using Commitments for G1;
    using Commitments for bytes;
    using Evaluation for Sum;
    using Verifying for address;

    /*//////////////////////////////////////////////////////////////
                               CONSTANTS
    //////////////////////////////////////////////////////////////*/

    /// @dev With fewer, two trainers would learn each other's update from the average.
    uint16 private constant LEAST_TRAINERS = 3;

    /// @inheritdoc ITaskManager
    uint16 public constant MAX_TRAINERS = 1024;

    /// @inheritdoc ITaskManager
    uint32 public constant MAX_ROUNDS = 10_000;

    /// @inheritdoc ITaskManager
    uint32 public constant MAX_PERIOD = 30 days;

    /// @inheritdoc ITaskManager
    uint32 public constant MIN_ANSWER_PERIOD = 12 seconds;

    /// @inheritdoc ITaskManager
    uint32 public constant MAX_ANSWER_TIME = 7 days;

    /// @inheritdoc ITaskManager
    uint8 public constant MAX_K = 28;

    /*//////////////////////////////////////////////////////////////
                                STORAGE
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc ITaskManager
    uint256 public taskCount;

    /*//////////////////////////////////////////////////////////////
                              CONSTRUCTOR
    //////////////////////////////////////////////////////////////*/

    /// @param addresses Where the contracts of the deployment stand, or will.
    constructor(Addresses memory addresses) Deployed(addresses) {}

    /*//////////////////////////////////////////////////////////////
                               TASK CREATORS
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc ITaskManager
    function createTask(
        TaskConfig calldata config,
        G1 calldata basisQuotient,
        Origin calldata origin,
        bytes32 modelCid
    )
        external
        payable
        nonReentrant
        returns (uint256 taskId)
    {
        _checkTerms(config);
        _checkVerifier(config.trainVerifier, config.trainCodeHash);
        _checkVerifier(config.averageVerifier, config.averageCodeHash);
        if (config.quietBound != 0) {
            _checkVerifier(config.scoreVerifier, config.scoreCodeHash);
        } else if (config.scoreVerifier != address(0) || config.scoreCodeHash != 0) {
            revert InvalidVerifier(config.scoreVerifier, 0, config.scoreCodeHash);
        }
        if (config.admission != address(0) && config.admission.code.length == 0) {
            revert InvalidAdmission(config.admission);
        }
        if (config.manifest == 0 || modelCid == 0) revert MissingCid();
        _checkBasis(config, basisQuotient);
        G1 memory model = _firstModel(config, origin);

        taskId = ++taskCount;
        model = model.withEntry(config.basisD, tag(taskId));
        TaskCode.write(taskId, Task(msg.sender, config));
        emit TaskCreated(taskId, msg.sender, config.manifest, msg.value, config);
        IRoundManager(ROUND_MANAGER).start(taskId, model.hash());
        IRewardManager(REWARD_MANAGER).fund{value: msg.value}(taskId);
        IModelRegistry(MODEL_REGISTRY).begin(taskId, model, modelCid, origin.parents, origin.divisor);
    }

    /*//////////////////////////////////////////////////////////////
                                 VIEWS
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) public view override(ERC165, IERC165) returns (bool supported) {
        return interfaceId == type(ITaskManager).interfaceId || interfaceId == type(IERC7572).interfaceId
            || super.supportsInterface(interfaceId);
    }

    /// @inheritdoc IERC7572
    function contractURI() external pure returns (string memory uri) {
        return
            'data:application/json;utf8,{"name":"Headwater tasks","description":"Models trained together, with proofs"}';
    }

    /// @inheritdoc ITaskManager
    function getTask(uint256 taskId) external view returns (Task memory task) {
        return TaskCode.read(address(this), taskId);
    }

    /// @inheritdoc ITaskManager
    function tag(uint256 taskId) public view returns (uint256 entry) {
        return TaskCode.tagOf(address(this), taskId);
    }

    /*//////////////////////////////////////////////////////////////
                          INTERNAL: FIRST MODEL
    //////////////////////////////////////////////////////////////*/

    /// @dev The commitment of the first model with tag 0.
    function _firstModel(TaskConfig calldata config, Origin calldata origin) private view returns (G1 memory model) {
        uint256 count = origin.parents.length;
        if (origin.models.length != count) revert WrongParentCount(count, origin.models.length);
        if ((origin.divisor == 0) != (count == 0)) revert InvalidDivisor(origin.divisor);
        if (count == 0) {
            if (origin.proof.length != 0) revert UnexpectedProof();
            origin.model.validate();
            return origin.model;
        }
        model = _combine(config, origin);
        if (count == 1 && origin.parents[0].coefficient == 1 && origin.divisor == 1) {
            if (origin.proof.length != 0) revert UnexpectedProof();
            return model;
        }
        return _checkMerge(config, origin, model);
    }

    /// @dev The commitment of [sum of coefficient_i w_i | 0], parents' tags taken away:
    /// C(sum of a_i v_i) = B + sum of a_i (C(v_i) - B).
    function _combine(TaskConfig calldata config, Origin calldata origin) private view returns (G1 memory sum) {
        sum = config.offset;
        for (uint256 i; i < origin.parents.length; ++i) {
            IModelRegistry.Parent calldata parent = origin.parents[i];
            G1 memory model = origin.models[i];
            _checkParent(config, parent, model);
            int256 a = parent.coefficient;
            uint256 scalar = a < 0 ? BN254.P - uint256(-a) : uint256(a);
            G1 memory untagged = model.withoutEntry(config.basisD, tag(parent.taskId));
            sum = sum.add(untagged.add(BN254.negate(config.offset)).mul(scalar));
        }
    }

    /// @dev A parent must be in the registry, of the same size and under the same SRS.
    function _checkParent(
        TaskConfig calldata config,
        IModelRegistry.Parent calldata parent,
        G1 memory model
    )
        private
        view
    {
        TaskConfig memory other = TaskCode.configOf(address(this), parent.taskId);
        // offset and basis points follow from these
        bool compatible = other.dimension == config.dimension && other.k == config.k
            && keccak256(abi.encode(other.tau)) == keccak256(abi.encode(config.tau));
        if (!compatible) revert IncompatibleParent(parent.taskId);
        bytes32 expected = IModelRegistry(MODEL_REGISTRY).getModel(parent.taskId, parent.round).modelHash;
        bytes32 actual = model.hash();
        if (actual != expected) revert ParentMismatch(parent.taskId, parent.round, expected, actual);
    }

    /// @dev The proof must be of twice this sum, and of [divisor | sender], and valid: returns the model that it is about.
    function _checkMerge(
        TaskConfig calldata config,
        Origin calldata origin,
        G1 memory sum
    )
        private
        view
        returns (G1 memory model)
    {
        bytes calldata proof = origin.proof;
        G1 memory expected = sum.twice(config.offset);
        G1 memory actual = proof.commitmentAt(3);
        if (!actual.equals(expected)) revert SumMismatch(expected.hash(), actual.hash());
        expected = Commitments.publicOf(config, origin.divisor, msg.sender);
        actual = proof.commitmentAt(2);
        if (!actual.equals(expected)) revert PublicMismatch(expected.hash(), actual.hash());
        model = proof.commitmentAt(0);
        model.validate();
        config.averageVerifier.check(proof);
    }

    /*//////////////////////////////////////////////////////////////
                            INTERNAL: CHECKS
    //////////////////////////////////////////////////////////////*/

    function _checkTerms(TaskConfig calldata config) private view {
        if (
            config.minTrainers < LEAST_TRAINERS || config.maxTrainers < config.minTrainers
                || config.maxTrainers > MAX_TRAINERS
        ) revert InvalidTrainers(config.minTrainers, config.maxTrainers);
        if (config.maxLinks == 0) revert InvalidLinks();
        if (config.quietBound > Terms.WHOLE || (config.quietBound != 0 && config.reviewPeriod == 0)) {
            revert InvalidQuietBound(config.quietBound);
        }
        if (config.rounds == 0 || config.rounds > MAX_ROUNDS) revert InvalidRounds(config.rounds);
        // the longest vectors are updates
        if (
            config.dimension == 0 || config.k > MAX_K
                || Terms.updateLength(config.dimension) + Evaluation.UNUSABLE_ROWS > 1 << config.k
        ) revert InvalidDimension(config.dimension, config.k);
        _checkPeriods(config);
        if (config.faultSlash > Terms.WHOLE || config.absenceSlash > config.faultSlash) {
            revert InvalidSlash(config.faultSlash, config.absenceSlash);
        }
        uint256 roundPool = msg.value / config.rounds;
        if (config.aggregatorFee > roundPool) revert InvalidFee(config.aggregatorFee, roundPool);
        if (config.challengeBond > config.stake) revert InvalidBond(config.challengeBond, config.stake);
    }

    function _checkPeriods(TaskConfig calldata config) private pure {
        _checkPeriod(config.joinPeriod);
        _checkPeriod(config.trainPeriod);
        if (config.reviewPeriod != 0) _checkPeriod(config.reviewPeriod);
        _checkPeriod(config.maskPeriod);
        _checkPeriod(config.aggregatePeriod);
        _checkPeriod(config.challengePeriod);
        _checkPeriod(config.unbondingPeriod);
        // every attempt but the last lacks one of those who may be missing
        uint256 attempts = uint256(config.maxTrainers) - config.minTrainers + 1;
        if (config.maskPeriod * attempts > MAX_PERIOD) revert MaskingTooLong(config.maskPeriod, attempts);
        if (config.answerPeriod < MIN_ANSWER_PERIOD) revert InvalidPeriod(config.answerPeriod);
        if (Terms.answerTime(config) > MAX_ANSWER_TIME) {
            revert AnsweringTooLong(config.answerPeriod, Terms.updateParts(config.dimension));
        }
    }

    function _checkPeriod(uint32 period) private pure {
        if (period == 0 || period > MAX_PERIOD) revert InvalidPeriod(period);
    }

    function _checkVerifier(address verifier, bytes32 codeHash) private view {
        bytes32 actual = verifier.codehash;
        if (actual != codeHash || verifier.code.length == 0) revert InvalidVerifier(verifier, codeHash, actual);
    }

    /// @dev Offset and basis points must be those that `tau` makes. One opening shows it of all four: of their
    /// combination by powers of a number that nobody knows before they are fixed.
    function _checkBasis(TaskConfig calldata config, G1 calldata quotient) private view {
        config.offset.validate();
        config.basis0.validate();
        config.basis1.validate();
        config.basisD.validate();
        uint256 rho = _rhoOf(config);
        uint256 rho2 = mulmod(rho, rho, BN254.P);
        uint256 rho3 = mulmod(rho2, rho, BN254.P);
        G1 memory combination = config.offset;
        combination = combination.withEntry(config.basis0, rho).withEntry(config.basis1, rho2);
        combination = combination.withEntry(config.basisD, rho3);
        uint256 r = uint256(keccak256(abi.encode(combination, rho))) % BN254.P;

        Sum memory sum = Evaluation.start(config.k, r);
        sum.add(rho);
        sum.add(rho2);
        sum.moveTo(r, config.dimension);
        sum.add(rho3);
        // with an SRS of zeros any opening would be right
        bool zero = config.tau.xReal == 0 && config.tau.xImaginary == 0;
        if (zero || !sum.check(config.k, r, combination, quotient, config.tau)) revert InvalidBasis();
    }

    /// @dev What the basis is combined by: drawn from all of it.
    function _rhoOf(TaskConfig calldata config) private pure returns (uint256) {
        (uint256 k, uint256 dimension) = (config.k, config.dimension);
        bytes memory points = abi.encode(config.offset, config.basis0, config.basis1, config.basisD, k, dimension);
        return uint256(keccak256(points)) % BN254.P;
    }
}
