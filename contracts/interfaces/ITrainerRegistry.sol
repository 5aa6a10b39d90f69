// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G1} from "../libraries/BN254.sol";
import {PossessionProof} from "../libraries/Possession.sol";

/// @title ITrainerRegistry
/// @notice Who is enrolled in a task: with which data, which mask key, which stake, and what it owes.
/// @dev Data. A proof is worth something from whoever registered the data that it is about (`getData`): so nobody can
/// send somebody else's. A trainer may register several commitments, for a file of more rows than a circuit has or for
/// rows that come later. They are its own for good, also when it leaves.
///
/// Mask keys. A key comes with a proof that the sender knows its secret, bound to chain, task and sender (`Possession`).
/// Without one a key could be made of others', and a dispute with its owner would show what two honest trainers share.
///
/// Stake. Enrolment locks it. A trainer loses `faultSlash` of it, and its seat, for a fault; `absenceSlash` for a duty
/// missed: it joined and did not submit, or submitted and missed an attempt at masking. What is slashed is burnt, but
/// for the gas of whoever had to show the fault, so nobody gains by another's loss. The slash of a round is carried out
/// when the trainer joins the next one or its stake is released, or by anybody's `settle` as soon as the round is over;
/// no stake leaves before that.
///
/// Admission. A task may name a module (`IAdmission`) that is asked at enrolment, and nowhere else.
interface ITrainerRegistry {
    /*//////////////////////////////////////////////////////////////
                                 TYPES
    //////////////////////////////////////////////////////////////*/

    /// @notice A trainer's enrolment in a task.
    struct Enrolment {
        /// keccak256 of its mask key; zero if the trainer is not enrolled.
        bytes32 maskKeyHash;
        /// What is locked of its stake for this enrolment, in wei: the task's stake, less what was slashed since it
        /// last joined.
        uint96 stake;
        /// The last round it joined that is not settled; 0 if there is none.
        uint32 round;
        /// When its stake can be released, in Unix seconds; 0 unless it is leaving. It can no longer join then.
        uint40 releasableAt;
    }

    /// @notice Whose data are behind a commitment, and since when.
    struct Registration {
        /// Who registered it; zero if nobody has.
        address owner;
        /// The round that ran then: the task's models of earlier rounds are older than this registration.
        uint32 round;
        /// When, in Unix seconds.
        uint40 registeredAt;
    }

    /*//////////////////////////////////////////////////////////////
                                 ERRORS
    //////////////////////////////////////////////////////////////*/

    /// @notice Thrown when a trainer would enrol in a task that has ended.
    error TaskEnded(uint256 taskId);

    /// @notice Thrown when the trainer is not enrolled in the task.
    error NotEnrolled(uint256 taskId, address trainer);

    /// @notice Thrown when the trainer is enrolled already.
    error AlreadyEnrolled(uint256 taskId, address trainer);

    /// @notice Thrown when these data were registered in the task by another trainer, even if it is enrolled no more.
    error DataAlreadyRegistered(uint256 taskId, bytes32 dataHash, address trainer);

    /// @notice Thrown when a data commitment is that of the zero vector.
    error EmptyData();

    /// @notice Thrown when no data are registered: one commitment at least.
    error NoData();

    /// @notice Thrown when it is not shown that the sender knows the secret of the mask key it enrols with.
    error InvalidPossession();

    /// @notice Thrown when the admission module does not answer as one does.
    error NotAdmitted(address admission, address trainer);

    /// @notice Thrown when evidence is given in a task that admits anybody.
    error UnexpectedEvidence();

    /// @notice Thrown when the trainer has joined the round already.
    error AlreadyJoined(uint256 taskId, uint256 round, address trainer);

    /// @notice Thrown when the trainer has no seat in the running round.
    error NotOnRoster(uint256 taskId, uint256 round, address trainer);

    /// @notice Thrown when a trainer that is leaving would join a round, or leave again.
    error Leaving(uint256 taskId, address trainer, uint256 releasableAt);

    /// @notice Thrown when stake is released that is not unbonding, or not long enough: 0 where `unenrol` comes first.
    error NotReleasable(uint256 taskId, address trainer, uint256 releasableAt);

    /// @notice Thrown when a trainer's last round is to be settled while it runs.
    error RoundRunning(uint256 taskId, uint256 round);

    /// @notice Thrown when the trainer has no round that is not settled.
    error NothingToSettle(uint256 taskId, address trainer);

    /// @notice Thrown when a proof is about data that the trainer has not registered: somebody else's, or nobody's.
    error DataNotOwned(uint256 taskId, bytes32 dataHash, address owner);

    /*//////////////////////////////////////////////////////////////
                                 EVENTS
    //////////////////////////////////////////////////////////////*/

    /// @notice A trainer enrolled with its mask key, and `stake` was locked. `possession` shows that it knows the secret.
    event Enrolled(
        uint256 indexed taskId, address indexed trainer, G1 maskKey, PossessionProof possession, uint256 stake
    );

    /// @notice A trainer registered the commitment of data. `round` ran then.
    event DataRegistered(
        uint256 indexed taskId, address indexed trainer, bytes32 indexed dataHash, G1 data, uint256 round
    );

    /// @notice A trainer is leaving the task, of its own will or for a fault; its stake can be released at
    /// `releasableAt`.
    event Unenrolled(uint256 indexed taskId, address indexed trainer, uint256 releasableAt);

    /// @notice A trainer that left has its `stake` back, and is no longer enrolled.
    event Released(uint256 indexed taskId, address indexed trainer, uint256 stake);

    /// @notice A trainer's part in a round was settled: it had missed a duty, or was at fault, and `slashed` was burnt.
    event TrainerSlashed(
        uint256 indexed taskId, uint256 indexed round, address indexed trainer, bool fault, uint256 slashed
    );

