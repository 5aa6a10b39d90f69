// A frontend in one file: list tasks, follow one, and predict with its latest model, verified here.
// `npx tsc --noEmit --strict` checks it; any bundler serves it.

import {
  deploymentOf,
  HeadwaterError,
  listTasks,
  type Prediction,
  parseAddresses,
  predict,
  pullModel,
  type Row,
  readHistory,
  readLineage,
  type TaskScreen,
  watchTask,
} from "@headwater/contracts";
import { createPublicClient, http } from "viem";

const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
const gateways = ["http://127.0.0.1:8080", "https://ipfs.io"];

/** This chain's deployment: the package's, or that of an addresses.json beside the page. */
async function findDeployment() {
  const chainId = await client.getChainId();
  const own = await fetch("addresses.json");
  return own.ok ? parseAddresses(await own.text(), chainId) : deploymentOf(chainId);
}

function show(id: string, text: string): void {
  const element = document.getElementById(id);
  if (element) element.textContent = text; // names come from strangers: as text, never as HTML
}

function showTask(task: TaskScreen): void {
  const left = Math.max(0, task.state.deadline - Number(task.timestamp));
  show("phase", `round ${task.state.round}: ${task.state.phase}, ${left} s left`);
}

function inWords(said: Prediction): string {
  switch (said.kind) {
    case "class":
      return `${said.name} (${Math.max(...said.probabilities).toFixed(2)})`;
    case "amount":
      return said.value.toPrecision(6);
    case "items":
      return said.ranked.map(({ name }) => name).join(", ");
  }
}

async function start(row: Row): Promise<void> {
  const deployment = await findDeployment();
  const { tasks, total } = await listTasks({ client, deployment, limit: 20 });
  show("count", `${total} tasks`);
  const [newest] = tasks;
  if (newest === undefined) return;
  const { taskId } = newest;
  watchTask({ client, deployment, taskId, onTask: showTask, onError: (error) => show("phase", error.message) });

  const { rounds } = await readHistory({ client, deployment, taskId });
  const outcomes = rounds.flatMap(({ round, parts }) =>
    parts.map(({ trainer, outcome }) => `round ${round}: ${trainer} ${outcome}`),
  );
  show("outcomes", outcomes.join("\n"));

  const { generations, data } = await readLineage({ client, deployment, taskId });
  const made = generations.map(
    ({ taskId, round, contributions }) => `${taskId}.${round} (${contributions.length} updates)`,
  );
  show("lineage", made.join(" <- "));
  show("data", data.map(({ trainer, dataHash }) => `${dataHash} of ${trainer}`).join("\n"));

  const { manifest, weights } = await pullModel({ client, deployment, taskId, gateways });
  show("prediction", inWords(predict(manifest, weights, row)));
}

start({ "petal length (cm)": "4.7" }).catch((error: unknown) => {
  show("problem", error instanceof HeadwaterError ? error.message : String(error));
});
