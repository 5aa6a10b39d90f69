/**
 * How good a task's models are on labelled rows that the visitor has, or on a public sample. Every model is fetched and
 * verified first; the rows stay in the browser.
 */

import { readRows } from "../csv.js";
import { h } from "../dom.js";
import { explain, explainContent } from "../errors.js";
import { count, percent } from "../format.js";
import { digestFromCid, evaluate } from "../vendor/headwater.js";
import { plot } from "./plot.js";
import { button, card, notice } from "./words.js";

const MOST = 500; // newest rounds whose models are measured

/**
 * The card.
 * @param {Object} app
 * @param {bigint} taskId
 * @param {() => {manifest: Object, task: Object}} known What the screen knows: the manifest once it has come, the task.
 */
export function qualityCard(app, taskId, known) {
  let rows;
  let source;
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
    [source, rows, points, problem] = [name, undefined, [], undefined];
    try {
      const { model } = known().manifest;
      const bytes = await read();
      rows = readRows(bytes, [...model.features.map((feature) => feature.name), model.label.column]);
    } catch (error) {
      problem = error.code
        ? explainContent(error, app.settings.values.gateways)
        : { title: `${name} cannot be used`, text: error.message, advice: "Correct the file and choose it again." };
      app.repaint();
      return;
    }
    await measure();
  }

  // one model after the other, the newest last: the plot grows
  async function measure() {
    const { manifest, task } = known();
    const asked = rows;
    const rounds = await app.chain.made(taskId, Math.max(0, task.state.round - MOST + 1), MOST);
    for (const round of rounds.filter((each) => !points.some((point) => point.round === each))) {
      working = `verifying the model of round ${round}`;
      app.repaint();
      try {
        const { verification } = await app.chain.verified(taskId, round);
        if (rows !== asked) return;
        if (!verification.verified) {
          problem = {
            title: `The model of round ${round} is not the one that was accepted`,
            text: "It is left out of the plot.",
            advice: "Its page says what does not fit.",
            lied: true,
          };
          continue;
        }
        points = [...points, { round, ...evaluate(manifest, verification.weights, rows) }].sort(
          (a, b) => a.round - b.round,
        );
      } catch (error) {
        if (rows !== asked) return;
        problem = ["content-unavailable", "wrong-bytes", "malformed-document"].includes(error.code)
          ? explainContent(error, app.settings.values.gateways)
          : error.code === "invalid-row"
            ? {
                title: `${source} cannot be used`,
                text: error.message,
                advice: "Correct the file and choose it again.",
              }
            : explain(error, app);
        break;
      }
    }
    working = undefined;
    app.repaint();
  }

  function render() {
    const { manifest } = known();
    return card(
      "Accuracy by round",
      h(
        "p",
        {},
        "Choose a CSV file with labelled rows to see how good each model is on them. The file stays in this browser; the models are fetched and verified first.",
      ),
      h(
        "div",
        { class: "actions" },
        h(
          "div",
          { key: "file" },
          h("label", { for: "rows" }, "CSV file with labelled rows"),
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
        h("p", { class: "soft", key: "rows" }, `${count(points[0].rows, "labelled row")} of ${source}.`),
        h(
          "div",
          { class: "columns", key: "plots" },
          plot(
            "Accuracy",
            points.map(({ round, accuracy }) => ({ round, value: accuracy })),
            percent,
            1,
          ),
          plot(
            "Log-loss",
            points.map(({ round, logLoss }) => ({ round, value: logLoss })),
            (value) => value.toFixed(3),
          ),
        ),
      ],
    );
  }

  return { render, measure: () => rows && !working && measure() };
}
