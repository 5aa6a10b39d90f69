// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IStakeManager
/// @notice Holds all money of Headwater, in the chain's native coin: trainers' and aggregators' stake, tasks' reward
/// pools in escrow, challengers' bonds, what is credited but not yet claimed, and what was slashed.
/// @dev Trust: only the other contracts of the same deployment move money between the heaps (free, locked, escrow, bonded,
/// claimable, burnt): the TrainerRegistry and the RoundManager stake, the RewardManager escrow, the ChallengeManager
/// bonds; and only its owner takes money out. There is no admin, no
/// pause and no fee. What is burnt stays here for good: nobody gains by a slash, who is paid for gas out of it included. Money leaves only by pull
/// payment to the caller, so nobody's refusal to be paid can hold up anything else. An account that cannot receive the
/// coin (a contract without `receive`) must not deposit: nothing else can take its money out.
/// Always: balance >= sum of free + locked + escrow + bonded + claimable + burnt, with equality unless coin was forced
/// upon the contract.
interface IStakeManager {
    /*//////////////////////////////////////////////////////////////
                                 ERRORS
    //////////////////////////////////////////////////////////////*/

    /// @notice Thrown when an amount of zero is deposited or withdrawn.
    error ZeroAmount();

    /// @notice Thrown when more stake is to be locked or withdrawn than is free. Deposit the difference first.
    error InsufficientStake(address trainer, uint256 free, uint256 required);

    /// @notice Thrown when more is to be credited than the task's escrow holds.
    error InsufficientEscrow(uint256 taskId, uint256 available, uint256 required);

    /// @notice Thrown when more is to be unlocked or slashed than is locked.
    error InsufficientLock(uint256 taskId, address account, uint256 locked, uint256 required);

    /// @notice Thrown when there is nothing to claim.
    error NothingToClaim(address account);

    /// @notice Thrown when the receiver refuses the coin.
    error TransferFailed(address to, uint256 amount);

    /*//////////////////////////////////////////////////////////////
                                 EVENTS
    //////////////////////////////////////////////////////////////*/

    /// @notice A trainer deposited `amount`; `free` is its free stake after.
    event Deposited(address indexed trainer, uint256 amount, uint256 free);

    /// @notice A trainer withdrew `amount`; `free` is its free stake after.
    event Withdrawn(address indexed trainer, uint256 amount, uint256 free);

    /// @notice `amount` of the trainer's free stake was locked for the task; `free` is its free stake after, `locked`
    /// what the task has locked of it.
    event Locked(uint256 indexed taskId, address indexed trainer, uint256 amount, uint256 free, uint256 locked);

    /// @notice `amount` locked for the task became the account's free stake again; `free` is its free stake after,
    /// `locked` what the task has locked of it.
    event Unlocked(uint256 indexed taskId, address indexed account, uint256 amount, uint256 free, uint256 locked);

    /// @notice `amount` was escrowed for the task's rewards; `escrow` is the task's escrow after.
    event Escrowed(uint256 indexed taskId, uint256 amount, uint256 escrow);

    /// @notice `amount` of the task's escrow was credited to the account; `escrow` is what is left of it, `claimable`
    /// all that the account can claim after.
    event Credited(uint256 indexed taskId, address indexed account, uint256 amount, uint256 escrow, uint256 claimable);

    /// @notice `amount` of the account's stake locked for the task was taken from it and, but for what is `Compensated`,
    /// burnt; `locked` is what the task has locked of it after.
    event Slashed(uint256 indexed taskId, address indexed account, uint256 amount, uint256 locked);

    /// @notice `amount` of what was slashed in the same call was not burnt but credited to the account, for gas;
    /// `claimable` is all it can claim after.
    event Compensated(uint256 indexed taskId, address indexed account, uint256 amount, uint256 claimable);

    /// @notice `amount` of the task's escrow was burnt; `escrow` is what is left of it.
    event EscrowBurnt(uint256 indexed taskId, uint256 amount, uint256 escrow);

    /// @notice `amount` was taken in as a challenge's bond.
    event Bonded(uint256 indexed challengeId, uint256 amount);

    /// @notice A challenge's bond, `amount`, was credited to the account; `claimable` is all it can claim after.
    event BondPaid(uint256 indexed challengeId, address indexed account, uint256 amount, uint256 claimable);

    /// @notice The account claimed `amount`, all that was credited to it.
    event Claimed(address indexed account, uint256 amount);

    /*//////////////////////////////////////////////////////////////
                                 ANYONE
    //////////////////////////////////////////////////////////////*/

    /// @notice Adds the coin sent to the caller's free stake.
    /// Effects: free stake grows by the value sent. Emits `Deposited`.
    /// Requirements: some value is sent (`ZeroAmount`).
    function deposit() external payable;

