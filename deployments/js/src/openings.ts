// Openings: that a commitment is the one of a vector, by one evaluation and one pairing, with nothing of the SRS but
// [tau]_2. The computation of node/headwater/protocol/openings.py and of contracts/Openings.sol:
//
//   root   keccak256 of the hashes of the vector's parts
//   r      keccak256(C.x | C.y | k | encoding | entries | root) mod P, where the commitment C is opened
//   y      f(r), f taking the vector, zeros, and ones in the last six rows at w^0 .. w^(2^k - 1)
//   check  e(C - y G + r Q, G2) = e(Q, [tau]_2)
//
// Kate, Zaverucha and Goldberg 2010 at a hashed point (Fiat and Shamir 1986). With a [tau]_2 of one's own choice anything
// can be opened, so it is the task's, which `createTask` pinned.

import { bn254 } from "@noble/curves/bn254";
import { bytesToHex, concat, encodeAbiParameters, type Hex, hexToBigInt, keccak256 } from "viem";
import { elementOf, type Point } from "./commitment.js";
import { P } from "./field.js";

/** How a vector's entries are given, as `IOpenings.Encoding` numbers it. */
export const Encoding = {
  /** 32 bytes an entry, big-endian, below P. */
  Words: 0,
  /** 8 bytes an entry, signed, big-endian. */
  Packed: 1,
  /** No bytes: the mask that a seed stands for. */
  Mask: 2,
} as const;

/** One of the numbers of `Encoding`. */
export type Encoding = (typeof Encoding)[keyof typeof Encoding];

/** A point of G2, by the precompile's order of coordinates. */
export interface Point2 {
  readonly xImaginary: bigint;
  readonly xReal: bigint;
  readonly yImaginary: bigint;
  readonly yReal: bigint;
}

/** What is said of a commitment, as `IOpenings.Claim` of a task with this k. */
export interface Claim {
  readonly commitment: Point;
  /** log2 of the rows of the task's circuits. */
  readonly k: number;
  readonly encoding: Encoding;
  /** How many entries the vector has; all others are zero. */
  readonly entries: number;
  /** What fixes the vector: see `rootOf`; of a mask, its seed. */
  readonly root: Hex;
}

/** A vector's bytes are cut into parts of so many, the last one shorter. */
export const PART_BYTES = 65_536;

const UNUSABLE_ROWS = 6; // the last rows of a column: EZKL keeps them for blinding, and in a committed one they are ones
const TWO_ADICITY = 28; // P - 1 is an odd multiple of 2^28
const ROOT = 0x03ddb9f5166d18b798865ea93dd31f743215cf6dd39329c8d34f1ed960c37c9cn; // of order 2^28, as halo2 has it
const MIN_K = 3; // 2^3 is the first power above the six rows
const LARGEST = 1n << 63n;

const { Fp, Fp12 } = bn254.fields;
const Group2 = bn254.G2.ProjectivePoint;

/**
 * The 8 bytes an entry of a vector of short integers.
 * @throws RangeError an entry needs more.
 */
export function packed(values: readonly bigint[]): Uint8Array {
  const bytes = new Uint8Array(8 * values.length);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) {
    if (value < -LARGEST || value >= LARGEST) throw new RangeError(`entry ${i}, ${value}, needs more than 8 bytes`);
    view.setBigInt64(8 * i, value);
  }
  return bytes;
}

/**
 * The entries of a vector's bytes: of `Words` field elements, of `Packed` signed integers.
 * @throws RangeError not whole entries, one that is not below P, or a mask, which has no bytes.
 */
