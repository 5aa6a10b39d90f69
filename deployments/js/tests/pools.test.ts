// Pools of rows: who is in, who was, and that it adds up.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ChainUnavailable, poolStateOf, readPool, readPooledOf, readPools } from "@headwater/contracts";
import { createPublicClient, http } from "viem";
import { client, deployment, facts, plain, pooled } from "./facts.js";
import { lying, serving } from "./servers.js";

const taskId = BigInt(pooled.id);
const point = ([x, y]: readonly [string, string]) => ({ x: BigInt(x), y: BigInt(y) });

const expected = facts.pools.map(({ poolId, taskId: task, contributors, gone, closed, ...terms }) => ({
  ...terms,
  poolId: BigInt(poolId),
  taskId: BigInt(task),
  contributors: contributors.map((each) => ({ ...each, commitment: point(each.commitment) })),
  gone: gone.map(({ reason, ...each }) => ({ ...each, ...(reason && { reason }) })),
  ...(closed && { closed: { ...closed, pooled: point(closed.pooled), blinding: point(closed.blinding) } }),
}));

test("a task's pools are what the node says they are", async () => {
  assert.deepEqual(await readPools({ client, deployment, taskId }), expected);
  assert.deepEqual(await readPools({ client, deployment, taskId: BigInt(plain.id) }), []);
  const [first, second] = expected;
  assert.equal(first?.contributors.length, 2);
  assert.equal(first?.gone.length, 2);
  assert.equal(second?.closed, undefined);
});

test("one pool is found by its id, and by the hash of the data that it became", async () => {
  const [first] = expected;
  assert.deepEqual(await readPool({ client, deployment, taskId, poolId: 1n }), first);
  assert.equal(await readPool({ client, deployment, taskId, poolId: 9n }), undefined);
  const dataHash = first?.closed?.dataHash ?? "0x";
  assert.equal(await readPooledOf({ client, deployment, taskId, dataHash }), 1n);
  assert.equal(await readPooledOf({ client, deployment, taskId: BigInt(plain.id), dataHash }), undefined);
  const owned = Object.entries(pooled.data).find(([hash]) => hash === dataHash);
  assert.equal(owned?.[1].trainer, first?.owner); // and so a reader finds it from a lineage
});

test("a node that hides or changes a contribution is not believed", async () => {
  const [one, other] = facts.pools[0]?.contributors ?? [];
  const word = (value: string | undefined) =>
    BigInt(value ?? 0)
      .toString(16)
      .padStart(64, "0");
  const topics = (poolId: number) => `"0x${word(String(poolId))}","0x${word(one?.contributor)}"`;
  const lies = [
    [word(one?.commitment[0]) + word(one?.commitment[1]), word(other?.commitment[0]) + word(other?.commitment[1])],
    [topics(1), topics(7)], // its row is said to be in another pool
  ] as const;
  for (const [text, instead] of lies) {
    await serving(lying(facts.rpc, text, instead), async (url) => {
      const liar = createPublicClient({ transport: http(url, { retryCount: 0 }) });
      await assert.rejects(readPools({ client: liar, deployment, taskId }), ChainUnavailable);
    });
  }
});

test("a pool is open, then frozen, then expired, unless it was closed", () => {
  const pool = { closesAt: 100, expiresAt: 200 };
  assert.deepEqual(
    [99, 100, 199, 200].map((now) => poolStateOf(pool, now)),
    ["open", "frozen", "frozen", "expired"],
  );
  const closed = expected[0]?.closed;
  assert.equal(closed && poolStateOf({ ...pool, closed }, 50), "closed");
});
