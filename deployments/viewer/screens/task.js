/** A task: where its round is, whose updates made its models, how good they are, what it fixes. */

import { h } from "../dom.js";
import { explainContent } from "../errors.js";
import { coins, count, MEANING, span, when, whole } from "../format.js";
import { admissionOf } from "../parts/admission.js";
import { gasCard } from "../parts/gas.js";
import { unknownKind } from "../parts/learner.js";
import { lineage } from "../parts/lineage.js";
import { originOf } from "../parts/origin.js";
import { tally } from "../parts/outcomes.js";
import { followPools, poolsCard } from "../parts/pools.js";
import { qualityCard } from "../parts/quality.js";
import { scoresCards } from "../parts/scores.js";
import { facts, table } from "../parts/table.js";
import { button, card, code, countdown, empty, notice, pager, phaseChip, title, trail } from "../parts/words.js";
import { columnsOf, factsOf, isEnd, isKnown, PART_BYTES } from "../vendor/headwater.js";
import { roster, withheldNotice } from "./round.js";

const PAGE = 20; // rounds
const [EXTRA_ENTRIES, WORD] = [9, 32]; // of an update besides its weights; bytes of an entry
const STEPS = ["Join", "Train", "Review", "Mask", "Aggregate", "Challenge", "Finalized"];

