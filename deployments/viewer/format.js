/** Numbers, amounts, times and the chain's words, as this page writes them. */

/** What happens in a phase, or what it means that a round ended so, in a sentence. */
export const MEANING = {
  None: "Nothing has started.",
  Join: "Enrolled trainers take a seat. The roster is fixed when it is full or the time is up.",
  Train: "Each trainer trains on its own data and proves the step. Updates stay at home.",
  Review:
    "Proofs that lie in the store are fetched and verified by whoever likes. What is missing or false can be demanded on chain.",
  Mask: "Trainers whose proofs were accepted publish their updates under masks that cancel only in the sum.",
  Aggregate: "Anyone may post the average of the masked updates, with a proof that it is one.",
  Challenge: "An average is accepted. Before it becomes the model, anyone may demand its bytes.",
  Finalized: "The average is the task’s model.",
  Failed: "The round failed: the model stays as it was.",
  Skipped: "Too few trainers joined: the model stays as it was.",
};

/** `0x1234…abcd` */
export const short = (hex) => (hex.length > 14 ? `${hex.slice(0, 6)}…${hex.slice(-4)}` : hex);

/** `1 update`, `3 updates` */
export const count = (number, one, many = `${one}s`) => `${whole(number)} ${Number(number) === 1 ? one : many}`;

/** `12,345` */
export const whole = (number) => number.toLocaleString("en");

/** `97.3 %` */
export const percent = (fraction) => `${(100 * fraction).toFixed(1)} %`;

/** A real in at most six digits, rounded as Python writes it. */
export const real = (value) => value.toLocaleString("en", { maximumSignificantDigits: 6, roundingMode: "halfEven" });

/** An amount of wei in coins, exact, without needless zeros. */
export function coins(wei) {
  const digits = wei.toString().padStart(19, "0");
  const fraction = digits.slice(-18).replace(/(?<!0)0+$/, "");
  return `${BigInt(digits.slice(0, -18)).toLocaleString("en")}${fraction && `.${fraction}`} ETH`;
}

/** A time span in its two largest units: `2 min 5 s`. */
export function span(seconds) {
  const total = Math.max(0, Math.ceil(seconds));
  const units = [
    ["d", 86400],
    ["h", 3600],
    ["min", 60],
    ["s", 1],
  ];
  const first = units.findIndex(([, size]) => total >= size);
  if (first < 0) return "0 s";
  return units
    .slice(first, first + 2)
    .map(([name, size], index) => [Math.floor((index ? total % units[first][1] : total) / size), name])
    .filter(([number], index) => number > 0 || index === 0)
    .map(([number, name]) => `${number} ${name}`)
    .join(" ");
}

/** A Unix time as the visitor's clock writes it. */
export function when(seconds) {
  return new Date(Number(seconds) * 1000).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}

/** `1.2 kB` */
export function size(bytes) {
  return bytes < 1000
    ? `${bytes} B`
    : bytes < 1e6
      ? `${(bytes / 1000).toFixed(1)} kB`
      : `${(bytes / 1e6).toFixed(1)} MB`;
}
