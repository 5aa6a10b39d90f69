"""Declaring a composition: of which classes and groups the rows of committed data are, proved once and recorded."""

from __future__ import annotations

from collections.abc import Sequence

from headwater.chain.sending.sender import Receipt, Sender
from headwater.errors import ConfigError
from headwater.journal.secrets import SecretStore
from headwater.protocol.curve import Point
from headwater.protocol.field import to_signed
from headwater.protocol.scores import composition
from headwater.roles.attester import Attester
from headwater.roles.commitments import DataCommitments
from headwater.roles.proofs import KeptProofs
from headwater.roles.proving import announce
from headwater.roles.report import Report
from headwater.roles.scoring import prove_composition
from headwater.roles.task import Task, point_hash
from headwater.roles.trainer import Trainer
from headwater.tables.data import Dataset


def declare(
    task: Task,
    sender: Sender,
    secret: bytes,
    dataset: Dataset,
    report: Report,
    *,
    journal: SecretStore,
    held_out: bool = False,
) -> list[Receipt]:
    """Record the composition of a file's rows, which the account has registered; what is recorded is left alone.

    Args:
        held_out: whether they are registered as held out, instead of for training.
        journal: the one that registered them: it knows their salts, and counts their proofs.

    Raises:
        ConfigError: the account has not registered these data, or there were as many proofs about them as may be.
        TaskError: the task has no scores.
    """
    vectors, commitments = _vectors(task, sender, secret, dataset, report, journal, held_out=held_out)
    attestations, kept = task.contracts.attestations, KeptProofs(journal, f"composition/{task.place}")
    receipts = []
    for part, (vector, point) in enumerate(vectors):
        if attestations.get_composition(task.id, point_hash(point)):
            report("note", text="the composition of these data is recorded already")
            kept.drop(0, part)
            continue
        proof = kept.get(0, [vector], part)
        if proof is None:
            limit = announce("composition", task.composition, report, most=None, measured=kept.seconds)
            proof = prove_composition(task.composition, commitments, task.learner.most_proofs, vector, limit)
            kept.keep(0, [vector], proof, part)
            report("proved", statement="composition", seconds=proof.prove_seconds)
        counts = [to_signed(entry) for entry in proof.output[:-1]]
        receipt = sender.send(attestations.declare(task.id, counts, proof.data))
        for name, rows in composition(task.scoring, task.learner.groups, counts):
            report("counted", rows=f"{name}: {_rows(task, rows)}")
        report("declared", gas=receipt.gas_used, calldata=receipt.calldata_bytes)
        receipts.append(receipt)
    return receipts


def _vectors(
    task: Task,
    sender: Sender,
    secret: bytes,
    dataset: Dataset,
    report: Report,
    journal: SecretStore,
    *,
    held_out: bool,
) -> tuple[list[tuple[list[int], Point]], DataCommitments]:
    """The data vectors, all registered by the account, and what counts proofs about them."""
    if held_out:
        attester = Attester(task, sender, secret, dataset, report, journal=journal)
        found, commitments = attester.vectors, attester.commitments
        owners = [task.contracts.attestations.get_held_out(task.id, point_hash(point)).holder for _, point in found]
    else:
        trainer = Trainer(task, sender, secret, dataset, report, journal=journal)
        found, commitments = trainer.vectors, trainer.commitments
        owners = [task.contracts.trainers.get_data(task.id, point_hash(point)).owner for _, point in found]
    if any(owner != sender.address for owner in owners):
        first = "headwater attest --once" if held_out else "headwater trainer run"
        raise ConfigError(
            f"{sender.address} has not registered the rows of this file in task {task.id}",
            f"name the file that `{first}` registered, with the same --home; or run that first",
        )
    return found, commitments


def _rows(task: Task, rows: Sequence[int]) -> str:
    """Counts by class."""
    classes = task.learner.classes or ("rows",)
    return ", ".join(f"{count} {name}" for name, count in zip(classes, rows, strict=True))
