"""Every attack is shown to work on a weakened copy before it counts that the real system stops it.

What came out of each is kept in build/attacks.json, which `make attacks` prints.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest
from eth_utils.crypto import keccak

from headwater.chain.contracts.events import Event
from headwater.chain.contracts.reverts import format_wei
from headwater.circuits.circuit import Circuit
from headwater.errors import ContractError, HeadwaterError
from tests.support.anvil import run_anvil
from tests.support.arena import Arena
from tests.support.weakened_contracts import Weakness, compile_weakened

REPORT = Path(__file__).resolve().parents[2] / "build" / "attacks.json"
RECORDS: list[dict[str, Any]] = []
DOCSTRING = re.compile("Wants: (.*) Tries: (.*) Stopped: .*")

OF_MODULES = {
    "0x" + keccak(text=f"{name}({types})")[:4].hex(): f"AllowList.{name}"
    for name, types in (("NotListed", "address"), ("OnlyRegistry", ""))
}
"""Errors of admission modules, which no ABI of the contracts has."""


@dataclass
class Attack:
    """One attack as it was played: on which weakened copies it worked, and what stopped it on the real system.

    Attributes:
        name: of its file.
        variant: the test, by its name and parameters.
        wants: what the attacker would gain, by the file's docstring.
        tries: how it goes about it, by the same.
        works: descriptions of weakened copies.
        stopped: errors and events, as the system gave them.
    """

    name: str
    variant: str
    wants: str
    tries: str
    works: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)

    @contextmanager
    def works_on(self, weakness: object) -> Iterator[None]:
        """The attack succeeds here: on a weakened twin, whose docstring says what it lacks, or what `weakness` says."""
        yield
        documented = inspect.isclass(weakness) or inspect.isfunction(weakness)
        text = (inspect.getdoc(weakness) or "").splitlines()[0] if documented else str(weakness)
        assert text, f"{weakness} does not say what it lacks"
        self.works.append(text)

    @contextmanager
    def stopped_by(self, name: str) -> Iterator[None]:
        """The attack is refused here with a named error: of a contract, else of the node."""
        assert self.works, "an attack that was not seen to work is none"
        with pytest.raises(HeadwaterError) as caught:
            yield
        error = caught.value
        found = error.name if isinstance(error, ContractError) else type(error).__name__
        found = OF_MODULES.get(found, found)
        assert found == name, str(error)
        _, _, explained = error.message.partition(f"{name}: ")
        self.stopped.append(f"{name}: {explained or error.message}")

    def answered_by(self, event: Event) -> None:
        """The attack went through, and this is what became of it: an event of the contracts."""
        assert self.works, "an attack that was not seen to work is none"
        own = (entry for entry in event.__dataclass_fields__.values() if not entry.kw_only)
        values = ", ".join(f"{entry.name} {_shown(getattr(event, entry.name))}" for entry in own)
        self.stopped.append(f"event {type(event).__name__}: {values}")

    def gains(self, what: str) -> None:
        """The attack goes through, and this is all that it comes to."""
        assert self.works, "an attack that was not seen to work is none"
        self.stopped.append(what)


@pytest.fixture(scope="session")
def arena_of_session(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    home: Path,
    train: Circuit,
    average: Circuit,
) -> Iterator[Arena]:
    """One arena for all attacks, with the weakened copies that their files define."""
    folder = tmp_path_factory.mktemp("arena")
    modules = {item.module for item in request.session.items if isinstance(item, pytest.Function)}
    defined = [value for module in modules for value in vars(module).values()]
    several = [value for values in defined if isinstance(values, tuple) for value in values]
    found = {value for value in (*defined, *several) if isinstance(value, Weakness)}
    with run_anvil(folder / "anvil.log") as anvil:
        arena = Arena(anvil, folder, home, train, average)
        arena.weak = compile_weakened(found, home)
        yield arena


@pytest.fixture
def arena(arena_of_session: Arena) -> Arena:
    """For attacks that choose a stage themselves, with `at`."""
    return arena_of_session


@pytest.fixture
def attack(request: pytest.FixtureRequest) -> Iterator[Attack]:
    """The record of the test's attack: kept if the test passes, which it does not without both halves."""
    failed = request.session.testsfailed
    said = DOCSTRING.fullmatch(" ".join((inspect.getdoc(request.module) or "").split()))
    assert said, "the file's docstring says what the attacker wants and tries, and what stops it"
    variant = request.node.name.removeprefix("test_").replace("__", ", ").replace("_", " ").replace("[", " [")
    played = Attack(request.path.stem.removeprefix("test_").replace("_", " "), variant, *said.groups())
    yield played
    if request.session.testsfailed == failed:
        assert played.stopped, "nothing was seen to stop the attack"
        RECORDS.append(asdict(played))


def _shown(value: object) -> str:
    """An event's value; large numbers are amounts."""
    return format_wei(value) if isinstance(value, int) and value > 10**9 else str(value)


def pytest_sessionfinish() -> None:
    """Write what came out of the attacks that were played."""
    if RECORDS:
        REPORT.parent.mkdir(exist_ok=True)
        REPORT.write_text(json.dumps(RECORDS, indent=1))
