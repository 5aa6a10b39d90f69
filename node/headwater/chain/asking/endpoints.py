"""Several nodes of one chain behind one connection: the first that is in order answers.

One that hangs, fails, limits its rate, speaks nonsense, serves another chain or lags behind the others is left alone
for a while, each time for longer, and then tried again. So is one that answers with an error where another does not.
Reads stay with one node until it fails or a new look at the chain begins (`begin_look`), so that what belongs together
comes from one place.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator, Sequence
from statistics import median_low
from typing import Any, cast
from urllib.parse import urlsplit

import requests
import structlog
from typing_extensions import override
from web3.exceptions import BadResponseFormat
from web3.providers.base import JSONBaseProvider
from web3.types import RPCEndpoint, RPCResponse

from headwater.backoff import Backoff
from headwater.chain.asking.answers import RateLimited, check_error, check_result, is_failure
from headwater.chain.asking.sizes import REFUSAL, most_bytes
from headwater.errors import ChainError, ConfigError
from headwater.foreign import plain
from headwater.redaction import redact
from headwater.replies import ReplyTooLong, ask, new_session, parse_json, read_reply

TIMEOUT_SECONDS = 30.0
ATTEMPTS = 4
PAUSE_SECONDS = 0.125
"""Before the second attempt, when no node answered the first; twice that before the third, and so on."""

COMPARE_SECONDS = 30.0
"""How often the nodes' newest blocks are compared."""

MAX_LAG = 30
"""Blocks that a node may be away from the others."""

_REFUSED = (requests.codes.bad_request, requests.codes.request_entity_too_large)
"""HTTP statuses by which some nodes refuse a question, with or without an error of JSON-RPC."""

_INVALID_REQUEST = -32600

_log: structlog.stdlib.BoundLogger = structlog.get_logger()
_FAILURES = (requests.RequestException, BadResponseFormat, ChainError, ReplyTooLong)


class Endpoint:
    """One node. `where` names it without what its URL may hold of secrets: user, password, path and query."""

    def __init__(self, url: str) -> None:
        """Raises ConfigError where it is no http or https URL."""
        try:
            parts = urlsplit(url)
            port = parts.port
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise ValueError
        except ValueError:
            hint = "write it as http://HOST:PORT or https://HOST/..."
            raise ConfigError(f"{redact(url)!r} is no address of a node", hint) from None
        self.where = f"{parts.scheme}://{parts.hostname}" + (f":{port}" if port else "")
        self.chain_id: int | None = None  # as it said, unless it failed since
        self.backoff = Backoff()
        self._url = url
        self._session = new_session({"Content-Type": "application/json"})

    def ask(self, body: bytes, number: Any, most: int) -> RPCResponse:
        """The answer to a request with this id; it may be an error of JSON-RPC. No exception shows the URL.

        most: bytes of an answer.

        Raises:
            requests.RequestException: none came, in time and of HTTP status 200; or it is one request too many.
            ReplyTooLong: it is longer, or holds more values than an answer of its length.
            BadResponseFormat: it is no JSON-RPC, or answers something else.
        """
        try:
            status, reply = self._post(body, most)
        except requests.HTTPError:
            raise
        except requests.RequestException as error:
            raise type(error) from None
        try:
            answer = parse_json(reply)
        except ValueError:
            answer = None
        answer = answer if isinstance(answer, dict) else {}
        if status in _REFUSED and "error" not in answer:
            refusal = {"code": _INVALID_REQUEST, "message": f"HTTP {status}"}
            answer = {"jsonrpc": "2.0", "id": number, "error": refusal}
        if answer.get("jsonrpc") != "2.0" or ("result" in answer) == ("error" in answer):
            raise BadResponseFormat("it does not speak JSON-RPC")
        if "error" in answer:
            answer["error"] = check_error(answer["error"])
        elif answer.get("id") != number:
            raise BadResponseFormat("it answers another request")
        return cast(RPCResponse, answer)

    def rest(self, error: Exception) -> None:
        """Leave it alone for a while."""
        asked = ""
        if isinstance(error, requests.HTTPError) and error.response is not None:
            asked = error.response.headers.get("Retry-After", "")
        seconds = self.backoff.failed(float(asked) if asked.isdecimal() else 0.0)
        _log.warning("endpoint left alone", endpoint=self.where, reason=_reason(error), seconds=round(seconds, 1))

    def _post(self, body: bytes, most: int) -> tuple[int, bytes]:
        """Status and body of the reply."""
        with ask(self._session, "POST", self._url, TIMEOUT_SECONDS, data=body) as response:
            if response.status_code not in (requests.codes.ok, *_REFUSED):
                raise requests.HTTPError(response=response)
            most = most if response.status_code == requests.codes.ok else max(most, REFUSAL)
            return response.status_code, read_reply(response, most, TIMEOUT_SECONDS)


