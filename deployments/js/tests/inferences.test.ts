// Inferences: proofs' files, what a contract says of one, records, and rows that everybody may see.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  encodeRow,
  exampleRow,
  isOf,
  linear,
  modelBytes,
  NOBODY,
  NotFound,
  parseInferenceProof,
  parseManifest,
  publicRow,
  Question,
  readInferences,
  verifyInference,
} from "@headwater/contracts";
import { hexToBytes } from "viem";
import { bytes, client, deployment, facts, long } from "./facts.js";

const account = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const file = {
  query: { taskId: long.id, round: 1, issuer: account, account, question: 0, value: "-40", nonce: `${2n ** 255n}` },
  consumer: NOBODY,
  answer: true,
  rowHash: `0x${"11".repeat(32)}`,
  proof: `0x${"22".repeat(400)}`,
};

test("a proof's file is read with its numbers whole", () => {
  const { query, consumer } = parseInferenceProof(JSON.stringify(file));
  assert.deepEqual([query.value, query.nonce, query.question, consumer], [-40n, 2n ** 255n, Question.AtLeast, NOBODY]);
  for (const wrong of ["null", "{}", '{"proof": "0x"}', JSON.stringify({ ...file, proof: 1 })]) {
    assert.throws(() => parseInferenceProof(wrong), TypeError);
  }
});

test("a proof that the contract refuses has no answer", async () => {
  const made = parseInferenceProof(JSON.stringify(file));
  await assert.rejects(verifyInference({ client, deployment, made }), NotFound);
});

test("of a task in which nobody recorded anything there are no answers", async () => {
  assert.deepEqual(await readInferences({ client, deployment, taskId: BigInt(long.id) }), []);
  assert.deepEqual(await readInferences({ client, deployment, taskId: BigInt(long.id), round: 1 }), []);
});

test("a row that everybody may see comes with the weights and their opening", () => {
  const known = facts.predictions.map(({ manifest }) => parseManifest(bytes(manifest)));
  const manifest = known.find((each) => isOf(each, linear));
  assert(manifest);
  const [commitment, opening] = [
    { x: 1n, y: 2n },
    { x: 1n, y: 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd45n },
  ];
  const model = { round: 1, trainers: 3, commitment, opening, weights: [1n, -2n] };
  const row = exampleRow(manifest);
  const found = publicRow(manifest, modelBytes(model), row);
  assert.deepEqual(found.row, encodeRow(manifest, row));
  assert.deepEqual([found.commitment, found.quotient], [commitment, opening]);
  assert.deepEqual([...hexToBytes(found.weights)], [0, 0, 0, 0, 0, 0, 0, 1, ...Array(7).fill(255), 254]);
});
