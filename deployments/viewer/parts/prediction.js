/** A form from the columns of a task's models, and what the verified model says about the row. */

import { h } from "../dom.js";
import { percent, real } from "../format.js";
import { columnsOf, exampleRow, isKnown, predict } from "../vendor/headwater.js";
import { unknownKind } from "./learner.js";
import { button, card, notice } from "./words.js";

const TITLE = "Try a prediction";
const MOST_RANKED = 20; // of what is recommended

/**
 * The card.
 * @param {Object} app
 * @param {Object} manifest The task's.
 * @param {bigint[]} weights Of a verified model.
 */
export function predictionForm(app, manifest, weights) {
  if (!isKnown(manifest)) return { render: () => card(TITLE, unknownKind(manifest)) };
  const { features, label } = columnsOf(manifest);
  const fields = features.map((column, index) => ({ column, place: `feature-${index}` }));
  const items = fields.filter(({ column }) => column.kind === "item");
  const others = fields.filter(({ column }) => column.kind !== "item");
  let found;
  let problem;

  function compute(event) {
    event.preventDefault();
    const cells = new FormData(event.currentTarget);
    const cell = ({ column, place }) => (column.kind === "item" ? (cells.has(place) ? "1" : "0") : cells.get(place));
    const row = Object.fromEntries(fields.map((field) => [field.column.name, cell(field)]));
    try {
      [found, problem] = [predict(manifest, weights, row), undefined];
      app.announce(`Prediction: ${RESULTS[found.kind].said(found)}`);
    } catch (error) {
      [found, problem] = [undefined, error.message];
    }
    app.repaint();
  }

  // the means, and the first values, are a row that every task has
  function fill(event) {
    const { elements } = event.currentTarget.form;
    const row = exampleRow(manifest);
    for (const { column, place } of others) elements[place].value = row[column.name];
    for (const { column, place } of items) elements[place].checked = row[column.name] === "1";
  }

  function field({ column, place }) {
    const props = { id: place, name: place };
    if (column.kind === "category") {
      return h(
        "select",
        props,
        h("option", { value: "" }, "–"),
        column.values.map((value) => h("option", { value }, value)),
      );
    }
    return h("input", {
      ...props,
      type: "text",
      inputmode: "decimal",
      autocomplete: "off",
      placeholder: `for example ${column.usual}`,
      maxlength: 60,
    });
  }

  const labelled = (one) => h("div", {}, h("label", { for: one.place }, one.column.name), field(one));

  const ticks = () =>
    h(
      "fieldset",
      { class: "ticks" },
      h("legend", {}, "Tick what somebody has"),
      items.map(({ column, place }) =>
        h("label", { class: "tick" }, h("input", { type: "checkbox", name: place, id: place }), column.name),
      ),
    );

  function render() {
    return card(
      TITLE,
      h(
        "form",
        { onsubmit: compute, key: "form", novalidate: true },
        others.length > 0 && h("div", { class: "fields" }, others.map(labelled)),
        items.length > 0 && ticks(),
        h(
          "div",
          { class: "actions" },
          h("button", { class: "main" }, label ? `Predict ${label.name}` : "Recommend"),
          button(label ? "Fill in the means" : "Fill in an example", fill),
        ),
      ),
      problem && h("div", { key: "problem" }, notice("warn", "The row cannot be used", problem, { level: "h3" })),
      found && result(),
    );
  }

  const RESULTS = {
    class: {
      said: ({ name }) => name,
      title: ({ name }) => `${label.name}: ${name}`,
      table: ({ classes, probabilities }) =>
        classes.map((name, index) => [
          h("span", {}, name),
          h("meter", { min: 0, max: 1, value: probabilities[index], "aria-label": `Probability of ${name}` }),
          h("span", { class: "number" }, percent(probabilities[index])),
        ]),
      computed: "in the same integers as every node",
    },
    amount: {
      said: ({ value }) => real(value),
      title: ({ value }) => `${label.name}: ${real(value)}`,
      computed: "in the same integers as every node",
    },
    items: {
      said: ({ ranked: [first] }) => (first ? first.name : "nothing"),
      title: ({ ranked: [first] }) => (first ? `Most of all: ${first.name}` : "There is nothing left to recommend"),
      table: ({ ranked }) => {
        const shown = ranked.slice(0, MOST_RANKED);
        const most = Math.max(0, ...shown.map(({ score }) => score)) || 1;
        return shown.map(({ name, score }) => [
          h("span", {}, name),
          h("meter", { min: 0, max: most, value: Math.max(0, score), "aria-label": `Score of ${name}` }),
          h("span", { class: "number" }, score.toFixed(3)),
        ]);
      },
      computed: "by the same formula as every node’s",
    },
  };

  function result() {
    const { title, table, computed } = RESULTS[found.kind];
    return h(
      "div",
      { key: "result" },
      h("h3", {}, title(found)),
      table && h("div", { class: "bars" }, table(found)),
      h("p", { class: "soft small" }, `Computed here, from the weights that were proved, ${computed}.`),
    );
  }

  return { render };
}
