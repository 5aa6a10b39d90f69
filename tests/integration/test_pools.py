"""A pool from its opening to a round: five contributors with a row each, and a trainer that proves on their sum."""

from __future__ import annotations

from dataclasses import replace

import pytest

from headwater.chain.contracts.events import RowContributed, RowLeftOut, Submitted
from headwater.errors import ConfigError, ContractError, DataError, DocumentError
from headwater.protocol.decisions import Deposit, Enrol, Join, Submit
from headwater.protocol.field import P
from headwater.protocol.slots import Reason
from headwater.reading.ancestry import Contribution, _Past
from headwater.reading.history import History
from headwater.reading.pools import NOT_CLOSED, check, rounds_trained
from headwater.roles.pools import contributing, owning, registering, rows
from headwater.roles.task import point_hash
from headwater.storage.cid import Cid
from headwater.storage.vectors import RowDocument
from tests.support.pooling import CONTRIBUTORS, OWNER, Pooling
from tests.support.roles import OUTSIDER, TERMS, World


@pytest.fixture
def pooling(world: World) -> Pooling:
    return Pooling(world.at("created"))


def results(pooling: Pooling, account: int) -> dict[str, bool | None]:
    """What an account finds of the pool and of its row."""
    found = check(pooling.task, pooling.seen, pooling.address(account), pooling.own(account))
    return {each.name: each.ok for each in found}


def test_pool__of_five__is_closed_trained_on_and_checked_by_each(pooling):
    world = pooling.world
    for account in CONTRIBUTORS:
        pooling.contribute(account)
    assert len({member.slot for member in pooling.seen.members}) == 5
    before = results(pooling, CONTRIBUTORS[0])
    assert before.pop("the rows are its owner's data") is None
    assert all(before.values())

    pooling.freeze()
    assert [finding.reason for finding in pooling.collect()] == [Reason.NONE] * 5
    closed = pooling.close()

    assert closed.pool.closed
    assert pooling.pools.pooled_of(world.task_id, closed.pool.data_hash) == pooling.id
    assert world.trainers.get_data(world.task_id, closed.pool.data_hash).owner == pooling.address(OWNER)
    for account in CONTRIBUTORS:
        found = results(pooling, account)
        assert all(found.values()), found
        assert f"{pooling.address(account)} is in the pool" in found

    # a round with two others: the proof is about the pooled data, and the real verifier accepts it
    trainer = pooling.trainer()
    for i in (1, 2):
        world.steps(world.trainer(i), Deposit, Enrol, Join)
    world.steps(trainer, Join, Submit)
    (event,) = world.rounds.events(Submitted, task_id=world.task_id, trainer=pooling.address(OWNER))
    assert event.data_hashes == (closed.pool.data_hash,)
    assert rounds_trained(pooling.contracts, pooling.seen) == {1: True}
    # a lineage names the five, not the owner alone
    past = _Past(pooling.contracts, world.task_id, History(), {}, {}, ((), 0))
    used = Contribution(event.trainer, event, event.data_hashes, past._pooled(event.data_hashes))
    assert used.people == {pooling.address(account) for account in (OWNER, *CONTRIBUTORS)}
    assert past._pooled([bytes(32)]) == {}
    # and it is the specification's step on exactly these rows
    spec, model = pooling.task.learner.spec, pooling.task.base_model(1)
    each = [rows.read_row(pooling.task.learner, pooling.own(account).text) for account in CONTRIBUTORS]
    expected = spec.train(model, [row.x[0] for row in each], [row.labels[0] for row in each])
    update, point = trainer.update(1)
    assert update[: spec.dimension] == [weight % P for weight in expected]
    assert point == event.update


def test_pool__whose_owner_was_enrolled__registers_the_sum_as_further_data(pooling):
    world = pooling.world
    world.steps(world.trainer(0), Deposit, Enrol)
    pooling.contribute(4)
    pooling.freeze()
    pooling.collect()
    closed = pooling.close()
    assert world.trainers.get_data(world.task_id, closed.pool.data_hash).owner == pooling.address(OWNER)


