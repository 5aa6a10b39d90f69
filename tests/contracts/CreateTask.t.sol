// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {BN254, G1} from "../../contracts/libraries/BN254.sol";
import {HeadwaterTest} from "./helpers/HeadwaterTest.sol";

contract CreateTaskTest is HeadwaterTest {
    function test_createTask_storesWhatItFixesAndStartsRoundOne() public {
        ITaskManager.TaskConfig memory wanted = defaultConfig();
        vm.expectEmit(address(tasks));
        emit ITaskManager.TaskCreated(1, CREATOR, wanted.manifest, POOL, wanted);
        vm.expectEmit(address(tasks));
        emit ITaskManager.PhaseChanged(
            1, 1, ITaskManager.Phase.None, ITaskManager.Phase.Join, block.timestamp + JOIN_PERIOD
        );
        uint256 taskId = createTask(wanted, POOL);

        (ITaskManager.TaskConfig memory config, ITaskManager.TaskState memory state) = tasks.getTask(taskId);
        assertEq(keccak256(abi.encode(config)), keccak256(abi.encode(wanted)), "config");
        assertEq(state.creator, CREATOR);
        assertEq(state.pool, POOL);
        assertEq(state.spent, 0);
        assertEq(uint256(state.joined) + state.submitted + state.attempt + state.members, 0);
        assertEq(state.deadline, block.timestamp + JOIN_PERIOD);
        assertPhase(taskId, 1, ITaskManager.Phase.Join);
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
        bytes32 modelHash = hashOf(tagged(taskId, FIRST_MODEL));
        vm.expectEmit(address(registry));
        emit IModelRegistry.ModelAdded(taskId, 0, modelHash, 0, 0, point(tagged(taskId, FIRST_MODEL)), MODEL_CID);
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
        uint32 rounds,
        uint32[7] memory periods,
        uint16[2] memory slashes,
        uint8 k,
        uint32 dimension,
        uint96 pool,
        uint96 fee
    )
        public
    {
        ITaskManager.TaskConfig memory config = defaultConfig();
        config.minTrainers = uint16(bound(minTrainers, 3, tasks.MAX_TRAINERS()));
        config.maxTrainers = uint16(bound(maxTrainers, config.minTrainers, tasks.MAX_TRAINERS()));
        config.rounds = uint32(bound(rounds, 1, tasks.MAX_ROUNDS()));
        config.joinPeriod = uint32(bound(periods[0], 1, tasks.MAX_PERIOD()));
        config.trainPeriod = uint32(bound(periods[1], 1, tasks.MAX_PERIOD()));
        config.aggregatePeriod = uint32(bound(periods[2], 1, tasks.MAX_PERIOD()));
        uint256 attempts = uint256(config.maxTrainers) - config.minTrainers + 1;
        config.maskPeriod = uint32(bound(periods[3], 1, tasks.MAX_PERIOD() / attempts));
        config.k = uint8(bound(k, 2, tasks.MAX_K()));
        config.answerPeriod = uint32(bound(periods[4], 1, tasks.MAX_PERIOD()));
        config.challengePeriod = uint32(bound(periods[5], 1, tasks.MAX_PERIOD()));
        config.unbondingPeriod = uint32(bound(periods[6], 1, tasks.MAX_PERIOD()));
        config.faultSlash = uint16(bound(slashes[0], 0, 10_000));
        config.absenceSlash = uint16(bound(slashes[1], 0, config.faultSlash));
        config.dimension = uint32(bound(dimension, 1, Math.min((1 << config.k) - 2, tasks.MAX_DIMENSION())));
        config.aggregatorFee = uint96(bound(fee, 0, pool / config.rounds));
        uint256 taskId = createTask(config, pool);
        assertEq(deadlineOf(taskId), block.timestamp + config.joinPeriod);
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
            config.answerPeriod = period;
            refuses(config, reason);
            config = defaultConfig();
            config.challengePeriod = period;
            refuses(config, reason);
            config = defaultConfig();
            config.unbondingPeriod = period;
            refuses(config, reason);
        }
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
        config.dimension = tasks.MAX_DIMENSION() + 1;
        refuses(config, abi.encodeWithSelector(ITaskManager.InvalidDimension.selector, config.dimension, config.k));
        config.k = 6;
        config.dimension = uint32(1 << config.k) - 1;
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
        G1 memory model = point(FIRST_MODEL);
        vm.expectRevert(ITaskManager.MissingCid.selector);
        tasks.createTask(config, model, 0);
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
            vm.expectRevert(reason);
            tasks.createTask(config, bad[i], MODEL_CID);
        }
    }

    function test_createTask_acceptsTheZeroModel() public {
        ITaskManager.TaskConfig memory config = defaultConfig();
        config.aggregatorFee = 0;
        uint256 taskId = tasks.createTask(config, config.offset, MODEL_CID); // C([0 | 0]) = B
        assertEq(stateOf(taskId).modelHash, hashOf(tagged(taskId, OFFSET)));
    }

    function test_createTask_refusesAPoolThatDoesNotFit() public {
        ITaskManager.TaskConfig memory config = defaultConfig();
        uint256 pool = 1 << 96;
        G1 memory model = point(FIRST_MODEL);
        vm.deal(address(this), pool);
        vm.expectRevert(abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 96, pool));
        tasks.createTask{value: pool}(config, model, MODEL_CID);
    }

    function test_getTask_refusesUnknownTasks() public {
        vm.expectRevert(abi.encodeWithSelector(ITaskManager.UnknownTask.selector, 1));
        tasks.getTask(1);
        vm.expectRevert(abi.encodeWithSelector(ITaskManager.UnknownTask.selector, 1));
        tasks.currentPhase(1);
    }

    function refuses(ITaskManager.TaskConfig memory config, bytes memory reason) private {
        G1 memory model = point(FIRST_MODEL);
        hoax(CREATOR, POOL);
        vm.expectRevert(reason);
        tasks.createTask{value: POOL}(config, model, MODEL_CID);
    }
}
