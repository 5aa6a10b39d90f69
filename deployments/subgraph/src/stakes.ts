// What accounts have, from the StakeManager's events, most of which carry what is left after them.

import { Address, BigInt } from "@graphprotocol/graph-ts";
import {
  BondPaid,
  Claimed,
  Credited,
  Deposited,
  Locked,
  Slashed,
  Unlocked,
  Withdrawn,
} from "../generated/StakeManager/StakeManager";
import { Account } from "../generated/schema";

function accountOf(address: Address): Account {
  const known = Account.load(address);
  if (known != null) return known;
  const account = new Account(address);
  account.free = BigInt.zero();
  account.locked = BigInt.zero();
  account.claimable = BigInt.zero();
  return account;
}

export function handleDeposited(event: Deposited): void {
  setFree(event.params.trainer, event.params.free);
}

export function handleWithdrawn(event: Withdrawn): void {
  setFree(event.params.trainer, event.params.free);
}

function setFree(address: Address, free: BigInt): void {
  const account = accountOf(address);
  account.free = free;
  account.save();
}

export function handleLocked(event: Locked): void {
  setLocked(event.params.trainer, event.params.amount, event.params.free);
}

export function handleUnlocked(event: Unlocked): void {
  setLocked(event.params.account, event.params.amount.neg(), event.params.free);
}

/** The events' `locked` is one task's; an account's is the sum over all. */
function setLocked(address: Address, change: BigInt, free: BigInt): void {
  const account = accountOf(address);
  account.free = free;
  account.locked = account.locked.plus(change);
  account.save();
}

export function handleSlashed(event: Slashed): void {
  const account = accountOf(event.params.account);
  account.locked = account.locked.minus(event.params.amount);
  account.save();
}

export function handleCredited(event: Credited): void {
  setClaimable(event.params.account, event.params.claimable);
}

export function handleBondPaid(event: BondPaid): void {
  setClaimable(event.params.account, event.params.claimable);
}

export function handleClaimed(event: Claimed): void {
  setClaimable(event.params.account, BigInt.zero());
}

function setClaimable(address: Address, claimable: BigInt): void {
  const account = accountOf(address);
  account.claimable = claimable;
  account.save();
}
