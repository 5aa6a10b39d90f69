// Predictions are the node's: encoded rows and scores to the last bit, whatever the kind of model.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  columnsOf,
  encodeRow,
  evaluate,
  exampleRow,
  factsOf,
  gram,
  InvalidRow,
  isKnown,
  isOf,
  linear,
  MalformedDocument,
  mlp,
  type Prediction,
  parseManifest,
  predict,
  type Row,
} from "@headwater/contracts";
import { bytes, facts, type PredictionFacts } from "./facts.js";

const cases = facts.predictions.map(({ manifest, weights, ...rest }, number) => {
  const parsed = parseManifest(bytes(manifest));
  const { features, label } = columnsOf(parsed);
  const what = label?.classes ? `${label.classes.length} classes` : (label && "an amount") || "items";
  const called = `case ${number}, ${parsed.learner.kind} of ${features.length} columns, ${what}`;
  return { manifest: parsed, weights: weights.map(BigInt), called, ...rest };
});
const first = caseOf("class");
const amount = caseOf("amount");
const items = caseOf("items");

function caseOf(kind: Prediction["kind"]): (typeof cases)[number] {
  const found = cases.find(({ evaluation }) => evaluation.kind === kind);
  assert(found, kind);
  return found;
}

function near(found: number, expected: number, by = 1e-12): void {
  assert(Math.abs(found - expected) <= by * Math.max(1, Math.abs(expected)), `${found}, not ${expected}`);
}

/** No difference is made between 0 and -0. */
const unsigned = (scores: readonly number[]) => scores.map((z) => z + 0);

function agrees(found: Prediction, expected: PredictionFacts): void {
  assert.equal(found.kind, expected.kind);
  if (found.kind === "class" && expected.kind === "class") {
    assert.deepEqual(unsigned(found.scores), unsigned(expected.scores));
    assert.deepEqual([found.name, found.probabilities], [expected.name, expected.probabilities]);
  } else if (found.kind === "amount" && expected.kind === "amount") {
    assert.deepEqual(unsigned(found.scores), unsigned(expected.scores));
    near(found.value, expected.value);
  } else if (found.kind === "items" && expected.kind === "items") {
    const scores = new Map(found.ranked.map(({ name, score }) => [name, score]));
    assert.equal(scores.size, expected.ranked.length);
    for (const [i, { name, score }] of expected.ranked.entries()) {
      near(scores.get(name) ?? Number.NaN, score, 1e-9);
      near(found.ranked[i]?.score ?? Number.NaN, score, 1e-9); // of equals, by rounding, any may come first
    }
  } else assert.fail("another kind");
}

for (const { manifest, weights, rows, evaluation, called } of cases) {
  test(`every row of ${called}, is predicted as the node does`, () => {
    assert(isKnown(manifest));
    for (const { cells, encoded, ...expected } of rows) {
      assert.deepEqual(encodeRow(manifest, cells).map(String), encoded, JSON.stringify(cells));
      agrees(predict(manifest, weights, cells), expected);
    }
  });

  test(`a model is as good on the rows of ${called}, as the node says`, () => {
    const all = rows.map(({ cells }) => cells);
    const found = evaluate(manifest, weights, all);
    assert.deepEqual([found.kind, found.rows], [evaluation.kind, evaluation.rows]);
    if (found.kind === "class" && evaluation.kind === "class") {
      assert.deepEqual([found.accuracy, found.confusion], [evaluation.accuracy, evaluation.confusion]);
      near(found.logLoss, evaluation.logLoss);
    } else if (found.kind === "amount" && evaluation.kind === "amount") {
      near(found.meanAbsoluteError, evaluation.meanAbsoluteError);
    } else if (found.kind === "items") {
      assert.deepEqual(found, evaluation);
    } else assert.fail("another kind");
  });

  test(`the example row of ${called}, can be predicted, and the model be described`, () => {
    const row = exampleRow(manifest);
    assert.deepEqual(
      columnsOf(manifest).features.map(({ name }) => name),
      Object.keys(row),
    );
    assert.equal(predict(manifest, weights, row).kind, evaluation.kind);
    assert(Object.keys(factsOf(manifest)).length > 0);
  });

  test(`another task's weights are refused by ${called}`, () => {
    assert.throws(() => predict(manifest, weights.slice(1), rows[0]?.cells ?? {}), MalformedDocument);
    assert.throws(() => predict(manifest, [...weights, 0n], rows[0]?.cells ?? {}), MalformedDocument);
  });
}

