// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {ModelRegistry} from "../../contracts/ModelRegistry.sol";
import {StakeManager} from "../../contracts/StakeManager.sol";
import {TaskManager} from "../../contracts/TaskManager.sol";
import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {BN254, G1} from "../../contracts/libraries/BN254.sol";
import {Handler} from "./Handler.sol";

/// @notice What holds after any sequence of calls.
/// forge-config: default.invariant.runs = 256
/// forge-config: default.invariant.depth = 64
/// forge-config: default.invariant.fail-on-revert = true
contract HeadwaterInvariants is Test {
    Handler private handler;
    TaskManager private tasks;
    StakeManager private stakes;
    ModelRegistry private registry;
    address[] private actors;

    function setUp() public {
        handler = new Handler();
        handler.setUp();
        (address tasks_, address stakes_, address registry_) = handler.deployment();
        (tasks, stakes, registry) = (TaskManager(tasks_), StakeManager(stakes_), ModelRegistry(registry_));
        actors = handler.actors();

        bytes4[] memory actions = new bytes4[](16);
        actions[0] = bytes4(keccak256("createTask(uint256,uint96,uint96,uint64)"));
        actions[1] = Handler.reclaim.selector;
        actions[2] = bytes4(keccak256("enrol(uint256,uint256)"));
        actions[3] = Handler.unenrol.selector;
        actions[4] = bytes4(keccak256("join(uint256,uint256)"));
        actions[5] = bytes4(keccak256("submit(uint256,uint256)"));
        actions[6] = bytes4(keccak256("mask(uint256,uint256)"));
        actions[7] = Handler.maskOutOfTurn.selector;
        actions[8] = Handler.collect.selector;
        actions[9] = bytes4(keccak256("aggregate(uint256)"));
        actions[10] = Handler.forgeAverage.selector;
        actions[11] = Handler.advance.selector;
        actions[12] = Handler.pass.selector;
        actions[13] = Handler.withdraw.selector;
        actions[14] = Handler.claim.selector;
        actions[15] = Handler.play.selector;
        targetContract(address(handler));
        targetSelector(FuzzSelector(address(handler), actions));
    }

    /// @dev One campaign for all six: most of its time goes into playing.
    function invariant_holds() public view {
        checkMoneyIsConserved();
        checkStakeIsLockedByEnrolment();
        checkModelsComeFromAggregation();
        checkRoundsCountTheirRosters();
        checkAttemptsShrink();
        checkRewardsAreOfThoseInTheAverage();
    }

    /// @dev All coin is somebody's, and a task's escrow is exactly what it owes and what is left for its creator.
    function checkMoneyIsConserved() private view {
        uint256 total;
        for (uint256 i; i < actors.length; ++i) {
            (uint256 free, uint256 locked) = stakes.stakeOf(actors[i]);
            total += free + locked + stakes.claimable(actors[i]);
        }
        for (uint256 taskId = 1; taskId <= tasks.taskCount(); ++taskId) {
            (, ITaskManager.TaskState memory state) = tasks.getTask(taskId);
            uint256 owed;
            for (uint256 round = 1; round <= state.round; ++round) {
                if (handler.aggregated(taskId, round) == 0) continue;
                for (uint256 i; i < actors.length; ++i) {
                    owed += tasks.rewardOf(taskId, round, actors[i]);
                }
            }
            assertEq(stakes.escrowOf(taskId), owed + state.pool - state.spent, "escrow");
            total += stakes.escrowOf(taskId);
        }
        assertEq(address(stakes).balance, total, "balance");
        assertEq(address(tasks).balance, 0, "the TaskManager keeps nothing");
    }

    /// @dev A trainer has a task's stake locked exactly while it is enrolled, and no more.
    function checkStakeIsLockedByEnrolment() private view {
        for (uint256 i; i < actors.length; ++i) {
            (, uint256 locked) = stakes.stakeOf(actors[i]);
            for (uint256 taskId = 1; taskId <= tasks.taskCount(); ++taskId) {
                (ITaskManager.TaskConfig memory config,) = tasks.getTask(taskId);
                (bytes32 dataHash, uint256 lock) = tasks.getEnrolment(taskId, actors[i]);
                assertEq(lock, dataHash == 0 ? 0 : config.stake, "lock");
                locked -= lock;
            }
            assertEq(locked, 0, "locked");
        }
    }

    /// @dev A model changes only by `aggregate`, and a round makes one at most: exactly if it is finalized.
    function checkModelsComeFromAggregation() private view {
        for (uint256 taskId = 1; taskId <= tasks.taskCount(); ++taskId) {
            (, ITaskManager.TaskState memory state) = tasks.getTask(taskId);
            bytes32 modelHash = hashOf(handler.modelOf(taskId));
            assertEq(state.modelHash, modelHash, "model");
            assertEq(registry.latest(taskId).modelHash, modelHash, "registry");
            uint256 models = 1;
            for (uint256 round = 1; round <= state.round; ++round) {
                uint256 times = handler.aggregated(taskId, round);
                assertLe(times, 1, "finalized twice");
                bool finalized = tasks.getRound(taskId, round).phase == ITaskManager.Phase.Finalized;
                assertEq(times == 1, finalized, "finalized");
                models += times;
            }
            IModelRegistry.Model[] memory lineage = registry.getModels(taskId, 0, type(uint256).max);
            assertEq(lineage.length, models, "models");
        }
    }

    /// @dev Counters are what the rosters say, in the bounds of the task, and the sum is that of exactly the updates of those
    /// who masked in the running attempt.
    function checkRoundsCountTheirRosters() private view {
        for (uint256 taskId = 1; taskId <= tasks.taskCount(); ++taskId) {
            (ITaskManager.TaskConfig memory config, ITaskManager.TaskState memory state) = tasks.getTask(taskId);
            (uint256 joined, uint256 submitted) = countRoster(taskId, state.round);
            assertEq(state.joined, joined, "joined");
            assertEq(state.submitted, submitted, "submitted");
            assertLe(joined, config.maxTrainers, "roster too large");
            if (state.phase == ITaskManager.Phase.Train) assertGe(joined, config.minTrainers, "too few trainers");
            for (uint256 number = 1; number <= state.round; ++number) {
                ITaskManager.Round memory round = tasks.getRound(taskId, number);
                uint256 masked = handler.countMasked(taskId, number, round.attempt);
                assertEq(round.masked, masked, "masked");
                bool complete =
                    round.phase == ITaskManager.Phase.Aggregate || round.phase == ITaskManager.Phase.Finalized;
                if (complete) {
                    assertEq(masked, handler.membersOf(taskId, number, round.attempt), "a member is missing");
                }
                if (complete) assertGe(masked, config.minTrainers, "too few updates");
                if (number < state.round) assertNotEq(round.endedAt, 0, "an older round runs");
                if (number < state.round || masked == 0) continue;
                uint256 sum = handler.sumMasked(taskId, number, round.attempt);
                assertTrue(BN254.equals(state.sum, point(sum)), "sum");
            }
        }
    }

    /// @dev The first attempt at masking has all who submitted; each further one has those who masked in the last, and
    /// someone did not: so a round has no more of them than its roster can spare trainers, and one.
    function checkAttemptsShrink() private view {
        for (uint256 taskId = 1; taskId <= tasks.taskCount(); ++taskId) {
            (ITaskManager.TaskConfig memory config, ITaskManager.TaskState memory state) = tasks.getTask(taskId);
            for (uint256 number = 1; number <= state.round; ++number) {
                uint256 attempts = tasks.getRound(taskId, number).attempt;
                if (attempts == 0) continue;
                (uint256 joined, uint256 submitted) = countRoster(taskId, number);
                assertLe(attempts, joined - config.minTrainers + 1, "attempts");
                assertEq(handler.membersOf(taskId, number, 1), submitted, "first attempt");
                for (uint256 attempt = 2; attempt <= attempts; ++attempt) {
                    uint256 members = handler.membersOf(taskId, number, attempt);
                    uint256 masked = handler.countMasked(taskId, number, attempt - 1);
                    assertEq(members, masked, "members");
                    assertLt(members, handler.membersOf(taskId, number, attempt - 1), "an attempt did not shrink");
                    assertGe(members, config.minTrainers, "too few members");
                }
            }
            uint256 running = handler.membersOf(taskId, state.round, state.attempt);
            assertEq(state.members, running, "running attempt");
        }
    }

    /// @dev A finalized round pays a share to each of those who masked in its last attempt, the fee to its aggregator, and
    /// nobody else; another round pays nothing.
    function checkRewardsAreOfThoseInTheAverage() private view {
        for (uint256 taskId = 1; taskId <= tasks.taskCount(); ++taskId) {
            (ITaskManager.TaskConfig memory config, ITaskManager.TaskState memory state) = tasks.getTask(taskId);
            for (uint256 number = 1; number <= state.round; ++number) {
                ITaskManager.Round memory round = tasks.getRound(taskId, number);
                bool pays = round.phase == ITaskManager.Phase.Finalized;
                uint256 share = pays ? (state.pool / config.rounds - config.aggregatorFee) / round.masked : 0;
                for (uint256 i; i < actors.length; ++i) {
                    uint256 due = handler.hasMasked(taskId, number, round.attempt, actors[i]) ? share : 0;
                    if (pays && actors[i] == round.aggregator) due += config.aggregatorFee;
                    uint256 paid = handler.collected(taskId, number, actors[i]);
                    assertEq(paid + tasks.rewardOf(taskId, number, actors[i]), due, "reward");
                }
            }
        }
    }

    /// @dev Whatever happened: time and `advance` alone end every task, and then everybody gets all their money out.
    function afterInvariant() public {
        uint256 count = tasks.taskCount();
        for (uint256 taskId = 1; taskId <= count; ++taskId) {
            endTask(taskId);
            for (uint256 i; i < actors.length; ++i) {
                exitTask(taskId, actors[i]);
            }
            (, ITaskManager.TaskState memory state) = tasks.getTask(taskId);
            if (state.spent < state.pool) tasks.reclaim(taskId);
        }
        for (uint256 i; i < actors.length; ++i) {
            vm.startPrank(actors[i]);
            (uint256 free,) = stakes.stakeOf(actors[i]);
            if (free != 0) stakes.withdraw(free);
            if (stakes.claimable(actors[i]) != 0) stakes.claim();
            vm.stopPrank();
        }
        assertEq(address(stakes).balance, 0, "money is stuck");
    }

    function endTask(uint256 taskId) private {
        (ITaskManager.TaskConfig memory config,) = tasks.getTask(taskId);
        // four phases a round, and in the running one a further attempt at masking, to which nobody comes
        for (uint256 steps; steps <= 4 * uint256(config.rounds) + 1; ++steps) {
            (,, uint256 deadline,) = tasks.currentPhase(taskId);
            if (deadline == 0) return;
            if (block.timestamp < deadline) vm.warp(deadline);
            tasks.advance(taskId);
        }
        fail();
    }

    function exitTask(uint256 taskId, address who) private {
        (bytes32 dataHash,) = tasks.getEnrolment(taskId, who);
        vm.startPrank(who);
        if (dataHash != 0) tasks.unenrol(taskId);
        (, ITaskManager.TaskState memory state) = tasks.getTask(taskId);
        for (uint32 round = 1; round <= state.round; ++round) {
            uint32[] memory rounds = new uint32[](1);
            rounds[0] = round;
            if (tasks.rewardOf(taskId, round, who) != 0) tasks.collect(taskId, rounds);
        }
        vm.stopPrank();
    }

    function countRoster(uint256 taskId, uint256 round) private view returns (uint256 joined, uint256 submitted) {
        for (uint256 i; i < actors.length; ++i) {
            ITaskManager.TrainerStatus status = tasks.getRosterEntry(taskId, round, actors[i]).status;
            if (status != ITaskManager.TrainerStatus.None) ++joined;
            if (status > ITaskManager.TrainerStatus.Joined) ++submitted;
        }
    }

    function point(uint256 scalar) private view returns (G1 memory) {
        return BN254.mul(G1(1, 2), scalar);
    }

    function hashOf(uint256 scalar) private view returns (bytes32) {
        return BN254.hash(point(scalar));
    }
}
