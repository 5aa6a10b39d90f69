"""Gas of real rounds: trainers and an aggregator with real proofs of the reference statement, on anvil."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from web3.types import RPCEndpoint

from headwater.chain.asking.rpc import connect
from headwater.chain.contracts.opened import open_contracts
from headwater.chain.deploying.anvil import Anvil
from headwater.chain.deploying.deploy import deploy
from headwater.chain.sending.sender import Sender
from headwater.circuits.circuit import Proof
from headwater.errors import ChainError
from headwater.journal.database import Database
from headwater.journal.secrets import SecretStore
from headwater.learners.linear import Linear, LinearSpec
from headwater.protocol.decisions import (
    Action,
    Advance,
    Aggregate,
    Claim,
    Collect,
    Deposit,
    Enrol,
    Join,
    Mask,
    Publish,
    Release,
    Submit,
    Unenrol,
    Wait,
    Withdraw,
)
from headwater.protocol.structs import Parent
from headwater.roles.aggregator import Aggregator
from headwater.roles.creating import Terms, create_task
from headwater.roles.origins import Lineage
from headwater.roles.secrets import secret_of
from headwater.roles.task import Task, open_task
from headwater.roles.trainer import Trainer
from headwater.storage.opening import open_store
from scripts.benchmarks import groups, inference, links, openings
from scripts.benchmarks.shapes import shares

PATIENTS = (142, 110, 90, 60, 50)  # of each trainer
FEWEST = 3
ETHER = 10**18
TERMS = Terms(
    "bench",
    rounds=1,
    min_trainers=FEWEST,
    max_trainers=len(PATIENTS),
    stake=ETHER,
    pool=ETHER,
    aggregator_fee=ETHER // 10,
)


class Ledger:
    """A report that keeps what transactions cost.

    Attributes:
        gas: by what was done ("joined", "submitted", ...), in the order of the transactions.
    """

    def __init__(self) -> None:
        self.gas: defaultdict[str, list[int]] = defaultdict(list)
        self.calldata: defaultdict[str, list[int]] = defaultdict(list)
        self.deployed: dict[str, int] = {}

    def __call__(self, stage: str, **details: Any) -> None:
        """As `Report` says."""
        if "gas" in details and "contract" in details:
            self.deployed[details["contract"]] = details["gas"]
        elif "gas" in details:
            self.gas[stage].append(details["gas"])
            self.calldata[stage].append(details.get("calldata", 0))


class Rerunning(Trainer):
    """A trainer that proves once: a round run again from the same model takes the same proof, even after a restart."""

    proofs: ClassVar[dict[str, list[Proof]]] = {}

    def train(self, round_: int) -> list[Proof]:
        """As `Trainer` says."""
        me = self.sender.address
        if me not in self.proofs:
            self.proofs[me] = super().train(round_)
        return self.proofs[me]


@dataclass(frozen=True)
class Measured:
    """What rounds cost, and the task and the aggregator for further measurements."""

    gas: dict[str, Any]
    calldata_bytes: dict[str, int]
    contract_bytes: dict[str, int]
    task: Task
    aggregator: Sender


def measure(spec: LinearSpec, home: Path, folder: Path, anvil: Anvil) -> Measured:
    """Run the same round with all trainers and with the fewest allowed, and see what each transaction takes.

    The chain is taken back between the two, so that both start from the same state and take the same updates.

    Raises:
        ChainError: a role decides on something else than a round's next action.
    """
    ledger, chain = Ledger(), connect(anvil.url)
    senders = [Sender(chain, key) for key in anvil.accounts[: len(PATIENTS) + 2]]
    deployment = deploy(senders[0], folder / "deployments", home).deployment
    contracts = open_contracts(chain, folder / "deployments")
    store = open_store(f"dir:{folder / 'store'}")
    columns, datasets = shares("breast-cancer", PATIENTS, spec, folder)
    task_id = create_task(contracts, senders[0], store, home, Linear(spec, columns), TERMS, report=ledger)
    task = open_task(contracts, store, home, task_id)

    def start() -> list[Rerunning]:
        everybody = zip(senders[1:], anvil.accounts[1:], datasets, strict=False)
        return [
            Rerunning(task, sender, secret_of(key), dataset, ledger, journal=SecretStore(Database(None), key))
            for sender, key, dataset in everybody
        ]

    trainers = start()
    aggregator = Aggregator(task, senders[-1], ledger)
    senders[-1].send(contracts.stakes.deposit(TERMS.stake))
    for trainer in trainers:
        expect(trainer.step(), Deposit)
        expect(trainer.step(), Enrol)
    enrolled = _rpc(anvil, "evm_snapshot")
    finalize, mask = {}, {}
    finalize[len(trainers)], mask[len(trainers)] = play(trainers, aggregator, ledger, anvil)
    for kind in (Unenrol, Collect, Claim, Wait):
        expect(trainers[0].step(), kind)
    pass_time(anvil, TERMS.unbonding_period)
    for kind in (Release, Withdraw):
        expect(trainers[0].step(), kind)
    _rpc(anvil, "evm_revert", enrolled)
    finalize[FEWEST], mask[FEWEST] = play(start()[:FEWEST], aggregator, ledger, anvil)
    created = _created(
        ledger, partial(create_task, contracts, senders[0], store, home, Linear(spec, columns), TERMS), task_id
    )
    on_demand, further = links.measure_on_demand(contracts, senders, home, spec, task.srs)
    gas = {
        "create_task": ledger.gas["created"][0],
        "enrol": max(ledger.gas["enrolled"]),
        "join": min(ledger.gas["joined"]),
        "join_last": max(ledger.gas["joined"]),
        "submit": max(ledger.gas["submitted"]),
        "mask": max(mask.values()),
        "mask_by_trainers": {str(n): mask[n] for n in sorted(mask)},
        "advance": max(ledger.gas["advanced"]),
        "finalize": max(finalize.values()),
        "finalize_by_trainers": {str(n): finalize[n] for n in sorted(finalize)},
        "per_extra_trainer": per_extra_trainer(min(ledger.gas["joined"]), finalize),
        "collect": max(ledger.gas["collected"]),
        "release": max(ledger.gas["released"]),
        "claim": max(ledger.gas["claimed"]),
        "link": links.measure(contracts, senders, home, spec, task.srs),
        "submit_on_demand": on_demand,
        "link_on_demand": further,
        "merge": created["merge"] - created["plain"],
        "warm_start": created["warm_start"] - created["plain"],
        **openings.measure(contracts, senders, home, anvil),
        **inference.measure(contracts, senders, home, spec, task.srs),
        **groups.measure(contracts, senders, home),
        "deploy": ledger.deployed | {name: record.gas_used for name, record in deployment.records.items()},
    }
    stages = {"submit": "submitted", "mask": "masked", "finalize": "aggregated"}
    calldata = {name: max(ledger.calldata[stage]) for name, stage in stages.items()}
    sizes = {name: record.code_size for name, record in deployment.records.items()}
    return Measured(gas, calldata, sizes, task, senders[-1])


def _created(ledger: Ledger, create: Callable[..., int], task_id: int) -> dict[str, int]:
    """Gas of createTask from zeros, from the average of a task's first two models, and from its second alone."""
    first, second = Parent(task_id, 0, 1), Parent(task_id, 1, 1)
    lineages = {"plain": None, "merge": Lineage((first, second), 2), "warm_start": Lineage((second,))}
    gas = {}
    for name, lineage in lineages.items():
        create(report=ledger, lineage=lineage)
        gas[name] = ledger.gas["created"][-1]
    return gas


