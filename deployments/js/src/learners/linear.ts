// Linear models of classes (one-vs-rest) or of an amount: node/headwater/learners/linear.

import { integer, object, oneOf } from "../shape.js";
import { checkWeights, type Learner } from "./learner.js";
import { outputsOf, product, tableFields, tableLearner, widthOf } from "./table.js";

/** What each loss is for. */
const LOSSES = {
  logistic: { of: "classes", says: "logistic regression" },
  hinge: { of: "classes", says: "a linear classifier by hinge loss" },
  squared: { of: "an amount", says: "linear regression by least squares" },
  huber: { of: "an amount", says: "linear regression, outliers by their absolute distance" },
  poisson: { of: "an amount", says: "Poisson regression, of counts" },
} as const;

const read = object({
  ...tableFields,
  loss: oneOf("logistic", "hinge", "squared", "huber", "poisson"),
  penalty: integer(0, (1 << 24) - 1),
});

/** The `model` of a linear task's manifest. */
export type LinearModel = ReturnType<typeof read>;

/** Linear models. Weight of feature f for output o is at f * outputs + o. */
export const linear: Learner<LinearModel> = tableLearner({
  kind: "linear",
  read,

  problem({ loss, label }) {
    const { of } = LOSSES[loss];
    return "classes" in label === (of === "classes")
      ? undefined
      : `the loss ${loss}, which is of ${of}, at another label`;
  },

  says(model) {
    const each = outputsOf(model) > 1 ? ", one for each class" : "";
    return LOSSES[model.loss].says + each + (model.penalty ? ", with a penalty on large weights (ridge)" : "");
  },

  scores(model, weights, row) {
    const outputs = outputsOf(model);
    checkWeights(weights, widthOf(model) * outputs);
    const unit = 2 ** (model.fixed_point.data_bits + model.fixed_point.model_bits);
    return product(row, weights, 0, outputs).map((z) => Number(z) / unit);
  },

  amount: ({ loss }, z) => (loss === "poisson" ? exponential(z) : z),
});

/** exp(z) between its values at -3, -2, .., 3, with slopes in 64ths, and flat beyond: `losses.py`. */
function exponential(z: number): number {
  const at = [-3, -2, -1, 0, 1, 2, 3];
  const slopes = at.slice(1).map((knot) => Math.round((Math.exp(knot) - Math.exp(knot - 1)) * 64));
  const bent = at.reduce((sum, knot, i) => sum + ((slopes[i] ?? 0) - (slopes[i - 1] ?? 0)) * Math.abs(z - knot), 0);
  return (Math.round((Math.exp(-3) + Math.exp(3)) * 64) + bent) / 128;
}
