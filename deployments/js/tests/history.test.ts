// A task's history and lineage, from one log query, as the node tells them.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ChainUnavailable,
  hashPoint,
  historyOf,
  lineageOf,
  type ModelOf,
  NotFound,
  Outcome,
  outcomeOf,
  type Parent,
  type Place,
  readHistory,
  readLineage,
  readLogs,
  readParents,
  readRound,
  readTask,
  startOf,
  type TaskEvent,
  trainerRegistryAbi,
} from "@headwater/contracts";
import { type Address, createPublicClient, type Hex, http, pad, zeroHash } from "viem";
import {
  client,
  deployment,
  facts,
  long,
  merged,
  only,
  type PlaceFacts,
  plain,
  short,
  tasks,
  warm,
  withheld,
} from "./facts.js";
import { answering, counting, limited, type Refusal, serving } from "./servers.js";

const taskId = BigInt(long.id);
const history = await readHistory({ client, deployment, taskId });

function placed(place: Place | undefined): PlaceFacts | null {
  return place ? { block: Number(place.block), transaction: place.transaction, logIndex: place.logIndex } : null;
}

function parentOf({ taskId, round, coefficient }: Parent): (typeof merged.parents)[number] {
  return { taskId: String(taskId), round, coefficient: String(coefficient) };
}

for (const task of tasks) {
  test(`the rounds of task ${task.id} went as the node says`, async () => {
    const found = await readHistory({ client, deployment, taskId: BigInt(task.id) });
    const rounds = found.rounds.map((round) => ({
      round: round.round,
      phase: round.phase,
      phases: round.phases.map(({ to }) => to),
      attempts: round.attempts.map(({ members, seedBlock, seed }) => ({
        members,
        seedBlock: String(seedBlock),
        seed: seed ?? null,
      })),
      averages: round.averages.map((average) => ({ ...placed(average), aggregator: average.aggregator })),
      revoked: round.revoked.map((event) => ({ ...placed(event), slashed: String(event.slashed) })),
      averaged: round.averaged,
      counted: round.counted,
      parts: round.parts.map((part) => ({
        trainer: part.trainer,
        joined: placed(part.joined),
        submitted: part.submitted ? { ...placed(part.submitted), dataHashes: part.submitted.dataHashes } : null,
        masked: part.masked.map((event) => ({ ...placed(event), attempt: event.attempt })),
        accused: placed(part.accused),
        acquitted: placed(part.acquitted),
        convicted: part.convicted
          ? { ...placed(part.convicted), payee: part.convicted.payee ?? null, owed: String(part.convicted.owed) }
          : null,
        slashed: part.slashed ? { fault: part.slashed.fault, amount: String(part.slashed.amount) } : null,
        rewarded: part.rewarded ? String(part.rewarded.amount) : null,
      })),
    }));
    assert.deepEqual(rounds, task.rounds);
    assert.equal(found.withheld && String(found.withheld.slashed), task.withheld ?? undefined);
    const data = found.data.map((each) => [
      each.dataHash,
      { ...placed(each), trainer: each.trainer, round: each.round },
    ]);
    assert.deepEqual(Object.fromEntries(data), task.data);
    assert(found.data.every(({ commitment, dataHash }) => hashPoint(commitment) === dataHash));
    const parents = (found.origin?.parents ?? []).map(parentOf);
    assert.deepEqual([parents, String(found.origin?.divisor ?? 0n)], [task.parents, task.divisor]);
  });

  test(`everybody's outcome in task ${task.id} is the node's`, async () => {
    const found = await readHistory({ client, deployment, taskId: BigInt(task.id) });
    assert(task.outcomes.length > 0);
    for (const { round, account, outcome } of task.outcomes) {
      assert.equal(outcomeOf(found, round, account), outcome, `${account} in round ${round}`);
    }
  });
}

test("the story has what is to be told: a drop-out, a slash, a revoked average, and every end", () => {
  const outcomes = new Set(tasks.flatMap((task) => task.outcomes.map(({ outcome }) => outcome)));
  const wanted = [
    Outcome.COUNTED,
    Outcome.RUNNING,
    Outcome.NOT_ENROLLED,
    Outcome.NOT_JOINED,
    Outcome.NOT_SUBMITTED,
    Outcome.NOT_MASKED,
    Outcome.CONVICTED,
    Outcome.SKIPPED,
    Outcome.TOO_FEW_UPDATES,
    Outcome.FIRST_MODEL_WITHHELD,
  ];
  for (const outcome of wanted) assert(outcomes.has(outcome), outcome);
  assert(history.rounds.some(({ revoked }) => revoked.length));
  assert(history.rounds.some(({ parts }) => parts.some(({ slashed }) => slashed?.fault)));
});

