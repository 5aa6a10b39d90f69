// In which blocks tasks and rounds begin and end, so that no more are read for their events than have any.

import { type Client, type Hex, numberToHex } from "viem";
import { readContract } from "viem/actions";
import { modelRegistryAbi } from "./abis.js";
import { read, type TaskId } from "./call.js";
import { ChainUnavailable } from "./errors.js";
import { request } from "./ranges.js";
import { listRounds } from "./tasks.js";

const NEAR = 256n; // blocks by which one that is looked for by its time may be missed
const AFTER = 2_000n; // blocks after a round that are read with it: rewards are collected and slashes settled soon

interface Block {
  readonly number: bigint;
  readonly timestamp: bigint;
}

/**
 * The block in which a task was published: no event of it is older.
 * @throws NotFound there is no such task. @throws NoContract, ChainUnavailable
 */
export async function startOf({ client, deployment, taskId }: TaskId & { readonly client: Client }): Promise<bigint> {
  const call = { abi: modelRegistryAbi, address: deployment.contracts.ModelRegistry, functionName: "startOf" } as const;
  return read(`task ${taskId}`, readContract(client, { ...call, args: [taskId] }));
}

/**
 * Blocks that hold all that happened in a round, and what concerns it until some time after: two calls, and the times of a
 * few blocks.
 * @throws NotFound there is no such task. @throws NoContract, ChainUnavailable
 */
export async function blocksOf({
  round,
  ...task
}: TaskId & { readonly client: Client; readonly round: number }): Promise<{ first: bigint; last: bigint }> {
  const { client } = task;
  const [start, newest] = await Promise.all([startOf(task), blockAt(client)]);
  const summaries = await listRounds({ ...task, start: round - 1, limit: 2 });
  const endOf = (number: number) => summaries.find((each) => each.number === number)?.round.endedAt ?? 0n;
  const first = round > 1 ? await blockBefore(client, BigInt(endOf(round - 1)), start, newest) : start;
  const ended = BigInt(endOf(round));
  const last = ended ? (await blockBefore(client, ended, first, newest)) + NEAR + AFTER : newest.number;
  return { first, last: last < newest.number ? last : newest.number };
}

/** A block from `start` on that is not after the first one of a time, and not long before it. */
async function blockBefore(client: Client, timestamp: bigint, start: bigint, newest: Block): Promise<bigint> {
  let low = await blockAt(client, start);
  let high = newest;
  if (low.timestamp >= timestamp) return start;
  for (let step = 0; high.number - low.number > NEAR && high.timestamp >= timestamp; step++) {
    const blocks = high.number - low.number;
    // guessed by how fast blocks come, first from below, then from above, and halved where that misleads
    const at = low.number + ((timestamp - low.timestamp) * blocks) / (high.timestamp - low.timestamp);
    const guess = [at - NEAR / 2n, at + NEAR / 2n, (low.number + high.number) / 2n][step % 3] as bigint;
    const inside = guess <= low.number ? low.number + 1n : guess >= high.number ? high.number - 1n : guess;
    const found = await blockAt(client, inside);
    if (found.timestamp < timestamp) low = found;
    else high = found;
  }
  return low.number + 1n;
}

async function blockAt(client: Client, number?: bigint): Promise<Block> {
  const which = number === undefined ? "latest" : numberToHex(number);
  const found = await request<{ number: Hex; timestamp: Hex } | null>(client, "eth_getBlockByNumber", [which, false]);
  if (!found) throw new ChainUnavailable(`the node does not know block ${number}: it may be behind. Ask another node.`);
  return { number: BigInt(found.number), timestamp: BigInt(found.timestamp) };
}
