"""Salts derived from a trainer's key: the same after a restart, unrelated otherwise."""

from __future__ import annotations

import itertools

from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from headwater.protocol.field import P
from headwater.roles.secrets import data_salt, secret_of, update_salt

KEY, OTHER = Account.from_key(b"\x01" * 32), Account.from_key(b"\x02" * 32)
SECRET = secret_of(KEY)
DATA = [64, -3, 1, 0, 0]

numbers = st.binary(min_size=32, max_size=32).map(lambda drawn: int.from_bytes(drawn, "big") % P)


def test_secret__of_one_key__is_the_same_again_and_not_the_key():
    assert secret_of(KEY) == secret_of(Account.from_key(b"\x01" * 32))
    assert secret_of(KEY) != secret_of(OTHER)
    assert len(SECRET) >= 32
    assert bytes(KEY.key) not in SECRET


def test_data_salt__under_another_key_task_data_or_attempt__is_another():
    found = [
        data_salt(SECRET, 5, DATA, 0),
        data_salt(secret_of(OTHER), 5, DATA, 0),
        data_salt(SECRET, 6, DATA, 0),
        data_salt(SECRET, 5, [64, -3, 1, 0, 1], 0),
        data_salt(SECRET, 5, DATA, 1),
    ]
    assert len(set(found)) == len(found)
    assert all(0 < salt < P for salt in found)


def test_update_salt__under_another_key_task_or_round__is_another():
    found = [update_salt(s, t, r) for s, t, r in itertools.product((SECRET, secret_of(OTHER)), (5, 6, 51), (1, 2, 11))]
    assert len(set(found)) == len(found)
    assert all(0 < salt < P for salt in found)


def test_salts__after_a_restart__are_the_same():
    again = secret_of(Account.from_key(b"\x01" * 32))
    assert data_salt(again, 5, list(DATA), 3) == data_salt(SECRET, 5, DATA, 3)
    assert update_salt(again, 5, 2) == update_salt(SECRET, 5, 2)


@given(numbers, st.lists(numbers, max_size=4), st.integers(0, 99), st.integers(1, 9))
def test_salts__of_data_and_of_updates__never_coincide(tag, data, attempt, round_):
    assert data_salt(SECRET, tag, data, attempt) != update_salt(SECRET, tag, round_)


@given(st.lists(numbers, min_size=1, max_size=4))
def test_data_salt__of_data_that_differ_only_in_sign_or_representative__depends_on_the_field_element(data):
    assert data_salt(SECRET, 5, data, 0) == data_salt(SECRET, 5, [entry - P for entry in data], 0)
    assert data_salt(SECRET, 5, data, 0) != data_salt(SECRET, 5, [*data[:-1], data[-1] + 1], 0)
