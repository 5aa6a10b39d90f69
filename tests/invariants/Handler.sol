// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IChallengeManager} from "../../contracts/interfaces/IChallengeManager.sol";
import {IDeployed} from "../../contracts/interfaces/IDeployed.sol";
import {IRewardManager} from "../../contracts/interfaces/IRewardManager.sol";
import {IRoundManager} from "../../contracts/interfaces/IRoundManager.sol";
import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {ITrainerRegistry} from "../../contracts/interfaces/ITrainerRegistry.sol";
import {BN254, G1} from "../../contracts/libraries/BN254.sol";
import {PossessionProof} from "../../contracts/libraries/Possession.sol";
import {HeadwaterTest} from "../contracts/helpers/HeadwaterTest.sol";

/// @notice Plays creators, trainers, aggregators, challengers and passers-by at random, by the rules: none of its calls
/// may revert. Where nobody can do what an action is about, it does nothing. What it tries against the rules must fail,
/// and asserts so.
/// @dev Trainers 0 to 2, the aggregator and the creator of every second task keep all promises: before a deadline
/// passes they submit, mask and answer. The others do what chance has them do, and lie about masks.
contract Handler is HeadwaterTest {
    uint256 public constant TRAINERS = 6;
    uint256 public constant HONEST = 3;
    uint256 private constant MAX_TASKS = 2;

    /// @notice What an honest observer knows: each task's model, how often a round was finalized, how many members each
    /// attempt at masking had and who masked in it, and what rounds have paid.
    mapping(uint256 taskId => uint256 scalar) public modelOf;
    mapping(uint256 taskId => uint256 scalar) public averageIn;
    mapping(uint256 taskId => uint256 scalar) public sumOf;
    mapping(uint256 taskId => mapping(uint256 round => uint256 times)) public finalized;
    mapping(uint256 taskId => mapping(uint256 round => mapping(uint256 attempt => uint256 count))) public membersIn;
    mapping(uint256 taskId => mapping(uint256 round => mapping(address who => uint256 amount))) public collected;
    mapping(uint256 taskId => mapping(uint256 round => mapping(address who => bool))) public hasJoined;
    mapping(bytes32 attempt => mapping(address who => bool)) private _masked;

    /// @dev The peer to whom a member lied about their mask in an attempt.
    mapping(bytes32 attempt => mapping(address who => address peer)) private _liedTo;

    /// @notice Who was silent when it was accused or was shown to have lied, in which round; the latter get no share.
    mapping(uint256 taskId => mapping(uint256 round => mapping(address who => bool))) public faulty;
    mapping(uint256 taskId => mapping(uint256 round => mapping(address who => bool))) public convicted;

    /// @dev Whether the bytes that a challenge demanded were shown.
    mapping(uint256 challengeId => bool) private _answered;

    /// @notice What accounts have paid into the StakeManager as stake, less what they withdrew; and what should be
    /// burnt.
    mapping(address who => int256 amount) public paidIn;
    uint256 public burnt;

    /// @notice What of slashes was credited for gas.
    uint256 public compensated;

    /// @dev Who showed a lie, was the one who was lied to and had not lied itself.
    mapping(uint256 taskId => mapping(uint256 round => mapping(address liar => address peer))) private _shownBy;

    function setUp() public override {
        super.setUp();
        dimension = 2;
    }

    function deployment() external view returns (IDeployed.Addresses memory) {
        return IDeployed(address(tasks)).deployment();
    }

    /// @notice Everybody who can have money here: trainers, the aggregator, the creator and the challenger.
    function actors() public view returns (address[] memory all) {
        all = new address[](TRAINERS + 3);
        for (uint256 i; i < TRAINERS; ++i) {
            all[i] = trainer(i);
        }
        (all[TRAINERS], all[TRAINERS + 1], all[TRAINERS + 2]) = (AGGREGATOR, CREATOR, STRANGER);
    }

    function isHonest(uint256 taskId, address who) public view returns (bool) {
        for (uint256 i; i < HONEST; ++i) {
            if (who == trainer(i)) return true;
        }
        return who == AGGREGATOR || (who == CREATOR && taskId % 2 == 1);
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
        sum = tagged(taskId, offset());
        for (uint256 i; i < TRAINERS; ++i) {
            if (!hasMasked(taskId, round, attempt, trainer(i))) continue;
            sum = addmod(sum, updateOf(trainer(i), round) + BN254.P - offset(), BN254.P);
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
        config.faultSlash = uint16(_bound(seed >> 24, 0, 10_000));
        config.absenceSlash = uint16(_bound(seed >> 40, 0, config.faultSlash));
        config.challengeBond = uint96(_bound(seed >> 56, 0, stake < 1 ether ? stake : 1 ether));
        config.unbondingPeriod = JOIN_PERIOD;
        uint256 taskId = createTask(config, pool);
        modelOf[taskId] = modelScalar;
    }

    function reclaim(uint256 seed) external {
        (uint256 taskId, bool found) = pickTask(seed);
        if (!found || deadlineOf(taskId) != 0) return;
        IRewardManager.Pool memory pool = rewards.poolOf(taskId);
        if (pool.spent < pool.amount) rewards.reclaim(taskId);
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
        if (!found) return;
        bool allowed = isEnrolled(taskId, candidate) && !isLeaving(taskId, candidate);
        vm.prank(candidate, candidate);
        (bool success,) = address(trainers).call(abi.encodeCall(trainers.unenrol, (taskId)));
        assertEq(success, allowed, "unenrol");
    }

    function release(uint256 seed, uint256 who) external {
        (uint256 taskId, bool found) = pickTask(seed);
        address candidate = trainer(who % TRAINERS);
        if (!found) return;
        ITrainerRegistry.Enrolment memory enrolment = trainers.getEnrolment(taskId, candidate);
        bool allowed =
            enrolment.releasableAt != 0 && block.timestamp >= enrolment.releasableAt && isOver(taskId, enrolment.round);
        if (allowed) noteSettled(taskId, candidate);
        vm.prank(candidate, candidate);
        (bool success,) = address(trainers).call(abi.encodeCall(trainers.release, (taskId)));
        assertEq(success, allowed, "release");
    }

    function settle(uint256 seed, uint256 who) external {
        (uint256 taskId, bool found) = pickTask(seed);
        address candidate = trainer(who % TRAINERS);
        if (found) settle(taskId, candidate);
    }

    /// @dev Up to `count` trainers join, enrolled before where they are not: mostly enough for a round.
    function join(uint256 seed, uint256 count) external {
        (uint256 taskId, bool found) = pickTask(seed);
        count = _bound(count, 2, 2 * TRAINERS); // all of them, as often as not
        for (uint256 i; i < count; ++i) {
            address candidate = trainer((seed % TRAINERS + i) % TRAINERS);
            if (!found || !inTime(taskId, IRoundManager.Phase.Join)) return;
            if (statusOf(taskId, candidate) != IRoundManager.TrainerStatus.None) continue;
            if (!isEnrolled(taskId, candidate)) enrolWithStake(taskId, candidate);
            if (stateOf(taskId).joined == configOf(taskId).maxTrainers) return; // waits for the first model
            uint256 last = trainers.getEnrolment(taskId, candidate).round;
            if (faulty[taskId][last][candidate]) settle(taskId, candidate);
            if (isLeaving(taskId, candidate)) continue;
            noteSettled(taskId, candidate);
            hasJoined[taskId][roundOf(taskId)][candidate] = true;
            join(taskId, candidate);
        }
    }

    function submit(uint256 seed, uint256 count) external {
        (uint256 taskId, bool found) = pickTask(seed);
        count = _bound(count, 2, 2 * TRAINERS); // all of them, as often as not
        for (uint256 i; i < count; ++i) {
            address candidate = trainer((seed % TRAINERS + i) % TRAINERS);
            if (!found || !inTime(taskId, IRoundManager.Phase.Train)) return;
            submitAs(taskId, candidate);
        }
    }

    function mask(uint256 seed, uint256 count) external {
        (uint256 taskId, bool found) = pickTask(seed);
        count = _bound(count, 2, 2 * TRAINERS); // all of them, as often as not
        for (uint256 i; i < count; ++i) {
            address candidate = trainer((seed % TRAINERS + i) % TRAINERS);
            if (!found || !inTime(taskId, IRoundManager.Phase.Mask)) return;
            maskAs(taskId, candidate, uint256(keccak256(abi.encode(seed, i))));
        }
    }

    /// @dev Does what the phase asks for, several times in a row: at random alone, few rounds would come to their end.
    function play(uint256 seed, uint256 steps) external {
        (uint256 taskId, bool found) = pickTask(seed);
        if (!found) return;
        steps = _bound(steps, 1, 8);
        for (uint256 i; i < steps; ++i) {
            uint256 chance = uint256(keccak256(abi.encode(seed, i)));
            IRoundManager.Phase phase = phaseOf(taskId);
            if (phase == IRoundManager.Phase.Join) this.join(seed, chance);
            if (phase == IRoundManager.Phase.Train) this.submit(seed, chance);
            if (phase == IRoundManager.Phase.Mask) this.mask(seed, _bound(chance, 3, TRAINERS)); // often not all
            if (phase == IRoundManager.Phase.Aggregate) {
                this.challengeMask(seed);
                if (chance % 2 == 0) this.challengeUpdate(seed, chance);
                if (chance % 3 == 0) this.aggregate(seed);
            }
            if (phase == IRoundManager.Phase.Challenge && chance % 2 == 0) this.demandModel(seed);
            if (phase == phaseOf(taskId)) this.advance(seed, uint8(chance));
        }
    }

    /// @dev Whoever it is not asked of cannot mask, whatever it submitted or masked before.
    function maskOutOfTurn(uint256 seed, uint256 who) external {
        (uint256 taskId, bool found) = pickTask(seed);
        address candidate = trainer(who % TRAINERS);
        if (!found || (inTime(taskId, IRoundManager.Phase.Mask) && isToMask(taskId, candidate))) return;
        IRoundManager.Posting memory posting;
        posting.seed = drawnStateOf(taskId).seed;
        (posting.update, posting.cid) = (point(updateOf(candidate, roundOf(taskId))), CID);
        if (phaseOf(taskId) == IRoundManager.Phase.Mask) {
            posting.masks = postingOf(taskId, membersOf(taskId, stateOf(taskId))[0]).masks; // somebody's
        }
        vm.prank(candidate, candidate);
        (bool success,) = address(rounds).call(abi.encodeCall(rounds.mask, (taskId, posting)));
        assertFalse(success, "masked out of turn");
    }

    function collect(uint256 seed, uint256 who, uint32 round) external {
        (uint256 taskId, bool found) = pickTask(seed);
        if (!found) return;
        address[] memory all = actors();
        address account = all[who % all.length];
        round = uint32(_bound(round, 1, roundOf(taskId)));
        uint256 owed = rewards.rewardOf(taskId, round, account);
        vm.prank(account, account);
        (bool success,) = address(rewards).call(abi.encodeCall(rewards.collect, (taskId, one(round))));
        assertEq(success, owed != 0, "collect");
        collected[taskId][round][account] += owed;
    }

    /*//////////////////////////////////////////////////////////////
                               CHALLENGES
    //////////////////////////////////////////////////////////////*/

    function challengeUpdate(uint256 seed, uint256 who) external {
        (uint256 taskId, bool found) = pickTask(seed);
        if (!found || !inTime(taskId, IRoundManager.Phase.Aggregate) || averagesIn(taskId) != 0) return;
        address candidate = trainer(who % TRAINERS);
        (uint256 round, uint256 attempt) = (roundOf(taskId), stateOf(taskId).attempt);
        if (statusOf(taskId, candidate) != IRoundManager.TrainerStatus.Submitted) return;
        if (!hasMasked(taskId, round, attempt, candidate)) return;
        if (challenges.opened(taskId, round, attempt, candidate)) return;
        challengeUpdate(taskId, candidate);
    }

    /// @dev Wherever two have posted different masks.
    function challengeMask(uint256 seed) external {
        (uint256 taskId, bool found) = pickTask(seed);
        if (!found || !inTime(taskId, IRoundManager.Phase.Aggregate) || averagesIn(taskId) != 0) return;
        for (uint256 i; i < TRAINERS; ++i) {
            address liar = trainer(i);
            address peer = _liedTo[attemptKey(taskId)][liar];
            bool free = peer != address(0) && statusOf(taskId, liar) == IRoundManager.TrainerStatus.Submitted
                && statusOf(taskId, peer) == IRoundManager.TrainerStatus.Submitted;
            if (!free || (_liedTo[attemptKey(taskId)][peer] == liar)) continue; // told the same lie
            challengeMask(taskId, liar, peer, [posted(taskId, liar), posted(taskId, peer)]);
        }
    }

    function demandModel(uint256 seed) external {
        (uint256 taskId, bool found) = pickTask(seed);
        if (!found || block.timestamp >= deadlineOf(taskId) || stateOf(taskId).accused != 0) return;
        bool first = phaseOf(taskId) == IRoundManager.Phase.Join && registry.latest(taskId).round == 0
            && !challenges.opened(taskId, 0, 0, CREATOR);
        if (first || phaseOf(taskId) == IRoundManager.Phase.Challenge) challengeModel(taskId);
    }

    function answer(uint256 seed) external {
        uint256 count = challenges.challengeCount();
        if (count == 0) return;
        uint256 id = 1 + seed % count;
        if (isPayable(id)) answer(id, seed);
    }

    /// @dev Nobody is acquitted, or paid, by another vector.
    function answerFalsely(uint256 seed, uint256 change) external {
        uint256 count = challenges.challengeCount();
        if (count == 0) return;
        uint256 id = 1 + seed % count;
        IChallengeManager.Challenge memory challenge = challenges.getChallenge(id);
        if (challenge.kind == IChallengeManager.Kind.Mask) return;
        bytes memory call;
        if (challenge.kind == IChallengeManager.Kind.Update) {
            IRoundManager.TaskState memory state = stateOf(challenge.taskId);
            if (state.phase != IRoundManager.Phase.Aggregate) return;
            if (!hasMasked(challenge.taskId, state.round, state.attempt, challenge.accused)) return;
            uint256[] memory vector = updateVectorOf(challenge.accused, challenge.round);
            vector[0] = addmod(vector[0], change % 2 == 0 ? 0 : change, BN254.P);
            IRoundManager.Posting memory posting = posted(challenge.taskId, challenge.accused);
            call = abi.encodeCall(challenges.answerUpdate, (id, posting, openingOf(vector)));
        } else {
            int64[] memory weights = firstWeights();
            weights[0] = int64(uint64(1 + change % 76));
            call = abi.encodeCall(challenges.answerModel, (id, point(demanded(challenge)), openingOf(weights)));
        }
        (bool success,) = address(challenges).call(call);
        assertFalse(success, "false answer");
    }

    function reclaimBond(uint256 seed) external {
        uint256 count = challenges.challengeCount();
        if (count == 0) return;
        uint256 id = 1 + seed % count;
        IChallengeManager.Challenge memory challenge = challenges.getChallenge(id);
        bool allowed = !challenge.closed && block.timestamp >= challenge.answerBy && !isAnswerable(id);
        (bool success,) = address(challenges).call(abi.encodeCall(challenges.reclaimBond, (id)));
        assertEq(success, allowed, "reclaimBond");
    }

    /*//////////////////////////////////////////////////////////////
                                 ANYONE
    //////////////////////////////////////////////////////////////*/

    function aggregate(uint256 seed) external {
        (uint256 taskId, bool found) = pickTask(seed);
        if (!found || !inTime(taskId, IRoundManager.Phase.Aggregate)) return;
        sumScalar = sumOf[taskId];
        aggregate(taskId, seed % 2 == 0 ? AGGREGATOR : trainer(seed % TRAINERS));
        averageIn[taskId] = averageScalar;
    }

    function forgeAverage(uint256 seed, uint256 sum) external {
        (uint256 taskId, bool found) = pickTask(seed);
        if (!found || BN254.equals(point(sum), stateOf(taskId).sum)) return;
        uint256 masked = rounds.getRound(taskId, roundOf(taskId)).masked;
        bytes memory proof = proofOf(seed, 9, publicOf(masked, STRANGER), twice(sum));
        vm.prank(STRANGER, STRANGER);
        (bool success,) = address(rounds).call(abi.encodeCall(rounds.aggregate, (taskId, proof, MODEL_CID)));
        assertFalse(success, "forged average");
    }

    function advance(uint256 seed, uint8 wait) external {
        (uint256 taskId, bool found) = pickTask(seed);
        if (!found) return;
        if (wait % 3 == 0 && block.timestamp < deadlineOf(taskId)) warpTo(deadlineOf(taskId));
        advance(taskId);
    }

    function pass(uint256 time) external {
        warpTo(block.timestamp + _bound(time, 1, JOIN_PERIOD / 4));
    }

    function withdraw(uint256 who, uint256 amount) external {
        address account = trainer(who % TRAINERS);
        (uint256 free,) = stakes.stakeOf(account);
        if (free == 0) return;
        amount = _bound(amount, 1, free);
        paidIn[account] -= int256(amount);
        vm.prank(account, account);
        stakes.withdraw(amount);
    }

    function claim(uint256 who) external {
        address[] memory all = actors();
        address account = all[who % all.length];
        if (stakes.claimable(account) == 0) return;
        vm.prank(account, account);
        stakes.claim();
    }

    /*//////////////////////////////////////////////////////////////
                         WHAT PARTIES DO, IN ITS TURN
    //////////////////////////////////////////////////////////////*/

    /// @dev Time passes, and before a deadline does the honest do what they owe, in every task.
    function warpTo(uint256 time) private {
        for (uint256 taskId = 1; taskId <= tasks.taskCount(); ++taskId) {
            bytes32 before;
            bytes32 state;
            while (before != (state = keccak256(abi.encode(stateOf(taskId)))) && deadlineOf(taskId) <= time) {
                before = state;
                if (block.timestamp < deadlineOf(taskId)) keepPromises(taskId);
            }
        }
        vm.warp(time);
    }

    function keepPromises(uint256 taskId) private {
        IRoundManager.Phase phase = phaseOf(taskId);
        for (uint256 i; i < HONEST && phaseOf(taskId) == phase; ++i) {
            if (phase == IRoundManager.Phase.Train) submitAs(taskId, trainer(i));
            if (phase == IRoundManager.Phase.Mask) maskAs(taskId, trainer(i), 0);
        }
        for (uint256 id = 1; id <= challenges.challengeCount(); ++id) {
            IChallengeManager.Challenge memory challenge = challenges.getChallenge(id);
            bool honest = isHonest(taskId, challenge.accused) || isHonest(taskId, challenge.other);
            if (challenge.taskId == taskId && honest && isAnswerable(id)) answer(id, id);
        }
    }

    function submitAs(uint256 taskId, address who) private {
        if (statusOf(taskId, who) != IRoundManager.TrainerStatus.Joined) return;
        modelScalar = modelOf[taskId];
        submit(taskId, who);
        noteMembers(taskId);
    }

    /// @dev Masks, and lies to a peer where chance and character have it so: with another vector than the right mask.
    function maskAs(uint256 taskId, address who, uint256 chance) private {
        if (!isToMask(taskId, who)) return;
        bytes32 key = attemptKey(taskId);
        if (chance % 4 == 1 && !isHonest(taskId, who)) {
            address[] memory peers = peersOf(taskId, stateOf(taskId), who);
            _liedTo[key][who] = peers[(chance >> 8) % peers.length];
        }
        sumScalar = sumOf[taskId];
        mask(taskId, who, posted(taskId, who));
        sumOf[taskId] = sumScalar;
        _masked[key][who] = true;
    }

    function answer(uint256 id, uint256 seed) private {
        IChallengeManager.Challenge memory challenge = challenges.getChallenge(id);
        (uint256 taskId, address accused, address other) = (challenge.taskId, challenge.accused, challenge.other);
        bool inTime_ = isAnswerable(id);
        if (inTime_) _answered[id] = true;
        if (challenge.kind == IChallengeManager.Kind.Update) {
            uint256[] memory vector = maskedVectorOf(taskId, accused);
            address peer = _liedTo[attemptKey(taskId)][accused];
            // whoever lied about a mask can still open what it posted: the lie is one more in the mask's first entry
            if (peer != address(0)) vector[0] = addmod(vector[0], accused < peer ? 1 : BN254.P - 1, BN254.P);
            challenges.answerUpdate(id, posted(taskId, accused), openingOf(vector));
        } else if (challenge.kind == IChallengeManager.Kind.Mask) {
            address sender = seed % 3 == 0 ? STRANGER : seed % 3 == 1 ? accused : other;
            noteConvicted(taskId, accused, other, sender);
            noteConvicted(taskId, other, accused, sender);
            IRoundManager.Posting[2] memory postings = [posted(taskId, accused), posted(taskId, other)];
            MaskAnswer memory shown = maskAnswerOf(id, seed % 2 == 0);
            vm.fee(1 gwei * (1 + seed % 100_000)); // sometimes more than a slash
            vm.prank(sender, sender);
            answerMask(id, postings, seed % 2 == 0, shown);
            vm.fee(0);
        } else if (challenge.attempt == 0) {
            answerModel(id, demanded(challenge), firstWeights());
        } else {
            if (inTime_) noteFinalized(taskId);
            answerModel(id, demanded(challenge), weightsOf(challenge.round, accused));
        }
    }

    /// @dev The number behind the model that was demanded.
    function demanded(IChallengeManager.Challenge memory challenge) private view returns (uint256) {
        return challenge.attempt == 0
            ? tagged(challenge.taskId, firstModel())
            : averageOf(challenge.taskId, challenge.round, challenge.accused);
    }

    function settle(uint256 taskId, address who) private {
        uint256 last = trainers.getEnrolment(taskId, who).round;
        bool allowed = last != 0 && isOver(taskId, last);
        (uint256 announced, bool fault) = trainers.slashOf(taskId, who);
        assertEq(fault, allowed && faulty[taskId][last][who], "fault");
        assertEq(announced, allowed ? noteSettled(taskId, who) : 0, "slashOf");
        (bool success,) = address(trainers).call(abi.encodeCall(trainers.settle, (taskId, who)));
        assertEq(success, allowed, "settle");
    }

    function advance(uint256 taskId) private {
        (uint256 round, IRoundManager.Phase phase,, IRoundManager.Phase next) = rounds.currentPhase(taskId);
        IRoundManager.TaskState memory state = stateOf(taskId);
        if (next == IRoundManager.Phase.Finalized) noteFinalized(taskId);
        if (phase == IRoundManager.Phase.Aggregate && next != IRoundManager.Phase.None) noteSilent(taskId);
        ITaskManager.TaskConfig memory config = configOf(taskId);
        bool withheld = next != IRoundManager.Phase.None && state.accused != 0;
        if (withheld && phase == IRoundManager.Phase.Challenge) {
            assertFalse(isHonest(taskId, rounds.getRound(taskId, round).aggregator), "an honest average is taken back");
            burnt += uint256(config.stake) * config.faultSlash / 10_000;
        }
        if (withheld && phase == IRoundManager.Phase.Join) {
            assertFalse(isHonest(taskId, CREATOR), "an honest creator's task ends");
            IRewardManager.Pool memory pool = rewards.poolOf(taskId);
            burnt += uint256(pool.amount - pool.spent) * config.faultSlash / 10_000;
        }
        (bool success,) = address(rounds).call(abi.encodeCall(rounds.advance, (taskId)));
        assertEq(success, next != IRoundManager.Phase.None, "advance");
        nextBlock();
        if (success && deadlineOf(taskId) != 0) assertGt(deadlineOf(taskId), block.timestamp, "no progress");
        noteMembers(taskId);
    }

    /*//////////////////////////////////////////////////////////////
                                HELPERS
    //////////////////////////////////////////////////////////////*/

    function deposit(address who, uint256 amount) internal override {
        paidIn[who] += int256(amount);
        super.deposit(who, amount);
    }

    function pickTask(uint256 seed) private view returns (uint256 taskId, bool found) {
        uint256 count = tasks.taskCount();
        return count == 0 ? (0, false) : (1 + seed % count, true);
    }

    function isLeaving(uint256 taskId, address who) private view returns (bool) {
        return trainers.getEnrolment(taskId, who).releasableAt != 0;
    }

    function isOver(uint256 taskId, uint256 round) private view returns (bool) {
        return round == 0 || rounds.getRound(taskId, round).endedAt != 0;
    }

    function inTime(uint256 taskId, IRoundManager.Phase phase) private view returns (bool) {
        return phaseOf(taskId) == phase && block.timestamp < deadlineOf(taskId);
    }

    function averagesIn(uint256 taskId) private view returns (uint256) {
        return rounds.getRound(taskId, roundOf(taskId)).averages;
    }

    function attemptKey(uint256 taskId) private view returns (bytes32) {
        IRoundManager.TaskState memory state = stateOf(taskId);
        return keccak256(abi.encode(taskId, uint256(state.round), uint256(state.attempt)));
    }

    /// @dev What a member posts in the running attempt, lies included.
    function posted(uint256 taskId, address who) private view returns (IRoundManager.Posting memory posting) {
        posting = postingOf(taskId, who);
        address victim = _liedTo[attemptKey(taskId)][who];
        for (uint256 i; i < posting.masks.length; ++i) {
            if (posting.masks[i].peer != victim) continue;
            posting.masks[i].commitment = BN254.add(posting.masks[i].commitment, point(basisOf(0)));
        }
    }

    /// @dev Whether the trainer is of the running attempt and has not masked in it, by what was seen.
    function isToMask(uint256 taskId, address who) private view returns (bool) {
        (uint256 round, uint256 attempt) = (roundOf(taskId), stateOf(taskId).attempt);
        if (hasMasked(taskId, round, attempt, who) || faulty[taskId][round][who]) return false;
        if (attempt == 1) return statusOf(taskId, who) == IRoundManager.TrainerStatus.Submitted;
        return hasMasked(taskId, round, attempt - 1, who);
    }

    /// @dev Whether somebody who has the bytes is paid for an answer now; of an update, which this handler can make only
    /// while its attempt is the last. A disputed mask is shown only where that decides something.
    function isPayable(uint256 id) private view returns (bool) {
        IChallengeManager.Challenge memory challenge = challenges.getChallenge(id);
        if (challenge.closed) return false;
        if (challenge.kind == IChallengeManager.Kind.Model) return true;
        IRoundManager.TaskState memory state = stateOf(challenge.taskId);
        if (challenge.round != state.round || challenge.attempt != state.attempt) return false;
        if (state.phase == IRoundManager.Phase.Challenge) return true;
        if (state.phase != IRoundManager.Phase.Aggregate) return false;
        return challenge.kind == IChallengeManager.Kind.Update || block.timestamp < state.deadline;
    }

    /// @dev Whether somebody who has the bytes can acquit by an answer now.
    function isAnswerable(uint256 id) private view returns (bool) {
        IChallengeManager.Challenge memory challenge = challenges.getChallenge(id);
        IRoundManager.TaskState memory state = stateOf(challenge.taskId);
        if (challenge.closed || challenge.round != state.round || block.timestamp >= state.deadline) return false;
        uint256 averages = averagesIn(challenge.taskId);
        if (challenge.kind == IChallengeManager.Kind.Model) {
            if (challenge.attempt == 0) return state.phase == IRoundManager.Phase.Join;
            return state.phase == IRoundManager.Phase.Challenge && challenge.attempt == averages;
        }
        return state.phase == IRoundManager.Phase.Aggregate && challenge.attempt == state.attempt && averages == 0;
    }

    /// @dev An attempt starts with the roster's last submission or with `advance`.
    function noteMembers(uint256 taskId) private {
        if (phaseOf(taskId) != IRoundManager.Phase.Mask) return;
        IRoundManager.TaskState memory state = stateOf(taskId);
        membersIn[taskId][state.round][state.attempt] = state.members;
    }

    function noteFinalized(uint256 taskId) private {
        modelOf[taskId] = averageIn[taskId];
        ++finalized[taskId][roundOf(taskId)];
    }

    /// @dev Aggregate is over: whoever is still accused is at fault, if the attempt had no average.
    function noteSilent(uint256 taskId) private {
        uint256 round = roundOf(taskId);
        if (averagesIn(taskId) != 0) return;
        for (uint256 id = 1; id <= challenges.challengeCount(); ++id) {
            IChallengeManager.Challenge memory challenge = challenges.getChallenge(id);
            bool silent = challenge.taskId == taskId && challenge.round == round && !_answered[id]
                && challenge.attempt == stateOf(taskId).attempt && challenge.kind != IChallengeManager.Kind.Model;
            if (!silent) continue;
            faulty[taskId][round][challenge.accused] = true;
            if (challenge.other != address(0)) faulty[taskId][round][challenge.other] = true;
        }
    }

    /// @dev `who` is shown to have lied to `peer`, if it has; `sender` is paid for that if it is the peer and has not.
    function noteConvicted(uint256 taskId, address who, address peer, address sender) private {
        bytes32 key = attemptKey(taskId);
        if (_liedTo[key][who] != peer) return;
        if (sender == peer && _liedTo[key][peer] != who) _shownBy[taskId][roundOf(taskId)][who] = peer;
        faulty[taskId][roundOf(taskId)][who] = true;
        convicted[taskId][roundOf(taskId)][who] = true;
    }

    /// @dev What settling the trainer's last round must burn, by what was seen.
    function noteSettled(uint256 taskId, address who) private returns (uint256 amount) {
        ITaskManager.TaskConfig memory config = configOf(taskId);
        ITrainerRegistry.Enrolment memory enrolment = trainers.getEnrolment(taskId, who);
        uint256 number = enrolment.round;
        if (number == 0) return 0;
        IRoundManager.Round memory round = rounds.getRound(taskId, number);
        bool missed = rounds.getRosterEntry(taskId, number, who).updateHash != 0
            ? round.attempt != 0 && !hasMasked(taskId, number, round.attempt, who)
            : round.phase != IRoundManager.Phase.Skipped;
        if (faulty[taskId][number][who]) amount = uint256(config.stake) * config.faultSlash / 10_000;
        else if (missed) amount = uint256(config.stake) * config.absenceSlash / 10_000;
        if (amount > enrolment.stake) amount = enrolment.stake;
        burnt += amount - notePaid(taskId, number, who, amount);
        assertTrue(amount == 0 || !isHonest(taskId, who), "an honest trainer is slashed");
    }

    /// @dev What somebody has out of a slash: who showed the fault and was in the right, for gas, and nobody else.
    function notePaid(uint256 taskId, uint256 number, address who, uint256 slash) private returns (uint256 paid) {
        if (!isOver(taskId, number)) return 0;
        (, address payee, uint256 owed) = rounds.dutyOf(taskId, number, who);
        address expected = _shownBy[taskId][number][who];
        assertEq(payee, expected, "payee");
        assertEq(owed != 0, expected != address(0), "owed");
        paid = owed < slash ? owed : slash;
        compensated += paid;
    }

    function enrolWithStake(uint256 taskId, address who) private {
        uint256 stake = stakeIn(taskId);
        (uint256 free,) = stakes.stakeOf(who);
        if (free < stake) deposit(who, stake - free);
        (G1[] memory data, G1 memory maskKey) = (one(point(dataOf(who))), maskKeyOf(who));
        PossessionProof memory possession = possessionOf(who, taskId);
        vm.prank(who, who);
        trainers.enrol(taskId, data, maskKey, possession, "");
    }
}
