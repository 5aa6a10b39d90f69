"""A commitment opens to its own vector and to no other, whatever is changed about it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import pytest
from eth_abi import encode as abi_encode
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.protocol import openings
from headwater.protocol.curve import INFINITY, Point, add, multiply, negate
from headwater.protocol.field import P, Q
from headwater.protocol.masks import GENERATOR, prg
from headwater.protocol.openings import (
    PART_BYTES,
    ROOT,
    TWO_ADICITY,
    UNUSABLE_ROWS,
    Encoding,
    challenge,
    decode,
    encode,
    evaluate,
    inverses,
    parts,
    root_of,
    root_of_unity,
    verify,
)
from headwater.protocol.pairing import G2, GENERATOR_2
from tests.support.masking import generated
from tests.support.toy_srs import ToySrs, g2, lagrange
from tests.vectors import make_openings

K = 5
SRS = ToySrs(K, make_openings.number("tests"))
SEED = keccak(b"a mask's seed")

elements = st.sampled_from((0, 1, P // 2, P - 1)) | st.binary(min_size=32, max_size=32).map(
    lambda drawn: int.from_bytes(drawn, "big") % P
)
int64 = st.sampled_from((-1, 2**63 - 1, -(2**63))) | st.binary(min_size=8, max_size=8).map(
    lambda drawn: int.from_bytes(drawn, "big", signed=True)
)


@dataclass(frozen=True)
class Opening:
    """A commitment and what opens it."""

    commitment: Point
    k: int
    encoding: Encoding
    entries: int
    data: bytes
    quotient: Point = INFINITY
    tau: G2 = SRS.tau_g2

    @property
    def holds(self) -> bool:
        return verify(self.commitment, self.k, self.encoding, self.entries, self.data, self.quotient, self.tau)

    def claiming(self, log: int, **changes) -> Opening:
        """Another statement, with the quotient that the SRS's polynomial of this logarithm has at its challenge."""
        other = replace(self, **changes)
        root = openings.root_of(other.data, other.encoding)
        r = openings.challenge(other.commitment, other.k, other.encoding, other.entries, root)
        value = evaluate(self.k, decode(self.data, self.encoding, self.entries), r)
        return replace(other, quotient=SRS.quotient(log, r, value))


def opened(encoding: Encoding, entries: int, data: bytes) -> Opening:
    log = SRS.log(decode(data, encoding, entries))
    return Opening(generated(log), K, encoding, entries, data).claiming(log)


VALUES = [P - 1, 0, 7, make_openings.number("entry")]
LOG = SRS.log(VALUES)
WORDS = opened(Encoding.WORDS, 4, encode(VALUES, Encoding.WORDS))
PACKED = opened(Encoding.PACKED, 4, encode([-1, 2**63 - 1, 0, -(2**63)], Encoding.PACKED))
MASK = opened(Encoding.MASK, 4, SEED)


# the EVM's view


def test_vectors__when_made_again__are_those_committed():
    expected = json.loads(make_openings.FILE.read_text())
    assert make_openings.vectors() == expected, "run python -m tests.vectors.make_openings"


@pytest.mark.parametrize("n", range(9))
def test_vectors__open(n):
    case = json.loads(make_openings.FILE.read_text())["openings"][n]
    k, encoding, entries = (int(case[name], 16) for name in ("k", "encoding", "entries"))
    data = bytes.fromhex(case["root" if encoding == Encoding.MASK else "data"][2:])
    points = (Point(*(int(word, 16) for word in case[name])) for name in ("commitment", "quotient"))
    commitment, quotient = points
    assert verify(commitment, k, Encoding(encoding), entries, data, quotient, G2(*(int(w, 16) for w in case["tau"])))


def test_challenge__is_the_hash_of_abi_encoded_words():
    root = keccak(b"root")
    encoded = abi_encode(["uint256"] * 5 + ["bytes32"], [1, 2, 14, Encoding.PACKED, 30, root])
    assert challenge(GENERATOR, 14, Encoding.PACKED, 30, root) == int.from_bytes(keccak(encoded), "big") % P


# a vector's bytes


@given(st.lists(elements, max_size=5))
def test_words__decode_to_the_entries(values):
    data = encode(values, Encoding.WORDS)
    assert (len(data), decode(data, Encoding.WORDS, len(values))) == (32 * len(values), values)


@given(st.lists(int64, max_size=5))
def test_packed_integers__decode_to_their_elements(values):
    data = encode(values, Encoding.PACKED)
    assert data == encode([value % P for value in values], Encoding.PACKED)
    assert data == b"".join(value.to_bytes(8, "big", signed=True) for value in values)
    assert decode(data, Encoding.PACKED, len(values)) == [value % P for value in values]


def test_seed__decodes_to_its_mask__and_is_its_own_root():
    assert decode(SEED, Encoding.MASK, 3) == prg(SEED, 3)
    assert root_of(SEED, Encoding.MASK) == SEED


