/**
 * Elements from values, and a tree brought up to date without replacing what is the same.
 *
 * Names, descriptions and columns come from strangers, so text is only ever set as text. No markup is parsed anywhere:
 * the page's policy (Trusted Types) would refuse it. What is no text, such as what turns a text around, is shown by its
 * code.
 */

import { plain } from "./vendor/headwater.js";

const SVG = "http://www.w3.org/2000/svg";
const LINKS = /^(#|https?:\/\/|blob:)/;
const SHOWN = ["title", "aria-label", "placeholder"]; // attributes that people read
const HANDLERS = ["onclick", "onchange", "oninput", "onsubmit", "ontoggle"];

/**
 * An HTML element.
 * @param {string} tag
 * @param {Object} [props] Attributes; `true` sets an empty one, `false`, `null` and `undefined` set none. `on...` are
 *   handlers, `key` tells `patch` which element of a list this is.
 * @param {...*} children Nodes, text, numbers, or lists of these; `null`, `undefined` and `false` are left out.
 */
export function h(tag, props, ...children) {
  return build(document.createElement(tag), props, children);
}

/** As `h`, an SVG element. */
export function svg(tag, props, ...children) {
  return build(document.createElementNS(SVG, tag), props, children);
}

function build(element, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "key") element.key = String(value);
    else if (HANDLERS.includes(name)) element[name] = value;
    else if (name === "href" && !LINKS.test(value)) throw new Error(`no link of this page: ${value}`);
    else element.setAttribute(name, value === true ? "" : SHOWN.includes(name) ? seen(value) : String(value));
  }
  element.append(...nodes(children));
  return element;
}

function nodes(children) {
  return children
    .flat(Infinity)
    .filter((child) => child !== undefined && child !== null && child !== false && child !== "")
    .map((child) => (child instanceof Node ? child : document.createTextNode(seen(child))));
}

const seen = (value) =>
  String(value)
    .split("\n")
    .map((line) => plain(line, line.length))
    .join("\n");

/**
 * Makes `old` look like `fresh`, keeping every element that is still wanted: its focus, its selection, what was typed
 * into it, and whether it was opened. What may be missing among its siblings, or has such a state, needs a `key`. Nodes of
 * `fresh` may move into `old`.
 */
export function patch(old, fresh) {
  if (old.nodeName !== fresh.nodeName) {
    old.replaceWith(fresh);
    return fresh;
  }
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return old;
  }
  for (const { name } of [...old.attributes]) {
    const byVisitor = name === "open" && old.nodeName === "DETAILS";
    if (!fresh.hasAttribute(name) && !byVisitor) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  for (const name of HANDLERS) {
    if (old[name] !== fresh[name]) old[name] = fresh[name];
  }
  patchChildren(old, fresh);
  return old;
}

function patchChildren(old, fresh) {
  const kept = new Map([...old.childNodes].filter((node) => node.key).map((node) => [node.key, node]));
  const wanted = new Set([...fresh.childNodes].map((node) => node.key));
  let at = old.firstChild;
  const drop = () => {
    const next = at.nextSibling;
    at.remove();
    at = next;
  };
  for (const node of [...fresh.childNodes]) {
    while (at?.key && !wanted.has(at.key)) drop();
    const same = node.key ? kept.get(node.key) : isAlike(at, node) ? at : undefined;
    if (!same || same.nodeName !== node.nodeName) {
      old.insertBefore(node, at);
      continue;
    }
    if (same !== at) old.insertBefore(same, at);
    patch(same, node);
    at = same.nextSibling;
  }
  while (at) drop();
}

// without keys, whatever stands there is taken for the same if it is of the same kind
const isAlike = (old, fresh) =>
  old && !old.key && old.nodeName === fresh.nodeName && old.getAttribute?.("class") === fresh.getAttribute?.("class");
