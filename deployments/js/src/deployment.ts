// A deployment: the contracts on one chain.

import { type Address, getAddress, isAddress } from "viem";
import { addresses } from "./addresses.js";
import { UnknownDeployment } from "./errors.js";

/** The contracts of a deployment, by Solidity's names. */
export const CONTRACTS = [
  "TaskManager",
  "RoundManager",
  "TrainerRegistry",
  "RewardManager",
  "StakeManager",
  "ModelRegistry",
  "ChallengeManager",
  "Openings",
  "ProofManager",
  "Attestations",
  "Inferences",
  "Pools",
  "Semaphore",
  "GroupAdmissions",
  "Lens",
] as const;

/** The name of a contract. */
export type ContractName = (typeof CONTRACTS)[number];

/** The contracts on one chain. */
export interface Deployment {
  readonly chainId: number;
  /** The first block that can hold an event. */
  readonly startBlock: number;
  readonly contracts: Readonly<Record<ContractName, Address>>;
}

/**
 * The deployment that this package knows on a chain.
 * @throws UnknownDeployment it knows none there.
 */
export function deploymentOf(chainId: number): Deployment {
  const known: Readonly<Record<number, Omit<Deployment, "chainId">>> = addresses;
  const found = Object.hasOwn(known, chainId) ? known[chainId] : undefined;
  if (found === undefined) {
    throw new UnknownDeployment(
      `no deployment is known on chain ${chainId}, only on ${Object.keys(known).join(", ")}: ` +
        "give the addresses of yours to parseAddresses",
    );
  }
  const pairs = CONTRACTS.map((name) => [name, found.contracts[name]] as const); // and none that nobody calls
  return {
    chainId,
    startBlock: found.startBlock,
    contracts: Object.fromEntries(pairs) as Record<ContractName, Address>,
  };
}

/**
 * A deployment of one's own, from JSON, as text or value: `{chainId, startBlock, contracts: {TaskManager: ...}}`, or a
 * table of such by chain id: `{31337: {startBlock, TaskManager: ...}}`.
 * @param chainId Which entry of a table; it may be left out where the table has only one.
 * @throws UnknownDeployment it is neither; the message says what it lacks.
 */
export function parseAddresses(json: unknown, chainId?: number): Deployment {
  const fields = fieldsOf(typeof json === "string" ? parse(json) : json);
  if ("contracts" in fields) return checked(fields["chainId"], fields["startBlock"], fieldsOf(fields["contracts"]));
  const [only, ...others] = Object.keys(fields);
  const id = String(chainId ?? only);
  if (chainId === undefined && others.length) throw malformed(`it has ${others.length + 1} chains, and none was named`);
  if (!Object.hasOwn(fields, id)) throw malformed(chainId === undefined ? "it is empty" : `it has no chain ${id}`);
  const entry = fieldsOf(fields[id]);
  return checked(Number(id), entry["startBlock"], entry);
}

function checked(chainId: unknown, startBlock: unknown, given: { readonly [key: string]: unknown }): Deployment {
  if (!isCount(chainId) || !isCount(startBlock)) throw malformed("chainId or startBlock is no whole number");
  const pairs = CONTRACTS.map((name) => {
    const address = given[name];
    if (typeof address !== "string" || !isAddress(address)) throw malformed(`it has no address of ${name}`);
    return [name, getAddress(address)] as const;
  });
  return { chainId, startBlock, contracts: Object.fromEntries(pairs) as Record<ContractName, Address> };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw malformed(String(error));
  }
}

function fieldsOf(value: unknown): { readonly [key: string]: unknown } {
  if (typeof value !== "object" || value === null) throw malformed("it is no object");
  return value as { readonly [key: string]: unknown };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function malformed(reason: string): UnknownDeployment {
  const expected = `{chainId, startBlock, contracts: {${CONTRACTS.join(", ")}}}`;
  return new UnknownDeployment(`these are no addresses of a deployment: ${reason}. Expected is ${expected}.`);
}
