"""`headwater circuit`: build, verify, list and price circuits, without a chain."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table
from rich.text import Text

from headwater.cli.console import CHECK, err, out
from headwater.cli.options import home_option
from headwater.errors import CircuitError

if TYPE_CHECKING:
    from headwater.circuits.srs import Srs
    from headwater.circuits.statement import Statement

MAX_K = 28
SRS = click.Choice(["dev", "perpetual-powers-of-tau"])


@click.group()
def command() -> None:
    """Build, verify, list and price circuits."""


def _statement(kind: str, parameters: tuple[str, ...]) -> Statement:
    from headwater.circuits.statement import from_params

    params: dict[str, int | str] = {}
    for text in parameters:
        name, mark, value = text.partition("=")
        if not (name and mark and value):
            raise click.BadParameter(f"{text!r} is not NAME=VALUE, for example rows=142")
        params[name] = int(value) if value.lstrip("-").isdecimal() else value
    return from_params(kind, params)


def _statement_arguments(function: click.decorators.FC) -> click.decorators.FC:
    kind = click.argument("kind", metavar="KIND")
    parameters = click.argument("parameters", nargs=-1, metavar="[NAME=VALUE]...")
    return kind(parameters(function))


def _srs(home: Path, k: int, source: str) -> Srs:
    from headwater.circuits.srs import DEV, dev_srs, perpetual_srs

    return dev_srs(home, k) if source == DEV else perpetual_srs(home, k)


@command.command()
@_statement_arguments
@click.option("--k", type=click.IntRange(4, MAX_K), help="log2 of the rows.  [default: the least that has room]")
@click.option("--srs", "source", type=SRS, default="dev", show_default=True, help="Where the SRS comes from.")
@home_option
def build(kind: str, parameters: tuple[str, ...], k: int | None, source: str, home: Path) -> None:
    """Build a circuit with its keys and its Solidity verifier, or find it in the cache.

    For example: headwater circuit build linear rows=142 features=31
    """
    from headwater.circuits import circuit, worker

    statement = _statement(kind, parameters)
    with err.status("Building"):
        if k is None:
            ((_, k),) = worker.sizes(statement)
        built = circuit.build(home, statement, _srs(home, k, source))
    facts = built.manifest
    says = f" with k = {k}, {facts['rows']:,} rows, SRS {source} {facts['srs']['id'][:16]}…"
    out.print(Text.assemble((kind, "bold"), says))
    for name, entry in facts["artifacts"].items():
        out.print(f"  {name:16} {entry['size']:>12,} bytes  sha256 {entry['sha256'][:16]}…")
    out.print(
        f"  {'verifier':16} {facts['verifier']['size']:>12,} bytes  code hash {facts['verifier']['code_hash'][:18]}…"
    )
    out.print(str(built.folder), soft_wrap=True)


@command.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--srs-file", type=click.Path(path_type=Path), help="The SRS file, where it is not under --home.")
@home_option
def verify(folder: Path, srs_file: Path | None, home: Path) -> None:
    """Rebuild the circuit in FOLDER from its statement and compare: exit code 1 where anything differs."""
    import json

    from headwater.circuits import circuit

    if srs_file is None:
        try:
            facts = json.loads((folder / circuit.MANIFEST).read_text())
            k, source = int(facts["k"]), facts["srs"]["source"]
            if not 1 <= k <= MAX_K or source not in SRS.choices:
                raise ValueError(f"k = {k}, SRS {source!r}")
            srs_file = _srs(home, k, source).path
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CircuitError(f"{folder} holds no readable circuit: {error}", "build it again") from error
    found = circuit.load(folder, srs_file)
    with err.status("Rebuilding"):
        differing = circuit.check_reproducible(found)
    if differing:
        raise CircuitError(f"rebuilding gives another {', '.join(differing)}", "do not trust this circuit")
    out.print(CHECK, f"the statement gives exactly these artifacts; code hash {found.verifier.code_hash}")


@command.command("list")
@home_option
def list_(home: Path) -> None:
    """The circuits that are built, and the statements that there are."""
    import json

    from headwater.circuits.circuit import MANIFEST
    from headwater.circuits.statement import kinds

    found = sorted((home / "circuits").glob(f"*/{MANIFEST}"))
    for path in found:
        try:
            facts = json.loads(path.read_text())
            parameters = " ".join(f"{name}={value}" for name, value in facts["statement"]["params"].items())
            line = f"k = {facts['k']}, {facts['rows']:,} rows, SRS {facts['srs']['source']}"
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            out.print(
                Text.assemble(
                    (path.parent.name, "bold"), "  ", ("damaged", "red"), ": it is built again when it is needed"
                )
            )
            continue
        out.print(Text.assemble((path.parent.name, "bold"), f"  {line}"))
        out.print(f"  {parameters}", soft_wrap=True)
    if not found:
        out.print(f"None yet in {home / 'circuits'}.", soft_wrap=True)
    out.print(f"Statements: {', '.join(kinds())}.", soft_wrap=True)


@command.command()
@_statement_arguments
def cost(kind: str, parameters: tuple[str, ...]) -> None:
    """What a statement takes: rows and k, and estimates for a 2-core machine. Builds no keys.

    For example: headwater circuit cost linear rows=142 features=31
    """
    from headwater.circuits import worker
    from headwater.circuits.cost import proving_cost

    statement = _statement(kind, parameters)
    with err.status("Measuring"):
        ((rows, k),) = worker.sizes(statement)
    proving = proving_cost(k, statement.inner_columns)
    facts = {
        "k": f"{k}: {rows:,} rows of {1 << k:,}",
        "a proof takes": f"about {proving.seconds:.1f} s and {proving.memory_mb:.0f} MB of memory",
        "proving key": f"about {proving.key_mb:.0f} MB",
        "largest vector": f"{max(tensor.size for tensor in statement.inputs):,} entries",
    }
    table = Table(show_header=False, title=kind, title_justify="left")
    for name, text in facts.items():
        table.add_row(name, text)
    out.print(table)
