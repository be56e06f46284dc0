"""``GET …/runs/{id}/events`` and ``GET …/runs/events``: timelines, live or as a list.

Held routes: one hop to the database when a stream opens, then no thread.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from django.db.models import OuterRef, Subquery

from apps.api.body import INT64_MAX, invalid_field
from apps.api.pagination import read_limit
from apps.api.rendering import instant, present
from apps.identity.authentication import Caller, authenticate
from apps.identity.limits import count_request
from apps.identity.permissions import Permission
from apps.kernel import clock
from apps.kernel.errors import NotFound
from apps.realtime.bridge import hop
from apps.realtime.held import Request, Response, held
from apps.run_events.frames import Seed, to_event_object
from apps.run_events.linear_frames import Shape, to_object
from apps.run_events.live import project_stream, run_stream, streams
from apps.run_events.models import RunStream
from apps.run_events.selectors import Position, events_after, project_horizon
from apps.runs.models import Run
from apps.workflows.models import Dialect

__all__ = ["ROUTES", "streams"]

#: Every name under which a client may say where it stopped; the furthest counts.
_CURSORS = ("since", "since_sequence", "after_sequence")
_LAST_EVENT_ID = "last-event-id"
#: Those in which 0 is the place before the first line; in the older ones it is none.
_FROM_ZERO = ("since_sequence", "after_sequence")
_STREAM_HEADERS = {
    "content-type": "text/event-stream",
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
}


class _Opened(NamedTuple):
    """A caller who may read, and the headers that tell where it stands."""

    caller: Caller
    headers: Mapping[str, str]


def _enter(request: Request) -> _Opened:
    """Let the caller in.

    Raises:
        Unauthenticated, RateLimited, NotFound, PermissionDenied: in this order.
    """
    now = clock.now()
    caller = authenticate(request.headers.get("authorization"), now=now)
    standing = count_request(caller.key_id, caller.organization_id)
    caller.enter(request.parameters["project"])
    caller.require(Permission.RUN_VIEW)
    return _Opened(caller, standing.headers() if standing else {})


def _open_run(request: Request) -> tuple[_Opened, Seed, int | None]:
    opened = _enter(request)
    seed = read_seed(opened.caller.project_id, request.parameters["run"])
    return opened, seed, furthest(request, read_number, from_zero=_FROM_ZERO)


def _open_project(request: Request) -> tuple[_Opened, Position, Position]:
    opened = _enter(request)
    after = furthest(request, read_position)
    now = project_horizon()
    return opened, now if after is None else after, now


def _list_run(request: Request) -> tuple[_Opened, dict[str, Any]]:
    opened, seed, after = _open_run(request)
    start = after or 0
    page = events_after(seed.run_id, start, read_limit(request.query))
    shape = _shape(opened, seed)
    return opened, {
        "items": [
            to_event_object(event) if shape is None else to_object(event, shape)
            for event in page.events
        ],
        "has_more": page.has_more,
        "next_sequence": page.events[-1].seq if page.events else start,
    }


def _shape(opened: _Opened, seed: Seed) -> Shape | None:
    """Return how the run's events are shown; None in the frames of workflows."""
    match seed.dialect:
        case Dialect.AUTOMATION:
            return Shape(opened.caller.organization_id)
        case Dialect.LOOP:
            return Shape()
        case _:
            return None


def read_seed(project_id: str, run_id: str) -> Seed:
    """Return where a run stands, its number and its facts in one snapshot.

    Raises:
        NotFound: the project has no such run.
    """
    last_seq = RunStream.objects.filter(run_id=OuterRef("id")).values("last_seq")[:1]
    run = (
        Run.objects.filter(id=run_id, project_id=project_id)
        .defer("inputs", "state", "result")
        .annotate(last_seq=Subquery(last_seq))
        .first()
    )
    if run is None:
        raise NotFound(f"run {run_id} not found")
    facts = present(
        attempt=run.attempt,
        queue=run.queue,
        workflow_name=run.workflow_name,
        definition_id=run.workflow_id or None,
        definition_version=run.workflow_version or None,
        external_id=run.external_id or None,
        error_type=run.error_type or None,
        error_message=run.error_message or None,
        cancel_requested=run.cancel_requested,
        created_at=instant(run.created_at),
        started_at=instant(run.started_at),
        completed_at=instant(run.completed_at),
    )
    return Seed(
        run_id=run.id,
        seq=run.last_seq or 0,
        status=run.status,
        at=run.updated_at,
        facts=facts,
        dialect=run.dialect,
    )


