"""A trainer that is restarted, whose file changes, who is front-run, or who is not told the model."""

from __future__ import annotations

import secrets
from contextlib import suppress
from functools import partial

import pytest
from eth_account import Account

from headwater.chain.contracts.events import DataRegistered, Submitted
from headwater.circuits.circuit import Circuit, Proof
from headwater.circuits.machines import Here
from headwater.circuits.worker import LONGEST_SECONDS
from headwater.errors import (
    CircuitError,
    ConfigError,
    ContentMismatch,
    DataError,
    JournalUnwritable,
    ProverTimeout,
    StorageError,
    Unavailable,
)
from headwater.journal.database import Database
from headwater.journal.secrets import SecretStore
from headwater.protocol.curve import Point
from headwater.protocol.decisions import (
    Advance,
    Claim,
    Collect,
    Deposit,
    Done,
    Enrol,
    Join,
    Mask,
    Publish,
    Release,
    Submit,
    Unenrol,
    Wait,
    Withdraw,
)
from headwater.protocol.field import P, to_signed
from headwater.protocol.noise import salt_input
from headwater.protocol.phases import Phase, TrainerStatus
from headwater.protocol.vectors import UPDATE_SALTS
from headwater.roles.commitments import DataCommitments
from headwater.roles.heavy import Heavy
from headwater.roles.proving import FIRST_SECONDS, SLOW_SECONDS, announce_proof
from headwater.roles.report import silent
from headwater.roles.secrets import secret_of
from headwater.roles.task import point_hash
from headwater.roles.trainer import Trainer
from tests.support.roles import AGGREGATOR, ETHER, OUTSIDER, World, steady_journal

# restarts


def test_trainer__started_anew_before_every_step__goes_on_where_it_was(created):
    done, points = [], set()
    while Done not in done:
        created.pass_seed_block()
        trainer = created.trainer(0)
        points.add(trainer.data[1])
        action = trainer.step()
        if not isinstance(action, Wait):
            done.append(type(action))
            continue
        if created.rounds.current_phase(created.task_id).phase in (Phase.CHALLENGE, Phase.FINALIZED):
            created.pass_until(action.until)
            continue
        for other in (created.trainer(1), created.trainer(2), created.aggregator()):
            with suppress(Unavailable):  # the aggregator may come before the bytes
                other.step()
    rounds = (Join, Submit, Mask, Publish, Advance) * 2
    assert done == [Deposit, Enrol, *rounds, Unenrol, Collect, Claim, Release, Withdraw, Done]
    assert len(points) == 1, "a restarted trainer finds the data commitment that it enrolled"


def test_trainer__started_anew__repeats_no_salt_and_needs_none_stored(training):
    (once,), (again,) = (training.trainer(0).train(1) for _ in range(2))
    (next_round,) = training.trainer(0).train(2)
    assert once.points == again.points
    assert once.points[:2] == next_round.points[:2]
    assert not set(once.output[-UPDATE_SALTS:]) & set(next_round.output[-UPDATE_SALTS:])


def test_trainers__with_the_same_rows__have_different_commitments(created):
    rows = created.files[0]
    mine, theirs = (created.trainer(i, file=rows).data for i in (0, 1))
    salts = created.task.learner.spec.salts
    assert mine[0][:-salts] == theirs[0][:-salts]
    assert not set(mine[0][-salts:]) & set(theirs[0][-salts:])
    assert mine[1] != theirs[1]


# another file


@pytest.fixture
def confused(enrolled, changed_file):
    """Trainer 0, which was enrolled with another file than it has now."""
    trainer = enrolled.trainer(0, file=changed_file)
    trainer.commitments = enrolled.trainer(0).commitments
    return trainer


