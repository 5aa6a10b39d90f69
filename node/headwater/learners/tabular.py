"""Learners from tables with a label: their columns, their manifest, and what a model says by z of each output."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from decimal import Decimal as Number
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import FailFast, Field, ValidationError

from headwater.errors import ConfigError
from headwater.foreign import plain
from headwater.learners import amounts, classes
from headwater.learners.learner import Learner, Predictions, Request, RowScores, Score, check_settings
from headwater.learners.table_spec import TableSpec, rate_shift_of, units
from headwater.protocol.fixedpoint import decode, encode
from headwater.storage.parts import MAX_BITS, MAX_ROWS, MAX_STEPS, Bits, Decimal, Name, Part, problem_of
from headwater.tables.columns import Category, Columns, Feature, Scale, describe, remarks
from headwater.tables.data import Dataset, read_csv

if TYPE_CHECKING:
    from headwater.circuits.composition import Composition

Scores = Sequence[Sequence[float]]

MOST_FEATURES = 10_000
"""Columns of a table."""


MOST_GROUP_COLUMNS = 8
"""Columns that say of which groups a row is."""


class FeatureColumn(Part):
    """A numeric column, standardised as (value - mean) / deviation."""

    name: Name
    mean: Decimal
    deviation: Decimal


class CategoryColumn(Part):
    """A column of texts: a feature for each value, 1 where a cell has it, else 0."""

    name: Name
    values: Annotated[tuple[Name, ...], Field(min_length=1, max_length=100)]


class ClassLabel(Part):
    """The column of classes. Of two classes, the second is the positive one."""

    column: Name
    classes: Annotated[tuple[Name, ...], Field(min_length=2, max_length=100)]


class AmountLabel(Part):
    """The column of amounts, standardised as (value - mean) / deviation."""

    column: Name
    mean: Decimal
    deviation: Decimal


class FixedPoint(Part):
    """Fractional bits of features and weights; features are clamped to [-clamp, clamp] after standardisation."""

    data_bits: Bits
    model_bits: Bits
    clamp: Decimal


class Training(Part):
    """Row capacity, rows of salts, steps an update, rate 2^-rate_shift for a summed gradient, clip of a step."""

    rows: Annotated[int, Field(ge=1, le=MAX_ROWS)]
    salt_rows: Annotated[int, Field(ge=1, le=MAX_ROWS)]
    steps: Annotated[int, Field(ge=1, le=MAX_STEPS)]
    rate_shift: Annotated[int, Field(ge=0, le=MAX_BITS)]
    clip: Decimal


class TableDocument(Part):
    """What is learned from which columns.

    A missing cell is refused, its row dropped, or the mean; an unknown value is refused, or none of the values.
    `groups` are columns by whose values scores and compositions count; training does not read them.
    """

    features: Annotated[
        tuple[FeatureColumn | CategoryColumn, ...], FailFast(), Field(min_length=1, max_length=MOST_FEATURES)
    ]
    intercept: bool
    label: ClassLabel | AmountLabel
    groups: Annotated[tuple[CategoryColumn, ...], Field(max_length=MOST_GROUP_COLUMNS)]
    missing: Literal["refuse", "drop", "mean"]
    unknown: Literal["refuse", "none"]
    fixed_point: FixedPoint
    training: Training


class Tabular(Learner):
    """A learner whose numbers are a `TableSpec` and whose rows are those of `Columns`.

    A kind says what its `document` has beside a table's, in `Document`, `own` and `spec_of`.
    """

    Document: ClassVar[type[TableDocument]] = TableDocument

    spec: TableSpec
    columns: Columns

    def __init__(self, spec: TableSpec, columns: Columns) -> None:
        given = columns.width, columns.outputs, columns.group_width
        if given != (spec.features, spec.outputs, spec.groups):
            raise ValueError(
                f"the columns give {given[0]} features, {given[1]} outputs and {given[2]} groups, the specification has"
                f" {spec.features}, {spec.outputs} and {spec.groups}"
            )
        self.spec, self.columns = spec, columns

    @property
    def rows(self) -> int:
        """As `Learner` says."""
        return self.spec.rows

    @property
    def salt_rows(self) -> int:
        """As `Learner` says."""
        return self.spec.salt_rows

    @property
    def width(self) -> int:
        """As `Learner` says."""
        return self.spec.width

    @property
    def dimension(self) -> int:
        """As `Learner` says."""
        return self.spec.dimension

    @property
    def model_bits(self) -> int:
        """As `Learner` says."""
        return self.spec.model_bits

    @property
    def reach(self) -> int:
        """As `Learner` says: a proved step moves a weight by less than `clip` + 1, since EZKL may round either way."""
        return self.spec.steps * (self.spec.clip + 1)

    @property
    def weight_limit(self) -> int:
        """As `Learner` says."""
        return self.spec.weight_limit

    @property
    def layout(self) -> tuple[int | str, ...]:
        """As `Learner` says."""
        return self.spec.features, self.spec.outputs, self.spec.model_bits

    def with_salt_rows(self, salt_rows: int) -> Self:
        """As `Learner` says."""
        return type(self)(replace(self.spec, salt_rows=salt_rows), self.columns)

    @property
    def composition_statement(self) -> Composition | None:
        """As `Learner` says: of amounts without an intercept there is none."""
        spec, columns = self.spec, self.columns
        if columns.amount is not None and not columns.intercept:
            return None
        from headwater.circuits.composition import Composition

        return Composition(
            rows=spec.rows,
            salt_rows=spec.salt_rows,
            features=spec.features,
            outputs=spec.outputs,
            groups=spec.groups,
            classifies=int(columns.amount is None),
            data_bits=spec.data_bits,
        )

    @property
    def groups(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """As `Learner` says."""
        return tuple((group.name, group.values) for group in self.columns.groups)

    @property
    def classes(self) -> tuple[str, ...]:
        """As `Learner` says."""
        return self.columns.classes

    # ---- starting from others' models

    @property
    def meaning(self) -> Mapping[str, Any]:
        """As `Learner` says: columns with means and deviations, classes, bits, and the kind's own."""
        said = self.document()
        return {name: value for name, value in said.items() if name not in ("training", "missing", "unknown", "groups")}

    def disagreement(self, given: Mapping[str, Any]) -> str:
        """As `Learner` says."""
        columns, names = self.columns, set(self.columns.names)
        categories = {feature.name for feature in columns.features if isinstance(feature, Category)}
        settings = given.get("settings", {})
        unknown = set(settings) - set(self.settings)
        own = {} if unknown else self._own_of(settings)
        problems = {
            f"the label is {columns.label!r}": given.get("label", columns.label) != columns.label,
            f"the features are {', '.join(columns.names)}": set(given.get("features", names)) != names,
            f"they take {', '.join(sorted(names & set(given.get('leave_out', ()))))}": bool(
                names & set(given.get("leave_out", ()))
            ),
            f"categories are {', '.join(sorted(categories)) or 'none of them'}": not categories.issuperset(
                given.get("categories", ())
            ),
            f"a missing cell means {columns.missing}": given.get("missing", columns.missing) != columns.missing,
            f"its groups are {', '.join(group.name for group in columns.groups) or 'none'}": {
                group.name for group in columns.groups
            }
            != set(given.get("groups", (group.name for group in columns.groups))),
            f"an unknown value means {columns.unknown}": given.get("unknown", columns.unknown) != columns.unknown,
            f"they have no setting {', '.join(sorted(unknown))}": bool(unknown),
            **{f"{name} is {self.own[name]}": own[name] != self.own[name] for name in settings if name in own},
        }
        return next((text for text, wrong in problems.items() if wrong), "")

    def _own_of(self, settings: Mapping[str, str]) -> dict[str, Any]:
        """What the document would have beside a table's with these settings."""
        if not settings:
            return {}
        usual = {name: str(value) for name, value in self.own.items() if name == "loss"}
        request = Request(self.rows, self.spec.steps, settings={**usual, **settings})
        return type(self)(self.spec_for(self.spec.features, self.spec.outputs, request), self.columns).own

    def retrained(self, changes: Mapping[str, Any]) -> Self:
        """As `Learner` says. A rate is taken as `Request` has it; else the summed gradient's stays."""
        if not changes:
            return self
        found = {name: changes[name] for name in ("rows", "steps") if name in changes}
        if "clip" in changes:
            found["clip"] = units(changes["clip"], self.spec.model_bits)
        if "learning_rate" in changes:
            found["rate_shift"] = rate_shift_of(changes["learning_rate"], found.get("rows", self.rows))
        return type(self)(replace(self.spec, **found), self.columns)

    # ---- making one, and the manifest

    @classmethod
    @abstractmethod
    def spec_for(cls, features: int, outputs: int, request: Request) -> TableSpec:
        """The numbers of what was asked for.

        Raises:
            ConfigError: a setting is wrong.
            ValueError: no circuit can be made for them.
        """

    @classmethod
    def scale_for(cls, request: Request) -> Scale | None:
        """How the label's amounts are standardised; None where labels are classes."""
        del request
        return None

    @classmethod
    def describe(cls, sample: Path, request: Request) -> Self:
        """As `Learner` says."""
        check_settings(cls, request)
        if request.label is None:
            raise ConfigError(f"the learner {cls.kind!r} predicts a column, and none is named", "name it with --label")
        columns = describe(
            sample,
            request.label,
            request.features,
            leave_out=request.leave_out,
            categories=request.categories,
            missing=request.missing,
            unknown=request.unknown,
            amount=cls.scale_for(request),
            groups=request.groups,
        )
        return cls._with(columns, request)

    @classmethod
    def _with(cls, columns: Columns, request: Request) -> Self:
        """The learner of these columns."""
        spec = cls.spec_for(columns.width, columns.outputs, request)
        return cls(replace(spec, groups=columns.group_width), columns)

    @classmethod
    def sized(cls, features: int, classes: int, request: Request) -> Self:
        """As `Learner` says."""
        check_settings(cls, request)
        one = Number(1)
        found = tuple(Feature(f"x{number}", Number(0), one) for number in range(features))
        amount = Feature("y", Number(0), one) if cls.scale_for(request) else None
        named = () if amount else tuple(map(str, range(classes)))
        groups = tuple(Category(name, ("0", "1")) for name in request.groups)
        return cls._with(Columns(found, True, "y", named, amount=amount, groups=groups), request)

    @classmethod
    @abstractmethod
    def spec_of(cls, document: Any, columns: Columns, numbers: Mapping[str, int]) -> TableSpec:
        """The numbers of a document: those that all tables have, and the kind's own."""

    @property
    @abstractmethod
    def own(self) -> dict[str, Any]:
        """What the document has beside a table's."""

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> Self:
        """As `Learner` says."""
        try:
            found = cls.Document.model_validate_json(json.dumps(document), strict=True)
        except ValidationError as error:
            raise ValueError(problem_of(error)) from error
        columns, fixed, training = columns_of(found), found.fixed_point, found.training
        numbers = {
            "rows": training.rows,
            "features": columns.width,
            "outputs": columns.outputs,
            "steps": training.steps,
            "data_bits": fixed.data_bits,
            "model_bits": fixed.model_bits,
            "rate_shift": training.rate_shift,
            "clip": encode(float(training.clip), fixed.model_bits),
            "clamp": encode(float(fixed.clamp), fixed.data_bits),
            "salt_rows": training.salt_rows,
            "groups": columns.group_width,
        }
        return cls(cls.spec_of(found, columns, numbers), columns)

    def document(self) -> dict[str, Any]:
        """As `Learner` says."""
        spec, columns = self.spec, self.columns
        found = {
            "features": [_feature_document(feature) for feature in columns.features],
            "intercept": columns.intercept,
            "label": _label_document(columns),
            "groups": [_feature_document(group) for group in columns.groups],
            "missing": columns.missing,
            "unknown": columns.unknown,
            "fixed_point": {
                "data_bits": spec.data_bits,
                "model_bits": spec.model_bits,
                "clamp": _decimal(decode(spec.clamp, spec.data_bits)),
            },
            "training": {
                **{name: getattr(spec, name) for name in ("rows", "salt_rows", "steps", "rate_shift")},
                "clip": _decimal(decode(spec.clip, spec.model_bits)),
            },
        }
        document: dict[str, Any] = self.Document.model_validate({**self.own, **found}).model_dump(mode="json")
        if asdict(type(self).parse(document).spec) != asdict(self.spec):
            raise ValueError("these numbers cannot be said exactly in decimals")
        return document

    @property
    def taken(self) -> list[tuple[str, str]]:
        """As `Learner` says."""
        columns = self.columns
        label = f"the label: {', '.join(columns.classes)}"
        if columns.amount is not None:
            label = f"the label, an amount, mean {columns.amount.mean}, deviation {columns.amount.deviation}"
        groups = [(group.name, f"{len(group.values)} groups: {', '.join(group.values)}") for group in columns.groups]
        return [*((feature.name, _becomes(feature)) for feature in columns.features), (columns.label, label), *groups]

    def remarks(self, sample: Path) -> list[str]:
        """As `Learner` says."""
        return remarks(sample, self.columns)

    @property
    def facts(self) -> dict[str, str]:
        """As `Learner` says."""
        spec, columns = self.spec, self.columns
        missing = {"drop": "a row without a value is left out", "mean": "a missing value is the mean"}
        unknown = {"none": "an unknown value is none of the listed"}
        cells = [missing.get(columns.missing), unknown.get(columns.unknown)]
        return {
            "training": f"{spec.steps} step(s), rate 2^-{spec.rate_shift} for a summed gradient, clip"
            f" {decode(spec.clip, spec.model_bits):g}",
            "features": ", ".join(
                f"{f.name} ({', '.join(f.values)})" if isinstance(f, Category) else f.name for f in columns.features
            ),
            "label": columns.label if columns.amount else f"{columns.label}: {', '.join(columns.classes)}",
            **(
                {"groups": "; ".join(f"{g.name}: {', '.join(g.values)}" for g in columns.groups)}
                if columns.groups
                else {}
            ),
            "cells": "; ".join(text for text in cells if text),
        }

    # ---- data, training and use

    def read(self, path: Path, *, training: bool = True, links: int = 1) -> Dataset:
        """As `Learner` says."""
        return read_csv(path, self.columns, self.spec, training=training, links=links)

    def update(self, weights: Sequence[int], dataset: Dataset) -> list[int]:
        """As `Learner` says."""
        return self.spec.train(list(weights), dataset.x, dataset.labels)

    @abstractmethod
    def scores(self, weights: Sequence[int], dataset: Dataset) -> Scores:
        """z of each row and output, in reals.

        Raises:
            ValueError: not D weights.
        """

    @property
    def z_bits(self) -> int:
        """Fractional bits of `z`, where the kind has inferences."""
        raise NotImplementedError

    def threshold(self, value: float) -> int:
        """As `Learner` says: by bisection, since what is said rises with z."""
        statement = self.infer_statement
        if statement is None or self.spec.outputs > 1:
            raise ConfigError(f"models of {self.spec.outputs} classes pick one", "ask for a class, by its name")
        low, high = -statement.z_limit, statement.z_limit
        if not self._said(low) < value <= self._said(high):
            raise ConfigError(
                f"models say {self._said(low):g} to {self._said(high):g}, so {value:g} is reached always or never",
                "name a threshold between them",
            )
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if self._said(middle) >= value else (middle + 1, high)
        return low

    def class_index(self, name: str) -> int:
        """As `Learner` says."""
        if name in self.columns.classes and self.spec.outputs > 1:
            return self.columns.classes.index(name)
        raise ConfigError(
            f"{plain(name, 40)!r} is no class that these models pick",
            f"name one of {', '.join(self.columns.classes)}"
            if self.spec.outputs > 1
            else "ask for a probability or an amount that is to be reached",
        )

    def class_name(self, index: int) -> str:
        """As `Learner` says."""
        return self.columns.classes[index]

    def says(self, z: int) -> str:
        """As `Learner` says."""
        if self.columns.amount is not None:
            return f"{self.columns.label} {self._said(z):.6g}"
        return f"probability of {self.columns.classes[-1]} {self._said(z):.4f}"

    def _said(self, z: int) -> float:
        """What a z says: a probability of the positive class, or an amount."""
        value = decode(z, self.z_bits)
        if self.columns.amount is None:
            return classes.probability(value)
        return amounts.amount_of(self.columns.amount, self.amounts([[value]])[0])

    def amounts(self, scores: Scores) -> list[float]:
        """The standardised amounts that scores are of."""
        return [z[0] for z in scores]

    def predict(self, weights: Sequence[int], dataset: Dataset) -> Predictions:
        """As `Learner` says."""
        scores, columns = self.scores(weights, dataset), self.columns
        if columns.amount is not None:
            said = [amounts.amount_of(columns.amount, value) for value in self.amounts(scores)]
            return Predictions((columns.label,), tuple((f"{value:.6g}",) for value in said))
        found = classes.predict(columns, scores)
        header = (columns.label, *(f"probability of {name}" for name in columns.classes))
        return Predictions(header, tuple((p.name, *(f"{value:.4f}" for value in p.probabilities)) for p in found))

    def evaluate(self, weights: Sequence[int], dataset: Dataset) -> Score | None:
        """As `Learner` says."""
        scores = self.scores(weights, dataset)
        if self.columns.amount is not None:
            return amounts.evaluate(self.columns, self.amounts(scores), dataset, self.spec.data_bits)
        return classes.evaluate(self.columns, scores, dataset) if any(map(any, dataset.labels)) else None

    def row_scores(self, weights: Sequence[int], dataset: Dataset) -> RowScores | None:
        """As `Learner` says."""
        scores = self.scores(weights, dataset)
        if self.columns.amount is not None:
            return amounts.by_row(self.columns, self.amounts(scores), dataset, self.spec.data_bits)
        return classes.by_row(self.columns, scores, dataset)


