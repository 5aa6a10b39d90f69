// A simulator of a node: it answers for a chain that is nothing but a long list of logs, within limits as nodes have them.
// No chain of a million blocks with so many rounds can be played here in time; what is simulated is the node alone.

import type { IncomingMessage, ServerResponse } from "node:http";
import {
  type Deployment,
  lensAbi,
  modelRegistryAbi,
  PHASES,
  type Phase,
  roundManagerAbi,
  trainerRegistryAbi,
} from "@headwater/contracts";
import {
  type Abi,
  type Address,
  decodeFunctionData,
  encodeAbiParameters,
  encodeEventTopics,
  encodeFunctionResult,
  type Hex,
  numberToHex,
  type RpcLog,
  zeroAddress,
  zeroHash,
} from "viem";
import { getAbiItem } from "viem/utils";

const SECONDS = 12; // between blocks

/** What a simulated task is like, and the limits of its node. */
export interface Simulated {
  readonly deployment: Deployment;
  readonly rounds: number;
  readonly trainers: number;
  /** Peers of each in a masking attempt. */
  readonly peers: number;
  /** Blocks from the start of one round to that of the next. */
  readonly apart: number;
  /** The block in which the task was published. */
  readonly start: number;
  /** The most blocks of one query. */
  readonly limit: number;
}

/** What a node was asked for. */
export interface Asked {
  /** First and last block of each query for logs that was answered. */
  readonly answered: [number, number][];
  refused: number;
  /** Bytes of the longest answer. */
  longest: number;
  others: number;
}

export const TASK = 7n;

/** A node's answers, and what it was asked for. */
export function simulate(task: Simulated): {
  answer: (request: IncomingMessage, response: ServerResponse) => void;
  asked: Asked;
} {
  const logs = logsOf(task);
  const height = task.start + task.rounds * task.apart + 100;
  const asked: Asked = { answered: [], refused: 0, longest: 0, others: 0 };
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString());
    response.writeHead(200, { "Content-Type": "application/json" });
    let told: string;
    if (method === "eth_getLogs") {
      const { fromBlock, toBlock, topics, address } = params[0];
      const addresses = address.map((each: string) => each.toLowerCase());
      const [first, last] = [Number(fromBlock), toBlock === "latest" ? height : Number(toBlock)];
      if (last - first >= task.limit) {
        asked.refused += 1;
        told = `"error":{"code":-32602,"message":"query exceeds max block range ${task.limit}"}`;
      } else {
        asked.answered.push([first, last]);
        const found = logs
          .slice(place(logs, first), place(logs, last + 1))
          .filter((log) => addresses.includes(log.address) && fits(topics, log));
        told = `"result":${JSON.stringify(found)}`;
      }
    } else {
      asked.others += 1;
      told = `"result":${JSON.stringify(other(task, height, method, params))}`;
    }
    asked.longest = Math.max(asked.longest, told.length);
    response.end(`{"jsonrpc":"2.0","id":${id},${told}}`);
  };
  return { answer, asked };
}

/** Where in ordered logs those from a block on begin. */
function place(logs: readonly RpcLog[], block: number): number {
  let [low, high] = [0, logs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (Number(logs[middle]?.blockNumber) < block) low = middle + 1;
    else high = middle;
  }
  return low;
}

function fits(topics: readonly (Hex | null)[], log: RpcLog): boolean {
  return topics.every((topic, at) => topic === null || log.topics[at] === topic);
}

function other(task: Simulated, height: number, method: string, [asked]: [never]): unknown {
  if (method === "eth_blockNumber") return numberToHex(height);
  if (method === "eth_getBlockByNumber") {
    const number = asked === "latest" ? height : Number(asked);
    return { number: numberToHex(number), timestamp: numberToHex(number * SECONDS) };
  }
  const { data } = asked as { data: Hex };
  const abi = [...lensAbi, ...modelRegistryAbi];
  const { functionName, args } = decodeFunctionData({ abi, data });
  if (functionName === "startOf") {
    return encodeFunctionResult({ abi: modelRegistryAbi, functionName, result: BigInt(task.start) });
  }
  const [, start, limit] = args as readonly [bigint, bigint, bigint];
  const numbers = Array.from({ length: Number(limit) }, (_, at) => Number(start) + at);
  const result = numbers
    .filter((number) => number <= task.rounds)
    .map((number) => ({
      number,
      round: {
        phase: number ? PHASES.indexOf("Finalized") : 0,
        attempt: 1,
        masked: task.trainers,
        aggregator: zeroAddress,
        averages: 1,
        endedAt: number ? BigInt((task.start + number * task.apart) * SECONDS) : 0n,
      },
      modelHash: zeroHash,
      cid: zeroHash,
    }));
  return encodeFunctionResult({ abi: lensAbi, functionName: "getRounds", result: result as never });
}

