"""The command's options."""

from __future__ import annotations

from pathlib import Path

import click

from headwater.cli.options import chain_options, home_option, store_address, store_option


@click.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8585, show_default=True, help="On 127.0.0.1; 0 for any free one."
)
@click.option("--sample", metavar="CID", help="A public CSV file with labelled rows, to measure models on.")
@click.option("--open/--no-open", "opens", default=True, show_default=True, help="Open a browser, if there is one.")
@chain_options
@store_option
@home_option
def command(
    port: int,
    sample: str | None,
    opens: bool,
    rpc: tuple[str, ...],
    deployments: Path,
    network: str | None,
    store: str | None,
    home: Path,
) -> None:
    """Serve the page that shows tasks, rounds and models, and verifies models in the browser, until Ctrl-C.

    The page asks nobody but this command, which passes reads on to the Ethereum node and the store.
    """
    import time

    from headwater.chain.asking.rpc import connect
    from headwater.chain.deploying.records import Deployment, network_name
    from headwater.cli.console import out
    from headwater.cli.viewer.server import Site, open_browser, serving
    from headwater.storage.cid import Cid
    from headwater.storage.opening import open_store

    if sample is not None:
        try:
            Cid.parse(sample)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--sample") from error
    chain = connect(rpc)
    deployment = Deployment.load(network or network_name(chain.chain_id), deployments)
    deployment.check(chain)
    with serving(Site(chain, deployment, open_store(store_address(store, home)), sample), port) as url:
        out.print(f"{url}  until Ctrl-C", soft_wrap=True)
        if opens:
            open_browser(url)
        while True:
            time.sleep(3600)
