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

    /// @notice What an honest observer knows: each task's model, how often a round was aggregated, how many members each
    /// attempt at masking had and who masked in it, and what rounds have paid.
    mapping(uint256 taskId => uint256 scalar) public modelOf;
    mapping(uint256 taskId => uint256 scalar) public sumOf;
    mapping(uint256 taskId => mapping(uint256 round => uint256 times)) public aggregated;
    mapping(uint256 taskId => mapping(uint256 round => mapping(uint256 attempt => uint256 count))) public membersOf;
    mapping(bytes32 attempt => mapping(address who => bool)) private _masked;
    mapping(uint256 taskId => mapping(uint256 round => mapping(address who => uint256 amount))) public collected;

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

    function hasMasked(uint256 taskId, uint256 round, uint256 attempt, address who) public view returns (bool) {
        return _masked[keccak256(abi.encode(taskId, round, attempt))][who];
    }

    function countMasked(uint256 taskId, uint256 round, uint256 attempt) public view returns (uint256 count) {
        for (uint256 i; i < TRAINERS; ++i) {
            if (hasMasked(taskId, round, attempt, trainer(i))) ++count;
        }
    }

    /// @notice The number behind the commitment of the sum of exactly the updates that an attempt masked.
    function sumMasked(uint256 taskId, uint256 round, uint256 attempt) public view returns (uint256 sum) {
        sum = tagged(taskId, OFFSET);
        for (uint256 i; i < TRAINERS; ++i) {
            if (!hasMasked(taskId, round, attempt, trainer(i))) continue;
            sum = addmod(sum, updateOf(trainer(i), round) + BN254.P - OFFSET, BN254.P);
        }
    }

    /*//////////////////////////////////////////////////////////////
                                 TASKS
    //////////////////////////////////////////////////////////////*/

    function createTask(uint256 seed, uint96 pool, uint96 fee, uint64 stake) external {
        if (tasks.taskCount() == MAX_TASKS) return;
        ITaskManager.TaskConfig memory config = defaultConfig();
        config.rounds = uint32(_bound(seed, 1, 3));
        config.maxTrainers = uint16(_bound(seed >> 8, 4, TRAINERS));
        // mostly the least: then trainers can be missing, and rounds go on
        config.minTrainers = seed % 4 == 0 ? uint16(_bound(seed >> 16, 3, config.maxTrainers)) : 3;
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
            modelScalar = modelOf[taskId];
            submit(taskId, candidate);
            noteMembers(taskId);
        }
    }

    function mask(uint256 seed, uint256 count) external {
        (uint256 taskId, bool found) = pickTask(seed);
        count = _bound(count, 2, 2 * TRAINERS); // all of them, as often as not
        for (uint256 i; i < count; ++i) {
            address candidate = trainer((seed % TRAINERS + i) % TRAINERS);
            if (!found || !inTime(taskId, ITaskManager.Phase.Mask)) return;
            if (!isToMask(taskId, candidate)) continue;
            (uint256 round, uint256 attempt) = (roundOf(taskId), stateOf(taskId).attempt);
            sumScalar = sumOf[taskId];
            mask(taskId, candidate);
            sumOf[taskId] = sumScalar;
            _masked[keccak256(abi.encode(taskId, round, attempt))][candidate] = true;
        }
    }

    /// @dev Does what the phase asks for, several times in a row: at random alone, few rounds would come to their end.
    function play(uint256 seed, uint256 steps) external {
        (uint256 taskId, bool found) = pickTask(seed);
        if (!found) return;
        steps = _bound(steps, 1, 8);
        for (uint256 i; i < steps; ++i) {
            uint256 chance = uint256(keccak256(abi.encode(seed, i)));
            ITaskManager.Phase phase = phaseOf(taskId);
            if (phase == ITaskManager.Phase.Join) this.join(seed, chance);
            if (phase == ITaskManager.Phase.Train) this.submit(seed, chance);
            if (phase == ITaskManager.Phase.Mask) this.mask(seed, _bound(chance, 3, TRAINERS)); // often not all
            if (phase == ITaskManager.Phase.Aggregate) this.aggregate(seed);
            if (phase == phaseOf(taskId)) this.advance(seed, uint8(chance));
        }
    }

    /// @dev Whoever it is not asked of cannot mask, whatever it submitted or masked before.
    function maskOutOfTurn(uint256 seed, uint256 who) external {
        (uint256 taskId, bool found) = pickTask(seed);
        address candidate = trainer(who % TRAINERS);
        if (!found || (inTime(taskId, ITaskManager.Phase.Mask) && isToMask(taskId, candidate))) return;
        G1 memory update = point(updateOf(candidate, roundOf(taskId)));
        G1[] memory masks = maskCommitments(tasks.peerCount(stateOf(taskId).members));
        vm.prank(candidate);
        (bool success,) = address(tasks).call(abi.encodeCall(tasks.mask, (taskId, update, CID, masks)));
        assertFalse(success, "masked out of turn");
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
        collected[taskId][round][account] += owed;
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
        uint256 masked = tasks.getRound(taskId, roundOf(taskId)).masked;
        bytes memory proof = proofOf(seed, 9, publicOf(masked, STRANGER), sum);
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
        noteMembers(taskId);
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

    /// @dev Whether the trainer is of the running attempt and has not masked in it, by what was seen.
    function isToMask(uint256 taskId, address who) private view returns (bool) {
        (uint256 round, uint256 attempt) = (roundOf(taskId), stateOf(taskId).attempt);
        if (hasMasked(taskId, round, attempt, who)) return false;
        if (attempt == 1) return statusOf(taskId, who) == ITaskManager.TrainerStatus.Submitted;
        return hasMasked(taskId, round, attempt - 1, who);
    }

    /// @dev An attempt starts with the roster's last submission or with `advance`.
    function noteMembers(uint256 taskId) private {
        if (phaseOf(taskId) != ITaskManager.Phase.Mask) return;
        ITaskManager.TaskState memory state = stateOf(taskId);
        membersOf[taskId][state.round][state.attempt] = state.members;
    }

    function enrolWithStake(uint256 taskId, address who) private {
        (ITaskManager.TaskConfig memory config,) = tasks.getTask(taskId);
        (uint256 free,) = stakes.stakeOf(who);
        if (free < config.stake) deposit(who, config.stake - free);
        (G1 memory data, G1 memory maskKey) = (point(dataOf(who)), maskKeyOf(who));
        vm.prank(who);
        tasks.enrol(taskId, data, maskKey);
    }
}
