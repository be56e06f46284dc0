"""When schedules are due: every zone, every change of clocks from 2020 to 2037."""

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from apps.triggers.schedules import (
    Schedule,
    ScheduleError,
    due_slots,
    next_slot,
    read_cron,
    read_interval,
    read_zone,
)
from tests.triggers.clocks import (
    representative,
    slots_by_looking,
    zones_and_changes,
)

NEW_YORK = ZoneInfo("America/New_York")
BERLIN = ZoneInfo("Europe/Berlin")
#: Both hemispheres, half hours, two hours, a change each Ramadan, none at all.
DOZEN = [
    *("America/New_York", "Europe/Berlin", "Europe/London", "Australia/Lord_Howe"),
    *("Africa/Casablanca", "America/Santiago", "Asia/Kolkata", "Pacific/Chatham"),
    *("Antarctica/Troll", "America/St_Johns", "Asia/Beirut", "Pacific/Apia"),
]


def at(text: str) -> datetime:
    """An instant of 2026 in UTC."""
    return datetime.fromisoformat(f"2026-{text}+00:00")


def slots(cron: str, begin: datetime, end: datetime, zone: ZoneInfo) -> list[datetime]:
    """Every slot in ``(begin, end]``."""
    schedule = Schedule(cron=read_cron(cron))
    found: list[datetime] = []
    slot = next_slot(schedule, begin, zone)
    while slot <= end:
        found.append(slot)
        slot = next_slot(schedule, slot, zone)
    return found


def shown(cron: str, begin: str, end: str, zone: ZoneInfo) -> list[str]:
    """The same as clocks show it."""
    found = slots(cron, at(begin), at(end), zone)
    return [f"{slot.astimezone(zone):%d %H:%M %z}" for slot in found]


def test_a_time_that_is_skipped_is_due_when_clocks_go_on() -> None:
    assert shown("30 2 * * *", "03-07T12:00", "03-10T00:00", NEW_YORK) == [
        "08 03:00 -0400",
        "09 02:30 -0400",
    ]
    assert shown("30 2 * * *", "03-28T12:00", "03-31T00:00", BERLIN) == [
        "29 03:00 +0200",
        "30 02:30 +0200",
    ]


def test_all_that_is_skipped_is_due_once() -> None:
    assert shown("*/20 2 * * *", "03-08T00:00", "03-09T00:00", NEW_YORK) == [
        "08 03:00 -0400"
    ]


def test_a_time_that_comes_twice_is_due_the_first_time() -> None:
    assert shown("30 1 * * *", "10-31T12:00", "11-03T00:00", NEW_YORK) == [
        "01 01:30 -0400",
        "02 01:30 -0500",
    ]
    assert shown("15,45 2 * * *", "10-24T12:00", "10-25T12:00", BERLIN) == [
        "25 02:15 +0200",
        "25 02:45 +0200",
    ]


def test_what_is_due_every_hour_goes_on_while_an_hour_comes_twice() -> None:
    assert shown("*/30 * * * *", "11-01T04:45", "11-01T07:30", NEW_YORK) == [
        "01 01:00 -0400",
        "01 01:30 -0400",
        "01 01:00 -0500",
        "01 01:30 -0500",
        "01 02:00 -0500",
        "01 02:30 -0500",
    ]


def test_a_search_that_begins_in_the_second_pass_does_not_go_back() -> None:
    begin = at("11-01T06:10")

    assert shown("30 1 * * *", "11-01T06:10", "11-02T12:00", NEW_YORK) == [
        "02 01:30 -0500"
    ]
    schedule = Schedule(cron="20 * * * *")
    assert next_slot(schedule, begin, NEW_YORK) == at("11-01T06:20")


#: Lines that meet every change: in the gap, around it, each hour, every few hours.
LINES = (
    *("*/30 * * * *", "5 * * * *", "15 2 * * *", "30 0-3 * * *", "0 */2 * * *"),
    *("59 23 * * *", "0,45 1-2 * * 0,1,6", "0 0 * * *"),
)
AROUND = timedelta(hours=4)


def test_every_zone_of_the_database_is_one_of_those_looked_at() -> None:
    """Zones are alike when their clocks change at the same instants to the same."""
    looked_at = zones_and_changes()
    for name in available_timezones() - {"localtime", "Factory"}:
        assert representative(name) in looked_at
    assert len(looked_at) > 60


def test_every_change_of_clocks_of_every_zone_until_2037() -> None:
    changes = 0
    lines = itertools.cycle(LINES)
    for name, instants in zones_and_changes().items():
        zone = ZoneInfo(name)
        for instant in instants:
            changes += 1
            begin, end = instant - AROUND, instant + AROUND
            for cron in (next(lines), "*/30 * * * *", "30 0-3 * * *"):
                expected = slots_by_looking(cron, zone, begin, end)
                assert slots(cron, begin, end, zone) == expected, (name, instant, cron)
    assert changes > 1200


