/** The pools of a task: who gave a row to which trainer, and until when. */

import { h } from "../dom.js";
import { count, when } from "../format.js";
import { poolStateOf } from "../vendor/headwater.js";
import { facts, table } from "./table.js";
import { card, chip, code, countdown } from "./words.js";

const KIND = { open: "busy", frozen: "busy", expired: "warn", closed: "good" };
const MEANING = {
  open: "Rows can be contributed and withdrawn.",
  frozen: "Nobody comes or goes; its owner is to close it.",
  expired: "Its owner did not close it in time, and all can withdraw.",
  closed:
    "The sum of these rows is its owner’s data. What each contributor committed to is in it, and nobody’s was left out in silence. That each kept to its slot, “headwater pool check” finds out.",
};

/**
 * The pools of a task, read beside all else: a node that does not tell of them keeps nothing else from being shown.
 * @returns `follow` reads them again, `list` has them as far as they are known.
 */
export function followPools(app, taskId) {
  let list;
  const changing = () =>
    (list ?? [])
      .map(({ contributors, gone, closed }) => [contributors.length, gone.length, closed?.dataHash])
      .join(" ");
  return {
    async follow() {
      const before = changing();
      list = await app.chain.pools(taskId).catch(() => list);
      if (changing() !== before) app.repaint();
    },
    get list() {
      return list;
    },
  };
}

/**
 * A card with the pools of a task; null where it has none.
 * @param {Object[]} pools As the package reads them.
 * @param {number} now Unix seconds, by the chain's clock.
 */
export function poolsCard(pools, now) {
  if (!pools?.length) return null;
  return card(
    "Pooled rows",
    [...pools].reverse().map((pool) => section(pool, now)),
  );
}

/** What a trainer's data are, where they are a pool's: a few words. Nothing where they are not. */
export function poolOf(pools, dataHashes) {
  const pool = pools?.find(({ closed }) => closed && dataHashes.includes(closed.dataHash));
  return pool && `pool of ${count(pool.contributors.length, "contributor")}`;
}

function section(pool, now) {
  const state = poolStateOf(pool, now);
  return h(
    "section",
    { key: `pool ${pool.poolId}` },
    h("h3", {}, `Pool ${pool.poolId} `, chip(KIND[state], state)),
    h("p", {}, MEANING[state]),
    facts(
      ["Owner", [code(pool.owner, { copy: true }), ", who learns the rows"]],
      ["Rows", `${pool.contributors.length} of ${pool.slots} slots`],
      state === "open" && ["Closes", [countdown(pool.closesAt, now), ", ", when(pool.closesAt)]],
      state === "frozen" && ["To be closed within", [countdown(pool.expiresAt, now), ", ", when(pool.expiresAt)]],
      pool.closed && ["Data", code(pool.closed.dataHash, { copy: true })],
      [
        "Who may contribute",
        BigInt(pool.admission) === 0n ? "anybody" : ["whoever the module ", code(pool.admission), " admits"],
      ],
    ),
    pool.contributors.length > 0 &&
      h(
        "details",
        { key: "contributors" },
        h("summary", {}, count(pool.contributors.length, "contributor")),
        list(pool),
      ),
    pool.gone.length > 0 && h("details", { key: "gone" }, h("summary", {}, `${pool.gone.length} gone`), gone(pool)),
  );
}

function list(pool) {
  return table({
    caption: `Contributors to pool ${pool.poolId}`,
    rows: pool.contributors,
    key: ({ slot }) => slot,
    columns: [
      { name: "Slot", cell: ({ slot }) => slot },
      { name: "Contributor", cell: ({ contributor }) => code(contributor, { copy: true }) },
    ],
  });
}

function gone(pool) {
  return table({
    caption: `Who is no longer in pool ${pool.poolId}`,
    rows: pool.gone.map((each, index) => ({ ...each, index })),
    key: ({ index }) => index,
    columns: [
      { name: "Contributor", cell: ({ contributor }) => code(contributor) },
      { name: "Why", cell: ({ reason }) => (reason ? `left out: ${reason}` : "withdrew") },
    ],
  });
}
