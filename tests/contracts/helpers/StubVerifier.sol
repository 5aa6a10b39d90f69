// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVerifier} from "../../../contracts/interfaces/IVerifier.sol";

/// @notice A verifier that does as it is told instead of verifying.
contract StubVerifier is IVerifier {
    enum Mode {
        Accept,
        Reject,
        Revert,
        BurnGas,
        Reenter
    }

    Mode public mode;
    address public target;
    bytes public call;

    function set(Mode mode_) external {
        mode = mode_;
    }

    /// @notice From now on `verifyProof` calls `target_` and bubbles up what it reverts with.
    function reenter(address target_, bytes calldata call_) external {
        (mode, target, call) = (Mode.Reenter, target_, call_);
    }

    /// @inheritdoc IVerifier
    function verifyProof(bytes calldata, uint256[] calldata) external view returns (bool) {
        if (mode == Mode.Revert) revert("stub: revert");
        if (mode == Mode.BurnGas) assert(_burn());
        if (mode == Mode.Reenter) return _reenter();
        return mode == Mode.Accept;
    }

    function _burn() private pure returns (bool) {
        assembly {
            invalid() // takes all gas of the call
        }
        return true;
    }

    /// @dev A real verifier could try CALL: the compiler forbids it in a view, so it goes through a function pointer.
    function _reenter() private view returns (bool) {
        function(address, bytes memory) internal view returns (bool) viewed;
        function(address, bytes memory) internal returns (bool) acting = _act;
        assembly {
            viewed := acting
        }
        return viewed(target, call);
    }

    function _act(address to, bytes memory data) private returns (bool success) {
        (success,) = to.call(data);
    }
}