    /// @notice Pays free stake out to the caller.
    /// Effects: free stake shrinks by `amount`, which is sent. Emits `Withdrawn`.
    /// Requirements: `amount` is not zero (`ZeroAmount`) and not more than is free (`InsufficientStake`); the caller
    /// accepts the coin (`TransferFailed`). Locked stake becomes free by
    /// `ITrainerRegistry.release`.
    function withdraw(uint256 amount) external;

    /// @notice Pays out all that was credited to the caller.
    /// Effects: nothing is claimable any more; the amount is sent. Emits `Claimed`.
    /// Requirements: something is claimable (`NothingToClaim`); the caller accepts the coin (`TransferFailed`).
    /// @return amount What was paid.
    function claim() external returns (uint256 amount);

    /*//////////////////////////////////////////////////////////////
            ONLY THE TRAINER REGISTRY AND THE ROUND MANAGER
    //////////////////////////////////////////////////////////////*/

    /// @notice Locks `amount` of the trainer's free stake for the task.
    /// Effects: free shrinks and locked grows by `amount`. Emits `Locked`.
    /// Requirements: called by one of the two (`IDeployed.UnauthorizedCaller`); that much is free (`InsufficientStake`).
    function lock(uint256 taskId, address trainer, uint256 amount) external;

    /// @notice Frees `amount` of the account's stake that is locked for the task.
    /// Effects: locked shrinks and free grows by it. Emits `Unlocked`.
    /// Requirements: called by one of the two (`IDeployed.UnauthorizedCaller`); that much is locked for the task
    /// (`InsufficientLock`).
    function unlock(uint256 taskId, address account, uint256 amount) external;

    /// @notice Takes `amount` of the account's stake that is locked for the task, credits `owed` of it to `payee` and burns
    /// the rest.
    /// Effects: locked shrinks by `amount`, claimable grows by `owed`, burnt by the rest. Emits `Slashed`, and
    /// `Compensated` if something is owed.
    /// Requirements: called by one of the two (`IDeployed.UnauthorizedCaller`); that much is locked for the task
    /// (`InsufficientLock`); `owed` is a part of `amount`.
    function slash(uint256 taskId, address account, uint256 amount, address payee, uint256 owed) external;

    /*//////////////////////////////////////////////////////////////
                        ONLY THE REWARD MANAGER
    //////////////////////////////////////////////////////////////*/

    /// @notice Burns `amount` of the task's escrow.
    /// Effects: escrow shrinks and burnt grows by it. Emits `EscrowBurnt`.
    /// Requirements: called by the RewardManager (`IDeployed.UnauthorizedCaller`); the escrow holds it (`InsufficientEscrow`).
    function burnEscrow(uint256 taskId, uint256 amount) external;

    /// @notice Takes the value sent into escrow for the task's rewards.
    /// Effects: the task's escrow grows by it. Emits `Escrowed`.
    /// Requirements: called by the RewardManager (`IDeployed.UnauthorizedCaller`).
    function escrow(uint256 taskId) external payable;

    /// @notice Moves `amount` from the task's escrow to what the account can claim.
    /// Effects: as said. Emits `Credited`.
    /// Requirements: called by the RewardManager (`IDeployed.UnauthorizedCaller`); the escrow holds it (`InsufficientEscrow`).
    function credit(uint256 taskId, address account, uint256 amount) external;

    /*//////////////////////////////////////////////////////////////
                       ONLY THE CHALLENGE MANAGER
    //////////////////////////////////////////////////////////////*/

    /// @notice Takes the value sent in as a bond.
    /// Effects: bonded grows by it. Emits `Bonded`.
    /// Requirements: called by the ChallengeManager (`IDeployed.UnauthorizedCaller`).
    function takeBond(uint256 challengeId) external payable;

    /// @notice Moves `amount` of bonds to what the account can claim.
    /// Effects: as said. Emits `BondPaid`.
    /// Requirements: called by the ChallengeManager (`IDeployed.UnauthorizedCaller`), which has taken in as much.
    function payBond(uint256 challengeId, address account, uint256 amount) external;

    /*//////////////////////////////////////////////////////////////
                                 VIEWS
    //////////////////////////////////////////////////////////////*/

    /// @notice What open challenges have put up, over all tasks.
    function bonded() external view returns (uint256 amount);

    /// @notice What was slashed, over all tasks: it stays here for good.
    function burnt() external view returns (uint256 amount);

    /// @notice The trainer's stake: what it may withdraw or lock, and what is locked over all tasks.
    function stakeOf(address trainer) external view returns (uint128 free, uint128 locked);

    /// @notice The trainer's stake locked for one task.
    function lockOf(uint256 taskId, address trainer) external view returns (uint256 amount);

    /// @notice What the account can claim.
    function claimable(address account) external view returns (uint256 amount);

    /// @notice What is left of the task's pool and has not been credited to anybody.
    function escrowOf(uint256 taskId) external view returns (uint256 amount);
}
