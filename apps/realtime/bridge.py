"""Synchronous Django under ASGI: a whole request in one hop to a worker thread.

Django's own ASGI handler starts a thread (and with it a database connection) per
request. Here a few long-lived threads keep their connections, and everything
synchronous, held routes included, reaches the database through ``hop``.
"""

import asyncio
import contextvars
import functools
import io
import logging
import threading
import time
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from django.conf import settings
from django.core import signals
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.base import BaseHandler
from django.db import (
    InterfaceError,
    OperationalError,
    close_old_connections,
    connections,
)
from django.urls import set_script_prefix

from apps.api.exceptions import error_body
from apps.api.rendering import to_json
from apps.api.request_ids import request_id
from apps.kernel.errors import TooLarge
from apps.kernel.log_context import about, facts_of_path
from apps.realtime import counting
from apps.realtime.request_spans import begin_request, note_answer
from apps.realtime.threads import Threads

logger = logging.getLogger(__name__)

#: Requests that may wait for a thread before the server says it is busy.
BACKLOG_MAX = 2000
#: What is said of requests that came to no route.
UNROUTED = "none"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
#: How soon to ask a database again that did not answer.
ASK_AGAIN_SECONDS = 1.0

Params = ParamSpec("Params")
Answer = TypeVar("Answer")

#: A connection that was not used for so long is asked before it is used again.
ASK_AFTER_IDLE_SECONDS = 2.0

_used = threading.local()
_threads: Threads | None = None
_create = threading.Lock()


def _running_threads() -> Threads:
    global _threads
    with _create:
        if _threads is None:
            _threads = Threads(
                settings.API_THREADS, "mobius-api", connections.close_all
            )
    return _threads


def refresh_connections() -> None:
    """Make sure this thread's connections work; ask those that were idle a while.

    A connection that failed its last statement is checked by Django itself.
    """
    now = time.monotonic()
    idle = now - getattr(_used, "at", float("-inf"))
    _used.at = now
    close_old_connections()
    if idle > ASK_AFTER_IDLE_SECONDS:
        for connection in connections.all(initialized_only=True):
            if connection.connection is not None and not connection.is_usable():
                connection.close()


def _with_connection(call: Callable[[], Answer]) -> Answer:
    refresh_connections()
    try:
        return call()
    finally:
        close_old_connections()


async def hop(
    call: Callable[Params, Answer], *args: Params.args, **kwargs: Params.kwargs
) -> Answer:
    """Run ``call`` on a database thread and return what it returns."""
    bound = functools.partial(call, *args, **kwargs)
    # What is logged over there is about the same request.
    run = functools.partial(contextvars.copy_context().run, _with_connection, bound)
    answer: Answer = await _running_threads().run(run)
    return answer


async def hop_until_answered(
    call: Callable[Params, Answer], *args: Params.args, **kwargs: Params.kwargs
) -> Answer:
    """``hop`` for readers that outlive a restart of the database: they ask again.

    Errors that are not the connection's are raised as they are.
    """
    while True:
        try:
            return await hop(call, *args, **kwargs)
        except (OperationalError, InterfaceError):
            await asyncio.sleep(ASK_AGAIN_SECONDS)


def close_threads() -> None:
    """End the database threads, each after closing its connections.

    For when the server stops; the next ``hop`` starts new ones.
    """
    global _threads
    with _create:
        threads, _threads = _threads, None
    if threads is not None:
        threads.stop()


def note_request(method: str, route: str, status: int, began: float) -> None:
    """Count an answer, and log it for those who want to see each. ``began`` is of
    ``time.perf_counter``."""
    taken = time.perf_counter() - began
    logger.debug("%s %s %d in %.1f ms", method, route, status, taken * 1000)
    known = method if method in METHODS else "other"
    labels = {"method": known, "route": route}
    counting.count("mobius_http_requests_total", **labels, status=str(status))
    counting.observe("mobius_http_request_seconds", taken, **labels)


class DjangoBridge(BaseHandler):
    """An ASGI application that serves one list of middleware over all URLs."""

    def __init__(self, middleware: list[str]) -> None:
        super().__init__()
        held, settings.MIDDLEWARE = settings.MIDDLEWARE, middleware
        try:
            self.load_middleware(is_async=False)
        finally:
            settings.MIDDLEWARE = held

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one HTTP request; bodies over the limit get 413 unread."""
        body = await read_body(receive, settings.REQUEST_BYTES_MAX)
        if body is None:
            return
        began = time.perf_counter()
        if isinstance(body, TooLarge):
            note_request(scope["method"], UNROUTED, 413, began)
            await send_error(send, 413, body.code, body.message, body.details)
            return
        threads = _running_threads()
        if threads.backlog() >= BACKLOG_MAX:
            note_request(scope["method"], UNROUTED, 503, began)
            await send_error(send, 503, "service_unavailable", "busy; try again")
            return
        status, headers, content = await threads.run(
            lambda: self._serve(scope, body, began)
        )
        await send(
            {"type": "http.response.start", "status": status, "headers": headers}
        )
        await send({"type": "http.response.body", "body": content})

    def _serve(
        self, scope: Any, body: bytes, began: float
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        refresh_connections()
        set_script_prefix(scope.get("root_path", "") or "/")
        signals.request_started.send(sender=self.__class__, scope=scope)
        request: Any = ASGIRequest(scope, io.BytesIO(body))
        # Whoever answers, or logs, says the same id.
        known = request_id(request.META.get("HTTP_X_REQUEST_ID"))
        request.META["HTTP_X_REQUEST_ID"] = known
        named = about(request_id=known, **facts_of_path(request.path))
        sent = request.META.get("HTTP_TRACEPARENT")
        with (
            named,
            begin_request(
                request.method, request.path, traceparent=sent, request_id=known
            ) as span,
        ):
            response: Any = self.get_response(request)
            match = getattr(request, "resolver_match", None)
            route = UNROUTED if match is None else f"/{match.route}"
            note_answer(span, request.method, route, response.status_code)
            note_request(request.method, route, response.status_code, began)
        try:
            headers = [
                (name.lower().encode("latin-1"), value.encode("latin-1"))
                for name, value in response.items()
            ]
            headers += [
                (b"set-cookie", cookie.output(header="").strip().encode())
                for cookie in response.cookies.values()
            ]
            streaming = getattr(response, "streaming_content", None)
            content = response.content if streaming is None else b"".join(streaming)
            if response.status_code != 204 and "Content-Length" not in response:
                headers.append((b"content-length", str(len(content)).encode()))
            return response.status_code, headers, content
        finally:
            response.close()


async def read_body(receive: Any, bytes_max: int) -> bytes | TooLarge | None:
    """Return the request's body, or why it is not read to its end; None when the client
    went away first."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > bytes_max:
            what = "the request body, as far as it was read"
            return TooLarge.of(what, size, bytes_max)
        chunks.append(chunk)
        if not message.get("more_body"):
            return b"".join(chunks)


async def send_error(
    send: Any, status: int, code: str, message: str, details: object = None
) -> None:
    """Answer with the one error body."""
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    if status == 503:
        headers.append((b"retry-after", b"1"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    body = to_json(error_body(code, message, details))
    await send({"type": "http.response.body", "body": body})
