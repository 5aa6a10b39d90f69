// A model is verified by its CID and its commitment; a changed one is found out, whatever was changed.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ContentUnavailable,
  checkModel,
  digestFromCid,
  digestOf,
  fetchContent,
  ModelRejected,
  NotFound,
  parseManifest,
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
const get = async (cid: string): Promise<Uint8Array> => (await fetchContent(gateways, digestFromCid(cid))).bytes;
const manifest = parseManifest(await get(long.manifest));
const [bytes, basis] = [await get(fact.cid), await get(manifest.basis)];
const { config } = await readTask(where);
const expected = {
  modelHash: fact.hash,
  cid: digestOf(bytes),
  dimension: config.dimension,
  basisHash: config.basisHash,
  offset: config.offset,
  tag: tagOf(deployment.chainId, deployment.contracts.TaskManager, taskId),
};

/** The names of the checks that fail. */
function failing(verification: { checks: readonly { name: string; ok: boolean }[] }): string[] {
  return verification.checks.filter(({ ok }) => !ok).map(({ name }) => name);
}

/** The document with the last digit of its first weight changed. */
function tampered(): Uint8Array {
  const text = new TextDecoder().decode(bytes);
  const changed = text.replace(
    /("weights":".{63})(.)/,
    (_, before: string, last: string) => before + (last === "0" ? "1" : "0"),
  );
  assert.notEqual(changed, text);
  return new TextEncoder().encode(changed);
}

for (const model of long.models) {
  test(`the model of round ${model?.round} is verified`, async () => {
    assert(model);
    const found = await verifyModel({ ...where, round: model.round, bytes: await get(model.cid), basis });
    assert.deepEqual([found.verified, failing(found)], [true, []]);
    assert.deepEqual(found.weights?.map(String), model.weights);
  });
}

test("another round's model is not this one's", async () => {
  const found = await verifyModel({ ...where, round, bytes: await get(other.cid), basis });
  assert.deepEqual([found.verified, found.weights, failing(found)], [false, undefined, ["cid", "commitment"]]);
});

test("a changed weight breaks both CID and commitment", async () => {
  const found = await verifyModel({ ...where, round, bytes: tampered(), basis });
  assert.deepEqual(failing(found), ["cid", "commitment"]);
});

test("a document of other weights, published under its own CID, breaks the commitment", () => {
  const lie = tampered();
  const found = checkModel({ ...expected, cid: digestOf(lie) }, lie, basis);
  assert.deepEqual([found.verified, failing(found), found.weights], [false, ["commitment"], undefined]);
});

test("bytes that are no model fail, and the check says why", () => {
  const found = checkModel(expected, new TextEncoder().encode("no model"), basis);
  assert.deepEqual(failing(found), ["cid", "document", "commitment"]);
  assert.match(found.checks[1]?.found ?? "", /no JSON/);
});

test("a basis other than the task's fails, though its points be fine", () => {
  const swapped = Uint8Array.from([...basis.subarray(64, 128), ...basis.subarray(0, 64), ...basis.subarray(128)]);
  for (const wrong of [swapped, basis.subarray(64), new Uint8Array()]) {
    assert.deepEqual(failing(checkModel(expected, bytes, wrong)), ["basis", "commitment"]);
  }
});

test("the same weights under another task's tag are another model", () => {
  const elsewhere = { ...expected, tag: tagOf(deployment.chainId, deployment.contracts.TaskManager, taskId + 1n) };
  assert.deepEqual(failing(checkModel(elsewhere, bytes, basis)), ["commitment"]);
});

test("a model of another size fails before its commitment", () => {
  assert.deepEqual(failing(checkModel({ ...expected, dimension: 5 }, bytes, basis)), ["document"]);
});

test("a model is pulled with its manifest, and predicts", async () => {
  const pulled = await pullModel({ ...where, gateways });
  assert.deepEqual(pulled.weights.map(String), fact.weights);
  assert.deepEqual([pulled.record.round, pulled.record.modelHash], [round, fact.hash], "the latest, if none is named");
  assert.deepEqual([...pulled.bytes], [...bytes]);
  const [flowers] = facts.predictions;
  const [row] = flowers?.rows ?? [];
  assert.equal(predict(pulled.manifest, pulled.weights, row?.cells ?? {}).name, row?.name);
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
    assert.deepEqual(digestOf(pulled.bytes), expected.cid, "the very document");
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
      assert.deepEqual(names, ["document", "basis", "commitment"], "nothing is said of a CID");
    });
  }
});

test("a first model of zeros needs no bytes", async () => {
  const [first] = long.models;
  assert(first);
  await serving(without(gateway, first.cid), async (url) => {
    const pulled = await pullModel({ ...where, round: 0, gateways: [url] });
    assert.deepEqual(new Set(pulled.weights), new Set([0n]));
  });
});

test("a model is no lie where the node serves another chain than was named", async () => {
  const elsewhere = { ...deployment, chainId: 1 };
  await assert.rejects(pullModel({ ...where, deployment: elsewhere, round, gateways }), WrongChain);
  await assert.rejects(verifyModel({ ...where, deployment: elsewhere, round, bytes, basis }), WrongChain);
});

test("a model that an RPC node gives another hash is rejected: the commitment finds it out", async () => {
  await serving(lying(facts.rpc, fact.hash.slice(2), other.hash.slice(2)), async (url) => {
    const misled = createPublicClient({ transport: http(url) });
    await assert.rejects(pullModel({ ...where, client: misled, round, gateways }), (error) => {
      assert(error instanceof ModelRejected);
      return /does not hold that the weights are those that the proofs were about/.test(error.message);
    });
  });
});
