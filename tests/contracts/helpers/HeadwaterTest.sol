// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {ModelRegistry} from "../../../contracts/ModelRegistry.sol";
import {StakeManager} from "../../../contracts/StakeManager.sol";
import {TaskManager} from "../../../contracts/TaskManager.sol";
import {ITaskManager} from "../../../contracts/interfaces/ITaskManager.sol";
import {BN254, G1} from "../../../contracts/libraries/BN254.sol";
import {StubVerifier} from "./StubVerifier.sol";

/// @notice A deployment with stub verifiers, and commitments that tests can compute.
/// @dev The toy SRS knows its secrets: every basis point is a known multiple of the generator, so a commitment is a number
/// (its discrete logarithm) and `point` makes the real point of it.
abstract contract HeadwaterTest is Test {
    uint256 internal constant OFFSET = 1_000_003;
    uint256 internal constant BASIS_0 = 2_000_003;
    uint256 internal constant BASIS_1 = 3_000_017;
    uint256 internal constant BASIS_D = 5_000_011;
    uint256 internal constant FIRST_MODEL = OFFSET + 77; // some [w | 0]

    uint96 internal constant STAKE = 1 ether;
    uint96 internal constant FEE = 0.1 ether;
    uint32 internal constant ROUNDS = 3;
    uint16 internal constant MIN = 3;
    uint16 internal constant MAX = 5;
    uint32 internal constant JOIN_PERIOD = 1 hours;
    uint32 internal constant TRAIN_PERIOD = 2 hours;
    uint32 internal constant MASK_PERIOD = 30 minutes;
    uint32 internal constant AGGREGATE_PERIOD = 3 hours;
    uint256 internal constant POOL = 4 ether; // a round's part does not divide evenly
    bytes32 internal constant CID = keccak256("update document");
    bytes32 internal constant MODEL_CID = keccak256("model document");

    address internal immutable CREATOR = makeAddr("creator");
    address internal immutable AGGREGATOR = makeAddr("aggregator");
    address internal immutable STRANGER = makeAddr("stranger");

    StakeManager internal stakes;
    ModelRegistry internal registry;
    TaskManager internal tasks;
    StubVerifier internal trainVerifier;
    StubVerifier internal averageVerifier;

    /// @dev The numbers behind the current model and the running attempt's sum, as an honest off-chain party keeps them.
    uint256 internal modelScalar;
    uint256 internal sumScalar;

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        address predicted = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 2);
        stakes = new StakeManager(predicted);
        registry = new ModelRegistry(predicted);
        tasks = new TaskManager(stakes, registry);
        trainVerifier = new StubVerifier();
        averageVerifier = new StubVerifier();
    }

    /*//////////////////////////////////////////////////////////////
                              COMMITMENTS
    //////////////////////////////////////////////////////////////*/

    function point(uint256 scalar) internal view returns (G1 memory) {
        return BN254.mul(G1(1, 2), scalar);
    }

    function hashOf(uint256 scalar) internal view returns (bytes32) {
        return BN254.hash(point(scalar));
    }

    /// @dev A proof of the stub verifiers: four points.
    function proofOf(uint256 a, uint256 b, uint256 c, uint256 d) internal view returns (bytes memory) {
        return abi.encode(point(a), point(b), point(c), point(d));
    }

    function trainer(uint256 i) internal pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode("trainer", i)))));
    }

    function dataOf(address who) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode("data", who)));
    }

    function maskKeyOf(address who) internal view returns (G1 memory) {
        return point(uint256(keccak256(abi.encode("mask key", who))));
    }

    function updateOf(address who, uint256 round) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode("update", who, round))) % BN254.P;
    }

    function trainProof(address who, uint256 update) internal view returns (bytes memory) {
        return proofOf(modelScalar, dataOf(who), 7, update);
    }

    /// @dev Commitments of so many masks: any points do, since the contract only keeps them.
    function maskCommitments(uint256 count) internal view returns (G1[] memory points) {
        points = new G1[](count);
        for (uint256 i; i < count; ++i) {
            points[i] = point(10_000 + i);
        }
    }

    function publicOf(uint256 n, address aggregator) internal pure returns (uint256) {
        return addmod(OFFSET, addmod(n * BASIS_0, mulmod(uint160(aggregator), BASIS_1, BN254.P), BN254.P), BN254.P);
    }

    function averageProof(uint256 model, uint256 n, address aggregator) internal view returns (bytes memory) {
        return proofOf(model, 9, publicOf(n, aggregator), sumScalar);
    }

    function tagged(uint256 taskId, uint256 scalar) internal view returns (uint256) {
        return addmod(scalar, mulmod(tasks.tag(taskId), BASIS_D, BN254.P), BN254.P);
    }

    /*//////////////////////////////////////////////////////////////
                                ACTIONS
    //////////////////////////////////////////////////////////////*/

    function defaultConfig() internal view returns (ITaskManager.TaskConfig memory) {
        return ITaskManager.TaskConfig({
            trainVerifier: address(trainVerifier),
            k: 15,
            dimension: 30,
            maskPeriod: MASK_PERIOD,
            averageVerifier: address(averageVerifier),
            stake: STAKE,
            aggregatorFee: FEE,
            rounds: ROUNDS,
            minTrainers: MIN,
            maxTrainers: MAX,
            joinPeriod: JOIN_PERIOD,
            trainPeriod: TRAIN_PERIOD,
            aggregatePeriod: AGGREGATE_PERIOD,
            trainCodeHash: address(trainVerifier).codehash,
            averageCodeHash: address(averageVerifier).codehash,
            manifest: keccak256("manifest"),
            srs: keccak256("srs"),
            basisHash: keccak256("basis"),
            offset: point(OFFSET),
            basis0: point(BASIS_0),
            basis1: point(BASIS_1),
            basisD: point(BASIS_D)
        });
    }

    function createTask() internal returns (uint256 taskId) {
        return createTask(defaultConfig(), POOL);
    }

    function createTask(ITaskManager.TaskConfig memory config, uint256 pool) internal returns (uint256 taskId) {
        G1 memory model = point(FIRST_MODEL); // before hoax: a precompile would count as its call
        hoax(CREATOR, pool);
        taskId = tasks.createTask{value: pool}(config, model, MODEL_CID);
        modelScalar = tagged(taskId, FIRST_MODEL);
    }

    function deposit(address who, uint256 amount) internal {
        hoax(who, amount);
        stakes.deposit{value: amount}();
    }

    function enrol(uint256 taskId, address who) internal {
        deposit(who, STAKE);
        (G1 memory data, G1 memory maskKey) = (point(dataOf(who)), maskKeyOf(who));
        vm.prank(who);
        tasks.enrol(taskId, data, maskKey);
    }

    function join(uint256 taskId, address who) internal {
        vm.prank(who);
        tasks.join(taskId);
    }

    /// @dev Enrols trainers 1 to n where they are not, and lets them join.
    function joinMany(uint256 taskId, uint256 n) internal {
        for (uint256 i = 1; i <= n; ++i) {
            (bytes32 dataHash,) = tasks.getEnrolment(taskId, trainer(i));
            if (dataHash == 0) enrol(taskId, trainer(i));
            join(taskId, trainer(i));
        }
    }

    /// @dev Brings the running round to Train with a roster of trainers 1 to n.
    function toTrain(uint256 taskId, uint256 n) internal {
        joinMany(taskId, n);
        if (phaseOf(taskId) == ITaskManager.Phase.Join) passDeadline(taskId);
    }

    function submit(uint256 taskId, address who) internal {
        bytes memory proof = trainProof(who, updateOf(who, roundOf(taskId)));
        vm.prank(who);
        tasks.submit(taskId, proof);
    }

    function submitMany(uint256 taskId, uint256 n) internal {
        for (uint256 i = 1; i <= n; ++i) {
            submit(taskId, trainer(i));
        }
    }

    /// @dev Brings the running round to Mask with updates of trainers 1 to n.
    function toMask(uint256 taskId, uint256 n) internal {
        toTrain(taskId, n);
        submitMany(taskId, n);
    }

    function mask(uint256 taskId, address who) internal {
        uint256 round = roundOf(taskId);
        uint256 update = updateOf(who, round);
        uint256 masked = tasks.getRound(taskId, round).masked;
        G1 memory commitment = point(update);
        G1[] memory masks = maskCommitments(tasks.peerCount(stateOf(taskId).members));
        sumScalar = masked == 0 ? tagged(taskId, update) : addmod(sumScalar, update + BN254.P - OFFSET, BN254.P);
        vm.prank(who);
        tasks.mask(taskId, commitment, CID, masks);
    }

    function maskMany(uint256 taskId, uint256 n) internal {
        for (uint256 i = 1; i <= n; ++i) {
            mask(taskId, trainer(i));
        }
    }

    /// @dev Brings the running round to Aggregate with masked updates of trainers 1 to n.
    function toAggregate(uint256 taskId, uint256 n) internal {
        toMask(taskId, n);
        maskMany(taskId, n);
    }

    function aggregate(uint256 taskId, address who) internal {
        uint256 round = roundOf(taskId);
        uint256 model = uint256(keccak256(abi.encode("model", round))) % BN254.P;
        bytes memory proof = averageProof(model, tasks.getRound(taskId, round).masked, who);
        vm.prank(who);
        tasks.aggregate(taskId, proof, MODEL_CID);
        modelScalar = model;
    }

    function finalizeRound(uint256 taskId, uint256 n) internal {
        toAggregate(taskId, n);
        aggregate(taskId, AGGREGATOR);
    }

    /// @dev Lets the phase run out and advances.
    function passDeadline(uint256 taskId) internal {
        vm.warp(deadlineOf(taskId));
        tasks.advance(taskId);
    }

    /// @dev Skips every round that is left.
    function endTask(uint256 taskId) internal {
        while (deadlineOf(taskId) != 0) passDeadline(taskId);
    }

    /*//////////////////////////////////////////////////////////////
                                 VIEWS
    //////////////////////////////////////////////////////////////*/

    function roundOf(uint256 taskId) internal view returns (uint256 round) {
        (round,,,) = tasks.currentPhase(taskId);
    }

    function phaseOf(uint256 taskId) internal view returns (ITaskManager.Phase phase) {
        (, phase,,) = tasks.currentPhase(taskId);
    }

    function deadlineOf(uint256 taskId) internal view returns (uint256 deadline) {
        (,, deadline,) = tasks.currentPhase(taskId);
    }

    function stateOf(uint256 taskId) internal view returns (ITaskManager.TaskState memory state) {
        (, state) = tasks.getTask(taskId);
    }

    function assertPhase(uint256 taskId, uint256 round, ITaskManager.Phase phase) internal view {
        assertEq(roundOf(taskId), round, "round");
        assertEq(uint8(phaseOf(taskId)), uint8(phase), "phase");
    }

    function one(uint32 round) internal pure returns (uint32[] memory rounds) {
        rounds = new uint32[](1);
        rounds[0] = round;
    }
}
