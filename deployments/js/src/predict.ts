// What a model says about a row: the very integers of node/headwater/training, so that everybody predicts the same.

import { type Decimal, divide, magnitude, parseDecimal, subtract, toNumber } from "./decimal.js";
import { isMissing, type TaskManifest } from "./documents.js";
import { InvalidRow, MalformedDocument } from "./errors.js";

/** A row: each feature column's cell, as text or number, by the column's name. Other columns are ignored. */
export type Row = Readonly<Record<string, string | number>>;

/** What a model says about a row. */
export interface Prediction {
  /** The class, one of `classes`. */
  readonly name: string;
  /** The task's classes, in the manifest's order. */
  readonly classes: readonly string[];
  /** The probability of each class, in the same order. */
  readonly probabilities: readonly number[];
  /** z of each output: the sum of features times weights, in reals. */
  readonly scores: readonly number[];
}

/** A model on labelled rows. */
export interface Evaluation {
  readonly rows: number;
  /** The fraction of rows that the model put in their class. */
  readonly accuracy: number;
  /** The mean of -ln of the probability given to the right class. */
  readonly logLoss: number;
  /** Counts, a row for each true class and a column for each predicted one. */
  readonly confusion: readonly (readonly number[])[];
}

type Feature = TaskManifest["model"]["features"][number];

const LEAST_PROBABILITY = 0.01; // the piecewise-linear sigmoid says 0 and 1 with ease
const MAX_EXPONENT = 100;

/**
 * The class of one row, and the probability of each class.
 * @param manifest The task's: columns, means, deviations, classes, bits.
 * @param weights The model's, as `parseModel` gives them.
 * @throws InvalidRow a cell is missing or no number; the message names the column.
 * @throws MalformedDocument the weights are not this manifest's, or its columns make no sense.
 */
export function predict(manifest: TaskManifest, weights: readonly bigint[], row: Row): Prediction {
  const classes = manifest.model.label.classes;
  const scores = scoresOf(manifest, weights, encodeRow(manifest, row));
  const probabilities = probabilitiesOf(scores);
  return { name: classes[choice(scores)] ?? "", classes, probabilities, scores };
}

/**
 * How often a model is right on rows whose classes are known.
 * @param rows Each with the label's column, too.
 * @throws InvalidRow as `predict`; or a row has no class of the task; or there is no row.
 */
export function evaluate(manifest: TaskManifest, weights: readonly bigint[], rows: readonly Row[]): Evaluation {
  const { column, classes } = manifest.model.label;
  const confusion = classes.map(() => classes.map(() => 0));
  let loss = 0;
  let right = 0;
  for (const row of rows) {
    const cell = Object.hasOwn(row, column) ? String(row[column]).trim() : "";
    const truth = classes.indexOf(cell);
    if (truth < 0) {
      throw new InvalidRow(`column '${column}' has '${cell.slice(0, 40)}', which is none of: ${classes.join(", ")}`);
    }
    const scores = scoresOf(manifest, weights, encodeRow(manifest, row));
    const found = choice(scores);
    (confusion[truth] as number[])[found] = (confusion[truth]?.[found] ?? 0) + 1;
    right += Number(found === truth);
    loss -= Math.log(probabilitiesOf(scores)[truth] ?? 0);
  }
  if (!rows.length) throw new InvalidRow("there is no row to compare with: give at least one whose class is known");
  return { rows: rows.length, accuracy: right / rows.length, logLoss: loss / rows.length, confusion };
}

/** A row that every task has: the means, and of each category the first value. To try a model, or to fill a form. */
export function exampleRow({ model }: TaskManifest): Row {
  return Object.fromEntries(
    model.features.map((feature) => [feature.name, "values" in feature ? (feature.values[0] ?? "") : feature.mean]),
  );
}

/**
 * A row's features as the integers that are trained on, units of 2^-data_bits; the intercept's comes first.
 * @throws InvalidRow as `predict`.
 */
