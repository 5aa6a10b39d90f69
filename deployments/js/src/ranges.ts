// Asking a node for the logs of many blocks: at once, and only where that is too much in pieces, several side by side.

import {
  BaseError,
  type Client,
  type Hex,
  HttpRequestError,
  isHex,
  numberToHex,
  ResponseBodyTooLargeError,
  type RpcLog,
  TimeoutError,
} from "viem";
import { ChainUnavailable } from "./errors.js";

/** Which logs: of any of these contracts, with these topics; null for any, several where each will do. */
export interface LogQuery {
  readonly address: readonly Hex[];
  readonly topics: readonly (Hex | readonly Hex[] | null)[];
}

/** Which blocks. */
export interface Blocks {
  /** No log is older than this block, which is asked for where not all blocks are answered at once. */
  readonly start: () => Promise<bigint>;
  /** Where not all blocks are answered at once, the last one that is asked for; by default `last`. */
  readonly end?: (() => Promise<bigint>) | undefined;
  readonly first: bigint;
  /** By default the latest. */
  readonly last?: bigint | undefined;
  /** The most blocks of one query; by default as many as the node answers. */
  readonly span?: number | undefined;
}

const AT_ONCE = 4; // queries
const WIDEN_AFTER = 16; // pieces that were answered in a row, after which they may be twice as wide; then twice as many

const widths = new WeakMap<Client, bigint>(); // the most blocks that a client's node has answered, where it refused more

/**
 * All logs of a query, oldest first. What a node refuses, or answers with more than viem reads of one answer, is asked for
 * in halves, down to single blocks; what worked is remembered for the client.
 * @throws RangeError `span` is no whole number.
 * @throws ChainUnavailable the node fails, or even a single block is too much.
 */
export async function logsIn(client: Client, query: LogQuery, blocks: Blocks): Promise<RpcLog[]> {
  const { first, last, span } = blocks;
  if (span !== undefined && !(Number.isInteger(span) && span > 0)) {
    throw new RangeError(`a span of ${span} blocks: give a whole number, 1 or more`);
  }
  const known = widths.get(client);
  if (known === undefined && span === undefined) {
    try {
      return await ask(client, query, first, last);
    } catch (error) {
      if (!isTooMuch(error)) throw error;
    }
  }
  const end = blocks.end ? await blocks.end() : (last ?? BigInt(await request<Hex>(client, "eth_blockNumber", [])));
  const start = max(first, await blocks.start());
  return inPieces(client, query, start, end, min(known ?? end - start + 1n, BigInt(span ?? Number.MAX_SAFE_INTEGER)));
}

/** Whether a node refused what it was asked for, or answered more than is read: then to ask for less may help. */
export function isTooMuch(error: unknown): boolean {
  const reason = error instanceof ChainUnavailable ? error.cause : error;
  if (!(reason instanceof BaseError)) return false;
  if (reason.walk((inner) => inner instanceof ResponseBodyTooLargeError)) return true;
  if (isTimeout(reason)) return false;
  const http = reason.walk((inner) => inner instanceof HttpRequestError) as HttpRequestError | null;
  if (http) return http.status === 400 || http.status === 413;
  const told = reason.walk((inner) => "code" in (inner as object)) as { code?: unknown } | null;
  // nodes have no common words for it, but for one request too many they have
  return (
    told !== null &&
    told.code !== -1 &&
    told.code !== 429 &&
    !/rate.?limit|too many req|per second/i.test(reason.message)
  );
}

function isTimeout(error: unknown): boolean {
  return error instanceof BaseError && error.walk((inner) => inner instanceof TimeoutError) !== null;
}

async function inPieces(
  client: Client,
  query: LogQuery,
  first: bigint,
  last: bigint,
  width: bigint,
): Promise<RpcLog[]> {
  const found: { readonly from: bigint; readonly logs: RpcLog[] }[] = [];
  const pending: [bigint, bigint][] = first > last ? [] : [[first, last]];
  let span = max(width, 1n);
  let answered = 0;
  let patience = WIDEN_AFTER;
  let isLate = false; // a node that did not answer in time is asked for less once

  async function step([from, end]: [bigint, bigint]): Promise<void> {
    const to = min(from + span - 1n, end);
    if (to < end) pending.push([to + 1n, end]);
    try {
      found.push({ from, logs: await ask(client, query, from, to) });
    } catch (error) {
      const wasLate = !isLate && error instanceof ChainUnavailable && isTimeout(error.cause);
      if (from === to || !(isTooMuch(error) || wasLate)) throw error;
      isLate ||= wasLate;
      span = min(span, (to - from + 1n) / 2n);
      if (found.length) patience *= 2;
      answered = 0;
      pending.push([from, to]);
      return;
    }
    if (to - from + 1n < span) return;
    widths.set(client, span);
    answered += 1;
    if (answered % patience === 0) span = min(2n * span, width);
  }

  async function work(): Promise<void> {
    for (let piece = pending.pop(); piece; piece = pending.pop()) await step(piece);
  }

  while (pending.length && !found.length) await step(pending.pop() as [bigint, bigint]); // alone, until one is answered
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return found.sort((a, b) => (a.from < b.from ? -1 : 1)).flatMap(({ logs }) => logs);
}

async function ask(client: Client, query: LogQuery, first: bigint, last: bigint | undefined): Promise<RpcLog[]> {
  const toBlock = last === undefined ? "latest" : numberToHex(last);
  const logs = await request<unknown>(client, "eth_getLogs", [{ ...query, fromBlock: numberToHex(first), toBlock }]);
  if (Array.isArray(logs) && logs.every(isLog)) return logs;
  throw new ChainUnavailable("events cannot be read: what the node answered are no events. Ask another node.");
}

/**
 * What a node answers. viem would ask again for what is too much; so only what fails otherwise is left to the client's own
 * patience.
 * @throws ChainUnavailable the node fails, or refuses.
 */
export async function request<T>(client: Client, method: string, params: readonly unknown[]): Promise<T> {
  const question = { method, params } as never;
  try {
    return (await client.request(question, { retryCount: 0 })) as T;
  } catch (error) {
    if (!(error instanceof BaseError)) throw error;
    if (!isTooMuch(error)) {
      const again = client.request(question) as Promise<T>;
      return again.catch((error) => Promise.reject(error instanceof BaseError ? unavailable(error) : error));
    }
    throw unavailable(error);
  }
}

function unavailable(error: BaseError): ChainUnavailable {
  return new ChainUnavailable(`events cannot be read: ${error.shortMessage} Ask another node.`, { cause: error });
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

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
