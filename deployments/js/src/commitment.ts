// Commitments of vectors on BN254: C(v) = B + sum of v_i * L_i, see docs/spec.md, 2. Only public values pass through.

import { bn254 } from "@noble/curves/bn254";
import { type Address, encodeAbiParameters, type Hex, hexToBigInt, keccak256, numberToBytes } from "viem";
import { P, toSigned } from "./field.js";

/** A point of G1; (0, 0) is the point at infinity. */
export interface Point {
  readonly x: bigint;
  readonly y: bigint;
}

const Group = bn254.G1.ProjectivePoint;
type Element = typeof Group.BASE;

/**
 * The points of a basis blob: 64 bytes each, x then y, big-endian.
 * @throws RangeError not whole points, or one that is not on the curve.
 */
export function decodeBasis(blob: Uint8Array): Point[] {
  if (blob.length % 64) throw new RangeError(`a basis has 64 bytes a point, this one has ${blob.length}`);
  const view = new DataView(blob.buffer, blob.byteOffset, blob.length);
  const word = (at: number) =>
    [0, 8, 16, 24].reduce((value, offset) => (value << 64n) | view.getBigUint64(at + offset), 0n);
  return Array.from({ length: blob.length / 64 }, (_, i) => {
    const point = { x: word(64 * i), y: word(64 * i + 32) };
    onCurve(point);
    return point;
  });
}

/**
 * C(vector).
 * @param offset B, the commitment of the zero vector.
 * @param basis L_0, L_1, ..., as many as the vector has entries at least.
 * @param vector Integers, negative ones too; they are taken mod P.
 * @throws RangeError the vector is longer than the basis, or a point is not on the curve.
 */
export function commit(offset: Point, basis: readonly Point[], vector: readonly bigint[]): Point {
  let sum = onCurve(offset);
  for (const [i, entry] of vector.entries()) {
    const point = basis[i];
    if (point === undefined) {
      throw new RangeError(`a basis of ${basis.length} points cannot commit to ${vector.length} entries`);
    }
    const scalar = toSigned(((entry % P) + P) % P); // weights are short integers: few doublings
    const magnitude = onCurve(point).multiplyUnsafe(scalar < 0n ? -scalar : scalar);
    sum = scalar < 0n ? sum.subtract(magnitude) : sum.add(magnitude);
  }
  return sum.equals(Group.ZERO) ? { x: 0n, y: 0n } : sum.toAffine();
}

/** keccak256 of a point's 64 bytes: a model hash, or a data hash. */
export function hashPoint({ x, y }: Point): Hex {
  const bytes = new Uint8Array(64);
  bytes.set(numberToBytes(x, { size: 32 }));
  bytes.set(numberToBytes(y, { size: 32 }), 32);
  return keccak256(bytes);
}

/** A task's tag, the last entry of its model vectors: no commitment of it is worth anything in another task or chain. */
export function tagOf(chainId: number, taskManager: Address, taskId: bigint): bigint {
  const words = [{ type: "uint256" }, { type: "address" }, { type: "uint256" }] as const;
  return hexToBigInt(keccak256(encodeAbiParameters(words, [BigInt(chainId), taskManager, taskId]))) % P;
}

function onCurve({ x, y }: Point): Element {
  if (x === 0n && y === 0n) return Group.ZERO;
  try {
    const element = Group.fromAffine({ x, y });
    element.assertValidity();
    return element;
  } catch {
    throw new RangeError(`(${x}, ${y}) is no point of BN254`);
  }
}
