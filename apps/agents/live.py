"""Live streams of sessions: fed by messages between processes, corrected by the table.

Numbered events come in order, each once. What has no number is passed on while it is
new; a reader who is too slow for it, or was cut off, is told to forget it.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from itertools import chain
from typing import Any, NamedTuple

from django.db import connection
from django_eventstream.event import Event

from apps.agents.frames import RESYNC, Frame, live_frame, message_frame, show_message
from apps.agents.models import Session, SessionStatus
from apps.agents.selectors import page_of_messages
from apps.agents.wire import KIND, session_channel
from apps.api.body import INT64_MAX
from apps.identity.admission import still_admitted
from apps.identity.permissions import Permission
from apps.kernel import clock
from apps.realtime.bridge import hop, hop_until_answered
from apps.realtime.sse import KEEP_ALIVE, OPENED, in_chunks
from apps.realtime.streams import Follower, OpenStreams

PAGE_SIZE = 200

#: Promises: those of the sessions that have messages above the number known of them,
#: are closed, or are gone.
_CHANGED = """
SELECT known.id
FROM unnest(%s::text[], %s::bigint[]) AS known(id, sequence)
LEFT JOIN agents_session AS s ON s.id = known.id
WHERE s.id IS NULL OR s.status <> 'active' OR s.last_sequence > known.sequence
"""


class SessionFollower(Follower):
    """Follows one session from the number ``last`` on."""

    def __init__(self, session: Session, key_id: str, last: int) -> None:
        super().__init__(session_channel(session.id), key_id)
        self.session_id = session.id
        self.agent_id = session.agent_id
        self.last = last
        self._told = False

    def look(self) -> None:
        """Make the stream read the table, from which nothing is lost."""
        self._told = True
        self.aevent.set()

    def was_told(self) -> bool:
        """Say whether to read the table; asked once, it is forgotten."""
        told, self._told = self._told, False
        return told

    def accept(self, frames: Iterable[Frame]) -> tuple[list[bytes], bool]:
        """Return what to write of these frames, and whether one is missing before one
        of them: then the table has the rest."""
        bodies: list[bytes] = []
        for frame in frames:
            if frame.sequence is not None:
                if frame.sequence <= self.last:
                    continue
                if frame.sequence != self.last + 1:
                    return bodies, True
                self.last = frame.sequence
            bodies.append(frame.body)
        return bodies, False


class _Page(NamedTuple):
    """Frames from the table, and whether the session was over before they were read."""

    frames: Sequence[Frame]
    has_more: bool
    is_over: bool


def _admitted(key_ids: list[str]) -> set[str]:
    return still_admitted(key_ids, Permission.SESSION_VIEW, now=clock.now())


class SessionStreams(OpenStreams[SessionFollower]):
    """The open streams of sessions in this process."""

    def __init__(self) -> None:
        super().__init__(KIND, _admitted)

    def receive(self, message: dict[str, Any]) -> None:
        """Pass messages, previews and hints on to the streams of their session."""
        session_id = message["session_id"]
        channel = session_channel(session_id)
        if channel not in self.manager.listeners_by_channel:
            return
        preview = message.get("preview")
        if preview is not None:
            frames = [live_frame(preview["event"], session_id, preview["data"])]
            self.manager.add_to_queues(channel, Event(channel, KIND, frames))
        elif "messages" in message:
            frames = [message_frame(shown) for shown in message["messages"]]
            self.manager.add_to_queues(channel, Event(channel, KIND, frames))
        else:
            for follower in tuple(self.manager.listeners_by_channel[channel]):
                follower.look()

    async def compare(self) -> None:
        """Look for sessions that are ahead of their streams, or over."""
        known: dict[str, int] = {}
        for follower in self.followers:
            known[follower.session_id] = min(
                follower.last, known.get(follower.session_id, follower.last)
            )
        if known:
            changed = await hop(_changed_among, known)
            for follower in self.followers:
                if follower.session_id in changed:
                    follower.look()

    def compare_soon(self) -> None:
        """The subscription was lost or is back: what was live may have been missed."""
        for follower in self.followers:
            follower.fall_behind()
        super().compare_soon()


#: The streams of this process; ``mobius.asgi`` starts and stops them.
session_streams = SessionStreams()


async def session_stream(
    session: Session, *, after: int, key_id: str
) -> AsyncIterator[bytes]:
    """Yield the messages above ``after``, then what comes. It ends when the session is
    closed or gone, after its last message."""
    last = min(after, session.last_sequence)
    follower = SessionFollower(session, key_id, last)
    with session_streams.following(follower):
        yield OPENED
        reads = True
        while True:
            while reads:
                page = await hop_until_answered(
                    _read, follower.session_id, follower.agent_id, follower.last
                )
                bodies, _ = follower.accept(page.frames)
                for chunk in in_chunks(bodies):
                    yield chunk
                reads = page.has_more
                if page.is_over and not reads:
                    return
            if not await follower.wait():
                yield KEEP_ALIVE
            taken = follower.take(session_streams.manager)
            if taken.ended:
                return
            told = follower.was_told()
            frames = chain.from_iterable(event.data for event in taken.items)
            bodies, missing = follower.accept(frames)
            for chunk in in_chunks(bodies):
                yield chunk
            if taken.behind:
                yield live_frame(RESYNC, follower.session_id, {}).body
            reads = told or missing or taken.behind


def _read(session_id: str, agent_id: str, last: int) -> _Page:
    """Read the status first: what is over by then gets no message any more."""
    status = Session.objects.filter(id=session_id).values_list("status", flat=True)
    is_over = status.first() != SessionStatus.ACTIVE
    page = page_of_messages(session_id, after=last, before=INT64_MAX, limit=PAGE_SIZE)
    frames = [message_frame(show_message(one, agent_id)) for one in page.messages]
    return _Page(frames, page.has_more, is_over)


def _changed_among(known: dict[str, int]) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(_CHANGED, [list(known), list(known.values())])
        return {id_ for (id_,) in cursor.fetchall()}
