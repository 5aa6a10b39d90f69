// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITrainerRegistry} from "../../contracts/interfaces/ITrainerRegistry.sol";
import {BN254, G1} from "../../contracts/libraries/BN254.sol";
import {Possession, PossessionProof} from "../../contracts/libraries/Possession.sol";
import {HeadwaterTest} from "./helpers/HeadwaterTest.sol";

/// @notice Nobody enrols with a mask key whose secret it does not know.
/// forge-config: default.fuzz.runs = 64
contract PossessionTest is HeadwaterTest {
    uint256 private taskId;
    address private alice;
    address private thief;

    function setUp() public override {
        super.setUp();
        taskId = createTask();
        (alice, thief) = (trainer(1), trainer(2));
        deposit(thief, STAKE);
    }

    function test_enrol_refusesACopiedKey() public {
        enrol(taskId, alice);
        (G1 memory key, PossessionProof memory proof) = (maskKeyOf(alice), possessionOf(alice, taskId));
        refuses(key, proof); // as alice enrolled with it
        refuses(key, possessionOf(thief, taskId)); // that of the thief's own key
        refuses(key, possessionOf(maskSecretOf(thief), thief, tasks.tag(taskId)));
    }

    /// @dev a K + b G of somebody else's K, with what can be made of its proof: r = response G + challenge K, so
    /// (a response, a challenge) and (response - challenge b, challenge) fit, but for the hash.
    function test_enrol_refusesAKeyMadeOfAnothers(uint256 a, uint256 b) public {
        (a, b) = (bound(a, 1, BN254.P - 1), bound(b, 0, BN254.P - 1));
        enrol(taskId, alice);
        PossessionProof memory proof = possessionOf(alice, taskId);
        G1 memory key = BN254.add(BN254.mul(maskKeyOf(alice), a), point(b));
        vm.assume(BN254.isPoint(key));
        refuses(key, proof);
        uint256 shifted = minus(proof.response, mulmod(proof.challenge, b, BN254.P));
        refuses(key, PossessionProof(proof.challenge, shifted));
        uint256 challenge = over(proof.challenge, a);
        refuses(key, PossessionProof(challenge, minus(proof.response, mulmod(challenge, b, BN254.P))));
    }

    function test_enrol_refusesAnotherSendersProof() public {
        refuses(maskKeyOf(thief), possessionOf(maskSecretOf(thief), alice, tasks.tag(taskId)));
    }

    function test_enrol_refusesAnotherTasksProof() public {
        uint256 other = createTask();
        refuses(maskKeyOf(thief), possessionOf(thief, other));
    }

    function test_enrol_refusesAnotherChainsProof() public {
        vm.chainId(block.chainid + 1);
        PossessionProof memory foreign = possessionOf(thief, taskId);
        vm.chainId(block.chainid - 1);
        refuses(maskKeyOf(thief), foreign);
    }

    function test_enrol_refusesNumbersThatAreNotCanonical() public {
        PossessionProof memory proof = possessionOf(thief, taskId);
        refuses(maskKeyOf(thief), PossessionProof(proof.challenge, proof.response + BN254.P));
        refuses(maskKeyOf(thief), PossessionProof(proof.challenge + BN254.P, proof.response));
    }

    function test_enrol_refusesAnyOtherProof(uint256 challenge, uint256 response) public {
        PossessionProof memory proof = possessionOf(thief, taskId);
        refuses(maskKeyOf(thief), PossessionProof(challenge, response));
        refuses(maskKeyOf(thief), PossessionProof(0, 0));
        refuses(maskKeyOf(thief), PossessionProof(proof.challenge, addmod(proof.response, 1, BN254.P)));
    }

    function test_enrol_takesTheKeyOfWhoKnowsItsSecret(uint256 secret) public {
        secret = bound(secret, 1, BN254.P - 1);
        (G1[] memory data, G1 memory key) = (one(point(1)), point(secret));
        PossessionProof memory proof = possessionOf(secret, thief, tasks.tag(taskId));
        vm.prank(thief);
        trainers.enrol(taskId, data, key, proof, "");
        assertEq(trainers.getEnrolment(taskId, thief).maskKeyHash, BN254.hash(key));
    }

    /// @dev Two who know the same secret share a point that is no secret of theirs alone: that is their affair.
    function test_verify_isBoundToTagAndOwner(uint256 secret, uint256 tag, address owner) public view {
        secret = bound(secret, 1, BN254.P - 1);
        PossessionProof memory proof = possessionOf(secret, owner, tag);
        assertTrue(this.verify(point(secret), proof, tag, owner));
        unchecked {
            assertFalse(this.verify(point(secret), proof, tag + 1, owner));
            assertFalse(this.verify(point(secret), proof, tag, address(uint160(owner) + 1)));
        }
    }

    function verify(
        G1 memory key,
        PossessionProof calldata proof,
        uint256 tag,
        address owner
    )
        external
        view
        returns (bool)
    {
        return Possession.verify(key, proof, tag, owner);
    }

    function refuses(G1 memory key, PossessionProof memory proof) private {
        G1[] memory data = one(point(dataOf(thief)));
        vm.prank(thief);
        vm.expectRevert(ITrainerRegistry.InvalidPossession.selector);
        trainers.enrol(taskId, data, key, proof, "");
    }
}
