"""Take the schedules that are due, once, whoever looks."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from apps.api.rendering import instant
from apps.kernel.ids import CLOCKS_APART_MAX
from apps.source_events.catalog import Internal
from apps.source_events.services.append import (
    Appended,
    Fact,
    append_facts,
    append_source_events,
)
from apps.triggers.arming import arm, schedule_of
from apps.triggers.firing import fail, new_fire, skip
from apps.triggers.models import MissedSlots, Trigger
from apps.triggers.occasions import of_slot, slot_key
from apps.triggers.schedules import ScheduleError, due_slots
from apps.triggers.store import insert_fires

BATCH: Final = 100
#: A slot noticed later than this was missed.
MISSED_AFTER: Final = timedelta(seconds=60)
#: Missed slots that are caught up on at once, at most.
CAUGHT_UP_MAX: Final = 100


def tick(*, now: datetime) -> int:
    """Let every schedule that is due go off; return how many triggers did.

    A clock that is set back meets slots that were used; they are passed over.
    """
    while _arm_again(now) == BATCH:
        pass
    total = 0
    while True:
        taken = _take_batch(now)
        total += taken
        if taken < BATCH:
            return total


@transaction.atomic
def _take_batch(now: datetime) -> int:
    """The slots that go off and the next one are written together, so a slot is used
    once however many look; those in other hands are left to them."""
    rows = Trigger.objects.filter(enabled=True, next_fire_at__lte=now)
    rows = rows.order_by("next_fire_at", "id").select_related("project")
    rows = rows.select_for_update(skip_locked=True, of=("self",))
    triggers = list(rows[:BATCH])
    slots: list[tuple[Trigger, datetime]] = []
    for trigger in triggers:
        try:
            slots += [(trigger, slot) for slot in _due(trigger, now)]
        except ScheduleError:
            _arm(trigger, now)
    _tell(slots, now)
    Trigger.objects.bulk_update(triggers, ["next_fire_at", "armed_at"])
    return len(triggers)


@transaction.atomic
def _arm_again(now: datetime) -> int:
    """Look up anew what a clock that was ahead looked up: else a schedule would be
    silent until the right clock gets there."""
    ahead = Trigger.objects.filter(
        enabled=True,
        next_fire_at__isnull=False,
        armed_at__gt=now + CLOCKS_APART_MAX,
    )
    rows = ahead.order_by("armed_at").select_for_update(skip_locked=True)
    triggers = list(rows[:BATCH])
    for trigger in triggers:
        _arm(trigger, now)
    Trigger.objects.bulk_update(triggers, ["next_fire_at", "armed_at"])
    return len(triggers)


def _arm(trigger: Trigger, now: datetime) -> None:
    slot = trigger.next_fire_at
    try:
        arm(trigger, now)
    except ScheduleError as error:
        _give_up(trigger, slot or now, error, now)


def _due(trigger: Trigger, now: datetime) -> list[datetime]:
    """Return the slots that go off, the oldest first, and move the trigger on. Slots
    that passed while the project was archived leave no trace."""
    first = trigger.next_fire_at
    assert first is not None
    schedule, zone = schedule_of(trigger)
    policy = trigger.source_config.get("missed", MissedSlots.LATEST)
    most = CAUGHT_UP_MAX if policy == MissedSlots.ALL else 1
    slots = due_slots(schedule, first, now, zone, most)
    if policy == MissedSlots.SKIP:
        slots = [slot for slot in slots if now - slot <= MISSED_AFTER]
    archived_at, restored_at = trigger.project.archived_at, trigger.project.restored_at
    if archived_at is not None:
        slots = []
    elif restored_at is not None and first <= restored_at:
        slots = [slot for slot in slots if slot > restored_at]
    elif not slots or slots[0] > first:
        _note_missed(trigger, first, slots[0] if slots else None, now)
    _arm(trigger, now)
    return slots


def _note_missed(
    trigger: Trigger, first: datetime, until: datetime | None, now: datetime
) -> None:
    """Leave a trace of slots that are not caught up on."""
    fire = new_fire(trigger, of_slot(trigger, first), now)
    end = f"before {instant(until)}" if until else f"until {instant(now)}"
    skip(fire, f"missed: the slots from {instant(first)} {end} passed unseen", now)
    insert_fires([fire])


def _give_up(
    trigger: Trigger, slot: datetime, error: ScheduleError, now: datetime
) -> None:
    """A schedule that was fine once cannot be read any more: a zone was abolished."""
    fire = new_fire(trigger, of_slot(trigger, slot), now)
    fail(fire, f"{error.field}: {error}; the trigger waits for a new schedule", now)
    insert_fires([fire])


def _tell(slots: list[tuple[Trigger, datetime]], now: datetime) -> None:
    """Record the ticks, and let those that are new start their handler."""
    ticks = append_facts(
        [_fact(*each, Internal.SCHEDULE_TICK) for each in slots], now=now
    )
    pairs: list[tuple[tuple[Trigger, datetime], Appended]] = list(
        zip(slots, ticks, strict=True)
    )
    append_source_events(
        [
            _fact(trigger, slot, Internal.SCHEDULE_FIRED, tick.id)
            for (trigger, slot), tick in pairs
            if not tick.deduped
        ],
        now=now,
    )


def _fact(trigger: Trigger, slot: datetime, kind: Internal, tick_id: str = "") -> Fact:
    is_tick = kind is Internal.SCHEDULE_TICK
    facts = {"trigger_id": trigger.id, "scheduled_at": instant(slot)}
    return Fact(
        trigger.project_id,
        kind,
        source_kind="schedule",
        source_id=trigger.id,
        event=facts if is_tick else {**facts, "source_event_id": tick_id},
        settled=is_tick,
        dedup_key=f"schedule:{trigger.id}:{slot_key(slot)}" if is_tick else "",
    )
