/**
 * Where this page looks: a node, the contracts, gateways. Three sources, the later before the earlier, also where it says
 * by an empty text that there is none:
 *   published  `deployment.json` beside this page, by whoever put it there
 *   saved      by this visitor, on the settings page
 *   link       in the address, after `#...?`: it holds for this tab only, and the page says so, because whoever chooses
 *              the node chooses what the chain seems to say
 */

import { parseAddresses } from "./vendor/headwater.js";

const KEY = "headwater-viewer";
const memory = {};
export const FIELDS = ["rpc", "deployment", "gateways", "sample"];

/**
 * What each setting must be. Every function takes text and returns the value, for an empty one that of a setting that is not
 * there; it throws an Error that says why not.
 */
export const PARSE = {
  rpc: (text) => (text ? url(text) : undefined),
  deployment: (text) => (text ? parseAddresses(JSON.parse(text)) : undefined),
  gateways: (text) =>
    text
      .split(/[\s,]+/)
      .filter(Boolean)
      .map(url),
  sample: (text) => {
    if (!text || /^b[a-z2-7]{58}$/.test(text)) return text || undefined;
    throw new Error("this is no CIDv1 in base32: it begins with b and has 59 letters and digits");
  },
};

/**
 * The settings in force and from where each came, `{values, from}`, each by field. Besides, what they are without the link,
 * `own`, likewise, and what was published and what a link brought, as texts by field: `published`, `linked`.
 */
export async function readSettings() {
  const texts = { published: await published(), saved: load("localStorage"), link: load("sessionStorage") };
  const own = merged({ published: texts.published, saved: texts.saved });
  return { ...merged(texts), own, published: texts.published, linked: texts.link };
}

// values by field, the later of some sources before the earlier
function merged(sources) {
  const settings = { values: { gateways: [] }, from: {} };
  for (const [source, texts] of Object.entries(sources)) {
    for (const field of FIELDS) {
      if (texts[field] === undefined) continue;
      try {
        settings.values[field] = PARSE[field](texts[field]);
        settings.from[field] = source;
      } catch {
        // damaged or of another time: the source before it holds
      }
    }
  }
  return settings;
}

/** Keeps what a link brought, for this tab. Returns whether it brought anything. */
export function takeLink(query) {
  const given = Object.fromEntries([...query].filter(([name]) => FIELDS.includes(name)));
  if (Object.keys(given).length) store("sessionStorage", given);
  return Object.keys(given).length > 0;
}

/** Saves what the visitor chose, texts by field, and forgets what a link brought. */
export function save(texts) {
  store("localStorage", texts);
  forgetLink();
}

/** Saves what a link brought beside what is saved: only for a visitor who asked for just that. */
export function saveLink() {
  save({ ...load("localStorage"), ...load("sessionStorage") });
}

/** What a link brought, in words that name it; empty where it brought nothing. */
export function linkWords({ values, from }) {
  const told = {
    rpc: values.rpc ? `the node ${values.rpc}` : "no node",
    deployment: values.deployment ? `the contracts ${deploymentWords(values.deployment)}` : "no contracts",
    gateways: values.gateways.length > 0 ? `the gateways ${values.gateways.join(", ")}` : "no gateways",
    sample: values.sample ? `the sample ${values.sample}` : "no sample",
  };
  return FIELDS.filter((field) => from[field] === "link").map((field) => told[field]);
}

/** Which contracts: by the registry, which is what models are compared with. */
export const deploymentWords = ({ chainId, contracts }) =>
  `with the registry ${contracts.ModelRegistry} on chain ${chainId}`;

/** Forgets what a link brought. */
export function forgetLink() {
  store("sessionStorage", {});
}

/** The settings in force as a link's query, so that somebody else sees the same: none where somebody chose none. */
export function asQuery({ values, from }) {
  const texts = {
    rpc: values.rpc,
    deployment: values.deployment && JSON.stringify(values.deployment),
    gateways: values.gateways.join(","),
    sample: values.sample,
  };
  const told = FIELDS.filter((field) => texts[field] || (from[field] && from[field] !== "published"));
  return new URLSearchParams(told.map((field) => [field, texts[field] ?? ""]));
}

/** The text of a setting, as a form shows it. */
export function textOf(field, value) {
  if (value === undefined) return "";
  if (field === "deployment") return JSON.stringify(value, null, 2);
  return field === "gateways" ? value.join("\n") : value;
}

async function published() {
  try {
    const file = await (await fetch("deployment.json")).json();
    const texts = {};
    if (file.rpc) texts.rpc = file.rpc;
    if (file.deployment) texts.deployment = JSON.stringify(file.deployment);
    if (file.gateways) texts.gateways = file.gateways.join(" ");
    if (file.sample) texts.sample = file.sample;
    return texts;
  } catch {
    return {}; // a page without it is whole: the visitor says where to look
  }
}

/** An address of http or https, without a slash at its end. One without a scheme is beside this page. */
function url(text) {
  const parsed = new URL(text, document.baseURI);
  if (!["http:", "https:"].includes(parsed.protocol))
    throw new Error("write it as https://... or http://127.0.0.1:...");
  if (parsed.username || parsed.password) throw new Error("a browser sends no user names and passwords in addresses");
  return parsed.href.replace(/\/$/, "");
}

function load(name) {
  try {
    return JSON.parse(window[name].getItem(KEY)) ?? {};
  } catch {
    return memory[name] ?? {}; // a browser that keeps nothing: settings hold until the page is left
  }
}

function store(name, texts) {
  memory[name] = texts;
  try {
    window[name].setItem(KEY, JSON.stringify(texts));
  } catch {
    // see `load`
  }
}
