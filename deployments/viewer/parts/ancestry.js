/**
 * What a model is made of, over all tasks, and on whose data it rests: a picture of the tasks from left to right, the oldest
 * first, and a table of data commitments. It costs a log query a task, so it is read when somebody asks for it.
 */

import { h, svg } from "../dom.js";
import { explain } from "../errors.js";
import { count, whole } from "../format.js";
import { nameOf, placeOf } from "./origin.js";
import { table } from "./table.js";
import { button, card, code, notice } from "./words.js";

const [WIDE, HIGH, GAP, ROW, EDGE] = [148, 44, 132, 58, 8];
const [FEW_ROWS, MOST_ROWS] = [12, 200]; // of data: that are shown at once, and that are listed

/** A card that reads the lineage of a model when it is asked to. */
export function ancestryCard(app, taskId, round) {
  let found;
  let problem;
  let reading = false;

  async function read() {
    [reading, problem] = [true, undefined];
    app.repaint();
    try {
      found = await app.chain.lineage(taskId, round);
      app.announce(`${nameOf({ taskId, round })} rests on ${count(found.data.length, "data commitment")}`);
    } catch (error) {
      problem = explain(error, app);
    }
    reading = false;
    app.repaint();
  }

  function render() {
    return card(
      "Whose data it rests on",
      found
        ? [picture(found), told(found)]
        : [
            h("p", {}, "All models that this one is made of, also in other tasks, and the data that went into them."),
            problem && notice("warn", problem.title, [problem.text, problem.advice], { level: "h3" }),
            h(
              "div",
              { class: "actions" },
              button(reading ? "Reading …" : problem ? "Ask again" : "Read its lineage", read, { disabled: reading }),
            ),
          ],
    );
  }

  return { render };
}

// ---- in words

function told({ data, leftOut, unproved, beyond }) {
  return [
    beyond.length > 0 &&
      notice(
        "warn",
        "There is more than this",
        `${count(beyond.length, "further model")} were not read: it rests on more data.`,
        {
          level: "h3",
        },
      ),
    unproved.length > 0 &&
      notice(
        "warn",
        "Whose data are in some of it, nobody can say",
        [
          `These are not zeros, and nobody proved them: ${unproved.map(nameOf).join(", ")}. Networks draw theirs from a seed, which their task names.`,
        ],
        { level: "h3" },
      ),
    h(
      "p",
      { key: "sum" },
      data.length > 0
        ? `It rests on ${count(data.length, "data commitment")} of ${count(new Set(data.map(({ trainer }) => trainer)).size, "account")}.`
        : "It rests on nobody’s data.",
    ),
    data.length > 0 &&
      h(
        "details",
        { key: "data", open: data.length <= FEW_ROWS },
        h("summary", {}, "Each of them, by its hash"),
        dataTable(data),
        data.length > MOST_ROWS &&
          h(
            "p",
            { class: "soft" },
            `and ${whole(data.length - MOST_ROWS)} more: headwater explain --lineage lists all`,
          ),
      ),
    leftOut.length > 0 && [
      h("h3", { key: "not" }, "Not in it"),
      h(
        "ul",
        { class: "plain", key: "left out" },
        leftOut.map(({ trainer, models }) =>
          h(
            "li",
            {},
            code(trainer, { whole: true }),
            ": its data went into ",
            models.map((each, at) => [at > 0 && ", ", link(each)]),
          ),
        ),
      ),
    ],
    h(
      "p",
      { class: "soft small", key: "limits" },
      "Data are known by their commitments. The same rows under another salt or account are other data here: nobody can see that they are the same.",
    ),
  ];
}

const dataTable = (data) =>
  table({
    caption: "Data that the model rests on",
    columns: [
      { name: "Whose", cell: ({ trainer }) => code(trainer, { whole: true }) },
      { name: "Data commitment", cell: ({ dataHash }) => code(dataHash, { copy: true }) },
      { name: "Went into", cell: ({ models }) => models.map((model, at) => [at > 0 && ", ", link(model)]) },
    ],
    rows: data.slice(0, MOST_ROWS),
    key: ({ trainer, dataHash }) => `${trainer} ${dataHash}`,
  });

const link = (model) => h("a", { href: placeOf(model) }, `round ${model.round} of task ${model.taskId}`);

// ---- the picture

