// What a model says about rows, by the learner of its kind.

import type { TaskManifest } from "./documents.js";
import type { Columns, Evaluation, Groups, Prediction, Row } from "./learners/learner.js";
import { learnerOf } from "./learners/registry.js";

/**
 * What a model says about a row: a class, an amount or items, as the result's `kind` tells.
 * @param manifest The task's.
 * @param weights The model's, as `parseModel` gives them.
 * @throws InvalidRow a cell is missing or wrong; the message names the column.
 * @throws MalformedDocument the weights are not this manifest's, or its model makes no sense.
 * @throws UnknownLearner models of this kind are not known here: see `registerLearner`.
 */
export function predict(manifest: TaskManifest, weights: readonly bigint[], row: Row): Prediction {
  const { learner, model } = learnerOf(manifest);
  return learner.predict(model, weights, row);
}

/**
 * How good a model is on rows whose truth is known; the result's `kind` is that of its predictions.
 * @param rows Each with the label's column, too, where there is one.
 * @throws InvalidRow as `predict`; or a row lacks its truth; or there is no row. @throws MalformedDocument, UnknownLearner
 */
export function evaluate(manifest: TaskManifest, weights: readonly bigint[], rows: readonly Row[]): Evaluation {
  const { learner, model } = learnerOf(manifest);
  return learner.evaluate(model, weights, rows);
}

/** A row that every task has: the means, say. To try a model, or to fill a form. @throws MalformedDocument, UnknownLearner */
export function exampleRow(manifest: TaskManifest): Row {
  const { learner, model } = learnerOf(manifest);
  return learner.exampleRow(model);
}

/** A row as the integers that are trained on. @throws InvalidRow as `predict`. @throws MalformedDocument, UnknownLearner */
export function encodeRow(manifest: TaskManifest, row: Row): bigint[] {
  const { learner, model } = learnerOf(manifest);
  return learner.encodeRow(model, row);
}

/** The columns of a row, as a form would ask for them. @throws MalformedDocument, UnknownLearner */
export function columnsOf(manifest: TaskManifest): Columns {
  const { learner, model } = learnerOf(manifest);
  return learner.columns(model);
}

/** The columns by whose values scores and compositions count. @throws MalformedDocument, UnknownLearner */
export function groupsOf(manifest: TaskManifest): readonly Groups[] {
  const { learner, model } = learnerOf(manifest);
  return learner.groups?.(model) ?? [];
}

/** What a task's models are, for people: names and what they stand for. @throws MalformedDocument, UnknownLearner */
export function factsOf(manifest: TaskManifest): Readonly<Record<string, string>> {
  const { learner, model } = learnerOf(manifest);
  return learner.facts(model);
}
