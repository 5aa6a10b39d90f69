// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRoundManager} from "../../contracts/interfaces/IRoundManager.sol";
import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {G1} from "../../contracts/libraries/BN254.sol";
import {PossessionProof} from "../../contracts/libraries/Possession.sol";
import {Grinder} from "./helpers/Grinder.sol";
import {HeadwaterTest} from "./helpers/HeadwaterTest.sol";

/// @notice The seed that orders an attempt's members: of a block that nobody could choose.
contract SeedTest is HeadwaterTest {
    uint256 private taskId;
    address private alice;

    function setUp() public override {
        super.setUp();
        vm.roll(1000);
        taskId = createTask();
        alice = trainer(1);
    }

    /*//////////////////////////////////////////////////////////////
                                DRAWING
    //////////////////////////////////////////////////////////////*/

    function test_mask_refusesInTheBlockThatMakesTheSeed() public {
        toMask(taskId, 3);
        vm.roll(stateOf(taskId).seedBlock);
        refuses(postingOf(taskId, alice), unavailable(block.number));
        nextBlock();
        mask(taskId, alice);
    }

    function test_mask_drawsTheSeedOnce() public {
        toMask(taskId, 3);
        uint256 seedBlock = stateOf(taskId).seedBlock;
        assertEq(seedBlock, block.number - 1, "the block of the last submission");
        bytes32 seed = keccak256(abi.encode(blockhash(seedBlock), taskId, uint256(1), uint256(1)));
        vm.roll(block.number + 100);
        IRoundManager.Posting memory posting = postingOf(taskId, alice);
        assertEq(posting.seed, seed);
        vm.expectEmit(address(rounds));
        emit IRoundManager.SeedDrawn(taskId, 1, 1, seed);
        vm.expectEmit(address(rounds));
        emit IRoundManager.Masked(taskId, 1, 1, alice, posting, 1);
        mask(taskId, alice);
        assertEq(stateOf(taskId).seed, seed);
        assertEq(stateOf(taskId).seedBlock, 0);

        vm.roll(block.number + 100_000); // the block is forgotten, not the seed
        IRoundManager.Posting memory second = postingOf(taskId, trainer(2));
        assertEq(second.seed, seed);
        mask(taskId, trainer(2), second);
        mask(taskId, trainer(3));
        assertPhase(taskId, 1, IRoundManager.Phase.Aggregate);
    }

    function test_seed_isOfTheBlockInWhichAnAttemptStarts() public {
        toMask(taskId, 4);
        maskMany(taskId, 3);
        bytes32 first = stateOf(taskId).seed;
        vm.warp(deadlineOf(taskId));
        vm.roll(block.number + 50);
        rounds.advance(taskId);
        assertEq(stateOf(taskId).seedBlock, block.number);
        nextBlock();
        bytes32 drawn = blockhash(block.number - 1);
        mask(taskId, alice);
        assertEq(stateOf(taskId).seed, keccak256(abi.encode(drawn, taskId, uint256(1), uint256(2))));
        assertNotEq(stateOf(taskId).seed, first);
    }

    function test_seed_differsByTaskRoundAndAttempt() public {
        bytes32 drawn = blockhash(block.number - 1);
        bytes32 seed = keccak256(abi.encode(drawn, taskId, uint256(1), uint256(1)));
        assertNotEq(seed, keccak256(abi.encode(drawn, taskId + 1, uint256(1), uint256(1))));
        assertNotEq(seed, keccak256(abi.encode(drawn, taskId, uint256(2), uint256(1))));
        assertNotEq(seed, keccak256(abi.encode(drawn, taskId, uint256(1), uint256(2))));
    }

    function test_mask_refusesAPostingOfAnotherSeed(bytes32 seed) public {
        toMask(taskId, 3);
        IRoundManager.Posting memory posting = postingOf(taskId, alice);
        bytes32 right = posting.seed;
        vm.assume(seed != right);
        posting.seed = seed;
        refuses(posting, abi.encodeWithSelector(IRoundManager.SeedMismatch.selector, right, seed));
        mask(taskId, trainer(2)); // it is drawn
        refuses(posting, abi.encodeWithSelector(IRoundManager.SeedMismatch.selector, right, seed));
    }

    /// @dev After a reorganization the block has another hash: what was made for the old one is refused, and can be made
    /// anew.
    function test_mask_refusesAPostingOfAnotherHistory() public {
        toMask(taskId, 3);
        IRoundManager.Posting memory posting = postingOf(taskId, alice);
        vm.setBlockhash(block.number - 1, keccak256("another history"));
        IRoundManager.Posting memory again = postingOf(taskId, alice);
        refuses(posting, abi.encodeWithSelector(IRoundManager.SeedMismatch.selector, again.seed, posting.seed));
        mask(taskId, alice, again);
    }

    /*//////////////////////////////////////////////////////////////
                                GRINDING
    //////////////////////////////////////////////////////////////*/

    /// @dev The last one to submit decides in which block the members are fixed. By what it can know there, it chooses;
    /// the seed does not follow.
    function test_submit_gainsNothingByWaitingForABlock() public {
        uint256 liked;
        for (uint256 i; i < 8; ++i) {
            uint256 seed = uint256(grind());
            if (seed >> 253 == 0) ++liked;
            taskId = createTask();
        }
        assertLt(liked, 5, "1 of 8 by chance: it had 8 of 8 where the last block made the seed");
    }

    /// @dev Somebody submits last, in a block that makes a seed which it likes by all that is known then.
    function grind() private returns (bytes32 seed) {
        Grinder grinder = new Grinder(proving);
        address who = address(grinder);
        deposit(who, STAKE);
        (G1[] memory data, G1 memory key) = (one(point(dataOf(who))), maskKeyOf(who));
        PossessionProof memory possession = possessionOf(who, taskId);
        vm.prank(who);
        trainers.enrol(taskId, data, key, possession, "");
        joinMany(taskId, 2);
        join(taskId, who);
        passDeadline(taskId);
        submitMany(taskId, 2);
        bytes[] memory proofs = one(trainProof(who, updateOf(who, 1)));
        while (phaseOf(taskId) == IRoundManager.Phase.Train) {
            nextBlock();
            vm.setBlockhash(block.number - 1, keccak256(abi.encode("block", block.number)));
            try grinder.submitIf(taskId, proofs, 3) {} catch {}
        }
        uint256 named = stateOf(taskId).seedBlock;
        assertEq(named, block.number, "the block that it chose, whose hash it does not know");
        nextBlock();
        vm.setBlockhash(named, keccak256(abi.encode("block", block.number)));
        seed = drawnStateOf(taskId).seed;
        mask(taskId, alice, onlyWith(who));
        assertEq(stateOf(taskId).seed, seed);
    }

    /// @dev Alice's posting, with masks that nobody checks here.
    function onlyWith(address who) private view returns (IRoundManager.Posting memory posting) {
        posting.seed = drawnStateOf(taskId).seed;
        (posting.update, posting.cid) = (point(updateOf(alice, 1)), CID);
        posting.masks = new IRoundManager.PeerMask[](2);
        (address a, address b) = who < trainer(2) ? (who, trainer(2)) : (trainer(2), who);
        posting.masks[0] = IRoundManager.PeerMask(a, G1(1, 2));
        posting.masks[1] = IRoundManager.PeerMask(b, G1(1, 2));
    }

    /*//////////////////////////////////////////////////////////////
                                RENEWING
    //////////////////////////////////////////////////////////////*/

    function test_renewSeed_namesThisBlockWhereTheOldOneIsForgotten() public {
        toMask(taskId, 3);
        uint256 forgotten = stateOf(taskId).seedBlock;
        vm.roll(block.number + 20_000);
        refuses(postingOf(taskId, alice), unavailable(forgotten));
        vm.expectEmit(address(rounds));
        emit IRoundManager.SeedRenewed(taskId, 1, 1, block.number);
        vm.prank(STRANGER); // anyone may
        rounds.renewSeed(taskId);
        assertEq(stateOf(taskId).seedBlock, block.number);
        refuses(postingOf(taskId, alice), unavailable(block.number));
        refusesRenewal(block.number); // it will be had
        nextBlock();
        refusesRenewal(block.number - 1); // it can be had
        maskMany(taskId, 3);
        assertPhase(taskId, 1, IRoundManager.Phase.Aggregate);
    }

    function test_renewSeed_refusesWhatIsDrawnOrCanBe() public {
        toMask(taskId, 3);
        refusesRenewal(block.number - 1);
        vm.roll(block.number + 255);
        refusesRenewal(stateOf(taskId).seedBlock);
        mask(taskId, alice);
        vm.roll(block.number + 20_000);
        refusesRenewal(0);
    }

    function test_renewSeed_refusesOtherPhasesAndTimes() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IRoundManager.WrongPhase.selector, IRoundManager.Phase.Mask, IRoundManager.Phase.Join
            )
        );
        rounds.renewSeed(taskId);
        toMask(taskId, 3);
        uint256 deadline = deadlineOf(taskId);
        vm.warp(deadline);
        vm.roll(block.number + 20_000);
        vm.expectRevert(abi.encodeWithSelector(IRoundManager.DeadlinePassed.selector, deadline, deadline));
        rounds.renewSeed(taskId);
        vm.expectRevert(abi.encodeWithSelector(ITaskManager.UnknownTask.selector, 99));
        rounds.renewSeed(99);
    }

    /*//////////////////////////////////////////////////////////////
                                HELPERS
    //////////////////////////////////////////////////////////////*/

    function unavailable(uint256 seedBlock) private view returns (bytes memory) {
        return abi.encodeWithSelector(IRoundManager.SeedUnavailable.selector, taskId, seedBlock);
    }

    function refuses(IRoundManager.Posting memory posting, bytes memory reason) private {
        vm.prank(alice);
        vm.expectRevert(reason);
        rounds.mask(taskId, posting);
    }

    function refusesRenewal(uint256 seedBlock) private {
        vm.expectRevert(abi.encodeWithSelector(IRoundManager.NothingToRenew.selector, taskId, seedBlock));
        rounds.renewSeed(taskId);
    }
}
