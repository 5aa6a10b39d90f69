"""A pinning service: a company that fetches content from our own store and keeps it for us.

https://ipfs.github.io/pinning-services-api-spec. It is asked for each CID that is put; it holds nothing that nobody
gives it, so it stands beside a store that other IPFS nodes can reach, and never instead of one.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import requests

from headwater.errors import ConfigError, Unavailable, Unreachable
from headwater.redaction import redact
from headwater.replies import ReplyTooLong, ask, new_session, parse_json, read_reply
from headwater.storage.cid import Cid

NAME = "headwater"
"""What pins are called in the service's own list."""

_REPLY_LIMIT = 1 << 18  # bytes


class PinningService:
    """The service whose API is at `url`. `token` is its access token; no error shows it."""

    def __init__(self, url: str, token: str, timeout: float = 20.0) -> None:
        """Raises ConfigError where the URL is none of http or https, or carries a user or a query."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
            raise ConfigError(f"{redact(url)!r} is no address of a pinning service", "give one like https://HOST/psa")
        self._url = url.rstrip("/")
        self._timeout = timeout
        self._session = new_session({"Authorization": f"Bearer {token}"})

    def pin(self, cid: Cid) -> None:
        """Ask the service to keep content, unless it does, or is about to.

        Raises:
            Unavailable: it does not answer, or refuses.
        """
        if not self._pins(cid, "queued,pinning,pinned"):
            self._call("POST", "/pins", json={"cid": str(cid), "name": NAME})

    def unpin(self, cid: Cid) -> None:
        """Ask the service to let go of content. Raises as `pin`."""
        for pin in self._pins(cid, "queued,pinning,pinned,failed"):
            self._call("DELETE", f"/pins/{pin['requestid']}")

    def describe(self) -> str:
        """The specification that `open_store` takes."""
        return f"pin:{self._url}"

    def _pins(self, cid: Cid, status: str) -> list[dict[str, Any]]:
        answer = self._call("GET", "/pins", params={"cid": str(cid), "status": status})
        try:
            return [pin for pin in answer["results"] if pin["requestid"]]
        except (KeyError, TypeError) as error:
            raise Unavailable(f"{self.describe()} does not answer as a pinning service", "check its address") from error

    def _call(self, method: str, path: str, **options: Any) -> Any:
        try:
            with ask(self._session, method, self._url + path, self._timeout, **options) as response:
                if response.status_code not in (200, 202):
                    text = f"{self.describe()} answered {method} with HTTP status {response.status_code}"
                    raise Unavailable(text, "check the token in HEADWATER_PINNING_TOKEN_FILE, and the account's limits")
                body = read_reply(response, _REPLY_LIMIT, self._timeout)
                return parse_json(body) if body else None
        except (requests.RequestException, ReplyTooLong, ValueError) as error:
            text = f"{self.describe()} failed: {type(error).__name__}"
            raise Unreachable(text, "ask again later") from None
