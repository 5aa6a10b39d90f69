"""Values of options, as people write them."""

from __future__ import annotations

import re
from decimal import Context, Decimal, InvalidOperation
from typing import Any

import click

from headwater.protocol.machine.terms import MAX_PERIOD, WHOLE

MOST_COIN = 10**9  # fits the contracts' 96 bits of wei
_EXACT = Context(prec=100)
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def duration_text(seconds: int) -> str:
    """A span of time as `Duration` reads it."""
    unit = next(unit for unit in ("d", "h", "m", "s") if seconds % UNITS[unit] == 0)
    return f"{seconds // UNITS[unit]}{unit}"


class Ether(click.ParamType[int]):
    """An amount of the chain's coin, as wei."""

    name = "ETH"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Wei of a decimal text."""
        try:
            coin = Decimal(value)
            if not coin.is_finite() or not 0 <= coin <= MOST_COIN:
                raise InvalidOperation
            wei = _EXACT.scaleb(coin, 18)
            if wei != int(wei):
                raise InvalidOperation
        except InvalidOperation:
            self.fail(f"{value!r} is no amount of coin, for example 0.25", param, ctx)
        return int(wei)


class Duration(click.ParamType[int]):
    """A span of time, as seconds."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Seconds of a text such as 90s, 30m, 12h or 2d."""
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"([0-9]{1,9})([smhd])", value)
        seconds = int(found[1]) * UNITS[found[2]] if found else 0
        if not 0 < seconds <= MAX_PERIOD:
            self.fail(f"{value!r} is no duration of at most 30 days: write 90s, 30m, 12h or 2d", param, ctx)
        return seconds


class Percent(click.ParamType[int]):
    """A part of a stake, in 1/10,000."""

    name = "PERCENT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Parts of 10,000 of a text such as 5%, 0.25% or 100%."""
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"([0-9]{1,3})(?:\.([0-9]{1,2}))?%", value)
        parts = 100 * int(found[1]) + int((found[2] or "").ljust(2, "0")) if found else WHOLE + 1
        if parts > WHOLE:
            self.fail(f"{value!r} is no part of a stake: write 100%, 5% or 0.25%", param, ctx)
        return parts


class Account(click.ParamType[str]):
    """An account's address, checksummed."""

    name = "ADDRESS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The address of a text."""
        from eth_utils.address import is_address, to_checksum_address

        if not is_address(value):
            self.fail(f"{value!r} is no address", param, ctx)
        return to_checksum_address(value)


class ParentModel(click.ParamType["tuple[int, int | None, int]"]):
    """A model that a first model is made of: task, round (None: the newest), coefficient."""

    name = "TASK[:ROUND][=COEFFICIENT]"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int | None, int]:
        """The numbers of a text such as 3:5, the model of round 5 of task 3, or 3:latest=-2, the newest, -2 times."""
        found = re.fullmatch(r"([1-9][0-9]{0,9})(?::([0-9]{1,5}|latest))?(?:=(-?[1-9][0-9]{0,17}))?", value)
        if found is None:
            text = (
                f"{value!r} names no model: write 3:5 for round 5 of task 3, 3:latest for its newest model, or 3:5=-2"
            )
            self.fail(f"{text} to take it -2 times", param, ctx)
        round_ = None if found[2] in (None, "latest") else int(found[2])
        return int(found[1]), round_, int(found[3] or 1)


ETHER, DURATION, PERCENT, ACCOUNT, PARENT = Ether(), Duration(), Percent(), Account(), ParentModel()
