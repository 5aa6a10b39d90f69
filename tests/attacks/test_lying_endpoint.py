"""Wants: what two honest members share: their masks of all rounds, and with all of a victim's its updates.

Tries: as a trainer's Ethereum node, to tell it of a dispute that there is not; or, in one that there is, to give it a
third member's mask key for that of its peer.
Stopped: what a dispute rests on is asked of all endpoints that the trainer names, and more than half must tell it. Who
names a single one takes its word that there is a dispute; a key must come with its owner's proof.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace

import pytest

from headwater.chain.asking.rpc import connect
from headwater.chain.contracts.codec import encode_call
from headwater.chain.contracts.opened import open_contracts
from headwater.chain.sending.sender import Sender
from headwater.errors import ContractError
from headwater.protocol import possession
from headwater.protocol.curve import Point
from headwater.protocol.decisions import OpenMask
from headwater.protocol.masks import mask_key, shared_point
from headwater.protocol.phases import Kind
from headwater.roles.report import silent
from headwater.roles.secrets import mask_secret, secret_of
from headwater.roles.task import point_hash
from headwater.roles.trainer import Trainer
from tests.support.posting import posting
from tests.support.proxy import run_proxy
from tests.support.roles import OUTSIDER, TERMS, World, steady_journal

VICTIM, PEER, THIRD = 0, 1, 2
SELECTOR = encode_call("ChallengeManager", "getChallenge", (1,))[:4].hex()
KIND, OTHER = 3, 7  # words of a challenge
BOND = TERMS.challenge_bond


def one_endpoint_believed():
    """A trainer that names one endpoint."""


def one_endpoint_believed_without_proof():
    """A trainer that names one endpoint, and answers also for a key that comes without a proof of possession."""


class Liar:
    """An endpoint that changes texts in answers and logs of some account; and keeps what it is asked."""

    def __init__(self, changes: dict[str, str], *, logs_of: str = "", dispute_with: str = "") -> None:
        """logs_of: change logs of this account only, not of others. dispute_with: make an accusation one of a mask."""
        self.changes, self.logs_of, self.dispute_with = changes, logs_of, dispute_with
        self.heard: list[str] = []

    def __call__(self, request, forward):
        self.heard.append(json.dumps(request))
        answer = forward(request)
        if request["method"] == "eth_getLogs":
            answer["result"] = [self.changed(log) for log in answer["result"]]
        elif request["method"] == "eth_call" and "result" in answer:
            answer["result"] = self.changed(answer["result"])
            if self.dispute_with and SELECTOR in self.heard[-1]:
                words = [answer["result"][at : at + 64] for at in range(2, len(answer["result"]), 64)]
                words[KIND], words[OTHER] = f"{Kind.MASK.value:064x}", bare(self.dispute_with).rjust(64, "0")
                answer["result"] = "0x" + "".join(words)
        return answer

    def changed(self, value):
        text = json.dumps(value)
        if isinstance(value, str) or bare(self.logs_of) in "".join(value["topics"]):
            for true, false in self.changes.items():
                text = text.replace(true, false)
        return json.loads(text)

    def learned(self, shared: Point) -> bool:
        return any(f"{shared.x:064x}" in request for request in self.heard)


def bare(account: str) -> str:
    """An address as topics and words have it."""
    return account.removeprefix("0x").lower()


def address(world: World, i: int) -> str:
    return world.senders[i + 1].address


def own_secret(world: World, i: int) -> int:
    return mask_secret(secret_of(world.anvil.accounts[i + 1]), world.task.tag)


def key_of(world: World, i: int) -> Point:
    return mask_key(own_secret(world, i))


def victim_over(world: World, urls: Sequence[str]) -> Trainer:
    """The victim, whose node asks the endpoints at some URLs, the preferred first."""
    chain, key = connect(urls), world.anvil.accounts[VICTIM + 1]
    task = replace(world.task, contracts=open_contracts(chain, world.folder / "deployments"))
    task.__dict__.update(train=world.task.train, average=world.task.average)
    dataset = task.learner.read(world.files[VICTIM])
    return Trainer(
        task, Sender(chain, key), secret_of(key), dataset, silent, journal=steady_journal(key, world.task, dataset)
    )


@contextmanager
def lying_first(world: World, liar: Liar):
    """URLs of endpoints: the liar's and two honest ones'."""
    with run_proxy(world.anvil.url) as lying, run_proxy(world.anvil.url) as one, run_proxy(world.anvil.url) as other:
        lying.do(liar)
        yield [lying.url, one.url, other.url]


def check(world: World, attack, liar: Liar, shared: Point, weakness, weak=nullcontext, counts=(2, 3)) -> None:
    """The victim answers: weakened over the liar alone, as it is over so many endpoints."""
    with lying_first(world, liar) as urls:
        with attack.works_on(weakness), weak():
            trainer = victim_over(world, urls[:1])
            action = trainer.decide(world.chain.block())
            assert isinstance(action, OpenMask)
            with pytest.raises(ContractError):
                trainer.act(action)
            assert liar.learned(shared)
        for count in counts:
            liar.heard.clear()
            with attack.stopped_by("ChainError"):
                victim_over(world, urls[:count]).act(action)
            assert liar.heard
            assert not liar.learned(shared)


def test_dispute__that_there_is_not(aggregating, attack):
    """There is a challenge, of the victim's update."""
    world, peer = aggregating, address(aggregating, PEER)
    challenges, posted = world.contracts.challenges, posting(world, PEER)
    world.senders[OUTSIDER].send(challenges.challenge_update(world.task_id, address(world, VICTIM), BOND))
    true = posted.commitments[[mask.peer for mask in posted.masks].index(address(world, VICTIM))]
    liar = Liar({true.encode().hex(): posted.update.encode().hex()}, logs_of=peer, dispute_with=peer)
    check(world, attack, liar, shared_point(own_secret(world, VICTIM), key_of(world, PEER)), one_endpoint_believed)


def test_key__of_a_third_member__for_the_peers(masking, attack, monkeypatch):
    world, challenges = masking, masking.contracts.challenges
    posted = {i: posting(world, i) for i in (VICTIM, PEER, THIRD)}
    at = [mask.peer for mask in posted[PEER].masks].index(address(world, VICTIM))
    posted[PEER] = posted[PEER].masking(1, at)
    for each in posted.values():
        each.send()
    members, postings = zip(*((posted[i].trainer, posted[i].on_chain()) for i in (VICTIM, PEER)), strict=True)
    world.senders[OUTSIDER].send(challenges.challenge_mask(world.task_id, members, postings, BOND))
    true, false = key_of(world, PEER), key_of(world, THIRD)
    liar = Liar({true.encode().hex(): false.encode().hex(), point_hash(true).hex(): point_hash(false).hex()})

    @contextmanager
    def unproved():
        with monkeypatch.context() as weak:
            weak.setattr(possession, "verify", lambda *_: True)
            yield

    shared = shared_point(own_secret(world, VICTIM), false)
    check(world, attack, liar, shared, one_endpoint_believed_without_proof, unproved, counts=(1, 2))
    with lying_first(world, liar) as urls:  # two of three know the true key, which is answered
        victim = victim_over(world, urls)
        victim.act(victim.decide(world.chain.block()))
        assert not liar.learned(shared)
        assert liar.learned(shared_point(own_secret(world, VICTIM), true))
