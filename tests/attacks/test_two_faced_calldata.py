"""Wants: the contract to read other commitments than the verifier checks.

Tries: calldata whose offsets lead the decoder to a forged proof, while a valid one stands where the generated
assembly reads.
Stopped: the verifier is patched to demand the one canonical layout; and TaskManager lays the calldata out itself.
"""

from __future__ import annotations

from headwater.circuits.verifier import _LAYOUT, _SUCCESS, compile_verifier
from tests.support.verifying import answer, deploy, plain

SELECTOR = bytes.fromhex("1e8e1e13")


def word(value: int) -> bytes:
    return value.to_bytes(32, "big")


def two_faced(real: bytes, shown: bytes) -> bytes:
    """Calldata whose offsets lead to `shown`, while `real` stands where the generated assembly reads by constants.

    The transcript is absorbed from the one and the evaluations and openings are taken from the other, so a forger could
    choose the latter knowing all challenges.
    """
    assert len(real) == len(shown)
    start = 0x64 + len(real)
    head = word(start + 0x20 - 4) + word(start - 4) + word(len(real))
    return SELECTOR + head + real + word(0) + word(len(shown)) + shown


def test_two_faced_calldata__passes_the_generated_verifier__and_not_the_patched_one(anvil, train, train_proof, attack):
    patched = deploy(anvil, train.verifier.bytecode)
    real = train_proof.data
    shown = real[:-64] + train_proof.points[0].encode()  # a proof whose last opening is another point: not valid
    assert answer(anvil, patched, plain(patched, real)) == "true"
    assert answer(anvil, patched, plain(patched, shown)) != "true"
    with attack.works_on(f"the verifier as EZKL generates it: `{_SUCCESS}` for `{_LAYOUT}`"):
        generated = train.path("verifier_source").read_text().replace(_LAYOUT, _SUCCESS)
        unpatched = deploy(anvil, compile_verifier(generated).bytecode)
        assert answer(anvil, unpatched, two_faced(real, shown)) == "true"
    found = answer(anvil, patched, two_faced(real, shown))
    assert found != "true"
    attack.gains(f"the patched verifier's answer: {found}")
