// Scores on record: what their numbers say, and what is no score of a task.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  compositionOf,
  digestFromCid,
  fetchContent,
  listCompositions,
  MalformedDocument,
  parseManifest,
  readScoring,
  type Scoring,
  sharesOf,
  type TaskManifest,
} from "@headwater/contracts";
import { zeroAddress, zeroHash } from "viem";
import { client, deployment, gateways, long } from "./facts.js";

const PLAIN: Scoring = {
  scoreVerifier: zeroAddress,
  scoreCodeHash: zeroHash,
  compositionVerifier: zeroAddress,
  compositionCodeHash: zeroHash,
  groups: 0,
  wholeGroups: 0,
  each: 2,
  classes: 2,
  amounts: false,
  basis: [],
  attesters: [],
};
const GROUPED: Scoring = { ...PLAIN, groups: 3, wholeGroups: 2, each: 4 };

async function manifests(): Promise<{ readonly plain: TaskManifest; readonly grouped: TaskManifest }> {
  const plain = parseManifest((await fetchContent(gateways, digestFromCid(long.manifest))).bytes);
  const groups = [
    { name: "sex", values: ["f", "m"] },
    { name: "ward", values: ["3"] },
  ];
  return { plain, grouped: { ...plain, model: { ...(plain.model as object), groups } } };
}

test("a score of the whole is rows that are right, of rows", async () => {
  const { plain } = await manifests();
  assert.deepEqual(sharesOf(PLAIN, plain, [72n, 80n]), [{ group: undefined, right: 18, rows: 20, share: 0.9 }]);
  assert.equal(sharesOf(PLAIN, plain, [0n, 0n])[0]?.share, undefined);
});

test("a score by group has the whole first, of the first column", async () => {
  const { grouped } = await manifests();
  const rows = [3n, 4n, 5n, 6n, 1n, 1n, 0n, 9n, 7n, 7n, 7n, 7n].map((count) => 8n * count);
  assert.deepEqual(sharesOf(GROUPED, grouped, rows), [
    { group: undefined, right: 9, rows: 20, share: 0.45 },
    { group: "sex: f", right: 8, rows: 10, share: 0.8 },
    { group: "sex: m", right: 1, rows: 10, share: 0.1 },
    { group: "ward: 3", right: 14, rows: 14, share: 1 },
  ]);
});

test("a composition has rows by class, of each group", async () => {
  const { plain, grouped } = await manifests();
  assert.deepEqual(compositionOf(PLAIN, plain, [4n, 12n]), [{ group: undefined, rows: [1, 3] }]);
  const counts = [1n, 2n, 3n, 4n, 5n, 6n].map((count) => 8n * count);
  assert.deepEqual(
    compositionOf(GROUPED, grouped, counts).map(({ rows }) => rows),
    [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
  );
});

test("numbers of another task's scores are refused", async () => {
  const { plain, grouped } = await manifests();
  for (const of of [
    () => sharesOf(PLAIN, plain, [4n]),
    () => sharesOf(PLAIN, grouped, [4n, 8n]),
    () => sharesOf({ ...PLAIN, amounts: true }, plain, [4n, 8n]),
    () => compositionOf(GROUPED, plain, [4n, 8n]),
    () => compositionOf(PLAIN, plain, [4n]),
  ]) {
    assert.throws(of, MalformedDocument);
  }
});

test("a task that is not open for scores has none", async () => {
  const where = { client, deployment, taskId: BigInt(long.id) };
  assert.equal(await readScoring(where), undefined);
  assert.deepEqual(await listCompositions({ ...where, limit: 10 }), []);
});
