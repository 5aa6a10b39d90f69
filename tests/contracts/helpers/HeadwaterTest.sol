// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

import {IChallengeManager} from "../../../contracts/interfaces/IChallengeManager.sol";
import {ILens} from "../../../contracts/interfaces/ILens.sol";
import {IModelRegistry} from "../../../contracts/interfaces/IModelRegistry.sol";
import {IStakeManager} from "../../../contracts/interfaces/IStakeManager.sol";
import {ITaskManager} from "../../../contracts/interfaces/ITaskManager.sol";
import {BN254, G1} from "../../../contracts/libraries/BN254.sol";
import {Masks, Member} from "../../../contracts/libraries/Masks.sol";
import {StubVerifier} from "./StubVerifier.sol";

/// @notice A deployment with stub verifiers, and commitments that tests can compute.
/// @dev The toy SRS knows its secrets: every basis point is a known multiple of the generator, so a commitment is a
/// number (its discrete logarithm) and `point` makes the real point of it. Contracts are deployed from their artifacts,
/// so that what is tested is what `forge build contracts` makes.
abstract contract HeadwaterTest is Test {
    uint256 internal constant OFFSET = 1_000_003;
    uint256 internal constant BASIS_0 = 2_000_003;
    uint256 internal constant BASIS_1 = 3_000_017;
    uint256 internal constant BASIS_D = 5_000_011;
    uint256 internal constant FIRST_MODEL = OFFSET + 77 * BASIS_0; // [77, 0, ...]
    uint256 internal constant EXTRA_ENTRIES = 9; // of an update, besides its weights

    uint96 internal constant STAKE = 1 ether;
    uint96 internal constant FEE = 0.1 ether;
    uint32 internal constant ROUNDS = 3;
    uint16 internal constant MIN = 3;
    uint16 internal constant MAX = 5;
    uint32 internal constant JOIN_PERIOD = 1 hours;
    uint32 internal constant TRAIN_PERIOD = 2 hours;
    uint32 internal constant MASK_PERIOD = 30 minutes;
    uint32 internal constant AGGREGATE_PERIOD = 3 hours;
    uint32 internal constant ANSWER_PERIOD = 4 hours;
    uint32 internal constant CHALLENGE_PERIOD = 1 hours;
    uint32 internal constant UNBONDING_PERIOD = 7 days;
    uint16 internal constant FAULT_SLASH = 5000;
    uint16 internal constant ABSENCE_SLASH = 100;
    uint96 internal constant BOND = 0.01 ether;
    uint256 internal constant POOL = 4 ether; // a round's part does not divide evenly
    bytes32 internal constant CID = keccak256("update document");
    bytes32 internal constant MODEL_CID = keccak256("model document");

    address internal immutable CREATOR = makeAddr("creator");
    address internal immutable AGGREGATOR = makeAddr("aggregator");
    address internal immutable STRANGER = makeAddr("stranger");

    IStakeManager internal stakes;
    IModelRegistry internal registry;
    IChallengeManager internal challenges;
    ITaskManager internal tasks;
    ILens internal lens;
    StubVerifier internal trainVerifier;
    StubVerifier internal averageVerifier;

    /// @dev How many weights the next task has.
    uint32 internal dimension = 5;

    /// @dev The numbers behind the current model, the running attempt's sum and the average that was accepted last, as
    /// an honest off-chain party keeps them.
    uint256 internal modelScalar;
    uint256 internal sumScalar;
    uint256 internal averageScalar;

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        uint256 nonce = vm.getNonce(address(this));
        address challenges_ = vm.computeCreateAddress(address(this), nonce + 2);
        address tasks_ = vm.computeCreateAddress(address(this), nonce + 3);
        stakes = IStakeManager(deploy("StakeManager", abi.encode(tasks_, challenges_)));
        registry = IModelRegistry(deploy("ModelRegistry", abi.encode(tasks_)));
        challenges = IChallengeManager(deploy("ChallengeManager", abi.encode(tasks_)));
        tasks = ITaskManager(deploy("TaskManager", abi.encode(stakes, registry, challenges)));
        lens = ILens(deploy("Lens", abi.encode(tasks)));
        trainVerifier = new StubVerifier();
        averageVerifier = new StubVerifier();
    }

    /// @dev Deploys a contract, and bubbles up what its constructor reverts with.
    function deploy(string memory name, bytes memory arguments) internal returns (address deployed) {
        bytes memory code = bytes.concat(vm.getCode(string.concat(name, ".sol:", name)), arguments);
        assembly ("memory-safe") {
            deployed := create(0, add(code, 0x20), mload(code))
            if iszero(deployed) {
                returndatacopy(0, 0, returndatasize())
                revert(0, returndatasize())
            }
        }
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

    function maskSecretOf(address who) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode("mask key", who))) % BN254.P;
    }

    function maskKeyOf(address who) internal view returns (G1 memory) {
        return point(maskSecretOf(who));
    }

    function basisOf(uint256 i) internal view returns (uint256) {
        if (i == dimension) return BASIS_D;
        if (i == 0) return BASIS_0;
        return i == 1 ? BASIS_1 : uint256(Hashes.efficientKeccak256("basis", bytes32(i))) % BN254.P;
    }

    function basisPoints() internal view returns (G1[] memory points) {
        points = new G1[](dimension + EXTRA_ENTRIES);
        for (uint256 i; i < points.length; ++i) {
            points[i] = point(basisOf(i));
        }
    }

    /// @dev keccak256 of points, 64 bytes each.
    function hashPoints(G1[] memory points) internal pure returns (bytes32 hash) {
        bytes memory encoded = abi.encode(points);
        assembly ("memory-safe") {
            hash := keccak256(add(encoded, 0x60), mul(mload(points), 0x40)) // past the offset and the length
        }
    }

    /// @dev The number behind C(v).
    function commit(uint256[] memory vector) internal view returns (uint256 scalar) {
        scalar = OFFSET;
        for (uint256 i; i < vector.length; ++i) {
            scalar = addmod(scalar, mulmod(vector[i], basisOf(i), BN254.P), BN254.P);
        }
    }

    /// @dev Some vector; nothing but its length and what it is made from decide its entries.
    function vectorOf(bytes memory source, uint256 length) internal pure returns (uint256[] memory vector) {
        return Masks.expand(keccak256(source), length);
    }

    function firstWeights() internal view returns (uint256[] memory weights) {
        weights = new uint256[](dimension);
        weights[0] = 77;
    }

    function weightsOf(uint256 round, address aggregator) internal view returns (uint256[] memory) {
        return vectorOf(abi.encode("weights", round, aggregator), dimension);
    }

    /// @dev The number behind the average that an aggregator posts in a round.
    function averageOf(uint256 taskId, uint256 round, address aggregator) internal view returns (uint256) {
        return tagged(taskId, commit(weightsOf(round, aggregator)));
    }

    function updateVectorOf(address who, uint256 round) internal view returns (uint256[] memory vector) {
        vector = vectorOf(abi.encode("update", who, round), dimension + EXTRA_ENTRIES);
        vector[dimension] = 0; // the tag's place
    }

    function updateOf(address who, uint256 round) internal view returns (uint256) {
        return commit(updateVectorOf(who, round));
    }

    function trainProof(address who, uint256 update) internal view returns (bytes memory) {
        return proofOf(modelScalar, dataOf(who), 7, update);
    }

    /// @dev The mask of two members of the running attempt.
    function maskVectorOf(
        uint256 taskId,
        ITaskManager.TaskState memory state,
        address a,
        address b
    )
        internal
        view
        returns (uint256[] memory)
    {
        Member memory one = Member(a, point(updateOf(a, state.round)));
        Member memory other = Member(b, point(updateOf(b, state.round)));
        bytes32 seed = Masks.seedOf(sharedOf(a, b), tasks.tag(taskId), state.round, state.attempt, one, other);
        return Masks.expand(seed, dimension + EXTRA_ENTRIES);
    }

    function sharedOf(address a, address b) internal view returns (G1 memory) {
        return point(mulmod(maskSecretOf(a), maskSecretOf(b), BN254.P));
    }

    /// @dev An honest member's masked update in the running attempt.
    function maskedVectorOf(uint256 taskId, address who) internal view returns (uint256[] memory vector) {
        ITaskManager.TaskState memory state = stateOf(taskId);
        vector = updateVectorOf(who, state.round);
        address[] memory peers = peersOf(taskId, state, who);
        for (uint256 i; i < peers.length; ++i) {
            uint256[] memory mask_ = maskVectorOf(taskId, state, who, peers[i]);
            for (uint256 e; e < vector.length; ++e) {
                vector[e] = addmod(vector[e], who < peers[i] ? mask_[e] : BN254.P - mask_[e], BN254.P);
            }
        }
    }

    /// @dev What an honest member posts in the running attempt.
    function postingOf(uint256 taskId, address who) internal view returns (ITaskManager.Posting memory posting) {
        ITaskManager.TaskState memory state = stateOf(taskId);
        address[] memory peers = peersOf(taskId, state, who);
        posting.update = point(updateOf(who, state.round));
        posting.cid = CID;
        posting.masks = new ITaskManager.PeerMask[](peers.length);
        for (uint256 i; i < peers.length; ++i) {
            G1 memory commitment = point(commit(maskVectorOf(taskId, state, who, peers[i])));
            posting.masks[i] = ITaskManager.PeerMask(peers[i], commitment);
        }
    }

    /// @dev The members of the running attempt, of trainers 0 to 24, addresses ascending.
    function membersOf(uint256 taskId, ITaskManager.TaskState memory state) internal view returns (address[] memory) {
        address[] memory found = new address[](25);
        uint256 count;
        for (uint256 i; i < found.length && count < state.members; ++i) {
            ITaskManager.RosterEntry memory entry = tasks.getRosterEntry(taskId, state.round, trainer(i));
            bool lasting = entry.attempt + 1 >= state.attempt && entry.status == ITaskManager.TrainerStatus.Submitted;
            bool accused = entry.attempt == state.attempt && entry.status > ITaskManager.TrainerStatus.Submitted;
            if (lasting || accused) found[count++] = trainer(i);
        }
        return sorted(found, count);
    }

    /// @dev A member's peers in the running attempt, addresses ascending.
    function peersOf(
        uint256 taskId,
        ITaskManager.TaskState memory state,
        address who
    )
        internal
        view
        returns (address[] memory)
    {
        address[] memory circle = circleFrom(taskId, state, who);
        if (circle.length <= 16) return sorted(circle, circle.length);
        address[] memory nearest = new address[](16);
        for (uint256 i; i < 16; ++i) {
            nearest[i] = circle[i < 8 ? i : circle.length - 16 + i];
        }
        return sorted(nearest, 16);
    }

    /// @dev The other members of the running attempt, clockwise from one of them.
    function circleFrom(
        uint256 taskId,
        ITaskManager.TaskState memory state,
        address who
    )
        internal
        view
        returns (address[] memory others)
    {
        address[] memory members = membersOf(taskId, state);
        others = new address[](members.length - 1);
        uint256 count;
        for (uint256 i; i < members.length; ++i) {
            if (members[i] == who) continue;
            uint256 at_ = count++;
            uint256 far = Masks.distance(state.seed, who, members[i]);
            for (; at_ != 0 && Masks.distance(state.seed, who, others[at_ - 1]) > far; --at_) {
                others[at_] = others[at_ - 1];
            }
            others[at_] = members[i];
        }
    }

    /// @dev The first `count` of some addresses, ascending.
    function sorted(address[] memory unsorted, uint256 count) internal pure returns (address[] memory list) {
        list = new address[](count);
        for (uint256 i; i < count; ++i) {
            uint256 at_ = i;
            for (; at_ != 0 && list[at_ - 1] > unsorted[i]; --at_) {
                list[at_] = list[at_ - 1];
            }
            list[at_] = unsorted[i];
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
            dimension: dimension,
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
            challengeBond: BOND,
            answerPeriod: ANSWER_PERIOD,
            challengePeriod: CHALLENGE_PERIOD,
            unbondingPeriod: UNBONDING_PERIOD,
            faultSlash: FAULT_SLASH,
            absenceSlash: ABSENCE_SLASH,
            trainCodeHash: address(trainVerifier).codehash,
            averageCodeHash: address(averageVerifier).codehash,
            manifest: keccak256("manifest"),
            srs: keccak256("srs"),
            basisHash: hashPoints(basisPoints()),
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

    function deposit(address who, uint256 amount) internal virtual {
        hoax(who, amount);
        stakes.deposit{value: amount}();
    }

    function enrol(uint256 taskId, address who) internal {
        uint256 stake = stakeIn(taskId);
        if (stake != 0) deposit(who, stake);
        (G1 memory data, G1 memory maskKey) = (point(dataOf(who)), maskKeyOf(who));
        vm.prank(who);
        tasks.enrol(taskId, data, maskKey);
    }

    /// @dev Joins, with stake in the place of what a settled round costs.
    function join(uint256 taskId, address who) internal {
        (uint256 slash,) = tasks.slashOf(taskId, who);
        uint256 kept = tasks.getEnrolment(taskId, who).stake - slash;
        (uint256 free,) = stakes.stakeOf(who);
        uint256 stake = stakeIn(taskId);
        if (kept + free < stake && isEnrolled(taskId, who)) deposit(who, stake - kept - free);
        vm.prank(who);
        tasks.join(taskId);
    }

    /// @dev Enrols trainers 1 to n where they are not, and lets them join.
    function joinMany(uint256 taskId, uint256 n) internal {
        for (uint256 i = 1; i <= n; ++i) {
            if (!isEnrolled(taskId, trainer(i))) enrol(taskId, trainer(i));
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
        mask(taskId, who, postingOf(taskId, who));
    }

    function mask(uint256 taskId, address who, ITaskManager.Posting memory posting) internal {
        uint256 round = roundOf(taskId);
        uint256 update = updateOf(who, round);
        uint256 masked = tasks.getRound(taskId, round).masked;
        sumScalar = masked == 0 ? tagged(taskId, update) : addmod(sumScalar, update + BN254.P - OFFSET, BN254.P);
        vm.prank(who);
        tasks.mask(taskId, posting);
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

    /// @dev Posts an average, for which stake is deposited where none is free.
    function aggregate(uint256 taskId, address who) internal {
        (uint256 free,) = stakes.stakeOf(who);
        uint256 stake = stakeIn(taskId);
        if (free < stake) deposit(who, stake - free);
        uint256 round = roundOf(taskId);
        uint256 average = averageOf(taskId, round, who);
        bytes memory proof = averageProof(average, tasks.getRound(taskId, round).masked, who);
        vm.prank(who);
        tasks.aggregate(taskId, proof, MODEL_CID);
        averageScalar = average;
    }

    /// @dev Lets Challenge run out.
    function finalize(uint256 taskId) internal {
        assertEq(uint8(phaseOf(taskId)), uint8(ITaskManager.Phase.Challenge), "not in Challenge");
        passDeadline(taskId);
        modelScalar = averageScalar;
    }

    function finalizeRound(uint256 taskId, uint256 n) internal {
        toAggregate(taskId, n);
        aggregate(taskId, AGGREGATOR);
        finalize(taskId);
    }

    function unenrol(uint256 taskId, address who) internal {
        vm.prank(who);
        tasks.unenrol(taskId);
    }

    /// @dev Leaves the task and waits for the stake.
    function leaveTask(uint256 taskId, address who) internal {
        unenrol(taskId, who);
        vm.warp(block.timestamp + UNBONDING_PERIOD);
        vm.prank(who);
        tasks.release(taskId);
    }

    function challengeUpdate(uint256 taskId, address who) internal returns (uint256) {
        uint256 bond = bondIn(taskId);
        hoax(STRANGER, bond);
        return challenges.challengeUpdate{value: bond}(taskId, who);
    }

    function challengeMask(
        uint256 taskId,
        address a,
        address b,
        ITaskManager.Posting[2] memory postings
    )
        internal
        returns (uint256)
    {
        uint256 bond = bondIn(taskId);
        hoax(STRANGER, bond);
        return challenges.challengeMask{value: bond}(taskId, a, b, postings[0], postings[1]);
    }

    function challengeModel(uint256 taskId) internal returns (uint256) {
        uint256 bond = bondIn(taskId);
        hoax(STRANGER, bond);
        return challenges.challengeModel{value: bond}(taskId);
    }

    /// @dev Proves with the secret of one what it shares with the other.
    function proofOfShared(
        address prover,
        address peer
    )
        internal
        view
        returns (IChallengeManager.EqualLogProof memory proof)
    {
        uint256 nonce = uint256(keccak256(abi.encode("nonce", prover, peer)));
        (G1 memory key, G1 memory peerKey, G1 memory shared) =
            (maskKeyOf(prover), maskKeyOf(peer), sharedOf(prover, peer));
        bytes memory statement = abi.encode(key, peerKey, shared, point(nonce), BN254.mul(peerKey, nonce));
        proof.challenge = uint256(keccak256(statement)) % BN254.P;
        uint256 minus = BN254.P - mulmod(proof.challenge, maskSecretOf(prover), BN254.P);
        proof.response = addmod(nonce, minus, BN254.P);
    }

    /// @dev Answers by the rules, whoever pays for it.
    function answerUpdate(uint256 challengeId, ITaskManager.Posting memory posting) internal {
        IChallengeManager.Challenge memory challenge = challenges.getChallenge(challengeId);
        uint256[] memory vector = maskedVectorOf(challenge.taskId, challenge.accused);
        challenges.answerUpdate(challengeId, posting, vector, basisPoints());
    }

    function answerMask(uint256 challengeId, ITaskManager.Posting[2] memory postings, bool byOther) internal {
        IChallengeManager.Challenge memory challenge = challenges.getChallenge(challengeId);
        (address a, address b) = (challenge.accused, challenge.other);
        G1[2] memory keys = [maskKeyOf(a), maskKeyOf(b)];
        IChallengeManager.EqualLogProof memory proof = byOther ? proofOfShared(b, a) : proofOfShared(a, b);
        challenges.answerMask(challengeId, postings, keys, sharedOf(a, b), proof, byOther, basisPoints());
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

    function stakeIn(uint256 taskId) internal view returns (uint256) {
        (ITaskManager.TaskConfig memory config,) = tasks.getTask(taskId);
        return config.stake;
    }

    function bondIn(uint256 taskId) internal view returns (uint256) {
        (ITaskManager.TaskConfig memory config,) = tasks.getTask(taskId);
        return config.challengeBond;
    }

    function isEnrolled(uint256 taskId, address who) internal view returns (bool) {
        return tasks.getEnrolment(taskId, who).dataHash != 0;
    }

    function statusOf(uint256 taskId, address who) internal view returns (ITaskManager.TrainerStatus) {
        return tasks.getRosterEntry(taskId, roundOf(taskId), who).status;
    }

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

    function assertStake(address who, uint256 free, uint256 locked) internal view {
        (uint256 free_, uint256 locked_) = stakes.stakeOf(who);
        assertEq(free_, free, "free");
        assertEq(locked_, locked, "locked");
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
