// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G1} from "../libraries/BN254.sol";
import {IProofManager} from "./IProofManager.sol";
import {IRoundManager} from "./IRoundManager.sol";

/// @title IChallengeManager
/// @notice Whoever committed to a vector can be made to show it: in calldata, checked against the commitment.
/// @dev Anybody may challenge who puts up a bond (`bondOf`). A right answer makes the bytes public for good, and the bond
/// goes to whom was challenged, for its gas, no matter who sent the answer; also when it comes too late to matter, as long
/// as the bond was not reclaimed. So nobody gains by challenging without need, and a challenge costs the challenged
/// nothing but the doing. If there is no answer in time, the RoundManager treats the challenged as at fault (see
/// "Challenges" in `IRoundManager`) and the challenger has the bond back by `reclaimBond`: not before the time to answer
/// is over.
///
/// What can be challenged:
///   - a masked update (phase Aggregate): the member shows the vector u with C(u) = C(update) + sum of s * (C(mask) -
///     B), from what it posted. A member whose bytes cannot be fetched, or are others, is made to open them so.
///   - a mask (phase Aggregate), where two peers posted different commitments of it. That is checked first, so no
///     honest pair can be made to open a mask. Either shows the point S that both share, x_i * K_j = x_j * K_i, with a
///     proof that it is that point; from it follow the seed, the mask, and its commitment, and whoever posted another
///     is convicted. One of the two is at fault anyway and could publish S whenever it liked: it knows the secret of its
///     key, as its proof of possession shows (`ITrainerRegistry`). A node shows S only of a key with such a proof.
///     The bond goes back to the challenger, since somebody was at fault. The honest one of the two who answers is paid
///     for its gas out of the other's slash.
///   - a link that was claimed without a proof on chain (phase Review, `IProofManager`): its proof. Anybody who has it may
///     send it.
///   - the average (phase Challenge) or the first model (phase Join, until a first average is accepted): the weights.
/// What is proved at once, without a bond: wrong peers among more than 17 members.
///
/// Vectors are opened by one evaluation (`IOpenings`): in the answer itself where they fit one transaction, else in parts
/// before it. The accused have `IRoundManager.answerTime`: a period for each part.
interface IChallengeManager {
    /*//////////////////////////////////////////////////////////////
                                 TYPES
    //////////////////////////////////////////////////////////////*/

    /// @notice What was challenged.
    enum Kind {
        None, // no such challenge
        Update, // a member's masked update
        Mask, // the mask of two peers
        Model, // the average, or the first model
        Proof // a link that was claimed without a proof on chain
    }

    /// @notice A challenge.
    struct Challenge {
        /// Who raised it.
        address challenger;
        /// What it put up, in wei.
        uint96 bond;
        /// Who is challenged: a member, the aggregator, or the creator.
        address accused;
        Kind kind;
        /// Whether it is answered, or its bond reclaimed.
        bool closed;
        uint32 round;
        /// The attempt at masking; of a model, how many averages the round had accepted (0: the first model); of a proof,
        /// which link, from 0.
        uint16 attempt;
        /// Of a mask, the other member; else zero.
        address other;
        uint48 taskId;
        /// When the time to answer is over, in Unix seconds: the bond is the challenger's again then.
        uint40 answerBy;
        /// Of a model, keccak256 of its commitment; else zero.
        bytes32 modelHash;
    }

    /// @notice How a commitment is opened: a claim's missing parts, see `IOpenings`.
    struct Opening {
        /// What fixes the vector; not read of a mask, whose seed follows from the answer.
        bytes32 root;
        /// The vector's bytes; empty if it was opened before, in parts, and of a mask.
        bytes vector;
        /// The quotient; not read if it was opened before.
        G1 quotient;
    }

    /// @notice A proof that two pairs of points have one discrete logarithm x: key = x * G and shared = x * peerKey,
    /// with G = (1, 2) (Chaum and Pedersen 1992, made non-interactive by hashing).
    /// @dev challenge = keccak256(abi.encode(key, peerKey, shared, r1, r2)) mod P with r1 = response * G + challenge *
    /// key and r2 = response * peerKey + challenge * shared. The prover takes a fresh w, r1 = w * G, r2 = w * peerKey,
    /// and response = w - challenge * x mod P.
    struct EqualLogProof {
        uint256 challenge;
        uint256 response;
    }

