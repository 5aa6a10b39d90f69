/** What is said of a task's kind of models. */

import { h } from "../dom.js";

/** What stands where models of a task would be used, if their kind were known. */
export const unknownKind = ({ learner }) =>
  h(
    "p",
    { key: "unknown" },
    "These models are of the kind ",
    h("code", {}, learner.kind),
    ", which this page does not know. The task’s creator says that a Python package called ",
    h("code", {}, learner.package),
    " brings it. A name proves nothing, and anybody may have taken it on a registry: ask the creator where its code is.",
  );
