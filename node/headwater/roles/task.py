"""A task as a node sees it: what the chain says, checked against the documents and rebuilt circuits.

Nothing in a task's config is taken on trust (see "Trust" in `ITaskManager.sol`): circuits are rebuilt from their
parameters, and verifiers' code, basis points and the first model compared, before anything is staked.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from threading import Event

from eth_utils.crypto import keccak

from headwater.chain.asking.rpc import Block, BlockId
from headwater.chain.contracts.events import ModelOpened, Opened
from headwater.chain.contracts.opened import Contracts
from headwater.chain.deploying.records import LOCAL_CHAINS
from headwater.circuits.average import Average
from headwater.circuits.circuit import Circuit, build
from headwater.circuits.machines import HERE, Machines
from headwater.circuits.openings import tau_g2
from headwater.circuits.srs import DEV, Srs, open_srs, perpetual_path, perpetual_srs, srs_size
from headwater.circuits.statement import Statement
from headwater.circuits.worker import LONGEST_SECONDS
from headwater.errors import (
    ConfigError,
    ContentMismatch,
    ContentTooLarge,
    ContractError,
    DocumentError,
    TaskError,
    Unavailable,
)
from headwater.learners.learner import Learner, find
from headwater.protocol.curve import Point
from headwater.protocol.decisions import RoundView
from headwater.protocol.documents import MAX_BYTES
from headwater.protocol.field import P, to_signed
from headwater.protocol.fixedpoint import salt_rows_for
from headwater.protocol.openings import Encoding, decode
from headwater.protocol.structs import Model, Scoring, TaskConfig
from headwater.protocol.vectors import Basis, update_length
from headwater.roles.limits import BeyondLimits, Limits
from headwater.roles.models import OpenedModel, tagged
from headwater.roles.opening import shown
from headwater.roles.report import Report, silent
from headwater.roles.role import round_view
from headwater.roles.scores import scoring_of
from headwater.roles.seen import Seen, collectable
from headwater.roles.terms import proofs_about_data
from headwater.storage.cid import Cid
from headwater.storage.files import writing
from headwater.storage.manifests import (
    CircuitManifest,
    SrsReference,
    TaskManifest,
    TaskReference,
)
from headwater.storage.store import ContentStore
from headwater.storage.vectors import HEADER_BYTES, ModelDocument
from headwater.storage.words import WORD

MAX_DIMENSION = (MAX_BYTES - HEADER_BYTES) // WORD - update_length(0)
"""Weights of a model whose masked update fits one document."""

LEAST_ANSWER_SECONDS = 600
"""What a node wants to have to answer a challenge, on a chain that is not this machine's own."""


def point_hash(point: Point) -> bytes:
    """keccak256 of a point's 64 bytes: a model hash, or a data hash."""
    return keccak(point.encode())


def learner_of(manifest: TaskManifest) -> Learner:
    """The learner of a task, with its numbers.

    Raises:
        TaskError: it is not installed here, or what the manifest says of it makes no sense.
    """
    kind, package = manifest.learner.kind, manifest.learner.package
    try:
        learner = find(kind)
    except ConfigError as error:
        raise TaskError(
            f"the task's models are of the kind {kind!r}: {error.message}",
            f"its creator says that a package {package!r} brings it. A name proves nothing, and anybody may have taken"
            " it on a registry: ask the creator where its code is, and read that first",
        ) from error
    try:
        return learner.parse(manifest.model)
    except (ValueError, OverflowError) as error:
        raise TaskError(f"the task's manifest makes no sense: {error}", "do not take part") from error


def growth_problem(learner: Learner, rounds: int, links: int, start: Sequence[int] = ()) -> str:
    """Why a task's weights could outgrow what can be proved before its end; empty if they cannot.

    links: how many proofs in a row an update may have.
    start: the weights of the first model; by default the learner's own.
    """
    reach = max(map(abs, start or learner.first_weights()), default=0) + rounds * links * learner.reach
    limit = min(learner.weight_limit, (1 << Average(learner.dimension).weight_bits) - 1)
    if reach <= limit:
        return ""
    return (
        f"{rounds} rounds of up to {links} proof(s) can bring a weight to {reach} units, and beyond {limit}"
        " neither training nor averaging can be proved"
    )


