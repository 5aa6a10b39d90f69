// Models, from the ModelRegistry's events.

import { ModelAdded } from "../generated/ModelRegistry/ModelRegistry";
import { Model, Round } from "../generated/schema";
import { averageId, roundId } from "./chain";

export function handleModelAdded(event: ModelAdded): void {
  const params = event.params;
  const model = new Model(roundId(params.taskId, params.round));
  model.task = params.taskId.toString();
  model.round = params.round.toI32();
  model.modelHash = params.modelHash;
  model.cid = params.cid;
  model.commitment = [params.commitment.x, params.commitment.y];
  model.addedAt = event.block.timestamp;
  model.addedIn = event.transaction.hash;
  if (!params.round.isZero()) {
    const round = Round.load(model.id)!;
    model.parent = roundId(params.taskId, params.parent);
    model.average = averageId(params.taskId, params.round, round.averages.load().length);
    round.model = model.id;
    round.save();
  }
  model.save();
}
