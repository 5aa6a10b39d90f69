// A model is verified by its CID and its commitment; a changed one is found out, whatever was changed.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ContentUnavailable,
  checkModel,
  checkZeros,
  digestFromCid,
  digestOf,
  fetchContent,
  type Model,
  ModelRejected,
  modelBytes,
  NotFound,
  parseModel,
  predict,
  pullModel,
  readTask,
  tagOf,
  verifyModel,
  WrongBytes,
  WrongChain,
} from "@headwater/contracts";
import { createPublicClient, http } from "viem";
import { client, deployment, facts, gateways, long } from "./facts.js";
import { answering, counting, lying, serving, without } from "./servers.js";

const taskId = BigInt(long.id);
const where = { client, deployment, taskId };
const round = 4;
const [fact, other] = [long.models[round], long.models[1]];
const [gateway] = gateways;
assert(fact && other && gateway);
const GENERATOR_2 = [
  0x198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2n,
  0x1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6edn,
  0x090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975bn,
  0x12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daan,
] as const;
const get = async (cid: string): Promise<Uint8Array> => (await fetchContent(gateways, digestFromCid(cid))).bytes;
const bytes = await get(fact.cid);
const { config } = await readTask(where);
const expected = {
  modelHash: fact.hash,
  cid: digestOf(bytes),
  dimension: config.dimension,
  k: config.k,
  offset: config.offset,
  basisD: config.basisD,
  tau: config.tau,
  tag: tagOf(deployment.chainId, deployment.contracts.TaskManager, taskId),
};

/** The names of the checks that fail. */
function failing(verification: { checks: readonly { name: string; ok: boolean }[] }): string[] {
  return verification.checks.filter(({ ok }) => !ok).map(({ name }) => name);
}

/** The document with one of its fields replaced: by default the last digit of its first weight. */
function tampered(change: Partial<Model> = changedWeight()): Uint8Array {
  return modelBytes({ ...parseModel(bytes), ...change });
}

function changedWeight(): Pick<Model, "weights"> {
  const [first = 0n, ...rest] = parseModel(bytes).weights;
  return { weights: [first + 1n, ...rest] };
}

for (const model of long.models) {
  test(`the model of round ${model?.round} is verified`, async () => {
    assert(model);
    const found = await verifyModel({ ...where, round: model.round, bytes: await get(model.cid) });
    assert.deepEqual([found.verified, failing(found)], [true, []]);
    assert.deepEqual(found.weights?.map(String), model.weights);
  });
}

test("another round's model is not this one's", async () => {
  const found = await verifyModel({ ...where, round, bytes: await get(other.cid) });
  assert.deepEqual([found.verified, found.weights, failing(found)], [false, undefined, ["cid", "commitment"]]);
});

test("a changed weight breaks both CID and opening", async () => {
  const found = await verifyModel({ ...where, round, bytes: tampered() });
  assert.deepEqual(failing(found), ["cid", "opening"]);
});

test("a document of other weights, published under its own CID, is not opened", () => {
  const lie = tampered();
  const found = checkModel({ ...expected, cid: digestOf(lie) }, lie);
  assert.deepEqual([found.verified, failing(found), found.weights], [false, ["opening"], undefined]);
});

test("a document with another model's commitment and opening, all true of its weights, breaks the commitment", async () => {
  const lie = tampered(parseModel(await get(other.cid)));
  const found = checkModel({ ...expected, cid: digestOf(lie) }, lie);
  assert.deepEqual([found.verified, failing(found), found.weights], [false, ["commitment"], undefined]);
});

test("the right weights with another opening, or another commitment, are not the model's document", async () => {
  const { opening, commitment } = parseModel(await get(other.cid));
  for (const [lie, broken] of [
    [tampered({ opening }), ["opening"]],
    [tampered({ opening: { x: 0n, y: 0n } }), ["opening"]],
    [tampered({ commitment }), ["commitment", "opening"]],
  ] as const) {
    const found = checkModel({ ...expected, cid: digestOf(lie) }, lie);
    assert.deepEqual([found.verified, failing(found)], [false, broken]);
  }
});

test("a weight of more than 8 bytes has no document", () => {
  const [, ...rest] = parseModel(bytes).weights;
  assert.throws(() => tampered({ weights: [1n << 63n, ...rest] }), /needs more than 8 bytes/);
});

test("bytes that are no model fail, and the check says why", () => {
  const found = checkModel(expected, new TextEncoder().encode("no model"));
  assert.deepEqual(failing(found), ["cid", "document", "commitment", "opening"]);
  assert.match(found.checks[1]?.found ?? "", /no header/);
});

test("an opening is checked with the task's tau, and holds with no other", () => {
  const [xImaginary, xReal, yImaginary, yReal] = GENERATOR_2;
  const found = checkModel({ ...expected, tau: { xImaginary, xReal, yImaginary, yReal } }, bytes);
  assert.deepEqual(failing(found), ["opening"]);
});

test("the same weights under another task's tag are another model", () => {
  const elsewhere = { ...expected, tag: tagOf(deployment.chainId, deployment.contracts.TaskManager, taskId + 1n) };
  assert.deepEqual(failing(checkModel(elsewhere, bytes)), ["commitment"]);
});

