"""The one subscription of a web process: hears what other processes say.

Supervised: whatever breaks the connection, it comes back by itself, and every loss
and every return tells the listeners to look at the tables again, because something
may have been missed. A server that has gone silent counts as gone.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from typing import Any

import orjson
import redis
import redis.asyncio

from apps.realtime.connections import async_client
from apps.realtime.outbound import CHANNEL

logger = logging.getLogger(__name__)

RECONNECT_SECONDS = 0.5
#: A quiet connection is asked for a sign of life this often…
PING_SECONDS = 2.0
#: …and given up when there was none for so long.
SILENCE_SECONDS_MAX = 5.0

Listener = Callable[[dict[str, Any]], None]


class Subscription:
    """Passes each message to the listeners of its kind, on the event loop."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[Listener]] = {}
        self._resync: list[Callable[[], None]] = []
        self._task: asyncio.Task[None] | None = None
        self._complained = False
        #: Set while messages arrive; a new one with every start.
        self.connected = asyncio.Event()

    def listen(self, kind: str, listener: Listener) -> None:
        """Call ``listener`` for every message of ``kind``; once, if asked twice."""
        listeners = self._listeners.setdefault(kind, [])
        if listener not in listeners:
            listeners.append(listener)

    def on_resync(self, call: Callable[[], None]) -> None:
        """Call this whenever messages may have been missed."""
        if call not in self._resync:
            self._resync.append(call)

    def start(self) -> None:
        """Begin to listen, on the running loop."""
        self.connected = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        self.connected.clear()

    def resync(self) -> None:
        """Tell everybody to look at the tables again."""
        for call in self._resync:
            call()

    async def _run(self) -> None:
        while True:
            client = async_client()
            try:
                await self._listen(client)
            except Exception as error:  # whatever it was, listening goes on
                if not self._complained:
                    logger.warning("no subscription, trying again: %r", error)
                self._complained = True
                self.connected.clear()
                self.resync()
            finally:
                with contextlib.suppress(Exception):
                    await client.aclose()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _listen(self, client: "redis.asyncio.Redis") -> None:
        async with client.pubsub() as pubsub:
            await pubsub.subscribe(CHANNEL)
            heard_at = time.monotonic()
            while True:
                message = await pubsub.get_message(timeout=PING_SECONDS)
                if message is not None:
                    heard_at = time.monotonic()
                    self._take(message)
                elif time.monotonic() - heard_at > SILENCE_SECONDS_MAX:
                    raise redis.ConnectionError("the server has gone silent")
                else:
                    await pubsub.ping()

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "subscribe":
            self._complained = False
            self.connected.set()
            self.resync()
        elif message["type"] == "message":
            self._pass_on(message["data"])

    def _pass_on(self, data: bytes) -> None:
        try:
            messages = orjson.loads(data)
        except orjson.JSONDecodeError:
            logger.warning("unreadable message on %s", CHANNEL)
            return
        for message in messages:
            for listener in self._listeners.get(message.get("kind"), ()):
                try:
                    listener(message)
                except Exception:
                    logger.exception("listener for %s failed", message.get("kind"))


#: The subscription of this process; ``mobius.asgi`` starts and stops it.
subscription = Subscription()
