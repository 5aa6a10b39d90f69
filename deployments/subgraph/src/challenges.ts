// Challenges, from the ChallengeManager's events.

import { Address } from "@graphprotocol/graph-ts";
import { BondReturned, Challenged } from "../generated/ChallengeManager/ChallengeManager";
import { Challenge } from "../generated/schema";
import { kindOf } from "./chain";

export function handleChallenged(event: Challenged): void {
  const params = event.params;
  const challenge = new Challenge(params.challengeId.toString());
  challenge.task = params.taskId.toString();
  challenge.round = params.round.toI32();
  challenge.attempt = params.attempt.toI32();
  challenge.kind = kindOf(params.kind);
  challenge.challenger = params.challenger;
  challenge.accused = params.accused;
  if (!params.other.equals(Address.zero())) challenge.other = params.other;
  challenge.bond = params.bond;
  challenge.challengedAt = event.block.timestamp;
  challenge.challengedIn = event.transaction.hash;
  challenge.save();
}

export function handleBondReturned(event: BondReturned): void {
  const challenge = Challenge.load(event.params.challengeId.toString())!;
  challenge.bondTo = event.params.to;
  challenge.save();
}
