"""What `make audit-contracts` makes of the reports of slither and halmos."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from scripts.audit_contracts import WEAKENED, Finding, Proof, compare, finding, known, results

ROOT = Path(__file__).resolve().parents[2]
SEND = Finding("arbitrary-send-eth", "StakeManager._pay")
EQUAL = Finding("incorrect-equality", "RoundManager.renewSeed")


def element(kind: str, name: str, parent: dict[str, Any] | None = None) -> dict[str, Any]:
    fields = {"type_specific_fields": {"parent": parent}} if parent else {}
    return {"type": kind, "name": name} | fields


def test_finding__when_it_is_of_a_variable__then_its_function_and_contract_are_named():
    function = element("function", "_page", element("contract", "ModelRegistry"))
    entry = {"check": "uninitialized-local", "elements": [element("variable", "count", function), element("node", "x")]}

    assert finding(entry) == Finding("uninitialized-local", "ModelRegistry._page.count")


def test_compare__when_all_that_is_found_is_listed__then_nothing_is_said():
    assert compare([SEND, EQUAL, EQUAL], [EQUAL, EQUAL, SEND]) == []


@pytest.mark.parametrize(
    ("found", "listed", "said"),
    (
        ([SEND, EQUAL], [SEND], "not in known.toml: incorrect-equality in RoundManager.renewSeed"),
        ([SEND, SEND], [SEND], "not in known.toml: arbitrary-send-eth in StakeManager._pay"),
        ([SEND], [SEND, EQUAL], "in known.toml, but not found: incorrect-equality in RoundManager.renewSeed"),
    ),
)
def test_compare__when_list_and_findings_differ__then_it_says_in_what(
    found: list[Finding], listed: list[Finding], said: str
):
    assert compare(found, listed) == [said]


def test_known__when_an_entry_has_no_reason__then_it_does_not_count():
    entry = {"detector": SEND.detector, "where": [SEND.place]}

    assert known({"known": [entry | {"reason": " "}]}) == []
    assert known({"known": [entry | {"reason": "It is its own."}]}) == [SEND]


def test_known__when_the_list_is_read__then_all_of_it_counts():
    listed = tomllib.loads((ROOT / "scripts" / "audit" / "known.toml").read_text())

    assert len(known(listed)) == sum(len(entry["where"]) for entry in listed["known"])


@pytest.mark.parametrize(
    ("file", "code", "loops_cut", "right"),
    (
        ("Terms.t.sol", 0, 0, True),
        ("Terms.t.sol", 0, 1, False),  # proved for short loops only
        ("Terms.t.sol", 1, 0, False),
        ("Terms.t.sol", 2, 0, False),  # no time left
        (WEAKENED, 1, 0, True),
        (WEAKENED, 0, 0, False),
        (WEAKENED, 2, 0, False),
    ),
)
def test_complaint__when_a_check_ends__then_only_the_weakened_may_be_refuted(
    file: str, code: int, loops_cut: int, right: bool
):
    assert (Proof(file, "check_share", code, loops_cut).complaint is None) == right


def test_results__when_halmos_reports__then_each_function_is_one():
    check = {"name": "check_share(uint96)", "exitcode": 1, "num_bounded_loops": 0}
    report = {
        "test_results": {"tests/symbolic/Terms.t.sol:TermsSymbolic": [check, check | {"num_bounded_loops": None}]}
    }

    assert list(results(report)) == [Proof("Terms.t.sol", "check_share(uint96)", 1, 0)] * 2
