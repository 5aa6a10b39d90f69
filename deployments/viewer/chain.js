/**
 * The chain and the content that it names, as this page reads them. All reading and checking is done by
 * `@headwater/contracts` (vendor/headwater.js); this module only asks it, keeps what cannot change, and counts blocks.
 */

import { ViewerError } from "./errors.js";
import { EventReader } from "./events.js";
import {
  ChainUnavailable,
  cidFromDigest,
  createClient,
  deploymentOf,
  fetchContent,
  fetchModel,
  historyOf,
  http,
  isEnd,
  isTooMuch,
  listAttestations,
  listCompositions,
  listHeldOut,
  listRounds,
  listTasks,
  parseManifest,
  phaseOf,
  readAdmission,
  readInferences,
  readLineage,
  readPools,
  readRecord,
  readRoundLogs,
  readScoring,
  readTask,
  roundManagerAbi,
  tagOf,
  taskManagerAbi,
  toEventSelector,
  trainerRegistryAbi,
} from "./vendor/headwater.js";

const RECENT_BLOCKS = 1000; // that the first screen's log query spans: nodes that limit a query allow so many
const MOST_RECENT = 12; // events shown there
const FURTHEST = 500; // rounds that are looked back for a model
const AT_ONCE = 6; // receipts under way
const TIMEOUT = 15_000; // milliseconds

// of a round that the node knows and whose events it does not have yet
const UNTOLD = { parts: [], phases: [], attempts: [], averages: [], revoked: [], demands: [], shown: [] };

// what the first screen tells: the rest of what trainers do is on the task's page
const NEWS = [...taskManagerAbi, ...roundManagerAbi, ...trainerRegistryAbi]
  .filter(
    ({ type, name }) =>
      type === "event" &&
      [
        "TaskCreated",
        "PhaseChanged",
        "Submitted",
        "Aggregated",
        "AverageRevoked",
        "Convicted",
        "TrainerSlashed",
        "FirstModelWithheld",
      ].includes(name),
  )
  .map(toEventSelector);

export class Chain {
  /** The newest block that a screen has shown: `{number, timestamp}`. */
  block;
  /** When it came, by performance.now(). */
  seen = 0;
  /** Milliseconds between looks: half the time between blocks, as far as is known. */
  pace = 2000;
  /** Which events are being read, where that takes many questions: see `EventReader`. */
  reading;

  #client;
  #gateways;
  #repaint;
  #events;
  #manifests = new Map(); // by digest: promises
  #models = new Map(); // verified ones, by task, round, model hash and URI

  /**
   * @param {Object} values The settings: `rpc`, `gateways`, and `deployment`, if one is named.
   * @param {() => void} repaint Called when `reading` changes.
   */
  constructor({ rpc, deployment, gateways }, repaint) {
    this.#client = createClient({ transport: http(rpc, { retryCount: 0, timeout: TIMEOUT }) });
    this.#gateways = gateways;
    this.#repaint = repaint;
    this.deployment = deployment;
  }

