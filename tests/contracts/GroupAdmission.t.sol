// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Semaphore} from "@semaphore-protocol/contracts/Semaphore.sol";
import {SemaphoreVerifier} from "@semaphore-protocol/contracts/base/SemaphoreVerifier.sol";
import {ISemaphore} from "@semaphore-protocol/contracts/interfaces/ISemaphore.sol";
import {ISemaphoreVerifier} from "@semaphore-protocol/contracts/interfaces/ISemaphoreVerifier.sol";

import {IDeployed} from "../../contracts/interfaces/IDeployed.sol";
import {IGroupAdmission} from "../../contracts/interfaces/IGroupAdmission.sol";
import {IGroupAdmissions} from "../../contracts/interfaces/IGroupAdmissions.sol";
import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {G1} from "../../contracts/libraries/BN254.sol";
import {PossessionProof} from "../../contracts/libraries/Possession.sol";
import {HeadwaterTest} from "./helpers/HeadwaterTest.sol";

/// @notice Semaphore as it is, groups, and the proofs of tests/vectors/groups.json.
abstract contract GroupsTest is HeadwaterTest {
    address internal immutable ADMIN = makeAddr("admin");
    uint256 internal constant EXPIRY = 1 hours;

    ISemaphore internal semaphore;
    IGroupAdmissions internal admissions;
    string internal json;

    function setUp() public virtual override {
        super.setUp();
        json = vm.readFile("tests/vectors/groups.json");
        semaphore = new Semaphore(ISemaphoreVerifier(address(new SemaphoreVerifier())));
        IDeployed.Addresses memory all = IDeployed(address(tasks)).deployment();
        address implementation = deploy("GroupAdmission", abi.encode(all, semaphore, deploy("Pools", abi.encode(all))));
        admissions = IGroupAdmissions(deploy("GroupAdmissions", abi.encode(all, semaphore, implementation)));
        assertEq(address(tasks), vm.parseJsonAddress(json, ".taskManager"), "run python -m tests.vectors.make_groups");
        makeGroup(".first");
        makeGroup(".second");
    }

    function makeGroup(string memory key) private {
        vm.startPrank(ADMIN);
        uint256 groupId = semaphore.createGroup(ADMIN, EXPIRY);
        semaphore.addMembers(groupId, vm.parseJsonUintArray(json, key));
        vm.stopPrank();
    }

    function proofs(string memory key) internal view returns (ISemaphore.SemaphoreProof[] memory) {
        return abi.decode(evidence(key), (ISemaphore.SemaphoreProof[]));
    }

    function evidence(string memory key) internal view returns (bytes memory) {
        return vm.parseJsonBytes(json, key);
    }

    function ids(uint256 one_) internal pure returns (uint256[] memory list) {
        list = new uint256[](1);
        list[0] = one_;
    }

    function ids(uint256 one_, uint256 two) internal pure returns (uint256[] memory list) {
        list = new uint256[](2);
        (list[0], list[1]) = (one_, two);
    }

    function taskOf(address admission) internal returns (uint256) {
        ITaskManager.TaskConfig memory config = defaultConfig();
        config.admission = admission;
        return createTask(config, POOL);
    }

    function enrolWith(uint256 taskId, address who, bytes memory shown) internal {
        (G1[] memory data, G1 memory key) = (one(point(dataOf(who))), maskKeyOf(who));
        PossessionProof memory possession = possessionOf(who, taskId);
        vm.prank(who);
        trainers.enrol(taskId, data, key, possession, shown);
    }

    function refuses(uint256 taskId, address who, bytes memory shown, bytes memory reason) internal {
        (G1[] memory data, G1 memory key) = (one(point(dataOf(who))), maskKeyOf(who));
        PossessionProof memory possession = possessionOf(who, taskId);
        vm.prank(who);
        vm.expectRevert(reason);
        trainers.enrol(taskId, data, key, possession, shown);
    }
}

