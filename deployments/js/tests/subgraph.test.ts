// The subgraph: its manifest names the contracts' events, and its handlers make of a task's events what the node says.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import {
  addresses,
  challengeManagerAbi,
  digestFromCid,
  modelRegistryAbi,
  readHistory,
  readTask,
  stakeManagerAbi,
  taskManagerAbi,
} from "@headwater/contracts";
import { build } from "esbuild";
import { type Abi, type AbiEvent, type AbiParameter, hexToBytes, parseEventLogs, toHex } from "viem";
import { client, deployment, facts, long, only, type PlaceFacts, short, tasks } from "./facts.js";
import { Address, Bytes, BigInt as GraphInt } from "./subgraph/graph-ts.js";
import { Store } from "./subgraph/store.js";

const FOLDER = new URL("../../../subgraph/", import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, FOLDER), "utf8");
const abis: Record<string, Abi> = {
  TaskManager: taskManagerAbi,
  ModelRegistry: modelRegistryAbi,
  ChallengeManager: challengeManagerAbi,
  StakeManager: stakeManagerAbi,
};
/** Events that change nothing that the schema has, and what of it others tell. */
const IGNORED = new Set([
  "TaskManager.Settled", // TrainerSlashed tells what it cost
  "TaskManager.ModelAcquitted", // BondReturned
  "ModelRegistry.ContractURIUpdated", // never emitted
  "TaskManager.ContractURIUpdated",
  "ChallengeManager.MaskOpened",
  "ChallengeManager.ModelOpened",
  "ChallengeManager.UpdateOpened",
  "StakeManager.Bonded", // Challenged
  "StakeManager.Escrowed", // TaskCreated
  "StakeManager.EscrowBurnt", // FirstModelWithheld
]);

interface Source {
  readonly name: string;
  readonly address: string;
  readonly file: string;
  readonly handlers: readonly (readonly [event: string, handler: string])[];
}

const sources: readonly Source[] = read("subgraph.yaml")
  .split("  - kind: ethereum\n")
  .slice(1)
  .map((block) => ({
    name: /name: (\w+)/.exec(block)?.[1] ?? "",
    address: /address: "(0x\w+)"/.exec(block)?.[1] ?? "",
    file: /file: \.\/(src\/\w+\.ts)/.exec(block)?.[1] ?? "",
    handlers: [...block.matchAll(/- event: (\S.*)\n\s+handler: (\w+)/g)].map(([, event = "", handler = ""]) => [
      event,
      handler,
    ]),
  }));

function typeOf(parameter: AbiParameter): string {
  if (!("components" in parameter)) return parameter.type;
  return `(${parameter.components.map(typeOf).join(",")})${parameter.type.slice("tuple".length)}`;
}

function signature(event: AbiEvent): string {
  return `${event.name}(${event.inputs.map((i) => `${i.indexed ? "indexed " : ""}${typeOf(i)}`).join(",")})`;
}

function eventsOf(abi: Abi): AbiEvent[] {
  return abi.filter((entry) => entry.type === "event");
}

test("the manifest handles every event that tells something new, by its signature", () => {
  assert.deepEqual(sources.map(({ name }) => name).sort(), Object.keys(abis).sort());
  for (const { name, handlers } of sources) {
    const wanted = eventsOf(abis[name] ?? []).filter((event) => !IGNORED.has(`${name}.${event.name}`));
    assert.deepEqual(handlers.map(([event]) => event).sort(), wanted.map(signature).sort());
    for (const [event, handler] of handlers) assert.equal(handler, `handle${event.split("(")[0]}`);
  }
});

test("the manifest's addresses are a fresh local chain's", () => {
  for (const { name, address } of sources) {
    assert.equal(address, addresses[31337].contracts[name as keyof (typeof addresses)[31337]["contracts"]]);
  }
});

/** A value of an event as graph-node gives it to a handler. */
function graphValue(parameter: AbiParameter, value: unknown): unknown {
  if ("components" in parameter && parameter.type === "tuple") {
    return named(parameter.components, value as Record<string, unknown>);
  }
  if (parameter.type.endsWith("[]")) {
    const entry = { ...parameter, type: parameter.type.slice(0, -2) };
    return (value as unknown[]).map((each) => graphValue(entry, each));
  }
  if (parameter.type === "address") return new Address(hexToBytes(value as `0x${string}`));
  if (parameter.type.startsWith("bytes")) return new Bytes(hexToBytes(value as `0x${string}`));
  const bits = Number(/^uint(\d+)$/.exec(parameter.type)?.[1] ?? 0);
  if (!bits) return value;
  return bits <= 24 ? Number(value) : GraphInt.of_(BigInt(value as bigint));
}

