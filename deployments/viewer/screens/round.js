/** A round: what each trainer did, what became of it, and what the transactions cost. */

import { h } from "../dom.js";
import { ViewerError } from "../errors.js";
import { coins, count, MEANING, when } from "../format.js";
import { gasCard } from "../parts/gas.js";
import { outcomeChip } from "../parts/outcomes.js";
import { followPools, poolOf } from "../parts/pools.js";
import { facts, table } from "../parts/table.js";
import { card, code, empty, notice, phaseChip, title, trail } from "../parts/words.js";
import { isEnd, Outcome, order } from "../vendor/headwater.js";

export function roundScreen(app, [id, round]) {
  const taskId = BigInt(id);
  const number = Number(round);
  const gas = gasCard(app, () => [seen]);
  let seen;
  let creator; // of the task
  let told;

  const pools = followPools(app, taskId);

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
    creator = task.creator;
    pools.follow();
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
          ? roster(seen, pools.list)
          : empty("Nobody has joined", "Trainers who enrolled take a seat in the phase Join."),
      ),
      gas.render(),
    ];
  }

  function course() {
    return card(
      "Course",
      seen.withheld ? withheldNotice(seen.withheld, creator, "h3") : h("p", {}, MEANING[seen.phase]),
      facts(
        ...seen.phases.map(({ to, block, transaction }) => [to, [`since block ${block}, by `, code(transaction)]]),
        ["Attempts at masking", seen.attempts.length || undefined],
        ["First model", firstModel()],
      ),
    );
  }

  // where its bytes were demanded, which can only be while the round is joined
  function firstModel() {
    const demand = seen.demands.findLast(inJoin);
    if (!demand || seen.withheld) return null;
    return seen.shown.some(inJoin)
      ? "shown on chain when it was demanded"
      : `its bytes are demanded, until ${when(demand.deadline)}`;
  }

  function inJoin(place) {
    const closed = seen.phases.find(({ from }) => from === "Join");
    return !closed || order(place, closed) < 0;
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
    const after = (place) => order(place, seen.averages[index]) > 0; // before it, the first model may have been demanded
    const isShown = seen.shown.some(after);
    if (seen.phase === "Finalized") return isShown ? "the model, shown on chain when it was demanded" : "the model";
    if (isShown) return "shown on chain when it was demanded";
    const demand = seen.demands.findLast(after);
    return demand ? `its bytes are demanded, until ${when(demand.deadline)}` : "can be challenged";
  }

  return { load, render, ready: () => seen !== undefined, title: () => `Round ${number} of task ${taskId}` };
}

/** Why a task ended before it made a model, and what that cost its creator. level: of its heading. */
export const withheldNotice = ({ slashed }, creator, level) =>
  notice(
    "warn",
    "The creator withheld the first model",
    [
      ["Its bytes were demanded, and ", code(creator), " did not show them in time. That ended the task."],
      `${coins(slashed)} of what was left for rewards is burnt.`,
    ],
    { level },
  );

/** A round's trainers: what each did, and what became of its part. */
export function roster(round, pools) {
  return table({
    caption: `Trainers of round ${round.number}`,
    rows: round.parts,
    key: (part) => part.trainer,
    columns: [
      { name: "Trainer", cell: (part) => code(part.trainer) },
      { name: "Its contribution", cell: (part) => outcomeChip(part.outcome) },
      { name: "Proof", cell: (part) => (part.submitted ? proved(part, pools) : "none") },
      { name: "Masked", cell: (part) => masked(part) },
      { name: "Challenged", cell: (part) => challenged(part, round) },
      {
        name: "Slashed",
        cell: (part) =>
          part.slashed && `${coins(part.slashed.amount)} for ${part.slashed.fault ? "a fault" : "a missed duty"}`,
      },
      { name: "Rewarded", cell: (part) => part.rewarded && coins(part.rewarded.amount) },
    ],
  });
}

function proved({ claimed, submitted: { transaction, dataHashes } }, pools) {
  const sets = new Set(dataHashes).size;
  const pooled = poolOf(pools, dataHashes);
  const of = [sets > 1 && `, of ${sets} sets of data`, pooled && `, ${pooled}`];
  if (!claimed.some((link) => link.transaction === transaction)) return ["accepted ", code(transaction), of];
  const shown = claimed.filter((link) => link.proved).length;
  const where =
    shown === claimed.length ? "shown on chain" : shown ? `${shown} shown on chain, else in the store` : "in the store";
  return ["claimed ", code(transaction), `, ${count(claimed.length, "proof")} ${where}`, of];
}

function masked(part) {
  const attempts = part.masked.map(({ attempt }) => attempt);
  if (attempts.length === 0) return "no";
  if (attempts.length > 1) return `in attempts ${attempts.join(", ")}`;
  return attempts[0] === 1 ? "yes" : `in attempt ${attempts[0]}`;
}

// out of the slash, for the gas of showing it
function compensation({ payee, owed }, isSettled) {
  return [": ", code(payee), ` showed it, and ${isSettled ? "had" : "will have"} ${coins(owed)} of its stake for gas`];
}

function challenged(part, round) {
  const { accused, acquitted, convicted } = part;
  if (convicted) return ["convicted", convicted.payee && compensation(convicted, part.slashed !== undefined)];
  if (!accused) return null;
  if (acquitted && order(acquitted, accused) > 0) return "answered";
  // whoever did not answer is left out of the next attempt, if there is one
  if (part.outcome === Outcome.SILENT || part.outcome === Outcome.UNPROVED || accused.attempt < round.attempts.length)
    return "did not answer";
  if (round.averages.some((average) => order(average, accused) > 0))
    return "no longer has to answer: an average was accepted";
  return isEnd(round.phase) ? "no longer has to answer: the round is over" : "has to answer";
}