export function taskScreen(app, [id], query) {
  const taskId = BigInt(id);
  const upTo = /^\d{1,9}$/.test(query.get("upto") ?? "") ? Number(query.get("upto")) : undefined; // the newest round shown; undefined: the running one
  const gas = gasCard(app, () => rounds.list);
  const pools = followPools(app, taskId);
  const made = () => (rounds?.list ?? []).filter((round) => round.made).map(({ number }) => number);
  const scores = scoresCards(app, taskId, () => ({ manifest, rounds: made() }));
  const quality = qualityCard(app, taskId, () => ({ manifest, task }));
  let task;
  let running; // the running round
  let rounds;
  let manifest;
  let problem; // with the manifest
  let admission; // who may enrol; undefined until it is read
  let told; // what was announced last

  async function load() {
    task = await app.chain.task(taskId);
    const shown = await app.chain.rounds(taskId, task, upTo, PAGE);
    running =
      shown.list.at(-1)?.number === task.state.round
        ? shown.list.at(-1)
        : await app.chain.round(taskId, task, task.state.round);
    rounds = shown;
    if (manifest?.circuits.score) await scores.load();
    const now = `${task.state.round} ${task.state.phase} ${task.state.attempt}`;
    if (told !== undefined && told !== now)
      app.announce(`Task ${taskId}, round ${task.state.round}: ${task.state.phase}`);
    told = now;
    if (!manifest && !problem) readManifest();
    pools.follow();
    if (!admission) admitting();
    quality.follow();
  }

  async function admitting() {
    admission = { kind: "reading" }; // once: where it fails, the module is named all the same
    admission = await app.chain.admission(task.config.admission).catch(() => ({ kind: "unread" }));
    app.repaint();
  }

  async function readManifest() {
    try {
      manifest = await app.chain.manifest(task.config.manifest);
      problem = undefined;
    } catch (error) {
      problem = explainContent(error, app.settings.values.gateways);
    }
    app.repaint();
    if (!manifest?.circuits.score) return;
    try {
      await scores.load();
    } catch {
      return; // the next look at the chain tells why
    }
    app.repaint();
  }

  function render() {
    const { state, config } = task;
    return [
      trail(["Tasks", "#/"]),
      title(
        name(),
        phaseChip(state.phase),
        h("span", { class: "soft" }, `task ${taskId}, round ${state.round} of ${whole(config.rounds)}`),
      ),
      h("div", { class: "columns", key: "top" }, now(), what()),
      card("Lineage of the models", lineage(taskId, rounds.list, rounds.before, task.parents), roundsPager()),
      card("Rounds", roundsTable(), roundsPager()),
      poolsCard(pools.list, app.now()),
      quality.render(),
      ...scores.render(),
      h("div", { class: "columns", key: "bottom" }, terms(), addresses()),
      gas.render(),
    ];
  }

  const name = () => manifest?.name ?? `Task ${taskId}`;

  // ---- the running round

  function now() {
    const { state } = task;
    if (isEnd(state.phase)) {
      return card(
        "Where it is",
        h("p", { class: "countdown" }, "The task has ended"),
        running.withheld
          ? withheldNotice(running.withheld, task.creator, "h3")
          : h("p", {}, `Its last round, ${state.round}, ended ${state.phase.toLowerCase()}. Models and rewards stay.`),
      );
    }
    return card(
      "Where it is",
      h(
        "ol",
        { key: "steps", class: "steps", "aria-label": "Phases of a round" },
        steps().map((phase) =>
          h(
            "li",
            {
              class:
                STEPS.indexOf(phase) < STEPS.indexOf(state.phase) ? "done" : phase === state.phase ? "now" : undefined,
              "aria-current": phase === state.phase ? "step" : undefined,
            },
            phase,
          ),
        ),
      ),
      h(
        "p",
        { class: "countdown" },
        task.next === "None"
          ? countdown(state.deadline, app.now(), { left: " left", over: "The time is up" })
          : "The time is up",
      ),
      h("p", {}, task.next === "None" ? MEANING[state.phase] : `Whoever sends “advance” moves it on to ${task.next}.`),
      facts(
        ["Progress", progress()],
        ["Deadline", `${when(state.deadline)}, by the chain’s clock`],
        state.accused > 0 && ["Challenged", accused()],
      ),
      running.parts.length > 0 &&
        h(
          "details",
          { key: "roster" },
          h("summary", {}, `Who takes part in round ${state.round}`),
          roster(running, pools.list),
        ),
    );
  }

  function accused() {
    switch (task.state.phase) {
      case "Join":
        return "the creator, to show the first model’s bytes";
      case "Challenge":
        return "the aggregator, to show the average’s bytes";
      default:
        return `${count(task.state.accused, "trainer")} of the attempt`;
    }
  }

  function progress() {
    const { state, config } = task;
    switch (state.phase) {
      case "Join":
        return `${state.joined} joined, of ${config.minTrainers} to ${config.maxTrainers}`;
      case "Train":
        return `${state.submitted} of ${state.joined} have proved their updates`;
      case "Review":
        return `${count(state.members, "update")} whose proofs can be demanded`;
      case "Mask":
        return `${task.round.masked} of ${state.members} have masked${state.attempt > 1 ? `, attempt ${state.attempt}` : ""}`;
      case "Aggregate":
        return `${count(state.members, "masked update")} to average`;
      default:
        return `average of ${count(task.round.masked, "update")}`;
    }
  }

  // ---- what is trained

  function what() {
    if (problem) {
      return card(
        "What is trained",
        notice(problem.lied ? "bad" : "warn", problem.title, [problem.text, problem.advice], {
          level: "h3",
          actions: [
            button("Ask again", () => {
              problem = undefined;
              readManifest();
            }),
          ],
        }),
        facts(
          ["Weights", whole(config().dimension)],
          ["Manifest", code(app.chain.cid(config().manifest), { whole: true, copy: true })],
        ),
      );
    }
    if (!manifest) return card("What is trained", h("p", { class: "soft" }, "Fetching the manifest …"));
    return card(
      "What is trained",
      manifest.description && h("p", {}, manifest.description),
      !isKnown(manifest) && unknownKind(manifest),
      facts(
        ...(isKnown(manifest) ? described(manifest) : []),
        ["Weights", whole(config().dimension)],
        [
          "Set-up",
          manifest.srs.source === "dev"
            ? "made by one machine, which could forge proofs: for local chains only"
            : "the Perpetual Powers of Tau",
        ],
        ["Manifest", code(app.chain.cid(config().manifest), { whole: true, copy: true })],
      ),
    );
  }

  // by the learner of its kind
  function described(known) {
    const { features, label } = columnsOf(known);
    const names = features.map(({ name }) => name);
    const { Model: model, ...more } = factsOf(known);
    return [
      ["Model", model],
      label && [
        "Predicts",
        [h("code", {}, label.name), label.classes ? `: ${label.classes.join(", ")}` : ", an amount"],
      ],
      [
        label ? "From" : "Items",
        names.length <= 8
          ? names.join(", ")
          : h("details", {}, h("summary", {}, count(names.length, label ? "column" : "item")), names.join(", ")),
      ],
      ...Object.entries(more),
    ];
  }

  const config = () => task.config;
  const steps = () => STEPS.filter((phase) => phase !== "Review" || config().reviewPeriod > 0);

  // ---- rounds

  function roundsTable() {
    if (rounds.list.length === 0)
      return empty("No rounds on this page", h("p", {}, h("a", { href: `#/task/${taskId}` }, "The newest rounds")));
    return table({
      caption: "Rounds, the newest first",
      rows: [...rounds.list].reverse(),
      key: (round) => round.number,
      columns: [
        {
          name: "Round",
          cell: (round) => h("a", { href: `#/task/${taskId}/round/${round.number}` }, `Round ${round.number}`),
        },
        { name: "State", cell: (round) => phaseChip(round.phase) },
        {
          name: "Trainers",
          cell: (round) => round.parts.length > 0 && h("span", { class: "chips" }, tally(round.parts)),
        },
        {
          name: "Model",
          cell: (round) =>
            round.made && h("a", { href: `#/task/${taskId}/model/${round.number}` }, `average of ${round.masked}`),
        },
        { name: "Aggregator", cell: (round) => BigInt(round.aggregator) !== 0n && code(round.aggregator) },
        { name: "Ended", cell: (round) => round.endedAt > 0 && when(round.endedAt) },
      ],
    });
  }

  function roundsPager() {
    const [first, last] = [rounds.list.at(0)?.number, rounds.list.at(-1)?.number];
    if (first === undefined || rounds.list.length === task.state.round) return null;
    const newer = last + PAGE;
    return pager({
      name: "rounds",
      text: `Rounds ${first} to ${last} of ${whole(task.state.round)}`,
      newer:
        last < task.state.round && (newer >= task.state.round ? `#/task/${taskId}` : `#/task/${taskId}?upto=${newer}`),
      older: first > 1 && `#/task/${taskId}?upto=${first - 1}`,
    });
  }

  // ---- terms

  function terms() {
    const { config: fixed, pool } = task;
    return card(
      "Terms",
      facts(
        ["First model", originOf(task)],
        ["Enrolment", admissionOf(admission, fixed.admission)],
        ["Trainers a round", `${fixed.minTrainers} to ${fixed.maxTrainers}`],
        ["Proofs an update", fixed.maxLinks === 1 ? "one" : `up to ${fixed.maxLinks} in a row`],
        [
          "Proofs stand",
          fixed.reviewPeriod === 0
            ? "on chain, each checked by the contract"
            : `in the store; on chain if somebody demands them within ${span(fixed.reviewPeriod)} after Train`,
        ],
        [
          "Stake",
          `${coins(fixed.stake)}; a fault costs ${fixed.faultSlash / 100} %, a missed duty ${fixed.absenceSlash / 100} %`,
        ],
        [
          "Rewards",
          `${coins(pool.amount)} for all rounds, ${coins(pool.amount - pool.spent)} not yet owed; the aggregator of a round has ${coins(fixed.aggregatorFee)} of its part`,
        ],
        [
          "Phases",
          `join ${span(fixed.joinPeriod)}, train ${span(fixed.trainPeriod)}, ${fixed.reviewPeriod ? `review ${span(fixed.reviewPeriod)}, ` : ""}mask ${span(fixed.maskPeriod)}, aggregate ${span(fixed.aggregatePeriod)}, challenge ${span(fixed.challengePeriod)}`,
        ],
        ["Answers", answers()],
        ["Leaving", `stake is free ${span(fixed.unbondingPeriod)} after`],
      ),
    );
  }

  function answers() {
    const { answerPeriod, challengeBond, dimension } = config();
    const parts = Math.ceil(((dimension + EXTRA_ENTRIES) * WORD) / PART_BYTES);
    const time = `within ${span(parts * answerPeriod)}${parts > 1 ? `, ${span(answerPeriod)} for each of ${parts} parts` : ""}`;
    return `${time}; a challenge takes a bond of ${coins(challengeBond)}, or twice the gas of an answer where that is more, which pays whoever answers rightly`;
  }

  function addresses() {
    const { contracts } = app.chain.deployment;
    return card(
      "On chain",
      facts(
        ["Creator", code(task.creator, { whole: true })],
        ...Object.entries(contracts).map(([contract, address]) => [
          contract,
          code(address, { whole: true, copy: true }),
        ]),
        ["Train verifier", code(task.config.trainVerifier, { whole: true })],
        ["Average verifier", code(task.config.averageVerifier, { whole: true })],
      ),
    );
  }

  return {
    load,
    render,
    ready: () => rounds !== undefined,
    title: () => (manifest ? `${manifest.name} (task ${taskId})` : `Task ${taskId}`),
  };
}
