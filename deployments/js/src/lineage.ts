// Where a model comes from: the models it was made of, whose data, and the transactions that carried the proofs. Lineages
// are directed graphs without circles: a first model may have parents in other tasks, several of them.

import type { Address, Hex } from "viem";
import type { Reading } from "./call.js";
import { hashPoint, type Point, tagOf, withEntry } from "./commitment.js";
import type { Deployment } from "./deployment.js";
import { ChainUnavailable, NotFound } from "./errors.js";
import { type AddedModel, type History, historyOf, type Parent, type Part, type RegisteredData } from "./history.js";
import { type LogRange, readLogs, type TaskEvent } from "./logs.js";
import type { Place } from "./place.js";

/** What a trainer put into a model. */
export interface Contribution {
  readonly trainer: Address;
  /** The data that its proofs are about, each once. */
  readonly data: readonly RegisteredData[];
  /** The transaction that carried its proofs. */
  readonly proof: Place;
  /** The commitment of its update. */
  readonly update: Point;
}

/** A model and how it came about. */
export interface Generation extends AddedModel {
  readonly taskId: bigint;
  /** What it is made of: floor(sum of coefficient_i w_i / divisor). A round's model of the one it was trained from. */
  readonly parents: readonly Parent[];
  /** What the sum was divided by; 0 where there are no parents. */
  readonly divisor: bigint;
  /** Whose updates it averages; nobody's for a first model. */
  readonly contributions: readonly Contribution[];
  /** Who averaged, and the transaction that carried the proof; undefined for a first model. */
  readonly aggregated?: Place & { readonly aggregator: Address };
}

/** Which model. */
export interface ModelOf {
  readonly taskId: bigint;
  readonly round: number;
}

/** Data that a model rests on. */
export interface DataUse extends RegisteredData {
  /** The models that updates trained on it went into, the oldest first. */
  readonly models: readonly ModelOf[];
}

/** A model, its ancestors, and the data that it rests on. */
export interface Lineage {
  /** The model first, and each before those that it is made of; no model twice. */
  readonly generations: readonly Generation[];
  /**
   * All data that the model rests on, over all ancestors: of everybody whose update is in an average of its lineage, paid or
   * not. In the order in which they first went into it.
   */
  readonly data: readonly DataUse[];
  /** Whose data went into other models of the same tasks, and not into this one, and into which. */
  readonly leftOut: readonly { readonly trainer: Address; readonly models: readonly ModelOf[] }[];
  /**
   * First models without parents that are not zeros: what a learner drew from its seed, or weights of a creator's that nobody
   * proved. Whose data are in those, the chain does not tell.
   */
  readonly unproved: readonly ModelOf[];
  /** Models that were not read, since their tasks are beyond `most`. If there are any, it rests on more data than are listed. */
  readonly beyond: readonly Parent[];
}

/**
 * A model and its ancestors, also those in other tasks: back to the first models that nobody proved, with the data that
 * they rest on. Each task costs one log query, or as few as the node's limits allow.
 * @param round The round that made the model; by default the latest.
 * @param most How many tasks are read at most, by default 64, the nearest first.
 * @throws NotFound there is no such task, or the round made no model.
 * @throws ChainUnavailable the node fails, or its logs of an average are not all there.
 */
export async function readLineage({
  round,
  most = 64,
  ...range
}: Pick<Reading, "client"> &
  Omit<LogRange, "fromBlock"> & { taskId: bigint; round?: number; most?: number }): Promise<Lineage> {
  const histories = new Map<bigint, History>();
  const zeros = new Map<bigint, Hex>();
  const found = new Map<string, Generation>();
  const wanted: { taskId: bigint; round?: number | undefined }[] = [{ taskId: range.taskId, round }];
  for (const { taskId, round } of wanted) {
    if (!histories.has(taskId)) {
      if (histories.size >= Math.max(most, 1)) continue;
      const events = await readLogs({ ...range, taskId });
      histories.set(taskId, historyOf(taskId, events));
      zeros.set(taskId, hashOfZeros(range.deployment, taskId, events));
    }
    for (const generation of lineageOf(histories.get(taskId) as History, round)) {
      const key = `${taskId} ${generation.round}`;
      if (found.has(key)) break; // and so its ancestors
      found.set(key, generation);
      if (generation.round === 0) wanted.push(...generation.parents);
    }
  }
  const generations = [...found.values()].sort(newestFirst);
  const data = restsOn(generations);
  const roots = generations.filter(({ round, parents }) => round === 0 && parents.length === 0);
  const unproved = roots.filter(({ taskId, modelHash }) => modelHash !== zeros.get(taskId));
  return {
    generations,
    data,
    leftOut: leftOut([...histories.values()], data),
    unproved: unproved.map(({ taskId, round }) => ({ taskId, round })),
    beyond: beyond(generations),
  };
}