def answer_problem(config: TaskConfig, chain_id: int) -> str:
    """Why an honest node may lose its stake to a challenge on this chain, or miss one that is due; empty if not."""
    if chain_id in LOCAL_CHAINS:
        return ""
    if 0 < config.review_period < LEAST_ANSWER_SECONDS:
        return f"whoever looks has {config.review_period} s to find a proof that is missing or false, and to demand it"
    if config.answer_period >= LEAST_ANSWER_SECONDS:
        return ""
    return (
        f"whoever is challenged has {config.answer_period} s to answer, which a node that restarts, or whose"
        " transaction waits, may miss"
    )


@dataclass(frozen=True)
class TaskReader:
    """A task as whoever uses its models knows it, who needs no SRS; see `read_task`."""

    id: int
    contracts: Contracts
    store: ContentStore
    creator: str
    config: TaskConfig
    manifest: TaskManifest
    learner: Learner
    tag: int

    def fetch(self, digest: bytes) -> bytes:
        """The document whose CID has a digest.

        Raises:
            Unavailable: no store gives it now. One that gives other bytes is no better than one that gives none: that
                says nothing about who committed to the document.
            ContentTooLarge: it is none of ours.
        """
        try:
            return self.store.get(Cid.from_digest(digest), MAX_BYTES)
        except ContentMismatch as error:
            raise Unavailable(error.message, "name another store, too: this one is damaged, or lies") from error

    def weights(self, model: Model, block: BlockId = "latest") -> list[int]:
        """The weights of a version; see `read_weights`."""
        return self.read_weights(model.round, model.cid, model.model_hash, block)

    def read_weights(self, round_: int, cid: bytes, model_hash: bytes, block: BlockId = "latest") -> list[int]:
        """The weights that a round made, D integers: fetched, and checked against their CID and model hash.

        Where the store has others or none, they are read from the chain, if they were shown there. Weights that are all
        zero need no bytes: their commitment shows them.

        block: the last in which they may have been shown.

        Raises:
            Unavailable: no store gives the document now.
            ContentMismatch: it is none, or its weights are not what the contract accepted.
        """
        try:
            return list(self.read_model(round_, cid, model_hash, block).weights)
        except (Unavailable, ContentMismatch):
            if point_hash(self.tagged(self.config.offset)) == model_hash:
                return [0] * self.learner.dimension
            raise

    def read_model(self, round_: int, cid: bytes, model_hash: bytes, block: BlockId = "latest") -> OpenedModel:
        """What `read_weights` reads, with its opening: of zeros without a document, nobody has that.

        Raises:
            Unavailable, ContentMismatch: as `read_weights`.
        """
        try:
            return self._fetch_model(round_, cid, model_hash)
        except (Unavailable, ContentMismatch):
            for event in self.contracts.challenges.events(ModelOpened, last=block, task_id=self.id):
                for model in self._shown(event, block):
                    if model.is_of(self.config, self.tag, model_hash):
                        return model
            raise

    def _fetch_model(self, round_: int, cid: bytes, model_hash: bytes) -> OpenedModel:
        hint = f"do not use it; `headwater challenger run --task {self.id}` demands the true one, if there is time"
        try:
            model = OpenedModel.read(ModelDocument.decode(self.fetch(cid)))
        except (DocumentError, ContentTooLarge) as error:
            raise ContentMismatch(
                f"the document of task {self.id}'s model of round {round_} is no model: {error.message}", hint
            ) from error
        if not model.is_of(self.config, self.tag, model_hash):
            raise ContentMismatch(
                f"the document of task {self.id}'s model of round {round_} holds other weights than the chain's", hint
            )
        return model

    def _shown(self, event: ModelOpened, block: BlockId) -> Iterator[OpenedModel]:
        """A model that was shown on chain, from the bytes and the openings that the chain has of it."""
        commitment_hash, root = event.commitment_hash, event.root
        data = shown(self.contracts, self.id, commitment_hash, root, block)
        weights = tuple(map(to_signed, decode(data, Encoding.PACKED, self.learner.dimension)))
        openings = self.contracts.openings.events(
            Opened, last=block, task_id=self.id, commitment_hash=commitment_hash, root=root
        )
        for opened in openings:
            yield OpenedModel(weights, opened.commitment, opened.quotient)

    def tagged(self, commitment: Point) -> Point:
        """C([w | tag]) from C([w | 0])."""
        return tagged(commitment, self.config, self.tag)


