/** What a model said of rows that nobody saw, as far as it was recorded for everybody: asked for only when somebody wants it. */

import { h } from "../dom.js";
import { explain } from "../errors.js";
import { table } from "./table.js";
import { button, card, code, notice } from "./words.js";

/** Bits of a z are the learner's: the page shows the integer that a contract names. */
const ASKED = [
  ({ value, answer }) => `z is ${answer ? "" : "not "}${value} or more`,
  ({ value, answer }) => (answer ? `z is ${value}` : `z is not ${value}`),
  ({ value, answer }, classes) => `${answer ? "" : "not "}class ${classes[Number(value)] ?? value}`,
];

/**
 * A card that lists them.
 * @param {Object} app
 * @param {() => Promise<Object[]>} read Reads them.
 */
export function inferencesCard(app, read) {
  let found;
  let failure;
  let asking = false;

  async function ask() {
    [asking, failure] = [true, undefined];
    app.repaint();
    try {
      found = await read();
    } catch (error) {
      failure = explain(error, app);
    }
    asking = false;
    app.announce(failure ? failure.title : `${found.length} recorded answers`);
    app.repaint();
  }

  function list(classes) {
    if (found.length === 0) return h("p", { class: "soft" }, "None was recorded.");
    return table({
      caption: "Recorded answers about rows, newest first",
      rows: [...found].reverse(),
      key: ({ inferenceId, transaction, logIndex }) => `${inferenceId} ${transaction} ${logIndex}`,
      columns: [
        { name: "Whose row", cell: ({ account }) => code(account) },
        { name: "Says the model", cell: (each) => ASKED[each.question]?.(each, classes) },
        { name: "Vouched for by", cell: ({ issuer }) => code(issuer) },
        { name: "Block", cell: ({ block }) => String(block), number: true },
      ],
    });
  }

  /** @param {string[]} classes Their names, where the manifest has some. */
  function render(classes = []) {
    return card(
      "What it said of rows that nobody saw",
      h(
        "p",
        { class: "soft small" },
        "A proof shows each answer, and the contract checked it. That a row is true of somebody is the word of who vouched for it.",
      ),
      failure && notice("warn", failure.title, [failure.text, failure.advice]),
      found && list(classes),
      h(
        "div",
        { class: "actions" },
        button(asking ? "Reading …" : found ? "Read again" : "Show recorded answers", ask),
      ),
    );
  }

  return { render };
}