/** All logs of the task: rounds in which everybody takes part, and which are finalized. */
function logsOf({ deployment, rounds, trainers, peers, apart, start }: Simulated): RpcLog[] {
  const { RoundManager, TrainerRegistry, ModelRegistry } = deployment.contracts;
  const accounts = Array.from({ length: trainers }, (_, i) => numberToHex(i + 1, { size: 20 }));
  const point = { x: 2n ** 253n - 1n, y: 2n ** 252n + 1n };
  const masks = accounts.slice(0, peers).map((peer) => ({ peer, commitment: point }));
  const posting = { seed: zeroHash, update: point, cid: zeroHash, masks };
  const possession = { challenge: 1n, response: 2n };
  const step = (from: Phase, to: Phase) => ({ from: PHASES.indexOf(from), to: PHASES.indexOf(to), deadline: 0n });
  const data = dataOf();
  const logs: RpcLog[] = [];

  function add(block: number, address: Address, abi: Abi, eventName: string, args: Record<string, unknown>): void {
    const topics = encodeEventTopics({ abi, eventName, args } as never) as [Hex, ...Hex[]];
    logs.push({
      address: address.toLowerCase() as Address,
      topics,
      data: data(abi, eventName, args),
      blockNumber: numberToHex(block),
      logIndex: numberToHex(logs.length),
      transactionHash: numberToHex(logs.length, { size: 32 }),
      transactionIndex: "0x0",
      blockHash: zeroHash,
      removed: false,
    });
  }

  const own = { taskId: TASK };
  for (const trainer of accounts) {
    add(start, TrainerRegistry, trainerRegistryAbi, "Enrolled", {
      ...own,
      trainer,
      maskKey: point,
      possession,
      stake: 1n,
    });
  }
  for (let number = 1; number <= rounds; number++) {
    const block = start + (number - 1) * apart;
    const at = { ...own, round: BigInt(number) };
    const tell = (after: number, name: string, args: Record<string, unknown>) =>
      add(block + after, RoundManager, roundManagerAbi, name, { ...at, ...args });
    tell(0, "PhaseChanged", step("None", "Join"));
    for (const trainer of accounts) tell(1, "Joined", { trainer, joined: 1 });
    tell(1, "PhaseChanged", step("Join", "Train"));
    for (const trainer of accounts) {
      tell(2, "Submitted", { trainer, update: point, dataHashes: [zeroHash], submitted: 1 });
    }
    tell(2, "PhaseChanged", step("Train", "Mask"));
    tell(2, "MaskingStarted", { attempt: 1n, members: BigInt(trainers), seedBlock: 1n });
    for (const trainer of accounts) tell(3, "Masked", { trainer, attempt: 1n, posting, masked: 1 });
    tell(3, "PhaseChanged", step("Mask", "Aggregate"));
    tell(4, "PhaseChanged", step("Aggregate", "Challenge"));
    tell(5, "PhaseChanged", step("Challenge", "Finalized"));
    const model = { modelHash: numberToHex(number, { size: 32 }), parent: BigInt(number - 1), parentHash: zeroHash };
    add(block + 5, ModelRegistry, modelRegistryAbi, "ModelAdded", {
      ...at,
      ...model,
      commitment: point,
      cid: zeroHash,
    });
  }
  return logs;
}

/** Encodes what is not indexed, once for events that say the same. */
function dataOf(): (abi: Abi, eventName: string, args: Record<string, unknown>) => Hex {
  const known = new Map<string, Hex>();
  return (abi, eventName, args) => {
    const { inputs } = getAbiItem({ abi, name: eventName }) as unknown as {
      inputs: { name: string; indexed: boolean }[];
    };
    const plain = inputs.filter(({ indexed }) => !indexed);
    const values = plain.map(({ name }) => args[name]);
    const key = eventName + JSON.stringify(values, (_, value) => (typeof value === "bigint" ? String(value) : value));
    const data = known.get(key) ?? encodeAbiParameters(plain as never, values as never);
    known.set(key, data);
    return data;
  };
}
