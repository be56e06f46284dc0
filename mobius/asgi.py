"""The one ASGI callable: held routes, the API, and the browser's pages on one port."""

import asyncio
import contextlib
import os
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mobius.settings.production")
django.setup()

from django.conf import settings  # noqa: E402

from apps.actions.invoking import ROUTES as ACTION_ROUTES  # noqa: E402
from apps.actions.invoking import awaited  # noqa: E402
from apps.agents.stream import ROUTES as SESSION_ROUTES  # noqa: E402
from apps.agents.stream import session_streams  # noqa: E402
from apps.inbox.stream import ROUTES as INBOX_ROUTES  # noqa: E402
from apps.inbox.stream import inboxes  # noqa: E402
from apps.jobs.claiming import ROUTES as CLAIM_ROUTES  # noqa: E402
from apps.jobs.sockets import sockets  # noqa: E402
from apps.jobs.upgrade import ROUTES as SOCKET_ROUTES  # noqa: E402
from apps.jobs.upgrade import serve as serve_worker  # noqa: E402
from apps.jobs.waiting import waiters  # noqa: E402
from apps.kernel import tracing  # noqa: E402
from apps.kernel.trace_export import start_traces  # noqa: E402
from apps.realtime import counting  # noqa: E402
from apps.realtime.bridge import DjangoBridge, close_threads  # noqa: E402
from apps.realtime.held import HeldRoutes  # noqa: E402
from apps.realtime.subscription import subscription  # noqa: E402
from apps.runs.stream import ROUTES as STREAM_ROUTES  # noqa: E402
from apps.runs.stream import streams  # noqa: E402

_held = HeldRoutes(
    *CLAIM_ROUTES,
    *STREAM_ROUTES,
    *SESSION_ROUTES,
    *INBOX_ROUTES,
    *ACTION_ROUTES,
    *SOCKET_ROUTES,
)
_api = DjangoBridge(settings.API_MIDDLEWARE)
_pages = DjangoBridge(settings.MIDDLEWARE)


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Serve one connection."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "http":
        found = _held.find(scope)
        if found is not None:
            await _held.serve(found, scope, receive, send)
        elif scope["path"].startswith("/v1/") or scope["path"] in _PLAIN:
            await _api(scope, receive, send)
        else:
            await _pages(scope, receive, send)
    else:
        await serve_worker(scope, receive, send)


_PLAIN = {"/healthz", "/readyz", "/metrics"}

counting.GAUGES.update(
    mobius_claims_held=waiters.count,
    mobius_streams_open=lambda: streams.count() + session_streams.count(),
    mobius_inboxes_open=inboxes.count,
)


async def _lifespan(receive: Any, send: Any) -> None:
    flushing = asyncio.create_task(counting.keep_flushing())
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            start_traces()
            subscription.start()
            waiters.start(subscription)
            sockets.start(subscription)
            streams.start(subscription)
            session_streams.start(subscription)
            inboxes.start(subscription)
            awaited.start(subscription)
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await awaited.stop()
            await inboxes.stop()
            await session_streams.stop()
            await streams.stop()
            await sockets.stop()
            await waiters.stop()
            await subscription.stop()
            flushing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await flushing
            close_threads()
            await asyncio.to_thread(tracing.stop)
            await send({"type": "lifespan.shutdown.complete"})
            return
