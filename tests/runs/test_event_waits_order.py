"""Which event a wait takes: which of many, how old, and how late it may be."""

import pytest

from apps.dispatch.services.drain import dispatch_alone
from apps.identity.models import Project
from apps.kernel import clock
from apps.source_events.models import SourceEvent
from tests.runs.event_waiting import (
    append,
    publish,
    result,
    run_of,
    start,
    status,
    taken_by,
    timeline,
    waiting,
)
from tests.support.api import Api
from tests.support.drive import claim, dispatch_all
from tests.support.frozen import FrozenClock
from tests.support.specs import action

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


def test_one_event_resumes_every_wait_that_wants_it(api: Api) -> None:
    runs = [start(api, waiting()) for _ in range(3)]
    fork = {"next": [{"step": "v", "branch": "a"}, {"step": "w", "branch": "b"}]}
    nap = {"name": "nap", "sleep": {"duration": "1h"}, **fork}
    both = start(api, nap, waiting("v"), waiting("w"))
    other = start(api, waiting(match={"event.n": 2}))
    assert status(api, both) == "suspended"

    event_id = publish(api, event={"n": 1})

    assert [status(api, run_id) for run_id in runs] == ["completed"] * 3
    assert [taken_by(run_id) for run_id in runs] == [[event_id]] * 3
    assert status(api, other) == "suspended"


def test_two_branches_of_a_run_both_take_it(
    api: Api, project: Project, frozen: FrozenClock
) -> None:
    fork = {"next": [{"step": "v", "branch": "a"}, {"step": "w", "branch": "b"}]}
    nap = {"name": "nap", "sleep": {"duration": "1h"}, **fork}
    run_id = start(api, nap, waiting("v"), waiting("w"))
    dispatch_all(frozen.tick(hours=1))

    event_id = publish(api)

    assert taken_by(run_id) == [event_id, event_id]
    assert status(api, run_id) == "completed"


def test_a_wait_takes_the_oldest_of_many_events(
    api: Api, project: Project, frozen: FrozenClock
) -> None:
    run_id = start(api, waiting("a"), waiting("b"))
    ids = []
    for number in range(3):
        frozen.tick(milliseconds=1)
        ids.append(append(project.id, event={"n": number}))

    dispatch_all(frozen.tick(seconds=1))

    # Those that came while the first wait stood are not for the second.
    assert taken_by(run_id) == ids[:1]
    assert status(api, run_id) == "suspended"


def test_waits_one_after_the_other_take_events_in_order(
    api: Api, project: Project, frozen: FrozenClock
) -> None:
    steps = [waiting(name, lookback="1h") for name in "abc"]
    run_id = start(api, *steps)
    ids = []
    for number in range(3):
        frozen.tick(milliseconds=1)
        ids.append(append(project.id, event={"n": number}))

    dispatch_all(frozen.tick(seconds=1))

    assert taken_by(run_id) == ids
    assert result(api, run_id)["event"] == {"n": 2}


def test_an_event_before_the_wait_does_not_count(api: Api, frozen: FrozenClock) -> None:
    publish(api)
    frozen.tick(microseconds=1)

    run_id = start(api, waiting())

    assert status(api, run_id) == "suspended"


def test_a_look_back_takes_the_oldest_event_in_its_window(
    api: Api, frozen: FrozenClock
) -> None:
    publish(api, event={"n": 1})
    frozen.tick(minutes=5)
    publish(api, event={"n": 0})
    inside = publish(api, event={"n": 2}, source_id="b1", meta={"order": "o1"})
    frozen.tick(minutes=1)
    publish(api, event={"n": 3}, meta={"order": "o1"})
    frozen.tick(minutes=9)

    match = {"meta.order": "o1"}
    run_id = start(api, waiting(lookback="10m", match=match, condition="event.n >= 1"))

    assert taken_by(run_id) == [inside]
    assert status(api, run_id) == "completed"


