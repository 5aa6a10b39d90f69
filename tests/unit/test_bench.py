"""The bench's arithmetic, tables and verdicts. That it runs is seen by running it: `make bench-quick`."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest
from click.testing import CliRunner

from headwater.protocol.curve import Point, multiply
from headwater.protocol.field import P, add
from headwater.protocol.vectors import Basis, sum_of_commitments, update_length
from scripts import bench, bench_receipts, soak
from scripts.benchmarks import aggregation, page, shapes
from scripts.benchmarks.musts import judge
from scripts.benchmarks.rounds import per_extra_trainer
from scripts.benchmarks.tables import number, seconds, tables

GENERATOR = Point(1, 2)
SHAPE = {
    "data": {"rows": 142, "features": 31, "outputs": 1, "steps": 1},
    "k": 14,
    "rows": 15_756,
    "inner_columns": 2,
    "setup_seconds": 3.0,
    "witness_seconds": 0.05,
    "prove_seconds": 2.5,
    "cpu_seconds": 5.5,
    "peak_memory_mb": 400.0,
    "proving_key_bytes": 82_000_000,
    "proof_bytes": 3744,
    "verifier_bytes": 14_472,
    "deploy_gas": 3_182_443,
    "verify_gas": 613_412,
    "deviation": 0.0006,
    "deviation_bound": 0.0037,
}
GAS = {
    "create_task": 656_681,
    "enrol": 114_757,
    "join": 56_853,
    "join_last": 60_364,
    "advance": 33_658,
    "mask": 120_000,
    "mask_by_trainers": {"3": 100_000, "5": 120_000},
    "finalize": 646_183,
    "finalize_by_trainers": {"3": 646_147, "5": 646_183},
    "per_extra_trainer": 56_871,
    "collect": 74_127,
    "claim": 30_721,
    "release": 60_000,
    "deploy": {"TaskManager": 3_495_492},
}
MACHINE = {
    "date": "2026-01-31",
    "cores": 2,
    "cpu": "a processor",
    "memory_gb": 8.0,
    "versions": {"ezkl": "23.0.5"},
    "load_at_start": 0.1,
    "load_at_end": 1.9,
}


def small_report(**more):
    """What a quick run knows after its shapes, judged."""
    report = {"quick": True, "seconds": 100.0, "machine": MACHINE, "shapes": {"breast cancer": SHAPE}, **more}
    return report | {"musts": judge(report)}


def verdict_on(report, what):
    (found,) = [must["met"] for must in report["musts"] if must["what"].startswith(what)]
    return found


@pytest.mark.parametrize(("submit", "met"), ((710_000, True), (710_001, False)))
def test_judge__of_a_figure_at_its_limit__is_exact(submit, met):
    assert verdict_on(small_report(gas={"submit": submit} | GAS), "submit of one proof: gas") is met


def test_judge__when_something_was_skipped__neither_meets_nor_misses_it():
    assert verdict_on(small_report(), "reference step: times") is None


@pytest.mark.parametrize("size", (24_576, 30_000))
def test_judge__of_code_at_the_limit_of_eip_170__misses(size):
    assert verdict_on(small_report(contract_bytes={"TaskManager": size}), "TaskManager") is False


def test_judge__of_an_update_further_from_floats_than_its_bound__misses():
    report = small_report(shapes={"breast cancer": SHAPE | {"deviation": 0.0038}})
    assert verdict_on(report, "breast cancer: a weight") is False


def test_per_extra_trainer__counts_a_join_and_the_growth_of_an_average():
    assert per_extra_trainer(56_853, {3: 646_147, 5: 646_183}) == 56_853 + 18
    assert per_extra_trainer(56_853, {3: 646_183, 5: 646_147}) == 56_853


def test_simulated_updates__carry_their_own_commitments__which_add_up():
    rng = random.Random(5)
    basis = Basis(
        multiply(GENERATOR, 99), tuple(multiply(GENERATOR, rng.randrange(P)) for _ in range(update_length(4)))
    )
    updates = aggregation.simulate_updates(basis, 5)
    assert [point for _, point in updates] == [basis.commit(vector) for vector, _ in updates]
    assert len({point for _, point in updates}) == 5
    total = add([vector for vector, _ in updates])
    assert sum_of_commitments([point for _, point in updates], basis.offset) == basis.commit(total)


def test_masked_updates__show_no_entry_of_the_updates__and_have_the_same_sum():
    rng = random.Random(7)
    vectors = [[rng.randrange(1, 100) for _ in range(6)] for _ in range(4)]
    masked = list(aggregation.mask(iter(vectors)))
    assert add(masked) == add(vectors)
    assert min(entry for vector in masked for entry in vector) > P >> 64


def test_embeddings__are_standardised_rows_of_two_classes__the_same_every_time(tmp_path):
    spec = shapes.HEAD.spec
    dataset = shapes.embeddings(spec, tmp_path)
    x = np.array(dataset.reals)
    assert x.shape == (spec.rows, spec.features) == (64, 385)
    assert (x[:, 0] == 1).all()
    assert np.mean(x[:, 1:] ** 2) == pytest.approx(1)
    assert {tuple(label) for label in dataset.labels} == {(1, -1), (-1, 1)}
    assert max(abs(entry) for row in dataset.x for entry in row) <= spec.clamp
    assert shapes.embeddings(spec, tmp_path) == dataset


@pytest.mark.parametrize(
    ("value", "text"), ((14, "14"), (3_182_443, "3,182,443"), (36.456, "36.5"), (0.00373, "0.0037"), (0.0, "0.0000"))
)
def test_number__is_short_without_losing_what_matters(value, text):
    assert number(value) == text


@pytest.mark.parametrize(("value", "text"), ((0.0006, "0.6 ms"), (2.54, "2.5 s"), (91.3, "91 s")))
def test_seconds__are_shown_in_a_fitting_unit(value, text):
    assert seconds(value) == text


def test_tables__of_a_report_without_baseline__have_no_column_and_no_verdict_for_it():
    proving, musts = tables(small_report())
    assert proving.headings == ["", "breast cancer: 142 x 31, 1 step"]
    assert {len(row) for row in proving.rows} == {2}
    faster = "reference step: times faster than the baseline, in CPU time"
    assert [faster, ">= 27", "-", "not measured"] in musts.rows


def test_tables__of_a_baseline__leave_open_what_it_does_not_have():
    baseline = {"k": 18, "rows": 182_950, "prove_seconds": 91.0}
    proving, _ = tables(small_report(baseline=baseline))
    cells = {row[0]: row[-1] for row in proving.rows}
    assert (cells["k"], cells["prove"], cells["gas to verify a proof"]) == ("18", "91 s", "-")


def test_page__when_rewritten__changes_between_its_marks_only(tmp_path):
    file = tmp_path / "page.md"
    file.write_text(f"before\n{page.BEGIN}\nold\n{page.END}\nafter\n")
    report = small_report(gas={"submit": 684_410} | GAS)
    page.rewrite(report, file)
    once = file.read_text()
    assert once.startswith("before\n")
    assert once.endswith("\nafter\n")
    assert "old" not in once
    assert "| submit, with a proof of the reference step | 684,410 |" in once
    page.rewrite(report, file)
    assert file.read_text() == once


def test_page__without_marks__is_left_alone(tmp_path):
    file = tmp_path / "page.md"
    file.write_text("no marks")
    with pytest.raises(SystemExit, match="must hold the lines"):
        page.rewrite(small_report(), file)
    assert file.read_text() == "no marks"


def test_page_of_the_repository__has_its_marks_and_figures():
    text = page.PAGE.read_text()
    assert text.count(page.BEGIN) == text.count(page.END) == 1
    assert "### Proving an update" in text


@pytest.mark.parametrize(("submit", "code"), ((684_410, 0), (900_000, 1)))
def test_bench__ends_with_1__when_something_is_not_reached(monkeypatch, tmp_path, submit, code):
    report = small_report(gas={"submit": submit} | GAS)
    monkeypatch.setattr(bench, "measure", lambda quick: report)
    monkeypatch.setattr(bench, "ROOT", tmp_path)
    monkeypatch.setattr(bench, "REPORT", tmp_path / "report.json")
    done = CliRunner().invoke(bench.main, ["--quick"])
    assert done.exit_code == code
    assert ("NOT MET" in done.output) is bool(code)
    assert json.loads(bench.REPORT.read_text()) == report


def test_bench__asked_to_document_nothing__says_what_to_run(monkeypatch, tmp_path):
    monkeypatch.setattr(bench, "REPORT", tmp_path / "report.json")
    done = CliRunner().invoke(bench.main, ["--document"])
    assert done.exit_code == 1
    assert "make bench" in done.output


def test_soak_figures__are_written_between_their_marks_only(tmp_path):
    file = tmp_path / "page.md"
    file.write_text(f"{page.BEGIN}\nbench\n{page.END}\n{soak.BEGIN}\nold\n{soak.END}\nafter\n")
    machine = {**small_report()["machine"], "load_at_end": 1.0}
    report = {"seed": 7, "every": 5.0, "machine": machine, "seconds": 600.0, "figures": {"nodes killed": 1234}}
    soak.document(report, file)
    text = file.read_text()
    assert "| nodes killed | 1,234 |" in text
    assert "--seed 7" in text
    assert "old" not in text
    assert text.startswith(f"{page.BEGIN}\nbench\n{page.END}\n")
    assert text.endswith(f"{soak.END}\nafter\n")


def test_tables__of_learners__show_what_was_measured_and_a_dash_for_the_rest():
    accuracy = {f"{what}_{name}": 0.975 for what in ("accuracy", "float", "logistic") for name in ("cancer", "digits")}
    table = {"auc": 0.749, "auc_splits": 0.7543, "auc_pooled": 0.7493}
    found = {"mlp": {"k": 16, "cells": 121_162, **accuracy}, "gram": {"k": 16, "cells": 112_110}, "german": table}
    _, kinds, networks, people, _ = tables(small_report(learners=found))
    assert ["cells", "121,162", "112,110"] in kinds.rows
    assert ["CPU time of a proof", "-", "-"] in kinds.rows
    assert networks.rows[0][1:] == ["97.5%"] * 3
    assert people.rows == [["german.csv", "0.749", "0.754", "0.749"]]


def test_receipts__train_by_the_integers_of_the_protocol():
    spec, stream = bench_receipts.SPEC, bench_receipts.STREAMS[0]
    x, labels = stream.rows(3)
    weights = np.zeros((bench_receipts.TRAINERS, spec.features), dtype=np.int64)
    for t in range(20):
        by_hand = [
            spec.train(own.tolist(), x[t, i].tolist(), [[int(y)] for y in labels[t, i]])
            for i, own in enumerate(weights)
        ]
        weights = bench_receipts.train(spec, weights, x[t], labels[t])
        assert weights.tolist() == by_hand
    assert np.abs(weights).max() > spec.clip  # gradients were large, and clipped
