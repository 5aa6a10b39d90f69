// Readers of the Lens and the registry: one call each, and what the contracts say.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  addresses,
  ChainUnavailable,
  cidFromDigest,
  deploymentOf,
  lensAbi,
  listModels,
  listRecords,
  listRounds,
  listTasks,
  modelRegistryAbi,
  NoContract,
  NotFound,
  parseAddresses,
  phaseOf,
  readAccount,
  readRecord,
  readTask,
  roundManagerAbi,
  taskManagerAbi,
  UnknownDeployment,
} from "@headwater/contracts";
import { createPublicClient, http, zeroHash } from "viem";
import { client, deployment, facts, long, short, tasks } from "./facts.js";
import { counting, serving } from "./servers.js";

const newest = [...tasks].sort((a, b) => b.id - a.id); // newest first
const taskId = BigInt(long.id);

test("tasks are listed newest first, with their latest models", async () => {
  const { tasks: found, total, ...block } = await listTasks({ client, deployment, limit: 10 });
  assert.deepEqual(
    block,
    await client.getBlock().then(({ number, timestamp }) => ({ blockNumber: number, timestamp })),
  );
  assert.equal(total, BigInt(newest.length));
  assert.deepEqual(
    found.map((task) => Number(task.taskId)),
    newest.map(({ id }) => id),
  );
  for (const [i, task] of newest.entries()) {
    const latest = task.models.findLast((model) => model !== null);
    assert.equal(found[i]?.model.modelHash, latest?.hash);
    assert.equal(cidFromDigest(found[i]?.manifest ?? "0x"), task.manifest);
    assert.equal(found[i]?.phase, task.rounds.at(-1)?.phase);
  }
});

test("pages follow one another without gap or overlap", async () => {
  const ids = [];
  for (let start: bigint | undefined, more = true; more; ) {
    const page = await listTasks({ client, deployment, limit: 2, ...(start && { start }) });
    ids.push(...page.tasks.map((task) => Number(task.taskId)));
    const last = page.tasks.at(-1)?.taskId ?? 0n;
    start = last - 1n;
    more = start > 0n;
  }
  assert.deepEqual(
    ids,
    newest.map(({ id }) => id),
  );
});

test("a task has its config, its state in words, and its block", async () => {
  const task = await readTask({ client, deployment, taskId });
  const { TaskManager, RoundManager } = deployment.contracts;
  const args = [taskId] as const;
  const [kept, state] = await Promise.all([
    client.readContract({ address: TaskManager, abi: taskManagerAbi, functionName: "getTask", args }),
    client.readContract({ address: RoundManager, abi: roundManagerAbi, functionName: "getState", args }),
  ]);
  assert.deepEqual([task.config, task.creator], [kept.config, kept.creator]);
  assert.deepEqual(task.state, { ...state, phase: phaseOf(state.phase) });
  assert.equal(task.state.phase, "Finalized");
  assert.equal(task.blockNumber, await client.getBlockNumber());
  assert.equal(task.timestamp, (await client.getBlock()).timestamp);
});

test("a task is read as of an older block", async () => {
  const [joined] = long.rounds[0]?.parts.map((part) => part.joined.block) ?? [];
  const task = await readTask({ client, deployment, taskId, blockNumber: BigInt(joined ?? 0) });
  assert.deepEqual([task.state.round, task.state.phase, task.state.joined], [1, "Join", 1]);
});

test("rounds are listed with what they made", async () => {
  for (const task of tasks) {
    const rounds = await listRounds({ client, deployment, taskId: BigInt(task.id), limit: 100 });
    assert.deepEqual(
      rounds.map(({ number }) => number),
      task.rounds.map(({ round }) => round),
    );
    assert.deepEqual(
      rounds.map(({ round }) => round.phase),
      task.rounds.map(({ phase }) => phase),
    );
    const made = rounds.map(({ number }) => task.models[number]?.hash ?? zeroHash);
    assert.deepEqual(
      rounds.map(({ modelHash }) => modelHash),
      made,
    );
  }
});

test("an account has its rewards by round", async () => {
  const [, trainer] = facts.accounts;
  assert(trainer);
  const screen = await readAccount({ client, deployment, taskId, account: trainer, limit: 10 });
  assert.equal(screen.rewards.length, long.rounds.length);
  assert.deepEqual(
    screen.rewards.map((wei) => wei > 0n),
    [false, true, false, true],
    "1 and 3 are collected",
  );
  assert.equal(screen.claimable > 0n, true);
});

test("models are listed with their records", async () => {
  const { models, total } = await listModels({ client, deployment, limit: 10 });
  assert.equal(total, BigInt(newest.length));
  for (const [i, task] of newest.entries()) {
    const latest = task.models.findLast((model) => model !== null);
    assert.deepEqual([models[i]?.modelHash, models[i]?.uri], [latest?.hash, `ipfs://${latest?.cid}`]);
  }
});

