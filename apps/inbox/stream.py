"""``GET /inbox/events``: tells an open inbox that something changed. A held route.

One hop to the database when it opens, then no thread. What changed is not said: the
page fetches what it may see.
"""

from apps.inbox.live import inbox_stream, inboxes
from apps.inbox.selectors import prints_of
from apps.inbox.sessions import SignedIn, session_key_in, who_is_signed_in
from apps.kernel import clock
from apps.kernel.errors import Unauthenticated
from apps.realtime.bridge import hop
from apps.realtime.held import Request, Response, held

__all__ = ["ROUTES", "inboxes"]

_HEADERS = {
    "content-type": "text/event-stream",
    "cache-control": "no-store, no-transform",
    "x-accel-buffering": "no",
    "x-content-type-options": "nosniff",
}


def _enter(session_key: str) -> tuple[SignedIn, dict[str, str]]:
    """Return who is signed in, and how their turns stand.

    Raises:
        Unauthenticated: nobody is.
    """
    found = who_is_signed_in([session_key], now=clock.now()) if session_key else {}
    if session_key not in found:
        raise Unauthenticated("sign in at /inbox/sign-in")
    who = found[session_key]
    return who, prints_of(sorted(who.principal_ids))


async def inbox_events(request: Request) -> Response:
    """Hold a stream of ``changed`` events for the account that is signed in."""
    inboxes.require_room()
    session_key = session_key_in(request.headers.get("cookie", ""))
    who, prints = await hop(_enter, session_key)
    stream = inbox_stream(session_key, who, prints)
    return Response(200, headers=_HEADERS, stream=stream)


ROUTES = (held("GET", "/inbox/events", inbox_events),)
