// The documents that the chain refers to, as ipfs/schemas and node/headwater/storage/manifests.py define them. What a
// document says is believed only where a commitment bears it out. Names come from strangers: show them as text only.

import { bytesToHex } from "viem";
import { decode, encode } from "./canonical.js";
import { isCid } from "./cid.js";
import { elementOf, encodePoint, type Point } from "./commitment.js";
import { parseDecimal } from "./decimal.js";
import { P, toSigned } from "./field.js";
import { checked, either, flag, integer, list, object, oneOf, text } from "./shape.js";

const decimal = text(/^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?$/, 64);
const hex32 = text(/^[0-9a-f]{64}$/);
const cid = checked(text(/^b[a-z2-7]{58}$/), (found) => (isCid(found) ? undefined : "no CID"));
const noCid = oneOf("");
const point = checked(text(/^[0-9a-f]{128}$/), offCurve);
const name = text(/^[^\x00-\x1f\x7f-\x9f]+$/, 200);
const description = text(/^[^\x00-\x09\x0b-\x1f\x7f-\x9f]*$/, 10_000);
const bits = integer(1, 40);

const manifest = object({
  schema: oneOf("headwater/task/1"),
  name,
  description,
  model: object({
    kind: oneOf("logistic", "one-vs-rest"),
    features: list(
      either(
        "values",
        object({ name, values: list(name, 1, 100) }),
        object({ name, mean: decimal, deviation: decimal }),
      ),
      1,
    ),
    intercept: flag,
    label: object({ column: name, classes: list(name, 2, 100) }),
    missing: oneOf("refuse", "drop", "mean"),
    unknown: oneOf("refuse", "none"),
  }),
  fixed_point: object({ data_bits: bits, model_bits: bits, clamp: decimal }),
  training: object({
    rows: integer(1, 1 << 24),
    salt_rows: integer(1, 1 << 24),
    steps: integer(1, 1000),
    rate_shift: integer(0, 40),
    clip: decimal,
  }),
  circuits: object({ train: cid, average: cid }),
  srs: object({
    id: hex32,
    k: integer(1, 28),
    source: oneOf("dev", "perpetual-powers-of-tau"),
    cid: (value, place) => (value === "" ? noCid(value, place) : cid(value, place)),
  }),
});

const model = object({
  schema: oneOf("headwater/model/2"),
  round: integer(0),
  trainers: integer(0),
  commitment: point,
  opening: point,
  weights: text(/^([0-9a-f]{64})+$/),
});

/** What cells have in place of a value, in any case. */
const MISSING = ["", "-", "?", "na", "n/a", "none", "null"];

/** Whether a cell says that there is no value. */
export function isMissing(cell: string): boolean {
  return MISSING.includes(cell.toLowerCase());
}

/** A task's manifest: what is trained on which columns. Names of fields are the document's own. */
export type TaskManifest = ReturnType<typeof manifest>;

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
 * The task manifest of stored bytes.
 * @throws MalformedDocument not canonical JSON, not of this schema, or columns that make no sense.
 */
export function parseManifest(bytes: Uint8Array): TaskManifest {
  return checked(manifest, nonsense)(decode(bytes), "");
}

/**
 * The model of stored bytes.
 * @throws MalformedDocument not canonical JSON, not of this schema, a point off the curve, or an entry that is no field element.
 */
export function parseModel(bytes: Uint8Array): Model {
  const { round, trainers, commitment, opening, weights } = checked(model, unreduced)(decode(bytes), "");
  return {
    round,
    trainers,
    commitment: pointOf(commitment),
    opening: pointOf(opening),
    weights: entries(weights).map(toSigned),
  };
}

/**
 * The bytes of a model's document: what lies under its CID. There is only one for a model, since the opening follows from
 * the weights: so whoever has both from the chain, where the model was opened, has the document.
 */
export function modelBytes({ round, trainers, commitment, opening, weights }: Model): Uint8Array {
  const entries = weights.map((weight) => (weight < 0n ? weight + P : weight).toString(16).padStart(64, "0"));
  const points = { commitment: hexOf(commitment), opening: hexOf(opening) };
  const document = { schema: "headwater/model/2", round, trainers, ...points, weights: entries.join("") };
  return new TextEncoder().encode(encode(document));
}

function nonsense({ model: { features, label }, fixed_point }: TaskManifest): string | undefined {
  const categories = features.flatMap((feature) => ("values" in feature ? [feature.values] : []));
  for (const names of [[...features.map((feature) => feature.name), label.column], label.classes, ...categories]) {
    if (new Set(names).size < names.length) return "two columns, classes or values of one name";
    if (names.some((text) => text !== text.trim())) return "a name with spaces around it";
  }
  if (categories.flat().some(isMissing)) return "a value that stands for none";
  if (features.some((f) => "deviation" in f && (parseDecimal(f.deviation)?.coefficient ?? 0n) <= 0n)) {
    return "a deviation that is not above 0";
  }
  const clamp = Number(fixed_point.clamp) * 2 ** fixed_point.data_bits;
  return clamp <= Number.MAX_SAFE_INTEGER ? undefined : "a clamp beyond what circuits compute with";
}

function unreduced({ weights }: { readonly weights: string }): string | undefined {
  return entries(weights).some((entry) => entry >= P) ? "a weight that is no field element" : undefined;
}

function entries(vector: string): bigint[] {
  return Array.from({ length: vector.length / 64 }, (_, i) => BigInt(`0x${vector.slice(64 * i, 64 * (i + 1))}`));
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
  const [x = 0n, y = 0n] = entries(text);
  return { x, y };
}

function hexOf(point: Point): string {
  return bytesToHex(encodePoint(point)).slice(2);
}
