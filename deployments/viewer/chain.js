/**
 * The chain and the content that it names, as this page reads them. All reading and checking is done by
 * `@headwater/contracts` (vendor/headwater.js); this module only asks it, keeps what cannot change, and counts blocks.
 */

import {
  ChainUnavailable,
  cidFromDigest,
  createClient,
  decodeLogs,
  deploymentOf,
  digestFromCid,
  fetchContent,
  fetchModel,
  historyOf,
  http,
  isEnd,
  listRounds,
  listTasks,
  numberToHex,
  parseManifest,
  phaseOf,
  readRecord,
  readTask,
  taskManagerAbi,
  toEventSelector,
} from "./vendor/headwater.js";

const RECENT_BLOCKS = 1000; // that the first screen's log query spans: nodes that limit a query allow so many
const MOST_RECENT = 12; // events shown there
const UNSETTLED = 64n; // newest blocks, whose logs are asked for again: a reorganization may have changed them
const FURTHEST = 500; // rounds that are looked back for a model
const AT_ONCE = 6; // receipts under way
const TIMEOUT = 15_000; // milliseconds

// of a round that the node knows and whose events it does not have yet
const UNTOLD = { parts: [], phases: [], attempts: [], averages: [], revoked: [], demands: [], shown: [] };

// what the first screen tells: the rest of what trainers do is on the task's page
const NEWS = taskManagerAbi
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

  #client;
  #gateways;
  #manifests = new Map(); // by digest: promises
  #logs = new Map(); // by task and rounds: what was found, up to which block
  #models = new Map(); // verified ones, by task, round, model hash and URI

  /** @param {Object} values The settings: `rpc`, `gateways`, and `deployment`, if one is named. */
  constructor({ rpc, deployment, gateways }) {
    this.#client = createClient({ transport: http(rpc, { retryCount: 0, timeout: TIMEOUT }) });
    this.#gateways = gateways;
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
    const task = await readTask({ ...(await this.#where()), taskId });
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
      this.history(taskId, numbers, task.blockNumber),
    ]);
    // the chain's word on the round and the events' are of the same block; both have `averages`, and the events' is wanted
    const list = summaries.map(({ number, round, cid }) => ({
      ...round,
      ...(history.rounds.find((each) => each.round === number) ?? UNTOLD),
      number,
      made: BigInt(cid) !== 0n,
    }));
    const before = history.models[0]?.parent ?? (await this.#latestBefore(start, taskId, task));
    return { list, before };
  }

  /** One round, as `rounds` gives it. */
  async round(taskId, task, number) {
    return (await this.rounds(taskId, task, number, 1)).list[0];
  }

  /** Which of `limit` rounds of a task from `start` on made models; round 0 stands for the first model. */
  async made(taskId, start, limit) {
    const summaries = await listRounds({ ...(await this.#where()), taskId, start, limit });
    return summaries.filter(({ cid }) => BigInt(cid) !== 0n).map(({ number }) => number);
  }

  /** What happened in these rounds of a task, by its events. */
  async history(taskId, rounds, blockNumber) {
    const events = await this.#events(taskId, rounds, blockNumber);
    return events.length > 0 ? historyOf(taskId, events) : { rounds: [], models: [] };
  }

  /** The record of the model that a round made, as it is now: a chain can be reorganized, or started anew. */
  async modelNow(taskId, round) {
    const [record] = await Promise.all([readRecord({ ...(await this.#where()), taskId, round }), this.task(taskId)]);
    return record;
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

  /** The bytes with a digest, from the first gateway that has them: `{bytes, gateway, liars}`. */
  content(digest) {
    return fetchContent(this.#gateways, digest, { timeout: TIMEOUT });
  }

  /**
   * Fetches and verifies the model of a round: its document, the basis points, and what the checks found.
   * @param {(step: string) => void} [told] What is being done.
   * @returns `{bytes, gateway, liars, verification}`; no gateway where its weights were read from the chain
   */
  async verified(taskId, round, told = () => {}) {
    told("asking the registry");
    const record = await readRecord({ ...(await this.#where()), taskId, round });
    const key = `${taskId} ${round} ${record.modelHash} ${record.uri}`;
    if (this.#models.has(key)) return this.#models.get(key);
    told("fetching the manifest and the basis points");
    const { basis } = await this.manifest(record.manifest);
    const points = await this.content(digestFromCid(basis));
    const where = { ...(await this.#where()), taskId };
    const task = await readTask(where);
    told("fetching the model and computing its commitment");
    const options = { gateways: this.#gateways, timeout: TIMEOUT };
    const found = await fetchModel({ ...where, ...options, record, task, basis: points.bytes });
    if (found.verification.verified) this.#models.set(key, found);
    return found;
  }

  /** Receipts of transactions, asked for a few at a time. told: how many have come. */
  async receipts(hashes, told) {
    const receipts = [];
    const waiting = [...hashes];
    const work = async () => {
      for (let hash = waiting.pop(); hash !== undefined; hash = waiting.pop()) {
        const receipt = await this.#ask("eth_getTransactionReceipt", hash);
        receipts.push({
          transactionHash: receipt.transactionHash,
          gasUsed: BigInt(receipt.gasUsed),
          price: BigInt(receipt.effectiveGasPrice),
        });
        told(receipts.length);
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
    return { client: this.#client, deployment: this.deployment };
  }

  // the round whose model rounds from `start` on begin with; undefined where it is further back than is looked
  async #latestBefore(start, taskId, task) {
    if (start === 1 || task.model.round < start) return start === 1 ? 0 : task.model.round;
    const first = Math.max(0, start - FURTHEST);
    return (await this.made(taskId, first, start - first)).at(-1);
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
    const from = max(BigInt(this.deployment.startBlock), newest - BigInt(RECENT_BLOCKS) + 1n);
    const events = decodeLogs(await this.#query([NEWS], from, newest));
    return events
      .filter(({ eventName, args }) => eventName !== "PhaseChanged" || isEnd(phaseOf(args.to)))
      .reverse()
      .slice(0, MOST_RECENT);
  }

  async #events(taskId, rounds, newest) {
    const key = `${taskId} ${rounds[0]} ${rounds.length}`;
    const start = BigInt(this.deployment.startBlock);
    const { logs: known, until } = this.#logs.get(key) ?? { logs: [], until: 0n };
    const from = until <= newest ? max(start, until - UNSETTLED) : start; // fewer blocks than before: started anew
    const topics = [null, word(taskId), rounds.map(word)];
    const logs = [
      ...known.filter((log) => BigInt(log.blockNumber) < from),
      ...(await this.#query(topics, from, newest)),
    ];
    this.#logs.set(key, { logs, until: newest });
    return decodeLogs(logs);
  }

  // Nodes limit how much one answer may cover, each in its own way: a query that is refused is halved.
  async #query(topics, first, last) {
    const { TaskManager, ModelRegistry } = this.deployment.contracts;
    const filter = {
      address: [TaskManager, ModelRegistry],
      topics,
      fromBlock: numberToHex(first),
      toBlock: numberToHex(last),
    };
    try {
      return await this.#ask("eth_getLogs", filter);
    } catch (error) {
      if (!error.refused || first >= last) throw error;
      const middle = (first + last) / 2n;
      return [...(await this.#query(topics, first, middle)), ...(await this.#query(topics, middle + 1n, last))];
    }
  }

  async #ask(method, ...params) {
    try {
      return await this.#client.request({ method, params });
    } catch (error) {
      const failure = new ChainUnavailable(`${method}: ${error.shortMessage ?? error.message}`, { cause: error });
      failure.refused = !["HttpRequestError", "TimeoutError"].includes(error.name);
      throw failure;
    }
  }
}

const max = (a, b) => (a > b ? a : b); // of BigInts
const word = (number) => numberToHex(BigInt(number), { size: 32 });
