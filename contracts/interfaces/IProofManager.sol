// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G1} from "../libraries/BN254.sol";

/// @title IProofManager
/// @notice What updates are proved by: proofs on chain, or links that anybody can demand to be proved.
/// @dev An update is the end of a chain of links, each a proof of the statement `train`: the first starts from the task's
/// model, each further one from where the one before it ended.
///
/// At once. `submit` checks all proofs. That is the only way where a task's `reviewPeriod` is 0.
///
/// On demand. Where it is not, a trainer may `claim` links instead: their data, where they end, and the CID of the
/// document with the proof. Anybody can fetch that and verify it. In the phase Review, which then comes between Train and
/// Mask, whoever finds a proof missing or false demands it (`IChallengeManager.challengeProof`): it must stand on chain in
/// time, or the trainer is at fault and the others mask without it. A link that nobody has demanded was not checked by the
/// contracts, and its record says so: there is no `LinkProved` of it.
///
/// Receipts. A trainer that goes on locally claims a link for each stretch and synchronizes with the last one. Where a
/// task has a `quietBound`, each link but the last must be shown, when demanded, with a proof of a score too: that the
/// model from which the link starts is right on so much of the data that it then trains on. So nobody stays quiet whom
/// the data have left behind.
interface IProofManager {
    /*//////////////////////////////////////////////////////////////
                                 TYPES
    //////////////////////////////////////////////////////////////*/

    /// @notice A proof that is not on chain.
    struct Link {
        /// keccak256 of the commitment of the data that it is about.
        bytes32 dataHash;
        /// The commitment of the update with which it ends.
        G1 update;
        /// The digest of the document that holds the proof (CIDv1, raw).
        bytes32 cid;
    }

    /// @notice What a trainer has claimed in a round.
    /// @dev One slot. 248 bits of a hash still bind: 2^124 work to collide.
    struct Head {
        /// h_n, where h_0 = 0 and h_i = the first 31 bytes of keccak256(abi.encode(h_(i-1), link i)).
        bytes31 hash;
        /// n: how many links.
        uint8 count;
    }

    /// @notice A score: of the rows used, how many the model is right on, as the statement counts them (each 4 times).
    struct Score {
        uint64 right;
        uint64 used;
        bytes proof;
    }

    /// @notice A link with its proof, as it is shown on chain.
    struct Shown {
        /// h of the links before those given; 0 if there are none.
        bytes31 before;
        /// The links claimed, from the one before the one that is shown on, or from the first, to the last.
        Link[] links;
        /// The proof.
        bytes proof;
        /// The score; not read where the task asks for none.
        Score score;
    }

    /*//////////////////////////////////////////////////////////////
                                 ERRORS
    //////////////////////////////////////////////////////////////*/

    /// @notice Thrown when nothing was submitted or claimed: one proof or link at least.
    error NoProof();

    /// @notice Thrown when an update has more links than the task allows.
    error TooManyProofs(uint256 most, uint256 actual);

    /// @notice Thrown when a proof starts from another model than the current one: stale, or another task's or chain's.
    error ModelMismatch(bytes32 expected, bytes32 actual);

    /// @notice Thrown when a proof does not start where the one before it ended.
    error LinkMismatch(uint256 index, bytes32 expected, bytes32 actual);

    /// @notice Thrown when a trainer submits who has begun to claim: an update is proved on chain, or claimed.
    error ClaimBegun(uint256 taskId, uint256 round, address trainer);

    /// @notice Thrown when links are claimed in a task that takes proofs on chain only.
    error ProofsOnChain(uint256 taskId);

    /// @notice Thrown when a digest of something that must lie in storage is zero.
    error MissingCid();

    /// @notice Thrown when a trainer has claimed no such link in the round.
    error NotClaimed(uint256 taskId, uint256 round, address trainer, uint256 index);

    /// @notice Thrown when a link that is demanded stands on chain already.
    error AlreadyProved(uint256 taskId, uint256 round, address trainer, uint256 index);

    /// @notice Thrown when links are shown that are not those claimed.
    error ClaimMismatch(bytes31 expected, bytes31 actual);

    /// @notice Thrown when a proof is about other data than its link says.
    error DataMismatch(bytes32 expected, bytes32 actual);

    /// @notice Thrown when a proof ends with another update than its link says.
    error EndMismatch(bytes32 expected, bytes32 actual);

    /// @notice Thrown when a score is of another model or other data than those of its link.
    error ScoreMismatch(bytes32 expected, bytes32 actual);

    /// @notice Thrown when a score is under the task's bound, in 1/10,000, or of no rows.
    error ReceiptTooLow(uint256 bound, uint256 right, uint256 used);

    /*//////////////////////////////////////////////////////////////
                                 EVENTS
    //////////////////////////////////////////////////////////////*/

    /// @notice A trainer claimed links; `first` is the index of the first of them, from 0.
    event LinksClaimed(
        uint256 indexed taskId, uint256 indexed round, address indexed trainer, uint256 first, Link[] links
    );

