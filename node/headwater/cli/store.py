"""`headwater store`: what a node keeps in its stores."""

from __future__ import annotations

from pathlib import Path

import click

from headwater.cli.console import out
from headwater.cli.options import chain_options, home_option, key_options, store_address, store_option


@click.group()
def command() -> None:
    """What a node keeps in its stores."""


@command.command()
@click.option("--yes", is_flag=True, help="Do it. Without this, it only says what it would let go of.")
@chain_options
@store_option
@key_options
@home_option
def prune(
    yes: bool,
    rpc: tuple[str, ...],
    deployments: Path,
    network: str | None,
    store: str | None,
    keystore: Path | None,
    home: Path,
) -> None:
    """Let go of documents that this account put and that no round needs any more: they may vanish at once.

    These are masked updates of rounds that are over for good, and averages that did not become models. Models,
    manifests, circuits and what others put stay. The account's node must be stopped meanwhile.
    """
    from headwater.chain.asking.rpc import connect
    from headwater.chain.contracts.opened import open_contracts
    from headwater.cli.keys import load_key
    from headwater.journal.documents import Documents
    from headwater.journal.journal import open_journal
    from headwater.roles.published import unneeded
    from headwater.storage.cid import Cid
    from headwater.storage.opening import open_store

    contracts = open_contracts(connect(rpc), deployments, network)
    key, kept = load_key(keystore), open_store(store_address(store, home))
    with open_journal(home, key) as journal:
        contracts.chain.keep_logs(journal.database)
        documents = Documents(journal.database)
        going = unneeded(contracts, documents.all(), key.address, contracts.chain.block())
        for noted in going:
            first = noted[0]
            what = f"masked update, attempt {first.attempt}" if first.attempt else "average that is no model"
            task_id = first.place.rpartition("/")[2]
            out.print(
                f"{first.cid} {_size(first.size)}: task {task_id}, round {first.round}, {what}",
                highlight=False,
                soft_wrap=True,
            )
            if yes:
                kept.unpin(Cid.parse(first.cid))
                documents.forget(first.cid)
    total = f"{len(going)} document(s), {_size(sum(noted[0].size for noted in going))}"
    out.print(f"{'let go of' if yes else '--yes lets go of'} {total}" if going else "there is nothing to let go of")


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB" if count >= 100_000 else f"{count:,} bytes"
