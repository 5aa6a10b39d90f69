/** Small pieces that every screen uses. */

import { h, svg } from "../dom.js";
import { short, span } from "../format.js";

/** A phase as a coloured word. */
export function phaseChip(phase) {
  const kind = { Finalized: "good", Failed: "bad", Skipped: "warn" }[phase] ?? "busy";
  return chip(kind, phase);
}

/** A coloured word; the colour's meaning is in the word and in the shape before it. kind: good, busy, warn, bad. */
export const chip = (kind, ...text) => h("span", { class: `chip ${kind}` }, ...text);

/**
 * Time until `until` by the chain's clock, kept running by the page (see main.js).
 * @param {{left?: string, over?: string}} [words] What follows the time, and what stands for it once it is up.
 */
export function countdown(until, now, { left = "", over = "time is up" } = {}) {
  const words = { left, over };
  return h(
    "span",
    { "data-until": Number(until), "data-left": left, "data-over": over, class: "mono-number" },
    remaining(until, now, words),
  );
}

/** The text of a countdown, with the words that `countdown` was given. */
export const remaining = (until, now, { left, over }) =>
  now < Number(until) ? `${span(Number(until) - now)}${left}` : over;

/** A long hex text or CID, shortened, with the whole of it to read and to copy. */
export function code(text, { whole = false, copy = false } = {}) {
  return [h("code", { title: whole ? undefined : text }, whole ? text : short(text)), copy && copyButton(text)];
}

/** A button that copies a text, and says that it has. */
export function copyButton(text, what = short(text)) {
  const copied = async (event) => {
    const button = event.currentTarget;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Select it and copy";
    }
    setTimeout(() => {
      button.textContent = "Copy";
    }, 2000);
  };
  return h("button", { type: "button", class: "copy", onclick: copied, "aria-label": `Copy ${what}` }, "Copy");
}

/** A message that must not be overlooked. kind: info, warn, bad, good. */
export function notice(kind, title, text, { loud = false, actions = [], level = "h2" } = {}) {
  return h(
    "section",
    { class: `notice ${kind}${loud ? " loud" : ""}`, role: kind === "bad" ? "alert" : undefined },
    h(level, {}, title),
    [text]
      .flat()
      .filter(Boolean)
      .map((line) => h("p", {}, line)),
    actions.length > 0 && h("div", { class: "actions" }, actions),
  );
}

/** A section of a page under a heading. */
export function card(title, ...content) {
  return h("section", { class: "card", key: title }, h("h2", {}, title), ...content);
}

/** What stands where there is nothing yet. */
export const empty = (title, ...text) =>
  h(
    "div",
    { class: "empty" },
    h("h2", {}, title),
    text.map((line) => (line instanceof Node ? line : h("p", {}, line))),
  );

/** A button. */
export const button = (text, onclick, props = {}) => h("button", { type: "button", onclick, ...props }, text);

/** The badge of what was verified. vouched: whether against what the page or its visitor names, and not a link. */
export function badge(text, vouched) {
  return h(
    "span",
    { class: vouched ? "badge" : "badge doubt" },
    svg(
      "svg",
      { viewBox: "0 0 24 24", "aria-hidden": "true" },
      svg("path", {
        d: "M12 1l2.7 2 3.3-.2 1.2 3.1 2.7 2-.8 3.1.8 3.2-2.7 2-1.2 3-3.3-.2L12 21l-2.7-2-3.3.2-1.2-3-2.7-2 .8-3.2-.8-3.1 2.7-2L6 2.800 9.300 3z",
      }),
      svg("path", { d: "M8 11.200l2.800 2.800 5.200-5.500", fill: "none" }),
    ),
    text,
  );
}

/** Links to the pages before and after one of a list, newest first, and a text that says where it is. */
export function pager({ name, text, newer, older }) {
  return h(
    "nav",
    { class: "pager", "aria-label": `Pages of ${name}` },
    newer && h("a", { class: "button", href: newer }, `Newer ${name}`),
    h("span", {}, text),
    older && h("a", { class: "button", href: older }, `Older ${name}`),
  );
}

/** The way back to a screen above this one. */
export const trail = (...links) =>
  h(
    "nav",
    { class: "trail", "aria-label": "Above this page" },
    links.map(([text, href], index) => [index > 0 && " / ", h("a", { href }, text)]),
  );

/** The screen's heading; what it names may be long and a stranger's. */
export const title = (text, ...beside) => h("div", { class: "title" }, h("h1", { tabindex: -1 }, text), ...beside);
