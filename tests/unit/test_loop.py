import errno
import os
import signal
import threading
import time
from types import SimpleNamespace

import pytest

from headwater.chain.asking.rpc import Block
from headwater.errors import (
    ChainError,
    CircuitError,
    ConfigError,
    JournalError,
    JournalUnwritable,
    Unavailable,
)
from headwater.protocol.decisions import Advance, Deposit, Done, Join, Publish, Submit, Wait
from headwater.roles.job import Job
from headwater.roles.loop import THREADS, Loop, Stop


class Chain:
    """Blocks, a new one whenever something was done."""

    chain_id = 0

    def __init__(self) -> None:
        self.height, self.down, self.steps = 0, 0, False

    def block(self) -> Block:
        self.height += self.steps
        if self.down:
            self.down -= 1
            raise ChainError("no node answers")
        return Block(self.height, self.height.to_bytes(32, "big"), self.height)


class Scripted:
    """A role that decides as it is told; an error among the actions is raised where it would be carried out."""

    def __init__(self, chain: Chain, done: list, name: str, *actions) -> None:
        self.chain, self.done, self.name, self.actions, self.saw = chain, done, name, list(actions), []
        self.acted: threading.Event | None = None  # set when only the last action is left

    def decide(self, block):
        self.saw.append(block.number)
        return self.actions[0] if not isinstance(self.actions[0], Exception) else Join(1)

    def act(self, action):
        planned = self.actions.pop(0)
        if isinstance(planned, Exception):
            raise planned
        self.done.append((self.name, type(action).__name__))
        self.chain.height += 1
        if len(self.actions) == 1 and self.acted is not None:
            self.acted.set()


@pytest.fixture
def world():
    chain, done, told = Chain(), [], []
    jobs: list[Job] = []

    def report(stage, **details):
        told.append((stage, details))

    def add(name, *actions, task_id=0):
        role = Scripted(chain, done, name, *actions)
        jobs.append(Job(lambda: role, report, task_id=task_id))
        return role

    def run(**options):
        Loop(chain, jobs, report, poll=0.001, **options).run()

    return SimpleNamespace(chain=chain, done=done, told=told, jobs=jobs, add=add, run=run, report=report)


def test_loop__while_one_proves__lets_the_others_act(world):
    slow = world.add("a", Submit(1), Done())
    world.add("b", Join(1), Publish(1, 1), Done())
    acted, act = threading.Event(), slow.act

    def prove(action):
        assert acted.wait(10)
        act(action)

    slow.act = prove
    world.jobs[1]._open().acted = acted
    world.run()
    assert world.done == [("b", "Join"), ("b", "Publish"), ("a", "Submit")]


def test_loop__after_an_action__lets_its_role_see_it(world):
    role = world.add("a", Join(1), Publish(1, 1), Done())
    world.run()
    assert role.saw == [0, 1, 2]


def test_loop__told_which_tasks_have_changed__asks_no_role_of_others(world):
    stop, looks = Stop(), []

    def looked(block):
        looks.append(block.number)
        if len(looks) > 3:
            stop.request()
        return {1} if looks[1:] else None

    roles = {number: world.add(str(number), Wait("for others", 10**9), task_id=number) for number in (1, 2)}
    world.chain.steps = True
    world.run(stop=stop, looked=looked)
    assert len(roles[1].saw) > 1
    assert len(roles[2].saw) == 1


def test_loop__that_could_not_be_told_what_has_changed__asks_all(world):
    """What a look that failed half-way had found is lost."""
    stop, looks = Stop(), []

    def looked(block):
        looks.append(block.number)
        if len(looks) == 2:
            raise ChainError("half of it")
        if len(looks) > 3:
            stop.request()
        return set()

    role = world.add("a", Wait("for others", 10**9), task_id=1)
    world.chain.steps = True
    world.run(stop=stop, looked=looked)
    assert len(role.saw) == 2


@pytest.mark.parametrize("wait", (Wait("for a deadline", 3), Wait("for a moment", 9, again=3)))
def test_job__that_waits_for_a_moment__is_asked_when_it_has_come(world, wait):
    stop = Stop()
    role = world.add("a", wait, task_id=1)

    def looked(block):
        if block.number > 5:
            stop.request()
        return set()

    world.chain.steps = True
    world.run(stop=stop, looked=looked)
    assert role.saw[:2] == [1, 3]


def test_job__that_waits_for_a_moment_that_is_past__is_not_asked_again_in_the_same_block(world):
    """Nobody advances a stranger's task in which nobody has a seat: its deadline stays behind for ever."""
    stop = Stop()
    world.chain.height = 50
    role = world.add("a", Wait("", 9), task_id=1)
    threading.Timer(0.5, stop.request).start()
    world.run(stop=stop, looked=lambda _: set())
    assert len(role.saw) == 1


