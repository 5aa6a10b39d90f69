"""`headwater`: the group of all commands. A command's module is imported when the command is named, not before."""

from __future__ import annotations

import errno
import signal
import sys
import threading
from importlib import import_module
from typing import Any

import click

from headwater.cli.logs import configure_logging
from headwater.errors import HeadwaterError
from headwater.foreign import plain
from headwater.processes import forbid_dumps
from headwater.redaction import redact

COMMANDS = {
    "demo": ("headwater.cli.demo", "A whole task on this machine: real data, chain and proofs."),
    "deploy": ("headwater.cli.deploy", "Deploy the contracts and record their addresses."),
    "task": ("headwater.cli.task", "Publish training jobs, and look at them."),
    "group": ("headwater.cli.group", "Groups of people that tasks may ask for, and your identity in them."),
    "run": ("headwater.cli.run", "Run a node: all its roles in all its tasks, as settings say."),
    "trainer": ("headwater.cli.trainer", "Train on data that stay here, and prove it."),
    "pool": ("headwater.cli.pool", "Pool rows: people with a single record are one trainer together."),
    "aggregator": ("headwater.cli.aggregator", "Average updates and prove it."),
    "challenger": ("headwater.cli.challenger", "Make those who withhold bytes answer for it."),
    "attest": ("headwater.cli.attest", "Prove how good models are on rows held out from training."),
    "merge": ("headwater.cli.merge", "Search for the coefficients that merge models best."),
    "declare": ("headwater.cli.declare", "Prove of which classes and groups your rows are."),
    "model": ("headwater.cli.model", "Pull, verify and apply models."),
    "infer": ("headwater.cli.infer", "Prove what a model says of a row that nobody sees."),
    "plan": ("headwater.cli.plan", "What a task will cost, before it is created."),
    "status": ("headwater.cli.status", "Where tasks are, and what an account waits for."),
    "doctor": ("headwater.cli.doctor", "Whether all that a node needs is in order."),
    "viewer": ("headwater.cli.viewer", "A page in the browser: tasks, rounds, and models that it verifies."),
    "explain": ("headwater.cli.explain", "Whether a contribution counted, and if not, why."),
    "audit": ("headwater.cli.audit", "Verify a task's whole history again."),
    "store": ("headwater.cli.store", "Let go of documents that no round needs any more."),
    "key": ("headwater.cli.key", "Create, import and list the keys of accounts."),
    "config": ("headwater.cli.config", "Check the settings of a node."),
    "circuit": ("headwater.cli.circuit", "Build, verify, list and price circuits."),
}
"""For each command: the module whose `command` it is, and its line in `headwater --help`."""

INTERRUPTED, TERMINATED = 130, 143


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
        """Run a command; exit code 1 after an error, 130 after Ctrl-C, 143 after SIGTERM."""
        try:
            return super().invoke(ctx)
        except HeadwaterError as error:
            from headwater.cli.console import show_error

            show_error(error)
            ctx.exit(1)
        except (KeyboardInterrupt, click.Abort):
            click.echo("\ninterrupted", err=True)
            ctx.exit(INTERRUPTED)
        except (click.ClickException, click.exceptions.Exit):
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                raise  # whoever read the output has gone: click ends quietly
            from headwater.cli.console import show_error

            if ctx.params.get("verbose"):
                import traceback

                for line in traceback.format_exc().splitlines():
                    click.echo(plain(redact(line)), err=True)
            show_error(_unexpected(error))
            ctx.exit(1)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="headwater", message="headwater %(version)s")
@click.option("-v", "--verbose", is_flag=True, help="Log every transaction and more.")
def cli(verbose: bool) -> None:
    """Train one model on data that never leaves its owners, and prove every step."""
    forbid_dumps()
    configure_logging(verbose)
    end_in_order()


def _unexpected(error: Exception) -> HeadwaterError:
    """What is said of an exception that nothing in headwater explains."""
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return HeadwaterError(
            f"{where}{error.strerror}", "look at free space and permissions; -v shows where it happened"
        )
    text = plain(redact(" ".join(str(error).split())))
    return HeadwaterError(
        f"this is a fault of headwater: {type(error).__name__}: {text}",
        "run `headwater -v ...` with the same words, and report what it prints",
    )


def end_in_order() -> None:
    """Let SIGTERM unwind the stack, so that child processes end and private files are removed."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))


if __name__ == "__main__":
    cli(prog_name="headwater")
