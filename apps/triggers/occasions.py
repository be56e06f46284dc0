"""What sets a trigger off, in one form whatever it was."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from apps.api.rendering import instant
from apps.kernel.ids import IdKind, new_id
from apps.source_events.catalog import Internal
from apps.triggers.models import Trigger, TriggerKind

MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class Occasion:
    """Something happened, once for each ``dedup_key``.

    ``event`` and ``meta`` become inputs of the runs. ``inputs`` were sent by hand;
    ``depth`` is how many runs, each started by an event, led to this.
    """

    dedup_key: str
    event: Mapping[str, Any] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)
    source_event_id: str = ""
    scheduled_at: datetime | None = None
    depth: int = 0

    def roots(self) -> dict[str, Any]:
        """Return what expressions see."""
        return {"event": self.event, "meta": self.meta, "inputs": self.inputs}

    def context(self) -> dict[str, Any]:
        """Return what has to be kept until a queued fire is settled."""
        return {**self.roots(), "depth": self.depth}


class Told(Protocol):
    """What an occasion takes from an event."""

    @property
    def id(self) -> str: ...
    @property
    def event(self) -> Mapping[str, Any]: ...
    @property
    def meta(self) -> Mapping[str, Any]: ...
    @property
    def depth(self) -> int: ...


def of_event(event: Told) -> Occasion:
    """Return the occasion that a public event is."""
    return Occasion(
        dedup_key=event.id,
        event=event.event,
        meta=event.meta,
        source_event_id=event.id,
        depth=event.depth,
    )


def of_slot(trigger: Trigger, slot: datetime, source_event_id: str = "") -> Occasion:
    """Return the occasion that a slot of a schedule is."""
    at = instant(slot)
    facts = {"trigger_id": trigger.id, "scheduled_at": at}
    timezone = trigger.source_config.get("timezone", "UTC")
    return Occasion(
        dedup_key=slot_key(slot),
        event={**facts, "timezone": timezone},
        meta={"event_type": Internal.SCHEDULE_TICK.value, **facts},
        source_event_id=source_event_id,
        scheduled_at=slot,
    )


def by_hand(trigger: Trigger, inputs: Mapping[str, Any], by: str) -> Occasion:
    """Return the occasion that a person or program is. Where a trigger maps events,
    what was sent stands in for one, so that it can be tried out."""
    maps_events = trigger.kind in (TriggerKind.EVENT, TriggerKind.WEBHOOK)
    return Occasion(
        dedup_key=f"{MANUAL}:{new_id(IdKind.TRIGGER_FIRE)}",
        event=dict(inputs) if maps_events else {},
        meta={"event_type": MANUAL, "trigger_id": trigger.id, "fired_by": by},
        inputs=dict(inputs),
    )


def slot_key(slot: datetime) -> str:
    """Return how a slot names itself; the same instant always does so alike."""
    return f"slot:{instant(slot)}"


def has_own_inputs(fire_key: str) -> bool:
    """Say whether a fire was sent by hand."""
    return fire_key.startswith(f"{MANUAL}:")