export function entriesOf(bytes: Uint8Array, encoding: Encoding): bigint[] {
  if (encoding === Encoding.Mask) throw new RangeError("a mask has no bytes: its entries follow from the seed");
  const width = encoding === Encoding.Words ? 32 : 8;
  if (bytes.length % width) throw new RangeError(`${bytes.length} bytes are no entries of ${width} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / width }, (_, i) => {
    if (width === 8) return view.getBigInt64(8 * i);
    const word = hexToBigInt(bytesToHex(bytes.subarray(32 * i, 32 * i + 32)));
    if (word >= P) throw new RangeError(`entry ${i} is no field element`);
    return word;
  });
}

/** What stands for a vector's bytes: keccak256 of the hashes of its parts; of nothing, of one empty part. */
export function rootOf(bytes: Uint8Array): Hex {
  const count = Math.max(1, Math.ceil(bytes.length / PART_BYTES));
  const parts = Array.from({ length: count }, (_, i) => bytes.subarray(i * PART_BYTES, (i + 1) * PART_BYTES));
  return keccak256(concat(parts.map((part) => keccak256(part))));
}

/** r: where a commitment is opened. Nobody knows it before all else is fixed. */
export function challengeOf({ commitment, k, encoding, entries, root }: Claim): bigint {
  const words = Array.from({ length: 6 }, () => ({ type: "uint256" }) as const);
  const values = [commitment.x, commitment.y, BigInt(k), BigInt(encoding), BigInt(entries), hexToBigInt(root)];
  return hexToBigInt(keccak256(encodeAbiParameters(words, values))) % P;
}

/**
 * f(r), by Lagrange's interpolation on roots of unity: (r^n - 1)/n * sum of v_i w^i / (r - w^i), with one inversion (Berrut
 * and Trefethen 2004; Montgomery 1987).
 * @param values The vector's entries, integers mod P.
 * @throws RangeError they do not fit 2^k rows, or r is a power of w, where nothing can be opened.
 */
export function valueAt(k: number, values: readonly bigint[], r: bigint): bigint {
  if (!Number.isInteger(k) || k < MIN_K || k > TWO_ADICITY) throw new RangeError(`k is from 3 to 28, not ${k}`);
  const rows = 2 ** k;
  const usable = rows - UNUSABLE_ROWS;
  if (values.length > usable) throw new RangeError(`${values.length} entries do not fit k = ${k}`);
  const vanishing = mod(power(r, BigInt(rows)) - 1n);
  if (!vanishing) throw new RangeError("nothing can be opened at a root of unity");
  const root = power(ROOT, 1n << BigInt(TWO_ADICITY - k));
  const places = [...powers(root, 1n, values.length), ...powers(root, power(root, BigInt(usable)), UNUSABLE_ROWS)];
  const inverses = invert(places.map((place) => mod(r - place)));
  const sum = places.reduce((total, place, i) => {
    const value = values[i] ?? 1n; // behind the vector are the six ones
    return (total + ((value * place) % P) * (inverses[i] as bigint)) % P;
  }, 0n);
  return mod(((vanishing * power(BigInt(rows), P - 2n)) % P) * sum);
}

/**
 * Whether a commitment's polynomial has a value at a point.
 * @param quotient The commitment of (f - value) / (X - r); infinity where f is constant.
 * @param tau The task's: [tau]_2 of its SRS.
 * @throws RangeError a point is not of its group, or `tau` is infinity.
 */
export function hasValue(commitment: Point, r: bigint, value: bigint, quotient: Point, tau: Point2): boolean {
  const q = elementOf(quotient);
  const moved = bn254.G1.ProjectivePoint.BASE.multiplyUnsafe(mod(-value)).add(q.multiplyUnsafe(mod(r)));
  const left = elementOf(commitment).add(moved);
  const pairs = [
    { g1: left, g2: Group2.BASE },
    { g1: q.negate(), g2: factorOf(tau) },
  ].filter(({ g1 }) => !g1.equals(bn254.G1.ProjectivePoint.ZERO));
  return Fp12.eql(bn254.pairingBatch(pairs), Fp12.ONE); // of no pairs, one
}

/**
 * Whether a commitment is that of a vector: what `Openings.open` asks.
 * @param bytes The vector's, as `encoding` says.
 * @param quotient What its owner computed: see `hasValue`.
 * @throws RangeError the bytes are not such a vector's, do not fit k, or a point is not of its group.
 */
export function isOpening(
  { commitment, k, encoding, bytes }: Pick<Claim, "commitment" | "k" | "encoding"> & { readonly bytes: Uint8Array },
  quotient: Point,
  tau: Point2,
): boolean {
  const values = entriesOf(bytes, encoding);
  const r = challengeOf({ commitment, k, encoding, entries: values.length, root: rootOf(bytes) });
  return hasValue(commitment, r, valueAt(k, values, r), quotient, tau);
}

/** A point of G2 other than infinity, to compute with. */
function factorOf({ xImaginary, xReal, yImaginary, yReal }: Point2): typeof Group2.BASE {
  // noble asks neither whether coordinates are reduced, nor for a point other than infinity, which opens everything
  const isWritten = [xImaginary, xReal, yImaginary, yReal].every((number) => Fp.isValid(number));
  try {
    const element = Group2.fromAffine({ x: { c0: xReal, c1: xImaginary }, y: { c0: yReal, c1: yImaginary } });
    element.assertValidity();
    if (isWritten && !element.equals(Group2.ZERO)) return element;
  } catch {
    // of no group
  }
  throw new RangeError("the task's tau is no point of BN254's second group");
}

/** first, first * base, first * base^2, ..: `count` of them. */
function powers(base: bigint, first: bigint, count: number): bigint[] {
  const found = [];
  for (let place = first; found.length < count; place = (place * base) % P) found.push(place);
  return found;
}

/** 1/e of each element, none of them zero, for one inversion. */
function invert(elements: readonly bigint[]): bigint[] {
  const before: bigint[] = [];
  let product = 1n;
  for (const element of elements) {
    before.push(product);
    product = (product * element) % P;
  }
  let inverse = power(product, P - 2n);
  for (let i = elements.length - 1; i >= 0; i--) {
    before[i] = ((before[i] as bigint) * inverse) % P;
    inverse = (inverse * (elements[i] as bigint)) % P;
  }
  return before;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = mod(base), rest = exponent; rest; rest >>= 1n, square = (square * square) % P) {
    if (rest & 1n) result = (result * square) % P;
  }
  return result;
}

function mod(value: bigint): bigint {
  return ((value % P) + P) % P;
}
