/**
 * The lineage of a task's models, and whose updates made them: a picture of the rounds from left to right, before them the
 * models of other tasks that the first one is made of. Each model is a link; below it stands a mark for each trainer of its
 * round. The table of rounds on the same page says the same, and the terms say what the first model is made of.
 */

import { h, svg } from "../dom.js";
import { count, short } from "../format.js";
import { nameOf as nameOfModel, placeOf } from "./origin.js";
import { markOf } from "./outcomes.js";

const STEP = 76;
const LEFT = 118;
const AXIS = 34;
const RADIUS = 17;
const FIRST_ROW = 84;
const ROW = 24;
const MOST_TRAINERS = 24;
const MOST_PARENTS = 4;

/**
 * The picture.
 * @param {bigint} taskId
 * @param {Object[]} rounds Consecutive, oldest first, as `chain.js` gives them, each with `parts` of the history.
 * @param {number} [before] The round of the model that these began with; undefined where that is not known.
 * @param {Object[]} parents What the first model is made of: models of other tasks.
 */
export function lineage(taskId, rounds, before, parents) {
  const root =
    before === undefined
      ? []
      : [{ number: before, phase: "Finalized", parts: [], isFirst: before === 0, isRoot: true }];
  const made = before === 0 ? parents.slice(0, MOST_PARENTS) : [];
  const foreign = made.map((parent) => ({ parent, number: parent.round, parts: [], isRoot: true }));
  const columns = [...foreign, ...root, ...rounds];
  const trainers = [...new Set(rounds.flatMap((round) => round.parts.map((part) => part.trainer)))];
  const shown = trainers.slice(0, MOST_TRAINERS);
  const width = LEFT + columns.length * STEP;
  const height = FIRST_ROW + shown.length * ROW + (trainers.length > shown.length ? ROW : 0);
  const x = (index) => LEFT + index * STEP + STEP / 2 - 20;
  const models = columns.flatMap((round, index) => (round.phase === "Finalized" ? [index] : []));
  const edges = [
    ...foreign.map((_, index) => [index, foreign.length]),
    ...models.slice(1).map((index, at) => [models[at], index]),
  ];
  const label = `Lineage of the models of task ${taskId}: ${
    edges.map(([from, to]) => `${nameOf(columns[to])} from ${nameOf(columns[from])}`).join(", ") ||
    "no round has made one yet"
  }.`;
  return h(
    "figure",
    {},
    // it scrolls sideways where it is wider than the page, so the keyboard must reach it
    h(
      "div",
      { class: "scroll", "data-newest": true, tabindex: 0, role: "group", "aria-label": "Picture of the lineage" },
      svg(
        "svg",
        { class: "picture", width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": label },
        svg("text", { x: 0, y: AXIS + 4 }, "models"),
        edges.map(([from, to]) => edge(x(from), x(to))),
        columns.map((round, index) => [
          lost(round) &&
            models.some((model) => model < index) &&
            svg("path", { class: "lost", d: `M${x(index) - STEP + RADIUS} ${AXIS}H${x(index) - RADIUS}` }),
          round.parent ? ancestor(round.parent, x(index)) : node(taskId, round, x(index)),
        ]),
        shown.map((trainer, row) => [
          svg("text", { x: 0, y: FIRST_ROW + row * ROW + 4 }, short(trainer)),
          svg("path", { class: "grid", d: `M${LEFT - 10} ${FIRST_ROW + row * ROW}H${width - 20}` }),
          columns.map((round, index) => (round.isRoot ? null : mark(round, trainer, x(index), FIRST_ROW + row * ROW))),
        ]),
        trainers.length > shown.length &&
          svg(
            "text",
            { x: 0, y: height - 4 },
            `and ${count(trainers.length - shown.length, "more trainer")}, see the rounds`,
          ),
      ),
    ),
    h(
      "ul",
      { class: "legend", "aria-label": "Legend" },
      [
        ["counted", "in the average"],
        ["missing", "left out: came too late or not at all"],
        ["fault", "left out: at fault"],
        ["vain", "did its part, but the round made no model"],
        ["pending", "not decided"],
        ["absent", "not on the roster"],
      ].map(([kind, text]) =>
        h(
          "li",
          {},
          svg("svg", { class: "picture", viewBox: "0 0 16 16", "aria-hidden": "true" }, shape(kind, 8, 8)),
          text,
        ),
      ),
    ),
  );
}

const nameOf = (round) =>
  round.parent ? nameOfModel(round.parent) : round.isFirst ? "the first model" : `round ${round.number}`;

const lost = (round) => round.phase === "Failed" || round.phase === "Skipped";

function edge(from, to) {
  const [start, end] = [from + RADIUS, to - RADIUS - 7];
  // over the rounds that made nothing, in a bow
  const bow = to - from > STEP ? `C${start + 20} ${AXIS - 38} ${end - 26} ${AXIS - 38} ${end} ${AXIS - 4}` : `H${end}`;
  const tip = to - from > STEP ? AXIS - 4 : AXIS;
  return [
    svg("path", { class: "flow", d: `M${start} ${AXIS}${bow}` }),
    svg("path", { class: "model", d: `M${end + 6} ${tip}l-9 -5v10z` }),
  ];
}

function node(taskId, round, x) {
  const made = round.phase === "Finalized";
  const kind = made ? (round.isFirst ? "root" : "model") : lost(round) ? "failed" : "running";
  // what is written is in the link's name, in other words
  const written = [
    svg(
      "text",
      { x, y: AXIS + 4, class: `on-${kind}`, "text-anchor": "middle", "aria-hidden": "true" },
      made ? round.number : lost(round) ? "×" : "…",
    ),
    svg(
      "text",
      { x, y: AXIS + 34, "text-anchor": "middle", "aria-hidden": "true" },
      round.isFirst ? "first" : made ? round.masked !== undefined && `of ${round.masked}` : round.phase.toLowerCase(),
    ),
  ];
  const counted = round.masked === undefined ? "" : `, average of ${count(round.masked, "update")}`;
  const text = made
    ? `Model of round ${round.number}${round.isFirst ? ": the first model, proved by nobody" : counted}`
    : `Round ${round.number}: ${round.phase}`;
  const href = made ? `#/task/${taskId}/model/${round.number}` : `#/task/${taskId}/round/${round.number}`;
  const circle = svg("circle", { class: `node ${kind}`, cx: x, cy: AXIS, r: made ? RADIUS : 11 });
  return [svg("a", { href, "aria-label": text, key: round.number }, svg("title", {}, text), circle), written];
}

// a model of another task
function ancestor(parent, x) {
  const text = `${nameOfModel(parent)}, times ${parent.coefficient}`;
  return [
    svg(
      "a",
      { href: placeOf(parent), "aria-label": text, key: `${parent.taskId} ${parent.round} ${x}` },
      svg("title", {}, text),
      svg("circle", { class: "node root", cx: x, cy: AXIS, r: RADIUS }),
    ),
    svg("text", { x, y: AXIS + 4, class: "on-root", "text-anchor": "middle", "aria-hidden": "true" }, parent.round),
    svg("text", { x, y: AXIS + 34, "text-anchor": "middle", "aria-hidden": "true" }, `task ${parent.taskId}`),
  ];
}

function mark(round, trainer, x, y) {
  const part = round.parts.find((candidate) => candidate.trainer === trainer);
  return shape(part ? markOf(part) : "absent", x, y);
}

function shape(kind, x, y) {
  if (kind === "fault") return svg("path", { class: kind, d: `M${x - 5} ${y - 5}l10 10m0 -10l-10 10` });
  if (kind === "vain") return svg("path", { class: kind, d: `M${x} ${y - 6}l6 11h-12z` });
  if (kind === "missing") return svg("path", { class: kind, d: `M${x - 5} ${y - 5}h10v10h-10z` });
  return svg("circle", { class: kind, cx: x, cy: y, r: kind === "absent" ? 1.5 : 6 });
}
