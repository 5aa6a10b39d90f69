"""Which models a model is made of, back to first models without parents, and on whose data it rests.

Lineages are directed graphs without circles: a round's model was trained from the one before it, a first model may be
made of models of other tasks, several of them. A model rests on the data of everybody whose update is in an average of
its lineage. That is whoever masked in the last attempt of a round that was finalized: also one that was convicted
after the average was accepted, since its update is in the model. Who was left out of the average is not in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

from headwater.chain.contracts.events import ModelAdded, Submitted
from headwater.chain.contracts.opened import Contracts
from headwater.errors import ChainError
from headwater.protocol.structs import Parent
from headwater.reading.history import History, place, read_history
from headwater.roles.pools.rows import see

ModelId = tuple[int, int]
"""Task and round."""

_LOGS = "all logs of a task: they do not fit what the registry counts"


@dataclass(frozen=True)
class Contribution:
    """What a trainer put into a model: an update, proved to follow from data that it had registered.

    Attributes:
        pooled: of data that are a pool's, whose rows these are.
    """

    trainer: str
    submitted: Submitted
    data_hashes: tuple[bytes, ...]
    pooled: Mapping[bytes, tuple[str, ...]] = field(default_factory=dict)

    @property
    def people(self) -> frozenset[str]:
        """Whose data they are: the trainer's, and of rows of a pool whoever contributed them, too."""
        return frozenset((self.trainer, *chain.from_iterable(self.pooled.values())))

    @property
    def data(self) -> tuple[bytes, ...]:
        """The hashes of the data's commitments, each once: those of links claimed before the last ones, too."""
        return tuple(dict.fromkeys(self.data_hashes))


@dataclass(frozen=True)
class Generation:
    """A model, and how it came about.

    Attributes:
        added: the registry's event.
        parents: floor(sum of coefficient_i w_i / divisor) of these it is; a round's model was trained from the one.
        divisor: 0 where there are no parents.
        contributions: whose updates it averages; nobody's for a first model.
    """

    added: ModelAdded
    parents: tuple[Parent, ...]
    divisor: int
    contributions: tuple[Contribution, ...]

    @property
    def id(self) -> ModelId:
        """Which model it is."""
        return self.added.task_id, self.added.round

    @property
    def is_root(self) -> bool:
        """Whether it is of no others: zeros, or what its creator made, and nobody proved."""
        return not self.parents

    @property
    def name(self) -> str:
        """What people call it."""
        return name_of(self.id)


@dataclass(frozen=True)
class DataUse:
    """Data that a model rests on: whose they are, their commitment's hash, and the models that they went into.

    Attributes:
        contributors: whose rows they are, where they are a pool's.
    """

    trainer: str
    data_hash: bytes
    models: tuple[ModelId, ...]
    contributors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ancestry:
    """A model and all its ancestors.

    Attributes:
        generations: the model first, and each before those that it is made of.
        histories: of the tasks that these are of.
    """

    generations: tuple[Generation, ...]
    histories: dict[int, History]

    @property
    def model(self) -> Generation:
        """The model whose ancestry it is."""
        return self.generations[0]

    @property
    def roots(self) -> tuple[Generation, ...]:
        """The first models without parents."""
        return tuple(each for each in self.generations if each.is_root)

    @cached_property
    def data(self) -> tuple[DataUse, ...]:
        """All data that the model rests on, in the order in which they first went into it."""
        uses: dict[tuple[str, bytes], list[ModelId]] = {}
        pooled: dict[tuple[str, bytes], tuple[str, ...]] = {}
        for generation in reversed(self.generations):
            for contribution in generation.contributions:
                for data_hash in contribution.data:
                    of = contribution.trainer, data_hash
                    uses.setdefault(of, []).append(generation.id)
                    pooled[of] = contribution.pooled.get(data_hash, ())
        return tuple(DataUse(*of, tuple(models), pooled[of]) for of, models in uses.items())

    @cached_property
    def people(self) -> frozenset[str]:
        """Whoever's data the model rests on: trainers, and contributors of their pools."""
        return frozenset(account for use in self.data for account in (use.trainer, *use.contributors))

    @cached_property
    def left_out(self) -> dict[str, tuple[ModelId, ...]]:
        """Whose data went into other models of the same tasks, and not into this one: by trainer, into which."""
        found: dict[str, list[ModelId]] = {}
        for task_id, history in self.histories.items():
            for number, round_ in history.rounds.items():
                for trainer in round_.averaged:
                    if trainer not in self.people:
                        found.setdefault(trainer, []).append((task_id, number))
        return {trainer: tuple(models) for trainer, models in found.items()}

    def resting(self) -> dict[ModelId, frozenset[str]]:
        """For each model of the ancestry, whose data it rests on."""
        found: dict[ModelId, frozenset[str]] = {}
        for generation in reversed(self.generations):
            own = (contribution.people for contribution in generation.contributions)
            inherited = (found[parent.task_id, parent.round] for parent in generation.parents)
            found[generation.id] = frozenset().union(*own, *inherited)
        return found

    def without(
        self, accounts: Iterable[str], is_plain: Callable[[Generation], bool] = lambda _: True
    ) -> list[Generation]:
        """The models that none of these accounts' data entered and that some training did, the newest first.

        Args:
            is_plain: whether nobody's data are in a first model without parents: what rests on another is not free of
                anybody's, for all that is known.
        """
        unwanted, resting = frozenset(accounts), self.resting()
        unknown: set[ModelId] = set()
        found = []
        for generation in reversed(self.generations):
            parents = {(parent.task_id, parent.round) for parent in generation.parents}
            if unknown & parents or (generation.is_root and not is_plain(generation)):
                unknown.add(generation.id)
            elif resting[generation.id] and not resting[generation.id] & unwanted:
                found.append(generation)
        return sorted(found, key=lambda each: place(each.added), reverse=True)


