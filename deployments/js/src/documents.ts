// The documents that the chain refers to, as ipfs/schemas and node/headwater/storage/manifests.py define them; models are
// in binary.ts. What a document says is believed only where a commitment bears it out. Names come from strangers: show
// them as text only.

import { decode } from "./canonical.js";
import { isCid } from "./cid.js";
import { parseDecimal } from "./decimal.js";
import { checked, either, flag, integer, list, object, oneOf, text } from "./shape.js";

const decimal = text(/^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?$/, 64);
const hex32 = text(/^[0-9a-f]{64}$/);
const cid = checked(text(/^b[a-z2-7]{58}$/), (found) => (isCid(found) ? undefined : "no CID"));
const noCid = oneOf("");
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

/** What cells have in place of a value, in any case. */
const MISSING = ["", "-", "?", "na", "n/a", "none", "null"];

/** Whether a cell says that there is no value. */
export function isMissing(cell: string): boolean {
  return MISSING.includes(cell.toLowerCase());
}

/** A task's manifest: what is trained on which columns. Names of fields are the document's own. */
export type TaskManifest = ReturnType<typeof manifest>;

/**
 * The task manifest of stored bytes.
 * @throws MalformedDocument not canonical JSON, not of this schema, or columns that make no sense.
 */
export function parseManifest(bytes: Uint8Array): TaskManifest {
  return checked(manifest, nonsense)(decode(bytes), "");
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
