// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Lender} from "../../contracts/examples/Lender.sol";
import {IChallengeManager} from "../../contracts/interfaces/IChallengeManager.sol";
import {IInferences} from "../../contracts/interfaces/IInferences.sol";
import {G1} from "../../contracts/libraries/BN254.sol";
import {LinearModel} from "../../contracts/libraries/LinearModel.sol";
import {InferringTest} from "./helpers/InferringTest.sol";

contract LenderTest is InferringTest {
    int64 private constant THRESHOLD = 1000;
    Lender private lender;

    function setUp() public override {
        super.setUp();
        lender = new Lender(registry, inferences, openings, tasks, taskId, ISSUER, THRESHOLD);
        lender.accept(1, hashOf(modelScalar));
    }

    function query() private view returns (IInferences.Query memory asked) {
        asked = queryOf(IInferences.Question.AtLeast, THRESHOLD);
        asked.nonce = lender.approvals(BORROWER);
    }

    function test_approve_byAProofAboutARowThatItDoesNotSee() public {
        bytes memory proof = proofFor(address(lender), query(), 2);
        vm.expectEmit(address(lender));
        emit Lender.LoanApproved(BORROWER, 1, 1, hashOf(ROW));
        vm.prank(BORROWER);
        lender.approve(proof);
        assertEq(lender.approvals(BORROWER), 1);
    }

    function test_approve_refusesTheSameProofAgain() public {
        bytes memory proof = proofFor(address(lender), query(), 2);
        vm.startPrank(BORROWER);
        lender.approve(proof);
        vm.expectPartialRevert(IInferences.PublicMismatch.selector);
        lender.approve(proof);
    }

    function test_approve_refusesWhoIsBelow() public {
        bytes memory proof = proofFor(address(lender), query(), -2);
        vm.expectRevert(abi.encodeWithSelector(Lender.BelowThreshold.selector, BORROWER));
        vm.prank(BORROWER);
        lender.approve(proof);
    }

    function test_approve_refusesAnothersProof() public {
        bytes memory proof = proofFor(address(lender), query(), 2);
        vm.expectRevert(abi.encodeWithSelector(IInferences.WrongAccount.selector, BORROWER, STRANGER));
        vm.prank(STRANGER);
        lender.approve(proof);
    }

    function test_approve_refusesAProofForAnotherLender() public {
        Lender other = new Lender(registry, inferences, openings, tasks, taskId, ISSUER, THRESHOLD);
        other.accept(1, hashOf(modelScalar));
        bytes memory proof = proofFor(address(lender), query(), 2);
        vm.expectPartialRevert(IInferences.PublicMismatch.selector);
        vm.prank(BORROWER);
        other.approve(proof);
    }

    function test_approve_refusesTheModelBefore() public {
        bytes memory proof = proofFor(address(lender), query(), 2);
        bytes32 old = hashOf(modelScalar);
        weights[0] += 1;
        finalizeKnown();
        lender.accept(2, hashOf(modelScalar));
        vm.expectRevert(abi.encodeWithSelector(IInferences.ModelMismatch.selector, hashOf(modelScalar), old));
        vm.prank(BORROWER);
        lender.approve(proof);
    }

    function test_approve_needsAModelInUse_andATaskThatIsOpen() public {
        Lender fresh = new Lender(registry, inferences, openings, tasks, taskId, ISSUER, THRESHOLD);
        vm.expectRevert(Lender.NoModel.selector);
        fresh.approve("");
        uint256 other = createTask();
        vm.expectRevert(abi.encodeWithSelector(IInferences.NotOpen.selector, other));
        new Lender(registry, inferences, openings, tasks, other, ISSUER, THRESHOLD);
    }

    /*//////////////////////////////////////////////////////////////
                               PUBLIC ROWS
    //////////////////////////////////////////////////////////////*/

    function show(int64[] memory shown) private {
        IChallengeManager.Opening memory opening = openingOf(shown);
        lender.show(point(commit(shown)), opening.vector, opening.quotient);
    }

    function rowOf(int64 a, int64 b, int64 c) private pure returns (int64[] memory row) {
        row = new int64[](5);
        (row[0], row[1], row[2], row[4]) = (a, b, c, -3);
    }

    function test_approvePublic_computesWhatTheModelSays() public {
        vm.expectEmit(address(lender));
        emit Lender.WeightsShown(hashOf(modelScalar), keccak256(packed(weights)));
        show(weights);
        vm.startPrank(ISSUER);
        vm.expectEmit(address(lender));
        emit Lender.LoanApproved(BORROWER, 1, 1, 0);
        lender.approvePublic(BORROWER, rowOf(-10, -9, -4), packed(weights)); // -3000 + 6300 - 2000 - 270 = 1030
        vm.expectRevert(abi.encodeWithSelector(Lender.BelowThreshold.selector, BORROWER));
        lender.approvePublic(BORROWER, rowOf(-11, -9, -4), packed(weights)); // 730
    }

    function test_approvePublic_isTheIssuers_byTheModelsWeights() public {
        int64[] memory row = rowOf(100, 0, 0);
        bytes memory shown = packed(weights);
        vm.expectRevert(abi.encodeWithSelector(Lender.NotIssuer.selector, ISSUER));
        lender.approvePublic(BORROWER, row, shown);
        vm.startPrank(ISSUER);
        vm.expectRevert(abi.encodeWithSelector(Lender.WrongWeights.selector, bytes32(0), keccak256(shown)));
        lender.approvePublic(BORROWER, row, shown);
        vm.stopPrank();
        show(weights);
        weights[0] = 10_000;
        bytes memory better = packed(weights);
        vm.startPrank(ISSUER);
        vm.expectRevert(abi.encodeWithSelector(Lender.WrongWeights.selector, keccak256(shown), keccak256(better)));
        lender.approvePublic(BORROWER, row, better);
        vm.expectRevert(abi.encodeWithSelector(LinearModel.WrongRow.selector, 5, 4));
        lender.approvePublic(BORROWER, new int64[](4), shown);
    }

    function test_show_refusesWeightsOfAnotherModel() public {
        weights[0] = 10_000;
        IChallengeManager.Opening memory opening = openingOf(weights);
        G1 memory commitment = point(commit(weights));
        vm.expectRevert(
            abi.encodeWithSelector(
                LinearModel.WrongModel.selector, hashOf(modelScalar), hashOf(tagged(taskId, commit(weights)))
            )
        );
        lender.show(commitment, opening.vector, opening.quotient);
    }

    function test_show_refusesZerosBehindTheWeights() public {
        int64[] memory longer = new int64[](6);
        for (uint256 i; i < 5; ++i) {
            longer[i] = weights[i];
        }
        IChallengeManager.Opening memory opening = openingOf(longer);
        G1 memory commitment = point(commit(longer));
        vm.expectRevert(abi.encodeWithSelector(LinearModel.WrongWeightCount.selector, 5, 6));
        lender.show(commitment, opening.vector, opening.quotient);
    }
}