def test_file__changed_after_enrolment__is_refused_before_a_seat_is_taken(enrolled, confused):
    trainer = confused
    nonce = trainer.sender.next_nonce()
    with pytest.raises(ConfigError, match="enrolled in the task with other data than this file's") as caught:
        trainer.step()
    assert "train with the file that was enrolled" in caught.value.hint
    assert trainer.sender.next_nonce() == nonce
    entry = enrolled.rounds.get_roster_entry(enrolled.task_id, 1, trainer.sender.address)
    assert entry.status is TrainerStatus.NONE
    enrolled.steps(enrolled.trainer(0), Join)


def test_file__changed_after_joining__is_refused_before_anything_is_proved(training, changed_file):
    confused = training.trainer(0, file=changed_file)
    confused.commitments = training.trainer(0).commitments
    with pytest.raises(ConfigError, match="other data than this file's"):
        confused.step()
    training.steps(training.trainer(0), Submit)


def test_file__changed_between_two_enrolments__is_enrolled_anew(enrolled, changed_file):
    trainer = enrolled.trainer(0, file=changed_file)
    trainer.act(Unenrol())
    enrolled.pass_until(enrolled.trainers.get_enrolment(enrolled.task_id, trainer.sender.address).releasable_at)
    trainer.act(Release())
    enrolled.advance()
    enrolled.steps(trainer, Enrol, Join)
    data = [event.data for event in enrolled.trainers.events(DataRegistered, trainer=trainer.sender.address)]
    assert data[1] == trainer.data[1] != data[0]


# how many proofs


class Spent(Circuit):
    """A prover that gives one proof over and over: only how often it is asked is of interest."""

    asked = 0

    def prove(self, inputs, limit=LONGEST_SECONDS, stop=None):
        Spent.asked += 1
        return _made(self, inputs)


def _made(circuit, inputs):
    points = (circuit.commit(inputs[0]), circuit.commit(inputs[1]), *[Point(1, 2)] * 2)
    return Proof(b"".join(point.encode() for point in points), points, (), 0.0, 0.0, 0.0)


@pytest.fixture
def unread(monkeypatch):
    """Proofs of a prover that takes no time are of nothing, and are not looked at."""
    monkeypatch.setattr("headwater.roles.trainer._check_proof", lambda *_: None)


@pytest.fixture
def spending(training, unread):
    """A trainer of the round that runs, with a prover that takes no time."""
    task = training.open()
    circuit = task.train
    task.__dict__["train"] = Spent(circuit.folder, circuit.statement, circuit.srs, circuit.manifest)
    Spent.asked = 0
    return training.trainer(0, task)


def test_proofs__about_one_data_commitment__are_fewer_than_its_salts_whatever_models_are_told(spending, monkeypatch):
    """A lying endpoint, a deep reorganization or a chain started again tells of one model after another."""
    dimension, most = spending.task.learner.spec.dimension, spending.task.learner.spec.salts - 1
    for number in range(most):
        monkeypatch.setattr(type(spending.task), "base_model", lambda *_, n=number: [n] * dimension)
        spending.train(1)
    monkeypatch.setattr(type(spending.task), "base_model", lambda *_: [most] * dimension)
    with pytest.raises(ConfigError, match=f"{most} proofs about these data have been made") as caught:
        spending.train(1)
    assert Spent.asked == most
    assert "enrol again, which draws new salts" in caught.value.hint
    assert spending.commitments.proofs(spending.data[1]) == most


def test_proofs__of_one_update__are_no_more_than_its_salts_allow_though_models_alternate(spending, monkeypatch):
    """A proof that was kept is given again; one in whose place another was kept is not made a third time."""
    dimension, told = spending.task.learner.spec.dimension, 0

    def base_model(*_):
        return [told] * dimension

    monkeypatch.setattr(type(spending.task), "base_model", base_model)
    for told in (0, 0, 1, 0, 1):  # noqa: B007 - base_model reads it
        spending.train(1)
    assert Spent.asked == 4
    told = 0
    with pytest.raises(ConfigError, match="2 proofs of this update have been made"):
        spending.train(1)
    assert Spent.asked == 4


