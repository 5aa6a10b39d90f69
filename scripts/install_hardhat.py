"""Install Hardhat into build/hardhat, for `make deploy-check` only: python -m scripts.install_hardhat.

It is 280 MB, so `make install` leaves it out. Nothing of it is compiled or downloaded beside its npm packages.
"""

from __future__ import annotations

import os
import shutil

from scripts.install_node import BIN, ROOT, run

SOURCE = ROOT / "scripts" / "hardhat"
HARDHAT = ROOT / "build" / "hardhat"


def main() -> None:
    """The packages of the lock file, under the repository's npm settings."""
    HARDHAT.mkdir(parents=True, exist_ok=True)
    for path in (ROOT / ".npmrc", *SOURCE.iterdir()):
        shutil.copy(path, HARDHAT)
    env = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    run([str(BIN / "npm"), "--prefix", str(HARDHAT), "ci", "--loglevel=error"], env)


if __name__ == "__main__":
    main()