function named(parameters: readonly AbiParameter[], values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(parameters.map((each) => [each.name, graphValue(each, values[each.name ?? ""])]));
}

/** What the handlers make of all events of the chain, or of those up to a block. */
async function index(toBlock?: bigint): Promise<Store> {
  const store = new Store(read("schema.graphql"));
  Object.assign(globalThis, { entities: store.classes() });
  const handlers = await compiled(Object.keys(store.classes()));
  const address = sources.map((source) => source.address as `0x${string}`);
  const logs = await client.getLogs({ address, fromBlock: 0n, ...(toBlock && { toBlock }) });
  for (const log of logs) {
    const source = only(sources, ({ address }) => address.toLowerCase() === log.address.toLowerCase());
    const abi = abis[source.name] ?? [];
    const event = only(parseEventLogs({ abi, logs: [log] }));
    const entry = only(eventsOf(abi), ({ name }) => name === event.eventName);
    const handler = handlers[`handle${event.eventName}`];
    if (!handler) continue;
    const { timestamp } = await client.getBlock({ blockNumber: log.blockNumber });
    handler({
      params: named(entry.inputs, event.args as unknown as Record<string, unknown>),
      block: { timestamp: GraphInt.of_(timestamp), number: GraphInt.of_(log.blockNumber) },
      transaction: { hash: new Bytes(hexToBytes(log.transactionHash)) },
      logIndex: GraphInt.of_(BigInt(log.logIndex)),
    });
  }
  return store;
}

/** The handlers, as JavaScript: the same source that graph-cli compiles. */
async function compiled(entities: readonly string[]): Promise<Record<string, (event: unknown) => void>> {
  const outfile = join(mkdtempSync(join(tmpdir(), "subgraph-")), "handlers.mjs");
  await build({
    stdin: {
      contents: sources.map(({ file }) => `export * from "./${file}";`).join("\n"),
      resolveDir: FOLDER.pathname,
      loader: "ts",
    },
    bundle: true,
    format: "esm",
    outfile,
    tsconfigRaw: {},
    alias: { "@graphprotocol/graph-ts": new URL("subgraph/graph-ts.js", import.meta.url).pathname },
    nodePaths: [new URL("../../node_modules", import.meta.url).pathname],
    plugins: [
      {
        name: "generated",
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /generated\/schema$/ }, () => ({ path: "schema", namespace: "generated" }));
          onResolve({ filter: /generated\// }, ({ path }) => ({ path, namespace: "generated" }));
          onLoad({ filter: /^schema$/, namespace: "generated" }, () => ({
            contents: entities.map((name) => `export const ${name} = globalThis.entities.${name};`).join("\n"),
          }));
          onLoad({ filter: /./, namespace: "generated" }, () => ({ contents: "export {}" })); // only types
        },
      },
    ],
  });
  return (await import(pathToFileURL(outfile).href)) as Record<string, (event: unknown) => void>;
}

const store = await index();
const hex = (value: unknown): string => toHex(value as Uint8Array);
const transaction = (place: PlaceFacts | null): string | undefined => place?.transaction;

test("tasks are where they are on chain", () => {
  for (const task of tasks) {
    const entity = store.get("Task", String(task.id));
    const last = task.rounds.at(-1);
    assert.deepEqual([entity["round"], entity["phase"]], [last?.round, last?.phase]);
    assert.deepEqual([hex(entity["manifest"]), entity["dimension"]], [digestFromCid(task.manifest), task.dimension]);
  }
});

test("an accusation moves a task's deadline, in the index as on chain", async () => {
  const { rounds } = await readHistory({ client, deployment, taskId: BigInt(long.id) });
  const accused = rounds.flatMap(({ parts, demands }) => [
    ...parts.flatMap((part) => part.accused ?? []),
    ...parts.flatMap((part) => part.acquitted ?? part.convicted ?? []),
    ...demands,
  ]);
  assert(accused.length > 3, "accused, acquitted, convicted, and a model's bytes demanded");
  for (const { block } of accused) {
    const then = (await index(block)).get("Task", String(long.id));
    const { state } = await readTask({ client, deployment, taskId: BigInt(long.id), blockNumber: block });
    assert.deepEqual([then["phase"], String(then["deadline"])], [state.phase, String(state.deadline)]);
  }
});

