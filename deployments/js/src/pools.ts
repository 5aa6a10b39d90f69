// Pools: data of one trainer that several people made, a row each. What the contract knows of one, added up again here.
//
// That each contributor keeps to its slot is not checked here: it takes the task's SRS. `headwater pool check` does.

import { bn254 } from "@noble/curves/bn254";
import { type Address, formatLog, type Hex, numberToHex, parseEventLogs, type RpcLog, toEventSelector } from "viem";
import { getBlockNumber, readContract } from "viem/actions";
import { getAbiItem } from "viem/utils";
import { poolsAbi } from "./abis.js";
import { type Reading, read, type TaskId } from "./call.js";
import { type Element, elementOf, hashPoint, type Point } from "./commitment.js";
import type { Deployment } from "./deployment.js";
import { ChainUnavailable } from "./errors.js";
import type { LogRange } from "./logs.js";
import { logsIn } from "./ranges.js";
import { startOf } from "./starts.js";

/** Why an owner leaves a contributor out, as `IPools.Reason` numbers them. */
export const REASONS = [
  "none",
  "its document cannot be had",
  "its document is none, or of something else",
  "no proof that the commitment is zero outside of its slot and the salts",
  "what is sealed in its document does not open with the owner's key",
  "the sealed row is not what was committed to",
  "the sealed row has values that the task's columns do not allow",
  "the owner has another reason",
] as const;

/** Somebody who is in a pool. */
export interface Contributor {
  readonly contributor: Address;
  /** Which row of the owner's data matrix it is. */
  readonly slot: number;
  readonly commitment: Point;
  /** The digest of the document with the proof that the commitment keeps to the slot, and the sealed row. */
  readonly cid: Hex;
}

/** Somebody who was in a pool: it withdrew, or was left out for a reason. */
export interface Gone {
  readonly contributor: Address;
  readonly slot: number;
  /** One of `REASONS`; undefined where it withdrew. */
  readonly reason?: string;
}

/** How a pool was closed. */
export interface Closing {
  /** The commitment of the owner's data: the sum of all and the blinding. */
  readonly pooled: Point;
  readonly blinding: Point;
  /** The digest of the document with the proof that the blinding is of no row. */
  readonly cid: Hex;
  /** The hash of `pooled`: the owner's data in the task. */
  readonly dataHash: Hex;
}

/** A pool, and who is in it. Times are Unix seconds. */
export interface DataPool {
  readonly poolId: bigint;
  readonly taskId: bigint;
  /** The trainer whose data the rows become, and who learns them. */
  readonly owner: Address;
  readonly slots: number;
  readonly closesAt: number;
  readonly expiresAt: number;
  readonly admission: Address;
  /** What rows are sealed for: a public key of X25519. */
  readonly key: Hex;
  /** By slot. */
  readonly contributors: readonly Contributor[];
  readonly gone: readonly Gone[];
  /** Undefined until it is closed. */
  readonly closed?: Closing;
}

const ofTask = ["PoolOpened", "PoolClosed"] as const;
const ofPool = ["RowContributed", "RowWithdrawn", "RowLeftOut"] as const;
const selectors = (names: readonly ((typeof ofTask)[number] | (typeof ofPool)[number])[]) =>
  names.map((name) => toEventSelector(getAbiItem({ abi: poolsAbi, name })));

type Where = Pick<Reading, "client"> & Pick<LogRange, "deployment" | "span">;

/**
 * The pools of a task, oldest first: two log queries, and a call for each pool. Who is said to be in a pool adds up to what the
 * contract has, or this throws.
 * @throws ChainUnavailable the node fails, or leaves something out.
 */
export async function readPools({
  client,
  deployment,
  taskId,
  span,
}: Where & { readonly taskId: bigint }): Promise<readonly DataPool[]> {
  const last = await read("newest block", getBlockNumber(client, { cacheTime: 0 }));
  const where = { client, deployment, taskId, span, last };
  const events = decode(await query(where, [selectors(ofTask), numberToHex(taskId, { size: 32 })]));
  const opened = events.flatMap((event) => (event.eventName === "PoolOpened" ? [event.args] : []));
  if (opened.length === 0) return [];
  const ids = opened.map(({ poolId }) => numberToHex(poolId, { size: 32 }));
  const rows = decode(await query(where, [selectors(ofPool), ids]));
  const calls = opened.map(({ poolId }) => poolNow(client, deployment, poolId, last));
  const known = new Map((await Promise.all(calls)).map((pool, index) => [opened[index]?.poolId, pool]));
  return opened.map(({ poolId, sum: offset, ...terms }) => {
    const found = membersOf(rows.filter(({ args }) => args.poolId === poolId));
    const { sum = offset, closed: isClosed } = known.get(poolId) ?? {};
    if (!same(total(found.contributors, offset), sum)) throw leftOut(poolId);
    const closing = events.find((event) => event.eventName === "PoolClosed" && event.args.poolId === poolId);
    const closed = closing?.eventName === "PoolClosed" ? closing.args : undefined;
    if (isClosed !== (closed !== undefined) || (closed && !isSum(sum, closed, offset))) throw leftOut(poolId);
    const { contributors, gone } = found;
    const { taskId: _, ...rest } = terms;
    return { ...rest, poolId, taskId, contributors, gone, ...(closed && { closed: closingOf(closed) }) };
  });
}

