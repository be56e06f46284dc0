"""Live streams of timelines: fed by messages, corrected by the table.

Messages are the quick way and may be lost. Every other second (every second while
Redis is away) one query for all streams of the process finds those that are behind.
"""

import contextlib
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from django_eventstream.event import Event

from apps.identity.admission import still_admitted
from apps.identity.permissions import Permission
from apps.kernel import clock
from apps.realtime.bridge import hop, hop_until_answered
from apps.realtime.sse import KEEP_ALIVE, OPENED, in_chunks
from apps.realtime.streams import OpenStreams
from apps.run_events.followers import ProjectFollower, RunFollower
from apps.run_events.frames import Seed, render_seed, to_frame
from apps.run_events.linear_frames import Shape, to_linear_frame
from apps.run_events.project_feed import ProjectFeed, placed
from apps.run_events.selectors import (
    Position,
    events_after,
    project_events_after,
    runs_ahead,
)
from apps.run_events.wire import KIND, unpack


def _admitted(key_ids: list[str]) -> set[str]:
    return still_admitted(key_ids, Permission.RUN_VIEW, now=clock.now())


class Streams(OpenStreams[RunFollower | ProjectFollower]):
    """The open streams of runs and of projects in this process."""

    def __init__(self) -> None:
        super().__init__(KIND, _admitted)
        self._feeds: dict[str, ProjectFeed] = {}

    async def stop(self) -> None:
        """End every stream and stop watching."""
        for feed in tuple(self._feeds.values()):
            await feed.stop()
        self._feeds.clear()
        await super().stop()

    def feed_count(self) -> int:
        """Return how many projects are being followed."""
        return len(self._feeds)

    def receive(self, message: dict[str, Any]) -> None:
        """Pass new lines on to the streams that follow them."""
        for item in message["events"]:
            channel = item["channel"]
            if channel in self.manager.listeners_by_channel:
                followers = tuple(self.manager.listeners_by_channel[channel])
                event = unpack(item)
                if event is None:
                    for follower in followers:
                        follower.fall_behind()
                elif followers:
                    frame = followers[0].to_frame(event)
                    self.manager.add_to_queues(
                        channel, Event(channel, event.type, frame, id=event.seq)
                    )
            feed = self._feeds.get(item["project_id"])
            if feed is not None:
                feed.wake()

    @contextlib.asynccontextmanager
    async def feeding(self, project_id: str, position: Position) -> AsyncIterator[None]:
        """Read the project's events for as long as anybody follows them."""
        feed = self._feeds.get(project_id)
        if feed is None:
            feed = ProjectFeed(project_id, position, self.manager)
            self._feeds[project_id] = feed
        feed.followers += 1
        try:
            yield
        finally:
            feed.followers -= 1
            if not feed.followers and self._feeds.get(project_id) is feed:
                del self._feeds[project_id]
                await feed.stop()

    async def compare(self) -> None:
        """Look for runs that are ahead of their streams; wake the feeds."""
        for feed in self._feeds.values():
            feed.wake()
        runs = [f for f in self.followers if isinstance(f, RunFollower)]
        known: dict[str, int] = {}
        for follower in runs:
            known[follower.run_id] = min(
                follower.last, known.get(follower.run_id, follower.last)
            )
        if known:
            ahead = await hop(runs_ahead, known)
            for follower in runs:
                match ahead.get(follower.run_id):
                    case True:
                        follower.fall_behind()
                    case False:
                        follower.end("the run is old and its timeline is gone")


#: The streams of this process; ``mobius.asgi`` starts and stops them.
streams = Streams()


async def run_stream(
    seed: Seed, *, after: int | None, key_id: str, shape: Shape | None = None
) -> AsyncIterator[bytes]:
    """Yield a run's stream: its seed, the lines above ``after``, then live.

    Without ``after`` it goes on from the seed. Lines come in order, each once. It
    ends after the line that finishes the run, or at once when that is in the past.
    With a ``shape`` there is no seed, and without ``after`` all lines are replayed.
    """
    start = after if after is not None else seed.seq if shape is None else 0
    last = min(start, seed.seq)
    frame_of = to_frame if shape is None else partial(to_linear_frame, shape=shape)
    follower = RunFollower(seed.run_id, key_id, last, seed.status, frame_of)
    with streams.following(follower):
        yield render_seed(seed) if shape is None else OPENED
        if follower.is_over() and follower.last == seed.seq:
            return
        behind = True
        while True:
            if behind:
                async for chunk in _catch_up_run(follower):
                    yield chunk
            if follower.is_over():
                return
            if not await follower.wait():
                yield KEEP_ALIVE
            taken = follower.take(streams.manager)
            if taken.ended:
                return
            bodies, missing = follower.accept(event.data for event in taken.items)
            for chunk in in_chunks(bodies):
                yield chunk
            behind = missing or taken.behind


async def _catch_up_run(follower: RunFollower) -> AsyncIterator[bytes]:
    """Yield from the table what is above the follower's place, page by page."""
    has_more = True
    while has_more:
        page = await hop_until_answered(events_after, follower.run_id, follower.last)
        has_more = page.has_more
        frames = [follower.to_frame(event) for event in page.events]
        del page
        for frame in frames:
            follower.pass_by(frame)
        for chunk in in_chunks(frame.body for frame in frames):
            yield chunk


async def project_stream(
    project_id: str, *, after: Position, now: Position, key_id: str
) -> AsyncIterator[bytes]:
    """Yield all frames of a project after a position, in their one order, without end.

    ``now`` is a horizon read before, not later than the call.
    """
    follower = ProjectFollower(project_id, key_id, min(after, now))
    with streams.following(follower):
        async with streams.feeding(project_id, now):
            yield OPENED
            behind = True
            while True:
                while behind:
                    page = await hop_until_answered(
                        project_events_after, project_id, follower.last
                    )
                    behind = page.has_more
                    for chunk in in_chunks(follower.accept(placed(page.events))):
                        yield chunk
                if not await follower.wait():
                    yield KEEP_ALIVE
                taken = follower.take(streams.manager)
                if taken.ended:
                    return
                for event in taken.items:
                    for chunk in in_chunks(follower.accept(event.data)):
                        yield chunk
                behind = taken.behind