@dataclass(frozen=True)
class Task(TaskReader):
    """A task that passed every check which its manifest allows; see `open_task`.

    Attributes:
        machines: where proofs about it are made and verified.
    """

    srs: Srs
    basis: Basis
    home: Path
    machines: Machines = field(default=HERE, repr=False, compare=False)
    _seen: dict[str, Seen] = field(default_factory=dict, repr=False, compare=False)

    @property
    def reference(self) -> TaskReference:
        """How documents name the task."""
        chain = self.contracts.chain
        return TaskReference(chain_id=chain.chain_id, task_manager=self.contracts.tasks.address, task_id=self.id)

    @property
    def place(self) -> str:
        """How a journal names the task, among all of all chains."""
        return f"{self.contracts.place}/{self.id}"

    @property
    def shape(self) -> str:
        """What commitments to the same rows depend on, beside their salts."""
        return f"{self.srs.id}/{self.srs.k}/{self.learner.rows}/{self.learner.salt_rows}/{self.learner.width}"

    @cached_property
    def train(self) -> Circuit:
        """The circuit of updates; `check_circuits` has compared it."""
        return self._circuit(self.learner.update_statement)

    @cached_property
    def average(self) -> Circuit:
        """The circuit of averages; `check_circuits` has compared it."""
        return self._circuit(Average(self.learner.dimension))

    def _circuit(self, statement: Statement, limit: float = LONGEST_SECONDS, stop: Event | None = None) -> Circuit:
        return replace(build(self.home, statement, self.srs, limit, stop), machines=self.machines)

    @property
    def has_inference(self) -> bool:
        """Whether its manifest has a circuit of inferences."""
        return bool(self.manifest.circuits.infer)

    @cached_property
    def infer(self) -> Circuit:
        """The circuit of inferences; `check_inference` has compared it."""
        statement = self.learner.infer_statement
        if not self.has_inference or statement is None:
            raise TaskError(
                f"task {self.id} has no inferences", "its creator chose so, for good: `task create --inference`"
            )
        return self._circuit(statement)

    def view(self, block: Block) -> RoundView:
        """Where the task is in a block."""
        state = self.contracts.rounds.get_state(self.id, block.number)
        return round_view(block.timestamp, self.config, state)

    def seen(self, account: str, block: Block) -> Seen:
        """The task in a block, with an account's part in it: read once for all roles of the account."""
        known = self._seen.get(account)
        if known is None or known.block != block:
            known = Seen.read(self.contracts, self.id, account, block)
            self._seen[account] = known
        return known

    def collectable(self, account: str, block: int) -> tuple[int, ...]:
        """The first finalized rounds that still owe the account something, as many as one `Collect` takes."""
        return collectable(self.contracts, self.id, account, block)

    def current_model(self) -> list[int]:
        """The weights of the task's newest model, D integers, checked against the chain."""
        return self.weights(self.contracts.models.latest(self.id))

    def base_model(self, round_: int, block: BlockId = "latest") -> list[int]:
        """The weights from which a round starts: the newest model before it, also when newer ones have come since."""
        models = self.contracts.models
        model = models.latest(self.id, block)
        if model.round >= round_:
            before = (models.get_models(self.id, number, 1, block) for number in reversed(range(round_)))
            model = next(found[0] for found in before if found)  # that of round 0, if no other
        return self.weights(model, block)

    def commit_model(self, weights: Sequence[int]) -> Point:
        """C([w | tag])."""
        return self.basis.commit([*weights, self.tag])

    def starts_plain(self, model_hash: bytes) -> bool:
        """Whether nobody's data are in a first model without parents: it is zeros, or what the learner draws."""
        return model_hash == point_hash(self.commit_model(self.learner.first_weights()))

    def own_origin(self, model_hash: bytes) -> str:
        """What a first model without parents is: zeros, what the learner draws, or whatever its creator made."""
        if not self.starts_plain(model_hash):
            return "a model of its creator's, which nobody proved"
        return "what its learner draws from its seed" if any(self.learner.first_weights()) else "zeros"

    def check_first_model(self) -> None:
        """Read the first model, and check that what is trained from it can be proved to the last round.

        Raises:
            Unavailable, ContentMismatch: its weights cannot be had.
            TaskError: so far they could grow.
        """
        weights = self.weights(self.contracts.models.get_model(self.id, 0))
        _check_growth(self.id, growth_problem(self.learner, self.config.rounds, self.config.max_links, weights))

    @property
    def has_scores(self) -> bool:
        """Whether its manifest has circuits of scores and compositions."""
        return bool(self.manifest.circuits.score)

    @cached_property
    def score(self) -> Circuit:
        """The circuit of scores; `check_scores` has compared it."""
        return self._circuit(self._score_statements[0])

    @cached_property
    def composition(self) -> Circuit:
        """The circuit of compositions; `check_scores` has compared it."""
        return self._circuit(self._score_statements[1])

    @property
    def _score_statements(self) -> tuple[Statement, Statement]:
        score, composition = self.learner.evaluate_statement(), self.learner.composition_statement
        if not self.has_scores or score is None or composition is None:
            raise TaskError(f"task {self.id} has no scores", "its creator chose so, for good: `task create --scores`")
        return score, composition

    @cached_property
    def scoring(self) -> Scoring:
        """What the contract fixes of its scores.

        Raises:
            TaskError: it has none, or was not opened for them.
        """
        _ = self._score_statements
        try:
            return self.contracts.attestations.get_scoring(self.id)
        except ContractError as error:
            raise TaskError(
                f"task {self.id} is not open for scores yet", f"its creator opens it: `headwater task open {self.id}`"
            ) from error

    def check_scores(self, report: Report = silent, limit: float = LONGEST_SECONDS, stop: Event | None = None) -> None:
        """Rebuild the circuits of scores and compositions, and compare verifiers and layout with the contract's.

        limit, stop: as `check_circuits` says.

        Raises:
            TaskError: the task has no scores, or a verifier or the layout is not what the manifest gives.
            CircuitError: a circuit cannot be built here, or not in time.
        """
        scoring, circuits = self.scoring, []
        for name, statement in zip(("score", "composition"), self._score_statements, strict=True):
            report("building", statement=name)
            circuits.append(self._circuit(statement, limit, stop))
        verifiers = (scoring.score_verifier, scoring.composition_verifier)
        expected = scoring_of(self.learner, circuits, verifiers, scoring.attesters)
        stands = tuple(self.contracts.chain.code_hash(address) for address in verifiers)
        if scoring != expected or stands != (expected.score_code_hash, expected.composition_code_hash):
            raise TaskError(
                f"task {self.id}'s scores are not those rebuilt here from its manifest: a verifier, or the layout",
                "its creator may be able to forge scores: do not believe any",
            )
        self.__dict__["score"], self.__dict__["composition"] = circuits

    @property
    def statements(self) -> dict[str, Statement]:
        """The statements of its two circuits, by name."""
        return {"train": self.learner.update_statement, "average": Average(self.learner.dimension)}

    def check_circuits(
        self, report: Report = silent, limit: float = LONGEST_SECONDS, stop: Event | None = None
    ) -> None:
        """Rebuild both circuits and compare them with the verifiers on chain: before anything is staked or proved.

        limit: seconds after which the building of one is given up. stop: set by another thread, it is at once.

        Raises:
            TaskError: a verifier is not the one that the manifest's statement gives.
            CircuitError: one cannot be built here, or not in time.
        """
        chain, config = self.contracts.chain, self.config
        on_chain = {
            "train": (config.train_verifier, config.train_code_hash),
            "average": (config.average_verifier, config.average_code_hash),
            "score": (config.score_verifier, config.score_code_hash),
        }
        asked = {"score": self._score_statements[0]} if config.quiet_bound else {}
        for name, statement in (self.statements | asked).items():
            report("building", statement=name, **({"usual": limit} if limit < LONGEST_SECONDS else {}))
            (address, code_hash) = on_chain[name]
            circuit = self._circuit(statement, limit, stop)
            expected = bytes.fromhex(circuit.verifier.code_hash[2:])
            if not expected == code_hash == chain.code_hash(address):
                raise TaskError(
                    f"task {self.id}'s verifier of {name} at {address} is not the one rebuilt here",
                    "its creator may be able to forge proofs: do not take part",
                )
            self.__dict__[name] = circuit  # what `train` and `average` give

    def check_inference(
        self, report: Report = silent, limit: float = LONGEST_SECONDS, stop: Event | None = None
    ) -> None:
        """Rebuild the circuit of inferences, and compare it with what the contract has: before an answer is believed.

        Raises:
            TaskError: the task has none, it was not opened, or its verifier is not the one that the manifest gives.
            CircuitError: as of `check_circuits`.
        """
        statement = self.learner.infer_statement
        if not self.has_inference or statement is None:
            _ = self.infer  # which says so
            return
        try:
            setup = self.contracts.inferences.get_setup(self.id)
        except ContractError as error:
            if error.name != "NotOpen":
                raise
            raise TaskError(
                f"task {self.id} is not open for inferences yet",
                f"its creator opens it: `headwater infer open {self.id}`",
            ) from None
        report("building", statement="infer")
        circuit = self._circuit(statement, limit, stop)
        expected = (bytes.fromhex(circuit.verifier.code_hash[2:]), statement.table[1])
        on_chain = self.contracts.chain.code_hash(setup.verifier)
        if not expected == (setup.code_hash, setup.outputs) == (on_chain, setup.outputs):
            raise TaskError(
                f"task {self.id}'s verifier of inferences at {setup.verifier} is not the one rebuilt here",
                "its creator may be able to forge answers: do not believe any",
            )
        self.__dict__["infer"] = circuit


