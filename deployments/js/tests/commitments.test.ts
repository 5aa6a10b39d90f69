// Commitments are the points that Python, the circuits and the contracts compute.

import assert from "node:assert/strict";
import { test } from "node:test";
import { hashPoint, parseModel, readTask, tagOf, withEntry } from "@headwater/contracts";
import { client, deployment, documentOf, facts, long } from "./facts.js";

const { config, tag } = await readTask({ client, deployment, taskId: BigInt(long.id) });

test("a commitment with one entry more is the node's", () => {
  for (const { entry, x, y, hash } of facts.commitments) {
    const point = withEntry(config.offset, config.basisD, BigInt(entry));
    assert.deepEqual(point, { x: BigInt(x), y: BigInt(y) }, entry);
    assert.equal(hashPoint(point), hash);
  }
});

test("a model's commitment and the task's tag make the model's hash", async () => {
  for (const model of long.models) {
    assert(model);
    const { commitment } = parseModel(await documentOf(model));
    assert.equal(hashPoint(withEntry(commitment, config.basisD, tag)), model.hash);
  }
});

test("points that cancel make infinity, which is (0, 0), and infinity adds nothing", () => {
  const [infinity, generator] = [
    { x: 0n, y: 0n },
    { x: 1n, y: 2n },
  ];
  assert.deepEqual(withEntry(generator, generator, -1n), infinity);
  assert.deepEqual(withEntry(generator, infinity, 7n), generator);
  assert.deepEqual(withEntry(infinity, generator, 1n), generator);
});

test("a point off the curve, or with a coordinate that is not reduced, has no sum", () => {
  const { x, y } = config.offset;
  const q = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;
  for (const wrong of [
    { x, y: y + 1n },
    { x: x + q, y },
    { x: 0n, y: 1n },
    { x: 1n, y: 0n },
  ]) {
    assert.throws(() => withEntry(wrong, config.basisD, 1n), /no point of BN254/);
    assert.throws(() => withEntry(config.offset, wrong, 1n), RangeError);
  }
});

test("a task's tag is the contract's, and no other task's or chain's", () => {
  const { chainId, contracts } = deployment;
  const taskId = BigInt(long.id);
  assert.equal(tagOf(chainId, contracts.TaskManager, taskId), tag);
  assert.equal(String(tag), long.tag);
  const others = [tagOf(chainId + 1, contracts.TaskManager, taskId), tagOf(chainId, contracts.Lens, taskId)];
  assert.equal(new Set([tag, ...others, tagOf(chainId, contracts.TaskManager, taskId + 1n)]).size, 4);
});
