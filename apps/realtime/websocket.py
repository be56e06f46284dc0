"""One accepted WebSocket: text frames in, a bounded queue of frames out.

Whoever has something to say writes it and goes on. A peer that does not read what it
is sent is let go with 1013 instead of costing memory. An idle socket has one task, and
no other while nothing is written.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Mapping
from typing import Any, Final

from apps.api.exceptions import error_body, error_headers
from apps.api.rendering import to_json
from apps.kernel.errors import MobiusError

#: What may wait for a slow reader.
FRAMES_MAX: Final = 512
BYTES_MAX: Final = 4 * 1024 * 1024
#: How long a peer that does not read has to take note that it is let go.
CLOSE_SECONDS_MAX: Final = 2.0

#: Close codes of the protocol.
NORMAL: Final = 1000
GOING_AWAY: Final = 1001
POLICY: Final = 1008
RESTART: Final = 1012
TRY_LATER: Final = 1013

#: What ``mobius.websockets`` puts among the frames when the server begins to stop.
STOPPING: Final = "websocket.stopping"


class Stopping:
    """Read once when the server begins to stop."""


class Channel:
    """Both directions of one socket. Everything here runs on its loop."""

    __slots__ = (
        *("_bytes", "_close", "_ended", "_queue", "_reader", "_receive", "_send"),
        "_writer",
    )

    def __init__(self, receive: Any, send: Any) -> None:
        self._receive = receive
        self._send = send
        self._queue: deque[str] = deque()
        self._bytes = 0
        self._close: tuple[int, str] | None = None
        self._ended = False
        self._reader: asyncio.Task[Any] | None = None
        self._writer: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        """Say whether frames may still be written."""
        return self._close is None and not self._ended

    async def read(self) -> str | bytes | Stopping | None:
        """Return the next frame; None when the peer has gone or was let go."""
        if self._ended:
            return None
        reader = self._reader = asyncio.current_task()
        try:
            message = await self._receive()
        except asyncio.CancelledError:
            if reader is None or not self._was_let_go():
                raise
            reader.uncancel()
            return None
        finally:
            self._reader = None
        if message["type"] == STOPPING:
            return Stopping()
        if message["type"] != "websocket.receive":
            self._ended = True
            return None
        text: str | None = message.get("text")
        return text if text is not None else bytes(message.get("bytes") or b"")

    def _was_let_go(self) -> bool:
        return self._ended

    def write(self, frame: Mapping[str, Any]) -> None:
        """Send a frame after those before it; nothing when the socket is closing."""
        if not self.is_open:
            return
        text = to_json(frame).decode()
        self._queue.append(text)
        self._bytes += len(text)
        if len(self._queue) > FRAMES_MAX or self._bytes > BYTES_MAX:
            self._queue.clear()
            self.close(TRY_LATER, "you do not read what you are sent")
            if self._writer is not None:
                self._writer.cancel()
                self._writer = None
        self._start_writing()

    def close(self, code: int, reason: str = "") -> None:
        """Let the peer go after what was written before."""
        if self.is_open:
            self._close = (code, reason)
            self._start_writing()

    async def finish(self) -> None:
        """Wait until everything is written, or cannot be."""
        if self._writer is not None:
            await asyncio.wait({self._writer})

    def _start_writing(self) -> None:
        if self._writer is None:
            self._writer = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        me = asyncio.current_task()
        try:
            with contextlib.suppress(OSError):  # the peer has gone: reading ends too
                while self._queue:
                    text = self._queue.popleft()
                    self._bytes -= len(text)
                    await self._send({"type": "websocket.send", "text": text})
                if self._close is not None:
                    await self._hang_up(*self._close)
        finally:
            if self._writer is me:
                self._writer = None

    async def _hang_up(self, code: int, reason: str) -> None:
        goodbye = {"type": "websocket.close", "code": code, "reason": reason}
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(CLOSE_SECONDS_MAX):
                await self._send(goodbye)
        self._ended = True
        if self._reader is not None:
            self._reader.cancel()


async def accept(receive: Any, send: Any) -> Channel:
    """Take the socket on."""
    await send({"type": "websocket.accept"})
    return Channel(receive, send)


async def refuse(scope: Mapping[str, Any], send: Any, error: MobiusError) -> None:
    """Answer the upgrade with an error instead of a socket."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": POLICY})
        return
    headers = {"content-type": "application/json", **error_headers(error)}
    await send(
        {
            "type": "websocket.http.response.start",
            "status": error.status,
            "headers": [
                (name.lower().encode("latin-1"), value.encode("latin-1"))
                for name, value in headers.items()
            ],
        }
    )
    body = to_json(error_body(error.error_code, error.message, error.details))
    await send({"type": "websocket.http.response.body", "body": body})
