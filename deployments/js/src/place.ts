import type { Hex } from "viem";
import type { TaskEvent } from "./logs.js";

/** Where an event stands in the chain's order. */
export interface Place {
  readonly block: bigint;
  readonly transaction: Hex;
  readonly logIndex: number;
}

/** Where an event stands. */
export function placeOf({
  blockNumber,
  transactionHash,
  logIndex,
}: Pick<TaskEvent, "blockNumber" | "transactionHash" | "logIndex">): Place {
  return { block: blockNumber, transaction: transactionHash, logIndex };
}

/** The order of two events: negative where the first came first. */
export function order(a: Place, b: Place): number {
  return a.block === b.block ? a.logIndex - b.logIndex : a.block < b.block ? -1 : 1;
}
