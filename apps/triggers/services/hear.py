"""Fire the triggers that want events of a batch."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from apps.source_events.services.append import append_source_events
from apps.triggers.facts import due
from apps.triggers.firing import carry_out, fail, is_counted, new_fire
from apps.triggers.matching import Happened, verdict
from apps.triggers.models import FireStatus, Trigger, TriggerFire
from apps.triggers.occasions import Told, of_event
from apps.triggers.store import insert_fires


class Event(Happened, Told, Protocol):
    """An event in the dispatcher's hands."""


def fire_for_events(
    heard: Sequence[tuple[Event, Sequence[str]]], *, now: datetime
) -> None:
    """Fire every trigger that wants one of the events, in the caller's transaction.

    With each event come the triggers that listen for it. Only those that count no
    runs start theirs here, where runs are locked already; for the others the fire is
    queued, and an event of its own takes it up a moment later.
    """
    asked = [(event, ref) for event, refs in heard for ref in refs]
    if not asked:
        return
    refs = {ref for _, ref in asked}
    rows = Trigger.objects.filter(id__in=refs).select_related("project")
    triggers = {one.id: one for one in rows}
    known = _known(refs, [event.id for event, _ in asked])
    fires: list[TriggerFire] = []
    waiting: dict[str, Trigger] = {}
    for event, ref in asked:
        trigger = triggers.get(ref)
        if trigger is None or (ref, event.id) in known:
            continue
        found = verdict(trigger, event)
        if found.wanted or found.error:
            fires.append(_fire(trigger, event, found.error, now))
            if fires[-1].status == FireStatus.QUEUED:
                waiting[trigger.id] = trigger
    insert_fires(fires)
    append_source_events([due(trigger) for trigger in waiting.values()], now=now)


def _known(refs: Iterable[str], event_ids: Iterable[str]) -> set[tuple[str, str]]:
    """Return which of these were fired for these events before."""
    rows = TriggerFire.objects.filter(
        trigger_id__in=list(refs), dedup_key__in=list(event_ids)
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
