// Models of the registry, and whether bytes are theirs.

import { type ContractFunctionReturnType, type Hex, maxUint256 } from "viem";
import { readContract } from "viem/actions";
import { getAbiItem } from "viem/utils";
import { lensAbi, modelRegistryAbi } from "./abis.js";
import { type Reading, read } from "./call.js";
import { digestFromCid } from "./cid.js";
import { tagOf } from "./commitment.js";
import type { Deployment } from "./deployment.js";
import { type TaskManifest, parseManifest } from "./documents.js";
import { ModelRejected } from "./errors.js";
import { type FetchOptions, fetchContent } from "./gateway.js";
import { type Page, type TaskScreen, readTask } from "./tasks.js";
import { type Expected, type Verification, checkModel } from "./verify.js";

/** A model with where it comes from, as `IModelRegistry.Record`. */
export type ModelRecord = ContractFunctionReturnType<typeof modelRegistryAbi, "view", "getRecord">;

/** Which model. */
export interface ModelId {
  readonly deployment: Deployment;
  readonly taskId: bigint;
  /** The round that made it. Round 0 is the model the creator started from: nobody proved it. */
  readonly round: number;
}

/** A verified model with all that is needed to use it. */
export interface PulledModel {
  readonly record: ModelRecord;
  readonly manifest: TaskManifest;
  /** Signed integers, units of 2^-model_bits. */
  readonly weights: readonly bigint[];
  /** The model document, as it was stored. */
  readonly bytes: Uint8Array;
  readonly verification: Verification;
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
}: Reading & {
  readonly deployment: Deployment;
  readonly taskId: bigint;
  readonly start?: number;
  readonly limit: number;
}): Promise<readonly ModelRecord[]> {
  const address = deployment.contracts.ModelRegistry;
  const args = [taskId, BigInt(start), BigInt(limit)] as const;
  const call = { abi: modelRegistryAbi, address, functionName: "getRecords", args, blockNumber } as const;
  return read(`task ${taskId}`, readContract(client, call));
}

/**
 * Whether bytes are the model that a round made: by the registry's CID, and by the commitment that was proved.
 *
 * The chain is the client's word: use a node you trust, or your own.
 * @param bytes The model document.
 * @param basis The blob under the manifest's `basis`.
 * @throws NotFound, NoContract, ChainUnavailable
 */
export async function verifyModel({
  bytes,
  basis,
  ...where
}: Reading & ModelId & { readonly bytes: Uint8Array; readonly basis: Uint8Array }): Promise<Verification> {
  const [record, task] = await Promise.all([readRecord(where), readTask(where)]);
  return checkModel(expectedOf(where, record, task), bytes, basis);
}

/**
 * Fetches a model with its task's manifest and basis points, and verifies it.
 * @param round The round that made it; by default the task's latest model.
 * @param gateways URLs such as `https://ipfs.io`, trusted with nothing.
 * @throws ModelRejected it is not what the contract accepted.
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
  Omit<ModelId, "round"> &
  FetchOptions & { readonly round?: number; readonly gateways: readonly string[] }): Promise<PulledModel> {
  const task = await readTask(where);
  const record = await readRecord({ ...where, round: round ?? task.model.round });
  const get = async (digest: Hex): Promise<Uint8Array> =>
    (await fetchContent(gateways, digest, { ...(signal && { signal }), ...(timeout && { timeout }) })).bytes;
  const manifest = parseManifest(await get(record.manifest));
  const bytes = await get(cidOfRecord(record));
  const basis = await get(digestFromCid(manifest.basis));
  const verification = checkModel(expectedOf(where, record, task), bytes, basis);
  if (verification.weights === undefined) {
    const failed = verification.checks.filter(({ ok }) => !ok).map(({ says }) => says);
    throw new ModelRejected(
      `the model of round ${record.round} of task ${where.taskId} is not what was accepted: it does not hold that ` +
        `${failed.join(", nor that ")}. Do not use it.`,
    );
  }
  return { record, manifest, weights: verification.weights, bytes, verification };
}

function expectedOf(
  { deployment, taskId }: Omit<ModelId, "round">,
  record: ModelRecord,
  { config }: TaskScreen,
): Expected {
  const { dimension, basisHash, offset } = config;
  const tag = tagOf(deployment.chainId, deployment.contracts.TaskManager, taskId);
  return { modelHash: record.modelHash, cid: cidOfRecord(record), dimension, basisHash, offset, tag };
}

/** The digest of a record's model document. */
function cidOfRecord({ uri }: ModelRecord): Hex {
  return digestFromCid(uri.replace(/^ipfs:\/\//, ""));
}
