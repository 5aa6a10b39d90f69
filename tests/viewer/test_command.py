"""`headwater viewer`: what it serves, to whom, and what it refuses."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection, HTTPResponse

import pytest
from playwright.sync_api import expect

from headwater.chain.deploying.records import Deployment
from headwater.cli.viewer.server import POLICY, Site, serving
from headwater.errors import ConfigError
from headwater.storage.cid import Cid
from tests.support.anvil import run_anvil
from tests.support.catalogue import Catalogue
from tests.support.commands import Commands
from tests.support.site import PATIENCE, addresses, files_of_page


@pytest.fixture
def site(catalogue) -> Site:
    return Site(catalogue.chain, Deployment.load("anvil", catalogue.folder / "deployments"), catalogue.store)


@pytest.fixture
def served(site) -> Iterator[str]:
    with serving(site) as url:
        yield url


def ask(url: str, method: str = "GET", path: str = "/", body: bytes | None = None, **headers: str) -> HTTPResponse:
    """One request as it stands: nothing is normalised on the way."""
    connection = HTTPConnection(url.removeprefix("http://").rstrip("/"), timeout=60)
    connection.request(method, path, body, {name.replace("_", "-"): text for name, text in headers.items()})
    return connection.getresponse()


def question(method: str, *params: object) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": 7, "method": method, "params": params}).encode()


def test_viewer__as_a_command__prints_the_address_of_a_page_that_shows_the_task(visitor, catalogue, home, tmp_path):
    commands = Commands(tmp_path, catalogue.anvil, home)
    folder = str(catalogue.folder / "deployments")
    store = f"dir:{catalogue.folder / 'store'}"
    process = commands.start(0, "viewer", "--port", "0", "--deployments", folder, "--store", store)
    try:
        url = re.search(r"http://\S+/", process.stdout.readline()).group()
        guest = visitor(at=url)
        guest.page.goto(url)
        guest.sees("flowers of the last valley")
        guest.go("/task/200/model/0")
        expect(guest.page.get_by_role("main").get_by_text("Verified", exact=True)).to_be_visible(timeout=PATIENCE)
        guest.picture("command")
    finally:
        process.terminate()
    assert process.wait(timeout=60) == 143
    assert {address.split("/")[2] for address in guest.asked} == {url.split("/")[2]}


def test_viewer__of_a_deployment_that_is_not_on_the_chain__says_so(anvil, catalogue, home, tmp_path):
    commands = Commands(tmp_path, anvil, home)

    told = commands.run("viewer", "--no-open", "--deployments", str(catalogue.folder / "deployments"), code=1)

    assert "other code or none stands there now" in " ".join(told.split())


def test_viewer__on_a_port_that_is_taken__says_what_to_do(site):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(ConfigError, match="cannot be used") as caught, serving(site, other.getsockname()[1]):
            pass

    assert "--port" in caught.value.hint


def test_every_file_of_the_page__is_served__with_its_type_and_the_policy(served):
    kinds = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
    files = [path for path in files_of_page() if path.suffix[1:] in kinds]

    for path in files:
        name = path.as_posix().split("/page/")[1]
        answer = ask(served, path=f"/{name}")
        assert (answer.status, answer.read()) == (200, path.read_bytes())
        assert answer.headers.get_content_type() == kinds[path.suffix[1:]]
        assert answer.headers["Content-Security-Policy"] == POLICY
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert len(files) > 10
    assert ask(served).read() == ask(served, path="/index.html").read()


def test_settings__name_the_deployment__and_nothing_but_the_server_itself(served, catalogue):
    settings = json.loads(ask(served, path="/deployment.json").read())

    recorded = addresses(catalogue)
    assert settings["deployment"] == {name: recorded[name] for name in ("chainId", "startBlock", "contracts")}
    assert (settings["rpc"], settings["gateways"]) == ("rpc", ["."])
    assert catalogue.anvil.url not in json.dumps(settings)  # it may hold a key


OUTSIDE = ("/../../../README.md", "/..%2f..%2fREADME.md", "//etc/passwd", "/parts/../../../pyproject.toml", "/parts")


@pytest.mark.parametrize("path", (*OUTSIDE, "/README.md", "/x"))
def test_path__that_is_no_file_of_the_page__is_not_found(served, path):
    assert ask(served, path=path).status == 404


@pytest.mark.parametrize("method", ("GET", "POST", "HEAD"))
@pytest.mark.parametrize("host", ("evil.example", "127.0.0.1", "127.0.0.1.evil.example:80", "[::1]"))
def test_host__of_another_name__is_refused__so_that_none_can_be_made_to_point_here(served, method, host):
    answer = ask(served, method, "/rpc" if method == "POST" else "/deployment.json", b"{}", Host=host)

    assert answer.status == 421
    assert b"contracts" not in answer.read()


def test_content__of_the_store__is_given_as_a_block__and_what_is_none_is_refused(served, catalogue):
    cid = catalogue.store.put(b"a document of the viewer's tests")
    missing = Cid.from_digest(bytes(32))

    found = ask(served, path=f"/ipfs/{cid}?format=raw")

    assert (found.status, found.read()) == (200, b"a document of the viewer's tests")
    assert found.headers.get_content_type() == "application/vnd.ipld.raw"
    assert ask(served, path=f"/ipfs/{missing}").status == 404
    assert ask(served, path="/ipfs/..%2f..%2fkey").status == 400
    assert ask(served, path=f"/ipfs/{Cid(0x70, bytes(32))}").status == 400


def test_content__that_is_not_what_its_cid_says__is_not_passed_on(site, served, catalogue):
    cid = catalogue.store.put(b"what will be damaged")
    files = (path for path in (catalogue.folder / "store").rglob("*") if path.is_file())
    (file,) = (path for path in files if path.read_bytes() == b"what will be damaged")
    file.chmod(0o600)
    file.write_bytes(b"what was be damaged!")

    answer = ask(served, path=f"/ipfs/{cid}")

    assert answer.status in (404, 502)
    assert b"what was" not in answer.read()


def test_question__that_reads__is_passed_on__with_its_id(served, catalogue):
    answer = ask(served, "POST", "/rpc", question("eth_chainId"), Content_Type="application/json")

    assert json.loads(answer.read()) == {"jsonrpc": "2.0", "id": 7, "result": hex(catalogue.chain.chain_id)}


SENT = ("eth_sendTransaction", "eth_sendRawTransaction", "eth_accounts", "evm_mine", "anvil_setBalance")


@pytest.mark.parametrize("method", (*SENT, "debug_traceCall", "", None, ["eth_call"]))
def test_question__that_is_not_of_the_list__never_reaches_the_node(served, catalogue, method):
    before = catalogue.chain.block().number

    answer = json.loads(ask(served, "POST", "/rpc", question(method), Content_Type="application/json").read())

    assert answer["error"]["code"] == -32601
    assert catalogue.chain.block().number == before


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    (
        (question("eth_chainId"), {"Content_Type": "text/plain"}, 415),  # all that a foreign page can send unasked
        (question("eth_chainId"), {"Content_Type": "application/x-www-form-urlencoded"}, 415),
        (b"{", {"Content_Type": "application/json"}, 400),
        (b"[" * 5000, {"Content_Type": "application/json"}, 400),
        (b" " * 70_000, {"Content_Type": "application/json"}, 413),
    ),
    ids=("plain", "form", "cut", "deep", "large"),
)
def test_question__that_no_page_of_ours_asks__is_refused(served, body, headers, status):
    assert ask(served, "POST", "/rpc", body, **headers).status == status


def test_questions_in_a_batch__are_refused_as_one(served):
    batch = b"[" + question("eth_chainId") + b"]"

    answer = json.loads(ask(served, "POST", "/rpc", batch, Content_Type="application/json").read())

    assert answer["error"]["code"] == -32601


def test_pages_of_other_origins__cannot_read_what_is_served(visitor, served):
    guest = visitor()  # a page of another origin, whose policy lets it ask here
    guest.visit("/settings")

    tried = guest.page.evaluate(
        """async (url) => {
            const tell = (answer) => answer.text();
            const refused = () => 'refused';
            const question = {method: 'POST', headers: {'Content-Type': 'application/json'}, body: '{}'};
            return Promise.all([
                fetch(url + 'deployment.json').then(tell).catch(refused),
                fetch(url + 'rpc', question).then(tell).catch(refused),
            ]);
        }""",
        served,
    )

    assert tried == ["refused", "refused"]
    guest.questions.clear()


def test_node__that_does_not_answer_the_command__is_said_to_be_dead_by_the_page(visitor, home, tmp_path):
    with ExitStack() as stack:
        anvil = stack.enter_context(run_anvil(tmp_path / "anvil.log"))
        own = Catalogue(anvil, tmp_path, home)
        own.publish("soon gone")
        site = Site(own.chain, Deployment.load("anvil", tmp_path / "deployments"), own.store)
        with serving(site) as url:
            guest = visitor(at=url)
            guest.page.goto(url)
            guest.sees("soon gone")

            stack.close()  # the node

            expect(guest.page.get_by_role("alert")).to_contain_text("The node does not answer", timeout=PATIENCE)
            guest.sees("soon gone")


def test_address_elsewhere__is_refused_by_the_served_policy__and_the_page_says_why(visitor, served, catalogue):
    guest = visitor(at=served)
    guest.visit("/", rpc=catalogue.anvil.url, of=catalogue)

    guest.sees("This page may not ask there")
    guest.faults.clear()  # the refusals of the policy, which are what was tried
