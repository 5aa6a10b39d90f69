// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAdmission} from "../../../contracts/interfaces/IAdmission.sol";
import {IPoolAdmission} from "../../../contracts/interfaces/IPoolAdmission.sol";

/// @notice An admission module: its owner lists who may enrol, once each, with the evidence it gave them.
contract AllowList is IAdmission, IPoolAdmission {
    error NotListed(address trainer);
    error OnlyOwner();
    error OnlyRegistry();

    address private immutable OWNER;
    address private immutable REGISTRY;

    mapping(address trainer => bytes32 evidenceHash) public listed;

    /// @notice How often each was admitted, with which data last.
    mapping(address trainer => uint256 times) public admitted;
    mapping(address trainer => bytes32 dataHash) public dataOf;
    uint256 public lastTask;

    constructor(address registry) {
        (OWNER, REGISTRY) = (msg.sender, registry);
    }

    function list(address trainer, bytes calldata evidence) external {
        if (msg.sender != OWNER) revert OnlyOwner();
        listed[trainer] = keccak256(evidence);
    }

    /// @inheritdoc IAdmission
    function admit(
        uint256 taskId,
        address trainer,
        bytes32[] calldata dataHashes,
        bytes calldata evidence
    )
        external
        returns (bytes4)
    {
        _check(trainer, evidence);
        (lastTask, dataOf[trainer]) = (taskId, dataHashes[dataHashes.length - 1]);
        return IAdmission.admit.selector;
    }

    /// @inheritdoc IPoolAdmission
    function admitToPool(uint256, address contributor, bytes32, bytes calldata evidence) external returns (bytes4) {
        _check(contributor, evidence);
        return IPoolAdmission.admitToPool.selector;
    }

    function _check(address trainer, bytes calldata evidence) private {
        if (msg.sender != REGISTRY) revert OnlyRegistry();
        if (listed[trainer] != keccak256(evidence)) revert NotListed(trainer);
        delete listed[trainer];
        ++admitted[trainer];
    }
}

/// @notice A module that answers as none does, or calls back.
contract BadModule is IAdmission, IPoolAdmission {
    bytes4 private _magic;
    bytes private _again;
    bytes public refusal;

    function set(bytes4 magic, bytes calldata again) external {
        (_magic, _again) = (magic, again);
    }

    /// @inheritdoc IAdmission
    function admit(uint256, address, bytes32[] calldata, bytes calldata) external returns (bytes4) {
        return _answer();
    }

    /// @inheritdoc IPoolAdmission
    function admitToPool(uint256, address, bytes32, bytes calldata) external returns (bytes4) {
        return _answer();
    }

    function _answer() private returns (bytes4) {
        if (_again.length != 0) (, refusal) = msg.sender.call(_again);
        return _magic;
    }
}
