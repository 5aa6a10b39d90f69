// Watching: told at once, after each new block, of failures and of recovery; and never after stopping.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ChainUnavailable, type HeadwaterError, type TaskScreen, watchTask } from "@headwater/contracts";
import { createPublicClient, createTestClient, http } from "viem";
import { client, deployment, facts, plain } from "./facts.js";
import { counting, serving } from "./servers.js";

const taskId = BigInt(plain.id);
const chain = createTestClient({ mode: "anvil", transport: http(facts.rpc) });

/** What was told, and a way to wait for more of it. */
class Told<T> {
  readonly all: T[] = [];
  #waiting: (() => void)[] = [];

  readonly tell = (value: T): void => {
    this.all.push(value);
    for (const go of this.#waiting.splice(0)) go();
  };

  async until(count: number): Promise<void> {
    while (this.all.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

test("a task is told at once, and again with each new block only", async () => {
  const tasks = new Told<TaskScreen>();
  const methods: string[] = [];
  await serving(counting(facts.rpc, methods), async (url) => {
    const counted = createPublicClient({ transport: http(url) });
    const watching = { client: counted, deployment, taskId, onTask: tasks.tell, onError: assert.ifError, interval: 20 };
    const stop = watchTask(watching);
    await tasks.until(1);
    await chain.mine({ blocks: 1 });
    await tasks.until(2);
    stop();
  });
  const [first, second] = tasks.all;
  assert(first && second);
  assert.equal(second.blockNumber, first.blockNumber + 1n);
  assert.equal(tasks.all.length, 2);
  assert.deepEqual(new Set(methods), new Set(["eth_call"]), "nothing else is asked");
});

test("a node that fails is told, and that it answers again", async () => {
  const tasks = new Told<TaskScreen>();
  const errors = new Told<HeadwaterError>();
  let failing = true;
  await serving(
    (request, response) => {
      if (failing) response.writeHead(500).end();
      else counting(facts.rpc, [])(request, response);
    },
    async (url) => {
      const shaky = createPublicClient({ transport: http(url, { retryCount: 0 }) });
      const stop = watchTask({
        client: shaky,
        deployment,
        taskId,
        onTask: tasks.tell,
        onError: errors.tell,
        interval: 10,
      });
      await errors.until(2);
      failing = false;
      await tasks.until(1);
      stop();
    },
  );
  assert(errors.all.every((error) => error instanceof ChainUnavailable));
});

test("who stopped is told nothing more", async () => {
  const tasks = new Told<TaskScreen>();
  const stop = watchTask({ client, deployment, taskId, onTask: tasks.tell, onError: assert.ifError, interval: 10 });
  stop();
  const later = new Told<TaskScreen>();
  const other = watchTask({ client, deployment, taskId, onTask: later.tell, onError: assert.ifError, interval: 10 });
  await chain.mine({ blocks: 1 });
  await later.until(1);
  other();
  assert.deepEqual(tasks.all, []);
});

test("a task that there is not is an error, not a silence", async () => {
  const errors = new Told<HeadwaterError>();
  const stop = watchTask({
    client,
    deployment,
    taskId: 99n,
    onTask: () => assert.fail("there is no such task"),
    onError: errors.tell,
    interval: 10,
  });
  await errors.until(1);
  stop();
  assert.equal(errors.all[0]?.code, "not-found");
});
