"""A chain of one's own: anvil on a free port of 127.0.0.1, for as long as a `with` lasts. For demo and tests."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3 import Web3
from web3.types import RPCEndpoint

from headwater.errors import ChainError
from headwater.processes import environment_for_child
from headwater.tools import find_tool

MNEMONIC = "test test test test test test test test test test test junk"
START_SECONDS = 20


@dataclass(frozen=True)
class Anvil:
    """A running chain: where it listens, a connection to it, and its funded accounts (10,000 ETH each)."""

    url: str
    web3: Web3
    accounts: tuple[LocalAccount, ...]

    def pass_time(self, seconds: int) -> None:
        """Move the chain's clock forward, and mine a block there."""
        self.web3.provider.make_request(RPCEndpoint("evm_increaseTime"), [seconds])
        self.mine()

    def mine(self) -> None:
        """Mine a block."""
        self.web3.provider.make_request(RPCEndpoint("evm_mine"), [])


@contextmanager
def run_anvil(log: Path, *options: str, accounts: int = 10, group: int | None = None) -> Iterator[Anvil]:
    """Start anvil, wait until it answers, and stop that process, and no other, at the end.

    Its output goes to `log`. Raises ChainError with that output where it does not answer in time.

    group: the process group that it joins; by default this process's.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    listen = ["--host", "127.0.0.1", "--port", str(port)]
    with (
        # what it writes of old states, gigabytes in a long run, it leaves behind when it is killed
        tempfile.TemporaryDirectory(prefix="anvil-", dir=log.parent, ignore_cleanup_errors=True) as states,
        log.open("wb") as output,
        subprocess.Popen(
            [str(find_tool("anvil")), *listen, "--accounts", str(accounts), "--cache-path", states, *options],
            stdout=output,
            stderr=output,
            process_group=group,
            env=environment_for_child(),
        ) as process,
    ):
        try:
            url = f"http://127.0.0.1:{port}"
            web3 = Web3(Web3.HTTPProvider(url))
            _wait(process, web3, log)
            yield Anvil(url, web3, derive_accounts(accounts))
        finally:
            process.kill()  # nothing to save, and anvil takes a second to stop politely


def _wait(process: subprocess.Popen[bytes], web3: Web3, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not web3.is_connected():
        if process.poll() is not None or time.monotonic() > deadline:
            raise ChainError(
                f"anvil has ended, or does not answer after {START_SECONDS} s: {log.read_text()}",
                hint="`build/bin/anvil --version` says whether it runs at all; `make install` brings it",
            )
        time.sleep(0.02)


def derive_accounts(count: int) -> tuple[LocalAccount, ...]:
    """The accounts that anvil funds, with their keys."""
    Account.enable_unaudited_hdwallet_features()
    return tuple(Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{i}") for i in range(count))