def test_job__after_a_transaction__is_not_asked_of_an_older_block(world):
    """As behind a load balancer: the node that answers next does not know what another has mined."""
    stop = Stop()
    role = world.add("a", Publish(1, 1), Wait("", 10**9), task_id=1)
    act = role.act

    def acted(action):
        act(action)
        world.chain.height = 3
        return SimpleNamespace(block_number=5)

    role.act = acted
    threading.Timer(0.3, lambda: setattr(world.chain, "height", 5)).start()
    threading.Timer(3, stop.request).start()
    world.run(stop=stop)
    assert role.saw == [0, 5]


def test_fault_that_nobody_has_foreseen__ends_a_strangers_job_alone(world):
    """In a task that the operator has chosen it is a fault of ours, and ends the node."""
    for own in (False, True):
        role = Scripted(world.chain, world.done, "a", RuntimeError("an index out of range"), Done())
        world.jobs[:] = [Job(lambda role=role: role, world.report, own=own)]
        if own:
            with pytest.raises(RuntimeError):
                world.run()
        else:
            world.run()
            assert ("passed over", {"reason": "it led to a fault here: RuntimeError"}) in world.told


def test_jobs__of_one_account__decide_what_they_share_one_after_another(world):
    """Both see the same coin; when the second one's turn has come, it is spent."""
    spent, coin, stop = [], threading.RLock(), Stop()

    class Spender(Scripted):
        def decide(self, block):
            super().decide(block)
            return Wait("spent", 10**9) if spent else Deposit(1)

        def act(self, _action):
            time.sleep(0.05)
            spent.append(self.name)
            world.chain.height += 1

    for name in "ab":
        role = Spender(world.chain, world.done, name, Deposit(1))
        world.jobs.append(Job(lambda role=role: role, world.report, coin=coin))
    threading.Timer(0.5, stop.request).start()
    world.run(stop=stop)
    assert len(spent) == 1


def test_job__of_a_task_with_a_keeper__leaves_advancing_to_it(world):
    stop = Stop()
    role = Scripted(world.chain, world.done, "a", Advance(1))
    world.jobs.append(Job(lambda: role, world.report, is_kept=True))
    threading.Timer(0.2, stop.request).start()
    world.run(stop=stop)
    assert world.done == []


@pytest.mark.parametrize("own", (True, False))
def test_tasks_of_strangers__whose_stores_are_silent__keep_no_own_task_waiting(world, own):
    """As many turns as there are threads hang. Where all tasks are alike, the honest one waits for them."""
    silent, stop, over = threading.Event(), Stop(), []

    class Silent(Scripted):
        def decide(self, block):
            silent.wait(30 if own else 0.5)
            over.append(self.name)
            return Wait("in vain", 10**9)

    for _ in range(THREADS):
        role = Silent(world.chain, world.done, "stranger", Wait("", 0))
        world.jobs.append(Job(lambda role=role: role, world.report, own=False))
    honest = Scripted(world.chain, world.done, "honest", Publish(1, 1), Done())
    world.jobs.append(Job(lambda: honest, world.report, own=own))
    before = []

    def act(action, act=honest.act):
        before.append(bool(over))
        act(action)
        stop.request()

    honest.act = act
    world.run(stop=stop)
    assert world.done == [("honest", "Publish")]
    assert before == ([False] if own else [True])
    silent.set()


def test_loop__that_stops__waits_for_no_look_at_what_a_stranger_published(world):
    silent, stop = threading.Event(), Stop()

    class Silent(Scripted):
        def decide(self, block):
            stop.request()
            silent.wait(30)
            return Wait("in vain", 10**9)

    role = Silent(world.chain, world.done, "stranger", Wait("", 0))
    world.jobs.append(Job(lambda: role, world.report, own=False))
    world.run(stop=stop)
    assert not silent.is_set()
    silent.set()


def test_job__in_a_task_of_a_stranger__whose_fault_it_is__is_no_failure_of_the_node(world):
    role = Scripted(world.chain, world.done, "a", Unavailable("nobody has it"), ConfigError("it makes no sense"))
    world.jobs.append(Job(lambda: role, world.report, own=False))
    world.run()
    assert [stage for stage, _ in world.told if stage != "idle"] == ["left alone", "passed over"]
    assert world.jobs[0].error is None


def test_loop__while_no_block_comes__does_not_ask_a_role_that_waits_again(world):
    role, stop = world.add("a", Wait("for others", 9)), Stop()
    threading.Timer(0.2, stop.request).start()
    world.run(stop=stop)
    assert role.saw == [0]
    assert world.told == [("waiting", {"reason": "for others", "until": 9}), ("idle", {"block": 0})]


def test_loop__says_that_it_is_idle_in_a_block__when_every_job_has_looked_at_it_in_vain(world):
    stop = Stop()
    world.add("a", Join(1), Wait("for others", 9))
    world.add("b", *(Unavailable("not there yet") for _ in range(100)))
    threading.Timer(0.2, stop.request).start()
    world.run(stop=stop)
    stages = [(stage, details.get("block")) for stage, details in world.told]
    assert stages.count(("idle", 1)) == 1
    assert ("idle", 0) not in stages
    assert ("failed", None) in stages[: stages.index(("idle", 1))]


