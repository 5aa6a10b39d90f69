"""docs/contracts: a page for each contract, from the NatSpec of its interface, so that it cannot say anything else.

Interfaces that every contract or a task's own module implements have a page, too.

python -m scripts.export_contract_docs
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from headwater.chain.contracts.codec import CONTRACTS
from headwater.chain.deploying.compile import OTHERS
from headwater.tools import ROOT

INTERFACES = ROOT / "contracts" / "interfaces"
PAGES = ROOT / "docs" / "contracts"
SHARED = ("Deployed", "Admission")
"""Interfaces that every contract has, or that a task's own module has."""
KINDS = {"function": "Functions", "event": "Events", "error": "Errors", "struct": "Structs", "enum": "Enums"}

_ITEM = re.compile(
    r"(?P<doc>(?:^ *///.*\n)+)^ *(?P<kind>function|event|error|struct|enum) (?P<name>\w+)(?P<rest>[^;{]*[;{])",
    re.MULTILINE,
)
_HEADING = re.compile(r"^    /\*/+\n +(.+?) *\n    /+\*/", re.MULTILINE)
_FIELD = re.compile(r"(?P<doc>(?:^ *///.*\n)*)^ *(?P<line>[\w\[\]]+ \w+);(?: *// (?P<note>.*))?$", re.MULTILINE)
_VALUE = re.compile(r"^ *(?P<name>\w+),?(?: *// (?P<note>.*))?$", re.MULTILINE)


@dataclass(frozen=True)
class Item:
    """One documented function, event, error, struct or enum.

    Attributes:
        section: the heading in the source under which it stands.
        signature: as in the source, on one line.
        doc: the NatSpec's text, tags included.
        body: of a struct or enum, what is between its braces.
    """

    kind: str
    name: str
    section: str
    signature: str
    doc: str
    body: str = ""


def text_of(comment: str) -> str:
    """A NatSpec comment without its slashes, one line for each paragraph, list item and tag."""
    lines: list[str] = []
    for raw in comment.splitlines():
        line = raw.strip().removeprefix("///").removeprefix(" ")
        ends_list = lines and lines[-1].startswith("* ") and not line.startswith("  ")
        if line.strip().startswith("- "):
            lines.append("* " + line.strip()[2:])
        elif not lines or not line or not lines[-1] or ends_list or re.match(r"@|Effects:|Requirements:", line):
            lines.append(line.strip())
        else:
            lines[-1] += " " + line.strip()
    return "\n".join(lines)


def items(source: str) -> list[Item]:
    """All documented items of an interface, in its order."""
    headings = [(match.start(), match[1].strip().capitalize()) for match in _HEADING.finditer(source)]
    found = []
    for match in _ITEM.finditer(source):
        section = next((title for at, title in reversed(headings) if at < match.start()), KINDS[match["kind"]])
        signature = " ".join(f"{match['kind']} {match['name']}{match['rest']}".split()).rstrip(";{ ")
        signature = re.sub(r"\( ", "(", signature.replace(" )", ")"))
        body = source[match.end() : source.index("\n    }\n", match.end())] if match["rest"].endswith("{") else ""
        found.append(Item(match["kind"], match["name"], section, signature, text_of(match["doc"]), body))
    return found


def paragraphs(doc: str) -> str:
    """NatSpec's text as Markdown: effects and requirements apart, parameters as a list."""
    text = re.sub(r"^@(notice|dev) ", "", doc, flags=re.MULTILINE)
    text = re.sub(r"^@param (\w+) ", r"* `\1`: ", text, flags=re.MULTILINE)
    text = re.sub(r"^@return ", "* returns ", text, flags=re.MULTILINE)
    text = re.sub(r"^(Effects|Requirements): (\w)", lambda m: f"**{m[1]}.** {m[2].upper()}", text, flags=re.MULTILINE)
    lines = [line for line in text.splitlines() if line]
    pairs = zip(lines, [*lines[1:], ""], strict=True)
    return "\n".join(f"{a}\n" if not (a.startswith("* ") and b.startswith("* ")) else a for a, b in pairs).strip()


def page(name: str, source: str) -> str:
    """A contract's page."""
    head = re.search(rf"((?:^///.*\n)+)interface I{name}\b", source, re.MULTILINE)
    if head is None:
        raise ValueError(f"I{name}.sol has no documented interface I{name}")
    intro = re.sub(r"^@title \w+\n", "", text_of(head[1]))
    parts = [
        f"# {name}\n",
        f"<!-- from contracts/interfaces/I{name}.sol by scripts/export_contract_docs.py: `make docs` -->\n",
        paragraphs(intro) + "\n",
    ]
    found = items(source)
    section = ""
    for item in (item for item in found if item.kind == "function"):
        if item.section != section:
            section = item.section
            parts.append(f"## {section}\n")
        parts.append(f"### {item.name}\n\n```solidity\n{item.signature}\n```\n\n{paragraphs(item.doc)}\n")
    for kind in ("event", "error"):
        if of_kind := [item for item in found if item.kind == kind]:
            parts.append(f"## {KINDS[kind]}\n")
            parts.extend(f"* `{item.signature.removeprefix(kind).strip()}`: {_line(item.doc)}" for item in of_kind)
            parts.append("")
    if structs := [item for item in found if item.kind in ("struct", "enum")]:
        parts.append("## Types\n")
        parts.extend(f"### {item.name}\n\n{paragraphs(item.doc)}\n\n{_members(item)}\n" for item in structs)
    return "\n".join(parts).rstrip() + "\n"


def _line(doc: str) -> str:
    return " ".join(re.sub(r"@(notice|dev) ?", "", re.sub(r"\n@param.*", "", doc, flags=re.DOTALL)).split())


def _members(item: Item) -> str:
    if item.kind == "enum":
        values = [match for match in _VALUE.finditer(item.body) if match["name"]]
        return "\n".join(f"* {n} `{m['name']}`" + (f": {m['note']}" if m["note"] else "") for n, m in enumerate(values))
    lines, last = [], ""
    for match in _FIELD.finditer(item.body):
        last = _line(text_of(match["doc"])) or last
        lines.append(f"* `{match['line']}`" + (f": {last}" if last else ""))
    return "\n".join(lines)


def main() -> None:
    """Write all pages."""
    PAGES.mkdir(exist_ok=True)
    names = (*(name for name in CONTRACTS if name not in OTHERS), *SHARED)
    for name in names:
        source = Path(INTERFACES / f"I{name}.sol").read_text()
        (PAGES / f"{name}.md").write_text(page(name, source))
    print(f"{PAGES.relative_to(ROOT)}: {', '.join(names)}")


if __name__ == "__main__":
    main()
