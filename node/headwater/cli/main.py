"""`headwater`: the group of all commands. A command's module is imported when the command is named, not before."""

from __future__ import annotations

import logging
import sys
from importlib import import_module
from typing import Any

import click

from headwater.errors import HeadwaterError

COMMANDS = {
    "demo": ("headwater.cli.demo", "A whole task on this machine: real data, chain and proofs."),
    "deploy": ("headwater.cli.deploy", "Deploy the contracts and record their addresses."),
    "task": ("headwater.cli.task", "Publish training jobs, and look at them."),
    "trainer": ("headwater.cli.trainer", "Train on data that stay here, and prove it."),
    "aggregator": ("headwater.cli.aggregator", "Average updates and prove it."),
    "model": ("headwater.cli.model", "Pull, verify and apply models."),
    "circuit": ("headwater.cli.circuit", "Build, verify, list and price circuits."),
}
"""For each command: the module whose `command` it is, and its line in `headwater --help`."""

INTERRUPTED = 130


class LazyGroup(click.Group):
    """A group that knows its commands by name, and ends errors as a message instead of a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """All names, in the table's order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The commands with their lines, from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; exit code 1 after an error, 130 after Ctrl-C."""
        try:
            return super().invoke(ctx)
        except HeadwaterError as error:
            from headwater.cli.console import show_error

            show_error(error)
            ctx.exit(1)
        except (KeyboardInterrupt, click.Abort):
            click.echo("\ninterrupted", err=True)
            ctx.exit(INTERRUPTED)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="headwater", message="headwater %(version)s")
@click.option("-v", "--verbose", is_flag=True, help="Log every transaction and more.")
def cli(verbose: bool) -> None:
    """Train one model on data that never leaves its owners, and prove every step."""
    configure_logging(verbose)


def configure_logging(verbose: bool) -> None:
    """Structured logs on stderr: events from info up, or all of them."""
    import structlog

    level = logging.DEBUG if verbose else logging.INFO
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