def test_noise__of_every_proof_and_link__is_its_own__also_where_a_part_takes_no_step(
    created, chained, monkeypatch, unread
):
    """The same noise twice cancels in the difference of two proofs."""
    task, file = chained
    asked = []

    def prove(_, inputs, limit=0, stop=None):
        asked.append(inputs)
        return _made(task.train, inputs)

    monkeypatch.setattr(type(task.learner), "update", lambda _, weights, __: list(weights))  # no step at all
    monkeypatch.setattr(type(task.train), "prove", prove)
    trainer = created.trainer(0, task, file)
    trainer._entropy = partial(secrets.token_bytes, 32)
    created.steps(trainer, Deposit, Enrol, Join)
    trainer.train(1)
    again = created.trainer(0, task, file)
    again._entropy = partial(secrets.token_bytes, 32)
    again.train(1)
    noise = [tuple(inputs[2][UPDATE_SALTS:]) for inputs in asked]
    assert len(noise) == len(set(noise)) == 6
    ends = [end for _, end in trainer._updates(1, task.base_model(1))]
    assert len({tuple(end[: task.learner.spec.dimension]) for end in ends}) == 1
    assert len({salt for end in ends for salt in end[-UPDATE_SALTS:]}) == 3 * UPDATE_SALTS
    for inputs, end in zip(asked, ends, strict=False):
        own, found = inputs[2][:UPDATE_SALTS], [to_signed(entry) for entry in inputs[2][UPDATE_SALTS:]]
        assert salt_input(end[-UPDATE_SALTS:], found)[:UPDATE_SALTS] == own


def test_proofs__that_failed__are_not_counted(spending, monkeypatch):
    def fails(*_):
        raise CircuitError("no memory", "buy some")

    monkeypatch.setattr(Spent, "prove", fails)
    with pytest.raises(CircuitError):
        spending.train(1)
    assert spending.commitments.proofs(spending.data[1]) == 0


def test_proof__that_cannot_be_counted__is_neither_kept_nor_sent(spending, monkeypatch):
    def full(*_):
        raise JournalUnwritable("the disk is full", "free some space")

    monkeypatch.setattr(DataCommitments, "count", full)
    with pytest.raises(JournalUnwritable):
        spending.act(Submit(1))
    assert not spending._kept.has(1)
    assert spending.task.contracts.rounds.get_state(1).submitted == 0


def test_enrolment__after_too_many_proofs__is_under_new_salts(created):
    trainer = created.trainer(0)
    spent = trainer.data[1]
    for number in range(created.task.learner.most_proofs):
        trainer.commitments.count(spent, [number])
    created.steps(trainer, Deposit, Enrol)
    (event,) = created.trainers.events(DataRegistered, trainer=trainer.sender.address)
    assert event.data == trainer.data[1] != spent
    assert trainer.commitments.proofs(event.data) == 0


def test_trainer__whose_journal_is_lost__registers_its_data_under_new_salts_and_goes_on(enrolled):
    """What the lost one had counted nobody knows, so no proof is about those salts any more."""
    before, lost = enrolled.trainer(0), enrolled.trainer(0)
    lost.commitments = DataCommitments(SecretStore(Database(None), enrolled.anvil.accounts[1]), "here", "this")
    enrolled.steps(lost, Join)
    for i in (1, 2):
        enrolled.steps(enrolled.trainer(i), Join)
    enrolled.steps(lost, Submit)
    events = enrolled.trainers.events(DataRegistered, trainer=lost.sender.address)
    assert [event.data for event in events] == [before.data[1], lost.data[1]]
    assert not set(before.data[0][-before.task.learner.spec.salts :]) & set(
        lost.data[0][-before.task.learner.spec.salts :]
    )
    (submitted,) = enrolled.rounds.events(Submitted, task_id=enrolled.task_id)
    assert submitted.data_hashes == (point_hash(lost.data[1]),)