def test_a_look_back_reads_on_until_something_fits(
    api: Api, project: Project, monkeypatch: pytest.MonkeyPatch, frozen: FrozenClock
) -> None:
    monkeypatch.setattr("apps.runs.waiting_events.LOOK_PAGE", 2)
    ids = [append(project.id, event={"n": number}) for number in range(7)]

    run_id = start(
        api, waiting(lookback="1m", condition="event.n == inputs.n"), inputs={"n": 6}
    )
    plain = start(api, waiting(lookback="1m", condition="event.n > 4"))

    assert taken_by(plain) == ids[5:6]
    assert taken_by(run_id) == ids[6:]


def test_nothing_in_time_times_out(api: Api, frozen: FrozenClock) -> None:
    run_id = start(api, waiting(timeout="1h"))

    dispatch_all(frozen.tick(hours=1))

    run = run_of(api, run_id)
    assert (run["status"], run["error_type"]) == ("failed", "timeout")
    (line,) = timeline(run_id, "wait.timed_out")
    assert line["reason"] == "timeout"
    publish(api)
    assert status(api, run_id) == "failed"


def test_nothing_in_time_goes_where_on_timeout_leads(
    api: Api, project: Project, frozen: FrozenClock
) -> None:
    step = waiting(timeout="1h", on_timeout="remind")
    start(api, step, action("never"), action("remind"))

    dispatch_all(frozen.tick(hours=1))

    job = claim(project.id)
    assert job is not None
    assert job["step_name"] == "remind"


def test_an_event_before_the_deadline_wins_however_late_the_dispatcher_is(
    api: Api, project: Project, frozen: FrozenClock
) -> None:
    on_time = start(api, waiting(timeout="1h"))
    frozen.tick(minutes=30)
    event_id = append(project.id)
    SourceEvent.objects.filter(id=event_id).update(due_at=clock.now())

    dispatch_all(frozen.tick(hours=5))

    assert taken_by(on_time) == [event_id]


def test_an_event_after_the_deadline_is_late_however_late_the_dispatcher_is(
    api: Api, project: Project, frozen: FrozenClock
) -> None:
    run_id = start(api, waiting(timeout="1h"))
    frozen.tick(hours=1)
    append(project.id)

    dispatch_all(frozen.tick(hours=5))

    assert run_of(api, run_id)["error_type"] == "timeout"


def test_a_timer_hands_over_what_another_dispatcher_has_not(
    api: Api, project: Project, frozen: FrozenClock
) -> None:
    """The timer is dispatched alone; the event came in time and is due, too."""
    run_id = start(api, waiting(timeout="1h"))
    dispatch_all(frozen.tick(seconds=2))
    frozen.tick(minutes=30)
    event_id = append(project.id)
    frozen.tick(minutes=30)
    # Transactions of others on this server may keep the wait looking.
    timers = SourceEvent.objects.filter(event_type="loop_run.resume")
    timer = timers.exclude(event__has_key="look").get(dispatched_at=None)

    assert dispatch_alone(timer.id, clock.now())

    assert taken_by(run_id) == [event_id]
    dispatch_all(clock.now())
    assert len(timeline(run_id, "wait.resumed")) == 1


def test_an_older_event_in_other_hands_goes_first(
    api: Api, project: Project, frozen: FrozenClock
) -> None:
    run_id = start(api, waiting())
    first = append(project.id, event={"n": 1})
    frozen.tick(milliseconds=1)
    second = append(project.id, event={"n": 2})

    assert dispatch_alone(second, clock.now())

    assert taken_by(run_id) == [first]
    assert dispatch_alone(first, clock.now())
    assert taken_by(run_id) == [first]


def test_a_clock_set_back_delays_a_timer_and_neither_loses_nor_repeats_it(
    api: Api, frozen: FrozenClock
) -> None:
    waits = start(api, waiting(timeout="10m"))
    sleeps = start(api, {"name": "nap", "sleep": {"duration": "10m"}})

    for minutes in (5, -60, 30, 34):
        dispatch_all(frozen.tick(minutes=minutes))
        assert [status(api, run) for run in (waits, sleeps)] == ["suspended"] * 2
    dispatch_all(frozen.tick(minutes=1))
    for minutes in (-30, 60):
        dispatch_all(frozen.tick(minutes=minutes))

    assert [status(api, run) for run in (waits, sleeps)] == ["failed", "completed"]
    assert len(timeline(waits, "wait.timed_out")) == 1
    assert len(timeline(sleeps, "wait.resumed")) == 1
