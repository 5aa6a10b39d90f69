// Commitments of vectors on BN254: C(v) = B + sum of v_i * L_i, see docs/spec.md, 2. Only public values pass through.

import { bn254 } from "@noble/curves/bn254";
import { type Address, encodeAbiParameters, type Hex, hexToBigInt, keccak256, numberToBytes } from "viem";
import { P } from "./field.js";

/** A point of G1; (0, 0) is the point at infinity. */
export interface Point {
  readonly x: bigint;
  readonly y: bigint;
}

const Group = bn254.G1.ProjectivePoint;

/** A point as it is computed with. */
export type Element = typeof Group.BASE;

/**
 * The commitment of a vector whose entry is larger by `entry`: how a model's tag is added to the commitment of its
 * weights, which has a zero there.
 * @param basis The entry's basis point, as `basisD` of a task's config is the tag's.
 * @throws RangeError a point is not on the curve.
 */
export function withEntry(commitment: Point, basis: Point, entry: bigint): Point {
  const sum = elementOf(commitment).add(elementOf(basis).multiplyUnsafe(((entry % P) + P) % P));
  return sum.equals(Group.ZERO) ? { x: 0n, y: 0n } : sum.toAffine();
}

/** keccak256 of a point's 64 bytes: a model hash, or a data hash. */
export function hashPoint(point: Point): Hex {
  return keccak256(encodePoint(point));
}

/** A point's 64 bytes: x, then y, big-endian. */
export function encodePoint({ x, y }: Point): Uint8Array {
  const bytes = new Uint8Array(64);
  bytes.set(numberToBytes(x, { size: 32 }));
  bytes.set(numberToBytes(y, { size: 32 }), 32);
  return bytes;
}

/** A task's tag, the last entry of its model vectors: no commitment of it is worth anything in another task or chain. */
export function tagOf(chainId: number, taskManager: Address, taskId: bigint): bigint {
  const words = [{ type: "uint256" }, { type: "address" }, { type: "uint256" }] as const;
  return hexToBigInt(keccak256(encodeAbiParameters(words, [BigInt(chainId), taskManager, taskId]))) % P;
}

/**
 * A point to compute with.
 * @throws RangeError it is not on the curve, or not written as it should be.
 */
export function elementOf({ x, y }: Point): Element {
  try {
    const element = Group.fromAffine({ x, y });
    if (!element.equals(Group.ZERO)) element.assertValidity();
    return element;
  } catch {
    throw new RangeError(`(${x}, ${y}) is no point of BN254`);
  }
}
