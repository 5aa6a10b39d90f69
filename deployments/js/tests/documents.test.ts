// Documents: what the node refuses is refused here, and nothing else.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  digestFromCid,
  fetchContent,
  isOf,
  linear,
  MalformedDocument,
  modelBytes,
  parseManifest,
  parseModel,
} from "@headwater/contracts";
import { bytes, documentOf, facts, gateways, long } from "./facts.js";

function accepts(parse: (data: Uint8Array) => unknown, hex: string): boolean {
  try {
    parse(bytes(hex));
    return true;
  } catch (error) {
    assert(error instanceof MalformedDocument, `${String(error)} for ${bytes(hex).subarray(0, 200)}`);
    return false;
  }
}

for (const [kind, parse] of [
  ["manifest", parseManifest],
  ["model", parseModel],
] as const) {
  test(`as a ${kind}, bytes are taken that the node takes`, () => {
    for (const document of facts.documents) {
      const told = Buffer.from(document.hex, "hex").toString().slice(0, 300);
      assert.equal(accepts(parse, document.hex), document[kind], told);
    }
    const taken = facts.documents.filter((document) => document[kind]).length;
    assert(taken > 1 && taken < facts.documents.length - 20, "the cases have both");
  });
}

test("canonical JSON that is no document is refused for what it lacks", () => {
  const canonical = facts.documents.filter((document) => document.canonical && !document.manifest && !document.model);
  assert(canonical.length > 20);
  for (const { hex } of canonical) {
    assert.throws(() => parseManifest(bytes(hex)), /refuse what refers to it/);
  }
});

test("other JSON is refused before anybody looks at its fields", () => {
  for (const { hex } of facts.documents.filter(({ canonical }) => !canonical)) {
    assert.throws(
      () => parseManifest(bytes(hex)),
      (error) => error instanceof MalformedDocument && !error.message.includes("refuse what refers to it"),
      Buffer.from(hex, "hex").toString().slice(0, 100),
    );
  }
});

test("a manifest says what the task's creator wrote", async () => {
  const { bytes: data } = await fetchContent(gateways, digestFromCid(long.manifest));
  const manifest = parseManifest(data);
  assert.equal(manifest.name, long.name);
  assert(isOf(manifest, linear));
  assert.equal(manifest.model.features.length + Number(manifest.model.intercept), long.dimension);
});

test("a model's weights are signed", async () => {
  for (const expected of long.models) {
    assert(expected);
    const data = await documentOf(expected);
    const model = parseModel(data);
    assert.deepEqual(model.weights.map(String), expected.weights);
    assert.deepEqual([model.round, model.trainers], [expected.round, expected.trainers]);
    assert.deepEqual(modelBytes(model), data, "and back");
  }
  assert(
    long.models.some((model) => model?.weights.some((weight) => weight.startsWith("-"))),
    "some are negative",
  );
});
