"""What commands have in common that make a learner: its kind, its own settings, and how it trains."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from headwater.cli.options import Real

if TYPE_CHECKING:
    from headwater.learners.learner import Learner, Request

F = TypeVar("F", bound=Callable[..., Any])
MAX_CLIP = 8.0
MIN_RATE, MAX_RATE = 2.0**-60, 2.0**60


def learner_options(command: F, *, rows_required: bool = True) -> F:
    """Passes `kind: str`, `settings: tuple[str, ...]`, `rows: int`, `steps: int`, `learning_rate` and `clip: float`.

    rows_required: else `rows` may be None.
    """
    kind = click.option(
        "--learner",
        "kind",
        default="linear",
        show_default=True,
        help="The kind of model: `headwater task learners` lists them, with their settings.",
    )
    settings = click.option(
        "--set", "settings", multiple=True, metavar="NAME=VALUE", help="A setting of the learner, such as loss=huber."
    )
    rows = click.option(
        "--rows", type=click.IntRange(1), required=rows_required, help="The most rows a trainer may have."
    )
    steps = click.option(
        "--steps", type=click.IntRange(1), default=1, show_default=True, help="Gradient steps in an update."
    )
    rate = click.option(
        "--learning-rate",
        type=Real(MIN_RATE, MAX_RATE),
        default=4.0,
        show_default=True,
        help="For a gradient averaged over --rows rows; taken to the nearest power of two for the summed one.",
    )
    clip = click.option(
        "--clip",
        type=Real(0, MAX_CLIP, min_open=True),
        default=0.125,
        show_default=True,
        help="The largest change of a weight in one step: what bounds the influence of bad data.",
    )
    for option in (clip, rate, steps, rows, settings, kind):
        command = option(command)
    return command


def requested(settings: tuple[str, ...], **request: Any) -> Request:
    """The request that options make."""
    from headwater.learners.learner import Request

    own = {}
    for text in settings:
        name, mark, value = text.partition("=")
        if not (name and mark):
            raise click.BadParameter(f"{text!r} is not NAME=VALUE, for example loss=huber", param_hint="--set")
        own[name] = value
    return Request(**request, settings=own)


def made(make: Callable[[], Learner]) -> Learner:
    """What a learner makes of a request.

    Raises:
        ConfigError: the numbers are such that no circuit can be made.
    """
    from headwater.errors import ConfigError

    try:
        return make()
    except ValueError as error:
        raise ConfigError(f"no circuit can be made for this: {error}", "see docs/fixed-point.md") from error