def read_task(contracts: Contracts, store: ContentStore, task_id: int, limits: Limits | None = None) -> TaskReader:
    """A task's config and manifest, checked against each other.

    What its models are worth rests on its circuits and its SRS: these, `open_task` checks.

    Raises:
        BeyondLimits: it would take more than `limits` allow.
        ContractError: no such task.
        Unavailable: its manifest cannot be fetched now.
        ContentMismatch, DocumentError: that is not what it should be.
        TaskError: it contradicts the config, or makes no sense.
    """
    screen = contracts.lens.get_task(task_id)
    config = screen.config
    if limits and config.k > limits.max_k:
        raise BeyondLimits(task_id, limits.problem_of_k(config.k))
    manifest = TaskManifest.decode(store.get(Cid.from_digest(config.manifest), MAX_BYTES))
    learner = learner_of(manifest)
    _check(task_id, "dimension", learner.dimension, config.dimension)
    if config.dimension > MAX_DIMENSION:
        raise TaskError(f"task {task_id} has {config.dimension} weights, which fit no document", "do not take part")
    _check(task_id, "k", manifest.srs.k, config.k)
    _check(task_id, "SRS", manifest.srs.id, config.srs.hex())
    if manifest.srs.source == DEV and contracts.chain.chain_id not in LOCAL_CHAINS:
        raise TaskError(
            f"task {task_id} uses a development SRS on chain {contracts.chain.chain_id}: its maker can forge proofs",
            "take part only in tasks with the Perpetual Powers of Tau",
        )
    if limits and (problem := limits.problem(learner, config.k)):
        raise BeyondLimits(task_id, problem)
    return TaskReader(task_id, contracts, store, screen.creator, config, manifest, learner, screen.tag % P)


