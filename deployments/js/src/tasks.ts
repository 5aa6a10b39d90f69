// Tasks, rounds and accounts as the Lens shows them: one eth_call each.

import type { Address, ContractFunctionReturnType } from "viem";
import { maxUint256 } from "viem";
import { readContract } from "viem/actions";
import { getAbiItem } from "viem/utils";
import { lensAbi, taskManagerAbi } from "./abis.js";
import { type Reading, read, type TaskId } from "./call.js";
import type { Deployment } from "./deployment.js";
import { type Phase, phaseOf } from "./phases.js";

const abi = [...lensAbi, getAbiItem({ abi: taskManagerAbi, name: "UnknownTask" })] as const;

type Returned<F extends "getTasks" | "getTask" | "getRounds" | "getAccount"> = ContractFunctionReturnType<
  typeof lensAbi,
  "view",
  F
>;
type Named<T, K extends keyof T> = Omit<T, K> & { readonly [P in K]: Phase };

/** A task in a list, as `ILens.TaskSummary`. */
export type TaskSummary = Named<Returned<"getTasks">[0][number], "phase" | "next">;

type Screen = Returned<"getTask">;

/** A round, as `IRoundManager.Round`. */
export type Round = Named<Screen["round"], "phase">;

/** All there is to see of a task, as `ILens.TaskScreen`. */
export type TaskScreen = Named<Omit<Screen, "state" | "round">, "next"> & {
  readonly state: Named<Screen["state"], "phase">;
  readonly round: Round;
};

/** A round in a list, as `ILens.RoundSummary`. */
export type RoundSummary = Omit<Returned<"getRounds">[number], "round"> & { readonly round: Round };

/** What an account has to do with a task, as `ILens.AccountScreen`. */
export type AccountScreen = Returned<"getAccount">;

/** Which page of a list that is newest first. */
export interface Page {
  /** The highest task id wanted; by default the newest. For the next page: one less than the last id of this. */
  readonly start?: bigint;
  /** How many at most. The lens gives 100 on a page. */
  readonly limit: number;
}

/** A page of tasks, how many there are in all, and the block of which this is the state, with its time. */
export interface TaskPage {
  readonly tasks: readonly TaskSummary[];
  readonly total: bigint;
  readonly blockNumber: bigint;
  /** In Unix seconds: what deadlines are to be compared with. */
  readonly timestamp: bigint;
}

/**
 * Tasks with their latest models, newest first.
 * @throws NoContract, ChainUnavailable
 */
export async function listTasks({
  client,
  deployment,
  start = maxUint256,
  limit,
  blockNumber,
}: Reading & Page & { readonly deployment: Deployment }): Promise<TaskPage> {
  const args = [start, BigInt(limit)] as const;
  const call = { abi, address: deployment.contracts.Lens, functionName: "getTasks", args, blockNumber } as const;
  const [tasks, total, number, timestamp] = await read("list of tasks", readContract(client, call));
  const named = tasks.map((task) => ({ ...task, phase: phaseOf(task.phase), next: phaseOf(task.next) }));
  return { tasks: named, total, blockNumber: number, timestamp };
}

/**
 * One task: config, state, round, latest model, and the block of which this is the state.
 * @throws NotFound, NoContract, ChainUnavailable
 */
export async function readTask({ client, deployment, taskId, blockNumber }: Reading & TaskId): Promise<TaskScreen> {
  const args = [taskId] as const;
  const call = { abi, address: deployment.contracts.Lens, functionName: "getTask", args, blockNumber } as const;
  const task = await read(`task ${taskId}`, readContract(client, call));
  return {
    ...task,
    next: phaseOf(task.next),
    state: { ...task.state, phase: phaseOf(task.state.phase) },
    round: { ...task.round, phase: phaseOf(task.round.phase) },
  };
}

/**
 * Rounds `start` to `start + limit - 1` of a task, oldest first; none after the running one, and 500 at most.
 * @param start 0 stands for the first model; 1 is the first round.
 * @throws NotFound, NoContract, ChainUnavailable
 */
export async function listRounds({
  client,
  deployment,
  taskId,
  start = 1,
  limit,
  blockNumber,
}: Reading &
  TaskId & {
    readonly start?: number;
    readonly limit: number;
  }): Promise<readonly RoundSummary[]> {
  const args = [taskId, BigInt(start), BigInt(limit)] as const;
  const call = { abi, address: deployment.contracts.Lens, functionName: "getRounds", args, blockNumber } as const;
  const rounds = await read(`task ${taskId}`, readContract(client, call));
  return rounds.map((summary) => ({
    ...summary,
    round: { ...summary.round, phase: phaseOf(summary.round.phase) },
  }));
}

/**
 * What an account has in a task: enrolment, part in the running round, stake, rewards of a page of rounds.
 * @param start The first round whose rewards are wanted.
 * @param limit For how many rounds at most; the lens gives 500.
 * @throws NotFound, NoContract, ChainUnavailable
 */
export async function readAccount({
  client,
  deployment,
  taskId,
  account,
  start = 1,
  limit,
  blockNumber,
}: Reading &
  TaskId & {
    readonly account: Address;
    readonly start?: number;
    readonly limit: number;
  }): Promise<AccountScreen> {
  const args = [taskId, account, BigInt(start), BigInt(limit)] as const;
  const call = { abi, address: deployment.contracts.Lens, functionName: "getAccount", args, blockNumber } as const;
  return read(`task ${taskId}`, readContract(client, call));
}
