// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

import {IInferences} from "../../contracts/interfaces/IInferences.sol";
import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {IZKMLVerifier} from "../../contracts/interfaces/IZKMLVerifier.sol";
import {BN254, G1} from "../../contracts/libraries/BN254.sol";
import {Commitments} from "../../contracts/libraries/Commitments.sol";
import {Verifying} from "../../contracts/libraries/Verifying.sol";
import {InferringTest} from "./helpers/InferringTest.sol";
import {StubVerifier} from "./helpers/StubVerifier.sol";

contract InferencesTest is InferringTest {
    IInferences.Question private constant AT_LEAST = IInferences.Question.AtLeast;
    IInferences.Question private constant EXACTLY = IInferences.Question.Exactly;
    IInferences.Question private constant CLASS = IInferences.Question.Class;

    /*//////////////////////////////////////////////////////////////
                                 OPENING
    //////////////////////////////////////////////////////////////*/

    function test_open_fixesTheVerifierOnce() public {
        uint256 other = createTask();
        vm.expectEmit(address(inferences));
        emit IInferences.InferenceOpened(other, setupOf(3));
        open(other, setupOf(3));
        assertEq(inferences.getSetup(other).outputs, 3);
        assertEq(inferences.getSetup(other).verifier, address(inferVerifier));
        vm.expectRevert(abi.encodeWithSelector(IInferences.AlreadyOpen.selector, other));
        open(other, setupOf(1));
    }

    function test_open_isTheCreators() public {
        uint256 other = createTask();
        IInferences.Setup memory setup = setupOf(1);
        vm.expectRevert(abi.encodeWithSelector(IInferences.NotCreator.selector, other, CREATOR));
        vm.prank(STRANGER);
        inferences.open(other, setup);
        vm.expectRevert(abi.encodeWithSelector(ITaskManager.UnknownTask.selector, 99));
        inferences.open(99, setup);
    }

    function test_open_refusesAnotherVerifierThanTheSetupSays() public {
        uint256 other = createTask();
        IInferences.Setup memory setup = setupOf(1);
        setup.codeHash = keccak256("other");
        refusesVerifier(other, setup);
        setup.verifier = makeAddr("nobody");
        setup.codeHash = setup.verifier.codehash;
        refusesVerifier(other, setup);
        setup = setupOf(0);
        vm.expectRevert(abi.encodeWithSelector(IInferences.InvalidOutputs.selector, 0));
        open(other, setup);
    }

    function refusesVerifier(uint256 other, IInferences.Setup memory setup) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IInferences.InvalidVerifier.selector, setup.verifier, setup.codeHash, setup.verifier.codehash
            )
        );
        open(other, setup);
    }

    function test_getSetup_refusesATaskThatIsNotOpen() public {
        uint256 other = createTask();
        bytes memory refusal = abi.encodeWithSelector(IInferences.NotOpen.selector, other);
        vm.expectRevert(refusal);
        inferences.getSetup(other);
        refusesRow(refusal, other, ROW, BORROWER);
    }

    /*//////////////////////////////////////////////////////////////
                                  ROWS
    //////////////////////////////////////////////////////////////*/

    function test_issue_vouchesForARowOfAnAccount() public {
        vm.expectEmit(address(inferences));
        emit IInferences.RowIssued(taskId, ISSUER, STRANGER, hashOf(7), point(7));
        issue(ISSUER, 7, STRANGER);
        IInferences.Row memory row = inferences.getRow(taskId, ISSUER, hashOf(7));
        assertEq(row.account, STRANGER);
        assertEq(row.issuedAt, block.timestamp);
        assertEq(row.revokedAt, 0);
        assertEq(inferences.getRow(taskId, STRANGER, hashOf(7)).account, address(0)); // who vouched for nothing
    }

    function test_issue_refusesARowTwice_orOfNothing() public {
        bytes memory again = abi.encodeWithSelector(IInferences.AlreadyIssued.selector, taskId, ISSUER, hashOf(ROW));
        refusesRow(again, taskId, ROW, STRANGER);
        bytes memory nothing = abi.encodeWithSelector(IInferences.EmptyRow.selector);
        refusesRow(nothing, taskId, 7, address(0));
        refusesRow(nothing, taskId, offset(), BORROWER);
        vm.expectRevert(abi.encodeWithSelector(BN254.InvalidPoint.selector, 1, 3));
        vm.prank(ISSUER);
        inferences.issue(taskId, G1(1, 3), BORROWER);
    }

    function test_takeBack_endsARow_forGood() public {
        IInferences.Query memory query = queryOf(AT_LEAST, 40);
        bytes memory proof = proofFor(address(this), query, 2);
        inferences.check(query, proof);
        bytes32 rowHash = hashOf(ROW);
        vm.expectEmit(address(inferences));
        emit IInferences.RowTakenBack(taskId, ISSUER, rowHash);
        vm.prank(ISSUER);
        inferences.takeBack(taskId, rowHash);
        bytes memory refusal =
            abi.encodeWithSelector(IInferences.RowRevoked.selector, taskId, ISSUER, rowHash, block.timestamp);
        vm.expectRevert(refusal);
        inferences.check(query, proof);
        vm.expectRevert(refusal);
        vm.prank(ISSUER);
        inferences.takeBack(taskId, rowHash);
        refusesRow(
            abi.encodeWithSelector(IInferences.AlreadyIssued.selector, taskId, ISSUER, rowHash), taskId, ROW, BORROWER
        );
        vm.expectRevert(abi.encodeWithSelector(IInferences.NotIssued.selector, taskId, STRANGER, rowHash));
        vm.prank(STRANGER);
        inferences.takeBack(taskId, rowHash);
    }

    /*//////////////////////////////////////////////////////////////
                                  CHECK
    //////////////////////////////////////////////////////////////*/

    function test_check_tellsTheAnswer() public {
        answers(queryOf(AT_LEAST, 40), 2, true);
        answers(queryOf(AT_LEAST, 40), -2, false);
        answers(queryOf(AT_LEAST, -1234), 2, true);
        answers(queryOf(AT_LEAST, 0), -2, false);
        answers(queryOf(AT_LEAST, type(int64).min), 2, true);
        answers(queryOf(AT_LEAST, type(int64).max), -2, false);
        answers(queryOf(EXACTLY, -7), 0, true);
        answers(queryOf(EXACTLY, -7), 2, false);
        answers(queryOf(EXACTLY, type(int64).min), -2, false);
    }

    function answers(IInferences.Query memory query, int256 said, bool expected) private view {
        (bool answer, bytes32 rowHash) = inferences.check(query, proofFor(address(this), query, said));
        assertEq(answer, expected);
        assertEq(rowHash, hashOf(ROW));
    }

    function test_check_tellsTheClass_ofModelsOfSeveral() public {
        taskId = createTask();
        finalizeKnown();
        open(taskId, setupOf(3));
        issue(ISSUER, ROW, BORROWER);
        answers(queryOf(CLASS, 2), 2, true);
        answers(queryOf(CLASS, 0), -2, false);
        unsuitable(queryOf(CLASS, 3), 3);
        unsuitable(queryOf(CLASS, -1), 3);
        unsuitable(queryOf(AT_LEAST, 1), 3);
        unsuitable(queryOf(EXACTLY, 1), 3);
    }

    function unsuitable(IInferences.Query memory query, uint256 outputs) private {
        bytes memory proof = proofFor(address(this), query, 2);
        vm.expectRevert(
            abi.encodeWithSelector(IInferences.UnsuitableQuestion.selector, query.question, query.value, outputs)
        );
        inferences.check(query, proof);
    }

    function test_check_refusesAClassOfOneOutput() public {
        unsuitable(queryOf(CLASS, 0), 1);
    }

    function test_check_refusesAnAnswerThatThereIsNot() public {
        noAnswer(queryOf(AT_LEAST, 40), 0);
        noAnswer(queryOf(AT_LEAST, 40), 4);
        noAnswer(queryOf(EXACTLY, 40), 1);
        noAnswer(queryOf(EXACTLY, 40), -3);
    }

    function noAnswer(IInferences.Query memory query, int256 said) private {
        bytes memory proof = proofFor(address(this), query, said);
        uint256[] memory answer = new uint256[](1);
        answer[0] = said < 0 ? BN254.P - uint256(-said) : uint256(said);
        bytes32 actual = hashOf(commit(answer));
        vm.expectRevert(abi.encodeWithSelector(IInferences.NoSuchAnswer.selector, query.question, actual));
        inferences.check(query, proof);
    }

    function test_check_refusesAnotherModel() public {
        IInferences.Query memory query = queryOf(AT_LEAST, 40);
        bytes memory proof = proofAbout(77, ROW, publicOf(address(this), query), 2);
        vm.expectRevert(abi.encodeWithSelector(IInferences.ModelMismatch.selector, hashOf(modelScalar), hashOf(77)));
        inferences.check(query, proof);
        query.round = 2;
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.UnknownModel.selector, taskId, 2));
        inferences.check(query, proof);
        query.taskId = 99;
        vm.expectRevert(abi.encodeWithSelector(IInferences.NotOpen.selector, 99));
        inferences.check(query, proof);
    }

    function test_check_refusesARowThatTheIssuerDidNotIssue_orOfAnother() public {
        IInferences.Query memory query = queryOf(AT_LEAST, 40);
        bytes memory proof = proofAbout(modelScalar, 7, publicOf(address(this), query), 2);
        vm.expectRevert(abi.encodeWithSelector(IInferences.NotIssued.selector, taskId, ISSUER, hashOf(7)));
        inferences.check(query, proof);
        issue(STRANGER, 7, BORROWER); // somebody else does
        vm.expectRevert(abi.encodeWithSelector(IInferences.NotIssued.selector, taskId, ISSUER, hashOf(7)));
        inferences.check(query, proof);
        issue(ISSUER, 7, STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IInferences.WrongAccount.selector, STRANGER, BORROWER));
        inferences.check(query, proof);
    }

    function test_check_refusesAProofForAnotherUse() public {
        IInferences.Query memory query = queryOf(AT_LEAST, 40);
        bytes memory proof = proofFor(address(this), query, 2);
        refusesPublic(STRANGER, query, proof); // another consumer
        refusesPublic(address(0), query, proof); // the record
        query.nonce = 1;
        refusesPublic(address(this), query, proof);
        query = queryOf(AT_LEAST, 39);
        refusesPublic(address(this), query, proof);
        query = queryOf(EXACTLY, 40);
        refusesPublic(address(this), query, proof);
        issue(STRANGER, ROW, BORROWER); // who vouches for the same row
        query = queryOf(AT_LEAST, 40);
        query.issuer = STRANGER;
        refusesPublic(address(this), query, proof);
        issue(AGGREGATOR, ROW, STRANGER); // and for whom it is another's
        (query.issuer, query.account) = (AGGREGATOR, STRANGER);
        refusesPublic(address(this), query, proof);
        vm.chainId(5);
        query = queryOf(AT_LEAST, 40);
        refusesPublic(address(this), query, proof);
    }

    function refusesPublic(address consumer, IInferences.Query memory query, bytes memory proof) private {
        bytes32 actual = hashAt(proof, 3);
        bytes32 expected = hashOf(publicOf(consumer, query));
        vm.expectRevert(abi.encodeWithSelector(IInferences.PublicMismatch.selector, expected, actual));
        inferences.checkFor(consumer, query, proof);
    }

    function hashAt(bytes memory proof, uint256 index) private pure returns (bytes32) {
        return BN254.hash(abi.decode(proof, (G1[5]))[index]);
    }

    function test_check_refusesWhatTheVerifierDoes_andShortProofs() public {
        IInferences.Query memory query = queryOf(AT_LEAST, 40);
        bytes memory proof = proofFor(address(this), query, 2);
        for (uint8 mode = 1; mode < 4; ++mode) {
            inferVerifier.set(StubVerifier.Mode(mode));
            vm.expectRevert(abi.encodeWithSelector(Verifying.InvalidProof.selector, address(inferVerifier)));
            inferences.check(query, proof);
        }
        vm.expectRevert(abi.encodeWithSelector(Commitments.ProofTooShort.selector, 3, 64));
        inferences.check(query, "abc");
    }

    function test_context_isOfTheConsumerAndTheUse() public view {
        IInferences.Query memory query = queryOf(AT_LEAST, 40);
        uint256 context = inferences.contextOf(STRANGER, query);
        uint256[] memory vector = new uint256[](2);
        (vector[0], vector[1]) = (79, context);
        assertEq(commit(vector), publicOf(STRANGER, query));
    }

    /*//////////////////////////////////////////////////////////////
                            RECORDS, ERC-7992
    //////////////////////////////////////////////////////////////*/

    function test_record_keepsTheAnswer() public {
        IInferences.Query memory query = queryOf(AT_LEAST, -40);
        (uint256 modelId, bytes32 input, bytes memory output) = named(address(0), query, false);
        bytes32 id = keccak256(abi.encodePacked(modelId, input, output));
        bytes memory proof = proofFor(address(0), query, -2);
        vm.prank(STRANGER); // who has no more than the row's file
        vm.expectRevert(abi.encodeWithSelector(IInferences.WrongAccount.selector, BORROWER, STRANGER));
        inferences.record(query, proof);
        vm.expectEmit(address(inferences));
        emit IZKMLVerifier.InferenceVerified(modelId, input, output, BORROWER);
        vm.expectEmit(address(inferences));
        emit IZKMLVerifier.InferenceStored(id);
        vm.expectEmit(address(inferences));
        emit IInferences.InferenceRecorded(taskId, 1, BORROWER, ISSUER, hashOf(ROW), AT_LEAST, -40, false, 0, id);
        vm.prank(BORROWER);
        assertEq(inferences.record(query, proof), id);
        (uint256 modelId_, bytes32 input_, bytes memory output_) = inferences.getInference(id);
        assertEq(abi.encode(modelId_, input_, output_), abi.encode(modelId, input, output));
    }

    function test_record_refusesAProofThatWasMadeForAConsumer() public {
        IInferences.Query memory query = queryOf(AT_LEAST, 40);
        bytes memory proof = proofFor(address(this), query, 2);
        bytes32 expected = hashOf(publicOf(address(0), query));
        vm.expectRevert(abi.encodeWithSelector(IInferences.PublicMismatch.selector, expected, hashAt(proof, 3)));
        inferences.record(query, proof);
    }

    function test_verifyInference_isForItsConsumer() public {
        IInferences.Query memory query = queryOf(AT_LEAST, 40);
        (uint256 modelId, bytes32 input, bytes memory output) = named(address(this), query, true);
        bytes memory proof = abi.encodePacked(abi.encode(query), proofFor(address(this), query, 2));
        vm.expectEmit(address(inferences));
        emit IZKMLVerifier.InferenceVerified(modelId, input, output, address(this));
        inferences.verifyInference(modelId, input, output, proof);
        bytes memory refusal = abi.encodeWithSelector(
            IInferences.PublicMismatch.selector,
            hashOf(publicOf(STRANGER, query)),
            hashOf(publicOf(address(this), query))
        );
        vm.prank(STRANGER);
        vm.expectRevert(refusal);
        inferences.verifyInference(modelId, input, output, proof);
    }

    function test_verifyInference_refusesWhatTheQueryDoesNotSay() public {
        IInferences.Query memory query = queryOf(AT_LEAST, 40);
        (uint256 modelId, bytes32 input, bytes memory output) = named(address(this), query, true);
        bytes memory proof = abi.encodePacked(abi.encode(query), proofFor(address(this), query, 2));
        vm.expectRevert(abi.encodeWithSelector(IInferences.QueryMismatch.selector, 0));
        inferences.verifyInference(modelId + 1, input, output, proof);
        vm.expectRevert(abi.encodeWithSelector(IInferences.QueryMismatch.selector, 1));
        inferences.verifyInference(modelId, keccak256("another"), output, proof);
        vm.expectRevert(abi.encodeWithSelector(IInferences.QueryMismatch.selector, 2));
        inferences.verifyInference(modelId, input, abi.encode(AT_LEAST, int64(40), false), proof);
        vm.expectRevert(abi.encodeWithSelector(IInferences.NoQuery.selector, 3));
        inferences.verifyInference(modelId, input, output, "abc");
    }

    function test_verifyAndStoreInference_isRecord() public {
        IInferences.Query memory query = queryOf(EXACTLY, 40);
        (uint256 modelId, bytes32 input, bytes memory output) = named(address(0), query, true);
        bytes memory proof = abi.encodePacked(abi.encode(query), proofFor(address(0), query, 0));
        vm.prank(BORROWER);
        bytes32 id = inferences.verifyAndStoreInference(modelId, input, output, proof);
        assertEq(id, keccak256(abi.encodePacked(modelId, input, output)));
        (,, bytes memory kept) = inferences.getInference(id);
        assertEq(kept, abi.encode(EXACTLY, int64(40), true));
    }

    function test_getInference_refusesWhatWasNotKept() public {
        vm.expectRevert(abi.encodeWithSelector(IInferences.UnknownInference.selector, bytes32("x")));
        inferences.getInference("x");
    }

    function test_getModel_tiesAModelToItsVerifier() public {
        uint256 modelId = inferences.modelIdOf(taskId, 1);
        (IZKMLVerifier.ModelCommitment memory found, bool deprecated, address owner) = inferences.getModel(modelId);
        IModelRegistry.Record memory record = registry.getRecord(taskId, 1);
        assertEq(found.modelHash, record.modelHash);
        assertEq(found.circuitHash, record.manifest);
        assertEq(found.vkHash, keccak256(abi.encode(address(inferVerifier).codehash, tau())));
        assertEq(found.uri, record.uri);
        assertEq(inferences.proofSystemOf(modelId), record.proofSystemId);
        assertFalse(deprecated);
        assertEq(owner, CREATOR);
        assertEq(inferences.registry(), address(inferences));
        modelId = inferences.modelIdOf(taskId, 9);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.UnknownModel.selector, taskId, 9));
        inferences.getModel(modelId);
    }

    function test_supportsInterface_saysWhatItIs() public view {
        assertTrue(inferences.supportsInterface(type(IInferences).interfaceId));
        assertTrue(inferences.supportsInterface(type(IZKMLVerifier).interfaceId));
        assertTrue(inferences.supportsInterface(type(IERC165).interfaceId));
        assertFalse(inferences.supportsInterface(0xffffffff));
    }

    /// @dev What ERC-7992 calls a query and its answer.
    function named(
        address consumer,
        IInferences.Query memory query,
        bool answer
    )
        private
        view
        returns (uint256 modelId, bytes32 input, bytes memory output)
    {
        modelId = taskId << 32 | query.round;
        input = keccak256(abi.encode("headwater/input/1", hashOf(ROW), inferences.contextOf(consumer, query)));
        assertEq(input, inferences.inputCommitmentOf(consumer, query, hashOf(ROW)));
        output = abi.encode(query.question, query.value, answer);
    }
}
