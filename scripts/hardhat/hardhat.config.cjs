// A chain only: the contracts are compiled by forge and headwater.
module.exports = { solidity: "0.8.37", networks: { hardhat: { chainId: 31337 } } };
