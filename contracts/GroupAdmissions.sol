// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {ISemaphore} from "@semaphore-protocol/contracts/interfaces/ISemaphore.sol";
import {ISemaphoreGroups} from "@semaphore-protocol/contracts/interfaces/ISemaphoreGroups.sol";

import {Deployed} from "./base/Deployed.sol";
import {IGroupAdmissions} from "./interfaces/IGroupAdmissions.sol";
import {ModuleCode} from "./libraries/ModuleCode.sol";

/// @title GroupAdmissions
contract GroupAdmissions is IGroupAdmissions, Deployed {
    /// @inheritdoc IGroupAdmissions
    uint256 public constant MAX_GROUPS = 4;

    ISemaphore private immutable SEMAPHORE;
    address private immutable GROUP_ADMISSION;

    /// @param addresses Where the contracts of the deployment stand.
    /// @param semaphore_ The contract that has the groups.
    /// @param groupAdmission The code of all modules.
    constructor(Addresses memory addresses, ISemaphore semaphore_, address groupAdmission) Deployed(addresses) {
        SEMAPHORE = semaphore_;
        GROUP_ADMISSION = groupAdmission;
    }

    /// @inheritdoc IGroupAdmissions
    function moduleFor(uint256[] calldata groupIds) external returns (address module) {
        module = addressOf(groupIds);
        for (uint256 i; i < groupIds.length; ++i) {
            if (ISemaphoreGroups(address(SEMAPHORE)).getGroupAdmin(groupIds[i]) == address(0)) {
                revert UnknownGroup(groupIds[i]);
            }
        }
        if (module.code.length != 0) return module;
        Clones.cloneDeterministicWithImmutableArgs(GROUP_ADMISSION, abi.encodePacked(groupIds), 0);
        emit ModuleCreated(module, groupIds);
    }

    /// @inheritdoc IGroupAdmissions
    function groupsOf(address module) external view returns (uint256[] memory groupIds) {
        groupIds = ModuleCode.groupsOf(module);
        // the factory makes none but of a list that is in order, so the address says that, too
        if (groupIds.length == 0 || groupIds.length > MAX_GROUPS || _predict(groupIds) != module) {
            revert UnknownModule(module);
        }
    }

    /// @inheritdoc IGroupAdmissions
    function semaphore() external view returns (address) {
        return address(SEMAPHORE);
    }

    /// @inheritdoc IGroupAdmissions
    function addressOf(uint256[] calldata groupIds) public view returns (address module) {
        if (groupIds.length == 0 || groupIds.length > MAX_GROUPS) revert WrongGroupCount(MAX_GROUPS, groupIds.length);
        for (uint256 i = 1; i < groupIds.length; ++i) {
            if (groupIds[i] <= groupIds[i - 1]) revert GroupsNotAscending(groupIds[i - 1], groupIds[i]);
        }
        return _predict(groupIds);
    }

    /// @dev Where the module of a list of groups stands, or would.
    function _predict(uint256[] memory groupIds) private view returns (address module) {
        return Clones.predictDeterministicAddressWithImmutableArgs(GROUP_ADMISSION, abi.encodePacked(groupIds), 0);
    }
}
