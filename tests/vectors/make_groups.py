"""Write tests/vectors/groups.json: two groups and real proofs of membership, for tests/contracts/GroupAdmission.t.sol.

    python -m tests.vectors.make_groups

They are bound to the TaskManager of HeadwaterTest, its tasks 1 (first group) and 2 (both), its trainers and their data.
A proof has fresh randomness, so each run writes others; the test fails where they do not fit.
"""

from __future__ import annotations

import base64

from eth_abi.abi import encode

from headwater.groups.prover import Membership, commitment_of, prove
from headwater.protocol.curve import multiply
from headwater.protocol.field import P
from headwater.protocol.groups import evidence_of, message_of
from headwater.protocol.keccak import keccak256
from headwater.protocol.masks import GENERATOR
from headwater.roles.task import point_hash
from scripts.artifacts import ROOT, write_json

FILE = ROOT / "tests" / "vectors" / "groups.json"
CHAIN_ID = 31337
TASK_MANAGER = "0x5615dEB798BB3E4dFa0139dFa1b3D433Cc23b72f"  # of HeadwaterTest: its second contract
IN_BOTH, IN_FIRST, IN_SECOND = 0, 1, 2  # people


def identity(person: int) -> str:
    """The same identity in every run, as Semaphore exports it. Never one of a person's."""
    return base64.b64encode(keccak256(b"person %d" % person)).decode()


def tag(task_id: int) -> int:
    """A task's tag, as `TaskCode.tagOf`."""
    words = encode(["uint256", "address", "uint256"], [CHAIN_ID, TASK_MANAGER, task_id])
    return int.from_bytes(keccak256(words), "big") % P


def trainer(i: int) -> str:
    """HeadwaterTest's."""
    return "0x" + keccak256(encode(["string", "uint256"], ["trainer", i]))[12:].hex()


def data_hash(who: str) -> bytes:
    """Of the data that HeadwaterTest enrols it with."""
    scalar = int.from_bytes(keccak256(encode(["string", "address"], ["data", who])), "big")
    return point_hash(multiply(GENERATOR, scalar % P))


def main() -> None:
    """Prove all, and write the file."""
    people = [commitment_of(identity(person)) for person in range(12)]
    groups = [[*people[3:8], people[IN_BOTH], people[IN_FIRST]], [people[IN_SECOND], *people[8:], people[IN_BOTH]]]

    def evidence(task_id: int, account: int, *shown: tuple[int, int]) -> str:
        """shown: a person, and the group of which it proves to be a member."""
        who, proofs = trainer(account), []
        for person, group in shown:
            message = message_of(who, [data_hash(who)])
            proofs += prove(identity(person), [Membership(groups[group])], tag(task_id), message)
        return "0x" + evidence_of(proofs).hex()

    write_json(
        FILE,
        {
            "taskManager": TASK_MANAGER,
            "first": [hex(member) for member in groups[0]],
            "second": [hex(member) for member in groups[1]],
            "one": evidence(1, 1, (IN_BOTH, 0)),
            "otherGroup": evidence(1, 1, (IN_BOTH, 1)),
            "otherAccount": evidence(1, 2, (IN_BOTH, 0)),
            "otherPerson": evidence(1, 2, (IN_FIRST, 0)),
            "two": evidence(2, 1, (IN_BOTH, 0), (IN_BOTH, 1)),
            "twoPeople": evidence(2, 1, (IN_FIRST, 0), (IN_SECOND, 1)),
        },
    )


if __name__ == "__main__":
    main()
