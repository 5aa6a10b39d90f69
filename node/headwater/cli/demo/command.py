"""The command's options."""

from __future__ import annotations

from pathlib import Path

import click

from headwater.cli.options import home_option


@click.command()
@click.option(
    "--data",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A CSV file of your own, with --label.  [default: scikit-learn's breast cancer patients]",
)
@click.option("--label", help="The column of --data that names a row's class.")
@click.option("--trainers", type=click.IntRange(3, 16), default=4, show_default=True)
@click.option("--rounds", type=click.IntRange(1, 50), default=4, show_default=True)
@click.option(
    "--store",
    metavar="WHERE",
    default="dir",
    show_default=True,
    help="`dir`: an embedded directory; `kubo`: an IPFS node started for it; or dir:FOLDER, kubo:ADDRESS of yours.",
)
@click.option("--seed", type=int, default=2, show_default=True, help="How the rows are shuffled.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("build/demo"),
    show_default=True,
    help="Where report.json, the trainers' files, the nodes' settings and logs, and the chain's log go.",
)
@click.option("--keep", is_flag=True, help="Then leave chain and store to look at, until Ctrl-C; it says how.")
@click.option("--viewer", is_flag=True, help="Show it in a browser from the start on, and keep it as --keep does.")
@home_option
def command(
    data: Path | None,
    label: str | None,
    trainers: int,
    rounds: int,
    store: str,
    seed: int,
    out: Path,
    keep: bool,
    viewer: bool,
    home: Path,
) -> None:
    """Train one model among mutually distrusting trainers, on a chain of its own, and prove every step.

    Real records are split among trainers of unequal size. Each is a node, a process of its own like the aggregator and
    the challenger; each trains on its own and proves it; contracts on a local chain check the proofs, and finalize a
    model only with a proof that it is the average. One trainer's process dies in round 2, and posts a wrong mask in
    round 3: it is caught and slashed. Three attacks are tried live, and all is audited.
    """
    import logging

    import structlog

    from headwater.cli.demo.run import Settings, run

    if (data is None) != (label is None):
        raise click.UsageError("--data and --label go together")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))  # the screen is the log
    run(Settings(data, label, trainers, rounds, store, seed, keep or viewer, viewer, out, home))
