"""A first screen: 100 tasks with their models from one call, and their configs from one log query."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import astuple

from headwater.chain.contracts.codec import decode_log, decode_result, encode_call, event_topics
from headwater.chain.contracts.events import TaskCreated
from headwater.chain.contracts.lens import NEWEST
from headwater.protocol.structs import Origin
from tests.differential import screens
from tests.differential.history import Call, History
from tests.differential.onchain import run_onchain
from tests.differential.players import CID, CREATOR, REFUSING, SMALL, basis_quotient, config_of, first_weights
from tests.support.indexing import lowered

TASKS = 100
CALL_GAS = 30_000_000
"""What anvil gives a call by default; public nodes give more."""


def test_lens__of_100_tasks__shows_all_in_one_call_and_one_query():
    with run_onchain() as onchain:
        onchain.fund((CREATOR,), (REFUSING,))
        history = History(onchain, Counter(), (CREATOR,))
        config = config_of(3, onchain.verifiers, onchain.code_hash)
        origin = Origin(history.players.first_model(config, first_weights(3)))
        create = Call("tasks", "createTask", CREATOR, (config, basis_quotient(SMALL, 3), origin, CID), 1000)
        for _ in range(4):
            history.play(*[create] * (TASKS // 4))

        started = time.monotonic()
        data = encode_call("Lens", "getTasks", (NEWEST, TASKS))
        call = {"to": onchain.lens, "data": "0x" + data.hex(), "gas": hex(CALL_GAS)}
        answer = bytes.fromhex(onchain.rpc("eth_call", call, "latest")[2:])
        called = time.monotonic()
        logs = onchain.anvil.web3.eth.get_logs({"fromBlock": 0, "topics": event_topics(TaskCreated, {})})
        print(f"{TASKS} tasks: {called - started:.2f} s for the call, {time.monotonic() - called:.2f} s for the query")

    tasks, *place = decode_result("Lens", "getTasks", answer)
    expected, *same_place = screens.tasks(history.machine)
    assert [astuple(task) for task in lowered(tasks)] == [astuple(task) for task in expected]
    assert place == same_place == [TASKS, onchain.number, history.time]
    assert [task.task_id for task in tasks] == list(range(TASKS, 0, -1))
    assert len({task.model.model_hash for task in tasks}) == TASKS
    created = [decode_log(log) for log in logs]
    assert [event.task_id for event in created] == list(range(1, TASKS + 1))
    assert {astuple(lowered(event.config)) for event in created} == {astuple(config)}
