// Learners from tables with a label: what their documents have in common, rows, and what a model says by z of each
// output. The very integers of node/headwater/learners/tabular.py and node/headwater/tables.

import { type Decimal, divide, magnitude, parseDecimal, subtract, toNumber } from "../decimal.js";
import { InvalidRow, MalformedDocument } from "../errors.js";
import { checked, either, flag, integer, list, name, object, oneOf, type Reader, text } from "../shape.js";
import {
  type AmountEvaluation,
  type ClassEvaluation,
  type Columns,
  cellOf,
  type Evaluation,
  type Learner,
  type Prediction,
  type Row,
} from "./learner.js";

const LEAST_PROBABILITY = 0.01; // the piecewise-linear sigmoid says 0 and 1 with ease
const MAX_EXPONENT = 100;
const MOST_CLIP = 1 << 24; // circuits have 32-bit floats for constants

/** What cells have in place of a value, in any case. */
const MISSING = ["", "-", "?", "na", "n/a", "none", "null"];

/** Whether a cell says that there is no value. */
export function isMissing(cell: string): boolean {
  return MISSING.includes(cell.toLowerCase());
}

/** A decimal, as text. */
export const decimal = text(/^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?$/, 64);
const bits = integer(1, 40);

/** The fields that the `model` of every learner from tables has. */
export const tableFields = {
  features: list(
    either("values", object({ name, values: list(name, 1, 100) }), object({ name, mean: decimal, deviation: decimal })),
    1,
    10_000,
  ),
  intercept: flag,
  label: either(
    "classes",
    object({ column: name, classes: list(name, 2, 100) }),
    object({ column: name, mean: decimal, deviation: decimal }),
  ),
  groups: list(object({ name, values: list(name, 1, 100) }), 0, 8),
  missing: oneOf("refuse", "drop", "mean"),
  unknown: oneOf("refuse", "none"),
  fixed_point: object({ data_bits: bits, model_bits: bits, clamp: decimal }),
  training: object({
    rows: integer(1, 1 << 20),
    salt_rows: integer(1, 1 << 20),
    steps: integer(1, 1000),
    rate_shift: integer(0, 40),
    clip: decimal,
  }),
};

/** What every learner from tables has in its `model`. */
export type TableModel = { readonly [K in keyof typeof tableFields]: ReturnType<(typeof tableFields)[K]> };
type Feature = TableModel["features"][number];
type AmountLabel = Extract<TableModel["label"], { readonly mean: string }>;

/** What a learner from tables says of its kind. */
export interface TableKind<M extends TableModel> {
  readonly kind: string;
  /** Its `model`'s fields: `tableFields`, and its own. */
  readonly read: Reader<M>;
  /** Why a model makes no sense, beside what is wrong with columns; nothing where it does. */
  problem(model: M): string | undefined;
  /** A few words on what the models are. */
  says(model: M): string;
  /** z of each output, in reals, for a row as it was encoded. Throws MalformedDocument: not D weights. */
  scores(model: M, weights: readonly bigint[], row: readonly bigint[]): number[];
  /** The standardised amount that a z is of; by default z itself. */
  amount?(model: M, z: number): number;
}

/** A learner from tables. */
export function tableLearner<M extends TableModel>(table: TableKind<M>): Learner<M> {
  const amount = (model: M, [z = 0]: readonly number[]): number => table.amount?.(model, z) ?? z;
  return {
    kind: table.kind,
    read: checked(table.read, (model) => nonsense(model) ?? table.problem(model)),
    columns: columnsOf,
    groups: ({ groups }) => groups,
    exampleRow,
    encodeRow,

    facts(model) {
      const { steps, rows, clip } = model.training;
      const many = (count: number, one: string) => `${count.toLocaleString("en")} ${one}${count === 1 ? "" : "s"}`;
      return {
        Model: table.says(model),
        "Each update": `${many(steps, "step")} on up to ${many(rows, "row")}, no step moves a weight by more than ${clip}`,
      };
    },

    predict(model, weights, row): Prediction {
      const scores = table.scores(model, weights, encodeRow(model, row));
      const { label } = model;
      if (!("classes" in label)) {
        return { kind: "amount", value: Number(label.mean) + Number(label.deviation) * amount(model, scores), scores };
      }
      const { classes } = label;
      return {
        kind: "class",
        name: classes[choice(scores)] ?? "",
        classes,
        probabilities: probabilitiesOf(scores),
        scores,
      };
    },

    evaluate(model, weights, rows): Evaluation {
      if (!rows.length) {
        throw new InvalidRow("there is no row to compare with: give at least one whose label is known");
      }
      const { label } = model;
      const scores = (row: Row): number[] => table.scores(model, weights, encodeRow(model, row));
      return "classes" in label
        ? evaluateClasses(label, rows, scores)
        : evaluateAmounts(model, label, rows, (row) => amount(model, scores(row)));
    },
  };
}

