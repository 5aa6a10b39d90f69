// Tasks, rounds and parts, from the TaskManager's events.

import { Address, BigInt, Bytes, ethereum } from "@graphprotocol/graph-ts";
import { Average, Enrolment, Part, Round, Seat, Slash, Task } from "../generated/schema";
import {
  Accused,
  Acquitted,
  Aggregated,
  AverageRevoked,
  Convicted,
  Enrolled,
  FirstModelWithheld,
  Joined,
  Masked,
  MaskingStarted,
  ModelAccused,
  PhaseChanged,
  PoolReclaimed,
  Released,
  RewardCollected,
  Submitted,
  TaskCreated,
  TrainerSlashed,
  Unenrolled,
} from "../generated/TaskManager/TaskManager";
import { averageId, logId, partId, phaseOf, pointHash, roundId, seatId } from "./chain";

export function handleTaskCreated(event: TaskCreated): void {
  const config = event.params.config;
  const task = new Task(event.params.taskId.toString());
  task.creator = event.params.creator;
  task.manifest = event.params.manifest;
  task.pool = event.params.pool;
  task.stake = config.stake;
  task.aggregatorFee = config.aggregatorFee;
  task.challengeBond = config.challengeBond;
  task.dimension = config.dimension.toI32();
  task.rounds = config.rounds.toI32();
  task.minTrainers = config.minTrainers;
  task.maxTrainers = config.maxTrainers;
  task.trainVerifier = config.trainVerifier;
  task.averageVerifier = config.averageVerifier;
  task.basisHash = config.basisHash;
  task.round = 0; // PhaseChanged follows at once
  task.phase = phaseOf(0);
  task.deadline = BigInt.zero();
  task.createdAt = event.block.timestamp;
  task.createdIn = event.transaction.hash;
  task.save();
}

export function handlePhaseChanged(event: PhaseChanged): void {
  const params = event.params;
  const phase = phaseOf(params.to);
  const id = roundId(params.taskId, params.round);
  let round = Round.load(id);
  if (round == null) {
    round = new Round(id);
    round.task = params.taskId.toString();
    round.number = params.round.toI32();
    round.startedAt = event.block.timestamp;
    round.joined = 0;
    round.submitted = 0;
    round.masked = 0;
    round.attempts = 0;
    round.members = 0;
  }
  round.phase = phase;
  round.deadline = params.deadline;
  if (params.deadline.isZero()) round.endedAt = event.block.timestamp;
  round.save();
  if (phase == "Finalized") markCounted(round);

  const task = Task.load(round.task)!;
  task.round = round.number;
  task.phase = phase;
  task.deadline = params.deadline;
  task.save();
}

/** Marks the members of the last attempt, all of whom have masked in it. */
function markCounted(round: Round): void {
  const parts = round.parts.load();
  for (let i = 0; i < parts.length; i++) {
    if (parts[i].attempt != round.attempts) continue;
    parts[i].counted = true;
    parts[i].save();
  }
}

export function handleEnrolled(event: Enrolled): void {
  const params = event.params;
  const seat = new Seat(seatId(params.taskId, params.trainer));
  const place = event.block.number.toString() + "-" + event.logIndex.toString();
  const enrolment = new Enrolment(seat.id + "-" + place);
  enrolment.task = params.taskId.toString();
  enrolment.trainer = params.trainer;
  enrolment.data = [params.data.x, params.data.y];
  enrolment.dataHash = pointHash(params.data.x, params.data.y);
  enrolment.stake = params.stake;
  enrolment.enrolledAt = event.block.timestamp;
  enrolment.enrolledIn = event.transaction.hash;
  enrolment.save();
  seat.enrolment = enrolment.id;
  seat.save();
}

function enrolmentOf(taskId: BigInt, trainer: Address): Enrolment {
  return Enrolment.load(Seat.load(seatId(taskId, trainer))!.enrolment)!;
}

export function handleUnenrolled(event: Unenrolled): void {
  const enrolment = enrolmentOf(event.params.taskId, event.params.trainer);
  enrolment.releasableAt = event.params.releasableAt;
  enrolment.save();
}

export function handleReleased(event: Released): void {
  const enrolment = enrolmentOf(event.params.taskId, event.params.trainer);
  enrolment.released = event.params.stake;
  enrolment.save();
}

export function handleJoined(event: Joined): void {
  const params = event.params;
  const round = Round.load(roundId(params.taskId, params.round))!;
  round.joined = params.joined.toI32();
  round.save();
  const part = new Part(partId(params.taskId, params.round, params.trainer));
  part.round = round.id;
  part.enrolment = enrolmentOf(params.taskId, params.trainer).id;
  part.trainer = params.trainer;
  part.joinedIn = event.transaction.hash;
  part.attempt = 0;
  part.accused = false;
  part.convicted = false;
  part.counted = false;
  part.save();
}

