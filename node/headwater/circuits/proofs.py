"""A proof as bytes, to be kept until its round is over for good; see `roles.proofs`."""

from __future__ import annotations

import json
from dataclasses import asdict

from headwater.circuits.circuit import Proof
from headwater.errors import CircuitError
from headwater.protocol.curve import Point


def pack_proof(proof: Proof) -> bytes:
    """Everything in a proof, JSON. It is a secret: the output is the update."""
    return json.dumps({**asdict(proof), "data": proof.data.hex()}).encode()


def unpack_proof(packed: bytes) -> Proof:
    """The proof of `pack_proof`.

    Raises:
        CircuitError: these bytes are of no proof of this release.
    """
    try:
        fields = json.loads(packed)
        fields["data"] = bytes.fromhex(fields["data"])
        fields["points"] = tuple(Point(*point) for point in fields["points"])
        fields["output"] = tuple(int(entry) for entry in fields["output"])
        return Proof(**fields)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CircuitError(f"no proof of this release: {error}", "it is made again") from error
