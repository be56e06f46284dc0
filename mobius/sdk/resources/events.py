"""Source events: ``client.events``. One is
``{id, event_type, source_kind, source_id, event, meta, run_id?, created_at}``."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from mobius.sdk.calls import Call, Exchange, Json
from mobius.sdk.configuration import part
from mobius.sdk.resources.verbs import (
    AsyncResource,
    Resource,
    awaits,
    ayields,
    does,
    present,
    yields,
)


def publish(
    event_type: str,
    event: Mapping[str, Any] | None = None,
    *,
    meta: Mapping[str, Any] | None = None,
    source_kind: str | None = None,
    source_id: str | None = None,
    run_id: str | None = None,
    dedup_key: str | None = None,
    idempotency_key: str | None = None,
) -> Exchange[Json]:
    """Publish an event whose type begins with ``custom.``; return
    ``{source_event_id, status, deduped}``. Events with one ``dedup_key`` are one event.
    Without ``idempotency_key`` a fresh one is sent."""
    body = present(
        event_type=event_type,
        event=event,
        meta=meta,
        source_kind=source_kind,
        source_id=source_id,
        run_id=run_id,
        dedup_key=dedup_key,
    )
    key = idempotency_key or str(uuid4())
    accepted: Json = yield Call("POST", "source-events", body=body, idempotency_key=key)
    return accepted


def list_all(
    *,
    event_type: str | None = None,
    source_kind: str | None = None,
    source_id: str | None = None,
    run_id: str | None = None,
    created_after: str | None = None,
    limit: int | None = None,
) -> Call:
    """Yield every event, newest first. ``event_type`` may end in ``.*``;
    ``created_after`` is a time of RFC 3339."""
    query = {
        "event_type": event_type,
        "source_kind": source_kind,
        "source_id": source_id,
        "run_id": run_id,
        "created_after": created_after,
        "limit": limit,
    }
    return Call("GET", "source-events", query)


def get(event_id: str) -> Exchange[Json]:
    """Return one event."""
    found: Json = yield Call("GET", f"source-events/{part(event_id, 'event_id')}")
    return found


class Events(Resource):
    """Source events of the project."""

    publish = does(publish)
    list = yields(list_all)
    get = does(get)


class AsyncEvents(AsyncResource):
    """Source events of the project."""

    publish = awaits(publish)
    list = ayields(list_all)
    get = awaits(get)
