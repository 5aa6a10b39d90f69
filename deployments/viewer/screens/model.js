/** A model: fetched, verified step by step in the browser, and tried out only if it is what the contract accepted. */

import { h } from "../dom.js";
import { explain, explainContent } from "../errors.js";
import { count, size, when } from "../format.js";
import { against, isVouched } from "../parts/against.js";
import { ancestryCard } from "../parts/ancestry.js";
import { inferencesCard } from "../parts/inferences.js";
import { originOf } from "../parts/origin.js";
import { predictionForm } from "../parts/prediction.js";
import { facts } from "../parts/table.js";
import { badge, button, card, code, copyButton, notice, title, trail } from "../parts/words.js";

const SAYS = {
  cid: "The bytes are those that the contract names by their CID",
  document: "The document is a model of the task’s size",
  commitment: "The commitment is the one that the proofs were about",
  opening: "The weights are those that the commitment is of",
  zeros: "The commitment is that of weights that are all zero",
};

export function modelScreen(app, [id, number]) {
  const taskId = BigInt(id);
  const round = Number(number);
  let record;
  let task;
  let manifest;
  let found; // what was fetched, and the checks
  let problem;
  let doing;
  let checking; // which check is under way, or was the last
  let form;
  let saved; // the address of the file to save
  const inferences = inferencesCard(app, () => app.chain.inferences(taskId, round));
  let ancestry = ancestryCard(app, taskId, round);

  async function load() {
    const now = await app.chain.modelNow(taskId, round).catch((error) => {
      if (error.code !== "chain-unavailable") forget(); // the chain takes back what was shown
      throw error;
    });
    if (record?.modelHash !== now.record.modelHash || record.uri !== now.record.uri) forget();
    ({ record, task } = now);
    if (!found && !problem && !doing) verify();
  }

  // what was found of a record is of no other: a check that is under way counts no more
  function forget() {
    [record, task, manifest, found, problem, doing, form, saved, checking] = [];
    ancestry = ancestryCard(app, taskId, round);
  }

  async function verify() {
    const mine = {};
    const asked = record;
    [checking, problem, found] = [mine, undefined, undefined];
    const told = (step) => {
      if (checking !== mine) return;
      doing = step;
      app.repaint();
    };
    told("beginning");
    let [was, described, failed] = [];
    try {
      was = await app.chain.verified(taskId, asked, told);
      described = await app.chain.manifest(asked.manifest);
    } catch (error) {
      failed = isContent(error) ? explainContent(error, app.settings.values.gateways) : explain(error, app);
    }
    if (checking !== mine) return;
    [found, manifest, problem, doing] = [was, described, failed, undefined];
    if (isVerified()) {
      form = manifest && predictionForm(app, manifest, found.verification.weights);
      saved = found.bytes && URL.createObjectURL(new Blob([found.bytes], { type: "application/json" }));
    }
    app.announce(outcome());
    app.repaint();
  }

  function outcome() {
    if (problem) return problem.lied ? `Warning: ${problem.title}` : problem.title;
    return isVerified() ? `Verified ${against(app)}` : "Warning: this is not the model that was accepted";
  }

  function render() {
    return [
      trail(["Tasks", "#/"], [manifest?.name ?? `Task ${taskId}`, `#/task/${taskId}`]),
      title(round === 0 ? `First model of task ${taskId}` : `Model of round ${round}, task ${taskId}`, verdict()),
      warning(),
      h("div", { class: "columns", key: "top" }, checks(), origin()),
      ancestry.render(),
      tryIt(),
      manifest?.circuits.infer && inferences.render(manifest.model.label?.classes),
      elsewhere(),
    ];
  }

  const isVerified = () => found?.verification.verified === true;
  const isShown = () => found !== undefined && found.gateway === undefined;

  function verdict() {
    if (isVerified())
      return [badge("Verified", isVouched(app)), h("span", { class: "against soft small" }, against(app))];
    return doing ? h("span", { class: "soft", role: "status" }, `${doing} …`) : null;
  }

  function warning() {
    if (round === 0 && isVerified()) {
      return h(
        "div",
        { key: "first" },
        notice(
          "info",
          task.parents.length === 0 ? "Nobody proved the first model" : "The first model is made of others",
          task.parents.length === 0
            ? "It is what the creator of the task started from. Its bytes are checked like any other’s."
            : "The contract has checked that it is what its parents make. Each of them is worth what its own task is worth.",
        ),
      );
    }
    if (problem) {
      const again = button("Ask again", verify);
      return h(
        "div",
        { key: "problem" },
        notice(
          problem.lied ? "bad" : "warn",
          problem.lied ? `Do not use this: ${lower(problem.title)}` : problem.title,
          [problem.text, problem.advice],
          { loud: problem.lied, actions: [again] },
        ),
      );
    }
    if (!found || isVerified()) return null;
    const failed = found.verification.checks.filter((check) => !check.ok);
    return h(
      "div",
      { key: "rejected" },
      notice(
        "bad",
        "Do not use this model: it is not the one that was accepted",
        [
          `It came from ${found.gateway}, and the contract says otherwise:`,
          ...failed.map(({ name, expected, found: was }) => `${SAYS[name]}? No. Expected ${expected}, found ${was}.`),
        ],
        { loud: true, actions: [button("Ask again", verify)] },
      ),
    );
  }

  // ---- the checks

  function checks() {
    const made = found?.verification.checks ?? [];
    const named = Object.entries(SAYS).filter(([name]) =>
      isShown() ? made.some((check) => check.name === name) : name !== "zeros",
    );
    const items = named.map(([name, says]) => {
      const check = made.find((each) => each.name === name);
      const kind = !check ? "wait" : check.ok ? "good" : "bad";
      return h(
        "li",
        { class: kind, key: name },
        h("span", { "aria-hidden": "true" }, { wait: "·", good: "✓", bad: "✗" }[kind]),
        h(
          "p",
          {},
          says,
          h("span", { class: "hidden" }, { wait: ": not checked yet", good: ": yes", bad: ": no" }[kind]),
          check && h("span", { class: "soft small" }, " ", evidence(check)),
        ),
      );
    });
    return card(
      "Checked in this browser",
      h("ul", { class: "checks" }, items),
      found &&
        h(
          "p",
          { class: "soft small" },
          isShown()
            ? "No gateway gave this model. Its weights are those that the chain shows: somebody demanded them there, or they are zero."
            : `Fetched from ${found.gateway}, ${size(found.bytes.length)}.`,
          found.liars.length > 0 &&
            ` ${found.liars.map(({ gateway }) => gateway).join(", ")} gave other bytes, which were thrown away: take it out of the settings.`,
        ),
      h(
        "div",
        { class: "actions" },
        isVerified() && saved
          ? h("a", { class: "button", href: saved, download: `task-${taskId}-round-${round}.bin` }, "Save the model")
          : h("button", { type: "button", disabled: true }, "Save the model"),
        isVerified() &&
          !saved &&
          h("span", { class: "soft small" }, "Its document is nowhere; it holds nothing but zeros."),
      ),
    );
  }

  function evidence({ ok, expected, found: was }) {
    return ok
      ? h(
          "code",
          { title: expected },
          expected.length > 24 ? `${expected.slice(0, 12)}…${expected.slice(-8)}` : expected,
        )
      : `expected ${expected}, found ${was}`;
  }

  // ---- where it comes from

  function origin() {
    return card(
      "On chain",
      facts(
        [
          "Average of",
          round > 0 && [
            count(record.trainers, "proved update"),
            ", ",
            h("a", { href: `#/task/${taskId}/round/${round}` }, "see whose"),
          ],
        ],
        [
          "Trained from",
          round > 0 &&
            h(
              "a",
              { href: `#/task/${taskId}/model/${record.parent}` },
              record.parent === 0 ? "the first model" : `the model of round ${record.parent}`,
            ),
        ],
        ["Comes from", round === 0 && originOf(task)],
        ["Aggregator", round > 0 && code(record.aggregator, { whole: true })],
        ["Accepted", round > 0 && when(record.timestamp)],
        ["Model hash", code(record.modelHash, { whole: true, copy: true })],
        ["Document", [h("code", {}, record.uri), copyButton(record.uri, "the CID"), gatewayLinks()]],
        ["Registry", code(app.chain.deployment.contracts.ModelRegistry, { whole: true, copy: true })],
      ),
    );
  }

  function gatewayLinks() {
    const cid = record.uri.replace("ipfs://", "");
    return app.settings.values.gateways.map((gateway) => [
      " ",
      h("a", { href: `${gateway}/ipfs/${cid}`, rel: "noreferrer" }, `at ${new URL(gateway).host}`),
    ]);
  }

  // ---- use

  function tryIt() {
    if (!isVerified() || !form) {
      const lacks = isVerified()
        ? "The task’s manifest is missing: it names the columns."
        : "Only a verified model can be tried.";
      return card("Try a prediction", h("p", { class: "soft" }, lacks));
    }
    return form.render();
  }

  function elsewhere() {
    const command = `headwater model pull --task ${taskId} --round ${round} --out model\nheadwater model verify model`;
    return card(
      "Check it elsewhere",
      h("p", {}, "The same checks by another program, over a node of your own:"),
      h("pre", {}, command),
      h("div", { class: "actions" }, copyButton(command, "the commands")),
    );
  }

  return {
    load,
    render,
    ready: () => record !== undefined,
    title: () => (round === 0 ? `First model of task ${taskId}` : `Model of round ${round}, task ${taskId}`),
  };
}

const isContent = (error) =>
  ["content-unavailable", "wrong-bytes", "malformed-document", "invalid-cid"].includes(error.code);
const lower = (text) => text[0].toLowerCase() + text.slice(1);
