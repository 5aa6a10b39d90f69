// The type of Scaffold-ETH 2's reading hook: contract and function by name, arguments and result by the ABI.

import type { ContractFunctionArgs, ContractFunctionName, ContractFunctionReturnType } from "viem";
import type externalContracts from "~~/contracts/externalContracts";

type Contracts = (typeof externalContracts)[31337];
type AbiOf<N extends keyof Contracts> = Contracts[N]["abi"];
type Reading = "view" | "pure";

export declare function useScaffoldReadContract<
  N extends keyof Contracts,
  F extends ContractFunctionName<AbiOf<N>, Reading>,
>(config: {
  contractName: N;
  functionName: F;
  args: ContractFunctionArgs<AbiOf<N>, Reading, F>;
}): { data: ContractFunctionReturnType<AbiOf<N>, Reading, F> | undefined };