def test_contribute__of_a_slot_that_is_taken_meanwhile__takes_another(pooling, monkeypatch):
    pooling.contribute(4, slot=0)
    true, calls = rows.see, []

    def behind(contracts, pool_id):
        seen = true(contracts, pool_id)
        calls.append(seen)
        return seen if len(calls) > 1 else rows.Seen(seen.id, seen.pool, (), (), seen.block)

    monkeypatch.setattr(contributing.secrets, "choice", lambda free: free[0])
    monkeypatch.setattr(rows, "see", behind)
    pooling.contribute(5)
    assert pooling.pools.get_contribution(pooling.id, pooling.address(5)).slot == 1
    assert pooling.own(5).slot == 1


def test_contribute__again_or_elsewhere_or_with_another_key__says_what_to_do(pooling):
    pooling.contribute(4)
    with pytest.raises(ConfigError, match="has slot"):
        pooling.contribute(4)
    text = rows.row_text(pooling.task.learner, pooling.file(5))
    arguments = (pooling.task, pooling.world.senders[5], pooling.journals[5], pooling.id, text)
    with pytest.raises(ConfigError, match="do not contribute"):
        contributing.contribute(*arguments, key=bytes(31) + b"\1")
    with pytest.raises(ContractError, match="SlotTaken"):
        contributing.contribute(*arguments, slot=pooling.own(4).slot)
    pooling.freeze()
    with pytest.raises(ConfigError, match="takes no more rows"):
        contributing.contribute(*arguments)


def test_row__of_several_lines_or_wrong_cells__is_refused_before_anything_is_sent(pooling):
    with pytest.raises(DataError, match="rows"):
        rows.row_text(pooling.task.learner, pooling.world.held_out)
    path = pooling.file(4)
    path.write_text(path.read_text().replace("virginica", "tulip").replace("versicolor", "tulip"))
    with pytest.raises(DataError, match="tulip"):
        rows.row_text(pooling.task.learner, path)


def test_withdraw__before_the_close__frees_slot_and_sum_and_forgets_the_row(pooling):
    pooling.contribute(4, slot=3)
    pooling.contribute(5)
    empty = pooling.task.config.offset
    contributing.withdraw(pooling.contracts, pooling.world.senders[4], pooling.journals[4], pooling.id)
    assert contributing.kept(pooling.contracts, pooling.journals[4], pooling.seen, pooling.address(4)) is None
    assert not pooling.journals[4].names(rows.name(pooling.contracts, pooling.id, "own"))
    assert [member.contributor for member in pooling.seen.members] == [pooling.address(5)]
    pooling.contribute(7, slot=3)
    with pytest.raises(ConfigError, match="no row"):
        contributing.withdraw(pooling.contracts, pooling.world.senders[4], pooling.journals[4], pooling.id)
    for account in (5, 7):
        contributing.withdraw(pooling.contracts, pooling.world.senders[account], pooling.journals[account], pooling.id)
    assert pooling.seen.pool.sum == empty


def test_withdraw__of_a_pool_that_expired__goes(pooling):
    pooling.contribute(4)
    pooling.freeze()
    with pytest.raises(ContractError, match="PoolFrozen"):
        contributing.withdraw(pooling.contracts, pooling.world.senders[4], pooling.journals[4], pooling.id)
    pooling.world.pass_until(pooling.expires_at)
    contributing.withdraw(pooling.contracts, pooling.world.senders[4], pooling.journals[4], pooling.id)


def send(pooling: Pooling, account: int, document: RowDocument | bytes, point, slot: int) -> None:
    """Contribute whatever it is."""
    cid = pooling.world.put(document if isinstance(document, bytes) else document.encode()).digest
    pooling.world.senders[account].send(pooling.pools.contribute(pooling.id, slot, point, cid))