    /*//////////////////////////////////////////////////////////////
                                 ERRORS
    //////////////////////////////////////////////////////////////*/

    /// @notice Thrown when less is sent than a challenge costs.
    error InsufficientBond(uint256 required, uint256 sent);

    /// @notice Thrown when no challenge of this kind has this id.
    error UnknownChallenge(uint256 challengeId, Kind kind);

    /// @notice Thrown when a challenge is answered, or its bond was reclaimed.
    error ChallengeClosed(uint256 challengeId);

    /// @notice Thrown when the bytes demanded were shown already: read them from `UpdateOpened` or `ModelOpened`. Or
    /// the first model is all zeros, which its commitment shows.
    error AlreadyOpened(uint256 taskId, uint256 round, uint256 attempt, address accused);

    /// @notice Thrown when a posting is not what the member posted in the attempt.
    error PostingMismatch(address trainer, bytes32 expected, bytes32 actual);

    /// @notice Thrown when the two did not both commit to a mask with each other.
    error NotPeers(address one, address other);

    /// @notice Thrown when both committed to the same mask: there is nothing to dispute.
    error MasksAgree(address one, address other);

    /// @notice Thrown when another number of members is named than it takes.
    error WrongLength(uint256 expected, uint256 actual);

    /// @notice Thrown when a mask key is not the one with which the member enrolled.
    error MaskKeyMismatch(address trainer, bytes32 expected, bytes32 actual);

    /// @notice Thrown when a point is not shown to be the one that two keys share.
    error InvalidSharedPoint();

    /// @notice Thrown when the members named do not show that a peer is wrong: all must be members of the attempt,
    /// other than the two, in the order of the circle.
    error NotBetween(address member);

    /// @notice Thrown when a model's commitment is not that of the challenge.
    error ModelMismatch(bytes32 expected, bytes32 actual);

    /// @notice Thrown when a disputed mask would be shown that decides nothing any more: the round, or the attempt, is
    /// over. Nobody is at fault for not answering; so keep the point.
    error ChallengeMoot(uint256 challengeId);

    /// @notice Thrown when a bond is reclaimed while the challenge can still be answered.
    error ChallengeOpen(uint256 challengeId, uint256 answerBy);

    /*//////////////////////////////////////////////////////////////
                                 EVENTS
    //////////////////////////////////////////////////////////////*/

    /// @notice A challenge was raised. `other` is the second member of a mask's, else zero; `bond` is what was put up,
    /// `answerBy` when the time to answer is over, `modelHash` that of a model's commitment, else zero.
    event Challenged(
        uint256 indexed challengeId,
        uint256 indexed taskId,
        address indexed accused,
        Kind kind,
        uint256 round,
        uint256 attempt,
        address challenger,
        address other,
        uint256 bond,
        uint256 answerBy,
        bytes32 modelHash
    );

    /// @notice A masked update was opened: its entries are in `IOpenings.PartShown` of these two.
    event UpdateOpened(
        uint256 indexed taskId,
        uint256 indexed round,
        uint256 attempt,
        address indexed trainer,
        bytes32 commitmentHash,
        bytes32 root
    );

    /// @notice A mask was opened: here is the point that the two share. Who posted another mask is in the RoundManager's
    /// `Convicted`.
    event MaskOpened(
        uint256 indexed taskId, uint256 indexed round, uint256 attempt, address one, address other, G1 shared
    );

    /// @notice A model was opened: its weights, 8 bytes each, are in `IOpenings.PartShown` of these two. `average` is 0 for
    /// the first model; the commitment is that of [w | 0], without the tag.
    event ModelOpened(
        uint256 indexed taskId, uint256 indexed round, uint256 average, bytes32 commitmentHash, bytes32 root
    );

    /// @notice A challenge's bond was credited to `to`: to the challenged who answered, or back to the challenger.
    event BondReturned(uint256 indexed challengeId, address indexed to, uint256 bond);

    /*//////////////////////////////////////////////////////////////
                               CHALLENGERS
    //////////////////////////////////////////////////////////////*/

