// What the Python node says, as tests/js/facts.py wrote it.

import { readFileSync } from "node:fs";
import {
  type AmountPrediction,
  type ClassPrediction,
  digestFromCid,
  type Evaluation,
  fetchContent,
  type ItemsPrediction,
  parseAddresses,
} from "@headwater/contracts";
import { type Address, createPublicClient, type Hex, http } from "viem";

export interface PlaceFacts {
  readonly block: number;
  readonly transaction: Hex;
  readonly logIndex: number;
}

export interface PartFacts {
  readonly trainer: Address;
  readonly joined: PlaceFacts;
  readonly submitted: (PlaceFacts & { readonly dataHashes: readonly Hex[] }) | null;
  readonly masked: readonly (PlaceFacts & { readonly attempt: number })[];
  readonly accused: PlaceFacts | null;
  readonly acquitted: PlaceFacts | null;
  readonly convicted: (PlaceFacts & { readonly payee: Address | null; readonly owed: string }) | null;
  readonly slashed: { readonly fault: boolean; readonly amount: string } | null;
  readonly rewarded: string | null;
}

export interface ModelFacts {
  readonly round: number;
  readonly hash: Hex;
  readonly cid: string;
  readonly trainers: number;
  readonly aggregator: Address;
  readonly weights: readonly string[];
}

export interface TaskFacts {
  readonly id: number;
  readonly manifest: string;
  readonly name: string;
  readonly dimension: number;
  readonly tag: string;
  readonly enrolled: Readonly<Record<Address, readonly PlaceFacts[]>>;
  /** By hash, who registered the data. */
  readonly data: Readonly<Record<Hex, PlaceFacts & { readonly trainer: Address; readonly round: number }>>;
  /** What the first model is made of; nothing, and 0, where it has no parents. */
  readonly parents: readonly { readonly taskId: string; readonly round: number; readonly coefficient: string }[];
  readonly divisor: string;
  /** The data that its newest model rests on, and whose went into others of the same tasks. */
  readonly rests: {
    readonly data: readonly { trainer: Address; dataHash: Hex; models: readonly [number, number][] }[];
    readonly leftOut: readonly { trainer: Address; models: readonly [number, number][] }[];
  };
  readonly rounds: readonly {
    readonly round: number;
    readonly phase: string;
    readonly phases: readonly string[];
    readonly attempts: readonly { readonly members: number; readonly seedBlock: string; readonly seed: Hex | null }[];
    readonly averages: readonly (PlaceFacts & { readonly aggregator: Address })[];
    readonly revoked: readonly (PlaceFacts & { readonly slashed: string })[];
    readonly averaged: readonly Address[];
    readonly counted: readonly Address[];
    readonly parts: readonly PartFacts[];
  }[];
  readonly outcomes: readonly { readonly round: number; readonly account: Address; readonly outcome: string }[];
  readonly models: readonly (ModelFacts | null)[];
  /** What was burnt because nobody showed the first model. */
  readonly withheld: string | null;
}

export interface PoolFacts {
  readonly poolId: number;
  readonly taskId: number;
  readonly owner: Address;
  readonly slots: number;
  readonly admission: Address;
  readonly closesAt: number;
  readonly expiresAt: number;
  readonly key: Hex;
  readonly contributors: readonly {
    readonly contributor: Address;
    readonly slot: number;
    readonly commitment: readonly [string, string];
    readonly cid: Hex;
  }[];
  readonly gone: readonly { readonly contributor: Address; readonly slot: number; readonly reason: string | null }[];
  readonly closed: {
    readonly pooled: readonly [string, string];
    readonly blinding: readonly [string, string];
    readonly cid: Hex;
    readonly dataHash: Hex;
  } | null;
}

interface Facts {
  readonly rpc: string;
  readonly gateway: string;
  readonly addresses: unknown;
  readonly accounts: readonly Address[];
  readonly tasks: Readonly<Record<"long" | "short" | "plain" | "withheld" | "warm" | "merged" | "pooled", TaskFacts>>;
  readonly pools: readonly PoolFacts[];
  /** Two groups, and a module that asks for both. */
  readonly groups: {
    readonly module: Address;
    readonly inAll: number;
    readonly groups: readonly {
      readonly id: string;
      readonly admin: Address;
      readonly members: readonly string[];
      readonly root: string;
      readonly expiry: string;
    }[];
  };
  readonly cids: readonly { readonly hex: string; readonly cid: string }[];
  readonly documents: readonly {
    readonly hex: string;
    readonly canonical: boolean;
    readonly manifest: boolean;
    readonly model: boolean;
  }[];
  /** First and last of each range of characters that are no text, in order. */
  readonly unseen: readonly (readonly [number, number])[];
  readonly plain: readonly { readonly text: string; readonly shown: string }[];
  /** The long task's offset with an entry at its basis point D. */
  readonly commitments: readonly {
    readonly entry: string;
    readonly x: string;
    readonly y: string;
    readonly hash: Hex;
  }[];
  readonly predictions: readonly {
    readonly manifest: string;
    readonly weights: readonly string[];
    readonly rows: readonly (PredictionFacts & {
      readonly cells: Readonly<Record<string, string>>;
      readonly encoded: readonly string[];
    })[];
    readonly evaluation: Evaluation;
  }[];
}

/** What the node says of a row. */
export type PredictionFacts = Omit<ClassPrediction, "classes"> | AmountPrediction | ItemsPrediction;

export const facts = JSON.parse(readFileSync(process.env["HEADWATER_FACTS"] ?? "", "utf8")) as Facts;
export const client = createPublicClient({ transport: http(facts.rpc) });
export const deployment = parseAddresses(facts.addresses);
export const { long, short, plain, withheld, warm, merged, pooled } = facts.tasks;
export const tasks = Object.values(facts.tasks);
export const gateways = [facts.gateway];

/** A model's document, from the gateway. */
export async function documentOf({ cid }: ModelFacts): Promise<Uint8Array> {
  return (await fetchContent(gateways, digestFromCid(cid))).bytes;
}

/** The bytes of a text of hex without 0x. */
export function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

/** The only entry of a list that is what is asked for. */
export function only<T>(list: readonly T[], wanted: (entry: T) => boolean = () => true): T {
  const [found, ...more] = list.filter(wanted);
  if (found === undefined || more.length)
    throw new Error(`${more.length ? "more than one" : "none"} of ${list.length}`);
  return found;
}
