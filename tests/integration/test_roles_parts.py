"""Answers that do not fit one transaction: shown part by part, by trainers that are restarted after each.

Commitments and openings are EZKL's. What proofs say does not matter here, so the verifiers accept anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from headwater.chain.asking.rpc import connect
from headwater.chain.contracts.events import Challenged, Convicted, MaskOpened, ModelOpened, Opened, UpdateOpened
from headwater.chain.contracts.opened import open_contracts
from headwater.chain.deploying.deploy import deploy
from headwater.chain.sending.sender import Receipt, Sender
from headwater.circuits.circuit import Circuit
from headwater.protocol.field import pack, to_signed
from headwater.protocol.masks import masked
from headwater.protocol.openings import Encoding, decode
from headwater.protocol.phases import Kind
from headwater.protocol.vectors import sum_of_commitments, twice
from headwater.roles import masking, opening
from headwater.roles import trainer as trainers
from headwater.roles.challenges import answer_model
from headwater.roles.models import OpenedModel, tagged
from headwater.roles.role import round_view
from headwater.roles.trainer import Trainer
from scripts.benchmarks import openings as game
from tests.support.anvil import run_anvil

WEIGHTS, K = 9000, 14  # an update of 5 parts, a model of 2
MOST_CALLDATA, MOST_GAS = 95_000, 16_700_000


class LongTask:
    """Round 1 of a task of many weights, in Aggregate: the second trainer has posted a wrong mask towards the third."""

    def __init__(self, play: Any) -> None:
        self.play, self.circuit, self.contracts = play, play.circuit, play.contracts
        self.trainers = play.trainers
        config = self.contracts.tasks.get_task(play.task_id).config
        self.task = SimpleNamespace(
            id=play.task_id,
            tag=play.tag,
            contracts=self.contracts,
            config=config,
            learner=SimpleNamespace(dimension=WEIGHTS),
            place="here",
            shape="whole",
            train=self.circuit,
            average=self.circuit,
            view=lambda block: round_view(
                block.timestamp, config, self.contracts.rounds.get_state(play.task_id, block.number)
            ),
            tagged=lambda commitment: tagged(commitment, config, play.tag),
        )

    def trainer(self, i: int, vector: list[int]) -> Trainer:
        """A trainer that was just started, with nothing but its key and what follows from it."""
        sender = Sender(self.contracts.chain, self.play.anvil.accounts[i + 1])
        made: Any = Trainer(self.task, sender, bytes(32), None, lambda *_, **__: None, journal=None)  # type: ignore[arg-type]
        made._masked = lambda *_: SimpleNamespace(document=SimpleNamespace(vector=pack(vector)))
        return made

    def raised(self, kind: Kind, challenge: Any) -> int:
        """The id of a challenge that the creator raises."""
        bond = self.contracts.challenges.bond_of(self.task.id, kind) * 2
        receipt = self.play.creator.send(challenge(bond))
        return receipt.event(Challenged).challenge_id


def small(receipt: Receipt) -> Receipt:
    """A transaction that any chain takes."""
    assert receipt.calldata_bytes < MOST_CALLDATA
    assert receipt.gas_used < MOST_GAS
    return receipt


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory, home) -> Iterator[LongTask]:
    folder = tmp_path_factory.mktemp("long")
    with run_anvil(folder / "anvil.log") as anvil, pytest.MonkeyPatch.context() as patch:
        patch.setattr(game, "WEIGHTS", WEIGHTS)
        patch.setattr(game, "K", K)
        chain = connect(anvil.url)
        senders = [Sender(chain, key) for key in anvil.accounts]
        deploy(senders[0], folder / "deployments", home)
        contracts = open_contracts(chain, folder / "deployments")
        circuit: Circuit = game.build(home, game.Average(2), game.dev_srs(home, K))
        yield LongTask(game._Play(contracts, senders, circuit, anvil))


def test_update__that_fits_no_transaction__is_shown_in_parts__by_trainers_that_are_restarted(long):
    me, challenges = long.trainers[0].address, long.contracts.challenges
    number = long.raised(Kind.UPDATE, lambda bond: challenges.challenge_update(long.task.id, me, bond))
    vector, receipts = masked(long.play.vectors[me], long.play._masks(me)), []
    while not receipts or receipts[-1].name != "ChallengeManager.answerUpdate":
        trainer = long.trainer(0, vector)
        receipts.append(small(trainer._answer(trainer.open_update(number), number)))
    names = [receipt.name for receipt in receipts]
    assert names == ["Openings.show"] * 5 + ["Openings.conclude", "ChallengeManager.answerUpdate"]
    (event,) = challenges.events(UpdateOpened, task_id=long.task.id)
    assert event.trainer == me
    assert masking.opened(long.task, 1, 1) == {me: pack(vector)}
    assert challenges.get_challenge(number).closed


def test_mask__that_takes_too_much_gas_for_one_transaction__is_expanded_in_parts(long, monkeypatch):
    liar, victim = (sender.address for sender in long.trainers[1:])
    postings = (long.play.postings[liar], long.play.postings[victim])
    challenges = long.contracts.challenges
    number = long.raised(
        Kind.MASK, lambda bond: challenges.challenge_mask(long.task.id, (liar, victim), postings, bond)
    )
    monkeypatch.setattr(trainers, "mask_secret", lambda *_: long.play.secrets[victim])
    monkeypatch.setattr(opening, "MASK_ENTRIES", 4000)
    receipts = []
    while not receipts or receipts[-1].name != "ChallengeManager.answerMask":
        trainer = long.trainer(2, [])
        receipts.append(small(trainer._answer(trainer.open_mask(number), number)))
    names = [receipt.name for receipt in receipts]
    assert names == ["Openings.expand"] * 3 + ["Openings.conclude", "ChallengeManager.answerMask"]
    (opened,) = challenges.events(MaskOpened, task_id=long.task.id)
    (convicted,) = long.contracts.rounds.events(Convicted, task_id=long.task.id)
    assert (convicted.trainer, {opened.one, opened.other}) == (liar, {liar, victim})


def test_model__that_fits_no_transaction__is_shown_in_parts__and_read_from_the_chain(long):
    play, rounds, challenges = long.play, long.contracts.rounds, long.contracts.challenges
    weights = [(-1) ** i * (i + 7) for i in range(WEIGHTS)]
    model = long.task.tagged(long.circuit.commit(weights))
    tag = long.circuit.commit([*[0] * WEIGHTS, play.tag])
    total = sum_of_commitments([*play.updates.values(), tag], play.config.offset)
    total = twice(total, play.config.offset)
    public = long.circuit.commit([3, int(play.creator.address, 16)])
    proof = b"".join(point.encode() for point in (model, game.ANY, public, total))
    play.creator.send(rounds.aggregate(long.task.id, proof, game.CID))
    number = long.raised(Kind.MODEL, lambda bond: challenges.challenge_model(long.task.id, bond))
    long.task.read_weights = lambda *_: weights
    receipts = []
    while not receipts or receipts[-1].name != "ChallengeManager.answerModel":
        receipts.append(small(play.creator.send(answer_model(long.task, number))))
    names = [receipt.name for receipt in receipts]
    assert names == ["Openings.show"] * 2 + ["Openings.conclude", "ChallengeManager.answerModel"]
    (event,) = challenges.events(ModelOpened, task_id=long.task.id)
    data = opening.shown(long.contracts, long.task.id, event.commitment_hash, event.root)
    assert [to_signed(entry) for entry in decode(data, Encoding.PACKED, WEIGHTS)] == weights
    assert challenges.get_challenge(number).closed
    (opened,) = long.contracts.openings.events(
        Opened, task_id=long.task.id, commitment_hash=event.commitment_hash, root=event.root
    )
    model_hash = long.contracts.models.latest(long.task.id).model_hash
    assert OpenedModel(tuple(weights), opened.commitment, opened.quotient).is_of(play.config, play.tag, model_hash)
