// What happened in a task, from the chain's events alone: who did what in each round, and whether it counted. The same
// outcomes in the same words as node/headwater/reading/history.py.

import { type Address, type Hex, zeroAddress } from "viem";
import type { Reading } from "./call.js";
import type { Point } from "./commitment.js";
import type { Deployment } from "./deployment.js";
import { ChainUnavailable, NotFound } from "./errors.js";
import { type LogRange, readLogs, readRoundLogs, type TaskEvent } from "./logs.js";
import { type Outcome, outcomeIn } from "./outcome.js";
import { type Phase, phaseOf } from "./phases.js";
import { order, type Place, placeOf } from "./place.js";

/** An enrolment. */
export interface Enrolment extends Place {
  readonly trainer: Address;
  /** What was locked, in wei. */
  readonly stake: bigint;
}

/** Data that a trainer registered: they are its own for good, whatever becomes of its enrolment. */
export interface RegisteredData extends Place {
  readonly trainer: Address;
  /** keccak256 of the commitment: what `getData` knows it by. */
  readonly dataHash: Hex;
  readonly commitment: Point;
  /** The round that ran then. */
  readonly round: number;
}

/** A model that another is made of, as `IModelRegistry.Parent`. */
export interface Parent {
  readonly taskId: bigint;
  /** The round that made it; 0 for the task's first model. */
  readonly round: number;
  /** By what it is multiplied. */
  readonly coefficient: bigint;
}

/** What a first model is made of: floor(sum of coefficient_i w_i / divisor) of its parents. */
export interface Origin extends Place {
  readonly parents: readonly Parent[];
  readonly divisor: bigint;
}

/** What a trainer committed to in an attempt at masking. */
export interface Masking extends Place {
  readonly attempt: number;
  readonly update: Point;
  /** The digest of its update document. */
  readonly cid: Hex;
}

/** Something about a member of an attempt. */
export interface InAttempt extends Place {
  readonly attempt: number;
}

/** A conviction. */
export interface Conviction extends InAttempt {
  /** Who showed it in a dispute, an honest member; undefined where nobody is to be paid. */
  readonly payee: Address | undefined;
  /** What `payee` has out of the slash for its gas, in wei, once the part is settled; at most the whole slash. */
  readonly owed: bigint;
}

/** A link of an update whose proof lies in storage: see `IProofManager`. */
export interface ClaimedLink extends Place {
  readonly dataHash: Hex;
  /** The commitment of the update with which it ends. */
  readonly update: Point;
  /** The digest of the document that holds the proof. */
  readonly cid: Hex;
  /** Where its proof was shown on chain, since somebody demanded it; else undefined: no contract has checked it. */
  readonly proved?: Place;
}

/** A trainer's part in a round, each step with the event that says so; of accusations the last. */
export interface Part {
  readonly trainer: Address;
  readonly joined: Place;
  /** What it claimed link by link, with proofs that are not on chain. */
  readonly claimed: readonly ClaimedLink[];
  /**
   * The transaction with its proofs, or its last claim, the commitment of its update, and the hashes of all data that it
   * rests on.
   */
  readonly submitted?: Place & { readonly update: Point; readonly dataHashes: readonly Hex[] };
  readonly masked: readonly Masking[];
  readonly accused?: InAttempt;
  readonly acquitted?: InAttempt;
  readonly convicted?: Conviction;
  /** What was taken of its stake, in wei, and whether for a fault or an absence. */
  readonly slashed?: Place & { readonly fault: boolean; readonly amount: bigint };
  /** What was credited to it for the round, in wei. */
  readonly rewarded?: Place & { readonly amount: bigint };
  readonly outcome: Outcome;
}

/** An attempt at masking. */
export interface Attempt extends InAttempt {
  readonly members: number;
  /** The block whose hash makes the seed. */
  readonly seedBlock: bigint;
  /** What orders the members on the circle; undefined until the first of them masks. */
  readonly seed?: Hex;
}

/** An average that was accepted, with the transaction that carried its proof. */
export interface Average extends Place {
  readonly aggregator: Address;
  readonly oldModelHash: Hex;
  readonly newModelHash: Hex;
  /** The digest of the model document. */
  readonly cid: Hex;
}

/** A round's step from one phase to the next. `deadline` is that of `to`, in Unix seconds; 0 where that is an end. */
export interface PhaseChange extends Place {
  readonly from: Phase;
  readonly to: Phase;
  readonly deadline: bigint;
}

