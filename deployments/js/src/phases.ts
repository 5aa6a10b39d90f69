// The contracts' enums in words.

/** Where a round is, as `IRoundManager.Phase` numbers it. The last three are ends. */
export const PHASES = [
  "None",
  "Join",
  "Train",
  "Review",
  "Mask",
  "Aggregate",
  "Challenge",
  "Finalized",
  "Failed",
  "Skipped",
] as const;

/** Where a round is, or how it ended. */
export type Phase = (typeof PHASES)[number];

/** The phase of a number. */
export function phaseOf(number: number): Phase {
  const phase = PHASES[number];
  if (phase === undefined) throw new RangeError(`a contract of this version has no phase ${number}`);
  return phase;
}

/** Whether a round in this phase is over. */
export function isEnd(phase: Phase): boolean {
  return phase === "Finalized" || phase === "Failed" || phase === "Skipped";
}
