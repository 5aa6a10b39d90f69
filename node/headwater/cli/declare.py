"""`headwater declare`: prove of which classes and groups the rows are that an account has committed to."""

from __future__ import annotations

from pathlib import Path

import click

from headwater.cli.options import chain_options, home_option, key_options, store_address, store_option

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("declare")
@click.option("--task", "task_id", type=click.IntRange(1), required=True, help="The task's id.")
@click.option("--data", required=True, type=FILE, help="The CSV file that was enrolled with.")
@click.option("--held-out", is_flag=True, help="It is one that `headwater attest` registered.")
@chain_options
@key_options
@home_option
@store_option
def command(
    task_id: int,
    data: Path,
    held_out: bool,
    rpc: tuple[str, ...],
    deployments: Path,
    network: str | None,
    keystore: Path | None,
    home: Path,
    store: str | None,
) -> None:
    """Prove of which classes and groups the rows are that you committed to, and record it on chain.

    So anybody can see for whom a model was made. The counts become public; nothing else of the rows does. A node that
    runs with the same account is stopped first: its journal knows the salts, and counts the proofs.
    """
    from headwater.chain.asking.rpc import connect
    from headwater.chain.contracts.opened import open_contracts
    from headwater.chain.sending.sender import Sender
    from headwater.cli.keys import load_key
    from headwater.cli.progress import log_report
    from headwater.journal.journal import open_journal
    from headwater.private import check_private
    from headwater.roles.declaring import declare
    from headwater.roles.secrets import secret_of
    from headwater.roles.task import open_task
    from headwater.roles.wiring import MOST_HELD_OUT
    from headwater.storage.opening import open_store

    check_private(data)
    contracts = open_contracts(connect(rpc), deployments, network)
    key, report = load_key(keystore), log_report("holder", task=task_id)
    task = open_task(contracts, open_store(store_address(store, home)), home, task_id)
    task.check_scores(report)
    dataset = task.learner.read(data, links=MOST_HELD_OUT if held_out else task.config.max_links)
    with open_journal(home, key) as journal:
        sender = Sender(contracts.chain, key, intents=journal.intents)
        sender.next_nonce()  # what a crash left on its way arrives first
        declare(task, sender, secret_of(key), dataset, report, journal=journal.secrets, held_out=held_out)
