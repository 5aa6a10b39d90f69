// Who may enrol in a task: anybody, members of groups, or whom a module of unknown rules admits.

import { type Address, encodeEventTopics, formatLog, type Hex, numberToHex, parseEventLogs, zeroAddress } from "viem";
import { readContract } from "viem/actions";
import { groupAdmissionsAbi, semaphoreAbi } from "./abis.js";
import { type Reading, read } from "./call.js";
import type { Deployment } from "./deployment.js";
import { ChainUnavailable, NotFound } from "./errors.js";
import { logsIn } from "./ranges.js";

/** A group of Semaphore's. */
export interface Group {
  readonly id: bigint;
  /** Who decides who is in. */
  readonly admin: Address;
  /** The commitments of its members' identities, in the order in which they were added. */
  readonly members: readonly bigint[];
  /** The root of its tree; 0 where it has had no members. */
  readonly root: bigint;
  /** For how many seconds a proof of membership counts after the group has changed. */
  readonly expiry: bigint;
}

/** Who may enrol in a task. */
export type Admission =
  | { readonly kind: "anybody" }
  /** Who is a member of all groups, each once in the task. `inAll` are so many: among them a trainer is hidden. */
  | { readonly kind: "groups"; readonly module: Address; readonly groups: readonly Group[]; readonly inAll: number }
  /** Whom the contract admits: it is none of this deployment's modules, and nothing is known of it. */
  | { readonly kind: "unknown"; readonly module: Address };

/** What readers of groups take, beside which. */
export interface GroupRange extends Reading {
  readonly deployment: Deployment;
  /** The most blocks of one log query; by default as many as the node answers at once. */
  readonly span?: number | undefined;
}

type Change = "MemberAdded" | "MembersAdded" | "MemberUpdated" | "MemberRemoved";
const CHANGES: Change[] = ["MemberAdded", "MembersAdded", "MemberUpdated", "MemberRemoved"];

/**
 * Who may enrol in a task. `admission`: its config's.
 * @throws NoContract @throws ChainUnavailable the node fails, or leaves out events.
 */
export async function readAdmission({
  admission: module,
  ...range
}: GroupRange & { readonly admission: Address }): Promise<Admission> {
  if (module === zeroAddress) return { kind: "anybody" };
  const { client, deployment, blockNumber } = range;
  const call = { abi: groupAdmissionsAbi, address: deployment.contracts.GroupAdmissions, blockNumber } as const;
  let ids: readonly bigint[];
  try {
    ids = await read("admission module", readContract(client, { ...call, functionName: "groupsOf", args: [module] }));
  } catch (error) {
    if (error instanceof NotFound) return { kind: "unknown", module };
    throw error;
  }
  const groups = await Promise.all(ids.map((groupId) => readGroup({ ...range, groupId })));
  const [first, ...others] = groups.map(({ members }) => new Set(members));
  const inAll = [...(first ?? [])].filter((member) => others.every((group) => group.has(member))).length;
  return { kind: "groups", module, groups, inAll };
}

/**
 * A group with its members: a few calls, and one log query or as few as the node's limits allow. Nobody is asked for one
 * member: that would tell the node whom you look for.
 * @throws NotFound there is no such group. @throws NoContract
 * @throws ChainUnavailable the node fails, or leaves out events.
 */
export async function readGroup({
  client,
  deployment,
  groupId,
  blockNumber,
  span,
}: GroupRange & { readonly groupId: bigint }): Promise<Group> {
  const address = deployment.contracts.Semaphore;
  const what = `group ${groupId}`;
  const call = { abi: semaphoreAbi, address, args: [groupId], blockNumber } as const;
  const topics = [
    CHANGES.map((eventName) => encodeEventTopics({ abi: semaphoreAbi, eventName })[0] as Hex),
    numberToHex(groupId, { size: 32 }),
  ];
  const first = BigInt(deployment.startBlock);
  const [admin, root, places, expiry, logs] = await Promise.all([
    read(what, readContract(client, { ...call, functionName: "getGroupAdmin" })),
    read(what, readContract(client, { ...call, functionName: "getMerkleTreeRoot" })),
    read(what, readContract(client, { ...call, functionName: "getMerkleTreeSize" })),
    read(what, readContract(client, { ...call, functionName: "groups" })),
    logsIn(client, { address: [address], topics }, { start: async () => first, first, last: blockNumber, span }),
  ]);
  if (admin === zeroAddress) throw new NotFound(`there is no ${what}`);
  const found = parseEventLogs({ abi: semaphoreAbi, eventName: CHANGES, logs: logs.map((log) => formatLog(log)) });
  const leaves: bigint[] = [];
  let last = 0n;
  for (const event of found) {
    if (event.eventName === "MembersAdded") {
      for (const [i, member] of event.args.identityCommitments.entries()) {
        leaves[Number(event.args.startIndex) + i] = member;
      }
    } else if (event.eventName === "MemberAdded") {
      leaves[Number(event.args.index)] = event.args.identityCommitment;
    } else {
      leaves[Number(event.args.index)] = event.eventName === "MemberUpdated" ? event.args.newIdentityCommitment : 0n;
    }
    last = event.args.merkleTreeRoot;
  }
  if (BigInt(leaves.length) !== places || last !== root || leaves.includes(undefined as unknown as bigint)) {
    throw new ChainUnavailable(`the node does not tell all that happened to ${what}. Ask another node.`);
  }
  return { id: groupId, admin, members: leaves.filter((leaf) => leaf !== 0n), root, expiry };
}
