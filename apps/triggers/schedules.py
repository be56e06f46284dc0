"""When a schedule is due. Pure: instants in, instants out.

A slot is the instant at which a schedule is due; it names itself, so a clock that is
set back meets slots that were used. An interval counts from an anchor. A cron line
(minute, hour, day, month, weekday) speaks of the clocks of a zone:

- a time that clocks skip is due when they go on, once for all that was skipped;
- a time that clocks show twice is due the first time. But what is due in every hour
  of a day knows no time of day: it goes on through the repeated hour as well.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from apps.engine.durations import DurationError, parse_duration

CRON_CHARS_MAX: Final = 100
INTERVAL_MIN: Final = timedelta(seconds=1)
INTERVAL_MAX: Final = timedelta(days=366)
DESCRIPTORS: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_SECOND: Final = timedelta(seconds=1)
_HOURS_OF_A_DAY: Final = 24
#: What was due is looked for in a window before now, then in wider ones.
_FIRST_WINDOW: Final = timedelta(hours=1)
_WIDER: Final = 8
#: Not the name of a place: whatever the machine is set to.
_NO_ZONES: Final = frozenset({"localtime", "Factory"})


class ScheduleError(ValueError):
    """The schedule is not one; ``field`` says which part of it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Schedule:
    """Either a cron line or an interval with its anchor."""

    cron: str = ""
    every: timedelta = timedelta(0)
    anchor: datetime = datetime(2020, 1, 1, tzinfo=UTC)


def read_zone(name: str) -> ZoneInfo:
    """Return an IANA time zone.

    Raises:
        ScheduleError: there is none of this name.
    """
    if name not in _known_zones():
        raise ScheduleError(
            "timezone",
            f"unknown time zone {name[:64]!r}; expected an IANA name such"
            " as Europe/Berlin",
        )
    return ZoneInfo(name)


@lru_cache(maxsize=1)
def _known_zones() -> frozenset[str]:
    return frozenset(available_timezones()) - _NO_ZONES


def read_cron(text: str) -> str:
    """Return a cron line of five fields; descriptors such as ``@daily`` become one.

    Raises:
        ScheduleError: it is none, or there is no day on which it is due.
    """
    line = " ".join(text.split())
    if line.startswith("@"):
        if line.lower() not in DESCRIPTORS:
            known = ", ".join(DESCRIPTORS)
            raise ScheduleError("cron", f"expected five fields, or one of {known}")
        return DESCRIPTORS[line.lower()]
    if len(line) > CRON_CHARS_MAX:
        raise ScheduleError("cron", f"expected at most {CRON_CHARS_MAX} characters")
    if len(line.split(" ")) != 5:
        raise ScheduleError(
            "cron", "expected five fields: minute hour day-of-month month day-of-week"
        )
    try:
        next(CronSim(line, datetime(2020, 1, 1)))  # noqa: DTZ001 - no zone on purpose
    except StopIteration:
        raise ScheduleError("cron", "there is no day on which this is due") from None
    except (CronSimError, ValueError, AssertionError) as error:
        words = str(error).replace("Bad ", "cannot read the ", 1)
        raise ScheduleError("cron", words or "cannot be read") from None
    return line


def read_interval(text: str) -> timedelta:
    """Return an interval written as ``15m``, ``1h30m`` or ``PT15M``.

    Raises:
        ScheduleError: it is none, or below a second, or above 366 days.
    """
    try:
        span = parse_duration(text)
    except DurationError as error:
        raise ScheduleError("interval", str(error)) from None
    if not INTERVAL_MIN <= span <= INTERVAL_MAX:
        raise ScheduleError("interval", "expected 1s to 366 days (8784h)")
    return span


def next_slot(schedule: Schedule, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the first slot after the instant ``after``, in UTC.

    Raises:
        ScheduleError: the cron line is not one, or is never due again.
    """
    if not schedule.cron:
        passed = (after - schedule.anchor) // schedule.every
        return (schedule.anchor + (max(passed, 0) + 1) * schedule.every).astimezone(UTC)
    local = after.astimezone(zone)
    start = local.replace(tzinfo=None, fold=0)
    folds: tuple[int, ...] = (0,)
    if _is_in_every_hour(schedule.cron) and _is_twice(start, zone):
        folds = (0, 1)
        while _is_twice(start - _SECOND, zone):
            start -= timedelta(minutes=1)
        start -= _SECOND
    return min(_first_after(schedule.cron, start, after, zone, fold) for fold in folds)


def due_slots(
    schedule: Schedule, first: datetime, now: datetime, zone: ZoneInfo, limit: int
) -> list[datetime]:
    """Return the newest ``limit`` slots from the slot ``first`` up to ``now``.

    The oldest comes first. Costs no more for a schedule that was left alone for long.
    """
    window = _FIRST_WINDOW
    while True:
        whole = now - window <= first
        found = deque(
            _slots_between(schedule, first if whole else now - window, now, zone),
            maxlen=limit,
        )
        if whole:
            return list(deque([first, *found] if first <= now else [], maxlen=limit))
        if len(found) == limit:
            return list(found)
        window *= _WIDER


def _slots_between(
    schedule: Schedule, after: datetime, until: datetime, zone: ZoneInfo
) -> Iterator[datetime]:
    slot = next_slot(schedule, after, zone)
    while slot <= until:
        yield slot
        slot = next_slot(schedule, slot, zone)


def _first_after(
    cron: str, start: datetime, after: datetime, zone: ZoneInfo, fold: int
) -> datetime:
    """Return the first slot after ``after`` among local times after ``start``."""
    try:
        for local in CronSim(cron, start):
            slot = _instant_of(local, zone, fold)
            if slot > after:
                return slot
    except CronSimError as error:
        raise ScheduleError("cron", str(error)) from None
    raise ScheduleError("cron", "this is never due again")


def _is_in_every_hour(cron: str) -> bool:
    """Say whether the line names every hour of the day."""
    start = datetime(2020, 1, 1)  # noqa: DTZ001 - only the fields are looked at
    return len(CronSim(cron, start).hours) == _HOURS_OF_A_DAY


def _is_twice(local: datetime, zone: ZoneInfo) -> bool:
    """Say whether clocks show this time twice."""
    first, second = (local.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    before, after = first.utcoffset(), second.utcoffset()
    return before is not None and after is not None and before > after


def _instant_of(local: datetime, zone: ZoneInfo, fold: int) -> datetime:
    """Return when clocks show this time, or go on if they skip it."""
    aware = local.replace(tzinfo=zone, fold=fold)
    instant = aware.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None, fold=0) == local:
        return instant
    # Skipped: the offset before the gap gives an instant behind it, and vice versa.
    late, early = (
        local.replace(tzinfo=timezone(offset)).astimezone(UTC)
        for offset in (_offset(local, zone, 0), _offset(local, zone, 1))
    )
    before = early.astimezone(zone).utcoffset()
    while late - early > _SECOND:
        middle = early + (late - early) // 2
        middle = middle.replace(microsecond=0)
        if middle <= early:
            break
        if middle.astimezone(zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late


def _offset(local: datetime, zone: ZoneInfo, fold: int) -> timedelta:
    return local.replace(tzinfo=zone, fold=fold).utcoffset() or timedelta(0)
