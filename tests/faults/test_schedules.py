"""Schedules while beat is dead or a clock is wrong: each slot once, as it was asked.

Nobody waits for ten minutes here. What a beat that was dead for so long leaves behind
are rows that nobody has looked at since; the test moves them back while beat is dead.
"""

import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import psycopg
import pytest

from mobius.local.environment import ROOT
from tests.faults.checker import Checker
from tests.faults.reactions import Reactions
from tests.support.specs import spec
from tests.support.stack import Stack
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.fault, pytest.mark.xdist_group("faults")]

MINUTE = timedelta(minutes=1)
AWAY = 10 * MINUTE
POLICIES = ("latest", "all", "skip")
_ARMED_BEFORE = """
UPDATE triggers_trigger SET next_fire_at = %s, armed_at = %s WHERE id = ANY(%s)
"""
#: A second scheduler and dispatcher, whose machine's clock is ahead.
_AHEAD = """
from datetime import timedelta
from apps.dispatch.services.drain import drain_batch
from apps.kernel import clock
from apps.triggers.services.tick import tick
for _ in range({rounds}):
    now = clock.now() + timedelta(seconds={seconds})
    tick(now=now)
    while drain_batch(now):
        pass
"""


def minute_of(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def leave_alone_since(reactions: Reactions, slot: datetime, ids: Sequence[str]) -> None:
    """Make schedules what they would be if nobody had looked since before a slot."""
    with psycopg.connect(reactions.stack.database_url) as connection:
        armed = connection.execute(_ARMED_BEFORE, [slot, slot - MINUTE, [*ids]])
        assert armed.rowcount == len(ids)


def test_what_beat_missed_in_ten_minutes_is_caught_up_on_as_each_schedule_asks(
    stack: Stack, reactions: Reactions, checker: Checker
) -> None:
    first = minute_of(datetime.now(UTC) - AWAY)

    def schedule(cron: str, missed: str) -> str:
        config = {"cron": cron, "missed": missed}
        return reactions.create(f"{cron} {missed}", "schedule", config)

    each_minute = {missed: schedule("* * * * *", missed) for missed in POLICIES}
    each_hour = {m: schedule(f"{first.minute} * * * *", m) for m in POLICIES}
    schedules = [*each_minute.values(), *each_hour.values()]

    stack.kill("beat")
    died = datetime.now(UTC)
    leave_alone_since(reactions, first, schedules)
    stack.wait_running("beat")
    wait_until(
        lambda: all(
            reactions.slots(one) or reactions.slots(one, "skipped") for one in schedules
        )
    )
    reactions.prove(checker)

    # Ten slots were missed, or one; a slot is not missed for its first minute.
    for missed, trigger in each_minute.items():
        slots, skipped = reactions.slots(trigger), reactions.slots(trigger, "skipped")
        assert slots[0] == first if missed == "all" else slots[0] > died - MINUTE
        assert all(after - slot == MINUTE for slot, after in pairwise(slots))
        assert slots[-1] >= minute_of(died)
        assert skipped == ([] if missed == "all" else [first])
    found = {
        missed: (reactions.slots(trigger), reactions.slots(trigger, "skipped"))
        for missed, trigger in each_hour.items()
    }
    assert found == {
        "latest": ([first], []),
        "all": ([first], []),
        "skip": ([], [first]),
    }
    told = reactions.rows(
        "SELECT error FROM triggers_triggerfire WHERE trigger_id = ANY(%s)"
        " AND status = 'skipped'",
        schedules,
    )
    assert len(told) == 3
    assert all("passed unseen" in error for (error,) in told)


def ahead(stack: Stack, seconds: int, rounds: int) -> None:
    """Let a machine whose clock is ahead take part for a while."""
    program = _AHEAD.format(seconds=seconds, rounds=rounds)
    subprocess.run(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", program],
        cwd=ROOT,
        env=stack.environment,
        check=True,
        timeout=60,
    )


@pytest.mark.parametrize(("seconds", "missed"), [(6, "all"), (3600, "latest")])
def test_a_clock_that_was_ahead_and_is_set_back_uses_no_slot_twice(
    stack: Stack, reactions: Reactions, checker: Checker, seconds: int, missed: str
) -> None:
    """Six seconds are caught up with; for an hour the schedule would be silent, so it
    is looked up anew, and goes on at once."""
    config = {"interval": "1s", "missed": missed}
    trigger = reactions.create("clock", "schedule", config)
    naps = [reactions.remote.start(spec(nap(time))) for time in ("2s", "59m")]
    wait_until(lambda: reactions.slots(trigger))

    ahead(stack, seconds, rounds=3)
    back = datetime.now(UTC)
    used = [slot for slot in reactions.slots(trigger) if slot > back]
    naps.append(reactions.remote.start(spec(nap("1s"))))

    def goes_on() -> list[datetime]:
        until = back + timedelta(minutes=2)
        slots = [slot for slot in reactions.slots(trigger) if back < slot < until]
        return [slot for slot in slots if slot not in used][3:]

    wait_until(goes_on, seconds=30, every=0.1)
    assert reactions.remote.wait_for(naps[0])["status"] == "completed"
    assert reactions.remote.wait_for(naps[2])["status"] == "completed"
    reactions.switch_off()
    reactions.prove(checker)

    slots = reactions.slots(trigger)
    assert used
    assert set(used) <= set(slots)
    assert len(set(slots)) == len(slots)
    if missed == "all":
        assert {after - slot for slot, after in pairwise(slots)} == {
            timedelta(seconds=1)
        }
    # The dispatcher that was an hour ahead woke the long sleep, the right one did not.
    asleep = reactions.remote.run(naps[1])["status"] == "suspended"
    assert asleep is (seconds < 3600)


def nap(duration: str) -> dict[str, object]:
    """A step that sleeps."""
    return {"name": "nap", "sleep": {"duration": duration}}
