/** What became of a trainer's part in a round: the words of `headwater explain`, as marks and colours. */

import { Outcome } from "../vendor/headwater.js";
import { chip } from "./words.js";

const FAULTS = [Outcome.CONVICTED, Outcome.SILENT];
const OWN = [Outcome.NOT_SUBMITTED, Outcome.NOT_MASKED, Outcome.NOT_JOINED];

/** The kind of mark for a part: counted, missing, fault or pending. */
export function markOf(part) {
  if (part.outcome === Outcome.COUNTED) return "counted";
  if (FAULTS.includes(part.outcome)) return "fault";
  return part.outcome === Outcome.RUNNING ? "pending" : "missing";
}

/** An outcome as a coloured word. */
export function outcomeChip(outcome) {
  if (outcome === Outcome.COUNTED) return chip("good", outcome);
  if (FAULTS.includes(outcome)) return chip("bad", outcome);
  if (OWN.includes(outcome)) return chip("warn", outcome);
  return chip(outcome === Outcome.RUNNING ? "busy" : "", outcome);
}

/** A round's trainers in a few words: how many counted, were left out, were slashed. */
export function tally(parts) {
  const of = (kind) => parts.filter((part) => markOf(part) === kind).length;
  const slashed = parts.filter((part) => part.slashed).length;
  return [
    [of("counted"), "good", "counted"],
    [of("pending"), "busy", "under way"],
    [of("missing"), "warn", "left out"],
    [of("fault"), "bad", "at fault"],
    [slashed, "bad", "slashed"],
  ]
    .filter(([number]) => number > 0)
    .map(([number, kind, word]) => chip(kind, `${number} ${word}`));
}
