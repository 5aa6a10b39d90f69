import json

import pytest

from headwater.circuits.circuit import Proof
from headwater.circuits.proofs import pack_proof, unpack_proof
from headwater.errors import CircuitError
from headwater.protocol.curve import INFINITY, Point
from headwater.protocol.field import P

PROOF = Proof(b"\x00\xff" * 50, (Point(1, 2), INFINITY), (0, P - 1, 7), 0.5, 12.25, 900.0)


def test_proof__when_packed_and_unpacked__is_the_same():
    again = unpack_proof(pack_proof(PROOF))

    assert again == PROOF
    assert isinstance(again.points[0], Point)


@pytest.mark.parametrize("change", ({"data": "zz"}, {"points": [[1]]}, {"output": None}, {"surprise": 1}))
def test_unpack__of_something_else__is_refused(change):
    packed = json.dumps({**json.loads(pack_proof(PROOF)), **change}).encode()
    for other in (packed, b"", b"[]"):
        with pytest.raises(CircuitError, match="no proof of this release"):
            unpack_proof(other)
