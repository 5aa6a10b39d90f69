// Kinds of models: those that are not known are shown and not used, and an application brings its own.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  columnsOf,
  encodeRow,
  evaluate,
  exampleRow,
  factsOf,
  InvalidRow,
  isKnown,
  type Learner,
  MalformedDocument,
  parseManifest,
  predict,
  registerLearner,
  type TaskManifest,
  UnknownLearner,
} from "@headwater/contracts";
import { bytes, facts } from "./facts.js";

const text = new TextDecoder().decode(bytes(facts.predictions[0]?.manifest ?? ""));
const known = parseManifest(new TextEncoder().encode(text));

/** A manifest of a kind, with a model of two fields. */
function strange(kind: string, model: unknown = { qubits: 3, spin: "up" }): Uint8Array {
  const parts = { ...JSON.parse(text), learner: { kind, package: "acme-quantum" }, model };
  return new TextEncoder().encode(JSON.stringify(parts));
}

/** A learner of models with one weight for each qubit. */
const quantum: Learner<{ readonly qubits: number }> = {
  kind: "quantum",
  read(value, place) {
    const { qubits } = value as { readonly qubits?: unknown };
    if (typeof qubits !== "number") throw new MalformedDocument(`no qubits at ${place}`);
    return { qubits };
  },
  facts: ({ qubits }) => ({ Model: `${qubits} qubits` }),
  columns: () => ({ features: [{ kind: "number", name: "angle", usual: "0.5" }] }),
  exampleRow: () => ({ angle: "0.5" }),
  encodeRow(_, { angle }) {
    if (angle === undefined) throw new InvalidRow("column 'angle' has no value");
    return [BigInt(Math.round(Number(angle) * 2))];
  },
  predict(model, weights, row) {
    const [angle = 0n] = this.encodeRow(model, row);
    return { kind: "amount", value: Number(angle * (weights[0] ?? 0n)), scores: [] };
  },
  evaluate: (_, __, rows) => ({ kind: "amount", rows: rows.length, meanAbsoluteError: 0 }),
};

test("a manifest of an unknown kind is read, and cannot be used: the error says whose it is", () => {
  const manifest = parseManifest(strange("unheard_of"));
  assert.deepEqual(manifest.learner, { kind: "unheard_of", package: "acme-quantum" });
  assert.deepEqual(manifest.model, { qubits: 3, spin: "up" });
  assert.deepEqual([manifest.name, manifest.circuits, isKnown(manifest)], [known.name, known.circuits, false]);
  const uses: ((manifest: TaskManifest) => unknown)[] = [
    exampleRow,
    columnsOf,
    factsOf,
    (m) => encodeRow(m, {}),
    (m) => predict(m, [1n], {}),
    (m) => evaluate(m, [1n], [{}]),
  ];
  for (const use of uses) {
    assert.throws(
      () => use(manifest),
      (error) =>
        error instanceof UnknownLearner &&
        error.code === "unknown-learner" &&
        error.learner.kind === "unheard_of" &&
        /'unheard_of'.*'acme-quantum'.*registerLearner/.test(error.message),
    );
  }
});

test("a kind that is called like something every object has is unknown", () => {
  for (const kind of ["constructor", "valueof", "tostring"]) assert(!isKnown(parseManifest(strange(kind))), kind);
});

test("an application's learner reads its manifests, and predicts", () => {
  const early = parseManifest(strange("quantum"));
  registerLearner(quantum);
  const manifest = parseManifest(strange("quantum"));
  assert.deepEqual(manifest.model, { qubits: 3 });
  assert.throws(() => parseManifest(strange("quantum", {})), /no qubits at model/);
  for (const each of [manifest, early]) {
    assert.deepEqual(predict(each, [5n], exampleRow(each)), { kind: "amount", value: 5, scores: [] });
    assert.deepEqual([factsOf(each), evaluate(each, [5n], [{}]).rows], [{ Model: "3 qubits" }, 1]);
  }
});
