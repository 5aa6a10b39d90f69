"""`headwater` as an operator types it: processes of their own over one chain and one store."""

from __future__ import annotations

import csv
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from headwater.chain.deploying.anvil import Anvil
from headwater.tools import ROOT

SHORT_TERMS = (
    *("--stake", "0.5", "--pool", "1", "--aggregator-fee", "0.1", "--absence-slash", "2.5%"),
    *("--challenge-period", "5s", "--unbonding-period", "5s"),
)
SECONDS = 120.0
"""How long something may take that takes a moment on an idle machine."""

PROGRAM = "from headwater.cli.main import cli; cli(prog_name='headwater')"
COLUMNS = ("--sample", "sample.csv", "--label", "kind", "--feature", "size", "--feature", "weight")


class Commands:
    """A folder to work in, a chain, a home of its own with what others built, and `headwater` that finds them all."""

    def __init__(self, folder: Path, anvil: Anvil, circuits: Path) -> None:
        """circuits: the home whose circuits and compiled contracts are shared."""
        self.folder, self.anvil, self.home = folder, anvil, folder / "home"
        self.home.mkdir(mode=0o700)
        for name in ("circuits", "contracts", "srs"):
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
        self,
        account: int,
        *words: str,
        err: IO[str] | int = subprocess.PIPE,
        program: str = PROGRAM,
        **settings: str,
    ) -> subprocess.Popen[str]:
        """A process of an account of the chain's. settings: more of its environment."""
        key = self.anvil.accounts[account].key.hex()
        environment = {**os.environ, **self.common, "HEADWATER_PRIVATE_KEY": key, **settings}
        command = [sys.executable, "-c", program, *words]
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


class Process:
    """`headwater run`, whose log is read as it grows."""

    def __init__(self, commands: Commands, account: int, config: Path, *words: str, **settings: str) -> None:
        self.log_file = config.with_name(f"{config.stem}-{time.monotonic_ns()}.log")
        with self.log_file.open("w") as file:
            self.popen = commands.start(account, "run", "--config", str(config), *words, err=file, **settings)

    @property
    def log(self) -> list[dict[str, Any]]:
        """The log's whole lines: all of them are JSON."""
        whole = self.log_file.read_text().rpartition("\n")[0]
        return [json.loads(line) for line in whole.splitlines()]

    def stages(self, role: str = "trainer") -> list[str]:
        """What a role has told."""
        return [line["event"] for line in self.log if line.get("role") == role]

    def until(self, seen: Callable[[list[dict[str, Any]]], bool]) -> None:
        """Wait until the log shows something."""
        deadline = time.monotonic() + SECONDS
        while not seen(self.log):
            assert self.popen.poll() is None, self.log_file.read_text()
            assert time.monotonic() < deadline, self.log_file.read_text()
            time.sleep(0.02)

    def until_told(self, stage: str, **fields: Any) -> None:
        """Wait until some role has told of a stage."""
        wanted = {"event": stage, **fields}
        self.until(lambda log: any(all(e.get(k) == v for k, v in wanted.items()) for e in log))

    def end(self, number: int) -> int:
        """Send a signal; the exit code."""
        self.popen.send_signal(number)
        return self.popen.wait(SECONDS)


def provers_of(node: int) -> list[int]:
    """The process that watches over the prover of a node, and its fork, if they are there; by the node's process id."""
    found = subprocess.run(
        ["pgrep", "-f", f"headwater.circuits.worker .* {node}$"], capture_output=True, text=True
    ).stdout
    return [int(pid) for pid in found.split()]


def stop_unit(process: Process) -> int:
    """Stop a node as `systemctl stop` stops that of deployments/node; the exit code."""
    unit = (ROOT / "deployments" / "node" / "headwater.service").read_text()
    mode = re.search(r"^KillMode=(.*)$", unit, re.MULTILINE)
    if mode is None or mode[1] == "control-group":  # systemd's default
        for pid in provers_of(process.popen.pid):
            os.kill(pid, signal.SIGTERM)
    return process.end(signal.SIGTERM)


def config_of(commands: Commands, name: str, text: str) -> Path:
    """A file of settings."""
    path = commands.folder / f"{name}.toml"
    path.write_text(f"poll_seconds = 0.3\n{text}")
    return path


def trainer_config(commands: Commands, i: int, rows: int, text: str = "") -> Path:
    """Settings of trainer i, with a file of data; `text` are more of them."""
    write_rows(commands.folder / f"trainer-{i}.csv", seed=i, count=rows)
    return config_of(commands, f"trainer-{i}", f'roles = ["trainer"]\n{text}[data]\n1 = "trainer-{i}.csv"\n')


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


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
