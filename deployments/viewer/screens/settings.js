/** Where the page looks: the node, the contracts, the gateways. */

import { h } from "../dom.js";
import { button, copyButton, title } from "../parts/words.js";
import { asQuery, linkWords, PARSE, save, saveLink, textOf } from "../settings.js";

const FIELDS = [
  {
    name: "rpc",
    label: "Ethereum node",
    type: "url",
    placeholder: "http://127.0.0.1:8545",
    help: "The address of its JSON-RPC. What it says is taken for what the chain says: use one that you trust, or your own. Empty: none.",
  },
  {
    name: "deployment",
    label: "Contracts",
    rows: 8,
    placeholder: '{"chainId": 31337, "startBlock": 1, "contracts": {…}}',
    help: "The addresses.json of a deployment. Empty: the contracts that are known on the node’s chain.",
  },
  {
    name: "gateways",
    label: "IPFS gateways",
    rows: 3,
    placeholder: "https://ipfs.io",
    help: "One a line, in the order in which they are asked. Nothing is believed of them: bytes are checked against the contract’s CIDs. Empty: none.",
  },
  {
    name: "sample",
    label: "Public sample",
    placeholder: "bafkrei…",
    help: "The CID of a CSV file with labelled rows, to measure models on. Empty: none.",
  },
];
const SOURCES = {
  published: "as this page was published",
  saved: "saved in this browser",
};

export function settingsScreen(app) {
  const problems = {};
  let saved = false;

  function keep(event) {
    event.preventDefault();
    const cells = new FormData(event.currentTarget);
    const texts = {};
    for (const { name } of FIELDS) {
      const text = cells.get(name).trim();
      problems[name] = undefined;
      try {
        PARSE[name](text);
        texts[name] = text;
      } catch (error) {
        problems[name] = error.message;
      }
    }
    const wrong = FIELDS.find(({ name }) => problems[name]);
    if (wrong) {
      app.repaint();
      document.getElementById(wrong.name).focus();
      return;
    }
    save(changed(texts));
    saved = true;
    app.announce("Saved");
    app.restart();
  }

  // what is as published is not saved, so that it follows what is published
  function changed(texts) {
    return Object.fromEntries(
      Object.entries(texts).filter(([name, text]) => text !== shown(name, app.settings.published[name])),
    );
  }

  // a published text as the form would show it
  const shown = (name, text) => (text === undefined ? "" : textOf(name, PARSE[name](text)));

  function forget() {
    save({});
    history.replaceState(null, "", "#/");
    app.restart();
  }

  function keepLink() {
    saveLink();
    app.announce("Saved");
    app.restart();
  }

  // what a link brought is in force, but it is not what the form shows: else it would be saved with what the visitor means
  function linked() {
    const words = linkWords(app.settings);
    if (words.length === 0) return null;
    return h(
      "section",
      { class: "card", key: "linked" },
      h("h2", {}, "What the link named"),
      h("p", {}, "For this tab, the link that you followed comes before your own settings. It is not saved:"),
      h(
        "ul",
        { id: "linked" },
        words.map((word) => h("li", {}, word)),
      ),
      h("div", { class: "actions" }, button(`Save ${words.join(", ")}`, keepLink, { "aria-describedby": "linked" })),
      h("p", { class: "help" }, "Whoever chooses the node and the contracts decides what is shown as true here."),
    );
  }

  function render() {
    const { values, from } = app.settings.own;
    return [
      title("Settings"),
      h(
        "form",
        { class: "card", onsubmit: keep, key: "form", novalidate: true },
        FIELDS.map(({ name, label, help, rows, placeholder, type = "text" }) =>
          h(
            "div",
            { class: "field", key: name },
            h("label", { for: name }, label),
            h(
              rows ? "textarea" : "input",
              {
                id: name,
                name,
                placeholder,
                rows,
                type: rows ? undefined : type,
                spellcheck: "false",
                autocomplete: "off",
                value: rows ? undefined : textOf(name, values[name]),
                "aria-describedby": `${name}-help`,
                "aria-invalid": problems[name] ? "true" : undefined,
              },
              rows && textOf(name, values[name]),
            ),
            problems[name] && h("p", { class: "problem", role: "alert" }, problems[name]),
            h(
              "p",
              { class: "help", id: `${name}-help` },
              help,
              from[name] && h("em", {}, ` Now ${SOURCES[from[name]]}.`),
              app.settings.from[name] === "link" && h("em", {}, " The link comes before it."),
            ),
          ),
        ),
        h(
          "div",
          { class: "actions" },
          h("button", { class: "main" }, "Save and connect"),
          button("Forget what is saved", forget),
          saved && h("span", { role: "status" }, "Saved in this browser."),
        ),
      ),
      linked(),
      h(
        "section",
        { class: "card", key: "share" },
        h("h2", {}, "Show somebody the same"),
        h("p", {}, "A link with these settings, for whoever trusts your choice of a node:"),
        h("div", { class: "actions" }, copyButton(link(), "a link with these settings")),
      ),
    ];
  }

  const link = () => `${location.href.split("#")[0]}#/?${asQuery(app.settings)}`;

  return { render, title: () => "Settings" };
}