    /// @notice A trainer's part in a round was settled by `settle`, and `slashed` was burnt. `join` and `release` settle
    /// too, and say so by nothing else than their own events.
    event Settled(uint256 indexed taskId, uint256 indexed round, address indexed trainer, uint256 slashed);

    /*//////////////////////////////////////////////////////////////
                                TRAINERS
    //////////////////////////////////////////////////////////////*/

    /// @notice Enrols the sender with the commitments of its data and the key of its masks.
    /// Effects: the task's stake is locked; the data are the sender's for good; it may join rounds. Emits
    /// `DataRegistered` for each, and `Enrolled`.
    /// Requirements: the task has not ended (`TaskEnded`); the sender is not enrolled (`AlreadyEnrolled`); a mask key
    /// that is a canonical point of the curve other than the identity (`BN254.InvalidPoint`), with a proof that the sender
    /// knows its secret (`InvalidPossession`); what `registerData` requires of the data; the module admits it
    /// (`NotAdmitted`, or the module's own error), or there is none and no evidence (`UnexpectedEvidence`); enough stake is
    /// free (`IStakeManager.InsufficientStake`).
    /// @param taskId The task.
    /// @param data Commitments of data matrices.
    /// @param maskKey K = x * G with the sender's secret x and G = (1, 2). Two peers share x_i * K_j = x_j * K_i.
    /// @param possession The proof that the sender knows x.
    /// @param evidence What the task's admission module asks for.
    function enrol(
        uint256 taskId,
        G1[] calldata data,
        G1 calldata maskKey,
        PossessionProof calldata possession,
        bytes calldata evidence
    )
        external;

    /// @notice Registers further data of the sender's.
    /// Effects: they are the sender's for good; its proofs may be about them. Emits `DataRegistered` for each.
    /// Requirements: the sender is enrolled (`NotEnrolled`); the task has not ended (`TaskEnded`); one at least
    /// (`NoData`), each a canonical point of the curve other than the identity (`BN254.InvalidPoint`) and than the
    /// commitment of zeros (`EmptyData`), and not another's (`DataAlreadyRegistered`).
    function registerData(uint256 taskId, G1[] calldata data) external;

    /// @notice Starts the unbonding of the sender's stake.
    /// Effects: the sender can no longer join; a round that it has joined it should finish, and slashing reaches its
    /// stake until it is released. Emits `Unenrolled`.
    /// Requirements: the sender is enrolled (`NotEnrolled`) and not leaving (`Leaving`).
    function unenrol(uint256 taskId) external;

    /// @notice Ends the sender's enrolment and frees its stake.
    /// Effects: its last round is settled; what is left of the stake is free; rewards already earned stay. Emits
    /// `Released`, and `TrainerSlashed` as `settle` does.
    /// Requirements: the sender is enrolled (`NotEnrolled`); `unbondingPeriod` has passed since it left
    /// (`NotReleasable`); the last round that it joined is over (`RoundRunning`).
    function release(uint256 taskId) external;

    /*//////////////////////////////////////////////////////////////
                                 ANYONE
    //////////////////////////////////////////////////////////////*/

    /// @notice Carries out what a trainer's last round cost it. Anyone may call it.
    /// Effects: nothing of the round is open any more. If it was at fault, `faultSlash` of the task's stake is burnt
    /// and it leaves the task; if it had missed a duty, `absenceSlash` is: at most what is locked. Emits
    /// `TrainerSlashed` then, and `Unenrolled` when it was at fault and not leaving; `Settled` always.
    /// Requirements: the trainer has an unsettled round (`NothingToSettle`), which is over (`RoundRunning`).
    /// @dev What it owes is `IRoundManager.dutyOf`'s to say.
    /// @return slashed What was burnt, in wei.
    function settle(uint256 taskId, address trainer) external returns (uint256 slashed);

    /*//////////////////////////////////////////////////////////////
                        ONLY THE ROUND MANAGER
    //////////////////////////////////////////////////////////////*/

    /// @notice Gives a trainer its seat in a round that it joins.
    /// Effects: its last round is settled, with the events of `settle`; what is missing of its locked stake is locked
    /// again.
    /// Requirements: called by the RoundManager (`IDeployed.UnauthorizedCaller`); the trainer is enrolled (`NotEnrolled`),
    /// has not joined the round (`AlreadyJoined`), is not leaving or at fault (`Leaving`); the missing stake is free
    /// (`IStakeManager.InsufficientStake`).
    /// @param stake The task's, which the caller has read.
    function seat(uint256 taskId, address trainer, uint256 round, uint96 stake) external;

    /*//////////////////////////////////////////////////////////////
                                 VIEWS
    //////////////////////////////////////////////////////////////*/

    /// @notice Reverts unless the trainer has a seat in the round (`NotOnRoster`) and all data are its own
    /// (`DataNotOwned`).
    function checkSeat(uint256 taskId, address trainer, uint256 round, bytes32[] calldata dataHashes) external view;

    /// @notice A trainer's enrolment; all zero if it is not enrolled.
    function getEnrolment(uint256 taskId, address trainer) external view returns (Enrolment memory enrolment);

    /// @notice keccak256 of a trainer's mask key; zero if it is not enrolled.
    function maskKeyHash(uint256 taskId, address trainer) external view returns (bytes32 keyHash);

    /// @notice Who registered the data with this hash in the task, and when; all zero if nobody has.
    function getData(uint256 taskId, bytes32 dataHash) external view returns (Registration memory registration);

    /// @notice What `settle` would burn of the trainer's stake now, in wei, and whether for a fault. 0 also where it
    /// would revert.
    function slashOf(uint256 taskId, address trainer) external view returns (uint256 amount, bool fault);
}
