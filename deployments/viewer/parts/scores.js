/** Scores that holders of held-out data have recorded, and of which rows the training data are. */

import { h } from "../dom.js";
import { count, percent, when, whole } from "../format.js";
import { compositionOf, sharesOf } from "../vendor/headwater.js";
import { facts, table } from "./table.js";
import { card, chip, code, empty } from "./words.js";

const MOST = 200; // held-out data of a task, and compositions, that are shown

/**
 * A card of scores by round, and one of compositions. A task without scores has none.
 * @param {Object} app
 * @param {bigint} taskId
 * @param {() => {manifest: Object, rounds: number[]}} seen The manifest, if it is known, and the rounds that are shown.
 */
export function scoresCards(app, taskId, seen) {
  let found;

  async function load() {
    found = await app.chain.scores(taskId, seen().rounds, MOST);
  }

  function render() {
    const { manifest } = seen();
    if (!found || !manifest) return [];
    return [
      card(
        "Scores on held-out data",
        h(
          "p",
          { class: "soft" },
          "Proved on rows that were registered before the model could be known. Whose rows these are is all that counts:" +
            " the chain does not know whether they are true.",
        ),
        found.attestations.length > 0
          ? scores(found, manifest)
          : empty("No scores yet", `${count(found.total, "set")} of held-out data are registered.`),
        facts([
          "The creator points to",
          found.scoring.attesters.length > 0 && found.scoring.attesters.map((who) => [code(who, { copy: true }), " "]),
        ]),
      ),
      card(
        "Whose rows the models are made of",
        found.compositions.length > 0
          ? compositions(found, manifest)
          : empty("Nobody has said", "Trainers may prove of which classes and groups their rows are."),
      ),
    ];
  }

  return { load, render };
}

function scores({ scoring, attestations }, manifest) {
  const named = new Set(scoring.attesters.map((who) => who.toLowerCase()));
  return table({
    caption: "Scores, the newest round first",
    rows: attestations,
    key: ({ round, dataHash }) => `${round} ${dataHash}`,
    columns: [
      { name: "Round", cell: ({ round }) => `Round ${round}` },
      {
        name: "Attester",
        cell: ({ attester }) => [code(attester), named.has(attester.toLowerCase()) && chip("good", "named")],
      },
      { name: "Data since", cell: ({ registeredAt }) => when(registeredAt) },
      ...(scoring.amounts ? amounts(scoring) : shares(scoring, manifest)),
    ],
  });
}

function shares(scoring, manifest) {
  const of = (row) => sharesOf(scoring, manifest, row.numbers);
  const first = sharesOf(scoring, manifest, Array(scoring.each * Math.max(1, scoring.groups)).fill(0n));
  return first.map(({ group }, index) => ({
    name: group ?? "Right",
    cell: (row) => {
      const { share, rows } = of(row)[index];
      return share === undefined ? "no rows" : `${percent(share)} of ${whole(rows)}`;
    },
  }));
}

// by group, too; the numbers are of the statement's own scale
function amounts({ groups }) {
  const unit = groups > 0 ? 4 : 2;
  return [
    {
      name: "Rows",
      cell: ({ numbers }) =>
        whole(numbers.filter((_, at) => at % 2 === 1).reduce((sum, number) => sum + Number(number) / unit, 0)),
    },
  ];
}

function compositions({ scoring, compositions: rows }, manifest) {
  const label = manifest.model?.label?.classes ?? ["rows"];
  const counts = (row) => compositionOf(scoring, manifest, row.counts);
  const first = compositionOf(scoring, manifest, Array(scoring.classes * Math.max(1, scoring.groups)).fill(0n));
  return table({
    caption: "Rows of committed data, by class and group",
    rows,
    key: ({ dataHash }) => dataHash,
    columns: [
      { name: "Data", cell: ({ dataHash }) => code(dataHash) },
      { name: "Owner", cell: ({ owner }) => code(owner) },
      ...first.map(({ group }, index) => ({
        name: group ?? "All rows",
        cell: (row) =>
          counts(row)
            [index].rows.map((number, at) => `${whole(number)} ${label[at]}`)
            .join(", "),
      })),
    ],
  });
}