@pytest.mark.parametrize("value", (2**63, -(2**63) - 1, P // 2))
def test_packed_entry__of_more_than_8_bytes__is_refused(value):
    with pytest.raises(ValueError, match="8 bytes"):
        encode([value], Encoding.PACKED)


def test_vector__has_no_seed():
    with pytest.raises(ValueError, match="seed is what is given"):
        encode([1], Encoding.MASK)


@pytest.mark.parametrize(
    ("data", "encoding", "entries"),
    (
        (b"\0" * 31, Encoding.WORDS, 1),
        (b"\0" * 32, Encoding.WORDS, 0),
        (b"\0" * 9, Encoding.PACKED, 1),
        (b"\0" * 16, Encoding.PACKED, 1),
        (b"\0" * 33, Encoding.MASK, 1),
        (b"", Encoding.MASK, 0),
        (b"", Encoding.WORDS, -1),
        (P.to_bytes(32, "big"), Encoding.WORDS, 1),
        (b"\xff" * 32, Encoding.WORDS, 1),
    ),
)
def test_bytes_of_no_such_vector__are_refused(data, encoding, entries):
    with pytest.raises(ValueError, match=r"bytes, not|modulus"):
        decode(data, encoding, entries)


@pytest.mark.parametrize(
    ("length", "sizes"),
    (
        (0, [0]),
        (1, [1]),
        (PART_BYTES - 1, [PART_BYTES - 1]),
        (PART_BYTES, [PART_BYTES]),
        (PART_BYTES + 1, [PART_BYTES, 1]),
        (2 * PART_BYTES, [PART_BYTES] * 2),
        (2 * PART_BYTES + 7, [PART_BYTES] * 2 + [7]),
    ),
)
def test_parts__are_the_bytes_cut__and_the_root_hashes_their_hashes(length, sizes):
    data = make_openings.counted(length)
    found = parts(data)
    assert b"".join(found) == data
    assert [len(part) for part in found] == sizes
    assert root_of(data, Encoding.PACKED) == keccak(b"".join(keccak(part) for part in found))


# the value


def test_root_of_unity__is_halo2s__of_order_two_to_the_k():
    assert pow(7, (P - 1) >> TWO_ADICITY, P) == ROOT
    for k in (3, K, TWO_ADICITY):
        assert pow(root_of_unity(k), 1 << (k - 1), P) == P - 1
    for k in (2, 29):
        with pytest.raises(ValueError, match="k is from 3 to 28"):
            root_of_unity(k)


@given(st.lists(elements.filter(bool), max_size=8))
def test_inverses__are_those_of_each(found):
    assert inverses(found) == [pow(element, -1, P) for element in found]


def test_inverse__of_zero__is_refused():
    with pytest.raises(ValueError, match="not invertible"):
        inverses([1, P, 2])


@settings(max_examples=25, deadline=None)
@given(st.lists(elements, max_size=26), elements.filter(lambda r: pow(r, 1 << K, P) != 1))
def test_value__is_that_of_the_interpolation(values, r):
    column = [*values, *[0] * (26 - len(values)), *[1] * UNUSABLE_ROWS]
    expected = sum(value * lagrange(K, row, r) for row, value in enumerate(column)) % P
    assert evaluate(K, values, r) == expected


def test_value__has_the_coefficients_of_an_inverse_fourier_transform():
    """By another formula: coefficients c_j = 1/n * sum of f(w^i) w^-ij, and Horner's rule."""
    n, w, r = 1 << K, root_of_unity(K), make_openings.number("r")
    column = [*VALUES, *[0] * (n - 10), *[1] * UNUSABLE_ROWS]
    by = pow(n, -1, P)
    coefficients = [by * sum(v * pow(w, -i * j, P) for i, v in enumerate(column)) % P for j in range(n)]
    value = 0
    for coefficient in reversed(coefficients):
        value = (value * r + coefficient) % P
    assert evaluate(K, VALUES, r) == value


def test_value__at_a_root_of_unity__is_refused():
    for row in (0, 3, 31):
        with pytest.raises(ValueError, match="root of unity"):
            evaluate(K, VALUES, pow(root_of_unity(K), row, P))


def test_value__of_a_large_column_with_few_entries__takes_no_step_for_each_row():
    assert evaluate(TWO_ADICITY, [1, 2, 3], 5) < P  # 2**28 steps would end in the test's timeout


def test_vector__that_does_not_fit__is_refused():
    assert evaluate(K, [1] * 26, 0) < P
    with pytest.raises(ValueError, match="27 entries does not fit k = 5"):
        evaluate(K, [1] * 27, 0)


# openings


@pytest.mark.parametrize("opening", (WORDS, PACKED, MASK), ids=("words", "packed", "seed"))
def test_opening__of_a_vector__holds(opening):
    assert opening.holds


def test_opening__of_nothing__and_of_a_constant_column__holds():
    assert opened(Encoding.WORDS, 0, b"").holds
    constant = opened(Encoding.PACKED, 26, encode([1] * 26, Encoding.PACKED))
    assert constant.quotient == INFINITY
    assert constant.holds


@pytest.mark.parametrize("row", range(4))
def test_opening__of_a_changed_entry__does_not_hold(row):
    values = [*VALUES]
    values[row] = (values[row] + 1) % P
    data = encode(values, Encoding.WORDS)
    assert not replace(WORDS, data=data).holds
    assert not WORDS.claiming(LOG, data=data).holds, "the true polynomial's quotient at the new challenge"


def test_opening__of_a_changed_seed_or_packed_entry__does_not_hold():
    assert not replace(MASK, data=keccak(b"another seed")).holds
    assert not replace(PACKED, data=PACKED.data[:-1] + b"\x01").holds


def test_opening__of_another_length__does_not_hold__though_the_commitment_is_the_same():
    """Zeros at the end change no commitment, but the statement."""
    longer = WORDS.data + bytes(32)
    assert not replace(WORDS, data=longer).holds
    assert not replace(WORDS, data=longer, entries=5).holds
    assert WORDS.claiming(LOG, data=longer, entries=5).holds
    assert not replace(WORDS, entries=3).holds
    assert not replace(WORDS, entries=3, data=WORDS.data[:96]).holds
    assert not replace(MASK, entries=5).holds


def test_opening__in_another_encoding__does_not_hold():
    """Four words are sixteen packed entries, and one word is a seed."""
    assert not replace(WORDS, encoding=Encoding.PACKED, entries=16).holds
    one = opened(Encoding.WORDS, 1, b"\0" + SEED[1:])
    assert one.holds
    assert not replace(one, encoding=Encoding.MASK).holds
    same = {"encoding": Encoding.WORDS, "data": encode([-1, 2**63 - 1, 0, -(2**63)], Encoding.WORDS)}
    assert not replace(PACKED, **same).holds, "the same vector is another statement"


def test_opening__for_another_k__does_not_hold():
    for k in (4, 6, 2, 29):
        assert not replace(WORDS, k=k).holds


def test_opening__of_words_above_the_modulus__does_not_hold():
    data = (VALUES[2] + P).to_bytes(32, "big")
    assert not replace(WORDS, data=WORDS.data[:64] + data + WORDS.data[96:]).holds


def test_opening__of_a_mask_longer_than_its_column__is_refused_before_it_is_expanded():
    assert not replace(MASK, entries=2**40).holds


@pytest.mark.parametrize(
    "change",
    (
        negate,
        lambda point: add(point, GENERATOR),
        lambda _: INFINITY,
        lambda point: Point(point.x, point.y ^ 1),
        lambda point: Point(point.x + Q, point.y),
        lambda point: Point(point.x, point.y - Q),
    ),
    ids=("negated", "moved", "infinity", "off the curve", "x not reduced", "y negative"),
)
@pytest.mark.parametrize("name", ("quotient", "commitment"))
def test_opening__with_another_point__does_not_hold(name, change):
    assert not replace(WORDS, **{name: change(getattr(WORDS, name))}).holds


def test_opening__under_another_tau__does_not_hold():
    assert not replace(WORDS, tau=g2(SRS.tau + 1)).holds
    assert not replace(WORDS, tau=GENERATOR_2).holds


def test_opening__under_a_tau_at_infinity__does_not_hold__though_anything_balances_there():
    """e(Q, infinity) = 1 for every Q, so Q = (y G - C)/r would open C to any vector. The precompile takes infinity."""
    other = replace(WORDS, data=encode([1, 2, 3, 4], Encoding.WORDS), tau=G2(0, 0, 0, 0))
    r = challenge(other.commitment, K, other.encoding, 4, root_of(other.data, other.encoding))
    value = evaluate(K, [1, 2, 3, 4], r)
    quotient = multiply(add(multiply(GENERATOR, value), negate(WORDS.commitment)), pow(r, -1, P))
    left = add(add(other.commitment, negate(multiply(GENERATOR, value))), multiply(quotient, r))
    assert left == INFINITY, "what a verifier without the check would pair"
    assert not replace(other, quotient=quotient).holds


def test_attack__a_vector_that_agrees_where_the_commitment_is_opened__needs_an_r_that_does_not_hash_it(monkeypatch):
    def attack() -> Opening:
        """Change two entries so that the value at r stays. r is computed before, and after."""
        r = openings.challenge(WORDS.commitment, K, WORDS.encoding, 4, root_of(WORDS.data, WORDS.encoding))
        values = [(VALUES[0] + lagrange(K, 1, r)) % P, (VALUES[1] - lagrange(K, 0, r)) % P, *VALUES[2:]]
        return WORDS.claiming(LOG, data=encode(values, Encoding.WORDS))

    assert not attack().holds
    monkeypatch.setattr(openings, "challenge", lambda *words: challenge(*words[:-1], bytes(32)))
    assert attack().holds, "the attack works where the root is left out"
