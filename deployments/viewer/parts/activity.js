/** Events of the contracts as sentences, each with a link to where it is explained. */

import { h } from "../dom.js";
import { coins, short } from "../format.js";
import { phaseOf } from "../vendor/headwater.js";

const who = (address) => h("code", { title: address }, short(address));

/** What an event says, for people. */
export function sentence({ eventName, args }) {
  const task = h("a", { href: `#/task/${args.taskId}` }, `task ${args.taskId}`);
  const linked = (text) => h("a", { href: `#/task/${args.taskId}/round/${args.round}` }, text);
  const round = args.round === undefined ? null : linked(`round ${args.round} of task ${args.taskId}`);
  switch (eventName) {
    case "TaskCreated":
      return [who(args.creator), " published ", task];
    case "Submitted":
      return ["The proof of ", who(args.trainer), " was accepted in ", round];
    case "Aggregated":
      return [who(args.aggregator), " posted the average of ", round, ", with its proof"];
    case "AverageRevoked":
      return ["The average of ", who(args.aggregator), " in ", round, " was taken back: its bytes were withheld"];
    case "Convicted":
      return [who(args.trainer), " was convicted of a wrong mask or wrong peers in ", round];
    case "TrainerSlashed":
      return [
        who(args.trainer),
        ` lost ${coins(args.slashed)} for ${args.fault ? "a fault" : "a missed duty"} in `,
        round,
      ];
    case "FirstModelWithheld":
      return [who(args.creator), " withheld the first model of ", task];
    case "PhaseChanged":
      return [linked(`Round ${args.round} of task ${args.taskId}`), ` ended: ${phaseOf(args.to)}`];
    default:
      throw new Error(`no sentence for ${eventName}`);
  }
}