test("a round that has not started has no outcome", () => {
  assert.throws(() => outcomeOf(history, 9, facts.accounts[1] ?? "0x"), NotFound);
  assert.throws(() => historyOf(99n, []), NotFound);
});

test("history and lineage are one log query each", async () => {
  const methods: string[] = [];
  await serving(counting(facts.rpc, methods), async (url) => {
    const counted = createPublicClient({ transport: http(url) });
    assert.deepEqual(await readHistory({ client: counted, deployment, taskId }), history);
    await readLineage({ client: counted, deployment, taskId });
  });
  assert.deepEqual(methods, ["eth_getLogs", "eth_getLogs"]);
});

const refusals: Record<string, Refusal> = {
  "more blocks": (id) => [200, error(id, -32602, "query exceeds max block range 20")],
  "more logs": (id) => [200, error(id, -32005, "query returned more than 10000 results")],
  "more bytes": (id) => [200, error(id, -32008, "Response size exceeded")],
  "a longer question, by HTTP": () => [413, "Request Entity Too Large"],
  "more than viem reads": (id) => [200, `{"jsonrpc":"2.0","id":${id},"result":[${" ".repeat(11 * 2 ** 20)}]}`],
};
const error = (id: number, code: number, message: string) =>
  JSON.stringify({ jsonrpc: "2.0", id, error: { code, message } });

for (const [what, refuse] of Object.entries(refusals)) {
  test(`a history from a node that answers not ${what} is the same, also of one round`, async () => {
    const answered: [number, number][] = [];
    await serving(limited(facts.rpc, 20, refuse, answered), async (url) => {
      const limited = createPublicClient({ transport: http(url) });
      assert.deepEqual(await readHistory({ client: limited, deployment, taskId }), history);
      for (const round of history.rounds) {
        const found = await readRound({ client: limited, deployment, taskId, round: round.round, later: true });
        assert.deepEqual(found, round);
      }
    });
    const start = await startOf({ client, deployment, taskId });
    assert(answered.every(([first]) => first >= start));
    assert(answered.every(([first, last]) => last - first < 20));
  });
}

test("a node that is asked too often is not asked for less", async () => {
  const answered: [number, number][] = [];
  const tired: Refusal = (id) => [200, error(id, 429, "Your app has exceeded its compute units per second capacity")];
  await serving(limited(facts.rpc, 1, tired, answered), async (url) => {
    const client = createPublicClient({ transport: http(url, { retryCount: 0 }) });
    await assert.rejects(readHistory({ client, deployment, taskId }), ChainUnavailable);
  });
  assert.deepEqual(answered, []);
});

test("a history of many queries, or of events in any order, is the same", async () => {
  assert.deepEqual(await readHistory({ client, deployment, taskId, span: 7 }), history);
  const events = await readLogs({ client, deployment });
  assert.deepEqual(historyOf(taskId, events.reverse()), history);
});

test("events are read from a block and up to one", async () => {
  const [middle] = history.rounds[1]?.phases ?? [];
  assert(middle);
  const before = await readLogs({ client, deployment, taskId, toBlock: middle.block - 1n });
  const after = await readLogs({ client, deployment, taskId, fromBlock: middle.block });
  assert.deepEqual(historyOf(taskId, [...before, ...after]), history);
  assert.equal(historyOf(taskId, before).rounds.length, 1);
});

test("a lineage leads back to the first model, with all data and proofs", async () => {
  const { generations: lineage } = await readLineage({ client, deployment, taskId });
  assert.deepEqual(
    lineage.map(({ round }) => round),
    [4, 3, 2, 1, 0],
  );
  assert(lineage.every((model) => model.taskId === taskId));
  for (const generation of lineage) {
    const model = long.models[generation.round];
    assert.deepEqual([generation.modelHash, generation.contributions.length], [model?.hash, model?.trainers]);
    assert.equal(generation.parentHash, generation.round ? long.models[generation.parent]?.hash : zeroHash);
    const round = long.rounds[generation.round - 1];
    for (const { trainer, data, proof } of generation.contributions) {
      const { submitted } = only(round?.parts ?? [], (each) => each.trainer === trainer);
      assert(submitted);
      const { dataHashes, ...place } = submitted;
      assert.deepEqual(placed(proof), place);
      assert(data.length > 0);
      assert.deepEqual(
        data.map(({ dataHash }) => dataHash),
        dataHashes,
      );
      for (const { dataHash } of data) assert.equal(await ownerOf(dataHash), trainer);
    }
    const last = round?.averages.at(-1);
    assert.equal(generation.aggregated?.transaction, last?.transaction, "not of an average that was revoked");
  }
});

