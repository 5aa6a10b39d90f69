// Networks with one hidden layer of rectified units, of classes (one-vs-rest): node/headwater/learners/mlp.

import { integer, object } from "../shape.js";
import { checkWeights, type Learner } from "./learner.js";
import { outputsOf, product, tableFields, tableLearner, widthOf } from "./table.js";

const MOST_HIDDEN = 1024;
const SEEDS = 2 ** 32;

const read = object({
  ...tableFields,
  hidden: integer(1, MOST_HIDDEN),
  error_bits: integer(1, 40),
  seed: integer(0, SEEDS - 1),
});

/** The `model` of a network's task's manifest. */
export type MlpModel = ReturnType<typeof read>;

/** Networks. Weights are those of the hidden layer, (features, hidden), then those of the outputs, (hidden, outputs), row by row. */
export const mlp: Learner<MlpModel> = tableLearner({
  kind: "mlp",
  read,

  problem({ label, error_bits, fixed_point: { data_bits, model_bits } }) {
    if (!("classes" in label)) return "an amount to predict, and this kind tells classes apart";
    return error_bits > scoreBits({ data_bits, model_bits }) + 3 ? "more bits of errors than outputs have" : undefined;
  },

  says: ({ hidden }) => `a neural network with ${hidden} hidden ${hidden === 1 ? "unit" : "units"}`,

  scores(model, weights, row) {
    const [hidden, outputs] = [model.hidden, outputsOf(model)];
    const cut = widthOf(model) * hidden;
    checkWeights(weights, cut + hidden * outputs);
    const units = product(row, weights, 0, hidden).map((z) => (z > 0n ? 4n * z : 0n));
    const unit = 2 ** scoreBits(model.fixed_point);
    return product(units, weights, cut, outputs).map((y) => Number(y) / unit);
  },
});

/** Fractional bits of an output: those of a hidden unit, which is taken four times, and of a weight. */
function scoreBits({ data_bits, model_bits }: { readonly data_bits: number; readonly model_bits: number }): number {
  return data_bits + model_bits + 2 + model_bits;
}
