"""A trainer's secrets, derived from its key: the same after a restart, unrelated otherwise."""

from __future__ import annotations

import itertools

from eth_account import Account
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.protocol.field import P
from headwater.protocol.vectors import UPDATE_SALTS
from headwater.roles.secrets import data_salts, mask_secret, secret_of, update_salts

KEY, OTHER = Account.from_key(b"\x01" * 32), Account.from_key(b"\x02" * 32)
SECRET = secret_of(KEY)
SEED = b"\1" * 32
DATA = [64, -3, 1, 0, 0]
WEIGHTS = [5, -7, 0]
COUNT = 10

numbers = st.binary(min_size=32, max_size=32).map(lambda drawn: int.from_bytes(drawn, "big") % P)
quick = settings(deadline=None)  # other work may hold the machine


def assert_unrelated(found: list[list[int]]) -> None:
    """No salt stands twice, and each is a field element other than 0."""
    salts = [salt for each in found for salt in each]
    assert len(set(salts)) == len(salts)
    assert all(0 < salt < P for salt in salts)


def test_secret__of_one_key__is_the_same_again_and_not_the_key():
    assert secret_of(KEY) == secret_of(Account.from_key(b"\x01" * 32))
    assert secret_of(KEY) != secret_of(OTHER)
    assert len(SECRET) >= 32
    assert bytes(KEY.key) not in SECRET


def test_data_salts__under_another_key_task_data_or_attempt__are_all_others():
    found = [
        data_salts(SECRET, SEED, 5, DATA, 0, COUNT),
        data_salts(secret_of(OTHER), SEED, 5, DATA, 0, COUNT),
        data_salts(SECRET, SEED, 6, DATA, 0, COUNT),
        data_salts(SECRET, SEED, 5, [64, -3, 1, 0, 1], 0, COUNT),
        data_salts(SECRET, SEED, 5, DATA, 1, COUNT),
        data_salts(SECRET, SEED, 5, DATA, 11, COUNT),
        data_salts(SECRET, bytes(32), 5, DATA, 0, COUNT),
    ]
    assert {len(salts) for salts in found} == {COUNT}
    assert_unrelated(found)


def test_update_salts__under_another_key_task_or_round__are_all_others():
    contexts = itertools.product((SECRET, secret_of(OTHER)), (5, 6, 51), (1, 2, 11))
    found = [update_salts(*context, 0, WEIGHTS) for context in contexts]
    assert {len(salts) for salts in found} == {UPDATE_SALTS}
    assert_unrelated(found)


def test_update_salts__of_another_update_in_the_same_round__are_all_others():
    """As after a restart with another file: else the two commitments would give away the updates' difference."""
    assert_unrelated([update_salts(SECRET, 5, 1, 0, WEIGHTS), update_salts(SECRET, 5, 1, 0, [5, -7, 1])])


def test_mask_secret__under_another_key_or_task__is_another_and_no_salt():
    found = [mask_secret(secret, tag) for secret, tag in itertools.product((SECRET, secret_of(OTHER)), (5, 6))]
    assert_unrelated([found, data_salts(SECRET, SEED, 5, [], 0, COUNT), update_salts(SECRET, 5, 1, 0, [])])


def test_secrets__after_a_restart__are_the_same():
    again = secret_of(Account.from_key(b"\x01" * 32))
    assert data_salts(again, SEED, 5, list(DATA), 3, COUNT) == data_salts(SECRET, SEED, 5, DATA, 3, COUNT)
    assert update_salts(again, 5, 2, 0, list(WEIGHTS)) == update_salts(SECRET, 5, 2, 0, WEIGHTS)
    assert mask_secret(again, 5) == mask_secret(SECRET, 5)


@quick
@given(numbers, st.lists(numbers, max_size=4), st.integers(0, 99), st.integers(1, 9))
def test_salts__of_data_and_of_updates__never_coincide(tag, vector, attempt, round_):
    assert_unrelated(
        [data_salts(SECRET, SEED, tag, vector, attempt, COUNT), update_salts(SECRET, tag, round_, 0, vector)]
    )


@quick
@given(st.lists(numbers, min_size=1, max_size=4))
def test_salts__of_entries_that_differ_only_in_sign_or_representative__depend_on_the_field_element(vector):
    same, other = [entry - P for entry in vector], [*vector[:-1], vector[-1] + 1]
    assert data_salts(SECRET, SEED, 5, vector, 0, COUNT) == data_salts(SECRET, SEED, 5, same, 0, COUNT)
    assert update_salts(SECRET, 5, 1, 0, vector) == update_salts(SECRET, 5, 1, 0, same)
    assert_unrelated([data_salts(SECRET, SEED, 5, each, 0, COUNT) for each in (vector, other)])
    assert_unrelated([update_salts(SECRET, 5, 1, 0, each) for each in (vector, other)])
