// Whether bytes are the model that a contract accepted: by their CID, by the commitment that the proofs were about, and by
// the opening that shows the commitment to be that of the weights.

import type { Hex } from "viem";
import { parseModel } from "./binary.js";
import { cidFromDigest, digestOf } from "./cid.js";
import { hashPoint, type Point, withEntry } from "./commitment.js";
import { HeadwaterError } from "./errors.js";
import { Encoding, isOpening, type Point2, packed } from "./openings.js";

/** One comparison. `says` is a sentence for people; `expected` is what the chain has. */
export interface Check {
  readonly name: "cid" | "document" | "commitment" | "opening" | "zeros";
  readonly ok: boolean;
  readonly says: string;
  readonly expected: string;
  readonly found: string;
}

/** All comparisons, in order. A check that could not be made is not ok. */
export interface Verification {
  /** Whether every check is ok. Use nothing of the model where it is false. */
  readonly verified: boolean;
  readonly checks: readonly Check[];
  /** The model's weights, as `parseModel` gives them; undefined unless they are verified. */
  readonly weights: readonly bigint[] | undefined;
}

/** What the chain says about a model and its task. */
export interface Expected {
  readonly modelHash: Hex;
  /** The digest of the model's document; undefined where its weights were shown on chain, and no document was found. */
  readonly cid: Hex | undefined;
  /** D, the number of weights. */
  readonly dimension: number;
  /** log2 of the rows of the task's circuits. */
  readonly k: number;
  /** The commitment of the zero vector. */
  readonly offset: Point;
  /** The tag's basis point. */
  readonly basisD: Point;
  /** [tau]_2 of the task's SRS. */
  readonly tau: Point2;
  /** See `tagOf`. */
  readonly tag: bigint;
}

const NOT_COMPUTED = "not computed, since a check before failed";
const HOLDS = "the pairing holds";

/**
 * Compares a model document with what the chain says. Nothing is fetched.
 * @param bytes The model document.
 */
export function checkModel(expected: Expected, bytes: Uint8Array): Verification {
  const cid = expected.cid && {
    ...equal("cid", "the bytes are those that the contract names", expected.cid, digestOf(bytes)),
    expected: cidFromDigest(expected.cid),
    found: cidFromDigest(digestOf(bytes)),
  };
  const model = attempt(() => parseModel(bytes));
  const found = typeof model === "string" ? model : `${model.weights.length} weights`;
  const size = equal("document", "the document is a model of the task's size", `${expected.dimension} weights`, found);
  const hash = attempt(() => {
    if (typeof model === "string") throw new RangeError(NOT_COMPUTED);
    return hashPoint(withEntry(model.commitment, expected.basisD, expected.tag));
  });
  const opened = attempt(() => {
    if (typeof model === "string" || !size.ok) throw new RangeError(NOT_COMPUTED);
    const { commitment, opening, weights } = model;
    const { k, tau } = expected;
    const claim = { commitment, k, encoding: Encoding.Packed, bytes: packed(weights) };
    return isOpening(claim, opening, tau) ? HOLDS : "it does not hold";
  });
  const checks = [
    ...(cid ? [cid] : []),
    size,
    equal("commitment", "the commitment is the one that the proofs were about", expected.modelHash, hash),
    equal("opening", "the weights are those that the commitment is of", HOLDS, opened),
  ];
  const verified = checks.every(({ ok }) => ok);
  return { verified, checks, weights: verified && typeof model !== "string" ? model.weights : undefined };
}

/** Whether a model is the one of zeros, as first models mostly are: its commitment itself tells, without a document. */
export function checkZeros({ modelHash, dimension, offset, basisD, tag }: Expected): Verification {
  const hash = hashPoint(withEntry(offset, basisD, tag));
  const check = equal("zeros", "the commitment is that of weights that are all zero", modelHash, hash);
  const weights = check.ok ? Array.from({ length: dimension }, () => 0n) : undefined;
  return { verified: check.ok, checks: [check], weights };
}

/** What a computation gives, or in words why it gives nothing. */
function attempt<T>(compute: () => T): T | string {
  try {
    return compute();
  } catch (error) {
    if (error instanceof HeadwaterError || error instanceof RangeError) return error.message;
    throw error;
  }
}

function equal(name: Check["name"], says: string, expected: string, found: string): Check {
  return { name, ok: expected.toLowerCase() === found.toLowerCase(), says, expected, found };
}