/** How many features a row has, the intercept included. */
export function widthOf({ features, intercept }: TableModel): number {
  return features.reduce((sum, feature) => sum + ("values" in feature ? feature.values.length : 1), Number(intercept));
}

/** 1 for two classes or an amount, else one a class. */
export function outputsOf({ label }: TableModel): number {
  return "classes" in label && label.classes.length > 2 ? label.classes.length : 1;
}

/** A row times the matrix of so many columns whose entries, row by row, begin at `from`. */
export function product(row: readonly bigint[], weights: readonly bigint[], from: number, columns: number): bigint[] {
  return Array.from({ length: columns }, (_, column) =>
    row.reduce((sum, entry, at) => sum + entry * (weights[from + at * columns + column] ?? 0n), 0n),
  );
}

function columnsOf({ features, label }: TableModel): Columns {
  return {
    features: features.map((feature) =>
      "values" in feature
        ? { kind: "category", name: feature.name, values: feature.values }
        : { kind: "number", name: feature.name, usual: feature.mean },
    ),
    label: { name: label.column, ...("classes" in label && { classes: label.classes }) },
  };
}

/** The means, and of each category the first value. */
function exampleRow({ features }: TableModel): Row {
  return Object.fromEntries(
    features.map((feature) => [feature.name, "values" in feature ? (feature.values[0] ?? "") : feature.mean]),
  );
}

/** A row's features, units of 2^-data_bits; the intercept's comes first. */
function encodeRow(model: TableModel, row: Row): bigint[] {
  const { missing, unknown } = model;
  const { unit, limit } = scaleOf(model);
  const features = model.features.flatMap((feature) => {
    const cell = cellOf(row, feature.name);
    const none = isMissing(cell) && missing === "mean";
    if (isMissing(cell) && !none) throw new InvalidRow(noValue(feature, cell));
    if ("values" in feature) {
      if (!none && !feature.values.includes(cell) && unknown === "refuse")
        throw new InvalidRow(unlisted(feature, cell));
      return feature.values.map((value) => (value === cell ? BigInt(unit) : 0n));
    }
    if (none) return [0n];
    return [halfEven(clamped(standardise(feature.name, cell, feature), limit) * unit)];
  });
  return model.intercept ? [BigInt(unit), ...features] : features;
}

function evaluateClasses(
  { column, classes }: { readonly column: string; readonly classes: readonly string[] },
  rows: readonly Row[],
  scoresOf: (row: Row) => number[],
): ClassEvaluation {
  const confusion = classes.map(() => classes.map(() => 0));
  let loss = 0;
  let right = 0;
  for (const row of rows) {
    const cell = cellOf(row, column);
    const truth = classes.indexOf(cell);
    if (truth < 0) {
      throw new InvalidRow(`column '${column}' has '${cell.slice(0, 40)}', which is none of: ${classes.join(", ")}`);
    }
    const scores = scoresOf(row);
    const found = choice(scores);
    (confusion[truth] as number[])[found] = (confusion[truth]?.[found] ?? 0) + 1;
    right += Number(found === truth);
    loss -= Math.log(probabilitiesOf(scores)[truth] ?? 0);
  }
  const count = rows.length;
  return { kind: "class", rows: count, accuracy: right / count, logLoss: loss / count, confusion };
}

