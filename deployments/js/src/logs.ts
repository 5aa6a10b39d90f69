// The log of what happened: events of the TaskManager and the ModelRegistry, decoded.

import {
  type Address,
  BaseError,
  encodeEventTopics,
  formatLog,
  type Hex,
  isHex,
  type Log,
  numberToHex,
  parseEventLogs,
  type RpcLog,
} from "viem";
import { challengeManagerAbi, modelRegistryAbi, taskManagerAbi } from "./abis.js";
import type { Reading } from "./call.js";
import type { Deployment } from "./deployment.js";
import { ChainUnavailable } from "./errors.js";

const abi = [
  ...taskManagerAbi.filter((entry) => entry.type === "event" && entry.name !== "ContractURIUpdated"),
  ...modelRegistryAbi.filter((entry) => entry.type === "event" && entry.name === "ModelAdded"),
] as unknown as Events;

type EventsOf<A extends readonly unknown[]> = Extract<A[number], { readonly type: "event" }>;
type Events = readonly (
  | Exclude<EventsOf<typeof taskManagerAbi>, { readonly name: "ContractURIUpdated" }> // never emitted, of no task
  | Extract<EventsOf<typeof modelRegistryAbi>, { readonly name: "ModelAdded" }>
)[];

/** A decoded event: `eventName`, `args` by Solidity's names, and where it stands. */
export type TaskEvent = Log<bigint, number, false, undefined, true, Events>;

/** Which events. */
export interface LogRange {
  readonly deployment: Deployment;
  /** Events of this task; by default of all. */
  readonly taskId?: bigint | undefined;
  /** By default the deployment's first block. */
  readonly fromBlock?: bigint | undefined;
  /** By default the latest block. */
  readonly toBlock?: bigint | undefined;
  /** The most blocks that the node takes in one query: then there is one query for each so many. By default all. */
  readonly span?: number | undefined;
}

/**
 * What happened in a task, or in all, oldest first. One log query, unless `span` divides it.
 * @throws RangeError `span` is no whole number.
 * @throws ChainUnavailable the node fails, or answers fewer blocks at a time: see `span`.
 */
export async function readLogs(range: Pick<Reading, "client"> & LogRange): Promise<TaskEvent[]> {
  const { TaskManager, ModelRegistry } = range.deployment.contracts;
  const task = range.taskId === undefined ? [] : [null, numberToHex(range.taskId, { size: 32 })];
  return decodeLogs(await queryLogs(range, [TaskManager, ModelRegistry], task));
}

/** The weights of models that were shown on chain, because somebody demanded them: field elements, newest first. */
export async function readShown(
  range: Pick<Reading, "client"> & LogRange & { readonly taskId: bigint },
): Promise<(readonly bigint[])[]> {
  const opened = { abi: challengeManagerAbi, eventName: "ModelOpened" } as const;
  const [topic] = encodeEventTopics(opened);
  const topics = [topic, numberToHex(range.taskId, { size: 32 })];
  const logs = await queryLogs(range, [range.deployment.contracts.ChallengeManager], topics);
  const events = parseEventLogs({ ...opened, logs: logs.map((log) => formatLog(log)) });
  return events.map(({ args }) => args.weights).reverse();
}

async function queryLogs(
  { client, deployment, fromBlock = BigInt(deployment.startBlock), toBlock, span }: Pick<Reading, "client"> & LogRange,
  address: readonly Address[],
  topics: readonly (Hex | null)[],
): Promise<RpcLog[]> {
  if (span !== undefined && !(Number.isInteger(span) && span > 0)) {
    throw new RangeError(`a span of ${span} blocks: give a whole number, 1 or more`);
  }
  const request = async <T>(method: string, params: readonly unknown[]): Promise<T> => {
    try {
      return (await client.request({ method, params } as never)) as T;
    } catch (error) {
      if (!(error instanceof BaseError)) throw error;
      const told = `events cannot be read: ${error.shortMessage}`;
      throw new ChainUnavailable(`${told} Ask another node, or give a span of blocks a query.`, { cause: error });
    }
  };
  const query = async (first: bigint, last: bigint | undefined): Promise<RpcLog[]> => {
    const end = last === undefined ? "latest" : numberToHex(last);
    const logs = await request<unknown>("eth_getLogs", [
      { address, topics, fromBlock: numberToHex(first), toBlock: end },
    ]);
    if (Array.isArray(logs) && logs.every(isLog)) return logs;
    throw new ChainUnavailable("events cannot be read: what the node answered are no events. Ask another node.");
  };
  if (span === undefined) return query(fromBlock, toBlock);
  const found: RpcLog[] = [];
  const last = toBlock ?? BigInt(await request<Hex>("eth_blockNumber", []));
  for (let first = fromBlock; first <= last; first += BigInt(span)) {
    const end = first + BigInt(span) - 1n;
    found.push(...(await query(first, end < last ? end : last)));
  }
  return found;
}

/** Whether an answer has what is decoded of a log; viem takes the rest on trust. */
function isLog(found: unknown): found is RpcLog {
  const log = found as Partial<RpcLog> | null;
  return (
    typeof log === "object" &&
    isHex(log?.data) &&
    isHex(log.blockNumber) &&
    isHex(log.logIndex) &&
    isHex(log.transactionHash) &&
    Array.isArray(log.topics) &&
    log.topics.every((topic) => isHex(topic))
  );
}

/** The events of logs as a node gives them; others' are left out. */
export function decodeLogs(logs: readonly RpcLog[]): TaskEvent[] {
  return parseEventLogs({ abi, logs: logs.map((log) => formatLog(log)), strict: true }) as TaskEvent[];
}
