"""Write tests/gas/sizes.json, the runtime bytes of every deployable contract, and fail where one is too large.

The file is committed, so that a diff shows what a change costs. Generated verifiers are measured where they are
generated: they are compiled with other settings.
"""

from __future__ import annotations

import sys

from scripts.artifacts import ROOT, artifact, deployable, write_json

# EIP-170 lets a contract have 24,576. Ours stop well before: a contract that nears the bound is taken apart, not
# squeezed, and a change never waits for room.
LIMIT = 20_000


def main() -> None:
    """Measure, print, write, judge."""
    sizes = {contract: runtime_bytes(contract) for contract in deployable()}
    for contract, size in sizes.items():
        print(f"{contract:20} {size:6,} bytes, {LIMIT - size:6,} to spare")
    write_json(ROOT / "tests" / "gas" / "sizes.json", sizes)
    if too_large := [contract for contract, size in sizes.items() if size >= LIMIT]:
        sys.exit(f"check_sizes: {', '.join(too_large)} must stay under {LIMIT:,} bytes: take it apart")


def runtime_bytes(contract: str) -> int:
    """Length of the code that stands on the chain."""
    code: str = artifact(contract)["deployedBytecode"]["object"]
    return len(code.removeprefix("0x")) // 2


if __name__ == "__main__":
    main()
