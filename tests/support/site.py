"""The page as anybody may host it: its files on a server of their own, gateways beside it, and whoever visits it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

from playwright.sync_api import Page, Request, expect

from headwater.chain.deploying.anvil import Anvil
from headwater.chain.deploying.records import Deployment
from headwater.cli.viewer.server import PAGE, TYPES
from headwater.errors import StorageError
from headwater.storage.cid import Cid
from headwater.storage.store import ContentStore
from headwater.tools import ROOT
from tests.support.gateway import url_of
from tests.support.ipfs import run_rpc_server

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
PATIENCE = 60_000  # milliseconds that a test waits for what must come: a machine may be slow
SCREENSHOTS = ROOT / "build" / "viewer"

Content = Callable[[Cid], bytes]
"""What a gateway gives for a CID, or a StorageError."""


class Place(Protocol):
    """Contracts on a chain of a test's."""

    anvil: Anvil
    folder: Path


@contextmanager
def run_host() -> Iterator[str]:
    """Serves the page's files and nothing else, as a gateway of IPFS would under a path; the page's URL."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        path = urlsplit(handler.path).path.removeprefix("/ipfs/page/") or "index.html"
        file = PAGE / path
        kind = TYPES.get(file.suffix, "application/json")
        _send(handler, (200, file.read_bytes()) if file.is_file() else (404, b""), kind)

    with run_rpc_server(answer) as address:
        yield f"{url_of(address)}/ipfs/page/"


@contextmanager
def run_open_gateway(content: Content) -> Iterator[str]:
    """A gateway that pages of every origin may ask; its URL."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        try:
            found = 200, content(Cid.parse(urlsplit(handler.path).path.removeprefix("/ipfs/")))
        except StorageError:
            found = 504, b""
        _send(handler, found, "application/vnd.ipld.raw")

    with run_rpc_server(answer) as address:
        yield url_of(address)


def honest(store: ContentStore) -> Content:
    """What a store has."""
    return lambda cid: store.get(cid, 1 << 20)


def lying(store: ContentStore, about: Cid, instead: bytes) -> Content:
    """What a store has, but for one document."""
    return lambda cid: instead if cid == about else store.get(cid, 1 << 20)


def _send(handler: BaseHTTPRequestHandler, found: tuple[int, bytes], kind: str) -> None:
    status, body = found
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body)))
    handler.send_header("Access-Control-Allow-Origin", "*")
    handler.end_headers()
    handler.wfile.write(body)


@dataclass
class Visitor:
    """A browser's tab on the page, and all that the page asked for.

    Attributes:
        asked: URLs, in order.
        questions: methods of JSON-RPC that the page called, in order.
        faults: exceptions of the page, and what its policy refused.
    """

    page: Page
    host: str
    asked: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE)
        self.page.on("request", self._note)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", lambda told: self.faults.append(told.text) if "Content Security" in told.text else None)

    def _note(self, request: Request) -> None:
        self.asked.append(request.url)
        if request.method == "POST":
            self.questions.append(str(json.loads(request.post_data or "{}").get("method")))

    def visit(
        self,
        route: str = "/",
        of: Place | None = None,
        *,
        rpc: str = "",
        gateways: Sequence[str] = (),
        sample: str = "",
        named: bool = True,
        chain_id: int | None = None,
    ) -> None:
        """Follow a link that says where the page is to look.

        of: on which chain, by which contracts. rpc: through another node. named: whether the link names the contracts.
        chain_id: on which chain it says they are, if not on theirs.
        """
        given = {"rpc": rpc, "gateways": ",".join(gateways), "sample": sample}
        if of:
            given["rpc"] = rpc or of.anvil.url
            contracts = addresses(of) | ({} if chain_id is None else {"chainId": chain_id})
            given["deployment"] = json.dumps(contracts) if named else ""
        query = urlencode({name: text for name, text in given.items() if text})
        self.page.goto("about:blank")  # a link to the same page with another hash would not load it
        self.page.goto(f"{self.host}#{route}" + (f"?{query}" if query else ""))

    def go(self, route: str) -> None:
        """Go on to another screen with the same settings."""
        self.page.evaluate("route => { location.hash = route }", route)

    def sees(self, text: str, *, times: int | None = None) -> None:
        """Wait until the page shows a text."""
        found = self.page.locator("header, main, footer, #notices").get_by_text(text).filter(visible=True)
        if times is None:
            expect(found.first).to_be_visible(timeout=PATIENCE)
        else:
            expect(found).to_have_count(times, timeout=PATIENCE)

    def violations(self) -> list[str]:
        """What axe finds against levels A and AA, each with the elements it is about."""
        self.page.evaluate(AXE.read_text())  # by the debugger, which the page's policy does not bind
        options = {"runOnly": {"type": "tag", "values": LEVELS}}
        found: dict[str, Any] = self.page.evaluate("options => axe.run(document, options)", options)
        return [f"{v['id']}: {v['help']}: {[n['html'][:200] for n in v['nodes']]}" for v in found["violations"]]

    def overflow(self) -> int:
        """By how many pixels the page is wider than its window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))

    def picture(self, name: str) -> None:
        """Keep a screenshot for people to look at, out of git."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


def addresses(place: Place) -> dict[str, Any]:
    """The contracts of a chain, as the page takes them."""
    deployment = Deployment.load("anvil", place.folder / "deployments")
    contracts = {name: record.address for name, record in deployment.records.items()}
    return {"chainId": deployment.chain_id, "startBlock": deployment.start_block, "contracts": contracts}


def files_of_page() -> list[Path]:
    """All that somebody who publishes the page puts into IPFS."""
    return [path for path in PAGE.rglob("*") if path.is_file()]
