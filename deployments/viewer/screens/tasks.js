/** The first screen: tasks, newest first, with their latest models, and what happened lately. */

import { h } from "../dom.js";
import { count, whole } from "../format.js";
import { sentence } from "../parts/activity.js";
import { table } from "../parts/table.js";
import { card, countdown, empty, pager, phaseChip, title } from "../parts/words.js";
import { isEnd } from "../vendor/headwater.js";

const PAGE = 25;

export function tasksScreen(app, _, query) {
  const from = idOf(query.get("from")); // the highest id on this page; undefined: the newest
  let seen;
  const names = new Map(); // by manifest

  async function load() {
    seen = await app.chain.firstScreen(from, PAGE);
    nameTasks();
  }

  // after the screen stands: names are in documents, which may be slow to come or be missing
  async function nameTasks() {
    for (const { manifest } of seen.tasks) {
      if (names.has(manifest)) continue;
      names.set(manifest, undefined);
      app.chain.manifest(manifest).then(
        ({ name }) => {
          names.set(manifest, name);
          app.repaint();
        },
        () => {},
      );
    }
  }

  function render() {
    return [
      title("Tasks", h("span", { class: "soft" }, count(seen.total, "task"))),
      seen.total === 0 ? nothing() : h("div", { class: "card", key: "tasks" }, list(), pages()),
      seen.total > 0 && card("What happened lately", activity()),
    ];
  }

  function nothing() {
    return h(
      "div",
      { class: "card", key: "empty" },
      empty(
        "Nobody has published a task here yet",
        "The contracts are in place and wait. Whoever wants a model trained publishes a task:",
        h("pre", {}, "headwater task create --name iris --sample sample.csv --label species --rows 30"),
      ),
    );
  }

  function list() {
    if (seen.tasks.length === 0)
      return h("p", {}, "There are fewer pages of tasks than this. ", h("a", { href: "#/" }, "The first page"));
    return table({
      caption: "Tasks, the newest first",
      rows: seen.tasks,
      key: (task) => task.taskId,
      columns: [
        {
          name: "Task",
          cell: (task) => [
            h("a", { href: `#/task/${task.taskId}` }, names.get(task.manifest) ?? `Task ${task.taskId}`),
            h("span", { class: "soft small" }, ` #${task.taskId}`),
          ],
        },
        { name: "Round", cell: (task) => `${task.round} of ${whole(task.rounds)}` },
        { name: "Phase", cell: (task) => phaseChip(task.phase) },
        { name: "Time left", cell: (task) => left(task) },
        { name: "Trainers", cell: (task) => progress(task) },
        { name: "Latest model", cell: (task) => model(task) },
      ],
    });
  }

  function pages() {
    const [first, last] = [seen.tasks.at(0)?.taskId, seen.tasks.at(-1)?.taskId];
    if (first === undefined || seen.tasks.length === seen.total) return null;
    const newer = first + BigInt(PAGE);
    return pager({
      name: "tasks",
      text: `Tasks ${first} to ${last} of ${whole(seen.total)}`,
      newer: first < seen.total && (newer >= seen.total ? "#/" : `#/?from=${newer}`),
      older: last > 1n && `#/?from=${last - 1n}`,
    });
  }

  function left(task) {
    if (isEnd(task.phase)) return "ended";
    return task.next === "None" ? countdown(task.deadline, app.now()) : "time is up";
  }

  function progress(task) {
    if (isEnd(task.phase) || task.phase === "Join")
      return `${task.joined} of ${task.minTrainers} to ${task.maxTrainers} joined`;
    return `${task.submitted} of ${task.joined} proved`;
  }

  function model(task) {
    const { round, trainers } = task.model;
    return h(
      "a",
      { href: `#/task/${task.taskId}/model/${round}` },
      round === 0 ? "first model" : `round ${round}, average of ${trainers}`,
    );
  }

  function activity() {
    if (seen.activity.length === 0)
      return h("p", { class: "soft" }, `Nothing in the newest ${count(seen.span, "block")}.`);
    return h(
      "ul",
      { class: "plain activity" },
      seen.activity.map((event) =>
        h(
          "li",
          { key: `${event.transactionHash} ${event.logIndex}` },
          h("span", {}, sentence(event)),
          h("span", { class: "soft small nowrap" }, ago(event)),
        ),
      ),
    );
  }

  function ago(event) {
    const blocks = Number(app.chain.block.number - event.blockNumber);
    return blocks === 0 ? "newest block" : `${count(blocks, "block")} ago`;
  }

  return { load, render, ready: () => seen !== undefined, title: () => "Tasks" };
}

const idOf = (text) => (/^\d{1,20}$/.test(text ?? "") ? BigInt(text) : undefined);
