"""Tell webhooks of the events that they hear."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from apps.deliveries.services.enqueue import NewHttpDelivery, enqueue_deliveries
from apps.source_events.heard import HeardEvent
from apps.webhooks.models import Webhook

PURPOSE = "webhook"
#: What a header may hold of the name of a signal, which is free.
_SAFE = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) != "%")


def tell_webhooks(
    heard: Sequence[HeardEvent], places: Mapping[str, str | None], *, now: datetime
) -> None:
    """Put a message for each webhook that hears an event into the outbox, in the
    caller's transaction. The same event again puts none there. ``places`` says, by
    event, where in a trace it is told."""
    if not heard:
        return
    refs = {ref for event in heard for ref in event.refs}
    rows = Webhook.objects.filter(id__in=refs, enabled=True).exclude(url="")
    webhooks = rows.in_bulk()
    enqueue_deliveries(
        [
            _message(webhooks[ref], event, places[event.id])
            for event in heard
            for ref in event.refs
            if ref in webhooks
        ],
        now=now,
    )


def body_of(event_type: str, data: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a message."""
    return {"type": event_type, "data": data}


def headers_of(event_type: str) -> dict[str, str]:
    """Return the headers of a message that do not depend on keys."""
    return {"X-Mobius-Event-Type": quote(event_type, safe=_SAFE)}


def _message(webhook: Webhook, event: HeardEvent, place: str | None) -> NewHttpDelivery:
    """``data`` is the routing fields of the event, and over them its payload."""
    routing = {name: one for name, one in event.meta.items() if name != "event_type"}
    return NewHttpDelivery(
        project_id=webhook.project_id,
        purpose=PURPOSE,
        subject_id=webhook.id,
        lane=webhook.id,
        run_id=_run_of(event),
        url=webhook.url,
        secret_ref=webhook.secret_ref,
        headers={
            **headers_of(event.event_type),
            "X-Mobius-Source-Event-Id": event.id,
        },
        body=body_of(event.event_type, {**routing, **event.event}),
        dedup_key=f"{webhook.id}:{event.id}",
        refusal_is_final=True,
        traceparent=place,
    )


def _run_of(event: HeardEvent) -> str:
    named = event.meta.get("run_id") or event.meta.get("loop_run_id")
    return event.run_id or (named if isinstance(named, str) else "")[:40]
