// What finalized models say of committed rows: proofs asked about before they are sent, answers that were recorded, and
// what a contract takes to compute with a row that everybody may see. See contracts/interfaces/IInferences.sol.

import { type Address, bytesToHex, type Hex, numberToHex, parseEventLogs, zeroAddress } from "viem";
import { readContract } from "viem/actions";
import { encodeEventTopics, formatLog } from "viem/utils";
import { inferencesAbi } from "./abis.js";
import { parseModel } from "./binary.js";
import { type Reading, read, type TaskId } from "./call.js";
import type { Point } from "./commitment.js";
import type { TaskManifest } from "./documents.js";
import type { Row } from "./learners/learner.js";
import type { LogRange } from "./logs.js";
import { packed } from "./openings.js";
import { type Place, placeOf } from "./place.js";
import { encodeRow } from "./predict.js";
import { logsIn } from "./ranges.js";
import { startOf } from "./starts.js";

/** What is asked of a row, as `IInferences.Question` numbers it. */
export const Question = { AtLeast: 0, Exactly: 1, Class: 2 } as const;

/** One of the numbers of `Question`. */
export type Question = (typeof Question)[keyof typeof Question];

/** A question about a row, as `IInferences.Query`. */
export interface InferenceQuery {
  readonly taskId: bigint;
  /** The round that made the model. */
  readonly round: number;
  /** Who vouches for the row. */
  readonly issuer: Address;
  /** Whose row it is. */
  readonly account: Address;
  readonly question: Question;
  /** A z in the model's integers, or a class by its index. */
  readonly value: bigint;
  /** Which use of the consumer's it is for. */
  readonly nonce: bigint;
}

/** An answer that was recorded. */
export interface RecordedInference extends Place, InferenceQuery {
  readonly rowHash: Hex;
  readonly answer: boolean;
  /** By which `getInference` knows it. */
  readonly inferenceId: Hex;
}

/** A proof as `headwater infer prove` writes it. */
export interface InferenceProof {
  readonly query: InferenceQuery;
  /** For whom it was made; the zero address: for the record. */
  readonly consumer: Address;
  readonly answer: boolean;
  readonly rowHash: Hex;
  readonly proof: Hex;
}

/**
 * The proof of a file of `headwater infer prove`.
 * @throws TypeError it is no such file.
 */
export function parseInferenceProof(json: string): InferenceProof {
  const found = JSON.parse(json) as (InferenceProof & { query: Record<string, string | number> }) | null;
  if (typeof found?.proof !== "string" || typeof found.query !== "object") {
    throw new TypeError("this is no file of a proof: `headwater infer prove` writes one");
  }
  const { taskId, value, nonce } = found.query;
  return { ...found, query: { ...found.query, taskId: BigInt(taskId), value: BigInt(value), nonce: BigInt(nonce) } };
}

/**
 * What a proof answers to a consumer, as the contract says: ask before a transaction is sent.
 * @param made The proof; what it says of its answer is not believed.
 * @throws NotFound it is refused, and the message names the contract's error. @throws NoContract, ChainUnavailable
 */
export async function verifyInference({
  client,
  deployment,
  made,
  blockNumber,
}: Reading & { readonly deployment: TaskId["deployment"]; readonly made: InferenceProof }): Promise<{
  readonly answer: boolean;
  readonly rowHash: Hex;
}> {
  const address = deployment.contracts.Inferences;
  const args = [made.consumer, made.query, made.proof] as const;
  const call = { abi: inferencesAbi, address, functionName: "checkFor", args, blockNumber } as const;
  const [answer, rowHash] = await read("answer by this proof", readContract(client, call));
  return { answer, rowHash };
}

/**
 * The answers about a task's models that were recorded, oldest first; of one round, if it is named.
 * @throws ChainUnavailable the node fails.
 */
export async function readInferences({
  client,
  deployment,
  taskId,
  round,
  fromBlock,
  toBlock,
  span,
}: Pick<Reading, "client"> & LogRange & TaskId & { readonly round?: number }): Promise<RecordedInference[]> {
  const event = { abi: inferencesAbi, eventName: "InferenceRecorded" } as const;
  const of = [taskId, ...(round === undefined ? [] : [BigInt(round)])].map((each) => numberToHex(each, { size: 32 }));
  const topics = [...encodeEventTopics(event).slice(0, 1), ...of] as Hex[];
  const start = async () => fromBlock ?? startOf({ client, deployment, taskId });
  const address = [deployment.contracts.Inferences];
  const first = BigInt(deployment.startBlock);
  const logs = await logsIn(client, { address, topics }, { start, first, last: toBlock, span });
  return parseEventLogs({ ...event, logs: logs.map((log) => formatLog(log)), strict: true }).map((log) => ({
    ...log.args,
    ...placeOf(log),
    round: Number(log.args.round),
    question: log.args.question as Question,
  }));
}

/** What a contract takes to compute with a row that everybody may see: see contracts/examples/Lender.sol. */
export interface PublicRow {
  /** The features as the model reads them, units of 2^-data_bits. */
  readonly row: readonly bigint[];
  /** The weights, 8 bytes each: what `LinearModel.open` shows once, and `LinearModel.score` takes. */
  readonly weights: Hex;
  /** C([w | 0]), and the quotient that opens it. */
  readonly commitment: Point;
  readonly quotient: Point;
}

/**
 * The arguments of a call about a public row, for a verified model (`pullModel`).
 * @param manifest The task's.
 * @param model The bytes of its document.
 * @throws InvalidRow a cell is missing or wrong. @throws MalformedDocument these are no model's bytes.
 */
export function publicRow(manifest: TaskManifest, model: Uint8Array, row: Row): PublicRow {
  const { weights, commitment, opening } = parseModel(model);
  return { row: encodeRow(manifest, row), weights: bytesToHex(packed(weights)), commitment, quotient: opening };
}

/** The consumer of what is recorded for everybody. */
export const NOBODY = zeroAddress;
