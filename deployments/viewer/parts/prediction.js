/** A form from the manifest's columns, and what the verified model says about the row. */

import { h } from "../dom.js";
import { percent } from "../format.js";
import { exampleRow, predict } from "../vendor/headwater.js";
import { button, card, notice } from "./words.js";

/**
 * The card.
 * @param {Object} app
 * @param {Object} manifest The task's.
 * @param {bigint[]} weights Of a verified model.
 */
export function predictionForm(app, manifest, weights) {
  const { features, label } = manifest.model;
  let found;
  let problem;

  function compute(event) {
    event.preventDefault();
    const cells = new FormData(event.currentTarget);
    const row = Object.fromEntries(features.map(({ name }, index) => [name, cells.get(`feature-${index}`)]));
    try {
      [found, problem] = [predict(manifest, weights, row), undefined];
      app.announce(`Prediction: ${found.name}`);
    } catch (error) {
      [found, problem] = [undefined, error.message];
    }
    app.repaint();
  }

  // the means, and the first values, are a row that every task has
  function fill(event) {
    const { form } = event.currentTarget;
    const row = exampleRow(manifest);
    features.forEach(({ name }, index) => {
      form.elements[`feature-${index}`].value = row[name];
    });
  }

  function field({ mean, values }, index) {
    const place = { id: `feature-${index}`, name: `feature-${index}` };
    if (values) {
      return h(
        "select",
        place,
        h("option", { value: "" }, "–"),
        values.map((value) => h("option", { value }, value)),
      );
    }
    return h("input", {
      ...place,
      type: "text",
      inputmode: "decimal",
      autocomplete: "off",
      placeholder: `for example ${mean}`,
      maxlength: 60,
    });
  }

  function render() {
    return card(
      "Try a prediction",
      h(
        "form",
        { onsubmit: compute, key: "form", novalidate: true },
        h(
          "div",
          { class: "fields" },
          features.map((feature, index) =>
            h("div", {}, h("label", { for: `feature-${index}` }, feature.name), field(feature, index)),
          ),
        ),
        h(
          "div",
          { class: "actions" },
          h("button", { class: "main" }, `Predict ${label.column}`),
          button("Fill in the means", fill),
        ),
      ),
      problem && h("div", { key: "problem" }, notice("warn", "The row cannot be used", problem, { level: "h3" })),
      found && result(),
    );
  }

  function result() {
    return h(
      "div",
      { key: "result" },
      h("h3", {}, `${label.column}: ${found.name}`),
      h(
        "div",
        { class: "bars" },
        found.classes.map((name, index) => [
          h("span", {}, name),
          h("meter", { min: 0, max: 1, value: found.probabilities[index], "aria-label": `Probability of ${name}` }),
          h("span", { class: "number" }, percent(found.probabilities[index])),
        ]),
      ),
      h(
        "p",
        { class: "soft small" },
        "Computed here, from the weights that were proved, in the same integers as every node.",
      ),
    );
  }

  return { render };
}
