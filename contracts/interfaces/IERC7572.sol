// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IERC7572
/// @notice ERC-7572 (Draft): what a contract says about itself, for wallets, explorers and indexers.
interface IERC7572 {
    /// @notice The contract's metadata were changed.
    event ContractURIUpdated();

    /// @notice Where the contract's metadata are: JSON with a `name` and a `description` at least.
    /// @return uri A URI; the JSON itself, if it starts with `data:`.
    function contractURI() external view returns (string memory uri);
}
