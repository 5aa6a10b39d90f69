"""The learner: what the core asks of it, and nothing else."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from headwater.errors import DataError
from headwater.learners.learner import Learner, Predictions, Request, check_settings
from headwater.protocol.fixedpoint import decode, encode
from headwater.tables.columns import Feature
from headwater.tables.data import Dataset
from headwater.tables.table import Problems, header, parse_number, rows
from headwater_location.numbers import CLAMP, DATA_BITS, MODEL_BITS, LocationSpec


@dataclass(frozen=True)
class Location(Learner):
    """The middle of each column, robust against a few wild values."""

    spec: LocationSpec
    features: tuple[Feature, ...]

    kind = "location"
    package = "headwater-location"
    settings: ClassVar[Mapping[str, str]] = {
        "rate": "the part of the summed step that is taken, as a power of two: 3 is an eighth"
    }

    rows = property(lambda self: self.spec.rows)
    salt_rows = property(lambda self: self.spec.salt_rows)
    width = property(lambda self: self.spec.columns + 1)
    dimension = property(lambda self: self.spec.columns)
    model_bits = property(lambda self: MODEL_BITS)
    reach = property(lambda self: (self.spec.rows << MODEL_BITS >> self.spec.rate_shift) + 1)
    weight_limit = property(lambda self: CLAMP << (MODEL_BITS - DATA_BITS))
    layout = property(lambda self: tuple(feature.name for feature in self.features))
    facts = property(lambda self: {"model": f"the middles of {', '.join(f.name for f in self.features)}"})
    taken = property(lambda self: [(f.name, f"a number, about {f.mean}") for f in self.features])

    @property
    def update_statement(self):
        from headwater_location.statement import LocationUpdate

        return LocationUpdate(**asdict(self.spec))

    @classmethod
    def describe(cls, sample: Path, request: Request) -> Self:
        check_settings(cls, request)
        problems = Problems(sample)
        names = [n for n in request.features or header(sample, problems) if n not in request.leave_out]
        cells = [cells for _, cells in rows(sample, names, [], problems)]
        problems.check()
        features = []
        for name in names:
            try:
                values = [float(parse_number(row[name])) for row in cells]
                features.append(Feature(name, Decimal(str(values[0])), Decimal(str(statistics.pstdev(values) or 1))))
            except ValueError as error:
                problems.add(f"{error}: --leave-out the column", column=name)
        problems.check()
        return cls(cls._spec(len(names), request), tuple(features))

    @classmethod
    def sized(cls, features: int, classes: int, request: Request) -> Self:
        check_settings(cls, request)
        named = tuple(Feature(f"x{n}", Decimal(0), Decimal(1)) for n in range(features))
        return cls(cls._spec(features, request), named)

    @staticmethod
    def _spec(columns: int, request: Request) -> LocationSpec:
        return LocationSpec(request.rows, columns, rate_shift=int(request.settings.get("rate", 3)))

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> Self:
        try:
            found = {name: document[name] for name in ("rows", "salt_rows", "rate_shift")}
            texts = [(str(f["name"]), Decimal(f["about"]), Decimal(f["deviation"])) for f in document["columns"]]
        except (KeyError, TypeError, ArithmeticError) as error:
            raise ValueError(f"no location: {error!r}") from error
        if len(document) != 4 or any(type(value) is not int for value in found.values()):
            raise ValueError("a location has rows, salt_rows, rate_shift and columns")
        if any(not (about.is_finite() and deviation > 0) for _, about, deviation in texts):
            raise ValueError("a column is about a finite number, and has a deviation above 0")
        return cls(LocationSpec(columns=len(texts), **found), tuple(Feature(*text) for text in texts))

    def document(self) -> dict[str, Any]:
        columns = [{"name": f.name, "about": str(f.mean), "deviation": str(f.deviation)} for f in self.features]
        numbers = asdict(self.spec)
        del numbers["columns"]
        return numbers | {"columns": columns}

    def with_salt_rows(self, salt_rows: int) -> Self:
        return replace(self, spec=replace(self.spec, salt_rows=salt_rows))

    def read(self, path: Path, *, training: bool = True, links: int = 1) -> Dataset:
        problems, x, reals = Problems(path), [], []
        limit = decode(CLAMP, DATA_BITS)
        for line, cells in rows(path, [f.name for f in self.features], [], problems):
            try:
                row = [f.standardise(parse_number(cells[f.name])) for f in self.features]
                reals.append([min(max(value, -limit), limit) for value in row])
            except ValueError as error:
                problems.add(str(error), line)
        problems.check()
        if training and len(reals) > self.rows * links:
            raise DataError(f"{path} has more than {self.rows * links} rows", "leave some out")
        x = [[encode(value, DATA_BITS) for value in row] for row in reals]
        return Dataset(x, [[1]] * len(x), reals)

    def update(self, weights: Sequence[int], dataset: Dataset) -> list[int]:
        return self.spec.update(weights, dataset.x)

    def tensors(self, weights: Sequence[int]) -> dict[str, Any]:
        return {"middle": np.array(self._middles(weights), dtype=np.float32)}

    def predict(self, weights: Sequence[int], dataset: Dataset) -> Predictions:
        said = tuple(f"{value:.4g}" for value in self._middles(weights))
        return Predictions(tuple(f.name for f in self.features), (said,) * len(dataset))

    def evaluate(self, weights: Sequence[int], dataset: Dataset) -> None:
        return None

    def _middles(self, weights: Sequence[int]) -> list[float]:
        pairs = zip(self.features, weights, strict=True)
        return [float(f.mean) + float(f.deviation) * decode(w, MODEL_BITS) for f, w in pairs]
