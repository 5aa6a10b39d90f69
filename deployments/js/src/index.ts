export * from "./abis.js";
export { addresses } from "./addresses.js";
export * from "./attestations.js";
export { type Model, modelBytes, parseModel } from "./binary.js";
export type { Reading, TaskId } from "./call.js";
export { cidFromDigest, cidOf, digestFromCid, digestOf, MAX_BYTES } from "./cid.js";
export { hashPoint, type Point, tagOf, withEntry } from "./commitment.js";
export { CONTRACTS, type ContractName, type Deployment, deploymentOf, parseAddresses } from "./deployment.js";
export { parseManifest, type TaskManifest } from "./documents.js";
export * from "./errors.js";
export { plain } from "./foreign.js";
export { type Content, type FetchOptions, fetchContent } from "./gateway.js";
export { type Admission, type Group, type GroupRange, readAdmission, readGroup } from "./groups.js";
export * from "./history.js";
export * from "./inferences.js";
export { type GramModel, gram } from "./learners/gram.js";
export * from "./learners/learner.js";
export { type LinearModel, linear } from "./learners/linear.js";
export { type MlpModel, mlp } from "./learners/mlp.js";
export { isKnown, isOf, type LearnerReference, registerLearner } from "./learners/registry.js";
export { type TableKind, type TableModel, tableFields, tableLearner } from "./learners/table.js";
export {
  type Contribution,
  type DataUse,
  type Generation,
  type Lineage,
  lineageOf,
  type ModelOf,
  readLineage,
} from "./lineage.js";
export { decodeLogs, type LogRange, readLogs, readRoundLogs, type TaskEvent, tellingContracts } from "./logs.js";
export * from "./models.js";
export * from "./openings.js";
export { Outcome, outcomeOf } from "./outcome.js";
export { isEnd, PHASES, type Phase, phaseOf } from "./phases.js";
export { order, type Place } from "./place.js";
export * from "./pools.js";
export { columnsOf, encodeRow, evaluate, exampleRow, factsOf, groupsOf, predict } from "./predict.js";
export { isTooMuch } from "./ranges.js";
export { startOf } from "./starts.js";
export * from "./tasks.js";
export { type Check, checkModel, checkZeros, type Expected, type Verification } from "./verify.js";
export { type Watching, watchTask } from "./watch.js";
