"""Every regular expression of the npm package and of the page takes a million characters in linear time.

As `tests.support.expressions` does it with Python's: a process of its own, which the kernel ends where one takes more
processor time than anything linear does.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.js.conftest import BIN, PACKAGE
from tests.support.circuits import ROOT

pytestmark = pytest.mark.js

CPU_SECONDS = 20
SOURCES = (PACKAGE / "src", ROOT / "deployments" / "viewer")
WORK = """
const {literal, letters, most} = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
const expression = eval(literal);
const long = (text) => text.repeat(most / text.length);
const texts = letters.flatMap((one) => ["", "!", "\\0"].map((end) => long(one) + end));
texts.push(...letters.flatMap((one) => letters.filter((other) => one < other).map((other) => long(one + other) + "!")));
for (const text of texts) text.replace(expression, "");
"""


def literals() -> dict[str, str]:
    """Each expression's literal, by where it stands: Biome finds them, as it reads the language."""
    words = [BIN / "biome", "search", "--colors=off", "--max-diagnostics=none", "JsRegexLiteralExpression()"]
    told = subprocess.run([*words, *SOURCES], cwd=ROOT, capture_output=True, text=True, check=True)
    places = re.findall(r"^(\S+):(\d+):(\d+) search ", told.stdout + told.stderr, re.MULTILINE)
    return {f"{file}:{line}": literal_at(ROOT / file, int(line), int(column)) for file, line, column in places}


def literal_at(path: Path, line: int, column: int) -> str:
    text = path.read_text().splitlines()[line - 1][column - 1 :]
    found = re.match(r"/(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\[])+/[a-z]*", text)
    assert found, f"{path}:{line}"
    return found[0]


def survives(literal: str, seconds: int = CPU_SECONDS) -> bool:
    """Whether it takes all texts in so many seconds of processor time."""
    plain = [letter for letter in re.sub(r"\\u\{?[0-9a-f]+\}?|\\x..", "", literal) if letter.isalnum()]
    letters = list(dict.fromkeys([*plain[:6], "0", "a", "/", " ", "\n", ".", ",", "\u202e"]))
    asked = json.dumps({"literal": literal, "letters": letters, "most": 1_000_000})
    done = subprocess.run(
        ["bash", "-c", f'ulimit -t {seconds}; exec node -e "$0"', WORK],
        input=asked,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode <= 0, done.stderr
    return done.returncode == 0


def test_expressions__of_package_and_page__take_a_million_characters_in_linear_time():
    found = literals()
    assert len(found) > 15
    assert [place for place, literal in found.items() if not survives(literal)] == []


@pytest.mark.parametrize("literal", (r"/\/+$/", r"/^(\d+\.?\d*)$/", r"/0+$/"))
def test_expression__that_is_quadratic__does_not(literal):
    assert not survives(literal, 3)


def test_expressions__are_all_literals():
    made = [path for folder in SOURCES for path in folder.rglob("*.[jt]s") if "vendor" not in path.parts]
    assert made
    assert [path for path in made if re.search(r"\bRegExp\(", path.read_text())] == []