# more rows than a circuit has


@pytest.fixture
def chained(created):
    """A task whose updates may have three links; trainer 0 has rows for all three, the others for one."""
    task = created.open(created.create(max_links=3))
    rows = [path.read_text().splitlines() for path in created.files]
    file = created.folder / "many.csv"
    header, *mine = rows[0]
    others = [row for of_other in rows[1:] for row in of_other[1:]]
    count = 2 * task.learner.spec.rows + 3
    file.write_text("\n".join([header, *(mine + others * 3)[:count]]) + "\n")
    file.chmod(0o600)
    return task, file


def test_file__with_more_rows_than_a_circuit__is_committed_in_parts_and_proved_as_a_chain(created, chained):
    task, file = chained
    created.senders[AGGREGATOR].send(created.stakes.deposit(ETHER))
    first = created.trainer(0, task, file)
    first._heavy = Heavy(Here(2))
    others = [created.trainer(i, task) for i in (1, 2)]
    for trainer in (first, *others):
        created.steps(trainer, Deposit, Enrol)
    for trainer in (first, *others):
        created.steps(trainer, Join)
    data = [event.data for event in created.trainers.events(DataRegistered, trainer=first.sender.address)]
    assert data == [point for _, point in first.vectors]
    assert len(set(data)) == 3
    for trainer in (first, *others):
        created.steps(trainer, Submit)
    (submitted, *_) = created.rounds.events(Submitted, task_id=task.id)
    assert submitted.data_hashes == tuple(map(point_hash, data))

    spec, weights = task.learner.spec, [0] * task.learner.spec.dimension
    for part in first.dataset.parts(spec.rows):
        weights = spec.train(weights, part.x, part.labels)
    proofs = first.train(1)  # kept
    assert [proof.points[0] for proof in proofs[1:]] == [proof.points[3] for proof in proofs[:-1]]
    assert first.update(1)[0][: spec.dimension] == [weight % P for weight in weights]
    assert [first.commitments.proofs(point) for point in data] == [1, 1, 1]

    for action in (Mask, Publish):
        for trainer in (first, *others):
            created.steps(trainer, action)
    created.finalize(task)
    assert created.models.latest(task.id).round == 1


def test_chain__of_which_one_proof_fails__gives_up_those_that_are_made_beside_it(created, chained, monkeypatch):
    task, file = chained
    given_up = []

    def prove(_, inputs, limit=0, stop=None):
        if inputs[0][0] == 0:  # the first link starts from zeros
            raise CircuitError("no memory", "buy some")
        given_up.append(stop.wait(60))
        raise CircuitError("given up", "")

    trainer = created.trainer(0, task, file)
    trainer._heavy = Heavy(Here(2))
    created.steps(trainer, Deposit, Enrol, Join)
    monkeypatch.setattr(type(task.train), "prove", prove)
    with pytest.raises(CircuitError, match="no memory"):
        trainer.train(1)
    assert set(given_up) == {True}


def test_file__with_more_rows_than_all_links_have_room_for__is_refused(created, chained):
    task, file = chained
    lines = file.read_text().splitlines()
    file.write_text("\n".join([*lines, *lines[1:]]) + "\n")
    with pytest.raises(DataError, match=f"the task has room for {3 * task.learner.spec.rows}"):
        created.trainer(0, task, file)


def test_links__beyond_what_the_task_allows__are_refused(training):
    """Else a trainer would take the agreed steps as often as it pays gas for, and the clip would bound nothing."""
    (proof,) = training.trainer(0).train(1)
    assert training.task.config.max_links == 1
    error = training.refusal(1, training.proofs.submit(training.task_id, [proof.data] * 2))
    assert (error.name, error.arguments) == ("TooManyProofs", {"most": 1, "actual": 2})
    assert "more links" in error.hint


