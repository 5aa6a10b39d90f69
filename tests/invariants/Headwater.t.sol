// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test, Vm} from "forge-std/Test.sol";

import {IChallengeManager} from "../../contracts/interfaces/IChallengeManager.sol";
import {IDeployed} from "../../contracts/interfaces/IDeployed.sol";
import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {IRewardManager} from "../../contracts/interfaces/IRewardManager.sol";
import {IRoundManager} from "../../contracts/interfaces/IRoundManager.sol";
import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {ITrainerRegistry} from "../../contracts/interfaces/ITrainerRegistry.sol";
import {BN254, G1} from "../../contracts/libraries/BN254.sol";
import {Handler} from "./Handler.sol";

/// @notice What holds after any sequence of calls. Every fourth state is checked: what is broken once stays broken.
/// forge-config: default.invariant.runs = 64
/// forge-config: default.invariant.depth = 64
/// forge-config: default.invariant.fail-on-revert = true
/// forge-config: default.invariant.check-interval = 4
contract HeadwaterInvariants is Test {
    Handler private handler;
    ITaskManager private tasks;
    IRoundManager private rounds;
    ITrainerRegistry private trainers;
    IRewardManager private rewards;
    IStakeManager private stakes;
    IModelRegistry private registry;
    IChallengeManager private challenges;
    address[8] private keepers; // of everything but money
    address[] private actors;

    function setUp() public {
        handler = new Handler();
        handler.setUp();
        IDeployed.Addresses memory all = handler.deployment();
        (tasks, rounds) = (ITaskManager(all.taskManager), IRoundManager(all.roundManager));
        (trainers, rewards) = (ITrainerRegistry(all.trainerRegistry), IRewardManager(all.rewardManager));
        (stakes, registry) = (IStakeManager(all.stakeManager), IModelRegistry(all.modelRegistry));
        challenges = IChallengeManager(all.challengeManager);
        keepers = [
            all.taskManager,
            all.roundManager,
            all.trainerRegistry,
            all.rewardManager,
            all.modelRegistry,
            all.challengeManager,
            all.openings,
            all.proofManager
        ];
        actors = handler.actors();

        bytes4[] memory actions = new bytes4[](24);
        actions[0] = bytes4(keccak256("createTask(uint256,uint96,uint96,uint64)"));
        actions[1] = Handler.reclaim.selector;
        actions[2] = bytes4(keccak256("enrol(uint256,uint256)"));
        actions[3] = bytes4(keccak256("unenrol(uint256,uint256)"));
        actions[4] = Handler.release.selector;
        actions[5] = bytes4(keccak256("settle(uint256,uint256)"));
        actions[6] = bytes4(keccak256("join(uint256,uint256)"));
        actions[7] = bytes4(keccak256("submit(uint256,uint256)"));
        actions[8] = bytes4(keccak256("mask(uint256,uint256)"));
        actions[9] = Handler.maskOutOfTurn.selector;
        actions[10] = bytes4(keccak256("aggregate(uint256)"));
        actions[11] = Handler.forgeAverage.selector;
        actions[12] = bytes4(keccak256("challengeUpdate(uint256,uint256)"));
        actions[13] = bytes4(keccak256("challengeMask(uint256)"));
        actions[14] = Handler.demandModel.selector;
        actions[15] = bytes4(keccak256("answer(uint256)"));
        actions[16] = Handler.answerFalsely.selector;
        actions[17] = Handler.reclaimBond.selector;
        actions[18] = bytes4(keccak256("advance(uint256,uint8)"));
        actions[19] = Handler.pass.selector;
        actions[20] = Handler.collect.selector;
        actions[21] = Handler.withdraw.selector;
        actions[22] = Handler.claim.selector;
        actions[23] = Handler.play.selector;
        targetContract(address(handler));
        targetSelector(FuzzSelector(address(handler), actions));
    }

    /// @dev One campaign for all: most of its time goes into playing and reading.
    function invariant_holds() public view {
        uint256 escrow;
        uint256[] memory locks = new uint256[](actors.length);
        for (uint256 taskId = 1; taskId <= tasks.taskCount(); ++taskId) {
            ITaskManager.TaskConfig memory config = tasks.getTask(taskId).config;
            IRoundManager.TaskState memory state = rounds.getState(taskId);
            escrow += checkEscrowIsOwedOrLeft(taskId, state);
            checkLocks(taskId, config, state, locks);
            checkModelsComeFromAverages(taskId, state);
            checkRoundsCountTheirRosters(taskId, config, state);
            checkAttemptsShrink(taskId, config, state);
            checkRewardsAreOfThoseInTheAverage(taskId, config, state);
        }
        checkMoneyIsConserved(escrow, locks);
        checkOnlyTheGuiltyAndAbsentPay();
    }

    /// @dev A task's escrow is exactly what it owes and what is left for its creator.
    function checkEscrowIsOwedOrLeft(
        uint256 taskId,
        IRoundManager.TaskState memory state
    )
        private
        view
        returns (uint256 escrow)
    {
        uint256 owed;
        for (uint256 round = 1; round <= state.round; ++round) {
            if (handler.finalized(taskId, round) == 0) continue;
            for (uint256 i; i < actors.length; ++i) {
                owed += rewards.rewardOf(taskId, round, actors[i]);
            }
        }
        escrow = stakes.escrowOf(taskId);
        IRewardManager.Pool memory pool = rewards.poolOf(taskId);
        assertEq(escrow, owed + pool.amount - pool.spent, "escrow");
    }

    /// @dev What a task has locked of an account's stake is what its enrolment holds, and the task's stake if an
    /// average of its is in Challenge. Adds it up in `locks`.
    function checkLocks(
        uint256 taskId,
        ITaskManager.TaskConfig memory config,
        IRoundManager.TaskState memory state,
        uint256[] memory locks
    )
        private
        view
    {
        address waiting;
        if (state.phase == IRoundManager.Phase.Challenge) waiting = rounds.getRound(taskId, state.round).aggregator;
        for (uint256 i; i < actors.length; ++i) {
            uint256 lock = trainers.getEnrolment(taskId, actors[i]).stake;
            assertLe(lock, config.stake, "enrolment");
            if (actors[i] == waiting) lock += config.stake;
            assertEq(stakes.lockOf(taskId, actors[i]), lock, "lock");
            locks[i] += lock;
        }
    }

    /// @dev All coin is somebody's, in a task's escrow, an open challenge's bond or burnt.
    function checkMoneyIsConserved(uint256 escrow, uint256[] memory locks) private view {
        uint256 bonded = stakes.bonded();
        uint256 total = escrow + stakes.burnt() + bonded;
        for (uint256 i; i < actors.length; ++i) {
            (uint256 free, uint256 locked) = stakes.stakeOf(actors[i]);
            assertEq(locked, locks[i], "locked");
            total += free + locked + stakes.claimable(actors[i]);
        }
        assertEq(address(stakes).balance, total, "balance");
        for (uint256 i; i < keepers.length; ++i) {
            assertEq(keepers[i].balance, 0, "they keep nothing");
        }
        for (uint256 id = challenges.challengeCount(); id != 0; --id) {
            IChallengeManager.Challenge memory challenge = challenges.getChallenge(id);
            if (!challenge.closed) bonded -= challenge.bond;
        }
        assertEq(bonded, 0, "bonded");
    }

    /// @dev What is burnt is what those have lost who were seen to fail, and the honest have all that they paid in.
    function checkOnlyTheGuiltyAndAbsentPay() private view {
        assertEq(stakes.burnt(), handler.burnt(), "burnt");
        for (uint256 i; i < actors.length; ++i) {
            (uint256 free, uint256 locked) = stakes.stakeOf(actors[i]);
            int256 left = int256(free + locked);
            assertLe(left, handler.paidIn(actors[i]), "stake from nowhere");
            if (handler.isHonest(0, actors[i])) {
                assertEq(left, handler.paidIn(actors[i]), "an honest party lost stake");
            }
        }
    }

    /// @dev A model changes only by an average that was accepted and not taken back, and a round makes one at most:
    /// exactly if it is finalized.
    function checkModelsComeFromAverages(uint256 taskId, IRoundManager.TaskState memory state) private view {
        bytes32 modelHash = hashOf(handler.modelOf(taskId));
        assertEq(state.modelHash, modelHash, "model");
        assertEq(registry.latest(taskId).modelHash, modelHash, "registry");
        uint256 models = 1;
        for (uint256 number = 1; number <= state.round; ++number) {
            uint256 times = handler.finalized(taskId, number);
            assertLe(times, 1, "finalized twice");
            IRoundManager.Round memory round = rounds.getRound(taskId, number);
            assertEq(times == 1, round.phase == IRoundManager.Phase.Finalized, "finalized");
            assertLe(round.averages, rounds.MAX_AVERAGES(), "averages");
            bool hasAggregator = times == 1 || round.phase == IRoundManager.Phase.Challenge;
            assertEq(round.aggregator != address(0), hasAggregator, "aggregator");
            models += times;
        }
        IModelRegistry.Model[] memory lineage = registry.getModels(taskId, 0, type(uint256).max);
        assertEq(lineage.length, models, "models");
    }

    /// @dev Counters are what the rosters say, in the bounds of the task, and the sum is that of exactly the updates of
    /// those who masked in the running attempt.
    function checkRoundsCountTheirRosters(
        uint256 taskId,
        ITaskManager.TaskConfig memory config,
        IRoundManager.TaskState memory state
    )
        private
        view
    {
        (uint256 joined, uint256 submitted) = countRoster(taskId, state.round);
        assertEq(state.joined, joined, "joined");
        assertEq(state.submitted, submitted, "submitted");
        assertLe(joined, config.maxTrainers, "roster too large");
        if (state.phase == IRoundManager.Phase.Train) assertGe(joined, config.minTrainers, "too few trainers");
        for (uint256 number = 1; number <= state.round; ++number) {
            IRoundManager.Round memory round = rounds.getRound(taskId, number);
            uint256 masked = handler.countMasked(taskId, number, round.attempt);
            assertEq(round.masked, masked, "masked");
            bool complete = round.phase >= IRoundManager.Phase.Aggregate && round.phase <= IRoundManager.Phase.Finalized;
            if (complete) {
                assertEq(masked, handler.membersIn(taskId, number, round.attempt), "a member is missing");
            }
            if (complete) assertGe(masked, config.minTrainers, "too few updates");
            if (number < state.round) assertNotEq(round.endedAt, 0, "an older round runs");
            if (number < state.round || masked == 0) continue;
            uint256 sum = handler.sumMasked(taskId, number, round.attempt);
            assertTrue(BN254.equals(state.sum, point(sum)), "sum");
        }
    }

    /// @dev The first attempt at masking has all who submitted; each further one has of those who masked in the last,
    /// and someone did not or was at fault: so a round has no more of them than its roster can spare trainers, and one.
    function checkAttemptsShrink(
        uint256 taskId,
        ITaskManager.TaskConfig memory config,
        IRoundManager.TaskState memory state
    )
        private
        view
    {
        for (uint256 number = 1; number <= state.round; ++number) {
            uint256 attempts = rounds.getRound(taskId, number).attempt;
            if (attempts == 0) continue;
            (uint256 joined, uint256 submitted) = countRoster(taskId, number);
            assertLe(attempts, joined - config.minTrainers + 1, "attempts");
            assertEq(handler.membersIn(taskId, number, 1), submitted, "first attempt");
            for (uint256 attempt = 2; attempt <= attempts; ++attempt) {
                uint256 members = handler.membersIn(taskId, number, attempt);
                uint256 masked = handler.countMasked(taskId, number, attempt - 1);
                assertLe(members, masked, "members");
                assertLt(members, handler.membersIn(taskId, number, attempt - 1), "an attempt did not shrink");
                assertGe(members, config.minTrainers, "too few members");
            }
        }
        uint256 running = handler.membersIn(taskId, state.round, state.attempt);
        assertEq(state.members, running, "running attempt");
    }

    /// @dev A finalized round pays a share to each of those who masked in its last attempt and were not convicted, the
    /// fee to its aggregator, and nobody else; another round pays nothing.
    function checkRewardsAreOfThoseInTheAverage(
        uint256 taskId,
        ITaskManager.TaskConfig memory config,
        IRoundManager.TaskState memory state
    )
        private
        view
    {
        for (uint256 number = 1; number <= state.round; ++number) {
            IRoundManager.Round memory round = rounds.getRound(taskId, number);
            bool pays = round.phase == IRoundManager.Phase.Finalized;
            uint256 share =
                pays ? (rewards.poolOf(taskId).amount / config.rounds - config.aggregatorFee) / round.masked : 0;
            for (uint256 i; i < actors.length; ++i) {
                bool shares = handler.hasMasked(taskId, number, round.attempt, actors[i])
                    && !handler.convicted(taskId, number, actors[i]);
                uint256 due = shares ? share : 0;
                if (pays && actors[i] == round.aggregator) due += config.aggregatorFee;
                uint256 paid = handler.collected(taskId, number, actors[i]);
                assertEq(paid + rewards.rewardOf(taskId, number, actors[i]), due, "reward");
            }
        }
    }

    /// @dev Whatever happened: time and `advance` alone end every task, and then everybody gets all their money out;
    /// what stays is burnt.
    function afterInvariant() public {
        uint256 count = tasks.taskCount();
        for (uint256 taskId = 1; taskId <= count; ++taskId) {
            endTask(taskId);
            for (uint256 i; i < actors.length; ++i) {
                exitTask(taskId, actors[i]);
            }
            IRewardManager.Pool memory pool = rewards.poolOf(taskId);
            if (pool.spent < pool.amount) rewards.reclaim(taskId);
            assertEq(stakes.escrowOf(taskId), 0, "escrow is stuck");
        }
        for (uint256 id = 1; id <= challenges.challengeCount(); ++id) {
            IChallengeManager.Challenge memory challenge = challenges.getChallenge(id);
            if (block.timestamp < challenge.answerBy) vm.warp(challenge.answerBy);
            if (!challenge.closed) challenges.reclaimBond(id);
        }
        for (uint256 i; i < actors.length; ++i) {
            vm.startPrank(actors[i]);
            (uint256 free,) = stakes.stakeOf(actors[i]);
            if (free != 0) stakes.withdraw(free);
            if (stakes.claimable(actors[i]) != 0) stakes.claim();
            vm.stopPrank();
        }
        assertEq(address(stakes).balance, stakes.burnt(), "money is stuck");
    }

    function endTask(uint256 taskId) private {
        ITaskManager.TaskConfig memory config = tasks.getTask(taskId).config;
        // a step a round, since nobody joins; in the running one, five phases and a further attempt at masking
        for (uint256 steps; steps <= uint256(config.rounds) + 6; ++steps) {
            (,, uint256 deadline,) = rounds.currentPhase(taskId);
            if (deadline == 0) return;
            if (block.timestamp < deadline) vm.warp(deadline);
            rounds.advance(taskId);
        }
        fail();
    }

    function exitTask(uint256 taskId, address who) private {
        ITrainerRegistry.Enrolment memory enrolment = trainers.getEnrolment(taskId, who);
        vm.startPrank(who);
        if (enrolment.maskKeyHash != 0) {
            if (enrolment.releasableAt == 0) trainers.unenrol(taskId);
            uint256 releasableAt = trainers.getEnrolment(taskId, who).releasableAt;
            if (block.timestamp < releasableAt) vm.warp(releasableAt);
            trainers.release(taskId);
        }
        (uint256 last,,,) = rounds.runningRound(taskId);
        for (uint32 round = 1; round <= last; ++round) {
            uint32[] memory single = new uint32[](1);
            single[0] = round;
            if (rewards.rewardOf(taskId, round, who) != 0) rewards.collect(taskId, single);
        }
        vm.stopPrank();
    }

    function countRoster(uint256 taskId, uint256 round) private view returns (uint256 joined, uint256 submitted) {
        for (uint256 i; i < actors.length; ++i) {
            IRoundManager.TrainerStatus status = rounds.getRosterEntry(taskId, round, actors[i]).status;
            // who is settled without having submitted is not on the roster any more
            if (handler.hasJoined(taskId, round, actors[i])) ++joined;
            else assertEq(uint8(status), 0, "has not joined");
            if (status > IRoundManager.TrainerStatus.Joined) ++submitted;
        }
    }

    function point(uint256 scalar) private view returns (G1 memory) {
        return BN254.mul(G1(1, 2), scalar);
    }

    function hashOf(uint256 scalar) private view returns (bytes32) {
        return BN254.hash(point(scalar));
    }
}

