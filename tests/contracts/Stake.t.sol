// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {stdError} from "forge-std/Test.sol";

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IDeployed} from "../../contracts/interfaces/IDeployed.sol";
import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {HeadwaterTest} from "./helpers/HeadwaterTest.sol";
import {Reentrant, Unpayable} from "./helpers/Receivers.sol";

/// @notice StakeManager by itself: the test plays the other contracts where it must.
contract StakeTest is HeadwaterTest {
    uint256 private constant TASK = 7;
    address private immutable ALICE = makeAddr("alice");

    /*//////////////////////////////////////////////////////////////
                          DEPOSIT AND WITHDRAW
    //////////////////////////////////////////////////////////////*/

    function test_deposit_addsToFreeStake() public {
        deposit(ALICE, 3 ether);
        hoax(ALICE, 2 ether);
        vm.expectEmit(address(stakes));
        emit IStakeManager.Deposited(ALICE, 2 ether, 5 ether);
        stakes.deposit{value: 2 ether}();
        assertStake(ALICE, 5 ether, 0);
    }

    function test_deposit_refusesNothing() public {
        vm.expectRevert(IStakeManager.ZeroAmount.selector);
        stakes.deposit();
    }

    function test_deposit_isTheOnlyWayIn() public {
        vm.deal(ALICE, 1 ether);
        vm.prank(ALICE);
        (bool success,) = address(stakes).call{value: 1 ether}("");
        assertFalse(success);
        vm.prank(ALICE);
        (success,) = address(rounds).call{value: 1 ether}("");
        assertFalse(success);
    }

    function test_withdraw_paysFreeStake(uint96 deposited, uint96 withdrawn) public {
        deposited = uint96(bound(deposited, 1, type(uint96).max));
        withdrawn = uint96(bound(withdrawn, 1, deposited));
        deposit(ALICE, deposited);
        vm.prank(ALICE);
        vm.expectEmit(address(stakes));
        emit IStakeManager.Withdrawn(ALICE, withdrawn, deposited - withdrawn);
        stakes.withdraw(withdrawn);
        assertStake(ALICE, deposited - withdrawn, 0);
        assertEq(ALICE.balance, withdrawn);
        assertEq(address(stakes).balance, deposited - withdrawn);
    }

    function test_withdraw_refusesNothing() public {
        deposit(ALICE, 1 ether);
        vm.prank(ALICE);
        vm.expectRevert(IStakeManager.ZeroAmount.selector);
        stakes.withdraw(0);
    }

    function test_withdraw_refusesMoreThanIsFree() public {
        deposit(ALICE, 2 ether);
        vm.prank(address(trainers));
        stakes.lock(TASK, ALICE, 1.5 ether);
        vm.prank(ALICE);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeManager.InsufficientStake.selector, ALICE, 0.5 ether, 0.5 ether + 1)
        );
        stakes.withdraw(0.5 ether + 1);
    }

    function test_withdraw_refusesWhoCannotBePaid() public {
        Unpayable trainer_ = new Unpayable();
        trainer_.deposit{value: 1 ether}(stakes);
        vm.expectRevert(abi.encodeWithSelector(IStakeManager.TransferFailed.selector, trainer_, 1 ether));
        trainer_.withdraw(stakes, 1 ether);
    }

    function test_withdraw_cannotBeReentered() public {
        deposit(ALICE, 5 ether);
        Reentrant thief = new Reentrant();
        bytes memory call = abi.encodeCall(stakes.withdraw, (1 ether));
        thief.run{value: 2 ether}(stakes, 2 ether, call, call);
        assertEq(
            thief.refusal(), abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)
        );
        assertEq(address(thief).balance, 1 ether);
        assertStake(address(thief), 1 ether, 0);
    }

    /*//////////////////////////////////////////////////////////////
                            LOCK AND UNLOCK
    //////////////////////////////////////////////////////////////*/

    function test_lock_movesFreeStakeToTheTask() public {
        deposit(ALICE, 3 ether);
        vm.startPrank(address(trainers));
        vm.expectEmit(address(stakes));
        emit IStakeManager.Locked(TASK, ALICE, 2 ether, 1 ether, 2 ether);
        stakes.lock(TASK, ALICE, 2 ether);
        stakes.lock(TASK + 1, ALICE, 0.5 ether);
        stakes.lock(TASK + 1, ALICE, 0.5 ether);
        assertStake(ALICE, 0, 3 ether);
        assertEq(stakes.lockOf(TASK, ALICE), 2 ether);
        assertEq(stakes.lockOf(TASK + 1, ALICE), 1 ether);
    }

    function test_lock_refusesMoreThanIsFree() public {
        deposit(ALICE, 1 ether);
        vm.prank(address(trainers));
        vm.expectRevert(abi.encodeWithSelector(IStakeManager.InsufficientStake.selector, ALICE, 1 ether, 1 ether + 1));
        stakes.lock(TASK, ALICE, 1 ether + 1);
    }

    function test_unlock_freesSomeOfWhatTheTaskLocked() public {
        deposit(ALICE, 3 ether);
        vm.startPrank(address(trainers));
        stakes.lock(TASK, ALICE, 2 ether);
        stakes.lock(TASK + 1, ALICE, 1 ether);
        vm.expectEmit(address(stakes));
        emit IStakeManager.Unlocked(TASK, ALICE, 0.5 ether, 0.5 ether, 1.5 ether);
        stakes.unlock(TASK, ALICE, 0.5 ether);
        assertStake(ALICE, 0.5 ether, 2.5 ether);
        assertEq(stakes.lockOf(TASK, ALICE), 1.5 ether);
        vm.expectRevert(insufficientLock(1.5 ether, 1.5 ether + 1));
        stakes.unlock(TASK, ALICE, 1.5 ether + 1);
        stakes.unlock(TASK, ALICE, 1.5 ether);
        assertStake(ALICE, 2 ether, 1 ether);
    }

    function test_slash_burnsSomeOfWhatTheTaskLocked() public {
        deposit(ALICE, 3 ether);
        vm.startPrank(address(trainers));
        stakes.lock(TASK, ALICE, 2 ether);
        stakes.lock(TASK + 1, ALICE, 1 ether);
        vm.expectEmit(address(stakes));
        emit IStakeManager.Slashed(TASK, ALICE, 0.5 ether, 1.5 ether);
        stakes.slash(TASK, ALICE, 0.5 ether, address(0), 0);
        assertStake(ALICE, 0, 2.5 ether);
        assertEq(stakes.lockOf(TASK, ALICE), 1.5 ether);
        assertEq(stakes.burnt(), 0.5 ether);
        assertEq(address(stakes).balance, 3 ether, "it stays here");
        vm.expectRevert(insufficientLock(1.5 ether, 1.5 ether + 1));
        stakes.slash(TASK, ALICE, 1.5 ether + 1, address(0), 0);
    }

    function test_slash_creditsWhatIsOwedAndBurnsTheRest() public {
        deposit(ALICE, 1 ether);
        vm.startPrank(address(trainers));
        stakes.lock(TASK, ALICE, 1 ether);
        vm.expectEmit(address(stakes));
        emit IStakeManager.Slashed(TASK, ALICE, 0.5 ether, 0.5 ether);
        vm.expectEmit(address(stakes));
        emit IStakeManager.Compensated(TASK, STRANGER, 0.2 ether, 0.2 ether);
        stakes.slash(TASK, ALICE, 0.5 ether, STRANGER, 0.2 ether);
        assertEq(stakes.claimable(STRANGER), 0.2 ether);
        assertEq(stakes.burnt(), 0.3 ether);
        assertStake(ALICE, 0, 0.5 ether);
        vm.expectRevert(stdError.arithmeticError);
        stakes.slash(TASK, ALICE, 0.1 ether, STRANGER, 0.1 ether + 1);
    }

    /*//////////////////////////////////////////////////////////////
                           ESCROW AND CREDIT
    //////////////////////////////////////////////////////////////*/

    function test_escrow_holdsATasksPool() public {
        hoax(address(rewards), 3 ether);
        vm.expectEmit(address(stakes));
        emit IStakeManager.Escrowed(TASK, 3 ether, 3 ether);
        stakes.escrow{value: 3 ether}(TASK);
        assertEq(stakes.escrowOf(TASK), 3 ether);
        assertEq(stakes.escrowOf(TASK + 1), 0);
    }

    function test_credit_movesEscrowToTheAccount() public {
        fund(TASK, 3 ether);
        vm.startPrank(address(rewards));
        stakes.credit(TASK, ALICE, 1 ether);
        vm.expectEmit(address(stakes));
        emit IStakeManager.Credited(TASK, ALICE, 0.5 ether, 1.5 ether, 1.5 ether);
        stakes.credit(TASK, ALICE, 0.5 ether);
        assertEq(stakes.claimable(ALICE), 1.5 ether);
        assertEq(stakes.escrowOf(TASK), 1.5 ether);
    }

    function test_credit_refusesMoreThanTheTaskHas() public {
        fund(TASK, 1 ether);
        fund(TASK + 1, 1 ether);
        vm.prank(address(rewards));
        vm.expectRevert(abi.encodeWithSelector(IStakeManager.InsufficientEscrow.selector, TASK, 1 ether, 1 ether + 1));
        stakes.credit(TASK, ALICE, 1 ether + 1);
    }

    function test_burnEscrow_burnsSomeOfATasksPool() public {
        fund(TASK, 3 ether);
        fund(TASK + 1, 1 ether);
        vm.startPrank(address(rewards));
        vm.expectEmit(address(stakes));
        emit IStakeManager.EscrowBurnt(TASK, 2 ether, 1 ether);
        stakes.burnEscrow(TASK, 2 ether);
        assertEq(stakes.escrowOf(TASK), 1 ether);
        assertEq(stakes.burnt(), 2 ether);
        vm.expectRevert(abi.encodeWithSelector(IStakeManager.InsufficientEscrow.selector, TASK, 1 ether, 1 ether + 1));
        stakes.burnEscrow(TASK, 1 ether + 1);
    }

    /*//////////////////////////////////////////////////////////////
                                  BONDS
    //////////////////////////////////////////////////////////////*/

    function test_bonds_areTakenInAndPaid() public {
        vm.deal(address(challenges), 3 ether);
        vm.startPrank(address(challenges));
        vm.expectEmit(address(stakes));
        emit IStakeManager.Bonded(7, 3 ether);
        stakes.takeBond{value: 3 ether}(7);
        assertEq(stakes.bonded(), 3 ether);
        vm.expectEmit(address(stakes));
        emit IStakeManager.BondPaid(7, ALICE, 1 ether, 1 ether);
        stakes.payBond(7, ALICE, 1 ether);
        assertEq(stakes.bonded(), 2 ether);
        assertEq(stakes.claimable(ALICE), 1 ether);
        vm.expectRevert(stdError.arithmeticError);
        stakes.payBond(7, ALICE, 2 ether + 1);
    }

    /*//////////////////////////////////////////////////////////////
                                  CLAIM
    //////////////////////////////////////////////////////////////*/

    function test_claim_paysAllThatWasCredited() public {
        creditTo(ALICE, 2 ether);
        vm.expectEmit(address(stakes));
        emit IStakeManager.Claimed(ALICE, 2 ether);
        vm.prank(ALICE);
        assertEq(stakes.claim(), 2 ether);
        assertEq(ALICE.balance, 2 ether);
        assertEq(stakes.claimable(ALICE), 0);
    }

    function test_claim_refusesWhoHasNothing() public {
        creditTo(ALICE, 2 ether);
        vm.expectRevert(abi.encodeWithSelector(IStakeManager.NothingToClaim.selector, STRANGER));
        vm.prank(STRANGER);
        stakes.claim();
    }

    function test_claim_refusesWhoCannotBePaid() public {
        address unpayable = address(new Unpayable());
        creditTo(unpayable, 1 ether);
        vm.expectRevert(abi.encodeWithSelector(IStakeManager.TransferFailed.selector, unpayable, 1 ether));
        vm.prank(unpayable);
        stakes.claim();
        assertEq(stakes.claimable(unpayable), 1 ether);
    }

    function test_claim_cannotBeReentered() public {
        creditTo(ALICE, 5 ether);
        Reentrant thief = new Reentrant();
        creditTo(address(thief), 1 ether);
        bytes memory call = abi.encodeCall(stakes.claim, ());
        thief.run(stakes, 0, call, call);
        assertEq(
            thief.refusal(), abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)
        );
        assertEq(address(thief).balance, 1 ether);
    }

    /*//////////////////////////////////////////////////////////////
                                AUTHORITY
    //////////////////////////////////////////////////////////////*/

    function test_stake_isMovedByTheTrainerRegistryAndTheRoundManagerOnly(address anyone) public {
        vm.assume(anyone != address(trainers) && anyone != address(rounds));
        bytes memory reason = abi.encodeWithSelector(IDeployed.UnauthorizedCaller.selector, anyone);
        vm.startPrank(anyone);
        vm.expectRevert(reason);
        stakes.lock(TASK, ALICE, 1);
        vm.expectRevert(reason);
        stakes.unlock(TASK, ALICE, 1);
        vm.expectRevert(reason);
        stakes.slash(TASK, ALICE, 1, anyone, 1);
        vm.stopPrank();
        deposit(ALICE, 3);
        address[2] memory both = [address(trainers), address(rounds)];
        for (uint256 i; i < 2; ++i) {
            vm.startPrank(both[i]);
            stakes.lock(TASK, ALICE, 2);
            stakes.unlock(TASK, ALICE, 1);
            stakes.slash(TASK, ALICE, 1, address(0), 0);
            vm.stopPrank();
        }
        assertStake(ALICE, 1, 0);
    }

    function test_escrow_isMovedByTheRewardManagerOnly(address anyone) public {
        vm.assume(anyone != address(rewards));
        bytes memory reason = abi.encodeWithSelector(IDeployed.UnauthorizedCaller.selector, anyone);
        vm.deal(anyone, 1 ether);
        vm.startPrank(anyone);
        vm.expectRevert(reason);
        stakes.burnEscrow(TASK, 1);
        vm.expectRevert(reason);
        stakes.escrow{value: 1 ether}(TASK);
        vm.expectRevert(reason);
        stakes.credit(TASK, anyone, 1);
    }

    function test_bonds_areMovedByTheChallengeManagerOnly(address anyone) public {
        vm.assume(anyone != address(challenges));
        bytes memory reason = abi.encodeWithSelector(IDeployed.UnauthorizedCaller.selector, anyone);
        vm.deal(anyone, 1 ether);
        vm.startPrank(anyone);
        vm.expectRevert(reason);
        stakes.takeBond{value: 1 ether}(1);
        vm.expectRevert(reason);
        stakes.payBond(1, anyone, 1);
    }

    function insufficientLock(uint256 locked, uint256 required) private view returns (bytes memory) {
        return abi.encodeWithSelector(IStakeManager.InsufficientLock.selector, TASK, ALICE, locked, required);
    }

    function fund(uint256 taskId, uint256 amount) private {
        hoax(address(rewards), amount);
        stakes.escrow{value: amount}(taskId);
    }

    function creditTo(address account, uint256 amount) private {
        fund(TASK, amount);
        vm.prank(address(rewards));
        stakes.credit(TASK, account, amount);
    }
}
