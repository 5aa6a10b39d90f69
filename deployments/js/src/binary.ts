// Documents that carry a vector, as node/headwater/storage/vectors.py defines them: a header of canonical JSON, a zero
// byte, and the vector's entries, with nothing behind them. Of these, a dApp reads models.

import { bytesToHex } from "viem";
import { decode, encode } from "./canonical.js";
import { MAX_BYTES } from "./cid.js";
import { elementOf, encodePoint, type Point } from "./commitment.js";
import { MalformedDocument } from "./errors.js";
import { Encoding, entriesOf, packed } from "./openings.js";
import { checked, integer, object, oneOf, text } from "./shape.js";

/** More bytes than any header has, and the zero byte. */
const HEADER_BYTES = 1024;
const WEIGHT_BYTES = 8;

const point = checked(text(/^[0-9a-f]{128}$/), offCurve);

const header = object({
  schema: oneOf("headwater/model/3"),
  round: integer(0),
  trainers: integer(0),
  commitment: point,
  opening: point,
  entries: integer(1),
});

/** A model, and the opening that shows whose commitment its weights have: see `checkModel`. */
export interface Model {
  /** The round that made it; 0 for the first model. */
  readonly round: number;
  /** How many updates it averages. */
  readonly trainers: number;
  /** The commitment of the weights without the task's tag, C([w | 0]). */
  readonly commitment: Point;
  /** The quotient that opens it to the weights, packed: see `isOpening`. */
  readonly opening: Point;
  /** D signed integers, units of 2^-model_bits; weight of feature f for output o at f * outputs + o. */
  readonly weights: readonly bigint[];
}

/**
 * The model of stored bytes.
 * @throws MalformedDocument not exactly the bytes of a model: another header, a point off the curve, or weights that are
 * more or fewer than it says.
 */
export function parseModel(bytes: Uint8Array): Model {
  const end = bytes.subarray(0, HEADER_BYTES).indexOf(0);
  if (end < 0 || bytes.length > MAX_BYTES) {
    throw new MalformedDocument(`the document has no header before a zero byte, or more than ${MAX_BYTES} bytes`);
  }
  const { round, trainers, commitment, opening, entries } = header(decode(bytes.subarray(0, end)), "");
  const weights = bytes.subarray(end + 1);
  if (weights.length !== WEIGHT_BYTES * entries) {
    throw new MalformedDocument(`the document says ${entries} weights, and has ${weights.length} bytes of them`);
  }
  return {
    round,
    trainers,
    commitment: pointOf(commitment),
    opening: pointOf(opening),
    weights: entriesOf(weights, Encoding.Packed),
  };
}

/**
 * The bytes of a model's document: what lies under its CID. There is only one for a model, since the opening follows from
 * the weights: so whoever has both from the chain, where the model was opened, has the document.
 * @throws RangeError a weight needs more than 8 bytes.
 */
export function modelBytes({ round, trainers, commitment, opening, weights }: Model): Uint8Array {
  const points = { commitment: hexOf(commitment), opening: hexOf(opening) };
  const text = encode({ schema: "headwater/model/3", round, trainers, ...points, entries: weights.length });
  const head = new TextEncoder().encode(text);
  const bytes = new Uint8Array(head.length + 1 + WEIGHT_BYTES * weights.length);
  bytes.set(head);
  bytes.set(packed(weights), head.length + 1);
  return bytes;
}

function offCurve(text: string): string | undefined {
  try {
    elementOf(pointOf(text));
    return undefined;
  } catch {
    return "no point of the curve";
  }
}

function pointOf(text: string): Point {
  return { x: BigInt(`0x${text.slice(0, 64)}`), y: BigInt(`0x${text.slice(64)}`) };
}

function hexOf(point: Point): string {
  return bytesToHex(encodePoint(point)).slice(2);
}