/// @notice Chance brings the handler to everything that the invariants are about.
contract HeadwaterReach is Test {
    mapping(bytes32 what => uint256 times) private _seen;

    function test_play_reachesEveryEnd() public {
        vm.pauseGasMetering(); // more than a test has
        vm.recordLogs();
        for (uint256 episode; episode < 12; ++episode) {
            Handler handler = new Handler();
            handler.setUp();
            for (uint256 step; step < 40; ++step) {
                uint256 seed = uint256(keccak256(abi.encode(episode, step)));
                if (step % 20 == 0) handler.createTask(seed, 4 ether, 0.1 ether, 1 ether);
                if (seed % 5 == 0) handler.demandModel(seed);
                if (seed % 7 == 0) handler.unenrol(seed, seed >> 8);
                handler.release(seed, seed >> 16);
                handler.settle(seed, seed >> 24);
                handler.play(seed, 8);
                handler.answer(seed);
                handler.reclaimBond(seed);
            }
        }
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            ++_seen[logs[i].topics[0]];
            if (logs[i].topics[0] == IRoundManager.PhaseChanged.selector) {
                (uint256 from, uint256 to,) = abi.decode(logs[i].data, (uint256, uint256, uint256));
                ++_seen[keccak256(abi.encode(from, to))];
            } else if (logs[i].topics[0] == ITrainerRegistry.TrainerSlashed.selector) {
                (bool fault,) = abi.decode(logs[i].data, (bool, uint256));
                ++_seen[keccak256(abi.encode(fault))];
            }
        }
        assertSeen(IRoundManager.Acquitted.selector, "acquitted");
        assertSeen(IRoundManager.Convicted.selector, "convicted");
        assertSeen(IRoundManager.ModelAcquitted.selector, "a model shown");
        assertSeen(IRoundManager.AverageRevoked.selector, "an average taken back");
        assertSeen(IRoundManager.FirstModelWithheld.selector, "the first model withheld");
        assertSeen(ITrainerRegistry.Released.selector, "released");
        assertSeen(IStakeManager.Compensated.selector, "gas paid out of a slash");
        assertSeen(keccak256(abi.encode(true)), "a fault");
        assertSeen(keccak256(abi.encode(false)), "an absence");
        assertStep(IRoundManager.Phase.Mask, IRoundManager.Phase.Mask);
        assertStep(IRoundManager.Phase.Mask, IRoundManager.Phase.Failed);
        assertStep(IRoundManager.Phase.Aggregate, IRoundManager.Phase.Mask);
        assertStep(IRoundManager.Phase.Aggregate, IRoundManager.Phase.Failed);
        assertStep(IRoundManager.Phase.Challenge, IRoundManager.Phase.Finalized);
        assertStep(IRoundManager.Phase.Challenge, IRoundManager.Phase.Aggregate);
        assertStep(IRoundManager.Phase.Challenge, IRoundManager.Phase.Failed);
    }

    function assertStep(IRoundManager.Phase from, IRoundManager.Phase to) private {
        string memory step = string.concat(vm.toString(uint8(from)), " -> ", vm.toString(uint8(to)));
        assertSeen(keccak256(abi.encode(uint256(from), uint256(to))), step);
    }

    function assertSeen(bytes32 what, string memory name) private {
        emit log_named_uint(name, _seen[what]);
        assertNotEq(_seen[what], 0, name);
    }
}