    /// @notice Makes a member open its masked update.
    /// Effects: the member is accused. Emits `Challenged`.
    /// Requirements: a bond of `bondOf` at least is sent (`InsufficientBond`); its update was not opened in the attempt (`AlreadyOpened`); what
    /// `IRoundManager.accuse` requires.
    /// @return challengeId From 1.
    function challengeUpdate(uint256 taskId, address trainer) external payable returns (uint256 challengeId);

    /// @notice Makes two peers that posted different commitments of their mask show who is right.
    /// Effects: both are accused. Emits `Challenged`.
    /// Requirements: a bond of `bondOf` at least is sent (`InsufficientBond`); the postings are theirs of this attempt (`PostingMismatch`), name
    /// each other (`NotPeers`), with different commitments (`MasksAgree`); what `IRoundManager.accuse` requires of both.
    /// @return challengeId From 1.
    function challengeMask(
        uint256 taskId,
        address one,
        address other,
        IRoundManager.Posting calldata postingOne,
        IRoundManager.Posting calldata postingOther
    )
        external
        payable
        returns (uint256 challengeId);

    /// @notice Makes a trainer, or anybody who has it, put a link's proof on chain.
    /// Effects: the trainer is accused. Emits `Challenged`.
    /// Requirements: a bond of `bondOf` at least is sent (`InsufficientBond`); it has claimed such a link, which is not
    /// proved (`IProofManager.NotClaimed`, `AlreadyProved`); what `IRoundManager.accuse` requires, in Review.
    /// @param taskId The task.
    /// @param trainer Whose link it is.
    /// @param index Which link of the running round, from 0.
    /// @return challengeId From 1.
    function challengeProof(
        uint256 taskId,
        address trainer,
        uint256 index
    )
        external
        payable
        returns (uint256 challengeId);

    /// @notice Makes the aggregator open the average, in Challenge, or the creator the first model, in Join.
    /// Effects: the model is accused. Emits `Challenged`.
    /// Requirements: a bond of `bondOf` at least is sent (`InsufficientBond`); the first model was not opened before and is not all zeros
    /// (`AlreadyOpened`); what `IRoundManager.accuseModel` requires.
    /// @dev So the creator of a task that starts from zeros need not watch it; of another, somebody has to.
    /// @return challengeId From 1.
    function challengeModel(uint256 taskId) external payable returns (uint256 challengeId);

    /// @notice Shows that a member of more than 17 committed to a mask with one who is not its peer.
    /// Effects: the member is convicted. No bond is needed.
    /// Requirements: the posting is the member's (`PostingMismatch`) and names `wrong` (`NotPeers`); `between` are
    /// members of the attempt in the circle's order, the first 8 after the trainer and before `wrong`, the last 8 after
    /// `wrong` and before the trainer (`NotBetween`, `WrongLength`); what `IRoundManager.convict` requires.
    /// @dev So 8 members are nearer on each side, and `wrong` is none of the 16 nearest.
    function proveWrongPeer(
        uint256 taskId,
        address trainer,
        IRoundManager.Posting calldata posting,
        address wrong,
        address[] calldata between
    )
        external;

    /// @notice Credits the bond of a challenge that was not answered to the challenger. Anyone may call it.
    /// Effects: the challenge is closed. Emits `BondReturned`.
    /// Requirements: there is the challenge (`UnknownChallenge`), not closed (`ChallengeClosed`); the time to answer is
    /// over, and the attempt or Challenge or Join in which it was raised is, too (`ChallengeOpen`).
    function reclaimBond(uint256 challengeId) external;

    /*//////////////////////////////////////////////////////////////
                                ANSWERS
    //////////////////////////////////////////////////////////////*/

    /// @notice Opens a masked update. Anybody who has it may.
    /// Effects: the member is acquitted, if that still matters; the bond is credited to it. Emits `UpdateOpened` and
    /// `BondReturned`.
    /// Requirements: an open challenge of an update (`UnknownChallenge`, `ChallengeClosed`); the posting is the member's
    /// (`PostingMismatch`); what `IOpenings.open` requires of D + 9 entries of 32 bytes that its commitment is of, or they
    /// are opened.
    function answerUpdate(
        uint256 challengeId,
        IRoundManager.Posting calldata posting,
        Opening calldata opening
    )
        external;