def open_task(
    contracts: Contracts,
    store: ContentStore,
    home: Path,
    task_id: int,
    *,
    check_model: bool = True,
    limits: Limits | None = None,
    read: TaskReader | None = None,
    machines: Machines = HERE,
) -> Task:
    """A task's config and documents, checked against each other and against the SRS.

    check_model: also check the first model. Who challenges need not have it: it may be what is withheld.
    limits: what the task may take here; none: whatever it does.
    read: what `read_task` gave, where that was asked before.
    machines: where its proofs are made and verified.

    Raises:
        BeyondLimits: it would take more.
        ContractError: no such task.
        Unavailable: one of its documents or its SRS cannot be fetched now.
        ContentMismatch, DocumentError: a document is not what it should be.
        TaskError: something in it contradicts something else.
    """
    read = read or read_task(contracts, store, task_id, limits)
    config, manifest, learner = read.config, read.manifest, read.learner
    if learner.salt_rows < salt_rows_for(proofs_about_data(config), learner.width):
        raise TaskError(
            f"task {task_id} has {learner.salts} salts for {config.rounds} rounds: proofs would give the data away",
            "do not take part",
        )
    scores = bool(manifest.circuits.score)
    if problem := learner.leak_problem(config.rounds, receipts=config.quiet_bound > 0, scores=scores):
        raise TaskError(f"task {task_id} would give rows away: {problem}", "do not take part")
    _check_growth(task_id, learner.problem(config.rounds, config.max_trainers))
    _check_growth(task_id, growth_problem(learner, config.rounds, config.max_links, (0,)))  # from its model: later
    if problem := answer_problem(config, contracts.chain.chain_id):
        hint = f"do not take part; ask its creator for a task of at least {LEAST_ANSWER_SECONDS} s"
        raise TaskError(f"task {task_id} is not safe to be challenged in: {problem}", hint)
    for name, text, statement in (
        ("train", manifest.circuits.train, learner.update_statement),
        ("average", manifest.circuits.average, Average(learner.dimension)),
        ("score", manifest.circuits.score, learner.evaluate_statement()),
        ("composition", manifest.circuits.composition, learner.composition_statement),
        ("infer", manifest.circuits.infer, learner.infer_statement),
    ):
        if not text:
            continue
        if statement is None:
            raise TaskError(f"task {task_id} has a circuit of a {name}, and its learner none", "do not take part")
        circuit = CircuitManifest.decode(store.get(Cid.parse(text), MAX_BYTES))
        ours = {"kind": statement.kind, "params": statement.params}
        _check(task_id, f"statement of {name}", circuit.statement.model_dump(), ours)
        _check(task_id, f"SRS of {name}", circuit.srs.id, manifest.srs.id)
    srs = fetch_srs(store, home, manifest)
    _check(task_id, "SRS file", srs.id, manifest.srs.id)
    _check(task_id, "tau", tau_g2(srs), config.tau)
    basis = srs.basis(update_length(learner.dimension))
    points = (basis.offset, *basis.points[:2], basis.points[learner.dimension])
    _check(task_id, "basis points", points, (config.offset, config.basis0, config.basis1, config.basis_d))
    task = Task(**vars(read), srs=srs, basis=basis, home=home, machines=machines)
    if check_model:
        task.check_first_model()
    return task


