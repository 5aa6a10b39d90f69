/**
 * The page: which screen the address names, the screen's life, and the chain's next blocks.
 *
 * A screen is an object with `load(block)`, which reads what it shows, `render()`, which makes its content of that, and
 * `title()`. Content is patched into the page, so a new block takes no focus and closes nothing.
 */

import { Chain } from "./chain.js";
import { h, patch } from "./dom.js";
import { explain } from "./errors.js";
import { whole } from "./format.js";
import { notice, remaining } from "./parts/words.js";
import { modelScreen } from "./screens/model.js";
import { roundScreen } from "./screens/round.js";
import { settingsScreen } from "./screens/settings.js";
import { taskScreen } from "./screens/task.js";
import { tasksScreen } from "./screens/tasks.js";
import { forgetLink, linkWords, readSettings, takeLink } from "./settings.js";
import { startTheme } from "./theme.js";

const ROUTES = [
  [/^\/$/, tasksScreen, "tasks"],
  [/^\/task\/(\d{1,20})$/, taskScreen, "tasks"],
  [/^\/task\/(\d{1,20})\/round\/(\d{1,10})$/, roundScreen, "tasks"],
  [/^\/task\/(\d{1,20})\/model\/(\d{1,10})$/, modelScreen, "tasks"],
  [/^\/settings$/, settingsScreen, "settings"],
];
const FASTEST = 1000; // milliseconds between looks at the chain
const SLOWEST = 15_000;

const main = document.getElementById("main");
const notices = document.getElementById("notices");

/** What screens are given: a copy each. */
const app = {
  settings: undefined,
  chain: undefined,
  repaint,
  announce,
  restart,
  /** The chain's time now, Unix seconds: that of the newest block, and what has passed since it came. */
  now: () => (app.chain?.block ? Number(app.chain.block.timestamp) + (performance.now() - app.chain.seen) / 1000 : 0),
};

let screen; // that is shown
let failure; // why the last look failed, if it did
let failed = 0; // how often in a row
let look; // the timer of the next look
let visit = 0; // counts screens, so that what a former one still waits for is dropped

/** Reads the settings anew, connects, and shows what the address names. */
async function restart() {
  clearTimeout(look);
  keepLink();
  app.settings = await readSettings();
  app.chain = app.settings.values.rpc ? new Chain(app.settings.values, repaint) : undefined;
  showSource();
  await route();
}

// what a link brought is kept, and the address is cleared of it; returns whether it brought anything
function keepLink() {
  const { path, query } = address();
  if (!takeLink(query)) return false;
  history.replaceState(null, "", `#${path}`);
  return true;
}

function address() {
  const [path, query] = location.hash.slice(1).split("?");
  return { path: path || "/", query: new URLSearchParams(query) };
}

