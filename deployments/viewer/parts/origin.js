/** What a task's first model is made of, in words, with a link to each model that it is made of. */

import { h } from "../dom.js";

/** A task's screen holds it. */
export function originOf({ parents, divisor }) {
  if (parents.length === 0) return "its creator’s own, proved by nobody";
  if (isWarmStart(parents, divisor)) return ["the weights of the ", link(parents[0])];
  const terms = parents.map((parent, index) => [index > 0 && " + ", `${times(parent)} `, link(parent)]);
  return ["(", terms, `) / ${divisor.toLocaleString("en")}, rounded down: proved when the task was published`];
}

/** A model of any task: `model of round 4 of task 1` */
export const nameOf = ({ taskId, round }) =>
  `${round === 0 ? "first model" : `model of round ${round}`} of task ${taskId}`;

/** Where a model is shown. */
export const placeOf = ({ taskId, round }) => `#/task/${taskId}/model/${round}`;

const isWarmStart = ([{ coefficient }, ...others], divisor) =>
  others.length === 0 && coefficient === 1n && divisor === 1n;

const link = (parent) => h("a", { href: placeOf(parent) }, nameOf(parent));

const times = ({ coefficient }) => `${coefficient.toLocaleString("en")} ×`;
