"""A trainer that cheats: in one round it masks with a vector that its peer does not have, so that no sum is found."""

from __future__ import annotations

from typing import Any

from headwater.chain.rpc import Block
from headwater.protocol.decisions import Action, OpenMask, Wait
from headwater.protocol.field import P
from headwater.protocol.masks import Attempt, Mask
from headwater.roles.trainer import Trainer


class Cheat(Trainer):
    """An honest trainer but in one round; when it is challenged there, it says nothing."""

    def __init__(self, *arguments: Any, cheats_in: int) -> None:
        """`cheats_in`: the round. Other arguments as a trainer's."""
        super().__init__(*arguments)
        self._cheats_in = cheats_in

    def decide(self, block: Block) -> Action:
        """As a trainer's, but for answers."""
        action = super().decide(block)
        return Wait("challenged, and silent", 0) if isinstance(action, OpenMask) else action

    def _masks(self, attempt: Attempt, length: int) -> list[Mask]:
        own = super()._masks(attempt, length)
        if attempt.round != self._cheats_in:
            return own
        first = own[0]
        return [Mask(first.peer, first.sign, [(entry + 1) % P for entry in first.vector]), *own[1:]]