test("a manifest that was copied, or made by hand, is read again", () => {
  const { manifest, weights, rows } = first;
  const copied = structuredClone(manifest);
  const [row] = rows;
  assert(row);
  assert.deepEqual(predict(copied, weights, row.cells), predict(manifest, weights, row.cells));
  assert.throws(() => predict({ ...manifest, model: {} }, weights, row.cells), MalformedDocument);
});

test("a learner tells the type of its manifests' models", () => {
  const { manifest } = first;
  assert(isOf(manifest, linear) && !isOf(manifest, mlp));
  assert.equal(manifest.model.loss, "logistic");
});

test("numbers are taken as their shortest decimal, which is what a CSV holds", () => {
  const { manifest, rows } = first;
  for (const { cells, encoded } of rows) {
    const numbers = columnsOf(manifest).features.map(({ name }) => [name, Number(cells[name])] as const);
    assert.deepEqual(encodeRow(manifest, Object.fromEntries(numbers)).map(String), encoded);
  }
});

const WRONG = ["", "  ", "4,5", "1e1000", "1e101", "NaN", "Infinity", "0x10", "١", "1 2", NaN, Infinity];

test("a cell that is missing or no number is named", () => {
  const { manifest, weights, rows } = first;
  const name = columnsOf(manifest).features[0]?.name ?? "";
  for (const cell of WRONG) names(name, () => predict(manifest, weights, { ...rows[0]?.cells, [name]: cell }));
  assert.throws(() => predict(manifest, weights, {}), InvalidRow);
  assert.throws(() => predict(manifest, weights, Object.create({ [name]: "1" })), InvalidRow, "nothing is inherited");
});

test("a row of an unknown class cannot be evaluated on", () => {
  const { manifest, weights, rows } = first;
  const { label } = columnsOf(manifest);
  assert(label);
  const row: Row = { ...rows[0]?.cells, [label.name]: "rose" };
  assert.throws(() => evaluate(manifest, weights, [row]), /none of: /);
  assert.throws(() => evaluate(manifest, weights, []), InvalidRow);
});

test("a row whose amount is missing or no number cannot be evaluated on", () => {
  const { manifest, weights, rows } = amount;
  const { label } = columnsOf(manifest);
  assert(label);
  for (const cell of WRONG) {
    names(label.name, () => evaluate(manifest, weights, [{ ...rows[0]?.cells, [label.name]: cell }]));
  }
  assert.throws(() => evaluate(manifest, weights, []), InvalidRow);
});

test("an item is had or not, and nothing else", () => {
  const { manifest, weights, rows } = items;
  const [name = ""] = Object.keys(rows[0]?.cells ?? {});
  for (const cell of ["", "2", "yes", "1.0", "-1", 0.5]) {
    names(name, () => predict(manifest, weights, { ...rows[0]?.cells, [name]: cell }));
  }
  const lonely = { ...exampleRow(manifest), [name]: 1 };
  assert.equal(predict(manifest, weights, lonely).kind, "items");
  assert.throws(() => evaluate(manifest, weights, [lonely]), /no row has two items/);
});

test("weights that are no counts are refused", () => {
  const { manifest, weights, rows } = items;
  assert(isOf(manifest, gram));
  const { items: named, model_bits, ridge } = manifest.model;
  const unit = BigInt(Number(ridge) * 2 ** model_bits);
  const singular = named.flatMap((_, i) => named.slice(i).map((__, j) => (j ? 0n : -unit)));
  assert.equal(singular.length, weights.length);
  assert.throws(() => predict(manifest, singular, rows[0]?.cells ?? {}), MalformedDocument);
});

function names(column: string, call: () => unknown): void {
  assert.throws(call, (error) => error instanceof InvalidRow && error.message.includes(`column '${column}'`));
}