def test_loop__that_has_ended__does_not_say_that_it_is_idle(world):
    world.add("a", Join(1), Done())
    world.run()
    assert world.told == []


@pytest.mark.parametrize("error", (ChainError, Unavailable, CircuitError, OSError))
def test_job__that_fails__is_tried_again__and_stops_no_other(world, error: type[Exception]):
    world.add("a", error("not now"), error("not now"), Join(1), Done())
    world.add("b", Join(2), Done())
    world.run()
    assert sorted(world.done) == [("a", "Join"), ("b", "Join")]
    assert [details["attempt"] for stage, details in world.told if stage == "failed"] == [1, 2]


@pytest.mark.parametrize("mended", (Join(1), Wait("for others", 9), Done()))
def test_job__that_failed__tells_that_it_has_recovered__when_a_step_is_complete_or_none_is_to_be_made(world, mended):
    stop = Stop()

    def report(stage, **details):
        world.told.append((stage, details))
        if stage == "recovered":
            stop.request()

    role = world.add("b", ChainError("not now"), ChainError("not now"), mended, Done())
    world.jobs[:] = [Job(lambda: role, report)]
    world.run(stop=stop)
    assert [stage for stage, _ in world.told if stage in ("failed", "recovered")] == ["failed", "failed", "recovered"]
    assert ("recovered", {"failures": 2}) in world.told


def test_job__that_the_operating_system_refuses__says_what_and_where(world):
    world.add("a", OSError(errno.ESTALE, "Stale file handle", "/mnt/store"), OSError("https://key@host"), Done())
    world.run()
    failed = [details for stage, details in world.told if stage == "failed"]
    assert [details["error"] for details in failed] == ["/mnt/store: Stale file handle", "OSError"]


def test_loop__where_the_operating_system_refuses__looks_again(world):
    refused = [OSError(errno.ENOSPC, "No space left on device")]

    def looked(_block):
        if refused:
            raise refused.pop()

    world.add("a", Join(1), Done())
    world.run(looked=looked)
    assert world.done == [("a", "Join")]


def test_job__with_a_mistake_that_waiting_does_not_mend__ends__and_the_others_go_on_first(world):
    world.add("a", ConfigError("other data than this file's"), Done())
    world.add("b", Join(2), Advance(2), Done())
    with pytest.raises(ConfigError, match="other data"):
        world.run()
    assert world.done == [("b", "Join"), ("b", "Advance")]
    assert world.told[0][0] == "given up"


def test_loop__when_the_journal_fails__ends_at_once(world):
    world.add("a", JournalError("disk full"), Done())
    with pytest.raises(JournalError):
        world.run()
    assert world.done == []


def test_loop__while_the_journal_cannot_be_written__ends_nothing(world):
    world.add("a", JournalUnwritable("disk full"), Join(1), Done())
    world.add("b", Join(2), Done())
    world.run()
    assert sorted(world.done) == [("a", "Join"), ("b", "Join")]
    failure = {"kind": "JournalUnwritable", "error": "disk full", "attempt": 1}
    assert [told for told in world.told if told[0] != "idle"] == [("failed", failure), ("recovered", {"failures": 1})]


def test_loop__tells_of_every_look__and_of_new_blocks_before_roles_see_them(world):
    asked, looked, stop = [], [], Stop()

    def ask(block):
        asked.append(block.number)
        if len(asked) > 5:
            stop.request()

    world.add("a", Join(1), Wait("for others", 9))
    world.run(stop=stop, asked=ask, looked=lambda block: looked.append(block.number))
    assert looked == [0, 1]
    assert asked.count(1) > 2


def test_loop__when_no_node_answers__waits_for_one(world):
    world.chain.down = 3
    world.add("a", Join(1), Done())
    world.run()
    assert world.done == [("a", "Join")]
    assert [stage for stage, _ in world.told] == ["failed"] * 3 + ["recovered"]


def test_loop__that_was_told_to_stop__finishes_the_step_in_hand_and_begins_no_other(world):
    stop = Stop()
    role = world.add("a", Join(1), Join(2), Done())
    finish, role.act = role.act, lambda action: (stop.request(), finish(action))[1]
    world.add("b", Join(3), Done())
    world.run(stop=stop)
    assert world.done == [("a", "Join")]


def test_loop__without_end__takes_up_jobs_that_come_later(world):
    stop = Stop()

    def looked(_block):
        if len(world.jobs) < 2:
            world.add("a", Join(1), Done())
            world.add("b", Join(1), Done())
        threading.Timer(0.2, stop.request).start()

    world.run(stop=stop, looked=looked, endless=True)
    assert world.done == [("a", "Join"), ("b", "Join")]


def test_stop__wished_for_in_a_signal_handler__ends_a_sleep():
    stop = Stop()
    before = signal.signal(signal.SIGUSR1, lambda *_: stop.request())
    try:
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        begun = time.monotonic()
        stop.wait(30)
        assert time.monotonic() - begun < 5
        stop.wait(30)  # not a second time
        assert time.monotonic() - begun < 5
    finally:
        signal.signal(signal.SIGUSR1, before)
