// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {IChallengeManager} from "../../../contracts/interfaces/IChallengeManager.sol";
import {IDeployed} from "../../../contracts/interfaces/IDeployed.sol";
import {ILens} from "../../../contracts/interfaces/ILens.sol";
import {IModelRegistry} from "../../../contracts/interfaces/IModelRegistry.sol";
import {IOpenings} from "../../../contracts/interfaces/IOpenings.sol";
import {IProofManager} from "../../../contracts/interfaces/IProofManager.sol";
import {IRewardManager} from "../../../contracts/interfaces/IRewardManager.sol";
import {IRoundManager} from "../../../contracts/interfaces/IRoundManager.sol";
import {IStakeManager} from "../../../contracts/interfaces/IStakeManager.sol";
import {ITaskManager} from "../../../contracts/interfaces/ITaskManager.sol";
import {ITrainerRegistry} from "../../../contracts/interfaces/ITrainerRegistry.sol";
import {BN254, G1, G2} from "../../../contracts/libraries/BN254.sol";
import {Masks, Member} from "../../../contracts/libraries/Masks.sol";
import {PossessionProof} from "../../../contracts/libraries/Possession.sol";
import {StubVerifier} from "./StubVerifier.sol";

/// @notice A deployment with stub verifiers, and commitments that tests can compute.
/// @dev The toy SRS is a real one whose secret TAU is known: so a commitment is a number (its discrete logarithm, the
/// value of its polynomial at TAU) and `point` makes the real point of it; and an opening's quotient is a number, too.
/// What is committed to is computed here, by Lagrange's formula, and not by the contracts' library. Contracts are
/// deployed from their artifacts, so that what is tested is what `forge build contracts` makes.
abstract contract HeadwaterTest is Test {
    /// @dev sha256("headwater toy srs") modulo P, and [TAU]_2 as py_ecc computes it.
    uint256 internal constant TAU =
        6_433_035_239_099_308_152_591_397_470_342_496_748_350_678_041_582_447_325_892_409_122_208_227_761_829;
    uint256 private constant TAU_X_IMAGINARY = 0x26e67b003616fc08a8425ee8c47ff2cdd1abd2d9af16bb25474a606bfcaa9781;
    uint256 private constant TAU_X_REAL = 0x22372c690844541c99a05b72606398ea0c0c85d8c1426bf06dd11ae0e7730eb0;
    uint256 private constant TAU_Y_IMAGINARY = 0x2ab355c6a41eafca12749997979f844b5c1a7cebcd4c766616530a50558936ef;
    uint256 private constant TAU_Y_REAL = 0x1098ea19bdeafb0ad3e543c77f2c9a0dcb11dadb8282d01660c09f0efc6e175b;

    /// @dev 7^((P - 1) / 2^28): a primitive 2^28-th root of unity.
    uint256 private constant ROOT =
        1_748_695_177_688_661_943_023_146_337_482_803_886_740_723_238_769_601_073_607_632_802_312_037_301_404;

    uint256 internal constant EXTRA_ENTRIES = 9; // of an update, besides its weights
    uint256 internal constant UNUSABLE_ROWS = 6; // of a column, the last: ones
    uint256 internal constant PART_BYTES = 65_536;

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

    ITaskManager internal tasks;
    IRoundManager internal rounds;
    ITrainerRegistry internal trainers;
    IRewardManager internal rewards;
    IStakeManager internal stakes;
    IModelRegistry internal registry;
    IChallengeManager internal challenges;
    IOpenings internal openings;
    IProofManager internal proving;
    ILens internal lens;
    StubVerifier internal trainVerifier;
    StubVerifier internal averageVerifier;

    /// @dev How many weights the next task has.
    uint32 internal dimension = 5;
    uint8 internal leastLogRows;

    /// @dev The numbers behind the current model, the running attempt's sum and the average that was accepted last, as
    /// an honest off-chain party keeps them.
    uint256 internal modelScalar;
    uint256 internal sumScalar;
    uint256 internal averageScalar;

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        IDeployed.Addresses memory all = deployAll();
        tasks = ITaskManager(all.taskManager);
        rounds = IRoundManager(all.roundManager);
        trainers = ITrainerRegistry(all.trainerRegistry);
        rewards = IRewardManager(all.rewardManager);
        stakes = IStakeManager(all.stakeManager);
        registry = IModelRegistry(all.modelRegistry);
        challenges = IChallengeManager(all.challengeManager);
        openings = IOpenings(all.openings);
        proving = IProofManager(all.proofManager);
        lens = ILens(deploy("Lens", abi.encode(all)));
        trainVerifier = new StubVerifier();
        averageVerifier = new StubVerifier();
    }

    /// @dev Deploys all contracts but the Lens: each is told where the others will be.
    function deployAll() internal returns (IDeployed.Addresses memory all) {
        all = nextAddresses();
        bytes memory arguments = abi.encode(all);
        deploy("TaskManager", arguments);
        deploy("RoundManager", arguments);
        deploy("TrainerRegistry", arguments);
        deploy("RewardManager", arguments);
        deploy("StakeManager", arguments);
        deploy("ModelRegistry", arguments);
        deploy("ChallengeManager", arguments);
        deploy("Openings", arguments);
        deploy("ProofManager", arguments);
    }

    /// @dev Where `deployAll` would deploy them now.
    function nextAddresses() internal view returns (IDeployed.Addresses memory) {
        uint256 nonce = vm.getNonce(address(this));
        return IDeployed.Addresses({
            taskManager: vm.computeCreateAddress(address(this), nonce),
            roundManager: vm.computeCreateAddress(address(this), nonce + 1),
            trainerRegistry: vm.computeCreateAddress(address(this), nonce + 2),
            rewardManager: vm.computeCreateAddress(address(this), nonce + 3),
            stakeManager: vm.computeCreateAddress(address(this), nonce + 4),
            modelRegistry: vm.computeCreateAddress(address(this), nonce + 5),
            challengeManager: vm.computeCreateAddress(address(this), nonce + 6),
            openings: vm.computeCreateAddress(address(this), nonce + 7),
            proofManager: vm.computeCreateAddress(address(this), nonce + 8)
        });
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

    /// @dev The proof that somebody knows the secret of its mask key.
    function possessionOf(address who, uint256 taskId) internal view returns (PossessionProof memory) {
        return possessionOf(maskSecretOf(who), who, tasks.tag(taskId));
    }

    function possessionOf(
        uint256 secret,
        address who,
        uint256 tag
    )
        internal
        view
        returns (PossessionProof memory proof)
    {
        uint256 nonce = uint256(keccak256(abi.encode("nonce", secret, who, tag))) % BN254.P;
        proof.challenge = uint256(keccak256(abi.encode(tag, who, point(secret), point(nonce)))) % BN254.P;
        proof.response = minus(nonce, mulmod(proof.challenge, secret, BN254.P));
    }

    function maskKeyOf(address who) internal view returns (G1 memory) {
        return point(maskSecretOf(who));
    }

    function tau() internal pure returns (G2 memory) {
        return G2(TAU_X_IMAGINARY, TAU_X_REAL, TAU_Y_IMAGINARY, TAU_Y_REAL);
    }

    /// @dev k of the next task: the least that holds its updates, and `leastLogRows` at least.
    function logRows() internal view returns (uint8 k) {
        k = leastLogRows;
        while (dimension + EXTRA_ENTRIES + UNUSABLE_ROWS > 1 << k) ++k;
    }

    /// @dev w: a primitive root of unity whose powers are the 2^k places of the rows.
    function rootOfUnity() internal view returns (uint256) {
        return power(ROOT, 1 << 28 - logRows());
    }

    function power(uint256 base, uint256 exponent) internal view returns (uint256) {
        (, bytes memory result) = address(5).staticcall(abi.encode(32, 32, 32, base, exponent, BN254.P));
        return abi.decode(result, (uint256));
    }

    function minus(uint256 a, uint256 b) internal pure returns (uint256) {
        return addmod(a, BN254.P - b % BN254.P, BN254.P);
    }

    function over(uint256 a, uint256 b) internal view returns (uint256) {
        return mulmod(a, power(b, BN254.P - 2), BN254.P);
    }

    /// @dev f(x) of the polynomial f of a vector: over the rows its values are the vector, then zeros, and ones in the
    /// last six. f(x) = (x^n - 1) / n * sum of f(w^i) w^i / (x - w^i), all divided at once.
    function valueAt(uint256[] memory vector, uint256 x) internal view returns (uint256 y) {
        uint256 n = 1 << logRows();
        uint256 length = vector.length;
        uint256[] memory places = placesOf(length);
        uint256[] memory products = new uint256[](places.length + 1);
        products[0] = 1;
        for (uint256 i; i < places.length; ++i) {
            products[i + 1] = mulmod(products[i], minus(x, places[i]), BN254.P);
        }
        uint256 inverse = over(1, products[places.length]);
        for (uint256 i = places.length; i != 0;) {
            --i;
            uint256 term = mulmod(places[i], mulmod(inverse, products[i], BN254.P), BN254.P);
            inverse = mulmod(inverse, minus(x, places[i]), BN254.P);
            y = addmod(y, mulmod(term, i < length ? vector[i] : 1, BN254.P), BN254.P);
        }
        uint256 perRow = BN254.P - (BN254.P - 1) / n; // 1 / n
        return mulmod(mulmod(y, minus(power(x, n), 1), BN254.P), perRow, BN254.P);
    }

    /// @dev w^i of the first `length` rows and of the last six.
    function placesOf(uint256 length) private view returns (uint256[] memory places) {
        uint256 w = rootOfUnity();
        places = new uint256[](length + UNUSABLE_ROWS);
        uint256 place = 1;
        for (uint256 i; i < places.length; ++i) {
            if (i == length) place = power(w, (1 << logRows()) - UNUSABLE_ROWS);
            places[i] = place;
            place = mulmod(place, w, BN254.P);
        }
    }

    /// @dev The number behind C(v): f(TAU).
    function commit(uint256[] memory vector) internal view returns (uint256 scalar) {
        return valueAt(vector, TAU);
    }

    function commit(int64[] memory weights) internal view returns (uint256 scalar) {
        return commit(entriesOf(weights));
    }

    /// @dev The number behind B = C(0).
    function offset() internal view returns (uint256) {
        return commit(new uint256[](0));
    }

    /// @dev The number behind L_i.
    function basisOf(uint256 i) internal view returns (uint256) {
        return lagrangeAt(i, TAU);
    }

    /// @dev l_i(x) = (x^n - 1) / n * w^i / (x - w^i).
    function lagrangeAt(uint256 i, uint256 x) internal view returns (uint256) {
        uint256 n = 1 << logRows();
        uint256 place = power(rootOfUnity(), i);
        return over(mulmod(place, minus(power(x, n), 1), BN254.P), mulmod(n, minus(x, place), BN254.P));
    }

    /*//////////////////////////////////////////////////////////////
                                OPENINGS
    //////////////////////////////////////////////////////////////*/

    /// @dev A vector as bytes: 32 an entry.
    function wordsOf(uint256[] memory vector) internal pure returns (bytes memory words) {
        return abi.encodePacked(vector);
    }

    /// @dev Weights as bytes: 8 each.
    function packed(int64[] memory weights) internal pure returns (bytes memory encoded) {
        encoded = new bytes(8 * weights.length);
        for (uint256 i; i < weights.length; ++i) {
            uint256 word = uint256(uint64(weights[i])) << 192;
            // what follows these 8 bytes stays as it is
            assembly ("memory-safe") {
                let at := add(add(encoded, 0x20), mul(i, 8))
                mstore(at, or(word, and(mload(at), shr(64, not(0)))))
            }
        }
    }

    /// @dev Weights as entries of a vector.
    function entriesOf(int64[] memory weights) internal pure returns (uint256[] memory vector) {
        vector = new uint256[](weights.length);
        for (uint256 i; i < weights.length; ++i) {
            int256 weight = weights[i];
            vector[i] = weight < 0 ? BN254.P - uint256(-weight) : uint256(weight);
        }
    }

    /// @dev Bytes in parts.
    function partsOf(bytes memory data) internal pure returns (bytes[] memory parts) {
        parts = new bytes[]((data.length + PART_BYTES - 1) / PART_BYTES);
        for (uint256 i; i < parts.length; ++i) {
            uint256 left = data.length - i * PART_BYTES;
            bytes memory part = new bytes(left < PART_BYTES ? left : PART_BYTES);
            assembly ("memory-safe") {
                mcopy(add(part, 0x20), add(add(data, 0x20), mul(i, PART_BYTES)), mload(part))
            }
            parts[i] = part;
        }
    }

    function hashesOf(bytes[] memory parts) internal pure returns (bytes32[] memory hashes) {
        hashes = new bytes32[](parts.length);
        for (uint256 i; i < parts.length; ++i) {
            hashes[i] = keccak256(parts[i]);
        }
    }

    /// @dev What fixes bytes in a claim.
    function rootOf(bytes memory data) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(hashesOf(partsOf(data))));
    }

    /// @dev The claim that a vector is behind its commitment.
    function claimOf(
        uint256 taskId,
        IOpenings.Encoding encoding,
        uint256[] memory vector,
        bytes32 root
    )
        internal
        view
        returns (IOpenings.Claim memory)
    {
        return IOpenings.Claim(taskId, point(commit(vector)), encoding, uint32(vector.length), root);
    }

    /// @dev Where a claim's polynomial is evaluated.
    function placeOf(IOpenings.Claim memory claim) internal view returns (uint256) {
        G1 memory c = claim.commitment;
        return uint256(
            keccak256(
            abi.encode(c.x, c.y, uint256(logRows()), uint256(claim.encoding), uint256(claim.entries), claim.root)
        )
        ) % BN254.P;
    }

    /// @dev The quotient that shows a claim: the commitment of (f - f(r)) / (X - r).
    function quotientOf(IOpenings.Claim memory claim, uint256[] memory vector) internal view returns (G1 memory) {
        return point(quotientAt(commit(vector), valueAt(vector, placeOf(claim)), placeOf(claim)));
    }

    /// @dev The number behind a quotient, of a commitment that has the value y at r.
    function quotientAt(uint256 commitment, uint256 y, uint256 r) internal view returns (uint256) {
        return over(minus(commitment, y), minus(TAU, r));
    }

    /// @dev How a vector of words is opened.
    function openingOf(uint256[] memory vector) internal view returns (IChallengeManager.Opening memory) {
        bytes memory words = wordsOf(vector);
        return openingOf(IOpenings.Encoding.Words, vector, words, rootOf(words));
    }

    /// @dev How weights are opened.
    function openingOf(int64[] memory weights) internal view returns (IChallengeManager.Opening memory) {
        bytes memory encoded = packed(weights);
        return openingOf(IOpenings.Encoding.Packed, entriesOf(weights), encoded, rootOf(encoded));
    }

    /// @dev How the mask with this seed is opened.
    function openingOf(bytes32 seed) internal view returns (IChallengeManager.Opening memory) {
        return openingOf(IOpenings.Encoding.Mask, Masks.expand(seed, dimension + EXTRA_ENTRIES), "", seed);
    }

    function openingOf(
        IOpenings.Encoding encoding,
        uint256[] memory vector,
        bytes memory encoded,
        bytes32 root
    )
        private
        view
        returns (IChallengeManager.Opening memory)
    {
        G1 memory quotient = quotientOf(claimOf(0, encoding, vector, root), vector);
        return IChallengeManager.Opening(root, encoded, quotient);
    }

    /// @dev The quotient that shows a task's offset and basis points to be those of tau.
    function basisQuotientOf(ITaskManager.TaskConfig memory config) internal view returns (G1 memory) {
        bytes memory points = abi.encode(
            config.offset, config.basis0, config.basis1, config.basisD, uint256(config.k), uint256(config.dimension)
        );
        uint256 rho = uint256(keccak256(points)) % BN254.P;
        uint256 combination = combined(rho, TAU);
        uint256 r = uint256(keccak256(abi.encode(point(combination), rho))) % BN254.P;
        return point(quotientAt(combination, combined(rho, r), r));
    }

    /// @dev The value at x of what offset and basis points are combined to by powers of a number.
    function combined(uint256 rho, uint256 x) private view returns (uint256 y) {
        uint256 rho2 = mulmod(rho, rho, BN254.P);
        y = valueAt(new uint256[](0), x);
        y = addmod(y, mulmod(rho, lagrangeAt(0, x), BN254.P), BN254.P);
        y = addmod(y, mulmod(rho2, lagrangeAt(1, x), BN254.P), BN254.P);
        y = addmod(y, mulmod(mulmod(rho2, rho, BN254.P), lagrangeAt(dimension, x), BN254.P), BN254.P);
    }

    /*//////////////////////////////////////////////////////////////
                        WHAT PARTIES COMMIT TO
    //////////////////////////////////////////////////////////////*/

    /// @dev Some vector; nothing but its length and what it is made from decide its entries.
    function vectorOf(bytes memory source, uint256 length) internal pure returns (uint256[] memory vector) {
        return Masks.expand(keccak256(source), length);
    }

    function firstWeights() internal view returns (int64[] memory weights) {
        weights = new int64[](dimension);
        weights[0] = 77;
    }

    /// @dev The number behind the first model, without a tag.
    function firstModel() internal view returns (uint256) {
        return commit(firstWeights());
    }

    /// @dev What the first model of a task is given as, without parents.
    function originOf(uint256 model) internal view returns (ITaskManager.Origin memory origin) {
        origin.model = point(model);
    }

    function weightsOf(uint256 round, address aggregator) internal view returns (int64[] memory weights) {
        uint256[] memory vector = vectorOf(abi.encode("weights", round, aggregator), dimension);
        weights = new int64[](dimension);
        for (uint256 i; i < weights.length; ++i) {
            weights[i] = int64(uint64(vector[i])); // of both signs
        }
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
        IRoundManager.TaskState memory state,
        address a,
        address b
    )
        internal
        view
        returns (uint256[] memory)
    {
        return Masks.expand(maskSeedOf(taskId, state.round, state.attempt, a, b), dimension + EXTRA_ENTRIES);
    }

    function maskSeedOf(
        uint256 taskId,
        uint256 round,
        uint256 attempt,
        address a,
        address b
    )
        internal
        view
        returns (bytes32)
    {
        Member memory one_ = Member(a, point(updateOf(a, round)));
        Member memory other = Member(b, point(updateOf(b, round)));
        return Masks.seedOf(sharedOf(a, b), tasks.tag(taskId), round, attempt, one_, other);
    }

    function sharedOf(address a, address b) internal view returns (G1 memory) {
        return point(mulmod(maskSecretOf(a), maskSecretOf(b), BN254.P));
    }

    /// @dev An honest member's masked update in the running attempt.
    function maskedVectorOf(uint256 taskId, address who) internal view returns (uint256[] memory vector) {
        IRoundManager.TaskState memory state = drawnStateOf(taskId);
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
    function postingOf(uint256 taskId, address who) internal view returns (IRoundManager.Posting memory posting) {
        IRoundManager.TaskState memory state = drawnStateOf(taskId);
        address[] memory peers = peersOf(taskId, state, who);
        posting.seed = state.seed;
        posting.update = point(updateOf(who, state.round));
        posting.cid = CID;
        posting.masks = new IRoundManager.PeerMask[](peers.length);
        for (uint256 i; i < peers.length; ++i) {
            G1 memory commitment = point(commit(maskVectorOf(taskId, state, who, peers[i])));
            posting.masks[i] = IRoundManager.PeerMask(peers[i], commitment);
        }
    }

    /// @dev The members of the running attempt, of trainers 0 to 24, addresses ascending.
    function membersOf(uint256 taskId, IRoundManager.TaskState memory state) internal view returns (address[] memory) {
        address[] memory found = new address[](25);
        uint256 count;
        for (uint256 i; i < found.length && count < state.members; ++i) {
            IRoundManager.RosterEntry memory entry = rounds.getRosterEntry(taskId, state.round, trainer(i));
            bool lasting = entry.attempt + 1 >= state.attempt && entry.status == IRoundManager.TrainerStatus.Submitted;
            bool accused = entry.attempt == state.attempt && entry.status > IRoundManager.TrainerStatus.Submitted;
            if (lasting || accused) found[count++] = trainer(i);
        }
        return sorted(found, count);
    }

    /// @dev A member's peers in the running attempt, addresses ascending.
    function peersOf(
        uint256 taskId,
        IRoundManager.TaskState memory state,
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
        IRoundManager.TaskState memory state,
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

    function publicOf(uint256 n, address aggregator) internal view returns (uint256) {
        uint256[] memory vector = new uint256[](2);
        (vector[0], vector[1]) = (n, uint160(aggregator));
        return commit(vector);
    }

    function averageProof(uint256 model, uint256 n, address aggregator) internal view returns (bytes memory) {
        return proofOf(model, 9, publicOf(n, aggregator), twice(sumScalar));
    }

    /// @dev The scalar of C(2 a).
    function twice(uint256 scalar) internal view returns (uint256) {
        return minus(addmod(scalar, scalar, BN254.P), offset());
    }

    function tagged(uint256 taskId, uint256 scalar) internal view returns (uint256) {
        return addmod(scalar, mulmod(tasks.tag(taskId), basisOf(dimension), BN254.P), BN254.P);
    }

    /*//////////////////////////////////////////////////////////////
                                ACTIONS
    //////////////////////////////////////////////////////////////*/

    function defaultConfig() internal view returns (ITaskManager.TaskConfig memory) {
        return ITaskManager.TaskConfig({
            trainVerifier: address(trainVerifier),
            trainCodeHash: address(trainVerifier).codehash,
            averageVerifier: address(averageVerifier),
            averageCodeHash: address(averageVerifier).codehash,
            scoreVerifier: address(0),
            scoreCodeHash: 0,
            manifest: keccak256("manifest"),
            srs: keccak256("srs"),
            k: logRows(),
            dimension: dimension,
            rounds: ROUNDS,
            minTrainers: MIN,
            maxTrainers: MAX,
            maxLinks: 3,
            reviewPeriod: 0,
            quietBound: 0,
            admission: address(0),
            joinPeriod: JOIN_PERIOD,
            trainPeriod: TRAIN_PERIOD,
            maskPeriod: MASK_PERIOD,
            aggregatePeriod: AGGREGATE_PERIOD,
            challengePeriod: CHALLENGE_PERIOD,
            answerPeriod: ANSWER_PERIOD,
            unbondingPeriod: UNBONDING_PERIOD,
            stake: STAKE,
            aggregatorFee: FEE,
            challengeBond: BOND,
            faultSlash: FAULT_SLASH,
            absenceSlash: ABSENCE_SLASH,
            offset: point(offset()),
            basis0: point(basisOf(0)),
            basis1: point(basisOf(1)),
            basisD: point(basisOf(dimension)),
            tau: tau()
        });
    }

    function createTask() internal returns (uint256 taskId) {
        return createTask(defaultConfig(), POOL);
    }

    function createTask(ITaskManager.TaskConfig memory config, uint256 pool) internal returns (uint256 taskId) {
        return createTask(config, pool, originOf(firstModel()), firstModel());
    }

    /// @dev Creates a task whose first model is this number without the tag.
    function createTask(
        ITaskManager.TaskConfig memory config,
        uint256 pool,
        ITaskManager.Origin memory origin,
        uint256 model
    )
        internal
        returns (uint256 taskId)
    {
        G1 memory quotient = basisQuotientOf(config); // before hoax: a precompile would count as its call
        hoax(CREATOR, pool);
        taskId = tasks.createTask{value: pool}(config, quotient, origin, MODEL_CID);
        modelScalar = tagged(taskId, model);
    }

    function deposit(address who, uint256 amount) internal virtual {
        hoax(who, amount);
        stakes.deposit{value: amount}();
    }

    function enrol(uint256 taskId, address who) internal {
        uint256 stake = stakeIn(taskId);
        if (stake != 0) deposit(who, stake);
        (G1[] memory data, G1 memory maskKey) = (one(point(dataOf(who))), maskKeyOf(who));
        PossessionProof memory possession = possessionOf(who, taskId);
        vm.prank(who);
        trainers.enrol(taskId, data, maskKey, possession, "");
    }

    /// @dev Joins, with stake in the place of what a settled round costs.
    function join(uint256 taskId, address who) internal {
        (uint256 slash,) = trainers.slashOf(taskId, who);
        uint256 kept = trainers.getEnrolment(taskId, who).stake - slash;
        (uint256 free,) = stakes.stakeOf(who);
        uint256 stake = stakeIn(taskId);
        if (kept + free < stake && isEnrolled(taskId, who)) deposit(who, stake - kept - free);
        vm.prank(who);
        rounds.join(taskId);
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
        if (phaseOf(taskId) == IRoundManager.Phase.Join) passDeadline(taskId);
    }

    function submit(uint256 taskId, address who) internal {
        bytes memory proof = trainProof(who, updateOf(who, roundOf(taskId)));
        vm.prank(who);
        proving.submit(taskId, one(proof));
        nextBlock();
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

    function mask(uint256 taskId, address who, IRoundManager.Posting memory posting) internal {
        uint256 round = roundOf(taskId);
        uint256 update = updateOf(who, round);
        uint256 masked = rounds.getRound(taskId, round).masked;
        sumScalar = masked == 0 ? tagged(taskId, update) : addmod(sumScalar, minus(update, offset()), BN254.P);
        vm.prank(who);
        rounds.mask(taskId, posting);
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
        bytes memory proof = averageProof(average, rounds.getRound(taskId, round).masked, who);
        vm.prank(who);
        rounds.aggregate(taskId, proof, MODEL_CID);
        averageScalar = average;
    }

    /// @dev Lets Challenge run out.
    function finalize(uint256 taskId) internal {
        assertEq(uint8(phaseOf(taskId)), uint8(IRoundManager.Phase.Challenge), "not in Challenge");
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
        trainers.unenrol(taskId);
    }

    /// @dev Leaves the task and waits for the stake.
    function leaveTask(uint256 taskId, address who) internal {
        unenrol(taskId, who);
        vm.warp(block.timestamp + UNBONDING_PERIOD);
        vm.prank(who);
        trainers.release(taskId);
    }

    function challengeUpdate(uint256 taskId, address who) internal returns (uint256) {
        uint256 bond = challenges.bondOf(taskId, IChallengeManager.Kind.Update);
        hoax(STRANGER, bond);
        return challenges.challengeUpdate{value: bond}(taskId, who);
    }

    function challengeMask(
        uint256 taskId,
        address a,
        address b,
        IRoundManager.Posting[2] memory postings
    )
        internal
        returns (uint256)
    {
        uint256 bond = challenges.bondOf(taskId, IChallengeManager.Kind.Mask);
        hoax(STRANGER, bond);
        return challenges.challengeMask{value: bond}(taskId, a, b, postings[0], postings[1]);
    }

    function challengeModel(uint256 taskId) internal returns (uint256) {
        uint256 bond = challenges.bondOf(taskId, IChallengeManager.Kind.Model);
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
        proof.response = minus(nonce, mulmod(proof.challenge, maskSecretOf(prover), BN254.P));
    }

    /// @dev Answers by the rules, whoever pays for it.
    function answerUpdate(uint256 challengeId, IRoundManager.Posting memory posting) internal {
        IChallengeManager.Challenge memory challenge = challenges.getChallenge(challengeId);
        uint256[] memory vector = maskedVectorOf(challenge.taskId, challenge.accused);
        challenges.answerUpdate(challengeId, posting, openingOf(vector));
    }

    /// @dev What opens a disputed mask: by the second of the two, or the first.
    struct MaskAnswer {
        G1[2] keys;
        G1 shared;
        IChallengeManager.EqualLogProof proof;
        G1 mask;
        IChallengeManager.Opening opening;
    }

    function maskAnswerOf(uint256 challengeId, bool byOther) internal view returns (MaskAnswer memory answer) {
        IChallengeManager.Challenge memory challenge = challenges.getChallenge(challengeId);
        (address a, address b) = (challenge.accused, challenge.other);
        answer.keys = [maskKeyOf(a), maskKeyOf(b)];
        answer.shared = sharedOf(a, b);
        answer.proof = byOther ? proofOfShared(b, a) : proofOfShared(a, b);
        bytes32 seed = maskSeedOf(challenge.taskId, challenge.round, challenge.attempt, a, b);
        answer.mask = point(commit(Masks.expand(seed, dimension + EXTRA_ENTRIES)));
        answer.opening = openingOf(seed);
    }

    function answerMask(uint256 challengeId, IRoundManager.Posting[2] memory postings, bool byOther) internal {
        answerMask(challengeId, postings, byOther, maskAnswerOf(challengeId, byOther));
    }

    function answerMask(
        uint256 challengeId,
        IRoundManager.Posting[2] memory postings,
        bool byOther,
        MaskAnswer memory answer
    )
        internal
    {
        challenges.answerMask(
            challengeId, postings, answer.keys, answer.shared, answer.proof, byOther, answer.mask, answer.opening
        );
    }

    function answerModel(uint256 challengeId, uint256 model, int64[] memory weights) internal {
        challenges.answerModel(challengeId, point(model), openingOf(weights));
    }

    /// @dev Lets the phase run out and advances.
    function passDeadline(uint256 taskId) internal {
        vm.warp(deadlineOf(taskId));
        rounds.advance(taskId);
        nextBlock();
    }

    /// @dev So that the hash of this one can be had.
    function nextBlock() internal {
        vm.roll(block.number + 1);
    }

    /// @dev Skips every round that is left.
    function endTask(uint256 taskId) internal {
        while (deadlineOf(taskId) != 0) passDeadline(taskId);
    }

    /*//////////////////////////////////////////////////////////////
                                 VIEWS
    //////////////////////////////////////////////////////////////*/

    function configOf(uint256 taskId) internal view returns (ITaskManager.TaskConfig memory) {
        return tasks.getTask(taskId).config;
    }

    function stakeIn(uint256 taskId) internal view returns (uint256) {
        return configOf(taskId).stake;
    }

    function spentIn(uint256 taskId) internal view returns (uint256) {
        return rewards.poolOf(taskId).spent;
    }

    function isEnrolled(uint256 taskId, address who) internal view returns (bool) {
        return trainers.getEnrolment(taskId, who).maskKeyHash != 0;
    }

    function statusOf(uint256 taskId, address who) internal view returns (IRoundManager.TrainerStatus) {
        return rounds.getRosterEntry(taskId, roundOf(taskId), who).status;
    }

    function roundOf(uint256 taskId) internal view returns (uint256 round) {
        (round,,,) = rounds.currentPhase(taskId);
    }

    function phaseOf(uint256 taskId) internal view returns (IRoundManager.Phase phase) {
        (, phase,,) = rounds.currentPhase(taskId);
    }

    function deadlineOf(uint256 taskId) internal view returns (uint256 deadline) {
        (,, deadline,) = rounds.currentPhase(taskId);
    }

    function stateOf(uint256 taskId) internal view returns (IRoundManager.TaskState memory state) {
        return rounds.getState(taskId);
    }

    /// @dev The state with the attempt's seed, as the first one who masks draws it.
    function drawnStateOf(uint256 taskId) internal view returns (IRoundManager.TaskState memory state) {
        state = stateOf(taskId);
        if (state.seedBlock == 0) return state;
        bytes32 drawn = blockhash(state.seedBlock);
        state.seed = keccak256(abi.encode(drawn, taskId, uint256(state.round), uint256(state.attempt)));
    }

    function assertStake(address who, uint256 free, uint256 locked) internal view {
        (uint256 free_, uint256 locked_) = stakes.stakeOf(who);
        assertEq(free_, free, "free");
        assertEq(locked_, locked, "locked");
    }

    function assertPhase(uint256 taskId, uint256 round, IRoundManager.Phase phase) internal view {
        assertEq(roundOf(taskId), round, "round");
        assertEq(uint8(phaseOf(taskId)), uint8(phase), "phase");
    }

    function one(uint32 round) internal pure returns (uint32[] memory single) {
        single = new uint32[](1);
        single[0] = round;
    }

    function one(G1 memory a) internal pure returns (G1[] memory points) {
        points = new G1[](1);
        points[0] = a;
    }

    function one(bytes memory a) internal pure returns (bytes[] memory proofs) {
        proofs = new bytes[](1);
        proofs[0] = a;
    }
}
