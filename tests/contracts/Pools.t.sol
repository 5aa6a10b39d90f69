// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IDeployed} from "../../contracts/interfaces/IDeployed.sol";
import {IPoolAdmission} from "../../contracts/interfaces/IPoolAdmission.sol";
import {IPools} from "../../contracts/interfaces/IPools.sol";
import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {ITrainerRegistry} from "../../contracts/interfaces/ITrainerRegistry.sol";
import {BN254, G1} from "../../contracts/libraries/BN254.sol";
import {PossessionProof} from "../../contracts/libraries/Possession.sol";
import {AllowList, BadModule} from "./helpers/AllowList.sol";
import {HeadwaterTest} from "./helpers/HeadwaterTest.sol";

/// @notice Pools: slots, sums, and who may do what when.
contract PoolsTest is HeadwaterTest {
    uint16 private constant SLOTS = 6;
    bytes32 private constant KEY = keccak256("key");
    bytes32 private constant DOCUMENT = keccak256("document");

    IPools private pools;
    uint256 private taskId;
    uint256 private poolId;
    address private owner;
    uint40 private closesAt;
    uint40 private expiresAt;
    mapping(uint256 scalar => G1) private _points;

    function setUp() public override {
        super.setUp();
        pools = IPools(deploy("Pools", abi.encode(IDeployed(address(tasks)).deployment())));
        taskId = createTask();
        owner = trainer(1);
        (closesAt, expiresAt) = (uint40(block.timestamp + 1 days), uint40(block.timestamp + 2 days));
        poolId = openPool(address(0));
        know(blinding());
        for (uint256 who = 2; who < 7; ++who) {
            know(rowOf(who));
        }
    }

    /*//////////////////////////////////////////////////////////////
                                  OPEN
    //////////////////////////////////////////////////////////////*/

    function test_open_fixesTheTerms() public {
        G1 memory sum = point(offset());
        vm.expectEmit(address(pools));
        emit IPools.PoolOpened(taskId, 2, owner, SLOTS, closesAt, expiresAt, address(0), KEY, sum);
        openPool(address(0));
        assertEq(pools.poolCount(), 2);
        IPools.DataPool memory pool = pools.getPool(2);
        assertEq(pool.taskId, taskId);
        assertEq(pool.owner, owner);
        assertEq(pool.slots, SLOTS);
        assertEq(pool.closesAt, closesAt);
        assertEq(pool.expiresAt, expiresAt);
        assertEq(pool.key, KEY);
        assertEq(pool.contributors, 0);
        assertFalse(pool.closed);
        assertEq(pool.dataHash, 0);
        assertSum(2, offset());
    }

    function test_open_refusesWhatMakesNoSense() public {
        uint256 most = (1 << logRows()) - UNUSABLE_ROWS;
        vm.expectRevert(abi.encodeWithSelector(ITaskManager.UnknownTask.selector, 9));
        pools.open(9, SLOTS, closesAt, expiresAt, address(0), KEY);
        vm.expectRevert(abi.encodeWithSelector(IPools.InvalidSlots.selector, 0, most));
        pools.open(taskId, 0, closesAt, expiresAt, address(0), KEY);
        vm.expectRevert(abi.encodeWithSelector(IPools.InvalidSlots.selector, most + 1, most));
        pools.open(taskId, uint16(most + 1), closesAt, expiresAt, address(0), KEY);
        uint256 now_ = block.timestamp;
        uint256[2][5] memory wrong = [
            [now_, now_ + 1],
            [now_ + 1, now_ + 1],
            [now_ + 2, now_ + 1],
            [now_ + 1, now_ + 2 + pools.MAX_CLOSING()],
            [now_ + 1 + pools.MAX_OPEN(), now_ + 2 + pools.MAX_OPEN()]
        ];
        for (uint256 i; i < wrong.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IPools.InvalidTimes.selector, wrong[i][0], wrong[i][1]));
            pools.open(taskId, SLOTS, uint40(wrong[i][0]), uint40(wrong[i][1]), address(0), KEY);
        }
        vm.expectRevert(IPools.MissingKey.selector);
        pools.open(taskId, SLOTS, closesAt, expiresAt, address(0), 0);
        vm.expectRevert(abi.encodeWithSelector(ITaskManager.InvalidAdmission.selector, STRANGER));
        pools.open(taskId, SLOTS, closesAt, expiresAt, STRANGER, KEY);
    }

    /*//////////////////////////////////////////////////////////////
                               CONTRIBUTE
    //////////////////////////////////////////////////////////////*/

    function test_contribute_takesASlotAndAddsUp() public {
        uint256 sum = add(offset(), rowOf(2));
        G1 memory total = point(sum);
        vm.expectEmit(address(pools));
        emit IPools.RowContributed(poolId, trainer(2), 4, known(rowOf(2)), DOCUMENT, total);
        contribute(2, 4);
        contribute(3, 0);
        assertSum(poolId, add(sum, rowOf(3)));
        assertEq(pools.getPool(poolId).contributors, 2);
        IPools.Contribution memory own = pools.getContribution(poolId, trainer(2));
        assertEq(own.slot, 4);
        assertEq(own.commitmentHash, bytes29(hashOf(rowOf(2))));
        address[] memory slots = pools.getSlots(poolId, 0, 100);
        assertEq(slots.length, SLOTS);
        assertEq(slots[0], trainer(3));
        assertEq(slots[4], trainer(2));
        assertEq(slots[5], address(0));
        assertEq(pools.getSlots(poolId, 4, 1)[0], trainer(2));
        assertEq(pools.getSlots(poolId, SLOTS, 1).length, 0);
    }

    function test_contribute_givesEachOneSlotAndEachSlotToOne() public {
        contribute(2, 4);
        vm.expectRevert(abi.encodeWithSelector(IPools.AlreadyContributed.selector, poolId, trainer(2), 4));
        contribute(2, 5);
        vm.expectRevert(abi.encodeWithSelector(IPools.SlotTaken.selector, poolId, 4, trainer(2)));
        contribute(3, 4);
        vm.expectRevert(abi.encodeWithSelector(IPools.UnknownSlot.selector, poolId, SLOTS));
        contribute(3, SLOTS);
        vm.expectRevert(abi.encodeWithSelector(IPools.UnknownPool.selector, 7));
        pools.contribute(7, 0, known(rowOf(2)), DOCUMENT, "");
    }

    function test_contribute_refusesWhatIsNoCommitment() public {
        G1[3] memory wrong = [G1(0, 0), G1(1, 3), G1(BN254.Q + 1, 2)];
        for (uint256 i; i < wrong.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(BN254.InvalidPoint.selector, wrong[i].x, wrong[i].y));
            pools.contribute(poolId, 0, wrong[i], DOCUMENT, "");
        }
        G1 memory zeros = point(offset());
        vm.expectRevert(IPools.EmptyRow.selector);
        pools.contribute(poolId, 0, zeros, DOCUMENT, "");
        G1 memory row = point(1);
        vm.expectRevert(IPools.MissingDocument.selector);
        pools.contribute(poolId, 0, row, 0, "");
        vm.expectRevert(ITrainerRegistry.UnexpectedEvidence.selector);
        pools.contribute(poolId, 0, row, DOCUMENT, "letter");
        vm.warp(closesAt);
        vm.expectRevert(abi.encodeWithSelector(IPools.PoolFrozen.selector, poolId, closesAt));
        pools.contribute(poolId, 0, row, DOCUMENT, "");
    }

    function test_contribute_asksTheModule() public {
        AllowList module = new AllowList(address(pools));
        poolId = openPool(address(module));
        vm.expectRevert(abi.encodeWithSelector(AllowList.NotListed.selector, trainer(2)));
        contributeWith(2, 0, "invitation");
        module.list(trainer(2), "invitation");
        bytes memory call =
            abi.encodeCall(IPoolAdmission.admitToPool, (poolId, trainer(2), hashOf(rowOf(2)), "invitation"));
        vm.expectCall(address(module), call, 1);
        contributeWith(2, 0, "invitation");
        assertEq(module.admitted(trainer(2)), 1);
        // its evidence was for once, and for nobody else
        vm.expectRevert(abi.encodeWithSelector(AllowList.NotListed.selector, trainer(3)));
        contributeWith(3, 1, "invitation");
    }

    function test_contribute_refusesWhatIsNoModule() public {
        BadModule bad = new BadModule();
        poolId = openPool(address(bad));
        bad.set(0xffffffff, "");
        vm.expectRevert(abi.encodeWithSelector(ITrainerRegistry.NotAdmitted.selector, bad, trainer(2)));
        contribute(2, 0);
        bytes[3] memory calls = [
            abi.encodeCall(pools.contribute, (poolId, 1, point(5), DOCUMENT, "")),
            abi.encodeCall(pools.withdraw, (poolId, point(rowOf(2)))),
            abi.encodeCall(pools.leaveOut, (poolId, trainer(2), point(rowOf(2)), IPools.Reason.Other))
        ];
        for (uint256 i; i < calls.length; ++i) {
            bad.set(IPoolAdmission.admitToPool.selector, calls[i]);
            uint256 snapshot = vm.snapshotState();
            contribute(2, 0);
            assertEq(
                bad.refusal(), abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)
            );
            vm.revertToState(snapshot);
        }
    }

    /*//////////////////////////////////////////////////////////////
                         WITHDRAW AND LEAVE OUT
    //////////////////////////////////////////////////////////////*/

    function test_withdraw_freesTheSlotAndTheSum() public {
        contribute(2, 4);
        contribute(3, 0);
        G1 memory left = point(add(offset(), rowOf(3)));
        vm.expectEmit(address(pools));
        emit IPools.RowWithdrawn(poolId, trainer(2), 4, left);
        withdraw(2);
        assertSum(poolId, add(offset(), rowOf(3)));
        assertEq(pools.getPool(poolId).contributors, 1);
        assertEq(pools.getContribution(poolId, trainer(2)).commitmentHash, 0);
        contribute(4, 4);
        contribute(2, 1);
        assertSum(poolId, add(add(add(offset(), rowOf(3)), rowOf(4)), rowOf(2)));
    }

    function test_withdraw_takesBackWhatWasGivenAndNothingElse() public {
        contribute(2, 4);
        contribute(3, 0);
        G1 memory other = point(rowOf(3));
        bytes29 expected = bytes29(hashOf(rowOf(2)));
        vm.expectRevert(
            abi.encodeWithSelector(IPools.CommitmentMismatch.selector, expected, bytes29(BN254.hash(other)))
        );
        vm.prank(trainer(2));
        pools.withdraw(poolId, other);
        vm.expectRevert(abi.encodeWithSelector(IPools.NotAContributor.selector, poolId, STRANGER));
        vm.prank(STRANGER);
        pools.withdraw(poolId, other);
        withdraw(2);
        vm.expectRevert(abi.encodeWithSelector(IPools.NotAContributor.selector, poolId, trainer(2)));
        withdraw(2);
    }

    function test_withdraw_beforeTheCloseOrWhenThePoolHasExpired() public {
        contribute(2, 4);
        contribute(3, 0);
        vm.warp(closesAt - 1);
        withdraw(2);
        vm.warp(closesAt);
        vm.expectRevert(abi.encodeWithSelector(IPools.PoolFrozen.selector, poolId, closesAt));
        withdraw(3);
        vm.warp(expiresAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IPools.PoolFrozen.selector, poolId, closesAt));
        withdraw(3);
        vm.warp(expiresAt);
        withdraw(3);
        assertSum(poolId, offset());
    }

    function test_leaveOut_isTheOwnersAndHasAReason() public {
        contribute(2, 4);
        G1 memory row = point(rowOf(2));
        vm.expectRevert(abi.encodeWithSelector(IPools.NotPoolOwner.selector, poolId, owner));
        pools.leaveOut(poolId, trainer(2), row, IPools.Reason.OtherRow);
        vm.startPrank(owner);
        vm.expectRevert(IPools.MissingReason.selector);
        pools.leaveOut(poolId, trainer(2), row, IPools.Reason.None);
        vm.expectRevert(abi.encodeWithSelector(IPools.NotAContributor.selector, poolId, trainer(3)));
        pools.leaveOut(poolId, trainer(3), row, IPools.Reason.OtherRow);
        vm.warp(closesAt);
        G1 memory nothing = point(offset());
        vm.expectEmit(address(pools));
        emit IPools.RowLeftOut(poolId, trainer(2), 4, IPools.Reason.OtherRow, nothing);
        pools.leaveOut(poolId, trainer(2), row, IPools.Reason.OtherRow);
        assertSum(poolId, offset());
    }

    /*//////////////////////////////////////////////////////////////
                                 CLOSE
    //////////////////////////////////////////////////////////////*/

    function test_close_recordsTheOwnersRegisteredSum() public {
        contribute(2, 4);
        contribute(3, 0);
        vm.warp(closesAt);
        uint256 pooled = pooledScalar();
        registerAs(owner, pooled);
        G1 memory all = point(pooled);
        vm.expectEmit(address(pools));
        emit IPools.PoolClosed(taskId, poolId, BN254.hash(all), all, known(blinding()), DOCUMENT);
        close();
        assertEq(pools.pooledOf(taskId, hashOf(pooled)), poolId);
        IPools.DataPool memory pool = pools.getPool(poolId);
        assertTrue(pool.closed);
        assertEq(pool.dataHash, hashOf(pooled));
        // and that is the end of it
        G1 memory row = point(rowOf(2));
        vm.expectRevert(abi.encodeWithSelector(IPools.AlreadyClosed.selector, poolId));
        close();
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IPools.AlreadyClosed.selector, poolId));
        pools.leaveOut(poolId, trainer(2), row, IPools.Reason.Other);
        for (uint256 i; i < 2; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IPools.AlreadyClosed.selector, poolId));
            withdraw(2);
            vm.warp(expiresAt);
        }
    }

    function test_close_refusesASumThatTheOwnerHasNotRegistered() public {
        contribute(2, 4);
        contribute(3, 0);
        vm.warp(closesAt);
        uint256 pooled = pooledScalar();
        vm.expectRevert(abi.encodeWithSelector(IPools.PooledNotRegistered.selector, taskId, hashOf(pooled), address(0)));
        close();
        registerAs(trainer(5), pooled);
        vm.expectRevert(abi.encodeWithSelector(IPools.PooledNotRegistered.selector, taskId, hashOf(pooled), trainer(5)));
        close();
        // one row less than the sum says
        registerAs(owner, minus(pooled, minus(rowOf(2), offset())));
        vm.expectRevert(abi.encodeWithSelector(IPools.PooledNotRegistered.selector, taskId, hashOf(pooled), trainer(5)));
        close();
    }

    function test_close_isTheOwnersInItsTime() public {
        vm.warp(closesAt);
        vm.expectRevert(abi.encodeWithSelector(IPools.EmptyPool.selector, poolId));
        close();
        vm.warp(closesAt - 1);
        contribute(2, 4);
        registerAs(owner, pooledScalar());
        vm.expectRevert(abi.encodeWithSelector(IPools.NotClosable.selector, poolId, closesAt, expiresAt));
        close();
        vm.warp(expiresAt);
        vm.expectRevert(abi.encodeWithSelector(IPools.NotClosable.selector, poolId, closesAt, expiresAt));
        close();
        vm.warp(closesAt);
        G1 memory own = point(blinding());
        vm.expectRevert(abi.encodeWithSelector(IPools.NotPoolOwner.selector, poolId, owner));
        pools.close(poolId, own, DOCUMENT);
        vm.startPrank(owner);
        vm.expectRevert(IPools.MissingDocument.selector);
        pools.close(poolId, own, 0);
        vm.expectRevert(abi.encodeWithSelector(BN254.InvalidPoint.selector, 0, 0));
        pools.close(poolId, G1(0, 0), DOCUMENT);
        vm.stopPrank();
        close();
    }

    function test_close_isOfOnePool() public {
        contribute(2, 4);
        uint256 second = openPool(address(0));
        vm.prank(trainer(2));
        pools.contribute(second, 1, point(rowOf(2)), DOCUMENT, "");
        vm.warp(closesAt);
        uint256 pooled = pooledScalar();
        registerAs(owner, pooled);
        close();
        poolId = second;
        vm.expectRevert(abi.encodeWithSelector(IPools.AlreadyPooled.selector, hashOf(pooled), 1));
        close();
    }

    /// @dev Whatever is contributed, taken back and left out: the sum is that of those who are in.
    function testFuzz_sum_isThatOfWhoeverIsIn(uint8[24] memory moves) public {
        for (uint256 i; i < moves.length; ++i) {
            (uint256 who, uint16 slot) = (2 + moves[i] % 5, uint16(moves[i] % SLOTS));
            bool isIn = pools.getContribution(poolId, trainer(who)).commitmentHash != 0;
            if (isIn && moves[i] & 64 != 0) {
                G1 memory row = point(rowOf(who));
                vm.prank(owner);
                pools.leaveOut(poolId, trainer(who), row, IPools.Reason.Other);
            } else if (isIn) {
                withdraw(who);
            } else if (pools.getSlots(poolId, slot, 1)[0] == address(0)) {
                contribute(who, slot);
            }
        }
        (uint256 sum, uint256 count) = (offset(), 0);
        for (uint256 who = 2; who < 7; ++who) {
            IPools.Contribution memory own = pools.getContribution(poolId, trainer(who));
            if (own.commitmentHash == 0) continue;
            (sum, count) = (add(sum, rowOf(who)), count + 1);
            assertEq(pools.getSlots(poolId, own.slot, 1)[0], trainer(who));
        }
        assertSum(poolId, sum);
        assertEq(pools.getPool(poolId).contributors, count);
    }

    /*//////////////////////////////////////////////////////////////
                                HELPERS
    //////////////////////////////////////////////////////////////*/

    function openPool(address admission) private returns (uint256) {
        vm.prank(owner);
        return pools.open(taskId, SLOTS, closesAt, expiresAt, admission, KEY);
    }

    /// @dev The number behind a contributor's commitment.
    function rowOf(uint256 who) private pure returns (uint256) {
        return uint256(keccak256(abi.encode("row", who))) % BN254.P;
    }

    function blinding() private pure returns (uint256) {
        return uint256(keccak256("blinding")) % BN254.P;
    }

    /// @dev C(a + b) from C(a) and C(b), as numbers.
    function add(uint256 a, uint256 b) private view returns (uint256) {
        return minus(addmod(a, b, BN254.P), offset());
    }

    /// @dev Of those who are in, and the blinding.
    function pooledScalar() private view returns (uint256 sum) {
        sum = add(offset(), blinding());
        for (uint256 who = 2; who < 7; ++who) {
            if (pools.getContribution(poolId, trainer(who)).commitmentHash != 0) sum = add(sum, rowOf(who));
        }
    }

    function contribute(uint256 who, uint16 slot) private {
        contributeWith(who, slot, "");
    }

    function contributeWith(uint256 who, uint16 slot, bytes memory evidence) private {
        vm.prank(trainer(who));
        pools.contribute(poolId, slot, known(rowOf(who)), DOCUMENT, evidence);
    }

    function withdraw(uint256 who) private {
        vm.prank(trainer(who));
        pools.withdraw(poolId, known(rowOf(who)));
    }

    function close() private {
        vm.prank(owner);
        pools.close(poolId, known(blinding()), DOCUMENT);
    }

    function registerAs(address who, uint256 scalar) private {
        (G1[] memory data, G1 memory maskKey) = (one(point(scalar)), maskKeyOf(who));
        PossessionProof memory possession = possessionOf(who, taskId);
        deposit(who, STAKE);
        vm.prank(who);
        trainers.enrol(taskId, data, maskKey, possession, "");
    }

    /// @dev The point of a number, computed before: a precompile would count as the call that is waited for.
    function known(uint256 scalar) private view returns (G1 memory) {
        return _points[scalar];
    }

    function know(uint256 scalar) private {
        _points[scalar] = point(scalar);
    }

    function assertSum(uint256 id, uint256 scalar) private view {
        G1 memory sum = pools.getPool(id).sum;
        G1 memory expected = point(scalar);
        assertEq(sum.x, expected.x);
        assertEq(sum.y, expected.y);
    }
}
