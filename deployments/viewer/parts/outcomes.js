/** What became of a trainer's part in a round: the words of `headwater explain`, as marks and colours. */

import { chip } from './words.js';

const FAULTS = ['posted a mask or peers that were shown to be wrong', 'was challenged and did not answer'];
const OWN = ['submitted no valid proof in time', 'missed an attempt at masking', 'did not join'];

/** The kind of mark for a part: counted, missing, fault or pending. */
export function markOf(part) {
  if (part.outcome === 'counted') return 'counted';
  if (FAULTS.includes(part.outcome)) return 'fault';
  return part.outcome === 'the round is not over' ? 'pending' : 'missing';
}

/** An outcome as a coloured word. */
export function outcomeChip(outcome) {
  if (outcome === 'counted') return chip('good', outcome);
  if (FAULTS.includes(outcome)) return chip('bad', outcome);
  if (OWN.includes(outcome)) return chip('warn', outcome);
  return chip(outcome === 'the round is not over' ? 'busy' : '', outcome);
}

/** A round's trainers in a few words: how many counted, were left out, were slashed. */
export function tally(parts) {
  const of = (kind) => parts.filter((part) => markOf(part) === kind).length;
  const slashed = parts.filter((part) => part.slashed).length;
  return [
    [of('counted'), 'good', 'counted'],
    [of('pending'), 'busy', 'under way'],
    [of('missing'), 'warn', 'left out'],
    [of('fault'), 'bad', 'at fault'],
    [slashed, 'bad', 'slashed'],
  ]
    .filter(([number]) => number > 0)
    .map(([number, kind, word]) => chip(kind, `${number} ${word}`));
}