/** The hash that a task's model of zeros has. */
function hashOfZeros({ chainId, contracts }: Deployment, taskId: bigint, events: readonly TaskEvent[]): Hex {
  const created = events.find((event) => event.eventName === "TaskCreated");
  if (created?.eventName !== "TaskCreated") {
    throw new ChainUnavailable(`the node does not tell how task ${taskId} was created: ask another`);
  }
  const { offset, basisD } = created.args.config;
  return hashPoint(withEntry(offset, basisD, tagOf(chainId, contracts.TaskManager, taskId)));
}

/** The data that models rest on, in the order in which they first went into one. */
function restsOn(generations: readonly Generation[]): readonly DataUse[] {
  const uses = new Map<string, DataUse & { readonly models: ModelOf[] }>();
  for (const { taskId, round, contributions } of [...generations].reverse()) {
    for (const data of contributions.flatMap((contribution) => contribution.data)) {
      const key = `${data.trainer} ${data.dataHash}`; // in tasks of their own, others may register the same
      const use = uses.get(key) ?? { ...data, models: [] };
      use.models.push({ taskId, round });
      uses.set(key, use);
    }
  }
  return [...uses.values()];
}

function leftOut(histories: readonly History[], data: readonly DataUse[]): Lineage["leftOut"] {
  const inside = new Set(data.map(({ trainer }) => trainer));
  const found = new Map<Address, ModelOf[]>();
  for (const { taskId, rounds } of histories) {
    for (const { round, averaged } of rounds) {
      for (const trainer of averaged.filter((each) => !inside.has(each))) {
        found.set(trainer, [...(found.get(trainer) ?? []), { taskId, round }]);
      }
    }
  }
  return [...found].map(([trainer, models]) => ({ trainer, models }));
}

function beyond(generations: readonly Generation[]): readonly Parent[] {
  const read = new Set(generations.map(({ taskId, round }) => `${taskId} ${round}`));
  return generations.flatMap(({ parents }) => parents).filter(({ taskId, round }) => !read.has(`${taskId} ${round}`));
}

/**
 * The lineage that a task's history tells, back to the task's first model; see `readLineage`.
 * @throws NotFound the round made no model.
 */
export function lineageOf(history: History, round = history.models.at(-1)?.round): readonly Generation[] {
  const models = new Map(history.models.map((model) => [model.round, model]));
  const generations: Generation[] = [];
  let model = round === undefined ? undefined : models.get(round);
  if (model === undefined) {
    throw new NotFound(`round ${round} of task ${history.taskId} has made no model: see listRounds`);
  }
  while (model !== undefined) {
    generations.push({ ...model, taskId: history.taskId, ...ancestry(history, model), ...making(history, model) });
    model = model.parent < model.round ? models.get(model.parent) : undefined;
  }
  return generations;
}

/** By id, since a model is made of older ones: of tasks before its own, or of rounds before. */
function newestFirst(a: Generation, b: Generation): number {
  return a.taskId === b.taskId ? b.round - a.round : a.taskId < b.taskId ? 1 : -1;
}

function ancestry({ taskId, origin }: History, { round, parent }: AddedModel): Pick<Generation, "parents" | "divisor"> {
  if (round > 0) return { parents: [{ taskId, round: parent, coefficient: 1n }], divisor: 1n };
  return { parents: origin?.parents ?? [], divisor: origin?.divisor ?? 0n };
}

function making(history: History, model: AddedModel): Pick<Generation, "contributions" | "aggregated"> {
  const round = history.rounds.find((each) => each.round === model.round);
  const aggregated = round?.averages.at(-1);
  if (round === undefined || aggregated === undefined) return { contributions: [] };
  const parts = round.parts.filter(({ trainer }) => round.averaged.includes(trainer));
  const { aggregator, block, transaction, logIndex } = aggregated;
  const contributions = parts.flatMap((part) => contribution(history, part) ?? []);
  const lacks = parts.some(({ submitted }) => !submitted?.dataHashes.length || !knows(history, submitted.dataHashes));
  if (lacks || contributions.length !== round.attempts.at(-1)?.members) {
    throw new ChainUnavailable(
      `the node does not tell all that happened in round ${round.round} of task ${history.taskId}: ask another`,
    );
  }
  return {
    contributions,
    aggregated: { aggregator, block, transaction, logIndex },
  };
}

/** Whether it tells who registered all of these data. */
function knows({ data }: History, hashes: readonly Hex[]): boolean {
  const known = new Set(data.map(({ dataHash }) => dataHash));
  return hashes.every((hash) => known.has(hash));
}

function contribution(history: History, { trainer, submitted }: Part): Contribution | undefined {
  if (submitted === undefined) return undefined;
  const { update, dataHashes, ...proof } = submitted;
  return { trainer, data: history.data.filter(({ dataHash }) => dataHashes.includes(dataHash)), proof, update };
}
