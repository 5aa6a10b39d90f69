/**
 * How good a task's models are on rows that the visitor has and whose truth is known, or on a public sample. Every model is fetched and
 * verified first; the rows stay in the browser.
 */

import { readRows } from "../csv.js";
import { h } from "../dom.js";
import { explain, explainContent } from "../errors.js";
import { count, percent, real } from "../format.js";
import { columnsOf, digestFromCid, evaluate, isKnown } from "../vendor/headwater.js";
import { plot } from "./plot.js";
import { button, card, notice } from "./words.js";

const MOST = 500; // newest rounds whose models are measured

/**
 * By what is predicted: the card's title, the rows that it takes and what is found out on them; what is plotted of an
 * evaluation, and what is said of the last one.
 */
const MEASURES = {
  class: {
    title: "Accuracy by round",
    rows: "labelled row",
    asks: "how good each model is on them",
    plots: [
      { name: "Accuracy", of: ({ accuracy }) => accuracy, write: percent, most: 1 },
      { name: "Log-loss", of: ({ logLoss }) => logLoss, write: (value) => value.toFixed(3) },
    ],
  },
  amount: {
    title: "Error by round",
    rows: "labelled row",
    asks: "how far each model is off on them",
    plots: [{ name: "Mean absolute error", of: ({ meanAbsoluteError }) => meanAbsoluteError, write: real }],
  },
  items: {
    title: "Hit rate by round",
    rows: "row",
    asks: "how often each model recommends what is left out of them: a column for each item, 1 where it is had, else 0",
    plots: [{ name: "Hit rate", of: ({ hitRate }) => hitRate, write: percent, most: 1 }],
    says: ({ round, best, leftOut, hitRate, popularity }) =>
      `By the model of round ${round}, ${percent(hitRate)} of ${count(leftOut, "item")}, each left out once, are among the first ${best} that are recommended. If everybody were recommended what is had most, ${percent(popularity)} were.`,
  },
};

/**
 * The card.
 * @param {Object} app
 * @param {bigint} taskId
 * @param {() => {manifest: Object, task: Object}} known What the screen knows: the manifest once it has come, the task.
 */
export function qualityCard(app, taskId, known) {
  let chosen; // the file: its name, its rows once they are read, and the task's latest model when it was measured last
  let points = [];
  let working;
  let problem;

  async function choose(event) {
    const [file] = event.currentTarget.files;
    if (file) await use(file.name, async () => new Uint8Array(await file.arrayBuffer()));
  }

  async function sample() {
    const cid = app.settings.values.sample;
    await use("the public sample", async () => (await app.chain.content(digestFromCid(cid))).bytes);
  }

  async function use(name, read) {
    const mine = { name };
    [chosen, points, problem, working] = [mine, [], undefined, `reading ${name}`];
    app.repaint();
    try {
      const { features, label } = columnsOf(known().manifest);
      const bytes = await read();
      mine.rows = readRows(
        bytes,
        [...features, ...(label ? [label] : [])].map(({ name }) => name),
      );
    } catch (error) {
      if (chosen !== mine) return;
      working = undefined;
      problem = error.code ? explainContent(error, app.settings.values.gateways) : unusable(error);
      app.repaint();
      return;
    }
    if (chosen === mine) await measure();
  }

  // One model after the other, the newest last: the plot grows. Those that were measured are kept while they are the task's.
  async function measure() {
    const mine = chosen;
    const { manifest, task } = known();
    const say = (step) => {
      working = step;
      app.repaint();
    };
    mine.latest = task.model.modelHash;
    problem = undefined;
    say("asking for the models");
    try {
      const models = await app.chain.made(taskId, Math.max(0, task.state.round - MOST + 1), MOST);
      if (chosen !== mine) return;
      points = points.filter((point) => models.some((model) => isOf(point, model)));
      for (const { round, modelHash } of models) {
        if (points.some((point) => isOf(point, { round, modelHash }))) continue;
        say(`verifying the model of round ${round}`);
        const record = await app.chain.record(taskId, round);
        const { verification } = await app.chain.verified(taskId, record);
        if (chosen !== mine) return;
        if (verification.verified) {
          const point = { round, modelHash: record.modelHash, ...evaluate(manifest, verification.weights, mine.rows) };
          points = [...points, point].sort((a, b) => a.round - b.round);
        } else problem = rejected(round);
      }
    } catch (error) {
      if (chosen !== mine) return;
      if (error.code === "chain-unavailable") mine.latest = undefined; // once the node answers again, this goes on
      problem = explained(error);
    }
    say(undefined);
  }

  // called when the chain has moved on
  async function follow() {
    if (chosen?.rows && !working && chosen.latest !== known().task.model.modelHash) await measure();
  }

  const rejected = (round) => ({
    title: `The model of round ${round} is not the one that was accepted`,
    text: "It is left out of the plot.",
    advice: "Its page says what does not fit.",
    lied: true,
  });

  const unusable = (error) => ({
    title: `${chosen.name} cannot be used`,
    text: error.message,
    advice: "Correct the file and choose it again.",
  });

  function explained(error) {
    if (error.code === "invalid-row") return unusable(error);
    return ["content-unavailable", "wrong-bytes", "malformed-document"].includes(error.code)
      ? explainContent(error, app.settings.values.gateways)
      : explain(error, app);
  }

  function render() {
    const { manifest } = known();
    if (manifest && !isKnown(manifest)) return null; // as is said above
    const { title, rows, asks, plots, says } = MEASURES[manifest ? kindOf(columnsOf(manifest)) : "class"];
    return card(
      title,
      h(
        "p",
        {},
        `Choose a CSV file with ${rows}s to see ${asks}. The file stays in this browser; the models are fetched and verified first.`,
      ),
      h(
        "div",
        { class: "actions" },
        h(
          "div",
          { key: "file" },
          h("label", { for: "rows" }, `CSV file with ${rows}s`),
          h("input", { id: "rows", type: "file", accept: ".csv,text/csv", onchange: choose, disabled: !manifest }),
        ),
        app.settings.values.sample &&
          button("Use the public sample", sample, { disabled: !manifest || working !== undefined }),
      ),
      !manifest && h("p", { class: "soft", key: "waiting" }, "The columns are in the manifest, which has not come."),
      problem &&
        h(
          "div",
          { key: "problem" },
          notice(problem.lied ? "bad" : "warn", problem.title, [problem.text, problem.advice], { level: "h3" }),
        ),
      working && h("p", { class: "soft", role: "status", key: "working" }, `${working} …`),
      points.length > 0 && [
        h("p", { class: "soft", key: "rows" }, `${count(points[0].rows, rows)} of ${chosen.name}.`),
        says && h("p", { key: "says" }, says(points.at(-1))),
        h(
          "div",
          { class: "columns", key: "plots" },
          plots.map(({ name, of, write, most }) =>
            plot(
              name,
              points.map((point) => ({ round: point.round, value: of(point) })),
              write,
              most,
            ),
          ),
        ),
      ],
    );
  }

  return { render, follow };
}

const kindOf = ({ label }) => (label ? (label.classes ? "class" : "amount") : "items");
const isOf = (point, { round, modelHash }) => point.round === round && point.modelHash === modelHash;
