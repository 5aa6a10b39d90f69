// Commitments are the points that Python, the circuits and the contracts compute.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  commit,
  decodeBasis,
  digestFromCid,
  fetchContent,
  hashPoint,
  parseManifest,
  readTask,
  tagOf,
} from "@headwater/contracts";
import { client, deployment, facts, gateways, long } from "./facts.js";

const { config, tag } = await readTask({ client, deployment, taskId: BigInt(long.id) });
const manifest = parseManifest((await fetchContent(gateways, digestFromCid(long.manifest))).bytes);
const blob = (await fetchContent(gateways, digestFromCid(manifest.basis))).bytes;
const basis = decodeBasis(blob);

test("the basis has the points that the task fixed", () => {
  assert.equal(basis.length, long.dimension + 9);
  assert.deepEqual([basis[0], basis[1], basis[long.dimension]], [config.basis0, config.basis1, config.basisD]);
});

test("a vector's commitment is the node's", () => {
  for (const { vector, x, y, hash } of facts.commitments) {
    const point = commit(config.offset, basis, vector.map(BigInt));
    assert.deepEqual(point, { x: BigInt(x), y: BigInt(y) }, vector.join(", "));
    assert.equal(hashPoint(point), hash);
  }
});

test("a vector that is longer than the basis has no commitment", () => {
  assert.throws(() => commit(config.offset, basis, new Array<bigint>(basis.length + 1).fill(1n)), RangeError);
});

test("points that cancel commit to infinity, which is (0, 0)", () => {
  assert.deepEqual(commit({ x: 1n, y: 2n }, [{ x: 1n, y: 2n }], [-1n]), { x: 0n, y: 0n });
});

test("a basis with a point off the curve, or half a point, is none", () => {
  const wrong = Uint8Array.from(blob);
  wrong[63] = (wrong[63] ?? 0) ^ 1;
  assert.throws(() => decodeBasis(wrong), /no point of BN254/);
  assert.throws(() => decodeBasis(blob.subarray(1)), /64 bytes a point/);
  assert.throws(() => decodeBasis(new Uint8Array(64).fill(255)), /no point of BN254/);
});

test("a task's tag is the contract's, and no other task's or chain's", () => {
  const { chainId, contracts } = deployment;
  const taskId = BigInt(long.id);
  assert.equal(tagOf(chainId, contracts.TaskManager, taskId), tag);
  assert.equal(String(tag), long.tag);
  const others = [tagOf(chainId + 1, contracts.TaskManager, taskId), tagOf(chainId, contracts.Lens, taskId)];
  assert.equal(new Set([tag, ...others, tagOf(chainId, contracts.TaskManager, taskId + 1n)]).size, 4);
});