    /// @notice Shows the point that two peers share, and so their mask. Anybody who has it may.
    /// Effects: whoever posted another commitment than the mask's is convicted, the other acquitted; the bond is credited
    /// to the challenger. If the sender is one of the two and in the right, what the other loses pays its gas: what this
    /// call has burnt, at the block's base fee. Emits `MaskOpened` and `BondReturned`.
    /// Requirements: an open challenge of a mask (`UnknownChallenge`, `ChallengeClosed`), of the attempt that is aggregated
    /// before the deadline, or of which an average was accepted that is not final (`ChallengeMoot`); the postings are
    /// theirs (`PostingMismatch`) and so are the keys (`MaskKeyMismatch`); the proof shows that `shared` is theirs, for the
    /// secret of `keys[0]` or, with `byOther`, of `keys[1]` (`InvalidSharedPoint`); what `IOpenings.open` requires of the
    /// mask of D + 9 entries that follows, or it is opened.
    /// @param challengeId The challenge.
    /// @param postings What the two posted, in the order of the challenge.
    /// @param keys Their mask keys, in the same order.
    /// @param shared The point.
    /// @param proof The proof of equal discrete logarithms.
    /// @param byOther Whether the second of the two proves.
    /// @param mask The commitment of the mask that follows.
    /// @param opening How it is opened.
    function answerMask(
        uint256 challengeId,
        IRoundManager.Posting[2] calldata postings,
        G1[2] calldata keys,
        G1 calldata shared,
        EqualLogProof calldata proof,
        bool byOther,
        G1 calldata mask,
        Opening calldata opening
    )
        external;

    /// @notice Proves a link. Anybody who has its proof may.
    /// Effects: the link is proved; the trainer is acquitted, if that still matters; the bond is credited to it. Emits
    /// `IProofManager.LinkProved` and `BondReturned`.
    /// Requirements: an open challenge of a proof (`UnknownChallenge`, `ChallengeClosed`), in the round in which it was
    /// raised (`ChallengeMoot`); what `IProofManager.prove` requires.
    /// @param challengeId The challenge.
    /// @param shown The link, among those around it, with its proof.
    function answerProof(uint256 challengeId, IProofManager.Shown calldata shown) external;

    /// @notice Opens a model. Anybody who has it may.
    /// Effects: the round is finalized, or Join goes on, if that still matters; the bond is credited to the accused. Emits
    /// `ModelOpened` and `BondReturned`.
    /// Requirements: an open challenge of a model (`UnknownChallenge`, `ChallengeClosed`); its commitment
    /// (`ModelMismatch`); what `IOpenings.open` requires of D weights of 8 bytes that this, without the task's tag, is of,
    /// or they are opened.
    /// @param challengeId The challenge.
    /// @param model The commitment of [w | tag].
    /// @param opening How C([w | 0]) is opened.
    function answerModel(uint256 challengeId, G1 calldata model, Opening calldata opening) external;

    /*//////////////////////////////////////////////////////////////
                                 VIEWS
    //////////////////////////////////////////////////////////////*/

    /// @notice What a challenge of this kind costs at least in this block, in wei: the gas of an answer at twice the base
    /// fee, and the task's `challengeBond` at least. Reverts with `ITaskManager.UnknownTask` if there is no such task.
    function bondOf(uint256 taskId, Kind kind) external view returns (uint256 bond);

    /// @notice How many challenges there are: their ids are 1 to this.
    function challengeCount() external view returns (uint256 count);

    /// @notice A challenge; all zero if there is none.
    function getChallenge(uint256 challengeId) external view returns (Challenge memory challenge);

    /// @notice Whether a masked update was opened in an attempt; with attempt 0 and the creator, whether the first
    /// model was.
    function opened(
        uint256 taskId,
        uint256 round,
        uint256 attempt,
        address accused
    )
        external
        view
        returns (bool isOpened);

    /// @notice The challenge that accuses a member of an attempt, with attempt 0 the model of a round, or with attempt
    /// 65,536 the proof of a trainer in Review, the last one; 0 if there is none.
    function challengeOf(
        uint256 taskId,
        uint256 round,
        uint256 attempt,
        address accused
    )
        external
        view
        returns (uint256 challengeId);
}
