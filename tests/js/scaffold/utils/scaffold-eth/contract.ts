// What Scaffold-ETH 2 demands of a file of contracts: an address and an ABI by name by chain id.

import type { Abi, Address } from "viem";

export interface GenericContractsDeclaration {
  [chainId: number]: { [contractName: string]: { address: Address; abi: Abi } };
}
