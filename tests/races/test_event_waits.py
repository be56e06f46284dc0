"""Events and waits at the same moment: none is missed, none is taken twice."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection, transaction

from apps.dispatch.services.drain import drain_batch
from apps.identity.models import Project
from apps.kernel import clock
from apps.run_events.models import RunEvent
from apps.runs.models import Wait
from apps.source_events.models import Listener, SourceEvent
from apps.source_events.services.append import Fact, append_source_event
from tests.races.test_races import at_once
from tests.runs.event_waiting import PAID, append, run_of, start, taken_by, waiting
from tests.support.api import Api
from tests.support.drive import dispatch_all
from tests.support.specs import spec
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ROUNDS = 20
LOOPING = {**waiting("w", lookback="1h"), "next": [{"step": "w"}]}
SECOND = timedelta(seconds=1)


@contextmanager
def appended_late(project_id: str, at: datetime) -> Iterator[Callable[[], None]]:
    """Append an event, and commit it only when the block calls what it is given."""
    decided, may_commit, committed = Event(), Event(), Event()

    def append_slowly() -> None:
        with transaction.atomic():
            fact = Fact(project_id, PAID, "custom", settled=None)
            append_source_event(fact, now=at)
            decided.set()
            assert may_commit.wait(20)
        connection.close()
        committed.set()

    def commit() -> None:
        may_commit.set()
        assert committed.wait(20)

    thread = Thread(target=append_slowly)
    thread.start()
    assert decided.wait(20)
    try:
        yield commit
    finally:
        may_commit.set()
        thread.join(20)


def queued(api: Api, *steps: dict[str, Any]) -> str:
    """Start a run and dispatch nothing."""
    return str(api.post("runs", {"spec": spec(*steps)}).json()["id"])


def test_an_event_that_could_not_see_the_wait_is_found_by_looking(
    api: Api, project: Project
) -> None:
    """It decides that nobody listens, then the wait is committed and looks in vain,
    then it commits itself: as settled, so nobody would ever dispatch it."""
    run_id = queued(api, waiting())
    opened = clock.now()
    with appended_late(project.id, opened + timedelta(milliseconds=1)) as commit:
        dispatch_all(opened)
        assert run_of(api, run_id)["status"] == "suspended"
        commit()

    assert SourceEvent.objects.get(event_type=PAID).dispatched_at is not None
    dispatch_all(opened + SECOND)

    assert run_of(api, run_id)["status"] == "completed"


def test_a_wait_goes_on_looking_while_an_older_transaction_is_open(
    api: Api, project: Project
) -> None:
    run_id = queued(api, waiting())
    opened = clock.now()
    with appended_late(project.id, opened + timedelta(milliseconds=1)) as commit:
        for number in (0, 1, 2, 4, 8, 16):
            dispatch_all(opened + number * SECOND)
            assert run_of(api, run_id)["status"] == "suspended"
        commit()

    dispatch_all(opened + 120 * SECOND)

    assert run_of(api, run_id)["status"] == "completed"


def test_a_wait_looks_no_more_once_nothing_can_be_missed(
    api: Api, project: Project
) -> None:
    start(api, waiting())
    minutes = count(1)

    def nobody_looks() -> bool:
        dispatch_all(clock.now() + next(minutes) * 60 * SECOND)
        return not SourceEvent.objects.filter(dispatched_at=None).exists()

    # Transactions of others on this server, begun before, prolong it.
    wait_until(nobody_looks)


def test_an_event_at_the_moment_its_wait_opens_is_not_missed(
    api: Api, project: Project
) -> None:
    for round_ in range(3 * ROUNDS):
        kind = f"{PAID}.r{round_}"
        run_id = queued(api, waiting(event_type=kind))
        opens = clock.now()
        happens = opens + timedelta(microseconds=round_ % 3 - 1)

        def open_it(opens: datetime = opens) -> int:
            return drain_batch(opens)

        def publish(kind: str = kind, happens: datetime = happens) -> str:
            fact = Fact(project.id, kind, "custom", settled=None)
            return append_source_event(fact, now=happens)

        both: list[Callable[[], Any]] = [open_it, publish, open_it]
        for answer in at_once(*both[round_ % 2 :][:2]):
            assert not isinstance(answer, Exception), answer
        dispatch_all(opens)
        dispatch_all(opens + SECOND)

        counts = happens >= Wait.objects.get(run_id=run_id).created_at
        assert len(taken_by(run_id)) == counts
        assert counts is (round_ % 3 > 0)


@pytest.mark.parametrize("dispatchers", [1, 3])
def test_a_loop_of_waits_takes_every_event_once_and_in_order(
    api: Api, project: Project, dispatchers: int
) -> None:
    run_id = start(api, LOOPING)
    ids = [append(project.id, event={"n": number}) for number in range(30)]

    drain_together(dispatchers, lambda: len(taken_by(run_id)) == len(ids))

    assert taken_by(run_id) == ids


def test_events_of_many_publishers_are_all_taken_once(
    api: Api, project: Project
) -> None:
    run_id = start(api, LOOPING)
    each, publishers = 15, 3

    def publish() -> list[str]:
        return [append(project.id, event={"n": number}) for number in range(each)]

    def drain() -> list[str]:
        for _ in range(40):
            drain_batch(clock.now())
        return []

    published = at_once(*[publish] * publishers, drain, drain)
    drain_together(2, lambda: len(taken_by(run_id)) == each * publishers)

    ids = [id_ for answer in published if isinstance(answer, list) for id_ in answer]
    taken = taken_by(run_id)
    assert sorted(taken) == sorted(ids)
    assert len(ids) == each * publishers


def test_one_event_resumes_all_its_waits_once_with_two_dispatchers(
    api: Api, project: Project
) -> None:
    runs = [start(api, waiting()) for _ in range(8)]
    event_id = append(project.id)
    later = append(project.id)

    at_once(*[lambda: drain_batch(clock.now(), limit=1)] * 3)
    dispatch_all()

    assert [taken_by(run_id) for run_id in runs] == [[event_id]] * len(runs)
    assert later not in [id_ for run_id in runs for id_ in taken_by(run_id)]
    resumed = RunEvent.objects.filter(run_id__in=runs, type="wait.resumed")
    assert resumed.count() == len(runs)


def test_an_event_and_a_timeout_at_once_have_one_outcome(
    api: Api, project: Project
) -> None:
    outcomes: list[str] = []
    for round_ in range(ROUNDS):
        kind = f"{PAID}.t{round_}"
        run_id = start(api, waiting(event_type=kind, timeout="1h"))
        due_at = Wait.objects.get(run_id=run_id).due_at
        assert due_at is not None
        before = due_at - timedelta(milliseconds=1)

        def late_event(kind: str = kind, before: datetime = before) -> str:
            fact = Fact(project.id, kind, "custom", settled=None)
            return append_source_event(fact, now=before)

        def time_out(due_at: datetime = due_at) -> int:
            return drain_batch(due_at)

        at_once(late_event, time_out)
        dispatch_all(due_at)

        wait = Wait.objects.get(run_id=run_id)
        lines = RunEvent.objects.filter(
            run_id=run_id, type__in=["wait.resumed", "wait.timed_out"]
        )
        assert lines.count() == 1
        assert wait.outcome in ("resumed", "timed_out")
        assert run_of(api, run_id)["status"] in ("completed", "failed")
        outcomes.append(wait.outcome)
    assert not Listener.objects.exists()


def test_an_event_and_a_cancellation_at_once_end_in_one_of_both(
    api: Api, project: Project
) -> None:
    for round_ in range(ROUNDS // 2):
        kind = f"{PAID}.c{round_}"
        run_id = start(api, waiting(event_type=kind))
        append(project.id, kind)

        def cancel(run_id: str = run_id) -> int:
            return int(api.post(f"runs/{run_id}/cancellations", {}).status_code)

        at_once(cancel, lambda: drain_batch(clock.now()))
        dispatch_all()

        assert run_of(api, run_id)["status"] in ("completed", "cancelled")
    assert not Listener.objects.exists()


def drain_together(dispatchers: int, done: Callable[[], bool]) -> None:
    """Let dispatchers work side by side until something is so."""
    ends = clock.now() + 20 * SECOND

    def drain() -> int:
        taken = 0
        while not done() and clock.now() < ends:
            taken += drain_batch(clock.now(), limit=7)
        return taken

    for answer in at_once(*[drain] * dispatchers):
        assert not isinstance(answer, Exception), answer
    assert done()