async function route() {
  if (keepLink()) {
    await restart();
    return;
  }
  if (!app.settings) return; // somebody was quick: `restart` comes here when it has read them
  const { path, query } = address();
  const [found, make, page] = match(path);
  const first = screen === undefined;
  visit += 1;
  screen = make ? make({ ...app }, found, query) : undefined; // a copy: it keeps its chain, whatever is chosen later
  failure = undefined;
  failed = 0;
  for (const link of document.querySelectorAll("[data-page]")) {
    if (link.dataset.page === page) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  main.replaceChildren(content());
  paint();
  await refresh();
  if (!first) {
    window.scrollTo(0, 0);
    main.querySelector("h1")?.focus();
  }
}

function match(path) {
  for (const [pattern, make, page] of ROUTES) {
    const found = pattern.exec(path);
    if (found) return [found.slice(1), make, page];
  }
  return [];
}

/** Reads what the screen shows and shows it; then looks at the chain again and again. */
async function refresh() {
  clearTimeout(look);
  const mine = visit;
  try {
    if (screen?.load && app.chain) await screen.load();
    if (mine !== visit) return;
    failure = undefined;
    failed = 0;
  } catch (error) {
    if (mine !== visit) return;
    failure = explain(error, app);
    failed += 1;
  }
  repaint();
  performance.mark("headwater-first-screen"); // the first of these marks: see tests/viewer
  schedule();
}

async function lookAgain() {
  const mine = visit;
  if (document.hidden) return schedule(); // nobody looks
  try {
    const moved = await app.chain.hasMoved();
    if (mine !== visit) return;
    if (moved || failure) {
      await refresh();
      return;
    }
  } catch (error) {
    if (mine !== visit) return;
    failure = explain(error, app);
    failed += 1;
    repaint();
  }
  schedule();
}

function schedule() {
  clearTimeout(look);
  if (!app.chain || !screen?.load) return;
  const pause = failed
    ? Math.min(SLOWEST * 2, FASTEST * 2 ** failed)
    : Math.min(SLOWEST, Math.max(FASTEST, app.chain.pace));
  look = setTimeout(lookAgain, pause);
}

function repaint() {
  patch(main.firstElementChild, content());
  paint();
}

// the screen in one element, so that what replaces it is patched into it
function content() {
  if (!screen) {
    return h(
      "div",
      { key: "nowhere" },
      h("h1", { tabindex: -1 }, "There is no such page"),
      h(
        "p",
        {},
        "The address names none of this page’s screens. ",
        h("a", { href: "#/" }, "All tasks"),
        " are on the first.",
      ),
    );
  }
  if (screen.load && !app.chain) return connectFirst();
  const known = screen.ready?.() ?? true;
  if (!known && failure) return h("div", { key: "failed" }, h("h1", { tabindex: -1 }, screen.title()));
  if (!known)
    return h(
      "div",
      { key: "loading", "aria-busy": "true" },
      h("h1", { tabindex: -1 }, screen.title()),
      h("p", { class: "soft" }, app.chain.reading ? readingEvents(app.chain.reading) : "Asking the node …"),
    );
  return h("div", { key: "screen" }, screen.render());
}

const readingEvents = ({ taskId, at, first }) =>
  `Reading the events of task ${taskId}, the newest first: block ${whole(at)}, back to ${whole(first)} if need be …`;

function connectFirst() {
  return h(
    "div",
    { key: "unconnected" },
    h("h1", { tabindex: -1 }, "Connect to a node"),
    h(
      "div",
      { class: "card" },
      h(
        "p",
        {},
        "This page reads a chain through an Ethereum node of your choice, and models through IPFS gateways. None is named yet.",
      ),
      h("p", {}, h("a", { class: "button", href: "#/settings" }, "Name them in the settings")),
    ),
  );
}

// all that is outside the screen: title, banners, the state of the connection
function paint() {
  const name = screen ? screen.title() : "No such page";
  document.title = name === "Headwater" ? name : `${name} · Headwater`;
  const shown = [];
  if (Object.values(app.settings?.from ?? {}).includes("link")) shown.push(linkNotice());
  if (failure) shown.push(failureNotice());
  patch(notices, h("div", { id: "notices" }, shown));
  for (const box of main.querySelectorAll("[data-newest]")) {
    if (!box.shown) box.scrollLeft = box.scrollWidth; // what is newest is at the right; where the visitor scrolled it, it stays
    box.shown = true;
  }
  const state = !app.chain?.block ? "" : failure ? "stale" : "live";
  const connection = document.getElementById("connection");
  connection.dataset.state = state;
  const text = state ? `${failure ? "no news since block" : "block"} ${app.chain.block.number}` : "";
  if (connection.textContent !== text) connection.textContent = text;
}

function failureNotice() {
  const again = h(
    "button",
    {
      type: "button",
      onclick: () => {
        failed = 0;
        refresh();
      },
    },
    "Try again now",
  );
  const seen = app.chain?.block && (screen?.ready?.() ?? true);
  const stale = seen ? [`What is shown below was true at block ${app.chain.block.number}; the page keeps trying.`] : [];
  return h(
    "div",
    { key: "failure" },
    notice("bad", failure.title, [failure.text, failure.advice, ...stale], {
      actions: [again, h("a", { href: "#/settings" }, "Settings")],
    }),
  );
}

function linkNotice() {
  const named = linkWords(app.settings).join(", ");
  const mine = h(
    "button",
    {
      type: "button",
      onclick: () => {
        forgetLink();
        restart();
      },
    },
    "Use mine instead",
  );
  return h(
    "div",
    { key: "link" },
    notice(
      "warn",
      "The link you followed chose what this page looks at",
      [
        `It named ${named}. Nothing of that is saved. Whoever chooses the node and the contracts decides what is shown as true here, badges included.`,
      ],
      { actions: [mine, h("a", { href: "#/settings" }, "See the settings")] },
    ),
  );
}

// whose word all this is
function showSource() {
  const { values } = app.settings;
  const parts = [values.rpc ? `Read through the node at ${new URL(values.rpc).origin}` : "No node is named"];
  if (app.chain?.deployment) parts.push(`TaskManager ${app.chain.deployment.contracts.TaskManager}`);
  document.getElementById("source").textContent =
    `${parts.join(" · ")}. The node’s word is taken for what the chain says; models are checked here against it.`;
}

/** Says something to those who listen instead of look. */
function announce(text) {
  document.getElementById("announcer").textContent = text;
}

setInterval(() => {
  const now = app.now();
  for (const element of document.querySelectorAll("[data-until]")) {
    const { until, left, over } = element.dataset;
    const text = remaining(until, now, { left, over });
    if (element.textContent !== text) element.textContent = text;
  }
}, 1000);

window.addEventListener("hashchange", route);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && app.chain) lookAgain();
});
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address names the screen
  main.focus();
});
startTheme(document.getElementById("theme"));
restart();
