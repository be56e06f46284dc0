"""Webhooks, what happens for them to hear, and what became of it."""

from typing import Any

from apps.deliveries.models import Delivery
from apps.kernel import clock
from apps.source_events.services.append import Fact, append_source_event
from tests.deliveries.receiver import Received
from tests.support.api import Api
from tests.support.drive import dispatch_all

Body = dict[str, Any]


def hook(api: Api, url: str = "https://example.com/hook", **more: Any) -> Body:
    """A webhook as its creation shows it, the key included."""
    given = {"name": "hook", "events": [], **more}
    made = api.post("webhooks", {"url": url, **given})
    assert made.status_code == 201, made.json()
    return dict(made.json())


def happen(project_id: str, event_type: str = "custom.paid", **more: Any) -> str:
    """An event, dispatched; returns its id."""
    fact = Fact(project_id, event_type, source_kind="custom", settled=None, **more)
    event_id = append_source_event(fact, now=clock.now())
    dispatch_all()
    return event_id


def sent_to(webhook: Body) -> list[Delivery]:
    """The messages of a webhook, oldest first."""
    return list(Delivery.objects.filter(subject_id=webhook["id"]).order_by("id"))


def types_to(webhook: Body) -> list[str]:
    """The types of these messages."""
    return [one.payload["type"] for one in sent_to(webhook)]


def records(api: Api, webhook: Body, **query: str) -> list[Body]:
    """The list of deliveries, newest first."""
    listed = api.get(f"webhooks/{webhook['id']}/deliveries")
    assert listed.status_code == 200, listed.json()
    return list(listed.json()["items"])


def patch(api: Api, webhook: Body, **changes: Any) -> Body:
    """The webhook after a change."""
    changed = api.patch(f"webhooks/{webhook['id']}", changes)
    assert changed.status_code == 200, changed.json()
    return dict(changed.json())


def headers_of(received: Received) -> dict[str, str]:
    """The headers as a receiver has them."""
    return dict(received.headers)
