"""Wants: that a node never sees what it was accused of or has to answer.

Tries: as the Ethereum node that it asks first, leaves logs out until they are settled, and so kept in its journal.
Stopped: logs are kept by who told them: whoever is asked next, also after a restart, is asked for all of them. And what
does not fit the contracts' counts is asked for again.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from headwater.chain.asking.endpoints import Endpoints
from headwater.chain.asking.rpc import connect
from headwater.chain.contracts.events import Submitted
from headwater.chain.contracts.opened import open_contracts
from headwater.errors import ChainError
from headwater.journal.database import Database
from headwater.roles import masking
from tests.support.proxy import FaultProxy, result, run_proxy
from tests.support.roles import World


def one_endpoints_word_for_anothers():
    """A journal that keeps logs without who told them."""


def submitted(world: World, journal: Database, *urls: str) -> int:
    """How many submissions a node knows that starts with a journal and asks these endpoints."""
    chain = connect(urls)
    contracts = open_contracts(chain, world.folder / "deployments")
    chain.keep_logs(journal)
    block = chain.block().number
    return len(list(contracts.rounds.events(Submitted, last=block, task_id=world.task_id, round=1)))


def lie(liar: FaultProxy) -> None:
    liar.do(result([]), "eth_getLogs")


def test_logs__left_out_until_they_are_settled(aggregating, attack, monkeypatch):
    world = aggregating
    world.rpc("anvil_mine", hex(200))
    with run_proxy(world.anvil.url) as liar, run_proxy(world.anvil.url) as honest:
        lie(liar)
        with attack.works_on(one_endpoints_word_for_anothers), monkeypatch.context() as weak:
            weak.setattr(Endpoints, "teller", property(lambda _: "somebody"))
            journal = Database(None)
            assert submitted(world, journal, liar.url, honest.url) == 0
            world.rpc("anvil_mine", hex(200))
            assert submitted(world, journal, honest.url) == 0

        journal = Database(None)
        assert submitted(world, journal, liar.url, honest.url) == 0
        world.rpc("anvil_mine", hex(200))
        assert submitted(world, journal, honest.url) == 3
        assert submitted(world, journal, honest.url, liar.url) == 3
        attack.gains("the liar's word is its own: nothing is missing once another endpoint is asked")


def test_logs__left_out_once__of_a_round_whose_count_the_contract_keeps(aggregating, attack, monkeypatch):
    """The endpoint lies for a while, and is the only one."""
    world = aggregating
    world.rpc("anvil_mine", hex(200))
    with run_proxy(world.anvil.url) as liar:

        def read() -> int:
            return len(masking.all_posted(task, 1, 1, chain.block().number))

        for weakened in (True, False):
            lie(liar)
            chain = connect(liar.url)
            contracts = open_contracts(chain, world.folder / "deployments")
            task = replace(world.task, contracts=contracts)
            with monkeypatch.context() as weak:
                if weakened:
                    weak.setattr(type(chain), "doubt_logs", lambda *_: None)
                with pytest.raises(ChainError):
                    read()
                liar.heal()
                if not weakened:
                    assert read() == 3
                    attack.gains("what does not fit the contract's count is asked for again")
                    continue
                with attack.works_on("A node that believes what it was told once."), pytest.raises(ChainError):
                    read()