export function encodeRow(manifest: TaskManifest, row: Row): bigint[] {
  const { data_bits, clamp } = manifest.fixed_point;
  const unit = 2 ** data_bits;
  const limit = Number(halfEven(Number(clamp) * unit)) / unit;
  const { missing, unknown } = manifest.model;
  const features = manifest.model.features.flatMap((feature) => {
    const cell = cellOf(row, feature.name);
    const none = isMissing(cell) && missing === "mean";
    if (isMissing(cell) && !none) throw new InvalidRow(noValue(feature, cell));
    if ("values" in feature) {
      if (!none && !feature.values.includes(cell) && unknown === "refuse")
        throw new InvalidRow(unlisted(feature, cell));
      return feature.values.map((value) => (value === cell ? BigInt(unit) : 0n));
    }
    if (none) return [0n];
    const value = toNumber(
      divide(subtract(numberOf(feature.name, cell), written(feature.mean)), written(feature.deviation)),
    );
    return [halfEven(Math.min(Math.max(value, -limit), limit) * unit)];
  });
  return manifest.model.intercept ? [BigInt(unit), ...features] : features;
}

function scoresOf(manifest: TaskManifest, weights: readonly bigint[], row: readonly bigint[]): number[] {
  const classes = manifest.model.label.classes.length;
  const outputs = classes === 2 ? 1 : classes;
  if (weights.length !== row.length * outputs) {
    throw new MalformedDocument(
      `a model of this task has ${row.length * outputs} weights, not ${weights.length}: is it another task's?`,
    );
  }
  const unit = 2 ** (manifest.fixed_point.data_bits + manifest.fixed_point.model_bits);
  return Array.from({ length: outputs }, (_, o) => {
    const z = row.reduce((sum, entry, f) => sum + entry * (weights[f * outputs + o] ?? 0n), 0n);
    return Number(z) / unit;
  });
}

/** By the sign of z for two classes, else the first of the largest z. */
function choice(scores: readonly number[]): number {
  const [first = 0] = scores;
  return scores.length === 1 ? Number(first > 0) : scores.indexOf(Math.max(...scores));
}

/** Piecewise-linear, kept off 0 and 1; one-vs-rest probabilities are scaled to a sum of 1. */
function probabilitiesOf(scores: readonly number[]): number[] {
  const each = scores.map((z) => Math.min(Math.max(z / 4 + 0.5, LEAST_PROBABILITY), 1 - LEAST_PROBABILITY));
  const [first = 0] = each;
  if (each.length === 1) return [1 - first, first];
  const unit = 2 ** 60; // what is added are multiples of 2^-59: their sum is exact, and rounded once
  const total = Number(each.reduce((sum, p) => sum + BigInt(p * unit), 0n)) / unit;
  return each.map((p) => p / total);
}

function cellOf(row: Row, name: string): string {
  return Object.hasOwn(row, name) ? String(row[name]).trim() : "";
}

function noValue(feature: Feature, cell: string): string {
  const give = "values" in feature ? `give it one of: ${feature.values.join(", ")}` : "give it a number";
  return `column '${feature.name}' has no value${cell && ` but '${cell}'`}: ${give}`;
}

function unlisted({ name, values }: Feature & { readonly values: readonly string[] }, cell: string): string {
  return `column '${name}' has '${cell.slice(0, 40)}', which is none of: ${values.join(", ")}`;
}

function numberOf(name: string, cell: string): Decimal {
  const value = parseDecimal(cell);
  if (value === undefined) {
    throw new InvalidRow(`column '${name}' has '${cell.slice(0, 40)}', which is no number: write 41.5 or 4.15e1`);
  }
  if (magnitude(value) > MAX_EXPONENT) throw new InvalidRow(`column '${name}' is larger than 1e${MAX_EXPONENT}`);
  return value;
}

function written(text: string): Decimal {
  const value = parseDecimal(text);
  if (value === undefined) throw new MalformedDocument(`the manifest has ${text} where a decimal stands`);
  return value;
}

/** A finite double rounded to an integer, halves to even. */
function halfEven(value: number): bigint {
  const floor = Math.floor(value);
  const rest = value - floor;
  const up = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0);
  return BigInt(up ? floor + 1 : floor);
}
