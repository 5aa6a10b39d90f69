// Scores of models on held-out data, and compositions of data: proved, recorded, and what their numbers say.

import { type Address, type ContractFunctionReturnType, type Hex, keccak256 } from "viem";
import { getCode, readContract } from "viem/actions";
import { attestationsAbi } from "./abis.js";
import { type Reading, read, type TaskId } from "./call.js";
import { decode } from "./canonical.js";
import { digestFromCid } from "./cid.js";
import type { TaskManifest } from "./documents.js";
import { MalformedDocument, NotFound } from "./errors.js";
import { type FetchOptions, fetchContent } from "./gateway.js";
import { groupsOf } from "./predict.js";
import { anyObject } from "./shape.js";

/** What a task's scores are, as `IAttestations.Scoring`. */
export type Scoring = ContractFunctionReturnType<typeof attestationsAbi, "view", "getScoring">;

/** A score as it is recorded, as `IAttestations.Attestation`. */
export type Attestation = ContractFunctionReturnType<typeof attestationsAbi, "view", "getAttestations">[number];

/** A composition as it is recorded, as `IAttestations.Composition`. */
export type RecordedComposition = ContractFunctionReturnType<typeof attestationsAbi, "view", "getCompositions">[number];

/** Held-out data, as `IAttestations.Holding`. */
export type Holding = ContractFunctionReturnType<typeof attestationsAbi, "view", "getHeldOuts">[number];

/** How often a model is right on rows of one kind. */
export interface Share {
  /** The group with its column; undefined for the whole. */
  readonly group: string | undefined;
  readonly right: number;
  readonly rows: number;
  /** The fraction that is right; undefined of no rows. */
  readonly share: number | undefined;
}

/** Rows by class, of one group or of the whole. */
export interface RowCount {
  /** The group with its column; undefined for the whole. */
  readonly group: string | undefined;
  /** In the order of the manifest's classes; a single number where labels are amounts. */
  readonly rows: readonly number[];
}

/** One comparison of a task's scores with its manifest. */
export interface ScoringCheck {
  readonly ok: boolean;
  /** A sentence for people. */
  readonly says: string;
}

interface PageOf {
  readonly start?: number;
  readonly limit: number;
}

const abi = attestationsAbi;

/**
 * What a task's scores are; undefined where its creator has not opened it for them.
 * @throws NoContract, ChainUnavailable
 */
export async function readScoring(where: Reading & TaskId): Promise<Scoring | undefined> {
  const { client, deployment, taskId, blockNumber } = where;
  const address = deployment.contracts.Attestations;
  const call = { abi, address, functionName: "getScoring", args: [taskId], blockNumber } as const;
  try {
    return await read(`scores of task ${taskId}`, readContract(client, call));
  } catch (error) {
    if (error instanceof NotFound) return undefined;
    throw error;
  }
}

/**
 * The scores of a round's model, in the order in which their data were registered: those on a page of all held-out data.
 * @returns The scores, and how many held-out data there are.
 * @throws NotFound the task is not open for scores. @throws NoContract, ChainUnavailable
 */
export async function listAttestations({
  client,
  deployment,
  taskId,
  round,
  start = 0,
  limit,
  blockNumber,
}: Reading & TaskId & PageOf & { readonly round: number }): Promise<{
  readonly attestations: readonly Attestation[];
  readonly total: number;
}> {
  const address = deployment.contracts.Attestations;
  const args = [taskId, BigInt(round), BigInt(start), BigInt(limit)] as const;
  const scores = { abi, address, functionName: "getAttestations", args, blockNumber } as const;
  const count = { abi, address, functionName: "heldOutCount", args: [taskId], blockNumber } as const;
  const [attestations, total] = await Promise.all([
    read(`scores of task ${taskId}`, readContract(client, scores)),
    read(`held-out data of task ${taskId}`, readContract(client, count)),
  ]);
  return { attestations, total: Number(total) };
}

/**
 * Held-out data, in the order in which they were registered.
 * @throws NoContract, ChainUnavailable
 */
export async function listHeldOut({
  client,
  deployment,
  taskId,
  start = 0,
  limit,
  blockNumber,
}: Reading & TaskId & PageOf): Promise<readonly Holding[]> {
  const address = deployment.contracts.Attestations;
  const args = [taskId, BigInt(start), BigInt(limit)] as const;
  const call = { abi, address, functionName: "getHeldOuts", args, blockNumber } as const;
  return read(`held-out data of task ${taskId}`, readContract(client, call));
}

/**
 * Compositions of committed data, in the order in which they were recorded.
 * @throws NotFound the task is not open for scores. @throws NoContract, ChainUnavailable
 */
