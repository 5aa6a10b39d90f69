"""Creating a task: circuits, verifiers, documents, its first model, and the transaction that fixes them all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from headwater.chain.contracts.events import TaskCreated
from headwater.chain.contracts.opened import Contracts
from headwater.chain.sending.sender import Sender
from headwater.circuits import worker
from headwater.circuits.average import Average
from headwater.circuits.circuit import Circuit, build
from headwater.circuits.openings import basis_quotient, task_basis, tau_g2
from headwater.circuits.srs import DEV, Srs, dev_srs, perpetual_srs
from headwater.circuits.statement import Statement
from headwater.circuits.update import Update
from headwater.errors import ConfigError
from headwater.groups.members import in_all, read_group
from headwater.learners.learner import Learner
from headwater.protocol.fixedpoint import salt_rows_for
from headwater.protocol.groups import MOST_GROUPS
from headwater.protocol.machine.terms import MAX_ANSWER_TIME, part_count
from headwater.protocol.structs import ZERO_ADDRESS, ZERO_HASH, Origin, TaskConfig
from headwater.protocol.vectors import update_length
from headwater.roles.inferring import INFER, inference_statement, open_inference
from headwater.roles.models import open_model
from headwater.roles.origins import FirstModel, Lineage, ParentModel, first_model, read_parents
from headwater.roles.report import Report, silent
from headwater.roles.scores import COMPOSITION, SCORE, deploy_verifier, open_scores, score_statements
from headwater.roles.task import MAX_DIMENSION, growth_problem
from headwater.roles.terms import Terms, check_terms, proofs_about_data
from headwater.storage.cid import Cid
from headwater.storage.manifests import (
    Artifact,
    CircuitManifest,
    Document,
    SrsReference,
    TaskManifest,
)
from headwater.storage.parts import problem_of
from headwater.storage.store import ContentStore
from headwater.storage.vectors import ModelDocument


def least_k(update: Update, *others: Statement) -> int:
    """The k of a task of such updates: the least that has room for both circuits, and for others that it has."""
    return max(k for _, k in worker.sizes(update, Average(update.dimension), *others))


def create_task(
    contracts: Contracts,
    sender: Sender,
    store: ContentStore,
    home: Path,
    learner: Learner,
    terms: Terms,
    source: str = DEV,
    report: Report = silent,
    lineage: Lineage | None = None,
    *,
    scores: bool = False,
    attesters: Sequence[str] = (),
    inference: bool = False,
) -> int:
    """Publish a task, and return its id.

    Args:
        learner: it gets as many rows of salts as the rounds need.
        source: `DEV` or `PERPETUAL`, where the SRS comes from; that of the parents, where there are any, and their
            verifiers, where the circuits are the same.
        lineage: the models that the first one is made of; by default it is what the learner starts from.
        scores: whether scores and compositions can be recorded (`IAttestations`).
        attesters: whose scores the creator points readers to.
        inference: whether models can be asked about committed rows (`IInferences`).

    Raises:
        ConfigError: the terms, the texts or the numbers cannot be; or the account cannot pay. Nothing was sent then.
        CircuitError: the statement cannot be built, or the first model cannot be proved.
        ContractError: the terms are refused.
        StorageError, TaskError: a parent cannot be had, or is none to build on.
    """
    check_terms(terms)
    learner = learner.with_salt_rows(salt_rows_for(proofs_about_data(terms), learner.width))
    check_documents(learner, terms, scores=scores)
    scoring = score_statements(learner) if scores else {}
    if terms.quiet_bound and (not scoring or learner.groups or not learner.classes):
        raise ConfigError(
            "receipts need a score of the whole that is a share: of a model of classes, without columns of groups",
            "say --scores and name no group columns, or leave out --quiet-bound: nothing was sent",
        )
    if scores and not scoring:
        raise ConfigError(f"models of the kind {learner.kind!r} have no score", "leave out --scores: nothing was sent")
    if contracts.chain.balance(sender.address) <= terms.pool:
        raise ConfigError(f"{sender.address} has not enough coin for the pool", "send it some, or lower --pool")
    parents = read_parents(contracts, store, home, learner, lineage) if lineage else ()
    report("measuring")
    more = scoring | ({INFER: inference_statement(learner)} if inference else {})
    srs = _srs(home, source, parents, learner.update_statement, *more.values())
    circuits: dict[str, Circuit] = {}
    for name, statement in {"train": learner.update_statement, "average": Average(learner.dimension), **more}.items():
        report("building", statement=name)
        circuits[name] = build(home, statement, srs)
    train, average = circuits["train"], circuits["average"]
    first = _first_model(average, sender.address, learner, lineage, parents, report)
    check_growth(learner, terms.rounds, terms.max_links, first.model.weights)
    srs_cid = str(store.put_file(srs.path)) if srs.source == DEV else ""
    srs_reference = SrsReference.model_validate({"id": srs.id, "k": srs.k, "source": srs.source, "cid": srs_cid})
    cids = {name: str(publish_circuit(circuit, store, srs_reference)) for name, circuit in circuits.items()}
    manifest_cid = _put(store, _manifest(learner, terms, {SCORE: "", COMPOSITION: "", INFER: ""} | cids, srs_reference))
    model_cid = _put(store, first.model.document(0, 0))
    known = _verifiers_of(parents)
    verifiers = {SCORE: ZERO_ADDRESS}
    for name in ("train", "average", *((SCORE,) if terms.quiet_bound else ())):
        if address := known.get(_code_hash(circuits[name]), ""):
            report("shared", contract=f"{name} verifier", address=address)
        else:
            address = deploy_verifier(sender, name, circuits[name], report)
        verifiers[name] = address
    basis = task_basis(srs, learner.dimension)
    config = TaskConfig(
        train_verifier=verifiers["train"],
        train_code_hash=_code_hash(train),
        average_verifier=verifiers["average"],
        average_code_hash=_code_hash(average),
        score_verifier=verifiers[SCORE],
        score_code_hash=_code_hash(circuits[SCORE]) if terms.quiet_bound else ZERO_HASH,
        manifest=manifest_cid.digest,
        srs=bytes.fromhex(srs.id),
        k=srs.k,
        dimension=learner.dimension,
        rounds=terms.rounds,
        min_trainers=terms.min_trainers,
        max_trainers=terms.max_trainers,
        max_links=terms.max_links,
        review_period=terms.review_period,
        quiet_bound=terms.quiet_bound,
        admission=terms.admission,
        join_period=terms.join_period,
        train_period=terms.train_period,
        mask_period=terms.mask_period,
        aggregate_period=terms.aggregate_period,
        challenge_period=terms.challenge_period,
        answer_period=terms.answer_period,
        unbonding_period=terms.unbonding_period,
        stake=terms.stake,
        aggregator_fee=terms.aggregator_fee,
        challenge_bond=terms.challenge_bond,
        fault_slash=terms.fault_slash,
        absence_slash=terms.absence_slash,
        offset=basis.offset,
        basis0=basis.basis0,
        basis1=basis.basis1,
        basis_d=basis.basis_d,
        tau=tau_g2(srs),
    )
    quotient = basis_quotient(average, learner.dimension)
    receipt = sender.send(contracts.tasks.create_task(config, quotient, first.origin, model_cid.digest, terms.pool))
    report("created", gas=receipt.gas_used)
    task_id = receipt.event(TaskCreated).task_id
    if scoring:
        known_score = [verifiers[SCORE]] if terms.quiet_bound else []
        of_rows = circuits[SCORE], circuits[COMPOSITION]
        open_scores(contracts, sender, task_id, learner, of_rows, attesters, report, known_score)
    if inference:
        open_inference(contracts, sender, task_id, circuits[INFER], report)
    return task_id


def module_of(
    contracts: Contracts, sender: Sender, groups: Sequence[int], min_trainers: int, report: Report = silent
) -> str:
    """The admission module of members of all of these groups, made where it does not stand yet: its address.

    min_trainers: the task's; fewer members than that are told of, since no round could begin.

    Raises:
        ConfigError: there are too many groups, or one of them is none.
        ChainError: the node fails, or leaves out events.
    """
    ids = sorted(set(groups))
    if len(ids) > MOST_GROUPS:
        raise ConfigError(f"{len(ids)} groups are named", f"a task may ask for {MOST_GROUPS} at most")
    members = len(in_all([read_group(contracts, group_id) for group_id in ids]))
    if members < min_trainers:
        report("note", text=f"{members} may enrol by now, and a round needs {min_trainers}: its admins can add more")
    module = contracts.admissions.address_of(ids)
    if not contracts.chain.code(module):
        receipt = sender.send(contracts.admissions.module_for(ids))
        report("deployed", contract="admission module", gas=receipt.gas_used)
    return module


def _srs(home: Path, source: str, parents: Sequence[ParentModel], update: Update, *others: Statement) -> Srs:
    """What the task's circuits are built with: of the least k, or of the parents', whose commitments are to add up."""
    k = least_k(update, *others)
    if not parents:
        return dev_srs(home, k) if source == DEV else perpetual_srs(home, k)
    srs = parents[0].srs
    if k > srs.k:
        raise ConfigError(
            f"these numbers take circuits of k = {k}, and the parents' have k = {srs.k}: models of different k do not"
            " add up",
            "take fewer --rows, --steps or --rounds: nothing was sent",
        )
    return srs


def _verifiers_of(parents: Sequence[ParentModel]) -> dict[bytes, str]:
    """The contracts that verify the parents' proofs, by the hash of their code: one of the same code serves again."""
    found = {}
    for config in (parent.config for parent in parents):
        found[config.train_code_hash] = config.train_verifier
        found[config.average_code_hash] = config.average_verifier
        if config.quiet_bound:
            found[config.score_code_hash] = config.score_verifier
    return found