    /// @notice A link that was claimed was proved on chain.
    event LinkProved(uint256 indexed taskId, uint256 indexed round, address indexed trainer, uint256 index);

    /*//////////////////////////////////////////////////////////////
                                TRAINERS
    //////////////////////////////////////////////////////////////*/

    /// @notice Submits the proofs of the sender's update, and nothing of the update but its commitment. Several proofs
    /// are a chain: the first starts from the task's model, each further one from where the one before it ended.
    /// Effects: the update with which the last proof ends is accepted, see `IRoundManager.accept`.
    /// Requirements: phase Train (`IRoundManager.WrongPhase`) before its deadline (`DeadlinePassed`); the sender has not
    /// submitted (`AlreadySubmitted`); one proof at least (`NoProof`) and `maxLinks` at most (`TooManyProofs`), each
    /// starting with four points (`Commitments.ProofTooShort`); the first of the current model (`ModelMismatch`), each
    /// further one of the last one's update (`LinkMismatch`); an update whose commitment is a canonical point other than
    /// the identity (`BN254.InvalidPoint`); the sender is on the roster (`ITrainerRegistry.NotOnRoster`) and all data are
    /// its own (`DataNotOwned`); nothing claimed in the round (`ClaimBegun`); and the train verifier accepts each proof
    /// (`Verifying.InvalidProof`). In a task with a `quietBound` one proof only (`TooManyProofs`): receipts are claimed.
    /// @dev After a failed round the model is the same, so a trainer may send its old proofs again; nobody else can. The
    /// data of the proofs may be any that the sender has registered in the task, in any order and more than once.
    /// @param taskId The task.
    /// @param proofs Proofs of statement `train`.
    function submit(uint256 taskId, bytes[] calldata proofs) external;

    /// @notice Claims the next links of the sender's update, whose proofs lie in storage.
    /// Effects: they follow those claimed before in the round. With `last`, the update with which they end is accepted,
    /// see `IRoundManager.accept`. Emits `LinksClaimed`.
    /// Requirements: the task has a Review (`ProofsOnChain`); phase Train (`IRoundManager.WrongPhase`) before its deadline
    /// (`DeadlinePassed`); the sender has not submitted (`AlreadySubmitted`), and is on the roster
    /// (`ITrainerRegistry.NotOnRoster`); one link at least (`NoProof`) and `maxLinks` at most in all (`TooManyProofs`);
    /// data of its own (`DataNotOwned`); updates that are canonical points other than the identity
    /// (`BN254.InvalidPoint`); CIDs (`MissingCid`).
    /// @dev Whether the links are proved, and start from the model and from each other, is asked when they are demanded.
    /// @param taskId The task.
    /// @param links The links, in their order.
    /// @param last Whether the update ends with them.
    function claim(uint256 taskId, Link[] calldata links, bool last) external;

    /*//////////////////////////////////////////////////////////////
                       ONLY THE CHALLENGE MANAGER
    //////////////////////////////////////////////////////////////*/

    /// @notice Proves a link that was claimed in the running round.
    /// Effects: it is proved. Emits `LinkProved`.
    /// Requirements: called by the ChallengeManager (`IDeployed.UnauthorizedCaller`); there is the link (`NotClaimed`) and
    /// it is not proved (`AlreadyProved`); the links are the last ones claimed (`ClaimMismatch`), from the one before it
    /// on, or from the first; the proof starts from the task's model (`ModelMismatch`) or from where the one before
    /// ended (`LinkMismatch`), is about the link's data (`DataMismatch`), ends with its update (`EndMismatch`), and the
    /// train verifier accepts it (`Verifying.InvalidProof`). Where the task has a `quietBound`, of a link but the last
    /// also: a score of the model from which it starts on its data (`ScoreMismatch`), of one row at least and of the
    /// bound at least (`ReceiptTooLow`), which the score verifier accepts (`Verifying.InvalidProof`).
    /// @param taskId The task.
    /// @param round The running round.
    /// @param trainer Whose link it is.
    /// @param index Which link, from 0.
    /// @param shown The link, among those around it, with its proof.
    function prove(uint256 taskId, uint256 round, address trainer, uint256 index, Shown calldata shown) external;

    /*//////////////////////////////////////////////////////////////
                                 VIEWS
    //////////////////////////////////////////////////////////////*/

    /// @notice What a trainer has claimed in a round; zero if nothing.
    function headOf(uint256 taskId, uint256 round, address trainer) external view returns (Head memory head);

    /// @notice Whether a link that was claimed was proved on chain.
    function isProved(uint256 taskId, uint256 round, address trainer, uint256 index) external view returns (bool proved);

    /// @notice Reverts unless a link was claimed (`NotClaimed`) and is not proved (`AlreadyProved`).
    function checkOpen(uint256 taskId, uint256 round, address trainer, uint256 index) external view;
}
