// Where a model comes from: the models before it, whose data, and the transactions that carried the proofs.

import type { Address, Hex } from "viem";
import type { Reading } from "./call.js";
import { hashPoint, type Point } from "./commitment.js";
import { NotFound } from "./errors.js";
import { type AddedModel, type History, historyOf, type Part } from "./history.js";
import { type LogRange, readLogs } from "./logs.js";
import { order, type Place } from "./place.js";

/** What a trainer put into a model. */
export interface Contribution {
  readonly trainer: Address;
  /** The commitment of its data, its hash, and the enrolment that registered it. */
  readonly data: Point;
  readonly dataHash: Hex;
  readonly enrolled: Place;
  /** The transaction that carried its proof. */
  readonly proof: Place;
  /** The commitment of its update. */
  readonly update: Point;
}

/** A model and how it came about. */
export interface Generation extends AddedModel {
  /** Whose updates it averages; nobody's for the first model. */
  readonly contributions: readonly Contribution[];
  /** Who averaged, and the transaction that carried the proof; undefined for the first model. */
  readonly aggregated?: Place & { readonly aggregator: Address };
}

/**
 * A model and its ancestors, back to the task's first. One log query, unless `span` divides it.
 * @param round The round that made the model; by default the latest.
 * @returns The model first, the task's first model last.
 * @throws NotFound there is no such task, or the round made no model. @throws ChainUnavailable
 */
export async function readLineage({
  round,
  ...range
}: Pick<Reading, "client"> & LogRange & { taskId: bigint; round?: number }): Promise<readonly Generation[]> {
  return lineageOf(historyOf(range.taskId, await readLogs(range)), round);
}

/**
 * The lineage that a task's history tells; see `readLineage`.
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
    generations.push({ ...model, ...origin(history, model) });
    model = model.round === 0 ? undefined : models.get(model.parent);
  }
  return generations;
}

function origin(history: History, model: AddedModel): Pick<Generation, "contributions" | "aggregated"> {
  const round = history.rounds.find((each) => each.round === model.round);
  const aggregated = round?.averages.at(-1);
  if (round === undefined || aggregated === undefined) return { contributions: [] };
  const parts = round.parts.filter(({ trainer }) => round.counted.includes(trainer));
  const { aggregator, block, transaction, logIndex } = aggregated;
  return {
    contributions: parts.flatMap((part) => contribution(history, part) ?? []),
    aggregated: { aggregator, block, transaction, logIndex },
  };
}

function contribution({ enrolments }: History, { trainer, joined, submitted }: Part): Contribution | undefined {
  const before = enrolments.filter((each) => each.trainer === trainer && order(each, joined) < 0);
  const enrolment = before.at(-1); // a trainer that left and came back may have other data
  if (enrolment === undefined || submitted === undefined) return undefined;
  const { data, block, transaction, logIndex } = enrolment;
  const { update, ...proof } = submitted;
  return { trainer, data, dataHash: hashPoint(data), enrolled: { block, transaction, logIndex }, proof, update };
}