for (const task of [long, short]) {
  test(`the rounds of task ${task.id} have the node's parts, attempts and averages`, () => {
    for (const round of task.rounds) {
      const id = `${task.id}-${round.round}`;
      const entity = store.get("Round", id);
      assert.deepEqual([entity["phase"], entity["attempts"]], [round.phase, round.attempts.length]);
      assert.equal(entity["members"], round.attempts.at(-1) ?? 0);
      const parts = store.all("Part").filter((part) => part["round"] === id);
      assert.deepEqual(
        parts.map((part) => hex(part["trainer"])),
        round.parts.map((p) => p.trainer.toLowerCase()),
      );
      for (const [i, part] of round.parts.entries()) {
        const found = parts[i] ?? {};
        assert.equal(found["counted"], round.counted.includes(part.trainer));
        assert.equal(found["convicted"], part.convicted !== null);
        assert.equal(found["attempt"], part.masked.at(-1)?.attempt ?? 0);
        assert.equal(found["slashed"]?.toString(), part.slashed?.amount);
        assert.equal(found["rewarded"]?.toString(), part.rewarded ?? undefined);
        assert.equal(found["submittedIn"] && hex(found["submittedIn"]), transaction(part.submitted));
        const enrolment = store.get("Enrolment", String(found["enrolment"]));
        assert.equal(hex(enrolment["enrolledIn"]), task.enrolled[part.trainer]?.[0]?.transaction);
      }
      const averages = store.all("Average").filter((average) => average["round"] === id);
      assert.deepEqual(
        averages.map((average) => hex(average["aggregatedIn"])),
        round.averages.map(transaction),
      );
      assert.equal(averages.filter((average) => average["revoked"]).length, round.revoked.length);
    }
  });

  test(`the models of task ${task.id} are the registry's, each with its parent and average`, () => {
    const entities = store.all("Model").filter((model) => model["task"] === String(task.id));
    const models = task.models.filter((model) => model !== null);
    assert.deepEqual(
      entities.map((model) => hex(model["modelHash"])),
      models.map(({ hash }) => hash),
    );
    for (const [i, model] of models.entries()) {
      const entity = entities[i] ?? {};
      assert.equal(hex(entity["cid"]), digestFromCid(model.cid));
      assert.equal(entity["parent"], entities[i - 1]?.["id"]);
      if (model.round) {
        const average = store.get("Average", String(entity["average"]));
        assert.deepEqual([hex(average["modelHash"]), average["revoked"]], [model.hash, false]);
      }
    }
  });
}

test("every slash is there, with what it was for", () => {
  const rounds = tasks.flatMap((task) => task.rounds);
  const trainers = rounds.flatMap(({ parts }) => parts.flatMap(({ slashed }) => slashed ?? []));
  const wanted = [
    ...trainers.map(({ fault, amount }) => [fault ? "Fault" : "Absence", amount]),
    ...rounds.flatMap(({ revoked }) => revoked.map(({ slashed }) => ["Average", slashed])),
    ...tasks.flatMap(({ withheld }) => (withheld ? [["FirstModel", withheld]] : [])),
  ];
  const found = store.all("Slash").map((slash) => [slash["kind"], String(slash["amount"])]);
  assert.deepEqual(found.sort(), wanted.sort());
  assert(wanted.length > 2);
});

test("challenges are there, and to whom their bonds went", async () => {
  const challenges = store.all("Challenge");
  const count = await client.readContract({
    address: deployment.contracts.ChallengeManager,
    abi: challengeManagerAbi,
    functionName: "challengeCount",
  });
  assert.equal(BigInt(challenges.length), count);
  assert.deepEqual(challenges.map((challenge) => challenge["kind"]).sort(), ["Mask", "Model", "Model", "Model"]);
  assert(challenges.every((challenge) => challenge["bondTo"]));
});

test("accounts have what the StakeManager says, and data their hashes", async () => {
  for (const account of store.all("Account")) {
    const address = hex(account["id"]) as `0x${string}`;
    const at = { address: deployment.contracts.StakeManager, abi: stakeManagerAbi, args: [address] } as const;
    const [free, locked] = await client.readContract({ ...at, functionName: "stakeOf" });
    const claimable = await client.readContract({ ...at, functionName: "claimable" });
    assert.deepEqual(
      ["free", "locked", "claimable"].map((key) => BigInt(String(account[key]))),
      [free, locked, claimable],
    );
  }
  assert(store.all("Account").length >= 6);
  for (const enrolment of store.all("Enrolment")) {
    const owner = await client.readContract({
      address: deployment.contracts.TaskManager,
      abi: taskManagerAbi,
      functionName: "dataOwner",
      args: [BigInt(String(enrolment["task"])), hex(enrolment["dataHash"]) as `0x${string}`],
    });
    assert.equal(owner.toLowerCase(), hex(enrolment["trainer"]));
  }
  assert.equal(facts.accounts.length, 10);
});