def name_of(model: ModelId) -> str:
    """What people call a model: `round 5 of task 3`."""
    task_id, round_ = model
    return f"round {round_} of task {task_id}" if round_ else f"the first model of task {task_id}"


def read_ancestry(contracts: Contracts, task_id: int, round_: int | None = None) -> Ancestry:
    """A model and its ancestors, from the chain alone: each task that they are of is read once.

    Args:
        round_: which made the model; by default the task's newest.

    Raises:
        ContractError: there is no such task or model.
        ChainError: the node fails, or what it tells of logs does not fit what the registry counts.
    """
    last = contracts.chain.block().number
    wanted = contracts.models.latest(task_id, last).round if round_ is None else round_
    contracts.models.get_model(task_id, wanted, last)  # for its error
    found: dict[ModelId, Generation] = {}
    pasts: dict[int, _Past] = {}
    pending: list[ModelId] = [(task_id, wanted)]
    while pending:
        model = pending.pop()
        if model in found:
            continue
        if model[0] not in pasts:
            pasts[model[0]] = _Past.read(contracts, model[0], last)
        found[model] = pasts[model[0]].generation(model[1])
        pending += [(parent.task_id, parent.round) for parent in found[model].parents]
    # a model is made of older ones: of tasks before its own, or of rounds before
    ordered = tuple(found[model] for model in sorted(found, reverse=True))
    return Ancestry(ordered, {number: past.history for number, past in sorted(pasts.items())})


@dataclass(frozen=True)
class _Past:
    """What happened in a task up to a block.

    Attributes:
        added: its models' events, by round.
        trainers: how many updates each averages, as the registry has it.
    """

    contracts: Contracts
    task_id: int
    history: History
    added: dict[int, ModelAdded]
    trainers: dict[int, int]
    origin: tuple[tuple[Parent, ...], int]
    contributors: dict[bytes, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def read(cls, contracts: Contracts, task_id: int, last: int) -> _Past:
        models = contracts.models
        history = read_history(contracts, task_id, last)
        added = {event.round: event for event in models.events(ModelAdded, last=last, task_id=task_id)}
        known = models.get_models(task_id, 0, max(history.rounds) + 1, last)
        trainers = {model.round: model.trainers for model in known}
        if {model.round: model.model_hash for model in known} != {n: event.model_hash for n, event in added.items()}:
            raise contracts.chain.lacks(_LOGS, task_id)
        return cls(contracts, task_id, history, added, trainers, models.get_parents(task_id, 0, last))

    def generation(self, number: int) -> Generation:
        added = self.added[number]
        if number == 0:
            parents, divisor = self.origin
            if any(parent.task_id >= self.task_id for parent in parents):
                raise ChainError(
                    f"task {self.task_id} is made of a younger task's model, which the contracts do not allow",
                    "the node lies, or these are not the contracts: ask another with --rpc",
                )
            return Generation(added, tuple(parents), divisor, ())
        return Generation(added, (Parent(self.task_id, added.parent, 1),), 1, self._contributions(number))

    def _contributions(self, number: int) -> tuple[Contribution, ...]:
        """Whose updates are in a round's average: as many as the registry counts, or a log is missing."""
        round_ = self.history.rounds.get(number)
        parts = [round_.parts[trainer] for trainer in round_.averaged] if round_ else []
        found = [
            Contribution(part.trainer, part.submitted, part.data_hashes, self._pooled(part.data_hashes))
            for part in parts
            if part.submitted is not None
        ]
        if len(found) != self.trainers[number]:
            raise self.contracts.chain.lacks(_LOGS, self.task_id)
        return tuple(found)

    def _pooled(self, data_hashes: Sequence[bytes]) -> dict[bytes, tuple[str, ...]]:
        """Of some data those that are a pool's, and whose rows they are."""
        pools = self.contracts.pools
        for data_hash in set(data_hashes) - self.contributors.keys() if pools.pool_count() else ():
            pool_id = pools.pooled_of(self.task_id, data_hash)
            members = see(self.contracts, pool_id).members if pool_id else ()
            self.contributors[data_hash] = tuple(member.contributor for member in members)
        return {each: found for each in data_hashes if (found := self.contributors.get(each))}


def alternatives(free: Sequence[Generation]) -> list[Generation]:
    """Of models that are free of somebody's data, those that none of the others is made of."""
    made_of = {(parent.task_id, parent.round) for each in free for parent in each.parents}
    return [each for each in free if each.id not in made_of]
