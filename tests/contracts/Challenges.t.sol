// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IChallengeManager} from "../../contracts/interfaces/IChallengeManager.sol";
import {IDeployed} from "../../contracts/interfaces/IDeployed.sol";
import {IOpenings} from "../../contracts/interfaces/IOpenings.sol";
import {IRoundManager} from "../../contracts/interfaces/IRoundManager.sol";
import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {BN254, G1} from "../../contracts/libraries/BN254.sol";
import {HeadwaterTest} from "./helpers/HeadwaterTest.sol";

/// @notice Masked updates that are demanded, and what all challenges have in common.
/// forge-config: default.fuzz.runs = 32
contract ChallengesTest is HeadwaterTest {
    uint256 private taskId;
    address private alice;
    address private bob;

    function setUp() public override {
        super.setUp();
        taskId = createTask();
        (alice, bob) = (trainer(1), trainer(2));
    }

    /*//////////////////////////////////////////////////////////////
                                ACCUSING
    //////////////////////////////////////////////////////////////*/

    function test_challengeUpdate_accusesAMemberAndTakesTheBond() public {
        toAggregate(taskId, 3);
        uint256 deadline = block.timestamp + ANSWER_PERIOD; // later than the phase's
        vm.expectEmit(address(rounds));
        emit IRoundManager.Accused(taskId, 1, 1, alice, deadline);
        vm.expectEmit(address(challenges));
        emit IChallengeManager.Challenged(
            1, taskId, alice, IChallengeManager.Kind.Update, 1, 1, STRANGER, address(0), BOND, deadline, 0
        );
        vm.expectEmit(address(stakes));
        emit IStakeManager.Bonded(1, BOND);
        assertEq(challengeUpdate(taskId, alice), 1);

        IChallengeManager.Challenge memory challenge = challenges.getChallenge(1);
        assertEq(challenge.challenger, STRANGER);
        assertEq(challenge.bond, BOND);
        assertEq(challenge.accused, alice);
        assertEq(uint8(challenge.kind), uint8(IChallengeManager.Kind.Update));
        assertFalse(challenge.closed);
        assertEq(challenge.round, 1);
        assertEq(challenge.attempt, 1);
        assertEq(challenge.other, address(0));
        assertEq(challenge.taskId, taskId);
        assertEq(challenge.answerBy, deadline);
        assertEq(challenge.modelHash, 0);
        assertEq(challenges.challengeCount(), 1);
        assertEq(challenges.challengeOf(taskId, 1, 1, alice), 1);
        assertEq(stakes.bonded(), BOND);
        assertEq(uint8(statusOf(taskId, alice)), uint8(IRoundManager.TrainerStatus.Accused));
        assertEq(stateOf(taskId).accused, 1);
        assertEq(deadlineOf(taskId), deadline);
    }

    function test_challengeUpdate_neverBringsTheDeadlineForward() public {
        ITaskManager.TaskConfig memory config = defaultConfig();
        config.answerPeriod = AGGREGATE_PERIOD / 2;
        taskId = createTask(config, POOL);
        toAggregate(taskId, 3);
        uint256 deadline = deadlineOf(taskId);
        challengeUpdate(taskId, alice);
        assertEq(deadlineOf(taskId), deadline);
        vm.warp(deadline - 1);
        challengeUpdate(taskId, bob);
        assertEq(deadlineOf(taskId), deadline - 1 + config.answerPeriod);
    }

    function test_challengeUpdate_refusesALesserBond(uint96 bond) public {
        bond = uint96(bound(bond, 0, BOND - 1));
        toAggregate(taskId, 3);
        vm.deal(STRANGER, bond);
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IChallengeManager.InsufficientBond.selector, BOND, bond));
        challenges.challengeUpdate{value: bond}(taskId, alice);
    }

    function test_challengeUpdate_refusesOtherPhases() public {
        refusesUpdate(alice, wrongPhase(IRoundManager.Phase.Join));
        toMask(taskId, 3);
        refusesUpdate(alice, wrongPhase(IRoundManager.Phase.Mask));
        maskMany(taskId, 3);
        aggregate(taskId, AGGREGATOR);
        refusesUpdate(alice, wrongPhase(IRoundManager.Phase.Challenge));
        endTask(taskId);
        refusesUpdate(alice, wrongPhase(IRoundManager.Phase.Skipped));
    }

    function test_challengeUpdate_refusesAfterTheDeadlineThoughNobodyAdvanced() public {
        toAggregate(taskId, 3);
        uint256 deadline = deadlineOf(taskId);
        vm.warp(deadline);
        refusesUpdate(alice, abi.encodeWithSelector(IRoundManager.DeadlinePassed.selector, deadline, deadline));
    }

    function test_challengeUpdate_refusesUnknownTasks() public {
        vm.expectRevert(abi.encodeWithSelector(ITaskManager.UnknownTask.selector, 99));
        challenges.challengeUpdate(99, alice);
    }

    function test_challengeUpdate_refusesWhoCannotBeAccused() public {
        toMask(taskId, 5);
        maskMany(taskId, 4);
        passDeadline(taskId);
        maskMany(taskId, 4);
        refusesUpdate(trainer(5), notAccusable(trainer(5))); // missed an attempt
        refusesUpdate(STRANGER, notAccusable(STRANGER));
        challengeUpdate(taskId, alice);
        refusesUpdate(alice, notAccusable(alice)); // is accused
    }

    function test_accusations_areOfTheChallengeManagerOnly(address anyone) public {
        vm.assume(anyone != address(challenges));
        toAggregate(taskId, 3);
        bytes memory reason = abi.encodeWithSelector(IDeployed.UnauthorizedCaller.selector, anyone);
        vm.startPrank(anyone);
        vm.expectRevert(reason);
        rounds.accuse(taskId, alice, IRoundManager.Phase.Aggregate);
        vm.expectRevert(reason);
        rounds.acquit(taskId, 1, 1, alice);
        vm.expectRevert(reason);
        rounds.convict(taskId, alice, anyone, 1);
        vm.expectRevert(reason);
        rounds.accuseModel(taskId);
        vm.expectRevert(reason);
        rounds.acquitModel(taskId, 1, 1);
    }

    /*//////////////////////////////////////////////////////////////
                                ANSWERING
    //////////////////////////////////////////////////////////////*/

    function test_answerUpdate_acquitsAndPaysTheAccused() public {
        toAggregate(taskId, 4);
        uint256 id = challengeUpdate(taskId, alice);
        uint256[] memory vector = maskedVectorOf(taskId, alice);
        bytes32 commitmentHash = hashOf(commit(vector));
        IRoundManager.Posting memory posting = postingOf(taskId, alice);
        IChallengeManager.Opening memory opening = openingOf(vector);
        vm.warp(block.timestamp + ANSWER_PERIOD - 1);
        vm.expectEmit(address(openings));
        emit IOpenings.PartShown(commitmentHash, opening.root, 0, wordsOf(vector));
        vm.expectEmit(address(challenges));
        emit IChallengeManager.UpdateOpened(taskId, 1, 1, alice, commitmentHash, opening.root);
        vm.expectEmit(address(rounds));
        emit IRoundManager.Acquitted(taskId, 1, 1, alice, block.timestamp + ANSWER_PERIOD);
        vm.expectEmit(address(challenges));
        emit IChallengeManager.BondReturned(id, alice, BOND);
        vm.expectEmit(address(stakes));
        emit IStakeManager.BondPaid(id, alice, BOND, BOND);
        vm.prank(AGGREGATOR); // anybody who has it may
        challenges.answerUpdate(id, posting, opening);

        assertEq(uint8(statusOf(taskId, alice)), uint8(IRoundManager.TrainerStatus.Submitted));
        assertEq(stateOf(taskId).accused, 0);
        assertEq(deadlineOf(taskId), block.timestamp + ANSWER_PERIOD, "others still have time to accuse");
        assertTrue(challenges.opened(taskId, 1, 1, alice));
        assertTrue(challenges.getChallenge(id).closed);
        assertEq(stakes.bonded(), 0);
        assertEq(stakes.claimable(alice), BOND);
        refusesUpdate(alice, abi.encodeWithSelector(IChallengeManager.AlreadyOpened.selector, taskId, 1, 1, alice));
        refusesAnswer(id, abi.encodeWithSelector(IChallengeManager.ChallengeClosed.selector, id));
        aggregate(taskId, AGGREGATOR);
    }

    /// @dev Whatever the order of the addresses, which decides the signs, and in a later attempt.
    function test_answerUpdate_opensEveryMembersUpdate() public {
        toMask(taskId, 5);
        maskMany(taskId, 4);
        passDeadline(taskId);
        maskMany(taskId, 4);
        for (uint256 i = 1; i <= 4; ++i) {
            uint256 id = challengeUpdate(taskId, trainer(i));
            answerUpdate(id, postingOf(taskId, trainer(i)));
        }
        assertEq(stateOf(taskId).accused, 0);
    }

    function test_answerUpdate_refusesAnotherVector(uint256 place, uint256 change) public {
        toAggregate(taskId, 3);
        uint256 id = challengeUpdate(taskId, alice);
        uint256[] memory vector = maskedVectorOf(taskId, alice);
        bytes32 expected = hashOf(commit(vector));
        place = bound(place, 0, vector.length - 1);
        vector[place] = addmod(vector[place], bound(change, 1, BN254.P - 1), BN254.P);
        refusesVector(id, vector, abi.encodeWithSelector(IOpenings.OpeningMismatch.selector, expected));
    }

    function test_answerUpdate_refusesTheUpdateWithoutMasks() public {
        toAggregate(taskId, 3);
        uint256 id = challengeUpdate(taskId, alice);
        uint256[] memory vector = updateVectorOf(alice, 1);
        bytes32 expected = hashOf(commit(maskedVectorOf(taskId, alice)));
        refusesVector(id, vector, abi.encodeWithSelector(IOpenings.OpeningMismatch.selector, expected));
    }

    function test_answerUpdate_refusesEntriesThatAreNotCanonicalAndOtherLengths() public {
        toAggregate(taskId, 3);
        uint256 id = challengeUpdate(taskId, alice);
        uint256[] memory vector = maskedVectorOf(taskId, alice);
        vector[2] += BN254.P;
        refusesVector(id, vector, abi.encodeWithSelector(IOpenings.NonCanonicalEntry.selector));
        uint256 length = dimension + EXTRA_ENTRIES;
        for (uint256 i; i < 2; ++i) {
            vector = new uint256[](length - 1 + 2 * i);
            refusesVector(
                id, vector, abi.encodeWithSelector(IOpenings.WrongLength.selector, 32 * length, 32 * vector.length)
            );
        }
    }

    function test_answerUpdate_refusesAnotherQuotient(uint256 scalar) public {
        toAggregate(taskId, 3);
        uint256 id = challengeUpdate(taskId, alice);
        IRoundManager.Posting memory posting = postingOf(taskId, alice);
        uint256[] memory vector = maskedVectorOf(taskId, alice);
        bytes memory reason = abi.encodeWithSelector(IOpenings.OpeningMismatch.selector, hashOf(commit(vector)));
        IChallengeManager.Opening memory opening = openingOf(vector);
        G1 memory right = opening.quotient;
        opening.quotient = point(scalar);
        vm.assume(!BN254.equals(right, opening.quotient));
        vm.expectRevert(reason);
        challenges.answerUpdate(id, posting, opening);
        opening.quotient = openingOf(maskedVectorOf(taskId, bob)).quotient;
        vm.expectRevert(reason);
        challenges.answerUpdate(id, posting, opening);
        opening.quotient = G1(1, 3);
        vm.expectRevert(abi.encodeWithSelector(BN254.InvalidPoint.selector, 1, 3));
        challenges.answerUpdate(id, posting, opening);
    }

    function test_answerUpdate_refusesAnotherPosting() public {
        toAggregate(taskId, 3);
        uint256 id = challengeUpdate(taskId, alice);
        bytes32 expected = keccak256(abi.encode(postingOf(taskId, alice)));
        IRoundManager.Posting memory posting = postingOf(taskId, bob);
        IChallengeManager.Opening memory opening = openingOf(maskedVectorOf(taskId, bob));
        vm.expectRevert(
            abi.encodeWithSelector(
                IChallengeManager.PostingMismatch.selector, alice, expected, keccak256(abi.encode(posting))
            )
        );
        challenges.answerUpdate(id, posting, opening);
    }

    function test_answers_refuseChallengesThatAreNone() public {
        toAggregate(taskId, 3);
        uint256 id = challengeUpdate(taskId, alice);
        refusesAnswer(id + 1, unknown(id + 1, IChallengeManager.Kind.Update));
        IRoundManager.Posting[2] memory postings;
        G1[2] memory keys;
        IChallengeManager.EqualLogProof memory proof;
        vm.expectRevert(unknown(id, IChallengeManager.Kind.Mask));
        IChallengeManager.Opening memory opening;
        challenges.answerMask(id, postings, keys, G1(1, 2), proof, false, G1(1, 2), opening);
        vm.expectRevert(unknown(id, IChallengeManager.Kind.Model));
        challenges.answerModel(id, G1(1, 2), opening);
    }

    /// @dev A right answer is worth its gas to who had to give it, but acquits only in time.
    function test_answerUpdate_paysWhatComesTooLateAndAcquitsNobody() public {
        toAggregate(taskId, 4);
        uint256 id = challengeUpdate(taskId, alice);
        IRoundManager.Posting memory posting = postingOf(taskId, alice);
        IChallengeManager.Opening memory opening = openingOf(maskedVectorOf(taskId, alice));
        vm.warp(deadlineOf(taskId));
        paysWithoutAcquittal(id, posting, opening);
        rounds.advance(taskId); // a new attempt without alice
        nextBlock();
        paysWithoutAcquittal(id, posting, opening);
        for (uint256 i = 2; i <= 4; ++i) {
            mask(taskId, trainer(i));
        }
        paysWithoutAcquittal(id, posting, opening);
        aggregate(taskId, AGGREGATOR);
        finalize(taskId);
        paysWithoutAcquittal(id, posting, opening);
        challenges.reclaimBond(id);
        vm.expectRevert(abi.encodeWithSelector(IChallengeManager.ChallengeClosed.selector, id));
        challenges.answerUpdate(id, posting, opening);
        assertFault(alice, true);
    }

    function paysWithoutAcquittal(
        uint256 id,
        IRoundManager.Posting memory posting,
        IChallengeManager.Opening memory opening
    )
        private
    {
        uint256 snapshot = vm.snapshotState();
        bytes32 state = keccak256(abi.encode(stateOf(taskId)));
        challenges.answerUpdate(id, posting, opening);
        assertEq(stakes.claimable(alice), BOND, "paid");
        assertTrue(challenges.opened(taskId, 1, 1, alice), "opened");
        assertEq(keccak256(abi.encode(stateOf(taskId))), state, "it changes nothing else");
        IRoundManager.RosterEntry memory entry = rounds.getRosterEntry(taskId, 1, alice);
        assertEq(uint8(entry.status), uint8(IRoundManager.TrainerStatus.Accused));
        vm.revertToState(snapshot);
    }

    /*//////////////////////////////////////////////////////////////
                                 SILENCE
    //////////////////////////////////////////////////////////////*/

    function test_silence_leavesTheMemberOutAndTheOthersMaskAnew() public {
        toAggregate(taskId, 4);
        uint256 id = challengeUpdate(taskId, alice);
        vm.warp(deadlineOf(taskId));
        (,,, IRoundManager.Phase next) = rounds.currentPhase(taskId);
        assertEq(uint8(next), uint8(IRoundManager.Phase.Mask));
        vm.expectEmit(address(rounds));
        emit IRoundManager.PhaseChanged(
            taskId, 1, IRoundManager.Phase.Aggregate, IRoundManager.Phase.Mask, block.timestamp + MASK_PERIOD
        );
        rounds.advance(taskId);
        nextBlock();
        assertEq(stateOf(taskId).members, 3);
        assertEq(stateOf(taskId).attempt, 2);
        assertEq(stateOf(taskId).accused, 0);
        IRoundManager.Posting memory posting;
        (posting.update, posting.cid) = (point(updateOf(alice, 1)), CID);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IRoundManager.NotAMember.selector, taskId, 1, 2, alice));
        rounds.mask(taskId, posting);

        challenges.reclaimBond(id);
        assertEq(stakes.claimable(STRANGER), BOND);
        for (uint256 i = 2; i <= 4; ++i) {
            mask(taskId, trainer(i));
        }
        aggregate(taskId, AGGREGATOR);
        finalize(taskId);
        assertEq(rewards.rewardOf(taskId, 1, alice), 0);
        assertEq(rewards.rewardOf(taskId, 1, bob), (POOL / ROUNDS - FEE) / 3);
        assertFault(alice, true);
        assertFault(bob, false);
    }

    function test_silence_failsTheRoundIfTooFewAreLeft() public {
        toAggregate(taskId, 3);
        challengeUpdate(taskId, alice);
        vm.warp(deadlineOf(taskId));
        (,,, IRoundManager.Phase next) = rounds.currentPhase(taskId);
        assertEq(uint8(next), uint8(IRoundManager.Phase.Failed));
        rounds.advance(taskId);
        assertPhase(taskId, 2, IRoundManager.Phase.Join);
        assertFault(alice, true);
        assertFault(bob, false);
    }

    function test_silence_ofSomeIsNoFaultOfThoseWhoAnswered() public {
        toAggregate(taskId, 5);
        uint256 id = challengeUpdate(taskId, alice);
        challengeUpdate(taskId, bob);
        answerUpdate(id, postingOf(taskId, alice));
        passDeadline(taskId);
        assertEq(stateOf(taskId).members, 4);
        endTask(taskId);
        (uint256 amount, bool fault) = trainers.slashOf(taskId, alice);
        assertEq(amount, STAKE / 100, "she only missed the next attempt");
        assertFalse(fault);
        assertFault(bob, true);
    }

    /*//////////////////////////////////////////////////////////////
                            MOOT ACCUSATIONS
    //////////////////////////////////////////////////////////////*/

    function test_aggregate_makesAccusationsMoot() public {
        toAggregate(taskId, 4);
        uint256 id = challengeUpdate(taskId, alice);
        vm.expectRevert(abi.encodeWithSelector(IChallengeManager.ChallengeOpen.selector, id, answerByOf(id)));
        challenges.reclaimBond(id);
        aggregate(taskId, AGGREGATOR);
        assertEq(stateOf(taskId).accused, 0);
        finalize(taskId);
        vm.warp(answerByOf(id) - 1);
        vm.expectRevert(abi.encodeWithSelector(IChallengeManager.ChallengeOpen.selector, id, answerByOf(id)));
        challenges.reclaimBond(id); // an answer may be on its way
        vm.warp(answerByOf(id));
        challenges.reclaimBond(id);
        assertEq(stakes.claimable(STRANGER), BOND);
        uint256 share = (POOL / ROUNDS - FEE) / 4;
        assertEq(rewards.rewardOf(taskId, 1, alice), share);
        vm.prank(alice);
        assertEq(rewards.collect(taskId, one(1)), share);
        assertFault(alice, false);
        assertEq(trainers.settle(taskId, alice), 0);
    }

    function test_aggregate_makesAccusationsMootThoughItIsTakenBackAndTheRoundFails() public {
        toAggregate(taskId, 4);
        uint256 id = challengeUpdate(taskId, alice);
        aggregate(taskId, AGGREGATOR);
        challengeModel(taskId);
        passDeadline(taskId);
        assertPhase(taskId, 1, IRoundManager.Phase.Aggregate);
        refusesUpdate(bob, notAccusable(bob));
        answerUpdate(id, postingOf(taskId, alice));
        assertEq(stakes.claimable(alice), BOND, "paid, though it decides nothing");
        assertEq(uint8(statusOf(taskId, alice)), uint8(IRoundManager.TrainerStatus.Accused));
        assertEq(stateOf(taskId).accused, 0);
        passDeadline(taskId);
        assertPhase(taskId, 2, IRoundManager.Phase.Join);
        assertFault(alice, false);
    }

    /*//////////////////////////////////////////////////////////////
                                  BONDS
    //////////////////////////////////////////////////////////////*/

    function test_reclaimBond_returnsItWhenNobodyCanAnswerAnyMore() public {
        toAggregate(taskId, 4);
        uint256 id = challengeUpdate(taskId, alice);
        vm.warp(deadlineOf(taskId) - 1);
        vm.expectRevert(abi.encodeWithSelector(IChallengeManager.ChallengeOpen.selector, id, answerByOf(id)));
        challenges.reclaimBond(id);
        vm.warp(deadlineOf(taskId)); // though nobody has advanced
        vm.expectEmit(address(challenges));
        emit IChallengeManager.BondReturned(id, STRANGER, BOND);
        challenges.reclaimBond(id);
        assertEq(stakes.claimable(STRANGER), BOND);
        assertEq(stakes.bonded(), 0);
        vm.expectRevert(abi.encodeWithSelector(IChallengeManager.ChallengeClosed.selector, id));
        challenges.reclaimBond(id);
        vm.expectRevert(unknown(id + 1, IChallengeManager.Kind.None));
        challenges.reclaimBond(id + 1);
    }

    function test_reclaimBond_worksInLaterAttemptsAndRounds() public {
        toAggregate(taskId, 5);
        uint256 first = challengeUpdate(taskId, alice);
        passDeadline(taskId);
        for (uint256 i = 2; i <= 5; ++i) {
            mask(taskId, trainer(i));
        }
        uint256 second = challengeUpdate(taskId, bob);
        challenges.reclaimBond(first);
        vm.expectRevert(abi.encodeWithSelector(IChallengeManager.ChallengeOpen.selector, second, answerByOf(second)));
        challenges.reclaimBond(second);
        endTask(taskId);
        challenges.reclaimBond(second);
        assertEq(stakes.claimable(STRANGER), 2 * BOND);
    }

    function test_challenges_needNoBondWhereTheTaskAsksForNone() public {
        ITaskManager.TaskConfig memory config = defaultConfig();
        config.challengeBond = 0;
        taskId = createTask(config, POOL);
        toAggregate(taskId, 3);
        uint256 id = challengeUpdate(taskId, alice);
        answerUpdate(id, postingOf(taskId, alice));
        assertTrue(challenges.getChallenge(id).closed);
    }

    /*//////////////////////////////////////////////////////////////
                                HELPERS
    //////////////////////////////////////////////////////////////*/

    function answerByOf(uint256 id) private view returns (uint256) {
        return challenges.getChallenge(id).answerBy;
    }

    function assertFault(address who, bool expected) private view {
        (uint256 amount, bool fault) = trainers.slashOf(taskId, who);
        assertEq(fault, expected, "fault");
        assertEq(amount, expected ? STAKE / 2 : 0, "slash");
    }

    function refusesUpdate(address who, bytes memory reason) private {
        hoax(STRANGER, BOND);
        vm.expectRevert(reason);
        challenges.challengeUpdate{value: BOND}(taskId, who);
    }

    function refusesVector(uint256 id, uint256[] memory vector, bytes memory reason) private {
        IRoundManager.Posting memory posting = postingOf(taskId, challenges.getChallenge(id).accused);
        IChallengeManager.Opening memory opening = openingOf(vector);
        vm.expectRevert(reason);
        challenges.answerUpdate(id, posting, opening);
    }

    function refusesAnswer(uint256 id, bytes memory reason) private {
        IRoundManager.Posting memory posting = postingOf(taskId, alice);
        IChallengeManager.Opening memory opening = openingOf(maskedVectorOf(taskId, alice));
        vm.expectRevert(reason);
        challenges.answerUpdate(id, posting, opening);
    }

    function unknown(uint256 id, IChallengeManager.Kind kind) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IChallengeManager.UnknownChallenge.selector, id, kind);
    }

    function wrongPhase(IRoundManager.Phase actual) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IRoundManager.WrongPhase.selector, IRoundManager.Phase.Aggregate, actual);
    }

    function notAccusable(address who) private view returns (bytes memory) {
        return abi.encodeWithSelector(IRoundManager.NotAccusable.selector, taskId, 1, who);
    }
}
