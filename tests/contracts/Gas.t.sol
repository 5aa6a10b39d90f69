// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAttestations} from "../../contracts/interfaces/IAttestations.sol";
import {IChallengeManager} from "../../contracts/interfaces/IChallengeManager.sol";
import {IDeployed} from "../../contracts/interfaces/IDeployed.sol";
import {IOpenings} from "../../contracts/interfaces/IOpenings.sol";
import {IPools} from "../../contracts/interfaces/IPools.sol";
import {IProofManager} from "../../contracts/interfaces/IProofManager.sol";
import {IRoundManager} from "../../contracts/interfaces/IRoundManager.sol";
import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {IVerifier} from "../../contracts/interfaces/IVerifier.sol";
import {BN254, G1} from "../../contracts/libraries/BN254.sol";
import {Masks} from "../../contracts/libraries/Masks.sol";
import {PossessionProof} from "../../contracts/libraries/Possession.sol";
import {AttestingTest} from "./helpers/AttestingTest.sol";

/// @notice What calls cost, written to tests/gas/calls.json and held under a limit.
/// @dev Whole transactions, 21,000 and calldata included. But of `submit` and `aggregate` only what the TaskManager
/// adds to a transaction that asks the verifier directly: their gas is that of such a transaction and this.
/// forge-config: default.isolate = true
contract GasTest is AttestingTest {
    /// @dev Returns 1 to whoever calls, for 18 gas.
    bytes private constant VERIFIER = hex"600160005260206000f3";
    uint256 private constant VERIFIER_GAS = 18;
    uint256 private taskId;

    function setUp() public override {
        super.setUp();
        vm.etch(address(trainVerifier), VERIFIER);
        vm.etch(address(averageVerifier), VERIFIER);
        vm.etch(address(scoreVerifier), VERIFIER);
        vm.etch(address(compositionVerifier), VERIFIER);
        taskId = createTask();
        for (uint256 i = 1; i <= 4; ++i) {
            enrol(taskId, trainer(i));
        }
    }

    function test_gas_ofCallsWithoutAProof() public {
        ITaskManager.TaskConfig memory config = defaultConfig();
        (G1 memory quotient, ITaskManager.Origin memory origin) = (basisQuotientOf(config), originOf(firstModel()));
        hoax(CREATOR, POOL);
        tasks.createTask{value: POOL}(config, quotient, origin, MODEL_CID);
        record("createTask", 900_000);
        address who = trainer(5);
        deposit(who, STAKE);
        record("deposit", 50_000);
        (G1[] memory data, G1 memory maskKey) = (one(point(dataOf(who))), maskKeyOf(who));
        PossessionProof memory possession = possessionOf(who, taskId);
        vm.prank(who);
        trainers.enrol(taskId, data, maskKey, possession, "");
        record("enrol", 220_000);
        vm.prank(who);
        trainers.registerData(taskId, one(G1(1, 2)));
        record("registerData", 110_000);
        join(taskId, who);
        record("join", 60_000);
        vm.warp(deadlineOf(taskId));
        rounds.advance(taskId);
        record("advance to Skipped", 70_000);
        unenrol(taskId, who);
        record("unenrol", 60_000);
        vm.warp(block.timestamp + UNBONDING_PERIOD);
        vm.prank(who);
        trainers.release(taskId);
        record("release", 80_000);
        vm.prank(who);
        stakes.withdraw(STAKE);
        record("withdraw", 70_000);
    }

    function test_gas_ofRounds() public {
        runRound();
        runRound(); // no dearer and no cheaper: the slots that rounds share are never zero
        vm.prank(trainer(1));
        rewards.collect(taskId, one(1));
        record("collect, one round", 110_000);
        vm.prank(trainer(1));
        stakes.claim();
        record("claim", 70_000);
    }

    function test_gas_ofAttestations() public {
        recordAttestations("", 0);
        taskId = createTask();
        recordAttestations(", two groups", 2);
    }

    function test_gas_ofScreens() public {
        createTask();
        finalizeRound(createTask(), 3);
        lens.getTasks(3, 1);
        uint256 first = vm.lastCallGas().gasTotalUsed;
        lens.getTasks(3, 3);
        recordEach("Lens.getTasks, each task", (vm.lastCallGas().gasTotalUsed - first) / 2, 110_000);
        lens.getModels(3, 1);
        first = vm.lastCallGas().gasTotalUsed;
        lens.getModels(3, 3);
        recordEach("Lens.getModels, each model", (vm.lastCallGas().gasTotalUsed - first) / 2, 180_000);
        lens.getRounds(3, 0, 1);
        first = vm.lastCallGas().gasTotalUsed;
        lens.getRounds(3, 0, 2);
        recordEach("Lens.getRounds, each round", vm.lastCallGas().gasTotalUsed - first, 25_000);
    }

    function test_gas_ofPools() public {
        IPools pools = IPools(deploy("Pools", abi.encode(IDeployed(address(tasks)).deployment())));
        (address owner, uint256 pooled) = (trainer(1), offset());
        vm.prank(owner);
        uint40 closesAt = uint40(block.timestamp + 1 days);
        pools.open(taskId, 6, closesAt, closesAt + 1 days, address(0), "key");
        record("open a pool", 250_000);
        for (uint256 i = 1; i <= 4; ++i) {
            G1 memory row = point(dataOf(trainer(10 + i)));
            pooled = addmod(pooled, minus(dataOf(trainer(10 + i)), offset()), BN254.P);
            vm.prank(trainer(10 + i));
            pools.contribute(1, uint16(i), row, CID, "");
        }
        record("contribute", 120_000);
        G1 memory last = point(dataOf(trainer(14)));
        vm.prank(trainer(14));
        pools.withdraw(1, last);
        record("withdraw from a pool", 70_000);
        vm.warp(closesAt);
        last = point(dataOf(trainer(13)));
        vm.prank(owner);
        pools.leaveOut(1, trainer(13), last, IPools.Reason.OtherRow);
        record("leave out of a pool", 70_000);
        G1 memory blinding = point(77);
        pooled = addmod(pooled, minus(77, offset()), BN254.P);
        pooled = minus(pooled, minus(dataOf(trainer(14)), offset()));
        pooled = minus(pooled, minus(dataOf(trainer(13)), offset()));
        G1[] memory data = one(point(pooled));
        vm.prank(owner);
        trainers.registerData(taskId, data);
        vm.prank(owner);
        pools.close(1, blinding, CID);
        record("close a pool", 140_000);
    }

    function test_gas_ofMasks() public {
        ITaskManager.TaskConfig memory config = defaultConfig();
        config.maxTrainers = 17;
        taskId = createTask(config, POOL);
        toMask(taskId, 17);
        mask(taskId, trainer(1));
        mask(taskId, trainer(2));
        record("mask, 16 peers", 250_000);
        uint256 dearest = vm.lastCallGas().gasTotalUsed;
        for (uint256 i = 3; i <= 4; ++i) {
            mask(taskId, trainer(i));
        }
        passDeadline(taskId);
        mask(taskId, trainer(1));
        mask(taskId, trainer(2));
        uint256 further = (dearest - vm.lastCallGas().gasTotalUsed) / 13;
        recordEach("mask, each further peer", further, 10_000);
    }

    function test_gas_ofProofsOnDemand() public {
        ITaskManager.TaskConfig memory config = defaultConfig();
        config.reviewPeriod = 600;
        taskId = createTask(config, POOL);
        modelScalar = tagged(taskId, firstModel());
        toTrain(taskId, 4);
        for (uint256 i = 1; i <= 4; ++i) {
            address who = trainer(i);
            if (i == 3) {
                claim(who, 50, false);
                claim(who, 51, false);
                record("claim a link, a further one", 70_000);
            }
            claim(who, updateOf(who, 1), true);
            if (i == 2) record("claim a link", 110_000);
        }
        deal(STRANGER, 10 ether);
        uint256 bond = challenges.bondOf(taskId, IChallengeManager.Kind.Proof);
        vm.prank(STRANGER);
        uint256 id = challenges.challengeProof{value: bond}(taskId, trainer(2), 0);
        record("challengeProof", 350_000);
        IProofManager.Shown memory shown;
        shown.links = new IProofManager.Link[](1);
        shown.links[0] = linkOf(trainer(2), updateOf(trainer(2), 1));
        shown.proof = trainProof(trainer(2), updateOf(trainer(2), 1));
        challenges.answerProof(id, shown);
        recordBeyondVerifier("answerProof", vm.lastCallGas().gasTotalUsed, shown.proof, 200_000);
    }

    function test_gas_ofChallenges() public {
        toAggregate(taskId, 4);
        uint256 id = challengeUpdate(taskId, trainer(1));
        record("challengeUpdate", 350_000);
        vm.warp(deadlineOf(taskId));
        challenges.reclaimBond(id);
        record("reclaimBond", 150_000);
        rounds.advance(taskId);
        record("advance to another attempt", 80_000);
        vm.warp(deadlineOf(taskId));
        rounds.advance(taskId); // failed
        trainers.settle(taskId, trainer(1));
        record("settle, at fault", 120_000);
    }

    function test_gas_ofAWrongPeersProof() public {
        ITaskManager.TaskConfig memory config = defaultConfig();
        config.maxTrainers = 19;
        taskId = createTask(config, POOL);
        toMask(taskId, 19);
        address[] memory circle = circleFrom(taskId, drawnStateOf(taskId), trainer(1));
        IRoundManager.Posting memory posting = postingOf(taskId, trainer(1));
        address[] memory peers = new address[](16);
        address[] memory between = new address[](16);
        for (uint256 i; i < 16; ++i) {
            between[i] = circle[i < 8 ? i : 2 + i];
            peers[i] = i == 7 ? circle[9] : between[i];
        }
        peers = sorted(peers, 16);
        for (uint256 i; i < 16; ++i) {
            posting.masks[i].peer = peers[i];
        }
        mask(taskId, trainer(1), posting);
        for (uint256 i = 2; i <= 19; ++i) {
            mask(taskId, trainer(i));
        }
        challenges.proveWrongPeer(taskId, trainer(1), posting, circle[9], between);
        record("proveWrongPeer", 350_000);
    }

    function test_gas_ofOpeningsOf30Weights() public {
        recordOpenings(30);
    }

    function test_gas_ofOpeningsOf770Weights() public {
        recordOpenings(770);
    }

    function test_gas_ofOpeningsOf1280Weights() public {
        recordOpenings(1280);
    }

    /// @dev What scores and compositions of so many groups cost.
    function recordAttestations(string memory size, uint16 groups) private {
        IAttestations.Scoring memory scoring = scoringOf(groups);
        G1 memory quotient = scoringQuotientOf(taskId, scoring.basis);
        vm.prank(CREATOR);
        attestations.open(taskId, scoring, quotient);
        record(string.concat("open for scores", size), 750_000);
        for (uint256 i; i < 2; ++i) {
            register(taskId, HOLDER, 1000 + i);
        }
        record("register held-out data", 130_000);
        finalizeRound(taskId, 3);
        uint64[] memory numbers = many(groups == 0 ? 2 : uint256(groups) * 4);
        bytes memory proof = scoreProof(modelScalar, 1000, numbers);
        attest(taskId, 1, HOLDER, numbers, proof);
        recordBeyondVerifier(
            string.concat("attest", size), vm.lastCallGas().gasTotalUsed, proof, groups == 0 ? 100_000 : 150_000
        );
        numbers = many(groups == 0 ? 2 : uint256(groups) * 2);
        proof = compositionProof(1000, numbers);
        vm.prank(HOLDER);
        attestations.declare(taskId, numbers, proof);
        recordBeyondVerifier(string.concat("declare", size), vm.lastCallGas().gasTotalUsed, proof, 180_000);
    }

    /// @dev All three kinds of answers, for a model of so many weights.
    function recordOpenings(uint32 weights) private {
        dimension = weights;
        string memory size = string.concat(", D = ", vm.toString(weights));
        int64[] memory model = weightsOf(0, CREATOR);
        taskId = createTask(defaultConfig(), POOL, originOf(commit(model)), commit(model));
        uint256 id = challengeModel(taskId);
        record("challengeModel", 350_000);
        answerModel(id, modelScalar, model);
        record(string.concat("answerModel", size), 800_000);

        toMask(taskId, 4);
        IRoundManager.Posting[2] memory postings = [postingOf(taskId, trainer(1)), postingOf(taskId, trainer(2))];
        for (uint256 i; i < 3; ++i) {
            if (postings[0].masks[i].peer == trainer(2)) postings[0].masks[i].commitment = point(4242);
        }
        mask(taskId, trainer(1), postings[0]);
        for (uint256 i = 2; i <= 4; ++i) {
            mask(taskId, trainer(i));
        }
        id = challengeUpdate(taskId, trainer(3));
        answerUpdate(id, postingOf(taskId, trainer(3)));
        record(string.concat("answerUpdate", size), 1_900_000);
        id = challengeMask(taskId, trainer(1), trainer(2), postings);
        record("challengeMask", 450_000);
        answerMask(id, postings, false);
        record(string.concat("answerMask", size), 800_000);
        recordFacts(size);
    }

    /// @dev Openings by themselves, whatever they are for.
    function recordFacts(string memory size) private {
        uint256[] memory vector = vectorOf("update", dimension + EXTRA_ENTRIES);
        bytes memory encoded = wordsOf(vector);
        IOpenings.Claim memory claim = claimOf(taskId, IOpenings.Encoding.Words, vector, rootOf(encoded));
        openings.open(claim, encoded, quotientOf(claim, vector));
        record(string.concat("open an update", size), 1_900_000);
        vector = Masks.expand("seed", dimension + EXTRA_ENTRIES);
        claim = claimOf(taskId, IOpenings.Encoding.Mask, vector, "seed");
        openings.open(claim, "", quotientOf(claim, vector));
        record(string.concat("open a mask", size), 800_000);
        vector = entriesOf(weightsOf(1, CREATOR));
        encoded = packed(weightsOf(1, CREATOR));
        claim = claimOf(taskId, IOpenings.Encoding.Packed, vector, rootOf(encoded));
        openings.open(claim, encoded, quotientOf(claim, vector));
        record(string.concat("open a model", size), 800_000);
    }

    /// @dev One round of four trainers, measured.
    function runRound() private {
        uint256 round = roundOf(taskId);
        for (uint256 i = 1; i <= 4; ++i) {
            join(taskId, trainer(i));
        }
        vm.warp(deadlineOf(taskId));
        rounds.advance(taskId);
        record("advance to Train", 43_000);
        try rounds.advance(taskId) {
            revert("it came too late");
        } catch {
            record("advance that comes too late", 35_000);
        }
        for (uint256 i = 1; i <= 4; ++i) {
            uint256 update = updateOf(trainer(i), round);
            bytes memory proof = trainProof(trainer(i), update);
            bytes[] memory proofs = one(proof);
            vm.prank(trainer(i));
            proving.submit(taskId, proofs);
            uint256 total = vm.lastCallGas().gasTotalUsed;
            string memory name = i == 1 ? "submit, first of a round" : i == 4 ? "submit, last of a round" : "submit";
            recordBeyondVerifier(name, total, proof, 85_000);
        }
        nextBlock();
        for (uint256 i = 1; i <= 4; ++i) {
            mask(taskId, trainer(i));
            string memory place = i == 1 ? ", first of a round" : i == 4 ? ", last of a round" : "";
            record(string.concat("mask, 3 peers", place), 200_000);
        }
        deposit(AGGREGATOR, STAKE);
        bytes memory average = averageProof(round, 4, AGGREGATOR);
        vm.prank(AGGREGATOR);
        rounds.aggregate(taskId, average, MODEL_CID);
        string memory which = round == 1 ? "aggregate, first of a task" : "aggregate";
        recordBeyondVerifier(which, vm.lastCallGas().gasTotalUsed, average, round == 1 ? 300_000 : 200_000);
        vm.warp(deadlineOf(taskId));
        rounds.advance(taskId);
        record("advance to Finalized", 160_000);
        modelScalar = round;
    }

    function linkOf(address who, uint256 end) private view returns (IProofManager.Link memory) {
        return IProofManager.Link(hashOf(dataOf(who)), point(end), CID);
    }

    function claim(address who, uint256 end, bool last) private {
        IProofManager.Link[] memory links = new IProofManager.Link[](1);
        links[0] = linkOf(who, end);
        vm.prank(who);
        proving.claim(taskId, links, last);
    }

    function record(string memory name, uint256 limit) private {
        uint256 gas = vm.lastCallGas().gasTotalUsed;
        vm.snapshotValue("calls", name, gas);
        assertLe(gas, limit, name);
    }

    function recordEach(string memory name, uint256 gas, uint256 limit) private {
        vm.snapshotValue("calls", name, gas);
        assertLe(gas, limit, name);
    }

    function recordBeyondVerifier(string memory name, uint256 total, bytes memory proof, uint256 limit) private {
        bytes memory direct = abi.encodeCall(IVerifier.verifyProof, (proof, new uint256[](0)));
        uint256 gas = total - 21_000 - VERIFIER_GAS - calldataGas(direct);
        vm.snapshotValue("calls", name, gas);
        assertLe(gas, limit, name);
    }

    function calldataGas(bytes memory data) private pure returns (uint256 gas) {
        for (uint256 i; i < data.length; ++i) {
            gas += data[i] == 0 ? 4 : 16;
        }
    }
}
