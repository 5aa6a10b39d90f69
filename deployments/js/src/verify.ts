// Whether bytes are the model that a contract accepted: by their CID, and by the commitment that the proofs were about.

import { type Hex, keccak256 } from "viem";
import { cidFromDigest, digestOf } from "./cid.js";
import { commit, decodeBasis, hashPoint, type Point } from "./commitment.js";
import { parseModel } from "./documents.js";
import { HeadwaterError } from "./errors.js";

/** One comparison. `says` is a sentence for people; `expected` is what the chain has. */
export interface Check {
  readonly name: "cid" | "document" | "basis" | "commitment";
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
  readonly basisHash: Hex;
  /** B, the commitment of the zero vector. */
  readonly offset: Point;
  /** See `tagOf`. */
  readonly tag: bigint;
}

const NOT_COMPUTED = "not computed, since a check before failed";

/**
 * Compares a model document and a basis blob with what the chain says. Nothing is fetched.
 * @param bytes The model document.
 * @param basis The blob under the manifest's `basis`: D + 9 points, 64 bytes each.
 */
export function checkModel(expected: Expected, bytes: Uint8Array, basis: Uint8Array): Verification {
  const cid = expected.cid && {
    ...equal("cid", "the bytes are those that the contract names", expected.cid, digestOf(bytes)),
    expected: cidFromDigest(expected.cid),
    found: cidFromDigest(digestOf(bytes)),
  };
  const hash = equal("basis", "the basis points are those that the task fixed", expected.basisHash, keccak256(basis));
  const weights = attempt(() => parseModel(bytes).weights);
  const point = attempt(() => {
    if (!hash.ok || typeof weights === "string") throw new RangeError(NOT_COMPUTED);
    return commit(expected.offset, decodeBasis(basis), [...weights, expected.tag]);
  });
  const found = typeof weights === "string" ? weights : `${weights.length} weights`;
  const checks = [
    ...(cid ? [cid] : []),
    equal("document", "the document is a model of the task's size", `${expected.dimension} weights`, found),
    hash,
    equal(
      "commitment",
      "the weights are those that the proofs were about",
      expected.modelHash,
      typeof point === "string" ? point : hashPoint(point),
    ),
  ];
  const verified = checks.every(({ ok }) => ok);
  return { verified, checks, weights: verified && typeof weights !== "string" ? weights : undefined };
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