/** One round. */
export interface RoundHistory {
  readonly round: number;
  /** Where it is, or how it ended. */
  readonly phase: Phase;
  readonly phases: readonly PhaseChange[];
  /** In the order of joining. */
  readonly parts: readonly Part[];
  readonly attempts: readonly Attempt[];
  /** Those accepted, the ones that were taken back included. */
  readonly averages: readonly Average[];
  readonly revoked: readonly (Place & { readonly aggregator: Address; readonly slashed: bigint })[];
  /** Demands for a model's bytes: of the average in Challenge, of the first model in Join. */
  readonly demands: readonly (Place & { readonly accused: Address; readonly deadline: bigint })[];
  /** When these bytes were shown. */
  readonly shown: readonly Place[];
  /** Whose updates the round's model averages; nobody's unless it is finalized. */
  readonly averaged: readonly Address[];
  /** Of those, who has a share of the reward: all but the convicted. */
  readonly counted: readonly Address[];
}

/** A model that was added to the registry. */
export interface AddedModel extends Place {
  readonly round: number;
  readonly modelHash: Hex;
  readonly commitment: Point;
  /** The digest of the model document. */
  readonly cid: Hex;
  /** The round that made the model before it; 0 for the first model, too. */
  readonly parent: number;
  /** The model hash of that; zero for the first model. */
  readonly parentHash: Hex;
}

/** A task's events, grouped. */
export interface History {
  readonly taskId: bigint;
  /** In order; a trainer that left and came back is there twice. */
  readonly enrolments: readonly Enrolment[];
  /** In order. */
  readonly data: readonly RegisteredData[];
  /** What the first model is made of; undefined where it has no parents. */
  readonly origin?: Origin;
  /** By round, from 1. */
  readonly rounds: readonly RoundHistory[];
  /** By round, the first model first. */
  readonly models: readonly AddedModel[];
  /** Set where the task ended because nobody showed its first model: what was burnt of its pool, in wei. */
  readonly withheld?: Place & { readonly slashed: bigint };
}

type Building<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };
type PartDraft = Building<Omit<Part, "outcome">>;
type RoundDraft = Building<Omit<RoundHistory, "parts" | "averaged" | "counted" | "phase">> & { parts: PartDraft[] };
type Draft = Building<Omit<History, "rounds">> & { rounds: RoundDraft[] };

/**
 * All that happened in a task. One log query, or as few as the node's limits allow: see `readLogs`.
 * @throws NotFound there is no such task. @throws ChainUnavailable
 */
export async function readHistory(range: Pick<Reading, "client"> & LogRange & { taskId: bigint }): Promise<History> {
  return historyOf(range.taskId, await readLogs(range));
}

/** Which round of which task. */
export type RoundRange = Pick<Reading, "client"> &
  Pick<LogRange, "span"> & {
    readonly deployment: Deployment;
    readonly taskId: bigint;
    readonly round: number;
    /** Read on to the newest block: rewards of the round may be collected, and stakes settled, long after it. */
    readonly later?: boolean;
  };

/**
 * What happened in one round, and what concerns it until 2,000 blocks later. Where the node does not answer for all blocks
 * at once, it is asked for these alone.
 * @throws NotFound there is no such task, or the round has not started. @throws ChainUnavailable
 */
export async function readRound({ round, later = false, ...range }: RoundRange): Promise<RoundHistory> {
  const { rounds } = historyOf(range.taskId, await readRoundLogs({ ...range, round, later }));
  const found = rounds.find((each) => each.round === round);
  if (!found) throw new NotFound(`round ${round} of task ${range.taskId} has not started: see listRounds`);
  return found;
}

/**
 * The history that a task's events tell: all of them, in any order; those of other tasks are left out.
 * @throws NotFound the task has none.
 */
export function historyOf(taskId: bigint, events: readonly TaskEvent[]): History {
  const draft: Draft = { taskId, enrolments: [], data: [], rounds: [], models: [] };
  const own = events.filter(({ args }) => args.taskId === taskId);
  for (const event of own.sort((a, b) => order(placeOf(a), placeOf(b)))) record(draft, event);
  if (!draft.rounds.length) throw new NotFound(`there is no task ${taskId}: see listTasks`);
  return { ...draft, rounds: draft.rounds.map(finish) };
}

function record(history: Draft, event: TaskEvent): void {
  const place = placeOf(event);
  const { eventName: name, args } = event;
  if (name === "Enrolled") {
    history.enrolments.push({ ...place, trainer: args.trainer, stake: args.stake });
  } else if (name === "DataRegistered") {
    const { trainer, dataHash, data, round } = args;
    history.data.push({ ...place, trainer, dataHash, commitment: data, round: Number(round) });
  } else if (name === "OriginRecorded") {
    history.origin = { ...place, parents: args.parents, divisor: args.divisor };
  } else if (name === "ModelAdded") {
    const { modelHash, parentHash, commitment, cid } = args;
    const [round, parent] = [Number(args.round), Number(args.parent)];
    history.models.push({ ...place, round, modelHash, commitment, cid, parent, parentHash });
  } else if (name === "FirstModelWithheld") {
    history.withheld = { ...place, slashed: args.slashed };
  } else if (name === "PhaseChanged" && phaseOf(args.from) === "None") {
    const lists = { parts: [], attempts: [], averages: [], revoked: [], demands: [], shown: [] };
    history.rounds.push({ round: Number(args.round), phases: [change(place, args)], ...lists });
  } else if ("round" in args) {
    const round = history.rounds.findLast(({ round }) => round === Number(args.round));
    if (round) recordInRound(round, event, place);
  }
}

