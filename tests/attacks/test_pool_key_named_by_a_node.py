"""Wants: the row of a contributor to a pool.

Tries: as its Ethereum node, to name a key of its own in the place of the pool's.
Stopped: the pool's terms are asked of all endpoints that the contributor names, and more than half must tell them; a
key that the owner has told it itself is compared.
"""

from __future__ import annotations

import pytest

from headwater.chain.asking.rpc import connect
from headwater.chain.contracts.opened import open_contracts
from headwater.roles.pools import contributing, rows
from headwater.roles.pools.sealing import new_key, public_key, unseal
from tests.support.pooling import Pooling
from tests.support.proxy import run_proxy


def one_endpoint_believed():
    """A contributor that names one endpoint, and does not compare the key with what it was told."""


@pytest.fixture
def pooling(world) -> Pooling:
    return Pooling(world.at("created"))


def test_key__named_by_a_node(pooling, attack):
    world, own = pooling.world, new_key()
    true, false = pooling.seen.pool.key, public_key(own)

    def lie(request, forward):
        answer = forward(request)
        if isinstance(answer.get("result"), str):
            answer["result"] = answer["result"].replace(true.hex(), false.hex())
        return answer

    def pool_by(*urls: str):
        return open_contracts(connect(urls), world.folder / "deployments")

    text = rows.row_text(pooling.task.learner, pooling.file(4))
    row = contributing.OwnRow(0, b"4" * 32, text)
    with run_proxy(world.anvil.url) as liar:
        liar.do(lie, "eth_call")
        with attack.works_on(one_endpoint_believed):
            pool = contributing.agreed_pool(pool_by(liar.url), pooling.id)
            point, document = contributing.sealed(pooling.task, pool, pooling.id, pooling.address(4), row)
            place = rows.place(pooling.task, pooling.id, pooling.address(4), 0)
            assert unseal(document.sealed, own, place, point)[0] == text
        urls = (liar.url, world.anvil.url, world.anvil.url.replace("127.0.0.1", "localhost"))
        assert contributing.agreed_pool(pool_by(*urls), pooling.id).key == true
        with attack.stopped_by("ConfigError"):
            contributing.agreed_pool(pool_by(liar.url), pooling.id, key=true)
        with attack.stopped_by("ChainError"):
            contributing.agreed_pool(pool_by(*urls[:2]), pooling.id)
