"""Do what an internal event says: fire for a slot, fire for a request."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.kernel.errors import NotFound
from apps.source_events.models import SourceEvent
from apps.triggers.models import Trigger
from apps.triggers.occasions import of_event, of_slot
from apps.triggers.services.fire import fire_trigger


def handle_slot(event: Mapping[str, Any], now: datetime) -> None:
    """Fire a schedule trigger for its slot; one that is gone is not missed."""
    trigger = Trigger.objects.filter(id=event["trigger_id"]).first()
    if trigger is not None:
        slot = datetime.fromisoformat(event["scheduled_at"])
        occasion = of_slot(trigger, slot, event["source_event_id"])
        _fire(trigger.id, occasion, now)


def handle_request(event: Mapping[str, Any], now: datetime) -> None:
    """Fire a webhook trigger for what it received."""
    received = SourceEvent.objects.filter(id=event["source_event_id"]).first()
    if received is not None:
        _fire(event["trigger_id"], of_event(received), now)


def _fire(trigger_id: str, occasion: Any, now: datetime) -> None:
    try:
        fire_trigger(trigger_id, occasion, now=now)
    except NotFound:
        return
