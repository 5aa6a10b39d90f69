"""What the contracts of a deployment have in common (`base/Deployed.sol`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater.protocol.machine.call import Refused

if TYPE_CHECKING:
    from headwater.protocol.machine import Machine


class Contract:
    """A contract that knows the others of its deployment.

    Every method checks first and changes then, so what refuses has changed nothing.
    """

    def __init__(self, machine: Machine, address: str) -> None:
        self.machine = machine
        self.address = address

    def _only(self, sender: str, *callers: str) -> None:
        """Only these contracts of the deployment may call."""
        if sender not in callers:
            raise Refused("UnauthorizedCaller", sender)
