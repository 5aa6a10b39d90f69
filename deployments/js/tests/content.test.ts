// CIDs, and content from gateways that are trusted with nothing.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ContentUnavailable,
  cidFromDigest,
  cidOf,
  digestFromCid,
  digestOf,
  fetchContent,
  InvalidCid,
  MAX_BYTES,
  WrongBytes,
} from "@headwater/contracts";
import { bytes, facts, gateways, long } from "./facts.js";
import { answering, serving } from "./servers.js";

const content = new TextEncoder().encode("what was published");
const digest = digestOf(content);
const NOBODY = "http://127.0.0.1:9"; // discard: nobody listens there

test("CIDs are the node's, and lead back to the digest", () => {
  for (const { hex, cid } of facts.cids) {
    const data = bytes(hex);
    assert.equal(cidOf(data), cid);
    assert.equal(cidFromDigest(digestOf(data)), cid);
    assert.equal(digestFromCid(cid), digestOf(data));
  }
});

test("content of more than a block has no CID here: it would be another", () => {
  assert.throws(() => cidOf(new Uint8Array(MAX_BYTES + 1)), InvalidCid);
});

test("texts that are no CID of a raw block are refused", () => {
  const right = cidOf(content);
  const dagPb = `bafybei${right.slice(7)}`;
  const padding = right.slice(0, -1) + String.fromCharCode(right.charCodeAt(58) + 1);
  for (const text of [
    "",
    "b",
    right.toUpperCase(),
    `${right}a`,
    right.slice(0, -1),
    dagPb,
    padding,
    `Qm${"a".repeat(44)}`,
  ]) {
    assert.throws(() => digestFromCid(text), InvalidCid, text);
  }
  assert.throws(() => cidFromDigest("0x1234"), InvalidCid);
});

test("a document of the task comes from its gateway", async () => {
  const found = await fetchContent(gateways, digestFromCid(long.manifest));
  assert.equal(cidOf(found.bytes), long.manifest);
  assert.deepEqual([found.gateway, found.liars], [gateways[0], []]);
});

test("what one gateway does not have is asked of the next", async () => {
  await serving(answering(content, 504), (without) =>
    serving(answering(content), async (having) => {
      const found = await fetchContent([NOBODY, without, `${having}/`], digest);
      assert.deepEqual([...found.bytes], [...content]);
      assert.equal(found.gateway, `${having}/`);
    }),
  );
});

test("a gateway that gives other bytes is named, whether or not another gives the right ones", async () => {
  await serving(answering(Uint8Array.of(1)), async (liar) => {
    await assert.rejects(fetchContent([liar, NOBODY], digest), (error) => {
      assert(error instanceof WrongBytes);
      assert.deepEqual([error.code, error.liars.map(({ gateway }) => gateway)], ["wrong-bytes", [liar]]);
      assert.deepEqual(
        error.failures.map(({ gateway }) => gateway),
        [NOBODY],
      );
      assert(error.message.includes(cidOf(Uint8Array.of(1))), "what it gave instead");
      return true;
    });
    await serving(answering(content), async (honest) => {
      const found = await fetchContent([liar, honest], digest);
      assert.deepEqual([found.gateway, found.liars.map(({ gateway }) => gateway)], [honest, [liar]]);
    });
  });
});

test("content that nobody has is unavailable, which is not a lie", async () => {
  await serving(answering(content, 404), async (without) => {
    await assert.rejects(fetchContent([without, NOBODY], digest), (error) => {
      assert(error instanceof ContentUnavailable);
      assert.equal(error.code, "content-unavailable");
      assert.match(error.failures[0]?.reason ?? "", /404/);
      assert.equal(error.failures.length, 2);
      return true;
    });
  });
  await assert.rejects(fetchContent([], digest), /no gateway was named/);
});

test("a gateway that never stops sending is cut off at the size of a block", async () => {
  let sent = 0;
  const flood = serving(
    (_, response) => {
      response.writeHead(200);
      const more = (): void => {
        while (!response.destroyed && response.write(new Uint8Array(1 << 16))) sent += 1 << 16;
      };
      response.on("drain", more);
      more();
    },
    (url) => fetchContent([url], digest),
  );
  await assert.rejects(flood, (error) => error instanceof WrongBytes && error.message.includes(`${MAX_BYTES} bytes`));
  assert(sent < 64 * MAX_BYTES, `${sent} bytes were sent`);
});

test("a gateway that says nothing is given up, and the next one asked", async () => {
  await serving(
    () => undefined,
    (silent) =>
      serving(answering(content), async (honest) => {
        const found = await fetchContent([silent, honest], digest, { timeout: 500 });
        assert.equal(found.gateway, honest);
        await assert.rejects(fetchContent([silent], digest, { timeout: 100 }), /no whole reply in 100 ms/);
      }),
  );
});

test("a search that its caller ends throws the caller's reason", async () => {
  await serving(
    () => undefined,
    async (silent) => {
      const ending = new AbortController();
      const search = fetchContent([silent, NOBODY], digest, { signal: ending.signal });
      ending.abort(new Error("the visitor has left"));
      await assert.rejects(search, /the visitor has left/);
    },
  );
});
