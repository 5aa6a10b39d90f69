// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Create3} from "@openzeppelin/contracts/utils/Create3.sol";

import {ITaskManager} from "../interfaces/ITaskManager.sol";
import {BN254} from "./BN254.sol";
import {Code} from "./Code.sol";

/// @title TaskCode
/// @notice Tasks kept as the code of accounts (`Code`).
/// @dev The key of a task is its id, and the keeper the TaskManager, so every contract of a deployment computes where it
/// is and reads it without a call.
library TaskCode {
    /// @dev Where the config stands in the code: after the STOP and the creator.
    uint256 private constant CONFIG = 0x21;

    /// @dev Bytes of the config's fields of one word, which come first. The points that follow, of which one, the last, is
    /// of G2.
    uint256 private constant SIMPLE = 29 * 0x20;
    uint256 private constant POINTS = 5;
    uint256 private constant G2_POINT = 4;

    /// @notice Keeps a task: called by the TaskManager, once for each id.
    function write(uint256 taskId, ITaskManager.Task memory task) internal {
        Code.write(bytes32(taskId), abi.encode(task));
    }

    /// @notice A task. Reverts with `ITaskManager.UnknownTask` if there is none.
    function read(address taskManager, uint256 taskId) internal view returns (ITaskManager.Task memory task) {
        task.config = configOf(taskManager, taskId);
        task.creator = creatorOf(taskManager, taskId);
    }

    /// @notice A task's config; see `read`.
    /// @dev What `abi.decode` would make of the code, whose words are all valid: they were encoded here.
    function configOf(
        address taskManager,
        uint256 taskId
    )
        internal
        view
        returns (ITaskManager.TaskConfig memory config)
    {
        address account = Create3.computeAddress(bytes32(taskId), taskManager);
        if (account.code.length == 0) revert ITaskManager.UnknownTask(taskId);
        assembly ("memory-safe") {
            extcodecopy(account, config, CONFIG, SIMPLE)
            let from := add(CONFIG, SIMPLE)
            for { let i := 0 } lt(i, POINTS) { i := add(i, 1) } {
                let point := mload(add(config, add(SIMPLE, mul(0x20, i)))) // in memory there is a pointer to it
                extcodecopy(account, point, from, 0x40)
                if eq(i, G2_POINT) { extcodecopy(account, add(point, 0x40), add(from, 0x40), 0x40) }
                from := add(from, 0x40)
            }
        }
    }

    /// @notice Who published a task that exists.
    function creatorOf(address taskManager, uint256 taskId) internal view returns (address creator) {
        address account = Create3.computeAddress(bytes32(taskId), taskManager);
        assembly ("memory-safe") {
            extcodecopy(account, 0x00, 1, 0x20)
            creator := mload(0x00)
        }
    }

    /// @notice D of a task that exists, without the rest.
    function dimensionOf(address taskManager, uint256 taskId) internal view returns (uint256 dimension) {
        address account = Create3.computeAddress(bytes32(taskId), taskManager);
        assembly ("memory-safe") {
            extcodecopy(account, 0x00, 0x141, 0x20) // the STOP, the creator, nine words of the config
            dimension := mload(0x00)
        }
    }

    /// @notice `maxLinks` and `reviewPeriod` of a task that exists, without the rest.
    function linkTermsOf(
        address taskManager,
        uint256 taskId
    )
        internal
        view
        returns (uint256 maxLinks, uint256 reviewPeriod)
    {
        address account = Create3.computeAddress(bytes32(taskId), taskManager);
        assembly ("memory-safe") {
            extcodecopy(account, 0x00, 0x1c1, 0x40) // the STOP, the creator, thirteen words of the config
            maxLinks := mload(0x00)
            reviewPeriod := mload(0x20)
        }
    }

    /// @notice A task's tag; see `ITaskManager.tag`.
    function tagOf(address taskManager, uint256 taskId) internal view returns (uint256) {
        return uint256(keccak256(abi.encode(block.chainid, taskManager, taskId))) % BN254.P;
    }
}
