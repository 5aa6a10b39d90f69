"""A round of a hundred trainers with real proofs in the store, two of whom cheat: its cost, and what becomes of them.

    python -m scripts.bench_crowd [--trainers N]

One claims the true proof of another update, one an update whose proof nobody gets. A challenger verifies all in
Review and demands the two. The exit code is 1 where one of the cheats is in the average, or an honest one is not.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import click

from headwater.chain.asking.rpc import connect
from headwater.chain.contracts.opened import open_contracts
from headwater.chain.deploying.anvil import Anvil, run_anvil
from headwater.chain.deploying.deploy import deploy
from headwater.chain.sending.sender import Sender
from headwater.circuits.circuit import proof_points
from headwater.cli.main import configure_logging
from headwater.journal.database import Database
from headwater.journal.secrets import SecretStore
from headwater.learners.linear import Linear
from headwater.learners.linear.figures import ONE_STEP
from headwater.protocol.decisions import Aggregate, ChallengeProof, Deposit, Enrol, Join, Mask, Publish, Submit
from headwater.protocol.phases import Phase
from headwater.protocol.structs import Link
from headwater.reading.planning import GAS, VERIFYING
from headwater.roles.aggregator import Aggregator
from headwater.roles.challenger import Challenger
from headwater.roles.creating import Terms, create_task
from headwater.roles.secrets import secret_of
from headwater.roles.task import open_task, point_hash
from headwater.roles.trainer import Trainer
from headwater.storage.opening import open_store
from headwater.storage.vectors import ProofDocument
from headwater.tools import ROOT
from scripts.benchmarks.rounds import Ledger, expect, pass_time
from scripts.benchmarks.shapes import shares

ROWS = 5  # of each trainer
ETHER = 10**18
HELD_BACK = b"\1" * 32


class Crowd:
    """The task, its trainers, and who looks."""

    def __init__(self, trainers: int, home: Path, folder: Path, anvil: Anvil) -> None:
        self.anvil, self.ledger = anvil, Ledger()
        chain = connect(anvil.url)
        senders = [Sender(chain, key) for key in anvil.accounts]
        deploy(senders[0], folder / "deployments", home)
        self.contracts = open_contracts(chain, folder / "deployments")
        store = open_store(f"dir:{folder / 'store'}")
        spec = replace(ONE_STEP, rows=ROWS)
        columns, datasets = shares("breast-cancer", (ROWS,) * trainers, spec, folder)
        self.terms = Terms(
            "a crowd",
            rounds=1,
            max_trainers=trainers,
            review_period=3600,
            stake=ETHER,
            pool=ETHER,
            challenge_bond=ETHER // 100,
        )
        task_id = create_task(self.contracts, senders[0], store, home, Linear(spec, columns), self.terms)
        self.task = open_task(self.contracts, store, home, task_id)
        self.trainers = [
            Trainer(self.task, sender, secret_of(key), data, self.ledger, journal=SecretStore(Database(None), key))
            for sender, key, data in zip(senders[3:], anvil.accounts[3:], datasets, strict=True)
        ]
        self.aggregator = Aggregator(self.task, senders[1], self.ledger)
        senders[1].send(self.contracts.stakes.deposit(ETHER))
        self.challenger = Challenger(self.task, senders[2], self.ledger)

    @property
    def cheats(self) -> list[Trainer]:
        """The second and the third."""
        return self.trainers[1:3]

    def enter(self) -> None:
        """All enrol and join."""
        for trainer in self.trainers:
            for kind in (Deposit, Enrol, Join):
                expect(trainer.step(), kind)

    def claim(self) -> None:
        """The honest claim what they have proved; one cheat ten times its update, one a proof that it keeps."""
        for trainer in self.trainers:
            if trainer not in self.cheats:
                expect(trainer.step(), Submit)
        liar, silent = self.cheats
        (proof,) = liar.train(1)
        _, data, _, _ = proof_points(proof.data, 4)
        more = self.task.train.commit([10 * entry for entry in proof.output])
        document = ProofDocument.made(proof.data, task=self.task.reference, round=1, trainer=liar.sender.address)
        cid = self.task.store.put(document.encode()).digest
        liar.sender.send(self.contracts.proofs.claim(self.task.id, [Link(point_hash(data), more, cid)], last=True))
        (point,) = (point for _, point in silent.vectors)
        kept = Link(point_hash(point), more, HELD_BACK)
        silent.sender.send(self.contracts.proofs.claim(self.task.id, [kept], last=True))

    def review(self) -> float:
        """The challenger demands both; returns the seconds of its first look, in which it verifies all."""
        begun = time.monotonic()
        expect(self.challenger.step(), ChallengeProof)
        seconds = time.monotonic() - begun
        pass_time(self.anvil, self.terms.review_period // 4)
        expect(self.challenger.step(), ChallengeProof)
        state = self.contracts.rounds.get_state(self.task.id)
        pass_time(self.anvil, state.deadline - self.contracts.chain.block().timestamp)
        self.aggregator.step()
        self.anvil.mine()
        return seconds

    def finish(self) -> None:
        """The others mask, and their average becomes the model."""
        honest = [trainer for trainer in self.trainers if trainer not in self.cheats]
        for kind in (Mask, Publish):
            for trainer in honest:
                expect(trainer.step(), kind)
            self.anvil.mine()
        expect(self.aggregator.step(), Aggregate)
        pass_time(self.anvil, self.terms.challenge_period)
        self.aggregator.step()

    def judged(self) -> bool:
        """Whether exactly the honest count, and the cheats are slashed."""
        rounds, trainers = self.contracts.rounds, self.contracts.trainers
        counted = [rounds.contributed(self.task.id, 1, trainer.sender.address) for trainer in self.trainers]
        right = counted == [trainer not in self.cheats for trainer in self.trainers]
        slashed = [trainers.slash_of(self.task.id, trainer.sender.address) for trainer in self.trainers]
        faults = [fault for _, fault in slashed]
        return right and faults == [trainer in self.cheats for trainer in self.trainers]


@click.command()
@click.option("--trainers", default=100, show_default=True, type=click.IntRange(min=5, max=110))
def main(trainers: int) -> None:
    """Play it, print as JSON, judge."""
    configure_logging(verbose=False)
    home, seconds = ROOT / "build" / "bench" / "home", defaultdict[str, float](float)
    with tempfile.TemporaryDirectory() as work, run_anvil(Path(work) / "anvil.log", accounts=trainers + 3) as anvil:
        crowd = Crowd(trainers, home, Path(work), anvil)
        for name in ("enter", "claim", "finish"):
            if name == "finish":
                seconds["verify all proofs"] = crowd.review()
            begun = time.monotonic()
            getattr(crowd, name)()
            seconds[name] = time.monotonic() - begun
        ended = crowd.contracts.rounds.get_round(crowd.task.id, 1).phase is Phase.FINALIZED
        right = ended and crowd.judged()
        claims = crowd.ledger.gas["claimed links"]
        print(
            json.dumps(
                {
                    "trainers": trainers,
                    "k": crowd.task.srs.k,
                    "gas of a claim": max(claims),
                    "gas of all claims": sum(claims),
                    "gas of as many proofs on chain": len(claims) * (VERIFYING["train"] + GAS["submit"]),
                    "seconds": {name: round(value, 1) for name, value in seconds.items()},
                    "two cheats convicted": right,
                }
            )
        )
    if not right:
        sys.exit("bench_crowd: a cheat is in the average, or an honest trainer is not")


if __name__ == "__main__":
    main()