def fetch_srs(store: ContentStore, home: Path, manifest: TaskManifest) -> Srs:
    """The SRS that a manifest names: the public one, or a development one from the store, kept under `home`.

    Raises:
        Unavailable: it cannot be fetched now.
        TaskError: at the manifest's CID lies another file than its id says; it is not kept.
        CircuitError: it is of another k.
        StorageError: it cannot be kept under `home`.
    """
    named = manifest.srs
    if named.source != DEV:
        return perpetual_srs(home, named.k)
    path = srs_path(home, named)
    with writing(path):
        if not path.exists() or Srs(path, named.k, DEV).id != named.id:
            _keep_srs(store, named, path)
    return open_srs(path, named.k, DEV)


def srs_path(home: Path, named: SrsReference) -> Path:
    """Where under `home` a task's SRS is, if it was fetched."""
    return home / "srs" / f"{named.id}.srs" if named.source == DEV else perpetual_path(home, named.k)


def _keep_srs(store: ContentStore, named: SrsReference, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        fetched = Path(folder) / "srs"
        if named.cid:
            store.get_file(Cid.parse(named.cid), fetched, srs_size(named.k))
        if not named.cid or Srs(fetched, named.k, DEV).id != named.id:
            raise TaskError(f"no SRS {named.id} lies where its manifest says", "do not take part; tell its creator")
        fetched.rename(path)


def _check_growth(task_id: int, problem: str) -> None:
    if problem:
        raise TaskError(f"task {task_id} cannot be carried through: {problem}", "do not take part; tell its creator")


def _check(task_id: int, what: str, found: object, expected: object) -> None:
    if found != expected:
        raise TaskError(
            f"task {task_id} contradicts itself: its {what} is {found} and should be {expected}",
            "do not take part; tell its creator",
        )
