"""After the demo: its chain and store go on, for whoever wants to look at them with headwater's own commands."""

from __future__ import annotations

import shlex
import signal
from contextlib import suppress

from headwater.cli.console import out
from headwater.cli.demo.cheat import CHEATS_IN
from headwater.cli.demo.daemons import Place


def keep(place: Place, rounds: int, page: str | None) -> None:
    """Say how to look at the task, and stay until Ctrl-C. page: where the viewer is, if it is served."""
    out.print("\nChain and store go on until Ctrl-C. In another terminal:\n")
    for command in commands(place, rounds):
        out.print("    " + command, soft_wrap=True)
    if page:
        out.print(f"\nOr look at it in a browser: {page}#/task/{place.task_id}", soft_wrap=True)
    with suppress(KeyboardInterrupt):
        signal.pause()


def commands(place: Place, rounds: int) -> list[str]:
    """Commands to look at the task, as a shell takes them."""
    task = ("--task", str(place.task_id))
    chain = ("--rpc", place.rpc, "--deployments", str(place.deployments.absolute()))
    documents = ("--store", place.store, "--home", str(place.home.absolute()))
    return [
        shlex.join(("headwater", *words))
        for words in (
            ("status", *task, *chain),
            ("explain", *task, "--round", str(min(CHEATS_IN, rounds)), *chain),
            ("audit", *task, *chain, *documents),
            ("model", "pull", *task, "--out", "model", *chain, *documents),
        )
    ]
