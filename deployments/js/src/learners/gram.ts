// Which items go together, by how many people have both of two: node/headwater/learners/gram. What is recommended follows
// from the counts as EASE says (Steck 2019, "Embarrassingly Shallow Autoencoders for Sparse Data").

import { InvalidRow, MalformedDocument } from "../errors.js";
import { checked, integer, list, name, object } from "../shape.js";
import { cellOf, checkWeights, type ItemsEvaluation, type ItemsPrediction, type Learner, type Row } from "./learner.js";
import { decimal } from "./table.js";

const MOST_ITEMS = 500;
const MOST_WEIGHT = 2 ** 29; // averages are proved to be below this
const [LEAST_RIDGE, MOST_RIDGE] = [0.01, 1e6];
const MOST_SHOWN = 10;

const read = checked(
  object({
    items: list(name, 2, MOST_ITEMS),
    model_bits: integer(2, 20),
    rows: integer(1, 1 << 20),
    salt_rows: integer(1, 1 << 20),
    ridge: decimal,
  }),
  ({ items, model_bits, rows, ridge }) => {
    if (new Set(items).size < items.length) return "two items of one name";
    if (items.some((item) => item !== item.trim())) return "a name with spaces around it";
    if (rows * 2 ** model_bits >= MOST_WEIGHT) return "more rows than can be averaged";
    return Number(ridge) >= LEAST_RIDGE && Number(ridge) <= MOST_RIDGE ? undefined : "a ridge out of its range";
  },
);

/** The `model` of the manifest of a task that counts. */
export type GramModel = ReturnType<typeof read>;

/** An n x n matrix, row by row. */
type Square = Float64Array;

/** What follows from a model's weights: mean counts, and how much each item says of each other. */
interface Learned {
  readonly model: GramModel;
  readonly counts: Square;
  /** Row i, column j: what item i says of item j. */
  readonly items: Square;
}

const learned = new WeakMap<readonly bigint[], Learned>(); // the inverse takes a while where there are many items

/** Counts of pairs. Weights are those of the pairs i <= j, in order of i, then j. Rows have `1` for an item, else `0`. */
export const gram: Learner<GramModel> = {
  kind: "gram",
  read,

  facts({ items, rows, ridge }) {
    return {
      Model: `counts of pairs of ${items.length} items, from which recommendations follow, ridge ${ridge}`,
      "Each update": `up to ${rows.toLocaleString("en")} people, each counted once`,
    };
  },

  columns: ({ items }) => ({ features: items.map((name) => ({ kind: "item", name })) }),

  exampleRow: ({ items }) => Object.fromEntries(items.map((name, i) => [name, i ? "0" : "1"])),

  encodeRow: (model, row) => model.items.map((item) => BigInt(has(row, item))),

  predict(model, weights, row): ItemsPrediction {
    const { items } = learnedOf(model, weights);
    const had = model.items.map((item) => has(row, item));
    const scores = scoresOf(items, had);
    const ranked = ranking(scores, had).map((i) => ({ name: model.items[i] ?? "", score: scores[i] ?? 0 }));
    return { kind: "items", ranked };
  },

  evaluate(model, weights, rows): ItemsEvaluation {
    const { items, counts } = learnedOf(model, weights);
    const n = model.items.length;
    const best = Math.max(1, Math.min(MOST_SHOWN, Math.floor(n / 5)));
    const popularity = Float64Array.from({ length: n }, (_, i) => counts[i * n + i] ?? 0);
    let [used, leftOut, hits, popular] = [0, 0, 0, 0];
    for (const row of rows) {
      const had = model.items.map((item) => has(row, item));
      const owned = had.flatMap((one, i) => (one ? [i] : []));
      if (owned.length < 2) continue;
      used += 1;
      const scores = scoresOf(items, had);
      for (const item of owned) {
        const rest = had.with(item, 0);
        const without = scores.map((score, j) => score - (items[item * n + j] ?? 0));
        leftOut += 1;
        hits += Number(ranking(without, rest).slice(0, best).includes(item));
        popular += Number(ranking(popularity, rest).slice(0, best).includes(item));
      }
    }
    if (!used) throw new InvalidRow("no row has two items, of which one can be left out: give at least one that has");
    return { kind: "items", rows: used, leftOut, best, hitRate: hits / leftOut, popularity: popular / leftOut };
  },
};

function has(row: Row, item: string): 0 | 1 {
  const cell = cellOf(row, item);
  if (cell !== "0" && cell !== "1") {
    throw new InvalidRow(`column '${item}' has '${cell.slice(0, 40)}': write 1 where the item is had, else 0`);
  }
  return cell === "1" ? 1 : 0;
}

/** B with B_ij = -P_ij / P_jj and B_ii = 0, where P is the inverse of the counts with the ridge on their diagonal. */
function learnedOf(model: GramModel, weights: readonly bigint[]): Learned {
  const known = learned.get(weights);
  if (known?.model === model) return known;
  const n = model.items.length;
  checkWeights(weights, (n * (n + 1)) / 2);
  const counts = new Float64Array(n * n);
  let next = 0;
  for (let i = 0; i < n; i++) {
    for (let j = i; j < n; j++) {
      const count = Number(weights[next++] ?? 0n) / 2 ** model.model_bits;
      counts[i * n + j] = count;
      counts[j * n + i] = count;
    }
  }
  const ridge = Number(model.ridge);
  const inverse = inverseOf(
    counts.map((count, at) => (at % (n + 1) ? count : count + ridge)),
    n,
  );
  const items = inverse.map((entry, at) => (at % (n + 1) ? -entry / (inverse[(at % n) * (n + 1)] ?? 0) : 0));
  if (!items.every(Number.isFinite)) throw new MalformedDocument("the weights are no counts of pairs");
  const found = { model, counts, items };
  learned.set(weights, found);
  return found;
}

/** The inverse, by Gauss and Jordan with the largest pivot of each column; entries that are not finite where there is none. */
function inverseOf(matrix: Square, n: number): Square {
  const rows: Float64Array[] = Array.from({ length: n }, (_, i) => {
    const row = new Float64Array(2 * n);
    row.set(matrix.subarray(i * n, (i + 1) * n));
    row[n + i] = 1;
    return row;
  });
  const entry = (i: number, j: number): number => rows[i]?.[j] ?? 0;
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let i = column + 1; i < n; i++) {
      if (Math.abs(entry(i, column)) > Math.abs(entry(pivot, column))) pivot = i;
    }
    const row = (rows[pivot] as Float64Array).map((value) => value / entry(pivot, column));
    rows[pivot] = rows[column] as Float64Array;
    rows[column] = row;
    for (const [i, other] of rows.entries()) {
      const factor = other[column] ?? 0;
      if (i === column || factor === 0) continue;
      for (let j = column; j < 2 * n; j++) other[j] = (other[j] ?? 0) - factor * (row[j] ?? 0);
    }
  }
  const found = new Float64Array(n * n);
  for (const [i, row] of rows.entries()) found.set(row.subarray(n), i * n);
  return found;
}

function scoresOf(items: Square, had: readonly number[]): Float64Array {
  const n = had.length;
  const scores = new Float64Array(n);
  for (const [i, one] of had.entries()) {
    if (one) for (let j = 0; j < n; j++) scores[j] = (scores[j] ?? 0) + (items[i * n + j] ?? 0);
  }
  return scores;
}

/** The items that a row has not, the best first; of equals the first. */
function ranking(scores: Float64Array, had: readonly number[]): number[] {
  return had.flatMap((one, i) => (one ? [] : [i])).sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
}
