// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {IRoundManager} from "../../contracts/interfaces/IRoundManager.sol";
import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {BN254, G1, G2} from "../../contracts/libraries/BN254.sol";
import {HeadwaterTest} from "./helpers/HeadwaterTest.sol";

contract CreateTaskTest is HeadwaterTest {
    /// @dev MAX_ANSWER_TIME / MIN_ANSWER_PERIOD.
    uint256 private constant MOST_PARTS = 50_400;

    function test_createTask_storesWhatItFixesAndStartsRoundOne() public {
        ITaskManager.TaskConfig memory wanted = defaultConfig();
        vm.expectEmit(address(tasks));
        emit ITaskManager.TaskCreated(1, CREATOR, wanted.manifest, POOL, wanted);
        vm.expectEmit(address(rounds));
        emit IRoundManager.PhaseChanged(
            1, 1, IRoundManager.Phase.None, IRoundManager.Phase.Join, block.timestamp + JOIN_PERIOD
        );
        uint256 taskId = createTask(wanted, POOL);

        ITaskManager.Task memory task = tasks.getTask(taskId);
        assertEq(keccak256(abi.encode(task.config)), keccak256(abi.encode(wanted)), "config");
        assertEq(task.creator, CREATOR);
        assertEq(rewards.poolOf(taskId).amount, POOL);
        assertEq(rewards.poolOf(taskId).spent, 0);
        IRoundManager.TaskState memory state = stateOf(taskId);
        assertEq(uint256(state.joined) + state.submitted + state.attempt + state.members, 0);
        assertEq(state.deadline, block.timestamp + JOIN_PERIOD);
        assertPhase(taskId, 1, IRoundManager.Phase.Join);
    }

    function test_createTask_numbersTasksFromOne() public {
        assertEq(createTask(), 1);
        assertEq(createTask(), 2);
        assertEq(tasks.taskCount(), 2);
    }

    function test_createTask_escrowsThePool() public {
        uint256 taskId = createTask();
        assertEq(stakes.escrowOf(taskId), POOL);
        assertEq(address(stakes).balance, POOL);
        assertEq(address(tasks).balance, 0);
    }

    function test_createTask_addsTheTagToTheFirstModel() public {
        uint256 taskId = tasks.taskCount() + 1;
        bytes32 modelHash = hashOf(tagged(taskId, firstModel()));
        vm.expectEmit(address(registry));
        emit IModelRegistry.ModelAdded(taskId, 0, modelHash, 0, 0, point(tagged(taskId, firstModel())), MODEL_CID);
        createTask();
        assertEq(stateOf(taskId).modelHash, modelHash);
    }

    function test_tag_differsByChainDeploymentAndTask() public {
        uint256 own = tasks.tag(1);
        assertEq(own, uint256(keccak256(abi.encode(block.chainid, address(tasks), 1))) % BN254.P);
        assertNotEq(own, tasks.tag(2));
        vm.chainId(block.chainid + 1);
        assertNotEq(own, tasks.tag(1));
        setUp();
        vm.chainId(block.chainid - 1);
        assertNotEq(own, tasks.tag(1));
    }

    function test_createTask_acceptsEveryTermsInItsBounds(
        uint16 minTrainers,
        uint16 maxTrainers,
        uint32 count,
        uint32[7] memory periods,
        uint16[2] memory slashes,
        uint8 k,
        uint32 weights,
        uint96[4] memory money
    )
        public
    {
        leastLogRows = uint8(bound(k, 4, tasks.MAX_K()));
        uint256 most = Math.min((1 << leastLogRows) - 15, MOST_PARTS * 2048 - 9);
        dimension = uint32(bound(weights, 1, most));
        ITaskManager.TaskConfig memory config = defaultConfig();
        assertEq(config.k, leastLogRows);
        config.minTrainers = uint16(bound(minTrainers, 3, tasks.MAX_TRAINERS()));
        config.maxTrainers = uint16(bound(maxTrainers, config.minTrainers, tasks.MAX_TRAINERS()));
        config.rounds = uint32(bound(count, 1, tasks.MAX_ROUNDS()));
        config.joinPeriod = uint32(bound(periods[0], 1, tasks.MAX_PERIOD()));
        config.trainPeriod = uint32(bound(periods[1], 1, tasks.MAX_PERIOD()));
        config.aggregatePeriod = uint32(bound(periods[2], 1, tasks.MAX_PERIOD()));
        uint256 attempts = uint256(config.maxTrainers) - config.minTrainers + 1;
        config.maskPeriod = uint32(bound(periods[3], 1, tasks.MAX_PERIOD() / attempts));
        uint256 parts = Math.ceilDiv(32 * (uint256(dimension) + 9), PART_BYTES);
        config.answerPeriod = uint32(bound(periods[4], tasks.MIN_ANSWER_PERIOD(), tasks.MAX_ANSWER_TIME() / parts));
        config.challengePeriod = uint32(bound(periods[5], 1, tasks.MAX_PERIOD()));
        config.unbondingPeriod = uint32(bound(periods[6], 1, tasks.MAX_PERIOD()));
        config.faultSlash = uint16(bound(slashes[0], 0, 10_000));
        config.absenceSlash = uint16(bound(slashes[1], 0, config.faultSlash));
        config.aggregatorFee = uint96(bound(money[0], 0, money[1] / config.rounds));
        (config.stake, config.challengeBond) = (money[2], uint96(bound(money[3], 0, money[2])));
        uint256 taskId = createTask(config, money[1], originOf(offset()), offset());
        assertEq(deadlineOf(taskId), block.timestamp + config.joinPeriod);
        assertEq(rounds.answerTime(taskId), config.answerPeriod * parts);
    }

    function test_createTask_refusesRostersThatAreTooSmallOrTooLarge() public {
        ITaskManager.TaskConfig memory config = defaultConfig();
        config.minTrainers = 2;
        refuses(config, abi.encodeWithSelector(ITaskManager.InvalidTrainers.selector, 2, MAX));
        config.minTrainers = MAX + 1;
        refuses(config, abi.encodeWithSelector(ITaskManager.InvalidTrainers.selector, MAX + 1, MAX));
        config = defaultConfig();
        config.maxTrainers = tasks.MAX_TRAINERS() + 1;
        refuses(config, abi.encodeWithSelector(ITaskManager.InvalidTrainers.selector, MIN, config.maxTrainers));
    }

    function test_createTask_refusesUpdatesWithoutAProof() public {
        ITaskManager.TaskConfig memory config = defaultConfig();
        config.maxLinks = 0;
        refuses(config, abi.encodeWithSelector(ITaskManager.InvalidLinks.selector));
    }

    function test_createTask_refusesNoRoundsAndTooMany() public {
        ITaskManager.TaskConfig memory config = defaultConfig();
        config.rounds = 0;
        refuses(config, abi.encodeWithSelector(ITaskManager.InvalidRounds.selector, 0));
        config.rounds = tasks.MAX_ROUNDS() + 1;
        refuses(config, abi.encodeWithSelector(ITaskManager.InvalidRounds.selector, config.rounds));
    }

    function test_createTask_refusesPeriodsOfZeroAndTooLongOnes() public {
        for (uint256 i; i < 2; ++i) {
            uint32 period = i == 0 ? 0 : tasks.MAX_PERIOD() + 1;
            bytes memory reason = abi.encodeWithSelector(ITaskManager.InvalidPeriod.selector, period);
            ITaskManager.TaskConfig memory config = defaultConfig();
            config.joinPeriod = period;
            refuses(config, reason);
            config = defaultConfig();
            config.trainPeriod = period;
            refuses(config, reason);
            config = defaultConfig();
            config.maskPeriod = period;
            refuses(config, reason);
            config = defaultConfig();
            config.aggregatePeriod = period;
            refuses(config, reason);
            config = defaultConfig();
            config.challengePeriod = period;
            refuses(config, reason);
            config = defaultConfig();
            config.unbondingPeriod = period;
            refuses(config, reason);
        }
    }

    function test_createTask_refusesAnswerPeriodsThatAreTooShortOrTogetherTooLong() public {
        ITaskManager.TaskConfig memory config = defaultConfig();
        config.answerPeriod = tasks.MIN_ANSWER_PERIOD() - 1;
        refuses(config, abi.encodeWithSelector(ITaskManager.InvalidPeriod.selector, config.answerPeriod));
        config.answerPeriod = tasks.MAX_ANSWER_TIME() + 1;
        refuses(config, abi.encodeWithSelector(ITaskManager.AnsweringTooLong.selector, config.answerPeriod, 1));
        dimension = 3 * 2048 - 9; // three parts, the last one full
        config = defaultConfig();
        config.answerPeriod = tasks.MAX_ANSWER_TIME() / 3;
        uint256 taskId = createTask(config, POOL);
        assertEq(rounds.answerTime(taskId), tasks.MAX_ANSWER_TIME());
        ++config.answerPeriod;
        refuses(config, abi.encodeWithSelector(ITaskManager.AnsweringTooLong.selector, config.answerPeriod, 3));
        ++dimension; // and a fourth
        config = defaultConfig();
        config.answerPeriod = tasks.MAX_ANSWER_TIME() / 3;
        refuses(config, abi.encodeWithSelector(ITaskManager.AnsweringTooLong.selector, config.answerPeriod, 4));
    }

    function test_createTask_refusesABondAboveTheStakeItIsAbout() public {
        ITaskManager.TaskConfig memory config = defaultConfig();
        config.challengeBond = config.stake;
        createTask(config, POOL);
        ++config.challengeBond;
        refuses(config, abi.encodeWithSelector(ITaskManager.InvalidBond.selector, config.challengeBond, config.stake));
    }

    function test_createTask_refusesAnAdmissionModuleThatIsNoContract() public {
        ITaskManager.TaskConfig memory config = defaultConfig();
        config.admission = STRANGER;
        refuses(config, abi.encodeWithSelector(ITaskManager.InvalidAdmission.selector, STRANGER));
        config.admission = address(trainVerifier); // whether it is a module shows when it is asked
        createTask(config, POOL);
    }

    function test_createTask_refusesMaskingThatAFullRosterCouldDrawOutTooLong() public {
        ITaskManager.TaskConfig memory config = defaultConfig();
        uint256 attempts = MAX - MIN + 1;
        config.maskPeriod = uint32(tasks.MAX_PERIOD() / attempts);
        createTask(config, POOL);
        ++config.maskPeriod;
        refuses(
            config, abi.encodeWithSelector(ITaskManager.MaskingTooLong.selector, uint256(config.maskPeriod), attempts)
        );
        config.minTrainers = MAX; // one attempt: all or nobody
        config.maskPeriod = tasks.MAX_PERIOD();
        createTask(config, POOL);
    }

    function test_createTask_refusesSlashesAboveTheWholeOrTheFaults() public {
        ITaskManager.TaskConfig memory config = defaultConfig();
        config.faultSlash = 10_001;
        refuses(config, abi.encodeWithSelector(ITaskManager.InvalidSlash.selector, 10_001, ABSENCE_SLASH));
        config.faultSlash = ABSENCE_SLASH - 1;
        refuses(config, abi.encodeWithSelector(ITaskManager.InvalidSlash.selector, ABSENCE_SLASH - 1, ABSENCE_SLASH));
    }

    function test_createTask_refusesVectorsThatDoNotFitTheCircuit() public {
        ITaskManager.TaskConfig memory config = defaultConfig();
        config.dimension = 0;
        refuses(config, abi.encodeWithSelector(ITaskManager.InvalidDimension.selector, 0, config.k));
        config.k = 6;
        config.dimension = 64 - 6 - 9 + 1;
        refuses(config, abi.encodeWithSelector(ITaskManager.InvalidDimension.selector, config.dimension, config.k));
        config = defaultConfig();
        config.k = tasks.MAX_K() + 1;
        refuses(config, abi.encodeWithSelector(ITaskManager.InvalidDimension.selector, config.dimension, config.k));
        config.k = type(uint8).max;
        refuses(config, abi.encodeWithSelector(ITaskManager.InvalidDimension.selector, config.dimension, config.k));
    }

    function test_createTask_refusesAFeeAboveARoundsPartOfThePool() public {
        ITaskManager.TaskConfig memory config = defaultConfig();
        config.aggregatorFee = uint96(POOL / ROUNDS + 1);
        refuses(config, abi.encodeWithSelector(ITaskManager.InvalidFee.selector, config.aggregatorFee, POOL / ROUNDS));
    }

    function test_createTask_refusesAVerifierWithOtherCode() public {
        ITaskManager.TaskConfig memory config = defaultConfig();
        bytes32 actual = config.trainCodeHash;
        config.trainCodeHash = keccak256("other code");
        refuses(
            config,
            abi.encodeWithSelector(
                ITaskManager.InvalidVerifier.selector, config.trainVerifier, config.trainCodeHash, actual
            )
        );
        config = defaultConfig();
        config.averageCodeHash = keccak256("other code");
        refuses(
            config,
            abi.encodeWithSelector(
                ITaskManager.InvalidVerifier.selector, config.averageVerifier, config.averageCodeHash, actual
            )
        );
    }

    function test_createTask_refusesAVerifierWithoutCode() public {
        ITaskManager.TaskConfig memory config = defaultConfig();
        vm.deal(STRANGER, 1); // an account with a balance has the hash of empty code
        config.trainVerifier = STRANGER;
        config.trainCodeHash = keccak256("");
        refuses(
            config,
            abi.encodeWithSelector(
                ITaskManager.InvalidVerifier.selector, STRANGER, config.trainCodeHash, config.trainCodeHash
            )
        );
        config.trainVerifier = address(0);
        config.trainCodeHash = 0;
        refuses(config, abi.encodeWithSelector(ITaskManager.InvalidVerifier.selector, address(0), 0, 0));
    }

    function test_createTask_refusesMissingCids() public {
        ITaskManager.TaskConfig memory config = defaultConfig();
        config.manifest = 0;
        refuses(config, abi.encodeWithSelector(ITaskManager.MissingCid.selector));
        config = defaultConfig();
        config.aggregatorFee = 0;
        (G1 memory quotient, ITaskManager.Origin memory origin) = (basisQuotientOf(config), originOf(firstModel()));
        vm.expectRevert(ITaskManager.MissingCid.selector);
        tasks.createTask(config, quotient, origin, 0);
    }

    function test_createTask_refusesPointsThatAreNoneOrTheIdentity() public {
        G1[3] memory bad = [G1(1, 3), G1(0, 0), G1(1 + BN254.Q, 2)];
        for (uint256 i; i < bad.length; ++i) {
            bytes memory reason = abi.encodeWithSelector(BN254.InvalidPoint.selector, bad[i].x, bad[i].y);
            ITaskManager.TaskConfig memory config = defaultConfig();
            config.offset = bad[i];
            refuses(config, reason);
            config = defaultConfig();
            config.basis0 = bad[i];
            refuses(config, reason);
            config = defaultConfig();
            config.basis1 = bad[i];
            refuses(config, reason);
            config = defaultConfig();
            config.basisD = bad[i];
            refuses(config, reason);
            config = defaultConfig();
            config.aggregatorFee = 0;
            ITaskManager.Origin memory origin;
            origin.model = bad[i];
            G1 memory quotient = basisQuotientOf(config);
            vm.expectRevert(reason);
            tasks.createTask(config, quotient, origin, MODEL_CID);
            // no point as a quotient
            if (i == 1) continue; // the identity is one
            origin = originOf(firstModel());
            vm.expectRevert(reason);
            tasks.createTask(config, bad[i], origin, MODEL_CID);
        }
    }

    function test_createTask_acceptsTheZeroModel() public {
        uint256 taskId = createTask(defaultConfig(), POOL, originOf(offset()), offset()); // C([0 | 0]) = B
        assertEq(stateOf(taskId).modelHash, hashOf(tagged(taskId, offset())));
    }

    function test_createTask_refusesAPoolThatDoesNotFit() public {
        ITaskManager.TaskConfig memory config = defaultConfig();
        uint256 pool = 1 << 96;
        (G1 memory quotient, ITaskManager.Origin memory origin) = (basisQuotientOf(config), originOf(firstModel()));
        vm.deal(address(this), pool);
        vm.expectRevert(abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 96, pool));
        tasks.createTask{value: pool}(config, quotient, origin, MODEL_CID);
    }

    function test_getTask_refusesUnknownTasks() public {
        vm.expectRevert(abi.encodeWithSelector(ITaskManager.UnknownTask.selector, 1));
        tasks.getTask(1);
        vm.expectRevert(abi.encodeWithSelector(ITaskManager.UnknownTask.selector, 1));
        rounds.currentPhase(1);
    }

    /*//////////////////////////////////////////////////////////////
                         OFFSET AND BASIS POINTS
    //////////////////////////////////////////////////////////////*/

    /// @dev With a basis point of the tag that is the true one and what biases every sum, an honest circuit would prove
    /// averages of sums that nobody made.
    function test_createTask_refusesATagsBasisPointThatBiasesEverySum() public {
        uint256[] memory bias = new uint256[](dimension + EXTRA_ENTRIES);
        (bias[0], bias[dimension + 1]) = (1_000_000, 99); // on the first weight, and a salt
        uint256 shift = minus(commit(bias), offset());
        ITaskManager.TaskConfig memory config = defaultConfig();
        G1 memory quotient = basisQuotientOf(config);
        config.basisD = point(addmod(basisOf(dimension), over(shift, tasks.tag(1)), BN254.P));
        refusesBasis(config, quotient);
    }

    function test_createTask_refusesEachPointThatIsNotOfTau(uint256 scalar) public {
        ITaskManager.TaskConfig memory config = defaultConfig();
        G1 memory right = basisQuotientOf(config);
        G1 memory other = point(bound(scalar, 1, BN254.P - 1));
        config.offset = BN254.equals(other, config.offset) ? point(4242) : other;
        refusesBasis(config, right);
        config = defaultConfig();
        config.basis0 = BN254.equals(other, config.basis0) ? point(4242) : other;
        refusesBasis(config, right);
        config = defaultConfig();
        config.basis1 = BN254.equals(other, config.basis1) ? point(4242) : other;
        refusesBasis(config, right);
        config = defaultConfig();
        config.basisD = BN254.equals(other, config.basisD) ? point(4242) : other;
        refusesBasis(config, right);
        config = defaultConfig();
        (config.basis0, config.basis1) = (config.basis1, config.basis0);
        refusesBasis(config, right);
        config = defaultConfig();
        config.basisD = point(basisOf(dimension + 1));
        refusesBasis(config, right);
        if (!BN254.equals(other, right)) refuses(defaultConfig(), other, invalidBasis());
    }

    function test_createTask_refusesAnotherTau() public {
        ITaskManager.TaskConfig memory config = defaultConfig();
        // the generator of G2: [1]_2
        config.tau = G2(
            0x198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2,
            0x1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed,
            0x090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b,
            0x12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa
        );
        refusesBasis(config, basisQuotientOf(config));
        config.tau = tau();
        ++config.tau.yReal; // off the curve
        refusesBasis(config, basisQuotientOf(config));
        config.tau = G2(0, 0, 0, 0);
        refusesBasis(config, basisQuotientOf(config));
        config.tau = tau();
        config.tau.xReal += BN254.Q;
        refusesBasis(config, basisQuotientOf(config));
    }

    /// @dev Points are of one k and one dimension.
    function test_createTask_refusesPointsOfOtherRows() public {
        ITaskManager.TaskConfig memory config = defaultConfig();
        ++config.k;
        refusesBasis(config, basisQuotientOf(config));
        config = defaultConfig();
        --config.dimension;
        refusesBasis(config, basisQuotientOf(config));
    }

    /// @dev Then the basis point of the tag is that of the second entry of [n | aggregator].
    function test_createTask_takesAModelOfOneWeight() public {
        dimension = 1;
        ITaskManager.TaskConfig memory config = defaultConfig();
        assertTrue(BN254.equals(config.basis1, config.basisD));
        uint256 taskId = createTask();
        finalizeRound(taskId, 3);
        assertEq(registry.latest(taskId).round, 1);
    }

    function invalidBasis() private pure returns (bytes memory) {
        return abi.encodeWithSelector(ITaskManager.InvalidBasis.selector);
    }

    /// @dev Neither with the quotient of the true points nor with one made for these, as far as it goes without their
    /// logarithms.
    function refusesBasis(ITaskManager.TaskConfig memory config, G1 memory quotient) private {
        refuses(config, quotient, invalidBasis());
        refuses(config, basisQuotientOf(config), invalidBasis());
    }

    /*//////////////////////////////////////////////////////////////
                                HELPERS
    //////////////////////////////////////////////////////////////*/

    function refuses(ITaskManager.TaskConfig memory config, bytes memory reason) private {
        refuses(config, basisQuotientOf(config), reason);
    }

    function refuses(ITaskManager.TaskConfig memory config, G1 memory quotient, bytes memory reason) private {
        ITaskManager.Origin memory origin = originOf(firstModel());
        hoax(CREATOR, POOL);
        vm.expectRevert(reason);
        // what is no point takes all gas that there is
        tasks.createTask{value: POOL, gas: 5_000_000}(config, quotient, origin, MODEL_CID);
    }
}
