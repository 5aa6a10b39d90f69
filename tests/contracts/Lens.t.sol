// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILens} from "../../contracts/interfaces/ILens.sol";
import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {IRoundManager} from "../../contracts/interfaces/IRoundManager.sol";
import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {HeadwaterTest} from "./helpers/HeadwaterTest.sol";

/// @notice Screens say what the single views say.
contract LensTest is HeadwaterTest {
    uint256 private taskId;

    function setUp() public override {
        super.setUp();
        taskId = createTask();
    }

    /*//////////////////////////////////////////////////////////////
                                 TASKS
    //////////////////////////////////////////////////////////////*/

    function test_getTasks_ofNoneIsEmpty() public {
        ILens other = ILens(deploy("Lens", abi.encode(deployAll())));
        (ILens.TaskSummary[] memory page, uint256 total,,) = other.getTasks(type(uint256).max, 10);
        assertEq(page.length, 0);
        assertEq(total, 0);
    }

    function test_getTasks_pagesDownFromAnId() public {
        for (uint256 i; i < 4; ++i) {
            createTask();
        }
        assertTasks(type(uint256).max, 2, 5, 2);
        assertTasks(5, 2, 5, 2);
        assertTasks(3, 2, 3, 2);
        assertTasks(1, 2, 1, 1);
        assertTasks(0, 2, 0, 0);
        assertTasks(type(uint256).max, type(uint256).max, 5, 5);
        assertTasks(4, 0, 0, 0);
    }

    function test_getTasks_saysWhereEachIs() public {
        finalizeRound(taskId, 3);
        uint256 other = createTask();
        joinMany(other, 2);
        assertTasks(type(uint256).max, 2, other, 2);
        vm.warp(deadlineOf(other)); // both Joins are over: too few joined one, nobody the other
        assertTasks(type(uint256).max, 2, other, 2);
        (ILens.TaskSummary[] memory page,,,) = lens.getTasks(type(uint256).max, 2);
        assertEq(page[0].joined, 2);
        assertEq(uint8(page[0].phase), uint8(IRoundManager.Phase.Join));
        assertEq(uint8(page[0].next), uint8(IRoundManager.Phase.Skipped));
        assertEq(page[1].models, 2);
        assertEq(page[1].model.round, 1);
    }

    function test_getModels_areTheLatestOfEachTask() public {
        finalizeRound(taskId, 3);
        uint256 other = createTask();
        (IModelRegistry.Record[] memory models, uint256 total) = lens.getModels(type(uint256).max, 10);
        assertEq(total, 2);
        assertEq(models.length, 2);
        assertRecord(models[0], other, 0);
        assertRecord(models[1], taskId, 1);
        (models, total) = lens.getModels(1, 10);
        assertEq(total, 2);
        assertEq(models.length, 1);
        assertRecord(models[0], taskId, 1);
    }

    function test_getTask_hasAllThereIs() public {
        assertTask();
        toAggregate(taskId, 4);
        assertTask();
        aggregate(taskId, AGGREGATOR);
        assertTask();
        vm.warp(deadlineOf(taskId));
        vm.roll(block.number + 7);
        assertTask();
        assertEq(uint8(lens.getTask(taskId).next), uint8(IRoundManager.Phase.Finalized));
        rounds.advance(taskId);
        vm.prank(trainer(1));
        rewards.collect(taskId, one(1));
        assertTask();
        endTask(taskId);
        assertTask();
    }

    function test_screens_ofNoTaskAreRefused() public {
        bytes memory unknown = abi.encodeWithSelector(ITaskManager.UnknownTask.selector, 2);
        vm.expectRevert(unknown);
        lens.getTask(2);
        vm.expectRevert(unknown);
        lens.getRounds(2, 0, 1);
        vm.expectRevert(unknown);
        lens.getAccount(2, CREATOR, 0, 1);
    }

    /*//////////////////////////////////////////////////////////////
                                 ROUNDS
    //////////////////////////////////////////////////////////////*/

    function test_getRounds_saysWhatCameOfEach() public {
        passDeadline(taskId); // round 1 is skipped
        finalizeRound(taskId, 3);
        toMask(taskId, 3); // round 3 runs
        for (uint256 start; start < 5; ++start) {
            for (uint256 limit; limit < 6; ++limit) {
                assertRounds(start, limit);
            }
        }
        assertRounds(0, type(uint256).max);
        assertRounds(type(uint256).max, type(uint256).max);
        ILens.RoundSummary[] memory page = lens.getRounds(taskId, 1, 3);
        assertEq(page[0].modelHash, 0);
        assertEq(page[1].modelHash, hashOf(modelScalar));
        assertEq(page[1].cid, MODEL_CID);
        assertEq(uint8(page[2].round.phase), uint8(IRoundManager.Phase.Mask));
    }

    /*//////////////////////////////////////////////////////////////
                                ACCOUNTS
    //////////////////////////////////////////////////////////////*/

    function test_getAccount_hasAllThatConcernsIt() public {
        assertAccounts();
        finalizeRound(taskId, 3);
        assertAccounts();
        toTrain(taskId, 4);
        submit(taskId, trainer(2));
        deposit(trainer(2), 5);
        assertAccounts();
        passDeadline(taskId); // failed: the others are absent
        vm.prank(trainer(1));
        rewards.collect(taskId, one(1));
        assertAccounts();
        ILens.AccountScreen memory screen = lens.getAccount(taskId, trainer(1), 1, 1);
        assertEq(screen.claimable, screen.rewards[0] + (POOL / ROUNDS - FEE) / 3);
        assertEq(screen.slash, uint256(STAKE) * ABSENCE_SLASH / 10_000);
        assertFalse(screen.fault);
        assertEq(screen.lock, STAKE);
    }

    /*//////////////////////////////////////////////////////////////
                                 PAGES
    //////////////////////////////////////////////////////////////*/

    function test_pages_endWhereAnUsualCallMustEnd() public {
        uint256 most = lens.MAX_PAGE();
        for (uint256 i; i < most; ++i) {
            createTask();
        }
        uint256 before = gasleft();
        assertTasks(type(uint256).max, type(uint256).max, most + 1, most);
        (IModelRegistry.Record[] memory models,) = lens.getModels(type(uint256).max, type(uint256).max);
        assertEq(models.length, most);
        assertLt(before - gasleft(), 60_000_000); // of both, and of what the test compares them with
    }

    function test_read_answersAsTheViewsDo() public {
        joinMany(taskId, 2);
        ILens.Call[] memory calls = new ILens.Call[](4);
        calls[0] = ILens.Call(address(lens), abi.encodeCall(ILens.getTask, (taskId)));
        calls[1] = ILens.Call(address(rounds), abi.encodeCall(IRoundManager.getState, (2)));
        calls[2] = ILens.Call(address(stakes), abi.encodeCall(IStakeManager.stakeOf, (trainer(1))));
        calls[3] = ILens.Call(STRANGER, "");
        ILens.Result[] memory results = lens.read(calls);
        assertEq(results.length, 4);
        assertTrue(results[0].success);
        assertEq(results[0].data, abi.encode(lens.getTask(taskId)));
        assertFalse(results[1].success);
        assertEq(results[1].data, abi.encodeWithSelector(ITaskManager.UnknownTask.selector, 2));
        (uint256 free, uint256 locked) = stakes.stakeOf(trainer(1));
        assertEq(results[2].data, abi.encode(free, locked));
        assertTrue(results[3].success);
        assertEq(lens.read(new ILens.Call[](0)).length, 0);
    }

    function test_read_changesNothing() public {
        ILens.Call[] memory calls = new ILens.Call[](1);
        calls[0] = ILens.Call(address(stakes), abi.encodeCall(IStakeManager.claim, ()));
        vm.expectRevert(ILens.TooLittleGas.selector); // a forbidden write takes all gas
        lens.read(calls);
    }

    /// @dev However much gas there is: a prefix of what more of it gives, never a failure that is none.
    function testFuzz_read_endsWhereGasDoes(uint256 gas) public {
        ILens.Call[] memory calls = new ILens.Call[](20);
        for (uint256 i; i < 20; ++i) {
            calls[i] = i % 4 == 3
                ? ILens.Call(address(rounds), abi.encodeCall(IRoundManager.getState, (99)))
                : ILens.Call(address(lens), abi.encodeCall(ILens.getTask, (taskId)));
        }
        ILens.Result[] memory all = lens.read(calls);
        assertEq(all.length, 20);
        uint256 whole = gasleft();
        lens.read(calls);
        whole -= gasleft();
        gas = bound(gas, 450_000, whole + 3_000_000);
        ILens.Result[] memory some = lens.read{gas: gas}(calls);
        assertGt(some.length, 0);
        if (gas > whole / 2 + 400_000) assertGt(some.length, 2);
        if (gas > whole + 2_000_000) assertEq(some.length, 20);
        for (uint256 i; i < some.length; ++i) {
            assertEq(abi.encode(some[i]), abi.encode(all[i]));
        }
    }

    function test_read_refusesWhereThereIsNoGasForTheFirst() public {
        ILens.Call[] memory calls = new ILens.Call[](2);
        calls[0] = ILens.Call(address(lens), abi.encodeCall(ILens.getTask, (taskId)));
        calls[1] = calls[0];
        vm.expectRevert(ILens.TooLittleGas.selector);
        lens.read{gas: 240_000}(calls);
    }

    function test_read_ofManyLargeAnswers_givesAPrefix() public {
        ILens.Call[] memory calls = new ILens.Call[](500);
        for (uint256 i; i < 500; ++i) {
            calls[i] = ILens.Call(address(lens), abi.encodeCall(ILens.getTask, (taskId)));
        }
        uint256 whole = gasleft();
        assertEq(lens.read(calls).length, 500);
        whole -= gasleft();
        for (uint256 part = 1; part < 10; ++part) {
            assertGt(lens.read{gas: whole * part / 10}(calls).length, 500 * part / 10 * 7 / 10);
        }
    }

    /*//////////////////////////////////////////////////////////////
                                HELPERS
    //////////////////////////////////////////////////////////////*/

    function assertTasks(uint256 start, uint256 limit, uint256 first, uint256 length) private view {
        (ILens.TaskSummary[] memory page, uint256 total, uint256 number, uint256 time) = lens.getTasks(start, limit);
        assertEq(total, tasks.taskCount(), "total");
        assertEq(number, block.number, "block");
        assertEq(time, block.timestamp, "time");
        assertEq(page.length, length, "length");
        for (uint256 i; i < length; ++i) {
            uint256 id = first - i;
            ITaskManager.TaskConfig memory config = configOf(id);
            IRoundManager.TaskState memory state = stateOf(id);
            (,,, IRoundManager.Phase next) = rounds.currentPhase(id);
            ILens.TaskSummary memory expected = ILens.TaskSummary({
                taskId: id,
                creator: CREATOR,
                startBlock: uint64(registry.startOf(id)),
                manifest: config.manifest,
                pool: uint96(POOL),
                stake: STAKE,
                challengeBond: config.challengeBond,
                dimension: dimension,
                rounds: ROUNDS,
                minTrainers: MIN,
                maxTrainers: MAX,
                round: state.round,
                phase: state.phase,
                deadline: state.deadline,
                next: next,
                joined: state.joined,
                submitted: state.submitted,
                models: registry.modelCount(id),
                model: registry.latest(id)
            });
            assertEq(keccak256(abi.encode(page[i])), keccak256(abi.encode(expected)), "summary");
        }
    }

    function assertTask() private view {
        ILens.TaskScreen memory expected;
        (expected.blockNumber, expected.timestamp) = (block.number, block.timestamp);
        ITaskManager.Task memory task = tasks.getTask(taskId);
        (expected.creator, expected.config) = (task.creator, task.config);
        expected.startBlock = uint64(registry.startOf(taskId));
        expected.state = stateOf(taskId);
        (,,, expected.next) = rounds.currentPhase(taskId);
        expected.round = rounds.getRound(taskId, expected.state.round);
        expected.model = registry.latest(taskId);
        expected.models = registry.modelCount(taskId);
        (expected.parents, expected.divisor) = registry.getParents(taskId, 0);
        expected.pool = rewards.poolOf(taskId);
        expected.escrow = stakes.escrowOf(taskId);
        expected.tag = tasks.tag(taskId);
        assertEq(keccak256(abi.encode(lens.getTask(taskId))), keccak256(abi.encode(expected)));
    }

    function assertRecord(IModelRegistry.Record memory record, uint256 id, uint256 round) private view {
        assertEq(keccak256(abi.encode(record)), keccak256(abi.encode(registry.getRecord(id, round))));
    }

    function assertRounds(uint256 start, uint256 limit) private view {
        ILens.RoundSummary[] memory page = lens.getRounds(taskId, start, limit);
        uint256 last = roundOf(taskId);
        uint256 length = start > last ? 0 : last + 1 - start;
        assertEq(page.length, limit < length ? limit : length, "length");
        for (uint256 i; i < page.length; ++i) {
            uint256 number = start + i;
            ILens.RoundSummary memory expected;
            expected.number = uint32(number);
            expected.round = rounds.getRound(taskId, number);
            try registry.getModel(taskId, number) returns (IModelRegistry.Model memory model) {
                (expected.modelHash, expected.cid) = (model.modelHash, model.cid);
            } catch {}
            assertEq(keccak256(abi.encode(page[i])), keccak256(abi.encode(expected)), "round");
        }
    }

    function assertAccounts() private view {
        address[6] memory accounts = [trainer(1), trainer(2), trainer(4), AGGREGATOR, CREATOR, STRANGER];
        for (uint256 i; i < accounts.length; ++i) {
            assertAccount(accounts[i], 0, type(uint256).max, roundOf(taskId) + 1);
            assertAccount(accounts[i], 1, 1, 1);
            assertAccount(accounts[i], 9, 1, 0);
        }
    }

    function assertAccount(address who, uint256 start, uint256 limit, uint256 length) private view {
        ILens.AccountScreen memory expected;
        (expected.blockNumber, expected.timestamp) = (block.number, block.timestamp);
        expected.enrolment = trainers.getEnrolment(taskId, who);
        expected.entry = rounds.getRosterEntry(taskId, roundOf(taskId), who);
        (expected.free, expected.locked) = stakes.stakeOf(who);
        expected.lock = stakes.lockOf(taskId, who);
        expected.claimable = stakes.claimable(who);
        (expected.slash, expected.fault) = trainers.slashOf(taskId, who);
        expected.rewards = new uint256[](length);
        for (uint256 i; i < length; ++i) {
            expected.rewards[i] = rewards.rewardOf(taskId, start + i, who);
        }
        assertEq(keccak256(abi.encode(lens.getAccount(taskId, who, start, limit))), keccak256(abi.encode(expected)));
    }
}
