// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {BN254, G1} from "../../contracts/libraries/BN254.sol";
import {Masks, Member} from "../../contracts/libraries/Masks.sol";

/// @notice The EVM computes the masks that Python does: tests/vectors/make_masks.py wrote the vectors.
contract MasksTest is Test {
    using BN254 for G1;

    uint256 private constant NEAREST = 8;

    string private json;

    function setUp() public {
        json = vm.readFile("tests/vectors/masks.json");
    }

    function test_vectors_holdWhatIsTested() public view {
        assertEq(count("pairs"), 5);
        assertEq(count("circles"), 6);
    }

    function test_keysAndSharedPoints_arePythons() public view {
        for (uint256 i; i < count("pairs"); ++i) {
            string memory path = item("pairs", i);
            uint256[] memory secrets = uints(path, "secrets");
            uint256[] memory keys = uints(path, "keys");
            uint256[] memory expected = uints(path, "shared");
            for (uint256 j; j < 2; ++j) {
                G1 memory key = G1(keys[2 * j], keys[2 * j + 1]);
                assertPoint(keyOf(secrets[j]), key);
                assertPoint(key.mul(secrets[1 - j]), G1(expected[0], expected[1]));
            }
        }
    }

    function test_seeds_arePythons() public view {
        for (uint256 i; i < count("pairs"); ++i) {
            string memory path = item("pairs", i);
            uint256[] memory shared = uints(path, "shared");
            for (uint256 j; j < 2; ++j) {
                bytes32 seed = seedBetween(path, G1(shared[0], shared[1]), j, 1 - j);
                assertEq(seed, bytes32_(path, "seed"));
            }
        }
    }

    function test_entries_arePythons() public view {
        for (uint256 i; i < count("pairs"); ++i) {
            string memory path = item("pairs", i);
            uint256[] memory indices = uints(path, "indices");
            uint256[] memory expected = uints(path, "entries");
            assertEq(indices.length, expected.length);
            for (uint256 j; j < indices.length; ++j) {
                assertEq(Masks.entry(bytes32_(path, "seed"), indices[j]), expected[j]);
            }
        }
    }

    function test_circles_arePythons() public view {
        for (uint256 i; i < count("circles"); ++i) {
            string memory path = item("circles", i);
            address[] memory members = addresses(path, "members");
            address[] memory order = addresses(path, "order");
            assertEq(order.length, members.length);
            bytes32 seed = bytes32_(path, "seed");
            for (uint256 j = 1; j < order.length; ++j) {
                assertLt(uint256(Masks.place(seed, order[j - 1])), uint256(Masks.place(seed, order[j])));
            }
            assertEq(sum(order), sum(members)); // nobody is left out: places differ, so nobody is there twice
        }
    }

    function test_peers_arePythons() public view {
        for (uint256 i; i < count("circles"); ++i) {
            string memory path = item("circles", i);
            address[] memory order = addresses(path, "order");
            address[] memory peers = addresses(path, "peers");
            uint256 n = order.length;
            uint256 start;
            while (order[start] != addresses(path, "members")[0]) ++start;
            assertEq(peers.length, n <= 2 * NEAREST ? n - 1 : 2 * NEAREST);
            for (uint256 j; j < peers.length; ++j) {
                uint256 step = n > 2 * NEAREST && j >= NEAREST ? n - 2 * NEAREST + j : j + 1;
                assertEq(peers[j], order[(start + step) % n]);
            }
        }
    }

    /// @dev From secrets to what is published: nothing but the vectors' inputs comes from Python.
    function test_attempt_publishesWhatPythonPublishes() public view {
        uint256[] memory updates = uints(".attempt", "updates");
        uint256[] memory published = uints(".attempt", "published");
        uint256 length = uint256_(".attempt", "length");
        uint256 members = addresses(".attempt", "members").length;
        assertEq(published.length, members * length);
        for (uint256 i; i < members; ++i) {
            uint256[] memory masks = masksOf(i, length);
            for (uint256 e; e < length; ++e) {
                uint256 expected = addmod(updates[i * length + e], masks[e], BN254.P);
                assertEq(published[i * length + e], expected);
            }
        }
    }

    function test_attempt_sumsToTheUpdates() public view {
        uint256[] memory updates = uints(".attempt", "updates");
        uint256[] memory published = uints(".attempt", "published");
        uint256 length = uint256_(".attempt", "length");
        for (uint256 e; e < length; ++e) {
            (uint256 a, uint256 b) = (0, 0);
            for (uint256 i = e; i < updates.length; i += length) {
                assertNotEq(updates[i], published[i]);
                (a, b) = (addmod(a, updates[i], BN254.P), addmod(b, published[i], BN254.P));
            }
            assertEq(a, b);
        }
    }

    function test_entry_is512BitsModP(bytes32 seed, uint64 index) public pure {
        uint256 high = uint256(keccak256(bytes.concat(seed, bytes32(2 * uint256(index)))));
        uint256 low = uint256(keccak256(bytes.concat(seed, bytes32(2 * uint256(index) + 1))));
        uint256 half = mulmod(high, 2 ** 128, BN254.P);
        assertEq(Masks.entry(seed, index), addmod(mulmod(half, 2 ** 128, BN254.P), low, BN254.P));
    }

    function test_seed_isTheSameFromBothSides(uint256 a, uint256 b, address one, address other) public view {
        (a, b) = (bound(a, 1, BN254.P - 1), bound(b, 1, BN254.P - 1));
        vm.assume(one != other);
        (Member memory x, Member memory y) = (Member(one, keyOf(a)), Member(other, keyOf(b)));
        assertEq(Masks.seedOf(keyOf(a).mul(b), 1, 2, 3, x, y), Masks.seedOf(keyOf(b).mul(a), 1, 2, 3, y, x));
    }

    /*//////////////////////////////////////////////////////////////
                                HELPERS
    //////////////////////////////////////////////////////////////*/

    /// @dev The sum of a member's signed masks; in the attempt's vectors all others are peers.
    function masksOf(uint256 i, uint256 length) private view returns (uint256[] memory masks) {
        address[] memory members = addresses(".attempt", "members");
        uint256[] memory secrets = uints(".attempt", "secrets");
        masks = new uint256[](length);
        for (uint256 j; j < members.length; ++j) {
            if (j == i) continue;
            bytes32 seed = seedBetween(".attempt", keyOf(secrets[j]).mul(secrets[i]), i, j);
            for (uint256 e; e < length; ++e) {
                uint256 mask = Masks.entry(seed, e);
                masks[e] = addmod(masks[e], members[i] < members[j] ? mask : BN254.P - mask, BN254.P);
            }
        }
    }

    /// @dev The seed of members i and j of a pair or an attempt of the vectors.
    function seedBetween(string memory path, G1 memory shared, uint256 i, uint256 j) private view returns (bytes32) {
        return Masks.seedOf(
            shared,
            uint256_(path, "tag"),
            uint256_(path, "round"),
            uint256_(path, "attempt"),
            memberAt(path, i),
            memberAt(path, j)
        );
    }

    function memberAt(string memory path, uint256 i) private view returns (Member memory) {
        uint256[] memory coordinates = uints(path, "commitments");
        return Member(addresses(path, "members")[i], G1(coordinates[2 * i], coordinates[2 * i + 1]));
    }

    function keyOf(uint256 secret) private view returns (G1 memory) {
        return G1(1, 2).mul(secret);
    }

    function sum(address[] memory members) private pure returns (uint256 total) {
        for (uint256 i; i < members.length; ++i) {
            total += uint160(members[i]);
        }
    }

    function count(string memory list) private view returns (uint256 n) {
        while (vm.keyExistsJson(json, item(list, n))) ++n;
    }

    function item(string memory list, uint256 i) private pure returns (string memory) {
        return string.concat(".", list, "[", vm.toString(i), "]");
    }

    function uint256_(string memory path, string memory key) private view returns (uint256) {
        return vm.parseJsonUint(json, string.concat(path, ".", key));
    }

    function bytes32_(string memory path, string memory key) private view returns (bytes32) {
        return vm.parseJsonBytes32(json, string.concat(path, ".", key));
    }

    function uints(string memory path, string memory key) private view returns (uint256[] memory) {
        return vm.parseJsonUintArray(json, string.concat(path, ".", key));
    }

    function addresses(string memory path, string memory key) private view returns (address[] memory) {
        return vm.parseJsonAddressArray(json, string.concat(path, ".", key));
    }

    function assertPoint(G1 memory a, G1 memory b) private pure {
        assertEq(a.x, b.x, "x");
        assertEq(a.y, b.y, "y");
    }
}
