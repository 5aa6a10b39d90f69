"""A deadline that passes during a proof, and gas that gets dear between signing and mining."""

from __future__ import annotations

import signal

import pytest

from headwater.chain.sending.fees import GWEI
from headwater.protocol.phases import Phase
from headwater.reading.history import Outcome
from tests.support.fleet import OPERATOR, run_fleet
from tests.support.invariants import check_fleet

pytestmark = pytest.mark.faults

SPIKE = 60 * GWEI


@pytest.fixture(scope="module")
def ended(tmp_path_factory, home):
    """One round of four trainers: the first is suspended while it proves, until it is too late; the second's
    submission meets a base fee many times the one that it was signed for.
    """
    with run_fleet(tmp_path_factory.mktemp("late"), home, [*[("trainer",)] * 4, OPERATOR], mining=()) as fleet:
        late, poor, *_ = fleet.trainers
        poor.environment["HEADWATER_FEES_AFTER"] = "1"
        suspended, resumed, spikes = [], [], []

        def spike(request, forward):
            if not poor.signed("submit") or spikes:
                return forward(request)
            fleet.rpc("evm_setIntervalMining", 0)
            answer = forward(request)
            fleet.rpc("anvil_setNextBlockBaseFeePerGas", hex(SPIKE))
            fleet.rpc("evm_mine")
            fleet.rpc("evm_setIntervalMining", 1)
            spikes.append(answer["result"])
            return answer

        def suspend():
            if late.said(r"\] proving ") and not suspended:
                late.signal(signal.SIGSTOP)
                suspended.append(late)
            if suspended and not resumed and fleet.phase()[1] is Phase.TRAIN and submitted() == len(fleet.trainers) - 1:
                fleet.anvil.pass_time(240)
                late.signal(signal.SIGCONT)
                resumed.append(late)

        def submitted():
            parts = fleet.history.rounds[1].parts.values()
            return sum(part.submitted is not None for part in parts)

        poor.proxy.do(spike, "eth_sendRawTransaction")
        fleet.run_to_end(300, suspend)
        assert spikes
        assert resumed
        yield fleet


def test_trainer__when_the_deadline_passes_during_its_proof__pays_for_its_absence_and_no_more(ended):
    late, *others = ended.trainers
    history = ended.history
    assert history.outcome(1, late.address) is Outcome.NOT_SUBMITTED
    assert set(history.rounds[1].counted) == {node.address for node in others}
    part = history.rounds[1].parts[late.address]
    assert part.slashed is not None
    assert not part.slashed.fault
    assert late.exits == [0]


def test_transaction__when_gas_gets_dear__is_replaced_under_its_nonce_by_one_that_offers_enough(ended):
    poor = ended.trainers[1]
    submissions = [transaction for transaction, _ in poor.signed("submit")]
    assert len({t["nonce"] for t in submissions}) == 1
    offers = [t["maxFeePerGas"] for t in submissions]
    assert offers[0] < SPIKE < offers[-1]
    assert poor.said("offering more") > 0


def test_invariants__hold(ended):
    assert check_fleet(ended) == {Outcome.COUNTED: 3, Outcome.NOT_SUBMITTED: 1}
