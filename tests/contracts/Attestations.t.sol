// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAttestations} from "../../contracts/interfaces/IAttestations.sol";
import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {BN254, G1} from "../../contracts/libraries/BN254.sol";
import {Commitments} from "../../contracts/libraries/Commitments.sol";
import {Verifying} from "../../contracts/libraries/Verifying.sol";
import {AttestingTest} from "./helpers/AttestingTest.sol";
import {StubVerifier} from "./helpers/StubVerifier.sol";

contract AttestationsTest is AttestingTest {
    uint256 private constant DATA = 31_337;
    uint256 private taskId;

    function setUp() public override {
        super.setUp();
        taskId = createTask();
    }

    /*//////////////////////////////////////////////////////////////
                                OPENING
    //////////////////////////////////////////////////////////////*/

    function test_open_fixesWhatScoresAre() public {
        IAttestations.Scoring memory scoring = scoringOf(2);
        vm.expectEmit(address(attestations));
        emit IAttestations.ScoringOpened(taskId, scoring);
        open(taskId, scoring);
        assertEq(abi.encode(attestations.getScoring(taskId)), abi.encode(scoring));
        assertTrue(attestations.isNamed(taskId, HOLDER));
        assertFalse(attestations.isNamed(taskId, STRANGER));
    }

    function test_open_isTheCreators_andOnce() public {
        IAttestations.Scoring memory scoring = scoringOf(0);
        vm.expectRevert(abi.encodeWithSelector(IAttestations.NotCreator.selector, taskId, CREATOR));
        attestations.open(taskId, scoring, G1(0, 0));
        vm.expectRevert(abi.encodeWithSelector(ITaskManager.UnknownTask.selector, 7));
        attestations.open(7, scoring, G1(0, 0));
        open(taskId, scoring);
        refusesToOpen(scoring, abi.encodeWithSelector(IAttestations.AlreadyOpen.selector, taskId));
    }

    function test_open_refusesVerifiersOfOtherCode() public {
        IAttestations.Scoring memory scoring = scoringOf(0);
        scoring.scoreCodeHash = keccak256("another");
        address verifier = scoring.scoreVerifier;
        bytes4 selector = IAttestations.InvalidVerifier.selector;
        refusesToOpen(scoring, abi.encodeWithSelector(selector, verifier, keccak256("another"), verifier.codehash));
        scoring = scoringOf(0);
        (scoring.compositionVerifier, scoring.compositionCodeHash) = (STRANGER, STRANGER.codehash);
        refusesToOpen(scoring, abi.encodeWithSelector(selector, STRANGER, STRANGER.codehash, STRANGER.codehash));
    }

    function test_open_refusesLayoutsWithoutSense() public {
        for (uint256 i; i < 6; ++i) {
            IAttestations.Scoring memory scoring = scoringOf(2);
            if (i == 0) scoring.each = 3;
            if (i == 1) scoring.classes = 0;
            if (i == 2) scoring.wholeGroups = 0;
            if (i == 3) scoring.wholeGroups = 3;
            if (i == 4) scoring.groups = 33;
            if (i == 5) (scoring.groups, scoring.each) = (0, 2);
            bytes memory error = abi.encodeWithSelector(
                IAttestations.InvalidLayout.selector, scoring.groups, scoring.wholeGroups, scoring.each, scoring.classes
            );
            refusesToOpen(scoring, error);
        }
    }

    function test_open_refusesOtherNumbersOfBasisPoints_andTooManyAttesters() public {
        IAttestations.Scoring memory scoring = scoringOf(2);
        scoring.basis = basisFor(7);
        refusesToOpen(scoring, abi.encodeWithSelector(IAttestations.WrongBasisCount.selector, 6, 5));
        scoring = scoringOf(0);
        scoring.attesters = new address[](65);
        refusesToOpen(scoring, abi.encodeWithSelector(IAttestations.TooManyAttesters.selector, 65));
    }

    function test_open_refusesBasisPointsOfAnotherTau() public {
        for (uint256 i; i < 6; ++i) {
            IAttestations.Scoring memory scoring = scoringOf(2);
            scoring.basis[i] = point(basisOf(i + 2) + 1);
            refusesToOpen(scoring, abi.encodeWithSelector(IAttestations.InvalidBasis.selector));
        }
        IAttestations.Scoring memory swapped = scoringOf(2);
        (swapped.basis[0], swapped.basis[1]) = (swapped.basis[1], swapped.basis[0]);
        refusesToOpen(swapped, abi.encodeWithSelector(IAttestations.InvalidBasis.selector));
        swapped = scoringOf(2);
        swapped.basis[3] = G1(0, 0);
        refusesToOpen(swapped, abi.encodeWithSelector(BN254.InvalidPoint.selector, 0, 0));
    }

    function test_open_refusesAnotherQuotient() public {
        IAttestations.Scoring memory scoring = scoringOf(2);
        vm.prank(CREATOR);
        vm.expectRevert(IAttestations.InvalidBasis.selector);
        attestations.open(taskId, scoring, G1(1, 2));
    }

    /*//////////////////////////////////////////////////////////////
                              REGISTERING
    //////////////////////////////////////////////////////////////*/

    function test_register_remembersSinceWhen() public {
        open(taskId, scoringOf(0));
        vm.expectEmit(address(attestations));
        emit IAttestations.DataHeldOut(taskId, HOLDER, hashOf(DATA), point(DATA), 1, true);
        register(taskId, HOLDER, DATA);
        uint40 first = uint40(block.timestamp);
        assertHeldOut(DATA, HOLDER, 1, true, first);
        finalizeRound(taskId, 3);
        register(taskId, HOLDER, DATA); // changes nothing
        assertHeldOut(DATA, HOLDER, 1, true, first);
        toTrain(taskId, 3);
        register(taskId, STRANGER, DATA + 1);
        assertHeldOut(DATA + 1, STRANGER, 2, true, uint40(block.timestamp));
        assertEq(attestations.heldOutCount(taskId), 2);
        assertEq(attestations.getHeldOuts(taskId, 0, 1)[0].dataHash, hashOf(DATA));
        assertEq(attestations.getHeldOuts(taskId, 1, 9)[0].data.holder, STRANGER);
        assertEq(attestations.getHeldOuts(taskId, 5, type(uint256).max).length, 0);
    }

    function test_register_isNotFreshOnceASumMayBeKnown() public {
        open(taskId, scoringOf(0));
        toMask(taskId, 3);
        register(taskId, HOLDER, DATA);
        assertHeldOut(DATA, HOLDER, 1, false, uint40(block.timestamp));
        maskMany(taskId, 3);
        register(taskId, HOLDER, DATA + 1);
        assertFalse(attestations.getHeldOut(taskId, hashOf(DATA + 1)).fresh);
        passDeadline(taskId); // failed in Aggregate: the sum is known, and the next may be the same
        register(taskId, HOLDER, DATA + 2);
        assertHeldOut(DATA + 2, HOLDER, 2, false, uint40(block.timestamp));
    }

    function test_register_refuses() public {
        G1[] memory data = one(point(DATA));
        vm.expectRevert(abi.encodeWithSelector(IAttestations.NotOpen.selector, taskId));
        attestations.register(taskId, data);
        open(taskId, scoringOf(0));
        vm.expectRevert(IAttestations.NoData.selector);
        attestations.register(taskId, new G1[](0));
        G1[] memory empty = one(point(offset()));
        vm.expectRevert(IAttestations.EmptyData.selector);
        attestations.register(taskId, empty);
        vm.expectRevert(abi.encodeWithSelector(BN254.InvalidPoint.selector, 1, 1));
        attestations.register(taskId, one(G1(1, 1)));
        register(taskId, HOLDER, DATA);
        vm.expectRevert(abi.encodeWithSelector(IAttestations.AlreadyHeldOut.selector, taskId, hashOf(DATA), HOLDER));
        attestations.register(taskId, data);
        endTask(taskId);
        vm.expectRevert(abi.encodeWithSelector(IAttestations.TaskEnded.selector, taskId));
        attestations.register(taskId, data);
    }

    function test_register_refusesTrainingData_theOwnToo() public {
        open(taskId, scoringOf(0));
        enrol(taskId, trainer(1));
        uint256 data = dataOf(trainer(1));
        bytes memory error =
            abi.encodeWithSelector(IAttestations.IsTrainingData.selector, taskId, hashOf(data), trainer(1));
        G1[] memory points = one(point(data));
        vm.expectRevert(error);
        attestations.register(taskId, points);
        vm.prank(trainer(1));
        vm.expectRevert(error);
        attestations.register(taskId, points);
    }

    /*//////////////////////////////////////////////////////////////
                               ATTESTING
    //////////////////////////////////////////////////////////////*/

    function test_attest_recordsTheScore() public {
        open(taskId, scoringOf(0));
        register(taskId, HOLDER, DATA);
        finalizeRound(taskId, 3);
        uint64[] memory numbers = two(4 * 18, 4 * 20);
        bytes memory proof = scoreProof(modelScalar, DATA, numbers);
        assertEq(attestations.getScore(taskId, 1, hashOf(DATA)).length, 0);
        vm.expectEmit(address(attestations));
        emit IAttestations.Attested(taskId, 1, HOLDER, hashOf(DATA), numbers);
        attest(taskId, 1, HOLDER, numbers, proof);
        assertEq(abi.encode(attestations.getScore(taskId, 1, hashOf(DATA))), abi.encode(numbers));
        IAttestations.Attestation[] memory all = attestations.getAttestations(taskId, 1, 0, 100);
        assertEq(all.length, 1);
        assertEq(all[0].attester, HOLDER);
        assertEq(all[0].registeredAt, attestations.getHeldOut(taskId, hashOf(DATA)).registeredAt);
        assertEq(attestations.getAttestations(taskId, 2, 0, 100).length, 0);

        vm.expectRevert(abi.encodeWithSelector(IAttestations.AlreadyAttested.selector, taskId, 1, hashOf(DATA)));
        attest(taskId, 1, HOLDER, numbers, proof);
    }

    function test_attest_byGroup_keepsAllNumbers() public {
        open(taskId, scoringOf(3));
        register(taskId, HOLDER, DATA);
        finalizeRound(taskId, 3);
        uint64[] memory numbers = many(12);
        (numbers[3], numbers[7]) = (type(uint32).max >> 1, type(uint32).max >> 1);
        attest(taskId, 1, HOLDER, numbers, scoreProof(modelScalar, DATA, numbers));
        assertEq(abi.encode(attestations.getScore(taskId, 1, hashOf(DATA))), abi.encode(numbers));
    }

    function test_attest_aScoreOfZeros_isRecordedOnceToo() public {
        open(taskId, scoringOf(0));
        register(taskId, HOLDER, DATA);
        finalizeRound(taskId, 3);
        uint64[] memory numbers = two(0, 0);
        bytes memory proof = scoreProof(modelScalar, DATA, numbers);
        attest(taskId, 1, HOLDER, numbers, proof);
        assertEq(abi.encode(attestations.getScore(taskId, 1, hashOf(DATA))), abi.encode(numbers));
        vm.expectRevert(abi.encodeWithSelector(IAttestations.AlreadyAttested.selector, taskId, 1, hashOf(DATA)));
        attest(taskId, 1, HOLDER, numbers, proof);
    }

    function test_attest_afterTheTasksEnd() public {
        open(taskId, scoringOf(0));
        register(taskId, HOLDER, DATA);
        finalizeRound(taskId, 3);
        endTask(taskId);
        attest(taskId, 1, HOLDER, two(4, 8), scoreProof(modelScalar, DATA, two(4, 8)));
    }

    function test_attest_refusesModelsThatMayHaveBeenKnown() public {
        open(taskId, scoringOf(0));
        toAggregate(taskId, 3);
        register(taskId, HOLDER, DATA);
        aggregate(taskId, AGGREGATOR);
        finalize(taskId);
        uint256 first = modelScalar;
        uint64[] memory numbers = two(4, 8);
        refusesToAttest(1, numbers, scoreProof(first, DATA, numbers), notLater(1, 1, false));
        refusesToAttest(0, numbers, scoreProof(first, DATA, numbers), notLater(0, 1, false));
        finalizeRound(taskId, 3);
        attest(taskId, 2, HOLDER, numbers, scoreProof(modelScalar, DATA, numbers));
    }

    /// The sum of a round that failed in Aggregate is known, and the next may make it again from the same model.
    function test_attest_refusesTheFirstModelAfterARoundThatFailed() public {
        open(taskId, scoringOf(0));
        toAggregate(taskId, 3);
        register(taskId, HOLDER, DATA);
        passDeadline(taskId); // failed
        register(taskId, HOLDER, DATA + 1);
        finalizeRound(taskId, 3);
        uint64[] memory numbers = two(4, 8);
        refusesToAttest(2, numbers, scoreProof(modelScalar, DATA, numbers), notLater(2, 1, false));
        refusesToAttest(2, numbers, scoreProof(modelScalar, DATA + 1, numbers), notLater(2, 2, false));
        finalizeRound(taskId, 3);
        attest(taskId, 3, HOLDER, numbers, scoreProof(modelScalar, DATA, numbers));
        attest(taskId, 3, HOLDER, numbers, scoreProof(modelScalar, DATA + 1, numbers));
    }

    function test_attest_ofFreshData_alsoAfterARoundThatFailed() public {
        open(taskId, scoringOf(0));
        register(taskId, HOLDER, DATA);
        toAggregate(taskId, 3);
        passDeadline(taskId); // failed
        finalizeRound(taskId, 3);
        attest(taskId, 2, HOLDER, two(4, 8), scoreProof(modelScalar, DATA, two(4, 8)));
    }

    function test_attest_refusesModelsThatAreNotFinal_orOfAnotherRound() public {
        open(taskId, scoringOf(0));
        register(taskId, HOLDER, DATA);
        uint64[] memory numbers = two(4, 8);
        toAggregate(taskId, 3);
        aggregate(taskId, AGGREGATOR);
        bytes memory proof = scoreProof(averageScalar, DATA, numbers);
        refusesToAttest(1, numbers, proof, abi.encodeWithSelector(IModelRegistry.UnknownModel.selector, taskId, 1));
        finalize(taskId);
        uint256 first = modelScalar;
        finalizeRound(taskId, 3);
        bytes memory error =
            abi.encodeWithSelector(IAttestations.ModelMismatch.selector, hashOf(modelScalar), hashOf(first));
        refusesToAttest(2, numbers, proof, error);
        attest(taskId, 1, HOLDER, numbers, proof);
    }

    function test_attest_refusesOthersData_andDataOfTheOwnTraining() public {
        open(taskId, scoringOf(0));
        register(taskId, STRANGER, DATA);
        register(taskId, trainer(1), dataOf(trainer(1)));
        finalizeRound(taskId, 3); // enrols with the same data
        uint64[] memory numbers = two(4, 8);
        bytes4 selector = IAttestations.NotHolder.selector;
        bytes memory proof = scoreProof(modelScalar, DATA, numbers);
        refusesToAttest(1, numbers, proof, abi.encodeWithSelector(selector, taskId, hashOf(DATA), STRANGER));
        proof = scoreProof(modelScalar, DATA + 1, numbers);
        refusesToAttest(1, numbers, proof, abi.encodeWithSelector(selector, taskId, hashOf(DATA + 1), address(0)));
        uint256 own = dataOf(trainer(1));
        proof = scoreProof(modelScalar, own, numbers);
        vm.expectRevert(abi.encodeWithSelector(IAttestations.IsTrainingData.selector, taskId, hashOf(own), trainer(1)));
        attest(taskId, 1, trainer(1), numbers, proof);
    }

    function test_attest_isNotSpoiltByWhoRegistersTheCommitmentForTraining() public {
        open(taskId, scoringOf(0));
        register(taskId, HOLDER, dataOf(trainer(1)));
        finalizeRound(taskId, 3); // trainer 1 enrols with it
        uint64[] memory numbers = two(4, 8);
        attest(taskId, 1, HOLDER, numbers, scoreProof(modelScalar, dataOf(trainer(1)), numbers));
    }

    function test_attest_refusesOtherNumbersThanTheProofs() public {
        open(taskId, scoringOf(0));
        register(taskId, HOLDER, DATA);
        finalizeRound(taskId, 3);
        uint64[] memory numbers = two(4, 8);
        bytes memory proof = scoreProof(modelScalar, DATA, numbers);
        bytes4 selector = IAttestations.NumbersMismatch.selector;
        bytes32 actual = hashOf(commitTo(numbers));
        uint64[] memory more = two(8, 8);
        refusesToAttest(1, more, proof, abi.encodeWithSelector(selector, hashOf(commitTo(more)), actual));
        bytes memory wrong = abi.encodeWithSelector(IAttestations.WrongNumberCount.selector, 2, 4);
        refusesToAttest(1, many(4), proof, wrong);
        uint64[] memory large = two(4, 1 << 31);
        wrong = abi.encodeWithSelector(IAttestations.NumberTooLarge.selector, 1, 1 << 31);
        refusesToAttest(1, large, proof, wrong);
    }

    function test_attest_refusesAVectorWithMoreBehindTheNumbers() public {
        open(taskId, scoringOf(0));
        register(taskId, HOLDER, DATA);
        finalizeRound(taskId, 3);
        uint64[] memory numbers = two(4, 8);
        uint64[] memory more = new uint64[](3);
        (more[0], more[1], more[2]) = (4, 8, 1);
        bytes memory proof = scoreProof(modelScalar, DATA, more);
        bytes32 expected = hashOf(commitTo(numbers));
        bytes memory error =
            abi.encodeWithSelector(IAttestations.NumbersMismatch.selector, expected, hashOf(commitTo(more)));
        refusesToAttest(1, numbers, proof, error);
    }

    function test_attest_ofAmounts_keepsLargeNumbers() public {
        IAttestations.Scoring memory scoring = scoringOf(0);
        (scoring.amounts, scoring.classes) = (true, 1);
        open(taskId, scoring);
        register(taskId, HOLDER, DATA);
        finalizeRound(taskId, 3);
        uint64[] memory numbers = two(type(uint64).max >> 1, 1 << 40);
        attest(taskId, 1, HOLDER, numbers, scoreProof(modelScalar, DATA, numbers));
        assertEq(abi.encode(attestations.getScore(taskId, 1, hashOf(DATA))), abi.encode(numbers));
    }

    function test_attest_refusesWhatTheVerifierRefuses() public {
        open(taskId, scoringOf(0));
        register(taskId, HOLDER, DATA);
        finalizeRound(taskId, 3);
        uint64[] memory numbers = two(4, 8);
        bytes memory proof = scoreProof(modelScalar, DATA, numbers);
        bytes memory error = abi.encodeWithSelector(Verifying.InvalidProof.selector, address(scoreVerifier));
        for (uint8 mode = 1; mode < 4; ++mode) {
            scoreVerifier.set(StubVerifier.Mode(mode));
            refusesToAttest(1, numbers, proof, error);
        }
        scoreVerifier.set(StubVerifier.Mode.Accept);
        compositionVerifier.set(StubVerifier.Mode.Reject); // which is not asked
        attest(taskId, 1, HOLDER, numbers, proof);
    }

    function test_attest_refusesShortProofs_andTasksThatAreNotOpen() public {
        uint64[] memory numbers = two(4, 8);
        refusesToAttest(1, numbers, "", abi.encodeWithSelector(IAttestations.NotOpen.selector, taskId));
        open(taskId, scoringOf(0));
        refusesToAttest(1, numbers, "", abi.encodeWithSelector(Commitments.ProofTooShort.selector, 0, 128));
    }

    /*//////////////////////////////////////////////////////////////
                              COMPOSITIONS
    //////////////////////////////////////////////////////////////*/

    function test_declare_recordsTheCompositionOfTrainingData() public {
        open(taskId, scoringOf(2));
        enrol(taskId, trainer(1));
        uint64[] memory counts = many(4);
        uint256 data = dataOf(trainer(1));
        bytes memory proof = compositionProof(data, counts);
        vm.expectEmit(address(attestations));
        emit IAttestations.CompositionDeclared(taskId, trainer(1), hashOf(data), counts);
        declare(trainer(1), counts, proof);
        assertEq(abi.encode(attestations.getComposition(taskId, hashOf(data))), abi.encode(counts));
        IAttestations.Composition[] memory all = attestations.getCompositions(taskId, 0, 100);
        assertEq(attestations.compositionCount(taskId), 1);
        assertEq(all.length, 1);
        assertEq(all[0].owner, trainer(1));
        assertEq(all[0].dataHash, hashOf(data));
        assertEq(abi.encode(all[0].counts), abi.encode(counts));
        vm.expectRevert(abi.encodeWithSelector(IAttestations.AlreadyDeclared.selector, taskId, hashOf(data)));
        declare(trainer(1), counts, proof);
    }

    function test_declare_refuses() public {
        uint64[] memory counts = two(4, 8);
        bytes memory proof = compositionProof(DATA, counts);
        vm.expectRevert(abi.encodeWithSelector(IAttestations.NotOpen.selector, taskId));
        declare(HOLDER, counts, proof);
        open(taskId, scoringOf(0));
        vm.expectRevert(abi.encodeWithSelector(IAttestations.NotHolder.selector, taskId, hashOf(DATA), address(0)));
        declare(HOLDER, counts, proof);
        register(taskId, HOLDER, DATA);
        vm.expectRevert(abi.encodeWithSelector(IAttestations.NotHolder.selector, taskId, hashOf(DATA), HOLDER));
        declare(STRANGER, counts, proof);
        bytes32 actual = hashOf(commitTo(counts));
        uint64[] memory more = two(8, 8);
        vm.expectRevert(abi.encodeWithSelector(IAttestations.NumbersMismatch.selector, hashOf(commitTo(more)), actual));
        declare(HOLDER, more, proof);
        compositionVerifier.set(StubVerifier.Mode.Reject);
        vm.expectRevert(abi.encodeWithSelector(Verifying.InvalidProof.selector, address(compositionVerifier)));
        declare(HOLDER, counts, proof);
        compositionVerifier.set(StubVerifier.Mode.Accept);
        declare(HOLDER, counts, proof);
    }

    /*//////////////////////////////////////////////////////////////
                                READING
    //////////////////////////////////////////////////////////////*/

    function test_requireScore_ofTheWhole() public {
        open(taskId, scoringOf(0));
        register(taskId, HOLDER, DATA);
        finalizeRound(taskId, 3);
        attest(taskId, 1, HOLDER, two(4 * 18, 4 * 20), scoreProof(modelScalar, DATA, two(4 * 18, 4 * 20)));
        attestations.requireScore(taskId, 1, hashOf(DATA), HOLDER, 0, 20, 9000);
        requires(1, HOLDER, 0, 20, 9001, abi.encodeWithSelector(IAttestations.ScoreTooLow.selector, 9001, 9000));
        requires(1, HOLDER, 0, 21, 9000, abi.encodeWithSelector(IAttestations.TooFewRows.selector, 21, 20));
        requires(1, HOLDER, 1, 1, 0, abi.encodeWithSelector(IAttestations.NoSuchGroup.selector, 1, 0));
        bytes4 selector = IAttestations.NotAttested.selector;
        requires(1, STRANGER, 0, 0, 0, abi.encodeWithSelector(selector, taskId, 1, hashOf(DATA), STRANGER));
        requires(2, HOLDER, 0, 0, 0, abi.encodeWithSelector(selector, taskId, 2, hashOf(DATA), HOLDER));
    }

    function test_requireScore_byGroup() public {
        IAttestations.Scoring memory scoring = scoringOf(3);
        scoring.wholeGroups = 2; // the third is of another column
        open(taskId, scoring);
        register(taskId, HOLDER, DATA);
        finalizeRound(taskId, 3);
        uint64[] memory numbers = new uint64[](12);
        uint64[12] memory rows = [uint64(3), 4, 5, 6, 1, 1, 0, 9, 7, 7, 7, 7];
        for (uint256 i; i < 12; ++i) {
            numbers[i] = 8 * rows[i];
        }
        attest(taskId, 1, HOLDER, numbers, scoreProof(modelScalar, DATA, numbers));
        attestations.requireScore(taskId, 1, hashOf(DATA), HOLDER, 1, 10, 8000);
        attestations.requireScore(taskId, 1, hashOf(DATA), HOLDER, 2, 10, 1000);
        attestations.requireScore(taskId, 1, hashOf(DATA), HOLDER, 3, 14, 10_000);
        attestations.requireScore(taskId, 1, hashOf(DATA), HOLDER, 0, 20, 4500);
        requires(1, HOLDER, 0, 20, 4501, abi.encodeWithSelector(IAttestations.ScoreTooLow.selector, 4501, 4500));
        requires(1, HOLDER, 4, 1, 0, abi.encodeWithSelector(IAttestations.NoSuchGroup.selector, 4, 3));
    }

    function test_requireScore_ofNoRows_isNone() public {
        open(taskId, scoringOf(0));
        register(taskId, HOLDER, DATA);
        finalizeRound(taskId, 3);
        attest(taskId, 1, HOLDER, two(0, 0), scoreProof(modelScalar, DATA, two(0, 0)));
        requires(1, HOLDER, 0, 0, 0, abi.encodeWithSelector(IAttestations.TooFewRows.selector, 1, 0));
    }

    function test_requireScore_ofAmounts_isNone() public {
        IAttestations.Scoring memory scoring = scoringOf(0);
        (scoring.amounts, scoring.classes) = (true, 1);
        open(taskId, scoring);
        register(taskId, HOLDER, DATA);
        finalizeRound(taskId, 3);
        attest(taskId, 1, HOLDER, two(4000, 8), scoreProof(modelScalar, DATA, two(4000, 8)));
        requires(1, HOLDER, 0, 1, 0, abi.encodeWithSelector(IAttestations.NotAShare.selector, taskId));
    }

    /*//////////////////////////////////////////////////////////////
                                HELPERS
    //////////////////////////////////////////////////////////////*/

    function refusesToOpen(IAttestations.Scoring memory scoring, bytes memory error) private {
        G1 memory quotient = scoringQuotientOf(taskId, scoring.basis);
        vm.prank(CREATOR);
        vm.expectRevert(error);
        attestations.open(taskId, scoring, quotient);
    }

    function refusesToAttest(uint256 round, uint64[] memory numbers, bytes memory proof, bytes memory error) private {
        vm.expectRevert(error);
        attest(taskId, round, HOLDER, numbers, proof);
    }

    function requires(
        uint256 round,
        address attester,
        uint256 group,
        uint256 rows,
        uint256 least,
        bytes memory error
    )
        private
    {
        bytes32 dataHash = hashOf(DATA);
        vm.expectRevert(error);
        attestations.requireScore(taskId, round, dataHash, attester, group, rows, least);
    }

    function declare(address who, uint64[] memory counts, bytes memory proof) private {
        vm.prank(who);
        attestations.declare(taskId, counts, proof);
    }

    function notLater(uint256 round, uint256 registered, bool fresh) private view returns (bytes memory) {
        return abi.encodeWithSelector(IAttestations.ModelNotLater.selector, taskId, round, registered, fresh);
    }

    function assertHeldOut(uint256 data, address holder, uint32 round, bool fresh, uint40 at) private view {
        IAttestations.HeldOut memory found = attestations.getHeldOut(taskId, hashOf(data));
        assertEq(found.holder, holder);
        assertEq(found.round, round);
        assertEq(found.fresh, fresh);
        assertEq(found.registeredAt, at);
    }
}
