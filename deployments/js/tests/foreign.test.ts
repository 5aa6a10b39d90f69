// A stranger's text: what is no text is known here as the node knows it, and shown as the node shows it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { InvalidRow, MalformedDocument, NotFound, parseManifest, plain } from "@headwater/contracts";
import { facts } from "./facts.js";

const LAST = 0x10ffff;

test("of every character, this package and the node say alike whether it is text", () => {
  const differ = [];
  let at = 0;
  for (let code = 0; code <= LAST; code++) {
    while ((facts.unseen[at]?.[1] ?? LAST + 1) < code) at += 1;
    const expected = (facts.unseen[at]?.[0] ?? LAST + 1) <= code;
    const character = String.fromCodePoint(code);
    if ((plain(character) !== character) !== expected) differ.push(code.toString(16));
  }
  assert.deepEqual(differ, []);
});

test("a text is shown as the node shows it", () => {
  for (const { text, shown } of facts.plain) assert.equal(plain(text), shown);
});

test("an error holds no more than a stranger's first words, as text", () => {
  for (const kind of [InvalidRow, MalformedDocument, NotFound]) {
    const { message } = new kind(`\u001b]8;;http://evil\u0007${"x".repeat(3_000_000)}`);
    assert(message.startsWith("<U+001B>]8;;http://evil<U+0007>x"));
    assert(message.length < 6_000);
  }
});

test("an unknown field cannot turn a message around", () => {
  const told = /an unknown field "<U\+202E>a"/;
  assert.throws(() => parseManifest(new TextEncoder().encode('{"\u202ea":1}')), told);
});
