"""Fire the triggers that want events of a batch."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from apps.kernel import tracing
from apps.source_events.services.append import Fact, append_source_events
from apps.triggers.facts import due
from apps.triggers.firing import carry_out, fail, is_counted, new_fire
from apps.triggers.matching import Happened, verdict
from apps.triggers.models import FireStatus, Trigger, TriggerFire
from apps.triggers.occasions import Told, of_event
from apps.triggers.store import insert_fires


class Event(Happened, Told, Protocol):
    """An event in the dispatcher's hands."""

    @property
    def traceparent(self) -> str | None: ...


#: With each event the triggers that listen for it.
Heard = Sequence[tuple[Event, Sequence[str]]]


class Wanted(NamedTuple):
    """A trigger and an event that sets it off; ``error`` is why that is not known."""

    trigger: Trigger
    event: Event
    error: str


def fire_for_events(heard: Heard, *, now: datetime) -> None:
    """Fire every trigger that wants one of the events, in the caller's transaction.

    Only triggers that count no runs start theirs here, where runs are locked already;
    for the others the fire is queued, and an event of its own takes it up a moment
    later.
    """
    wanted = list(_wanted(heard))
    if not wanted:
        return
    known = _known(wanted)
    fires: list[TriggerFire] = []
    waiting: dict[str, Fact] = {}
    for trigger, event, error in wanted:
        if (trigger.id, event.id) in known:
            continue
        with tracing.within(event.traceparent):
            fires.append(_fire(trigger, event, error, now))
            if fires[-1].status == FireStatus.QUEUED:
                waiting[trigger.id] = due(trigger)
    insert_fires(fires)
    append_source_events(waiting.values(), now=now)


def _wanted(heard: Heard) -> Iterator[Wanted]:
    """Yield which trigger wants which event, or why that cannot be decided."""
    refs = {ref for _, refs in heard for ref in refs}
    rows = Trigger.objects.filter(id__in=refs).select_related("project")
    triggers = {one.id: one for one in rows}
    for event, refs_of_event in heard:
        for ref in refs_of_event:
            if (trigger := triggers.get(ref)) is not None:
                found = verdict(trigger, event)
                if found.wanted or found.error:
                    yield Wanted(trigger, event, found.error)


def _known(wanted: Collection[Wanted]) -> set[tuple[str, str]]:
    """Return which of these triggers were fired for these events before."""
    rows = TriggerFire.objects.filter(
        trigger_id__in={one.trigger.id for one in wanted},
        dedup_key__in={one.event.id for one in wanted},
    )
    return set(rows.values_list("trigger_id", "dedup_key"))


def _fire(trigger: Trigger, event: Event, error: str, now: datetime) -> TriggerFire:
    occasion = of_event(event)
    fire = new_fire(trigger, occasion, now)
    if error:
        fail(fire, error, now)
    elif not is_counted(trigger):
        carry_out(trigger, fire, occasion, now=now)
    return fire
