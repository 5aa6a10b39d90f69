// Predictions are the node's: encoded rows, scores and probabilities, to the last bit.

import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeRow, evaluate, InvalidRow, MalformedDocument, parseManifest, predict } from "@headwater/contracts";
import { bytes, facts } from "./facts.js";

const cases = facts.predictions.map(({ manifest, weights, ...rest }) => ({
  manifest: parseManifest(bytes(manifest)),
  weights: weights.map(BigInt),
  ...rest,
}));
const [first] = cases;
assert(first);

for (const { manifest, weights, rows, evaluation } of cases) {
  const columns = `${manifest.model.features.length} columns, ${manifest.model.label.classes.length} classes`;

  test(`every row of ${rows.length} with ${columns} is predicted as the node does`, () => {
    for (const { cells, encoded, scores, name, probabilities } of rows) {
      assert.deepEqual(encodeRow(manifest, cells).map(String), encoded, JSON.stringify(cells));
      const found = predict(manifest, weights, cells);
      assert.deepEqual(
        found.scores.map((z) => z + 0),
        scores.map((z) => z + 0),
      );
      assert.deepEqual([found.name, found.probabilities], [name, probabilities]);
      assert.deepEqual(found.classes, manifest.model.label.classes);
    }
  });

  test(`a model is as often right on ${rows.length} rows with ${columns} as the node says`, () => {
    const found = evaluate(
      manifest,
      weights,
      rows.map(({ cells }) => cells),
    );
    assert.deepEqual([found.rows, found.accuracy], [evaluation.rows, evaluation.accuracy]);
    assert.deepEqual(found.confusion, evaluation.confusion);
    assert(Math.abs(found.logLoss - evaluation.logLoss) < 1e-12, `${found.logLoss}, not ${evaluation.logLoss}`);
  });
}

test("numbers are taken as their shortest decimal, which is what a CSV holds", () => {
  const { manifest, rows } = first;
  for (const { cells, encoded } of rows) {
    const numbers = manifest.model.features.map(({ name }) => [name, Number(cells[name])] as const);
    assert.deepEqual(encodeRow(manifest, Object.fromEntries(numbers)).map(String), encoded);
  }
});

test("a cell that is missing or no number is named", () => {
  const { manifest, weights, rows } = first;
  const name = manifest.model.features[0]?.name ?? "";
  for (const cell of ["", "  ", "4,5", "1e1000", "1e101", "NaN", "Infinity", "0x10", "١", "1 2", NaN, Infinity]) {
    const row = { ...rows[0]?.cells, [name]: cell };
    assert.throws(
      () => predict(manifest, weights, row),
      (error) => error instanceof InvalidRow && error.message.includes(`column '${name}'`),
      String(cell),
    );
  }
  assert.throws(() => predict(manifest, weights, {}), InvalidRow);
  assert.throws(() => predict(manifest, weights, Object.create({ [name]: "1" })), InvalidRow, "nothing is inherited");
});

test("a row of an unknown class cannot be evaluated on", () => {
  const { manifest, weights, rows } = first;
  const row = { ...rows[0]?.cells, [manifest.model.label.column]: "rose" };
  assert.throws(() => evaluate(manifest, weights, [row]), /none of: /);
  assert.throws(() => evaluate(manifest, weights, []), InvalidRow);
});

test("another task's weights are refused", () => {
  const { manifest, weights, rows } = first;
  assert.throws(() => predict(manifest, weights.slice(1), rows[0]?.cells ?? {}), MalformedDocument);
});
