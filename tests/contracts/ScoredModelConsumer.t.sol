// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ModelConsumer} from "../../contracts/examples/ModelConsumer.sol";
import {ScoredModelConsumer} from "../../contracts/examples/ScoredModelConsumer.sol";
import {IAttestations} from "../../contracts/interfaces/IAttestations.sol";
import {AttestingTest} from "./helpers/AttestingTest.sol";

contract ScoredModelConsumerTest is AttestingTest {
    uint256 private constant DATA = 31_337;
    uint256 private taskId;
    ScoredModelConsumer private consumer;

    function setUp() public override {
        super.setUp();
        taskId = createTask();
        open(taskId, scoringOf(2));
        register(taskId, HOLDER, DATA);
        consumer = new ScoredModelConsumer(registry, taskId, attestations, HOLDER, hashOf(DATA), 20, 8000);
        finalizeRound(taskId, 3);
    }

    function test_accept_usesAModelThatIsGoodEnoughForEachGroup() public {
        attestNumbers([uint64(9), 10, 9, 10, 8, 10, 8, 10]);
        consumer.accept(1, hashOf(modelScalar));
        assertEq(consumer.round(), 1);
    }

    function test_accept_refusesAModelThatIsWorseForOneGroup() public {
        attestNumbers([uint64(10), 10, 10, 10, 8, 10, 7, 10]);
        refuses(abi.encodeWithSelector(IAttestations.ScoreTooLow.selector, 8000, 7500));
    }

    function test_accept_refusesAScoreOfFewRows() public {
        attestNumbers([uint64(10), 10, 10, 10, 9, 9, 10, 10]);
        refuses(abi.encodeWithSelector(IAttestations.TooFewRows.selector, 20, 19));
    }

    function test_accept_refusesAModelWithoutItsAttestersScore() public {
        refuses(abi.encodeWithSelector(IAttestations.NotAttested.selector, taskId, 1, hashOf(DATA), HOLDER));
    }

    function test_accept_stillComparesTheModel() public {
        attestNumbers([uint64(9), 10, 9, 10, 8, 10, 8, 10]);
        bytes32 other = hashOf(1);
        vm.expectRevert(abi.encodeWithSelector(ModelConsumer.ModelMismatch.selector, other, hashOf(modelScalar)));
        consumer.accept(1, other);
    }

    function test_constructor_refusesATaskWithoutScores() public {
        uint256 other = createTask();
        bytes32 dataHash = hashOf(DATA);
        vm.expectRevert(abi.encodeWithSelector(IAttestations.NotOpen.selector, other));
        new ScoredModelConsumer(registry, other, attestations, HOLDER, dataHash, 20, 8000);
    }

    function attestNumbers(uint64[8] memory rows) private {
        uint64[] memory numbers = new uint64[](8);
        for (uint256 i; i < 8; ++i) {
            numbers[i] = 8 * rows[i];
        }
        attest(taskId, 1, HOLDER, numbers, scoreProof(modelScalar, DATA, numbers));
    }

    function refuses(bytes memory reason) private {
        bytes32 modelHash = hashOf(modelScalar);
        vm.expectRevert(reason);
        consumer.accept(1, modelHash);
    }
}
