/**
 * Events of the contracts, read from a node once and kept. Many nodes limit how many blocks or events one answer may
 * cover, each in its own way. So all blocks are asked for at once, and only where that is refused in pieces.
 */

import { decodeLogs, numberToHex, phaseOf, tellingContracts } from "./vendor/headwater.js";

const UNSETTLED = 64n; // newest blocks, whose events are asked for again: a reorganization may have changed them

export class EventReader {
  #deployment;
  #ask;
  #told;
  #kept = new Map(); // by topics: the events of an unbroken run of blocks, and which blocks these are
  #turns = new Map(); // by topics: the reading that was asked for last
  #isLimited = false; // whether the node has refused to answer for all blocks at once
  #span; // the most blocks that it answered at once, where it refused more

  #ofRound;
  #alone = new Map(); // by task and round: the events of one that was read by itself

  /**
   * @param {Object} deployment
   * @param {(method: string, ...params: *[]) => Promise<*>} ask Asks the node. Its error says whether that `refused`.
   * @param {(progress?: {taskId: bigint, at: bigint, first: bigint}) => void} told Which block was read last, of those
   *   that are read from the newest to the first, where that takes many questions; nothing once it is done.
   * @param {(taskId: bigint, round: number) => Promise<Object[]>} ofRound Reads the events of a round by itself.
   */
  constructor(deployment, ask, told, ofRound) {
    this.#ofRound = ofRound;
    this.#deployment = deployment;
    this.#ask = ask;
    this.#told = told;
  }

  /** Events with these topics in the newest `count` blocks up to `newest`, oldest first; nothing is kept. */
  async recent(topics, count, newest) {
    const first = max(this.#start, newest - BigInt(count) + 1n);
    const found = [];
    for (let last = newest; last >= first; ) {
      const piece = await this.#piece(topics, first, last, { fromTop: true });
      found.unshift(...piece.events);
      last = piece.first - 1n;
    }
    return found;
  }

  /**
   * Events of consecutive rounds of a task and of its creation and end, oldest first; there may be others of the task.
   * One query, and then one for the blocks that came since. A node that refuses that is asked for all of the task's
   * events, in pieces from the newest back to where the first of these rounds began. What it answered is never asked for
   * again, whatever fails and whichever rounds are wanted next. A single round of long ago is read by itself.
   * @param {Object} task As the chain tells it: who created it, in which block, and which round runs.
   */
  async ofRounds(taskId, { creator, startBlock, state }, rounds, newest) {
    const start = BigInt(startBlock);
    if (!this.#isLimited) {
      try {
        // the end of a task whose first model was withheld names its creator where others name the round
        return await this.#reach([null, word(taskId), [...rounds, creator].map(word)], newest, start);
      } catch (error) {
        if (!error.refused) throw error;
        this.#isLimited = true;
      }
    }
    const isBeginning = ({ eventName, args }) =>
      eventName === "PhaseChanged" && Number(args.round) === rounds[0] && phaseOf(args.from) === "None";
    const topics = [null, word(taskId)];
    const isKept = this.#kept.get(JSON.stringify(topics))?.events.some(isBeginning);
    if (rounds.length === 1 && rounds[0] < state.round - 1 && !isKept) return this.#byItself(taskId, rounds[0]);
    const told = (at) => this.#told({ taskId, at, first: start });
    try {
      return await this.#reach(topics, newest, start, isBeginning, told);
    } finally {
      this.#told();
    }
  }

  // of a round that was over when the one before this began: little can still happen to it
  #byItself(taskId, round) {
    const key = `${taskId} ${round}`;
    if (!this.#alone.has(key)) {
      const reading = this.#ofRound(taskId, round);
      reading.catch(() => this.#alone.delete(key));
      this.#alone.set(key, reading);
    }
    return this.#alone.get(key);
  }

  get #start() {
    return BigInt(this.#deployment.startBlock);
  }

  // one after the other for the same topics: the next finds what the one before it has read
  #reach(topics, ...how) {
    const key = JSON.stringify(topics);
    const read = () => this.#extend(key, topics, ...how);
    const turn = (this.#turns.get(key) ?? Promise.resolve()).then(read, read);
    this.#turns.set(key, turn);
    return turn;
  }

  // Extends what is kept up to the newest block, and back to an event that is early enough, or to the first block, `start`.
  async #extend(key, topics, newest, start, isEnough = () => false, told = () => {}) {
    let kept = this.#kept.get(key);
    // a node may lag behind another that was asked before; one that has far fewer blocks is of a chain started anew
    if (!kept || kept.last > newest + UNSETTLED || kept.first > newest + 1n)
      kept = { events: [], first: newest + 1n, last: newest };
    kept.last = min(kept.last, newest);
    this.#kept.set(key, kept);
    for (let from = max(kept.first, kept.last - UNSETTLED + 1n); from <= newest; from = kept.last + 1n) {
      const { events, last } = await this.#piece(topics, from, newest, { whole: !this.#isLimited });
      kept.events = [...kept.events.filter(({ blockNumber }) => blockNumber < from), ...events];
      kept.last = last;
    }
    while (kept.first > start && !kept.events.some(isEnough)) {
      const how = { fromTop: true, whole: !this.#isLimited };
      const { events, first } = await this.#piece(topics, start, kept.first - 1n, how);
      kept.events = [...events, ...kept.events];
      kept.first = first;
      told(first);
    }
    return kept.events;
  }

  // Events of as many of the blocks as the node answers at once, from one end of them: `{events, first, last}`.
  async #piece(topics, first, last, { fromTop = false, whole = false }) {
    const all = last - first + 1n;
    let span = this.#span === undefined || whole ? all : min(all, this.#span);
    for (let wasRefused = false; ; wasRefused = true) {
      const piece = fromTop ? { first: last - span + 1n, last } : { first, last: first + span - 1n };
      try {
        const events = await this.#query(topics, piece);
        // a piece may have been refused for its many events, so less than what worked elsewhere says nothing
        if (wasRefused) this.#span = max(this.#span ?? 0n, span);
        return { events, ...piece };
      } catch (error) {
        if (!error.refused || whole || span === 1n) throw error;
        span /= 2n;
      }
    }
  }

  async #query(topics, { first, last }) {
    const [fromBlock, toBlock] = [numberToHex(first), numberToHex(last)];
    const address = tellingContracts(this.#deployment);
    return decodeLogs(await this.#ask("eth_getLogs", { address, topics, fromBlock, toBlock }));
  }
}

// of BigInts
const max = (a, b) => (a > b ? a : b);
const min = (a, b) => (a < b ? a : b);
const word = (value) => numberToHex(BigInt(value), { size: 32 });
