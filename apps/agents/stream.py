"""``GET …/sessions/{id}/stream`` and ``GET …/agents/{id}/sessions/{id}/events.stream``:
a session as server-sent events. Held routes: one hop to the database when a stream
opens, then no thread.
"""

from typing import Final

from apps.agents.live import session_stream, session_streams
from apps.agents.models import Session
from apps.agents.selectors import find_session
from apps.identity.held import Entered, enter
from apps.identity.permissions import Permission
from apps.realtime.bridge import hop
from apps.realtime.held import Request, Response, held
from apps.realtime.sse import STREAM_HEADERS, furthest, read_number

__all__ = ["ROUTES", "session_streams"]

_CURSORS: Final = ("after_sequence",)


def _open(request: Request) -> tuple[Entered, Session, int]:
    entered = enter(request, Permission.SESSION_VIEW)
    session = find_session(
        entered.caller.project_id,
        request.parameters["session"],
        agent_id=request.parameters.get("agent", ""),
    )
    return entered, session, furthest(request, _CURSORS, read_number) or 0


async def session_events(request: Request) -> Response:
    """A session from the message after ``after_sequence`` or ``Last-Event-ID`` on,
    whichever is larger; without them from its first."""
    session_streams.require_room()
    entered, session, after = await hop(_open, request)
    stream = session_stream(session, after=after, key_id=entered.caller.key_id)
    return Response(200, headers={**STREAM_HEADERS, **entered.headers}, stream=stream)


ROUTES = (
    held("GET", "/v1/projects/{project}/sessions/{session}/stream", session_events),
    held(
        "GET",
        "/v1/projects/{project}/agents/{agent}/sessions/{session}/events.stream",
        session_events,
    ),
)
