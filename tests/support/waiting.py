"""Asking an anvil what web3 has no words for, and waiting until something holds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from headwater.chain.deploying.anvil import Anvil

SECONDS = 30.0


def rpc(anvil: Anvil, method: str, *params: Any) -> Any:
    answer = anvil.web3.provider.make_request(method, list(params))
    assert "error" not in answer, answer
    return answer["result"]


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
