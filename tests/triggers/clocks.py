"""An oracle for schedules: it walks through time minute by minute and looks at clocks.

It knows nothing of how ``schedules`` finds slots; it asks the zone what clocks show.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

MINUTE = timedelta(minutes=1)
FIRST, LAST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2038, 1, 1, tzinfo=UTC)
_STEP = timedelta(days=4)

Fields = tuple[frozenset[int], ...]


def fields_of(cron: str) -> Fields:
    """The minutes, hours, days, months and weekdays (Sunday is 0) a line names."""
    ranges = (range(60), range(24), range(1, 32), range(1, 13), range(7))
    return tuple(
        frozenset(_field(text, whole))
        for text, whole in zip(cron.split(), ranges, strict=True)
    )


def _field(text: str, whole: range) -> Iterator[int]:
    for part in text.split(","):
        body, _, step = part.partition("/")
        low, _, high = body.partition("-")
        begin = whole.start if body == "*" else int(low)
        end = whole.stop - 1 if body == "*" or (step and not high) else int(high or low)
        yield from range(begin, end + 1, int(step or 1))


def _matches(fields: Fields, local: datetime, *, either: bool) -> bool:
    minutes, hours, days, months, weekdays = fields
    if local.minute not in minutes or local.hour not in hours:
        return False
    day, weekday = local.day in days, (local.weekday() + 1) % 7 in weekdays
    return local.month in months and (day or weekday if either else day and weekday)


def slots_by_looking(
    cron: str, zone: ZoneInfo, begin: datetime, end: datetime
) -> list[datetime]:
    """Every slot in ``(begin, end]``, found by looking at every minute.

    Begin a while before a change of clocks: what they showed before is remembered.
    """
    fields = fields_of(cron)
    either = not (cron.split()[2].startswith("*") or cron.split()[4].startswith("*"))
    every_hour = len(fields[1]) == 24
    seen: set[datetime] = set()
    slots: list[datetime] = []
    at = begin
    before = at.astimezone(zone).replace(tzinfo=None, fold=0)
    seen.add(before)
    while at < end:
        at += MINUTE
        shown = at.astimezone(zone).replace(tzinfo=None, fold=0)
        skipped = before + MINUTE
        due = (shown not in seen or every_hour) and _matches(
            fields, shown, either=either
        )
        while skipped < shown:
            due = due or _matches(fields, skipped, either=either)
            skipped += MINUTE
        if due:
            slots.append(at)
        seen.add(shown)
        before = shown
    return slots


def zones_and_changes() -> dict[str, tuple[datetime, ...]]:
    """Every zone, one name for those that are alike, and when its clocks change."""
    return {names[0]: changes for (changes, _), names in _alike().items()}


def representative(name: str) -> str:
    """The name under which a zone is looked at."""
    return next(names[0] for names in _alike().values() if name in names)


@lru_cache(maxsize=1)
def _alike() -> dict[tuple[tuple[datetime, ...], tuple[object, ...]], list[str]]:
    """The zones by the instants at which their clocks change, and to what."""
    alike: dict[tuple[tuple[datetime, ...], tuple[object, ...]], list[str]] = {}
    for name in sorted(available_timezones() - {"localtime", "Factory"}):
        zone = ZoneInfo(name)
        changes = tuple(_changes(zone))
        offsets = tuple(at.astimezone(zone).utcoffset() for at in (FIRST, *changes))
        alike.setdefault((changes, offsets), []).append(name)
    return alike


def _changes(zone: ZoneInfo) -> Iterator[datetime]:
    at, offset = FIRST, FIRST.astimezone(zone).utcoffset()
    while at < LAST:
        after = at + _STEP
        new = after.astimezone(zone).utcoffset()
        if new != offset:
            low, high = at, after
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) // 2
                if middle.astimezone(zone).utcoffset() == offset:
                    low = middle
                else:
                    high = middle
            yield high.replace(microsecond=0)
        at, offset = after, new
