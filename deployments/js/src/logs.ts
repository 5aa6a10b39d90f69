// The log of what happened in tasks: events of the contracts that make it, decoded.

import {
  type Address,
  concat,
  encodeEventTopics,
  formatLog,
  type Hex,
  hexToBytes,
  type Log,
  numberToHex,
  parseEventLogs,
  type RpcLog,
} from "viem";
import {
  modelRegistryAbi,
  openingsAbi,
  proofManagerAbi,
  rewardManagerAbi,
  roundManagerAbi,
  taskManagerAbi,
  trainerRegistryAbi,
} from "./abis.js";
import type { Reading } from "./call.js";
import type { Point } from "./commitment.js";
import type { ContractName, Deployment } from "./deployment.js";
import { type Encoding, rootOf } from "./openings.js";
import { logsIn } from "./ranges.js";
import { blocksOf, startOf } from "./starts.js";

const TELLING = [
  "TaskManager",
  "RoundManager",
  "TrainerRegistry",
  "RewardManager",
  "ModelRegistry",
  "ProofManager",
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
  | EventsOf<typeof proofManagerAbi>
)[];

const abi = [
  ...taskManagerAbi,
  ...roundManagerAbi,
  ...trainerRegistryAbi,
  ...rewardManagerAbi,
  ...modelRegistryAbi,
  ...proofManagerAbi,
].filter((entry) => entry.type === "event" && entry.name !== "ContractURIUpdated") as unknown as Events;

/** A decoded event: `eventName`, `args` by Solidity's names, and where it stands. */
export type TaskEvent = Log<bigint, number, false, undefined, true, Events>;

/** Which events. */
export interface LogRange {
  readonly deployment: Deployment;
  /** Events of this task; by default of all. */
  readonly taskId?: bigint | undefined;
  /** By default the task's first block, or else the deployment's. */
  readonly fromBlock?: bigint | undefined;
  /** By default the latest block. */
  readonly toBlock?: bigint | undefined;
  /** The most blocks of one query; by default as many as the node answers at once, which is found out. */
  readonly span?: number | undefined;
}

/** The contracts whose events tell a task's history. All of these have the task's id as their first topic. */
export function tellingContracts({ contracts }: Deployment): Address[] {
  return TELLING.map((name) => contracts[name]);
}

/**
 * What happened in a task, or in all, oldest first. One log query; where the node limits blocks, logs or bytes, as few as it
 * takes, from the task's first block on and some at a time.
 * @throws RangeError `span` is no whole number.
 * @throws ChainUnavailable the node fails.
 */
export async function readLogs(range: Pick<Reading, "client"> & LogRange): Promise<TaskEvent[]> {
  const task = range.taskId === undefined ? [] : [null, numberToHex(range.taskId, { size: 32 })];
  return decodeLogs(await queryLogs(range, tellingContracts(range.deployment), task));
}

/** What happened in a round of a task, oldest first; see `readRound`. */
export async function readRoundLogs({
  client,
  deployment,
  taskId,
  round,
  later,
  span,
}: Pick<Reading, "client"> &
  LogRange & { readonly taskId: bigint; readonly round: number; readonly later?: boolean }): Promise<TaskEvent[]> {
  const address = tellingContracts(deployment);
  const topics = [null, numberToHex(taskId, { size: 32 }), numberToHex(round, { size: 32 })];
  let blocks: ReturnType<typeof blocksOf> | undefined;
  const inRound = () => {
    blocks ??= blocksOf({ client, deployment, taskId, round });
    return blocks;
  };
  const start = async () => (await inRound()).first;
  const end = later ? undefined : async () => (await inRound()).last;
  const first = BigInt(deployment.startBlock);
  return decodeLogs(await logsIn(client, { address, topics }, { start, end, first, span }));
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
  const topics = [...encodeEventTopics(opened), numberToHex(range.taskId, { size: 32 })] as Hex[];
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
  { client, deployment, taskId, fromBlock, toBlock, span }: Pick<Reading, "client"> & LogRange,
  address: readonly Address[],
  topics: readonly (Hex | null)[],
): Promise<RpcLog[]> {
  const first = fromBlock ?? BigInt(deployment.startBlock);
  const isWhole = taskId === undefined || fromBlock !== undefined;
  const start = async () => (isWhole ? first : startOf({ client, deployment, taskId }));
  return logsIn(client, { address, topics }, { start, first, last: toBlock, span });
}

/** The events of logs as a node gives them; others' are left out. */
export function decodeLogs(logs: readonly RpcLog[]): TaskEvent[] {
  return parseEventLogs({ abi, logs: logs.map((log) => formatLog(log)), strict: true }) as TaskEvent[];
}