@pytest.mark.parametrize("name", DOZEN)
def test_spring_and_autumn_are_what_looking_at_every_minute_finds(name: str) -> None:
    zone = ZoneInfo(name)
    begin, end = at("03-01T00:00"), at("04-12T00:00")
    autumn = at("09-20T00:00"), at("11-10T00:00")
    for cron in ("45 2 * * *", "30 */3 * * 1-5", "10 1 1,15 * 0"):
        for first, last in ((begin, end), autumn):
            expected = slots_by_looking(cron, zone, first, last)
            assert slots(cron, first, last, zone) == expected


def test_slots_of_every_zone_come_in_order_and_once() -> None:
    for name in sorted(available_timezones() - {"localtime", "Factory"}):
        zone = read_zone(name)
        found = slots("30 2 * * *", at("03-20T00:00"), at("04-10T00:00"), zone)
        assert found == sorted(set(found))
        assert len(found) in (20, 21, 22)


@pytest.mark.parametrize(
    ("cron", "first"),
    [
        ("0 9 * * MON-FRI", "05-04T09:00"),
        ("0 9 * JUN *", "06-01T09:00"),
        ("0 0 L * *", "05-31T00:00"),
        ("0 0 LW * *", "05-29T00:00"),
        ("0 0 * * FRI#2", "05-08T00:00"),
        ("0 0 * * 5L", "05-29T00:00"),
        ("*/7 * * * *", "05-02T12:07"),
        ("@hourly", "05-02T13:00"),
        ("@daily", "05-03T00:00"),
        ("@WEEKLY", "05-03T00:00"),
        ("@monthly", "06-01T00:00"),
        ("0 0 13 * FRI", "05-08T00:00"),
    ],
)
def test_a_cron_line_has_names_steps_and_last_days(cron: str, first: str) -> None:
    schedule = Schedule(cron=read_cron(cron))

    assert next_slot(schedule, at("05-02T12:00"), ZoneInfo("UTC")) == at(first)


@pytest.mark.parametrize(
    "cron",
    [
        *("", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *"),
        *("* * * 13 *", "* * * * 8", "*/0 * * * *", "5-1 * * * *", "a * * * *"),
        *("0 0 30 2 *", "0 0 31 2,4,6 *", "@often", "@reboot", "² * * * *"),
        *("0 0 * * 5L/2", "0 0 * * 1#6", "L * * * *", "0 0 ? * *", "* " * 60),
    ],
)
def test_a_line_that_is_none_is_refused_in_words(cron: str) -> None:
    with pytest.raises(ScheduleError) as refused:
        read_cron(cron)

    assert refused.value.field == "cron"
    assert len(str(refused.value)) > 10


@pytest.mark.parametrize("name", ["Mars/Base", "localtime", "", "CEST", "../etc", "+1"])
def test_a_zone_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ScheduleError, match="unknown time zone"):
        read_zone(name)


def test_an_interval_counts_from_its_anchor_through_every_change_of_clocks() -> None:
    every = Schedule(every=read_interval("1h30m"), anchor=at("03-08T05:10"))

    assert next_slot(every, at("03-08T05:00"), NEW_YORK) == at("03-08T06:40")
    assert next_slot(every, at("03-08T06:40"), NEW_YORK) == at("03-08T08:10")
    assert next_slot(every, at("03-08T08:09"), NEW_YORK) == at("03-08T08:10")


@pytest.mark.parametrize("text", ["0s", "999ms", "8785h", "soon", "", "-5m"])
def test_an_interval_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ScheduleError):
        read_interval(text)


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_what_was_due_is_found_newest_first_but_told_in_order(limit: int) -> None:
    schedule, utc = Schedule(cron="*/10 * * * *"), ZoneInfo("UTC")
    first, now = at("05-01T00:10"), at("05-04T12:00")
    whole = slots("*/10 * * * *", at("05-01T00:00"), now, utc)

    assert due_slots(schedule, first, now, utc, limit) == whole[-limit:]
    assert due_slots(schedule, first, first, utc, limit) == [first]
    assert due_slots(schedule, first, at("05-01T00:09"), utc, limit) == []


def test_a_schedule_left_alone_for_years_is_caught_up_on_quickly() -> None:
    schedule = Schedule(cron="* * * * *")
    long_ago = datetime(1990, 1, 1, tzinfo=UTC)

    found = due_slots(schedule, long_ago, at("05-04T12:00"), NEW_YORK, 100)

    assert found[-1] == at("05-04T12:00")
    assert len(found) == 100
