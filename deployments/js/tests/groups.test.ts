// Who may enrol, as the node says it, from the same groups.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ChainUnavailable, NoContract, NotFound, readAdmission, readGroup } from "@headwater/contracts";
import { createPublicClient, custom, zeroAddress } from "viem";
import { client, deployment, facts } from "./facts.js";

const { module, groups, inAll } = facts.groups;
const where = { client, deployment };

test("a task without a module admits anybody", async () => {
  assert.deepEqual(await readAdmission({ ...where, admission: zeroAddress }), { kind: "anybody" });
});

test("a module of groups names each with its admin and members, and how many are in all", async () => {
  const found = await readAdmission({ ...where, admission: module });
  assert.equal(found.kind, "groups");
  assert.ok(found.kind === "groups");
  assert.deepEqual([found.module, found.inAll], [module, inAll]);
  assert.deepEqual(
    found.groups.map(({ id, admin, members, root, expiry }) => ({
      id: String(id),
      admin,
      members: members.map(String),
      root: String(root),
      expiry: String(expiry),
    })),
    groups,
  );
  assert.deepEqual(
    groups.map(({ members }) => members.length),
    [2, 2],
    "who was removed is not among them",
  );
});

test("a group is read in pieces, and as of an older block", async () => {
  const [whole, pieces] = await Promise.all([
    readGroup({ ...where, groupId: 0n }),
    readGroup({ ...where, groupId: 0n, span: 3 }),
  ]);
  assert.deepEqual(pieces, whole);
  const blockNumber = (await client.getBlockNumber()) - 2n; // before the last removal and the module
  assert.equal((await readGroup({ ...where, groupId: 0n, blockNumber })).members.length, 3);
});

test("any other module is not known", async () => {
  const { Lens, GroupAdmission } = { ...deployment.contracts, GroupAdmission: deployment.contracts.GroupAdmissions };
  for (const admission of [Lens, GroupAdmission]) {
    assert.deepEqual(await readAdmission({ ...where, admission }), { kind: "unknown", module: admission });
  }
});

test("a group that does not exist, and contracts that do not stand there, are told apart", async () => {
  await assert.rejects(readGroup({ ...where, groupId: 99n }), NotFound);
  const contracts = { ...deployment.contracts, Semaphore: module, GroupAdmissions: facts.accounts[0] as `0x${string}` };
  const elsewhere = { client, deployment: { ...deployment, contracts } };
  await assert.rejects(readAdmission({ ...elsewhere, admission: module }), NoContract);
});

test("a node that leaves out events is not believed", async () => {
  const forgetful = createPublicClient({
    transport: custom({
      request: async (asked: { method: string; params: never }) =>
        asked.method === "eth_getLogs" ? [] : client.request(asked as never),
    }),
  });
  await assert.rejects(readGroup({ client: forgetful, deployment, groupId: 0n }), ChainUnavailable);
});
