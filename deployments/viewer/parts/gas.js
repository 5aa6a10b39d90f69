/** What transactions cost: read from their receipts, when somebody asks. */

import { h } from "../dom.js";
import { explain } from "../errors.js";
import { coins, count, whole } from "../format.js";
import { table } from "./table.js";
import { button, card, notice } from "./words.js";

const ORDER = [
  "create task",
  "join",
  "submit",
  "mask",
  "aggregate",
  "advance",
  "challenge",
  "answer",
  "convict",
  "collect",
  "settle",
];
const MOST = 500; // receipts that one press asks for

/**
 * The card of gas.
 * @param {Object} app
 * @param {() => Object[]} rounds Whose transactions are meant.
 */
export function gasCard(app, rounds) {
  let costs; // by kind of transaction: gas and wei
  let asking;
  let missing; // how many receipts the node does not have
  let failure;

  async function read() {
    const kinds = kindsOf(rounds());
    const hashes = [...kinds.keys()].slice(-MOST);
    failure = undefined;
    asking = 0;
    app.repaint();
    try {
      const receipts = await app.chain.receipts(hashes, (done) => {
        asking = done;
        app.repaint();
      });
      missing = hashes.length - receipts.length;
      costs = new Map();
      for (const receipt of receipts) {
        const kind = kinds.get(receipt.transactionHash);
        costs.set(kind, [...(costs.get(kind) ?? []), { gas: receipt.gasUsed, wei: receipt.gasUsed * receipt.price }]);
      }
    } catch (error) {
      failure = explain(error, app);
    }
    asking = undefined;
    app.repaint();
  }

  function render() {
    const hashes = kindsOf(rounds()).size;
    return card(
      "Gas",
      failure &&
        h("div", { key: "failure" }, notice("warn", failure.title, [failure.text, failure.advice], { level: "h3" })),
      missing > 0 &&
        h(
          "p",
          { class: "soft", key: "missing" },
          `The node does not have ${count(missing, "receipt")}: it may keep those of newer blocks only. Another one may have them.`,
        ),
      costs?.size > 0 && h("div", { key: "costs" }, costTable()),
      hashes === 0
        ? h("p", { class: "soft" }, "No transactions yet.")
        : h(
            "div",
            { class: "actions", key: "actions" },
            button(costs ? "Read it again" : `Read the gas of ${count(Math.min(MOST, hashes), "transaction")}`, read, {
              disabled: asking !== undefined,
            }),
            h(
              "span",
              { class: "soft small" },
              asking === undefined ? "One question to the node for each receipt." : `${asking} read …`,
            ),
          ),
    );
  }

  function costTable() {
    return table({
      caption: "Gas by kind of transaction",
      rows: ORDER.filter((kind) => costs.has(kind))
        .map((kind) => [kind, costs.get(kind)])
        .map(([kind, paid]) => ({
          kind,
          gas: paid.map((one) => Number(one.gas)).sort((a, b) => a - b),
          wei: paid.reduce((sum, one) => sum + one.wei, 0n),
        })),
      key: (row) => row.kind,
      columns: [
        { name: "Transaction", cell: (row) => row.kind },
        { name: "How many", cell: (row) => whole(row.gas.length), number: true },
        { name: "Least", cell: (row) => whole(row.gas[0]), number: true },
        { name: "Median", cell: (row) => whole(row.gas[Math.floor(row.gas.length / 2)]), number: true },
        { name: "Most", cell: (row) => whole(row.gas[row.gas.length - 1]), number: true },
        { name: "All paid", cell: (row) => coins(row.wei), number: true },
      ],
    });
  }

  return { render };
}

// by transaction hash, what kind each is: a transaction of several events is named by the first of them in this order
function kindsOf(rounds) {
  const kinds = new Map();
  const note = (kind, places) => {
    for (const { transaction } of places) if (!kinds.has(transaction)) kinds.set(transaction, kind);
  };
  const parts = rounds.flatMap((round) => round.parts);
  const each = (name) => parts.flatMap((part) => part[name] ?? []);
  const of = (name) => rounds.flatMap((round) => round[name]);
  note("join", each("joined"));
  note("submit", each("submitted"));
  note("mask", each("masked"));
  note("aggregate", of("averages"));
  note("challenge", [...each("accused"), ...of("demands")]);
  note("answer", [...each("acquitted"), ...of("shown")]);
  note("convict", each("convicted"));
  note("collect", each("rewarded"));
  note("settle", each("slashed"));
  const phases = of("phases");
  note(
    "create task",
    rounds.filter(({ number }) => number === 1).flatMap((round) => round.phases.slice(0, 1)),
  );
  note(
    "advance",
    phases.filter(({ from }) => from !== "None"),
  ); // what no other kind moved on; a round begins as the one before it ends
  return kinds;
}
