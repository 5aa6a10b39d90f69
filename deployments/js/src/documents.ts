// The documents that the chain refers to, as ipfs/schemas and node/headwater/storage/manifests.py define them; models are
// in binary.ts. What a document says is believed only where a commitment bears it out. Names come from strangers: show
// them as text only. One with characters that people would not see is refused.

import { decode } from "./canonical.js";
import { isCid } from "./cid.js";
import { type Described, learnerReference, readModel } from "./learners/registry.js";
import { anyObject, checked, integer, name, object, oneOf, type Reader, seen, text } from "./shape.js";

const hex32 = text(/^[0-9a-f]{64}$/);
const cid = checked(text(/^b[a-z2-7]{58}$/), (found) => (isCid(found) ? undefined : "no CID"));
const noCid = oneOf("");
const cidOrNone: Reader<string> = (value, place) => (value === "" ? noCid(value, place) : cid(value, place));
const description = seen(10_000, "\n");

const manifest = object({
  schema: oneOf("headwater/task/2"),
  name,
  description,
  learner: learnerReference,
  model: anyObject,
  circuits: object({ train: cid, average: cid, score: cidOrNone, composition: cidOrNone, infer: cidOrNone }),
  srs: object({
    id: hex32,
    k: integer(1, 28),
    source: oneOf("dev", "perpetual-powers-of-tau"),
    cid: cidOrNone,
  }),
});

/**
 * A task's manifest: what is trained. Names of fields are the document's own; `model` is the learner's, which `isOf` tells
 * the type of.
 */
export type TaskManifest = Omit<ReturnType<typeof manifest>, "model"> & Described;

/**
 * The task manifest of stored bytes. Its `model` is checked and read by the learner of its kind, if that is known here.
 * @throws MalformedDocument not canonical JSON, not of this schema, or a model that makes no sense.
 */
export function parseManifest(bytes: Uint8Array): TaskManifest {
  const { model, ...facts } = manifest(decode(bytes), "");
  return { ...facts, model: readModel(facts.learner.kind, model) };
}
