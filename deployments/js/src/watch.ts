// A task as it goes on.

import type { Client } from "viem";
import type { Deployment } from "./deployment.js";
import { HeadwaterError } from "./errors.js";
import { readTask, type TaskScreen } from "./tasks.js";

/** What is watched, and who is told. */
export interface Watching {
  readonly client: Client;
  readonly deployment: Deployment;
  readonly taskId: bigint;
  /** Told the task at once, and again after each new block. */
  readonly onTask: (task: TaskScreen) => void;
  /** Told why the task could not be read; it is tried again, ever more slowly while that lasts. */
  readonly onError: (error: HeadwaterError) => void;
  /** Milliseconds between two looks, each one eth_call; by default the client's polling interval. */
  readonly interval?: number;
}

const SLOWEST = 60_000;

/**
 * Reads a task again and again, until told to stop.
 * @returns Stops: nobody is told anything after.
 */
export function watchTask({ client, deployment, taskId, onTask, onError, interval }: Watching): () => void {
  const pause = interval ?? client.pollingInterval;
  let stopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let seen = -1n;
  let wait = pause;

  async function look(): Promise<void> {
    const found = await readTask({ client, deployment, taskId }).catch((error: unknown) => error);
    if (stopped) return;
    const failed = found instanceof Error;
    wait = failed ? Math.min(2 * wait, SLOWEST) : pause;
    timer = setTimeout(look, wait); // before anybody is told: who is told may stop this, or fail
    if (found instanceof HeadwaterError) onError(found);
    else if (failed) throw found;
    else tell(found as TaskScreen);
  }

  function tell(task: TaskScreen): void {
    if (task.blockNumber === seen) return;
    seen = task.blockNumber; // also a lower one: after a reorg, or on a local chain that was reset
    onTask(task);
  }

  void look();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
