"""The few calls of Mobius's public API that the demonstration makes."""

import http.client
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 60.0


class ApiError(Exception):
    """The server answered, but not with success."""

    def __init__(self, status: int, body: Any) -> None:
        said = body.get("message") if isinstance(body, dict) else None
        super().__init__(f"HTTP {status}: {said or body}")
        self.status = status
        self.body = body


class Client:
    """Calls below one base URL with one key. Not for use by several threads.

    The connection is kept between calls. OSError and http.client.HTTPException
    mean that there was no answer; ApiError, that it was not a success.
    """

    def __init__(self, base_url: str, api_key: str = "") -> None:
        parts = urlsplit(base_url)
        self._prefix = parts.path.rstrip("/")
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        make = (
            http.client.HTTPSConnection
            if parts.scheme == "https"
            else http.client.HTTPConnection
        )
        self._connection = make(
            parts.hostname or "127.0.0.1", parts.port, timeout=TIMEOUT_SECONDS
        )

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Send one request; return the decoded body, None when there is none."""
        headers = dict(self._headers)
        content = None
        if body is not None:
            content = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        try:
            self._connection.request(method, self._prefix + path, content, headers)
            response = self._connection.getresponse()
            raw = response.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        decoded = _decode(raw)
        if response.status >= 300:
            raise ApiError(response.status, decoded)
        return decoded

    def events(self, path: str) -> Iterator[dict[str, Any]]:
        """Follow an event stream; yield each frame's data until the server ends it."""
        headers = {**self._headers, "Accept": "text/event-stream"}
        try:
            self._connection.request("GET", self._prefix + path, headers=headers)
            response = self._connection.getresponse()
            if response.status != 200:
                raise ApiError(response.status, _decode(response.read()))
            for line in response:
                if line.startswith(b"data:"):
                    yield json.loads(line[5:])
        finally:
            self.close()

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        self._connection.close()


def _decode(raw: bytes) -> Any:
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode(errors="replace")
