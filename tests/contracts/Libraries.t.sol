// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {IChallengeManager} from "../../contracts/interfaces/IChallengeManager.sol";
import {BN254, G1} from "../../contracts/libraries/BN254.sol";
import {Commitments} from "../../contracts/libraries/Commitments.sol";
import {EqualLog} from "../../contracts/libraries/EqualLog.sol";

contract LibrariesTest is Test {
    using BN254 for G1;

    /*//////////////////////////////////////////////////////////////
                                 BN254
    //////////////////////////////////////////////////////////////*/

    function test_mul_isRepeatedAddition() public view {
        G1 memory sum = point(0);
        for (uint256 n; n < 20; ++n) {
            assertPoint(point(n), sum);
            sum = sum.add(point(1));
        }
    }

    function test_add_isAdditionOfScalars(uint256 a, uint256 b) public view {
        assertPoint(point(a).add(point(b)), point(addmod(a, b, BN254.P)));
        assertPoint(point(a).add(point(a)), point(mulmod(a, 2, BN254.P)));
    }

    function test_add_hasTheIdentity(uint256 a) public view {
        assertPoint(point(a).add(G1(0, 0)), point(a));
        assertPoint(G1(0, 0).add(point(a)), point(a));
    }

    function test_mul_isMultiplicationOfScalars(uint256 a, uint256 b) public view {
        assertPoint(point(a).mul(b), point(mulmod(a, b, BN254.P)));
    }

    function test_negate_givesTheInverse(uint256 a) public view {
        assertPoint(point(a).negate(), point(BN254.P - a % BN254.P));
        assertPoint(point(a).add(point(a).negate()), G1(0, 0));
        assertPoint(G1(0, 0).negate(), G1(0, 0));
    }

    function test_equals_comparesBothCoordinates(uint256 a) public view {
        a = bound(a, 1, BN254.P - 1);
        assertTrue(point(a).equals(point(a)));
        assertFalse(point(a).equals(point(a).negate()));
        assertFalse(point(a).equals(point(BN254.P - a)));
        assertFalse(point(a).equals(G1(0, 0)));
    }

    function test_hash_isOfThe64Bytes(uint256 x, uint256 y) public pure {
        assertEq(G1(x, y).hash(), keccak256(abi.encodePacked(x, y)));
    }

    function test_validate_acceptsEveryMultipleOfTheGenerator(uint256 a) public view {
        point(bound(a, 1, BN254.P - 1)).validate();
    }

    function test_validate_agreesWithThePrecompile(uint256 x, uint256 y, bool onCurve) public view {
        if (onCurve) (x, y) = (x % BN254.Q, root(cubic(x % BN254.Q)));
        (bool accepted,) = address(6).staticcall{gas: 10_000}(abi.encode(x, y, 0, 0));
        try this.validate(G1(x, y)) {
            assertTrue(accepted);
        } catch {
            assertTrue(!accepted || (x == 0 && y == 0));
        }
    }

    function test_validate_refusesTheIdentity() public {
        vm.expectRevert(abi.encodeWithSelector(BN254.InvalidPoint.selector, 0, 0));
        this.validate(G1(0, 0));
    }

    function test_validate_refusesCoordinatesThatAreNotCanonical() public {
        G1[2] memory twins = [G1(1 + BN254.Q, 2), G1(1, 2 + BN254.Q)];
        for (uint256 i; i < twins.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(BN254.InvalidPoint.selector, twins[i].x, twins[i].y));
            this.validate(twins[i]);
        }
    }

    /// @dev The cofactor is 1: what is on the curve is in the group of order P.
    function test_curve_hasNoPointsOutsideTheGroup(uint256 x) public view {
        x = x % BN254.Q;
        uint256 y = root(cubic(x));
        vm.assume(mulmod(y, y, BN254.Q) == cubic(x));
        assertPoint(G1(x, y).mul(BN254.P - 1), G1(x, y).negate());
    }

    function test_add_refusesWhatIsNoPoint() public {
        vm.expectRevert(abi.encodeWithSelector(BN254.InvalidPoint.selector, 1, 3));
        this.add{gas: 100_000}(G1(1, 3), G1(1, 2));
        vm.expectRevert(abi.encodeWithSelector(BN254.InvalidPoint.selector, 1, 2));
        this.add{gas: 100_000}(G1(1, 2), G1(1, 3));
        vm.expectRevert(abi.encodeWithSelector(BN254.InvalidPoint.selector, 1 + BN254.Q, 2));
        this.add{gas: 100_000}(G1(1 + BN254.Q, 2), G1(1, 2));
    }

    function test_mul_refusesWhatIsNoPoint() public {
        vm.expectRevert(abi.encodeWithSelector(BN254.InvalidPoint.selector, 1, 3));
        this.mul{gas: 100_000}(G1(1, 3), 5);
    }

    /*//////////////////////////////////////////////////////////////
                              COMMITMENTS
    //////////////////////////////////////////////////////////////*/

    function test_commitmentAt_cutsTheProof(bytes32[8] memory words, bytes memory rest, uint256 index) public view {
        index = bound(index, 0, 3);
        G1 memory cut = this.commitmentAt(bytes.concat(abi.encode(words), rest), index);
        assertEq(cut.x, uint256(words[2 * index]));
        assertEq(cut.y, uint256(words[2 * index + 1]));
    }

    function test_commitmentAt_refusesAProofThatEndsBefore(uint256 length, uint256 index) public {
        index = bound(index, 0, 1000);
        length = bound(length, 0, 64 * index + 63);
        vm.expectRevert(abi.encodeWithSelector(Commitments.ProofTooShort.selector, length, 64 * index + 64));
        this.commitmentAt(new bytes(length), index);
    }

    /// @dev With C(v) = B + sum of v_i L_i: C(a) + C(b) - B = C(a + b).
    function test_plus_addsTheVectors(uint256[3] memory a, uint256[3] memory b, uint256 offset) public view {
        uint256[3] memory sum;
        for (uint256 i; i < 3; ++i) {
            sum[i] = addmod(a[i], b[i], BN254.P);
        }
        assertPoint(Commitments.plus(commit(a, offset), commit(b, offset), point(offset)), commit(sum, offset));
    }

    function test_withEntry_setsAnEntry(uint256[3] memory v, uint256 entry, uint256 offset) public view {
        v[1] = 0;
        G1 memory before = commit(v, offset);
        v[1] = entry;
        assertPoint(Commitments.withEntry(before, basis(1), entry), commit(v, offset));
    }

    function test_withoutEntry_takesAnEntryAway(uint256[3] memory v, uint256 offset) public view {
        G1 memory before = commit(v, offset);
        uint256 entry = v[1];
        v[1] = 0;
        assertPoint(Commitments.withoutEntry(before, basis(1), entry), commit(v, offset));
    }

    /*//////////////////////////////////////////////////////////////
                                EQUAL LOG
    //////////////////////////////////////////////////////////////*/

    function test_equalLog_acceptsWhatTheSecretMakesOfAKey(uint256 x, uint256 y, uint256 nonce) public view {
        (x, y, nonce) = (bound(x, 1, BN254.P - 1), bound(y, 1, BN254.P - 1), bound(nonce, 1, BN254.P - 1));
        vm.assume(x != y);
        G1 memory shared = point(y).mul(x);
        IChallengeManager.EqualLogProof memory proof = prove(x, point(y), shared, nonce);
        assertTrue(this.verifyEqualLog(point(x), point(y), shared, proof));
        assertFalse(this.verifyEqualLog(point(y), point(x), shared, proof), "the proof of one is not the other's");
        proof.response = addmod(proof.response, 1, BN254.P);
        assertFalse(this.verifyEqualLog(point(x), point(y), shared, proof), "another response");
    }

    /// @dev Whoever knows the secret, but claims another point, cannot prove it by the honest steps.
    function test_equalLog_refusesAnotherPoint(uint256 x, uint256 y, uint256 z) public view {
        (x, y, z) = (bound(x, 1, BN254.P - 1), bound(y, 1, BN254.P - 1), bound(z, 1, BN254.P - 1));
        G1 memory shared = point(y).mul(x);
        vm.assume(!shared.equals(point(z)));
        assertFalse(this.verifyEqualLog(point(x), point(y), point(z), prove(x, point(y), point(z), 7)));
        assertFalse(this.verifyEqualLog(point(x), point(y), point(z), prove(x, point(y), shared, 7)));
    }

    function test_equalLog_refusesWhatIsNoPoint() public view {
        G1[4] memory bad = [G1(1, 3), G1(0, 0), G1(1 + BN254.Q, 2), G1(1, 2 + BN254.Q)];
        IChallengeManager.EqualLogProof memory proof = prove(1, point(1), point(1), 7);
        for (uint256 i; i < bad.length; ++i) {
            assertFalse(this.verifyEqualLog(point(1), point(1), bad[i], proof));
        }
    }

    /*//////////////////////////////////////////////////////////////
                                HELPERS
    //////////////////////////////////////////////////////////////*/

    function validate(G1 memory a) external pure {
        a.validate();
    }

    function verifyEqualLog(
        G1 memory key,
        G1 memory peerKey,
        G1 memory shared,
        IChallengeManager.EqualLogProof calldata proof
    )
        external
        view
        returns (bool)
    {
        return EqualLog.verify(key, peerKey, shared, proof);
    }

    /// @dev The honest prover's steps, with its fresh number.
    function prove(
        uint256 x,
        G1 memory peerKey,
        G1 memory shared,
        uint256 nonce
    )
        private
        view
        returns (IChallengeManager.EqualLogProof memory proof)
    {
        bytes memory statement = abi.encode(point(x), peerKey, shared, point(nonce), peerKey.mul(nonce));
        proof.challenge = uint256(keccak256(statement)) % BN254.P;
        proof.response = addmod(nonce, BN254.P - mulmod(proof.challenge, x, BN254.P), BN254.P);
    }

    function add(G1 memory a, G1 memory b) external view returns (G1 memory) {
        return a.add(b);
    }

    function mul(G1 memory a, uint256 scalar) external view returns (G1 memory) {
        return a.mul(scalar);
    }

    function commitmentAt(bytes calldata proof, uint256 index) external pure returns (G1 memory) {
        return Commitments.commitmentAt(proof, index);
    }

    function point(uint256 scalar) private view returns (G1 memory) {
        return G1(1, 2).mul(scalar);
    }

    function basis(uint256 i) private view returns (G1 memory) {
        return point(uint256(keccak256(abi.encode("basis", i))));
    }

    function commit(uint256[3] memory v, uint256 offset) private view returns (G1 memory sum) {
        sum = point(offset);
        for (uint256 i; i < 3; ++i) {
            sum = sum.add(basis(i).mul(v[i]));
        }
    }

    function cubic(uint256 x) private pure returns (uint256) {
        return addmod(mulmod(mulmod(x, x, BN254.Q), x, BN254.Q), 3, BN254.Q);
    }

    /// @dev A square root modulo Q where there is one, since Q = 3 mod 4.
    function root(uint256 a) private view returns (uint256 r) {
        (bool success, bytes memory out) = address(5).staticcall(abi.encode(32, 32, 32, a, (BN254.Q + 1) / 4, BN254.Q));
        require(success);
        r = abi.decode(out, (uint256));
    }

    function assertPoint(G1 memory a, G1 memory b) private pure {
        assertEq(a.x, b.x, "x");
        assertEq(a.y, b.y, "y");
    }
}
