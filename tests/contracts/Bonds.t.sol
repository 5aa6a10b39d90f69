// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IChallengeManager} from "../../contracts/interfaces/IChallengeManager.sol";
import {IRoundManager} from "../../contracts/interfaces/IRoundManager.sol";
import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {HeadwaterTest} from "./helpers/HeadwaterTest.sol";

/// @notice What a challenge costs, and that a right answer is paid for.
/// forge-config: default.fuzz.runs = 32
contract BondsTest is HeadwaterTest {
    uint256 private taskId;
    address private alice;

    function setUp() public override {
        super.setUp();
        taskId = createTask();
        alice = trainer(1);
    }

    function test_bondOf_followsTheBaseFee(uint64 baseFee) public {
        IChallengeManager.Kind[3] memory kinds =
            [IChallengeManager.Kind.Update, IChallengeManager.Kind.Mask, IChallengeManager.Kind.Model];
        for (uint256 i; i < 3; ++i) {
            vm.fee(0);
            assertEq(challenges.bondOf(taskId, kinds[i]), BOND, "the task's at least");
            vm.fee(bound(baseFee, 100 gwei, 1e15));
            uint256 bond = challenges.bondOf(taskId, kinds[i]);
            uint256 fee = block.basefee;
            assertGt(bond, 700_000 * fee);
            vm.fee(2 * fee);
            assertEq(challenges.bondOf(taskId, kinds[i]), 2 * bond);
        }
        vm.expectRevert(abi.encodeWithSelector(ITaskManager.UnknownTask.selector, 99));
        challenges.bondOf(99, kinds[0]);
    }

    function test_bondOf_growsWithTheModel() public {
        vm.fee(100 gwei);
        dimension = 1280;
        uint256 large = createTask();
        assertGt(
            challenges.bondOf(large, IChallengeManager.Kind.Update),
            2 * challenges.bondOf(taskId, IChallengeManager.Kind.Update)
        );
    }

    /// @dev Twice what an answer costs, and so never less where the base fee has not doubled since.
    function test_bondOf_paysForTheAnswer() public {
        vm.fee(100 gwei);
        toAggregate(taskId, 3);
        uint256 id = challengeUpdate(taskId, alice);
        IRoundManager.Posting memory posting = postingOf(taskId, alice);
        IChallengeManager.Opening memory opening = openingOf(maskedVectorOf(taskId, alice));
        uint256 gas = gasleft();
        challenges.answerUpdate(id, posting, opening);
        gas -= gasleft();
        uint256 intrinsic = 21_000 + 16 * abi.encodeCall(challenges.answerUpdate, (id, posting, opening)).length;
        assertGt(stakes.claimable(alice), (gas + intrinsic) * block.basefee);
    }

    function test_challenges_refuseABondThatTheBaseFeeHasOutgrown() public {
        toAggregate(taskId, 3);
        vm.fee(100 gwei);
        uint256 bond = challenges.bondOf(taskId, IChallengeManager.Kind.Update);
        hoax(STRANGER, bond);
        vm.expectRevert(abi.encodeWithSelector(IChallengeManager.InsufficientBond.selector, bond, bond - 1));
        challenges.challengeUpdate{value: bond - 1}(taskId, alice);
    }

    function test_challenges_keepAllThatIsSentAsBond(uint64 excess) public {
        toAggregate(taskId, 3);
        uint256 sent = BOND + uint256(excess);
        hoax(STRANGER, sent);
        uint256 id = challenges.challengeUpdate{value: sent}(taskId, alice);
        assertEq(challenges.getChallenge(id).bond, sent);
        assertEq(stakes.bonded(), sent);
        answerUpdate(id, postingOf(taskId, alice));
        assertEq(stakes.claimable(alice), sent);
        assertEq(stakes.bonded(), 0);
    }

    /// @dev The challenger's own average lands first, and it takes its bond back at once: the answer would cost alice
    /// all its gas.
    function test_answerUpdate_isPaidThoughAnAverageOvertakesIt() public {
        dimension = 1280;
        taskId = createTask();
        toAggregate(taskId, 3);
        uint256 id = challengeUpdate(taskId, alice);
        IRoundManager.Posting memory posting = postingOf(taskId, alice);
        IChallengeManager.Opening memory opening = openingOf(maskedVectorOf(taskId, alice));
        aggregate(taskId, STRANGER);
        uint256 answerBy = challenges.getChallenge(id).answerBy;
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IChallengeManager.ChallengeOpen.selector, id, answerBy));
        challenges.reclaimBond(id);
        vm.prank(alice);
        challenges.answerUpdate(id, posting, opening);
        assertEq(stakes.claimable(alice), BOND);
        assertEq(stakes.claimable(STRANGER), 0);
        finalize(taskId);
        vm.warp(answerBy);
        vm.expectRevert(abi.encodeWithSelector(IChallengeManager.ChallengeClosed.selector, id));
        challenges.reclaimBond(id);
    }

    function test_reclaimBond_waitsForTheTimeToAnswerThoughTheTaskIsOver() public {
        ITaskManager.TaskConfig memory config = defaultConfig();
        config.rounds = 1;
        taskId = createTask(config, POOL);
        toAggregate(taskId, 3);
        uint256 id = challengeUpdate(taskId, alice);
        uint256 answerBy = block.timestamp + ANSWER_PERIOD;
        aggregate(taskId, AGGREGATOR);
        finalize(taskId);
        assertLt(block.timestamp, answerBy);
        vm.warp(answerBy - 1);
        vm.expectRevert(abi.encodeWithSelector(IChallengeManager.ChallengeOpen.selector, id, answerBy));
        challenges.reclaimBond(id);
        vm.warp(answerBy);
        vm.prank(trainer(2)); // anyone may
        challenges.reclaimBond(id);
        assertEq(stakes.claimable(STRANGER), BOND);
    }

    /// @dev The deadline was moved by another challenge meanwhile: an answer still acquits, so the bond stays.
    function test_reclaimBond_waitsWhileTheChallengeRuns() public {
        toAggregate(taskId, 4);
        uint256 id = challengeUpdate(taskId, alice);
        uint256 answerBy = challenges.getChallenge(id).answerBy;
        vm.warp(answerBy - 1);
        challengeUpdate(taskId, trainer(2));
        vm.warp(answerBy);
        vm.expectRevert(abi.encodeWithSelector(IChallengeManager.ChallengeOpen.selector, id, answerBy));
        challenges.reclaimBond(id);
        answerUpdate(id, postingOf(taskId, alice));
        assertEq(uint8(statusOf(taskId, alice)), uint8(IRoundManager.TrainerStatus.Submitted));
    }
}