def _code_hash(circuit: Circuit) -> bytes:
    return bytes.fromhex(circuit.verifier.code_hash[2:])


def _first_model(
    average: Circuit,
    creator: str,
    learner: Learner,
    lineage: Lineage | None,
    parents: Sequence[ParentModel],
    report: Report,
) -> FirstModel:
    """The first model, opened, and what it comes from."""
    if lineage is None:
        first = open_model(average, learner.first_weights())
        return FirstModel(first, Origin(first.commitment))
    return first_model(average, creator, lineage, parents, report)


def check_growth(learner: Learner, rounds: int, links: int, start: Sequence[int] = ()) -> None:
    """Refuse a task that could not be carried through to its last round. start: the first model's weights.

    Raises:
        ConfigError: it could not.
    """
    if problem := growth_problem(learner, rounds, links, start):
        raise ConfigError(
            f"the task could not be carried through: {problem}", "take fewer rounds or steps, or a smaller clip"
        )


def publish_circuit(circuit: Circuit, store: ContentStore, srs: SrsReference) -> Cid:
    """Store a circuit's published artifacts and its manifest, and return the manifest's CID."""
    found = circuit.manifest
    artifacts = {
        name: Artifact(cid=str(store.put_file(circuit.path(name))), sha256=entry["sha256"], size=entry["size"])
        for name, entry in found["artifacts"].items()
    }
    shared = {key: found[key] for key in ("statement", "k", "rows", "versions", "inputs", "output", "verifier")}
    return _put(store, CircuitManifest.of(**shared, srs=srs, artifacts=artifacts))