test("a record has its model's hash, CID, trainers and parent", async () => {
  const records = await listRecords({ client, deployment, taskId, limit: 100 });
  assert.equal(records.length, long.models.length);
  for (const [round, model] of long.models.entries()) {
    const record = await readRecord({ client, deployment, taskId, round });
    assert.deepEqual(record, records[round]);
    assert.deepEqual([record.modelHash, record.uri], [model?.hash, `ipfs://${model?.cid}`]);
    assert.deepEqual([record.trainers, record.aggregator], [model?.trainers, model?.aggregator]);
    assert.equal(record.parentHash, round ? long.models[round - 1]?.hash : zeroHash);
  }
});

test("every reader makes one request", async () => {
  const methods: string[] = [];
  await serving(counting(facts.rpc, methods), async (url) => {
    const counted = createPublicClient({ transport: http(url) });
    const where = { client: counted, deployment, taskId };
    await listTasks({ ...where, limit: 10 });
    await readTask(where);
    await listRounds({ ...where, limit: 10 });
    await listModels({ ...where, limit: 10 });
    await readRecord({ ...where, round: 1 });
    await listRecords({ ...where, limit: 10 });
    await readAccount({ ...where, account: deployment.contracts.Lens, limit: 1 });
  });
  assert.deepEqual(methods, new Array(7).fill("eth_call"));
});

test("what the chain does not know is not found", async () => {
  const where = { client, deployment, taskId: 99n };
  await assert.rejects(
    readTask(where),
    (error) => error instanceof NotFound && /no task 99 .UnknownTask/.test(error.message),
  );
  await assert.rejects(listRounds({ ...where, limit: 1 }), NotFound);
  await assert.rejects(readRecord({ ...where, round: 0 }), NotFound);
  await assert.rejects(readRecord({ client, deployment, taskId: BigInt(short.id), round: 1 }), /UnknownModel/);
});

test("where no contract stands, that is said", async () => {
  const contracts = { ...deployment.contracts, Lens: facts.accounts[9] ?? "0x" } as const;
  const elsewhere = { ...deployment, contracts };
  await assert.rejects(listTasks({ client, deployment: elsewhere, limit: 1 }), (error) => {
    assert(error instanceof NoContract);
    return error.code === "no-contract" && /is it this chain/.test(error.message);
  });
});

test("where another contract stands, that is said, too", async () => {
  const contracts = { ...deployment.contracts, Lens: deployment.contracts.StakeManager } as const;
  const elsewhere = { ...deployment, contracts };
  await assert.rejects(listTasks({ client, deployment: elsewhere, limit: 1 }), NoContract);
  await assert.rejects(readTask({ client, deployment: elsewhere, taskId }), NoContract);
});

test("a node that does not answer is unavailable", async () => {
  const dead = createPublicClient({ transport: http("http://127.0.0.1:9", { retryCount: 0 }) });
  await assert.rejects(readTask({ client: dead, deployment, taskId }), (error) => {
    assert(error instanceof ChainUnavailable);
    return error.code === "chain-unavailable" && error.cause !== undefined;
  });
});

test("a fresh local chain's deployment is known", () => {
  assert.deepEqual(deploymentOf(31337), deployment);
  const known = addresses[31337].contracts; // and libraries, which nobody calls
  assert.deepEqual({ ...known, ...deployment.contracts }, known);
});

test("an unknown chain's is not, and Object's own properties are no chains", () => {
  assert.throws(
    () => deploymentOf(1),
    (error) => error instanceof UnknownDeployment && /parseAddresses/.test(error.message),
  );
  assert.throws(() => deploymentOf("constructor" as never as number), UnknownDeployment);
});

test("one's own addresses are read, as text or value, and checked", () => {
  assert.deepEqual(parseAddresses(JSON.stringify(facts.addresses)), deployment);
  const { chainId, startBlock, contracts } = deployment;
  const table = { [chainId]: { ...contracts, startBlock } };
  assert.deepEqual(parseAddresses(table), deployment, "a table of one chain");
  assert.deepEqual(parseAddresses({ 1: {}, ...table }, chainId), deployment, "a chain of a table");
  assert.throws(() => parseAddresses({ 1: {}, ...table }), /2 chains, and none was named/);
  assert.throws(() => parseAddresses(table, 1), /no chain 1/);
  const right = facts.addresses as Record<string, unknown>;
  const wrongs = [
    null,
    "",
    "{}",
    { [chainId]: contracts },
    { [chainId]: { ...contracts, startBlock: "1" } },
    { first: { ...contracts, startBlock } },
    [],
    { ...right, chainId: "31337" },
    { ...right, startBlock: -1 },
    { ...right, contracts: {} },
    { ...right, contracts: { ...deployment.contracts, Lens: "0x12" } },
    { ...right, contracts: { ...deployment.contracts, Lens: undefined } },
  ];
  for (const wrong of wrongs) assert.throws(() => parseAddresses(wrong), UnknownDeployment, JSON.stringify(wrong));
});

test("ABIs are complete", () => {
  assert(lensAbi.some((entry) => "name" in entry && entry.name === "getTasks"));
  assert(modelRegistryAbi.some((entry) => "name" in entry && entry.name === "ModelAdded"));
});
