// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Create3} from "@openzeppelin/contracts/utils/Create3.sol";

import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {BN254, G1, G2} from "../../contracts/libraries/BN254.sol";
import {Verifying} from "../../contracts/libraries/Verifying.sol";
import {HeadwaterTest} from "./helpers/HeadwaterTest.sol";
import {StubVerifier} from "./helpers/StubVerifier.sol";

/// @notice What a task's first model comes from.
contract OriginTest is HeadwaterTest {
    uint256 private constant MODEL = 31_337; // what a merge's proof is of

    /// @dev Two tasks with finalized rounds, and one with its first model only; and their models' numbers, with tags.
    uint256[3] private parents;
    uint256[3] private models;
    uint32[3] private made = [1, 2, 0];

    function setUp() public override {
        super.setUp();
        for (uint256 i; i < 3; ++i) {
            parents[i] = createTask();
            for (uint256 round = 1; round <= made[i]; ++round) {
                finalizeRound(parents[i], 3);
            }
            models[i] = modelScalar;
        }
        assertEq(registry.latest(parents[1]).round, 2);
    }

    /*//////////////////////////////////////////////////////////////
                                 NONE
    //////////////////////////////////////////////////////////////*/

    function test_createTask_withoutParentsHasNone() public {
        uint256 taskId = createTask();
        (IModelRegistry.Parent[] memory of_, uint256 divisor) = registry.getParents(taskId, 0);
        assertEq(of_.length, 0);
        assertEq(divisor, 0);
        assertEq(lens.getTask(taskId).parents.length, 0);
    }

    function test_createTask_refusesDivisorsAndProofsThatNothingAsksFor() public {
        ITaskManager.Origin memory origin = originOf(firstModel());
        origin.divisor = 1;
        refuses(origin, abi.encodeWithSelector(ITaskManager.InvalidDivisor.selector, 1));
        origin.divisor = 0;
        origin.proof = "proof";
        refuses(origin, abi.encodeWithSelector(ITaskManager.UnexpectedProof.selector));
        origin.proof = "";
        origin.models = one(point(1));
        refuses(origin, abi.encodeWithSelector(ITaskManager.WrongParentCount.selector, 0, 1));
        origin = warmStart(0);
        origin.models = new G1[](0);
        refuses(origin, abi.encodeWithSelector(ITaskManager.WrongParentCount.selector, 1, 0));
        origin = warmStart(0);
        origin.proof = "proof";
        refuses(origin, abi.encodeWithSelector(ITaskManager.UnexpectedProof.selector));
        origin = warmStart(0);
        origin.divisor = 0;
        refuses(origin, abi.encodeWithSelector(ITaskManager.InvalidDivisor.selector, 0));
    }

    /*//////////////////////////////////////////////////////////////
                               WARM START
    //////////////////////////////////////////////////////////////*/

    function test_createTask_startsFromAnyModelOfAnotherTask() public {
        for (uint256 i; i < 3; ++i) {
            ITaskManager.Origin memory origin = warmStart(i);
            uint256 untagged = untaggedOf(i);
            uint256 taskId = tasks.taskCount() + 1;
            vm.expectEmit(address(registry));
            emit IModelRegistry.ModelAdded(
                taskId, 0, hashOf(tagged(taskId, untagged)), 0, 0, point(tagged(taskId, untagged)), MODEL_CID
            );
            vm.expectEmit(address(registry));
            emit IModelRegistry.OriginRecorded(taskId, origin.parents, 1);
            assertEq(createTask(defaultConfig(), POOL, origin, untagged), taskId);
            assertEq(stateOf(taskId).modelHash, hashOf(modelScalar));
            assertParents(taskId, origin);
            finalizeRound(taskId, 3); // it goes on from there
            (IModelRegistry.Parent[] memory of_, uint256 divisor) = registry.getParents(taskId, 1);
            assertEq(of_.length, 1);
            assertEq(of_[0].taskId, taskId);
            assertEq(of_[0].round, 0);
            assertEq(of_[0].coefficient, 1);
            assertEq(divisor, 1);
        }
    }

    function test_createTask_startsFromTheFirstModelAsItsOwnersDocumentHasIt() public {
        uint256 taskId = createTask(defaultConfig(), POOL, warmStart(2), untaggedOf(2));
        assertEq(untaggedOf(2), firstModel());
        uint256 id = challengeModel(taskId);
        answerModel(id, modelScalar, firstWeights());
        assertEq(stakes.claimable(CREATOR), BOND);
    }

    /*//////////////////////////////////////////////////////////////
                                 MERGE
    //////////////////////////////////////////////////////////////*/

    function test_createTask_mergesModelsOfSeveralTasks(int64 a, int64 b, int64 c, uint64 divisor) public {
        if (divisor == 0) divisor = 1;
        for (uint256 count = 2; count <= 3; ++count) {
            uint256 snapshot = vm.snapshotState();
            assertMerges(merge(count, [a, b, c], divisor));
            vm.revertToState(snapshot);
        }
    }

    function test_createTask_mergesWithNegativeCoefficients() public {
        assertMerges(merge(2, [int64(3), -2, 0], 1));
        assertMerges(merge(3, [int64(-1), type(int64).min, type(int64).max], type(uint64).max));
        assertMerges(merge(1, [int64(-1), 0, 0], 1)); // one parent, but no warm start
        assertMerges(merge(1, [int64(1), 0, 0], 2));
        assertMerges(merge(2, [int64(0), 0, 0], 1));
    }

    /// @dev The tags cancel whatever the coefficients: what the proof is of has a 0 in the tag's place.
    function test_createTask_mergesTheSameModelTwice() public {
        ITaskManager.Origin memory origin = merge(2, [int64(5), -4, 0], 1);
        (origin.parents[1].taskId, origin.parents[1].round) = (origin.parents[0].taskId, origin.parents[0].round);
        origin.models[1] = origin.models[0];
        origin.proof = proofOf(MODEL, 9, publicOf(1, CREATOR), twice(untaggedOf(0)));
        assertMerges(origin);
    }

    function test_createTask_refusesAMergeThatIsNotProved() public {
        ITaskManager.Origin memory origin = merge(2, [int64(1), 1, 0], 2);
        bytes memory right = origin.proof;
        uint256 sum = twice(sumOf(2, [int64(1), 1, 0]));
        uint256 withTags = twice(addmod(models[0], minus(models[1], offset()), BN254.P));
        origin.proof = proofOf(MODEL, 9, publicOf(2, CREATOR), withTags);
        refuses(origin, abi.encodeWithSelector(ITaskManager.SumMismatch.selector, hashOf(sum), hashOf(withTags)));
        origin.proof = proofOf(MODEL, 9, publicOf(3, CREATOR), sum);
        refuses(origin, publicMismatch(2, CREATOR, 3, CREATOR));
        origin.proof = proofOf(MODEL, 9, publicOf(2, STRANGER), sum);
        refuses(origin, publicMismatch(2, CREATOR, 2, STRANGER));
        origin.proof = abi.encode(G1(1, 3), point(9), point(publicOf(2, CREATOR)), point(sum));
        refuses(origin, abi.encodeWithSelector(BN254.InvalidPoint.selector, 1, 3));
        origin.proof = right;
        origin.parents[1].coefficient = -1;
        uint256 other = twice(sumOf(2, [int64(1), -1, 0]));
        refuses(origin, abi.encodeWithSelector(ITaskManager.SumMismatch.selector, hashOf(other), hashOf(sum)));
        origin.parents[1].coefficient = 1;
        averageVerifier.set(StubVerifier.Mode.Reject);
        refuses(origin, abi.encodeWithSelector(Verifying.InvalidProof.selector, averageVerifier));
        averageVerifier.set(StubVerifier.Mode.Accept);
        assertMerges(origin);
    }

    /*//////////////////////////////////////////////////////////////
                                PARENTS
    //////////////////////////////////////////////////////////////*/

    function test_createTask_refusesParentsThatAreNotInTheRegistry() public {
        ITaskManager.Origin memory origin = warmStart(0);
        origin.models[0] = point(models[1]);
        refuses(
            origin,
            abi.encodeWithSelector(
                ITaskManager.ParentMismatch.selector, parents[0], 1, hashOf(models[0]), hashOf(models[1])
            )
        );
        origin = warmStart(0);
        origin.models[0] = point(untaggedOf(0)); // without the tag
        refuses(
            origin,
            abi.encodeWithSelector(
                ITaskManager.ParentMismatch.selector, parents[0], 1, hashOf(models[0]), hashOf(untaggedOf(0))
            )
        );
        origin = warmStart(0);
        origin.parents[0].round = 2; // made none
        refuses(origin, abi.encodeWithSelector(IModelRegistry.UnknownModel.selector, parents[0], 2));
        origin.parents[0].taskId = 99;
        refuses(origin, abi.encodeWithSelector(ITaskManager.UnknownTask.selector, 99));
        origin.parents[0].taskId = uint64(tasks.taskCount()) + 1; // itself
        refuses(origin, abi.encodeWithSelector(ITaskManager.UnknownTask.selector, origin.parents[0].taskId));
    }

    function test_createTask_refusesAnAverageThatIsNotFinal() public {
        toAggregate(parents[2], 3);
        aggregate(parents[2], AGGREGATOR);
        ITaskManager.Origin memory origin = warmStart(2);
        (origin.parents[0].round, origin.models[0]) = (1, point(averageScalar));
        refuses(origin, abi.encodeWithSelector(IModelRegistry.UnknownModel.selector, parents[2], 1));
    }

    function test_createTask_refusesParentsOfOtherSizesOrAnotherSrs() public {
        ITaskManager.Origin memory origin = warmStart(0);
        bytes memory reason = abi.encodeWithSelector(ITaskManager.IncompatibleParent.selector, parents[0]);
        dimension = 4;
        refuses(origin, reason);
        dimension = 5;
        leastLogRows = 7;
        refuses(origin, reason);
        leastLogRows = 0;
        // a parent with another tau: in its code, since this SRS has no other
        mockTau(parents[0]);
        refuses(origin, reason);
    }

    /// @dev Puts another tau into a task's code.
    function mockTau(uint256 taskId) private {
        address account = Create3.computeAddress(bytes32(taskId), address(tasks));
        ITaskManager.Task memory task = tasks.getTask(taskId);
        task.config.tau = G2(1, 2, 3, 4);
        assertEq(account.code.length, 1 + abi.encode(task).length);
        vm.etch(account, bytes.concat(hex"00", abi.encode(task)));
    }

    /*//////////////////////////////////////////////////////////////
                                HELPERS
    //////////////////////////////////////////////////////////////*/

    function untaggedOf(uint256 i) private view returns (uint256) {
        return minus(models[i], mulmod(tasks.tag(parents[i]), basisOf(dimension), BN254.P));
    }

    function warmStart(uint256 i) private view returns (ITaskManager.Origin memory origin) {
        origin.parents = new IModelRegistry.Parent[](1);
        origin.parents[0] = IModelRegistry.Parent(uint64(parents[i]), made[i], 1);
        origin.models = one(point(models[i]));
        origin.divisor = 1;
    }

    /// @dev The first `count` of the three, proved.
    function merge(
        uint256 count,
        int64[3] memory coefficients,
        uint64 divisor
    )
        private
        view
        returns (ITaskManager.Origin memory origin)
    {
        origin.parents = new IModelRegistry.Parent[](count);
        origin.models = new G1[](count);
        for (uint256 i; i < count; ++i) {
            origin.parents[i] = IModelRegistry.Parent(uint64(parents[i]), made[i], coefficients[i]);
            origin.models[i] = point(models[i]);
        }
        origin.divisor = divisor;
        origin.proof = proofOf(MODEL, 9, publicOf(divisor, CREATOR), twice(sumOf(count, coefficients)));
    }

    /// @dev C(sum of a_i w_i) = B + sum of a_i (C(w_i) - B).
    function sumOf(uint256 count, int64[3] memory coefficients) private view returns (uint256 sum) {
        sum = offset();
        for (uint256 i; i < count; ++i) {
            int256 a = coefficients[i];
            uint256 scalar = a < 0 ? BN254.P - uint256(-a) : uint256(a);
            sum = addmod(sum, mulmod(scalar, minus(untaggedOf(i), offset()), BN254.P), BN254.P);
        }
    }

    function assertMerges(ITaskManager.Origin memory origin) private {
        uint256 taskId = tasks.taskCount() + 1;
        // one parent with coefficient 1 and divisor 1 is a warm start, which has no proof
        bool warm = origin.parents.length == 1 && origin.parents[0].coefficient == 1 && origin.divisor == 1;
        assertFalse(warm);
        ITaskManager.TaskConfig memory config = defaultConfig();
        G1 memory quotient = basisQuotientOf(config);
        vm.expectEmit(address(registry));
        emit IModelRegistry.OriginRecorded(taskId, origin.parents, origin.divisor);
        hoax(CREATOR, POOL);
        tasks.createTask{value: POOL}(config, quotient, origin, MODEL_CID);
        assertEq(registry.latest(taskId).modelHash, hashOf(tagged(taskId, MODEL)));
        assertParents(taskId, origin);
    }

    function assertParents(uint256 taskId, ITaskManager.Origin memory origin) private view {
        (IModelRegistry.Parent[] memory of_, uint256 divisor) = registry.getParents(taskId, 0);
        assertEq(keccak256(abi.encode(of_)), keccak256(abi.encode(origin.parents)));
        assertEq(divisor, origin.divisor);
        assertEq(keccak256(abi.encode(lens.getTask(taskId).parents)), keccak256(abi.encode(origin.parents)));
        assertEq(lens.getTask(taskId).divisor, divisor);
    }

    function publicMismatch(
        uint256 divisor,
        address who,
        uint256 actualDivisor,
        address actual
    )
        private
        view
        returns (bytes memory)
    {
        return abi.encodeWithSelector(
            ITaskManager.PublicMismatch.selector,
            hashOf(publicOf(divisor, who)),
            hashOf(publicOf(actualDivisor, actual))
        );
    }

    function refuses(ITaskManager.Origin memory origin, bytes memory reason) private {
        ITaskManager.TaskConfig memory config = defaultConfig();
        G1 memory quotient = basisQuotientOf(config);
        hoax(CREATOR, POOL);
        vm.expectRevert(reason);
        tasks.createTask{value: POOL}(config, quotient, origin, MODEL_CID);
    }
}
