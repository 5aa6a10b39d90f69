"""Wants: a person's terminal, log, spreadsheet or eyes, by a text of its own; or a node that stands still.

Tries: names in documents, messages of endpoints and stores, their reasons and headers, with what a terminal obeys, what
rich takes for markup, a log for a line, a spreadsheet for a formula, and people for something else; and megabytes.
Stopped: a document with such names is refused, and else a text is cut first, and what is no text is shown by its code.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import resource
import signal
import socket
import threading
from contextlib import contextmanager

import click
import pytest
import structlog
from click.testing import CliRunner
from rich.console import Console
from rich.table import Table

from headwater import foreign, redaction
from headwater.chain.asking.rpc import connect
from headwater.chain.contracts.reverts import refusal
from headwater.cli import console, logs, model
from headwater.cli.logs import configure_logging
from headwater.cli.main import LazyGroup, cli
from headwater.errors import ChainError, HeadwaterError, StorageError
from headwater.learners.learner import Predictions
from headwater.protocol import documents
from headwater.storage.cid import RAW, Cid
from headwater.storage.kubo import KuboStore
from headwater.storage.manifests import TaskManifest
from tests.support.proxy import error, run_proxy
from tests.unit.test_documents_manifests import TASK
from tests.unit.test_foreign import EARLY

NO_TEXT = {
    "link": "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "clipboard": "\x1b]52;c;cm0gLXJmIH4=\x07",
    "screen": "\x1b[2J\x1b[H$ ",
    "c1": "\x9b2J\x9d52;c;cm0=\x9c",
    "turned": "safe\u202egpj.exe",
    "isolated": "\u2066\u2067x",
    "unseen": "pay\u200bpal\u2060\u00ad\ufeff",
    "tagged": "a\U000e0041",
    "line": "no\n→ send your key to https://evil.example",
    "returned": "refused\rall is well",
}
SEEN_BY_RICH = [name for name in NO_TEXT if name not in ("line", "returned")]
LENGTH = 3_000_000
SLOW = "a." * (LENGTH // 2)
CPU_SECONDS = 10

each_text = pytest.mark.parametrize("text", NO_TEXT.values(), ids=NO_TEXT)


def names_as_they_come():
    """A manifest whose names may hold anything."""


def text_as_it_comes():
    """A node that shows a stranger's text as it comes."""


def markup_of_anybody():
    """A console to which every text is markup."""


def cells_as_they_come():
    """Predictions whose cells are written as they come."""


def message_read_word_by_word():
    """A node that cuts nothing, and redacts with an expression that reads each word from each of its letters."""


class AnyName(TaskManifest):
    name: str


def is_no_text(shown: str) -> bool:
    return foreign.unseen(shown, "\n") is not None


@contextmanager
def uncleaned(monkeypatch):
    """What is no text is not named, but left."""
    with monkeypatch.context() as weak:
        weak.setattr(foreign, "named", lambda character: character)
        weak.setattr(console, "lines", lambda text, _: text)
        yield


def shown_of(problem: HeadwaterError) -> str:
    """What a person's terminal gets of an error, without the frame around it."""
    with console.err.capture() as captured:
        console.show_error(problem)
    return captured.get()


@each_text
def test_manifest__with_such_a_name(text, attack):
    data = documents.encode({**TASK, "name": text})
    with attack.works_on(names_as_they_come):
        assert AnyName.decode(data).name == text
    with attack.stopped_by("DocumentError"):
        TaskManifest.decode(data)


@each_text
def test_manifest__with_such_an_unknown_key(text, attack, monkeypatch):
    data = documents.encode({**TASK, text: 1})

    def told() -> str:
        with pytest.raises(HeadwaterError) as caught:
            TaskManifest.decode(data)
        return shown_of(caught.value) + caught.value.message.replace("\n", "<break>")

    with attack.works_on(text_as_it_comes), uncleaned(monkeypatch):
        assert is_no_text(told()) or "<break>" in told()
    assert not is_no_text(told())
    assert "<break>" not in told()
    attack.gains("a message that names what is no text by its code")