  /**
   * The first screen: tasks from an id on, newest first, and what happened lately. One eth_call and one log query;
   * where no contracts are named, one eth_chainId before them, once.
   * @param {bigint} [start] The highest id wanted.
   * @param {number} limit How many tasks at most.
   */
  async firstScreen(start, limit) {
    const { tasks, total, blockNumber, timestamp } = await listTasks({ ...(await this.#where()), start, limit });
    this.#arrived(blockNumber, timestamp);
    const activity = await this.#activity(blockNumber);
    return { tasks, total: Number(total), activity, span: RECENT_BLOCKS };
  }

  /** A task as it is now. */
  async task(taskId) {
    const task = await this.#task(taskId);
    this.#arrived(task.blockNumber, task.timestamp);
    return task;
  }

  /**
   * Rounds of a task, at most `limit`, with what happened in them: `{list, before}`. `list` is oldest first; `before` is
   * the round whose model they began with.
   * @param {Object} task As `task` gives it.
   * @param {number} [upTo] The newest round wanted; by default the running one.
   * @param {number} limit
   */
  async rounds(taskId, task, upTo, limit) {
    const last = Math.min(upTo ?? task.state.round, task.state.round);
    const start = Math.max(1, last - limit + 1);
    const numbers = Array.from({ length: last - start + 1 }, (_, index) => start + index);
    const [summaries, history] = await Promise.all([
      listRounds({ ...(await this.#where()), taskId, start, limit: numbers.length, blockNumber: task.blockNumber }),
      this.#history(taskId, task, numbers),
    ]);
    // the chain's word on the round and the events' are of the same block; both have `averages`, and the events' is wanted
    const list = summaries.map(({ number, round, cid }) => ({
      ...round,
      ...(history.rounds.find((each) => each.round === number) ?? UNTOLD),
      number,
      made: BigInt(cid) !== 0n,
      // it ended the task, and with it the round that ran
      withheld: number === task.state.round ? history.withheld : undefined,
    }));
    const first = history.models.find(({ round }) => numbers.includes(round));
    const before = first?.parent ?? (await this.#latestBefore(start, taskId, task));
    return { list, before };
  }

  /**
   * The recorded scores of rounds, the newest first, and compositions: `{scoring, attestations, total, compositions}`, of at
   * most `most` held-out data; undefined where the task has no scores.
   */
  async scores(taskId, rounds, most) {
    const where = { ...(await this.#where()), taskId };
    const scoring = await readScoring(where);
    if (scoring === undefined) return undefined;
    const [compositions, held, ...pages] = await Promise.all([
      listCompositions({ ...where, limit: most }),
      listHeldOut({ ...where, limit: most }),
      ...[...rounds].reverse().map((round) => listAttestations({ ...where, round, limit: most })),
    ]);
    const attestations = pages.flatMap((page) => page.attestations);
    return { scoring, attestations, total: held.length, compositions };
  }

  /** One round, as `rounds` gives it. */
  async round(taskId, task, number) {
    return (await this.rounds(taskId, task, number, 1)).list[0];
  }

  /**
   * The models of at most `limit` rounds of a task from `start` on, each `{round, modelHash}`; round 0 stands for the first
   * model.
   */
  async made(taskId, start, limit) {
    const summaries = await listRounds({ ...(await this.#where()), taskId, start, limit });
    return summaries
      .filter(({ cid }) => BigInt(cid) !== 0n)
      .map(({ number, modelHash }) => ({ round: number, modelHash }));
  }

  /** The record of the model that a round made, and its task, as they are now: a chain can be reorganized, or started anew. */
  async modelNow(taskId, round) {
    const [record, task] = await Promise.all([this.record(taskId, round), this.task(taskId)]);
    return { record, task };
  }

  /** That record alone, for a screen that shows it beside others: none has moved on to another block by this. */
  async record(taskId, round) {
    return readRecord({ ...(await this.#where()), taskId, round });
  }

  /** The answers about rows by the model of a round that were recorded, oldest first: one log query. */
  async inferences(taskId, round) {
    return readInferences({ ...(await this.#where()), taskId, round });
  }

  /** The pools of a task, whose contributions add up: two log queries. */
  async pools(taskId) {
    return readPools({ ...(await this.#where()), taskId });
  }

  /**
   * The model that a round made with all that it is made of, also in other tasks, and the data that it rests on: a log query
   * a task.
   */
  async lineage(taskId, round) {
    return readLineage({ ...(await this.#where()), taskId, round, toBlock: this.block?.number });
  }

  /** The manifest with a digest. */
  manifest(digest) {
    if (!this.#manifests.has(digest)) {
      const found = this.content(digest).then(({ bytes }) => parseManifest(bytes));
      found.catch(() => this.#manifests.delete(digest)); // it may come later
      this.#manifests.set(digest, found);
    }
    return this.#manifests.get(digest);
  }

  /** Who may enrol, by a task's admission module, with the groups that it asks for. */
  async admission(module) {
    return readAdmission({ ...(await this.#where()), admission: module });
  }

  /** The bytes with a digest, from the first gateway that has them: `{bytes, gateway, liars}`. */
  content(digest) {
    return fetchContent(this.#gateways, digest, { timeout: TIMEOUT });
  }

  /**
   * Fetches and verifies a model: its document, and what the checks found.
   * @param {Object} record As `record` gives it.
   * @param {(step: string) => void} [told] What is being done.
   * @returns `{bytes, gateway, liars, verification}`; no gateway where its weights were read from the chain, and no bytes
   *   where that shows them to be zero
   */
  async verified(taskId, record, told = () => {}) {
    const key = `${taskId} ${record.round} ${record.modelHash} ${record.uri}`;
    if (this.#models.has(key)) return this.#models.get(key);
    told("reading the task");
    const task = await this.#task(taskId);
    told("fetching the model and checking its opening");
    const options = { gateways: this.#gateways, timeout: TIMEOUT };
    const found = await fetchModel({ ...(await this.#where()), ...options, taskId, record, task });
    if (found.verification.verified) this.#models.set(key, found);
    return found;
  }

  /**
   * Receipts of transactions, asked for a few at a time; those that the node does not keep any more are left out.
   * @param {(number: number) => void} told How many were asked for.
   */
  async receipts(hashes, told) {
    const receipts = [];
    let asked = 0;
    const waiting = [...hashes];
    const work = async () => {
      for (let hash = waiting.pop(); hash !== undefined; hash = waiting.pop()) {
        const receipt = await this.#ask("eth_getTransactionReceipt", hash);
        if (receipt) {
          receipts.push({
            transactionHash: receipt.transactionHash,
            gasUsed: BigInt(receipt.gasUsed),
            price: BigInt(receipt.effectiveGasPrice),
          });
        }
        asked += 1;
        told(asked);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return receipts;
  }

  /** Whether there is a newer block than the one shown. */
  async hasMoved() {
    return BigInt(await this.#ask("eth_blockNumber")) !== this.block?.number;
  }

  /** Which chain the node serves. */
  async chainId() {
    return Number(await this.#ask("eth_chainId"));
  }

  /** The CID of a digest. */
  cid(digest) {
    return cidFromDigest(digest);
  }

  async #where() {
    this.deployment ??= deploymentOf(await this.chainId());
    this.#events ??= new EventReader(
      this.deployment,
      (...question) => this.#ask(...question),
      (progress) => {
        this.reading = progress;
        this.#repaint();
      },
      (taskId, round) => readRoundLogs({ client: this.#client, deployment: this.deployment, taskId, round }),
    );
    return { client: this.#client, deployment: this.deployment };
  }

  // Contracts may have the same addresses on many chains, and what was proved of a model is about one of them: the task's
  // tag tells which, without another question.
  async #task(taskId) {
    const where = await this.#where();
    const task = await readTask({ ...where, taskId });
    const { chainId, contracts } = where.deployment;
    if (task.tag !== tagOf(chainId, contracts.TaskManager, taskId)) throw await this.#otherChain();
    return task;
  }

  async #otherChain() {
    const [named, served] = [this.deployment.chainId, await this.chainId()];
    return named === served
      ? new ViewerError(
          "These contracts do not belong together",
          `The Lens at ${this.deployment.contracts.Lens} shows another TaskManager than the one that is named.`,
          "Name the contracts of one deployment in the settings.",
        )
      : new ViewerError(
          "The node serves another chain",
          `The node serves chain ${served}, the contracts are named for chain ${named}.`,
          "Name a node of that chain in the settings, or the contracts of this one.",
        );
  }

  // the round whose model rounds from `start` on begin with; undefined where it is further back than is looked
  async #latestBefore(start, taskId, task) {
    if (start === 1 || task.model.round < start) return start === 1 ? 0 : task.model.round;
    const first = Math.max(0, start - FURTHEST);
    return (await this.made(taskId, first, start - first)).at(-1)?.round;
  }

  #arrived(number, timestamp) {
    if (this.block && number > this.block.number) {
      const between = Number(timestamp - this.block.timestamp) / Number(number - this.block.number);
      this.pace = 500 * between;
    }
    if (this.block?.number !== number) this.seen = performance.now();
    this.block = { number, timestamp };
  }

  // what changes for everybody; who joined, submitted and masked is on the task's page
  async #activity(newest) {
    const events = await this.#events.recent([NEWS], RECENT_BLOCKS, newest);
    return events
      .filter(({ eventName, args }) => eventName !== "PhaseChanged" || isEnd(phaseOf(args.to)))
      .reverse()
      .slice(0, MOST_RECENT);
  }

  // what happened in rounds of a task, by its events; none where the node does not have them yet
  async #history(taskId, task, rounds) {
    const events = await this.#events.ofRounds(taskId, task, rounds, task.blockNumber);
    const begun = events.some(({ eventName, args }) => eventName === "PhaseChanged" && phaseOf(args.from) === "None");
    return begun ? historyOf(taskId, events) : { rounds: [], models: [] };
  }

  async #ask(method, ...params) {
    try {
      return await this.#client.request({ method, params });
    } catch (error) {
      const failure = new ChainUnavailable(`${method}: ${error.shortMessage ?? error.message}`, { cause: error });
      failure.refused = isTooMuch(error);
      throw failure;
    }
  }
}