async function ownerOf(dataHash: Hex): Promise<Address> {
  const { owner } = await client.readContract({
    address: deployment.contracts.TrainerRegistry,
    abi: trainerRegistryAbi,
    functionName: "getData",
    args: [taskId, dataHash],
  });
  return owner;
}

test("a lineage leads on into the tasks of a first model's parents, and has no model twice", async () => {
  const { generations: lineage } = await readLineage({ client, deployment, taskId: BigInt(merged.id) });
  const made = lineage.map((model) => [Number(model.taskId), model.round, model.modelHash]);
  const past = [4, 3, 2, 1, 0].map((round) => [long.id, round, long.models[round]?.hash]);
  assert.deepEqual(made, [[merged.id, 0, merged.models[0]?.hash], [warm.id, 0, warm.models[0]?.hash], ...past]);
  const [merge, start, ...trained] = lineage;
  assert.deepEqual([merge?.parents.map(parentOf), String(merge?.divisor)], [merged.parents, merged.divisor]);
  assert.deepEqual([start?.parents.map(parentOf), start?.divisor], [warm.parents, 1n]);
  assert.deepEqual(
    trained.map(({ parents }) => parents.map(({ round }) => round)),
    [[3], [2], [1], [0], []],
  );
  assert.deepEqual([start?.contributions, trained.at(-1)?.divisor], [[], 0n]);
});

test("a lineage costs one log query a task, and no more tasks are read than are wanted", async () => {
  const read = async (most?: number): Promise<[number, number[]]> => {
    const methods: string[] = [];
    const ids = await serving(counting(facts.rpc, methods), async (url) => {
      const counted = createPublicClient({ transport: http(url) });
      const found = await readLineage({
        client: counted,
        deployment,
        taskId: BigInt(merged.id),
        ...(most && { most }),
      });
      assert.equal(found.beyond.length > 0, most !== undefined, "it says that it did not read all");
      return [...new Set(found.generations.map((model) => Number(model.taskId)))];
    });
    return [methods.filter((method) => method === "eth_getLogs").length, ids];
  };
  assert.deepEqual(await read(), [3, [merged.id, warm.id, long.id]]);
  assert.deepEqual(await read(2), [2, [merged.id, long.id]], "the nearest, in the order of parents");
  assert.deepEqual(await read(1), [1, [merged.id]]);
});

test("the data that a model rests on are those that the node finds, over all ancestors", async () => {
  for (const { id, rests } of [long, merged, warm, short, plain]) {
    const { data, leftOut, beyond } = await readLineage({ client, deployment, taskId: BigInt(id) });
    assert.deepEqual(data.map(usedOf), rests.data, `task ${id}`);
    assert.deepEqual(leftOut.map(usedOf), rests.leftOut);
    assert.deepEqual(beyond, []);
  }
  const { data, unproved } = await readLineage({ client, deployment, taskId: BigInt(merged.id) });
  assert.deepEqual(unproved, [], "all from zeros");
  const other = await readLineage({ client, deployment, taskId: BigInt(withheld.id) });
  assert.deepEqual(other.unproved, [{ taskId: BigInt(withheld.id), round: 0 }]);
  assert.equal(data.length, 3, "of the task that it was merged from");
  const liar = only(long.rounds[2]?.parts ?? [], ({ convicted }) => convicted !== null).trainer;
  assert(!data.some(({ trainer }) => trainer === liar), "it was left out of the average");
  const before = await readLineage({ client, deployment, taskId, round: 0 });
  assert.deepEqual(before.data, []);
  assert.deepEqual(
    new Set(before.leftOut.map(({ trainer }) => trainer)),
    new Set(data.map(({ trainer }) => trainer)),
    "what came later is not in it",
  );
});

const usedOf = ({ trainer, models, ...of }: { trainer: Address; models: readonly ModelOf[]; dataHash?: Hex }) => ({
  trainer,
  ...(of.dataHash && { dataHash: of.dataHash }),
  models: models.map(({ taskId, round }) => [Number(taskId), round]),
});

