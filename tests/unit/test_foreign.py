"""A stranger's text is cut, holds only what people see, and costs what its length does, whatever it holds."""

import re
import unicodedata

import pytest

from headwater import errors, foreign, redaction
from headwater.errors import HeadwaterError
from headwater.foreign import LONGEST, MOST, cut, lines, plain, unseen
from headwater.tools import ROOT
from tests.support.expressions import Expression, expressions, survives

PACKAGE = ROOT / "node" / "headwater"
FOUND = expressions(PACKAGE)
NO_TEXT = ("Cc", "Cf", "Cs", "Zl", "Zp")
IGNORABLE = (
    *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), *range(0x2060, 0x2070), 0x3164),
    *(*range(0xFE00, 0xFE10), 0xFFA0, *range(0xFFF0, 0xFFFC), *range(0xE0000, 0xE1000)),
)
"""What else Unicode calls default-ignorable: DerivedCoreProperties.txt."""

EARLY = Expression("", r"\b([a-z][a-z0-9+.-]*://)(?:[^\s/?#]*@)?([^\s/?#'\"]+)", False, re.IGNORECASE, ("sub",))
"""What `redact` once looked for: every start of a word was read to the word's end."""


@pytest.mark.parametrize(
    ("text", "shown"),
    (
        ("as it is: é 日本 😀", "as it is: é 日本 😀"),
        ("a\x1b[2Jb", "a<U+001B>[2Jb"),
        ("\x9b31m", "<U+009B>31m"),
        ("a\u202eb\u2066\u200d", "a<U+202E>b<U+2066><U+200D>"),
        ("\ud800", "<U+D800>"),
        ("\U000e0041", "<U+E0041>"),
        ("a\nb\r\tc\u2028", "a<U+000A>b<U+000D><U+0009>c<U+2028>"),
        (("no", "text"), "('no', 'text')"),
    ),
)
def test_plain__of_a_text__shows_by_its_code_what_nobody_sees(text, shown):
    assert plain(text) == shown


def test_lines__of_a_text__keep_its_breaks_and_no_other_control():
    assert lines("a\nb\rc") == "a\nb<U+000D>c"


def test_unseen__of_every_character__is_what_unicode_says():
    marked = {code for code in range(0x110000) if unseen(chr(code))}
    known = {code for code in range(0x110000) if unicodedata.category(chr(code)) in NO_TEXT}
    assert known <= marked
    newer = {code for code in marked - known - {*IGNORABLE} if unicodedata.category(chr(code)) != "Cn"}
    assert not newer
    assert {*IGNORABLE} <= marked


def test_cut__of_a_long_text__comes_before_all_else(monkeypatch):
    assert cut("abc", 3) == "abc"
    assert cut("abcd", 3) == "ab…"
    seen = []

    class Watched:
        def sub(self, _, text):
            seen.append(len(text))
            return text

    monkeypatch.setattr(foreign, "_NO_TEXT", Watched())
    plain("x" * 3_000_000)
    lines("x" * 3_000_000)
    HeadwaterError("x" * 3_000_000, "y" * 3_000_000)
    assert seen == [MOST, LONGEST, LONGEST, LONGEST]


@pytest.mark.parametrize("kind", [kind for kind in vars(errors).values() if isinstance(kind, type)])
def test_error__of_each_kind__says_what_is_text(kind):
    if not issubclass(kind, HeadwaterError):
        return
    more = {"name": "", "arguments": {}} if kind is errors.ContractError else {}
    error = kind("a\x1b[2J\nb", "c\u202e", **more)
    assert str(error) == "a<U+001B>[2J\nb (c<U+202E>)"
    assert error.args == (error.message,)


@pytest.mark.parametrize("expression", FOUND, ids=[each.where for each in FOUND])
def test_expression__of_the_package__takes_a_million_characters_in_linear_time(expression):
    assert survives(expression)


def test_expression__that_is_quadratic__does_not():
    assert not survives(EARLY, 3)


def test_expressions__found__are_those_that_were_compiled():
    assert {redaction._URL.pattern, redaction._NAMED.pattern} <= {each.pattern for each in FOUND}
    assert {f"0x[0-9a-fA-F]{count}" for count in ("{1,64}", "{40}", "{64}", "*")} <= {each.pattern for each in FOUND}


def test_sources__of_commands__say_styles_with_text_and_never_with_markup():
    """The console takes no text for markup: such a tag would be printed. And no second console is made."""
    tag = re.compile(r"\[/\]|\[/?(?:bold|dim|red|green|yellow|cyan|link)\b")
    found = {path.name: path.read_text() for path in (PACKAGE / "cli").rglob("*.py") if path.name != "console.py"}
    assert [name for name, text in found.items() if tag.search(text) or " Console(" in text] == []


def test_redact__of_a_long_text__leaves_half_a_word_out():
    secret = "https://user:" + "pw" * 20
    text = "x " * (redaction.MOST // 2 - 10) + secret + "@host/path"
    assert "pw" not in redaction.redact(text)
