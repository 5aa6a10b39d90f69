// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

import {IERC7572} from "../../contracts/interfaces/IERC7572.sol";
import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {Cids} from "../../contracts/libraries/Cids.sol";
import {HeadwaterTest} from "./helpers/HeadwaterTest.sol";

/// @notice What the registry tells other standards' readers: records, interface ids, metadata.
contract RecordsTest is HeadwaterTest {
    string private constant METADATA = "data:application/json;utf8,";
    uint256 private taskId;

    function setUp() public override {
        super.setUp();
        taskId = createTask();
    }

    /*//////////////////////////////////////////////////////////////
                                RECORDS
    //////////////////////////////////////////////////////////////*/

    function test_getRecord_ofTheFirstModelHasNoParent() public view {
        IModelRegistry.Record memory record = registry.getRecord(taskId, 0);
        assertEq(record.modelHash, hashOf(tagged(taskId, firstModel())));
        assertTask(record);
        assertEq(record.round, 0);
        assertEq(record.parent, 0);
        assertEq(record.parentHash, 0);
        assertEq(record.trainers, 0);
        assertEq(record.aggregator, address(0));
        assertEq(record.timestamp, 0);
    }

    function test_getRecord_namesTheModelItWasTrainedFrom() public {
        bytes32 first = hashOf(modelScalar);
        finalizeRound(taskId, 3);
        bytes32 second = hashOf(modelScalar);
        passDeadline(taskId); // round 2 is skipped
        finalizeRound(taskId, 4);

        IModelRegistry.Record memory record = registry.getRecord(taskId, 1);
        assertEq(record.parent, 0);
        assertEq(record.parentHash, first);
        record = registry.getRecord(taskId, 3);
        assertTask(record);
        assertEq(record.modelHash, hashOf(modelScalar));
        assertEq(record.round, 3);
        assertEq(record.parent, 1, "across the round that made none");
        assertEq(record.parentHash, second);
        assertEq(record.trainers, 4);
        assertEq(record.aggregator, AGGREGATOR);
        assertEq(record.timestamp, block.timestamp);
    }

    function test_getRecord_refusesRoundsThatMadeNone() public {
        passDeadline(taskId);
        for (uint256 round = 1; round <= 4; ++round) {
            refuses(taskId, round);
        }
        refuses(taskId, type(uint256).max);
        refuses(99, 0);
    }

    function test_getRecords_areThoseOfEachRoundWithAModel() public {
        passDeadline(taskId); // round 1 is skipped
        finalizeRound(taskId, 3);
        finalizeRound(taskId, 3);
        for (uint256 start; start < 5; ++start) {
            for (uint256 limit; limit < 5; ++limit) {
                assertPage(start, limit);
            }
            assertPage(start, type(uint256).max);
        }
        assertPage(type(uint256).max, type(uint256).max);
        assertEq(registry.getRecords(99, 0, 10).length, 0);
    }

    function test_modelCount_countsTheModelsThereAre() public {
        assertEq(registry.modelCount(taskId), 1);
        passDeadline(taskId); // round 1 is skipped
        assertEq(registry.modelCount(taskId), 1);
        finalizeRound(taskId, 3);
        assertEq(registry.modelCount(taskId), 2);
        assertEq(registry.modelCount(99), 0);
    }

    /*//////////////////////////////////////////////////////////////
                                  CIDS
    //////////////////////////////////////////////////////////////*/

    /// @dev As the node writes the CIDs of these two raw blocks; tests/differential compares all others.
    function test_uri_isTheTextOfTheCid() public pure {
        string memory empty = "ipfs://bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";
        assertEq(Cids.uri(sha256("")), empty);
        string memory hello = "ipfs://bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e";
        assertEq(Cids.uri(sha256("hello world")), hello);
    }

    function test_uri_saysTheWholeDigest(bytes32 digest) public pure {
        bytes memory text = bytes(Cids.uri(digest));
        assertEq(text.length, 66);
        uint256 high; // version, codec, hash, length: 01 55 12 20, and what of the digest fits
        uint256 low;
        for (uint256 i = 8; i < 66; ++i) {
            uint8 letter = uint8(text[i]);
            uint256 value = letter >= 97 ? letter - 97 : letter - 50 + 26;
            assertLt(value, 32);
            (high, low) = ((high << 5) | (low >> 251), (low << 5) | value);
        }
        // 290 bits, of which the last two only fill up
        assertEq(low & 3, 0);
        assertEq(bytes32((high << 254) | (low >> 2)), digest);
        assertEq(high >> 2, 0x01551220);
    }

    /*//////////////////////////////////////////////////////////////
                         INTERFACES AND METADATA
    //////////////////////////////////////////////////////////////*/

    function test_supportsInterface_ofWhatThereIs() public view {
        assertSupport(IERC165(address(tasks)), type(ITaskManager).interfaceId);
        assertSupport(IERC165(address(registry)), type(IModelRegistry).interfaceId);
        assertTrue(registry.supportsInterface(type(IERC7572).interfaceId));
        assertTrue(tasks.supportsInterface(type(IERC7572).interfaceId));
        // ERC-7992: registerModel, updateModel, deprecateModel and getModel of its registry
        string memory commitment = "((bytes32,bytes32,bytes32,bytes4,string))";
        bytes4 theirs = bytes4(keccak256(bytes(string.concat("registerModel", commitment))))
            ^ bytes4(keccak256("updateModel(uint256,(bytes32,bytes32,bytes32,bytes4,string))"))
            ^ bytes4(keccak256("deprecateModel(uint256)")) ^ bytes4(keccak256("getModel(uint256)"));
        assertFalse(registry.supportsInterface(theirs));
    }

    function test_contractURI_isJson() public view {
        assertMetadata(registry, "Headwater model registry");
        assertMetadata(tasks, "Headwater tasks");
    }

    /// @dev A task whose models are far apart must not make a list of all tasks' models fail.
    function test_getRecord_ofTheLatestCostsTheSameHoweverFarItsParentIs() public {
        uint256 far = createTask();
        uint256 near = createTask();
        vm.startPrank(address(rounds));
        registry.add(far, 10_000, point(2), MODEL_CID);
        registry.add(near, 1, point(2), MODEL_CID);
        vm.stopPrank();
        assertApproxEqRel(gasOfRecord(far, 10_000), gasOfRecord(near, 1), 0.1e18);
        assertEq(registry.getRecord(far, 10_000).parent, 0);
    }

    /*//////////////////////////////////////////////////////////////
                                HELPERS
    //////////////////////////////////////////////////////////////*/

    /// @dev What all records of the task say.
    function assertTask(IModelRegistry.Record memory record) private view {
        bytes32 code = address(trainVerifier).codehash;
        assertEq(record.taskId, taskId);
        assertEq(record.creator, CREATOR);
        assertEq(record.manifest, keccak256("manifest"));
        assertEq(record.circuitHash, keccak256("manifest"));
        assertEq(record.vkHash, keccak256(abi.encode(code, code, tau())));
        assertEq(record.proofSystemId, bytes4(keccak256("ezkl-halo2-kzg-bn254-v23")));
        assertEq(record.uri, Cids.uri(MODEL_CID));
    }

    function assertMetadata(IERC7572 described, string memory name) private view {
        string memory uri = described.contractURI();
        assertEq(vm.indexOf(uri, METADATA), 0);
        string memory json = vm.replace(uri, METADATA, "");
        assertEq(vm.parseJsonString(json, ".name"), name);
        assertGt(bytes(vm.parseJsonString(json, ".description")).length, 30);
    }

    function gasOfRecord(uint256 task, uint256 round) private view returns (uint256 gas) {
        gas = gasleft();
        registry.getRecord(task, round);
        gas -= gasleft();
    }

    function assertPage(uint256 start, uint256 limit) private view {
        IModelRegistry.Model[] memory models = registry.getModels(taskId, start, limit);
        IModelRegistry.Record[] memory records = registry.getRecords(taskId, start, limit);
        assertEq(records.length, models.length, "length");
        for (uint256 i; i < models.length; ++i) {
            IModelRegistry.Record memory record = registry.getRecord(taskId, models[i].round);
            assertEq(keccak256(abi.encode(records[i])), keccak256(abi.encode(record)), "record");
        }
    }

    function refuses(uint256 task, uint256 round) private {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.UnknownModel.selector, task, round));
        registry.getRecord(task, round);
    }

    function assertSupport(IERC165 deployed, bytes4 own) private view {
        assertTrue(deployed.supportsInterface(own));
        assertTrue(deployed.supportsInterface(0x01ffc9a7));
        assertFalse(deployed.supportsInterface(0xffffffff));
        assertFalse(deployed.supportsInterface(own ^ 0x01ffc9a7), "inherited functions are not of the id");
    }
}
