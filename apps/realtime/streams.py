"""Open streams of a process: told by messages, corrected by the tables, ended when a
key goes. What a stream is about is known to the apps that hold streams.

A stream is a django-eventstream listener with a place. Its queue is short and bounded:
when it overflows, the follower reads the table from its place on, so a slow reader
costs no memory and misses nothing.
"""

import asyncio
import contextlib
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, Generic, NamedTuple, TypeVar

from django.conf import settings
from django_eventstream.views import Listener, ListenerManager

from apps.kernel.errors import Unavailable
from apps.realtime.bridge import hop
from apps.realtime.subscription import Subscription

logger = logging.getLogger(__name__)

TICK_SECONDS = 1.0
#: In ticks: how often to look for missed lines while Redis is well, and for keys.
COMPARE_TICKS = 2
ADMISSION_TICKS = 3
#: Streams of one kind that a process holds; more are turned away with 503.
STREAMS_MAX = 20_000

#: From ids of API keys to those of them that may still read, asked of the database.
Admitted = Callable[[list[str]], set[str]]


class Taken(NamedTuple):
    """What was waiting for a follower; ``behind`` asks it to read the table."""

    items: list[Any]
    behind: bool
    ended: bool


class Follower(Listener):  # type: ignore[misc]
    """One open stream on one channel, held by one API key."""

    def __init__(self, channel: str, key_id: str) -> None:
        super().__init__()
        self.channel = channel
        self.channels = {channel}
        self.user_id = key_id
        self.channel_items: dict[str, list[Any]] = {}
        self.overflow = False
        self.error = ""
        self.assign_loop()

    def wake_threadsafe(self) -> None:
        """Wake the stream. Everything here runs on its loop: no other thread calls."""
        self.aevent.set()

    async def wait(self) -> bool:
        """Wait for news; False when there was none for a keep-alive interval."""
        try:
            async with asyncio.timeout(settings.KEEP_ALIVE_SECONDS):
                await self.aevent.wait()
        except TimeoutError:
            return False
        return True

    def take(self, manager: ListenerManager) -> Taken:
        """Empty the queue."""
        with manager.lock:
            taken = Taken(
                self.channel_items.get(self.channel, []),
                self.overflow,
                bool(self.error),
            )
            self.aevent.clear()
            self.channel_items = {}
            self.overflow = False
        return taken

    def fall_behind(self) -> None:
        """Make the stream read the table: something may have been missed."""
        self.overflow = True
        self.aevent.set()

    def end(self, reason: str) -> None:
        """Make the stream end, whatever else is waiting."""
        self.error = reason
        self.aevent.set()


AnyFollower = TypeVar("AnyFollower", bound=Follower)


class OpenStreams(ABC, Generic[AnyFollower]):
    """All open streams of one kind in this process, fed by messages of ``kind``."""

    def __init__(self, kind: str, admitted: Admitted) -> None:
        self.manager = ListenerManager()
        self.followers: set[AnyFollower] = set()
        self._kind = kind
        self._admitted = admitted
        self._subscription: Subscription | None = None
        self._watch: asyncio.Task[None] | None = None
        self._look = asyncio.Event()

    @abstractmethod
    def receive(self, message: dict[str, Any]) -> None:
        """Pass a message on to the streams that it concerns."""

    @abstractmethod
    async def compare(self) -> None:
        """Ask the tables which streams are behind, in one query for all of them."""

    def start(self, subscription: Subscription) -> None:
        """Begin to listen and to watch, on the running loop."""
        self._subscription = subscription
        self._look = asyncio.Event()
        subscription.listen(self._kind, self.receive)
        subscription.on_resync(self.compare_soon)
        self._watch = asyncio.get_running_loop().create_task(self._watch_forever())

    async def stop(self) -> None:
        """End every stream and stop watching."""
        for follower in tuple(self.followers):
            follower.end("the server stops")
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
            self._watch = None
        self._subscription = None

    def count(self) -> int:
        """Return how many streams are open."""
        return len(self.followers)

    def require_room(self) -> None:
        """Let one more stream in, or not.

        Raises:
            Unavailable: this process holds as many streams as it may.
        """
        if len(self.followers) >= STREAMS_MAX:
            raise Unavailable("this server holds as many streams as it may; try again")

    def compare_soon(self) -> None:
        """Messages may have been missed: look for streams that are behind."""
        self._look.set()

    @contextlib.contextmanager
    def following(self, follower: AnyFollower) -> Iterator[None]:
        """Keep ``follower`` on its channel for as long as its stream is open."""
        self.manager.add_listener(follower)
        self.followers.add(follower)
        try:
            yield
        finally:
            self.followers.discard(follower)
            self.manager.remove_listener(follower)

    async def _watch_forever(self) -> None:
        tick = 0
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK_SECONDS):
                    await self._look.wait()
            asked = self._look.is_set()
            self._look.clear()
            tick += 1
            try:
                if asked or tick % COMPARE_TICKS == 0 or not self._is_connected():
                    await self.compare()
                if tick % ADMISSION_TICKS == 0:
                    await self._end_what_is_not_admitted()
            except Exception as error:  # the next tick tries again
                logger.warning("streams could not be checked: %s", error)

    def _is_connected(self) -> bool:
        return self._subscription is not None and self._subscription.connected.is_set()

    async def _end_what_is_not_admitted(self) -> None:
        keys = {follower.user_id for follower in self.followers}
        if keys:
            gone = keys - await hop(self._admitted, list(keys))
            for follower in self.followers:
                if follower.user_id in gone:
                    follower.end("the API key is not valid any more")
