"""A node whose trainer misbehaves: the daemon of `headwater run` with another trainer in it.

    python -m headwater.cli.demo.cheat --config NODE.TOML

In one round its process ends between its proof and its masks, as in a power cut: whoever minds it starts it again. In
another it masks with a vector that its peer does not have, so that no sum is found, and is silent when challenged.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from headwater.chain.asking.rpc import Block, BlockId
from headwater.chain.sending.sender import Receipt
from headwater.errors import HeadwaterError
from headwater.protocol.decisions import Action, Mask, OpenMask, Wait
from headwater.protocol.field import P
from headwater.protocol.masks import Attempt
from headwater.protocol.masks import Mask as OwnMask
from headwater.roles.trainer import Trainer

VANISHES_IN, CHEATS_IN = 2, 3
"""The rounds of its misdeeds."""

VANISHED = 77
"""The exit code of a process that ended where it should not have."""


class Cheat(Trainer):
    """An honest trainer but in two rounds."""

    def decide(self, block: Block) -> Action:
        """As a trainer's, but for answers."""
        action = super().decide(block)
        if isinstance(action, OpenMask):
            return Wait("challenged, and silent", self.task.view(block).deadline)
        return action

    def act(self, action: Action) -> Receipt | None:
        """As a trainer's, unless the process ends: nothing is finished or closed then."""
        if isinstance(action, Mask) and (action.round, action.attempt) == (VANISHES_IN, 1):
            os._exit(VANISHED)
        return super().act(action)

    def _masks(self, attempt: Attempt, length: int, block: BlockId) -> list[OwnMask]:
        own = super()._masks(attempt, length, block)
        if attempt.round != CHEATS_IN:
            return own
        first = own[0]
        return [OwnMask(first.peer, first.sign, [(entry + 1) % P for entry in first.vector]), *own[1:]]


@click.command()
@click.option("--config", type=click.Path(dir_okay=False, path_type=Path), required=True, help="A node's settings.")
def main(config: Path) -> None:
    """Run a node that cheats."""
    from headwater.cli.console import show_error
    from headwater.cli.logs import configure_logging
    from headwater.cli.run import run_node
    from headwater.cli.settings import load_settings

    try:
        settings = load_settings(config)
        configure_logging(True, settings.log_format)
        run_node(settings, Cheat)
    except HeadwaterError as error:
        show_error(error)
        sys.exit(1)


if __name__ == "__main__":
    main()