# front-running


def front_run(world: World, point: Point) -> None:
    """Another account registers the point that trainer 0 is about to enrol."""
    for call in (world.stakes.deposit(ETHER), world.enrolment(OUTSIDER, point)):
        world.senders[OUTSIDER].send(call)


def test_enrolment__front_run_by_a_copy__is_made_under_a_fresh_salt_whose_proofs_count(created):
    trainer = created.trainer(0)
    created.steps(trainer, Deposit)
    copied = trainer.data[1]
    front_run(created, copied)
    created.steps(trainer, Enrol)
    (event,) = created.trainers.events(DataRegistered, trainer=trainer.sender.address)
    assert event.data == trainer.data[1] == created.trainer(0).data[1] != copied
    for i in (1, 2):
        created.steps(created.trainer(i), Deposit, Enrol)
    for i in range(3):
        created.steps(created.trainer(i), Join)
    created.steps(created.trainer(0), Submit)
    (submitted,) = created.rounds.events(Submitted, task_id=created.task_id)
    assert submitted.trainer == trainer.sender.address


def test_enrolment__front_run_twice__takes_a_third_salt(created):
    trainer, points = created.trainer(0), []
    for account in (OUTSIDER, AGGREGATOR):
        points.append(trainer.data[1])
        created.senders[account].send(created.stakes.deposit(ETHER))
        created.senders[account].send(created.enrolment(account, points[-1], account))
    created.steps(trainer, Deposit, Enrol)
    assert len({*points, trainer.data[1]}) == 3


# a model that is not told


def spoil_model(world: World, cid: bytes) -> None:
    """Round 1 is finalized by a true proof beside the CID of something else, which nobody challenges."""
    aggregator = world.aggregator()
    _, proof = aggregator.prove(aggregator.fetch(1), 3)
    aggregator.sender.send(world.rounds.aggregate(world.task_id, proof.data, cid))
    world.advance()


@pytest.mark.parametrize(
    ("weights", "kind", "message"),
    (
        ([1, 2, 3, 4], ContentMismatch, "model of round 1 holds other weights than the chain's"),
        (None, Unavailable, "is not in dir:"),
        (b"{}", ContentMismatch, "is no model"),
    ),
    ids=("another", "withheld", "no document"),
)
def test_model__that_its_aggregator_does_not_tell__keeps_trainers_from_taking_seats__which_would_cost_them(
    aggregating, weights, kind: type[StorageError], message
):
    world = aggregating
    document = weights
    if isinstance(weights, list):
        document = world.opened(weights).document(1, 3)
    spoil_model(world, world.put(document).digest if document else b"\x09" * 32)
    nonces = [sender.next_nonce() for sender in world.senders]
    for i in range(3):
        with pytest.raises(kind, match=message):
            world.trainer(i).step()
    assert [sender.next_nonce() for sender in world.senders] == nonces
    world.advance()
    assert world.rounds.get_round(world.task_id, 2).phase is Phase.SKIPPED
    assert [world.trainers.slash_of(world.task_id, world.senders[i + 1].address) for i in range(3)] == [(0, False)] * 3
    world.steps(world.trainer(0), Unenrol, Collect)


def test_data__that_a_proof_is_about__are_registered_as_the_trainers(training):
    me = training.senders[1].address
    found = training.trainers.get_data(training.task_id, point_hash(training.proof(0).points[1]))
    assert (found.owner, found.round) == (me, 1)
    assert training.trainers.get_enrolment(training.task_id, me).stake == ETHER


