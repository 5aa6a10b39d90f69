// One eth_call, and what its failure means.

import { BaseError, type Client, ContractFunctionRevertedError, ContractFunctionZeroDataError } from "viem";
import type { Deployment } from "./deployment.js";
import { ChainUnavailable, NoContract, NotFound } from "./errors.js";

/** What every reader takes. */
export interface Reading {
  /** viem's public client, or any other client of viem. */
  readonly client: Client;
  /** The state of which block; the latest by default. */
  readonly blockNumber?: bigint | undefined;
}

/** Which task. */
export interface TaskId {
  readonly deployment: Deployment;
  readonly taskId: bigint;
}

/**
 * What a call returns.
 * @param what Names what is read, in an error.
 * @throws NotFound the contract knows nothing of it.
 * @throws NoContract no such contract stands there.
 * @throws ChainUnavailable the node fails.
 */
export async function read<T>(what: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof BaseError)) throw error;
    const cause = error.walk(
      (inner) => inner instanceof ContractFunctionRevertedError || inner instanceof ContractFunctionZeroDataError,
    );
    const options = { cause: error };
    if (cause instanceof ContractFunctionRevertedError && cause.data) {
      throw new NotFound(`there is no ${what} (${cause.data.errorName}): see listTasks`, options);
    }
    if (cause !== null) {
      throw new NoContract(`no contract that knows ${what} stands there: is it this chain, and was it reset?`, options);
    }
    throw new ChainUnavailable(`${what} cannot be read: ${error.shortMessage} Ask another node.`, options);
  }
}