export async function listCompositions({
  client,
  deployment,
  taskId,
  start = 0,
  limit,
  blockNumber,
}: Reading & TaskId & PageOf): Promise<readonly RecordedComposition[]> {
  const address = deployment.contracts.Attestations;
  const args = [taskId, BigInt(start), BigInt(limit)] as const;
  const call = { abi, address, functionName: "getCompositions", args, blockNumber } as const;
  return read(`compositions of task ${taskId}`, readContract(client, call));
}

/**
 * What a score of classes says: of the whole, then of each group. The chain's numbers are multiples of rows: of 4, by
 * group of 8.
 * @throws MalformedDocument these are no numbers of such a score, or the manifest has other groups.
 */
export function sharesOf(scoring: Scoring, manifest: TaskManifest, numbers: readonly bigint[]): Share[] {
  const groups = namesOf(scoring, manifest);
  const { each, wholeGroups, amounts } = scoring;
  if (amounts || numbers.length !== each * Math.max(1, groups.length)) {
    throw new MalformedDocument("these are no numbers of this task's scores: is it another task's?");
  }
  const unit = groups.length > 0 ? 8 : 4;
  const cells = (groups.length > 0 ? groups : [undefined]).map((group, at) => {
    const own = numbers.slice(at * each, (at + 1) * each).map((number) => Number(number) / unit);
    const [right, rows] = [0, 1].map((odd) => sum(own.filter((_, place) => place % 2 === odd))) as [number, number];
    return share(group, right, rows);
  });
  if (groups.length === 0) return cells;
  const whole = cells.slice(0, wholeGroups);
  return [share(undefined, sum(whole.map(({ right }) => right)), sum(whole.map(({ rows }) => rows))), ...cells];
}

/**
 * Of which classes the rows of committed data are: of each group, or of the whole where there are none.
 * @throws MalformedDocument these are no numbers of such a composition, or the manifest has other groups.
 */
export function compositionOf(scoring: Scoring, manifest: TaskManifest, counts: readonly bigint[]): RowCount[] {
  const groups = namesOf(scoring, manifest);
  const { classes } = scoring;
  if (counts.length !== classes * Math.max(1, groups.length)) {
    throw new MalformedDocument("these are no numbers of this task's compositions: is it another task's?");
  }
  const unit = groups.length > 0 ? 8 : 4;
  return (groups.length > 0 ? groups : [undefined]).map((group, at) => ({
    group,
    rows: counts.slice(at * classes, (at + 1) * classes).map((count) => Number(count) / unit),
  }));
}

/**
 * Whether the verifiers of a task's scores are those that its manifest names, and stand on chain. It does not build the
 * circuits again: `headwater task show ID --check` does.
 * @throws ContentUnavailable, WrongBytes a document cannot be had. @throws ChainUnavailable
 */
export async function checkScoring({
  client,
  scoring,
  manifest,
  gateways,
  blockNumber,
  ...options
}: Reading &
  FetchOptions & {
    readonly scoring: Scoring;
    readonly manifest: TaskManifest;
    readonly gateways: readonly string[];
  }): Promise<ScoringCheck[]> {
  const verifiers = [
    ["score", scoring.scoreVerifier, scoring.scoreCodeHash],
    ["composition", scoring.compositionVerifier, scoring.compositionCodeHash],
  ] as const;
  return Promise.all(
    verifiers.map(async ([name, address, pinned]: readonly ["score" | "composition", Address, Hex]) => {
      const cid = manifest.circuits[name];
      if (cid === "") return { ok: false, says: `the manifest has a circuit of the ${name}` };
      const [named, code] = await Promise.all([
        fetchContent(gateways, digestFromCid(cid), options).then(({ bytes }) => codeHashOf(bytes)),
        read(`verifier of the ${name}`, getCode(client, { address, ...(blockNumber && { blockNumber }) })),
      ]);
      const stands = code === undefined ? undefined : keccak256(code);
      return {
        ok: named === pinned && stands === pinned,
        says: `the verifier of the ${name} is that of the manifest's circuit`,
      };
    }),
  );
}

function codeHashOf(bytes: Uint8Array): unknown {
  const { verifier } = anyObject(decode(bytes), "");
  return verifier === undefined ? undefined : anyObject(verifier, "verifier").code_hash;
}

function namesOf({ groups }: Scoring, manifest: TaskManifest): string[] {
  const names = groupsOf(manifest).flatMap(({ name, values }) => values.map((value) => `${name}: ${value}`));
  if (names.length !== groups) {
    throw new MalformedDocument(`scores are of ${groups} groups, and the manifest has ${names.length}: believe none`);
  }
  return names;
}

function share(group: string | undefined, right: number, rows: number): Share {
  return { group, right, rows, share: rows === 0 ? undefined : right / rows };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