class Endpoints(JSONBaseProvider):
    """The provider that web3 asks. The endpoints come in the order in which they are preferred."""

    def __init__(self, urls: Sequence[str]) -> None:
        """Raises ConfigError where there is none, or one is no http or https URL."""
        super().__init__()
        if not urls:
            raise ConfigError("no Ethereum node is named", "give one with --rpc")
        self.urls = tuple(urls)
        self.endpoints = tuple(Endpoint(url) for url in urls)
        self.where = ", ".join(endpoint.where for endpoint in self.endpoints)
        self.global_ccip_read_enabled = False  # a revert must not make the node fetch URLs
        self._chain_id: int | None = None
        self._current = self.endpoints[0]
        self._answered = threading.local()  # `by` which one the thread was answered last
        self._compared = -COMPARE_SECONDS
        self._usual = 0  # the block that most were at when they were compared

    @property
    def teller(self) -> str:
        """A name of the one that answered this thread last, the same after a restart; each has its own."""
        last: Endpoint = getattr(self._answered, "by", self._current)
        at = [endpoint for endpoint in self.endpoints if endpoint.where == last.where].index(last)
        return f"{last.where} ({at + 1})" if at else last.where

    def agree(self, chain_id: int | None) -> None:
        """Ask every endpoint for its chain; one that does not answer is asked before it is used.

        Raises:
            ChainError: one serves another chain than `chain_id`, or than those before it.
        """
        self._chain_id = chain_id
        for endpoint in self.endpoints:
            try:
                found = self._ask_chain_id(endpoint)
            except _FAILURES as error:
                self._leave(endpoint, error)
                continue
            self._chain_id = found if self._chain_id is None else self._chain_id
            self._check_chain(endpoint)

    def begin_look(self) -> None:
        """Return to the most preferred endpoint that is in order; from time to time, compare how far they are."""
        if len(self.endpoints) > 1 and time.monotonic() - self._compared > COMPARE_SECONDS:
            self._compared = time.monotonic()
            self._compare()
        self._current = self._answered.by = next(self._in_order())

    @override
    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """The first answer of a node in order; an error that says that its node fails, where no node does better.

        Raises:
            ReplyTooLong: none is short enough. It is not asked for again: that would bring as many bytes.
        """
        failure: Exception = requests.ConnectionError()
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(PAUSE_SECONDS * 2**attempt * random.uniform(0.5, 1.0))
            errors: dict[Endpoint, Any] = {}
            too_long: dict[Endpoint, ReplyTooLong] = {}
            for endpoint in self._in_order(self._current):
                try:
                    answer = self._ask(endpoint, method, params)
                except ReplyTooLong as error:
                    too_long[endpoint] = error
                    continue
                except _FAILURES as error:
                    failure = error
                    self._leave(endpoint, error)
                    continue
                if is_failure(method, answer.get("error")):
                    errors[endpoint] = answer["error"]
                    continue
                for other, told in errors.items():
                    self._leave(other, ChainError(f"{method} is answered with error {told['code']}"))
                for other, long in too_long.items():
                    if "result" in answer:
                        self._leave(other, long)
                endpoint.backoff.worked()
                self._current = self._answered.by = endpoint
                return answer
            if too_long:
                raise next(iter(too_long.values()))
            if errors:  # it may be the question's fault
                told = next(iter(errors.values()))
                bare = {"code": told["code"], "message": told["message"]}  # web3 takes any data for a revert's
                return cast(RPCResponse, {"jsonrpc": "2.0", "id": None, "error": bare})
        raise failure

    def _in_order(self, first: Endpoint | None = None) -> Iterator[Endpoint]:
        """Those that are in order, as preferred, `first` before all; then those left alone, the longest before."""
        ready = self._ready()
        yield from sorted(ready, key=lambda endpoint: endpoint is not first)
        yield from sorted(set(self.endpoints) - set(ready), key=lambda endpoint: endpoint.backoff.until)

    def _ready(self) -> list[Endpoint]:
        return [endpoint for endpoint in self.endpoints if not endpoint.backoff.resting]

    def _leave(self, endpoint: Endpoint, error: Exception) -> None:
        endpoint.chain_id = None
        if len(self.endpoints) > 1:
            endpoint.rest(error)

    def _ask(self, endpoint: Endpoint, method: RPCEndpoint, params: Any) -> RPCResponse:
        if endpoint.chain_id is None and self._chain_id is not None:
            self._ask_chain_id(endpoint)
            self._check_chain(endpoint)
        answer = self._request(endpoint, method, params)
        if method == "eth_getBlockByNumber" and params[0] == "latest" and "result" in answer:
            height = _number(answer["result"].get("number"))
            if height < self._usual - MAX_LAG:
                raise ChainError(f"the node at {endpoint.where} is at block {height}, the others were at {self._usual}")
        return answer

    def _ask_chain_id(self, endpoint: Endpoint) -> int:
        endpoint.chain_id = _number(self._request(endpoint, RPCEndpoint("eth_chainId"), []).get("result"))
        return endpoint.chain_id

    def _check_chain(self, endpoint: Endpoint) -> None:
        if endpoint.chain_id != self._chain_id:
            text = f"the node at {endpoint.where} serves chain {endpoint.chain_id}, not {self._chain_id}"
            raise ChainError(text, "see --rpc")

    def _request(self, endpoint: Endpoint, method: RPCEndpoint, params: Any) -> RPCResponse:
        body = self.encode_rpc_request(method, params)
        answer = endpoint.ask(body, self.decode_rpc_response(body)["id"], most_bytes(method))
        if "result" in answer:
            check_result(method, params, answer["result"])
        return answer

    def _compare(self) -> None:
        """Leave those alone that are far from the median of all, or, of two, behind the other.

        So one that claims a block far ahead cannot outvote two others.
        """
        heights = {}
        for endpoint in self._ready():
            try:
                heights[endpoint] = _number(self._ask(endpoint, RPCEndpoint("eth_blockNumber"), []).get("result"))
            except _FAILURES as error:
                self._leave(endpoint, error)
        if not heights:
            return
        self._usual = usual = median_low(heights.values()) if len(heights) > 2 else max(heights.values())
        for endpoint, height in heights.items():
            if abs(height - usual) > MAX_LAG:
                self._leave(endpoint, ChainError(f"at block {height}, the others at {usual}"))


def _number(value: Any) -> int:
    """The number of a hexadecimal text. Raises BadResponseFormat where it is none."""
    try:
        return int(value, 16)
    except (TypeError, ValueError):
        raise BadResponseFormat("it gives no number") from None


def _reason(error: Exception) -> str:
    """What happened, without any URL."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"HTTP {error.response.status_code} {plain(error.response.reason)}"
    if isinstance(error, ChainError):
        return error.message
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, RateLimited):
        return "one request too many"
    if isinstance(error, requests.RequestException):
        return "no connection"
    return plain(error)
