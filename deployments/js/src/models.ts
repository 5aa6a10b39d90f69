// Models of the registry, and whether bytes are theirs.

import { type ContractFunctionReturnType, type Hex, maxUint256 } from "viem";
import { readContract } from "viem/actions";
import { getAbiItem } from "viem/utils";
import { lensAbi, modelRegistryAbi } from "./abis.js";
import { modelBytes } from "./binary.js";
import { type Reading, read, type TaskId } from "./call.js";
import { digestFromCid, digestOf } from "./cid.js";
import { hashPoint, tagOf, withEntry } from "./commitment.js";
import type { Deployment } from "./deployment.js";
import { parseManifest, type TaskManifest } from "./documents.js";
import {
  ChainUnavailable,
  ContentUnavailable,
  type GatewayFailure,
  ModelRejected,
  WrongBytes,
  WrongChain,
} from "./errors.js";
import { P } from "./field.js";
import { type FetchOptions, fetchContent } from "./gateway.js";
import type { Parent } from "./history.js";
import { type LogRange, type Opened, readOpened, readParts } from "./logs.js";
import { Encoding, entriesOf } from "./openings.js";
import { type Page, readTask, type TaskScreen } from "./tasks.js";
import { checkModel, checkZeros, type Expected, type Verification } from "./verify.js";

/** A model with where it comes from, as `IModelRegistry.Record`. */
export type ModelRecord = ContractFunctionReturnType<typeof modelRegistryAbi, "view", "getRecord">;

/** Which model. */
export interface ModelId extends TaskId {
  /** The round that made it. Round 0 is the model the creator started from: nobody proved it. */
  readonly round: number;
}

/** A model's document, and what its checks found. */
export interface FetchedModel {
  /** Undefined where no gateway gave it and its weights are zero: the commitment tells that, and not the opening. */
  readonly bytes: Uint8Array | undefined;
  /** The gateway that gave it. Undefined where none did: its weights were shown on chain, or are zero. */
  readonly gateway: string | undefined;
  /** Gateways that gave other bytes: do not ask these again. */
  readonly liars: readonly GatewayFailure[];
  readonly verification: Verification;
}

/** A verified model with all that is needed to use it. */
export interface PulledModel extends FetchedModel {
  readonly record: ModelRecord;
  readonly manifest: TaskManifest;
  /** Signed integers, units of 2^-model_bits. */
  readonly weights: readonly bigint[];
}

const unknown = getAbiItem({ abi: modelRegistryAbi, name: "UnknownModel" });

/**
 * The latest model of each task with its record, newest task first.
 * @returns The page, and how many tasks, and so latest models, there are.
 * @throws NoContract, ChainUnavailable
 */
export async function listModels({
  client,
  deployment,
  start = maxUint256,
  limit,
  blockNumber,
}: Reading & Page & { readonly deployment: Deployment }): Promise<{
  readonly models: readonly ModelRecord[];
  readonly total: bigint;
}> {
  const abi = [...lensAbi, unknown] as const;
  const args = [start, BigInt(limit)] as const;
  const call = { abi, address: deployment.contracts.Lens, functionName: "getModels", args, blockNumber } as const;
  const [models, total] = await read("list of models", readContract(client, call));
  return { models, total };
}

/**
 * A model's record: its hash, URI, parent, trainers, aggregator, and what was proved.
 * @throws NotFound the round made no model. @throws NoContract, ChainUnavailable
 */
export async function readRecord({
  client,
  deployment,
  taskId,
  round,
  blockNumber,
}: Reading & ModelId): Promise<ModelRecord> {
  const address = deployment.contracts.ModelRegistry;
  const args = [taskId, BigInt(round)] as const;
  const call = { abi: modelRegistryAbi, address, functionName: "getRecord", args, blockNumber } as const;
  return read(`model of round ${round} of task ${taskId}`, readContract(client, call));
}

/**
 * The records of rounds `start` to `start + limit - 1` of a task, oldest first; rounds without a model are left out.
 * @throws NotFound, NoContract, ChainUnavailable
 */
export async function listRecords({
  client,
  deployment,
  taskId,
  start = 0,
  limit,
  blockNumber,
}: Reading &
  TaskId & {
    readonly start?: number;
    readonly limit: number;
  }): Promise<readonly ModelRecord[]> {
  const address = deployment.contracts.ModelRegistry;
  const args = [taskId, BigInt(start), BigInt(limit)] as const;
  const call = { abi: modelRegistryAbi, address, functionName: "getRecords", args, blockNumber } as const;
  return read(`task ${taskId}`, readContract(client, call));
}

/**
 * What a model is made of: floor(sum of coefficient_i w_i / divisor) of its parents. A round's model has one, which it was
 * trained from; a first model has those of its origin, in other tasks, or none, with divisor 0.
 * @throws NotFound the round made no model. @throws NoContract, ChainUnavailable
 */
export async function readParents({ client, deployment, taskId, round, blockNumber }: Reading & ModelId): Promise<{
  readonly parents: readonly Parent[];
  readonly divisor: bigint;
}> {
  const address = deployment.contracts.ModelRegistry;
  const args = [taskId, BigInt(round)] as const;
  const call = { abi: modelRegistryAbi, address, functionName: "getParents", args, blockNumber } as const;
  const [parents, divisor] = await read(`model of round ${round} of task ${taskId}`, readContract(client, call));
  return { parents, divisor };
}

/**
 * Whether bytes are the model that a round made: by the registry's CID, by the commitment that was proved, and by the
 * opening that shows it to be that of the weights.
 *
 * The chain is the client's word: use a node you trust, or your own.
 * @param bytes The model document.
 * @throws NotFound, NoContract, ChainUnavailable
 */