def per_extra_trainer(join: int, finalize: dict[int, int]) -> int:
    """Gas of one more trainer beyond its own submission and mask: its join, and how much the average's grows.

    Two such transactions differ by some hundred gas anyway, since their proofs have other zero bytes; a growth below
    zero counts as none.

    Args:
        join: of a trainer that does not fill the roster: whoever does pays for closing it, once a round.
        finalize: gas of the average's transaction by the number of trainers.
    """
    few, many = min(finalize), max(finalize)
    growth = (finalize[many] - finalize[few]) / (many - few)
    return join + max(0, round(growth))


def expect(action: Action, kind: type[Action]) -> None:
    """Check that a role did what the measurement counts on.

    Raises:
        ChainError: it did something else.
    """
    if not isinstance(action, kind):
        raise ChainError(f"the round did not go on as planned: {action} instead of {kind.__name__}", "run it again")


def play(
    trainers: Sequence[Trainer], aggregator: Aggregator, ledger: Ledger, anvil: Anvil, seats: int = len(PATIENTS)
) -> tuple[int, int]:
    """Run a round, and return the gas of its average, made final, and the most that one mask took.

    seats: how many trainers the task has room for.
    """
    for trainer in trainers:
        expect(trainer.step(), Join)
    if len(trainers) < seats:
        pass_time(anvil, TERMS.join_period)
        expect(aggregator.step(), Advance)
    for kind in (Submit, Mask, Publish):
        for trainer in trainers:
            expect(trainer.step(), kind)
        anvil.mine()  # after the last submission: the block behind it shows the attempt's seed
    expect(aggregator.step(), Aggregate)
    pass_time(anvil, TERMS.challenge_period)
    expect(aggregator.step(), Advance)
    final = ledger.gas["aggregated"][-1] + ledger.gas["advanced"][-1]
    return final, max(ledger.gas["masked"][-len(trainers) :])


def pass_time(anvil: Anvil, seconds: int) -> None:
    """Move the chain's clock."""
    _rpc(anvil, "evm_increaseTime", seconds)
    _rpc(anvil, "evm_mine")


def _rpc(anvil: Anvil, method: str, *arguments: Any) -> Any:
    """Ask anvil for what only a test chain does."""
    answer = anvil.web3.provider.make_request(RPCEndpoint(method), list(arguments))
    if "result" not in answer:
        raise ChainError(f"anvil refuses {method}: {answer.get('error')}", "run `make install` for the pinned anvil")
    return answer["result"]