def test_collect__finds_what_does_not_fit__and_leaves_it_out_with_a_reason(pooling):
    task, pool = pooling.task, pooling.seen.pool
    text = rows.row_text(task.learner, pooling.file(4))

    def sealed(account: int, row, **changes):
        changed = replace(pool, **changes) if changes else pool
        return contributing.sealed(task, changed, pooling.id, pooling.address(account), row)

    pooling.contribute(4, slot=0)
    # a document that is none
    point, document = sealed(5, contributing.OwnRow(1, b"5" * 32, text))
    send(pooling, 5, b"nothing", point, 1)
    # sealed for somebody else
    point, document = sealed(7, contributing.OwnRow(2, b"7" * 32, text), key=owning.public_key(owning.new_key()))
    send(pooling, 7, document, point, 2)
    # a sealed row that is not what was committed to
    point, document = sealed(8, contributing.OwnRow(3, b"8" * 32, text))
    other = rows.row_text(task.learner, pooling.file(9))
    place = rows.place(task, pooling.id, pooling.address(8), 3)
    lie = contributing.seal(other, b"8" * 32, pool.key, place, point)
    header = document.header
    fields = {name: getattr(header, name) for name in ("task", "pools", "pool", "contributor", "slot")}
    send(pooling, 8, RowDocument.made(document.proof, lie, **fields), point, 3)
    # somebody else's commitment and document
    own = next(m for m in pooling.seen.members if m.contributor == pooling.address(4))
    copy = task.store.get(Cid.from_digest(own.cid), 1 << 20)
    send(pooling, 9, copy, own.commitment, 4)

    found = {finding.member.contributor: finding.reason for finding in pooling.collect()}
    expected = {
        4: Reason.NONE,
        5: Reason.UNREADABLE,
        7: Reason.NOT_SEALED,
        8: Reason.OTHER_ROW,
        9: Reason.UNREADABLE,
    }
    assert found == {pooling.address(account): reason for account, reason in expected.items()}

    pooling.freeze()
    with pytest.raises(ConfigError, match="are not here"):
        pooling.close()
    sender = pooling.world.senders[OWNER]
    events = list(owning.leave_out(pooling.contracts, sender, pooling.id, pooling.collect()))
    assert [event.reason for event in events] == [expected[n] for n in (5, 7, 8, 9)]
    assert len(list(pooling.pools.events(RowLeftOut, pool_id=pooling.id))) == 4
    closed = pooling.close()
    assert [member.contributor for member in closed.members] == [pooling.address(4)]


def test_collect__of_a_document_that_no_store_has__says_so_and_finds_it_later(pooling):
    document = pooling.contribute(4)
    (event,) = pooling.pools.events(RowContributed, pool_id=pooling.id)
    (path,) = [path for path in pooling.world.stored() if path.read_bytes() == document.encode()]
    path.unlink()
    assert [finding.reason for finding in pooling.collect()] == [Reason.MISSING]
    assert pooling.world.put(document.encode()).digest == event.cid
    assert [finding.reason for finding in pooling.collect()] == [Reason.NONE]


def test_journal__of_the_owner__has_the_rows_encrypted_and_the_key_until_the_close(pooling):
    pooling.contribute(4)
    journal = pooling.journals[OWNER]
    pooling.freeze()
    pooling.collect()
    assert any(name.startswith("pool-key/") for name in journal.names())
    pooling.close()
    assert not any(name.startswith("pool-key/") for name in journal.names())
    sealed = b"".join(value for (value,) in journal._database.rows("SELECT sealed FROM secrets"))
    assert pooling.own(4).text.splitlines()[1] not in sealed
    # without the rows nobody trains on them
    assert owning.forget(pooling.contracts, journal, pooling.id) == 3
    with pytest.raises(ConfigError, match="are not here"):
        pooling.trainer()


def test_pool__of_another_owner_or_not_closed__is_not_trained_on(pooling):
    pooling.contribute(4)
    with pytest.raises(ConfigError, match="not closed"):
        pooling.trainer()
    with pytest.raises(ConfigError, match="not "):
        owning.pooled_data(pooling.task, pooling.address(4), pooling.journals[4], pooling.id)
    with pytest.raises(ConfigError, match="still open"):
        pooling.close()


def test_check__before_the_close_and_of_who_is_not_in__says_so(pooling):
    pooling.contribute(4)
    pooling.contribute(5)
    row = pooling.own(5)
    contributing.withdraw(pooling.contracts, pooling.world.senders[5], pooling.journals[5], pooling.id)
    found = list(check(pooling.task, pooling.seen, pooling.address(5), row))
    assert [each.detail for each in found if each.ok is False] == ["it has withdrawn"]
    assert found[-1].detail == NOT_CLOSED