def furthest(
    request: Request,
    read: Callable[[str, str], Any],
    *,
    from_zero: Collection[str] = (),
) -> Any:
    """Return the furthest place the client names; None means only what is new. A 0
    names a place only in the parameters ``from_zero``.

    Raises:
        Invalid: a place cannot be read; names the parameter or header.
    """
    sent = [(name, request.query[name]) for name in _CURSORS if name in request.query]
    if request.headers.get(_LAST_EVENT_ID):
        sent.append(("Last-Event-ID", request.headers[_LAST_EVENT_ID]))
    places = [
        read(name, value)
        for name, value in sent
        if value.strip("0 ") or (name in from_zero and value.strip())
    ]
    return max(places, default=None)


def read_number(name: str, value: str) -> int:
    """Return a line's number.

    Raises:
        Invalid: it is not a whole number from 0.
    """
    number = _whole(value)
    if number is None:
        raise invalid_field(name, "expected a whole number, the seq of a frame")
    return number


def read_position(name: str, value: str) -> Position:
    """Return the position that an id of a project's stream stands for.

    Raises:
        Invalid: it is not such an id.
    """
    numbers = [_whole(part) for part in value.split(".")]
    match numbers:
        case [int(xid), int(row)]:
            return xid, row
    raise invalid_field(name, "expected the id of an event of this stream, or 0")


def _whole(text: str) -> int | None:
    """Return a number that the database can hold, if the text is one."""
    plain = text.strip()
    if not (plain.isascii() and plain.isdigit() and len(plain) <= 19):
        return None
    return min(int(plain), INT64_MAX)


def media_types(accept: str) -> set[str]:
    """Return what an Accept header asks for."""
    types = {part.partition(";")[0].strip().lower() for part in accept.split(",")}
    return types - {""}


async def run_events(request: Request) -> Response:
    """``GET /v1/projects/{project}/runs/{run}/events``: a stream, or a JSON list.

    Who asks for JSON alone gets the list. Else runs of workflows are streams, whatever
    is asked for, and all others for those who ask for ``text/event-stream``.
    """
    accepted = media_types(request.headers.get("accept", ""))
    if accepted == {"application/json"}:
        return await _answer_list(request)
    opened, seed, after = await hop(_open_run, request)
    shape = _shape(opened, seed)
    if shape is not None and "text/event-stream" not in accepted:
        return await _answer_list(request)
    return _answer_stream(opened, seed, after, shape)


async def run_event_stream(request: Request) -> Response:
    """``GET /v1/projects/{project}/runs/{run}/events.stream``: always a stream."""
    opened, seed, after = await hop(_open_run, request)
    return _answer_stream(opened, seed, after, _shape(opened, seed))


async def _answer_list(request: Request) -> Response:
    opened, page = await hop(_list_run, request)
    return Response(200, page, opened.headers)


def _answer_stream(
    opened: _Opened, seed: Seed, after: int | None, shape: Shape | None
) -> Response:
    streams.require_room()
    key_id = opened.caller.key_id
    stream = run_stream(seed, after=after, key_id=key_id, shape=shape)
    return Response(200, headers={**_STREAM_HEADERS, **opened.headers}, stream=stream)


async def project_run_events(request: Request) -> Response:
    """``GET /v1/projects/{project}/runs/events``: frames of all runs, without end."""
    streams.require_room()
    opened, after, now = await hop(_open_project, request)
    caller = opened.caller
    stream = project_stream(
        caller.project_id, after=after, now=now, key_id=caller.key_id
    )
    return Response(200, headers={**_STREAM_HEADERS, **opened.headers}, stream=stream)


ROUTES = (
    held("GET", "/v1/projects/{project}/runs/events", project_run_events),
    held("GET", "/v1/projects/{project}/runs/{run}/events", run_events),
    held("GET", "/v1/projects/{project}/runs/{run}/events.stream", run_event_stream),
)
