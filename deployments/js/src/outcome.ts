// What became of a trainer's part in a round, in the words of node/headwater/reading/history.py.

import { type Address, isAddressEqual } from "viem";
import { NotFound } from "./errors.js";
import type { History, Part, RoundHistory } from "./history.js";
import { isEnd } from "./phases.js";
import { order } from "./place.js";

/** What became of a trainer's part in a round. */
export const Outcome = {
  COUNTED: "counted",
  RUNNING: "the round is not over",
  NOT_ENROLLED: "not enrolled when the round started",
  NOT_JOINED: "did not join",
  SKIPPED: "too few joined",
  NOT_SUBMITTED: "submitted no valid proof in time",
  TOO_FEW_UPDATES: "too few others submitted",
  NOT_MASKED: "missed an attempt at masking",
  TOO_FEW_MASKED: "too few others masked",
  CONVICTED: "posted a mask or peers that were shown to be wrong",
  SILENT: "was challenged and did not answer",
  UNPROVED: "was asked for the proof of its update and did not show it",
  TOO_FEW_LEFT: "too few were left after others were found at fault",
  NOT_AGGREGATED: "nobody aggregated in time",
  WITHHELD: "aggregators withheld the model",
  FIRST_MODEL_WITHHELD: "the creator withheld the first model",
} as const;

/** One of the words of `Outcome`. */
export type Outcome = (typeof Outcome)[keyof typeof Outcome];

type Judged = Omit<Part, "outcome">;
type Round = Omit<RoundHistory, "parts"> & { readonly parts: readonly Judged[] };

/**
 * What became of any account's part in a round, also of one that did not join.
 * @throws NotFound the task has had no such round.
 */
export function outcomeOf(history: History, number: number, account: Address): Outcome {
  const round = history.rounds.find((each) => each.round === number);
  if (round === undefined) {
    throw new NotFound(`round ${number} has not started: the task has had ${history.rounds.length} round(s)`);
  }
  const part = round.parts.find(({ trainer }) => isAddressEqual(trainer, account));
  if (part) return part.outcome;
  const closed = round.phases.find(({ from }) => from === "Join");
  if (closed === undefined) return Outcome.RUNNING;
  const enrolled = history.enrolments.some(
    (enrolment) => isAddressEqual(enrolment.trainer, account) && order(enrolment, closed) < 0,
  );
  return enrolled ? Outcome.NOT_JOINED : Outcome.NOT_ENROLLED;
}

/** What became of a part, given its round. */
export function outcomeIn(round: Round, part: Judged): Outcome {
  if (!isEnd(round.phase)) return Outcome.RUNNING;
  if (round.counted.includes(part.trainer)) return Outcome.COUNTED;
  return ownFailure(round, part) ?? othersFailure(round);
}

/** What the trainer itself missed or did wrong in a round that is over. */
function ownFailure(round: Round, part: Judged): Outcome | undefined {
  if (round.phase === "Skipped") {
    // demanded in Join, and not shown: nothing else leads from there to an end
    return round.demands.length > round.shown.length ? Outcome.FIRST_MODEL_WITHHELD : Outcome.SKIPPED;
  }
  if (!part.submitted) return Outcome.NOT_SUBMITTED;
  if (part.convicted) return Outcome.CONVICTED;
  if (part.accused?.attempt === 0 && isAtFault(part)) return Outcome.UNPROVED;
  const last = Math.max(0, ...part.masked.map(({ attempt }) => attempt));
  if (last === round.attempts.length) {
    const aggregating = round.phases.some(({ to }) => to === "Aggregate");
    return aggregating && isAtFault(part) && !round.averages.length ? Outcome.SILENT : undefined;
  }
  return part.accused?.attempt === last && isAtFault(part) ? Outcome.SILENT : Outcome.NOT_MASKED;
}

/** Why a round that is over failed, for one who did all that it should. */
function othersFailure(round: Round): Outcome {
  if (round.revoked.length) {
    return round.revoked.length === round.averages.length ? Outcome.WITHHELD : Outcome.NOT_AGGREGATED;
  }
  const failedIn = round.phases.at(-1)?.from;
  if (failedIn === "Train") return Outcome.TOO_FEW_UPDATES;
  if (failedIn === "Review") return Outcome.TOO_FEW_LEFT;
  if (failedIn === "Mask") return Outcome.TOO_FEW_MASKED;
  return round.parts.some(isAtFault) ? Outcome.TOO_FEW_LEFT : Outcome.NOT_AGGREGATED;
}

/** Whether it was convicted, or accused and not acquitted after. */
function isAtFault({ accused, acquitted, convicted }: Judged): boolean {
  if (convicted || !accused) return convicted !== undefined;
  return !acquitted || order(acquitted, accused) < 0;
}
