// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRoundManager} from "../../contracts/interfaces/IRoundManager.sol";
import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {ITrainerRegistry} from "../../contracts/interfaces/ITrainerRegistry.sol";
import {BN254, G1} from "../../contracts/libraries/BN254.sol";
import {PossessionProof} from "../../contracts/libraries/Possession.sol";
import {HeadwaterTest} from "./helpers/HeadwaterTest.sol";

contract EnrolTest is HeadwaterTest {
    uint256 private taskId;
    address private alice;
    address private bob;

    function setUp() public override {
        super.setUp();
        taskId = createTask();
        (alice, bob) = (trainer(1), trainer(2));
        deposit(alice, STAKE);
        deposit(bob, STAKE);
    }

    function test_enrol_registersTheDataAndLocksTheStake() public {
        vm.expectEmit(address(trainers));
        emit ITrainerRegistry.DataRegistered(taskId, alice, hashOf(dataOf(alice)), point(dataOf(alice)), 1);
        vm.expectEmit(address(trainers));
        emit ITrainerRegistry.Enrolled(taskId, alice, maskKeyOf(alice), possessionOf(alice, taskId), STAKE);
        vm.expectEmit(address(stakes));
        emit IStakeManager.Locked(taskId, alice, STAKE, 0, STAKE);
        enrolWith(alice, point(dataOf(alice)));

        ITrainerRegistry.Enrolment memory enrolment = trainers.getEnrolment(taskId, alice);
        assertEq(enrolment.maskKeyHash, BN254.hash(maskKeyOf(alice)));
        assertEq(enrolment.stake, STAKE);
        assertEq(enrolment.round, 0);
        assertEq(enrolment.releasableAt, 0);
        ITrainerRegistry.Registration memory data = trainers.getData(taskId, hashOf(dataOf(alice)));
        assertEq(data.owner, alice);
        assertEq(data.round, 1);
        assertEq(data.registeredAt, block.timestamp);
        assertStake(alice, 0, STAKE);
    }

    function test_enrol_worksInEveryPhase() public {
        toTrain(taskId, 3);
        deposit(trainer(4), STAKE);
        enrolWith(trainer(4), point(dataOf(trainer(4))));
        submitMany(taskId, 3);
        deposit(trainer(5), STAKE);
        enrolWith(trainer(5), point(dataOf(trainer(5))));
        maskMany(taskId, 3);
        deposit(trainer(6), STAKE);
        enrolWith(trainer(6), point(dataOf(trainer(6))));
        assertPhase(taskId, 1, IRoundManager.Phase.Aggregate);
    }

    function test_enrol_needsNoStakeWhereTheTaskAsksForNone() public {
        ITaskManager.TaskConfig memory config = defaultConfig();
        (config.stake, config.challengeBond) = (0, 0);
        taskId = createTask(config, POOL);
        enrolWith(STRANGER, point(1));
        join(taskId, STRANGER);
        endTask(taskId);
        leaveTask(taskId, STRANGER);
    }

    function test_enrol_refusesUnknownTasks() public {
        G1[] memory data = one(point(1));
        PossessionProof memory possession = possessionOf(alice, 99);
        vm.expectRevert(abi.encodeWithSelector(ITaskManager.UnknownTask.selector, 99));
        trainers.enrol(99, data, data[0], possession, "");
    }

    function test_enrol_refusesTasksThatHaveEnded() public {
        endTask(taskId);
        refuses(alice, point(1), abi.encodeWithSelector(ITrainerRegistry.TaskEnded.selector, taskId));
    }

    function test_enrol_refusesASecondEnrolment() public {
        enrolWith(alice, point(1));
        refuses(alice, point(2), abi.encodeWithSelector(ITrainerRegistry.AlreadyEnrolled.selector, taskId, alice));
    }

    function test_enrol_refusesWhoIsLeaving() public {
        enrolWith(alice, point(1));
        unenrol(taskId, alice);
        refuses(alice, point(1), abi.encodeWithSelector(ITrainerRegistry.AlreadyEnrolled.selector, taskId, alice));
    }

    function test_enrol_refusesDataOfAnotherTrainer() public {
        enrolWith(alice, point(1));
        refuses(
            bob,
            point(1),
            abi.encodeWithSelector(ITrainerRegistry.DataAlreadyRegistered.selector, taskId, hashOf(1), alice)
        );
    }

    function test_enrol_refusesDataOfATrainerWhoIsEnrolledNoMore() public {
        enrolWith(alice, point(1));
        leaveTask(taskId, alice);
        refuses(
            bob,
            point(1),
            abi.encodeWithSelector(ITrainerRegistry.DataAlreadyRegistered.selector, taskId, hashOf(1), alice)
        );
    }

    function test_enrol_takesItsTrainerBackWithOldOrNewData() public {
        enrolWith(alice, point(1));
        for (uint256 data = 1; data <= 2; ++data) {
            leaveTask(taskId, alice);
            enrolWith(alice, point(data));
            assertEq(trainers.getData(taskId, hashOf(data)).owner, alice);
        }
    }

    function test_enrol_keepsTasksApart() public {
        enrolWith(alice, point(1));
        taskId = createTask();
        enrolWith(bob, point(1));
        assertEq(trainers.getData(taskId, hashOf(1)).owner, bob);
    }

    function test_enrol_refusesTheZeroVector() public {
        refuses(alice, point(offset()), abi.encodeWithSelector(ITrainerRegistry.EmptyData.selector));
    }

    function test_enrol_refusesWhatIsNoPoint(uint256 x, uint256 y) public {
        vm.assume(
            x >= BN254.Q || y >= BN254.Q
                || mulmod(y, y, BN254.Q) != (mulmod(mulmod(x, x, BN254.Q), x, BN254.Q) + 3) % BN254.Q
        );
        refuses(alice, G1(x, y), abi.encodeWithSelector(BN254.InvalidPoint.selector, x, y));
        refusesMaskKey(G1(x, y));
    }

    function test_enrol_refusesTheIdentity() public {
        refuses(alice, G1(0, 0), abi.encodeWithSelector(BN254.InvalidPoint.selector, 0, 0));
        refusesMaskKey(G1(0, 0));
    }

    function test_enrol_refusesWithoutEnoughFreeStake() public {
        vm.prank(alice);
        stakes.withdraw(1);
        refuses(
            alice, point(1), abi.encodeWithSelector(IStakeManager.InsufficientStake.selector, alice, STAKE - 1, STAKE)
        );
    }

    function test_enrol_countsStakeOnce() public {
        enrolWith(alice, point(1));
        uint256 other = createTask();
        taskId = other;
        refuses(alice, point(1), abi.encodeWithSelector(IStakeManager.InsufficientStake.selector, alice, 0, STAKE));
    }

    function enrolWith(address who, G1 memory data) private {
        (G1 memory maskKey, PossessionProof memory possession) = (maskKeyOf(who), possessionOf(who, taskId));
        vm.prank(who);
        trainers.enrol(taskId, one(data), maskKey, possession, "");
    }

    function refuses(address who, G1 memory data, bytes memory reason) private {
        (G1 memory maskKey, PossessionProof memory possession) = (maskKeyOf(who), possessionOf(who, taskId));
        vm.prank(who);
        vm.expectRevert(reason);
        trainers.enrol(taskId, one(data), maskKey, possession, "");
    }

    function refusesMaskKey(G1 memory maskKey) private {
        (G1[] memory data, PossessionProof memory possession) = (one(point(1)), possessionOf(alice, taskId));
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(BN254.InvalidPoint.selector, maskKey.x, maskKey.y));
        trainers.enrol(taskId, data, maskKey, possession, "");
    }
}