def numbers_for(request: Request) -> dict[str, int]:
    """What a request says of a `TableSpec`, with the usual bits."""
    shift = rate_shift_of(request.learning_rate, request.rows)
    model_bits = TableSpec.model_bits
    return {
        "rows": request.rows,
        "steps": request.steps,
        "rate_shift": shift,
        "clip": units(request.clip, model_bits),
    }


def columns_of(document: TableDocument) -> Columns:
    """The columns of a document."""
    features = tuple(
        Category(f.name, f.values)
        if isinstance(f, CategoryColumn)
        else Feature(f.name, Number(f.mean), Number(f.deviation))
        for f in document.features
    )
    label, amount = document.label, None
    named: tuple[str, ...] = ()
    if isinstance(label, AmountLabel):
        amount = Feature(label.column, Number(label.mean), Number(label.deviation))
    else:
        named = label.classes
    groups = tuple(Category(group.name, group.values) for group in document.groups)
    return Columns(
        features, document.intercept, label.column, named, document.missing, document.unknown, amount, groups
    )


def _feature_document(feature: Feature | Category) -> dict[str, Any]:
    if isinstance(feature, Category):
        return {"name": feature.name, "values": feature.values}
    return {"name": feature.name, "mean": str(feature.mean), "deviation": str(feature.deviation)}


def _label_document(columns: Columns) -> dict[str, Any]:
    if columns.amount is None:
        return {"column": columns.label, "classes": columns.classes}
    return {"column": columns.label, "mean": str(columns.amount.mean), "deviation": str(columns.amount.deviation)}


def _becomes(feature: Feature | Category) -> str:
    if isinstance(feature, Category):
        return f"{len(feature.values)} features: {', '.join(feature.values)}"
    return f"a number, mean {feature.mean}, deviation {feature.deviation}"


def _decimal(value: float) -> str:
    return f"{value:.12f}".rstrip("0").rstrip(".")