test("a model of another size fails before it is opened", () => {
  assert.deepEqual(failing(checkModel({ ...expected, dimension: 5 }, bytes)), ["document", "opening"]);
});

test("a model of zeros is told by its commitment, and no other is", () => {
  const [first] = long.models;
  assert(first);
  const zeros = checkZeros({ ...expected, modelHash: first.hash });
  assert.deepEqual([zeros.verified, zeros.weights], [true, [0n, 0n, 0n, 0n]]);
  assert.deepEqual([checkZeros(expected).verified, checkZeros(expected).weights], [false, undefined]);
});

test("a model is pulled with its manifest, and predicts", async () => {
  const pulled = await pullModel({ ...where, gateways });
  assert.deepEqual(pulled.weights.map(String), fact.weights);
  assert.deepEqual([pulled.record.round, pulled.record.modelHash], [round, fact.hash], "the latest, if none is named");
  assert.deepEqual(pulled.bytes, bytes);
  const [flowers] = facts.predictions;
  const [row] = flowers?.rows ?? [];
  const found = predict(pulled.manifest, pulled.weights, row?.cells ?? {});
  assert(found.kind === "class" && row?.kind === "class");
  assert.equal(found.name, row.name);
});

test("an earlier model is pulled by its round, and none that was not made", async () => {
  const pulled = await pullModel({ ...where, round: 1, gateways });
  assert.deepEqual([pulled.record.modelHash, pulled.weights.map(String)], [other.hash, other.weights]);
  await assert.rejects(pullModel({ ...where, round: 5, gateways }), NotFound);
});

test("a model is two calls", async () => {
  const methods: string[] = [];
  await serving(counting(facts.rpc, methods), async (url) => {
    await pullModel({ ...where, client: createPublicClient({ transport: http(url) }), gateways });
  });
  assert.deepEqual(methods, ["eth_call", "eth_call"]);
});

test("a model is not pulled from a gateway that lies", async () => {
  await serving(answering(bytes), async (liar) => {
    await assert.rejects(pullModel({ ...where, round, gateways: [liar] }), WrongBytes);
    const pulled = await pullModel({ ...where, round, gateways: [liar, ...gateways] });
    assert.equal(pulled.verification.verified, true, "the next one has it");
  });
});

test("a model is not pulled while nothing can be had", async () => {
  await assert.rejects(pullModel({ ...where, round, gateways: ["http://127.0.0.1:9"] }), ContentUnavailable);
});

test("a model that no gateway has is made of the weights that were shown on chain", async () => {
  await serving(without(gateway, fact.cid), async (url) => {
    const pulled = await pullModel({ ...where, gateways: [url] });
    assert.deepEqual([pulled.weights.map(String), pulled.gateway], [fact.weights, undefined]);
    assert.deepEqual(pulled.bytes, bytes, "the very document");
    assert.deepEqual(failing(pulled.verification), []);
  });
});

test("a model that was never shown is not had from the chain", async () => {
  await serving(without(gateway, other.cid), async (url) => {
    await assert.rejects(pullModel({ ...where, round: 1, gateways: [url] }), (error) => {
      assert(error instanceof ContentUnavailable);
      return error.message.startsWith(other.cid);
    });
  });
});

test("weights that were shown on chain stand in for a document that the aggregator misnamed", async () => {
  const named = Buffer.from(fact.cid).toString("hex");
  for (const instead of [other.cid, `${fact.cid.slice(0, -4)}aaaa`]) {
    await serving(lying(facts.rpc, named, Buffer.from(instead).toString("hex")), async (url) => {
      const misled = createPublicClient({ transport: http(url) });
      const pulled = await pullModel({ ...where, client: misled, gateways });
      assert.deepEqual([pulled.weights.map(String), pulled.gateway], [fact.weights, undefined]);
      const names = pulled.verification.checks.map(({ name }) => name);
      assert.deepEqual(names, ["document", "commitment", "opening"], "nothing is said of a CID");
    });
  }
});

test("a first model of zeros needs no bytes", async () => {
  const [first] = long.models;
  assert(first);
  await serving(without(gateway, first.cid), async (url) => {
    const pulled = await pullModel({ ...where, round: 0, gateways: [url] });
    assert.deepEqual(new Set(pulled.weights), new Set([0n]));
    assert.deepEqual([pulled.bytes, pulled.verification.checks.map(({ name }) => name)], [undefined, ["zeros"]]);
  });
});

test("a model is no lie where the node serves another chain than was named", async () => {
  const elsewhere = { ...deployment, chainId: 1 };
  await assert.rejects(pullModel({ ...where, deployment: elsewhere, round, gateways }), WrongChain);
  await assert.rejects(verifyModel({ ...where, deployment: elsewhere, round, bytes }), WrongChain);
});

test("a model that an RPC node gives another hash is rejected: the commitment finds it out", async () => {
  await serving(lying(facts.rpc, fact.hash.slice(2), other.hash.slice(2)), async (url) => {
    const misled = createPublicClient({ transport: http(url) });
    await assert.rejects(pullModel({ ...where, client: misled, round, gateways }), (error) => {
      assert(error instanceof ModelRejected);
      return /does not hold that the commitment is the one that the proofs were about/.test(error.message);
    });
  });
});
