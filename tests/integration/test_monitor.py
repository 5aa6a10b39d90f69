"""What a node's monitor makes of stores that are down, and of a transaction that is on its way."""

from __future__ import annotations

from pathlib import Path

import pytest

from headwater.cli.monitor import Monitor
from headwater.cli.settings import NodeSettings
from headwater.journal.intents import Intent, State
from headwater.journal.journal import open_journal
from tests.support.roles import World

KUBO, GATEWAY = "kubo:/ip4/127.0.0.1/tcp/9", "gateway:http://127.0.0.1:9"  # nobody listens there


@pytest.fixture
def monitor(created: World, tmp_path: Path):
    """Makes a monitor of some stores; DIR is a folder."""
    key = created.anvil.accounts[1]
    with open_journal(tmp_path, key) as journal:

        def of(*stores: str) -> tuple[Monitor, object]:
            specs = tuple(store.replace("DIR", f"dir:{tmp_path}/store") for store in stores)
            settings = NodeSettings(store=specs, home=tmp_path)
            return Monitor(settings, created.contracts, key.address, journal), journal

        yield of


@pytest.mark.parametrize(
    ("stores", "up", "is_down"),
    (
        (("DIR",), (1,), False),
        (("DIR", GATEWAY), (1, 0), False),
        (("DIR", KUBO), (1, 0), False),
        ((KUBO,), (0,), True),
        ((KUBO, GATEWAY), (0, 0), True),
        ((GATEWAY,), (0,), True),
    ),
)
def test_stores__are_down_when_none_is_in_order_that_the_node_needs(monitor, monkeypatch, stores, up, is_down):
    monkeypatch.setattr("headwater.cli.alive.STORE_SECONDS", -1.0)  # at once
    found, _ = monitor(*stores)
    found.look_at_stores()

    lines = [line for line in found.metrics.page().decode().splitlines() if line.startswith("headwater_store_up{")]
    assert sorted(line.rpartition(" ")[2] for line in lines) == sorted(f"{value}.0" for value in up)
    assert ("store" in found.health.reasons()) == is_down


def test_store__that_nobody_can_write__is_down(monitor, tmp_path):
    found, _ = monitor("DIR")
    (tmp_path / "store").write_text("a file where the folder should be")
    found.look_at_stores()

    assert 'store="dir:' in found.metrics.page().decode()
    assert found.health._store_since is not None


def test_intent__on_its_way__is_counted_with_its_time_until_it_is_mined(monitor, created):
    found, journal = monitor("DIR")
    sender = created.senders[1].address
    intent = Intent(created.chain.name, sender, 0, "RoundManager.join", b"raw", bytes(32))

    def figures() -> tuple[float, float]:
        samples = dict(line.rsplit(" ", 1) for line in found.metrics.page().decode().splitlines() if line[0] != "#")
        names = ("headwater_intents_pending", "headwater_intent_prepared_timestamp_seconds")
        return tuple(float(samples[name]) for name in names)

    assert figures() == (0, 0)
    journal.intents.reserve(created.chain.name, sender, 0, lambda _: intent)
    (kept,) = journal.intents.all()
    assert figures() == (1, pytest.approx(kept.prepared_at))
    journal.intents.mark(intent, State.MINED)
    assert figures() == (0, 0)
