"""A browser, its visitors, and chains to look at."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.support.anvil import run_anvil
from tests.support.catalogue import Catalogue
from tests.support.roles import World
from tests.support.site import Content, Visitor, honest, run_host, run_open_gateway

TASKS = 200
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
)

Visit = Callable[..., Visitor]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium as the system has it."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.fail("these tests need Chromium: `apt-get install chromium`, or Chrome", pytrace=False)
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=found, args=FLAGS)


@pytest.fixture(scope="session")
def host() -> Iterator[str]:
    """Where the page is, hosted by somebody who knows of no chain."""
    with run_host() as url:
        yield url


@pytest.fixture
def visitor(browser: Browser, host: str) -> Iterator[Visit]:
    """Makes visitors, each with a browser profile of its own; what their pages must never do fails the test."""
    visitors: list[Visitor] = []

    def make(*, at: str = host, **options: object) -> Visitor:
        context = browser.new_context(**{"viewport": {"width": 1200, "height": 900}, **options})  # type: ignore[arg-type]
        visitors.append(Visitor(context.new_page(), at))
        return visitors[-1]

    yield make
    for each in visitors:
        each.page.context.close()
        assert each.faults == []
        assert [url for url in each.asked if not url.startswith(("http://127.0.0.1:", "blob:", "about:"))] == []


@pytest.fixture
def gateway() -> Iterator[Callable[[Content], str]]:
    """Starts gateways that give what they are told to; each one's URL."""
    with ExitStack() as stack:
        yield lambda content: stack.enter_context(run_open_gateway(content))


@pytest.fixture(scope="session")
def catalogue(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Iterator[Catalogue]:
    """A chain with 200 tasks, the newest of them with 45 rounds behind it. To look at only: tests share it."""
    folder = tmp_path_factory.mktemp("catalogue")
    with run_anvil(folder / "anvil.log") as anvil:
        made = Catalogue(anvil, folder, home)
        for number in range(1, TASKS):
            made.publish(f"flowers of valley {number}")
        last = made.publish("flowers of the last valley", description="Sepals and petals.", rounds=60)
        for _ in range(45):
            made.skip_round(last)
        yield made


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Iterator[Catalogue]:
    """A chain on which tests publish what they like."""
    folder = tmp_path_factory.mktemp("workshop")
    with run_anvil(folder / "anvil.log") as anvil:
        yield Catalogue(anvil, folder, home)


@pytest.fixture
def empty_catalogue(tmp_path: Path, home: Path) -> Iterator[Catalogue]:
    """Contracts, and nobody has published a task."""
    with run_anvil(tmp_path / "anvil.log") as anvil:
        yield Catalogue(anvil, tmp_path, home)


@pytest.fixture
def catalogue_gateway(catalogue: Catalogue, gateway: Callable[[Content], str]) -> str:
    """A gateway that has all documents of the 200 tasks."""
    return gateway(honest(catalogue.store))


@pytest.fixture
def world_gateway(world: World, gateway: Callable[[Content], str]) -> str:
    """A gateway that has all documents of the world's task."""
    return gateway(honest(world.store))
