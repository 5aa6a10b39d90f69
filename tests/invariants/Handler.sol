// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {BN254, G1} from "../../contracts/libraries/BN254.sol";
import {HeadwaterTest} from "../contracts/helpers/HeadwaterTest.sol";

/// @notice Plays creators, trainers, aggregators and passers-by at random, by the rules: none of its calls may revert. Where
/// nobody can do what an action is about, it does nothing. What it tries against the rules must fail, and asserts so.
contract Handler is HeadwaterTest {
    uint256 public constant TRAINERS = 6;
    uint256 private constant MAX_TASKS = 2;

    /// @notice What an honest observer knows: each task's model, and how often a round was aggregated.
    mapping(uint256 taskId => uint256 scalar) public modelOf;
    mapping(uint256 taskId => uint256 scalar) public sumOf;
    mapping(uint256 taskId => mapping(uint256 round => uint256 times)) public aggregated;

    function deployment() external view returns (address, address, address) {
        return (address(tasks), address(stakes), address(registry));
    }

    /// @notice Everybody who can have money here: trainers, the aggregator and the creator.
    function actors() public view returns (address[] memory all) {
        all = new address[](TRAINERS + 2);
        for (uint256 i; i < TRAINERS; ++i) {
            all[i] = trainer(i);
        }
        (all[TRAINERS], all[TRAINERS + 1]) = (AGGREGATOR, CREATOR);
    }

    /*//////////////////////////////////////////////////////////////
                                 TASKS
    //////////////////////////////////////////////////////////////*/

    function createTask(uint256 seed, uint96 pool, uint96 fee, uint64 stake) external {
        if (tasks.taskCount() == MAX_TASKS) return;
        ITaskManager.TaskConfig memory config = defaultConfig();
        config.rounds = uint32(_bound(seed, 1, 3));
        config.maxTrainers = uint16(_bound(seed >> 8, 3, TRAINERS));
        config.minTrainers = uint16(_bound(seed >> 16, 3, config.maxTrainers));
        config.stake = stake;
        config.aggregatorFee = uint96(_bound(fee, 0, pool / config.rounds));
        uint256 taskId = createTask(config, pool);
        modelOf[taskId] = modelScalar;
    }

    function reclaim(uint256 seed) external {
        (uint256 taskId, bool found) = pickTask(seed);
        if (!found || deadlineOf(taskId) != 0) return;
        ITaskManager.TaskState memory state = stateOf(taskId);
        if (state.spent < state.pool) tasks.reclaim(taskId);
    }

    /*//////////////////////////////////////////////////////////////
                                TRAINERS
    //////////////////////////////////////////////////////////////*/

    function enrol(uint256 seed, uint256 who) external {
        (uint256 taskId, bool found) = pickTask(seed);
        if (!found || deadlineOf(taskId) == 0) return;
        for (uint256 i; i < TRAINERS; ++i) {
            address candidate = trainer((who % TRAINERS + i) % TRAINERS);
            if (isEnrolled(taskId, candidate)) continue;
            enrolWithStake(taskId, candidate);
            return;
        }
    }

    function unenrol(uint256 seed, uint256 who) external {
        (uint256 taskId, bool found) = pickTask(seed);
        address candidate = trainer(who % TRAINERS);
        if (!found || !isEnrolled(taskId, candidate)) return;
        bool seated = statusOf(taskId, candidate) != ITaskManager.TrainerStatus.None;
        bool mustFail = seated && deadlineOf(taskId) != 0;
        vm.prank(candidate);
        (bool success,) = address(tasks).call(abi.encodeCall(tasks.unenrol, (taskId)));
        assertEq(success, !mustFail, "unenrol");
    }

    /// @dev Up to `count` trainers join, enrolled before where they are not: mostly enough for a round.
    function join(uint256 seed, uint256 count) external {
        (uint256 taskId, bool found) = pickTask(seed);
        count = _bound(count, 2, 2 * TRAINERS); // all of them, as often as not
        for (uint256 i; i < count; ++i) {
            address candidate = trainer((seed % TRAINERS + i) % TRAINERS);
            if (!found || !inTime(taskId, ITaskManager.Phase.Join)) return;
            if (statusOf(taskId, candidate) != ITaskManager.TrainerStatus.None) continue;
            if (!isEnrolled(taskId, candidate)) enrolWithStake(taskId, candidate);
            join(taskId, candidate);
        }
    }

    function submit(uint256 seed, uint256 count) external {
        (uint256 taskId, bool found) = pickTask(seed);
        count = _bound(count, 2, 2 * TRAINERS); // all of them, as often as not
        for (uint256 i; i < count; ++i) {
            address candidate = trainer((seed % TRAINERS + i) % TRAINERS);
            if (!found || !inTime(taskId, ITaskManager.Phase.Train)) return;
            if (statusOf(taskId, candidate) != ITaskManager.TrainerStatus.Joined) continue;
            (modelScalar, sumScalar) = (modelOf[taskId], sumOf[taskId]);
            submit(taskId, candidate);
            sumOf[taskId] = sumScalar;
        }
    }

    function collect(uint256 seed, uint256 who, uint32 round) external {
        (uint256 taskId, bool found) = pickTask(seed);
        if (!found) return;
        address[] memory all = actors();
        address account = all[who % all.length];
        round = uint32(_bound(round, 1, roundOf(taskId)));
        uint256 owed = tasks.rewardOf(taskId, round, account);
        vm.prank(account);
        (bool success,) = address(tasks).call(abi.encodeCall(tasks.collect, (taskId, one(round))));
        assertEq(success, owed != 0, "collect");
    }

    /*//////////////////////////////////////////////////////////////
                                 ANYONE
    //////////////////////////////////////////////////////////////*/

    function aggregate(uint256 seed) external {
        (uint256 taskId, bool found) = pickTask(seed);
        if (!found || !inTime(taskId, ITaskManager.Phase.Aggregate)) return;
        uint256 round = roundOf(taskId);
        sumScalar = sumOf[taskId];
        aggregate(taskId, seed % 2 == 0 ? AGGREGATOR : trainer(seed % TRAINERS));
        modelOf[taskId] = modelScalar;
        ++aggregated[taskId][round];
    }

    function forgeAverage(uint256 seed, uint256 sum) external {
        (uint256 taskId, bool found) = pickTask(seed);
        if (!found || BN254.equals(point(sum), stateOf(taskId).sum)) return;
        uint256 submitted = tasks.getRound(taskId, roundOf(taskId)).submitted;
        bytes memory proof = proofOf(seed, 9, publicOf(submitted, STRANGER), sum);
        vm.prank(STRANGER);
        (bool success,) = address(tasks).call(abi.encodeCall(tasks.aggregate, (taskId, proof, MODEL_CID)));
        assertFalse(success, "forged average");
    }

    function advance(uint256 seed, uint8 wait) external {
        (uint256 taskId, bool found) = pickTask(seed);
        if (!found) return;
        if (wait % 3 == 0 && block.timestamp < deadlineOf(taskId)) vm.warp(deadlineOf(taskId));
        (,,, ITaskManager.Phase next) = tasks.currentPhase(taskId);
        (bool success,) = address(tasks).call(abi.encodeCall(tasks.advance, (taskId)));
        assertEq(success, next != ITaskManager.Phase.None, "advance");
    }

    function pass(uint256 time) external {
        vm.warp(block.timestamp + _bound(time, 1, JOIN_PERIOD / 4));
    }

    function withdraw(uint256 who, uint256 amount) external {
        address account = trainer(who % TRAINERS);
        (uint256 free,) = stakes.stakeOf(account);
        if (free == 0) return;
        vm.prank(account);
        stakes.withdraw(_bound(amount, 1, free));
    }

    function claim(uint256 who) external {
        address[] memory all = actors();
        address account = all[who % all.length];
        if (stakes.claimable(account) == 0) return;
        vm.prank(account);
        stakes.claim();
    }

    /*//////////////////////////////////////////////////////////////
                                HELPERS
    //////////////////////////////////////////////////////////////*/

    function pickTask(uint256 seed) private view returns (uint256 taskId, bool found) {
        uint256 count = tasks.taskCount();
        return count == 0 ? (0, false) : (1 + seed % count, true);
    }

    function isEnrolled(uint256 taskId, address who) private view returns (bool) {
        (bytes32 dataHash,) = tasks.getEnrolment(taskId, who);
        return dataHash != 0;
    }

    function statusOf(uint256 taskId, address who) private view returns (ITaskManager.TrainerStatus) {
        return tasks.getRosterEntry(taskId, roundOf(taskId), who).status;
    }

    function inTime(uint256 taskId, ITaskManager.Phase phase) private view returns (bool) {
        return phaseOf(taskId) == phase && block.timestamp < deadlineOf(taskId);
    }

    function enrolWithStake(uint256 taskId, address who) private {
        (ITaskManager.TaskConfig memory config,) = tasks.getTask(taskId);
        (uint256 free,) = stakes.stakeOf(who);
        if (free < config.stake) deposit(who, config.stake - free);
        G1 memory data = point(dataOf(who));
        vm.prank(who);
        tasks.enrol(taskId, data);
    }
}
