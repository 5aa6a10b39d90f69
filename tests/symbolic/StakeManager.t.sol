// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

import {StakeManager} from "../../contracts/StakeManager.sol";
import {IDeployed} from "../../contracts/interfaces/IDeployed.sol";

/// @dev Every function of the StakeManager, in any state in which it can be: what comes in is on one of its heaps
/// afterwards, and what leaves one is on another or was paid.
contract StakeManagerSymbolic {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    StakeManager private stakes;

    struct Heaps {
        uint256 free;
        uint256 locked;
        uint256 lock;
        uint256 escrow;
        uint256 claimable;
        uint256 bonded;
        uint256 burnt;
        uint256 balance;
    }

    /// @dev This contract is all others, and a trainer.
    function setUp() public {
        address all = address(this);
        stakes = new StakeManager(IDeployed.Addresses(all, all, all, all, all, all, all, all, all));
        VM.setArbitraryStorage(address(stakes));
        VM.deal(address(stakes), type(uint128).max);
    }

    receive() external payable {}

    function check_deposit(uint128 value, uint256 taskId, address payee) public {
        Heaps memory before = _heaps(taskId, address(this), payee);
        VM.deal(address(this), value);
        stakes.deposit{value: value}();
        Heaps memory after_ = _heaps(taskId, address(this), payee);
        assert(after_.free == before.free + value);
        _sameSum(before, after_);
    }

    function check_withdraw(uint256 amount, uint256 taskId, address payee) public {
        Heaps memory before = _heaps(taskId, address(this), payee);
        stakes.withdraw(amount);
        Heaps memory after_ = _heaps(taskId, address(this), payee);
        assert(after_.free == before.free - amount && amount <= before.free);
        _sameSum(before, after_);
    }

    function check_claim(uint256 taskId) public {
        Heaps memory before = _heaps(taskId, address(this), address(this));
        uint256 amount = stakes.claim();
        Heaps memory after_ = _heaps(taskId, address(this), address(this));
        assert(amount == before.claimable && after_.claimable == 0);
        _sameSum(before, after_);
    }

    function check_lock(uint256 taskId, address trainer, uint256 amount, address payee) public {
        Heaps memory before = _heaps(taskId, trainer, payee);
        stakes.lock(taskId, trainer, amount);
        Heaps memory after_ = _heaps(taskId, trainer, payee);
        assert(after_.free == before.free - amount && amount <= before.free);
        assert(after_.lock == before.lock + amount);
        _sameSum(before, after_);
    }

    function check_unlock(uint256 taskId, address trainer, uint256 amount, address payee) public {
        Heaps memory before = _heaps(taskId, trainer, payee);
        stakes.unlock(taskId, trainer, amount);
        Heaps memory after_ = _heaps(taskId, trainer, payee);
        assert(after_.free == before.free + amount);
        assert(after_.lock == before.lock - amount && amount <= before.lock);
        _sameSum(before, after_);
    }

    function check_slash(uint256 taskId, address trainer, uint256 amount, address payee, uint256 owed) public {
        Heaps memory before = _heaps(taskId, trainer, payee);
        stakes.slash(taskId, trainer, amount, payee, owed);
        Heaps memory after_ = _heaps(taskId, trainer, payee);
        assert(after_.free == before.free && after_.lock == before.lock - amount && amount <= before.lock);
        assert(after_.claimable == before.claimable + owed && owed <= amount);
        _sameSum(before, after_);
    }

    function check_escrow(uint128 value, uint256 taskId, address payee) public {
        Heaps memory before = _heaps(taskId, address(this), payee);
        VM.deal(address(this), value);
        stakes.escrow{value: value}(taskId);
        Heaps memory after_ = _heaps(taskId, address(this), payee);
        assert(after_.escrow == before.escrow + value);
        _sameSum(before, after_);
    }

    function check_burnEscrow(uint256 taskId, uint256 amount, address payee) public {
        Heaps memory before = _heaps(taskId, payee, payee);
        stakes.burnEscrow(taskId, amount);
        Heaps memory after_ = _heaps(taskId, payee, payee);
        assert(after_.escrow == before.escrow - amount && amount <= before.escrow);
        _sameSum(before, after_);
    }

    function check_credit(uint256 taskId, address payee, uint256 amount) public {
        Heaps memory before = _heaps(taskId, payee, payee);
        stakes.credit(taskId, payee, amount);
        Heaps memory after_ = _heaps(taskId, payee, payee);
        assert(after_.claimable == before.claimable + amount);
        _sameSum(before, after_);
    }

    function check_takeBond(uint128 value, uint256 id, uint256 taskId, address payee) public {
        Heaps memory before = _heaps(taskId, payee, payee);
        VM.deal(address(this), value);
        stakes.takeBond{value: value}(id);
        Heaps memory after_ = _heaps(taskId, payee, payee);
        assert(after_.bonded == before.bonded + value);
        _sameSum(before, after_);
    }

    function check_payBond(uint256 id, uint256 taskId, address payee, uint256 amount) public {
        Heaps memory before = _heaps(taskId, payee, payee);
        stakes.payBond(id, payee, amount);
        Heaps memory after_ = _heaps(taskId, payee, payee);
        assert(after_.claimable == before.claimable + amount && amount <= before.bonded);
        _sameSum(before, after_);
    }

    /// @dev What is locked for a task is a part of what is locked, and stays so: see `_sameSum`.
    function _heaps(uint256 taskId, address trainer, address payee) private view returns (Heaps memory heaps) {
        (heaps.free, heaps.locked) = stakes.stakeOf(trainer);
        heaps.lock = stakes.lockOf(taskId, trainer);
        heaps.escrow = stakes.escrowOf(taskId);
        heaps.claimable = stakes.claimable(payee);
        heaps.bonded = stakes.bonded();
        heaps.burnt = stakes.burnt();
        heaps.balance = address(stakes).balance;
        require(heaps.lock <= heaps.locked);
    }

    /// @dev Sums wrap, which makes no difference to whether they are the same.
    function _sameSum(Heaps memory before, Heaps memory after_) private pure {
        unchecked {
            assert(_sum(after_) - after_.balance == _sum(before) - before.balance);
            assert(after_.locked - after_.lock == before.locked - before.lock);
        }
    }

    function _sum(Heaps memory heaps) private pure returns (uint256) {
        unchecked {
            return heaps.free + heaps.locked + heaps.escrow + heaps.claimable + heaps.bonded + heaps.burnt;
        }
    }
}