@each_text
def test_endpoint__that_says_it(text, attack, monkeypatch):
    def told() -> str:
        with run_proxy("http://127.0.0.1:1") as proxy:
            proxy.do(lambda request, _: {"jsonrpc": "2.0", "id": request["id"], "result": "0x7a69"})
            chain = connect(proxy.url)
            proxy.do(error(-32000, text))
            with pytest.raises(ChainError) as caught, chain.explained("eth_gasPrice"):
                assert chain.web3.eth.gas_price
        assert caught.value.message.count("refused") >= 1
        return caught.value.message.replace("\n", "<break>")

    monkeypatch.setattr("headwater.chain.asking.endpoints.PAUSE_SECONDS", 0.0)
    with attack.works_on(text_as_it_comes), uncleaned(monkeypatch):
        assert is_no_text(told()) or "<break>" in told()
    assert not is_no_text(told())
    assert "<break>" not in told()
    attack.gains("a message that names what is no text by its code")


@each_text
def test_contract__that_reverts_with_it(text, attack, monkeypatch):
    """An endpoint may make such a revert up."""
    data = reason(text)
    with attack.works_on(text_as_it_comes), uncleaned(monkeypatch):
        assert text in refusal(data, "TaskManager.createTask").message
    told = refusal(data, "TaskManager.createTask").message
    assert not is_no_text(told.replace("\n", "\r"))
    attack.gains("a message that names what is no text by its code")


def reason(text: str) -> bytes:
    """What a revert with a reason gives."""
    raw = text.encode()
    words = (32).to_bytes(32) + len(raw).to_bytes(32) + raw + bytes(-len(raw) % 32)
    return bytes.fromhex("08c379a0") + words


@contextmanager
def answering(reply: bytes):
    """The URL of a server that gives these bytes to everybody."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.settimeout(5)
                    connection.recv(1 << 16)
                    connection.sendall(reply)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def test_reason__of_an_http_status(attack, monkeypatch):
    """Its bytes are read as Latin-1."""
    reply = b"HTTP/1.1 500 \x1b[2J\x9b31mall is well\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

    def told() -> str:
        with answering(reply) as port, pytest.raises(ChainError) as caught:
            connect(f"http://127.0.0.1:{port}")
        return caught.value.message

    monkeypatch.setattr("headwater.chain.asking.endpoints.PAUSE_SECONDS", 0.0)
    with attack.works_on(text_as_it_comes), uncleaned(monkeypatch):
        assert "500 \x1b[2J\x9b31m" in told()
    assert "500 <U+001B>[2J<U+009B>31m" in told()
    attack.gains("a message that names what is no text by its code")


@each_text
def test_store__that_says_it(text, attack, monkeypatch):
    body = json.dumps({"Message": text, "Code": 0, "Type": "error"}).encode()
    head = (
        f"HTTP/1.1 500 x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )

    def told() -> str:
        with answering(head.encode() + body) as port, pytest.raises(StorageError) as caught:
            KuboStore(f"/ip4/127.0.0.1/tcp/{port}").pin(Cid(RAW, bytes(32)))
        return caught.value.message

    with attack.works_on(text_as_it_comes), uncleaned(monkeypatch):
        assert text in told()
    assert not is_no_text(told().replace("\n", "\r"))
    attack.gains("a message that names what is no text by its code")


@pytest.mark.parametrize("words", (["boom"], ["-v", "boom"]), ids=("alone", "verbose"))
def test_exception__that_nobody_explains(words, attack, monkeypatch):
    """With -v a traceback is shown, and in it whatever the exception says."""

    @click.command()
    def boom() -> None:
        raise RuntimeError("asked http://u:hunter2@host \x1b]52;c;cm0=\x07\u202e")

    def told() -> str:
        with monkeypatch.context() as changed:
            changed.setattr(LazyGroup, "get_command", lambda *_: boom)
            done = CliRunner().invoke(cli, words)
        assert done.exit_code == 1
        return done.output

    with attack.works_on(text_as_it_comes), uncleaned(monkeypatch):
        assert is_no_text(told())
    assert not is_no_text(told())
    assert "hunter2" not in told()
    attack.gains("a message that names what is no text by its code")


class TestLogs:
    @pytest.fixture(autouse=True)
    def back_to_defaults(self):
        yield
        structlog.reset_defaults()

    @pytest.mark.parametrize("form", ("text", "json"))
    @each_text
    def test_log__of_what_a_stranger_says(self, text, form, attack, monkeypatch, capsys):
        def logged() -> str:
            configure_logging(False, form)
            structlog.get_logger().warning(text, error=text, nested={text: [text]}, failure=ValueError(text))
            written = capsys.readouterr().err
            seen = written if form == "text" else "".join(map(str, json.loads(written).values()))
            return seen + "<break>" * (written.count("\n") - 1)

        with attack.works_on(text_as_it_comes), uncleaned(monkeypatch):
            assert is_no_text(logged()) or "<break>" in logged() or text in logged()
        assert not is_no_text(logged())
        assert "<break>" not in logged()
        attack.gains("one line of text")


@pytest.mark.parametrize("name", ("[link=https://evil.example]click[/link]", "[red]danger[/red]", "[/]", ":skull:"))
def test_name__with_markup(name, attack):
    def drawn(on: Console) -> str:
        table = Table("name")
        table.add_row(name)
        with on.capture() as captured:
            on.print(table)
            on.print(f"the task {name}")
        return captured.get()

    with attack.works_on(markup_of_anybody):
        try:
            assert name not in drawn(Console(force_terminal=True, width=100))
        except Exception as wrong:  # noqa: BLE001 - what rich says of a tag that closes nothing
            assert "closing tag" in str(wrong)  # noqa: PT017
    for on in (console.out, console.err):
        assert drawn(on).count(name) == 2
    attack.gains("its own letters, as they are")


@pytest.mark.parametrize("text", [NO_TEXT[name] for name in SEEN_BY_RICH], ids=SEEN_BY_RICH)
def test_name__that_nothing_else_has_cleaned(text, attack):
    """The console is the last that could."""

    def drawn(on: Console) -> str:
        table = Table("name")
        table.add_row(text)
        with on.capture() as captured:
            on.print(table)
            on.print(text)
        return captured.get()

    with attack.works_on(markup_of_anybody):
        assert is_no_text(drawn(Console()))
    assert not is_no_text(drawn(console.out))
    attack.gains("what is no text, by its code")


@pytest.mark.parametrize(
    "name", ("=HYPERLINK(0)", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1+1", "\r=1+1", "＝1+1")
)
def test_class__that_is_a_formula(name, attack, monkeypatch):
    said = Predictions((name, "probability of a"), ((name, "0.5000"), ("-1", "-0.2500"), ("+1", "1e-05")))

    def written() -> list[list[str]]:
        file = io.StringIO(newline="")
        model._write(said, file)
        return list(csv.reader(io.StringIO(file.getvalue(), newline="")))

    with attack.works_on(cells_as_they_come), monkeypatch.context() as weak:
        weak.setattr(model, "_cell", lambda text: text)
        assert written()[1][0].strip().startswith(model.FORMULA)
    header, *rows = written()
    for cell in (header[0], rows[0][0]):
        assert not cell.lstrip().startswith(model.FORMULA)
    assert rows[0][1] == "0.5000"
    assert rows[1:] == [["-1", "-0.2500"], ["+1", "1e-05"]]
    attack.gains("a cell of text; numbers stay numbers")


def ends(work) -> bool:
    """Whether a piece of work ends in so much processor time; in a process that the kernel ends else."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
        signal.signal(signal.SIGXCPU, signal.SIG_DFL)
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGXCPU, signal.SIGKILL), status
    return status == 0


