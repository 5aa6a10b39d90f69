/** What is said of a task's kind of models. */

import { h } from "../dom.js";

/** What stands where models of a task would be used, if their kind were known. */
export const unknownKind = ({ learner }) =>
  h(
    "p",
    { key: "unknown" },
    "These models are of the kind ",
    h("code", {}, learner.kind),
    ", which this page does not know. By the task’s creator, the Python package ",
    h("code", {}, learner.package),
    " brings it: look at that before you install it.",
  );
