"""One reader of the table for all project streams of a process."""

import asyncio
import contextlib
import logging
from collections.abc import Iterable

from django_eventstream.event import Event
from django_eventstream.views import ListenerManager

from apps.realtime.bridge import hop_until_answered
from apps.run_events.frames import StoredEvent, render
from apps.run_events.selectors import Position, project_events_after
from apps.run_events.wire import project_channel

logger = logging.getLogger(__name__)

#: A busy project is read at most every so many seconds, however many events it has.
READ_EVERY_SECONDS = 0.05
#: When events are held back by an open transaction, how soon to look again.
HELD_BACK_SECONDS = 0.1
FAILED_SECONDS = 1.0

PlacedFrame = tuple[Position, bytes]


def placed(events: Iterable[tuple[Position, StoredEvent]]) -> list[PlacedFrame]:
    """Return each event's frame with its position, which is also its id."""
    return [
        (position, render(event, f"{position[0]}.{position[1]}"))
        for position, event in events
    ]


class ProjectFeed:
    """Reads a project's new events once and hands each page to every follower.

    It starts at a position that was the horizon when its first follower asked, and
    passes pages on in order; who joins later reads up to now by itself first.
    """

    def __init__(
        self, project_id: str, position: Position, manager: ListenerManager
    ) -> None:
        self.project_id = project_id
        self.followers = 0
        self._position = position
        self._manager = manager
        self._news = asyncio.Event()
        self._news.set()
        self._task = asyncio.get_running_loop().create_task(self._run())

    def wake(self) -> None:
        """There may be new events."""
        self._news.set()

    async def stop(self) -> None:
        """Stop reading."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _run(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                await self._read()
            except Exception:
                logger.exception("project %s could not be read", self.project_id)
                self._wake_after(FAILED_SECONDS)
            await asyncio.sleep(READ_EVERY_SECONDS)

    async def _read(self) -> None:
        page = await hop_until_answered(
            project_events_after, self.project_id, self._position
        )
        if page.events:
            frames = placed(page.events)
            self._position = frames[-1][0]
            channel = project_channel(self.project_id)
            self._manager.add_to_queues(
                channel, Event(channel, "page", frames, id=self._position)
            )
        if page.has_more:
            self._news.set()
        elif page.held_back:
            self._wake_after(HELD_BACK_SECONDS)

    def _wake_after(self, seconds: float) -> None:
        asyncio.get_running_loop().call_later(seconds, self._news.set)