export function handleSubmitted(event: Submitted): void {
  const params = event.params;
  const round = Round.load(roundId(params.taskId, params.round))!;
  round.submitted = params.submitted.toI32();
  round.save();
  const part = Part.load(partId(params.taskId, params.round, params.trainer))!;
  part.submittedIn = event.transaction.hash;
  part.update = [params.update.x, params.update.y];
  part.save();
}

export function handleMaskingStarted(event: MaskingStarted): void {
  const round = Round.load(roundId(event.params.taskId, event.params.round))!;
  round.attempts = event.params.attempt.toI32();
  round.members = event.params.members.toI32();
  round.masked = 0;
  round.save();
}

export function handleMasked(event: Masked): void {
  const params = event.params;
  const round = Round.load(roundId(params.taskId, params.round))!;
  round.masked = params.masked.toI32();
  round.save();
  const part = Part.load(partId(params.taskId, params.round, params.trainer))!;
  part.attempt = params.attempt.toI32();
  part.cid = params.posting.cid;
  part.maskedIn = event.transaction.hash;
  part.save();
}

export function handleAccused(event: Accused): void {
  const params = event.params;
  const part = Part.load(partId(params.taskId, params.round, params.trainer))!;
  part.accused = true;
  part.save();
  extend(params.taskId, params.round, params.deadline);
}

export function handleAcquitted(event: Acquitted): void {
  const params = event.params;
  const part = Part.load(partId(params.taskId, params.round, params.trainer))!;
  part.accused = false;
  part.save();
  extend(params.taskId, params.round, params.deadline);
}

export function handleConvicted(event: Convicted): void {
  const params = event.params;
  const part = Part.load(partId(params.taskId, params.round, params.trainer))!;
  part.convicted = true;
  part.save();
  extend(params.taskId, params.round, params.deadline);
}

export function handleModelAccused(event: ModelAccused): void {
  extend(event.params.taskId, event.params.round, event.params.deadline);
}

/** Who is accused has time to answer: the running phase's deadline is another then. */
function extend(taskId: BigInt, number: BigInt, deadline: BigInt): void {
  const round = Round.load(roundId(taskId, number))!;
  round.deadline = deadline;
  round.save();
  const task = Task.load(round.task)!;
  task.deadline = deadline;
  task.save();
}

export function handleAggregated(event: Aggregated): void {
  const params = event.params;
  const round = Round.load(roundId(params.taskId, params.round))!;
  const average = new Average(averageId(params.taskId, params.round, round.averages.load().length + 1));
  average.round = round.id;
  average.aggregator = params.aggregator;
  average.modelHash = params.newModelHash;
  average.cid = params.cid;
  average.aggregatedIn = event.transaction.hash;
  average.revoked = false;
  average.save();
}

export function handleAverageRevoked(event: AverageRevoked): void {
  const params = event.params;
  const round = Round.load(roundId(params.taskId, params.round))!;
  const average = Average.load(averageId(params.taskId, params.round, round.averages.load().length))!;
  average.revoked = true;
  average.slashed = params.slashed;
  average.save();
  slash(event, params.taskId, round.id, "Average", params.aggregator, params.slashed);
}

export function handleTrainerSlashed(event: TrainerSlashed): void {
  const params = event.params;
  const part = Part.load(partId(params.taskId, params.round, params.trainer))!;
  part.slashed = params.slashed;
  part.save();
  slash(event, params.taskId, part.round, params.fault ? "Fault" : "Absence", params.trainer, params.slashed);
}

export function handleFirstModelWithheld(event: FirstModelWithheld): void {
  const params = event.params;
  const task = Task.load(params.taskId.toString())!;
  task.withheld = params.slashed;
  task.save();
  slash(event, params.taskId, null, "FirstModel", params.creator, params.slashed);
}

function slash(
  event: ethereum.Event,
  taskId: BigInt,
  round: string | null,
  kind: string,
  who: Bytes,
  wei: BigInt,
): void {
  const entity = new Slash(logId(event));
  entity.task = taskId.toString();
  entity.round = round;
  entity.kind = kind;
  entity.account = who;
  entity.amount = wei;
  entity.slashedAt = event.block.timestamp;
  entity.slashedIn = event.transaction.hash;
  entity.save();
}

export function handleRewardCollected(event: RewardCollected): void {
  const part = Part.load(partId(event.params.taskId, event.params.round, event.params.account));
  if (part == null) return; // an aggregator's fee
  part.rewarded = event.params.amount;
  part.save();
}

export function handlePoolReclaimed(event: PoolReclaimed): void {
  const task = Task.load(event.params.taskId.toString())!;
  task.reclaimed = event.params.amount;
  task.save();
}
