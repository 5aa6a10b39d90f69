// What headwater asks of Semaphore v4, in a process of its own: node semaphore.mjs < REQUEST > ANSWER, both JSON, as
// headwater/groups/prover.py writes and reads them. Numbers are decimal text. Secrets come by stdin, and go nowhere.
import { readFileSync, writeSync } from "node:fs";
import { Group } from "@semaphore-protocol/group";
import { Identity } from "@semaphore-protocol/identity";
import { groth16 } from "snarkjs";

const tasks = {
  commitment: ({ identity }) => String(Identity.import(identity).commitment),

  check: ({ members, root }) => grouped(members, root).size,

  /** The siblings that Semaphore's contract asks for when a member is removed. */
  siblings: ({ members, root, commitment }) => {
    const group = grouped(members, root);
    return proofOf(group, BigInt(commitment)).siblings.map(String);
  },

  /** One proof for each group, under one scope: all have one nullifier. */
  prove: async ({ identity, groups, scope, message, depth, wasm, zkey }) => {
    const { commitment, secretScalar } = Identity.import(identity);
    const found = groups.map(({ members, root }) => proofOf(grouped(members, root), commitment));
    const proofs = [];
    for (const { index, siblings, root } of found) {
      if (siblings.length > depth) throw new Error(`a tree of depth ${siblings.length} does not fit ${depth}`);
      const { proof, publicSignals } = await groth16.fullProve(
        {
          secret: secretScalar,
          merkleProofLength: siblings.length,
          merkleProofIndex: index,
          merkleProofSiblings: [...siblings, ...Array(depth - siblings.length).fill(0n)],
          scope: BigInt(scope),
          message: BigInt(message),
        },
        wasm,
        zkey,
      );
      const { pi_a: a, pi_b: b, pi_c: c } = proof; // in the order of the pairing's precompile
      const points = [a[0], a[1], b[0][1], b[0][0], b[1][1], b[1][0], c[0], c[1]];
      proofs.push({ root: String(root), nullifier: publicSignals[1], points });
    }
    return proofs;
  },
};

/** A group's tree, which must be the one whose root the chain has, where that is known. */
function grouped(members, root) {
  const group = new Group(members);
  if (root !== null && group.root !== BigInt(root)) throw new Error(`its members have the root ${group.root}, and not ${root}`);
  return group;
}

function proofOf(group, commitment) {
  const index = group.indexOf(commitment);
  if (index < 0) throw new Error("it is no member of the group");
  return group.generateMerkleProof(index);
}

let answer;
try {
  const { task, ...request } = JSON.parse(readFileSync(0, "utf8"));
  answer = { value: await tasks[task](request) };
} catch (error) {
  answer = { error: String(error.message ?? error) };
}
const text = Buffer.from(JSON.stringify(answer));
for (let at = 0; at < text.length; ) at += writeSync(1, text, at);
process.exit(0); // snarkjs keeps threads waiting