export async function verifyModel({
  bytes,
  ...where
}: Reading & ModelId & { readonly bytes: Uint8Array }): Promise<Verification> {
  const [record, task] = await Promise.all([readRecord(where), readTask(where)]);
  return checkModel(expectedOf(where, record, task), bytes);
}

/**
 * Fetches a model with its task's manifest, and verifies it.
 * @param round The round that made it; by default the task's latest model.
 * @param gateways URLs such as `https://ipfs.io`, trusted with nothing.
 * @throws ModelRejected it is not what the contract accepted. @throws WrongChain the deployment is on another chain.
 * @throws ContentUnavailable, WrongBytes a document cannot be had. @throws MalformedDocument one is none.
 * @throws NotFound, NoContract, ChainUnavailable
 */
export async function pullModel({
  round,
  gateways,
  signal,
  timeout,
  ...where
}: Reading &
  TaskId &
  FetchOptions &
  Pick<LogRange, "span"> & { readonly round?: number; readonly gateways: readonly string[] }): Promise<PulledModel> {
  const task = await readTask(where);
  const record = await readRecord({ ...where, round: round ?? task.model.round });
  const options = { ...(signal && { signal }), ...(timeout && { timeout }) };
  const get = async (digest: Hex): Promise<Uint8Array> => (await fetchContent(gateways, digest, options)).bytes;
  const manifest = parseManifest(await get(record.manifest));
  const fetched = await fetchModel({ ...where, ...options, record, task, gateways });
  const { weights } = fetched.verification;
  if (weights === undefined) {
    const failed = fetched.verification.checks.filter(({ ok }) => !ok).map(({ says }) => says);
    throw new ModelRejected(
      `the model of round ${record.round} of task ${where.taskId} is not what was accepted: it does not hold that ` +
        `${failed.join(", nor that ")}. Do not use it.`,
    );
  }
  return { ...fetched, record, manifest, weights };
}

/**
 * Fetches a model's document and checks it. Where no gateway gives the accepted model, the chain may tell its weights:
 * those that an aggregator or creator opened when somebody demanded them, or zeros, which the commitment itself shows.
 * @param record What `readRecord` gave.
 * @param task What `readTask` gave.
 * @returns The document, also one that fails: look at its `verification`.
 * @throws ContentUnavailable, WrongBytes it cannot be had.
 */
export async function fetchModel({
  record,
  task,
  gateways,
  ...where
}: Reading &
  TaskId &
  FetchOptions &
  Pick<LogRange, "span"> & {
    readonly record: ModelRecord;
    readonly task: TaskScreen;
    readonly gateways: readonly string[];
  }): Promise<FetchedModel> {
  const expected = expectedOf(where, record, task);
  let fetched: FetchedModel | undefined;
  let failure: ContentUnavailable | WrongBytes | undefined;
  try {
    const content = await fetchContent(gateways, cidOfRecord(record), where);
    fetched = { ...content, verification: checkModel(expected, content.bytes) };
    if (fetched.verification.verified) return fetched;
  } catch (error) {
    if (!(error instanceof ContentUnavailable || error instanceof WrongBytes)) throw error;
    failure = error;
  }
  const told = { gateway: undefined, liars: failure instanceof WrongBytes ? failure.liars : [] };
  const verification = checkZeros(expected);
  if (verification.verified) return { ...told, bytes: undefined, verification };
  const bytes = await shown(where, expected, record);
  if (bytes) {
    const isNamed = digestOf(bytes) === expected.cid;
    const verification = checkModel({ ...expected, cid: isNamed ? expected.cid : undefined }, bytes);
    if (verification.verified) return { ...told, bytes, verification };
  }
  if (fetched === undefined) throw failure;
  return fetched;
}

/**
 * A model's document, made of what was opened on chain; undefined where it never was, or where the node keeps no events of
 * long ago. Two log queries, or as few as the node's limits allow.
 */
async function shown(
  where: Reading & TaskId & Pick<LogRange, "span">,
  { modelHash, dimension, basisD, tag }: Expected,
  { round, trainers }: ModelRecord,
): Promise<Uint8Array | undefined> {
  const range = { ...where, toBlock: where.blockNumber };
  try {
    const opened = (await readOpened(range)).find(
      ({ commitment, encoding, entries }) =>
        encoding === Encoding.Packed &&
        entries === dimension &&
        hashPoint(withEntry(commitment, basisD, tag)) === modelHash,
    );
    const parts = opened && (await readParts(opened, range));
    if (parts === undefined) return undefined;
    const { commitment, quotient } = opened as Opened;
    return modelBytes({ round, trainers, commitment, opening: quotient, weights: entriesOf(parts, Encoding.Packed) });
  } catch (error) {
    if (error instanceof ChainUnavailable || error instanceof RangeError) return undefined;
    throw error;
  }
}

function expectedOf({ deployment, taskId }: TaskId, record: ModelRecord, { config, tag: told }: TaskScreen): Expected {
  const { dimension, k, offset, basisD, tau } = config;
  const tag = tagOf(deployment.chainId, deployment.contracts.TaskManager, taskId);
  if (told % P !== tag) {
    throw new WrongChain(
      `the node serves another chain than ${deployment.chainId}, on which the deployment is: contracts have the same ` +
        "addresses on both. Name the node, or the deployment, of the chain you mean.",
    );
  }
  return { modelHash: record.modelHash, cid: cidOfRecord(record), dimension, k, offset, basisD, tau, tag };
}

/** The digest of a record's model document. */
function cidOfRecord({ uri }: ModelRecord): Hex {
  return digestFromCid(uri.replace(/^ipfs:\/\//, ""));
}
