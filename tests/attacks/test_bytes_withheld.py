"""Wants: to stop the others for free, and to be paid as an aggregator all the same.

Tries: to commit and keep the bytes: of its masked update, of the average that it posted, of the first model.
Stopped: whoever committed can be made to show the vector on chain. Who does not in time is left out or loses what it
posted, and is slashed.
"""

from __future__ import annotations

from headwater.chain.contracts.events import AverageRevoked, FirstModelWithheld, RewardCollected, TrainerSlashed
from headwater.protocol.phases import Phase
from tests.support.arena import AGGREGATOR, FEE, MEMBERS, SMALL, STAKE
from tests.support.weakened_contracts import Weakness

UPDATES_UNPUNISHED = Weakness("RoundManager", "entry.status = TrainerStatus.Accused;\n        ++state.accused;")
AVERAGES_UNPUNISHED = Weakness(
    "RoundManager", "if (state.accused == 0) return Phase.Finalized;", "return Phase.Finalized;"
)
MODELS_UNPUNISHED = Weakness("RoundManager", "state.accused != 0 || state.joined < least", "state.joined < least")
WITHHOLDER = 1


def test_masked_update__withheld__costs_its_trainer_and_not_the_round(arena, attack):
    arena.at("aggregating")
    with attack.works_on(UPDATES_UNPUNISHED), arena.weakened(UPDATES_UNPUNISHED):
        arena.challenge_update(WITHHOLDER)
        arena.pass_phase()
        assert arena.rounds.get_round(arena.task_id, 1).phase is Phase.FAILED
        arena.settle(WITHHOLDER)
        assert arena.enrolment(WITHHOLDER).stake == STAKE
    arena.challenge_update(WITHHOLDER)
    arena.pass_phase()
    others = [i for i in MEMBERS if i != WITHHOLDER]
    for i in others:
        arena.mask(i)
    arena.aggregate(others)
    arena.pass_phase()
    assert arena.rounds.get_round(arena.task_id, 1).masked == len(others)
    attack.answered_by(arena.settle(WITHHOLDER).event(TrainerSlashed))


def test_average__withheld__is_taken_back_and_costs_its_aggregator(arena, attack):
    arena.at("challenging")
    with attack.works_on(AVERAGES_UNPUNISHED), arena.weakened(AVERAGES_UNPUNISHED):
        arena.challenge_model()
        arena.pass_phase()
        collect = arena.rewards.collect(arena.task_id, [1])
        assert arena.send(AGGREGATOR, collect).event(RewardCollected).amount == FEE
    arena.challenge_model()
    attack.answered_by(arena.pass_phase().event(AverageRevoked))
    assert arena.state.phase is Phase.AGGREGATE
    with attack.stopped_by("RoundNotFinalized"):
        arena.send(AGGREGATOR, arena.rewards.collect(arena.task_id, [1]))


def test_first_model__withheld__ends_the_task_and_costs_its_creator(arena, attack):
    arena = arena.at("created").around(arena.create([7] * SMALL.dimension))
    for i in MEMBERS[:3]:
        arena.enrol(i, arena.data(i)[1])
        arena.send(i, arena.rounds.join(arena.task_id))
    with attack.works_on(MODELS_UNPUNISHED), arena.weakened(MODELS_UNPUNISHED):
        arena.challenge_model()
        arena.pass_phase()
        assert arena.state.phase is Phase.TRAIN
    arena.challenge_model()
    attack.answered_by(arena.pass_phase().event(FirstModelWithheld))
    assert arena.state.phase is Phase.SKIPPED