/** Amounts that are known are taken as they are trained on: clamped and rounded. */
function evaluateAmounts(
  model: TableModel,
  label: AmountLabel,
  rows: readonly Row[],
  said: (row: Row) => number,
): AmountEvaluation {
  const { unit, limit } = scaleOf(model);
  let off = 0;
  for (const row of rows) {
    const cell = cellOf(row, label.column);
    if (isMissing(cell)) throw new InvalidRow(`column '${label.column}' has no value: give the amount that is right`);
    const truth = Number(halfEven(clamped(standardise(label.column, cell, label), limit) * unit)) / unit;
    off += Math.abs(said(row) - truth);
  }
  return { kind: "amount", rows: rows.length, meanAbsoluteError: (off / rows.length) * Number(label.deviation) };
}

function nonsense({ features, label, groups, fixed_point, training }: TableModel): string | undefined {
  const categories = [...features, ...groups].flatMap((column) => ("values" in column ? [column.values] : []));
  const columns = [...features.map((feature) => feature.name), label.column];
  const grouping = [...groups.map((group) => group.name), label.column];
  for (const names of [columns, grouping, "classes" in label ? label.classes : [], ...categories]) {
    if (new Set(names).size < names.length) return "two columns, classes or values of one name";
    if (names.some((text) => text !== text.trim())) return "a name with spaces around it";
  }
  if (categories.flat().some(isMissing)) return "a value that stands for none";
  const amounts = [...features, label].flatMap((column) => ("deviation" in column ? [column.deviation] : []));
  if (amounts.some((deviation) => (parseDecimal(deviation)?.coefficient ?? 0n) <= 0n)) {
    return "a deviation that is not above 0";
  }
  const clamp = Number(fixed_point.clamp) * 2 ** fixed_point.data_bits;
  if (!(clamp <= Number.MAX_SAFE_INTEGER)) return "a clamp beyond what circuits compute with";
  if (halfEven(clamp) < BigInt(2 ** fixed_point.data_bits)) return "a clamp below 1, which the intercept is";
  const clip = Number(training.clip) * 2 ** fixed_point.model_bits;
  if (!(clip < MOST_CLIP && halfEven(clip) >= 1n)) return "a clip of nothing, or beyond what circuits compute with";
  return undefined;
}

/** What 1 is, and the largest feature, in reals. */
function scaleOf({ fixed_point: { data_bits, clamp } }: TableModel): { readonly unit: number; readonly limit: number } {
  const unit = 2 ** data_bits;
  return { unit, limit: Number(halfEven(Number(clamp) * unit)) / unit };
}

function standardise(
  column: string,
  cell: string,
  { mean, deviation }: { readonly mean: string; readonly deviation: string },
): number {
  return toNumber(divide(subtract(numberOf(column, cell), written(mean)), written(deviation)));
}

function clamped(value: number, limit: number): number {
  return Math.min(Math.max(value, -limit), limit);
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

function noValue(feature: Feature, cell: string): string {
  const give = "values" in feature ? `give it one of: ${feature.values.join(", ")}` : "give it a number";
  return `column '${feature.name}' has no value${cell && ` but '${cell}'`}: ${give}`;
}

function unlisted(
  { name, values }: { readonly name: string; readonly values: readonly string[] },
  cell: string,
): string {
  return `column '${name}' has '${cell.slice(0, 40)}', which is none of: ${values.join(", ")}`;
}

function numberOf(column: string, cell: string): Decimal {
  const value = parseDecimal(cell);
  if (value === undefined) {
    throw new InvalidRow(`column '${column}' has '${cell.slice(0, 40)}', which is no number: write 41.5 or 4.15e1`);
  }
  if (magnitude(value) > MAX_EXPONENT) throw new InvalidRow(`column '${column}' is larger than 1e${MAX_EXPONENT}`);
  return value;
}

function written(text: string): Decimal {
  const value = parseDecimal(text);
  if (value === undefined) throw new MalformedDocument(`the manifest has ${text} where a decimal stands`);
  return value;
}

/** A finite double rounded to an integer, halves to even. */
export function halfEven(value: number): bigint {
  const floor = Math.floor(value);
  const rest = value - floor;
  const up = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0);
  return BigInt(up ? floor + 1 : floor);
}
