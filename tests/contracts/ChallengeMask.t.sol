// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

import {IChallengeManager} from "../../contracts/interfaces/IChallengeManager.sol";
import {IOpenings} from "../../contracts/interfaces/IOpenings.sol";
import {IRoundManager} from "../../contracts/interfaces/IRoundManager.sol";
import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {BN254, G1} from "../../contracts/libraries/BN254.sol";
import {HeadwaterTest} from "./helpers/HeadwaterTest.sol";

/// @notice Masks on which two peers disagree, and masks with members who are no peers.
/// forge-config: default.fuzz.runs = 32
contract ChallengeMaskTest is HeadwaterTest {
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

    function test_challengeMask_accusesBoth() public {
        IRoundManager.Posting[2] memory postings = disagree(4, alice);
        vm.expectEmit(address(challenges));
        emit IChallengeManager.Challenged(
            1, taskId, alice, IChallengeManager.Kind.Mask, 1, 1, STRANGER, bob, BOND, block.timestamp + ANSWER_PERIOD, 0
        );
        uint256 id = challengeMask(taskId, alice, bob, postings);
        IChallengeManager.Challenge memory challenge = challenges.getChallenge(id);
        assertEq(challenge.accused, alice);
        assertEq(challenge.other, bob);
        assertEq(uint8(challenge.kind), uint8(IChallengeManager.Kind.Mask));
        assertEq(challenges.challengeOf(taskId, 1, 1, alice), id);
        assertEq(challenges.challengeOf(taskId, 1, 1, bob), id);
        assertEq(stateOf(taskId).accused, 2);
        assertEq(uint8(statusOf(taskId, bob)), uint8(IRoundManager.TrainerStatus.Accused));
        assertEq(stakes.bonded(), BOND);
    }

    function test_challengeMask_refusesMasksThatAgree() public {
        toAggregate(taskId, 3);
        refuses([postingOf(taskId, alice), postingOf(taskId, bob)], masksAgree());
    }

    function test_challengeMask_refusesOtherPostings() public {
        IRoundManager.Posting[2] memory postings = disagree(4, alice);
        IRoundManager.Posting[2] memory others = [lie(postingOf(taskId, alice), trainer(3)), postings[1]];
        refuses(others, postingMismatch(alice, postings[0], others[0]));
        others = [postings[0], lie(postingOf(taskId, bob), trainer(3))];
        refuses(others, postingMismatch(bob, postings[1], others[1]));
    }

    function test_challengeMask_refusesWhoAreNotPeers() public {
        (address far,) = toAggregateOf19();
        IRoundManager.Posting[2] memory postings = [postingOf(taskId, alice), postingOf(taskId, far)];
        hoax(STRANGER, BOND);
        vm.expectRevert(abi.encodeWithSelector(IChallengeManager.NotPeers.selector, alice, far));
        challenges.challengeMask{value: BOND}(taskId, alice, far, postings[0], postings[1]);
        hoax(STRANGER, BOND);
        vm.expectRevert(abi.encodeWithSelector(IChallengeManager.NotPeers.selector, alice, alice));
        challenges.challengeMask{value: BOND}(taskId, alice, alice, postings[0], postings[0]);
    }

    function test_challengeMask_refusesWhereOneIsAccusedAlready() public {
        IRoundManager.Posting[2] memory postings = disagree(4, alice);
        uint256 id = challengeUpdate(taskId, bob);
        refuses(postings, abi.encodeWithSelector(IRoundManager.NotAccusable.selector, taskId, 1, bob));
        answerUpdate(id, postings[1]);
        challengeMask(taskId, alice, bob, postings);
    }

    function test_challengeMask_refusesALesserBondAndOtherPhases() public {
        IRoundManager.Posting[2] memory postings = disagree(4, alice);
        vm.expectRevert(abi.encodeWithSelector(IChallengeManager.InsufficientBond.selector, BOND, 0));
        challenges.challengeMask(taskId, alice, bob, postings[0], postings[1]);
        aggregate(taskId, AGGREGATOR);
        refuses(
            postings,
            abi.encodeWithSelector(
                IRoundManager.WrongPhase.selector, IRoundManager.Phase.Aggregate, IRoundManager.Phase.Challenge
            )
        );
    }

    /*//////////////////////////////////////////////////////////////
                                ANSWERING
    //////////////////////////////////////////////////////////////*/

    function test_answerMask_convictsWhoLiedAndAcquitsTheOther(bool liarIsAlice, bool byOther) public {
        address liar = liarIsAlice ? alice : bob;
        address victim = liarIsAlice ? bob : alice;
        IRoundManager.Posting[2] memory postings = disagree(4, liar);
        uint256 id = challengeMask(taskId, alice, bob, postings);
        vm.warp(block.timestamp + ANSWER_PERIOD - 1);
        vm.expectEmit(address(challenges));
        emit IChallengeManager.MaskOpened(taskId, 1, 1, alice, bob, sharedOf(alice, bob));
        uint256 extended = block.timestamp + ANSWER_PERIOD; // by the acquittal alone: they were accused together
        if (liarIsAlice) expectConvicted(liar, deadlineOf(taskId));
        vm.expectEmit(address(rounds));
        emit IRoundManager.Acquitted(taskId, 1, 1, victim, extended);
        if (!liarIsAlice) expectConvicted(liar, extended);
        vm.expectEmit(address(challenges));
        emit IChallengeManager.BondReturned(id, STRANGER, BOND);
        answerMask(id, postings, byOther);

        assertEq(uint8(statusOf(taskId, liar)), uint8(IRoundManager.TrainerStatus.Guilty));
        assertEq(uint8(statusOf(taskId, victim)), uint8(IRoundManager.TrainerStatus.Submitted));
        assertEq(stateOf(taskId).accused, 1);
        assertEq(stakes.claimable(STRANGER), BOND);
        refuses(postings, abi.encodeWithSelector(IRoundManager.NotAccusable.selector, taskId, 1, liar));

        passDeadline(taskId);
        assertEq(stateOf(taskId).members, 3, "the liar is left out");
        mask(taskId, victim);
        endTask(taskId);
        assertFault(liar, true);
        assertFault(victim, false);
    }

    function test_answerMask_convictsBothWhereBothLied() public {
        toMask(taskId, 5);
        mask(taskId, alice, lie(postingOf(taskId, alice), bob));
        IRoundManager.Posting memory other = postingOf(taskId, bob);
        other.masks[indexOf(other, alice)].commitment = point(99);
        mask(taskId, bob, other);
        for (uint256 i = 3; i <= 5; ++i) {
            mask(taskId, trainer(i));
        }
        IRoundManager.Posting[2] memory postings = [lie(postingOf(taskId, alice), bob), other];
        uint256 id = challengeMask(taskId, alice, bob, postings);
        vm.fee(10 gwei);
        MaskAnswer memory answer = maskAnswerOf(id, false);
        vm.prank(alice);
        answerMask(id, postings, false, answer);
        assertEq(stateOf(taskId).accused, 2);
        passDeadline(taskId);
        assertEq(stateOf(taskId).members, 3);
        endTask(taskId);
        trainers.settle(taskId, alice);
        trainers.settle(taskId, bob);
        assertEq(stakes.claimable(alice) + stakes.claimable(bob), 0, "nobody is paid");
        assertTrue(isLeaving(alice) && isLeaving(bob));
    }

    function test_silence_ofBothIsBothsFault() public {
        IRoundManager.Posting[2] memory postings = disagree(5, alice);
        uint256 id = challengeMask(taskId, alice, bob, postings);
        passDeadline(taskId);
        assertEq(stateOf(taskId).members, 3);
        challenges.reclaimBond(id);
        endTask(taskId);
        assertFault(alice, true);
        assertFault(bob, true);
    }

    /// @dev An average makes accusations moot, not convictions.
    function test_guilty_isAtFaultThoughTheAttemptWasAveraged() public {
        IRoundManager.Posting[2] memory postings = disagree(4, alice);
        answerMask(challengeMask(taskId, alice, bob, postings), postings, false);
        aggregate(taskId, AGGREGATOR);
        finalize(taskId);
        assertFault(alice, true);
        uint256 share = (POOL / ROUNDS - FEE) / 4;
        assertEq(rewards.rewardOf(taskId, 1, alice), 0);
        assertEq(rewards.rewardOf(taskId, 1, bob), share);
        assertEq(spentIn(taskId), FEE + 3 * share, "the creator keeps what the guilty does not get");
    }

    function test_guilty_ofAFormerAttemptTakesNothingFromTheOthers() public {
        IRoundManager.Posting[2] memory postings = disagree(4, alice);
        answerMask(challengeMask(taskId, alice, bob, postings), postings, false);
        passDeadline(taskId);
        for (uint256 i = 2; i <= 4; ++i) {
            mask(taskId, trainer(i));
        }
        aggregate(taskId, AGGREGATOR);
        finalize(taskId);
        uint256 share = (POOL / ROUNDS - FEE) / 3;
        assertEq(rewards.rewardOf(taskId, 1, bob), share);
        assertEq(spentIn(taskId), FEE + 3 * share);
    }

    function test_answerMask_refusesAPointThatIsNotShared(uint256 scalar) public {
        IRoundManager.Posting[2] memory postings = disagree(4, alice);
        uint256 id = challengeMask(taskId, alice, bob, postings);
        G1 memory shared = point(bound(scalar, 0, BN254.P - 1));
        vm.assume(!BN254.equals(shared, sharedOf(alice, bob)));
        answersInVain(id, postings, shared, proofOfShared(alice, bob), false, notShared());
        answersInVain(id, postings, G1(1, 3), proofOfShared(alice, bob), false, notShared());
        // the right point, proved by the wrong one of the two
        answersInVain(id, postings, sharedOf(alice, bob), proofOfShared(alice, bob), true, notShared());
        IChallengeManager.EqualLogProof memory proof = proofOfShared(alice, bob);
        ++proof.response;
        answersInVain(id, postings, sharedOf(alice, bob), proof, false, notShared());
    }

    function test_answerMask_refusesOtherKeysPostingsAndMasks() public {
        IRoundManager.Posting[2] memory postings = disagree(4, alice);
        uint256 id = challengeMask(taskId, alice, bob, postings);
        MaskAnswer memory answer = maskAnswerOf(id, false);
        bytes32 expected = BN254.hash(answer.keys[1]);
        answer.keys[1] = maskKeyOf(trainer(3));
        vm.expectRevert(
            abi.encodeWithSelector(
                IChallengeManager.MaskKeyMismatch.selector, bob, expected, BN254.hash(answer.keys[1])
            )
        );
        answerMask(id, postings, false, answer);
        answer.keys[1] = maskKeyOf(bob);
        IRoundManager.Posting[2] memory swapped = [postings[1], postings[0]];
        vm.expectRevert(postingMismatch(alice, postings[0], postings[1]));
        answerMask(id, swapped, false, answer);
        answer.mask = point(4242); // what the liar posted
        vm.expectRevert(abi.encodeWithSelector(IOpenings.OpeningMismatch.selector, hashOf(4242)));
        answerMask(id, postings, false, answer);
    }

    /// @dev Whoever answers a dispute shows a point for good: so only where it decides something.
    function test_answerMask_refusesWhatDecidesNothingAnyMore() public {
        IRoundManager.Posting[2] memory postings = disagree(4, alice);
        uint256 id = challengeMask(taskId, alice, bob, postings);
        MaskAnswer memory answer = maskAnswerOf(id, false);
        bytes memory moot = abi.encodeWithSelector(IChallengeManager.ChallengeMoot.selector, id);
        uint256 snapshot = vm.snapshotState();
        vm.warp(deadlineOf(taskId));
        vm.expectRevert(moot);
        answerMask(id, postings, false, answer);
        rounds.advance(taskId); // failed: too few are left
        vm.expectRevert(moot);
        answerMask(id, postings, false, answer);
        vm.revertToState(snapshot);
        aggregate(taskId, AGGREGATOR);
        passDeadline(taskId); // final
        vm.expectRevert(moot);
        answerMask(id, postings, false, answer);
    }

    function test_answerMask_refusesAnotherAttemptsDispute() public {
        IRoundManager.Posting[2] memory postings = disagree(5, alice);
        uint256 id = challengeMask(taskId, alice, bob, postings);
        passDeadline(taskId); // without the two
        for (uint256 i = 3; i <= 5; ++i) {
            mask(taskId, trainer(i));
        }
        assertPhase(taskId, 1, IRoundManager.Phase.Aggregate);
        MaskAnswer memory answer = maskAnswerOf(id, false);
        vm.expectRevert(abi.encodeWithSelector(IChallengeManager.ChallengeMoot.selector, id));
        answerMask(id, postings, false, answer);
    }

    /// @dev The bytes were had, but the liar has its share unless somebody shows the lie before the average is final.
    function test_answerMask_convictsThoughTheAttemptWasAveraged() public {
        IRoundManager.Posting[2] memory postings = disagree(4, alice);
        uint256 id = challengeMask(taskId, alice, bob, postings);
        aggregate(taskId, AGGREGATOR);
        answerMask(id, postings, false);
        assertEq(uint8(statusOf(taskId, alice)), uint8(IRoundManager.TrainerStatus.Guilty));
        assertEq(uint8(statusOf(taskId, bob)), uint8(IRoundManager.TrainerStatus.Accused), "moot, and no fault");
        assertEq(stakes.claimable(STRANGER), BOND);
        finalize(taskId);
        assertFault(alice, true);
        assertFault(bob, false);
        uint256 share = (POOL / ROUNDS - FEE) / 4;
        assertEq(rewards.rewardOf(taskId, 1, alice), 0);
        assertEq(rewards.rewardOf(taskId, 1, bob), share);
        assertEq(spentIn(taskId), FEE + 3 * share);
    }

    /*//////////////////////////////////////////////////////////////
                              COMPENSATION
    //////////////////////////////////////////////////////////////*/

    function test_answerMask_owesAnHonestMemberItsGasOutOfTheOthersSlash(bool liarIsAlice, uint64 baseFee) public {
        (address liar, address victim) = liarIsAlice ? (alice, bob) : (bob, alice);
        IRoundManager.Posting[2] memory postings = disagree(4, liar);
        uint256 id = challengeMask(taskId, alice, bob, postings);
        vm.fee(bound(baseFee, 1 gwei, 10_000 gwei));
        MaskAnswer memory answer = maskAnswerOf(id, false);
        uint256 owed = answerAs(victim, id, postings, answer, false);
        assertGt(owed, 200_000 * block.basefee, "most of it");
        passDeadline(taskId);
        endTask(taskId);
        uint256 burnt = stakes.burnt();
        uint256 paid = owed < STAKE / 2 ? owed : STAKE / 2;
        vm.expectEmit(address(stakes));
        emit IStakeManager.Slashed(taskId, liar, STAKE / 2, STAKE / 2);
        vm.expectEmit(address(stakes));
        emit IStakeManager.Compensated(taskId, victim, paid, paid);
        assertEq(trainers.settle(taskId, liar), STAKE / 2);
        assertEq(stakes.claimable(victim), paid);
        assertEq(stakes.burnt(), burnt + STAKE / 2 - paid);
    }

    function test_answerMask_owesNothingToAStrangerOrTheGuilty() public {
        IRoundManager.Posting[2] memory postings = disagree(4, alice);
        uint256 id = challengeMask(taskId, alice, bob, postings);
        vm.fee(10 gwei);
        MaskAnswer memory answer = maskAnswerOf(id, false);
        uint256 snapshot = vm.snapshotState();
        address[3] memory others = [STRANGER, alice, trainer(3)];
        for (uint256 i; i < others.length; ++i) {
            assertEq(answerAs(others[i], id, postings, answer, false), 0);
            passDeadline(taskId);
            endTask(taskId);
            uint256 burnt = stakes.burnt();
            trainers.settle(taskId, alice);
            assertEq(stakes.burnt(), burnt + STAKE / 2);
            assertEq(stakes.claimable(others[i]), others[i] == STRANGER ? BOND : 0, "the bond it raised");
            vm.revertToState(snapshot);
        }
    }

    /// @dev Answers as somebody and returns what was owed to it: no more than the call has cost.
    function answerAs(
        address who,
        uint256 id,
        IRoundManager.Posting[2] memory postings,
        MaskAnswer memory answer,
        bool byOther
    )
        private
        returns (uint256 owed)
    {
        vm.recordLogs();
        bytes memory call = abi.encodeCall(
            challenges.answerMask,
            (id, postings, answer.keys, answer.shared, answer.proof, byOther, answer.mask, answer.opening)
        );
        vm.prank(who, who);
        uint256 burnt = gasleft();
        (bool success,) = address(challenges).call(call);
        burnt -= gasleft();
        assertTrue(success);
        uint256 convictions;
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != IRoundManager.Convicted.selector) continue;
            address payee;
            (, payee, owed,) = abi.decode(logs[i].data, (uint256, address, uint256, uint256));
            assertEq(payee, owed == 0 ? address(0) : who, "payee");
            ++convictions;
        }
        assertEq(convictions, 1);
        assertLe(owed, (burnt + 21_000 + 4 * call.length) * block.basefee, "owed");
    }

    /*//////////////////////////////////////////////////////////////
                               WRONG PEERS
    //////////////////////////////////////////////////////////////*/

    function test_proveWrongPeer_convictsWhoMaskedWithNoPeer() public {
        (address wrong, IRoundManager.Posting memory posting) = toAggregateOf19WithAWrongPeer();
        uint256 deadline = block.timestamp + ANSWER_PERIOD;
        address[] memory between = betweenOf(wrong);
        expectConvicted(alice, deadline);
        vm.prank(STRANGER); // without a bond
        challenges.proveWrongPeer(taskId, alice, posting, wrong, between);
        assertEq(stateOf(taskId).accused, 1);
        assertEq(deadlineOf(taskId), deadline);
        vm.expectRevert(abi.encodeWithSelector(IRoundManager.NotAccusable.selector, taskId, 1, alice));
        challenges.proveWrongPeer(taskId, alice, posting, wrong, between);
        passDeadline(taskId);
        assertEq(stateOf(taskId).members, 18);
        endTask(taskId);
        assertFault(alice, true);
    }

    function test_proveWrongPeer_convictsTheAccusedAndTheOtherIsAcquitted() public {
        (address wrong, IRoundManager.Posting memory posting) = toAggregateOf19WithAWrongPeer();
        // alice also lied to her first right peer
        address victim = posting.masks[0].peer == wrong ? posting.masks[1].peer : posting.masks[0].peer;
        IRoundManager.Posting[2] memory postings = [posting, postingOf(taskId, victim)];
        uint256 id = challengeMask(taskId, alice, victim, postings);
        challenges.proveWrongPeer(taskId, alice, posting, wrong, betweenOf(wrong));
        assertEq(stateOf(taskId).accused, 2);
        vm.fee(10 gwei);
        MaskAnswer memory answer = maskAnswerOf(id, true);
        uint256 snapshot = vm.snapshotState();
        answerMask(id, postings, true, answer); // a stranger, who is owed nothing
        assertEq(stateOf(taskId).accused, 1);
        assertEq(uint8(statusOf(taskId, victim)), uint8(IRoundManager.TrainerStatus.Submitted));
        vm.revertToState(snapshot);

        uint256 owed = answerAs(victim, id, postings, answer, true);
        assertGt(owed, 200_000 * block.basefee, "owed though the liar was convicted before");
        assertEq(stateOf(taskId).convicted, 1, "once");
        passDeadline(taskId);
        endTask(taskId);
        trainers.settle(taskId, alice);
        assertEq(stakes.claimable(victim), owed < STAKE / 2 ? owed : STAKE / 2);
    }

    /// @dev Of the honest, whoever is named, and whatever members between.
    /// forge-config: default.fuzz.runs = 8
    function test_proveWrongPeer_cannotConvictTheHonest(uint256 seed) public {
        toAggregateOf19();
        IRoundManager.Posting memory posting = postingOf(taskId, alice);
        address[] memory circle = circleFrom(taskId, drawnStateOf(taskId), alice);
        address peer = posting.masks[seed % 16].peer;
        address[] memory between = new address[](16);
        for (uint256 i; i < 16; ++i) {
            between[i] = circle[uint256(keccak256(abi.encode(seed, i))) % circle.length];
        }
        (bool success,) =
            address(challenges).call(abi.encodeCall(challenges.proveWrongPeer, (taskId, alice, posting, peer, between)));
        assertFalse(success, "any members");
        // the nearest to a proof: all others but two, in their order
        for (uint256 skip; skip < 17; ++skip) {
            uint256 count;
            for (uint256 i; i < circle.length && count < 16; ++i) {
                if (circle[i] != peer && i != skip) between[count++] = circle[i];
            }
            (success,) = address(challenges)
                .call(abi.encodeCall(challenges.proveWrongPeer, (taskId, alice, posting, peer, between)));
            assertFalse(success, "in order");
        }
    }

    function test_proveWrongPeer_refusesWhatShowsNothing() public {
        (address wrong, IRoundManager.Posting memory posting) = toAggregateOf19WithAWrongPeer();
        address[] memory between = betweenOf(wrong);
        address last = between[15];
        between[15] = between[14]; // twice
        refusesProof(
            posting, wrong, between, abi.encodeWithSelector(IChallengeManager.NotBetween.selector, between[15])
        );
        between[15] = alice;
        refusesProof(posting, wrong, between, abi.encodeWithSelector(IChallengeManager.NotBetween.selector, alice));
        between[15] = STRANGER;
        refusesProof(posting, wrong, between, abi.encodeWithSelector(IChallengeManager.NotBetween.selector, STRANGER));
        between[15] = last;
        between[0] = wrong;
        refusesProof(posting, wrong, between, abi.encodeWithSelector(IChallengeManager.NotBetween.selector, between[1]));
        refusesProof(
            posting, wrong, new address[](15), abi.encodeWithSelector(IChallengeManager.WrongLength.selector, 16, 15)
        );
        refusesProof(
            posting, STRANGER, between, abi.encodeWithSelector(IChallengeManager.NotPeers.selector, alice, STRANGER)
        );
        IRoundManager.Posting memory honest = postingOf(taskId, alice);
        refusesProof(honest, wrong, between, postingMismatch(alice, posting, honest));
    }

    /*//////////////////////////////////////////////////////////////
                                HELPERS
    //////////////////////////////////////////////////////////////*/

    /// @dev n trainers mask; one of alice and bob lies about the mask of the two. Returns what the two posted.
    function disagree(uint256 n, address liar) private returns (IRoundManager.Posting[2] memory postings) {
        toMask(taskId, n);
        postings = [postingOf(taskId, alice), postingOf(taskId, bob)];
        if (liar == alice) lie(postings[0], bob);
        else lie(postings[1], alice);
        mask(taskId, alice, postings[0]);
        mask(taskId, bob, postings[1]);
        for (uint256 i = 3; i <= n; ++i) {
            mask(taskId, trainer(i));
        }
    }

    /// @dev Puts another point in the place of the mask with a peer.
    function lie(
        IRoundManager.Posting memory posting,
        address peer
    )
        private
        view
        returns (IRoundManager.Posting memory)
    {
        posting.masks[indexOf(posting, peer)].commitment = point(4242);
        return posting;
    }

    function indexOf(IRoundManager.Posting memory posting, address peer) private pure returns (uint256 i) {
        while (posting.masks[i].peer != peer) ++i;
    }

    /// @dev 19 honest members; one that is not alice's peer.
    function toAggregateOf19() private returns (address far, address[] memory circle) {
        toMaskOf19();
        circle = circleFrom(taskId, drawnStateOf(taskId), alice);
        maskMany(taskId, 19);
        far = circle[8];
    }

    function toMaskOf19() private {
        ITaskManager.TaskConfig memory config = defaultConfig();
        config.maxTrainers = 19;
        taskId = createTask(config, POOL);
        toMask(taskId, 19);
    }

    /// @dev Alice masks with one who is not her peer in the place of one who is, and lies to the others.
    function toAggregateOf19WithAWrongPeer() private returns (address wrong, IRoundManager.Posting memory posting) {
        toMaskOf19();
        address[] memory circle = circleFrom(taskId, drawnStateOf(taskId), alice);
        wrong = circle[9];
        address[] memory peers = new address[](16);
        for (uint256 i; i < 16; ++i) {
            peers[i] = i == 7 ? wrong : circle[i < 8 ? i : 2 + i];
        }
        peers = sorted(peers, 16);
        posting = postingOf(taskId, alice);
        for (uint256 i; i < 16; ++i) {
            posting.masks[i] = IRoundManager.PeerMask(peers[i], point(1000 + i));
        }
        mask(taskId, alice, posting);
        for (uint256 i = 2; i <= 19; ++i) {
            mask(taskId, trainer(i));
        }
    }

    /// @dev The 16 nearest of alice, in the order of the circle: 8 before `wrong` and 8 after.
    function betweenOf(address wrong) private view returns (address[] memory between) {
        address[] memory circle = circleFrom(taskId, drawnStateOf(taskId), alice);
        between = new address[](16);
        for (uint256 i; i < 16; ++i) {
            between[i] = circle[i < 8 ? i : 2 + i];
            assertNotEq(between[i], wrong);
        }
    }

    function expectConvicted(address who, uint256 deadline) private {
        vm.expectEmit(address(rounds));
        emit IRoundManager.Convicted(taskId, 1, 1, who, address(0), 0, deadline);
    }

    function isLeaving(address who) private view returns (bool) {
        return trainers.getEnrolment(taskId, who).releasableAt != 0;
    }

    function assertFault(address who, bool expected) private view {
        (uint256 amount, bool fault) = trainers.slashOf(taskId, who);
        assertEq(fault, expected, "fault");
        if (fault) assertEq(amount, STAKE / 2, "slash");
    }

    function answersInVain(
        uint256 id,
        IRoundManager.Posting[2] memory postings,
        G1 memory shared,
        IChallengeManager.EqualLogProof memory proof,
        bool byOther,
        bytes memory reason
    )
        private
    {
        MaskAnswer memory answer = maskAnswerOf(id, byOther);
        (answer.shared, answer.proof) = (shared, proof);
        vm.expectRevert(reason);
        answerMask(id, postings, byOther, answer);
    }

    function notShared() private pure returns (bytes memory) {
        return abi.encodeWithSelector(IChallengeManager.InvalidSharedPoint.selector);
    }

    function refuses(IRoundManager.Posting[2] memory postings, bytes memory reason) private {
        hoax(STRANGER, BOND);
        vm.expectRevert(reason);
        challenges.challengeMask{value: BOND}(taskId, alice, bob, postings[0], postings[1]);
    }

    function refusesProof(
        IRoundManager.Posting memory posting,
        address wrong,
        address[] memory between,
        bytes memory reason
    )
        private
    {
        vm.expectRevert(reason);
        challenges.proveWrongPeer(taskId, alice, posting, wrong, between);
    }

    function masksAgree() private view returns (bytes memory) {
        return abi.encodeWithSelector(IChallengeManager.MasksAgree.selector, alice, bob);
    }

    function postingMismatch(
        address who,
        IRoundManager.Posting memory expected,
        IRoundManager.Posting memory actual
    )
        private
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(
            IChallengeManager.PostingMismatch.selector,
            who,
            keccak256(abi.encode(expected)),
            keccak256(abi.encode(actual))
        );
    }
}
