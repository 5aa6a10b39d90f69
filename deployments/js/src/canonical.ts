// Canonical JSON, as node/headwater/protocol/documents.py defines it: one text for one value, so that a document's CID
// says what is in it. Keys sorted by code point, no spaces, UTF-8 without needless escapes, integers only.

import { MAX_BYTES } from "./cid.js";
import { MalformedDocument } from "./errors.js";

/** A value that a document can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const MAX_DEPTH = 16; // levels below the outermost
const MAX_VALUES = 1 << 17; // opening brackets, commas and colons
const TOKEN = /"(?:[^"\\]|\\.)*"?|[[{,:]/gs;
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * The value of a canonical text.
 * @throws MalformedDocument not JSON, or JSON that `encode` would have written otherwise.
 */
export function decode(bytes: Uint8Array): Json {
  if (bytes.length > MAX_BYTES) {
    throw new MalformedDocument(`a document has at most ${MAX_BYTES} bytes, this one has ${bytes.length}`);
  }
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    checkValues(text);
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof MalformedDocument) throw error;
    throw new MalformedDocument(`the document is no JSON: ${String(error)}`);
  }
  if (encode(value as Json) !== text) throw new MalformedDocument("the document is not in canonical form");
  return value as Json;
}

/**
 * The canonical text of a value.
 * @throws MalformedDocument a number that is no safe integer, text with half a surrogate pair, or nested too deep.
 */
export function encode(value: Json, depth = MAX_DEPTH): string {
  if (depth < 0) throw new MalformedDocument("the document is nested too deep");
  if (typeof value === "number" && !Number.isSafeInteger(value)) {
    throw new MalformedDocument(`${value} is no integer that every reader holds: it is written as a string`);
  }
  if (typeof value === "string" && LONE_SURROGATE.test(value)) {
    throw new MalformedDocument("a text holds half a surrogate pair");
  }
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (isList(value)) return `[${value.map((entry) => encode(entry, depth - 1)).join(",")}]`;
  const entries = Object.entries(value).sort(([a], [b]) => byCodePoint(a, b));
  return `{${entries.map(([key, entry]) => `${encode(key, depth)}:${encode(entry, depth - 1)}`).join(",")}}`;
}

// before it is parsed: a value may take a hundred times the memory of its text
function checkValues(text: string): void {
  let values = 0;
  for (const [token] of text.matchAll(TOKEN)) {
    if (token[0] !== '"') values += 1;
    if (values > MAX_VALUES) throw new MalformedDocument(`a document holds at most ${MAX_VALUES} values`);
  }
}

function isList(value: readonly Json[] | { readonly [key: string]: Json }): value is readonly Json[] {
  return Array.isArray(value);
}

function byCodePoint(a: string, b: string): number {
  const [left, right] = [Array.from(a), Array.from(b)];
  for (let i = 0; i < left.length && i < right.length; i++) {
    const difference = (left[i]?.codePointAt(0) ?? 0) - (right[i]?.codePointAt(0) ?? 0);
    if (difference) return difference;
  }
  return left.length - right.length;
}
