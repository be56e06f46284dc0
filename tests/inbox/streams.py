"""An open inbox as its stream sees it: a session cookie instead of an API key."""

import http.client
from typing import Any
from urllib.parse import urlsplit

from django.test import Client

from tests.support.sse import EventStream


class InboxStream(EventStream):
    """``/inbox/events`` of whoever is signed in at a client."""

    def __init__(self, site: str, client: Client | None) -> None:
        parts = urlsplit(site)
        assert parts.hostname is not None
        self._connection = http.client.HTTPConnection(
            parts.hostname, parts.port, timeout=15
        )
        headers = {}
        if client is not None:
            headers["Cookie"] = f"a=b; sessionid={client.cookies['sessionid'].value}"
        self._connection.request("GET", "/inbox/events", headers=headers)
        self._response = self._connection.getresponse()
        self.status = self._response.status
        self.headers = self._response.headers
        self.comments: list[str] = []
        if self.status == 200:
            self._skip_the_opening()

    def _skip_the_opening(self) -> None:
        opening = [self._response.readline() for _ in range(3)]
        assert opening == [b"retry: 3000\n", b": open\n", b"\n"]

    def changed(self) -> list[str]:
        """Wait for word of a change; return the questions it names."""
        frame = self.next()
        assert frame is not None, "the stream ended"
        assert frame.event == "changed"
        ids: Any = frame.data["ids"]
        return list(ids)

    def ends(self) -> bool:
        """Wait for the end. Before it there may be word that anything may have
        changed: a subscription that came back says so at any time."""
        while (frame := self.next()) is not None:
            assert (frame.event, frame.data) == ("changed", {"ids": []})
        return True
