/** Who may enrol in a task, in words. */

import { h } from "../dom.js";
import { whole } from "../format.js";
import { code } from "./words.js";

/** @param {Object} [admission] As `readAdmission` gives it, or of another kind while nothing is known. */
export function admissionOf(admission, module) {
  if (BigInt(module) === 0n) return "open to anybody";
  const admitted = ["whoever the module ", code(module, { copy: true }), " admits"];
  if (admission?.kind === "unknown")
    return [admitted, "; nothing is known of it here, and it is asked for nothing else"];
  if (admission?.kind === "unread") return [admitted, "; which groups it asks for could not be read"];
  if (admission?.kind !== "groups") return admitted;
  const { groups, inAll } = admission;
  const [which, who] =
    groups.length > 1
      ? ["members of all of these groups, each once:", `in all of them: ${whole(inAll)}`]
      : ["members of this group, each once:", ""];
  return [
    which,
    h(
      "ul",
      {},
      groups.map(({ id, members, admin }) =>
        h(
          "li",
          { key: `${id}` },
          `group ${id}: ${whole(members.length)} members, chosen by `,
          code(admin, { copy: true }),
        ),
      ),
    ),
    h("p", { class: "soft" }, who && `${who}. `, "Nobody sees which member a trainer is."),
  ];
}
