"""Every regular expression of the package, and how it takes a million characters that were chosen for it.

A process of its own does the work of each, and the kernel ends it where a text takes more than some seconds of
processor time: far more than what is linear takes, and far less than what is quadratic does, which takes hours.
"""

from __future__ import annotations

import ast
import json
import re
import resource
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

CHARACTERS = 1_000_000
CPU_SECONDS = 20
LETTERS = 4  # of an expression that texts are made of
METHODS = ("match", "search", "fullmatch", "findall", "finditer", "sub", "subn", "split")


@dataclass(frozen=True)
class Expression:
    """An expression, where it stands, and the methods by which it is used. `pattern` of bytes is its Latin-1 text."""

    where: str
    pattern: str
    is_bytes: bool
    flags: int
    methods: tuple[str, ...]


def expressions(package: Path) -> list[Expression]:
    """Those of a package's sources.

    Raises:
        AssertionError: one is made in a way that is not understood here, or not used.
    """
    trees = {path: ast.parse(path.read_text()) for path in sorted(package.rglob("*.py"))}
    used = {(path, name): list(_used(tree, name)) for path, tree in trees.items() for name in _names(tree)}
    found = []
    for path, tree in trees.items():
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "re"], path
        owners = {id(node.value): node.targets for node in ast.walk(tree) if isinstance(node, ast.Assign)}
        for call in filter(_is_of_re, ast.walk(tree)):
            where, function = f"{path.relative_to(package)}:{call.lineno}", call.func.attr
            if function == "escape":
                continue
            if function == "compile":
                ((name,),) = [[target.id for target in owners[id(call)]]]
                methods = used[path, name]
                assert methods, f"{where}: nothing uses it"
            else:
                methods = [function]
            assert set(methods) <= set(METHODS), where
            for pattern, flags in _patterns(path, tree, call, where):
                text = pattern.decode("latin-1") if isinstance(pattern, bytes) else pattern
                found.append(Expression(where, text, isinstance(pattern, bytes), flags, tuple(sorted({*methods}))))
    return found


def _is_of_re(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "re"
    )


def _names(tree: ast.Module) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _used(tree: ast.Module, name: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == name:
            yield node.attr


def _patterns(path: Path, tree: ast.Module, call: Any, where: str) -> list[tuple[str | bytes, int]]:
    """What a call makes, evaluated; each of them, where it stands in a function that is called with the pattern."""
    scope: dict[str, Any] = {"re": re}
    for node in tree.body:  # constants that patterns are made of
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            try:
                exec(compile(ast.Module([node], []), path, "exec"), scope)  # noqa: S102
            except Exception:  # noqa: BLE001, S112 - no such constant
                continue
    function = next((node for node in tree.body if isinstance(node, ast.FunctionDef) and _within(call, node)), None)
    words: Iterable[dict[str, Any]] = [{}]
    first = call.args[0]
    if isinstance(first, ast.Name) and function and first.id in {argument.arg for argument in function.args.args}:
        words = [{first.id: text} for text in _passed(tree, function.name)]
        assert words, where
    flags = [ast.unparse(flag) for flag in (*call.args[1:], *(word.value for word in call.keywords)) if _is_flag(flag)]
    value = " | ".join(flags) or "0"
    return [(eval(ast.unparse(first), scope | word), int(eval(value, scope))) for word in words]  # noqa: S307


def _within(call: ast.AST, function: ast.FunctionDef) -> bool:
    return any(node is call for node in ast.walk(function))


def _passed(tree: ast.Module, name: str) -> list[str]:
    """The texts with which a function is called: constants, or a generator's over constants."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.GeneratorExp) and isinstance(node.elt, ast.Call) and _calls(node.elt, name):
            texts = ast.GeneratorExp(node.elt.args[0], node.generators)
            found += eval(f"list({ast.unparse(texts)})")  # noqa: S307
        elif isinstance(node, ast.Call) and _calls(node, name) and isinstance(node.args[0], ast.Constant):
            found.append(node.args[0].value)
    return found


def _calls(call: ast.Call, name: str) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id == name


def _is_flag(node: ast.expr) -> bool:
    return ast.unparse(node).startswith("re.")


def survives(expression: Expression, seconds: int = CPU_SECONDS) -> bool:
    """Whether it takes each text in so many seconds of processor time."""
    words = [sys.executable, "-m", "tests.support.expressions", str(seconds)]
    done = subprocess.run(words, input=json.dumps(asdict(expression)), text=True, capture_output=True, check=False)
    assert done.returncode <= 0, done.stderr
    return done.returncode == 0


def texts(pattern: str | bytes, flags: int) -> Iterator[str]:
    """Long texts of the letters and words that an expression looks for: each alone, two in turn, with an odd end."""
    letters, words = _looked_for(parser.parse(pattern, flags))
    letters = list(dict.fromkeys([*list(dict.fromkeys(letters))[:LETTERS], "a", " ", "\n"]))
    ends = ("", "!", "\0", '"')
    for letter in letters:
        yield from (_long(letter) + end for end in ends)
    for one in letters:
        yield from (_long(one + other) + "!" for other in letters if one < other)
    for word in words:
        yield _long(word)
        yield from (word + _long(letter) + "!" for letter in letters)
        yield from (_long(word + letter) for letter in letters)


def _long(text: str) -> str:
    return text * (CHARACTERS // len(text))


def _looked_for(tree: Any) -> tuple[list[str], list[str]]:
    """Letters, one of each class, and words, in the order in which they stand."""
    letters: list[str] = []
    words: list[str] = []
    word = ""
    of_category = {codes.CATEGORY_DIGIT: "0", codes.CATEGORY_SPACE: " ", codes.CATEGORY_WORD: "a"}

    def walk(value: Any) -> None:
        nonlocal word
        if isinstance(value, tuple) and len(value) == 2 and value[0] in (codes.LITERAL, codes.NOT_LITERAL):
            letters.append(chr(value[1]))
            word += chr(value[1])
            return
        if isinstance(value, tuple) and len(value) == 2 and value[0] is codes.RANGE:
            letters.append(chr(value[1][0]))
        elif isinstance(value, tuple) and len(value) == 2 and value[0] is codes.CATEGORY:
            letters.append(of_category.get(value[1], "a"))
        elif isinstance(value, (list, tuple, parser.SubPattern)):
            for each in value:
                if not (isinstance(each, tuple) and each and each[0] is codes.LITERAL) and len(word) > 1:
                    words.append(word)
                word = word if isinstance(each, tuple) and each and each[0] is codes.LITERAL else ""
                walk(each)

    walk(tree)
    words.append(word) if len(word) > 1 else None
    return letters, list(dict.fromkeys(words))[:LETTERS]


def main(seconds: int) -> None:
    """Take the texts of the expression that stdin has."""
    said = json.loads(sys.stdin.read())
    pattern = said["pattern"].encode("latin-1") if said["is_bytes"] else said["pattern"]
    expression = re.compile(pattern, said["flags"])
    for text in texts(pattern, said["flags"]):
        given: Any = text.encode("latin-1", "replace") if said["is_bytes"] else text
        for method in said["methods"]:
            spent = int(time.process_time())
            resource.setrlimit(resource.RLIMIT_CPU, (spent + seconds, resource.RLIM_INFINITY))
            if method in ("sub", "subn"):
                getattr(expression, method)(b"" if said["is_bytes"] else "", given)
            else:
                found = getattr(expression, method)(given)
                if method == "finditer":
                    deque(found, maxlen=0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
