"""HTTP for held routes: requests that wait or stream, without a thread each.

A held route is a coroutine ``(Request) -> Response``. A response's body is bytes, or
an asynchronous iterator of bytes that is written as the client reads: the next item
is asked for only when the last one has left, so a slow reader costs no memory.
"""

import asyncio
import contextlib
import logging
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from django.conf import settings

from apps.api.exceptions import error_body, error_headers, to_mobius_error
from apps.api.rendering import read_json, to_json
from apps.api.request_ids import request_id
from apps.kernel.errors import MobiusError, TooLarge
from apps.kernel.log_context import about, facts_of_path
from apps.realtime.bridge import note_request, read_body, send_error
from apps.realtime.request_spans import begin_request, note_answer

logger = logging.getLogger(__name__)

#: The answer of a held route that waited in vain.
NO_CONTENT = 204


@dataclass(slots=True)
class Request:
    """What a held route sees of a request. Header names are lower case."""

    method: str
    path: str
    parameters: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    request_id: str
    #: Set when the client has gone away.
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    #: The task that writes a stream; cancelled when the client goes away.
    writer: "asyncio.Task[Any] | None" = None

    def json(self) -> Any:
        """Return the decoded body; an empty body is an empty object.

        Raises:
            Invalid: the body is not JSON, or nested too deep.
        """
        return read_json(self.body)


@dataclass(slots=True)
class Response:
    """Status, headers and a body: JSON value, bytes, or a stream of bytes."""

    status: int
    content: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    stream: AsyncIterator[bytes] | None = None


Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class HeldRoute:
    """One method on one path, and its pattern with named groups."""

    method: str
    path: str
    pattern: re.Pattern[str]
    handler: Handler


def held(method: str, path: str, handler: Handler) -> HeldRoute:
    """Return a route for ``path`` such as ``/v1/projects/{project}/jobs/claim``."""
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)
    return HeldRoute(method, path, re.compile(pattern), handler)


class HeldRoutes:
    """An ASGI callable for the held routes; ``find`` says whether one matches."""

    def __init__(self, *routes: HeldRoute) -> None:
        self._routes = routes

    def find(self, scope: Mapping[str, Any]) -> tuple[HeldRoute, dict[str, str]] | None:
        """Return the route for this request, if it is one of ours."""
        path = scope["path"]
        for route in self._routes:
            if route.method == scope["method"]:
                match = route.pattern.fullmatch(path)
                if match:
                    return route, match.groupdict()
        return None

    async def serve(
        self,
        found: tuple[HeldRoute, dict[str, str]],
        scope: Mapping[str, Any],
        receive: Any,
        send: Any,
    ) -> None:
        """Run the route and write its answer; end it when the client goes away."""
        route, parameters = found
        headers = {
            k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]
        }
        body = await read_body(receive, settings.REQUEST_BYTES_MAX)
        if body is None:
            return
        if isinstance(body, TooLarge):
            await send_error(send, 413, body.code, body.message, body.details)
            return
        request = Request(
            method=scope["method"],
            path=scope["path"],
            parameters=parameters,
            query=dict(parse_qsl(scope["query_string"].decode("latin-1"))),
            headers=headers,
            body=body,
            request_id=request_id(headers.get("x-request-id")),
        )
        watcher = asyncio.create_task(_watch(receive, request))
        began = time.perf_counter()
        try:
            with about(request_id=request.request_id, **facts_of_path(request.path)):
                response = await _traced(route, request)
                note_request(request.method, route.path, response.status, began)
                if not request.gone.is_set():
                    await _write(send, request, response)
        finally:
            watcher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watcher


async def _watch(receive: Any, request: Request) -> None:
    """Say when the client goes away. A stream ends at once, a handler may look."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            request.gone.set()
            if request.writer is not None:
                request.writer.cancel()
            return


async def _traced(route: HeldRoute, request: Request) -> Response:
    """Answer within a span, which ends before a stream is written. A claim that found
    nothing leaves none."""
    with begin_request(
        request.method,
        request.path,
        traceparent=request.headers.get("traceparent"),
        request_id=request.request_id,
    ) as span:
        response = await _answer(route.handler, request)
        note_answer(span, request.method, route.path, response.status)
        if response.status == NO_CONTENT:
            span.drop()
    return response


async def _answer(handler: Handler, request: Request) -> Response:
    try:
        return await handler(request)
    except Exception as error:
        known = to_mobius_error(error)
        if known is None:
            logger.exception("unhandled error in a held request")
            known = MobiusError(
                "something went wrong on our side", code="internal_error"
            )
        return Response(
            known.status,
            error_body(known.error_code, known.message, known.details),
            error_headers(known),
        )


async def _write(send: Any, request: Request, response: Response) -> None:
    headers = {"x-request-id": request.request_id, **response.headers}
    content = response.content
    body = content if isinstance(content, bytes) else b""
    if response.stream is None and content is not None:
        body = body or to_json(content)
        headers["content-type"] = "application/json"
        headers["content-length"] = str(len(body))
    start = {
        "type": "http.response.start",
        "status": response.status,
        "headers": [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in headers.items()
        ],
    }
    await send(start)
    if response.stream is None:
        await send({"type": "http.response.body", "body": body})
        return
    await _write_stream(send, request, response.stream)


async def _write_stream(
    send: Any, request: Request, stream: AsyncIterator[bytes]
) -> None:
    request.writer = asyncio.current_task()
    try:
        async for chunk in stream:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    except asyncio.CancelledError:
        if not request.gone.is_set() or request.writer is None:
            raise
        request.writer.uncancel()
    finally:
        request.writer = None
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()
