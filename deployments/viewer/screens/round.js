/** A round: what each trainer did, what became of it, and what the transactions cost. */

import { h } from "../dom.js";
import { ViewerError } from "../errors.js";
import { coins, MEANING } from "../format.js";
import { gasCard } from "../parts/gas.js";
import { outcomeChip } from "../parts/outcomes.js";
import { facts, table } from "../parts/table.js";
import { card, code, empty, phaseChip, title, trail } from "../parts/words.js";

export function roundScreen(app, [id, round]) {
  const taskId = BigInt(id);
  const number = Number(round);
  const gas = gasCard(app, () => [seen]);
  let seen;
  let told;

  async function load() {
    const task = await app.chain.task(taskId);
    if (number < 1 || number > task.state.round) {
      throw new ViewerError(
        `Task ${taskId} has no round ${number} yet`,
        `It is at round ${task.state.round} of ${task.config.rounds}.`,
        "Look at the task’s rounds.",
      );
    }
    seen = await app.chain.round(taskId, task, number);
    if (told !== undefined && told !== seen.phase) app.announce(`Round ${number}: ${seen.phase}`);
    told = seen.phase;
  }

  function render() {
    return [
      trail(["Tasks", "#/"], [`Task ${taskId}`, `#/task/${taskId}`]),
      title(`Round ${number} of task ${taskId}`, phaseChip(seen.phase)),
      h("div", { class: "columns", key: "top" }, course(), averages()),
      card(
        "Trainers",
        seen.parts.length > 0
          ? roster(seen)
          : empty("Nobody has joined", "Trainers who enrolled take a seat in the phase Join."),
      ),
      gas.render(),
    ];
  }

  function course() {
    return card(
      "Course",
      h("p", {}, MEANING[seen.phase]),
      facts(
        ...seen.phases.map(({ to, block, transaction }) => [to, [`since block ${block}, by `, code(transaction)]]),
        ["Attempts at masking", seen.attempts.length || undefined],
      ),
    );
  }

  function averages() {
    return card(
      "Averages",
      seen.averages.length === 0
        ? h("p", { class: "soft" }, "None was posted.")
        : table({
            caption: "Averages that were accepted, in order",
            rows: seen.averages,
            key: (average) => average.transaction,
            columns: [
              { name: "Aggregator", cell: ({ aggregator }) => code(aggregator) },
              { name: "Outcome", cell: (average) => outcomeOf(seen.averages.indexOf(average)) },
              { name: "Document", cell: ({ cid }) => code(app.chain.cid(cid), { copy: true }) },
              { name: "Proof in", cell: ({ transaction }) => code(transaction, { copy: true }) },
            ],
          }),
      seen.phase === "Finalized" &&
        h(
          "div",
          { class: "actions" },
          h("a", { class: "button", href: `#/task/${taskId}/model/${number}` }, "The model of this round"),
        ),
    );
  }

  function outcomeOf(index) {
    if (index < seen.revoked.length)
      return `taken back: its bytes were withheld, ${coins(seen.revoked[index].slashed)} slashed`;
    if (seen.phase !== "Finalized") return "can be challenged";
    return seen.shown.length > 0 ? "the model, shown on chain when it was demanded" : "the model";
  }

  return { load, render, ready: () => seen !== undefined, title: () => `Round ${number} of task ${taskId}` };
}

/** A round's trainers: what each did, and what became of its part. */
export function roster(round) {
  return table({
    caption: `Trainers of round ${round.number}`,
    rows: round.parts,
    key: (part) => part.trainer,
    columns: [
      { name: "Trainer", cell: (part) => code(part.trainer) },
      { name: "Its contribution", cell: (part) => outcomeChip(part.outcome) },
      { name: "Proof", cell: (part) => (part.submitted ? ["accepted ", code(part.submitted.transaction)] : "none") },
      { name: "Masked", cell: (part) => masked(part) },
      { name: "Challenged", cell: (part) => challenged(part) },
      {
        name: "Slashed",
        cell: (part) =>
          part.slashed && `${coins(part.slashed.amount)} for ${part.slashed.fault ? "a fault" : "a missed duty"}`,
      },
      { name: "Rewarded", cell: (part) => part.rewarded && coins(part.rewarded.amount) },
    ],
  });
}

function masked(part) {
  const attempts = part.masked.map(({ attempt }) => attempt);
  if (attempts.length === 0) return "no";
  return attempts.length === 1 && attempts[0] === 1
    ? "yes"
    : `in ${attempts.map((attempt) => `attempt ${attempt}`).join(", ")}`;
}

function challenged(part) {
  if (part.convicted) return "convicted";
  if (part.accused) return part.acquitted ? "answered" : "did not answer";
  return null;
}
