// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {Deployed} from "./base/Deployed.sol";
import {IStakeManager} from "./interfaces/IStakeManager.sol";

/// @title StakeManager
contract StakeManager is IStakeManager, Deployed, ReentrancyGuardTransient {
    using SafeCast for uint256;

    /*//////////////////////////////////////////////////////////////
                                 TYPES
    //////////////////////////////////////////////////////////////*/

    /// @dev One slot, since locking moves stake from one to the other.
    struct Stake {
        uint128 free;
        uint128 locked;
    }

    /*//////////////////////////////////////////////////////////////
                                STORAGE
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IStakeManager
    mapping(address trainer => Stake) public stakeOf;

    /// @inheritdoc IStakeManager
    mapping(uint256 taskId => mapping(address trainer => uint256 amount)) public lockOf;

    /// @inheritdoc IStakeManager
    mapping(uint256 taskId => uint256 amount) public escrowOf;

    /// @inheritdoc IStakeManager
    mapping(address account => uint256 amount) public claimable;

    /// @inheritdoc IStakeManager
    uint256 public bonded;

    /// @inheritdoc IStakeManager
    uint256 public burnt;

    /*//////////////////////////////////////////////////////////////
                              CONSTRUCTOR
    //////////////////////////////////////////////////////////////*/

    /// @param addresses Where the contracts of the deployment stand, or will.
    constructor(Addresses memory addresses) Deployed(addresses) {}

    /// @dev Only the two contracts that lock stake, each for its own reasons.
    modifier onlyLocking() {
        if (msg.sender != TRAINER_REGISTRY && msg.sender != ROUND_MANAGER) revert UnauthorizedCaller(msg.sender);
        _;
    }

    /*//////////////////////////////////////////////////////////////
                                 ANYONE
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IStakeManager
    function deposit() external payable {
        if (msg.value == 0) revert ZeroAmount();
        uint256 free = stakeOf[msg.sender].free += msg.value.toUint128();
        emit Deposited(msg.sender, msg.value, free);
    }

    /// @inheritdoc IStakeManager
    function withdraw(uint256 amount) external nonReentrant {
        if (amount == 0) revert ZeroAmount();
        uint256 free = _takeFree(msg.sender, amount);
        emit Withdrawn(msg.sender, amount, free);
        _pay(msg.sender, amount);
    }

    /// @inheritdoc IStakeManager
    function claim() external nonReentrant returns (uint256 amount) {
        amount = claimable[msg.sender];
        if (amount == 0) revert NothingToClaim(msg.sender);
        claimable[msg.sender] = 0;
        emit Claimed(msg.sender, amount);
        _pay(msg.sender, amount);
    }

    /*//////////////////////////////////////////////////////////////
            ONLY THE TRAINER REGISTRY AND THE ROUND MANAGER
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IStakeManager
    function lock(uint256 taskId, address trainer, uint256 amount) external onlyLocking {
        uint256 free = _takeFree(trainer, amount);
        stakeOf[trainer].locked += uint128(amount); // it was free, so it fits
        uint256 locked = lockOf[taskId][trainer] += amount;
        emit Locked(taskId, trainer, amount, free, locked);
    }

    /// @inheritdoc IStakeManager
    function unlock(uint256 taskId, address account, uint256 amount) external onlyLocking {
        uint256 locked = _takeLocked(taskId, account, amount);
        uint256 free = stakeOf[account].free += uint128(amount); // it was locked, so it fits
        emit Unlocked(taskId, account, amount, free, locked);
    }

    /// @inheritdoc IStakeManager
    function slash(uint256 taskId, address account, uint256 amount, address payee, uint256 owed) external onlyLocking {
        uint256 locked = _takeLocked(taskId, account, amount);
        burnt += amount - owed;
        emit Slashed(taskId, account, amount, locked);
        if (owed == 0) return;
        uint256 total = claimable[payee] += owed;
        emit Compensated(taskId, payee, owed, total);
    }

    /*//////////////////////////////////////////////////////////////
                        ONLY THE REWARD MANAGER
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IStakeManager
    function burnEscrow(uint256 taskId, uint256 amount) external only(REWARD_MANAGER) {
        uint256 left = _takeEscrow(taskId, amount);
        burnt += amount;
        emit EscrowBurnt(taskId, amount, left);
    }

    /// @inheritdoc IStakeManager
    function escrow(uint256 taskId) external payable only(REWARD_MANAGER) {
        uint256 total = escrowOf[taskId] += msg.value;
        emit Escrowed(taskId, msg.value, total);
    }

    /// @inheritdoc IStakeManager
    function credit(uint256 taskId, address account, uint256 amount) external only(REWARD_MANAGER) {
        uint256 left = _takeEscrow(taskId, amount);
        uint256 total = claimable[account] += amount;
        emit Credited(taskId, account, amount, left, total);
    }

    /*//////////////////////////////////////////////////////////////
                       ONLY THE CHALLENGE MANAGER
    //////////////////////////////////////////////////////////////*/

    /// @inheritdoc IStakeManager
    function takeBond(uint256 challengeId) external payable only(CHALLENGE_MANAGER) {
        bonded += msg.value;
        emit Bonded(challengeId, msg.value);
    }

    /// @inheritdoc IStakeManager
    function payBond(uint256 challengeId, address account, uint256 amount) external only(CHALLENGE_MANAGER) {
        bonded -= amount;
        uint256 total = claimable[account] += amount;
        emit BondPaid(challengeId, account, amount, total);
    }

    /*//////////////////////////////////////////////////////////////
                                INTERNAL
    //////////////////////////////////////////////////////////////*/

    /// @dev Takes `amount` off the trainer's free stake and returns what is left of it.
    function _takeFree(address trainer, uint256 amount) private returns (uint256 left) {
        uint256 free = stakeOf[trainer].free;
        if (amount > free) revert InsufficientStake(trainer, free, amount);
        left = free - amount;
        stakeOf[trainer].free = uint128(left); // less than it was
    }

    /// @dev Takes `amount` off the account's stake that is locked for the task and returns what is left of it.
    function _takeLocked(uint256 taskId, address account, uint256 amount) private returns (uint256 left) {
        uint256 locked = lockOf[taskId][account];
        if (amount > locked) revert InsufficientLock(taskId, account, locked, amount);
        left = locked - amount;
        lockOf[taskId][account] = left;
        stakeOf[account].locked -= uint128(amount); // a part of it, so it fits
    }

    /// @dev Takes `amount` off the task's escrow and returns what is left of it.
    function _takeEscrow(uint256 taskId, uint256 amount) private returns (uint256 left) {
        uint256 available = escrowOf[taskId];
        if (amount > available) revert InsufficientEscrow(taskId, available, amount);
        left = available - amount;
        escrowOf[taskId] = left;
    }

    /// @dev Sends coin, after all effects.
    function _pay(address to, uint256 amount) private {
        (bool success,) = to.call{value: amount}("");
        if (!success) revert TransferFailed(to, amount);
    }
}
