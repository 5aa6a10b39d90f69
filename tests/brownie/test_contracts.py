"""The contracts as a script or a console would use them, through brownie."""

from typing import Any

from brownie import Lens, TaskManager, accounts, reverts

ETHER = 10**18
TERMS = {
    "rounds": 3,
    "minTrainers": 3,
    "maxTrainers": 5,
    "maxLinks": 1,
    "joinPeriod": 3600,
    "trainPeriod": 3600,
    "maskPeriod": 3600,
    "aggregatePeriod": 3600,
    "answerPeriod": 3600,
    "challengePeriod": 3600,
    "unbondingPeriod": 3600,
    "dimension": 32,
    "k": 13,
}
QUOTIENT = (1, 2)
ORIGIN = ((1, 2), [], [], 0, b"")
CID = b"\x01" * 32


def config(**changes: Any) -> tuple[Any, ...]:
    """A TaskConfig in the order of the ABI: sensible terms, and zero for whatever is not named."""
    [create] = [entry for entry in TaskManager.abi if entry.get("name") == "createTask"]
    fields = next(entry["components"] for entry in create["inputs"] if "TaskConfig" in entry["internalType"])
    values = TERMS | changes
    return tuple(values.get(field["name"], zero(field)) for field in fields)


def zero(field: dict[str, Any]) -> Any:
    """The zero of a field's type; the structs in a TaskConfig are points."""
    if field["type"] == "tuple":
        return tuple(0 for _ in field["components"])
    return {"address": "0x" + "00" * 20, "bytes32": b"\x00" * 32}.get(field["type"], 0)


def free_and_locked(stakes: Any, trainer: Any) -> tuple[int, int]:
    stake = stakes.stakeOf(trainer)  # brownie 1.22.2 fails when it compares a struct with a tuple
    return int(stake["free"]), int(stake["locked"])


def test_deploy__when_done__then_they_know_each_other(deployed):
    *others, _ = deployed
    at = [contract.address for contract in others]

    assert [list(contract.deployment()) for contract in deployed] == [at] * len(deployed)
    assert deployed.tasks.taskCount() == 0


def test_deploy__when_one_of_them_was_told_of_another__then_refused(deployed):
    *others, _ = deployed
    at = [contract.address for contract in others]
    stranger = TaskManager.deploy([accounts[1].address, *at[1:]], {"from": accounts[0]})

    with reverts(revert_pattern=f"NotOneDeployment: {stranger.address.lower()}.*"):
        Lens.deploy([stranger.address, *at[1:]], {"from": accounts[0]})


def test_create_task__when_two_trainers_would_do__then_refused(deployed):
    with reverts("InvalidTrainers: 2, 5"):
        deployed.tasks.createTask(config(minTrainers=2), QUOTIENT, ORIGIN, CID, {"from": accounts[0]})


def test_create_task__when_no_contract_stands_at_the_verifier__then_refused(deployed):
    with reverts(revert_pattern=f"InvalidVerifier: {accounts[1].address.lower()}.*"):
        deployed.tasks.createTask(config(trainVerifier=accounts[1]), QUOTIENT, ORIGIN, CID, {"from": accounts[0]})


def test_create_task__when_the_fee_is_more_than_a_rounds_pool__then_refused(deployed):
    with reverts(f"InvalidFee: {2 * ETHER}, {ETHER}"):
        deployed.tasks.createTask(
            config(aggregatorFee=2 * ETHER), QUOTIENT, ORIGIN, CID, {"from": accounts[0], "value": 3 * ETHER}
        )


def test_create_task__when_an_absence_costs_more_than_a_fault__then_refused(deployed):
    with reverts("InvalidSlash: 100, 200"):
        deployed.tasks.createTask(
            config(faultSlash=100, absenceSlash=200), QUOTIENT, ORIGIN, CID, {"from": accounts[0]}
        )


def test_challenge_model__when_there_is_no_such_task__then_refused(deployed):
    with reverts("UnknownTask: 1"):
        deployed.challenges.challengeModel(1, {"from": accounts[1]})


def test_deposit__when_sent__then_it_is_the_trainers_free_stake(deployed):
    deployed.stakes.deposit({"from": accounts[1], "value": 2 * ETHER})

    assert free_and_locked(deployed.stakes, accounts[1]) == (2 * ETHER, 0)


def test_withdraw__when_stake_is_free__then_it_comes_back(deployed):
    trainer = accounts[1]
    before = trainer.balance()
    deployed.stakes.deposit({"from": trainer, "value": 2 * ETHER})

    deployed.stakes.withdraw(2 * ETHER, {"from": trainer})

    assert trainer.balance() == before
    assert free_and_locked(deployed.stakes, trainer) == (0, 0)


def test_withdraw__when_it_is_more_than_the_free_stake__then_refused(deployed):
    deployed.stakes.deposit({"from": accounts[1], "value": ETHER})

    with reverts(f"InsufficientStake: {accounts[1].address.lower()}, {ETHER}, {2 * ETHER}"):
        deployed.stakes.withdraw(2 * ETHER, {"from": accounts[1]})