test("a node that leaves out that somebody masked is not believed", async () => {
  const events = await readLogs({ client, deployment, taskId });
  for (const name of ["Masked", "Submitted", "DataRegistered"]) {
    const left = events.find(({ eventName }) => eventName === name);
    const history = historyOf(
      taskId,
      events.filter((event) => event !== left),
    );
    assert.throws(() => lineageOf(history), ChainUnavailable, name);
  }
});

test("a node that leaves out a claim is not believed", async () => {
  const events = await readLogs({ client, deployment, taskId });
  const submitted = events.find(({ eventName }) => eventName === "Submitted");
  assert(submitted?.eventName === "Submitted");
  const { round, trainer, update } = submitted.args;
  const claim = (first: bigint, logIndex: number, end = update): TaskEvent => {
    const links = [{ dataHash: pad("0x1"), update: end, cid: pad("0x2") }];
    const args = { taskId, round, trainer, first, links };
    return { ...submitted, logIndex, eventName: "LinksClaimed", args } as TaskEvent;
  };
  const told = (...claims: readonly TaskEvent[]) => {
    const last = { ...submitted, args: { ...submitted.args, dataHashes: [] } };
    return historyOf(taskId, [...events.filter((event) => event !== submitted), ...claims, last]);
  };
  const [before, later] = [submitted.logIndex - 0.5, submitted.logIndex - 0.25];
  const elsewhere = { x: update.x + 1n, y: update.y };
  const whole = told(claim(0n, before, elsewhere), claim(1n, later));
  const part = whole.rounds[Number(round) - 1]?.parts.find((each) => each.trainer === trainer);
  assert.equal(part?.submitted?.dataHashes.length, 2);
  for (const lacking of [[], [claim(1n, later)], [claim(0n, before, elsewhere)]]) {
    assert.throws(() => told(...lacking), ChainUnavailable);
  }
});

test("a node that tells of circles is not followed round them", async () => {
  const own = await readHistory({ client, deployment, taskId: BigInt(merged.id) });
  const [first] = own.models;
  assert(first);
  const turned = {
    ...own,
    models: [
      { ...first, round: 1, parent: 2 },
      { ...first, round: 2, parent: 2 },
    ],
  };
  assert.deepEqual(
    lineageOf(turned, 2).map(({ round }) => round),
    [2],
  );
  assert.deepEqual(
    lineageOf(turned, 1).map(({ round }) => round),
    [1],
  );
});

test("parents are read in one call, of first models and of those that rounds made", async () => {
  const of = async (id: number, round: number) => {
    const { parents, divisor } = await readParents({ client, deployment, taskId: BigInt(id), round });
    return [parents.map(parentOf), String(divisor)];
  };
  assert.deepEqual(await of(merged.id, 0), [merged.parents, merged.divisor]);
  assert.deepEqual(await of(long.id, 4), [[{ taskId: String(long.id), round: 3, coefficient: "1" }], "1"]);
  assert.deepEqual(await of(long.id, 0), [[], "0"]);
  await assert.rejects(of(short.id, 1), NotFound);
  const { parents, divisor } = await readTask({ client, deployment, taskId: BigInt(merged.id) });
  assert.deepEqual([parents.map(parentOf), String(divisor)], [merged.parents, merged.divisor], "also on its screen");
});

test("a lineage starts from any model, and from none that was not made", async () => {
  assert.deepEqual(
    lineageOf(history, 2).map(({ round }) => round),
    [2, 1, 0],
  );
  const other = await readHistory({ client, deployment, taskId: BigInt(short.id) });
  assert.throws(() => lineageOf(other, 1), NotFound);
  assert.deepEqual(
    lineageOf(other).map(({ round }) => round),
    [0],
  );
});

test("a node that answers what are no events is unavailable", async () => {
  for (const result of [null, {}, "0x", [null], [{}], [{ topics: [], data: "0x", blockNumber: "abc" }]]) {
    const answer = new TextEncoder().encode(JSON.stringify({ jsonrpc: "2.0", id: 1, result }));
    await serving(answering(answer), async (url) => {
      const odd = createPublicClient({ transport: http(url, { retryCount: 0 }) });
      await assert.rejects(readHistory({ client: odd, deployment, taskId }), ChainUnavailable, JSON.stringify(result));
    });
  }
});

test("a span that is no number of blocks is refused", async () => {
  for (const span of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    await assert.rejects(readLogs({ client, deployment, span }), RangeError);
  }
});

test("a node that does not answer is unavailable", async () => {
  const dead = createPublicClient({ transport: http("http://127.0.0.1:9", { retryCount: 0 }) });
  await assert.rejects(readHistory({ client: dead, deployment, taskId }), ChainUnavailable);
});
