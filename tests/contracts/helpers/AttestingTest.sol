// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAttestations} from "../../../contracts/interfaces/IAttestations.sol";
import {IDeployed} from "../../../contracts/interfaces/IDeployed.sol";
import {ITaskManager} from "../../../contracts/interfaces/ITaskManager.sol";
import {BN254, G1} from "../../../contracts/libraries/BN254.sol";
import {HeadwaterTest} from "./HeadwaterTest.sol";
import {StubVerifier} from "./StubVerifier.sol";

/// @notice A deployment with Attestations, and proofs of scores that stub verifiers take.
abstract contract AttestingTest is HeadwaterTest {
    address internal immutable HOLDER = makeAddr("holder");

    IAttestations internal attestations;
    StubVerifier internal scoreVerifier;
    StubVerifier internal compositionVerifier;

    function setUp() public virtual override {
        super.setUp();
        attestations = IAttestations(deploy("Attestations", abi.encode(IDeployed(address(tasks)).deployment())));
        scoreVerifier = new StubVerifier();
        compositionVerifier = new StubVerifier();
        leastLogRows = 5;
    }

    /// @dev What a task's creator opens: of so many groups of one column, of two classes.
    function scoringOf(uint16 groups) internal view returns (IAttestations.Scoring memory scoring) {
        scoring.scoreVerifier = address(scoreVerifier);
        scoring.scoreCodeHash = address(scoreVerifier).codehash;
        scoring.compositionVerifier = address(compositionVerifier);
        scoring.compositionCodeHash = address(compositionVerifier).codehash;
        scoring.groups = groups;
        scoring.wholeGroups = groups;
        scoring.each = groups == 0 ? 2 : 4;
        scoring.classes = 2;
        scoring.basis = basisFor(groups == 0 ? 2 : uint256(groups) * 4);
        scoring.attesters = new address[](1);
        scoring.attesters[0] = HOLDER;
    }

    /// @dev L_2 and so on, for so many numbers.
    function basisFor(uint256 numbers) internal view returns (G1[] memory basis) {
        basis = new G1[](numbers - 2);
        for (uint256 i; i < basis.length; ++i) {
            basis[i] = point(basisOf(i + 2));
        }
    }

    /// @dev The quotient that shows basis points to be those of the toy SRS.
    function scoringQuotientOf(uint256 taskId, G1[] memory basis) internal view returns (G1 memory) {
        ITaskManager.TaskConfig memory config = configOf(taskId);
        uint256 rho = uint256(keccak256(abi.encode(config.offset, basis, uint256(config.k)))) % BN254.P;
        uint256 combination = combinedFrom(basis.length, rho, TAU);
        uint256 r = uint256(keccak256(abi.encode(point(combination), rho))) % BN254.P;
        return point(quotientAt(combination, combinedFrom(basis.length, rho, r), r));
    }

    function open(uint256 taskId, IAttestations.Scoring memory scoring) internal {
        G1 memory quotient = scoringQuotientOf(taskId, scoring.basis);
        vm.prank(CREATOR);
        attestations.open(taskId, scoring, quotient);
    }

    function register(uint256 taskId, address who, uint256 data) internal {
        G1[] memory points = one(point(data));
        vm.prank(who);
        attestations.register(taskId, points);
    }

    function attest(uint256 taskId, uint256 round, address who, uint64[] memory numbers, bytes memory proof) internal {
        vm.prank(who);
        attestations.attest(taskId, round, numbers, proof);
    }

    /// @dev A proof that the stub verifier takes for a score of a model.
    function scoreProof(uint256 model, uint256 data, uint64[] memory numbers) internal view returns (bytes memory) {
        return abi.encode(point(model), point(data), point(99), point(commitTo(numbers)));
    }

    function compositionProof(uint256 data, uint64[] memory counts) internal view returns (bytes memory) {
        return abi.encode(point(data), point(99), point(commitTo(counts)));
    }

    /// @dev The number behind the commitment of numbers.
    function commitTo(uint64[] memory numbers) internal view returns (uint256) {
        uint256[] memory vector = new uint256[](numbers.length);
        for (uint256 i; i < numbers.length; ++i) {
            vector[i] = numbers[i];
        }
        return commit(vector);
    }

    function two(uint64 a, uint64 b) internal pure returns (uint64[] memory numbers) {
        numbers = new uint64[](2);
        (numbers[0], numbers[1]) = (a, b);
    }

    /// @dev Numbers of so many rows: for each two, one more than the ones before.
    function many(uint256 count) internal pure returns (uint64[] memory numbers) {
        numbers = new uint64[](count);
        for (uint256 i; i < count; ++i) {
            numbers[i] = uint64(8 * (20 + i));
        }
    }

    function combinedFrom(uint256 count, uint256 rho, uint256 x) private view returns (uint256 y) {
        y = valueAt(new uint256[](0), x);
        uint256 power = 1;
        for (uint256 i; i < count; ++i) {
            power = mulmod(power, rho, BN254.P);
            y = addmod(y, mulmod(power, lagrangeAt(i + 2, x), BN254.P), BN254.P);
        }
    }
}
