// The kinds of models that are known here, by name. An application adds its own.

import { UnknownLearner } from "../errors.js";
import { object, text } from "../shape.js";
import { gram } from "./gram.js";
import type { Learner, RawModel } from "./learner.js";
import { linear } from "./linear.js";
import { mlp } from "./mlp.js";

const learners = new Map<string, Learner>([linear, mlp, gram].map((learner: Learner) => [learner.kind, learner]));
const read = new WeakMap<object, Learner>(); // models that a learner has read

/** A kind's name, and the Python package that has it: what to look for where the kind is not known here. */
export const learnerReference = object({
  kind: text(/^[a-z][a-z0-9_]{0,39}$/),
  package: text(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9])?$/),
});

/** A kind's name, and the Python package that has it: what to look for where the kind is not known here. */
export type LearnerReference = ReturnType<typeof learnerReference>;

/** What a manifest says of its models. */
export interface Described {
  readonly learner: LearnerReference;
  /** As the learner reads it; as it stands in the document where the kind is not known. */
  readonly model: unknown;
}

/** Makes a kind of models known, also to `pullModel`: call it before anything else. One of the same name is replaced. */
export function registerLearner(learner: Learner): void {
  learners.set(learner.kind, learner);
}

/** Whether models of a manifest's kind can be used here. */
export function isKnown({ learner }: Described): boolean {
  return learners.has(learner.kind);
}

/** Whether a manifest is of a learner that is known here: its `model` is what that learner reads. */
export function isOf<M, T extends Described>(manifest: T, learner: Learner<M>): manifest is T & { readonly model: M } {
  return learners.get(manifest.learner.kind) === (learner as Learner);
}

/**
 * The learner of a manifest's kind, and its `model`, read.
 * @throws UnknownLearner none is known. @throws MalformedDocument the model makes no sense.
 */
export function learnerOf({ learner, model }: Described): { readonly learner: Learner; readonly model: unknown } {
  const found = learners.get(learner.kind);
  if (found === undefined) {
    throw new UnknownLearner(
      `models of the kind '${learner.kind}' are not known here. The Python package '${learner.package}' brings them: ` +
        "where there is a learner of theirs for this package too, give it to registerLearner.",
      learner,
    );
  }
  return { learner: found, model: readBy(found, model as RawModel) };
}

/** As its learner reads it, a manifest's `model`; as it is, where the kind is not known. @throws MalformedDocument */
export function readModel(kind: string, model: RawModel): unknown {
  const found = learners.get(kind);
  return found === undefined ? model : readBy(found, model);
}

function readBy(learner: Learner, model: RawModel): unknown {
  if (read.get(model) === learner) return model;
  const found = learner.read(model, "model");
  if (found !== null && typeof found === "object") read.set(found, learner);
  return found;
}
