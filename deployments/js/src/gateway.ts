// Content from IPFS gateways that are trusted with nothing: https://specs.ipfs.tech/http-gateways/trustless-gateway

import type { Hex } from "viem";
import { cidFromDigest, digestOf, MAX_BYTES } from "./cid.js";
import { ContentUnavailable, type GatewayFailure, WrongBytes } from "./errors.js";

/** How content is fetched. */
export interface FetchOptions {
  /** Ends the whole search; its reason is thrown. */
  readonly signal?: AbortSignal;
  /** Milliseconds that one gateway has, from the question to the last byte; 30,000 by default. */
  readonly timeout?: number;
}

/** Content, and who gave it. */
export interface Content {
  readonly bytes: Uint8Array;
  /** The gateway that gave it. */
  readonly gateway: string;
  /** Gateways asked before that gave other bytes: do not ask these again. */
  readonly liars: readonly GatewayFailure[];
}

/** Bytes that are not what was asked for. */
class Lie extends Error {}

/**
 * The bytes with a digest, from the first gateway that gives them: no more than `MAX_BYTES` are read from any.
 * @param gateways URLs such as `https://ipfs.io`, in the order in which they are asked.
 * @param digest A contract's `bytes32 cid`, or what `digestFromCid` gives.
 * @throws ContentUnavailable none has it now.
 * @throws WrongBytes none gave it, and some gave other bytes.
 */
export async function fetchContent(
  gateways: readonly string[],
  digest: Hex,
  { signal, timeout = 30_000 }: FetchOptions = {},
): Promise<Content> {
  const cid = cidFromDigest(digest);
  const failures: GatewayFailure[] = [];
  const liars: GatewayFailure[] = [];
  for (const gateway of gateways) {
    const deadline = AbortSignal.timeout(timeout);
    try {
      const bytes = await ask(gateway, cid, digest, signal ? AbortSignal.any([signal, deadline]) : deadline);
      return { bytes, gateway, liars };
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof Lie) liars.push({ gateway, reason: error.message });
      else failures.push({ gateway, reason: deadline.aborted ? `no whole reply in ${timeout} ms` : String(error) });
    }
  }
  const told = [...liars, ...failures].map(({ gateway, reason }) => `${gateway}: ${reason}`).join("; ");
  if (liars.length) {
    throw new WrongBytes(`${cid} cannot be had: ${told}. Name other gateways.`, liars, failures);
  }
  const asked = told || "no gateway was named";
  throw new ContentUnavailable(`${cid} cannot be had: ${asked}. Ask again later, or name other gateways.`, failures);
}

async function ask(gateway: string, cid: string, digest: Hex, signal: AbortSignal): Promise<Uint8Array> {
  const response = await fetch(`${gateway.replace(/(?<!\/)\/+$/, "")}/ipfs/${cid}?format=raw`, {
    headers: { Accept: "application/vnd.ipld.raw" },
    credentials: "omit",
    signal,
  });
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw new Error(`HTTP status ${response.status}`);
  }
  const bytes = await read(response.body);
  const found = digestOf(bytes);
  if (found !== digest.toLowerCase()) throw new Lie(`answered with ${cidFromDigest(found)}`);
  return bytes;
}

async function read(body: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const chunks = [];
  const reader = body.getReader();
  let size = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    chunks.push(part.value);
    size += part.value.length;
    if (size > MAX_BYTES) {
      await reader.cancel();
      throw new Lie(`answered with more than ${MAX_BYTES} bytes`);
    }
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