/**
 * One pool of a task; see `readPools`.
 * @returns undefined where the task has none with this id.
 * @throws ChainUnavailable
 */
export async function readPool({
  poolId,
  ...where
}: Where & { readonly taskId: bigint; readonly poolId: bigint }): Promise<DataPool | undefined> {
  return (await readPools(where)).find((pool) => pool.poolId === poolId);
}

/**
 * The pool whose rows a trainer's data in a task are; undefined where they are no pool's.
 * @param dataHash As of `DataRegistered`, or of a contribution to a model (`readLineage`).
 * @throws NoContract, ChainUnavailable
 */
export async function readPooledOf({
  client,
  deployment,
  taskId,
  dataHash,
  blockNumber,
}: Reading & TaskId & { readonly dataHash: Hex }): Promise<bigint | undefined> {
  const args = [taskId, dataHash] as const;
  const address = deployment.contracts.Pools;
  const call = { abi: poolsAbi, address, functionName: "pooledOf", args, blockNumber } as const;
  return (await read(`pool of task ${taskId}`, readContract(client, call))) || undefined;
}

/** Whether a pool takes and gives back slots, waits for its owner, can be left by all, or is closed. */
export function poolStateOf(
  { closesAt, expiresAt, closed }: Pick<DataPool, "closesAt" | "expiresAt" | "closed">,
  now: number,
): "open" | "frozen" | "expired" | "closed" {
  if (closed) return "closed";
  if (now < closesAt) return "open";
  return now < expiresAt ? "frozen" : "expired";
}

type Events = ReturnType<typeof decode>;

function membersOf(events: Events): Pick<DataPool, "contributors" | "gone"> {
  const members = new Map<Address, Contributor>();
  const gone: Gone[] = [];
  for (const event of events) {
    if (event.eventName === "PoolOpened" || event.eventName === "PoolClosed") continue;
    const { contributor, slot } = event.args;
    if (event.eventName === "RowContributed") {
      const { commitment, cid } = event.args;
      members.set(contributor, { contributor, slot, commitment, cid });
    } else {
      members.delete(contributor);
      const reason = event.eventName === "RowLeftOut" ? (REASONS[event.args.reason] ?? "an unknown reason") : undefined;
      gone.push({ contributor, slot, ...(reason && { reason }) });
    }
  }
  return { contributors: [...members.values()].sort((a, b) => a.slot - b.slot), gone };
}

function poolNow(client: Reading["client"], { contracts }: Deployment, poolId: bigint, blockNumber: bigint) {
  const args = [poolId] as const;
  const call = { abi: poolsAbi, address: contracts.Pools, functionName: "getPool", args, blockNumber } as const;
  return read(`pool ${poolId}`, readContract(client, call));
}

/** C of the sum of what contributors committed to: C(a) + C(b) = C(a + b) + C(0). */
function total(contributors: readonly Contributor[], offset: Point): Point {
  return added(
    contributors.map(({ commitment }) => commitment),
    offset,
  );
}

function added(points: readonly Point[], offset: Point): Point {
  const minus = elementOf(offset).negate();
  const sum = points.reduce<Element>((all, point) => all.add(elementOf(point)).add(minus), elementOf(offset));
  return sum.equals(bn254.G1.ProjectivePoint.ZERO) ? { x: 0n, y: 0n } : sum.toAffine();
}

function isSum(sum: Point, { pooled, blinding, dataHash }: Closing, offset: Point): boolean {
  return same(added([sum, blinding], offset), pooled) && hashPoint(pooled) === dataHash;
}

function closingOf({ pooled, blinding, cid, dataHash }: Closing): Closing {
  return { pooled, blinding, cid, dataHash };
}

function leftOut(poolId: bigint): ChainUnavailable {
  return new ChainUnavailable(`the contributions to pool ${poolId} do not add up to it: ask another node`);
}

const same = (a: Point, b: Point) => a.x === b.x && a.y === b.y;

async function query(
  { client, deployment, taskId, span, last }: Where & { readonly taskId: bigint; readonly last: bigint },
  topics: readonly (Hex | readonly Hex[])[],
): Promise<RpcLog[]> {
  const first = BigInt(deployment.startBlock);
  const start = () => startOf({ client, deployment, taskId });
  return logsIn(client, { address: [deployment.contracts.Pools], topics }, { start, first, last, span });
}

function decode(logs: readonly RpcLog[]) {
  return parseEventLogs({ abi: poolsAbi, logs: logs.map((log) => formatLog(log)), strict: true });
}
