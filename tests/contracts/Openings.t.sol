// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Create3} from "@openzeppelin/contracts/utils/Create3.sol";

import {IOpenings} from "../../contracts/interfaces/IOpenings.sol";
import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {BN254, G1, G2} from "../../contracts/libraries/BN254.sol";
import {Masks} from "../../contracts/libraries/Masks.sol";
import {HeadwaterTest} from "./helpers/HeadwaterTest.sol";

/// @notice Which vector a commitment is of. tests/vectors/make_openings.py wrote the vectors: with another SRS for each
/// k, whose secret nobody here knows.
/// forge-config: default.fuzz.runs = 32
contract OpeningsTest is HeadwaterTest {
    uint256 private constant CALLDATA = 95_000; // bytes that any chain's nodes pass on
    uint256 private constant GAS_CAP = 16_777_216; // of a transaction (EIP-7825)

    uint256 private taskId;

    function setUp() public override {
        super.setUp();
        taskId = createTask();
    }

    /*//////////////////////////////////////////////////////////////
                                VECTORS
    //////////////////////////////////////////////////////////////*/

    function test_openings_arePythons() public {
        string memory json = vm.readFile("tests/vectors/openings.json");
        uint256 count;
        for (; vm.keyExistsJson(json, item("openings", count)); ++count) {
            string memory path = item("openings", count);
            uint256[] memory c = uints(json, path, ".commitment");
            uint256[] memory q = uints(json, path, ".quotient");
            IOpenings.Claim memory claim;
            claim.taskId = taskOf(json, uint8(uint256_(json, path, ".k")));
            claim.commitment = G1(c[0], c[1]);
            claim.encoding = IOpenings.Encoding(uint256_(json, path, ".encoding"));
            claim.entries = uint32(uint256_(json, path, ".entries"));
            claim.root = vm.parseJsonBytes32(json, string.concat(path, ".root"));
            bytes memory data = claim.encoding == IOpenings.Encoding.Mask
                ? bytes("")
                : vm.parseJsonBytes(json, string.concat(path, ".data"));
            refuses(claim, data, point(4242), mismatch(claim));
            openings.open(claim, data, G1(q[0], q[1]));
        }
        assertEq(count, 9);
    }

    /// @dev Of bytes of which `data` are the first so many; words 0, 1, 2 and so on.
    function test_roots_arePythons() public view {
        string memory json = vm.readFile("tests/vectors/openings.json");
        bytes memory counted;
        for (uint256 i; i < 4200; ++i) {
            counted = i % 600 == 0 ? bytes.concat(counted, wordsFrom(i, 600)) : counted;
        }
        uint256 count;
        for (; vm.keyExistsJson(json, item("roots", count)); ++count) {
            string memory path = item("roots", count);
            uint256 length = uint256_(json, path, ".length");
            bytes memory data = new bytes(length);
            assembly ("memory-safe") {
                mcopy(add(data, 0x20), add(counted, 0x20), length)
            }
            if (length == 0) continue; // no part: one of no bytes
            assertEq(rootOf(data), vm.parseJsonBytes32(json, string.concat(path, ".root")));
        }
        assertEq(count, 8);
    }

    function wordsFrom(uint256 first, uint256 count) private pure returns (bytes memory) {
        uint256[] memory words = new uint256[](count);
        for (uint256 i; i < count; ++i) {
            words[i] = first + i;
        }
        return wordsOf(words);
    }

    /// @dev A task with the basis points that the vectors have for this k; which createTask checks.
    function taskOf(string memory json, uint8 k) private returns (uint256) {
        for (uint256 i; vm.keyExistsJson(json, item("bases", i)); ++i) {
            string memory path = item("bases", i);
            bool fits = uint256_(json, path, ".dimension") + EXTRA_ENTRIES + UNUSABLE_ROWS <= 1 << k; // or no task may
            if (uint256_(json, path, ".k") != k || !fits) continue;
            ITaskManager.TaskConfig memory config = defaultConfig();
            (config.k, config.dimension) = (k, uint32(uint256_(json, path, ".dimension")));
            uint256[] memory p = uints(json, path, ".points");
            (config.offset, config.basis0) = (G1(p[0], p[1]), G1(p[2], p[3]));
            (config.basis1, config.basisD) = (G1(p[4], p[5]), G1(p[6], p[7]));
            p = uints(json, path, ".tau");
            config.tau = G2(p[0], p[1], p[2], p[3]);
            p = uints(json, path, ".quotient");
            return createTaskWith(config, G1(p[0], p[1]));
        }
        // k without a basis claim: tau is what openings are checked with, and any task with it will do
        return otherTaskOf(json, k);
    }

    /// @dev The vectors have no basis claim of this k: puts the vectors' tau into a task's code.
    function otherTaskOf(string memory json, uint8 k) private returns (uint256) {
        leastLogRows = k;
        uint256 id = createTask();
        leastLogRows = 0;
        bytes32 own = bytes32(tau().xImaginary);
        uint256[] memory theirs;
        for (uint256 i; vm.keyExistsJson(json, item("openings", i)); ++i) {
            if (uint256_(json, item("openings", i), ".k") == k) theirs = uints(json, item("openings", i), ".tau");
        }
        address account = Create3.computeAddress(bytes32(id), address(tasks));
        bytes memory code = account.code;
        for (uint256 start; start + 32 <= code.length; ++start) {
            bytes32 word;
            assembly ("memory-safe") {
                word := mload(add(add(code, 0x20), start))
            }
            if (word != own) continue;
            for (uint256 i; i < 4; ++i) {
                uint256 part = theirs[i];
                assembly ("memory-safe") {
                    mstore(add(add(code, 0x20), add(start, mul(i, 0x20))), part)
                }
            }
            vm.etch(account, code);
            return id;
        }
        revert("no tau");
    }

    function createTaskWith(ITaskManager.TaskConfig memory config, G1 memory quotient) private returns (uint256) {
        ITaskManager.Origin memory origin = originOf(4242);
        hoax(CREATOR, POOL);
        return tasks.createTask{value: POOL}(config, quotient, origin, MODEL_CID);
    }

    /*//////////////////////////////////////////////////////////////
                                AT ONCE
    //////////////////////////////////////////////////////////////*/

    function test_open_knowsWhatWasShown(uint256 seed) public {
        uint256[] memory vector = vectorOf(abi.encode(seed), bound(seed, 1, 26));
        IOpenings.Claim memory claim = wordsClaim(vector);
        G1 memory quotient = quotientOf(claim, vector);
        assertFalse(openings.isOpen(claim));
        vm.expectEmit(address(openings));
        emit IOpenings.PartShown(BN254.hash(claim.commitment), claim.root, 0, wordsOf(vector));
        vm.expectEmit(address(openings));
        emit IOpenings.Opened(
            taskId,
            BN254.hash(claim.commitment),
            claim.root,
            claim.commitment,
            IOpenings.Encoding.Words,
            vector.length,
            quotient,
            false
        );
        vm.prank(STRANGER);
        openings.open(claim, wordsOf(vector), quotient);
        assertFalse(openings.isOpen(claim)); // who called knows it, and nothing is kept
    }

    function test_open_takesSignedWeights(int64[5] memory w) public {
        int64[] memory weights = new int64[](5);
        for (uint256 i; i < 5; ++i) {
            weights[i] = w[i];
        }
        if (w[4] == 0) weights[4] = type(int64).min;
        IOpenings.Claim memory claim = packedClaim(weights);
        openings.open(claim, packed(weights), quotientOf(claim, entriesOf(weights)));
        assertEq(abi.encodePacked(uint64(weights[0])), slice(packed(weights), 0, 8));
    }

    function test_open_takesAMask(bytes32 seed, uint8 length) public {
        uint256[] memory vector = Masks.expand(seed, bound(length, 1, 26));
        IOpenings.Claim memory claim = claimOf(taskId, IOpenings.Encoding.Mask, vector, seed);
        openings.open(claim, "", quotientOf(claim, vector));
    }

    function test_open_refusesWhatIsNotTheVector(uint256 place, uint256 change) public {
        uint256[] memory vector = vectorOf("v", 14);
        IOpenings.Claim memory claim = wordsClaim(vector);
        G1 memory quotient = quotientOf(claim, vector);
        refuses(claim, wordsOf(vector), point(change), mismatch(claim));
        place = bound(place, 0, 13);
        vector[place] = addmod(vector[place], bound(change, 1, BN254.P - 1), BN254.P);
        bytes memory other = wordsOf(vector);
        refuses(
            claim, other, quotient, abi.encodeWithSelector(IOpenings.RootMismatch.selector, claim.root, rootOf(other))
        );
        claim.root = rootOf(other);
        refuses(claim, other, quotient, mismatch(claim));
        refuses(claim, other, quotientOf(claim, vector), mismatch(claim)); // the quotient of the other's commitment
    }

    function test_open_refusesOtherLengthsAndEntries() public {
        uint256[] memory vector = vectorOf("v", 14);
        IOpenings.Claim memory claim = wordsClaim(vector);
        G1 memory quotient = quotientOf(claim, vector);
        bytes memory words = wordsOf(vector);
        refuses(claim, bytes.concat(words, bytes1(0)), quotient, wrongLength(448, 449));
        refuses(claim, slice(words, 0, 447), quotient, wrongLength(448, 447));
        claim.encoding = IOpenings.Encoding.Packed;
        refuses(claim, words, quotient, wrongLength(112, 448));
        claim.encoding = IOpenings.Encoding.Mask;
        refuses(claim, words, quotient, wrongLength(0, 448));
        // 32 rows, of which 26 are for entries
        claim.entries = 27;
        refuses(claim, words, quotient, abi.encodeWithSelector(IOpenings.TooManyEntries.selector, 27, 5));
        claim.entries = 0;
        refuses(claim, "", quotient, abi.encodeWithSelector(IOpenings.TooManyEntries.selector, 0, 5));
        claim.taskId = 99;
        refuses(claim, "", quotient, abi.encodeWithSelector(ITaskManager.UnknownTask.selector, 99));
    }

    function test_open_refusesEntriesThatAreNotCanonical(uint256 place) public {
        uint256[] memory vector = vectorOf("v", 14);
        place = bound(place, 0, 13);
        vector[place] = BN254.P + (place == 0 ? 0 : vector[place] % (type(uint256).max - BN254.P));
        IOpenings.Claim memory claim = wordsClaim(vector);
        refuses(
            claim,
            wordsOf(vector),
            quotientOf(claim, vector),
            abi.encodeWithSelector(IOpenings.NonCanonicalEntry.selector)
        );
    }

    /// @dev A vector of zeros at its end is another claim than the shorter one, though it has the same commitment.
    function test_isOpen_isOfExactlyTheClaim() public {
        uint256[] memory vector = vectorOf("v", 14);
        IOpenings.Claim memory claim = wordsClaim(vector);
        bytes32[] memory hashes = new bytes32[](1);
        hashes[0] = keccak256(wordsOf(vector));
        openings.show(claim, hashes, wordsOf(vector));
        openings.conclude(claim, quotientOf(claim, vector));
        assertTrue(openings.isOpen(claim));
        IOpenings.Claim[5] memory others;
        for (uint256 i; i < 5; ++i) {
            others[i] = wordsClaim(vector);
        }
        others[0].taskId = createTask();
        others[1].commitment = point(1);
        others[2].encoding = IOpenings.Encoding.Packed;
        others[3].entries = 13;
        others[4].root = 0;
        for (uint256 i; i < 5; ++i) {
            assertFalse(openings.isOpen(others[i]));
        }
    }

    /*//////////////////////////////////////////////////////////////
                                IN PARTS
    //////////////////////////////////////////////////////////////*/

    function test_show_takesPartsOfWhomever() public {
        (IOpenings.Claim memory claim, bytes[] memory parts, G1 memory quotient) = inThreeParts();
        bytes32[] memory hashes = hashesOf(parts);
        for (uint256 i; i < 3; ++i) {
            assertEq(openings.progressOf(claim), 2048 * i);
            vm.expectRevert(progress(2048 * i, claim.entries));
            openings.conclude(claim, quotient);
            vm.expectEmit(address(openings));
            emit IOpenings.PartShown(BN254.hash(claim.commitment), claim.root, i, parts[i]);
            vm.prank(trainer(i));
            openings.show(claim, hashes, parts[i]);
        }
        assertEq(openings.progressOf(claim), claim.entries);
        vm.expectRevert(progress(claim.entries, claim.entries));
        openings.show(claim, hashes, parts[2]);
        G1 memory wrong = point(4242);
        vm.expectRevert(mismatch(claim));
        openings.conclude(claim, wrong);
        vm.prank(STRANGER);
        openings.conclude(claim, quotient);
        assertTrue(openings.isOpen(claim));
    }

    function test_show_refusesPartsThatAreNotTheNext() public {
        (IOpenings.Claim memory claim, bytes[] memory parts,) = inThreeParts();
        bytes32[] memory hashes = hashesOf(parts);
        vm.expectRevert(partMismatch(0, hashes[0], hashes[1]));
        openings.show(claim, hashes, parts[1]);
        vm.expectRevert(wrongLength(PART_BYTES, parts[2].length));
        openings.show(claim, hashes, parts[2]);
        openings.show(claim, hashes, parts[0]);
        vm.expectRevert(partMismatch(1, hashes[1], hashes[0]));
        openings.show(claim, hashes, parts[0]);
        bytes32[] memory fewer = new bytes32[](2);
        (fewer[0], fewer[1]) = (hashes[0], hashes[1]);
        vm.expectRevert(wrongLength(3, 2));
        openings.show(claim, fewer, parts[1]);
        bytes32[] memory others = hashesOf(parts);
        others[2] = 0;
        bytes32 root = keccak256(abi.encodePacked(others));
        vm.expectRevert(abi.encodeWithSelector(IOpenings.RootMismatch.selector, claim.root, root));
        openings.show(claim, others, parts[1]);
        claim.encoding = IOpenings.Encoding.Mask;
        vm.expectRevert(abi.encodeWithSelector(IOpenings.WrongEncoding.selector, claim.encoding));
        openings.show(claim, hashes, parts[1]);
    }

    /// @dev What is shown for another claim, even of the same bytes, or of the same commitment, is kept apart.
    function test_show_touchesNoOtherClaim() public {
        (IOpenings.Claim memory claim, bytes[] memory parts, G1 memory quotient) = inThreeParts();
        bytes32[] memory hashes = hashesOf(parts);
        IOpenings.Claim memory other =
            IOpenings.Claim(claim.taskId, point(1), claim.encoding, claim.entries, claim.root);
        openings.show(claim, hashes, parts[0]);
        assertEq(openings.progressOf(other), 0);
        openings.show(other, hashes, parts[0]);
        openings.show(other, hashes, parts[1]);
        // a false part under a root that has it
        bytes[] memory false_ = new bytes[](3);
        (false_[0], false_[1], false_[2]) = (parts[0], parts[0], parts[2]);
        other.root = keccak256(abi.encodePacked(hashesOf(false_)));
        other.commitment = claim.commitment;
        for (uint256 i; i < 3; ++i) {
            openings.show(other, hashesOf(false_), false_[i]);
        }
        vm.expectRevert(mismatch(other));
        openings.conclude(other, quotient);
        openings.show(claim, hashes, parts[1]);
        openings.show(claim, hashes, parts[2]);
        openings.conclude(claim, quotient);
        assertTrue(openings.isOpen(claim));
        assertFalse(openings.isOpen(other));
    }

    function test_show_refusesEntriesThatAreNotCanonical() public {
        uint256[] memory vector = vectorOf("v", 14);
        vector[3] = BN254.P;
        IOpenings.Claim memory claim = wordsClaim(vector);
        bytes[] memory parts = partsOf(wordsOf(vector));
        vm.expectRevert(IOpenings.NonCanonicalEntry.selector);
        openings.show(claim, hashesOf(parts), parts[0]);
    }

    function test_expand_takesAMaskInPartsOfAnyLength(bytes32 seed, uint8 step) public {
        step = uint8(bound(step, 1, 14));
        uint256[] memory vector = Masks.expand(seed, 14);
        IOpenings.Claim memory claim = claimOf(taskId, IOpenings.Encoding.Mask, vector, seed);
        G1 memory quotient = quotientOf(claim, vector);
        for (uint256 shown; shown < 14; shown += step) {
            assertEq(openings.progressOf(claim), shown);
            vm.expectRevert(progress(shown, 14));
            openings.conclude(claim, quotient);
            vm.prank(trainer(shown));
            openings.expand(claim, step);
        }
        vm.expectRevert(progress(14, 14));
        openings.expand(claim, 1);
        openings.conclude(claim, quotient);
        assertTrue(openings.isOpen(claim));
        claim.encoding = IOpenings.Encoding.Words;
        vm.expectRevert(abi.encodeWithSelector(IOpenings.WrongEncoding.selector, claim.encoding));
        openings.expand(claim, 1);
    }

    function test_expand_takesNoMoreThanThereIs() public {
        uint256[] memory vector = Masks.expand("seed", 14);
        IOpenings.Claim memory claim = claimOf(taskId, IOpenings.Encoding.Mask, vector, "seed");
        openings.expand(claim, 0);
        openings.expand(claim, 1);
        openings.expand(claim, type(uint256).max);
        assertEq(openings.progressOf(claim), 14);
        openings.conclude(claim, quotientOf(claim, vector));
    }

    /*//////////////////////////////////////////////////////////////
                              LARGE MODELS
    //////////////////////////////////////////////////////////////*/

    /// forge-config: default.isolate = true
    function test_open_takes4000WeightsOfAnUpdateInOneTransaction() public {
        dimension = 4000;
        taskId = createTask();
        uint256[] memory vector = vectorOf("update", 4009);
        IOpenings.Claim memory claim = wordsClaim(vector);
        bytes memory words = wordsOf(vector);
        G1 memory quotient = quotientOf(claim, vector);
        openings.open(claim, words, quotient);
        assertLe(vm.lastCallGas().gasTotalUsed, GAS_CAP);
        assertLt(abi.encodeCall(openings.open, (claim, words, quotient)).length, 131_072); // what geth's pool takes
    }

    /// forge-config: default.isolate = true
    function test_show_takes16000WeightsOfAnUpdateInPartsThatAnyChainTakes() public {
        dimension = 16_000;
        taskId = createTask();
        uint256[] memory vector = vectorOf("update", 16_009);
        IOpenings.Claim memory claim = wordsClaim(vector);
        bytes[] memory parts = partsOf(wordsOf(vector));
        bytes32[] memory hashes = hashesOf(parts);
        assertEq(parts.length, 8);
        assertEq(rounds.answerTime(taskId), 8 * ANSWER_PERIOD);
        for (uint256 i; i < parts.length; ++i) {
            openings.show(claim, hashes, parts[i]);
            assertLe(vm.lastCallGas().gasTotalUsed, GAS_CAP);
            assertLt(abi.encodeCall(openings.show, (claim, hashes, parts[i])).length, CALLDATA);
        }
        openings.conclude(claim, quotientOf(claim, vector));
        assertTrue(openings.isOpen(claim));
    }

    /*//////////////////////////////////////////////////////////////
                                HELPERS
    //////////////////////////////////////////////////////////////*/

    /// @dev 4,100 words in a task of 8,192 rows.
    function inThreeParts() private returns (IOpenings.Claim memory claim, bytes[] memory parts, G1 memory quotient) {
        dimension = 4091;
        taskId = createTask();
        uint256[] memory vector = vectorOf("v", 4100);
        claim = wordsClaim(vector);
        parts = partsOf(wordsOf(vector));
        quotient = quotientOf(claim, vector);
        assertEq(parts.length, 3);
    }

    function wordsClaim(uint256[] memory vector) private view returns (IOpenings.Claim memory) {
        return claimOf(taskId, IOpenings.Encoding.Words, vector, rootOf(wordsOf(vector)));
    }

    function packedClaim(int64[] memory weights) private view returns (IOpenings.Claim memory) {
        return claimOf(taskId, IOpenings.Encoding.Packed, entriesOf(weights), rootOf(packed(weights)));
    }

    function refuses(
        IOpenings.Claim memory claim,
        bytes memory vector,
        G1 memory quotient,
        bytes memory reason
    )
        private
    {
        vm.expectRevert(reason);
        openings.open(claim, vector, quotient);
    }

    function mismatch(IOpenings.Claim memory claim) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IOpenings.OpeningMismatch.selector, BN254.hash(claim.commitment));
    }

    function wrongLength(uint256 expected, uint256 actual) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IOpenings.WrongLength.selector, expected, actual);
    }

    function progress(uint256 shown, uint256 entries) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IOpenings.WrongProgress.selector, shown, entries);
    }

    function partMismatch(uint256 index, bytes32 expected, bytes32 actual) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IOpenings.PartMismatch.selector, index, expected, actual);
    }

    function slice(bytes memory data, uint256 start, uint256 end) private pure returns (bytes memory part) {
        part = new bytes(end - start);
        assembly ("memory-safe") {
            mcopy(add(part, 0x20), add(add(data, 0x20), start), mload(part))
        }
    }

    function item(string memory array, uint256 i) private pure returns (string memory) {
        return string.concat(".", array, "[", vm.toString(i), "]");
    }

    function uint256_(string memory json, string memory path, string memory key) private pure returns (uint256) {
        return vm.parseJsonUint(json, string.concat(path, key));
    }

    function uints(string memory json, string memory path, string memory key) private pure returns (uint256[] memory) {
        return vm.parseJsonUintArray(json, string.concat(path, key));
    }
}
