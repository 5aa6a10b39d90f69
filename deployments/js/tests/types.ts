// What tsc must find out by itself. This file is compiled, never run; each `@ts-expect-error` fails where there is none.

import {
  type addresses,
  type Deployment,
  deploymentOf,
  listTasks,
  outcomeOf,
  type Phase,
  readTask,
  type TaskScreen,
  taskManagerAbi,
} from "@headwater/contracts";
import { type Address, createPublicClient, http } from "viem";
import { anvil, mainnet, optimism } from "viem/chains";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_: Equal<A, B>): void {}

const client = createPublicClient({ chain: anvil, transport: http() });
const deployment = deploymentOf(31337);

export async function types(screen: TaskScreen): Promise<void> {
  same<typeof screen.state.phase, Phase>(true);
  same<typeof screen.config.stake, bigint>(true);
  same<typeof screen.config.trainVerifier, Address>(true);
  same<typeof screen.model.round, number>(true);
  same<(typeof addresses)[31337]["contracts"]["Lens"] extends Address ? true : false, true>(true);
  // @ts-expect-error - a phase is one of the words
  const wrong: "Running" = screen.state.phase;
  // @ts-expect-error - a task's id is a bigint
  await readTask({ client, deployment, taskId: 1 });
  // @ts-expect-error - a page has a limit
  await listTasks({ client, deployment });
  // @ts-expect-error - a deployment has all contracts
  const partial: Deployment = { chainId: 1, startBlock: 0, contracts: { Lens: "0x" } };
  // @ts-expect-error - an account is an address
  outcomeOf((await import("./facts.js")) as never, 1, "me");
  // @ts-expect-error - the contract has no such function
  await client.readContract({ address: deployment.contracts.TaskManager, abi: taskManagerAbi, functionName: "get" });
  const args = [1n] as const;
  const address = deployment.contracts.TaskManager;
  const { config } = await client.readContract({ address, abi: taskManagerAbi, functionName: "getTask", args });
  same<typeof config.dimension, number>(true);
  void [wrong, partial];
}

/** Any chain's client will do, also one whose blocks and transactions look otherwise. */
export async function clients(): Promise<void> {
  await readTask({ client: createPublicClient({ chain: mainnet, transport: http() }), deployment, taskId: 1n });
  await readTask({ client: createPublicClient({ chain: optimism, transport: http() }), deployment, taskId: 1n });
}
