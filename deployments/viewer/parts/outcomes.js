/** What became of a trainer's part in a round: the words of `headwater explain`, as marks and colours. */

import { Outcome } from "../vendor/headwater.js";
import { chip } from "./words.js";

const FAULTS = [Outcome.CONVICTED, Outcome.SILENT];
const OWN = [Outcome.NOT_SUBMITTED, Outcome.NOT_MASKED, Outcome.NOT_JOINED, Outcome.NOT_ENROLLED];

/** The kind of mark for a part: counted, missing, fault, pending, or vain where the round failed through others. */
export function markOf(part) {
  if (part.outcome === Outcome.COUNTED) return "counted";
  if (FAULTS.includes(part.outcome)) return "fault";
  if (OWN.includes(part.outcome)) return "missing";
  return part.outcome === Outcome.RUNNING ? "pending" : "vain";
}

/** An outcome as a coloured word. */
export function outcomeChip(outcome) {
  if (outcome === Outcome.COUNTED) return chip("good", outcome);
  if (FAULTS.includes(outcome)) return chip("bad", outcome);
  if (OWN.includes(outcome)) return chip("warn", outcome);
  return chip(outcome === Outcome.RUNNING ? "busy" : "", outcome);
}

/** A round's trainers in a few words: how many counted, were left out, did their part in vain, were slashed. */
export function tally(parts) {
  const of = (kind) => parts.filter((part) => markOf(part) === kind).length;
  const vain = of("vain");
  const slashed = parts.filter((part) => part.slashed).length;
  return [
    [of("counted"), "good", "counted"],
    [of("pending"), "busy", "under way"],
    [vain, "", vain === 1 ? "did its part" : "did their part"],
    [of("missing"), "warn", "left out"],
    [of("fault"), "bad", "at fault"],
    [slashed, "bad", "slashed"],
  ]
    .filter(([number]) => number > 0)
    .map(([number, kind, word]) => chip(kind, `${number} ${word}`));
}