@pytest.mark.parametrize(
    ("most", "measured", "limit"),
    (
        (None, 0.25, SLOW_SECONDS),
        (None, 20.0, 200.0),
        (None, 10.0**4, None),
        (None, 0.0, FIRST_SECONDS),
        (5.0, 0.25, 5.0),
        (900.0, 0.25, 900.0),
        (10.0**6, 0.25, None),
    ),
)
def test_proof__is_given_up_when_it_hangs__or_as_is_wished__and_at_its_phases_deadline(training, most, measured, limit):
    """`limit`: None is the phase's deadline, which comes within an hour."""
    told = []
    at = training.task.view(training.chain.block())
    assert 900 < at.deadline - at.now <= LONGEST_SECONDS

    def report(stage, **details):
        told.append((stage, details))

    found = announce_proof(training.task, "train", training.task.train, report, most=most, measured=measured, round=1)
    left = at.deadline - training.chain.block().timestamp
    assert found == (left if limit is None else limit)
    ((stage, details),) = told
    assert (stage, details["limit"]) == ("proving", found)
    assert details["usual"] == (round(measured, 1) or pytest.approx(2.5, rel=1))


def test_proof__whose_phase_has_ended_meanwhile__is_not_begun(training):
    training.pass_deadline()
    with pytest.raises(CircuitError, match="the deadline of round 1's phase has passed"):
        training.trainer(0).act(Submit(1))


def test_proof__that_takes_too_long__is_not_kept__and_the_next_one_is_made(training):
    task = training.open()
    circuit = task.train
    task.__dict__["train"] = Circuit(circuit.folder, circuit.statement, circuit.srs, circuit.manifest)  # not shared
    file, key = training.files[0], training.anvil.accounts[1]
    dataset = task.learner.read(file)
    hurried, patient = (
        Trainer(
            task,
            training.senders[1],
            secret_of(key),
            dataset,
            silent,
            journal=steady_journal(key, task, dataset),
            proof_limit=limit,
        )
        for limit in (0.01, None)
    )
    with pytest.raises(ProverTimeout):
        hurried.step()
    assert training.rounds.get_state(training.task_id).submitted == 0
    assert isinstance(patient.step(), Submit)


def test_proof__of_a_round__is_kept_through_a_look_at_an_older_block__until_the_rounds_end_is_final(training):
    """A second proof of the round would be another equation over the data's salts."""
    key = training.anvil.accounts[1]
    dataset = training.task.learner.read(training.files[0])
    journal = steady_journal(key, training.task, dataset)
    trainer = Trainer(training.task, training.senders[1], secret_of(key), dataset, silent, journal=journal)
    in_train = training.chain.block()
    training.steps(trainer, Submit)
    (kept,) = journal.names("proof/")
    training.advance()
    over = training.chain.block()
    for block in (over, in_train, over):
        trainer.decide(block)
    assert journal.names("proof/") == [kept]

    while training.chain.block("finalized").number < over.number:
        training.rpc("anvil_mine", "0x20")
    trainer.decide(training.chain.block())
    assert journal.names("proof/") == []


def test_data__shown_in_a_task_of_another_shape__have_other_salts():
    """An endpoint may show now one k, SRS or number of rows, now another: the count of proofs is of each."""
    journal, data = SecretStore(Database(None), Account.create()), [1, 2, 3, 0, 0]
    shapes = ("ab/14/4/2/3", "ab/15/4/2/3", "cd/14/4/2/3", "ab/14/5/1/3")
    seeds = [DataCommitments(journal, "here", shape).seed(data, enrolled=False) for shape in shapes]
    assert len(set(seeds)) == 4
    again = [DataCommitments(journal, "here", shape).seed(data, enrolled=True) for shape in shapes]
    assert again == seeds, "whoever shows another shape does not make the enrolled one's seed be forgotten"
    with pytest.raises(ConfigError, match="other data than this file's"):
        DataCommitments(journal, "here", shapes[1]).seed([9, *data[1:]], enrolled=True)


def test_proof__of_another_update_than_the_one_computed__is_not_kept(spending, monkeypatch):
    monkeypatch.undo()
    with pytest.raises(CircuitError, match="of another update"):
        spending.train(1)
    assert not spending._kept.has(1)
