"""Wants: to know what a node does, and whose account it has, from the page of a stranger that its operator looks at.

Tries: to let the page's own name lead to the operator's machine, where the browser then asks for /metrics and /healthz
and lets the page read the answer.
Stopped: they answer under addresses, localhost, and names that the operator gave, and under no name of others.
"""

from __future__ import annotations

import socket
from contextlib import contextmanager
from http.client import HTTPConnection
from unittest.mock import patch

import pytest

from headwater.cli import serving
from headwater.cli.hosts import is_address, is_asked_under
from headwater.cli.serving import serve

PAGES = {path: lambda: (200, "text/plain", b"account 0x1234") for path in ("/metrics", "/healthz")}
ALIEN = (
    *("stranger.example", "stranger.example:9100", "localhost.stranger.example", "127.0.0.1.stranger.example"),
    *("", "a@localhost", "localhost/", "localhost:x", "localhost, stranger.example", "[::1", "1.2.3", "0x7f.1:80"),
)
OWN = ("127.0.0.1", "localhost", "LOCALHOST:9100", "[::1]:9100", "192.0.2.7:9100", socket.gethostname())


@contextmanager
def any_host_answered():
    """A server that does not look at the name under which it is asked."""
    with patch.object(serving, "is_address", lambda _: True):
        yield


def asked(url: str, path: str, host: str) -> tuple[int, bytes]:
    connection = HTTPConnection(url.removeprefix("http://"), timeout=10)
    connection.putrequest("GET", path, skip_host=True)
    connection.putheader("Host", host)
    connection.endheaders()
    response = connection.getresponse()
    return response.status, response.read()


@pytest.mark.parametrize("path", PAGES)
def test_name__of_a_stranger(attack, path):
    with serve("127.0.0.1", 0, PAGES) as url:
        with attack.works_on(any_host_answered), any_host_answered():
            assert asked(url, path, "stranger.example") == (200, b"account 0x1234")
        for host in ALIEN:
            status, body = asked(url, path, host)
            assert (status, b"0x1234" in body) == (421, False), host
        assert all(asked(url, path, host)[0] == 200 for host in OWN)
    attack.gains("HTTP status 421")


def test_name__that_the_operator_gave__is_answered():
    with serve("localhost", 0, PAGES) as url:
        assert asked(url, "/metrics", "localhost:1")[0] == 200
    assert is_asked_under("node.example:80", {"node.example"}, 80)
    assert not is_asked_under("node.example:81", {"node.example"}, 80)
    assert not is_address(None)
