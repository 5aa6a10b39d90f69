// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {BN254, G1} from "../../contracts/libraries/BN254.sol";
import {HeadwaterTest} from "./helpers/HeadwaterTest.sol";

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
        vm.expectEmit(address(tasks));
        emit ITaskManager.Masked(taskId, 1, 1, alice, point(update), CID, maskCommitments(3), 1);
        mask(taskId, alice);

        ITaskManager.RosterEntry memory entry = tasks.getRosterEntry(taskId, 1, alice);
        assertEq(uint8(entry.status), uint8(ITaskManager.TrainerStatus.Submitted));
        assertEq(entry.attempt, 1);
        assertEq(entry.updateHash, bytes29(hashOf(update)));
        assertEq(tasks.getRound(taskId, 1).masked, 1);
        assertPhase(taskId, 1, ITaskManager.Phase.Mask);
    }

    function test_mask_startsAggregationWithTheLastMembersMaskedUpdate() public {
        toMask(taskId, 4);
        maskMany(taskId, 3);
        vm.warp(block.timestamp + 10);
        vm.expectEmit(address(tasks));
        emit ITaskManager.PhaseChanged(
            taskId, 1, ITaskManager.Phase.Mask, ITaskManager.Phase.Aggregate, block.timestamp + AGGREGATE_PERIOD
        );
        mask(taskId, trainer(4));
        assertPhase(taskId, 1, ITaskManager.Phase.Aggregate);
        assertEq(deadlineOf(taskId), block.timestamp + AGGREGATE_PERIOD);
    }

    /// @dev Round after round and attempt after attempt, whoever comes and in whatever order.
    function test_mask_keepsTheCommitmentOfTheSumVector(uint8 trainers, uint8 second, uint256 seed) public {
        trainers = uint8(bound(trainers, 4, MAX));
        second = uint8(bound(second, 3, trainers - 1));
        for (uint256 round = 1; round <= 2; ++round) {
            toMask(taskId, trainers);
            expectSumOf(second, second, seed);
            passDeadline(taskId);
            expectSumOf(second, second, seed >> 8);
            aggregate(taskId, AGGREGATOR);
        }
    }

    function test_mask_isAskedOfTheSameTrainersAgainWhenOneIsMissing() public {
        toMask(taskId, 4);
        maskMany(taskId, 3);
        vm.roll(block.number + 1);
        vm.warp(deadlineOf(taskId));
        bytes32 seed = keccak256(abi.encode(blockhash(block.number - 1), taskId, 1, 2));
        vm.expectEmit(address(tasks));
        emit ITaskManager.PhaseChanged(
            taskId, 1, ITaskManager.Phase.Mask, ITaskManager.Phase.Mask, block.timestamp + MASK_PERIOD
        );
        vm.expectEmit(address(tasks));
        emit ITaskManager.MaskingStarted(taskId, 1, 2, 3, seed);
        tasks.advance(taskId);

        vm.expectEmit(address(tasks));
        emit ITaskManager.Masked(taskId, 1, 2, alice, point(updateOf(alice, 1)), CID, maskCommitments(2), 1);
        mask(taskId, alice);
        assertEq(tasks.getRosterEntry(taskId, 1, alice).attempt, 2);
        assertEq(tasks.getRosterEntry(taskId, 1, trainer(4)).attempt, 0);
    }

    function test_mask_seedsEveryAttemptAnew() public {
        vm.roll(1000);
        bytes32[3] memory seeds;
        for (uint256 i; i < 3; ++i) {
            vm.recordLogs();
            if (i == 0) toMask(taskId, 5);
            else passDeadline(taskId);
            seeds[i] = lastSeed();
            maskMany(taskId, 4 - i);
        }
        assertNotEq(seeds[0], seeds[1]);
        assertNotEq(seeds[1], seeds[2]);
    }

    function test_mask_takesTheUpdateOfARepeatedProof() public {
        bytes memory proof = trainProof(alice, 5);
        for (uint256 round = 1; round <= 2; ++round) {
            toTrain(taskId, 3);
            vm.prank(alice);
            tasks.submit(taskId, proof);
            submit(taskId, bob);
            submit(taskId, trainer(3));
            maskAs(alice, point(5), 2);
            passDeadline(taskId); // failed: the model is the same
        }
    }

    /*//////////////////////////////////////////////////////////////
                                 PHASES
    //////////////////////////////////////////////////////////////*/

    function test_mask_refusesOtherPhases() public {
        joinMany(taskId, 3);
        refuses(alice, wrongPhase(ITaskManager.Phase.Join));
        passDeadline(taskId);
        submit(taskId, alice);
        refuses(alice, wrongPhase(ITaskManager.Phase.Train)); // not before the members are known
        submit(taskId, bob);
        submit(taskId, trainer(3));
        maskMany(taskId, 3);
        refuses(alice, wrongPhase(ITaskManager.Phase.Aggregate));
        endTask(taskId);
        refuses(alice, wrongPhase(ITaskManager.Phase.Skipped));
    }

    function test_mask_refusesAfterTheDeadlineThoughNobodyAdvanced() public {
        toMask(taskId, 3);
        uint256 deadline = deadlineOf(taskId);
        vm.warp(deadline);
        refuses(alice, abi.encodeWithSelector(ITaskManager.DeadlinePassed.selector, deadline, deadline));
        vm.warp(deadline - 1);
        mask(taskId, alice);
    }

    function test_mask_refusesUnknownTasks() public {
        vm.expectRevert(abi.encodeWithSelector(ITaskManager.UnknownTask.selector, 99));
        tasks.mask(99, G1(1, 2), CID, new G1[](0));
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
        assertPhase(taskId, 1, ITaskManager.Phase.Aggregate);
    }

    function test_mask_refusesASecondMaskedUpdateInAnAttempt() public {
        toMask(taskId, 4);
        for (uint256 attempt = 1; attempt <= 2; ++attempt) {
            mask(taskId, alice);
            refuses(alice, abi.encodeWithSelector(ITaskManager.AlreadyMasked.selector, taskId, 1, attempt, alice));
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
        refuses(alice, abi.encodeWithSelector(ITaskManager.NotAMember.selector, taskId, 2, 1, alice));
    }

    /*//////////////////////////////////////////////////////////////
                            WHAT IS PUBLISHED
    //////////////////////////////////////////////////////////////*/

    function test_mask_refusesAMissingCid() public {
        toMask(taskId, 3);
        (G1 memory update, G1[] memory masks) = (point(updateOf(alice, 1)), maskCommitments(2));
        vm.prank(alice);
        vm.expectRevert(ITaskManager.MissingCid.selector);
        tasks.mask(taskId, update, 0, masks);
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
        bytes29 expected = bytes29(hashOf(updateOf(alice, 2)));
        G1 memory old = point(updateOf(alice, 1));
        refusesWith(
            alice,
            old,
            maskCommitments(2),
            abi.encodeWithSelector(ITaskManager.UpdateMismatch.selector, expected, bytes29(BN254.hash(old)))
        );
    }

    function test_mask_refusesMoreOrFewerMasksThanPeers(uint8 count) public {
        vm.assume(count != 3);
        toMask(taskId, 4);
        refusesWith(
            alice,
            point(updateOf(alice, 1)),
            maskCommitments(count),
            abi.encodeWithSelector(ITaskManager.WrongMaskCount.selector, 3, count)
        );
    }

    function test_mask_refusesMaskCommitmentsThatAreNoPointsOrTheIdentity(uint256 place) public {
        place = bound(place, 0, 2);
        toMask(taskId, 4);
        G1[3] memory bad = [G1(1, 3), G1(0, 0), G1(1 + BN254.Q, 2)];
        for (uint256 i; i < bad.length; ++i) {
            G1[] memory masks = maskCommitments(3);
            masks[place] = bad[i];
            refusesWith(
                alice,
                point(updateOf(alice, 1)),
                masks,
                abi.encodeWithSelector(BN254.InvalidPoint.selector, bad[i].x, bad[i].y)
            );
        }
    }

    function test_mask_asksForNoMoreMasksThanMaxPeersWhateverTheNumberOfMembers() public {
        ITaskManager.TaskConfig memory config = defaultConfig();
        config.maxTrainers = 19;
        taskId = createTask(config, POOL);
        toMask(taskId, 19);
        refusesWith(
            alice,
            point(updateOf(alice, 1)),
            maskCommitments(18),
            abi.encodeWithSelector(ITaskManager.WrongMaskCount.selector, 16, 18)
        );
        for (uint256 i = 1; i <= 19; ++i) {
            maskAs(trainer(i), point(updateOf(trainer(i), 1)), 16);
        }
        assertPhase(taskId, 1, ITaskManager.Phase.Aggregate);
    }

    function test_peerCount_isAllOthersUpToMaxPeers(uint256 members) public view {
        assertEq(tasks.peerCount(0), 0);
        for (uint256 n = 1; n <= 17; ++n) {
            assertEq(tasks.peerCount(n), n - 1);
        }
        assertEq(tasks.peerCount(bound(members, 17, type(uint256).max)), tasks.MAX_PEERS());
    }

    /*//////////////////////////////////////////////////////////////
                                HELPERS
    //////////////////////////////////////////////////////////////*/

    /// @dev `count` of trainers 1 to `all` mask, starting somewhere; after each, the sum is that of those who have.
    function expectSumOf(uint256 all, uint256 count, uint256 seed) private {
        uint256 round = roundOf(taskId);
        uint256 total = addmod(OFFSET, mulmod(tasks.tag(taskId), BASIS_D, BN254.P), BN254.P);
        for (uint256 i; i < count; ++i) {
            address who = trainer((i + seed % all) % all + 1);
            mask(taskId, who);
            // C(v) = B + sum of v_i L_i: what an update adds to the sum is its commitment without B
            total = addmod(total, updateOf(who, round) + BN254.P - OFFSET, BN254.P);
            assertTrue(BN254.equals(stateOf(taskId).sum, point(total)), "sum");
        }
    }

    function lastSeed() private returns (bytes32 seed) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != ITaskManager.MaskingStarted.selector) continue;
            (,, seed) = abi.decode(logs[i].data, (uint256, uint256, bytes32));
        }
        assertNotEq(seed, 0);
    }

    function maskAs(address who, G1 memory update, uint256 masks) private {
        G1[] memory commitments = maskCommitments(masks);
        vm.prank(who);
        tasks.mask(taskId, update, CID, commitments);
    }

    function wrongPhase(ITaskManager.Phase actual) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ITaskManager.WrongPhase.selector, ITaskManager.Phase.Mask, actual);
    }

    function notAMember(uint256 attempt, address who) private view returns (bytes memory) {
        return abi.encodeWithSelector(ITaskManager.NotAMember.selector, taskId, 1, attempt, who);
    }

    function refuses(address who, bytes memory reason) private {
        refusesWith(who, point(updateOf(who, roundOf(taskId))), maskCommitments(2), reason);
    }

    function refusesUpdate(G1 memory update) private {
        bytes29 expected = bytes29(hashOf(updateOf(alice, 1)));
        bytes29 actual = bytes29(BN254.hash(update));
        refusesWith(
            alice,
            update,
            maskCommitments(2),
            abi.encodeWithSelector(ITaskManager.UpdateMismatch.selector, expected, actual)
        );
    }

    function refusesWith(address who, G1 memory update, G1[] memory masks, bytes memory reason) private {
        vm.prank(who);
        vm.expectRevert(reason);
        tasks.mask(taskId, update, CID, masks);
    }
}
