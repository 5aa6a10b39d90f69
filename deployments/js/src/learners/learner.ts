// What this package asks of a kind of model. Everything that depends on the kind is in one module a kind.

import type { Json } from "../canonical.js";
import { MalformedDocument } from "../errors.js";
import type { Reader } from "../shape.js";

/** A row: each column's cell, as text or number, by the column's name. Other columns are ignored. */
export type Row = Readonly<Record<string, string | number>>;

/** A column that a model takes, as a form would ask for it. */
export type Column =
  | {
      readonly kind: "number";
      readonly name: string;
      /** A number that is usual there. */
      readonly usual: string;
    }
  | { readonly kind: "category"; readonly name: string; readonly values: readonly string[] }
  | {
      /** A thing that a row has or has not: cells are `1` and `0`. */
      readonly kind: "item";
      readonly name: string;
    };

/** The columns of a model's rows. */
export interface Columns {
  readonly features: readonly Column[];
  /** The column that is predicted, and its classes where it has some; none where there is no such column. */
  readonly label?: { readonly name: string; readonly classes?: readonly string[] };
}

/** A column that says of which group a row is. */
export interface Groups {
  readonly name: string;
  readonly values: readonly string[];
}

/** The class of a row. */
export interface ClassPrediction {
  readonly kind: "class";
  /** The class, one of `classes`. */
  readonly name: string;
  /** The task's classes, in the manifest's order. */
  readonly classes: readonly string[];
  /** The probability of each class, in the same order. */
  readonly probabilities: readonly number[];
  /** z of each output, in reals. */
  readonly scores: readonly number[];
}

/** The amount of a row. */
export interface AmountPrediction {
  readonly kind: "amount";
  /** In the label's own units. */
  readonly value: number;
  /** z of the one output, in reals. */
  readonly scores: readonly number[];
}

/** What else would go with the items of a row. */
export interface ItemsPrediction {
  readonly kind: "items";
  /** The items that the row lacks, best first. */
  readonly ranked: readonly { readonly name: string; readonly score: number }[];
}

/** What a model says about a row: `kind` tells which. */
export type Prediction = ClassPrediction | AmountPrediction | ItemsPrediction;

/** How often a model finds the class of rows. */
export interface ClassEvaluation {
  readonly kind: "class";
  readonly rows: number;
  /** The fraction of rows that the model put in their class. */
  readonly accuracy: number;
  /** The mean of -ln of the probability given to the right class. */
  readonly logLoss: number;
  /** Counts, a row for each true class and a column for each predicted one. */
  readonly confusion: readonly (readonly number[])[];
}

/** How far a model is from the amounts of rows. */
export interface AmountEvaluation {
  readonly kind: "amount";
  readonly rows: number;
  /** In the label's own units. */
  readonly meanAbsoluteError: number;
}

/** How often a model recommends what is left out of a row: each item of each row of two or more, once. */
export interface ItemsEvaluation {
  readonly kind: "items";
  /** Those of two items or more. */
  readonly rows: number;
  /** How many items were left out. */
  readonly leftOut: number;
  /** Among how many recommendations an item was looked for. */
  readonly best: number;
  /** The fraction of these items that were among the best. */
  readonly hitRate: number;
  /** The same if what most people have is recommended to everybody. */
  readonly popularity: number;
}

/** A model on rows whose truth is known: `kind` tells which. */
export type Evaluation = ClassEvaluation | AmountEvaluation | ItemsEvaluation;

/**
 * A kind of model. `M` is a manifest's `model` as it is read, names of fields being the document's own.
 * Weights are D signed integers, as `parseModel` gives them.
 */
export interface Learner<M = unknown> {
  /** The kind's name, as manifests have it. */
  readonly kind: string;
  /** Makes an M of a manifest's `model`, which a stranger may have written. Throws MalformedDocument where it makes no sense. */
  readonly read: Reader<M>;
  /** What the models are, for people: names and what they stand for. */
  facts(model: M): Readonly<Record<string, string>>;
  columns(model: M): Columns;
  /** The columns by whose values rows are counted in scores; none where there is no such function. */
  groups?(model: M): readonly Groups[];
  /** A row that every task has. */
  exampleRow(model: M): Row;
  /** A row as the integers that are trained on. @throws InvalidRow */
  encodeRow(model: M, row: Row): bigint[];
  /** What weights say about a row. @throws InvalidRow, MalformedDocument the weights are another task's. */
  predict(model: M, weights: readonly bigint[], row: Row): Prediction;
  /** How good weights are on rows whose truth is known. @throws InvalidRow, also if there is no row. @throws MalformedDocument */
  evaluate(model: M, weights: readonly bigint[], rows: readonly Row[]): Evaluation;
}

/** A manifest's `model` before anybody reads it. */
export type RawModel = { readonly [key: string]: Json };

/** A cell without spaces around it; empty where the row has none. */
export function cellOf(row: Row, name: string): string {
  return Object.hasOwn(row, name) ? String(row[name]).trim() : "";
}

/** @throws MalformedDocument there are not so many weights. */
export function checkWeights(weights: readonly bigint[], dimension: number): void {
  if (weights.length === dimension) return;
  throw new MalformedDocument(
    `a model of this task has ${dimension} weights, not ${weights.length}: is it another task's?`,
  );
}
