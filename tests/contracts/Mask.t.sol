// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

import {IRoundManager} from "../../contracts/interfaces/IRoundManager.sol";
import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {BN254, G1} from "../../contracts/libraries/BN254.sol";
import {HeadwaterTest} from "./helpers/HeadwaterTest.sol";

/// forge-config: default.fuzz.runs = 64
contract MaskTest is HeadwaterTest {
    uint256 private taskId;
    address private alice;
    address private bob;

    function setUp() public override {
        super.setUp();
        taskId = createTask();
        (alice, bob) = (trainer(1), trainer(2));
    }

    /*//////////////////////////////////////////////////////////////
                                EFFECTS
    //////////////////////////////////////////////////////////////*/

    function test_mask_publishesTheMaskedUpdate() public {
        toMask(taskId, 4);
        uint256 update = updateOf(alice, 1);
        IRoundManager.Posting memory posting = postingOf(taskId, alice);
        assertEq(posting.masks.length, 3);
        vm.expectEmit(address(rounds));
        emit IRoundManager.Masked(taskId, 1, 1, alice, posting, 1);
        mask(taskId, alice);

        IRoundManager.RosterEntry memory entry = rounds.getRosterEntry(taskId, 1, alice);
        assertEq(uint8(entry.status), uint8(IRoundManager.TrainerStatus.Submitted));
        assertEq(entry.attempt, 1);
        assertEq(entry.updateHash, bytes29(hashOf(update)));
        assertEq(entry.postingHash, keccak256(abi.encode(posting)));
        assertEq(rounds.getRound(taskId, 1).masked, 1);
        assertPhase(taskId, 1, IRoundManager.Phase.Mask);
    }

    function test_mask_startsAggregationWithTheLastMembersMaskedUpdate() public {
        toMask(taskId, 4);
        maskMany(taskId, 3);
        vm.warp(block.timestamp + 10);
        vm.expectEmit(address(rounds));
        emit IRoundManager.PhaseChanged(
            taskId, 1, IRoundManager.Phase.Mask, IRoundManager.Phase.Aggregate, block.timestamp + AGGREGATE_PERIOD
        );
        mask(taskId, trainer(4));
        assertPhase(taskId, 1, IRoundManager.Phase.Aggregate);
        assertEq(deadlineOf(taskId), block.timestamp + AGGREGATE_PERIOD);
    }

    /// forge-config: default.fuzz.runs = 32
    /// @dev Round after round and attempt after attempt, whoever comes and in whatever order.
    function test_mask_keepsTheCommitmentOfTheSumVector(uint8 count, uint8 second, uint256 seed) public {
        count = uint8(bound(count, 4, MAX));
        second = uint8(bound(second, 3, count - 1));
        for (uint256 round = 1; round <= 2; ++round) {
            toMask(taskId, count);
            expectSumOf(second, second, seed);
            passDeadline(taskId);
            expectSumOf(second, second, seed >> 8);
            aggregate(taskId, AGGREGATOR);
            finalize(taskId);
        }
    }

    function test_mask_isAskedOfTheSameTrainersAgainWhenOneIsMissing() public {
        toMask(taskId, 4);
        maskMany(taskId, 3);
        vm.warp(deadlineOf(taskId));
        vm.expectEmit(address(rounds));
        emit IRoundManager.PhaseChanged(
            taskId, 1, IRoundManager.Phase.Mask, IRoundManager.Phase.Mask, block.timestamp + MASK_PERIOD
        );
        vm.expectEmit(address(rounds));
        emit IRoundManager.MaskingStarted(taskId, 1, 2, 3, block.number);
        rounds.advance(taskId);
        nextBlock();

        vm.expectEmit(address(rounds));
        emit IRoundManager.Masked(taskId, 1, 2, alice, postingOf(taskId, alice), 1);
        mask(taskId, alice);
        assertEq(rounds.getRosterEntry(taskId, 1, alice).attempt, 2);
        assertEq(rounds.getRosterEntry(taskId, 1, trainer(4)).attempt, 0);
    }

    function test_mask_seedsEveryAttemptAnew() public {
        vm.roll(1000);
        bytes32[3] memory seeds;
        for (uint256 i; i < 3; ++i) {
            if (i == 0) toMask(taskId, 5);
            else passDeadline(taskId);
            vm.recordLogs();
            maskMany(taskId, 4 - i);
            seeds[i] = seedDrawn();
        }
        assertNotEq(seeds[0], seeds[1]);
        assertNotEq(seeds[1], seeds[2]);
    }

    function test_mask_takesTheUpdateOfARepeatedProof() public {
        bytes memory proof = trainProof(alice, updateOf(alice, 1));
        for (uint256 round = 1; round <= 2; ++round) {
            toTrain(taskId, 3);
            vm.prank(alice);
            proving.submit(taskId, one(proof));
            submit(taskId, bob);
            submit(taskId, trainer(3));
            IRoundManager.Posting memory posting = postingOf(taskId, alice);
            posting.update = point(updateOf(alice, 1));
            vm.prank(alice);
            rounds.mask(taskId, posting);
            passDeadline(taskId); // failed: the model is the same
        }
    }

    /*//////////////////////////////////////////////////////////////
                                 PHASES
    //////////////////////////////////////////////////////////////*/

    function test_mask_refusesOtherPhases() public {
        joinMany(taskId, 3);
        refuses(alice, wrongPhase(IRoundManager.Phase.Join));
        passDeadline(taskId);
        submit(taskId, alice);
        refuses(alice, wrongPhase(IRoundManager.Phase.Train)); // not before the members are known
        submit(taskId, bob);
        submit(taskId, trainer(3));
        maskMany(taskId, 3);
        refuses(alice, wrongPhase(IRoundManager.Phase.Aggregate));
        endTask(taskId);
        refuses(alice, wrongPhase(IRoundManager.Phase.Skipped));
    }

    function test_mask_refusesAfterTheDeadlineThoughNobodyAdvanced() public {
        toMask(taskId, 3);
        uint256 deadline = deadlineOf(taskId);
        vm.warp(deadline);
        refuses(alice, abi.encodeWithSelector(IRoundManager.DeadlinePassed.selector, deadline, deadline));
        vm.warp(deadline - 1);
        mask(taskId, alice);
    }

    function test_mask_refusesUnknownTasks() public {
        vm.expectRevert(abi.encodeWithSelector(ITaskManager.UnknownTask.selector, 99));
        rounds.mask(99, IRoundManager.Posting(0, G1(1, 2), CID, new IRoundManager.PeerMask[](0)));
    }

    /*//////////////////////////////////////////////////////////////
                                MEMBERS
    //////////////////////////////////////////////////////////////*/

    function test_mask_refusesWhoseUpdateWasNotAccepted() public {
        enrol(taskId, trainer(5));
        toTrain(taskId, 4);
        submitMany(taskId, 3);
        passDeadline(taskId);
        refuses(trainer(4), notAMember(1, trainer(4))); // on the roster only
        refuses(trainer(5), notAMember(1, trainer(5))); // enrolled only
        refuses(STRANGER, notAMember(1, STRANGER));
    }

    function test_mask_refusesWhoMissedAnAttempt() public {
        toMask(taskId, 5);
        maskMany(taskId, 4);
        passDeadline(taskId);
        refuses(trainer(5), notAMember(2, trainer(5)));
        maskMany(taskId, 3);
        passDeadline(taskId);
        refuses(trainer(4), notAMember(3, trainer(4)));
        refuses(trainer(5), notAMember(3, trainer(5)));
        maskMany(taskId, 3);
        assertPhase(taskId, 1, IRoundManager.Phase.Aggregate);
    }

    function test_mask_refusesASecondMaskedUpdateInAnAttempt() public {
        toMask(taskId, 4);
        for (uint256 attempt = 1; attempt <= 2; ++attempt) {
            mask(taskId, alice);
            refuses(alice, abi.encodeWithSelector(IRoundManager.AlreadyMasked.selector, taskId, 1, attempt, alice));
            mask(taskId, bob);
            if (attempt == 1) mask(taskId, trainer(3));
            if (attempt == 1) passDeadline(taskId);
        }
    }

    function test_mask_refusesWhoWasAMemberOfAnEarlierRoundOnly() public {
        toMask(taskId, 4);
        maskMany(taskId, 2);
        passDeadline(taskId); // failed
        for (uint256 i = 2; i <= 4; ++i) {
            join(taskId, trainer(i));
        }
        passDeadline(taskId);
        for (uint256 i = 2; i <= 4; ++i) {
            submit(taskId, trainer(i));
        }
        refuses(alice, abi.encodeWithSelector(IRoundManager.NotAMember.selector, taskId, 2, 1, alice));
    }

    /*//////////////////////////////////////////////////////////////
                            WHAT IS PUBLISHED
    //////////////////////////////////////////////////////////////*/

    function test_mask_refusesAMissingCid() public {
        toMask(taskId, 3);
        IRoundManager.Posting memory posting = postingOf(taskId, alice);
        posting.cid = 0;
        refusesPosting(alice, posting, abi.encodeWithSelector(IRoundManager.MissingCid.selector));
    }

    function test_mask_refusesAnotherUpdate(uint256 scalar) public {
        toMask(taskId, 3);
        vm.assume(scalar % BN254.P != updateOf(alice, 1));
        refusesUpdate(point(scalar));
        refusesUpdate(point(updateOf(bob, 1)));
        refusesUpdate(BN254.negate(point(updateOf(alice, 1))));
        G1 memory twin = point(updateOf(alice, 1));
        unchecked {
            twin.x += BN254.Q;
        }
        refusesUpdate(twin);
    }

    function test_mask_refusesAnEarlierRoundsUpdate() public {
        toMask(taskId, 3);
        maskMany(taskId, 2);
        passDeadline(taskId); // failed
        toMask(taskId, 3);
        refusesUpdate(point(updateOf(alice, 1)));
    }

    function test_mask_refusesMoreOrFewerMasksThanPeers(uint8 count) public {
        vm.assume(count != 3);
        toMask(taskId, 4);
        IRoundManager.Posting memory posting = postingOf(taskId, alice);
        posting.masks = new IRoundManager.PeerMask[](count);
        refusesPosting(alice, posting, abi.encodeWithSelector(IRoundManager.WrongMaskCount.selector, 3, count));
    }

    function test_mask_refusesMaskCommitmentsThatAreNoPointsOrTheIdentity(uint256 place) public {
        place = bound(place, 0, 2);
        toMask(taskId, 4);
        G1[3] memory bad = [G1(1, 3), G1(0, 0), G1(1 + BN254.Q, 2)];
        for (uint256 i; i < bad.length; ++i) {
            IRoundManager.Posting memory posting = postingOf(taskId, alice);
            posting.masks[place].commitment = bad[i];
            refusesPosting(alice, posting, abi.encodeWithSelector(BN254.InvalidPoint.selector, bad[i].x, bad[i].y));
        }
    }

    function test_mask_refusesPeersThatAreNotOfTheAttempt() public {
        enrol(taskId, trainer(6));
        toMask(taskId, 5);
        refusesPeer(trainer(6)); // enrolled only
        maskMany(taskId, 4);
        passDeadline(taskId);
        refusesPeer(trainer(5)); // missed the first attempt
        refusesPeer(STRANGER);
        refusesPeer(address(0));
        refusesPeer(alice); // itself
        mask(taskId, bob);
        mask(taskId, alice); // whether a peer has masked in the attempt does not matter
    }

    function test_mask_refusesPeersThatAreNotAscending(uint256 place) public {
        toMask(taskId, 5);
        place = bound(place, 1, 3);
        IRoundManager.Posting memory posting = postingOf(taskId, alice);
        address lower = posting.masks[place - 1].peer;
        posting.masks[place - 1].peer = posting.masks[place].peer;
        refusesPosting(
            alice, posting, abi.encodeWithSelector(IRoundManager.WrongPeer.selector, posting.masks[place].peer)
        );
        posting.masks[place].peer = lower;
        refusesPosting(alice, posting, abi.encodeWithSelector(IRoundManager.WrongPeer.selector, lower));
    }

    function test_mask_asksForNoMoreMasksThanMaxPeersWhateverTheNumberOfMembers() public {
        ITaskManager.TaskConfig memory config = defaultConfig();
        config.maxTrainers = 19;
        taskId = createTask(config, POOL);
        toMask(taskId, 19);
        IRoundManager.Posting memory posting = postingOf(taskId, alice);
        assertEq(posting.masks.length, 16);
        posting.masks = new IRoundManager.PeerMask[](18);
        refusesPosting(alice, posting, abi.encodeWithSelector(IRoundManager.WrongMaskCount.selector, 16, 18));
        maskMany(taskId, 19);
        assertPhase(taskId, 1, IRoundManager.Phase.Aggregate);
    }

    function test_peerCount_isAllOthersUpToMaxPeers(uint256 members) public view {
        assertEq(rounds.peerCount(0), 0);
        for (uint256 n = 1; n <= 17; ++n) {
            assertEq(rounds.peerCount(n), n - 1);
        }
        assertEq(rounds.peerCount(bound(members, 17, type(uint256).max)), rounds.MAX_PEERS());
    }

    /*//////////////////////////////////////////////////////////////
                                HELPERS
    //////////////////////////////////////////////////////////////*/

    /// @dev `count` of trainers 1 to `all` mask, starting somewhere; after each, the sum is that of those who have.
    function expectSumOf(uint256 all, uint256 count, uint256 seed) private {
        uint256 round = roundOf(taskId);
        uint256 total = addmod(offset(), mulmod(tasks.tag(taskId), basisOf(dimension), BN254.P), BN254.P);
        for (uint256 i; i < count; ++i) {
            address who = trainer((i + seed % all) % all + 1);
            mask(taskId, who);
            // C(v) = B + sum of v_i L_i: what an update adds to the sum is its commitment without B
            total = addmod(total, updateOf(who, round) + BN254.P - offset(), BN254.P);
            assertTrue(BN254.equals(stateOf(taskId).sum, point(total)), "sum");
        }
    }

    /// @dev The one seed that was drawn since logs are recorded.
    function seedDrawn() private returns (bytes32 seed) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != IRoundManager.SeedDrawn.selector) continue;
            assertEq(seed, 0, "drawn twice");
            (, seed) = abi.decode(logs[i].data, (uint256, bytes32));
        }
        assertNotEq(seed, 0);
    }

    function wrongPhase(IRoundManager.Phase actual) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IRoundManager.WrongPhase.selector, IRoundManager.Phase.Mask, actual);
    }

    function notAMember(uint256 attempt, address who) private view returns (bytes memory) {
        return abi.encodeWithSelector(IRoundManager.NotAMember.selector, taskId, 1, attempt, who);
    }

    function refuses(address who, bytes memory reason) private {
        IRoundManager.Posting memory posting;
        (posting.update, posting.cid) = (point(updateOf(who, roundOf(taskId))), CID);
        refusesPosting(who, posting, reason);
    }

    /// @dev Alice posts a mask with `peer` in the place of her highest peer, or of her lowest.
    function refusesPeer(address peer) private {
        IRoundManager.Posting memory posting = postingOf(taskId, alice);
        uint256 last = posting.masks.length - 1;
        posting.masks[peer > posting.masks[last].peer ? last : 0].peer = peer;
        refusesPosting(alice, posting, abi.encodeWithSelector(IRoundManager.WrongPeer.selector, peer));
    }

    function refusesUpdate(G1 memory update) private {
        bytes29 expected = rounds.getRosterEntry(taskId, roundOf(taskId), alice).updateHash;
        bytes29 actual = bytes29(BN254.hash(update));
        IRoundManager.Posting memory posting = postingOf(taskId, alice);
        posting.update = update;
        refusesPosting(alice, posting, abi.encodeWithSelector(IRoundManager.UpdateMismatch.selector, expected, actual));
    }

    function refusesPosting(address who, IRoundManager.Posting memory posting, bytes memory reason) private {
        vm.prank(who);
        vm.expectRevert(reason);
        rounds.mask(taskId, posting);
    }
}
