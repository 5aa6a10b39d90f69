"""The specification and the contracts live the same random histories: the same success or error, the same views.

A divergence is a fault of one of them; the interfaces' words decide which. `make histories` plays five times as many,
and then asks that everything was reached; `make fuzz` plays others every time.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from headwater.chain.contracts.codec import load_abi
from tests.differential.game import OTHERS
from tests.differential.onchain import run_onchain
from tests.differential.play import Play
from tests.differential.players import CROWD, REFUSING
from tests.differential.views import NAMES, errors

PRIVILEGED = {
    *("start", "accuse", "acquit", "convict", "accuseModel", "acquitModel"),
    *("seat", "fund", "owe", "slash", "accept", "prove"),
    *("lock", "unlock", "burnEscrow", "escrow", "credit", "takeBond", "payBond"),
    *("begin", "add"),
}
"""Functions that only other contracts of the deployment may call, and do."""

WAYS = [
    "Join -> Train",
    "Join -> Join Skipped",
    "Join -> Skipped Skipped",
    "Join, accused -> Skipped Skipped",
    "Train -> Mask",
    "Train -> Review",
    "Review -> Mask",
    "Review, accused -> Mask",
    "Review, accused -> Join Failed",
    "Train -> Join Failed",
    "Mask -> Aggregate",
    "Mask -> Mask",
    "Mask -> Join Failed",
    "Aggregate -> Challenge",
    "Aggregate, accused -> Challenge",
    "Aggregate, accused -> Mask",
    "Aggregate, accused -> Join Failed",
    "Aggregate -> Join Failed",
    "Challenge -> Join Finalized",
    "Challenge -> Finalized Finalized",
    "Challenge, accused -> Join Finalized",
    "Challenge, accused -> Aggregate",
]

MORE = [
    "several proofs at once",
    "a warm start",
    "a merge",
    "a block is forgotten",
    "enrol InvalidTicket",
    "enrol NotAdmitted",
    "mask AlreadyMasked",
    "challengeUpdate InsufficientBond",
    "an answer too late to matter",
    "an answer is paid for in Aggregate",
    "an answer is paid for in Challenge",
    "a liar convicted before still owes",
    "more is owed than is slashed",
    "reclaimBond ChallengeOpen",
]
"""What else there is to meet."""

HISTORIES = int(os.environ.get("HEADWATER_HISTORIES", "100"))
ALL = HISTORIES >= 500
"""Whether so many that they must reach everything."""

LONG = HISTORIES > 500
"""Whether somebody fuzzes: then with other histories every time."""


@pytest.fixture(scope="module", autouse=True)
def onchain():
    """The contracts, for all histories."""
    with run_onchain() as chain:
        contracts = (chain.at.rounds, chain.at.trainers, chain.at.rewards, chain.at.challenges)
        chain.fund((*CROWD, *OTHERS, *contracts), (REFUSING,))
        Play.onchain = chain
        yield chain


def lived(histories: int, **changes) -> settings:
    """Settings for so many histories."""
    default = {
        "max_examples": histories,
        "stateful_step_count": 25,
        "deadline": None,
        "derandomize": not LONG,
        "suppress_health_check": list(HealthCheck),
        "report_multiple_bugs": False,
        "print_blob": True,
    }
    return settings(**default | changes)


@pytest.mark.slow
def test_histories__machine_and_contracts__same_outcomes_and_views():
    run_state_machine_as_test(Play, settings=lived(HISTORIES))
    tally = Play.tally
    print(*(f"{tally[what]:8} {what}" for what in sorted(tally)), sep="\n")
    print("never:", ", ".join(sorted(set(errors()) - {what.split(" ")[-1] for what in tally})))
    if ALL:
        assert not [what for what in expected() if not tally[what]]


def expected() -> list[str]:
    """What histories must have reached: every function done or refused to outsiders, every way out of a phase, more."""
    functions = [
        entry["name"]
        for name in NAMES.values()
        for entry in load_abi(name)
        if entry["type"] == "function" and entry["stateMutability"] in ("nonpayable", "payable")
    ]
    return [f"{name} {'UnauthorizedCaller' if name in PRIVILEGED else 'succeeds'}" for name in functions] + WAYS + MORE
