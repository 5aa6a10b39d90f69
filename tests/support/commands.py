"""`headwater` as an operator types it: processes of their own over one chain and one store."""

from __future__ import annotations

import csv
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import IO

from headwater.chain.anvil import Anvil
from headwater.tools import ROOT

SHORT_TERMS = (
    *("--stake", "0.5", "--pool", "1", "--aggregator-fee", "0.1", "--absence-slash", "2.5%"),
    *("--challenge-period", "5s", "--unbonding-period", "5s"),
)
COLUMNS = ("--sample", "sample.csv", "--label", "kind", "--feature", "size", "--feature", "weight")


class Commands:
    """A folder to work in, a chain, a home of its own with shared circuits, and `headwater` that finds them all."""

    def __init__(self, folder: Path, anvil: Anvil, circuits: Path) -> None:
        """circuits: the home whose circuits are shared."""
        self.folder, self.anvil, self.home = folder, anvil, folder / "home"
        self.home.mkdir(mode=0o700)
        for name in ("circuits", "srs"):
            (circuits / name).mkdir(parents=True, exist_ok=True)
            (self.home / name).symlink_to(circuits / name)
        self.common = {
            "HEADWATER_RPC": anvil.url,
            "HEADWATER_HOME": str(self.home),
            "HEADWATER_STORE": f"dir:{folder}/store",
            "PYTHONPATH": f"{ROOT / 'node'}:{ROOT}",
            "COLUMNS": "160",
        }

    def start(
        self, account: int, *words: str, err: IO[str] | int = subprocess.PIPE, **settings: str
    ) -> subprocess.Popen[str]:
        """A process of an account of the chain's. settings: more of its environment."""
        key = self.anvil.accounts[account].key.hex()
        environment = {**os.environ, **self.common, "HEADWATER_PRIVATE_KEY": key, **settings}
        command = [sys.executable, "-c", "from headwater.cli.main import cli; cli(prog_name='headwater')", *words]
        return subprocess.Popen(
            command, cwd=self.folder, env=environment, stdout=subprocess.PIPE, stderr=err, text=True
        )

    def run(self, *words: str, account: int = 0, code: int = 0, **settings: str) -> str:
        """Output and errors of a command that must end with `code`."""
        process = self.start(account, *words, **settings)
        out, err = process.communicate(timeout=300)
        assert process.returncode == code, f"headwater {' '.join(words)}\n{out}\n{err}"
        return out + err

    def create(self, rounds: int, rows: int, *terms: str) -> str:
        """Deploy, and publish a task for three trainers; the output."""
        self.run("deploy")
        write_rows(self.folder / "sample.csv", seed=10, count=30)
        words = ("--name", "pets", "--rounds", str(rounds), "--rows", str(rows), "--max-trainers", "3")
        return self.run("task", "create", *words, *COLUMNS, *SHORT_TERMS, *terms)


def write_rows(path: Path, seed: int, count: int) -> None:
    """A file of cats and dogs, for its owner alone."""
    rng = random.Random(seed)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "size", "weight", "kind"])
        for number in range(count):
            kind = rng.choice(("cat", "dog"))
            shift = 1.5 if kind == "dog" else -1.5
            writer.writerow([number, round(rng.gauss(40 + 5 * shift, 5), 2), round(rng.gauss(7 + shift, 1), 2), kind])
    path.chmod(0o600)
