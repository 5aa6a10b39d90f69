"""`headwater infer`: what a finalized model says of a row that nobody sees, proved for a contract."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table
from rich.text import Text

from headwater.cli.console import CHECK, err, out
from headwater.cli.options import chain_options, home_option, key_options, store_address, store_option
from headwater.cli.progress import log_report
from headwater.cli.values import ACCOUNT

if TYPE_CHECKING:
    from headwater.chain.contracts.events import InferenceRecorded
    from headwater.chain.contracts.opened import Contracts
    from headwater.protocol.phases import Question
    from headwater.roles.task import Task, TaskReader

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, path_type=Path)
TASK = click.option("--task", "task_id", type=click.IntRange(1), required=True, help="The task's id.")


@click.group()
def command() -> None:
    """Prove what a model says of a row that nobody sees."""


def _open(rpc: tuple[str, ...], deployments: Path, network: str | None) -> Contracts:
    from headwater.chain.asking.rpc import connect
    from headwater.chain.contracts.opened import open_contracts

    return open_contracts(connect(rpc), deployments, network)


def _checked(contracts: Contracts, store: str | None, home: Path, task_id: int) -> Task:
    """A task whose verifier of inferences is the one rebuilt here."""
    from headwater.roles.task import open_task
    from headwater.storage.opening import open_store

    task = open_task(contracts, open_store(store_address(store, home)), home, task_id, check_model=False)
    task.check_inference(log_report("infer", task=task_id))
    return task


@command.command("open")
@click.argument("task_id", type=click.IntRange(1))
@chain_options
@key_options
@store_option
@home_option
def open_task_for_inference(task_id: int, keystore: Path | None, store: str | None, home: Path, **chain: Any) -> None:
    """Open a task of yours for inferences, where `task create --inference` did not come so far."""
    from headwater.chain.sending.sender import Sender
    from headwater.cli.keys import load_key
    from headwater.roles.inferring import open_inference
    from headwater.roles.task import open_task
    from headwater.storage.opening import open_store

    contracts = _open(**chain)
    task = open_task(contracts, open_store(store_address(store, home)), home, task_id, check_model=False)
    open_inference(
        contracts, Sender(contracts.chain, load_key(keystore)), task_id, task.infer, log_report("creator", task=task_id)
    )
    out.print(f"task {task_id} is open for inferences")


@command.command("row")
@TASK
@click.option(
    "--data", required=True, type=FILE, help="A CSV file of one row, with the columns that `task show` lists."
)
@click.option("--account", type=ACCOUNT, help="Whose row it is.  [default: your own account]")
@click.option("--out", "target", type=NEW_FILE, default=Path("row.json"), show_default=True, help="The row's file.")
@chain_options
@key_options
@store_option
@home_option
def row_command(
    task_id: int,
    data: Path,
    account: str | None,
    target: Path,
    keystore: Path | None,
    store: str | None,
    home: Path,
    **chain: Any,
) -> None:
    """Vouch for a row: commit to it on chain, and write its file, which its account proves with.

    Your account is the issuer, and whoever trusts it takes the row for true. The chain sees a salted commitment. Hand
    the file to the account as you would the row itself: it holds the row.
    """
    from headwater.chain.sending.sender import Sender
    from headwater.cli.keys import load_key
    from headwater.errors import DataError
    from headwater.private import check_private
    from headwater.roles.inferring import issue
    from headwater.roles.rows import CommittedRow
    from headwater.roles.task import point_hash

    check_private(data)
    contracts, key = _open(**chain), load_key(keystore)
    task = _checked(contracts, store, home, task_id)
    dataset = task.learner.read(data, training=False)
    if len(dataset) != 1:
        raise DataError(f"{data} has {len(dataset)} rows, and one is committed to at a time", "leave one in it")
    sender = Sender(contracts.chain, key)
    row = CommittedRow.draw(task.place, sender.address, account or sender.address, dataset.x[0])
    row.write(target)  # first: a commitment whose salts are lost is worth nothing
    point, receipt = issue(task, sender, row)
    err.print(CHECK, f"{sender.address} vouches for a row of {row.account}; gas {receipt.gas_used:,}", soft_wrap=True)
    err.print(Text("told", style="yellow"), "everybody: that there is such a row. Its file holds it", soft_wrap=True)
    out.print(f"{target} 0x{point_hash(point).hex()}", soft_wrap=True)


@command.command("take-back")
@TASK
@click.option("--row", "row_hash", required=True, help="The row's hash, which `infer row` printed.")
@chain_options
@key_options
def take_back(task_id: int, row_hash: str, keystore: Path | None, **chain: Any) -> None:
    """Vouch for a row no more: no proof about it is accepted from now on."""
    from headwater.chain.sending.sender import Sender
    from headwater.cli.keys import load_key

    contracts = _open(**chain)
    receipt = Sender(contracts.chain, load_key(keystore)).send(
        contracts.inferences.take_back(task_id, _bytes32(row_hash))
    )
    out.print(f"taken back; gas {receipt.gas_used:,}")


@command.command("prove")
@TASK
@click.option("--row", "path", required=True, type=FILE, help="The row's file, for its owner alone.")
@click.option("--round", "round_", type=click.IntRange(0), help="The round that made the model.  [default: the newest]")
@click.option(
    "--at-least",
    type=float,
    help="Whether the model says so much or more: a probability of the positive class, or an amount.",
)
@click.option("--at-least-z", type=int, help="The same, in the integers that a contract names.")
@click.option("--exactly", is_flag=True, help="What the model says, exactly: this gives the score away.")
@click.option("--class", "class_", help="Whether the model puts the row in this class.")
@click.option("--consumer", type=ACCOUNT, help="The contract that is to use the answer.  [default: the record]")
@click.option("--nonce", type=click.IntRange(0), default=0, show_default=True, help="Which use of the consumer's.")
@click.option("--record", is_flag=True, help="Send the answer to the record, for everybody to see.")
@click.option("--out", "target", type=NEW_FILE, default=Path("proof.json"), show_default=True, help="The proof's file.")
@chain_options
@key_options
@store_option
@home_option
def prove(
    task_id: int,
    path: Path,
    round_: int | None,
    at_least: float | None,
    at_least_z: int | None,
    exactly: bool,
    class_: str | None,
    consumer: str | None,
    nonce: int,
    record: bool,
    target: Path,
    keystore: Path | None,
    store: str | None,
    home: Path,
    **chain: Any,
) -> None:
    """Prove what a model says of your row: one question, one answer.

    A node that runs with the same account is stopped first: its journal counts the proofs about the row.
    """
    from headwater.chain.sending.sender import Sender
    from headwater.cli.keys import load_key
    from headwater.errors import ConfigError
    from headwater.journal.journal import open_journal
    from headwater.protocol.inferences import MOST_ROW_PROOFS, NOBODY
    from headwater.roles.inferring import infer
    from headwater.roles.rows import CommittedRow

    if sum(asked is not None for asked in (at_least, at_least_z, class_)) + exactly != 1:
        raise click.UsageError("ask one question: --at-least, --at-least-z, --exactly or --class")
    if record and consumer:
        raise click.UsageError("a proof is for one consumer or for the record, not for both")
    contracts, key, row = _open(**chain), load_key(keystore), CommittedRow.read(path)
    if row.account != key.address:
        raise ConfigError(f"the row is {row.account}'s, and you are {key.address}", "use that account's key")
    task, models = _checked(contracts, store, home, task_id), contracts.models
    number = models.latest(task_id).round if round_ is None else round_
    question, value = _asked(task, row, number, at_least, at_least_z, class_)
    with open_journal(home, key) as journal:
        made = infer(
            *(task, journal.secrets, row, number, question, value),
            consumer=consumer or NOBODY,
            nonce=nonce,
            report=log_report("infer", task=task_id),
        )
        contracts.inferences.check_for(made.consumer, made.query, made.proof)
        err.print(CHECK, _text(task, question, value, made.answer), soft_wrap=True)
        err.print(
            Text("told", style="yellow"),
            f"{'everybody' if consumer is None else consumer}: this answer about {row.account}, and nothing else of the"
            f" row; {made.made} of {MOST_ROW_PROOFS} proofs about it are made",
            soft_wrap=True,
        )
        if record:
            sender = Sender(contracts.chain, key, intents=journal.intents)
            sender.next_nonce()  # what a crash left on its way arrives first
            receipt = sender.send(contracts.inferences.record(made.query, made.proof))
            err.print(CHECK, f"recorded; gas {receipt.gas_used:,}")
    query = made.query
    fields = {
        "query": {
            "taskId": query.task_id,
            "round": query.round,
            "issuer": query.issuer,
            "account": query.account,
            "question": int(query.question),
            "value": str(query.value),
            "nonce": str(query.nonce),
        },
        "consumer": made.consumer,
        "answer": made.answer,
        "rowHash": "0x" + made.row_hash.hex(),
        "proof": "0x" + made.proof.hex(),
    }
    try:
        target.write_text(json.dumps(fields, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{target} cannot be written: {error.strerror}", "name another file with --out") from error
    out.print(str(target), soft_wrap=True)


@command.command("list")
@TASK
@click.option("--round", "round_", type=click.IntRange(0), help="Of this round's model only.")
@chain_options
@store_option
@home_option
def list_command(task_id: int, round_: int | None, store: str | None, home: Path, **chain: Any) -> None:
    """List the answers that were recorded."""
    from headwater.chain.contracts.events import InferenceRecorded
    from headwater.roles.task import read_task
    from headwater.storage.opening import open_store

    contracts = _open(**chain)
    task = read_task(contracts, open_store(store_address(store, home)), task_id)
    filters = {} if round_ is None else {"round": round_}
    found = list(contracts.inferences.events(InferenceRecorded, task_id=task_id, **filters))
    table = Table("round", "account", "issuer", "answer")
    for event in found:
        table.add_row(*map(Text, _line(task, event)))
    out.print(table if found else "no answers are recorded")


def _line(task: TaskReader, event: InferenceRecorded) -> tuple[str, str, str, str]:
    said = _text(task, event.question, event.value, event.answer)
    return str(event.round), event.account, event.issuer, said


def _asked(
    task: Task, row: Any, round_: int, at_least: float | None, at_least_z: int | None, class_: str | None
) -> tuple[Question, int]:
    """The question, and about what."""
    from headwater.protocol.phases import Question

    if class_ is not None:
        return Question.CLASS, task.learner.class_index(class_)
    if at_least is not None:
        return Question.AT_LEAST, task.learner.threshold(at_least)
    if at_least_z is not None:
        return Question.AT_LEAST, at_least_z
    weights = task.weights(task.contracts.models.get_model(task.id, round_))
    return Question.EXACTLY, task.learner.z(weights, row.features)[0]


def _text(task: TaskReader, question: Question, value: int, answer: bool) -> str:
    """An answer in words."""
    from headwater.protocol.phases import Question

    if question is Question.CLASS:
        return f"the model {'puts' if answer else 'does not put'} the row in class {task.learner.class_name(value)}"
    meaning = task.learner.says(value)
    if question is Question.EXACTLY:
        return f"the model says {'exactly' if answer else 'something else than'} {meaning} (z {value})"
    return f"the model says {meaning} {'or more' if answer else 'is not reached'} (z {value})"


def _bytes32(text: str) -> bytes:
    try:
        found = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        found = b""
    if len(found) != 32:
        raise click.UsageError("a row's hash is 0x and 64 hexadecimal digits")
    return found