def check_documents(learner: Learner, terms: Terms, *, scores: bool = False) -> None:
    """Refuse what the task's manifest cannot say, or what could not be carried through to the last round.

    Raises:
        ConfigError: it is one of these; the message names the field.
    """
    if learner.dimension > MAX_DIMENSION:
        raise ConfigError(
            f"a model of {learner.dimension} weights is too large: at most {MAX_DIMENSION}, so that a masked update"
            " fits one document",
            "take fewer features or classes: nothing was sent",
        )
    count = part_count(32 * update_length(learner.dimension))
    if terms.answer_period * count > MAX_ANSWER_TIME:
        raise ConfigError(
            f"answers of {count} parts, {terms.answer_period} s each, would hold a round up for more than 7 days",
            "shorten the time to answer: nothing was sent",
        )
    cid = str(Cid.from_digest(bytes(32)))
    srs = SrsReference.model_validate({"id": "00" * 32, "k": 1, "source": DEV, "cid": cid})
    hint = "change the name, the columns or the numbers: nothing was sent"
    try:
        named = dict.fromkeys(("train", "average", SCORE, COMPOSITION, INFER), cid)
        manifest = _manifest(learner, terms, named, srs)
        manifest.encode()
        same = type(learner).parse(manifest.model) == learner
    except ValidationError as error:
        raise ConfigError(f"the task's manifest cannot be written: {problem_of(error)}", hint) from error
    except ValueError as error:
        raise ConfigError(f"the task's manifest cannot be written: {error}", hint) from error
    if not same:
        raise ConfigError("the task's manifest cannot say these numbers exactly", hint)
    if problem := learner.leak_problem(terms.rounds, receipts=terms.quiet_bound > 0, scores=scores):
        raise ConfigError(f"the task would give rows away: {problem}", "see docs/adr/0015: nothing was sent")
    if problem := learner.problem(terms.rounds, terms.max_trainers):
        raise ConfigError(f"no such task can be: {problem}", "change the terms: nothing was sent")
    check_growth(learner, terms.rounds, terms.max_links)


def _manifest(learner: Learner, terms: Terms, circuits: dict[str, str], srs: SrsReference) -> TaskManifest:
    return TaskManifest.of(
        name=terms.name,
        description=terms.description,
        learner={"kind": learner.kind, "package": learner.package},
        model=learner.document(),
        circuits=circuits,
        srs=srs,
    )


def _put(store: ContentStore, document: Document | ModelDocument) -> Cid:
    return store.put(document.encode())
