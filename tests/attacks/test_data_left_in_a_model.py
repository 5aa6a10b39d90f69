"""Wants: that a model still rests on the data of somebody who has left for good.

Tries: data that came in through a parent of a parent; through an average after which their owner was convicted; through
a node that leaves out the log that says so; through a first model that a creator copied, and nobody proved.
Stopped: `--without` follows the lineage to its roots, asks who is in the averages and not who was paid, compares logs
with the registry's counts, and takes nothing that rests on weights nobody proved.
"""

from __future__ import annotations

from dataclasses import replace

from headwater.protocol.structs import Parent
from headwater.reading.ancestry import Ancestry, Generation, read_ancestry
from headwater.reading.history import RoundHistory
from headwater.reading.without import newest_without
from headwater.roles.origins import Lineage
from tests.support.lineages import Lineages, of_parents, one_round


def start(lineages: Lineages, task_id: int, round_: int | None = None) -> tuple[int, int]:
    """The model that `--without` the leaver starts from."""
    world = lineages.world
    return newest_without(world.contracts, world.store, world.home, task_id, round_, [lineages.leaver]).model.id


def rests(lineages: Lineages, model: tuple[int, int]) -> bool:
    """Whether a model rests on the leaver's data."""
    return lineages.leaver in read_ancestry(lineages.world.contracts, *model).people


def the_newest_task_only(self: Ancestry) -> dict[tuple[int, int], frozenset[str]]:
    """A node that asks who trained in the task itself, and not in those that it was made of."""
    found: dict[tuple[int, int], frozenset[str]] = {}
    for generation in reversed(self.generations):
        before = (found[p.task_id, p.round] for p in generation.parents if p.task_id == generation.added.task_id)
        own = (contribution.trainer for contribution in generation.contributions)
        found[generation.id] = frozenset(own).union(*before)
    return found


def who_was_paid(self: RoundHistory) -> list[str]:
    """A node that takes those who were paid for those whose updates are in the average."""
    return [trainer for trainer in AVERAGED(self) if self.parts[trainer].convicted is None]


AVERAGED = RoundHistory.averaged.fget


def test_data__that_came_in_through_a_parents_parent(lineages, attack, monkeypatch):
    merged, beside = lineages.merged.id, lineages.beside.id
    with attack.works_on(the_newest_task_only), monkeypatch.context() as weak:
        weak.setattr(Ancestry, "resting", the_newest_task_only)
        chosen = start(lineages, merged)
        assert chosen == (merged, 1)
    assert rests(lineages, chosen)

    assert start(lineages, merged) == (beside, 1)
    assert not rests(lineages, (beside, 1))
    attack.gains("the newest model without them is of another task, from which this one was merged")


def test_data__of_one_who_was_convicted_after_the_average(lineages, attack, monkeypatch):
    left = lineages.left.id
    with attack.works_on(who_was_paid), monkeypatch.context() as weak:
        weak.setattr(RoundHistory, "averaged", property(who_was_paid))
        weak.setattr("headwater.reading.ancestry._Past._contributions", _uncounted)
        assert not rests(lineages, (left, 2))
    round_ = lineages.world.contracts.rounds
    assert not round_.contributed(left, 2, lineages.leaver), "it was not paid"

    assert rests(lineages, (left, 2))
    assert start(lineages, left) == (left, 1), "in round 1 it submitted, and was left out of the average"
    attack.gains("who is in the average counts, paid or not; who was left out of it does not")


def _uncounted(self, number):
    from headwater.reading.ancestry import Contribution

    round_ = self.history.rounds[number]
    parts = [round_.parts[trainer] for trainer in round_.averaged]
    return tuple(Contribution(part.trainer, part.submitted, part.data_hashes) for part in parts)


def test_data__whose_log_the_node_leaves_out(lineages, attack, monkeypatch):
    """A log that says that the leaver masked."""
    left, leaver, reading = lineages.left.id, lineages.leaver, "headwater.reading.ancestry"
    true = read_ancestry(lineages.world.contracts, left, 2).histories[left]
    parts = {trainer: part for trainer, part in true.rounds[2].parts.items() if trainer != leaver}
    lie = replace(true, rounds={**true.rounds, 2: replace(true.rounds[2], parts=parts)})
    monkeypatch.setattr(f"{reading}.read_history", lambda *_: lie)
    with attack.works_on("A node that believes what it is told of logs."), monkeypatch.context() as weak:
        weak.setattr(f"{reading}._Past._contributions", _uncounted)
        assert not rests(lineages, (left, 2))
    with attack.stopped_by("ChainError"):
        rests(lineages, (left, 2))


def test_data__in_a_first_model_that_nobody_proved(lineages, attack, monkeypatch):
    """The creator of a new task copies the weights of a model, in place of naming it as a parent."""
    world, left = lineages.world, lineages.left
    weights = left.weights(world.models.get_model(left.id, 2))
    model = world.opened(weights)
    copied = world.open(world.create(model.commitment, world.put(model.document(0, 0)).digest, rounds=2))
    one_round(world, copied)
    both = of_parents(world, Lineage((Parent(copied.id, 1, 1), Parent(left.id, 2, 1)), 2))

    def believed(self: Ancestry, accounts: list[str], is_plain: object) -> list[Generation]:
        """A node that takes weights nobody proved for nobody's."""
        return WITHOUT(self, accounts)

    with attack.works_on(believed), monkeypatch.context() as weak:
        weak.setattr(Ancestry, "without", believed)
        assert start(lineages, both.id) == (copied.id, 1)
    assert start(lineages, both.id) == (left.id, 1)
    attack.gains("what rests on weights that nobody proved is not taken for free of anybody's data")


WITHOUT = Ancestry.without
