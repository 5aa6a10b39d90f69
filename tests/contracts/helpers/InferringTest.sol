// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDeployed} from "../../../contracts/interfaces/IDeployed.sol";
import {IInferences} from "../../../contracts/interfaces/IInferences.sol";
import {BN254, G1} from "../../../contracts/libraries/BN254.sol";
import {HeadwaterTest} from "./HeadwaterTest.sol";
import {StubVerifier} from "./StubVerifier.sol";

/// @notice A deployment with Inferences, a task that is open, a model of a finalized round whose weights are known, and
/// proofs that a stub verifier takes.
abstract contract InferringTest is HeadwaterTest {
    address internal immutable ISSUER = makeAddr("issuer");
    address internal immutable BORROWER = makeAddr("borrower");
    uint256 internal constant ROW = 0x0e0;

    IInferences internal inferences;
    StubVerifier internal inferVerifier;
    uint256 internal taskId;
    int64[] internal weights;

    function setUp() public virtual override {
        super.setUp();
        inferences = IInferences(deploy("Inferences", abi.encode(IDeployed(address(tasks)).deployment())));
        inferVerifier = new StubVerifier();
        taskId = createTask();
        weights = new int64[](dimension);
        (weights[0], weights[1], weights[2], weights[3], weights[4]) = (300, -700, 500, 0, 90);
        finalizeKnown();
        open(taskId, setupOf(1));
        issue(ISSUER, ROW, BORROWER);
    }

    /// @dev Finalizes the running round with a model of known weights.
    function finalizeKnown() internal {
        toAggregate(taskId, 3);
        (uint256 free,) = stakes.stakeOf(AGGREGATOR);
        if (free < STAKE) deposit(AGGREGATOR, STAKE - free);
        uint256 average = tagged(taskId, commit(weights));
        bytes memory proof = averageProof(average, 3, AGGREGATOR);
        vm.prank(AGGREGATOR);
        rounds.aggregate(taskId, proof, MODEL_CID);
        averageScalar = average;
        finalize(taskId);
    }

    function setupOf(uint16 outputs) internal view returns (IInferences.Setup memory setup) {
        setup = IInferences.Setup(address(inferVerifier), outputs, address(inferVerifier).codehash);
    }

    function open(uint256 task, IInferences.Setup memory setup) internal {
        vm.prank(CREATOR);
        inferences.open(task, setup);
    }

    function issue(address issuer, uint256 row, address account) internal {
        issueIn(taskId, issuer, row, account);
    }

    function issueIn(uint256 task, address issuer, uint256 row, address account) internal {
        G1 memory commitment = point(row); // before prank: a precompile would count as its call
        vm.prank(issuer);
        inferences.issue(task, commitment, account);
    }

    /// @dev Issues in vain.
    function refusesRow(bytes memory refusal, uint256 task, uint256 row, address account) internal {
        G1 memory commitment = point(row);
        vm.expectRevert(refusal);
        vm.prank(ISSUER);
        inferences.issue(task, commitment, account);
    }

    function queryOf(IInferences.Question question, int64 value) internal view returns (IInferences.Query memory) {
        return IInferences.Query(uint64(taskId), 1, ISSUER, BORROWER, question, value, 0);
    }

    /// @dev A proof that the stub verifier takes, about the current model and the row, of a query by a consumer.
    function proofFor(
        address consumer,
        IInferences.Query memory query,
        int256 said
    )
        internal
        view
        returns (bytes memory)
    {
        return proofAbout(modelScalar, ROW, publicOf(consumer, query), said);
    }

    function proofAbout(uint256 model, uint256 row, uint256 pub, int256 said) internal view returns (bytes memory) {
        uint256[] memory answer = new uint256[](1);
        answer[0] = entry(said);
        return abi.encode(point(model), point(row), point(99), point(pub), point(commit(answer)));
    }

    /// @dev The number behind C([entry | context]), as a node computes it.
    function publicOf(address consumer, IInferences.Query memory query) internal view returns (uint256) {
        int256 value = query.value;
        if (query.question == IInferences.Question.AtLeast) value = 2 * value - 1;
        if (query.question == IInferences.Question.Exactly) value = 2 * value;
        uint256[] memory vector = new uint256[](2);
        vector[0] = entry(value);
        vector[1] = uint256(
            keccak256(
                abi.encode(block.chainid, address(inferences), consumer, query.issuer, query.account, query.nonce)
            )
        ) % BN254.P;
        return commit(vector);
    }

    function entry(int256 value) private pure returns (uint256) {
        return value < 0 ? BN254.P - uint256(-value) : uint256(value);
    }
}
