// What several handlers need: ids, enums in words, and points.

import { Address, BigInt, ByteArray, Bytes, crypto, ethereum } from "@graphprotocol/graph-ts";

const PHASES = ["None", "Join", "Train", "Mask", "Aggregate", "Challenge", "Finalized", "Failed", "Skipped"];
const KINDS = ["None", "Update", "Mask", "Model"];

export function phaseOf(number: i32): string {
  return PHASES[number];
}

export function kindOf(number: i32): string {
  return KINDS[number];
}

/** The id of a round, and of the model that it made. */
export function roundId(taskId: BigInt, round: BigInt): string {
  return taskId.toString() + "-" + round.toString();
}

export function partId(taskId: BigInt, round: BigInt, trainer: Address): string {
  return roundId(taskId, round) + "-" + trainer.toHexString();
}

export function seatId(taskId: BigInt, trainer: Address): string {
  return taskId.toString() + "-" + trainer.toHexString();
}

export function averageId(taskId: BigInt, round: BigInt, number: i32): string {
  return roundId(taskId, round) + "-" + number.toString();
}

export function logId(event: ethereum.Event): string {
  return event.transaction.hash.toHexString() + "-" + event.logIndex.toString();
}

/** keccak256 of a point's 64 bytes, x then y, big-endian. */
export function pointHash(x: BigInt, y: BigInt): Bytes {
  const bytes = new ByteArray(64);
  write(bytes, x, 31);
  write(bytes, y, 63);
  return Bytes.fromByteArray(crypto.keccak256(bytes));
}

/** Writes a number's bytes, which BigInt has little-endian, backwards from `last`. */
function write(bytes: ByteArray, value: BigInt, last: i32): void {
  for (let i = 0; i < value.length && i < 32; i++) bytes[last - i] = value[i];
}