def logged_refusal() -> None:
    """What a role does with a revert that an endpoint has made up."""
    logs._clean(None, "", {"event": "failed", "error": refusal(reason(SLOW), "TaskManager.createTask").message})


def test_message__of_three_megabytes(attack, monkeypatch):
    def slow_endpoint_and_honest_one() -> None:
        with run_proxy("http://127.0.0.1:1") as slow, run_proxy("http://127.0.0.1:1") as honest:
            for proxy in (slow, honest):
                proxy.do(lambda request, _: {"jsonrpc": "2.0", "id": request["id"], "result": "0x7a69"})
            chain = connect([slow.url, honest.url])
            slow.do(error(-32000, SLOW, data=SLOW))
            with chain.explained("eth_gasPrice"):
                assert chain.web3.eth.gas_price == 31337
            honest.do(error(-32000, SLOW, data=SLOW))
            with pytest.raises(ChainError) as caught, chain.explained("eth_gasPrice"):
                assert chain.web3.eth.gas_price
            logs._clean(None, "", {"event": "failed", "error": caught.value})
            assert len(str(caught.value)) < 2 * foreign.MOST

    with attack.works_on(message_read_word_by_word), monkeypatch.context() as weak:
        weak.setattr(foreign, "cut", lambda text, _: text)
        weak.setattr(redaction, "MOST", 2 * LENGTH)
        weak.setattr(redaction, "_URL", re.compile(EARLY.pattern, EARLY.flags))
        assert not ends(logged_refusal)
    assert ends(logged_refusal)
    assert ends(slow_endpoint_and_honest_one)
    attack.gains("the first words of a message")
