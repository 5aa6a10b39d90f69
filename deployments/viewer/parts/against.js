/** Against what a model was verified: the registry, and who says that this is the one to ask. */

import { deploymentWords, PARSE } from "../settings.js";
import { deploymentOf } from "../vendor/headwater.js";

const SAYS = {
  published: "that was published with this page",
  known: "that this page knows on that chain",
  saved: "that you saved",
  link: "that only the link names: nobody else vouches for it",
};

/** Whether neither the contracts nor the node, whose word the chain's state is, are a link's choice. */
export const isVouched = (app) => whose(app) !== "link" && app.settings.from.rpc !== "link";

/** Against which registry, on which chain, who named it, and by whose node. */
export function against(app) {
  const node = app.settings.from.rpc === "link" ? ", by the word of the node that the link named" : "";
  return `against the contracts ${deploymentWords(app.chain.deployment)}, ${SAYS[whose(app)]}${node}`;
}

// who names these contracts: the page, also where a link or its visitor names the same; else the visitor before a link
function whose({ chain, settings }) {
  const isSame = (other) => other && textOf(other) === textOf(chain.deployment);
  if (isSame(publishedOf(settings))) return "published";
  if (isSame(knownOn(chain.deployment.chainId))) return "known";
  return isSame(settings.own.values.deployment) ? "saved" : "link";
}

const textOf = ({ chainId, contracts }) =>
  JSON.stringify([
    chainId,
    Object.entries(contracts)
      .map(([name, address]) => [name, address.toLowerCase()])
      .sort(),
  ]);

function publishedOf({ published }) {
  try {
    return PARSE.deployment(published.deployment);
  } catch {
    return undefined; // damaged: it is not in force
  }
}

function knownOn(chainId) {
  try {
    return deploymentOf(chainId);
  } catch {
    return undefined; // it knows none there
  }
}
