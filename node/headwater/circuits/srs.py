"""Structured reference strings: where they come from, what they are called, which points they hold.

A file holds, as halo2 writes it: k as 4 bytes little-endian, then 2**k monomial and 2**k Lagrange points of G1, 64
bytes each (x||y, little-endian, Montgomery form), then two points of G2. A task names an SRS by the sha256 of its file.
"""

from __future__ import annotations

import hashlib
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from headwater.circuits import worker
from headwater.errors import CircuitError
from headwater.protocol.curve import Point, total
from headwater.protocol.field import Q
from headwater.protocol.openings import UNUSABLE_ROWS
from headwater.protocol.pairing import G2
from headwater.protocol.vectors import Basis

DEV = "dev"
PERPETUAL = "perpetual-powers-of-tau"
_POINT_BYTES = 64
_LEAST_RATE = 64 << 10  # bytes a second; a download that is slower is given up
_SLACK_SECONDS = 60.0
_FROM_MONTGOMERY = pow(1 << 256, -1, Q)


@dataclass(frozen=True)
class Srs:
    """An SRS file of one k.

    Attributes:
        source: `DEV` (whoever made it can forge proofs: for local chains) or `PERPETUAL` (the public ceremony).
    """

    path: Path
    k: int
    source: str

    @cached_property
    def id(self) -> str:
        """The file's sha256, hex."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def basis(self, length: int) -> Basis:
        """What commitments to up to `length` entries are made of: the first Lagrange points, and the offset C(0).

        Raises:
            CircuitError: the file is damaged, or k has no room for so many entries.
        """
        usable = (1 << self.k) - UNUSABLE_ROWS
        if length > usable:
            raise CircuitError(f"a vector of {length} entries does not fit k = {self.k}", "use a larger k")
        return Basis(total(self.lagrange_points(usable, UNUSABLE_ROWS)), tuple(self.lagrange_points(0, length)))

    def lagrange_points(self, start: int, count: int) -> list[Point]:
        """`count` Lagrange points from `start` on: what one unit of an entry adds to a commitment.

        Raises:
            CircuitError: the file is damaged.
        """
        numbers = self._numbers(4 + 64 * ((1 << self.k) + start), 2 * count)
        return [Point(x, y) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]

    def g2_points(self) -> tuple[G2, G2]:
        """The two points of G2, as they stand in the file: the generator, and its multiple [tau]_2.

        Raises:
            CircuitError: the file is damaged.
        """
        numbers = self._numbers(4 + 128 * (1 << self.k), 8)  # real parts come first
        one, tau = ((x1, x0, y1, y0) for x0, x1, y0, y1 in (numbers[:4], numbers[4:]))
        return G2(*one), G2(*tau)

    def cut(self, k: int) -> bytes:
        """A file of smaller k, under which a short vector has the same commitment as under this one, for less work.

        Its Lagrange points are the first ones here, then those of the unusable rows. It is of no other use: they do not
        belong to its monomial points.

        Raises:
            CircuitError: the file is damaged.
        """
        last = _POINT_BYTES * (UNUSABLE_ROWS + 4)  # with the two points of G2
        monomial = self._read(4, _POINT_BYTES << k)
        first = self._read(4 + (_POINT_BYTES << self.k), (_POINT_BYTES << k) - _POINT_BYTES * UNUSABLE_ROWS)
        return k.to_bytes(4, "little") + monomial + first + self._read(srs_size(self.k) - last, last)

    def _read(self, at: int, count: int) -> bytes:
        """`count` bytes from a place in the file on."""
        with self.path.open("rb") as file:
            file.seek(at)
            data = file.read(count)
        if len(data) < count:
            raise CircuitError(f"{self.path} is cut short", "delete it and fetch it again")
        return data

    def _numbers(self, at: int, count: int) -> list[int]:
        """`count` coordinates from a place in the file on."""
        data = self._read(at, 32 * count)
        return [int.from_bytes(data[i : i + 32], "little") * _FROM_MONTGOMERY % Q for i in range(0, 32 * count, 32)]


def srs_size(k: int) -> int:
    """Bytes of a file of k."""
    return 4 + (2 * _POINT_BYTES << k) + 4 * _POINT_BYTES


def open_srs(path: Path, k: int, source: str) -> Srs:
    """An existing SRS file, its k checked.

    Raises:
        CircuitError: no file, or one of another k.
    """
    try:
        with path.open("rb") as file:
            found = int.from_bytes(file.read(4), "little")
    except OSError as error:
        raise CircuitError(f"no SRS can be read at {path}: {error}", "give the path of an SRS file") from error
    if found != k:
        raise CircuitError(f"{path} is an SRS of k = {found}, not {k}", f"give the file of exactly k = {k}")
    return Srs(path, k, source)


def dev_srs(home: Path, k: int) -> Srs:
    """This machine's own SRS of k under `home`, made at the first call. Its maker could forge: local chains only."""
    path = home / "srs" / f"dev-{k}.srs"
    if not path.exists():
        import ezkl

        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            ezkl.gen_srs(f"{folder}/srs", k)
            with suppress(FileExistsError):  # the first to finish wins: two processes must not have two strings
                path.hardlink_to(Path(folder) / "srs")
    return open_srs(path, k, DEV)


def perpetual_path(home: Path, k: int) -> Path:
    """Where under `home` the Perpetual Powers of Tau string of k is, if it is there."""
    return home / "srs" / f"perpetual-{k}.srs"


def perpetual_srs(home: Path, k: int) -> Srs:
    """The Perpetual Powers of Tau string of k, downloaded once and checked against EZKL's list of sha256 sums.

    A file put at <home>/srs/perpetual-<k>.srs by hand is checked in the same way and used without a download. What is
    downloaded takes that name when it was checked, and is given up where it comes too slowly.

    Raises:
        CircuitError: it cannot be had, or its bytes are not the ceremony's (EZKL then deletes the file).
    """
    path = perpetual_path(home, k)
    limit = _SLACK_SECONDS + srs_size(k) / _LEAST_RATE
    try:
        with worker.using_files(f"fetching {path}"):
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists():
                worker.run("srs", limit, k=k, path=str(path))
            else:
                with tempfile.TemporaryDirectory(dir=path.parent) as folder:
                    fetched = Path(folder) / "srs"
                    worker.run("srs", limit, k=k, path=str(fetched))
                    fetched.rename(path)
    except CircuitError as error:
        raise CircuitError(
            f"the Perpetual Powers of Tau string of k = {k} could not be had or is not genuine: {error.message}",
            f"check the network, or put the ceremony's file at {path}",
        ) from error
    return open_srs(path, k, PERPETUAL)
