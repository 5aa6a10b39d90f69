/** What went wrong, for people: what happened, and what to do. */

const blocked = new Set(); // origins that this page's policy kept it from asking

document.addEventListener("securitypolicyviolation", (event) => {
  if (event.effectiveDirective === "connect-src") blocked.add(originOf(event.blockedURI));
});

/** A problem that this page itself found. */
export class ViewerError extends Error {
  constructor(title, text, advice) {
    super(text);
    Object.assign(this, { title, advice });
  }
}

/**
 * An error as `{title, text, advice}`.
 * @param {Error} error
 * @param {Object} app Whose settings name the node.
 */
export function explain(error, app) {
  const node = app.settings.values.rpc;
  if (error instanceof ViewerError) return { title: error.title, text: error.message, advice: error.advice };
  switch (error.code) {
    case "chain-unavailable":
      if (blocked.has(originOf(node))) return refusedByPolicy(originOf(node));
      return {
        title: "The node does not answer",
        text: `Nothing sensible came from ${originOf(node)}.`,
        advice:
          "Is it running, and does it let pages of other origins ask (CORS)? “headwater viewer” passes questions on to a node that does not. Another node can be named in the settings.",
      };
    case "no-contract":
      return {
        title: "There is no Headwater at this address",
        text: error.message,
        advice:
          "Does the node serve the chain that the contracts are on? A local chain forgets everything when it is started anew: deploy again, and name the new addresses.",
      };
    case "unknown-deployment":
      return {
        title: "No contracts are known on this chain",
        text: `${originOf(node)} serves a chain on which this page knows no Headwater.`,
        advice: "Name the contracts in the settings: the addresses.json that “headwater deploy” wrote.",
      };
    case "not-found":
      return {
        title: "The chain has nothing there",
        text: error.message,
        advice: "Look at the list of tasks: ids and rounds are counted from 1.",
      };
    default:
      return {
        title: "Something unexpected happened",
        text: error.message,
        advice: "Reload the page. If it happens again, please report it.",
      };
  }
}

/** Why content could not be had or is not what it should be, as `{title, text, advice, lied}`; the last two may lack. */
export function explainContent(error, gateways) {
  if (error.code === "wrong-bytes") {
    return {
      lied: true,
      title: "A gateway gave other bytes than those the contract names",
      text: error.message,
      advice: "Nothing of what it sent is used. Take it out of the settings.",
    };
  }
  if (gateways.length === 0) {
    return {
      title: "No gateway is named",
      text: "Documents lie on IPFS, and this page fetches them from gateways.",
      advice: "Name one in the settings.",
    };
  }
  if (error.code === "content-unavailable") {
    const refused = gateways.map(originOf).filter((origin) => blocked.has(origin));
    if (refused.length) return refusedByPolicy(refused.join(", "));
    return { title: "No gateway has it now", text: error.message };
  }
  return {
    lied: error.code === "malformed-document",
    title: "The document is not what it should be",
    text: error.message,
    advice: "Whoever published it broke the format. Use nothing that refers to it.",
  };
}

const refusedByPolicy = (origin) => ({
  title: "This page may not ask there",
  text: `Whoever serves this page forbids it to connect to ${origin}.`,
  advice:
    "A page that “headwater viewer” serves asks only that command: start it with another --rpc or --store. A plain http:// address of another machine is never asked.",
});

const originOf = (text) => {
  try {
    return new URL(text, document.baseURI).origin;
  } catch {
    return text;
  }
};
