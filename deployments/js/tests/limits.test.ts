// Histories as long as they get, read from nodes that answer for few blocks at a time; and from the chain of the story, of
// which a node limits blocks, logs or bytes, each in its own words.

import assert from "node:assert/strict";
import { test } from "node:test";
import { CONTRACTS, type Deployment, Outcome, readHistory, readRound } from "@headwater/contracts";
import { createPublicClient, http, numberToHex } from "viem";
import { serving } from "./servers.js";
import { type Simulated, simulate, TASK } from "./simulator.js";

const contracts = Object.fromEntries(CONTRACTS.map((name, i) => [name, numberToHex(0xc0 + i, { size: 20 })]));
const deployment = { chainId: 1, startBlock: 1000, contracts } as unknown as Deployment;
const long: Omit<Simulated, "limit"> = {
  deployment,
  rounds: 5_000,
  trainers: 3,
  peers: 2,
  apart: 160,
  start: 200_000, // and so a chain of a million blocks
};
const wide: Omit<Simulated, "limit"> = { ...long, rounds: 20, trainers: 1_024, peers: 16, apart: 3_000 };

for (const limit of [1_000, 10_000]) {
  test(`5,000 rounds of 3 trainers are read from a node that answers for ${limit} blocks, from the task's first block on`, async () => {
    const { answer, asked } = simulate({ ...long, limit });
    await serving(answer, async (url) => {
      const client = createPublicClient({ transport: http(url) });
      const { rounds, models } = await readHistory({ client, deployment, taskId: TASK });
      assert.deepEqual([rounds.length, models.length], [long.rounds, long.rounds]);
      assert(rounds.every(({ counted, phase }) => counted.length === long.trainers && phase === "Finalized"));
      assert(Math.min(...asked.answered.map(([first]) => first)) >= long.start);
      const blocks = long.rounds * long.apart + 101;
      assert(asked.answered.length <= (2 * blocks) / limit + 8, `${asked.answered.length} queries`);
      assert(asked.refused <= 40, `${asked.refused} refusals`);
      assert(asked.others <= 2);
    });
  });

  test(`20 rounds of 1,024 are read from a node that answers for ${limit} blocks, though viem reads 10 MiB of an answer`, async () => {
    const { answer, asked } = simulate({ ...wide, limit });
    await serving(answer, async (url) => {
      const client = createPublicClient({ transport: http(url) });
      const { rounds } = await readHistory({ client, deployment, taskId: TASK });
      assert.deepEqual(
        rounds.map(({ counted }) => counted.length),
        Array.from({ length: wide.rounds }, () => wide.trainers),
      );
      if (limit === 10_000) assert(asked.longest > 10 * 2 ** 20, "so that an answer was too long");
    });
  });

  test(`one round of 5,000 is read alone from a node that answers for ${limit} blocks`, async () => {
    const { answer, asked } = simulate({ ...long, limit });
    await serving(answer, async (url) => {
      const client = createPublicClient({ transport: http(url) });
      for (const round of [1, 2_500, 4_999, 5_000]) {
        const found = await readRound({ client, deployment, taskId: TASK, round });
        assert.deepEqual(
          found.parts.map(({ outcome }) => outcome),
          [Outcome.COUNTED, Outcome.COUNTED, Outcome.COUNTED],
        );
      }
      assert(asked.answered.length <= 4 * 6, `${asked.answered.length} queries`);
      assert(asked.others <= 4 * 12, `${asked.others} other questions`);
    });
  });
}
