// Openings are checked as the node and the contracts check them: by the same vectors, and by what is changed about them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  challengeOf,
  Encoding,
  entriesOf,
  hasValue,
  isOpening,
  type Point,
  type Point2,
  packed,
  rootOf,
  valueAt,
} from "@headwater/contracts";
import { concat, type Hex, hexToBytes, numberToHex } from "viem";

interface Vectors {
  readonly roots: readonly { readonly length: Hex; readonly root: Hex }[];
  readonly openings: readonly {
    readonly k: Hex;
    readonly encoding: Hex;
    readonly entries: Hex;
    readonly data: Hex;
    readonly root: Hex;
    readonly commitment: readonly [Hex, Hex];
    readonly challenge: Hex;
    readonly value: Hex;
    readonly quotient: readonly [Hex, Hex];
    readonly tau: readonly [Hex, Hex, Hex, Hex];
  }[];
}

const file = new URL("../../../../tests/vectors/openings.json", import.meta.url);
const vectors = JSON.parse(readFileSync(file, "utf8")) as Vectors;
const pointOf = ([x, y]: readonly [Hex, Hex]): Point => ({ x: BigInt(x), y: BigInt(y) });

const cases = vectors.openings.map(({ tau: [xImaginary, xReal, yImaginary, yReal], ...each }) => ({
  claim: {
    commitment: pointOf(each.commitment),
    k: Number(each.k),
    encoding: Number(each.encoding) as Encoding,
    entries: Number(each.entries),
    root: each.root,
  },
  bytes: hexToBytes(each.data),
  challenge: BigInt(each.challenge),
  value: BigInt(each.value),
  quotient: pointOf(each.quotient),
  tau: {
    xImaginary: BigInt(xImaginary),
    xReal: BigInt(xReal),
    yImaginary: BigInt(yImaginary),
    yReal: BigInt(yReal),
  },
}));
const vectorsOf = (encoding: Encoding) => cases.filter(({ claim }) => claim.encoding === encoding);
const given = [...vectorsOf(Encoding.Words), ...vectorsOf(Encoding.Packed)];
const [first] = vectorsOf(Encoding.Packed);
assert(first && given.length > 5);

/** A point of the twist that is not of order P. */
const OUTSIDE: Point2 = {
  xImaginary: 0n,
  xReal: 1n,
  yImaginary: 5912654199736721486680175016176231956195085055698687135131307249486702594212n,
  yReal: 18278151005453108793778860132295291098363647455926340152056652516292830556603n,
};

/** Whether a vector opens, all as given but for what is changed. */
function opens(changed: {
  commitment?: Point;
  k?: number;
  bytes?: Uint8Array;
  quotient?: Point;
  tau?: Point2;
}): boolean {
  assert(first);
  const { commitment, k, bytes, quotient, tau } = { ...first, ...first.claim, ...changed };
  return isOpening({ commitment, k, encoding: Encoding.Packed, bytes }, quotient, tau);
}

test("the root of bytes is the contract's, of no part, of one, and of several", () => {
  const words = concat(Array.from({ length: 4099 }, (_, n) => numberToHex(n, { size: 32 })));
  for (const { length, root } of vectors.roots) {
    assert.equal(rootOf(hexToBytes(words).subarray(0, Number(length))), root, length);
  }
});

test("a commitment is opened where the contract opens it", () => {
  for (const { claim, challenge } of cases) assert.equal(challengeOf(claim), challenge);
  for (const { claim, bytes } of given) assert.equal(rootOf(bytes), claim.root);
});

test("a vector's polynomial has the value there that the contract computes", () => {
  for (const { claim, bytes, challenge, value } of given) {
    const values = entriesOf(bytes, claim.encoding);
    assert.equal(values.length, claim.entries);
    assert.equal(valueAt(claim.k, values, challenge), value);
  }
});

test("openings of every encoding hold by one pairing, and with another value do not", () => {
  for (const { claim, challenge, value, quotient, tau } of cases) {
    assert.equal(hasValue(claim.commitment, challenge, value, quotient, tau), true);
    assert.equal(hasValue(claim.commitment, challenge, value + 1n, quotient, tau), false);
  }
});

test("a vector opens its commitment", () => {
  for (const { claim, bytes, quotient, tau } of given)
    assert.equal(isOpening({ ...claim, bytes }, quotient, tau), true);
});

test("nothing about an opening may be another", () => {
  const [other] = vectorsOf(Encoding.Words);
  assert(other);
  const bytes = Uint8Array.from(first.bytes);
  bytes[7] = (bytes[7] ?? 0) ^ 1;
  for (const changed of [
    { bytes },
    { bytes: Uint8Array.from([...first.bytes, ...new Uint8Array(8)]) },
    { bytes: first.bytes.subarray(8) },
    { k: first.claim.k + 1 },
    { commitment: other.claim.commitment },
    { commitment: { x: 0n, y: 0n } },
    { quotient: other.quotient },
    { quotient: { x: 0n, y: 0n } },
    { tau: other.tau },
  ]) {
    assert.equal(opens(changed), false, Object.keys(changed).join());
  }
  assert.equal(opens({}), true);
});

test("the packed bytes of a vector are no words", () => {
  const [words] = vectorsOf(Encoding.Words);
  assert(words);
  const { claim, bytes, quotient, tau } = words;
  assert.equal(isOpening({ ...claim, encoding: Encoding.Packed, bytes }, quotient, tau), false);
});

test("points that are of no group are refused", () => {
  const { tau, quotient } = first;
  const q = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;
  const notMine = { x: 1n, y: 1n };
  for (const changed of [
    { commitment: notMine },
    { quotient: notMine },
    { quotient: { ...quotient, x: quotient.x + q } },
    { tau: { xImaginary: 0n, xReal: 0n, yImaginary: 0n, yReal: 0n } },
    { tau: { ...tau, xReal: tau.xReal + q } },
    { tau: { ...tau, yReal: tau.yReal + 1n } },
    { tau: OUTSIDE },
  ]) {
    assert.throws(() => opens(changed), RangeError, Object.keys(changed).join());
  }
});

test("a vector that does not fit the rows, or a k that is none, is refused", () => {
  const values = Array.from({ length: 59 }, () => 1n);
  assert.throws(() => valueAt(6, values, 5n), /59 entries do not fit k = 6/);
  for (const k of [2, 29, 6.5, Number.NaN]) assert.throws(() => valueAt(k, [1n], 5n), /k is from 3 to 28/);
});

test("nothing is opened at a root of unity", () => {
  assert.throws(() => valueAt(6, [1n], 1n), /root of unity/);
});

test("bytes are whole entries below the group's order, and packed ones are integers of 8 bytes", () => {
  const signed = [0n, -1n, (1n << 63n) - 1n, -(1n << 63n)];
  assert.deepEqual(entriesOf(packed(signed), Encoding.Packed), signed);
  assert.throws(() => packed([0n, 1n << 63n]), /entry 1, 9223372036854775808, needs more than 8 bytes/);
  assert.throws(() => packed([-(1n << 63n) - 1n]), RangeError);
  assert.throws(() => entriesOf(new Uint8Array(9), Encoding.Packed), /9 bytes are no entries of 8 bytes/);
  assert.throws(() => entriesOf(new Uint8Array(33), Encoding.Words), /33 bytes are no entries of 32 bytes/);
  assert.throws(() => entriesOf(new Uint8Array(32).fill(255), Encoding.Words), /entry 0 is no field element/);
  assert.throws(() => entriesOf(new Uint8Array(), Encoding.Mask), /a mask has no bytes/);
});
