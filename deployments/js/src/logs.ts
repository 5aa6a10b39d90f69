// The log of what happened in tasks: events of the contracts that make it, decoded.

import {
  type Address,
  BaseError,
  concat,
  encodeEventTopics,
  formatLog,
  type Hex,
  hexToBytes,
  isHex,
  type Log,
  numberToHex,
  parseEventLogs,
  type RpcLog,
} from "viem";
import {
  modelRegistryAbi,
  openingsAbi,
  rewardManagerAbi,
  roundManagerAbi,
  taskManagerAbi,
  trainerRegistryAbi,
} from "./abis.js";
import type { Reading } from "./call.js";
import type { Point } from "./commitment.js";
import type { ContractName, Deployment } from "./deployment.js";
import { ChainUnavailable } from "./errors.js";
import { type Encoding, rootOf } from "./openings.js";

const TELLING = [
  "TaskManager",
  "RoundManager",
  "TrainerRegistry",
  "RewardManager",
  "ModelRegistry",
] as const satisfies readonly ContractName[];

type EventsOf<A extends readonly unknown[]> = Exclude<
  Extract<A[number], { readonly type: "event" }>,
  { readonly name: "ContractURIUpdated" } // never emitted, of no task
>;
type Events = readonly (
  | EventsOf<typeof taskManagerAbi>
  | EventsOf<typeof roundManagerAbi>
  | EventsOf<typeof trainerRegistryAbi>
  | EventsOf<typeof rewardManagerAbi>
  | EventsOf<typeof modelRegistryAbi>
)[];

const abi = [
  ...taskManagerAbi,
  ...roundManagerAbi,
  ...trainerRegistryAbi,
  ...rewardManagerAbi,
  ...modelRegistryAbi,
].filter((entry) => entry.type === "event" && entry.name !== "ContractURIUpdated") as unknown as Events;

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

/** The contracts whose events tell a task's history. All of these have the task's id as their first topic. */
export function tellingContracts({ contracts }: Deployment): Address[] {
  return TELLING.map((name) => contracts[name]);
}

/**
 * What happened in a task, or in all, oldest first. One log query, unless `span` divides it.
 * @throws RangeError `span` is no whole number.
 * @throws ChainUnavailable the node fails, or answers fewer blocks at a time: see `span`.
 */
export async function readLogs(range: Pick<Reading, "client"> & LogRange): Promise<TaskEvent[]> {
  const task = range.taskId === undefined ? [] : [null, word(range.taskId)];
  return decodeLogs(await queryLogs(range, tellingContracts(range.deployment), task));
}

/** A commitment that was opened on chain, and how: its vector is in `PartShown` of its hash and `root`. */
export interface Opened {
  readonly commitment: Point;
  readonly commitmentHash: Hex;
  readonly encoding: Encoding;
  readonly entries: number;
  readonly root: Hex;
  readonly quotient: Point;
}

/** The commitments that were opened in a task, since somebody demanded the bytes or wanted them on chain; newest first. */
export async function readOpened(
  range: Pick<Reading, "client"> & LogRange & { readonly taskId: bigint },
): Promise<Opened[]> {
  const opened = { abi: openingsAbi, eventName: "Opened" } as const;
  const topics = [...encodeEventTopics(opened), word(range.taskId)] as Hex[];
  const logs = await queryLogs(range, [range.deployment.contracts.Openings], topics);
  const events = parseEventLogs({ ...opened, logs: logs.map((log) => formatLog(log)) });
  return events
    .map(({ args }) => ({ ...args, encoding: args.encoding as Encoding, entries: Number(args.entries) }))
    .reverse();
}

/** The bytes of a vector whose parts were shown on chain; undefined where the node has not all of them. */
export async function readParts(
  { commitmentHash, root }: Pick<Opened, "commitmentHash" | "root">,
  range: Pick<Reading, "client"> & LogRange,
): Promise<Uint8Array | undefined> {
  const shown = { abi: openingsAbi, eventName: "PartShown" } as const;
  const topics = encodeEventTopics({ ...shown, args: { commitmentHash, root } }) as Hex[];
  const logs = await queryLogs(range, [range.deployment.contracts.Openings], topics);
  const events = parseEventLogs({ ...shown, logs: logs.map((log) => formatLog(log)) });
  const parts = new Map(events.map(({ args }) => [Number(args.index), args.part])); // any of them may be shown again
  const bytes = hexToBytes(concat(Array.from({ length: parts.size }, (_, index) => parts.get(index) ?? "0x")));
  return rootOf(bytes) === root ? bytes : undefined;
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

function word(value: bigint): Hex {
  return numberToHex(value, { size: 32 });
}
