"""HTTP/1.1 over raw asyncio: a client that costs little beside the server it loads."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, NamedTuple, Self, cast

import httptools
import orjson

from tests.load.target import Target


class Answer(NamedTuple):
    """One answer; ``at`` is ``time.perf_counter()`` when its last byte was read."""

    status: int
    body: bytes
    at: float

    def json(self) -> Any:
        """Return the decoded body."""
        return orjson.loads(self.body)

    def expect(self, status: int) -> "Answer":
        """Return itself, or raise RuntimeError with what the server said instead."""
        if self.status != status:
            said = self.body[:500].decode(errors="replace")
            raise RuntimeError(f"expected {status}, got {self.status}: {said}")
        return self


class Connection(asyncio.Protocol):
    """One kept-alive connection; one request at a time.

    A connection that the server has closed between two requests is opened again.
    ``credentials`` is the header that says who calls, when it is not the key.
    """

    def __init__(self, target: Target, *, credentials: str = "") -> None:
        self._target = target
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._answer: asyncio.Future[Answer] | None = None
        credentials = credentials or f"Authorization: Bearer {target.key}"
        self._tail = (
            f" HTTP/1.1\r\nHost: {target.host}\r\n"
            f"{credentials}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        ).encode()

    async def get(self, path: str) -> Answer:
        """GET a path below the project."""
        return await self.send(b"GET", self._target.path(path), b"")

    async def post(self, path: str, value: Any) -> Answer:
        """POST a JSON value to a path below the project."""
        return await self.send(b"POST", self._target.path(path), orjson.dumps(value))

    async def send(self, method: bytes, path: str, body: bytes) -> Answer:
        """Send one request and wait for the whole answer.

        Raises:
            ConnectionError: the server hung up before it had answered.
        """
        loop = asyncio.get_running_loop()
        if self._transport is None:
            self._parser = httptools.HttpResponseParser(self)
            await loop.create_connection(
                lambda: self, self._target.host, self._target.port
            )
        assert self._transport is not None
        self._answer = loop.create_future()
        self._transport.write(
            b"%b %b%b%d\r\n\r\n%b"
            % (method, path.encode(), self._tail, len(body), body)
        )
        return await self._answer

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio's protocol."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by type

    def connection_lost(self, exc: Exception | None) -> None:
        """Part of asyncio's protocol."""
        self._transport = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError("hung up before answering"))

    def data_received(self, data: bytes) -> None:
        """Part of asyncio's protocol."""
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        """Called by the parser."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """Called by the parser."""
        body, self._body = b"".join(self._body), []
        status = self._parser.get_status_code()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(Answer(status, body, time.perf_counter()))


#: What a stream hands on: the bytes of one frame and when they were read (Unix time).
OnFrame = Callable[[bytes, float], None]


class EventStream(asyncio.Protocol):
    """One open stream of server-sent events; every frame goes to ``on_frame``."""

    def __init__(self, target: Target, run_id: str, on_frame: OnFrame) -> None:
        self._target = target
        self._run_id = run_id
        self._on_frame = on_frame
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        loop = asyncio.get_running_loop()
        self._seeded: asyncio.Future[None] = loop.create_future()
        self.ended: asyncio.Future[None] = loop.create_future()

    async def open(self) -> Self:
        """Connect, and return when the first frame is there.

        Raises:
            ConnectionError: the stream ended before it.
        """
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self, self._target.host, self._target.port)
        await self._seeded
        return self

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio's protocol."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by type
        path = self._target.path(f"runs/{self._run_id}/events")
        self._transport.write(
            f"GET {path} HTTP/1.1\r\nHost: {self._target.host}\r\n"
            f"Authorization: Bearer {self._target.key}\r\n"
            "Accept: text/event-stream\r\n\r\n".encode()
        )

    def connection_lost(self, exc: Exception | None) -> None:
        """Part of asyncio's protocol."""
        if not self._seeded.done():
            self._seeded.set_exception(ConnectionError("the stream did not open"))
        if not self.ended.done():
            self.ended.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Part of asyncio's protocol."""
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        """Called by the parser."""
        at = time.time()
        *frames, self._rest = (self._rest + body).split(b"\n\n")
        for frame in frames:
            if not frame.startswith(b":"):
                if not self._seeded.done():
                    self._seeded.set_result(None)
                self._on_frame(frame, at)

    def on_message_complete(self) -> None:
        """Called by the parser."""
        if not self.ended.done():
            self.ended.set_result(None)
