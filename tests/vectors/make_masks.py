"""Write tests/vectors/masks.json: keys, proofs, seeds, entries, circles and a whole attempt, for other implementations.

    python -m tests.vectors.make_masks

tests/contracts/Masks.t.sol recomputes all of it in the EVM. The file is committed; a test fails when it differs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from headwater.protocol.equal_log import prove
from headwater.protocol.field import P, derive
from headwater.protocol.keccak import keccak256
from headwater.protocol.masks import (
    Attempt,
    circle,
    mask_key,
    masked,
    masks,
    nearest,
    pair_seed,
    peers,
    prg,
    shared_point,
)
from scripts.artifacts import ROOT, write_json

FILE = ROOT / "tests" / "vectors" / "masks.json"
ENTRIES = (0, 1, 2, 255, 10_001)
CIRCLES = (3, 5, 16, 17, 18, 40)
DIMENSION = 3


def number(*context: bytes | int | str) -> int:
    """A field element that is random to the eye and the same in every run."""
    return derive(b"headwater mask vectors, in public", *context)


def address(n: int) -> str:
    """An address in lower case: checksums are no matter of the protocol."""
    return "0x" + keccak256(b"member %d" % n)[12:].hex()


def word(value: int) -> str:
    """32 bytes, hex with 0x."""
    return f"0x{value:064x}"


def pair(secrets: tuple[int, int], names: tuple[str, str], tag: int, round_: int, number_: int) -> dict[str, Any]:
    """Two members' keys, what they share, each one's proof of it, and entries of their mask."""
    shared = shared_point(secrets[0], mask_key(secrets[1]))
    updates = {name: mask_key(secret + 1) for name, secret in zip(names, secrets, strict=True)}
    seed = pair_seed(shared, Attempt(tag, round_, number_, (), updates), *names)
    vector = prg(seed, max(ENTRIES) + 1)
    return {
        "secrets": [word(secret) for secret in secrets],
        "members": list(names),
        "keys": [word(coordinate) for secret in secrets for coordinate in mask_key(secret)],
        "shared": [word(coordinate) for coordinate in shared],
        "proofs": [word(value) for mine, theirs in (secrets, secrets[::-1]) for value in prove(mine, mask_key(theirs))],
        "commitments": [word(coordinate) for name in names for coordinate in updates[name]],
        "tag": word(tag),
        "round": round_,
        "attempt": number_,
        "seed": "0x" + seed.hex(),
        "indices": list(ENTRIES),
        "entries": [word(vector[index]) for index in ENTRIES],
    }


def ring(n: int) -> dict[str, Any]:
    """A circle of n members, and the peers of the first in the list, clockwise."""
    seed, members = number("circle", n).to_bytes(32, "big"), [address(m) for m in range(n)]
    order = circle(members, seed)
    return {
        "seed": "0x" + seed.hex(),
        "members": members,
        "order": list(order),
        "peers": list(nearest(order, members[0])),
    }


def whole(n: int) -> dict[str, Any]:
    """An attempt of n members: what each publishes, entry by entry, one member after the other."""
    secrets = {address(m): number("secret", m) for m in range(n)}
    updates = {
        address(m): [*(number("update", m, e) for e in range(DIMENSION)), 0, number("salt", m)] for m in range(n)
    }
    points = {member: mask_key(number("commitment", member)) for member in secrets}
    order = circle(list(secrets), number("circle").to_bytes(32, "big"))
    attempt = Attempt(number("tag"), 7, 2, order, points)
    published = []
    for member, secret in secrets.items():
        shared = {peer: shared_point(secret, mask_key(secrets[peer])) for peer in peers(attempt.circle, member)}
        published += masked(updates[member], masks(attempt, member, shared, DIMENSION + 2))
    return {
        "tag": word(attempt.tag),
        "round": attempt.round,
        "attempt": attempt.number,
        "length": DIMENSION + 2,
        "members": list(secrets),
        "secrets": [word(secret) for secret in secrets.values()],
        "commitments": [word(coordinate) for point in points.values() for coordinate in point],
        "updates": [word(entry) for update in updates.values() for entry in update],
        "published": [word(entry) for entry in published],
    }


def vectors() -> dict[str, Any]:
    """All of them. The pairs begin with the edges: smallest and largest secrets, tags, rounds and addresses."""
    low, high = "0x" + "00" * 19 + "01", "0x" + "ff" * 20
    return {
        "pairs": [
            pair((1, 1), (low, high), 0, 1, 1),
            pair((P - 2, 2), (high, low), P - 1, 2**32 - 1, 2**16 - 1),
            *(
                pair((number("a", n), number("b", n)), (address(2 * n), address(2 * n + 1)), number("tag", n), n, 1)
                for n in range(1, 4)
            ),
        ],
        "circles": [ring(n) for n in CIRCLES],
        "attempt": whole(4),
    }


def main(path: Path = FILE) -> None:
    """Write the file."""
    write_json(path, vectors())


if __name__ == "__main__":
    main()