function picture({ generations }) {
  const tasks = tasksOf(generations);
  const columns = columnsOf(tasks);
  const height = Math.max(...columns.map((column) => column.length)) * ROW;
  columns.forEach((column, at) => {
    column.forEach((task, row) => {
      task.x = EDGE + at * (WIDE + GAP);
      task.y = (height / (column.length + 1)) * (row + 1) - HIGH / 2 + EDGE;
    });
  });
  const width = columns.length * (WIDE + GAP) - GAP + 2 * EDGE;
  const edges = [...tasks.values()].flatMap((task) =>
    task.parents.map(({ parent, share }) => ({ from: tasks.get(parent.taskId), to: task, parent, share })),
  );
  const label = `Lineage: ${
    edges.map(({ parent, share, to }) => `task ${to.taskId} from ${share} × ${nameOf(parent)}`).join(", ") ||
    "no other task"
  }.`;
  return h(
    "figure",
    { key: "picture" },
    h(
      "div",
      {
        class: "scroll",
        "data-newest": true,
        tabindex: 0,
        role: "group",
        "aria-label": "Picture of the tasks it is made of",
      },
      svg(
        "svg",
        {
          class: "picture",
          width,
          height: height + 2 * EDGE,
          viewBox: `0 0 ${width} ${height + 2 * EDGE}`,
          role: "group",
          "aria-label": label,
        },
        edges.map(edge),
        [...tasks.values()].map(box),
      ),
    ),
  );
}

// The tasks of the models: which of their models are used, the updates in them, and what their first models are made of.
function tasksOf(generations) {
  const tasks = new Map();
  for (const { taskId, round, parents, divisor, contributions } of generations) {
    if (!tasks.has(taskId)) tasks.set(taskId, { taskId, round, updates: 0, parents: [] }); // the newest comes first
    const task = tasks.get(taskId);
    task.updates += contributions.length;
    if (round === 0) task.parents = parents.map((parent) => ({ parent, share: shareOf(parent.coefficient, divisor) }));
  }
  for (const task of tasks.values()) task.parents = task.parents.filter(({ parent }) => tasks.has(parent.taskId));
  return tasks;
}

// Tasks by how far they are from the newest, the furthest first; in each column in the order of what is made of them.
function columnsOf(tasks) {
  const far = new Map();
  for (const task of tasks.values()) {
    far.set(task.taskId, far.get(task.taskId) ?? 0);
    for (const { parent } of task.parents) {
      far.set(parent.taskId, Math.max(far.get(parent.taskId) ?? 0, far.get(task.taskId) + 1));
    }
  }
  const oldestFirst = [...tasks.values()].reverse();
  const columns = Array.from({ length: Math.max(...far.values()) + 1 }, (_, at) =>
    oldestFirst.filter((task) => far.get(task.taskId) === at),
  );
  const place = new Map(); // of a task: the mean place of its children, which are all further right
  columns.forEach((column, at) => {
    if (at > 0) column.sort((a, b) => place.get(a.taskId) - place.get(b.taskId));
    column.forEach((task, row) => {
      for (const { parent } of task.parents) {
        const before = place.get(parent.taskId);
        place.set(parent.taskId, before === undefined ? row : (before + row) / 2);
      }
    });
  });
  return columns.reverse();
}

function edge({ from, to, parent, share }) {
  const [x0, y0] = [from.x + WIDE, from.y + HIGH / 2];
  const [x1, y1] = [to.x - 8, to.y + HIGH / 2];
  const bend = GAP / 2;
  const text = `${share} ×${parent.round === from.round ? "" : ` round ${parent.round}`}`;
  return [
    svg("path", { class: "flow", d: `M${x0} ${y0}C${x0 + bend} ${y0} ${x1 - bend} ${y1} ${x1} ${y1}` }),
    svg("path", { class: "model", d: `M${x1 + 7} ${y1}l-9 -5v10z` }),
    share !== "1" || parent.round !== from.round
      ? svg("text", { class: "share", x: x0 + 6, y: y0 - 7, "aria-hidden": "true" }, text)
      : null,
  ];
}

function box({ taskId, round, updates, parents, x, y }) {
  const says =
    round === 0 ? (parents.length > 0 ? "merged" : "first model") : `round ${round}, ${count(updates, "update")}`;
  const label = `${nameOf({ taskId, round })}, ${count(updates, "update")} in its task`;
  const middle = { x: x + WIDE / 2, "text-anchor": "middle", "aria-hidden": "true" };
  return [
    svg(
      "a",
      { href: placeOf({ taskId, round }), "aria-label": label, key: String(taskId) },
      svg("title", {}, label),
      svg("rect", { class: "node root", x, y, width: WIDE, height: HIGH, rx: 8 }),
    ),
    svg("text", { ...middle, y: y + 18, class: "on-root" }, `task ${taskId}`),
    svg("text", { ...middle, y: y + 34 }, says),
  ];
}

// a fraction in its lowest terms: 1/3, 2, -1/2
function shareOf(coefficient, divisor) {
  let [a, b] = [coefficient < 0n ? -coefficient : coefficient, divisor];
  while (b) [a, b] = [b, a % b];
  const [top, bottom] = a ? [coefficient / a, divisor / a] : [coefficient, divisor];
  return bottom === 1n ? String(top) : `${top}/${bottom}`;
}