def test_unseal__of_a_package_that_was_made_for_another_place__is_refused(pooling):
    document, journal = pooling.contribute(4, slot=0), pooling.journals[OWNER]
    (member,) = pooling.seen.members
    private = owning._private(journal, pooling.seen.pool, pooling.id)
    for place in (
        rows.place(pooling.task, pooling.id, pooling.address(5), 0),
        rows.place(pooling.task, pooling.id, member.contributor, 1),
        rows.place(pooling.task, pooling.id + 1, member.contributor, 0),
    ):
        with pytest.raises(DocumentError):
            owning.unseal(document.sealed, private, place, member.commitment)
    assert point_hash(member.commitment).startswith(
        pooling.pools.get_contribution(pooling.id, member.contributor).commitment_hash
    )


def test_close__whose_registration_was_overtaken__blinds_anew(pooling, monkeypatch):
    """Somebody sees the registration on its way, and registers the same data first."""
    pooling.contribute(4)
    pooling.freeze()
    pooling.collect()
    world, true, taken = pooling.world, registering.register, []

    def overtaken(task, sender, journal, secret, pooled, *more):
        if not taken:
            world.senders[OUTSIDER].send(world.stakes.deposit(TERMS.stake))
            world.senders[OUTSIDER].send(world.enrolment(OUTSIDER, pooled.point))
            taken.append(point_hash(pooled.point))
        true(task, sender, journal, secret, pooled, *more)

    monkeypatch.setattr(registering, "register", overtaken)
    closed = pooling.close()
    assert closed.pool.closed
    assert [closed.pool.data_hash] != taken
    assert world.trainers.get_data(world.task_id, taken[0]).owner == pooling.address(OUTSIDER)
    assert point_hash(pooling.trainer().vectors[0][1]) == closed.pool.data_hash


def test_collect__of_the_same_commitment_with_another_document__looks_at_it_again(pooling):
    """A contributor whose row was found right withdraws, and comes again with junk beside the same commitment."""
    pooling.contribute(4, slot=0)
    pooling.contribute(5, slot=1)
    assert [finding.reason for finding in pooling.collect()] == [Reason.NONE] * 2
    sender, point = pooling.world.senders[5], pooling.seen.member(pooling.address(5)).commitment
    sender.send(pooling.pools.withdraw(pooling.id, point))
    sender.send(pooling.pools.contribute(pooling.id, 1, point, pooling.world.put(b"no proof at all").digest))
    pooling.freeze()
    assert [finding.reason for finding in pooling.collect()] == [Reason.NONE, Reason.UNREADABLE]


def test_contribute__again_while_the_first_is_not_seen_yet__keeps_what_the_journal_has_of_it(pooling, monkeypatch):
    stale = pooling.seen
    pooling.contribute(4, slot=0)
    own = pooling.own(4)
    with monkeypatch.context() as lagging:
        lagging.setattr(rows, "see", lambda *_: stale)
        with pytest.raises(ContractError) as caught:
            pooling.contribute(4)
    assert caught.value.name == "AlreadyContributed"
    assert pooling.own(4) == own
    assert False not in results(pooling, 4).values()


def test_close__again_for_a_node_that_lies__does_not_lose_the_blinding_of_what_was_closed(pooling, monkeypatch):
    """A closed pool is shown as open, and its data as somebody else's."""
    pooling.contribute(4)
    pooling.freeze()
    pooling.collect()
    pooling.close()
    trainers = type(pooling.contracts.trainers)
    see, get_data = rows.see, trainers.get_data
    with monkeypatch.context() as lying:
        lying.setattr(rows, "see", lambda *of: replace(see(*of), pool=replace(see(*of).pool, closed=False)))
        lying.setattr(trainers, "get_data", lambda *of: replace(get_data(*of), owner=pooling.address(5)))
        with pytest.raises(ConfigError, match="registered by others"):
            pooling.close()
    assert pooling.trainer()