/// @notice Who is in a task's groups may enrol, once. Task 1 asks for the first group, task 2 for both.
contract GroupAdmissionTest is GroupsTest {
    IGroupAdmission private first;
    IGroupAdmission private both;
    address private alice;
    address private other;

    function setUp() public override {
        super.setUp();
        first = IGroupAdmission(admissions.moduleFor(ids(0)));
        both = IGroupAdmission(admissions.moduleFor(ids(0, 1)));
        assertEq(taskOf(address(first)), 1);
        assertEq(taskOf(address(both)), 2);
        (alice, other) = (trainer(1), trainer(2));
        deposit(alice, 2 * STAKE);
        deposit(other, 2 * STAKE);
    }

    /*//////////////////////////////////////////////////////////////
                                MEMBERS
    //////////////////////////////////////////////////////////////*/

    function test_admit_aMember() public {
        uint256 nullifier = proofs(".one")[0].nullifier;
        assertEq(first.seatOf(1, nullifier), address(0));
        vm.expectEmit(address(first));
        emit IGroupAdmission.Admitted(1, alice, nullifier);
        enrolWith(1, alice, evidence(".one"));
        assertTrue(isEnrolled(1, alice));
        assertEq(first.seatOf(1, nullifier), alice);
        assertEq(both.seatOf(1, nullifier), address(0), "modules share nothing");
    }

    function test_admit_aMemberOfTwoGroups() public {
        ISemaphore.SemaphoreProof[] memory shown = proofs(".two");
        assertEq(shown[0].nullifier, shown[1].nullifier);
        assertNotEq(shown[0].merkleTreeRoot, shown[1].merkleTreeRoot);
        enrolWith(2, alice, evidence(".two"));
        assertEq(both.seatOf(2, shown[0].nullifier), alice);
        assertNotEq(shown[0].nullifier, proofs(".one")[0].nullifier, "tasks cannot be told to have one member");
    }

    function test_admit_twoMembers() public {
        enrolWith(1, alice, evidence(".one"));
        enrolWith(1, other, evidence(".otherPerson"));
        assertTrue(isEnrolled(1, other));
    }

    /// @dev What admission adds to an enrolment that sends as many bytes. Semaphore is compiled without the optimizer here,
    /// and calldata are not counted: `make bench` measures whole transactions.
    function test_admit_costsWhatItMay() public {
        assertLt(gasOf(2, ".two") - gasOf(taskOf(address(0)), ""), 520_000);
        assertLt(gasOf(1, ".one") - gasOf(taskOf(address(0)), ""), 290_000);
    }

    function gasOf(uint256 taskId, string memory key) private returns (uint256 gas) {
        deposit(alice, STAKE);
        (G1[] memory data, G1 memory maskKey) = (one(point(dataOf(alice))), maskKeyOf(alice));
        PossessionProof memory possession = possessionOf(alice, taskId);
        bytes memory shown = bytes(key).length == 0 ? bytes("") : evidence(key);
        vm.prank(alice);
        trainers.enrol(taskId, data, maskKey, possession, shown);
        return vm.lastCallGas().gasTotalUsed;
    }

    /*//////////////////////////////////////////////////////////////
                                REFUSALS
    //////////////////////////////////////////////////////////////*/

    function test_admit_refusesWhoProvesTooLittleOrTooMuch() public {
        bytes4 wrong = IGroupAdmission.WrongProofCount.selector;
        refuses(1, alice, abi.encode(new ISemaphore.SemaphoreProof[](0)), abi.encodeWithSelector(wrong, 1, 0));
        refuses(1, alice, evidence(".two"), abi.encodeWithSelector(wrong, 1, 2));
        refuses(2, alice, evidence(".one"), abi.encodeWithSelector(wrong, 2, 1));
        refuses(1, alice, "", "");
        refuses(1, alice, "invitation", "");
    }

    function test_admit_refusesAnotherTasksProof() public {
        ISemaphore.SemaphoreProof[] memory shown = proofs(".two");
        assembly ("memory-safe") {
            mstore(shown, 1) // only the first of them
        }
        bytes memory reason = abi.encodeWithSelector(IGroupAdmission.ScopeMismatch.selector, tasks.tag(1), tasks.tag(2));
        refuses(1, alice, abi.encode(shown), reason);
        shown[0].scope = tasks.tag(1);
        refuses(1, alice, abi.encode(shown), abi.encodeWithSelector(IGroupAdmission.InvalidMembership.selector, 0));
    }

    function test_admit_refusesAnotherSendersProof() public {
        bytes32[] memory dataHashes = new bytes32[](1);
        dataHashes[0] = hashOf(dataOf(other));
        ISemaphore.SemaphoreProof[] memory shown = proofs(".one");
        uint256 expected = first.messageOf(other, dataHashes);
        assertEq(expected, uint256(keccak256(abi.encode(other, dataHashes))));
        refuses(
            1,
            other,
            abi.encode(shown),
            abi.encodeWithSelector(IGroupAdmission.MessageMismatch.selector, expected, shown[0].message)
        );
        shown[0].message = expected;
        refuses(1, other, abi.encode(shown), abi.encodeWithSelector(IGroupAdmission.InvalidMembership.selector, 0));
    }

    function test_admit_refusesAProofWithOtherData() public {
        (G1[] memory data, G1 memory key) = (one(point(4711)), maskKeyOf(alice));
        PossessionProof memory possession = possessionOf(alice, 1);
        bytes memory shown = evidence(".one");
        bytes32[] memory dataHashes = new bytes32[](1);
        dataHashes[0] = hashOf(4711);
        uint256 expected = first.messageOf(alice, dataHashes);
        vm.prank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(IGroupAdmission.MessageMismatch.selector, expected, proofs(".one")[0].message)
        );
        trainers.enrol(1, data, key, possession, shown);
    }

    function test_admit_refusesAnotherGroupsProof() public {
        refuses(
            1,
            alice,
            evidence(".otherGroup"),
            abi.encodeWithSelector(ISemaphore.Semaphore__MerkleTreeRootIsNotPartOfTheGroup.selector)
        );
    }

    function test_admit_refusesTwoPeopleForOne() public {
        ISemaphore.SemaphoreProof[] memory shown = proofs(".twoPeople");
        bytes memory reason = abi.encodeWithSelector(
            IGroupAdmission.IdentityMismatch.selector, 1, shown[0].nullifier, shown[1].nullifier
        );
        refuses(2, alice, abi.encode(shown), reason);
        shown[1].nullifier = shown[0].nullifier;
        refuses(2, alice, abi.encode(shown), abi.encodeWithSelector(IGroupAdmission.InvalidMembership.selector, 1));
    }

    function test_admit_refusesWhatIsChanged() public {
        bytes memory reason = abi.encodeWithSelector(IGroupAdmission.InvalidMembership.selector, 0);
        for (uint256 i; i < 8; ++i) {
            ISemaphore.SemaphoreProof[] memory shown = proofs(".one");
            shown[0].points[i] ^= 1;
            refuses(1, alice, abi.encode(shown), reason);
        }
        ISemaphore.SemaphoreProof[] memory other_ = proofs(".one");
        unchecked {
            other_[0].nullifier += 1;
        }
        refuses(1, alice, abi.encode(other_), reason);
        // the same number in the circuit, and another one on chain: it would be a second seat
        other_ = proofs(".one");
        other_[0].nullifier += 21_888_242_871_839_275_222_246_405_745_257_275_088_548_364_400_416_034_343_698_204_186_575_808_495_617;
        refuses(1, alice, abi.encode(other_), reason);
    }

    function test_admit_refusesAnExpiredRoot() public {
        bytes memory shown = evidence(".one");
        vm.prank(ADMIN);
        semaphore.addMember(0, 4711);
        vm.warp(block.timestamp + EXPIRY + 1);
        refuses(1, alice, shown, abi.encodeWithSelector(ISemaphore.Semaphore__MerkleTreeRootIsExpired.selector));
    }

    function test_admit_takesARootThatHasNotExpired() public {
        vm.prank(ADMIN);
        semaphore.addMember(0, 4711);
        vm.warp(block.timestamp + EXPIRY);
        enrolWith(1, alice, evidence(".one"));
        assertTrue(isEnrolled(1, alice));
    }

    function test_admit_countsOnlyFromTheRegistry() public {
        bytes32[] memory dataHashes = new bytes32[](1);
        dataHashes[0] = hashOf(dataOf(alice));
        bytes memory shown = evidence(".one");
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IDeployed.UnauthorizedCaller.selector, alice));
        first.admit(1, alice, dataHashes, shown);
    }

    /*//////////////////////////////////////////////////////////////
                                 SEATS
    //////////////////////////////////////////////////////////////*/

    function test_admit_refusesASecondSeat() public {
        enrolWith(1, alice, evidence(".one"));
        uint256 nullifier = proofs(".one")[0].nullifier;
        bytes memory reason = abi.encodeWithSelector(IGroupAdmission.SeatTaken.selector, 1, nullifier, alice);
        refuses(1, other, evidence(".otherAccount"), reason);
        unenrol(1, alice);
        refuses(1, other, evidence(".otherAccount"), reason); // it may still have a seat in a round
    }

    function test_admit_whoComesAgain() public {
        for (uint256 i; i < 2; ++i) {
            enrolWith(1, alice, evidence(".one"));
            leaveTask(1, alice);
        }
        assertFalse(isEnrolled(1, alice));
    }

    function test_admit_fromAnotherAccountOnceTheFirstIsOut() public {
        enrolWith(1, alice, evidence(".one"));
        leaveTask(1, alice);
        enrolWith(1, other, evidence(".otherAccount"));
        uint256 nullifier = proofs(".one")[0].nullifier;
        assertEq(first.seatOf(1, nullifier), other);
        refuses(
            1, alice, evidence(".one"), abi.encodeWithSelector(IGroupAdmission.SeatTaken.selector, 1, nullifier, other)
        );
    }

    function test_registerData_isNotAskedAbout() public {
        enrolWith(1, alice, evidence(".one"));
        G1[] memory more = one(point(4711));
        vm.prank(alice);
        trainers.registerData(1, more);
        assertEq(trainers.getData(1, hashOf(4711)).owner, alice);
    }

    /*//////////////////////////////////////////////////////////////
                                MODULES
    //////////////////////////////////////////////////////////////*/

    function test_moduleFor_makesOneForEachList() public {
        assertEq(admissions.moduleFor(ids(0)), address(first));
        assertEq(admissions.addressOf(ids(0)), address(first));
        assertNotEq(address(first), address(both));
        vm.expectEmit(address(admissions));
        emit IGroupAdmissions.ModuleCreated(admissions.addressOf(ids(1)), ids(1));
        admissions.moduleFor(ids(1));
        assertEq(first.getGroups(), ids(0));
        assertEq(both.getGroups(), ids(0, 1));
        assertEq(admissions.semaphore(), address(semaphore));
    }

    function test_moduleFor_refusesOtherLists() public {
        uint256 most = admissions.MAX_GROUPS();
        vm.expectRevert(abi.encodeWithSelector(IGroupAdmissions.WrongGroupCount.selector, most, 0));
        admissions.moduleFor(new uint256[](0));
        vm.expectRevert(abi.encodeWithSelector(IGroupAdmissions.WrongGroupCount.selector, most, most + 1));
        admissions.moduleFor(new uint256[](most + 1));
        vm.expectRevert(abi.encodeWithSelector(IGroupAdmissions.GroupsNotAscending.selector, 1, 0));
        admissions.moduleFor(ids(1, 0));
        vm.expectRevert(abi.encodeWithSelector(IGroupAdmissions.GroupsNotAscending.selector, 1, 1));
        admissions.moduleFor(ids(1, 1));
        vm.expectRevert(abi.encodeWithSelector(IGroupAdmissions.UnknownGroup.selector, 2));
        admissions.moduleFor(ids(1, 2));
    }

    function test_groupsOf_knowsItsOwnOnly() public {
        assertEq(admissions.groupsOf(address(first)), ids(0));
        assertEq(admissions.groupsOf(address(both)), ids(0, 1));
        // another factory's module of the same code and groups, a module of nobody's, other contracts, no contract
        IDeployed.Addresses memory all = IDeployed(address(tasks)).deployment();
        address implementation = address(uint160(uint256(keccak256("another implementation"))));
        IGroupAdmissions twin = IGroupAdmissions(deploy("GroupAdmissions", abi.encode(all, semaphore, implementation)));
        address copied = makeAddr("copied");
        vm.etch(copied, address(first).code);
        address[6] memory others =
            [twin.moduleFor(ids(0)), copied, address(tasks), address(admissions), alice, admissions.addressOf(ids(1))];
        for (uint256 i; i < others.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IGroupAdmissions.UnknownModule.selector, others[i]));
            admissions.groupsOf(others[i]);
        }
    }

    /// @dev The code of all modules is no module: it has no groups, or such that nobody has.
    function test_admit_ofTheCodeItself() public {
        address implementation = makeAddr("implementation");
        IDeployed.Addresses memory all = IDeployed(address(tasks)).deployment();
        implementation = deploy("GroupAdmission", abi.encode(all, semaphore, deploy("Pools", abi.encode(all))));
        uint256 taskId = taskOf(implementation);
        uint256 count = IGroupAdmission(implementation).getGroups().length;
        refuses(
            taskId, alice, evidence(".one"), abi.encodeWithSelector(IGroupAdmission.WrongProofCount.selector, count, 1)
        );
    }
}
