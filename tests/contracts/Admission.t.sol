// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IAdmission} from "../../contracts/interfaces/IAdmission.sol";
import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {ITrainerRegistry} from "../../contracts/interfaces/ITrainerRegistry.sol";
import {G1} from "../../contracts/libraries/BN254.sol";
import {PossessionProof} from "../../contracts/libraries/Possession.sol";
import {AllowList, BadModule} from "./helpers/AllowList.sol";
import {HeadwaterTest} from "./helpers/HeadwaterTest.sol";

/// @notice A task's admission module: asked at enrolment, and nowhere else.
contract AdmissionTest is HeadwaterTest {
    AllowList private module;
    uint256 private taskId;
    address private alice;

    function setUp() public override {
        super.setUp();
        module = new AllowList(address(trainers));
        taskId = createTaskWith(address(module));
        alice = trainer(1);
        deposit(alice, 2 * STAKE);
    }

    function test_enrol_admitsWhomTheModuleAdmits() public {
        module.list(alice, "invitation");
        bytes32[] memory dataHashes = new bytes32[](1);
        dataHashes[0] = hashOf(dataOf(alice));
        vm.expectCall(address(module), abi.encodeCall(IAdmission.admit, (taskId, alice, dataHashes, "invitation")), 1);
        enrolWith(alice, "invitation");
        assertTrue(isEnrolled(taskId, alice));
        assertEq(module.admitted(alice), 1);
        assertEq(module.lastTask(), taskId);
        assertEq(module.dataOf(alice), dataHashes[0]);
    }

    function test_enrol_refusesByTheModulesOwnReason() public {
        bytes memory reason = abi.encodeWithSelector(AllowList.NotListed.selector, alice);
        refuses(alice, "", reason);
        module.list(alice, "invitation");
        refuses(alice, "forged", reason);
        module.list(trainer(2), "invitation of another");
        refuses(alice, "invitation of another", reason);
        assertStake(alice, 2 * STAKE, 0);
        assertEq(trainers.getData(taskId, hashOf(dataOf(alice))).owner, address(0), "nothing is kept");
    }

    function test_admit_countsOnlyFromTheRegistry() public {
        module.list(alice, "invitation");
        vm.expectRevert(AllowList.OnlyRegistry.selector);
        module.admit(taskId, alice, new bytes32[](1), "invitation");
    }

    function test_enrol_refusesWhatIsNoModule() public {
        BadModule bad = new BadModule();
        taskId = createTaskWith(address(bad));
        bytes4[3] memory wrong = [bytes4(0), bytes4(0xffffffff), ITrainerRegistry.enrol.selector];
        for (uint256 i; i < wrong.length; ++i) {
            bad.set(wrong[i], "");
            refuses(alice, "", abi.encodeWithSelector(ITrainerRegistry.NotAdmitted.selector, bad, alice));
        }
        bad.set(IAdmission.admit.selector, "");
        enrolWith(alice, "");
        // a contract without such a function, and one whose code is gone
        taskId = createTaskWith(address(trainVerifier));
        refuses(alice, "", "");
        vm.etch(address(module), "");
        taskId = 1;
        refuses(alice, "", "");
    }

    function test_enrol_refusesEvidenceThatNobodyAsksFor() public {
        taskId = createTask();
        refuses(alice, "invitation", abi.encodeWithSelector(ITrainerRegistry.UnexpectedEvidence.selector));
        enrolWith(alice, "");
    }

    /// @dev Whoever is in stays in, whatever the module says later; and nobody else has a veto.
    function test_admission_isAskedAtEnrolmentOnly() public {
        for (uint256 i = 1; i <= 3; ++i) {
            if (i != 1) deposit(trainer(i), STAKE);
            module.list(trainer(i), "invitation");
            enrolWith(trainer(i), "invitation");
        }
        vm.mockCallRevert(address(module), abi.encodePacked(IAdmission.admit.selector), "no more");
        G1[] memory data = one(point(3));
        vm.prank(alice);
        trainers.registerData(taskId, data);
        finalizeRound(taskId, 3);
        finalizeRound(taskId, 3);
        vm.prank(alice);
        assertGt(rewards.collect(taskId, one(1)), 0);
        leaveTask(taskId, alice);
        refuses(alice, "invitation", "no more");
    }

    function test_admission_cannotReenter() public {
        BadModule bad = new BadModule();
        taskId = createTaskWith(address(bad));
        bytes[4] memory calls = [
            abi.encodeCall(trainers.unenrol, (taskId)),
            abi.encodeCall(trainers.release, (taskId)),
            abi.encodeCall(trainers.settle, (taskId, alice)),
            abi.encodeCall(trainers.registerData, (taskId, one(G1(1, 2))))
        ];
        for (uint256 i; i < calls.length; ++i) {
            bad.set(IAdmission.admit.selector, calls[i]);
            uint256 snapshot = vm.snapshotState();
            enrolWith(alice, "");
            assertEq(
                bad.refusal(), abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)
            );
            vm.revertToState(snapshot);
        }
    }

    function createTaskWith(address admission) private returns (uint256) {
        ITaskManager.TaskConfig memory config = defaultConfig();
        config.admission = admission;
        return createTask(config, POOL);
    }

    function enrolWith(address who, bytes memory evidence) private {
        (G1[] memory data, G1 memory key) = (one(point(dataOf(who))), maskKeyOf(who));
        PossessionProof memory possession = possessionOf(who, taskId);
        vm.prank(who);
        trainers.enrol(taskId, data, key, possession, evidence);
    }

    function refuses(address who, bytes memory evidence, bytes memory reason) private {
        (G1[] memory data, G1 memory key) = (one(point(dataOf(who))), maskKeyOf(who));
        PossessionProof memory possession = possessionOf(who, taskId);
        vm.prank(who);
        vm.expectRevert(reason);
        trainers.enrol(taskId, data, key, possession, evidence);
    }
}