function recordInRound(round: RoundDraft, { eventName: name, args }: TaskEvent, place: Place): void {
  if (name === "PhaseChanged") round.phases.push(change(place, args));
  else if (name === "Joined") round.parts.push({ trainer: args.trainer, joined: place, claimed: [], masked: [] });
  else if (name === "MaskingStarted") {
    const { attempt, members, seedBlock } = args;
    round.attempts.push({ ...place, attempt: Number(attempt), members: Number(members), seedBlock });
  } else if (name === "SeedDrawn" || name === "SeedRenewed") {
    const attempt = round.attempts.at(-1);
    if (attempt) Object.assign(attempt, name === "SeedDrawn" ? { seed: args.seed } : { seedBlock: args.seedBlock });
  } else if (name === "Aggregated") {
    const { aggregator, oldModelHash, newModelHash, cid } = args;
    round.averages.push({ ...place, aggregator, oldModelHash, newModelHash, cid });
  } else if (name === "AverageRevoked") {
    round.revoked.push({ ...place, aggregator: args.aggregator, slashed: args.slashed });
  } else if (name === "ModelAccused") {
    round.demands.push({ ...place, accused: args.accused, deadline: args.deadline });
  } else if (name === "ModelAcquitted") round.shown.push(place);
  else if (name === "RewardCollected") {
    const part = partOf(round, args.account);
    if (part) part.rewarded = { ...place, amount: args.amount };
  } else if ("trainer" in args) {
    const part = partOf(round, args.trainer);
    if (part) recordInPart(part, { eventName: name, args } as TaskEvent, place);
  }
}

function recordInPart(part: PartDraft, { eventName: name, args }: TaskEvent, place: Place): void {
  if (name === "LinksClaimed") {
    if (Number(args.first) !== part.claimed.length) throw claimsLack(part);
    part.claimed.push(...args.links.map((link) => ({ ...place, ...link })));
  } else if (name === "LinkProved") {
    const link = part.claimed[Number(args.index)];
    if (link) part.claimed[Number(args.index)] = { ...link, proved: place };
  } else if (name === "Submitted") {
    const proved = args.dataHashes.length > 0;
    const last = part.claimed.at(-1)?.update;
    if (!proved && (last?.x !== args.update.x || last?.y !== args.update.y)) throw claimsLack(part);
    const dataHashes = proved ? args.dataHashes : part.claimed.map(({ dataHash }) => dataHash);
    part.submitted = { ...place, update: args.update, dataHashes };
  } else if (name === "Masked") {
    const { update, cid } = args.posting;
    part.masked.push({ ...place, attempt: Number(args.attempt), update, cid });
  } else if (name === "Accused") part.accused = { ...place, attempt: Number(args.attempt) };
  else if (name === "Acquitted") part.acquitted = { ...place, attempt: Number(args.attempt) };
  else if (name === "Convicted") {
    const payee = args.payee === zeroAddress ? undefined : args.payee;
    part.convicted = { ...place, attempt: Number(args.attempt), payee, owed: args.owed };
  } else if (name === "TrainerSlashed") part.slashed = { ...place, fault: args.fault, amount: args.slashed };
}

/** Claims follow each other and end with the update: else a log was left out, and with it data that the update rests on. */
function claimsLack({ trainer }: PartDraft): ChainUnavailable {
  return new ChainUnavailable(`the node does not tell all that ${trainer} claimed: ask another`);
}

function finish(draft: RoundDraft): RoundHistory {
  const phase = draft.phases.at(-1)?.to ?? "None";
  const last = draft.attempts.length;
  const made =
    phase === "Finalized" ? draft.parts.filter(({ masked }) => masked.some(({ attempt }) => attempt === last)) : [];
  const averaged = made.map(({ trainer }) => trainer);
  const counted = made.filter(({ convicted }) => !convicted).map(({ trainer }) => trainer);
  const round = { ...draft, phase, averaged, counted };
  return { ...round, parts: draft.parts.map((part) => ({ ...part, outcome: outcomeIn(round, part) })) };
}

function partOf(round: RoundDraft, trainer: Address): PartDraft | undefined {
  return round.parts.find((part) => part.trainer === trainer);
}

function change(place: Place, args: { from: number; to: number; deadline: bigint }): PhaseChange {
  return { ...place, from: phaseOf(args.from), to: phaseOf(args.to), deadline: args.deadline };
}
