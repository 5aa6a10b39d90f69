// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IChallengeManager} from "../../contracts/interfaces/IChallengeManager.sol";
import {IDeployed} from "../../contracts/interfaces/IDeployed.sol";
import {IProofManager} from "../../contracts/interfaces/IProofManager.sol";
import {IRoundManager} from "../../contracts/interfaces/IRoundManager.sol";
import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {ITrainerRegistry} from "../../contracts/interfaces/ITrainerRegistry.sol";
import {BN254, G1} from "../../contracts/libraries/BN254.sol";
import {Verifying} from "../../contracts/libraries/Verifying.sol";
import {HeadwaterTest} from "./helpers/HeadwaterTest.sol";
import {StubVerifier} from "./helpers/StubVerifier.sol";

/// @notice Proofs on demand: links that are claimed, reviewed, demanded and proved.
contract ReviewTest is HeadwaterTest {
    uint32 private constant REVIEW_PERIOD = 600;
    bytes32 private constant PROOF_CID = keccak256("proof document");

    uint256 private taskId;
    address private alice;
    address private bob;
    StubVerifier private scoreVerifier;

    function setUp() public override {
        super.setUp();
        ITaskManager.TaskConfig memory config = defaultConfig();
        config.reviewPeriod = REVIEW_PERIOD;
        taskId = createTask(config, POOL);
        (alice, bob) = (trainer(1), trainer(2));
    }

    /*//////////////////////////////////////////////////////////////
                                CLAIMS
    //////////////////////////////////////////////////////////////*/

    function test_claim_acceptsTheUpdateWithTheLastLink() public {
        toTrain(taskId, 3);
        IProofManager.Link[] memory links = linksOf(alice, 2);
        vm.expectEmit(address(proving));
        emit IProofManager.LinksClaimed(taskId, 1, alice, 0, links);
        vm.expectEmit(address(rounds));
        emit IRoundManager.Submitted(taskId, 1, alice, links[1].update, new bytes32[](0), 1);
        claim(alice, links, true);

        IProofManager.Head memory head = proving.headOf(taskId, 1, alice);
        assertEq(head.count, 2);
        assertEq(head.hash, headOf(links, 2));
        assertEq(rounds.getRosterEntry(taskId, 1, alice).updateHash, bytes29(keccak256(abi.encode(links[1].update))));
    }

    function test_claim_goesOnUntilTheLast() public {
        toTrain(taskId, 3);
        IProofManager.Link[] memory links = linksOf(alice, 3);
        claim(alice, part(links, 0, 1), false);
        assertEq(uint8(rounds.getRosterEntry(taskId, 1, alice).status), uint8(IRoundManager.TrainerStatus.Joined));
        vm.expectEmit(address(proving));
        emit IProofManager.LinksClaimed(taskId, 1, alice, 1, part(links, 1, 3));
        claim(alice, part(links, 1, 3), true);
        assertEq(proving.headOf(taskId, 1, alice).hash, headOf(links, 3));
        refusesClaim(
            alice, part(links, 0, 1), abi.encodeWithSelector(IRoundManager.AlreadySubmitted.selector, taskId, 1, alice)
        );
    }

    function test_submit_refusesWhoHasBegunToClaim() public {
        modelScalar = tagged(taskId, firstModel());
        toTrain(taskId, 3);
        claim(alice, part(linksOf(alice, 2), 0, 1), false);
        refusesSubmission(alice, 1, abi.encodeWithSelector(IProofManager.ClaimBegun.selector, taskId, 1, alice));
    }

    function test_submit_inATaskWithReceiptsTakesOneProof() public {
        createQuietTask(1);
        modelScalar = tagged(taskId, firstModel());
        toTrain(taskId, 3);
        refusesSubmission(alice, 2, abi.encodeWithSelector(IProofManager.TooManyProofs.selector, 1, 2));
        bytes[] memory proofs = chainOf(alice, 1);
        vm.prank(alice);
        proving.submit(taskId, proofs);
    }

    function test_claim_refusesMoreLinksThanTheTaskAllows() public {
        toTrain(taskId, 3);
        IProofManager.Link[] memory links = linksOf(alice, 4);
        claim(alice, part(links, 0, 2), false);
        refusesClaim(alice, part(links, 2, 4), abi.encodeWithSelector(IProofManager.TooManyProofs.selector, 3, 4));
        refusesClaim(alice, part(links, 2, 2), abi.encodeWithSelector(IProofManager.NoProof.selector));
    }

    function test_claim_refusesWhatCannotBeALink() public {
        toTrain(taskId, 3);
        IProofManager.Link[] memory links = linksOf(alice, 1);
        links[0].cid = 0;
        refusesClaim(alice, links, abi.encodeWithSelector(IProofManager.MissingCid.selector));
        links = linksOf(alice, 1);
        links[0].update = G1(1, 3);
        refusesClaim(alice, links, abi.encodeWithSelector(BN254.InvalidPoint.selector, 1, 3));
        links = linksOf(alice, 1);
        bytes memory reason =
            abi.encodeWithSelector(ITrainerRegistry.DataNotOwned.selector, taskId, links[0].dataHash, alice);
        refusesClaim(bob, links, reason);
        reason = abi.encodeWithSelector(ITrainerRegistry.NotOnRoster.selector, taskId, 1, STRANGER);
        refusesClaim(STRANGER, links, reason);
    }

    function test_claim_refusesOtherPhasesAndTimes() public {
        joinMany(taskId, 3);
        refusesClaim(alice, linksOf(alice, 1), wrongPhase(IRoundManager.Phase.Train, IRoundManager.Phase.Join));
        passDeadline(taskId);
        uint256 deadline = deadlineOf(taskId);
        vm.warp(deadline);
        bytes memory reason = abi.encodeWithSelector(IRoundManager.DeadlinePassed.selector, deadline, deadline);
        refusesClaim(alice, linksOf(alice, 1), reason);
    }

    function test_claim_refusesTasksWhoseProofsStandOnChain() public {
        uint256 other = createTask();
        toTrain(other, 3);
        IProofManager.Link[] memory links = linksOf(alice, 1);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IProofManager.ProofsOnChain.selector, other));
        proving.claim(other, links, true);
    }

    /*//////////////////////////////////////////////////////////////
                                REVIEW
    //////////////////////////////////////////////////////////////*/

    function test_review_comesBeforeMask() public {
        toTrain(taskId, 4);
        for (uint256 i = 1; i <= 3; ++i) {
            claim(trainer(i), linksOf(trainer(i), 1), true);
        }
        vm.expectEmit(address(rounds));
        emit IRoundManager.PhaseChanged(
            taskId, 1, IRoundManager.Phase.Train, IRoundManager.Phase.Review, block.timestamp + REVIEW_PERIOD
        );
        submit(taskId, trainer(4)); // one may prove at once
        assertPhase(taskId, 1, IRoundManager.Phase.Review);
        assertEq(stateOf(taskId).members, 4);
        passDeadline(taskId);
        assertPhase(taskId, 1, IRoundManager.Phase.Mask);
        assertEq(stateOf(taskId).members, 4);
        maskMany(taskId, 4);
        aggregate(taskId, AGGREGATOR);
        finalize(taskId);
        assertTrue(rounds.contributed(taskId, 1, alice));
    }

    function test_review_isEnteredAtTrainsDeadlineToo() public {
        toTrain(taskId, 4);
        for (uint256 i = 1; i <= 3; ++i) {
            claim(trainer(i), linksOf(trainer(i), 1), true);
        }
        passDeadline(taskId);
        assertPhase(taskId, 1, IRoundManager.Phase.Review);
        assertEq(stateOf(taskId).members, 3);
    }

    function test_train_withTooFewFailsWithoutAReview() public {
        toTrain(taskId, 3);
        claim(alice, linksOf(alice, 1), true);
        passDeadline(taskId);
        assertEq(uint8(rounds.getRound(taskId, 1).phase), uint8(IRoundManager.Phase.Failed));
    }

    function test_challenge_leavesOutWhoDoesNotProve() public {
        toReview(4, 1);
        uint256 id = challenge(alice, 0);
        uint256 stake = trainers.getEnrolment(taskId, alice).stake;
        assertGe(deadlineOf(taskId), block.timestamp + rounds.answerTime(taskId));
        passDeadline(taskId);
        assertPhase(taskId, 1, IRoundManager.Phase.Mask);
        assertEq(stateOf(taskId).members, 3);
        IRoundManager.Posting memory posting = postingOf(taskId, bob);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IRoundManager.NotAMember.selector, taskId, 1, 1, alice));
        rounds.mask(taskId, posting);
        for (uint256 i = 2; i <= 4; ++i) {
            mask(taskId, trainer(i));
        }
        aggregate(taskId, AGGREGATOR);
        finalize(taskId);
        assertFalse(rounds.contributed(taskId, 1, alice));
        trainers.settle(taskId, alice);
        assertEq(trainers.getEnrolment(taskId, alice).stake, stake - STAKE * FAULT_SLASH / 10_000);
        challenges.reclaimBond(id);
        assertEq(stakes.claimable(STRANGER), BOND);
    }

    function test_challenge_failsTheRoundOfTooFew() public {
        toReview(3, 1);
        challenge(alice, 0);
        passDeadline(taskId);
        assertEq(uint8(rounds.getRound(taskId, 1).phase), uint8(IRoundManager.Phase.Failed));
        (IRoundManager.Duty duty,,) = rounds.dutyOf(taskId, 1, alice);
        assertEq(uint8(duty), uint8(IRoundManager.Duty.Fault));
        (duty,,) = rounds.dutyOf(taskId, 1, bob);
        assertEq(uint8(duty), uint8(IRoundManager.Duty.Done));
    }

    function test_answer_acquitsAndPaysTheBond() public {
        toReview(3, 2);
        uint256 id = challenge(alice, 1);
        vm.expectEmit(address(proving));
        emit IProofManager.LinkProved(taskId, 1, alice, 1);
        challenges.answerProof(id, shown(alice, 2, 1));
        assertTrue(proving.isProved(taskId, 1, alice, 1));
        assertEq(stakes.claimable(alice), BOND);
        assertEq(stateOf(taskId).accused, 0);
        refusesChallenge(alice, 1, abi.encodeWithSelector(IProofManager.AlreadyProved.selector, taskId, 1, alice, 1));
        challenge(alice, 0); // another link can still be demanded
        passDeadline(taskId);
        assertEq(uint8(rounds.getRound(taskId, 1).phase), uint8(IRoundManager.Phase.Failed));
    }

    function test_answer_thatIsTooLateBringsTheBondAndNoMore() public {
        toReview(4, 1);
        uint256 id = challenge(alice, 0);
        vm.warp(deadlineOf(taskId));
        challenges.answerProof(id, shown(alice, 1, 0));
        assertEq(stakes.claimable(alice), BOND);
        assertEq(stateOf(taskId).accused, 1);
        rounds.advance(taskId);
        assertEq(stateOf(taskId).members, 3);
        (IRoundManager.Duty duty,,) = rounds.dutyOf(taskId, 1, bob);
        assertEq(uint8(duty), uint8(IRoundManager.Duty.Open));
    }

    function test_answer_ofAnEarlierRoundIsMoot() public {
        toReview(3, 1);
        uint256 id = challenge(alice, 0);
        passDeadline(taskId); // failed: the model is the same, but the round another
        IProofManager.Shown memory proof = shown(alice, 1, 0);
        vm.expectRevert(abi.encodeWithSelector(IChallengeManager.ChallengeMoot.selector, id));
        challenges.answerProof(id, proof);
    }

    function test_challenge_isOfReviewOnly() public {
        toTrain(taskId, 3);
        claim(alice, linksOf(alice, 1), true);
        refusesChallenge(alice, 0, wrongPhase(IRoundManager.Phase.Review, IRoundManager.Phase.Train));
        for (uint256 i = 2; i <= 3; ++i) {
            claim(trainer(i), linksOf(trainer(i), 1), true);
        }
        // what is challenged in Aggregate is not in Review
        deal(STRANGER, 10 ether);
        uint256 bond = challenges.bondOf(taskId, IChallengeManager.Kind.Update);
        vm.prank(STRANGER);
        vm.expectRevert(wrongPhase(IRoundManager.Phase.Aggregate, IRoundManager.Phase.Review));
        challenges.challengeUpdate{value: bond}(taskId, alice);
        refusesChallenge(
            trainer(5), 0, abi.encodeWithSelector(IRoundManager.NotAccusable.selector, taskId, 1, trainer(5))
        );
        refusesChallenge(alice, 1, abi.encodeWithSelector(IProofManager.NotClaimed.selector, taskId, 1, alice, 1));
        challenge(alice, 0);
        refusesChallenge(alice, 0, abi.encodeWithSelector(IRoundManager.NotAccusable.selector, taskId, 1, alice));
        passDeadline(taskId);
        refusesChallenge(bob, 0, wrongPhase(IRoundManager.Phase.Review, IRoundManager.Phase.Join));
    }

    function test_challenge_ofAnUpdateProvedAtOnceIsRefused() public {
        toTrain(taskId, 3);
        submitMany(taskId, 3);
        refusesChallenge(alice, 0, abi.encodeWithSelector(IProofManager.NotClaimed.selector, taskId, 1, alice, 0));
    }

    function test_prove_isOfTheChallengeManagerOnly() public {
        toReview(3, 1);
        IProofManager.Shown memory proof = shown(alice, 1, 0);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IDeployed.UnauthorizedCaller.selector, alice));
        proving.prove(taskId, 1, alice, 0, proof);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IDeployed.UnauthorizedCaller.selector, alice));
        rounds.accept(taskId, alice, proof.links[0].update, new bytes32[](0));
    }

    /*//////////////////////////////////////////////////////////////
                           WHAT A PROOF MUST BE OF
    //////////////////////////////////////////////////////////////*/

    function test_answer_refusesAnotherChain() public {
        toReview(3, 3);
        uint256 id = challenge(alice, 1);
        IProofManager.Shown memory proof = shown(alice, 3, 1);
        proof.links = linksOf(alice, 2); // the last is left out
        refusesAnswer(id, proof, IProofManager.ClaimMismatch.selector);
        proof = shown(alice, 3, 1);
        proof.links[2].cid = bytes32(uint256(1));
        refusesAnswer(id, proof, IProofManager.ClaimMismatch.selector);
        proof = shown(alice, 3, 2); // rightly hashed, but of the link after it
        refusesAnswer(id, proof, IProofManager.ClaimMismatch.selector);
        challenges.answerProof(id, shown(alice, 3, 1));
        id = challenge(alice, 2);
        challenges.answerProof(id, shown(alice, 3, 2));
    }

    function test_answer_refusesAnotherStartDataAndUpdate() public {
        toReview(3, 2);
        IProofManager.Link[] memory links = linksOf(alice, 2);
        bytes32 start = keccak256(abi.encode(links[0].update));
        uint256 id = challenge(alice, 1);
        IProofManager.Shown memory proof = shown(alice, 2, 1);
        proof.proof = proofOf(modelScalar, dataOf(alice), 7, ends(alice, 1));
        vm.expectRevert(abi.encodeWithSelector(IProofManager.LinkMismatch.selector, 1, start, hashOf(modelScalar)));
        challenges.answerProof(id, proof);
        proof.proof = proofOf(ends(alice, 0), dataOf(bob), 7, ends(alice, 1));
        vm.expectRevert(
            abi.encodeWithSelector(IProofManager.DataMismatch.selector, links[1].dataHash, hashOf(dataOf(bob)))
        );
        challenges.answerProof(id, proof);
        proof.proof = proofOf(ends(alice, 0), dataOf(alice), 7, 5);
        bytes32 expected = keccak256(abi.encode(links[1].update));
        vm.expectRevert(abi.encodeWithSelector(IProofManager.EndMismatch.selector, expected, hashOf(5)));
        challenges.answerProof(id, proof);
        proof = shown(alice, 2, 1);
        trainVerifier.set(StubVerifier.Mode.Reject);
        refusesAnswer(id, proof, Verifying.InvalidProof.selector);
        trainVerifier.set(StubVerifier.Mode.Accept);
        challenges.answerProof(id, proof);
    }

    function test_answer_ofTheFirstLinkStartsFromTheModel() public {
        toReview(3, 1);
        uint256 id = challenge(alice, 0);
        IProofManager.Shown memory proof = shown(alice, 1, 0);
        proof.proof = proofOf(5, dataOf(alice), 7, ends(alice, 0));
        vm.expectRevert(abi.encodeWithSelector(IProofManager.ModelMismatch.selector, hashOf(modelScalar), hashOf(5)));
        challenges.answerProof(id, proof);
        proof = shown(alice, 1, 0);
        proof.before = bytes31(uint248(1));
        refusesAnswer(id, proof, IProofManager.ClaimMismatch.selector);
    }

    /*//////////////////////////////////////////////////////////////
                               RECEIPTS
    //////////////////////////////////////////////////////////////*/

    function test_answer_ofAReceiptNeedsAScore() public {
        createQuietTask(8000);
        toReview(3, 2);
        uint256 id = challenge(alice, 0);
        IProofManager.Shown memory proof = shown(alice, 2, 0);
        proof.score = IProofManager.Score(7, 9, scoreProof(modelScalar, dataOf(alice), 7, 9));
        refusesAnswer(id, proof, IProofManager.ReceiptTooLow.selector); // 78 %
        proof.score = IProofManager.Score(0, 0, scoreProof(modelScalar, dataOf(alice), 0, 0));
        refusesAnswer(id, proof, IProofManager.ReceiptTooLow.selector);
        proof.score = IProofManager.Score(8, 10, scoreProof(modelScalar, dataOf(alice), 7, 10)); // of other numbers
        refusesAnswer(id, proof, IProofManager.ScoreMismatch.selector);
        proof.score = IProofManager.Score(8, 10, scoreProof(5, dataOf(alice), 8, 10));
        refusesAnswer(id, proof, IProofManager.ScoreMismatch.selector);
        proof.score = IProofManager.Score(8, 10, scoreProof(modelScalar, dataOf(bob), 8, 10));
        refusesAnswer(id, proof, IProofManager.ScoreMismatch.selector);
        proof.score = IProofManager.Score(8, 10, scoreProof(modelScalar, dataOf(alice), 8, 10));
        scoreVerifier.set(StubVerifier.Mode.Reject);
        refusesAnswer(id, proof, Verifying.InvalidProof.selector);
        scoreVerifier.set(StubVerifier.Mode.Accept);
        challenges.answerProof(id, proof);
    }

    function test_answer_ofTheLastLinkNeedsNoScore() public {
        createQuietTask(8000);
        toReview(3, 2);
        challenges.answerProof(challenge(alice, 1), shown(alice, 2, 1));
        uint256 id = challenge(alice, 0);
        IProofManager.Shown memory proof = shown(alice, 2, 0);
        refusesAnswer(id, proof, IProofManager.ReceiptTooLow.selector);
    }

    /*//////////////////////////////////////////////////////////////
                                TERMS
    //////////////////////////////////////////////////////////////*/

    function test_createTask_refusesABoundWithoutReviewOrVerifier() public {
        scoreVerifier = new StubVerifier();
        ITaskManager.TaskConfig memory config = defaultConfig();
        config.quietBound = 8000;
        (config.scoreVerifier, config.scoreCodeHash) = (address(scoreVerifier), address(scoreVerifier).codehash);
        refusesTask(config, abi.encodeWithSelector(ITaskManager.InvalidQuietBound.selector, 8000));
        config.reviewPeriod = 1;
        config.quietBound = 10_001;
        refusesTask(config, abi.encodeWithSelector(ITaskManager.InvalidQuietBound.selector, 10_001));
        config.quietBound = 10_000;
        config.scoreCodeHash = 0;
        bytes32 actual = address(scoreVerifier).codehash;
        refusesTask(
            config, abi.encodeWithSelector(ITaskManager.InvalidVerifier.selector, scoreVerifier, bytes32(0), actual)
        );
        config.quietBound = 0;
        refusesTask(config, abi.encodeWithSelector(ITaskManager.InvalidVerifier.selector, scoreVerifier, bytes32(0), 0));
        config = defaultConfig();
        config.reviewPeriod = 30 days + 1;
        refusesTask(config, abi.encodeWithSelector(ITaskManager.InvalidPeriod.selector, 30 days + 1));
    }

    /*//////////////////////////////////////////////////////////////
                                HELPERS
    //////////////////////////////////////////////////////////////*/

    function createQuietTask(uint16 bound) private {
        scoreVerifier = new StubVerifier();
        ITaskManager.TaskConfig memory config = defaultConfig();
        (config.reviewPeriod, config.quietBound) = (REVIEW_PERIOD, bound);
        (config.scoreVerifier, config.scoreCodeHash) = (address(scoreVerifier), address(scoreVerifier).codehash);
        taskId = createTask(config, POOL);
    }

    /// @dev The number behind the update with which a link ends. The last is what `updateOf` says.
    function ends(address who, uint256 index) private view returns (uint256) {
        uint256 count = proving.headOf(taskId, 1, who).count;
        return index + 1 == count ? updateOf(who, 1) : addmod(updateOf(who, 1), 1000 + index, BN254.P);
    }

    function linksOf(address who, uint256 count) private view returns (IProofManager.Link[] memory links) {
        links = new IProofManager.Link[](count);
        for (uint256 i; i < count; ++i) {
            uint256 end = i + 1 == count ? updateOf(who, 1) : addmod(updateOf(who, 1), 1000 + i, BN254.P);
            links[i] = IProofManager.Link(hashOf(dataOf(who)), point(end), PROOF_CID);
        }
    }

    function part(
        IProofManager.Link[] memory links,
        uint256 from,
        uint256 to
    )
        private
        pure
        returns (IProofManager.Link[] memory some)
    {
        some = new IProofManager.Link[](to - from);
        for (uint256 i = from; i < to; ++i) {
            some[i - from] = links[i];
        }
    }

    function headOf(IProofManager.Link[] memory links, uint256 count) private pure returns (bytes31 hash) {
        for (uint256 i; i < count; ++i) {
            hash = bytes31(keccak256(abi.encode(hash, links[i])));
        }
    }

    function shown(address who, uint256 count, uint256 index) private view returns (IProofManager.Shown memory proof) {
        IProofManager.Link[] memory links = linksOf(who, count);
        uint256 from = index == 0 ? 0 : index - 1;
        proof.before = headOf(links, from);
        proof.links = part(links, from, count);
        uint256 start = index == 0 ? modelScalar : ends(who, index - 1);
        proof.proof = proofOf(start, dataOf(who), 7, ends(who, index));
    }

    function scoreProof(uint256 model, uint256 data, uint256 right, uint256 used) private view returns (bytes memory) {
        uint256 counts = addmod(offset(), mulmod(right, basisOf(0), BN254.P), BN254.P);
        counts = addmod(counts, mulmod(used, basisOf(1), BN254.P), BN254.P);
        return proofOf(model, data, 7, counts);
    }

    function claim(address who, IProofManager.Link[] memory links, bool last) private {
        vm.prank(who);
        proving.claim(taskId, links, last);
    }

    /// @dev Brings round 1 to Review, with so many links of each of trainers 1 to n.
    function toReview(uint256 n, uint256 links) private {
        modelScalar = tagged(taskId, firstModel());
        toTrain(taskId, n);
        for (uint256 i = 1; i <= n; ++i) {
            claim(trainer(i), linksOf(trainer(i), links), true);
            nextBlock();
        }
        if (phaseOf(taskId) == IRoundManager.Phase.Train) passDeadline(taskId);
        assertPhase(taskId, 1, IRoundManager.Phase.Review);
    }

    function challenge(address who, uint256 index) private returns (uint256) {
        deal(STRANGER, 10 ether);
        uint256 bond = challenges.bondOf(taskId, IChallengeManager.Kind.Proof);
        vm.prank(STRANGER);
        return challenges.challengeProof{value: bond}(taskId, who, index);
    }

    function chainOf(address who, uint256 count) private view returns (bytes[] memory proofs) {
        proofs = new bytes[](count);
        for (uint256 i; i < count; ++i) {
            uint256 end = i + 1 == count ? updateOf(who, 1) : 1000 + i;
            proofs[i] = proofOf(i == 0 ? modelScalar : 999 + i, dataOf(who), 7, end);
        }
    }

    function refusesSubmission(address who, uint256 count, bytes memory reason) private {
        bytes[] memory proofs = chainOf(who, count);
        vm.prank(who);
        vm.expectRevert(reason);
        proving.submit(taskId, proofs);
    }

    function refusesClaim(address who, IProofManager.Link[] memory links, bytes memory reason) private {
        vm.prank(who);
        vm.expectRevert(reason);
        proving.claim(taskId, links, false);
    }

    function refusesChallenge(address who, uint256 index, bytes memory reason) private {
        deal(STRANGER, 10 ether);
        uint256 bond = challenges.bondOf(taskId, IChallengeManager.Kind.Proof);
        vm.prank(STRANGER);
        vm.expectRevert(reason);
        challenges.challengeProof{value: bond}(taskId, who, index);
    }

    function refusesAnswer(uint256 id, IProofManager.Shown memory proof, bytes4 reason) private {
        vm.expectPartialRevert(reason);
        challenges.answerProof(id, proof);
    }

    function refusesTask(ITaskManager.TaskConfig memory config, bytes memory reason) private {
        ITaskManager.Origin memory origin = originOf(firstModel());
        G1 memory quotient = basisQuotientOf(config);
        hoax(CREATOR, POOL);
        vm.expectRevert(reason);
        tasks.createTask{value: POOL}(config, quotient, origin, MODEL_CID);
    }

    function wrongPhase(IRoundManager.Phase expected, IRoundManager.Phase actual) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IRoundManager.WrongPhase.selector, expected, actual);
    }
}
