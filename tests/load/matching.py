"""What it costs to find out who wants an event, however many listen.

In a project of its own, through the functions that the system itself uses: 50 events
are appended, and a batch is dispatched, all in a transaction that is rolled back, so
the system's own dispatcher sees none of it and each round begins alike.
"""

import os
import time
from typing import TYPE_CHECKING, Final

import django

from tests.load.figures import Row, median
from tests.load.setting import Setting

if TYPE_CHECKING:
    from tests.load.listeners import Crowd

COUNTS: Final = (100, 1_000, 10_000, 100_000)
#: Triggers that hear each of the events; none of their conditions hold.
HEARING: Final = (1, 10, 100)
ROUNDS: Final = 25
#: The seconds that appending and dispatching took, round by round.
Times = list[tuple[float, float]]
_TABLES: Final = "triggers_trigger, source_events_listener, source_events_sourceevent"
_ROUND_TRIPS: Final = 200


def measure(setting: Setting) -> list[Row]:
    """Time rounds beside more and more triggers, then with more and more matches."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mobius.settings.production")
    django.setup()
    from tests.load.listeners import EVENTS, Crowd

    most = min(COUNTS[-1], setting.runs * 50)
    beside: dict[int, Times] = {}
    crowd = Crowd()
    try:
        for count in (count for count in COUNTS if count <= most):
            setting.say(f"matching: beside {count:,} triggers")
            crowd.grow(count)
            beside[count] = _times(setting, crowd, 1)
        hearing = {heard: _times(setting, crowd, heard) for heard in HEARING}
    finally:
        crowd.remove()
    trip = _round_trip(setting)
    listed = ", ".join(f"{count:,}" for count in beside)
    many = ", ".join(str(heard) for heard in hearing)
    what = f"{EVENTS} events, one trigger hears each, beside {listed} triggers"
    among = f"{EVENTS} events among {max(beside):,} triggers, {many} hear each"
    limit = f"a round trip to PostgreSQL: {trip:.2f} ms"
    return [
        Row(f"appending {what}", _in_ms(beside, 0), "no growth", limit),
        Row(f"dispatching {what}", _in_ms(beside, 1), "no growth", limit),
        Row(f"dispatching {among}", _in_ms(hearing, 1), "grows with those that hear"),
    ]


def _times(setting: Setting, crowd: "Crowd", hearing: int) -> Times:
    setting.database.analyze(_TABLES)
    crowd.round(hearing)
    return [crowd.round(hearing) for _ in range(ROUNDS)]


def _in_ms(found: dict[int, Times], which: int) -> str:
    """Return the medians, with the least in brackets: other programs only add."""
    all_seconds = [[one[which] for one in rounds] for rounds in found.values()]
    said = [f"{1000 * median(s):.1f} [{1000 * min(s):.1f}]" for s in all_seconds]
    return ", ".join(said) + " ms"


def _round_trip(setting: Setting) -> float:
    began = time.perf_counter()
    for _ in range(_ROUND_TRIPS):
        setting.database.one("SELECT 1")
    return 1000 * (time.perf_counter() - began) / _ROUND_TRIPS
