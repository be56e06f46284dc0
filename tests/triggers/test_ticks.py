"""Schedules as the clock goes: on time, late, back, in two places at once."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.api.rendering import instant
from apps.source_events.models import SourceEvent
from apps.triggers.models import Trigger
from apps.triggers.services.tick import BATCH, tick
from tests.support.api import Api
from tests.support.drive import dispatch_all
from tests.support.frozen import NOON, FrozenClock
from tests.triggers.scenes import Body, create, fires_of, row, runs_of, statuses


def scheduled(api: Api, **config: Any) -> Body:
    """A schedule trigger, by default one for every minute."""
    more = {name: config.pop(name) for name in ("name", "enabled") if name in config}
    if "interval" not in config:
        config.setdefault("cron", "* * * * *")
    return create(api, "schedule", source_config=config, **more)


def beat(at: datetime) -> int:
    """What beat does each second: tick, and dispatch what comes of it."""
    due = tick(now=at)
    dispatch_all(at)
    return due


def slots_of(trigger: Body) -> list[str]:
    """The slots that started a run, as minutes and seconds after noon."""
    return [
        f"{fire.scheduled_at:%H:%M:%S}"
        for fire in fires_of(trigger)
        if fire.status == "success" and fire.scheduled_at is not None
    ]


def test_a_slot_starts_a_run_that_knows_it(api: Api, frozen: FrozenClock) -> None:
    trigger = scheduled(api, timezone="Europe/Berlin")
    assert trigger["next_fire_at"] == "2026-05-04T12:01:00.000000Z"

    assert beat(frozen.tick(seconds=59)) == 0
    assert beat(frozen.tick(seconds=1.4)) == 1
    assert beat(frozen.tick(seconds=1)) == 0

    (run,) = runs_of(trigger)
    told = {"trigger_id": trigger["id"], "scheduled_at": "2026-05-04T12:01:00.000000Z"}
    assert run.inputs == {
        "event": {**told, "timezone": "Europe/Berlin"},
        "meta": {**told, "event_type": "schedule.tick"},
    }
    (fire,) = fires_of(trigger)
    assert instant(fire.scheduled_at) == told["scheduled_at"]
    assert fire.fired_at == NOON + timedelta(seconds=60.4)
    ticked, fired = SourceEvent.objects.filter(source_id=trigger["id"]).order_by("id")
    assert (ticked.event_type, fired.event_type) == (
        "schedule.tick",
        "loop.schedule.tick",
    )
    assert run.source_event_id == fire.source_event_id == ticked.id
    assert row(trigger).next_fire_at == NOON + timedelta(minutes=2)


def test_an_interval_counts_from_the_creation(api: Api, frozen: FrozenClock) -> None:
    trigger = scheduled(api, interval="90s")

    for _ in range(200):
        beat(frozen.tick(seconds=1))

    assert slots_of(trigger) == ["12:01:30", "12:03:00"]


@pytest.mark.parametrize(
    ("missed", "slots", "skipped"),
    [
        ("latest", ["12:10:00"], 1),
        ("all", [f"12:{minute:02}:00" for minute in range(1, 11)], 0),
        ("skip", ["12:10:00"], 1),
    ],
)
def test_after_ten_minutes_without_beat_the_policy_decides(
    api: Api, frozen: FrozenClock, missed: str, slots: list[str], skipped: int
) -> None:
    trigger = scheduled(api, missed=missed)

    beat(frozen.tick(minutes=10, seconds=20))
    beat(frozen.tick(seconds=30))

    assert slots_of(trigger) == slots
    assert statuses(trigger).count("skipped") == skipped
    if skipped:
        told = next(fire for fire in fires_of(trigger) if fire.status == "skipped")
        assert told.error == (
            "missed: the slots from 2026-05-04T12:01:00.000000Z before"
            " 2026-05-04T12:10:00.000000Z passed unseen"
        )
    beat(frozen.tick(seconds=10))
    assert slots_of(trigger) == [*slots, "12:11:00"]


def test_a_clock_that_was_ahead_silences_nothing(api: Api, frozen: FrozenClock) -> None:
    trigger = scheduled(api)
    beat(frozen.tick(minutes=1))
    frozen.tick(days=1)
    beat(frozen.at)
    assert row(trigger).next_fire_at == NOON + timedelta(days=1, minutes=2)

    frozen.tick(days=-1)
    for _ in range(3):
        beat(frozen.tick(minutes=1))

    # In the order of what the clock said: the wrong day's slot comes last.
    assert slots_of(trigger) == ["12:01:00", "12:03:00", "12:04:00", "12:01:00"]
    assert len({fire.dedup_key for fire in fires_of(trigger)}) == 5


@pytest.mark.parametrize(
    ("missed", "slots"), [("latest", ["13:00:00"]), ("all", ["13:00:00"]), ("skip", [])]
)
def test_a_slot_noticed_too_late_was_missed(
    api: Api, frozen: FrozenClock, missed: str, slots: list[str]
) -> None:
    trigger = scheduled(api, cron="@hourly", missed=missed)

    beat(frozen.tick(hours=1, minutes=10))

    assert slots_of(trigger) == slots
    assert statuses(trigger) == (["success"] if slots else ["skipped"])


def test_no_more_than_a_hundred_missed_slots_are_caught_up_on(
    api: Api, frozen: FrozenClock
) -> None:
    trigger = scheduled(api, missed="all")

    beat(frozen.tick(hours=5))

    assert len(slots_of(trigger)) == 100
    assert slots_of(trigger)[-1] == "17:00:00"
    assert statuses(trigger).count("skipped") == 1


def test_a_clock_set_back_uses_no_slot_twice(api: Api, frozen: FrozenClock) -> None:
    trigger = scheduled(api)
    for _ in range(3):
        beat(frozen.tick(minutes=1))

    for _ in range(6):
        beat(frozen.tick(seconds=-40))
    frozen.at = NOON
    # Somebody writes the next slot anew from the clock that was set back.
    Trigger.objects.update(next_fire_at=NOON + timedelta(minutes=1))
    for _ in range(5):
        beat(frozen.tick(minutes=1))

    assert slots_of(trigger) == [f"12:0{minute}:00" for minute in range(1, 6)]
    assert set(statuses(trigger)) == {"success"}


def test_a_disabled_schedule_sleeps_and_does_not_catch_up(
    api: Api, frozen: FrozenClock
) -> None:
    trigger = scheduled(api, missed="all")
    path = f"triggers/{trigger['id']}"
    assert "next_fire_at" not in api.patch(path, {"enabled": False}).json()
    beat(frozen.tick(minutes=5))

    changed = api.patch(path, {"enabled": True}).json()
    beat(frozen.tick(seconds=30))

    assert changed["next_fire_at"] == "2026-05-04T12:06:00.000000Z"
    assert fires_of(trigger) == []


def test_a_new_schedule_begins_now(api: Api, frozen: FrozenClock) -> None:
    trigger = scheduled(api)
    frozen.tick(minutes=3)

    config = {"cron": "0 8 * * *", "timezone": "America/New_York"}
    changed = api.patch(f"triggers/{trigger['id']}", {"source_config": config}).json()
    beat(frozen.at)

    assert changed["next_fire_at"] == "2026-05-05T12:00:00.000000Z"
    assert fires_of(trigger) == []


def test_a_zone_that_was_abolished_stops_one_schedule_with_its_reason(
    api: Api, frozen: FrozenClock
) -> None:
    gone, fine = scheduled(api, name="gone"), scheduled(api, name="fine")
    config = {"cron": "* * * * *", "timezone": "Mars/Base"}
    Trigger.objects.filter(id=gone["id"]).update(source_config=config)

    beat(frozen.tick(minutes=1))

    assert statuses(fine) == ["success"]
    (fire,) = fires_of(gone)
    assert fire.status == "failed"
    assert fire.error.startswith("timezone: unknown time zone 'Mars/Base'")
    assert row(gone).next_fire_at is None


def test_more_schedules_than_a_batch_are_all_taken(
    api: Api, frozen: FrozenClock
) -> None:
    first = row(scheduled(api))
    Trigger.objects.bulk_create(
        Trigger(
            project_id=first.project_id,
            name=f"more {number}",
            kind=first.kind,
            source_config=first.source_config,
            targets=first.targets,
            next_fire_at=first.next_fire_at,
            created_at=first.created_at,
            updated_at=first.created_at,
        )
        for number in range(BATCH + 10)
    )

    assert tick(now=frozen.tick(minutes=1)) == BATCH + 11
    assert tick(now=frozen.at) == 0


def test_a_trigger_deleted_after_its_tick_is_not_missed(
    api: Api, frozen: FrozenClock
) -> None:
    trigger = scheduled(api)
    tick(now=frozen.tick(minutes=1))

    assert api.delete(f"triggers/{trigger['id']}").status_code == 204
    dispatch_all(frozen.at)

    assert not SourceEvent.objects.filter(failures__gt=0).exists()
    assert runs_of(trigger) == []
